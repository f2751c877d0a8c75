// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The files of a release: which ones, and what vouches for each.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::gather::Gather;
use super::reader::Reader;
use crate::manifest::Format;
use crate::model::{Class, Failure, Problem, Sha256};
use crate::record::{Artifact, Description, Names};
use crate::repository::Listed;

/// Which files of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The tarballs, by format. Where none is named, the first that there is: the preferred one, and then
    /// those that are smallest and soonest unpacked.
    pub formats: Vec<Format>,
    /// The format that is preferred, where the release has it.
    pub preferred: Option<Format>,
    /// The records too: origins, bill of materials, provenance, changes.
    pub records: bool,
}

/// What vouches for a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Vouched {
    /// The repository's signed metadata has its digest.
    Metadata,
    /// The release's description has its digest.
    Description,
    /// It says the same as the description of all that both know; the metadata does not have its digest.
    Agreement,
    /// The release's checksums have its digest.
    Sums,
    /// Nothing: it is a signature, and worth what its key is.
    Itself,
}

/// How a file came to be there.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "how")]
pub enum How {
    /// From an address, of which the first `resumed` bytes had come in an earlier run.
    #[allow(missing_docs)]
    Downloaded { from: String, resumed: u64, length: u64, seconds: f64 },
    /// The cache had it.
    Cached,
    /// It stood there already, with the same bytes.
    Stood,
}

/// A file of a release that is where it was wanted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Brought {
    /// Its name.
    pub file: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its length in bytes.
    pub size: u64,
    /// Its digest.
    pub sha256: Sha256,
    /// How it came to be there.
    #[serde(flatten)]
    pub how: How,
    /// What vouches for it.
    pub vouched: Vouched,
}

impl Reader<'_> {
    /// Brings files of a release into a folder: the description, the checksums, the tarballs, their
    /// signatures, and more where more is wanted. Each has its name when all of them are there and
    /// verified, the tarballs last; none is put over one that is there.
    ///
    /// # Errors
    /// A file cannot be had, or is not what is vouched for; another one stands in its place; the disk.
    pub fn bring(&self, listed: &Listed, wanted: &Wanted, out: &Path) -> Result<Vec<Brought>, Failure> {
        let title = listed.entry.title();
        let names = Names::new(&title);
        let (description, bytes, how) = self.described(listed)?;
        let tarballs = choose(&description, wanted)?;
        let mut gather = Gather::new(self, listed, &names, out);
        gather.bytes(names.description(), bytes, how, Vouched::Metadata);
        gather.sums(&description, wanted.records)?;
        for artifact in tarballs {
            let length = Some(artifact.size);
            gather.object(&artifact.file, artifact.sha256, length, artifact.size, Vouched::Description)?;
            gather.signatures(&artifact.file);
        }
        gather.signatures(&names.artifact(Format::Tar));
        gather.unvouched();
        gather.finish(&title)
    }
}

/// The tarballs in these formats.
fn choose<'d>(description: &'d Description, wanted: &Wanted) -> Result<Vec<&'d Artifact>, Failure> {
    let find = |format: &Format| description.artifacts.iter().find(|one| one.format == format.extension());
    let usual = [Format::Zstd, Format::Xz, Format::Gzip, Format::Tar];
    let formats = match &wanted.formats[..] {
        [] => wanted
            .preferred
            .into_iter()
            .chain(usual)
            .find(|format| find(format).is_some())
            .into_iter()
            .collect(),
        named => named.to_vec(),
    };
    if formats.is_empty() {
        let title = format!("{} {} has no tarball", description.name, description.version);
        return Err(Failure::new(Class::Source, Problem::new(title).help("tell who keeps the repository")));
    }
    let missing: Vec<&str> =
        formats.iter().filter(|format| find(format).is_none()).map(|format| format.extension()).collect();
    if missing.is_empty() {
        return Ok(formats.iter().filter_map(find).collect());
    }
    let there: Vec<&str> = description.artifacts.iter().map(|one| one.format.as_str()).collect();
    let title = format!("{} {} has no {}", description.name, description.version, missing.join(" and no "));
    let problem = Problem::new(title).help(format!("it was published as {}", there.join(", ")));
    Err(Failure::new(Class::Usage, problem))
}
