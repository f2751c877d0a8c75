// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The `.dsc` (Debian Policy 5.4, dsc(5)) and the `.changes` of a source upload (5.5,
//! deb-changes(5)), field by field in the order in which dpkg writes them.

use std::fmt::Write as _;

use super::changelog::Newest;
use super::control::{Control, Paragraph};
use super::sums::Sums;

/// What `dpkg-source` copies from the source paragraph, in its order.
const COPIED: [&str; 21] = [
    "Maintainer",
    "Uploaders",
    "Homepage",
    "Standards-Version",
    "Vcs-Browser",
    "Vcs-Arch",
    "Vcs-Bzr",
    "Vcs-Cvs",
    "Vcs-Darcs",
    "Vcs-Git",
    "Vcs-Hg",
    "Vcs-Mtn",
    "Vcs-Svn",
    "Testsuite",
    "Testsuite-Triggers",
    "Build-Depends",
    "Build-Depends-Arch",
    "Build-Depends-Indep",
    "Build-Conflicts",
    "Build-Conflicts-Arch",
    "Build-Conflicts-Indep",
];

/// The `.dsc` of a source package with these files.
pub(super) fn dsc(control: &Control, version: &str, has_tests: bool, files: &[Sums]) -> String {
    let mut text = String::from("Format: 3.0 (quilt)\n");
    field(&mut text, "Source", control.source.get("Source").unwrap_or_default());
    let names: Vec<&str> = control.binaries.iter().filter_map(|binary| binary.get("Package")).collect();
    field(&mut text, "Binary", &names.join(", "));
    field(&mut text, "Architecture", &architectures(control));
    field(&mut text, "Version", version);
    for name in COPIED {
        let value = match control.source.get(name) {
            None if name == "Testsuite" && has_tests => Some("autopkgtest".to_owned()),
            value => value.map(one_line),
        };
        if let Some(value) = value {
            let relation = name.starts_with("Build-");
            field(&mut text, name, &if relation { spaced(&value) } else { value });
        }
    }
    text.push_str("Package-List:\n");
    let mut lines: Vec<String> =
        control.binaries.iter().map(|binary| listed(&control.source, binary)).collect();
    lines.sort();
    text.push_str(&lines.concat());
    checksums(&mut text, files);
    text.push_str("Files:\n");
    for file in files {
        let _ = writeln!(text, " {} {} {}", file.md5, file.size, file.name);
    }
    if let Some(original) = control.source.get("XSBC-Original-Maintainer") {
        field(&mut text, "Original-Maintainer", original);
    }
    text
}

/// The `_source.changes` of an upload of these files, the `.dsc` among them. What it says of the changes is
/// the newest entry of the package's change log, as dpkg-genchanges(1) has it.
pub(super) fn changes(control: &Control, version: &str, newest: &Newest, files: &[Sums]) -> String {
    let source = &control.source;
    let mut text = String::from("Format: 1.8\n");
    field(&mut text, "Date", &newest.date);
    field(&mut text, "Source", source.get("Source").unwrap_or_default());
    field(&mut text, "Architecture", "source");
    field(&mut text, "Version", version);
    field(&mut text, "Distribution", &newest.distribution);
    field(&mut text, "Urgency", &newest.urgency);
    field(&mut text, "Maintainer", source.get("Maintainer").unwrap_or_default());
    field(&mut text, "Changed-By", &newest.by);
    let _ = writeln!(text, "Changes:\n {}\n .", newest.title);
    for line in &newest.lines {
        let _ = writeln!(text, " {}", if line.is_empty() { "." } else { line });
    }
    checksums(&mut text, files);
    text.push_str("Files:\n");
    let section = source.get("Section").unwrap_or("-");
    let priority = source.get("Priority").unwrap_or("-");
    for file in files {
        let _ = writeln!(text, " {} {} {section} {priority} {}", file.md5, file.size, file.name);
    }
    text
}

fn field(text: &mut String, name: &str, value: &str) {
    let _ = writeln!(text, "{name}: {value}");
}

fn checksums(text: &mut String, files: &[Sums]) {
    text.push_str("Checksums-Sha1:\n");
    for file in files {
        let _ = writeln!(text, " {} {} {}", file.sha1, file.size, file.name);
    }
    text.push_str("Checksums-Sha256:\n");
    for file in files {
        let _ = writeln!(text, " {} {} {}", file.sha256, file.size, file.name);
    }
}

/// A folded value on one line, without a comma at its end.
fn one_line(value: &str) -> String {
    let words: Vec<&str> = value.split_whitespace().collect();
    words.join(" ").trim_end_matches(',').to_owned()
}

/// Relations between packages with one blank behind each operator: `(>=1.7)` is `(>= 1.7)`.
fn spaced(relations: &str) -> String {
    let mut out = String::new();
    let mut operator = false;
    for c in relations.chars() {
        let is_operator = matches!(c, '<' | '=' | '>') && (operator || out.ends_with('('));
        if operator && !is_operator && c != ' ' {
            out.push(' ');
        }
        operator = is_operator;
        out.push(c);
    }
    out
}

/// Every architecture of the binary packages, in the order in which they are named; `any` stands for
/// all but `all`.
fn architectures(control: &Control) -> String {
    let words = control.binaries.iter().filter_map(|binary| binary.get("Architecture"));
    let mut all: Vec<&str> = Vec::new();
    for word in words.flat_map(str::split_whitespace) {
        if !all.contains(&word) {
            all.push(word);
        }
    }
    if all.contains(&"any") {
        all.retain(|word| matches!(*word, "any" | "all"));
        all.sort_unstable_by_key(|word| *word == "all");
    }
    all.join(" ")
}

/// The line of a binary package in `Package-List`.
fn listed(source: &Paragraph, binary: &Paragraph) -> String {
    let value = |name: &str| binary.get(name).or_else(|| source.get(name)).unwrap_or("-").to_owned();
    let architectures: Vec<&str> = binary.get("Architecture").unwrap_or("-").split_whitespace().collect();
    let mut line = format!(
        " {} deb {} {} arch={}",
        value("Package"),
        value("Section"),
        value("Priority"),
        architectures.join(",")
    );
    if let Some(profiles) = binary.get("Build-Profiles") {
        let groups = profiles.split('>').map(|group| group.trim_matches([' ', '<']).replace(' ', "+"));
        let groups: Vec<String> = groups.filter(|group| !group.is_empty()).collect();
        line.push_str(&format!(" profile={}", groups.join(",")));
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_are_spaced() {
        let text = "a (>=1.7) | b (<< 2), c (= 3), d (>1) <!nocheck>, e [amd64]";
        assert_eq!(spaced(text), "a (>= 1.7) | b (<< 2), c (= 3), d (> 1) <!nocheck>, e [amd64]");
    }
}
