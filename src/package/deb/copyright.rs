// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `debian/copyright` says, in the machine-readable form (DEP-5): licences of files, as the
//! release's bill of materials found them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::dep5::{self, License, short};
use crate::model::{Class, Failure, Problem};
use crate::package::Input;

/// Files of one licence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Files {
    /// Patterns, as DEP-5 has them.
    pub(super) patterns: Vec<String>,
    /// The licence, as DEP-5 spells it.
    pub(super) license: String,
}

/// One licence with its text, lines as they stand in the paragraph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Text {
    /// Its name, as DEP-5 spells it.
    pub(super) name: String,
    /// The lines of its text, each with a blank in front, an empty one as ` .`.
    pub(super) text: String,
}

/// Everything that `copyright.j2` can name beside the common values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Copyright {
    /// The licence of every file that no other entry names.
    pub(super) default: String,
    /// Files of other licences, the licences in order.
    pub(super) files: Vec<Files>,
    /// Every licence that is named.
    pub(super) licenses: Vec<Text>,
}

impl Copyright {
    /// One with an entry of everything.
    pub(super) fn sample() -> Self {
        let license = "GPL-2".to_owned();
        Self {
            default: license.clone(),
            files: vec![Files { patterns: vec!["a.c".to_owned()], license: license.clone() }],
            licenses: vec![Text { name: license, text: " text".to_owned() }],
        }
    }
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    packages: Vec<Described>,
    files: Vec<Element>,
}

