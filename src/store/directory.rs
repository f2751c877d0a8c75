// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Objects as files below a folder, so that any web server can serve it.
//!
//! A file is written and synced under `.aside/` and then renamed: no reader ever sees half of one, and no
//! power failure leaves one. What replaces a file does so under an exclusive `flock` of `.lock`, after it
//! has looked whether the file still is what it was.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::FlockOperation;
use tempfile::NamedTempFile;

use super::fault::{self, Doing};
use super::{Created, Extent, Replaced, Stamp, What, aside, extent};
use crate::model::{Failure, Sha256};

/// What is locked while a file is replaced.
const LOCK: &str = ".lock";

#[derive(Debug)]
pub(super) struct Directory {
    root: PathBuf,
    /// The folders that are known to be there and on the disk.
    ready: Mutex<BTreeSet<PathBuf>>,
}

impl Directory {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root, ready: Mutex::default() }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    fn open(&self, path: &str) -> Result<Option<File>, Failure> {
        let path = self.root.join(path);
        // Never waits for a pipe that somebody put there.
        let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        let file = match OpenOptions::new().read(true).custom_flags(flags).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fault::io(Doing::Read, &path, &error)),
        };
        match file.metadata() {
            Ok(about) if about.is_file() => Ok(Some(file)),
            Ok(_) => Err(fault::io(Doing::Read, &path, &io::Error::other("it is no plain file"))),
            Err(error) => Err(fault::io(Doing::Read, &path, &error)),
        }
    }

    pub(super) fn read(&self, path: &str, most: u64) -> Result<Option<(Vec<u8>, Stamp)>, Failure> {
        let Some(file) = self.open(path)? else { return Ok(None) };
        let full = self.root.join(path);
        let mut bytes = Vec::new();
        file.take(most.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| fault::io(Doing::Read, &full, &error))?;
        if bytes.len() as u64 > most {
            return Err(fault::too_large(&full.display().to_string(), most));
        }
        let stamp = Stamp(What::Digest(Sha256::of(&bytes)));
        Ok(Some((bytes, stamp)))
    }

    pub(super) fn measure(&self, path: &str, moved: &dyn Fn(u64)) -> Result<Option<Extent>, Failure> {
        let Some(file) = self.open(path)? else { return Ok(None) };
        let extent = extent::through(file, |piece| {
            moved(piece.len() as u64);
            Ok(())
        });
        extent.map(Some).map_err(|error| fault::io(Doing::Read, &self.root.join(path), &error))
    }

    pub(super) fn create(&self, path: &str, bytes: &[u8]) -> Result<Created, Failure> {
        let extent = Extent { length: bytes.len() as u64, sha256: Sha256::of(bytes) };
        if let Some(there) = self.is_there(path, extent)? {
            return Ok(there);
        }
        let made = self.aside(path)?;
        self.fill(&made, path, bytes)?;
        self.settle(made, path, extent)
    }

    pub(super) fn upload(
        &self,
        path: &str,
        file: &Path,
        extent: Extent,
        moved: &dyn Fn(u64),
    ) -> Result<Created, Failure> {
        if let Some(there) = self.is_there(path, extent)? {
            moved(extent.length);
            return Ok(there);
        }
        let from = File::open(file).map_err(|error| fault::io(Doing::Read, file, &error))?;
        let made = self.aside(path)?;
        let mut out = made.as_file();
        let mut written = Ok(());
        let read = extent::through(from, |piece| {
            moved(piece.len() as u64);
            // Two kinds of error, of two files.
            written = out.write_all(piece);
            written.as_ref().map_err(|error| error.kind().into()).copied()
        });
        written.map_err(|error| fault::io(Doing::Write, &self.root.join(path), &error))?;
        let read = read.map_err(|error| fault::io(Doing::Read, file, &error))?;
        if read != extent {
            return Err(fault::another(file, extent.sha256, read.sha256));
        }
        self.settle(made, path, extent)
    }

    pub(super) fn replace(&self, path: &str, bytes: &[u8], was: Option<&Stamp>) -> Result<Replaced, Failure> {
        let full = self.root.join(path);
        // The bytes are on the disk before the lock is taken: others never wait for the disk.
        let made = self.aside(path)?;
        self.fill(&made, path, bytes)?;
        aside::sync(&made, &full)?;
        let _lock = self.lock()?;
        let there = self.measure(path, &|_| ())?;
        let now = there.map(|extent| extent.sha256);
        let is_ours = there
            .is_some_and(|there| there.length == bytes.len() as u64 && there.sha256 == Sha256::of(bytes));
        let expected = match was.map(|stamp| &stamp.0) {
            None => now.is_none(),
            Some(What::Digest(sha256)) => now == Some(*sha256),
            Some(What::Tag(_)) => false,
        };
        if is_ours {
            self.sync_folder_of(&full)?;
            return Ok(Replaced::Done);
        }
        if !expected {
            return Ok(Replaced::Changed);
        }
        std::fs::rename(made.path(), &full).map_err(|error| fault::io(Doing::Write, &full, &error))?;
        aside::released(made);
        self.sync_folder_of(&full)?;
        Ok(Replaced::Done)
    }

    pub(super) fn remove(&self, path: &str) -> Result<bool, Failure> {
        let full = self.root.join(path);
        match std::fs::remove_file(&full) {
            Ok(()) => self.sync_folder_of(&full).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(fault::io(Doing::Write, &full, &error)),
        }
    }

    pub(super) fn list(&self, below: &str) -> Result<Vec<(String, u64)>, Failure> {
        let mut found = Vec::new();
        let mut folders = vec![below.to_owned()];
        while let Some(folder) = folders.pop() {
            let full = self.root.join(&folder);
            let fault = |error: io::Error| fault::io(Doing::Read, &full, &error);
            let entries = match std::fs::read_dir(&full) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(fault(error)),
            };
            for entry in entries {
                let entry = entry.map_err(fault)?;
                let name = entry.file_name();
                // What no object can be called is none: our own files, and what others left.
                let Some(name) = name.to_str().filter(|name| super::place::check(name).is_ok()) else {
                    continue;
                };
                let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
                let about = match std::fs::metadata(entry.path()) {
                    Ok(about) => about,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(fault(error)),
                };
                if about.is_dir() {
                    folders.push(path);
                } else if about.is_file() {
                    found.push((path, about.len()));
                }
            }
        }
        Ok(found)
    }

    /// What a write that never replaces finds there already.
    fn is_there(&self, path: &str, extent: Extent) -> Result<Option<Created>, Failure> {
        let Some(there) = self.measure(path, &|_| ())? else { return Ok(None) };
        if there != extent {
            return Ok(Some(Created::Other(there.sha256)));
        }
        // The run that wrote it may have been killed before the name was on the disk.
        self.prepare(&folder_of(&self.root.join(path)))?;
        self.sync_folder_of(&self.root.join(path))?;
        Ok(Some(Created::Same))
    }

    /// Gives a whole file its name, unless the name is taken.
    fn settle(&self, made: NamedTempFile, path: &str, extent: Extent) -> Result<Created, Failure> {
        let full = self.root.join(path);
        aside::sync(&made, &full)?;
        let is_new =
            aside::rename_new(made.path(), &full).map_err(|error| fault::io(Doing::Write, &full, &error))?;
        if !is_new {
            let there = self.is_there(path, extent)?;
            return there.map_or_else(|| self.settle(made, path, extent), Ok);
        }
        aside::released(made);
        self.sync_folder_of(&full)?;
        Ok(Created::New)
    }

    fn fill(&self, made: &NamedTempFile, path: &str, bytes: &[u8]) -> Result<(), Failure> {
        let mut file = made.as_file();
        file.write_all(bytes).map_err(|error| fault::io(Doing::Write, &self.root.join(path), &error))
    }

    /// An empty file under way, locked so that no sweep takes it.
    fn aside(&self, path: &str) -> Result<NamedTempFile, Failure> {
        let full = self.root.join(path);
        self.prepare(&folder_of(&full))?;
        let folder = self.root.join(aside::FOLDER);
        if self.prepare(&folder)? {
            aside::sweep(&folder);
        }
        aside::create(&folder, &full)
    }

    /// Waits until no other process replaces a file.
    fn lock(&self) -> Result<File, Failure> {
        let path = self.root.join(LOCK);
        let fault = |error: &io::Error| fault::io(Doing::Lock, &path, error);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| fault(&error))?;
        loop {
            match rustix::fs::flock(&file, FlockOperation::LockExclusive) {
                Ok(()) => return Ok(file),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(fault(&error.into())),
            }
        }
    }

    /// Makes a folder, and brings it and those above it to the disk; true for the first time in this run.
    fn prepare(&self, folder: &Path) -> Result<bool, Failure> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if ready.contains(folder) {
            return Ok(false);
        }
        let fault = |error: &io::Error| fault::io(Doing::MakeFolder, folder, error);
        let missing: Vec<&Path> =
            folder.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists()).collect();
        std::fs::create_dir_all(folder).map_err(|error| fault(&error))?;
        for made in &missing {
            std::fs::set_permissions(made, Permissions::from_mode(0o755)).map_err(|error| fault(&error))?;
        }
        // A killed run may have made them and not got so far.
        let above = folder.ancestors().skip(1).take_while(|path| path.starts_with(&self.root));
        let new = missing.iter().map(|made| made.parent().unwrap_or(Path::new("")));
        for path in above.chain(new) {
            sync_folder(path).map_err(|error| fault(&error))?;
        }
        ready.insert(folder.to_owned());
        Ok(true)
    }

    fn sync_folder_of(&self, full: &Path) -> Result<(), Failure> {
        sync_folder(&folder_of(full)).map_err(|error| fault::io(Doing::Sync, full, &error))
    }
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).to_owned()
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
}
