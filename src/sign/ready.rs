// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A release that was read and found whole: what may be signed.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::Digest as _;

use super::decode::Decoded;
use crate::manifest::Format;
use crate::model::{Class, Failure, Problem, Sha256};
use crate::record::{Description, Names, Sums};
use crate::release::{self, plain};
use crate::signature::Content;
use crate::source::shown;

/// Whether a release that cannot be published is signed all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unpublishable {
    /// It is refused.
    Refused,
    /// It is signed: for a trial with a key that nobody trusts.
    Signed,
}

/// A release whose files are what its checksums say, and whose tarballs hold the tar that it declares.
#[derive(Debug)]
#[must_use]
pub struct Ready {
    directory: PathBuf,
    names: Names,
    description: Description,
    targets: Vec<Target>,
    statement: Option<Vec<u8>>,
}

/// Something to sign.
#[derive(Debug, Clone)]
pub struct Target {
    /// The file's name; that of the uncompressed tar whether it is there as a file or not.
    pub name: String,
    /// The file that is read.
    pub path: PathBuf,
    /// How the file is decoded; `None` to sign it as it stands.
    pub decode: Option<Format>,
    /// What the checksums or the description say.
    pub sha256: Sha256,
    /// The most bytes that it may have.
    size: u64,
}

impl Ready {
    /// Reads the release in `directory`, all of it.
    ///
    /// # Errors
    /// It is no release, it is damaged, or it cannot be published and that was not asked for.
    pub fn read(directory: &Path, unpublishable: Unpublishable) -> Result<Self, Failure> {
        let title = title(directory)?;
        let names = Names::new(&title);
        let sums_path = directory.join(names.sums());
        let text =
            plain::read(&sums_path, plain::LARGEST_SUMS).map_err(|error| unreadable(&sums_path, &error))?;
        let sums = String::from_utf8(text.clone())
            .map_err(|_| "it is not text".to_owned())
            .and_then(|text| Sums::parse(&text).map_err(|fault| fault.to_string()))
            .map_err(|fault| {
                damaged(vec![Problem::new(format!("`{}` is damaged", sums_path.display())).note(fault)])
            })?;
        let problems = release::check_files(directory, &sums);
        if !problems.is_empty() {
            return Err(damaged(problems));
        }
        let path = directory.join(names.description());
        let description =
            plain::read(&path, plain::LARGEST_RECORD).map_err(|error| unreadable(&path, &error))?;
        if sums.0.get(&names.description()) != Some(&Sha256::of(&description)) {
            return Err(damaged(vec![unnamed(&path)]));
        }
        let description: Description = serde_json::from_slice(&description).map_err(|error| {
            let title = format!("`{}` is not a description that this version reads", path.display());
            verification(vec![
                Problem::new(title).note(error.to_string()).help("use the lustre-dist that wrote it"),
            ])
        })?;
        if format!("{}-{}", description.name, description.version) != title {
            let problem = Problem::new(format!("`{}` describes another release", path.display())).note(
                format!("its name says {title}, its content {}-{}", description.name, description.version),
            );
            return Err(damaged(vec![problem]));
        }
        if unpublishable == Unpublishable::Refused {
            refuse_unpublishable(directory, &description)?;
        }
        let statement = match plain::read(&directory.join(names.provenance()), plain::LARGEST_RECORD) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(unreadable(&directory.join(names.provenance()), &error)),
        };
        if let Some(bytes) = &statement
            && sums.0.get(&names.provenance()) != Some(&Sha256::of(bytes))
        {
            return Err(damaged(vec![unnamed(&directory.join(names.provenance()))]));
        }
        let targets = targets(directory, &names, &description, &sums, &text)?;
        let ready = Self { directory: directory.to_owned(), names, description, targets, statement };
        ready.check_identity()?;
        Ok(ready)
    }

    /// Makes sure that every tarball holds the tar of the description.
    fn check_identity(&self) -> Result<(), Failure> {
        let identity = &self.description.identity;
        let mut problems = Vec::new();
        std::thread::scope(|scope| {
            let checks: Vec<_> = self
                .description
                .artifacts
                .iter()
                .filter_map(|artifact| Some((artifact, Format::from_extension(&artifact.format)?)))
                .map(|(artifact, format)| {
                    let target = Target {
                        name: artifact.file.clone(),
                        path: self.directory.join(&artifact.file),
                        decode: Some(format),
                        sha256: identity.sha256,
                        size: identity.size,
                    };
                    scope.spawn(move || {
                        let read = target.open().and_then(|mut tar| io::copy(&mut tar, &mut io::sink()));
                        (target.path, read)
                    })
                })
                .collect();
            for check in checks {
                match check.join() {
                    Ok((_, Ok(_))) => {}
                    Ok((path, Err(error))) => problems.push(
                        Problem::new(format!("`{}` does not hold the tar of its release", path.display()))
                            .note(error.to_string())
                            .note(format!("expected  sha256 {}  {} bytes", identity.sha256, identity.size)),
                    ),
                    Err(_) => problems.push(Problem::new("a check ended early")),
                }
            }
        });
        if problems.is_empty() { Ok(()) } else { Err(damaged(problems)) }
    }

    /// Where it is.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Its files' names.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// What it says of itself.
    #[must_use]
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// What is signed: the tar, each compressed tar, and the checksums.
    #[must_use]
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The in-toto statement, where there is one.
    #[must_use]
    pub fn statement(&self) -> Option<&[u8]> {
        self.statement.as_deref()
    }
}

