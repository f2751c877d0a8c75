// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Change logs out of a source's commits. It is always the source's own blob that counts: what a
//! patch of the manifest adds to a change log, nobody upstream has built or tested.

use std::collections::BTreeMap;
use std::fmt;

use gix::ObjectId;
use gix::objs::Kind;

use super::changelog::{Entry, top_entry};
use super::support::Support;
use crate::manifest::{At, Manifest};
use crate::model::version::LustreVersion;
use crate::model::{BlobId, Failure, Problem, TarPath, TreeId};
use crate::source::{BlobMode, ObjectFault, Objects, Repository, tree};

/// Why a commit's change log gives no table. Completes "the change log `lustre/ChangeLog`".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The commit has no such path.
    Absent,
    /// The path is a symbolic link.
    Link,
    /// A directory on the way to it cannot be read.
    Tree(String),
    /// Its content cannot be read.
    Blob(BlobId, ObjectFault),
    /// It has no entry.
    NoEntry,
    /// Its first entry lists no kernel.
    NoKernels {
        /// The line of that entry, from 1.
        line: u32,
    },
}

impl Fault {
    /// Whether the repository is at fault, and not who named the path.
    #[must_use]
    pub fn is_of_source(&self) -> bool {
        matches!(self, Self::Tree(_) | Self::Blob(..))
    }

    /// What to do about it where a manifest named the path.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Absent | Self::Link => "name the file in that source, such as `lustre/ChangeLog`",
            Self::Blob(_, ObjectFault::Missing) => {
                "fetch from a repository that has it, or leave it out of this run with `--leave-out`"
            }
            Self::Tree(_) | Self::Blob(..) => {
                "the repository is damaged: `git fsck` tells more, a fresh clone mends it"
            }
            Self::NoEntry => "expected a line such as `2025-12-29 Whamcloud` and `* version 2.17.0` below it",
            Self::NoKernels { .. } => {
                "expected headings such as `* Server primary kernels built and tested during release cycle:`; \
                 leave `changelog` out where there are none"
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("is not in the commit"),
            Self::Link => f.write_str("is a symbolic link"),
            Self::Tree(what) => write!(f, "cannot be found: {what}"),
            Self::Blob(id, fault) => write!(f, "cannot be read: its blob {id} {fault}"),
            Self::NoEntry => f.write_str("has no entry of a release"),
            Self::NoKernels { line } => write!(f, "lists no kernel in its first entry, line {line}"),
        }
    }
}

/// The problem of a manifest whose change log gives no table; `commit` says whose it was to be.
#[must_use]
pub fn changelog_problem(manifest: &Manifest, path: &At<TarPath>, fault: &Fault, commit: &str) -> Problem {
    manifest
        .problem(format!("the change log `{}` {fault}", path.value), &path.span, "named here")
        .note(commit.to_owned())
        .help(fault.help())
}

/// Reads the first entry of the change log at `path`.
///
/// # Errors
/// See [`Fault`]; never [`Fault::NoKernels`].
pub fn entry_at(objects: &Objects, tree: TreeId, path: &TarPath) -> Result<Entry, Fault> {
    let file = tree::find(objects, tree, path.as_str())
        .map_err(|fault| Fault::Tree(format!("`{}` {}", fault.path, fault.what)))?
        .ok_or(Fault::Absent)?;
    if file.mode == BlobMode::Symlink {
        return Err(Fault::Link);
    }
    let mut buffer = Vec::new();
    objects.read(file.blob.0, Kind::Blob, &mut buffer).map_err(|fault| Fault::Blob(file.blob, fault))?;
    // Names in old entries are in Latin-1.
    top_entry(&String::from_utf8_lossy(&buffer)).ok_or(Fault::NoEntry)
}

/// Reads the kernels of the first entry of the change log at `path`.
///
/// # Errors
/// See [`Fault`].
pub fn support_at(objects: &Objects, tree: TreeId, path: &TarPath) -> Result<Support, Fault> {
    let entry = entry_at(objects, tree, path)?;
    let line = entry.line;
    let support = Support::from(entry);
    if support.is_empty() { Err(Fault::NoKernels { line }) } else { Ok(support) }
}

/// A tag that names a version of Lustre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The version.
    pub version: LustreVersion,
    /// The tag's short name; the spelling with `v` where there are two.
    pub tag: String,
    /// What it points at.
    pub object: ObjectId,
}

/// Every version that a tag names, the newest first.
///
/// # Errors
/// The ref store cannot be read.
pub fn tagged(repository: &Repository) -> Result<Vec<Release>, Failure> {
    let mut releases = BTreeMap::new();
    for (tag, object) in repository.tags()? {
        let Some(version) = LustreVersion::from_tag(&tag) else { continue };
        // `v` sorts behind digits, so its spelling comes last and stays.
        releases.insert(version, Release { version, tag, object });
    }
    Ok(releases.into_values().rev().collect())
}

/// Of stable releases, the newest of each branch from `since` on, the newest first.
#[must_use]
pub fn newest_of_each_branch(releases: &[Release], since: LustreVersion) -> Vec<Release> {
    let branch = |release: &Release| release.version.numbers()[..2].to_vec();
    let mut newest: Vec<Release> = releases
        .iter()
        .filter(|release| release.version.is_stable() && release.version >= since)
        .cloned()
        .collect();
    newest.dedup_by_key(|release| branch(release));
    newest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_each_branch() {
        let releases: Vec<Release> =
            ["2.17.57", "2.17.0", "2.17.0-RC4", "2.16.1", "2.16.0", "2.15.91", "2.15.8", "2.15.7", "2.10.8"]
                .iter()
                .map(|text| Release {
                    version: LustreVersion::parse(text).unwrap(),
                    tag: String::new(),
                    object: ObjectId::null(gix::hash::Kind::Sha1),
                })
                .collect();
        let since = LustreVersion::parse("2.12.0").unwrap();
        let found: Vec<_> = newest_of_each_branch(&releases, since)
            .iter()
            .map(|release| release.version.to_string())
            .collect();
        assert_eq!(found, ["2.17.0", "2.16.1", "2.15.8"]);
    }
}
