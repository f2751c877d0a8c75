// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A tarball's members as blobs of git. Its dialect has the modes that git has, so a tree of git is all
//! of it but the dates.

use gix::ObjectId;
use gix::objs::{Kind as ObjectKind, encode};

use super::store::Store;
use super::trees::{File, Files, blob_id};
use crate::archive::read::{self, Kind, Limits, Member, Visit};
use crate::model::{Class, CommitId, Failure, Problem, SourceDate};
use crate::package::Input;
use crate::source::tree::BlobMode;

/// Lists the tree of a tarball; nothing is written.
pub(super) fn list(input: &Input) -> Result<Files, Failure> {
    let mut listing = List { files: Files::new(), now: None };
    run(input, &mut listing)?;
    Ok(listing.files)
}

/// Writes every blob of a tarball.
pub(super) fn write(input: &Input, store: &Store) -> Result<(), Failure> {
    run(input, &mut Write { store, now: None })
}

/// Reads the tarball once more, and makes sure that it is the one that was read before.
fn run(input: &Input, visit: &mut dyn Visit) -> Result<(), Failure> {
    let path = &input.tarball.path;
    let file = std::fs::File::open(path).map_err(|error| Failure::io("read", path, &error))?;
    let outcome = read::read(file, &input.tarball.name, &Limits::default(), visit)?;
    if outcome.file == input.tarball.sum {
        return Ok(());
    }
    let problem = Problem::new(format!("`{}` changed while it was packaged", path.display()));
    Err(Failure::new(Class::Verification, problem.help("run again when nothing writes to it")))
}

struct List {
    files: Files,
    /// The file that is being read: its path, mode and the hash so far.
    now: Option<(String, BlobMode, gix::hash::Hasher)>,
}

fn mode_of(executable: bool) -> BlobMode {
    if executable { BlobMode::Executable } else { BlobMode::File }
}

impl Visit for List {
    fn start(&mut self, _: &str, _: Option<CommitId>, _: SourceDate) -> Result<(), Failure> {
        Ok(())
    }

    fn member(&mut self, member: &Member) -> Result<(), Failure> {
        match &member.kind {
            Kind::Directory => {}
            Kind::Link { target } => {
                let file = File { mode: BlobMode::Symlink, id: blob_id(target.as_bytes()) };
                self.files.insert(member.path.clone(), file);
            }
            Kind::File { executable, size } => {
                let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
                hasher.update(&encode::loose_header(ObjectKind::Blob, *size));
                self.now = Some((member.path.clone(), mode_of(*executable), hasher));
            }
        }
        Ok(())
    }

    fn content(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if let Some((_, _, hasher)) = &mut self.now {
            hasher.update(bytes);
        }
        Ok(())
    }

    fn end_member(&mut self) -> Result<(), Failure> {
        if let Some((path, mode, hasher)) = self.now.take() {
            let id: ObjectId = hasher.try_finalize().map_err(|error| {
                let problem =
                    Problem::new(format!("`{path}` cannot be a file of git")).note(error.to_string());
                Failure::new(Class::Verification, problem)
            })?;
            self.files.insert(path, File { mode, id });
        }
        Ok(())
    }
}

struct Write<'s> {
    store: &'s Store,
    now: Option<Vec<u8>>,
}

impl Visit for Write<'_> {
    fn start(&mut self, _: &str, _: Option<CommitId>, _: SourceDate) -> Result<(), Failure> {
        Ok(())
    }

    fn member(&mut self, member: &Member) -> Result<(), Failure> {
        match &member.kind {
            Kind::Directory => {}
            Kind::Link { target } => self.store.blob(target.as_bytes())?,
            Kind::File { .. } => self.now = Some(Vec::new()),
        }
        Ok(())
    }

    fn content(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if let Some(content) = &mut self.now {
            content.extend_from_slice(bytes);
        }
        Ok(())
    }

    fn end_member(&mut self) -> Result<(), Failure> {
        match self.now.take() {
            Some(content) => self.store.blob(&content),
            None => Ok(()),
        }
    }
}
