// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Every release and line of a repository.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::{Entry, LineEntry};
use crate::model::Sha256;

/// What a repository holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalog {
    /// The releases by title, `NAME-VERSION`.
    pub releases: BTreeMap<String, Listed>,
    /// The lines by id.
    pub lines: BTreeMap<String, LineEntry>,
    /// The length and digest of `kernels.json`, where some release names a table of it.
    pub kernels: Option<(u64, Sha256)>,
    /// Where readers find the repository, without a slash at its end, where its keeper said so.
    pub public_url: Option<String>,
}

/// One release with the description that pins its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What the metadata says of it.
    pub entry: Entry,
    /// The length of `NAME-VERSION.release.json` in bytes.
    pub length: u64,
    /// Its digest.
    pub sha256: Sha256,
}

impl Catalog {
    /// The releases of a line, the oldest first.
    #[must_use]
    pub fn of_line(&self, line: &str) -> Vec<&Listed> {
        self.of(Some(line))
    }

    /// The same, or with `None` of the releases that belong to no line.
    #[must_use]
    pub fn of(&self, line: Option<&str>) -> Vec<&Listed> {
        self.sorted(|entry| entry.line.as_deref() == line)
    }

    /// Every release, the oldest version first.
    #[must_use]
    pub fn all(&self) -> Vec<&Listed> {
        self.sorted(|_| true)
    }

    /// The newest release of a line that anybody should use: no preview, not retracted.
    #[must_use]
    pub fn latest(&self, line: &str) -> Option<&Listed> {
        self.usable(Some(line))
    }

    /// The same of the releases that belong to no line.
    #[must_use]
    pub fn latest_of_none(&self) -> Option<&Listed> {
        self.usable(None)
    }

    fn usable(&self, line: Option<&str>) -> Option<&Listed> {
        let usable =
            |entry: &Entry| entry.line.as_deref() == line && !entry.is_preview() && entry.retracted.is_none();
        self.releases.values().filter(|listed| usable(&listed.entry)).max_by(|a, b| by_version(a, b))
    }

    fn sorted(&self, wanted: impl Fn(&Entry) -> bool) -> Vec<&Listed> {
        let mut releases: Vec<_> = self.releases.values().filter(|listed| wanted(&listed.entry)).collect();
        releases.sort_by(|a, b| by_version(a, b));
        releases
    }
}

fn by_version(a: &Listed, b: &Listed) -> Ordering {
    (&a.entry.version, &a.entry.name).cmp(&(&b.entry.version, &b.entry.name))
}
