// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The four roles of a repository, and how long what they sign is good for.

use std::collections::HashMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tough::schema::{RoleType, Root};

/// A role of The Update Framework.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Says which keys the roles have.
    Root,
    /// Says what the releases are.
    Targets,
    /// Says which metadata belongs together.
    Snapshot,
    /// Says what the newest snapshot is.
    Timestamp,
}

impl Role {
    /// All of them, the most trusted first.
    pub const ALL: [Self; 4] = [Self::Root, Self::Targets, Self::Snapshot, Self::Timestamp];

    /// Its name in the metadata.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Targets => "targets",
            Self::Snapshot => "snapshot",
            Self::Timestamp => "timestamp",
        }
    }

    pub(super) fn tuf(self) -> RoleType {
        match self {
            Self::Root => RoleType::Root,
            Self::Targets => RoleType::Targets,
            Self::Snapshot => RoleType::Snapshot,
            Self::Timestamp => RoleType::Timestamp,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// For how many days each role's metadata is good from when it is signed.
///
/// They stand in the root, as `x-lustre-dist-days`, so that everybody who signs goes by the same ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lifetimes {
    /// The root, which only its holders can renew.
    pub root: u16,
    /// The releases, renewed by every publication.
    pub targets: u16,
    /// The snapshot, renewed by every publication.
    pub snapshot: u16,
    /// The timestamp, renewed from a timer: for so long can a reader be shown an old state.
    pub timestamp: u16,
}

const DAYS: &str = "x-lustre-dist-days";

impl Default for Lifetimes {
    fn default() -> Self {
        Self { root: 365, targets: 90, snapshot: 30, timestamp: 7 }
    }
}

impl Lifetimes {
    /// Those that a root asks for; the usual ones where another program made it.
    #[must_use]
    pub fn of(root: &Root) -> Self {
        let days = root._extra.get(DAYS).cloned();
        days.and_then(|days| serde_json::from_value(days).ok()).unwrap_or_default()
    }

    pub(super) fn write(self, extra: &mut HashMap<String, Value>) {
        let days = serde_json::to_value(self).expect("days are plain data");
        extra.insert(DAYS.to_owned(), days);
    }

    /// The days of a role.
    #[must_use]
    pub fn days(self, role: Role) -> u16 {
        match role {
            Role::Root => self.root,
            Role::Targets => self.targets,
            Role::Snapshot => self.snapshot,
            Role::Timestamp => self.timestamp,
        }
    }

    /// When what a role signs `now` expires. The metadata has whole seconds.
    pub(super) fn expiry(self, role: Role, now: Timestamp) -> Timestamp {
        let whole = Timestamp::from_second(now.as_second()).unwrap_or(now);
        whole.saturating_add(days(self.days(role))).unwrap_or(Timestamp::MAX)
    }

    /// Whether less than a third of its time is left, which is when it should be signed anew.
    #[must_use]
    pub fn is_near(self, role: Role, expires: Timestamp, now: Timestamp) -> bool {
        expires.duration_since(now) < days(self.days(role)) / 3
    }
}

fn days(count: u16) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(count))
}

/// The whole days until `expires`, negative when it is past.
#[must_use]
pub fn days_left(expires: Timestamp, now: Timestamp) -> i64 {
    // Metadata has whole seconds: what was signed in this one has all its days.
    (expires.as_second() - now.as_second()).div_euclid(24 * 60 * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_whole_and_count_down() {
        let now: Timestamp = "2026-11-23T12:00:00.75Z".parse().unwrap();
        let lifetimes = Lifetimes::default();
        let expires = lifetimes.expiry(Role::Timestamp, now);
        assert_eq!(expires.to_string(), "2026-11-30T12:00:00Z");
        assert_eq!(days_left(expires, "2026-11-23T12:00:00Z".parse().unwrap()), 7);
        assert_eq!(days_left(expires, "2026-11-30T11:00:00Z".parse().unwrap()), 0);
        assert_eq!(days_left(expires, "2026-11-30T12:00:01Z".parse().unwrap()), -1);
        assert!(!lifetimes.is_near(Role::Timestamp, expires, "2026-11-28T03:00:00Z".parse().unwrap()));
        assert!(lifetimes.is_near(Role::Timestamp, expires, "2026-11-28T05:00:00Z".parse().unwrap()));
    }
}
