// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The current state of a repository, read back and verified.

use std::fmt;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tough::schema::{self, Metafile, Root, Signed, Snapshot, Targets};

use super::chain::{self, Rooted};
use super::role::{Lifetimes, days_left};
use super::{KeyId, Keys, Role, canonical, lost, public, signed};
use crate::model::{Class, Failure, Problem, Sha256};
use crate::repository::{Catalog, from_targets, layout};
use crate::store::{Stamp, Store};

/// A timestamp of more bytes is none of ours.
const LARGEST_TIMESTAMP: u64 = 1 << 16;
/// The same of the others: 2,000 releases have targets of about 1 MB.
const LARGEST_SNAPSHOT: u64 = 1 << 20;
const LARGEST_TARGETS: u64 = 1 << 26;

/// Whether metadata that is past its date will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// No: nothing may be expired at this time.
    At(Timestamp),
    /// Yes: for those who are to renew it, or to report on it.
    ExpiredToo,
}

/// The versions of the four roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// Grows with every change of the keys.
    pub root: u64,
    /// Grows with every change of what there is to fetch.
    pub targets: u64,
    /// Grows with every publication.
    pub snapshot: u64,
    /// Grows with every signature on the state.
    pub timestamp: u64,
}

impl Versions {
    /// Of each role the newer one.
    #[must_use]
    pub fn newest(self, other: Self) -> Self {
        Self {
            root: self.root.max(other.root),
            targets: self.targets.max(other.targets),
            snapshot: self.snapshot.max(other.snapshot),
            timestamp: self.timestamp.max(other.timestamp),
        }
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { root, targets, snapshot, timestamp } = self;
        write!(f, "root {root}, targets {targets}, snapshot {snapshot}, timestamp {timestamp}")
    }
}

/// A repository's verified metadata.
#[derive(Debug, Clone)]
pub struct Head {
    pub(super) roots: Vec<Rooted>,
    pub(super) timestamp: Signed<schema::Timestamp>,
    pub(super) snapshot: Signed<Snapshot>,
    pub(super) targets: Signed<Targets>,
    pub(super) stamp: Stamp,
    pub(super) catalog: Catalog,
}

impl Head {
    /// Reads and verifies everything from the trusted root on; from the repository's own first root where
    /// none is given. Who signs must give one: else whoever writes to the store chooses what is signed.
    ///
    /// # Errors
    /// There is no repository, something of it is missing, not signed as it must be, or expired.
    pub fn read(store: &Store, trusted: Option<&[u8]>, freshness: Freshness) -> Result<Self, Failure> {
        let roots = chain::read(store, trusted)?;
        let newest = roots.last().expect("one at least").signed.signed.clone();
        let head = Self::under(store, roots, &[&newest])?;
        if let Freshness::At(now) = freshness {
            head.fresh(store, now)?;
        }
        Ok(head)
    }

    /// Reads and verifies everything as who keeps a repository must: from the root that is pinned with the keys,
    /// and nothing that is older than what was seen with them. What is expired will do.
    ///
    /// # Errors
    /// As of [`Head::read`]; no root is pinned, or an old copy of the repository was put back.
    pub fn held(store: &Store, keys: &Keys) -> Result<Self, Failure> {
        let head = Self::read(store, Some(keys.trusted()?), Freshness::ExpiredToo)?;
        keys.hold(head.versions(), store)?;
        Ok(head)
    }

