// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `.dkms.tar.gz` (dkms(8), `mktarball --source-only`): the release's files below `dkms_source_tree/`, in
//! the dialect of our own tarballs.
//!
//! The release is read once more while this is written, so that no tree is ever held in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::iter::Peekable;
use std::path::Path;

use crate::archive::gzip::Gzip;
use crate::archive::header;
use crate::archive::read::{self, Kind, Limits, Member, Visit};
use crate::model::{Class, CommitId, Failure, Problem, SourceDate};
use crate::package::{Stream, Tarball};
use crate::plan::RECORDS;
use crate::release::plain;

/// Where `mktarball` puts modules that are built. dkms looks for it, empty or not.
const MAIN: &str = "dkms_main_tree/";

/// Where dkms takes the source from.
const SOURCE: &str = "dkms_source_tree/";

/// The best that gzip does.
const LEVEL: u8 = 9;

/// The bytes are the same for every number.
const WORKERS: usize = 2;

/// A file that the package adds to the release's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Added {
    pub(super) bytes: Vec<u8>,
    pub(super) executable: bool,
}

/// A tarball for `dkms ldtarball`.
#[derive(Debug)]
pub(super) struct SourceTree {
    /// The release.
    pub(super) tarball: Tarball,
    /// What of its top directory goes in; all but the records where nothing is said.
    pub(super) keep: Option<BTreeSet<String>>,
    /// Further files, by path.
    pub(super) added: BTreeMap<String, Added>,
}

impl SourceTree {
    /// Whether a member of the release goes in.
    pub(super) fn keeps(&self, path: &str) -> bool {
        let top = path.split('/').next().unwrap_or(path);
        self.keep.as_ref().map_or(top != RECORDS, |keep| keep.contains(top))
    }
}

impl Stream for SourceTree {
    fn write(&self, path: &Path, out: &mut dyn Write) -> Result<(), Failure> {
        let fault = |error: io::Error| Failure::io("write", path, &error);
        let mut added: BTreeMap<String, Option<&Added>> = BTreeMap::new();
        for (path, file) in &self.added {
            added.extend(path.match_indices('/').map(|(at, _)| (path[..=at].to_owned(), None)));
            added.insert(path.clone(), Some(file));
        }
        let gzip = Gzip::new(out, LEVEL, WORKERS).map_err(fault)?;
        let mut writer = Writer {
            tree: self,
            path,
            added: added.into_iter().peekable(),
            gzip,
            block: Vec::new(),
            length: 0,
            date: SourceDate(0),
            open: None,
        };
        let tarball = &self.tarball;
        let from = plain::open(&tarball.path).map_err(|error| Failure::io("read", &tarball.path, &error))?;
        let outcome = read::read(from, &tarball.name, &Limits::default(), &mut writer)?;
        if outcome.file != tarball.sum {
            let title = format!("`{}` changed while it was packaged", tarball.path.display());
            let problem = Problem::new(title).help("run again when nothing writes to it");
            return Err(Failure::new(Class::Verification, problem));
        }
        writer.add_before(None)?;
        let end = header::end(writer.length);
        writer.put(&end)?;
        writer.gzip.finish().map_err(fault)?;
        Ok(())
    }
}

struct Writer<'a, W: Write, I: Iterator<Item = (String, Option<&'a Added>)>> {
    tree: &'a SourceTree,
    path: &'a Path,
    /// What is still to be added: folders, whose paths end in a slash, and files.
    added: Peekable<I>,
    gzip: Gzip<W>,
    block: Vec<u8>,
    length: u64,
    date: SourceDate,
    /// The length of the file that is being copied.
    open: Option<u64>,
}

impl<'a, W: Write, I: Iterator<Item = (String, Option<&'a Added>)>> Writer<'a, W, I> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.length += bytes.len() as u64;
        self.gzip.write_all(bytes).map_err(|error| Failure::io("write", self.path, &error))
    }

    fn header(&mut self, path: &str, kind: header::Kind<'_>) -> Result<(), Failure> {
        let mut block = std::mem::take(&mut self.block);
        block.clear();
        header::member(&mut block, path, kind, self.date);
        self.put(&block)?;
        self.block = block;
        Ok(())
    }

    fn pad(&mut self, size: u64) -> Result<(), Failure> {
        let over = usize::try_from(size % header::BLOCK as u64).expect("less than a block");
        let zeros = [0; header::BLOCK];
        self.put(if over == 0 { &[] } else { &zeros[over..] })
    }

    /// Adds what comes before a member of the release; all that is left before `None`.
    fn add_before(&mut self, member: Option<&str>) -> Result<(), Failure> {
        while let Some((path, file)) =
            self.added.next_if(|(path, _)| member.is_none_or(|member| path.as_str() < member))
        {
            let path = format!("{SOURCE}{path}");
            match file {
                None => self.header(&path, header::Kind::Directory)?,
                Some(Added { bytes, executable }) => {
                    let size = bytes.len() as u64;
                    self.header(&path, header::Kind::File { size, executable: *executable })?;
                    self.put(bytes)?;
                    self.pad(size)?;
                }
            }
        }
        Ok(())
    }
}

impl<'a, W: Write, I: Iterator<Item = (String, Option<&'a Added>)>> Visit for Writer<'a, W, I> {
    fn start(&mut self, _: &str, commit: Option<CommitId>, date: SourceDate) -> Result<(), Failure> {
        self.date = date;
        let mut block = Vec::new();
        if let Some(commit) = commit {
            header::commit_comment(&mut block, &commit.to_string(), date);
        }
        self.put(&block)
    }

    fn member(&mut self, member: &Member) -> Result<(), Failure> {
        self.open = None;
        if member.path.is_empty() {
            self.header(MAIN, header::Kind::Directory)?;
            return self.header(SOURCE, header::Kind::Directory);
        }
        if !self.tree.keeps(&member.path) {
            return Ok(());
        }
        let slash = if member.kind == Kind::Directory { "/" } else { "" };
        let path = format!("{}{slash}", member.path);
        self.add_before(Some(&path))?;
        // A folder of the release's that files are added to.
        _ = self.added.next_if(|(added, _)| *added == path);
        let path = format!("{SOURCE}{path}");
        match &member.kind {
            Kind::Directory => self.header(&path, header::Kind::Directory),
            Kind::Link { target } => self.header(&path, header::Kind::Symlink(target)),
            Kind::File { executable, size } => {
                self.open = Some(*size);
                self.header(&path, header::Kind::File { size: *size, executable: *executable })
            }
        }
    }

    fn content(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if self.open.is_some() { self.put(bytes) } else { Ok(()) }
    }

    fn end_member(&mut self) -> Result<(), Failure> {
        self.open.take().map_or(Ok(()), |size| self.pad(size))
    }
}
