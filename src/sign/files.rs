// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Signature files: read with a limit, added whole or not at all.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::model::{Failure, Problem};
use crate::release::plain;
use crate::signature::{Good, LONGEST_SIGNATURE};

/// The longest envelope that is read, in bytes: it holds the whole statement.
const LONGEST: u64 = 64 << 20;

/// What became of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// It is new.
    Made,
    /// A good one by the same key was there.
    WasThere,
    /// It took another's place.
    Replaced,
    /// It stands beside others' in the envelope.
    Joined,
}

/// A signature that is in the release now.
#[derive(Debug, Clone)]
pub struct Added {
    /// Its file.
    pub file: String,
    /// What it is over.
    pub covers: String,
    /// Whether it is new.
    pub what: What,
    /// What its check says.
    pub good: Good,
    /// What is still to be written.
    pub(super) bytes: Option<Vec<u8>>,
}

/// Writes every signature: each aside, and all renamed when all are on the disk.
pub(super) fn add(directory: &Path, added: &[Added]) -> Result<(), Failure> {
    let mut written = Vec::new();
    for one in added {
        let Some(bytes) = &one.bytes else { continue };
        let path = directory.join(&one.file);
        let fault = |error: &io::Error| Failure::io("write", &path, error);
        let mut file = tempfile::Builder::new()
            .prefix(".signature-")
            .permissions(std::fs::Permissions::from_mode(0o644))
            .tempfile_in(directory)
            .map_err(|error| fault(&error))?;
        // The umask has no say in a release.
        file.as_file()
            .set_permissions(std::fs::Permissions::from_mode(0o644))
            .and_then(|()| file.write_all(bytes))
            .and_then(|()| file.as_file().sync_all())
            .map_err(|error| fault(&error))?;
        written.push((file, path, one.what));
    }
    for (file, path, what) in written {
        let persisted = match what {
            What::Replaced | What::Joined => file.persist(&path),
            _ => file.persist_noclobber(&path),
        };
        persisted.map_err(|error| {
            let mut failure = Failure::io("write", &path, &error.error);
            if error.error.kind() == io::ErrorKind::AlreadyExists {
                failure.problems[0].help = Some("another run was faster: run again".to_owned());
            }
            failure
        })?;
    }
    File::open(directory)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| Failure::io("bring to the disk", directory, &error))
}

/// Reads a file of the release, if it is there.
pub(super) fn read_existing(directory: &Path, file: &str) -> Result<Option<Vec<u8>>, Failure> {
    let path = directory.join(file);
    match plain::open(&path) {
        Ok(opened) => read(opened, &path).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::io("read", &path, &error)),
    }
}

/// Reads a signature that was made elsewhere.
pub(super) fn read_signature(path: &Path) -> Result<Vec<u8>, Failure> {
    let file = plain::open(path).map_err(|error| Failure::io("read the signature", path, &error))?;
    read(file, path)
}

fn read(file: File, path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| Failure::io("read", path, &error))?;
    if bytes.len() as u64 > LONGEST {
        let problem =
            Problem::new(format!("`{}` is no signature: it has more than {LONGEST} bytes", path.display()))
                .note(format!("a signature has at most {LONGEST_SIGNATURE}"));
        return Err(Failure::new(crate::model::Class::Verification, problem));
    }
    Ok(bytes)
}