    /// Reads the roles as signed by the keys of any of these roots.
    pub(super) fn under(store: &Store, roots: Vec<Rooted>, any: &[&Root]) -> Result<Self, Failure> {
        let path = layout::TIMESTAMP;
        let Some((bytes, stamp)) = store.read(path, LARGEST_TIMESTAMP)? else {
            let begun = || {
                let help = format!("`lustre-dist repo init {}` goes on where it stopped", store.at());
                Failure::new(Class::Verification, missing(path).help(help))
            };
            return Err(lost::lost(store)?.unwrap_or_else(begun));
        };
        let timestamp: Signed<schema::Timestamp> = canonical::read(&bytes, Role::Timestamp, path)?;
        verify(any, Role::Timestamp, &timestamp, path)?;

        let meta = metafile(&timestamp.signed.meta, Role::Snapshot, path)?;
        let (path, snapshot): (_, Signed<Snapshot>) = follow(store, Role::Snapshot, meta, LARGEST_SNAPSHOT)?;
        verify(any, Role::Snapshot, &snapshot, &path)?;

        let meta = metafile(&snapshot.signed.meta, Role::Targets, &path)?;
        let (path, targets): (_, Signed<Targets>) = follow(store, Role::Targets, meta, LARGEST_TARGETS)?;
        verify(any, Role::Targets, &targets, &path)?;
        if targets.signed.delegations.as_ref().is_some_and(|delegations| !delegations.roles.is_empty()) {
            let problem = Problem::new("the repository delegates targets to other roles")
                .note("this tool does not, and would lose them")
                .help("keep it with the program that made it");
            return Err(Failure::new(Class::Verification, problem));
        }
        let catalog = from_targets(&targets.signed)?;
        Ok(Self { roots, timestamp, snapshot, targets, stamp, catalog })
    }

    /// Fails where something is expired.
    fn fresh(&self, store: &Store, now: Timestamp) -> Result<(), Failure> {
        let failures = Role::ALL.into_iter().filter_map(|role| {
            let expires = self.expires(role);
            (expires <= now).then(|| Failure::new(Class::Verification, expired(store, role, expires, now)))
        });
        Failure::all(failures.collect()).map_or(Ok(()), Err)
    }

    /// What there is.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The newest root.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.newest().signed.signed
    }

    /// The newest root as it is stored.
    #[must_use]
    pub fn root_bytes(&self) -> &[u8] {
        &self.newest().bytes
    }

    pub(super) fn newest(&self) -> &Rooted {
        self.roots.last().expect("one at least")
    }

    /// The versions.
    #[must_use]
    pub fn versions(&self) -> Versions {
        Versions {
            root: self.newest().version(),
            targets: self.targets.signed.version.get(),
            snapshot: self.snapshot.signed.version.get(),
            timestamp: self.timestamp.signed.version.get(),
        }
    }

    /// Until when a role's metadata is good.
    #[must_use]
    pub fn expires(&self, role: Role) -> Timestamp {
        match role {
            Role::Root => self.root().expires,
            Role::Targets => self.targets.signed.expires,
            Role::Snapshot => self.snapshot.signed.expires,
            Role::Timestamp => self.timestamp.signed.expires,
        }
    }

    /// The keys of a role with their kinds.
    #[must_use]
    pub fn keys(&self, role: Role) -> Vec<(KeyId, &'static str)> {
        let kind = |id: &KeyId| self.root().keys.get(&id.0).map_or("missing", public::kind);
        signed::key_ids(self.root(), role).into_iter().map(|id| (id.clone(), kind(&id))).collect()
    }

    /// How many of a role's keys must sign.
    #[must_use]
    pub fn threshold(&self, role: Role) -> u64 {
        signed::threshold(self.root(), role)
    }

    /// The roles that a key has.
    #[must_use]
    pub fn roles_of(&self, id: &KeyId) -> Vec<Role> {
        let has = |role: &Role| signed::key_ids(self.root(), *role).contains(id);
        Role::ALL.into_iter().filter(has).collect()
    }

    /// Whether readers will accept what is signed under this root; to be asked before anything is uploaded. The
    /// other roles are signed anew with what is published.
    ///
    /// # Errors
    /// The root is expired.
    pub fn readable(&self, store: &Store, now: Timestamp) -> Result<(), Failure> {
        let expires = self.expires(Role::Root);
        if expires > now {
            return Ok(());
        }
        Err(Failure::new(Class::Verification, expired(store, Role::Root, expires, now)))
    }

    /// The roles that expire before long.
    #[must_use]
    pub fn near(&self, store: &Store, now: Timestamp) -> Vec<(Role, Problem)> {
        let lifetimes = Lifetimes::of(self.root());
        let near = |role: &Role| {
            let expires = self.expires(*role);
            expires > now && lifetimes.is_near(*role, expires, now)
        };
        let tell = |role: Role| {
            let expires = self.expires(role);
            let days = days_left(expires, now);
            let problem = Problem::new(format!("the {role} role expires in {days} days, on {expires}"))
                .help(format!("`lustre-dist repo refresh {}` signs it anew", store.at()));
            (role, problem)
        };
        Role::ALL.into_iter().filter(near).map(tell).collect()
    }

    /// Whether these keys can sign a root that follows.
    ///
    /// # Errors
    /// Too few of the root's keys are at hand.
    pub fn able_root(&self, keys: &Keys) -> Result<(), Failure> {
        signed::able(self.root(), Role::Root, keys)
    }

    /// Whether these keys can sign for publication; to be asked before anything is uploaded.
    ///
    /// # Errors
    /// A role has too few keys at hand.
    pub fn able(&self, keys: &Keys) -> Result<(), Failure> {
        let roles = [Role::Targets, Role::Snapshot, Role::Timestamp];
        let failures = roles.into_iter().filter_map(|role| signed::able(self.root(), role, keys).err());
        Failure::all(failures.collect()).map_or(Ok(()), Err)
    }
}

