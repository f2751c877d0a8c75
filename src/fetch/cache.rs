// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Objects that were fetched, by their digest. One user's, shared by his runs; may be removed at any time.
//!
//! ```text
//! objects/SHA256            whole; its bytes are hashed again whenever they are used
//! objects/SHA256.partial    as far as it came, locked while somebody goes on with it
//! ```
//!
//! Nothing here is synced: what a power failure tore is found by its digest.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags};
use sha2::Digest as _;

use crate::model::{Class, Failure, Problem, Sha256};
use crate::release::plain;

/// The cache's folder of objects.
#[derive(Debug)]
pub(super) struct Cache(PathBuf);

/// An object that is to be there.
#[derive(Debug)]
pub(super) enum Slot {
    /// It is there; its bytes are not looked at yet.
    Whole(File),
    /// It is to be fetched, and nobody else fetches it.
    Open(Partial),
}

/// An object as far as it came. Left alone, it stays for a later run to go on with.
#[derive(Debug)]
pub(super) struct Partial {
    file: File,
    path: PathBuf,
    whole: PathBuf,
    hasher: sha2::Sha256,
    pub(super) length: u64,
    /// How many of its bytes came in an earlier run.
    pub(super) kept: u64,
}

impl Cache {
    pub(super) fn new(folder: &Path) -> Self {
        Self(folder.join("objects"))
    }

    fn path(&self, sha256: &Sha256) -> PathBuf {
        self.0.join(sha256.to_string())
    }

    /// A small object's bytes, where it is there and whole.
    pub(super) fn read(&self, sha256: &Sha256, most: u64) -> Option<Vec<u8>> {
        match plain::read(&self.path(sha256), most) {
            Ok(bytes) if Sha256::of(&bytes) == *sha256 => return Some(bytes),
            // Left there, it would be taken for the object again.
            Ok(_) => self.remove(sha256),
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => self.remove(sha256),
            Err(_) => {}
        }
        None
    }

    /// Keeps a small object. Without it nothing is lost but time.
    pub(super) fn put(&self, bytes: &[u8]) {
        let written = || -> io::Result<()> {
            std::fs::create_dir_all(&self.0)?;
            let mut file = tempfile::Builder::new().prefix(".object-").tempfile_in(&self.0)?;
            file.write_all(bytes)?;
            file.as_file().set_permissions(Permissions::from_mode(0o444))?;
            file.persist(self.path(&Sha256::of(bytes))).map_err(|error| error.error)?;
            Ok(())
        };
        let _ = written();
    }

    /// Removes an object that is damaged or out of date.
    pub(super) fn remove(&self, sha256: &Sha256) {
        let _ = std::fs::remove_file(self.path(sha256));
    }

    /// Opens an object, or what there is of it. Where another run is fetching it, `waiting` is called, and
    /// then that run waited for.
    pub(super) fn open(&self, sha256: &Sha256, waiting: impl Fn()) -> Result<Slot, Failure> {
        let whole = self.path(sha256);
        let path = self.0.join(format!("{sha256}.partial"));
        let fault = |error: io::Error| Failure::io("use the cache's", &path, &error);
        std::fs::create_dir_all(&self.0).map_err(fault)?;
        loop {
            if let Ok(file) = plain::open(&whole) {
                return Ok(Slot::Whole(file));
            }
            let file = open_partial(&path).map_err(fault)?;
            match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(rustix::io::Errno::WOULDBLOCK) => {
                    waiting();
                    rustix::fs::flock(&file, FlockOperation::LockExclusive)
                        .map_err(|error| fault(error.into()))?;
                }
                Err(error) => return Err(fault(error.into())),
            }
            // Whoever held the lock may have made it whole, which takes the name away from this file.
            let held = file.metadata().map_err(fault)?;
            let stands = std::fs::symlink_metadata(&path)
                .is_ok_and(|there| (there.dev(), there.ino()) == (held.dev(), held.ino()));
            if stands {
                if held.uid() != rustix::process::geteuid().as_raw() {
                    return Err(not_ours(&path));
                }
                let hasher = sha2::Sha256::new();
                let mut partial = Partial { file, path, whole, hasher, length: 0, kept: 0 };
                partial.hash_again()?;
                partial.kept = partial.length;
                return Ok(Slot::Open(partial));
            }
        }
    }
}

/// Opens what there is of an object, or begins one. Its bytes are hashed as they come, and not again: so
/// nobody else may write to it.
fn open_partial(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let file = options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed()).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a plain file"));
    }
    Ok(file)
}

