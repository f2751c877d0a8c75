// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The files of a release: which ones, and what vouches for each.

use std::path::Path;

use super::brought::{Brought, Vouched};
use super::gather::Gather;
use super::reader::Reader;
use crate::manifest::Format;
use crate::model::{Class, Failure, Problem};
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
        let mut gather = Gather::new(&self.objects, listed, &names, out);
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