/// That a role is expired, and what to do.
pub(super) fn expired(store: &Store, role: Role, expires: Timestamp, now: Timestamp) -> Problem {
    let ago = match now.duration_since(expires).as_secs() / (24 * 60 * 60) {
        0 => "less than a day ago".to_owned(),
        1 => "1 day ago".to_owned(),
        days => format!("{days} days ago"),
    };
    let problem = Problem::new(format!("the {role} role of `{}` expired {ago}", store.at()))
        .note(format!("it was good until {expires}; readers refuse it"));
    problem.help(format!("`lustre-dist repo refresh {}` signs it anew", store.at()))
}

pub(super) fn missing(path: &str) -> Problem {
    Problem::new(format!("`{path}` is missing"))
}

fn verify<T: schema::Role>(
    any: &[&Root],
    role: Role,
    role_signed: &Signed<T>,
    path: &str,
) -> Result<(), Failure> {
    let mut last = Ok(());
    for root in any {
        last = signed::verify(root, role, role_signed, path);
        if last.is_ok() {
            break;
        }
    }
    last
}

/// What one role says of the next.
fn metafile<'a>(
    meta: &'a std::collections::HashMap<String, Metafile>,
    role: Role,
    path: &str,
) -> Result<&'a Metafile, Failure> {
    let none = || Failure::new(Class::Verification, Problem::new(format!("`{path}` names no {role}")));
    meta.get(&format!("{role}.json")).ok_or_else(none)
}

/// Reads the metadata that another role names.
fn follow<T: DeserializeOwned + schema::Role>(
    store: &Store,
    role: Role,
    meta: &Metafile,
    largest: u64,
) -> Result<(String, Signed<T>), Failure> {
    let path = layout::role(meta.version, role.word());
    let wrong = |why: String| {
        let problem = Problem::new(format!("`{path}` is not the {role} that is signed for")).note(why);
        Failure::new(Class::Verification, problem)
    };
    let most = meta.length.unwrap_or(largest).min(largest);
    let (bytes, _) =
        store.read(&path, most)?.ok_or_else(|| Failure::new(Class::Verification, missing(&path)))?;
    if let Some(length) = meta.length
        && length != bytes.len() as u64
    {
        return Err(wrong(format!("it has {} bytes instead of {length}", bytes.len())));
    }
    if let Some(hashes) = &meta.hashes
        && hashes.sha256 != Sha256::of(&bytes).0[..]
    {
        return Err(wrong(format!("its sha256 is {}", Sha256::of(&bytes))));
    }
    let signed: Signed<T> = canonical::read(&bytes, role, &path)?;
    if signed.signed.version() != meta.version {
        return Err(wrong(format!("it says that it is version {}", signed.signed.version())));
    }
    Ok((path, signed))
}