fn not_ours(path: &Path) -> Failure {
    let problem = Problem::new(format!("cannot use the cache's `{}`", path.display()))
        .note("it belongs to another user, who could change it while it is read")
        .help("a cache is one user's: name a folder of your own with `--cache` or LUSTRE_DIST_CACHE");
    Failure::new(Class::Environment, problem)
}

impl Partial {
    fn fault(&self, error: &io::Error) -> Failure {
        Failure::io("write the cache's", &self.path, error)
    }

    /// Works out the digest of what is there.
    fn hash_again(&mut self) -> Result<(), Failure> {
        let mut piece = vec![0; 1 << 18];
        loop {
            match self.file.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(read) => {
                    self.hasher.update(&piece[..read]);
                    self.length += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.fault(&error)),
            }
        }
    }

    /// Begins anew.
    pub(super) fn restart(&mut self) -> Result<(), Failure> {
        self.file
            .set_len(0)
            .and_then(|()| self.file.seek(SeekFrom::Start(0)))
            .map_err(|error| self.fault(&error))?;
        self.hasher = sha2::Sha256::new();
        (self.length, self.kept) = (0, 0);
        Ok(())
    }

    /// Adds bytes behind those that are there.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.file.write_all(bytes).map_err(|error| self.fault(&error))?;
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// The digest of what is there.
    pub(super) fn sha256(&self) -> Sha256 {
        Sha256(self.hasher.clone().finalize().into())
    }

    /// Makes it whole, and gives its file, from the start. Others need no longer wait for it.
    pub(super) fn finish(mut self) -> Result<File, Failure> {
        let done = self
            .file
            .set_permissions(Permissions::from_mode(0o444))
            .and_then(|()| std::fs::rename(&self.path, &self.whole))
            .and_then(|()| Ok(rustix::fs::flock(&self.file, FlockOperation::Unlock)?))
            .and_then(|()| self.file.seek(SeekFrom::Start(0)));
        done.map_err(|error| self.fault(&error))?;
        Ok(self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_fetched_once_and_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let sha256 = Sha256::of(b"whole");
        let open = || match cache.open(&sha256, || panic!("nobody else is here")).unwrap() {
            Slot::Open(partial) => partial,
            Slot::Whole(_) => panic!("it is not whole"),
        };
        open().push(b"who").unwrap();
        let mut partial = open();
        assert_eq!((partial.length, partial.kept), (3, 3));
        let mode = std::fs::metadata(&partial.path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "nobody else may write to it");
        partial.push(b"le").unwrap();
        assert_eq!(partial.sha256(), sha256);

        // Another one waits, and finds it whole while the first still reads it.
        let (told, heard) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let other = scope.spawn(|| cache.open(&sha256, || told.send(()).unwrap()).unwrap());
            heard.recv().unwrap();
            let mut text = String::new();
            let mut file = partial.finish().unwrap();
            assert!(matches!(other.join().unwrap(), Slot::Whole(_)));
            file.read_to_string(&mut text).unwrap();
            assert_eq!(text, "whole");
        });
        assert_eq!(cache.read(&sha256, 9).as_deref(), Some(&b"whole"[..]));
        assert_eq!(std::fs::read_dir(folder.path().join("objects")).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_object_is_no_object() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        cache.put(b"bytes");
        let sha256 = Sha256::of(b"bytes");
        let path = cache.path(&sha256);
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        for damaged in [&b"bytez"[..], b"byte", b"bytes and more than there may be"] {
            std::fs::write(&path, damaged).unwrap();
            assert_eq!(cache.read(&sha256, 9), None);
            assert!(!path.exists());
        }
    }

    #[test]
    fn nobody_else_chooses_where_bytes_go() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let sha256 = Sha256::of(b"whole");
        std::fs::create_dir_all(&cache.0).unwrap();
        let elsewhere = folder.path().join("elsewhere");
        std::fs::write(&elsewhere, "mine").unwrap();
        let path = cache.0.join(format!("{sha256}.partial"));
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        assert_eq!(cache.open(&sha256, || ()).unwrap_err().class, Class::Environment);
        std::fs::remove_file(&path).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        assert_eq!(cache.open(&sha256, || ()).unwrap_err().class, Class::Environment);
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "whole").unwrap();
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(&path, Some(4711), None).unwrap();
            let failure = cache.open(&sha256, || ()).unwrap_err();
            assert!(failure.problems[0].notes[0].contains("another user"), "{failure:?}");
        }
        assert_eq!(std::fs::read(&elsewhere).unwrap(), b"mine");
    }
}
