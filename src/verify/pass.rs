// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! One pass over a tarball: every member with its digest and the id that git gives its content. The
//! strict reader's threads decode and judge; the contents are hashed by threads of their own.

use std::collections::BTreeMap;

use crossbeam_channel::Sender;

use super::hash::{Hashed, Hasher};
use super::{Place, problem_of};
use crate::archive::read::{self, Kind, Limits, Member, Outcome, Visit};
use crate::model::{Class, CommitId, Failure, SourceDate};
use crate::plan::RECORDS;

/// How much the tool's own members may hold together; a large patch series has a megabyte.
const MOST_CARRIED: u64 = 256 << 20;

/// A member as the tarball has it.
#[derive(Debug, Clone)]
pub struct Held {
    /// Its path below the top directory.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// Where its header starts in the tar.
    pub offset: u64,
    /// Where its content starts in the tar.
    pub data: u64,
    /// What its content hashes to; of a link, its target. Nothing for a directory.
    pub hashed: Option<Hashed>,
}

impl Held {
    /// The length of its content.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self.kind {
            Kind::File { size, .. } => size,
            _ => 0,
        }
    }

    /// Its mode as the dialect has it.
    #[must_use]
    pub fn mode(&self) -> &'static str {
        match self.kind {
            Kind::Directory => "0755",
            Kind::Link { .. } => "0777",
            Kind::File { executable: true, .. } => "0755",
            Kind::File { executable: false, .. } => "0644",
        }
    }

    /// What it is, in a word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.kind {
            Kind::Directory => "directory",
            Kind::Link { .. } => "symlink",
            Kind::File { .. } => "file",
        }
    }
}

/// What the tarball says of itself before its first foreign member.
#[derive(Debug, Clone)]
pub struct Start {
    /// The top directory's name.
    pub top: String,
    /// The commit in its global header.
    pub commit: Option<CommitId>,
    /// The date of all members.
    pub date: SourceDate,
    /// The members of `.lustre-dist/`, by their paths in it.
    pub carried: BTreeMap<String, Vec<u8>>,
}

/// A tarball that was read.
#[derive(Debug)]
pub struct Tarball {
    /// What the strict reader says.
    pub outcome: Outcome,
    /// Every member that can be believed, but the top directory, in the order of the tar.
    pub members: Vec<Held>,
}

/// Reads a tarball of `place`. What it carries of our records is sent to `carried` as soon as it is
/// whole, once.
///
/// # Errors
/// The file cannot be read, or carries more than anybody wrote.
pub fn read(
    place: &Place,
    name: &str,
    limits: &Limits,
    jobs: usize,
    carried: Sender<Start>,
) -> Result<Tarball, Failure> {
    let file = place.open(name)?;
    std::thread::scope(|scope| {
        let mut look = Look {
            hasher: Hasher::new(scope, jobs),
            members: Vec::new(),
            start: None,
            out: carried,
            keep: None,
            kept: 0,
        };
        let outcome = read::read(file, name, limits, &mut look)?;
        look.hand_over();
        let Look { hasher, mut members, .. } = look;
        for (index, hashed) in hasher.finish() {
            members[index].hashed = Some(hashed);
        }
        Ok(Tarball { outcome, members })
    })
}

struct Look<'scope> {
    hasher: Hasher<'scope>,
    members: Vec<Held>,
    start: Option<Start>,
    out: Sender<Start>,
    /// The path in `.lustre-dist/` of the member that passes, where it is kept.
    keep: Option<String>,
    kept: u64,
}

impl Look<'_> {
    fn hand_over(&mut self) {
        if let Some(start) = self.start.take() {
            // Whoever waited may have gone with an error of its own.
            let _ = self.out.send(start);
        }
    }
}

impl Visit for Look<'_> {
    fn start(&mut self, top: &str, commit: Option<CommitId>, date: SourceDate) -> Result<(), Failure> {
        self.start = Some(Start { top: top.to_owned(), commit, date, carried: BTreeMap::new() });
        Ok(())
    }

    fn member(&mut self, member: &Member) -> Result<(), Failure> {
        if member.path.is_empty() {
            return Ok(());
        }
        let below = member.path.strip_prefix(RECORDS).and_then(|rest| rest.strip_prefix('/'));
        // Members are sorted, so behind the first path that sorts after ours none of ours can come.
        if below.is_none() && member.path.as_str() > RECORDS && !member.path.starts_with(RECORDS) {
            self.hand_over();
        }
        let index = self.members.len();
        self.members.push(Held {
            path: member.path.clone(),
            kind: member.kind.clone(),
            offset: member.offset,
            data: member.data,
            hashed: None,
        });
        match &member.kind {
            Kind::Directory => {}
            Kind::Link { target } => {
                self.hasher.begin(index, target.len() as u64);
                self.hasher.content(target.as_bytes());
                self.hasher.end();
            }
            Kind::File { size, .. } => {
                self.hasher.begin(index, *size);
                if let (Some(below), Some(start)) = (below, &mut self.start) {
                    self.kept += size;
                    if self.kept > MOST_CARRIED {
                        let problem = problem_of(&self.members[index], "is more than a release carries")
                            .note(format!("`{RECORDS}/` holds more than {MOST_CARRIED} bytes"));
                        return Err(Failure::new(Class::Verification, problem));
                    }
                    start.carried.insert(below.to_owned(), Vec::new());
                    self.keep = Some(below.to_owned());
                }
            }
        }
        Ok(())
    }

    fn content(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.hasher.content(bytes);
        if let (Some(name), Some(start)) = (&self.keep, &mut self.start)
            && let Some(kept) = start.carried.get_mut(name)
        {
            kept.extend_from_slice(bytes);
        }
        Ok(())
    }

    fn end_member(&mut self) -> Result<(), Failure> {
        if matches!(self.members.last(), Some(Held { kind: Kind::File { .. }, .. })) {
            self.hasher.end();
        }
        self.keep = None;
        Ok(())
    }
}
