// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `NAME-VERSION.spdx.json`: the release as a software bill of materials, SPDX 2.3 in JSON
//! (<https://spdx.github.io/spdx-spec/v2.3/>).
//!
//! It is about the uncompressed tar, whatever encodings stand beside it. One package is the release; one
//! per source says what it was generated from; one file entry stands for each regular file, named
//! from the top directory. A symbolic link has no bytes to digest, and a reader that hashes its path
//! would hash the target, so links are listed in the package's comment. Files have no place for
//! a gitoid or a layer in SPDX 2.3: both stand in the file's comment, a `key: value` a line.
//!
//! Nothing is random and no clock is read: the same lock gives the same document. It is written as it is
//! made, an element a line, so that a kernel tree's 80,000 files are never held as one value.

mod elements;
mod licenses;

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use sha1::Digest as _;

use super::{Description, Facts, Names};
use crate::archive::{Sum, Written};
use crate::model::Sha1;
use crate::model::license::LIST_VERSION;
use crate::plan::{Entry, Origin, Plan, RECORDS};
use elements::{DOCUMENT, RELEASE, Relationship, file_id, source_id};
use licenses::Licenses;

/// What the document is made of.
#[derive(Debug, Clone, Copy)]
pub struct Sbom<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What was written of it.
    /// SPDX 2 demands the SHA-1 of each file.
    pub written: &'a Written<Sha1, Facts>,
    /// The release's description.
    pub description: &'a Description,
    /// Its names.
    pub names: &'a Names,
}

/// One regular file. Its number, from 1, is its place among them in the tarball's order.
struct File<'a> {
    number: usize,
    entry: &'a Entry,
    sum: &'a Sum,
    sha1: Sha1,
    facts: &'a Facts,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreationInfo<'a> {
    created: &'a str,
    creators: [String; 1],
    license_list_version: &'a str,
}

impl<'a> Sbom<'a> {
    fn files(self) -> impl Iterator<Item = File<'a>> {
        let Written { members, seconds, seen, .. } = self.written;
        let members = self.plan.entries.iter().zip(members).zip(seconds).zip(seen);
        members
            .filter_map(|(((entry, sum), sha1), facts)| Some((entry, sum, *sha1, facts.as_ref()?)))
            .enumerate()
            .map(|(nth, (entry, sum, sha1, facts))| File { number: nth + 1, entry, sum, sha1, facts })
    }

    /// Writes the document.
    ///
    /// # Errors
    /// `out` cannot be written.
    pub fn write(self, out: &mut dyn Write) -> io::Result<()> {
        let Self { plan, description, .. } = self;
        let licenses = Licenses::of(self.files().map(|file| file.facts), &description.license);
        let tool = &description.tool;
        let edition = LIST_VERSION.rsplitn(2, '.').last().unwrap_or(LIST_VERSION);

        out.write_all(b"{\n")?;
        value(out, "spdxVersion", &"SPDX-2.3")?;
        value(out, "dataLicense", &"CC0-1.0")?;
        value(out, "SPDXID", &DOCUMENT)?;
        value(out, "name", &plan.title)?;
        value(out, "documentNamespace", &self.namespace())?;
        value(
            out,
            "creationInfo",
            &CreationInfo {
                created: &description.date,
                creators: [format!("Tool: {}-{}", tool.name, tool.version)],
                license_list_version: edition,
            },
        )?;
        value(out, "comment", &self.comment())?;
        let sources = plan.locked.manifest.sources.values();
        list(
            out,
            "packages",
            std::iter::once(self.release(&licenses)).chain(sources.map(|source| self.source(source))),
        )?;
        list(out, "files", self.files().map(|file| self.file(&file, &licenses)))?;
        let extracted = licenses.extracted();
        list(out, "hasExtractedLicensingInfos", extracted.iter())?;
        self.relationships(out)?;
        out.write_all(b"\n}\n")
    }

    /// The namespace that the specification proposes (clause 6.5) to those without a site of their own,
    /// with the identity where it would have something random. Another tool may say it otherwise, so that
    /// its version belongs to the name.
    fn namespace(self) -> String {
        let Description { identity, tool, .. } = self.description;
        format!(
            "https://spdx.org/spdxdocs/{}-{}-{}-{}",
            self.plan.title, identity.sha256, tool.name, tool.version
        )
    }

    fn comment(self) -> String {
        format!(
            "About the uncompressed tar. File names are relative to its top directory {}/. A file's comment has \
             its gitoid, its layer and its origin. Licences are those of the SPDX-License-Identifier in a file's \
             first lines; nothing was concluded from other text.",
            self.plan.title
        )
    }

    /// Clause 7.9.4: the SHA-1 of the files' SHA-1s as text, sorted and joined.
    fn verification_code(self) -> Sha1 {
        let mut digests: Vec<Sha1> = self.files().map(|file| file.sha1).collect();
        digests.sort_unstable();
        let mut hasher = sha1::Sha1::new();
        for digest in digests {
            hasher.update(digest.to_string());
        }
        Sha1(hasher.finalize().into())
    }

    fn relationships(self, out: &mut dyn Write) -> io::Result<()> {
        let of = |element: &str, kind, related: &str| Relationship {
            spdx_element_id: element.to_owned(),
            relationship_type: kind,
            related_spdx_element: related.to_owned(),
        };
        // Patches and templates are files of the tarball too.
        let inputs: BTreeMap<&str, usize> = self
            .files()
            .filter(|file| matches!(file.entry.origin, Origin::Record { .. }))
            .filter_map(|file| {
                Some((file.entry.path.as_str().strip_prefix(RECORDS)?.strip_prefix('/')?, file.number))
            })
            .collect();
        let described = std::iter::once(of(DOCUMENT, "DESCRIBES", RELEASE));
        let sources = self.plan.locked.manifest.sources.keys();
        let generated = sources.map(|name| of(RELEASE, "GENERATED_FROM", &source_id(name)));
        let files = self.files().flat_map(|file| {
            let id = file_id(file.number);
            let mut all = vec![of(RELEASE, "CONTAINS", &id)];
            match &file.entry.origin {
                Origin::Patched { patches, .. } => all.extend(
                    patches
                        .iter()
                        .filter_map(|patch| inputs.get(patch.as_str()))
                        .map(|&patch| of(&file_id(patch), "PATCH_APPLIED", &id)),
                ),
                Origin::Template { file: template } => all.extend(
                    inputs
                        .get(template.as_str())
                        .map(|&template| of(&id, "GENERATED_FROM", &file_id(template))),
                ),
                _ => {}
            }
            all
        });
        last_list(out, "relationships", described.chain(generated).chain(files))
    }
}

/// One member of the document and the comma behind it.
fn value(out: &mut dyn Write, key: &str, value: &impl Serialize) -> io::Result<()> {
    write!(out, "\"{key}\": ")?;
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b",\n")
}

fn list(out: &mut dyn Write, key: &str, items: impl Iterator<Item = impl Serialize>) -> io::Result<()> {
    last_list(out, key, items)?;
    out.write_all(b",\n")
}

/// A list with an item a line, made while it is written.
fn last_list(out: &mut dyn Write, key: &str, items: impl Iterator<Item = impl Serialize>) -> io::Result<()> {
    write!(out, "\"{key}\": [")?;
    for (nth, item) in items.enumerate() {
        out.write_all(if nth == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &item)?;
    }
    out.write_all(b"\n]")
}
