// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The licences that a release's files name, as SPDX lists them: each file's one by one, the union
//! for the package, and an explanation of every reference.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::Expression;
use crate::model::license::{LIST_VERSION, Term};
use crate::record::Facts;
use crate::record::identifier::TAG;

/// Nobody says anything: not that there is no licence.
pub(super) const NO_ASSERTION: &str = "NOASSERTION";

/// What one text behind the tag means: the entries that it gives, each a licence or one of SPDX's
/// two special values.
struct Meaning {
    entries: Vec<String>,
    /// Whether it has the grammar of a licence expression, or is a special value.
    is_valid: bool,
    references: Vec<Term>,
}

/// The meanings of every text that stands in a file: there are many files and few texts.
pub(super) struct Licenses<'a> {
    texts: BTreeMap<&'a str, (Meaning, usize)>,
    declared: Meaning,
}

/// One entry of `hasExtractedLicensingInfos`: what SPDX demands for each `LicenseRef-`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Extracted {
    license_id: String,
    extracted_text: String,
    name: String,
    comment: String,
}

impl Meaning {
    fn of(text: &str) -> Self {
        match (text, Expression::parse(text)) {
            (NO_ASSERTION, _) => Self { entries: Vec::new(), is_valid: true, references: Vec::new() },
            ("NONE", _) => Self { entries: vec![text.to_owned()], is_valid: true, references: Vec::new() },
            (_, None) => Self { entries: Vec::new(), is_valid: false, references: Vec::new() },
            (_, Some(expression)) => {
                let terms: Vec<&Term> = expression.terms().collect();
                Self {
                    entries: terms.iter().map(ToString::to_string).collect(),
                    is_valid: true,
                    references: terms
                        .into_iter()
                        .filter(|term| matches!(term, Term::Reference { .. }))
                        .cloned()
                        .collect(),
                }
            }
        }
    }
}

impl<'a> Licenses<'a> {
    /// Reads every text of the files, and what the release declares.
    pub(super) fn of(files: impl Iterator<Item = &'a Facts>, declared: &str) -> Self {
        let mut texts: BTreeMap<&str, (Meaning, usize)> = BTreeMap::new();
        for text in files.flat_map(|facts| &facts.licenses) {
            texts.entry(text).or_insert_with(|| (Meaning::of(text), 0)).1 += 1;
        }
        Self { texts, declared: Meaning::of(declared) }
    }

