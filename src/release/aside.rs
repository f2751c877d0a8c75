// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A directory beside the one that is to be, which becomes it in one step or goes without a trace.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;
use sha2::Digest as _;

use super::disk::{rename, rename_file, sync_together};
use super::{plain, under_way};
use crate::model::{Class, Failure, Problem, Sha256};

/// How often a directory is tried. One try fails only when another run sweeps in that very moment.
const TRIES: usize = 16;

/// A directory aside. Dropped without [`Aside::publish`], it is removed.
#[derive(Debug)]
#[must_use]
pub struct Aside {
    path: PathBuf,
    target: PathBuf,
    /// Held as long as the directory is in use, so that others know a forgotten one from a live one.
    lock: File,
}

impl Aside {
    /// Creates the directory aside of `target`, and the folders above it. Removes what killed runs
    /// for the same target left behind.
    ///
    /// # Errors
    /// A folder cannot be created, or the process is about to end.
    ///
    /// # Panics
    /// When `target` has no file name.
    pub fn create(target: &Path) -> Result<Self, Failure> {
        let folder = folder_of(target);
        let title = target.file_name().expect("a release directory has a name").to_string_lossy();
        let prefix = format!(".{title}.aside-");
        for _ in 0..TRIES {
            let folders = under_way::make_folders(folder)
                .map_err(|error| Failure::io("create the folder", folder, &error))?;
            sweep(folder, &prefix);
            let path = match under_way::make(folder, &prefix, &folders)? {
                Some(path) => path,
                // A run that failed took the empty folder with it.
                None => continue,
            };
            match hold(&path) {
                Ok(Some(lock)) => return Ok(Self { path, target: target.to_owned(), lock }),
                // Another run swept it before it was locked.
                Ok(None) => drop(under_way::forget(&path)),
                Err(error) => {
                    if let Some(made) = under_way::forget(&path) {
                        made.remove();
                    }
                    return Err(Failure::io("lock a folder in", folder, &error));
                }
            }
        }
        let problem = Problem::new(format!("cannot create a folder in `{}`", folder.display()))
            .note(format!("other runs removed it {TRIES} times"))
            .help("run again when they are done");
        Err(Failure::new(Class::Environment, problem))
    }

    /// Removes what killed runs for the same target left behind.
    pub fn sweep(target: &Path) {
        if let Some(title) = target.file_name() {
            sweep(folder_of(target), &format!(".{}.aside-", title.to_string_lossy()));
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Creates an empty file in it.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn file(&self, name: &str) -> Result<File, Failure> {
        File::create_new(self.path.join(name))
            .and_then(|file| {
                // The umask has no say in a release.
                file.set_permissions(Permissions::from_mode(0o644))?;
                Ok(file)
            })
            .map_err(|error| Failure::io("create", &self.target.join(name), &error))
    }

    /// The same where there may be one, which is emptied.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn file_again(&self, name: &str) -> Result<File, Failure> {
        match std::fs::remove_file(self.path.join(name)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Failure::io("write", &self.target.join(name), &error)),
        }
        self.file(name)
    }

