// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Where a release's tarball is, and what stands beside it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::manifest::Format;
use crate::model::{Class, Failure, Problem, Sha256};
use crate::record::{Description, Names, Sums};
use crate::release::plain;

/// Every format, the best compressed first: for packages that take any.
pub const FORMATS: [Format; 4] = [Format::Xz, Format::Zstd, Format::Gzip, Format::Tar];

/// A release on the disk, before any of it is believed.
pub(super) struct Found {
    pub(super) folder: PathBuf,
    pub(super) names: Names,
    pub(super) file: String,
    pub(super) format: Format,
    /// `release.json`, where it stands beside the tarball.
    pub(super) description: Option<Description>,
    /// `SHA256SUMS`, where it stands beside the tarball.
    pub(super) sums: Option<Sums>,
}

/// Finds the tarball in the first of the formats that is there.
pub(super) fn find(path: &Path, formats: &[Format]) -> Result<Found, Failure> {
    let meta = std::fs::metadata(path).map_err(|error| {
        let problem = Problem::new(format!("there is no release `{}`", path.display()));
        match error.kind() {
            ErrorKind::NotFound => refuse(problem.help(
                "give a release's directory, or one of its tarballs; or say with `--from` which repository has it",
            )),
            _ => Failure::io("read", path, &error),
        }
    })?;
    let (folder, title, file) = if meta.is_dir() {
        (path.to_owned(), title_in(path)?, None)
    } else {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some((title, format)) = split(&name) else {
            return Err(refuse(
                Problem::new(format!("`{}` is no tarball by its name", path.display()))
                    .help("give a release's directory, or one of its tarballs: NAME-VERSION.tar.xz"),
            ));
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        (folder.unwrap_or(Path::new(".")).to_owned(), title.to_owned(), Some((name.clone(), format)))
    };
    let names = Names::new(&title);
    let sums = read_beside(&folder.join(names.sums()), plain::LARGEST_SUMS, |bytes| {
        Sums::parse(&String::from_utf8_lossy(bytes)).map_err(|fault| fault.to_string())
    })?;
    let description = read_beside(&folder.join(names.description()), plain::LARGEST_RECORD, |bytes| {
        named(sums.as_ref(), &names.description(), Sha256::of(bytes))?;
        serde_json::from_slice::<Description>(bytes).map_err(|error| error.to_string())
    })?;
    let (file, format) = match file {
        Some((file, format)) if formats.contains(&format) => (file, format),
        Some((file, format)) => return Err(another_format(&format!("`{file}` is no"), &[format], formats)),
        None => {
            let there: Vec<Format> =
                FORMATS.into_iter().filter(|format| folder.join(names.artifact(*format)).exists()).collect();
            match formats.iter().find(|format| there.contains(format)) {
                Some(format) => (names.artifact(*format), *format),
                None => return Err(another_format(&format!("`{}` has no", path.display()), &there, formats)),
            }
        }
    };
    Ok(Found { folder, names, file, format, description, sums })
}

/// The title of the one release in a directory.
fn title_in(folder: &Path) -> Result<String, Failure> {
    let ending = Names::new("").description();
    let entries = std::fs::read_dir(folder).map_err(|error| Failure::io("read", folder, &error))?;
    let mut titles: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(&ending).map(str::to_owned))
        .collect();
    titles.sort();
    match titles.as_slice() {
        [title] => Ok(title.clone()),
        [] => Err(refuse(
            Problem::new(format!("`{}` is no release directory", folder.display()))
                .note(format!("it has no NAME-VERSION{ending}"))
                .help("give a release's directory, or one of its tarballs"),
        )),
        several => Err(refuse(
            Problem::new(format!("`{}` holds several releases", folder.display()))
                .note(several.join(", "))
                .help("give the directory of one, or one of its tarballs"),
        )),
    }
}

fn split(name: &str) -> Option<(&str, Format)> {
    Format::ALL.into_iter().find_map(|format| {
        let title = name.strip_suffix(format.extension())?.strip_suffix('.')?;
        Some((title, format))
    })
}

/// Reads a record beside the tarball, of at most that many bytes, if it is there.
fn read_beside<T>(
    path: &Path,
    most: u64,
    parse: impl Fn(&[u8]) -> Result<T, String>,
) -> Result<Option<T>, Failure> {
    match plain::read(path, most) {
        Ok(bytes) => parse(&bytes).map(Some).map_err(|why| {
            let problem = Problem::new(format!("`{}` cannot be believed", path.display())).note(why);
            Failure::new(Class::Verification, problem.help("run `lustre-dist verify` on the release"))
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::io("read", path, &error)),
    }
}

/// Holds the digest of a file against the checksums, where there are some.
pub(super) fn named(sums: Option<&Sums>, file: &str, found: Sha256) -> Result<(), String> {
    let Some(sums) = sums else { return Ok(()) };
    match sums.0.get(file) {
        Some(expected) if *expected == found => Ok(()),
        Some(expected) => Err(format!("the checksums have sha256 {expected}, the file has {found}")),
        None => Err("the checksums of its release do not name it".to_owned()),
    }
}

fn another_format(what: &str, there: &[Format], wanted: &[Format]) -> Failure {
    let words = |formats: &[Format]| {
        let words: Vec<&str> = formats.iter().map(|format| format.extension()).collect();
        if words.is_empty() { "none".to_owned() } else { words.join(", ") }
    };
    let first = wanted.first().map_or("", |format| format.extension());
    refuse(
        Problem::new(format!("{what} {} tarball", words(wanted)))
            .note(format!("there: {}", words(there)))
            .note("the package holds the release's own tarball, byte for byte")
            .help(format!(
                "make the release with `assemble --format {first}` among its formats, or name that file"
            )),
    )
}

/// The request makes no sense with this release.
pub(super) fn refuse(problem: Problem) -> Failure {
    Failure::new(Class::Usage, problem)
}
