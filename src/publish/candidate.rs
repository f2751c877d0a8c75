// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A release directory as the repository will have it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::kernel::Support;
use crate::line::Calendar;
use crate::model::version::ReleaseVersion;
use crate::model::{Class, Failure, Moniker, Problem, Sha256};
use crate::record::{Description, Names, Sums};
use crate::release::plain;
use crate::repository::{Entry, KernelsKey, LineEntry, Listed, layout};
use crate::store::Extent;

use super::derived::Published;

/// A file of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name in the release's directory.
    pub name: String,
    /// Its path there.
    pub path: PathBuf,
    /// Where it will be in the repository.
    pub object: String,
    /// Its length and digest.
    pub extent: Extent,
    /// Whether it says what the others are: the checksums, and the description as a target.
    pub is_listing: bool,
}

/// A release that is to be published.
#[derive(Debug)]
pub struct Candidate {
    /// `NAME-VERSION`.
    pub title: String,
    /// Its directory.
    pub directory: PathBuf,
    /// What it says of itself.
    pub description: Description,
    /// What the metadata will say of it.
    pub listed: Listed,
    /// Its line, and what is known of it.
    pub line: Option<(String, LineEntry)>,
    /// The kernels that it is known to work on.
    pub table: Option<Support>,
    /// Its files, and the description once more as a target.
    pub files: Vec<File>,
}

impl Candidate {
    /// Reads what stands in a release directory. That it is true is for [`super::check`] to find.
    ///
    /// # Errors
    /// It is no release directory, or one of a later version of this tool.
    pub fn read(directory: &Path, calendar: &Calendar) -> Result<Self, Failure> {
        let (title, names, sums_text) = sums_of(directory)?;
        let sums = Sums::parse(&sums_text)
            .map_err(|fault| wrong(directory, &format!("{}: {fault}", names.sums())))?;
        let bytes = record(directory, &names.description())?;
        let sha256 = Sha256::of(&bytes);
        if sums.0.get(&names.description()) != Some(&sha256) {
            return Err(wrong(directory, &format!("{} is not as in its checksums", names.description())));
        }
        let description: Description = serde_json::from_slice(&bytes)
            .map_err(|error| wrong(directory, &format!("{}: {error}", names.description())))?;
        let version = ReleaseVersion::parse(&description.version)
            .map_err(|error| wrong(directory, &format!("its version: {error}")))?;
        let line = description.line.as_ref().map(|line| line_of(line.id.clone(), &line.kernel, calendar));
        let supports = description.line.as_ref().and_then(|line| line.supports.as_ref());
        let supports = supports
            .map(|range| range.parse())
            .transpose()
            .map_err(|error| wrong(directory, &format!("the kernels that it supports: {error}")))?;
        let entry = Entry {
            name: description.name.clone(),
            version,
            line: line.as_ref().map(|(id, _)| id.clone()),
            date: description.source_date,
            identity: description.identity.sha256,
            supports,
            kernels: description.kernels.as_ref().map(KernelsKey::of),
            sums: Some(Sha256::of(sums_text.as_bytes())),
            retracted: None,
        };
        if entry.title() != title {
            return Err(wrong(directory, &format!("its description is of {}", entry.title())));
        }
        let listed = Listed { entry, length: bytes.len() as u64, sha256 };
        let files = files(directory, &names, &sums, &listed)?;
        let table = description.kernels.clone();
        Ok(Self { title, directory: directory.to_owned(), description, listed, line, table, files })
    }

    /// Its line's id.
    #[must_use]
    pub fn line_id(&self) -> Option<&str> {
        self.line.as_ref().map(|(id, _)| id.as_str())
    }

    /// How many bytes it has in all.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.files.iter().map(|file| file.extent.length).sum()
    }

    pub(super) fn as_published(&self) -> Published {
        let folder = format!("{}/", layout::folder(self.line_id()));
        let files: BTreeMap<String, Sha256> = self
            .files
            .iter()
            .filter(|file| file.object.starts_with(&folder))
            .map(|file| (file.name.clone(), file.extent.sha256))
            .collect();
        Published { title: self.title.clone(), files }
    }
}

/// The release's title, its names and its checksums.
fn sums_of(directory: &Path) -> Result<(String, Names, String), Failure> {
    let entries =
        std::fs::read_dir(directory).map_err(|error| Failure::io("read the release", directory, &error))?;
    let mut titles = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| Failure::io("read the release", directory, &error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        titles.extend(name.strip_suffix(&Names::new("").sums()).map(str::to_owned));
    }
    let [title] = titles.as_slice() else {
        return Err(wrong(directory, "a release directory holds one NAME-VERSION.SHA256SUMS"));
    };
    if !Names::is_title(title) {
        return Err(wrong(directory, &format!("`{}` is no NAME-VERSION", title.escape_debug())));
    }
    let names = Names::new(title);
    let bytes = record(directory, &names.sums())?;
    let text = String::from_utf8(bytes).map_err(|_| wrong(directory, "its checksums are not text"))?;
    Ok((title.clone(), names, text))
}

fn record(directory: &Path, name: &str) -> Result<Vec<u8>, Failure> {
    let path = directory.join(name);
    plain::read(&path, plain::LARGEST_RECORD).map_err(|error| Failure::io("read", &path, &error))
}

/// Every file of the directory: those that the checksums list, the checksums, and signatures.
fn files(directory: &Path, names: &Names, sums: &Sums, listed: &Listed) -> Result<Vec<File>, Failure> {
    let line = listed.entry.line.as_deref();
    let fault = |path: &Path, error: &std::io::Error| Failure::io("read", path, error);
    let mut present = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(|error| fault(directory, &error))? {
        let name = entry.map_err(|error| fault(directory, &error))?.file_name();
        present.push(name.to_string_lossy().into_owned());
    }
    present.sort();
    let mut files = Vec::new();
    for name in present {
        let path = directory.join(&name);
        let file = plain::open(&path).map_err(|error| fault(&path, &error))?;
        let length = file.metadata().map_err(|error| fault(&path, &error))?.len();
        let extent = match sums.0.get(&name) {
            Some(sha256) => Extent { length, sha256: *sha256 },
            // What the checksums do not list are they themselves and signatures.
            None => {
                let bytes = record(directory, &name)?;
                Extent { length: bytes.len() as u64, sha256: Sha256::of(&bytes) }
            }
        };
        let is_listing = name == names.sums();
        files.push(File { object: layout::file(line, &name), name, path, extent, is_listing });
    }
    // So the last ones are told last, too.
    files.sort_by_key(|file| file.is_listing);
    let name = names.description();
    files.push(File {
        path: directory.join(&name),
        object: layout::target(&listed.sha256, &name),
        extent: Extent { length: listed.length, sha256: listed.sha256 },
        is_listing: true,
        name,
    });
    Ok(files)
}

/// What is known of a line.
fn line_of(id: String, kernel: &Option<String>, calendar: &Calendar) -> (String, LineEntry) {
    let kernel = kernel.as_ref().and_then(|series| series.parse().ok());
    let moniker = match kernel {
        Some(series) => calendar.moniker(series),
        None => Moniker::from_word(&id),
    };
    let eol = kernel.and_then(|series| calendar.series(series)?.eol.as_ref()).map(|eol| eol.value);
    (id, LineEntry { kernel, moniker, eol })
}

fn wrong(directory: &Path, why: &str) -> Failure {
    let problem = Problem::new(format!("`{}` is no release that can be published", directory.display()))
        .note(why)
        .help("`lustre-dist verify` tells what is wrong with it");
    Failure::new(Class::Verification, problem)
}
