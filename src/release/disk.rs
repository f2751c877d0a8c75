// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Steps of the file system that hold: names that are never taken from another, and bytes on the disk.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::RenameFlags;

/// Brings files and directories to the disk, all at once: the file system commits them together, where
/// one after the other each waits for a commit of its own.
///
/// # Errors
/// The first that cannot be, and why.
pub fn sync_together<P: AsRef<Path> + Sync>(paths: &[P]) -> Result<(), (&Path, io::Error)> {
    std::thread::scope(|scope| {
        let sync = |path: &Path| File::open(path).and_then(|file| file.sync_all());
        let syncs: Vec<_> =
            paths.iter().map(|path| (path, scope.spawn(move || sync(path.as_ref())))).collect();
        for (path, sync) in syncs {
            let synced = sync.join().unwrap_or_else(|_| Err(io::Error::other("the thread ended early")));
            synced.map_err(|error| (path.as_ref(), error))?;
        }
        Ok(())
    })
}

/// Renames a directory to a name that must not be taken; `false` when it is.
///
/// # Errors
/// As the system gives them.
pub fn rename(from: &Path, to: &Path) -> io::Result<bool> {
    let here = rustix::fs::CWD;
    match rustix::fs::renameat_with(here, from, here, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::EXIST) => Ok(false),
        // Some file systems lack the flag. A directory is never renamed over one with files.
        Err(rustix::io::Errno::INVAL) => match std::fs::rename(from, to) {
            Ok(()) => Ok(true),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        },
        Err(error) => Err(error.into()),
    }
}

/// Renames a file to a name that must not be taken.
///
/// # Errors
/// As the system gives them; [`io::ErrorKind::AlreadyExists`] when it is.
pub fn rename_file(from: &Path, to: &Path) -> io::Result<()> {
    let here = rustix::fs::CWD;
    match rustix::fs::renameat_with(here, from, here, to, RenameFlags::NOREPLACE) {
        // Some file systems lack the flag; a link is never made over a file either.
        Err(rustix::io::Errno::INVAL) => {
            std::fs::hard_link(from, to).and_then(|()| std::fs::remove_file(from))
        }
        renamed => Ok(renamed?),
    }
}