    /// Writes a whole file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let mut file = self.file(name)?;
        file.write_all(bytes).map_err(|error| Failure::io("write", &self.target.join(name), &error))
    }

    /// Writes a file as `fill` makes it, and gives its digest.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn stream(
        &self,
        name: &str,
        fill: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
    ) -> Result<Sha256, Failure> {
        let file = self.file(name)?;
        let mut out = BufWriter::with_capacity(1 << 18, Hashing { file, hasher: sha2::Sha256::new() });
        fill(&mut out)
            .and_then(|()| out.into_inner().map_err(io::IntoInnerError::into_error))
            .map(|hashing| Sha256(hashing.hasher.finalize().into()))
            .map_err(|error| Failure::io("write", &self.target.join(name), &error))
    }

    /// Brings the directory and every file in it to the disk.
    fn sync(&self) -> Result<(), Failure> {
        let mut paths = vec![self.path.clone()];
        let listed = std::fs::read_dir(&self.path).and_then(|entries| {
            for entry in entries {
                paths.push(entry?.path());
            }
            Ok(())
        });
        listed.map_err(|error| Failure::io("read", &self.target, &error))?;
        sync_together(&paths).map_err(|(path, error)| match path.strip_prefix(&self.path) {
            Ok(name) if name != Path::new("") => Failure::io("write", &self.target.join(name), &error),
            _ => Failure::io("create", &self.target, &error),
        })
    }

    /// Gives its files their names beside it instead, in this order, and never one that is taken: where
    /// another run was faster, its file must have the same bytes.
    ///
    /// # Errors
    /// They cannot be synced or renamed, a name is taken by other bytes, or the process is about to end.
    /// Those that have their names by then keep them.
    pub fn scatter(self, names: &[&str]) -> Result<(), Failure> {
        self.sync()?;
        let folder = folder_of(&self.target);
        for name in names {
            let to = folder.join(name);
            let from = self.path.join(name);
            let renamed = {
                // Held over the rename: a signal finds the file aside, or under its name.
                let _held = under_way::hold()?;
                rename_file(&from, &to)
            };
            match renamed {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    let same =
                        plain::same(&from, &to).map_err(|error| Failure::io("compare with", &to, &error))?;
                    if !same {
                        return Err(taken(&to));
                    }
                }
                renamed => renamed.map_err(|error| Failure::io("create", &to, &error))?,
            }
        }
        // What is new above stays, now that there is something in it.
        let above = under_way::forget(&self.path);
        let _ = std::fs::remove_dir_all(&self.path);
        let above = above.iter().flat_map(|made| &made.folders).map(|folder| folder_of(folder));
        let folders: Vec<&Path> = std::iter::once(folder).chain(above).collect();
        sync_together(&folders)
            .map_err(|(folder, error)| Failure::io("bring to the disk", folder, &error))?;
        Ok(())
    }

    /// Gives the directory its name in one step. `Ok(false)` when another run was faster: the
    /// directory aside is gone, and what stands there is the other's.
    ///
    /// # Errors
    /// It cannot be synced or renamed, or the process is about to end.
    pub fn publish(self) -> Result<bool, Failure> {
        self.open_up()?;
        self.sync()?;
        self.name_it()
    }

    /// The same for who brought everything in the directory to the disk already.
    ///
    /// # Errors
    /// As there.
    pub fn reveal(self) -> Result<bool, Failure> {
        self.open_up()?;
        self.lock.sync_all().map_err(|error| Failure::io("create", &self.target, &error))?;
        self.name_it()
    }

    /// The open directory, for what is made beneath it.
    #[must_use]
    pub fn directory(&self) -> &File {
        &self.lock
    }

    /// Everybody may read it from now on.
    fn open_up(&self) -> Result<(), Failure> {
        std::fs::set_permissions(&self.path, Permissions::from_mode(0o755))
            .map_err(|error| Failure::io("create", &self.target, &error))
    }

    fn name_it(&self) -> Result<bool, Failure> {
        let fault = |error: io::Error| Failure::io("create", &self.target, &error);
        let made = {
            // Held over the rename: a signal finds the directory aside, or the release.
            let mut under_way = under_way::hold()?;
            if !rename(&self.path, &self.target).map_err(fault)? {
                return Ok(false);
            }
            under_way.forget(&self.path)
        };
        // The rename itself must reach the disk too, and so must the folders that are new.
        let above = made.iter().flat_map(|made| &made.folders).map(|folder| folder_of(folder));
        let folders: Vec<&Path> = std::iter::once(folder_of(&self.target)).chain(above).collect();
        sync_together(&folders).map_err(|(folder, error)| {
            let title = format!("`{}` is whole, but may not outlast a power failure", self.target.display());
            let problem = Problem::new(title)
                .note(format!("cannot bring the folder `{}` to the disk: {error}", folder.display()))
                .help("run again: what is there is checked");
            Failure::new(Class::Environment, problem)
        })?;
        Ok(true)
    }
}

fn taken(path: &Path) -> Failure {
    let problem = Problem::new(format!("another file stands at `{}`", path.display()))
        .note("it was put there meanwhile, and has other bytes")
        .help("move it away, or name another folder with `--out`; nothing is written over");
    Failure::new(Class::Environment, problem)
}

/// A file, and the digest of what went into it.
struct Hashing {
    file: File,
    hasher: sha2::Sha256,
}

impl io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.file.write(bytes)?;
        self.hasher.update(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if let Some(made) = under_way::forget(&self.path) {
            // There is nobody to tell; a later run sweeps what stays.
            made.remove();
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Locks a directory that was just made; `None` when another run's sweep got hold of it.
fn hold(path: &Path) -> io::Result<Option<File>> {
    let lock = match File::open(path) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    // A lock on a directory that was removed meanwhile protects nothing.
    let held = lock.metadata()?;
    let stands = std::fs::symlink_metadata(path)
        .is_ok_and(|there| (there.dev(), there.ino()) == (held.dev(), held.ino()));
    Ok(stands.then_some(lock))
}

/// Removes the directories that nobody holds a lock on: their run was killed.
fn sweep(folder: &Path, prefix: &str) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(prefix) {
            continue;
        }
        let Ok(lock) = File::open(entry.path()) else { continue };
        if rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_slower_finds_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("title");
        let [first, second, third] = [&b"bytes"[..], b"bytes", b"bytez"].map(|bytes| {
            let aside = Aside::create(&target).unwrap();
            aside.write("a", bytes).unwrap();
            aside.write("b", bytes).unwrap();
            aside
        });
        first.scatter(&["a"]).unwrap();
        second.scatter(&["a", "b"]).unwrap();
        let failure = third.scatter(&["a", "b"]).unwrap_err();
        assert_eq!(failure.class, Class::Environment);
        assert!(failure.problems[0].title.starts_with("another file stands at"), "{failure}");
        assert_eq!(std::fs::read(folder.path().join("a")).unwrap(), b"bytes");
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 2, "nothing else is left");
    }
}
