// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A finished package on its way to the disk: all of its files, or none.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::Digest as _;

use super::input::Tarball;
use crate::archive::read::Digested;
use crate::model::{Class, Failure, Problem, Sha256};
use crate::release::{Aside, plain};

/// Where the bytes of a file come from.
#[derive(Debug, Clone)]
pub enum Content {
    /// Made here.
    Bytes(Vec<u8>),
    /// The release's tarball, unchanged.
    Tarball(Tarball),
    /// Made by another program, in a folder aside.
    File {
        /// Where it is.
        path: PathBuf,
        /// Its length and digest.
        sum: Digested,
    },
    /// Made while it is written, each time the same.
    Made(Arc<dyn Stream>),
}

/// Bytes that nobody holds all at once.
pub trait Stream: fmt::Debug {
    /// Writes them to `out`, which `path` stands for in messages.
    ///
    /// # Errors
    /// They cannot be written, or what they are made from changed.
    fn write(&self, path: &Path, out: &mut dyn Write) -> Result<(), Failure>;
}

/// The files of one package, in a directory of its own.
#[derive(Debug)]
#[must_use]
pub struct Package {
    /// The directory's name.
    pub title: String,
    /// The files, by name.
    pub files: BTreeMap<String, Content>,
}

/// A package on the disk.
#[derive(Debug)]
pub struct Written {
    /// Its directory.
    pub directory: PathBuf,
    /// Whether the same package was there already.
    pub was_there: bool,
    /// Each file's length and digest, by name.
    pub files: BTreeMap<String, (u64, Sha256)>,
}

impl Package {
    /// Writes the package's directory into `out`, aside first and then renamed.
    ///
    /// # Errors
    /// It cannot be written, the tarball changed since it was read, or another package stands there.
    pub fn write(&self, out: &Path) -> Result<Written, Failure> {
        let directory = out.join(&self.title);
        if directory.symlink_metadata().is_ok() {
            return self.compare(directory);
        }
        let aside = Aside::create(&directory)?;
        let mut files = BTreeMap::new();
        for (name, content) in &self.files {
            let mut file = aside.file(name)?;
            let fault = |error: &io::Error| Failure::io("write", &directory.join(name), error);
            let sum = match content {
                Content::Bytes(bytes) => {
                    file.write_all(bytes).map_err(|error| fault(&error))?;
                    sum_of(bytes)
                }
                Content::Tarball(Tarball { path, sum, .. }) | Content::File { path, sum } => {
                    copy(path, sum, &mut file).map_err(|failure| match failure {
                        Ok(failure) => failure,
                        Err(error) => fault(&error),
                    })?
                }
                Content::Made(stream) => sum_of_stream(&**stream, &directory.join(name), &mut file)?,
            };
            files.insert(name.clone(), sum);
        }
        if aside.publish()? {
            Ok(Written { directory, was_there: false, files })
        } else {
            self.compare(directory)
        }
    }

    /// Holds what is there against this package.
    fn compare(&self, directory: PathBuf) -> Result<Written, Failure> {
        let mut files = BTreeMap::new();
        let mut notes = Vec::new();
        let mut there = Vec::new();
        let entries =
            std::fs::read_dir(&directory).map_err(|error| Failure::io("read", &directory, &error))?;
        for entry in entries.flatten() {
            there.push(entry.file_name().to_string_lossy().into_owned());
        }
        there.sort();
        notes.extend(
            there
                .iter()
                .filter(|name| !self.files.contains_key(*name))
                .map(|name| format!("`{name}` is of another")),
        );
        for (name, content) in &self.files {
            let wanted = match content {
                Content::Bytes(bytes) => sum_of(bytes),
                Content::Tarball(Tarball { sum, .. }) | Content::File { sum, .. } => (sum.size, sum.sha256),
                Content::Made(stream) => sum_of_stream(&**stream, &directory.join(name), &mut io::sink())?,
            };
            match sum_of_file(&directory.join(name)) {
                Ok(found) if found == wanted => {}
                Ok(_) => notes.push(format!("`{name}` differs")),
                Err(error) => notes.push(format!("`{name}` cannot be read: {error}")),
            }
            files.insert(name.clone(), wanted);
        }
        if notes.is_empty() {
            return Ok(Written { directory, was_there: true, files });
        }
        let title = format!("`{}` is there and is another package", directory.display());
        let problem = notes.into_iter().fold(Problem::new(title), Problem::note);
        Err(Failure::new(
            Class::Verification,
            problem.help("raise `--revision`, or move the directory away if it was never published"),
        ))
    }
}

fn sum_of(bytes: &[u8]) -> (u64, Sha256) {
    (bytes.len() as u64, Sha256::of(bytes))
}

fn sum_of_stream(stream: &dyn Stream, path: &Path, out: &mut dyn Write) -> Result<(u64, Sha256), Failure> {
    let mut summed = Summed { out, hasher: sha2::Sha256::new(), size: 0 };
    stream.write(path, &mut summed)?;
    Ok((summed.size, Sha256(summed.hasher.finalize().into())))
}

/// Counts and digests what passes.
struct Summed<'a> {
    out: &'a mut dyn Write,
    hasher: sha2::Sha256,
    size: u64,
}

impl Write for Summed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.out.write(bytes)?;
        self.hasher.update(&bytes[..taken]);
        self.size += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

pub(super) fn sum_of_file(path: &Path) -> io::Result<(u64, Sha256)> {
    hash(&mut File::open(path)?, &mut io::sink())
}

fn hash(from: &mut impl Read, to: &mut impl Write) -> io::Result<(u64, Sha256)> {
    let mut hasher = sha2::Sha256::new();
    let mut chunk = vec![0; 256 << 10];
    let mut size = 0;
    loop {
        match from.read(&mut chunk)? {
            0 => return Ok((size, Sha256(hasher.finalize().into()))),
            n => {
                hasher.update(&chunk[..n]);
                to.write_all(&chunk[..n])?;
                size += n as u64;
            }
        }
    }
}

/// Copies a file, and holds it against what was read before.
pub(super) fn copy(
    path: &Path,
    sum: &Digested,
    to: &mut File,
) -> Result<(u64, Sha256), Result<Failure, io::Error>> {
    let unreadable = |error: io::Error| Ok(Failure::io("read", path, &error));
    let mut from = plain::open(path).map_err(unreadable)?;
    let copied = hash(&mut from, to).map_err(Err)?;
    if copied == (sum.size, sum.sha256) {
        return Ok(copied);
    }
    let problem = Problem::new(format!("`{}` changed while it was packaged", path.display()));
    Err(Ok(Failure::new(Class::Verification, problem.help("run again when nothing writes to it"))))
}
