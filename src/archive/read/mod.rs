// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The strict reader: it accepts the tar dialect of this project and nothing else.
//!
//! It knows every byte. From what a header says the reader derives the one spelling that the dialect
//! has for it, and holds that against what is there; so a list of members has exactly one tar, and
//! there is no room for anything that another reader would see and this one would not. The formats are
//! read from their documents (POSIX.1-2017 `pax`, RFC 1952, RFC 8878, the .xz format 1.2.1), and
//! nothing is shared with the writer beyond `model`, so that one mistake cannot hide in both.
//!
//! Where reading can go on after a fault it does, so that one run lists every fault.

mod canonical;
mod chunk;
mod decode;
mod dialect;
mod encoding;
mod fault;
mod found;
mod group;
mod header;
mod limits;
mod links;
mod names;
mod pax;
mod pipe;
mod shown;

use std::io::Read;

use crate::model::{Class, CommitId, Failure, Sha256, SourceDate};

pub use encoding::Encoding;
pub use fault::{At, Clash, Fault, Part};
pub use limits::Limits;

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A directory, mode 0755.
    Directory,
    /// A regular file.
    File {
        /// Mode 0755 and not 0644.
        executable: bool,
        /// Its length in bytes.
        size: u64,
    },
    /// A symbolic link, mode 0777.
    Link {
        /// Its target.
        target: String,
    },
}

/// One member of a tarball.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Which one, from 0, which is the top directory.
    pub index: usize,
    /// Where its first header block starts in the uncompressed tar.
    pub offset: u64,
    /// Where its content starts, or would start.
    pub data: u64,
    /// Its path below the top directory, checked as [`crate::model::TarPath`] checks; empty for the top
    /// directory itself.
    pub path: String,
    /// What it is.
    pub kind: Kind,
}

/// Somebody who looks at the members as they pass.
///
/// A member whose path, kind or header cannot be believed is not shown; the faults name it by its
/// index. A failure ends the reading and comes back from [`read`].
pub trait Visit {
    /// The top directory's name and the date of all members are known. The commit is `None` only
    /// where the global header is at fault.
    ///
    /// # Errors
    /// Whatever should end the reading.
    fn start(&mut self, top: &str, commit: Option<CommitId>, date: SourceDate) -> Result<(), Failure>;

    /// A member begins, in the order of the tar; the first is the top directory.
    ///
    /// # Errors
    /// Whatever should end the reading.
    fn member(&mut self, member: &Member) -> Result<(), Failure>;

    /// The next bytes of the file that began last.
    ///
    /// # Errors
    /// Whatever should end the reading.
    fn content(&mut self, bytes: &[u8]) -> Result<(), Failure>;

    /// The member that began last is whole.
    ///
    /// # Errors
    /// Whatever should end the reading.
    fn end_member(&mut self) -> Result<(), Failure>;
}

/// Looks at nothing: for a tarball that is only judged.
#[derive(Debug)]
pub struct Unseen;

impl Visit for Unseen {
    fn start(&mut self, _: &str, _: Option<CommitId>, _: SourceDate) -> Result<(), Failure> {
        Ok(())
    }

    fn member(&mut self, _: &Member) -> Result<(), Failure> {
        Ok(())
    }

    fn content(&mut self, _: &[u8]) -> Result<(), Failure> {
        Ok(())
    }

    fn end_member(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// The length and digest of a stream of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digested {
    /// The length in bytes.
    pub size: u64,
    /// The digest.
    pub sha256: Sha256,
}

/// A link that leads to nothing in the tarball, which a manifest may allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dangling {
    /// The link's own path, below the top directory.
    pub path: String,
    /// The path that it leads to, below the top directory.
    pub to: String,
}

/// A tarball that was read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The top directory's name: `lustre-2.17.57`.
    pub top: String,
    /// The commit in the global header; `None` only beside a fault.
    pub commit: Option<CommitId>,
    /// The mtime of every member.
    pub date: SourceDate,
    /// How many members there are, the top directory included.
    pub members: usize,
    /// The uncompressed tar: the release's identity.
    pub identity: Digested,
    /// Links that lead nowhere, in the order of the tar.
    pub dangling: Vec<Dangling>,
}

/// What became of a reading.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Outcome {
    /// How the file is encoded, by its first bytes; by its name where they say nothing.
    pub encoding: Encoding,
    /// The file as it was given, the whole of it even where the reading ended early.
    pub file: Digested,
    /// Everything that is not as the dialect has it, in the order in which it was met. No faults and
    /// no summary does not happen.
    pub faults: Vec<Fault>,
    /// What was read; `None` where a fault ended the reading before the end of the tar.
    pub summary: Option<Summary>,
}

impl Outcome {
    /// Takes out the clashes of names that the manifest allows.
    pub fn allow_clashes(&mut self, allowed: impl Fn(&Clash) -> bool) {
        self.faults.retain(|fault| !fault.clash.as_ref().is_some_and(&allowed));
    }

    /// The summary of a tarball without faults.
    ///
    /// # Errors
    /// A problem for each fault, with the tarball called `name`.
    pub fn accepted(self, name: &str) -> Result<Summary, Failure> {
        let mut problems: Vec<_> = self.faults.iter().map(|fault| fault.problem(name)).collect();
        match self.summary {
            Some(summary) if problems.is_empty() => Ok(summary),
            Some(_) => Err(Failure { class: Class::Verification, problems }),
            None => {
                if let Some(last) = problems.last_mut() {
                    last.notes.push("what is behind it was not read".to_owned());
                }
                Err(Failure { class: Class::Verification, problems })
            }
        }
    }
}

/// Reads a tarball once, from its first byte to its last: decodes it, judges every byte, shows the
/// members to `visit`, and digests the file and the tar on the way. `name` is the file's name, whose
/// ending must agree with the encoding.
///
/// Decoding, digesting and judging run on threads of their own; `visit` is called on the caller's.
/// Memory is bounded by the limits and does not grow with the tarball's content.
///
/// # Errors
/// The file cannot be read, or `visit` failed. What is wrong with the tarball is no error but a fault
/// in the [`Outcome`].
pub fn read(
    file: impl Read + Send,
    name: &str,
    limits: &Limits,
    visit: &mut dyn Visit,
) -> Result<Outcome, Failure> {
    pipe::run(file, name, limits, visit)
}
