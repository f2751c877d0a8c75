// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `debian/copyright` says, in the machine-readable form (DEP-5): licences of files, as the
//! release's bill of materials found them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
pub(super) struct License {
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
    pub(super) licenses: Vec<License>,
}

impl Copyright {
    /// One with an entry of everything.
    pub(super) fn sample() -> Self {
        let license = "GPL-2".to_owned();
        Self {
            default: license.clone(),
            files: vec![Files { patterns: vec!["a.c".to_owned()], license: license.clone() }],
            licenses: vec![License { name: license, text: " text".to_owned() }],
        }
    }
}

#[derive(Deserialize)]
struct Document {
    files: Vec<Element>,
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
    let default = input.manifest.release.license.value.as_str();
    let mut groups: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    let name = input.sbom_name();
    if let Some(bytes) = input.beside(&name)? {
        let document: Document = serde_json::from_slice(&bytes).map_err(|error| {
            let problem = Problem::new(format!("the bill of materials `{name}` cannot be read"));
            Failure::new(Class::Verification, problem.note(error.to_string()))
        })?;
        for file in document.files {
            let Some(expression) = expression(&file) else { continue };
            // Several SPDX ids have one name in Debian, so that is what tells groups apart.
            let license = spelled(&expression);
            if license != spelled(default) {
                let group = groups.entry(license).or_insert_with(|| (expression, Vec::new()));
                group.1.push(pattern(&file.file_name));
            }
        }
    }
    let mut licenses: BTreeMap<String, String> = BTreeMap::new();
    for expression in
        std::iter::once(default).chain(groups.values().map(|(expression, _)| expression.as_str()))
    {
        for term in terms(expression) {
            licenses.entry(spelled(term)).or_insert_with(|| text(input, term));
        }
    }
    let licenses = licenses.into_iter().map(|(name, text)| License { name, text }).collect();
    let files = groups.into_iter().map(|(license, (_, patterns))| Files { patterns, license }).collect();
    Ok(Copyright { default: spelled(default), files, licenses })
}

/// What the file says of itself; `None` where it says nothing.
fn expression(file: &Element) -> Option<String> {
    // The words of the file have the operators, which the list of ids has lost.
    let words = file.license_comments.as_deref().unwrap_or_default().lines();
    // REUSE-IgnoreStart
    let tag = "SPDX-License-Identifier: ";
    // REUSE-IgnoreEnd
    let mut written: Vec<&str> = words.filter_map(|line| line.strip_prefix(tag)).map(str::trim).collect();
    if written.is_empty() {
        let known = |id: &&str| !matches!(*id, "NOASSERTION" | "NONE");
        written = file.license_info_in_files.iter().map(String::as_str).filter(known).collect();
    }
    written.sort_unstable();
    written.dedup();
    match written.as_slice() {
        [] => None,
        [one] => Some((*one).to_owned()),
        several => {
            let bracketed = several
                .iter()
                .map(|one| if one.contains(" OR ") { format!("({one})") } else { (*one).to_owned() });
            Some(bracketed.collect::<Vec<_>>().join(" AND "))
        }
    }
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

/// The licences of an expression, each with its exception.
fn terms(expression: &str) -> impl Iterator<Item = &str> {
    expression
        .split(" AND ")
        .flat_map(|part| part.split(" OR "))
        .map(|term| term.trim_matches(|c: char| c == '(' || c == ')' || c.is_whitespace()))
        .filter(|term| !term.is_empty())
}

/// An expression as DEP-5 spells it: `GPL-2.0-only WITH Linux-syscall-note` is `GPL-2 with
/// Linux-syscall-note exception`. DEP-5 has no brackets; `and` binds less tightly there with a comma
/// in front, and no more than one level is written by anybody.
fn spelled(expression: &str) -> String {
    let mut out = String::new();
    for word in expression.split_whitespace() {
        let inner = word.trim_matches(|c| c == '(' || c == ')');
        let word = match inner {
            "AND" => "and".to_owned(),
            "OR" => "or".to_owned(),
            "WITH" => "with".to_owned(),
            id => short(id),
        };
        if !out.is_empty() {
            out.push(' ');
        }
        let after_with = out.ends_with(" with ");
        out.push_str(&word);
        if after_with {
            out.push_str(" exception");
        }
    }
    out
}

/// An SPDX id as DEP-5 spells it: `GPL-2.0-or-later` is `GPL-2+`.
fn short(id: &str) -> String {
    let (base, later) = match id.strip_suffix("-or-later").or_else(|| id.strip_suffix('+')) {
        Some(base) => (base, "+"),
        None => (id.strip_suffix("-only").unwrap_or(id), ""),
    };
    let gnu = ["GPL-", "LGPL-", "AGPL-", "GFDL-"].iter().any(|start| base.starts_with(start));
    let base = if gnu { base.strip_suffix(".0").unwrap_or(base) } else { base };
    match base {
        "MIT" => format!("Expat{later}"),
        "BSD-3-Clause" => format!("BSD-3-clause{later}"),
        "BSD-2-Clause" => format!("BSD-2-clause{later}"),
        _ => format!("{base}{later}"),
    }
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
    fn expressions_are_spelled_as_debian_does() {
        for (spdx, debian) in [
            ("GPL-2.0-only", "GPL-2"),
            ("GPL-2.0-or-later AND LGPL-2.1+", "GPL-2+ and LGPL-2.1+"),
            ("GPL-2.0 WITH Linux-syscall-note", "GPL-2 with Linux-syscall-note exception"),
            ("(MIT OR Apache-2.0)", "Expat or Apache-2.0"),
            ("BSD-3-Clause", "BSD-3-clause"),
        ] {
            assert_eq!(spelled(spdx), debian);
        }
        let found: Vec<&str> = terms("GPL-2.0-only AND (MIT OR BSD-2-Clause)").collect();
        assert_eq!(found, ["GPL-2.0-only", "MIT", "BSD-2-Clause"]);
        assert_eq!(pattern("./a b/*.c"), "a?b/\\*.c");
    }
}
