// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The files of a release: which they are, and whether they have the digests that the sums say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::Digest as _;

use super::finding::{Finding, Findings, Step};
use crate::manifest::Format;
use crate::model::{Class, Failure, Problem, Sha256};
use crate::record::{Names, Sums};
use crate::release::plain;
use crate::source::shown;

/// In the order in which one is chosen to be looked at member by member: the quickest to decode.
const QUICKEST: [Format; 4] = [Format::Tar, Format::Zstd, Format::Gzip, Format::Xz];

/// What stands where the user points.
#[derive(Debug)]
pub struct Place {
    /// The folder that the files are in.
    folder: PathBuf,
    /// `NAME-VERSION`, which starts every file name.
    pub title: String,
    /// The names of its files.
    pub names: Names,
    /// The tarballs that are there, the quickest to decode first. Never empty.
    pub tarballs: Vec<(Format, String)>,
    /// Whether a whole release directory was named, and not one tarball.
    pub is_directory: bool,
    /// Everything that is in the folder; of a tarball's, only what belongs to its release.
    present: BTreeSet<String>,
}

impl Place {
    /// Looks at a release directory or a tarball.
    ///
    /// # Errors
    /// Nothing is there, or nothing that is a release.
    pub fn look(path: &Path) -> Result<Self, Failure> {
        let metadata = std::fs::metadata(path).map_err(|error| {
            let mut failure = Failure::io("read", path, &error);
            for problem in &mut failure.problems {
                problem.help = Some("give a release directory, or one of its tarballs".to_owned());
            }
            failure
        })?;
        if metadata.is_dir() { Self::directory(path) } else { Self::tarball(path) }
    }

    fn directory(path: &Path) -> Result<Self, Failure> {
        let present = list(path).map_err(|error| Failure::io("list", path, &error))?;
        let start = |end: &str| -> Vec<&str> {
            present.iter().filter_map(|name| name.strip_suffix(end)).collect::<Vec<_>>()
        };
        let mut titles = start(".SHA256SUMS");
        titles.extend(start(".release.json"));
        titles.sort_unstable();
        titles.dedup();
        let title = match titles.as_slice() {
            [title] => (*title).to_owned(),
            [] => {
                return Err(no_release(
                    Problem::new(format!("`{}` is no release directory", path.display()))
                        .note(
                            "a release directory holds NAME-VERSION.SHA256SUMS and NAME-VERSION.release.json",
                        )
                        .help("name the release's own directory, or one tarball"),
                ));
            }
            several => {
                return Err(no_release(
                    Problem::new(format!("`{}` holds several releases", path.display()))
                        .note(shown(&several.join(", ")))
                        .help("a release has a directory of its own; name one tarball to look at it alone"),
                ));
            }
        };
        if !Names::is_title(&title) {
            return Err(no_release(
                Problem::new(format!("`{}` is no release directory", path.display()))
                    .note(format!("`{}` is no NAME-VERSION", shown(&title))),
            ));
        }
        let names = Names::new(&title);
        let tarballs: Vec<(Format, String)> = QUICKEST
            .into_iter()
            .map(|format| (format, names.artifact(format)))
            .filter(|(_, name)| present.contains(name))
            .collect();
        if tarballs.is_empty() {
            return Err(no_release(
                Problem::new(format!("there is no tarball in `{}`", path.display()))
                    .note(format!("expected {}", names.artifact(Format::Zstd)))
                    .note("or another of tar, tar.gz, tar.xz"),
            ));
        }
        Ok(Self { folder: path.to_owned(), title, names, tarballs, is_directory: true, present })
    }

    fn tarball(path: &Path) -> Result<Self, Failure> {
        let folder = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let found = Format::ALL.into_iter().find_map(|format| {
            let title = name.strip_suffix(format.extension())?.strip_suffix('.')?;
            Names::is_title(title).then(|| (format, title.to_owned()))
        });
        let Some((format, title)) = found else {
            return Err(no_release(
                Problem::new(format!("`{}` is not named as a tarball is", path.display()))
                    .note("expected NAME-VERSION.tar, .tar.gz, .tar.zst or .tar.xz"),
            ));
        };
        let names = Names::new(&title);
        let start = format!("{title}.");
        let mut present = list(folder).map_err(|error| Failure::io("list", folder, &error))?;
        // Its other forms are none of its records.
        present.retain(|other| {
            *other == name || other.starts_with(&start) && names.artifact_format(other).is_none()
        });
        let tarballs = vec![(format, name)];
        Ok(Self { folder: folder.to_owned(), title, names, tarballs, is_directory: false, present })
    }