/// The release's title: the one description in the folder has it in its name.
fn title(directory: &Path) -> Result<String, Failure> {
    let entries =
        std::fs::read_dir(directory).map_err(|error| Failure::io("read the release", directory, &error))?;
    let mut titles = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| Failure::io("read the release", directory, &error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_it = Names::new("").description();
        if let Some(title) = name.strip_suffix(&is_it).filter(|title| !title.is_empty()) {
            titles.push(title.to_owned());
        }
    }
    match titles.as_slice() {
        [title] if Names::is_title(title) => Ok(title.clone()),
        [title] => Err(verification(vec![
            Problem::new(format!("`{}` is no release", directory.display()))
                .note(format!("`{}` is no NAME-VERSION", shown(title)))
                .help("give the directory that `lustre-dist assemble` printed"),
        ])),
        [] => Err(verification(vec![
            Problem::new(format!("`{}` is no release", directory.display()))
                .note("there is no file with the ending `.release.json` in it")
                .help("give the directory that `lustre-dist assemble` printed"),
        ])),
        _ => Err(verification(vec![
            Problem::new(format!("`{}` holds several releases", directory.display()))
                .note(shown(&titles.join(", ")))
                .help("give the directory of one of them"),
        ])),
    }
}

fn refuse_unpublishable(directory: &Path, description: &Description) -> Result<(), Failure> {
    let mut problem =
        Problem::new(format!("`{}` cannot be published, and is not signed", directory.display()));
    if !description.left_out.is_empty() {
        problem = problem.note(format!("it is partial: without {}", description.left_out.join(", ")));
    }
    if description.development {
        problem = problem.note("it is a development version: a source is at no tag");
    }
    if problem.notes.is_empty() {
        return Ok(());
    }
    let help = "a signature says that this is a release, and stays when the directory is passed on; to try \
                signing with a key that nobody trusts, add `--sign-what-cannot-be-published`";
    Err(verification(vec![problem.help(help)]))
}

