// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The four roles that vouch for everything, checked against the time and against what was trusted before.
//!
//! `tough` checked the signatures, digests, lengths and versions among them. What it takes from a clock of
//! its own, or from what it stored, is checked here once more. The keys of each root were checked before.

use jiff::Timestamp;
use tough::schema::{Role, RoleType, Root, Signed, Snapshot, Targets, Timestamp as TimestampRole};

use super::metadata::{Versions, older, read, roots_end, rotated};
use super::state::State;
use crate::model::Problem;

/// The roles as one whole.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) root: Signed<Root>,
    pub(super) timestamp: Signed<TimestampRole>,
    pub(super) snapshot: Signed<Snapshot>,
    pub(super) targets: Signed<Targets>,
}

impl Chain {
    /// What `tough` loaded.
    pub(super) fn loaded(repository: &tough::Repository) -> Self {
        Self {
            root: repository.root().clone(),
            timestamp: repository.timestamp().clone(),
            snapshot: repository.snapshot().clone(),
            targets: repository.targets().clone(),
        }
    }

    /// What an earlier run trusted, with the bytes of its targets role. The signatures are checked again.
    pub(super) fn held(state: &State, targets: &[u8]) -> Result<Self, String> {
        let seen = state.seen.as_ref().ok_or("no metadata was ever whole")?;
        let chain = Self {
            root: read(state.root.as_bytes())?,
            timestamp: read(seen.timestamp.text.as_bytes())?,
            snapshot: read(seen.snapshot.text.as_bytes())?,
            targets: read(targets)?,
        };
        let root = &chain.root.signed;
        root.verify_role(&chain.timestamp).map_err(|error| error.to_string())?;
        root.verify_role(&chain.snapshot).map_err(|error| error.to_string())?;
        root.verify_role(&chain.targets).map_err(|error| error.to_string())?;
        Ok(chain)
    }

    pub(super) fn versions(&self) -> Versions {
        Versions {
            root: self.root.signed.version.get(),
            timestamp: self.timestamp.signed.version.get(),
            snapshot: self.snapshot.signed.version.get(),
            targets: self.targets.signed.version.get(),
        }
    }

    /// When each role expires.
    fn expiries(&self) -> [(RoleType, Timestamp); 4] {
        [
            (RoleType::Root, self.root.signed.expires()),
            (RoleType::Timestamp, self.timestamp.signed.expires()),
            (RoleType::Snapshot, self.snapshot.signed.expires()),
            (RoleType::Targets, self.targets.signed.expires()),
        ]
    }

    /// When the first of them expires.
    pub(super) fn expires(&self) -> Timestamp {
        self.expiries().into_iter().map(|(_, at)| at).min().expect("there are four")
    }

    /// What has expired, one line each.
    pub(super) fn expired(&self, now: Timestamp) -> Vec<String> {
        self.over(now).map(|(role, at)| told(role, at, now)).collect()
    }

    fn over(&self, now: Timestamp) -> impl Iterator<Item = (RoleType, Timestamp)> {
        self.expiries().into_iter().filter(move |(_, at)| *at <= now)
    }

    /// Everything against trusting it after `old`.
    pub(super) fn problems(&self, old: Option<&State>, now: Timestamp) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (role, at) in self.over(now) {
            let mut problem = Problem::new("the metadata has expired").note(told(role, at, now));
            if role == RoleType::Root {
                problem.notes.push(roots_end(self.root.signed.version.get() + 1));
            }
            problems.push(problem.help(
                "a repository that is kept is signed anew in time: the server may be holding newer metadata back; \
                 try another mirror, and look at this machine's clock",
            ));
        }
        if !self.root.signed.consistent_snapshot {
            problems.push(Problem::new("the repository has no consistent snapshots").note(
                "`consistent_snapshot` of its root is false: what is being replaced could not be read",
            ));
        }
        if let Some(old) = old {
            let (was, is) = (old.versions(), self.versions());
            // Keys that were replaced may have signed versions out of reach.
            let rotated = rotated(&old.root, &self.root.signed);
            let rows = [
                ("root", was.root, is.root, false),
                ("timestamp", was.timestamp, is.timestamp, rotated),
                ("snapshot", was.snapshot, is.snapshot, rotated),
                ("targets", was.targets, is.targets, rotated),
            ];
            for (role, was, is, _) in rows.into_iter().filter(|(_, was, is, excused)| is < was && !excused) {
                problems.push(older(role, was, is));
            }
        }
        problems
    }
}

fn told(role: RoleType, at: Timestamp, now: Timestamp) -> String {
    format!("the {role} role expired at {at:.0}; now is {now:.0}")
}