    /// `licenseInfoInFiles`: each licence that the file names, without saying how they are joined, as
    /// clause 8.6 has it.
    pub(super) fn in_file(&self, facts: &Facts) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        for entry in facts.licenses.iter().flat_map(|text| &self.texts[&**text].0.entries) {
            if !found.contains(&entry.as_str()) {
                found.push(entry);
            }
        }
        if found.is_empty() { vec![NO_ASSERTION] } else { found }
    }

    /// `licenseComments`: the file's own words, where the list of licences does not say it all.
    pub(super) fn words(&self, facts: &Facts) -> Option<String> {
        let says_it_all = match &*facts.licenses {
            [] => true,
            [text] => self.texts[&**text].0.entries == [&**text],
            _ => false,
        };
        let line = |text: &str| {
            let note = if self.texts[text].0.is_valid { "" } else { "  (not a licence expression)" };
            format!("{TAG} {text}{note}")
        };
        (!says_it_all).then(|| facts.licenses.iter().map(|text| line(text)).collect::<Vec<_>>().join("\n"))
    }

    /// `licenseInfoFromFiles`: the licences of all files. `some_without` when a file names none.
    pub(super) fn of_all_files(&self, some_without: bool) -> BTreeSet<&str> {
        let named = self.texts.values().flat_map(|(meaning, _)| &meaning.entries).map(String::as_str);
        named.chain(some_without.then_some(NO_ASSERTION)).collect()
    }

    /// `hasExtractedLicensingInfos`, sorted.
    pub(super) fn extracted(&self) -> Vec<Extracted> {
        let mut all: BTreeMap<&str, (Option<&str>, usize)> = BTreeMap::new();
        let named = self.texts.values().map(|(meaning, files)| (meaning, *files));
        for (meaning, files) in named.chain([(&self.declared, 0)]) {
            for term in &meaning.references {
                if let Term::Reference { id, written, .. } = term {
                    all.entry(id).or_insert((written.as_deref(), 0)).1 += files;
                }
            }
        }
        all.into_iter()
            .map(|(id, (written, files))| {
                let name = written.unwrap_or(id);
                let comment = match written {
                    Some(_) => format!("not on the SPDX License List {LIST_VERSION}; "),
                    None => String::new(),
                };
                Extracted {
                    license_id: id.to_owned(),
                    extracted_text: format!("{TAG} {name}"),
                    name: name.to_owned(),
                    comment: format!(
                        "{comment}files that name it: {files}; the licence's text was not looked for"
                    ),
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::BlobId;

    fn facts(licenses: &[&str]) -> Facts {
        Facts {
            blob: "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391".parse::<BlobId>().unwrap(),
            licenses: licenses.iter().map(|&text| text.into()).collect(),
        }
    }

    #[test]
    fn each_licence_is_an_entry_and_the_words_are_kept() {
        let joined = "(GPL-2.0 WITH Linux-syscall-note) OR MIT";
        let files = [
            facts(&[]),
            facts(&["GPL-2.0"]),
            facts(&[joined]),
            facts(&["GPL-2.0", "MIT"]),
            facts(&["<SPDX License Expression>"]),
            facts(&["NOASSERTION"]),
            facts(&["NONE"]),
            facts(&["gpl-2.0"]),
            facts(&["GPL-v2.0+ OR MIT OR MIT"]),
        ];
        let licenses = Licenses::of(files.iter(), "GPL-2.0-only AND LicenseRef-acme");
        let shown: Vec<_> =
            files.iter().map(|facts| (licenses.in_file(facts).join(" | "), licenses.words(facts))).collect();
        let comment = |text: &str| Some(text.replace("TAG", TAG));
        let expected = [
            ("NOASSERTION", None),
            ("GPL-2.0", None),
            ("GPL-2.0 WITH Linux-syscall-note | MIT", comment(&format!("TAG {joined}"))),
            ("GPL-2.0 | MIT", comment("TAG GPL-2.0\nTAG MIT")),
            ("NOASSERTION", comment("TAG <SPDX License Expression>  (not a licence expression)")),
            ("NOASSERTION", comment("TAG NOASSERTION")),
            ("NONE", None),
            ("GPL-2.0", comment("TAG gpl-2.0")),
            ("LicenseRef-unlisted-GPL-v2.0--df88ad09 | MIT", comment("TAG GPL-v2.0+ OR MIT OR MIT")),
        ];
        assert_eq!(shown, expected.map(|(info, words)| (info.to_owned(), words)));
        let extracted: Vec<String> = licenses
            .extracted()
            .into_iter()
            .map(|one| format!("{} {}", one.license_id, one.comment))
            .collect();
        assert_eq!(
            extracted,
            [
                "LicenseRef-acme files that name it: 0; the licence's text was not looked for".to_owned(),
                format!(
                    "LicenseRef-unlisted-GPL-v2.0--df88ad09 not on the SPDX License List {LIST_VERSION}; \
                     files that name it: 1; the licence's text was not looked for"
                )
            ]
        );
        assert_eq!(
            licenses.of_all_files(true).into_iter().collect::<Vec<_>>(),
            [
                "GPL-2.0",
                "GPL-2.0 WITH Linux-syscall-note",
                "LicenseRef-unlisted-GPL-v2.0--df88ad09",
                "MIT",
                NO_ASSERTION,
                "NONE"
            ]
        );
    }
}
