// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A directory beside the one that is to be, which becomes it in one step or goes without a trace.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::{FlockOperation, RenameFlags};
use sha2::Digest as _;

use super::plain;
use crate::model::{Class, Failure, Problem, Sha256};

/// How often a directory is tried. One try fails only when another run sweeps in that very moment.
const TRIES: usize = 16;

/// What a signal that ends the process has to clean up.
struct UnderWay {
    made: Vec<Made>,
    /// The process ends: nothing new is made, and nothing is published any more.
    ending: bool,
}

/// What one [`Aside`] made.
struct Made {
    path: PathBuf,
    /// The folders above it that were not there, the innermost first.
    folders: Vec<PathBuf>,
}

impl Made {
    fn remove(&self) {
        // Other threads may still create files in it.
        for _ in 0..8 {
            if std::fs::remove_dir_all(&self.path).is_ok() || !self.path.exists() {
                break;
            }
        }
        remove_folders(&self.folders);
    }
}

impl UnderWay {
    fn forget(&mut self, path: &Path) -> Option<Made> {
        let nth = self.made.iter().position(|made| made.path == path)?;
        Some(self.made.swap_remove(nth))
    }
}

static UNDER_WAY: Mutex<UnderWay> = Mutex::new(UnderWay { made: Vec::new(), ending: false });

fn under_way() -> MutexGuard<'static, UnderWay> {
    // A poisoned list is still a list of paths.
    UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes every directory that is under way and lets no other begin. For the moment before the
/// process ends.
pub fn remove_all() {
    let mut under_way = under_way();
    under_way.ending = true;
    for made in std::mem::take(&mut under_way.made) {
        made.remove();
    }
}

/// Whether [`remove_all`] was called: failures from then on come of what it removed.
#[must_use]
pub fn is_ending() -> bool {
    under_way().ending
}

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
            let folders =
                make_folders(folder).map_err(|error| Failure::io("create the folder", folder, &error))?;
            sweep(folder, &prefix);
            let path = match make(folder, &prefix, &folders)? {
                Some(path) => path,
                // A run that failed took the empty folder with it.
                None => continue,
            };
            match hold(&path) {
                Ok(Some(lock)) => return Ok(Self { path, target: target.to_owned(), lock }),
                // Another run swept it before it was locked.
                Ok(None) => drop(under_way().forget(&path)),
                Err(error) => {
                    if let Some(made) = under_way().forget(&path) {
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
                let under_way = under_way();
                if under_way.ending {
                    return Err(Failure::interrupted());
                }
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
        let above = under_way().forget(&self.path);
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
            let mut under_way = under_way();
            if under_way.ending {
                return Err(Failure::interrupted());
            }
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

/// Brings files and directories to the disk, all at once: the file system commits them together, where
/// one after the other each waits for a commit of its own. Gives the first that cannot be, and why.
fn sync_together<P: AsRef<Path> + Sync>(paths: &[P]) -> Result<(), (&Path, io::Error)> {
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
        if let Some(made) = under_way().forget(&self.path) {
            // There is nobody to tell; a later run sweeps what stays.
            made.remove();
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Creates a folder and those above it. Returns the ones that were not there, the innermost first.
fn make_folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let missing: Vec<PathBuf> = folder
        .ancestors()
        .take_while(|path| !path.as_os_str().is_empty() && !path.exists())
        .map(Path::to_owned)
        .collect();
    match std::fs::create_dir_all(folder) {
        Ok(()) => Ok(missing),
        Err(error) => {
            remove_folders(&missing);
            Err(error)
        }
    }
}

/// Removes folders, as far as they are empty.
fn remove_folders(folders: &[PathBuf]) {
    for folder in folders {
        if std::fs::remove_dir(folder).is_err() {
            return;
        }
    }
}

/// Makes a directory with a name of its own and notes it down; `None` when `folder` is gone.
fn make(folder: &Path, prefix: &str, folders: &[PathBuf]) -> Result<Option<PathBuf>, Failure> {
    // Held over the making: a signal finds it noted down, or none is made.
    let mut under_way = under_way();
    if under_way.ending {
        remove_folders(folders);
        return Err(Failure::interrupted());
    }
    match tempfile::Builder::new().prefix(prefix).tempdir_in(folder) {
        Ok(made) => {
            let path = made.keep();
            under_way.made.push(Made { path: path.clone(), folders: folders.to_owned() });
            Ok(Some(path))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            remove_folders(folders);
            Err(Failure::io("create a folder in", folder, &error))
        }
    }
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

/// Renames a directory to a name that must not be taken; `false` when it is.
fn rename(from: &Path, to: &Path) -> io::Result<bool> {
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
fn rename_file(from: &Path, to: &Path) -> io::Result<()> {
    let here = rustix::fs::CWD;
    match rustix::fs::renameat_with(here, from, here, to, RenameFlags::NOREPLACE) {
        // Some file systems lack the flag; a link is never made over a file either.
        Err(rustix::io::Errno::INVAL) => {
            std::fs::hard_link(from, to).and_then(|()| std::fs::remove_file(from))
        }
        renamed => Ok(renamed?),
    }
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