    /// The path of one of its files.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The tarball that is looked at member by member.
    #[must_use]
    pub fn main(&self) -> &str {
        &self.tarballs[0].1
    }

    /// Opens one of its files, which must be a plain one.
    ///
    /// # Errors
    /// It is not, or cannot be read.
    pub fn open(&self, name: &str) -> Result<File, Failure> {
        let path = self.path(name);
        plain::open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput => {
                no_release(Problem::new(format!("`{}` is not a plain file", path.display())))
            }
            _ => Failure::io("read", &path, &error),
        })
    }

    /// Whether one of its files is there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.present.contains(name)
    }
}

fn no_release(problem: Problem) -> Failure {
    Failure::new(Class::Verification, problem)
}

fn list(folder: &Path) -> io::Result<BTreeSet<String>> {
    std::fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// What was read beside the tarballs.
#[derive(Debug, Default)]
pub struct Beside {
    /// The sums, where there are any that can be read.
    pub sums: Option<Sums>,
    /// The description's bytes.
    pub description: Option<Vec<u8>>,
    /// The bytes of the table of origins.
    pub origins: Option<Vec<u8>>,
    /// The bytes of the statement of provenance.
    pub statement: Option<Vec<u8>>,
    /// How many listed files have their digests, the tarballs counted as if they had.
    pub checked: usize,
    /// What the sums say of each tarball, by name.
    pub tarballs: BTreeMap<String, Sha256>,
}

/// Reads the records, and holds each file but the tarballs, which others read, against the sums.
pub fn read(place: &Place, findings: &mut Findings) -> Beside {
    let mut beside = Beside::default();
    let names = &place.names;
    let text = bounded(place, &names.sums(), plain::LARGEST_SUMS, findings);
    if let Some(text) = &text {
        match std::str::from_utf8(text).map_err(|_| None).and_then(|text| Sums::parse(text).map_err(Some)) {
            Ok(sums) => beside.sums = Some(sums),
            Err(fault) => {
                let why = fault.map_or_else(|| "it is not UTF-8".to_owned(), |fault| fault.to_string());
                findings.push(
                    Finding::new(
                        Step::Files,
                        Problem::new(format!("`{}` cannot be read", names.sums())).note(why),
                    )
                    .file(names.sums()),
                );
            }
        }
    } else if place.is_directory && !place.has(&names.sums()) {
        findings.push(missing(&names.sums(), "every release has one"));
    }
    beside.description = bounded(place, &names.description(), plain::LARGEST_RECORD, findings);
    beside.origins = bounded(place, &names.origins(), plain::LARGEST_TABLE, findings);
    beside.statement = bounded(place, &names.provenance(), plain::LARGEST_RECORD, findings);
    if place.is_directory {
        for name in [names.description(), names.origins()] {
            if !place.has(&name) {
                findings.push(missing(&name, "every release has one"));
            }
        }
    }
    let Some(sums) = beside.sums.clone() else {
        if !place.is_directory && text.is_none() {
            findings.not_checked(Step::Files, format!("there is no {} beside the tarball", names.sums()));
        }
        return beside;
    };
    for name in place.tarballs.iter().map(|(_, name)| name) {
        match sums.0.get(name) {
            Some(sum) => {
                beside.tarballs.insert(name.clone(), *sum);
            }
            None => findings.push(unlisted(name, &names.sums())),
        }
    }
    let mut checked = beside.tarballs.len();
    for (name, expected) in &sums.0 {
        if beside.tarballs.contains_key(name) {
            continue;
        }
        if !place.has(name) {
            // One tarball alone is looked at with what happens to stand beside it.
            if place.is_directory {
                findings.push(missing(name, &format!("{} lists it", names.sums())));
            }
            continue;
        }
        // What could not be read as the record that it is has been told, and may have no end.
        let records = [
            (names.description(), &beside.description),
            (names.origins(), &beside.origins),
            (names.provenance(), &beside.statement),
        ];
        if records.iter().any(|(record, read)| record == name && read.is_none()) {
            continue;
        }
        let found = match (&beside.description, &beside.origins) {
            (Some(bytes), _) if *name == names.description() => Ok(Sha256::of(bytes)),
            (_, Some(bytes)) if *name == names.origins() => Ok(Sha256::of(bytes)),
            _ => place.open(name).and_then(|file| {
                digest(file).map_err(|error| Failure::io("read", &place.path(name), &error))
            }),
        };
        match found {
            Ok(found) if found == *expected => checked += 1,
            Ok(found) => findings.push(another(name, expected, &found)),
            Err(failure) => findings
                .all
                .extend(failure.problems.into_iter().map(|p| Finding::new(Step::Files, p).file(name))),
        }
    }
    beside.checked = checked;
    unknown(place, &sums, findings);
    beside
}

/// Reads a record whole, up to a size that no release of ours reaches.
fn bounded(place: &Place, name: &str, most: u64, findings: &mut Findings) -> Option<Vec<u8>> {
    if !place.has(name) {
        return None;
    }
    plain::read(&place.path(name), most)
        .map_err(|error| Problem::new(format!("cannot read `{name}`")).note(error.to_string()))
        .map_err(|problem| findings.push(Finding::new(Step::Files, problem).file(name)))
        .ok()
}

/// What is in the directory and not in the sums: signatures, which are added later, or a problem.
fn unknown(place: &Place, sums: &Sums, findings: &mut Findings) {
    let names = &place.names;
    let tar = names.artifact(Format::Tar);
    for name in &place.present {
        // A tarball that the sums do not list is told where the tarballs are.
        let is_listed =
            sums.0.contains_key(name) || *name == names.sums() || names.artifact_format(name).is_some();
        let of_ours = *name == names.envelope()
            || signed_file(name).is_some_and(|of| sums.0.contains_key(of) || of == names.sums() || of == tar);
        // Beside a tarball alone anything may stand.
        if !is_listed && !of_ours && place.is_directory {
            findings.push(unlisted(name, &names.sums()));
        }
    }
    let contents: Vec<&str> = sums
        .0
        .keys()
        .map(String::as_str)
        .filter(|name| place.has(name))
        .filter(|name| {
            ![names.description(), names.origins(), names.provenance()].iter().any(|known| known == name)
                && names.artifact_format(name).is_none()
        })
        .collect();
    if !contents.is_empty() {
        findings
            .not_checked(Step::Others, format!("the digest alone, not the content: {}", contents.join(", ")));
    }
}

/// The file that a signature is over, by the signature's name.
fn signed_file(name: &str) -> Option<&str> {
    [".asc", ".sig", ".sign"].into_iter().find_map(|end| name.strip_suffix(end))
}

/// Says which signatures nobody looks at, for want of keys.
pub fn unsigned(place: &Place, findings: &mut Findings) {
    let is_signature = |name: &&String| signed_file(name).is_some() || **name == place.names.envelope();
    let signatures: Vec<String> = place.present.iter().filter(is_signature).map(|name| shown(name)).collect();
    if !signatures.is_empty() {
        findings.not_checked(
            Step::Others,
            format!("signatures, for want of `--keys`: {}", signatures.join(", ")),
        );
    }
}

fn missing(name: &str, why: &str) -> Finding {
    Finding::new(Step::Files, Problem::new(format!("`{name}` is missing")).note(why.to_owned())).file(name)
}

fn unlisted(name: &str, sums: &str) -> Finding {
    Finding::new(
        Step::Files,
        Problem::new(format!("`{}` does not belong to the release", shown(name)))
            .note(format!("{sums} does not list it, and it is no signature of a file that is listed"))
            .help("find out who put it there; a release is its listed files and their signatures"),
    )
    .file(name)
}

/// A file that is not the one that was released.
pub fn another(name: &str, expected: &Sha256, found: &Sha256) -> Finding {
    Finding::new(
        Step::Files,
        Problem::new(format!("`{name}` is not the file that was released"))
            .note(format!("expected  sha256 {expected}"))
            .note(format!("found     sha256 {found}")),
    )
    .file(name)
}

/// The digest of a file.
///
/// # Errors
/// It cannot be read.
pub fn digest(mut file: File) -> io::Result<Sha256> {
    let mut hasher = sha2::Sha256::new();
    let mut chunk = vec![0; 256 << 10];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(Sha256(hasher.finalize().into())),
            n => hasher.update(&chunk[..n]),
        }
    }
}
