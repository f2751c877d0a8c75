// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The files of a release, each with its signatures and in words what it is.

use serde::Serialize;

use super::Release;
use super::shown::size;
use crate::manifest::Format;
use crate::record::Names;
use crate::repository::layout;
use crate::signature::Kind;

/// A file of a release.
#[derive(Serialize)]
pub(super) struct File {
    name: String,
    link: String,
    what: &'static str,
    size: Option<String>,
    bytes: Option<u64>,
    sha256: String,
    signatures: Vec<Signature>,
}

/// A detached signature over a file.
#[derive(Serialize)]
struct Signature {
    kind: &'static str,
    link: String,
    name: String,
}

/// The files of a release: tarballs and records, each with its signatures.
#[derive(Serialize)]
pub(super) struct Files {
    pub(super) tarballs: Vec<File>,
    pub(super) records: Vec<File>,
    /// The smallest compressed tarball, for commands.
    pub(super) smallest: Option<String>,
    pub(super) sums: String,
    /// The OpenPGP signature over the checksums, where there is one.
    pub(super) signed_sums: Option<String>,
    pub(super) sbom: Option<String>,
    pub(super) provenance: Option<String>,
    pub(super) origins: Option<String>,
}

pub(super) fn files(release: &Release) -> Files {
    let entry = &release.listed.entry;
    let names = Names::new(&entry.title());
    let link = |name: &str| layout::escaped(&layout::file(entry.line.as_deref(), name));
    let has = |name: &str| release.files.iter().any(|file| file.name == name);
    let signatures = |file: &str| {
        let made = [(Kind::Openpgp, "OpenPGP"), (Kind::Ssh, "SSH")].into_iter();
        let made = made.map(|(kind, word)| (names.signature(file, kind), word)).filter(|(name, _)| has(name));
        made.map(|(name, kind)| Signature { kind, link: link(&name), name }).collect()
    };
    let shown = |what: &'static str, name: &str| {
        let file = release.files.iter().find(|file| file.name == name)?;
        Some(File {
            name: file.name.clone(),
            link: link(&file.name),
            what,
            size: file.size.map(size),
            bytes: file.size,
            sha256: file.sha256.to_string(),
            signatures: signatures(name),
        })
    };
    let tarballs: Vec<_> =
        Format::ALL.into_iter().filter_map(|format| shown("tarball", &names.artifact(format))).collect();
    let records = [
        ("description for programs, which pins every tarball", names.description()),
        ("checksums of all files", names.sums()),
        ("bill of materials, SPDX", names.sbom()),
        ("provenance, in-toto and SLSA", names.provenance()),
        ("provenance, signed (DSSE)", names.envelope()),
        ("origin of every member", names.origins()),
        ("changes since the release before", names.changes()),
    ];
    let there = |name: String| has(&name).then(|| link(&name));
    let smallest =
        tarballs.iter().min_by_key(|file| file.bytes.unwrap_or(u64::MAX)).map(|file| file.name.clone());
    let signed_sums = Some(names.signature(&names.sums(), Kind::Openpgp)).filter(|name| has(name));
    Files {
        records: records.iter().filter_map(|(what, name)| shown(what, name)).collect(),
        smallest,
        sums: names.sums(),
        signed_sums,
        sbom: there(names.sbom()),
        provenance: there(names.envelope()).or_else(|| there(names.provenance())),
        origins: there(names.origins()),
        tarballs,
    }
}
