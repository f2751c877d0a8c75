// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Files under way: written beside, synced, and then given their names.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::{FlockOperation, RenameFlags};
use tempfile::NamedTempFile;

use super::fault::{self, Doing};
use crate::model::Failure;

/// The folder of files under way. What nobody holds a lock on there was left by a killed run.
pub(super) const FOLDER: &str = ".aside";

/// How often a file is tried: one try fails only when another run sweeps in that very moment.
const TRIES: usize = 16;

/// An empty file, locked so that no sweep takes it. It is to become `full`.
pub(super) fn create(folder: &Path, full: &Path) -> Result<NamedTempFile, Failure> {
    let fault = |error: &io::Error| fault::io(Doing::Write, full, error);
    for _ in 0..TRIES {
        let made =
            tempfile::Builder::new().prefix("part-").tempfile_in(folder).map_err(|error| fault(&error))?;
        // Everybody is to read it, whatever the umask says.
        made.as_file().set_permissions(Permissions::from_mode(0o644)).map_err(|error| fault(&error))?;
        let is_held = match rustix::fs::flock(made.as_file(), FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => true,
            Err(rustix::io::Errno::WOULDBLOCK) => false,
            Err(error) => return Err(fault(&error.into())),
        };
        if is_held && std::fs::symlink_metadata(made.path()).is_ok() {
            return Ok(made);
        }
    }
    Err(fault(&io::Error::other(format!("other runs removed the file {TRIES} times"))))
}

/// Brings a file to the disk.
pub(super) fn sync(aside: &NamedTempFile, full: &Path) -> Result<(), Failure> {
    aside.as_file().sync_all().map_err(|error| fault::io(Doing::Write, full, &error))
}

/// Forgets a file that has its name. Not before: with its lock gone, a sweep takes it.
pub(super) fn released(aside: NamedTempFile) {
    let _ = aside.into_temp_path().keep();
}

/// Renames a file to a name that must not be taken; `false` when it is.
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<bool> {
    let here = rustix::fs::CWD;
    match rustix::fs::renameat_with(here, from, here, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::EXIST) => Ok(false),
        // Some file systems lack the flag; a hard link never replaces either.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => match std::fs::hard_link(from, to) {
            Ok(()) => std::fs::remove_file(from).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        },
        Err(error) => Err(error.into()),
    }
}

/// Removes the files that nobody holds a lock on: their run was killed.
pub(super) fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(file) = File::open(entry.path()) else { continue };
        let is_plain = file.metadata().is_ok_and(|about| about.is_file() && about.nlink() > 0);
        if is_plain && rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
