// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The tree's own `debian` folder, rendered as its configure and Makefiles would.
//!
//! What `make debs` of Lustre does (config/Makefile.pkg-deb), without a configured tree: the change log
//! gets an entry of this release on top of `changelog.in`, `control` is `control.main`, and the rules run
//! `autogen.sh`, since no tarball carries a generated `configure`. Conditionals of a configuration stay
//! with build profiles, as the tree's own rules have them.

use super::control;
use super::tarball::{File, Folder};
use super::watch::Watch;
use crate::archive::read::Kind;
use crate::model::{Class, Failure, Problem};
use crate::package::{Input, Templates, Values};

/// What `autogen.sh` and configure need beside what the tree asks for: the tree's own list is for a
/// tarball that has been through `autogen.sh`.
const FOR_AUTOGEN: [&str; 9] =
    ["autoconf", "automake", "bison", "flex", "libkeyutils-dev", "libtool", "m4", "pkg-config", "zlib1g-dev"];

/// Behind the tree's rules. Make takes the last recipe of a goal.
const RULES: &str = "
# What follows is not of the tree: a release's tarball has no generated configure, and no git.
export SRC_GIT_HASH ?= @COMMIT@

autogen-stamp: patch-stamp
\tsh ./autogen.sh
@TESTS@\ttouch $@
";

/// What `make debs` does beside, where the tree has the file. A build without a kernel has no modules.
const TESTS: &str = "\
\tif [ -n \"$(KVERS)\" ]; then \\
\t\tsed \"s/_KVERS_/$(KVERS)/g\" debian/lustre-tests.install.in; \\
\telse \\
\t\tsed \"/_KVERS_/d\" debian/lustre-tests.install.in; \\
\tfi > debian/lustre-tests.install
";

/// Makes the folder. `before` is the change log that goes on below this release's entry, where it is not
/// the tree's own.
pub(super) fn folder(
    input: &Input,
    values: &Values,
    templates: &Templates,
    before: Option<&str>,
    has_key: bool,
) -> Result<Folder, Failure> {
    let mut folder = Folder::new();
    let mut problems = Vec::new();
    for (path, kind) in &input.members {
        let Some(name) = path.strip_prefix("debian/") else { continue };
        let executable = match kind {
            Kind::Directory => continue,
            Kind::File { executable, .. } => *executable,
            Kind::Link { target } => {
                problems.push(
                    Problem::new(format!("`{path}` is a link, which this version cannot package"))
                        .note(format!("it leads to `{target}`"))
                        .help("exclude it in the manifest, or use ours: `--packaging ours`"),
                );
                continue;
            }
        };
        match input.content(path) {
            Some(bytes) => _ = folder.insert(name.to_owned(), File { bytes: bytes.to_vec(), executable }),
            None => problems.push(
                Problem::new(format!("`{path}` is too large for a file of packaging"))
                    .help("exclude it in the manifest, or use ours: `--packaging ours`"),
            ),
        }
    }
    match templates.render("changelog.j2", values) {
        Ok(mut text) => {
            let own = || input.text("debian/changelog.in").or_else(|| input.text("debian/changelog"));
            if let Some(base) = before.or_else(own) {
                text.push('\n');
                text.push_str(base.trim_start());
            }
            folder.insert("changelog".to_owned(), File::text(text));
        }
        Err(problem) => problems.push(problem),
    }
    // What a tree has no cause to know: where its packages are kept, and where its releases are.
    let mut used = vec!["changelog.j2"];
    let watch = Watch::new(input, has_key);
    for (template, path) in [("gbp.conf.j2", "gbp.conf"), ("watch.j2", "watch")] {
        if folder.contains_key(path) {
            continue;
        }
        used.push(template);
        let rendered = match template {
            "watch.j2" => templates.render(template, &watch.with(values)),
            _ => templates.render(template, values),
        };
        match rendered {
            Ok(text) if text.trim().is_empty() => {}
            Ok(text) => _ = folder.insert(path.to_owned(), File::text(text)),
            Err(problem) => problems.push(problem),
        }
    }
    templates.only_beside_a_trees_own(&used)?;
    folder.insert("source/format".to_owned(), File::text("3.0 (quilt)\n"));
    // A work tree's, which would hide what the package has.
    folder.remove(".gitignore");
    folder.remove("changelog.in");

    let main = input.text("debian/control.main").or_else(|| input.text("debian/control"));
    let control = main.map(|text| mend_control(text, values)).unwrap_or_default();
    for name in ["control", "control.main"] {
        // `debian/rules clean` copies one over the other.
        folder.insert(name.to_owned(), File::text(control.clone()));
    }
    let is_lustres = |rules: &File| String::from_utf8_lossy(&rules.bytes).contains("\nautogen-stamp:");
    let tests = if folder.contains_key("lustre-tests.install.in") { TESTS } else { "" };
    if let Some(rules) = folder.get_mut("rules").filter(|rules| is_lustres(rules)) {
        let commit = input.lock.pin(&input.manifest.release.primary.value).commit.to_string();
        let more = RULES.replace("@COMMIT@", &commit[..10]).replace("@TESTS@", tests);
        rules.bytes.extend_from_slice(more.as_bytes());
    }
    if let Err(found) = control::parse("debian/control", &control) {
        problems.extend(found);
    }
    if problems.is_empty() { Ok(folder) } else { Err(Failure { class: Class::Manifest, problems }) }
}

/// The tree's control file with the user as its maintainer, and with what `autogen.sh` needs.
fn mend_control(text: &str, values: &Values) -> String {
    let (source, binaries) = match text.find("\n\n") {
        Some(end) => text.split_at(end + 1),
        None => (text, ""),
    };
    let mut out = String::new();
    for (name, value) in fields(source) {
        match name.to_ascii_lowercase().as_str() {
            "maintainer" => {
                out.push_str(&format!(
                    "Maintainer: {} <{}>\n",
                    values.maintainer.name, values.maintainer.mail
                ));
                out.push_str(&format!("XSBC-Original-Maintainer:{value}"));
            }
            // They answer for the tree, not for this package.
            "uploaders" => {}
            "build-depends" => {
                let there: Vec<&str> = value
                    .split([',', '|'])
                    .filter_map(|one| one.split_whitespace().next())
                    .map(|one| one.split('(').next().unwrap_or(one))
                    .collect();
                let more = FOR_AUTOGEN.iter().filter(|package| !there.contains(*package));
                let more: String = more.map(|package| format!(", {package}")).collect();
                out.push_str(&format!("{name}:{}{more}\n", value.trim_end().trim_end_matches(',')));
            }
            _ => out.push_str(&format!("{name}:{value}")),
        }
    }
    out + binaries
}

/// The fields of one paragraph: the name, and everything behind the colon, newlines included.
fn fields(paragraph: &str) -> Vec<(&str, String)> {
    let mut fields: Vec<(&str, String)> = Vec::new();
    for line in paragraph.split_inclusive('\n') {
        match (line.starts_with([' ', '\t']), line.split_once(':'), fields.last_mut()) {
            (false, Some((name, value)), _) => fields.push((name, value.to_owned())),
            (_, _, Some((_, value))) => value.push_str(line),
            (_, _, None) => {}
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    #[test]
    fn fields_keep_the_lines_that_go_on() {
        let found = super::fields("Source: lustre\nBuild-Depends: a,\n b\nHomepage: https://x/\n");
        let expected =
            [("Source", " lustre\n"), ("Build-Depends", " a,\n b\n"), ("Homepage", " https://x/\n")];
        assert_eq!(found, expected.map(|(name, value)| (name, value.to_owned())));
    }
}