/// A package that the bill describes: the tarball is one.
#[derive(Deserialize)]
struct Described {
    #[serde(default)]
    checksums: Vec<Checksum>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Checksum {
    algorithm: String,
    checksum_value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Element {
    file_name: String,
    #[serde(default)]
    license_info_in_files: Vec<String>,
    #[serde(default)]
    license_comments: Option<String>,
}

/// The licences of a release: those of its bill of materials, and without one its own alone.
///
/// # Errors
/// The bill of materials cannot be read, or is not the release's.
pub(super) fn of(input: &Input) -> Result<Copyright, Failure> {
    let declared = input.manifest.release.license.value.as_str();
    let default = License::parse(declared).unwrap_or_else(|| License::Term(declared.to_owned()));
    let name = input.sbom_name();
    let unsaid = |what: &str, license: &License| {
        let problem = Problem::new(format!("`debian/copyright` has no form for the licence of {what}"))
            .note(license.terms().join(", "))
            .note("it has too many combinations: DEP-5 knows no brackets");
        Failure::new(
            Class::Manifest,
            problem.help("package the bare tarball, and say more in a `deb/copyright.j2` of your own"),
        )
    };
    let spelled_default = default.spelled().ok_or_else(|| unsaid("the release", &default))?;
    let mut groups: BTreeMap<String, (License, Vec<String>)> = BTreeMap::new();
    if let Some(bytes) = input.beside(&name)? {
        let document: Document = serde_json::from_slice(&bytes).map_err(|error| {
            let problem = Problem::new(format!("the bill of materials `{name}` cannot be read"));
            Failure::new(Class::Verification, problem.note(error.to_string()))
        })?;
        is_of(&document, input, &name)?;
        for file in document.files {
            let Some(license) = license(&file) else { continue };
            // Several SPDX ids have one name in Debian, so that is what tells groups apart.
            let spelled = license.spelled().ok_or_else(|| unsaid(&file.file_name, &license))?;
            if spelled != spelled_default {
                let group = groups.entry(spelled).or_insert_with(|| (license, Vec::new()));
                group.1.push(pattern(&file.file_name));
            }
        }
    }
    let mut licenses: BTreeMap<String, String> = BTreeMap::new();
    for license in std::iter::once(&default).chain(groups.values().map(|(license, _)| license)) {
        for term in license.terms() {
            licenses.entry(dep5::spelled(term)).or_insert_with(|| text(input, term));
        }
    }
    let licenses = licenses.into_iter().map(|(name, text)| Text { name, text }).collect();
    let files = groups.into_iter().map(|(license, (_, patterns))| Files { patterns, license }).collect();
    Ok(Copyright { default: spelled_default, files, licenses })
}

/// Refuses a bill of something else: no checksums need stand beside it.
fn is_of(document: &Document, input: &Input, name: &str) -> Result<(), Failure> {
    let expected = input.identity.sha256.to_string();
    let sums = document.packages.iter().flat_map(|package| &package.checksums);
    let mut sums = sums.filter(|sum| sum.algorithm == "SHA256").map(|sum| sum.checksum_value.as_str());
    let found = match sums.clone().next() {
        _ if sums.any(|sum| sum == expected) => return Ok(()),
        Some(found) => found,
        None => "none",
    };
    let problem = Problem::new(format!("`{name}` is not of this tarball"))
        .note(format!("expected  sha256 {expected} of the uncompressed tar"))
        .note(format!("found     sha256 {found}"))
        .help("take the release again from where it was published, or package the bare tarball");
    Err(Failure::new(Class::Verification, problem))
}

/// What the file says of itself; `None` where it says nothing that is a licence.
fn license(file: &Element) -> Option<License> {
    // The words of the file have the operators, which the list of ids has lost.
    let words = file.license_comments.as_deref().unwrap_or_default().lines();
    // REUSE-IgnoreStart
    let tag = "SPDX-License-Identifier: ";
    // REUSE-IgnoreEnd
    let words = words.filter_map(|line| line.strip_prefix(tag)).map(str::trim);
    let mut written: Vec<&str> = words.filter(|text| License::parse(text).is_some()).collect();
    if written.is_empty() {
        written = file.license_info_in_files.iter().map(String::as_str).collect();
    }
    // Two values of SPDX that are no licences.
    written.retain(|text| !matches!(*text, "NOASSERTION" | "NONE"));
    written.sort_unstable();
    written.dedup();
    let licenses: Vec<License> = written.into_iter().filter_map(License::parse).collect();
    (!licenses.is_empty()).then(|| License::all(licenses))
}

/// A path as a pattern: what would match more is escaped, and a blank cannot be written.
fn pattern(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    path.chars()
        .flat_map(|c| match c {
            '*' | '?' | '\\' => vec!['\\', c],
            c if c.is_whitespace() => vec!['?'],
            c => vec![c],
        })
        .collect()
}

/// The text of a licence: where Debian has it on every machine, where the tarball has it, or itself.
fn text(input: &Input, term: &str) -> String {
    let id = term.split_whitespace().next().unwrap_or(term);
    let name = short(id);
    let base = name.trim_end_matches('+');
    let common =
        ["GPL-1", "GPL-2", "GPL-3", "LGPL-2", "LGPL-2.1", "LGPL-3", "Apache-2.0", "MPL-1.1", "MPL-2.0"];
    if common.contains(&base) {
        let mut text =
            format!(" On every Debian system the full text is in\n /usr/share/common-licenses/{base}.");
        if name.ends_with('+') {
            text.push_str("\n Any later version of the licence will do, too.");
        }
        if let Some((_, exception)) = term.split_once(" WITH ") {
            text.push_str(&format!("\n The exception is at https://spdx.org/licenses/{exception}.html."));
        }
        return text;
    }
    let in_tree = input.contents().find(|(path, _)| {
        let file = path.rsplit('/').next().unwrap_or(path);
        path.starts_with("LICENSES/") && (file == id || file.strip_suffix(".txt") == Some(id))
    });
    // Under which the records of this tool in every tarball are.
    let built_in = (id == "MIT").then_some(include_bytes!("../../../LICENSES/MIT.txt").as_slice());
    let Some(bytes) = in_tree.map(|(_, bytes)| bytes).or(built_in) else {
        return format!(
            " The text of {term} is not part of this source;\n see https://spdx.org/licenses/{id}.html."
        );
    };
    let text = String::from_utf8_lossy(bytes);
    let lines = text.trim_end().lines().map(|line| {
        let line = line.trim_end();
        if line.is_empty() { " .".to_owned() } else { format!(" {}", line.replace('\t', "        ")) }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_pattern() {
        assert_eq!(pattern("./a b/*.c"), "a?b/\\*.c");
    }

    #[test]
    fn only_expressions_are_kept_of_a_files_words() {
        let says = |comments: &str, ids: &[&str]| {
            let file = Element {
                file_name: "./a".to_owned(),
                license_info_in_files: ids.iter().map(|id| (*id).to_owned()).collect(),
                license_comments: Some(comments.to_owned()),
            };
            license(&file).and_then(|license| license.spelled())
        };
        // REUSE-IgnoreStart
        let tag = "SPDX-License-Identifier:";
        // REUSE-IgnoreEnd
        let odd = format!("{tag} GPL v2  (not a licence expression)");
        assert_eq!(says(&odd, &["NOASSERTION"]), None);
        assert_eq!(says(&format!("{odd}\n{tag} MIT"), &["MIT"]), Some("Expat".to_owned()));
        let both = format!("{tag} GPL-2.0 or MIT\n{tag} BSD-3-Clause\n{tag} NONE");
        assert_eq!(says(&both, &[]), Some("BSD-3-clause, and GPL-2 or Expat".to_owned()));
        assert_eq!(says("", &["NONE"]), None);
    }
}
