// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What each member turns out to be.

use serde::{Serialize, Serializer};

use super::baked::Hit;
use super::change::Change;
use crate::model::{BlobId, CommitId, SourceDate, SourceName};

/// A file or link of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The source.
    pub source: SourceName,
    /// Its commit.
    pub commit: CommitId,
    /// The path there.
    pub path: String,
    /// Its content.
    pub blob: BlobId,
}

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "class", rename_all = "snake_case")]
pub enum Verdict {
    /// Nobody should unpack it.
    Hostile {
        /// Why; completes "it".
        why: String,
    },
    /// Its path is not in git, and its content nowhere in the trees.
    Unexplained {
        /// What it is.
        what: String,
    },
    /// Git has another content at its path.
    Changed {
        /// What git has.
        origin: Origin,
        /// How far it is from that.
        change: Change,
        /// Where git has the content that the member has, if anywhere.
        #[serde(skip_serializing_if = "Option::is_none")]
        content_of: Option<Origin>,
    },
    /// Its path is not in git, but its content is, elsewhere.
    Moved {
        /// Where.
        origin: Origin,
    },
    /// A link of git was followed: the member holds what the link leads to.
    Followed {
        /// The link.
        link: Origin,
        /// What it leads to.
        origin: Origin,
    },
    /// Not in git, and declared to be generated.
    Generated {
        /// The glob that declares it.
        glob: String,
    },
    /// A file or link that git has, byte for byte.
    Identical {
        /// What git has.
        origin: Origin,
    },
    /// A directory.
    Directory,
}

impl Verdict {
    /// Its class by number, the most alarming first: [`Verdict::CLASSES`].
    #[must_use]
    pub fn class(&self) -> usize {
        match self {
            Self::Hostile { .. } => 0,
            Self::Unexplained { .. } => 1,
            Self::Changed { .. } => 2,
            Self::Followed { .. } => 3,
            Self::Moved { .. } => 4,
            Self::Generated { .. } => 5,
            Self::Identical { .. } => 6,
            Self::Directory => 7,
        }
    }

    /// The names of the classes.
    pub const CLASSES: [&str; 8] =
        ["hostile", "unexplained", "changed", "followed", "moved", "generated", "identical", "directory"];

    /// Whether the tarball is not what git says, whatever else it may be.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        matches!(self, Self::Hostile { .. } | Self::Unexplained { .. } | Self::Changed { .. })
    }
}

/// A member with what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// Its path in the tarball.
    pub path: String,
    /// What it is.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The length of a file in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// How its mode differs from git's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// The earlier member that it is stored as a hard link to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hard_link: Option<String>,
    /// Its mtime, where it is later than the commit.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub late: Option<SourceDate>,
    /// What a build machine left in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub traces: Vec<Hit>,
    /// Whether it is not in git and was not searched for traces: it is too long, or there are too many.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unsearched: bool,
}

/// RFC 3339, as in all answers.
fn as_text<S: Serializer>(date: &Option<SourceDate>, serializer: S) -> Result<S::Ok, S::Error> {
    match date {
        Some(date) => serializer.collect_str(date),
        None => serializer.serialize_none(),
    }
}

/// The order of members of one class: what takes part in a build or is run stands first, since that
/// is where an attack is of use.
#[must_use]
pub fn alarm(path: &str, is_executable: bool) -> u8 {
    let name = path.rsplit('/').next().unwrap_or_default();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let builds = ["m4", "ac", "am", "in", "mk", "cmake", "spec"].contains(&extension)
        || ["configure", "Makefile", "Kbuild", "GNUmakefile", "rules", "meson.build"].contains(&name);
    let runs = is_executable || ["sh", "py", "pl", "awk"].contains(&extension);
    let compiles = ["c", "h", "S", "rs", "y", "l", "i"].contains(&extension);
    match () {
        () if builds => 0,
        () if runs => 1,
        () if compiles => 2,
        () => 3,
    }
}
