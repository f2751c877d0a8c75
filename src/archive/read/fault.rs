// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is wrong with a tarball, and where.

use std::fmt;

use crate::model::Problem;

/// Where a fault is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum At {
    /// At that byte of the file as it was given: its encoding is at fault.
    File(u64),
    /// At that byte of the uncompressed tar.
    Tar(u64),
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(offset) => write!(f, "offset {offset} of the file"),
            Self::Tar(offset) => write!(f, "offset {offset} of the tar"),
        }
    }
}

/// What a fault is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The encoding: the tar never got as far as this.
    Encoding,
    /// The pax global header at the start, which holds the commit.
    Comment,
    /// One member: its headers, its content or the padding behind it.
    Member {
        /// Which one, from 0, the top directory. The order is fixed, so this finds the member even where
        /// the damage is in its name.
        index: usize,
        /// Its path below the top directory as far as it could be read, for people: control characters
        /// are escaped, bytes that are not UTF-8 replaced, a long one cut. The top directory's is its
        /// own name.
        path: String,
    },
    /// The zeros that end the archive.
    End,
}

/// Two paths that some file system takes for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// The path that came first, below the top directory.
    pub first: String,
    /// The later one.
    pub second: String,
    /// Whether they differ in Unicode form alone, rather than in case.
    pub unicode: bool,
}

/// One thing that is not as the dialect has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where the first wrong byte is.
    pub at: At,
    /// What it is in.
    pub part: Part,
    /// What is there: "its mode is 0600".
    pub what: String,
    /// What was expected in its place: "0644 or 0755".
    pub expected: String,
    /// Set when the fault is a clash of names, which a manifest may allow.
    pub clash: Option<Clash>,
}

impl Fault {
    pub(super) fn new(at: At, part: Part, what: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { at, part, what: what.into(), expected: expected.into(), clash: None }
    }

    /// The member's index, if the fault is in one.
    #[must_use]
    pub fn member(&self) -> Option<usize> {
        match self.part {
            Part::Member { index, .. } => Some(index),
            _ => None,
        }
    }

    /// The fault as a problem with the tarball `file`.
    #[must_use]
    pub fn problem(&self, file: &str) -> Problem {
        let part = match &self.part {
            Part::Encoding => String::new(),
            Part::Comment => ", global header".to_owned(),
            Part::Member { path, .. } => format!(", member `{path}`"),
            Part::End => ", end of the archive".to_owned(),
        };
        Problem::new(format!("`{file}`{part}: {}", self.what))
            .note(format!("at {}", self.at))
            .note(format!("expected {}", self.expected))
    }
}

/// One line: where, what is there, what was expected.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.at)?;
        match &self.part {
            Part::Encoding => {}
            Part::Comment => f.write_str("global header: ")?,
            Part::Member { path, .. } => write!(f, "`{path}`: ")?,
            Part::End => f.write_str("end of the archive: ")?,
        }
        write!(f, "{}; expected {}", self.what, self.expected)
    }
}
