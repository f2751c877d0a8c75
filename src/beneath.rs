// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What stands beneath a directory's descriptor, read and made. No path is looked up from outside, no
//! link is followed, and nothing that exists is opened for writing.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, Timespec, Timestamps};
use rustix::io::Errno;

use crate::model::SourceDate;

/// A directory and what is made beneath it. Paths are relative, of plain names with `/` between them; the
/// empty path is the directory itself.
#[derive(Debug)]
pub struct Beneath<'a> {
    top: &'a File,
    has_openat2: Cell<bool>,
    /// The directory that was made something in last: neighbours follow each other.
    last: Option<(String, OwnedFd)>,
}

impl<'a> Beneath<'a> {
    /// What stands beneath `top`.
    #[must_use]
    pub fn new(top: &'a File) -> Self {
        Self { top, has_openat2: Cell::new(true), last: None }
    }

    /// The same as on a kernel without `openat2`.
    #[cfg(test)]
    fn by_steps(top: &'a File) -> Self {
        Self { has_openat2: Cell::new(false), ..Self::new(top) }
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// The path is not one of plain names through directories, or the system refuses.
    pub fn directory(&mut self, path: &str) -> io::Result<()> {
        let (parent, name) = self.parent(path)?;
        Ok(rustix::fs::mkdirat(parent, name, Mode::RWXU)?)
    }

    /// Makes an empty file.
    ///
    /// # Errors
    /// The path is not one of plain names through directories, or the system refuses.
    pub fn file(&mut self, path: &str) -> io::Result<File> {
        let (parent, name) = self.parent(path)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(parent, name, flags, Mode::RUSR | Mode::WUSR)?.into())
    }

    /// Makes a symbolic link with that date.
    ///
    /// # Errors
    /// The path is not one of plain names through directories, or the system refuses.
    pub fn link(&mut self, path: &str, target: &str, date: SourceDate) -> io::Result<()> {
        let (parent, name) = self.parent(path)?;
        rustix::fs::symlinkat(target, parent, name)?;
        Ok(rustix::fs::utimensat(parent, name, &times(date)?, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// Gives a directory in which nothing more is made its mode and date.
    ///
    /// # Errors
    /// The path is not one of plain names through directories, or the system refuses.
    pub fn settle_directory(&mut self, path: &str, date: SourceDate) -> io::Result<()> {
        self.last = None;
        let directory = File::from(self.folder(path)?);
        settle(&directory, 0o755, date)
    }

    fn parent<'p>(&mut self, path: &'p str) -> io::Result<(&OwnedFd, &'p str)> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if self.last.as_ref().is_none_or(|(last, _)| last != folder) {
            self.last = Some((folder.to_owned(), self.folder(folder)?));
        }
        let (_, parent) = self.last.as_ref().expect("it was just put there");
        if !is_plain(name) {
            return Err(Errno::INVAL.into());
        }
        Ok((parent, name))
    }

    /// Opens what stands at a path to be read, whatever it is; a pipe is not waited for.
    ///
    /// # Errors
    /// As for the others, and it does not exist.
    pub fn look(&self, path: &str) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        self.open(path, flags).map(File::from)
    }

    fn folder(&self, path: &str) -> io::Result<OwnedFd> {
        if path.is_empty() {
            return self.top.try_clone().map(OwnedFd::from);
        }
        self.open(path, DIRECTORY)
    }

    fn open(&self, path: &str, flags: OFlags) -> io::Result<OwnedFd> {
        if !path.split('/').all(is_plain) {
            return Err(Errno::INVAL.into());
        }
        if self.has_openat2.get() {
            let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
            match rustix::fs::openat2(self.top, path, flags, Mode::empty(), resolve) {
                // Linux before 5.6, and sandboxes that have not heard of it.
                Err(Errno::NOSYS | Errno::PERM) => self.has_openat2.set(false),
                opened => return Ok(opened?),
            }
        }
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut at = self.top.try_clone().map(OwnedFd::from)?;
        for folder in folders.split('/').filter(|_| !folders.is_empty()) {
            at = rustix::fs::openat(&at, folder, DIRECTORY, Mode::empty())?;
        }
        Ok(rustix::fs::openat(&at, name, flags, Mode::empty())?)
    }
}

fn is_plain(name: &str) -> bool {
    !matches!(name, "" | "." | "..")
}

const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Gives a file that is written its mode, whatever the umask, and its date.
///
/// # Errors
/// The system refuses.
pub fn settle(file: &File, mode: u32, date: SourceDate) -> io::Result<()> {
    rustix::fs::fchmod(file, Mode::from_raw_mode(mode))?;
    Ok(rustix::fs::futimens(file, &times(date)?)?)
}

fn times(SourceDate(seconds): SourceDate) -> io::Result<Timestamps> {
    let tv_sec = seconds.try_into().map_err(|_| Errno::RANGE)?;
    let time = Timespec { tv_sec, tv_nsec: 0 };
    Ok(Timestamps { last_access: time, last_modification: time })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// What the reader refuses is refused here too, by the kernel's own walk and by ours.
    #[test]
    fn nothing_is_made_outside_or_through_a_link() {
        for has_openat2 in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let inside = folder.path().join("inside");
            std::fs::create_dir_all(inside.join("real")).unwrap();
            std::fs::create_dir(folder.path().join("outside")).unwrap();
            symlink("../outside", inside.join("up")).unwrap();
            symlink("real", inside.join("within")).unwrap();
            symlink("/", inside.join("real/root")).unwrap();
            symlink("../../outside/new", inside.join("real/dangling")).unwrap();
            let top = File::options().read(true).open(&inside).unwrap();
            let mut beneath = if has_openat2 { Beneath::new(&top) } else { Beneath::by_steps(&top) };
            for path in [
                "up/new",
                "within/new",
                "../outside/new",
                "real/../../outside/new",
                "/tmp/new",
                "real/root/tmp/new",
                "real/dangling",
                "..",
                "real/..",
                "real/.",
                "",
                "real/",
                "up",
                "real//new/x",
            ] {
                assert!(beneath.file(path).is_err(), "file {path}");
                assert!(beneath.directory(path).is_err(), "directory {path}");
                assert!(beneath.link(path, "x", SourceDate(1)).is_err(), "link {path}");
                assert!(beneath.look(path).is_err(), "look at {path}");
            }
            for path in ["up", "within", "..", "real/root", "real/.."] {
                assert!(beneath.settle_directory(path, SourceDate(1)).is_err(), "{path}");
            }
            beneath.directory("real/new").unwrap();
            beneath.file("real/new/file").unwrap();
            assert_eq!(beneath.file("real/new/file").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
            assert!(beneath.look("real/new/file").unwrap().metadata().unwrap().is_file());
            assert!(beneath.look("real/new").unwrap().metadata().unwrap().is_dir());
            let left: Vec<_> = std::fs::read_dir(folder.path().join("outside")).unwrap().collect();
            assert!(left.is_empty(), "{left:?}");
            assert_eq!(beneath.has_openat2.get(), has_openat2, "the kernel here has it");
        }
    }
}
