// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The roles of a repository's metadata: how large they may be, their versions, and what is said of them.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tough::schema::{RoleType, Root, Signed};

use crate::model::Problem;
use crate::repository::layout;

/// The largest root that is read. One with a few keys has some kilobytes.
pub(super) const LARGEST_ROOT: u64 = 512 << 10;
/// The largest timestamp: it names one file.
pub(super) const LARGEST_TIMESTAMP: u64 = 64 << 10;
/// The largest snapshot: it names one file, or as many as there are delegated roles.
pub(super) const LARGEST_SNAPSHOT: u64 = 1 << 20;
/// The largest targets role: some tens of thousands of releases.
pub(super) const LARGEST_TARGETS: u64 = 32 << 20;
/// How many roots are followed in one run.
pub(super) const MOST_ROOTS: u64 = 256;

/// The versions of the roles. They compare by what vouches for the rest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[allow(missing_docs)]
pub struct Versions {
    pub root: u64,
    pub timestamp: u64,
    pub snapshot: u64,
    pub targets: u64,
}

/// Says where a mirror's roots end, which it may be hiding the rest of.
pub(super) fn roots_end(version: u64) -> String {
    format!("its roots end before `{}`, which is not there", layout::role(version, "root"))
}

/// Metadata that is older than what was seen before.
pub(super) fn older(role: &str, was: u64, is: u64) -> Problem {
    Problem::new(format!("the {role} role is older than the one that was trusted before"))
        .note(format!("version {is} came, and version {was} was seen"))
        .help("the mirror is stale, or somebody gives you an old state: try another mirror, or later")
}

/// Whether the keys of the timestamp or of the snapshot are others than in an older root.
pub(super) fn rotated(old: &str, new: &Root) -> bool {
    let Ok(old) = read::<Signed<Root>>(old.as_bytes()) else { return false };
    let keys = |root: &Root, role| {
        let mut keys: Vec<String> =
            root.keys(role).map(|key| serde_json::to_string(key).unwrap_or_default()).collect();
        keys.sort();
        keys
    };
    [RoleType::Timestamp, RoleType::Snapshot]
        .into_iter()
        .any(|role| keys(&old.signed, role) != keys(new, role))
}

pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}