fn targets(
    directory: &Path,
    names: &Names,
    description: &Description,
    sums: &Sums,
    text: &[u8],
) -> Result<Vec<Target>, Failure> {
    let mut problems = Vec::new();
    let mut files = Vec::new();
    for artifact in &description.artifacts {
        let path = directory.join(&artifact.file);
        match (Format::from_extension(&artifact.format), sums.0.get(&artifact.file)) {
            (Some(format), Some(sha256))
                if artifact.file == names.artifact(format) && *sha256 == artifact.sha256 =>
            {
                files.push((format, path, artifact));
            }
            _ => problems.push(unnamed(&path)),
        }
    }
    let Some((format, path, _)) = files.iter().min_by_key(|(format, ..)| cost(*format)) else {
        problems.push(Problem::new("the release has no tarball"));
        return Err(damaged(problems));
    };
    if !problems.is_empty() {
        return Err(damaged(problems));
    }
    let mut targets = vec![Target {
        name: names.artifact(Format::Tar),
        path: path.clone(),
        decode: Some(*format),
        sha256: description.identity.sha256,
        size: description.identity.size,
    }];
    for (_, path, artifact) in files.iter().filter(|(format, ..)| *format != Format::Tar) {
        let (name, path) = (artifact.file.clone(), path.clone());
        targets.push(Target { name, path, decode: None, sha256: artifact.sha256, size: artifact.size });
    }
    targets.push(Target {
        name: names.sums(),
        path: directory.join(names.sums()),
        decode: None,
        sha256: Sha256::of(text),
        size: text.len() as u64,
    });
    Ok(targets)
}

/// How long it takes to read a tar out of a format, in order.
fn cost(format: Format) -> u8 {
    match format {
        Format::Tar => 0,
        Format::Zstd => 1,
        Format::Gzip => 2,
        Format::Xz => 3,
    }
}

impl Content for Target {
    /// Ends in an error unless it is what was checked: nothing is signed that was not read.
    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        let decoded = Decoded::open(&self.path, self.decode.unwrap_or(Format::Tar))?;
        Ok(Box::new(Measured { inner: decoded, hasher: sha2::Sha256::new(), left: self.size, target: self }))
    }
}

impl Target {
    /// Its digests, read again: SHA-256, and SHA-512 in hexadecimal digits.
    ///
    /// # Errors
    /// It cannot be read, or changed since.
    pub fn digests(&self) -> Result<(Sha256, String), Failure> {
        let fault = |error: io::Error| Failure::io("read", &self.path, &error);
        let mut reader = self.open().map_err(fault)?;
        let mut hasher = sha2::Sha512::new();
        let mut chunk = vec![0; 256 << 10];
        loop {
            match reader.read(&mut chunk).map_err(fault)? {
                0 => break,
                n => hasher.update(&chunk[..n]),
            }
        }
        let digits = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok((self.sha256, digits))
    }

    /// The usual command that writes its bytes to standard output, where they are not a file.
    #[must_use]
    pub fn decoder(&self) -> Option<&'static str> {
        match self.decode? {
            Format::Tar => None,
            Format::Gzip => Some("gzip -dc"),
            Format::Zstd => Some("zstd -dc"),
            Format::Xz => Some("xz -dc"),
        }
    }
}

struct Measured<'t> {
    inner: Decoded,
    hasher: sha2::Sha256,
    left: u64,
    target: &'t Target,
}

impl Read for Measured<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if read == 0 {
            let found = Sha256(std::mem::take(&mut self.hasher).finalize().into());
            // A reader may be asked again at its end.
            let first = std::mem::replace(&mut self.left, u64::MAX) != u64::MAX;
            if first && found != self.target.sha256 {
                return Err(io::Error::other(format!(
                    "found sha256 {found}, expected {}",
                    self.target.sha256
                )));
            }
            return Ok(0);
        }
        self.hasher.update(&buffer[..read]);
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other(format!("it has more than {} bytes", self.target.size)))?;
        Ok(read)
    }
}

fn verification(problems: Vec<Problem>) -> Failure {
    Failure { class: Class::Verification, problems }
}

fn damaged(mut problems: Vec<Problem>) -> Failure {
    if let Some(last) = problems.last_mut().filter(|last| last.help.is_none()) {
        last.help = Some("a damaged release is not signed: make it again, byte for byte".to_owned());
    }
    verification(problems)
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    damaged(vec![Problem::new(format!("`{}` cannot be read", path.display())).note(error.to_string())])
}

fn unnamed(path: &Path) -> Problem {
    Problem::new(format!("`{}` is not named in the checksums of its release", path.display()))
}
