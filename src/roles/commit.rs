// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The state of a repository, signed anew: the moment at which a publication happens.

use std::num::NonZeroU64;

use jiff::Timestamp;
use tough::schema::{self, Hashes, Metafile, Root, Signed, Snapshot, Targets};

use super::head::{Head, Versions};
use super::role::Lifetimes;
use super::{Keys, Role, canonical, signed};
use crate::model::{Class, Failure, Problem, Sha256};
use crate::repository::{Catalog, SPEC_VERSION, layout, to_targets};
use crate::store::{Created, Replaced, Stamp, Store};

/// How a commit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    /// Readers see these versions from now on.
    Done(Versions),
    /// Somebody else was faster: read the head again and do it on top of theirs.
    Changed,
}

/// What is signed anew: a role, and with it all that point at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Renew {
    /// The timestamp alone.
    Timestamp,
    /// The snapshot and the timestamp.
    Snapshot,
    /// The targets and both.
    Targets,
}

impl Head {
    /// Makes this catalog the repository's. Its objects must all be there.
    ///
    /// Targets and snapshot are new objects; a number that an unfinished run took is left out. Then the
    /// timestamp is replaced if it still is the one that this head was read from: that one write decides.
    ///
    /// # Errors
    /// A key is not at hand or does not sign, or the store cannot be written.
    pub fn commit(
        &self,
        store: &Store,
        catalog: &Catalog,
        keys: &Keys,
        now: Timestamp,
    ) -> Result<Commit, Failure> {
        self.write(store, &[self.root()], catalog, Renew::Targets, keys, now)
    }

    /// Signs the same state anew.
    ///
    /// # Errors
    /// A key is not at hand or does not sign, or the store cannot be written.
    pub fn renew(&self, store: &Store, renew: Renew, keys: &Keys, now: Timestamp) -> Result<Commit, Failure> {
        self.write(store, &[self.root()], self.catalog(), renew, keys, now)
    }

    /// The same with the keys of several roots, the first of which must be satisfied.
    pub(super) fn write(
        &self,
        store: &Store,
        roots: &[&Root],
        catalog: &Catalog,
        renew: Renew,
        keys: &Keys,
        now: Timestamp,
    ) -> Result<Commit, Failure> {
        let writer = Writer { store, roots, keys, now };
        let mut versions = self.versions();
        let mut targets = self.snapshot.signed.meta.get("targets.json").cloned();
        if renew >= Renew::Targets {
            let written = writer.targets(catalog, versions.targets)?;
            versions.targets = written.version.get();
            targets = Some(written);
        }
        let mut snapshot = self.timestamp.signed.meta.get("snapshot.json").cloned();
        if renew >= Renew::Snapshot {
            let written = writer
                .snapshot(targets.expect("a verified snapshot names its targets"), versions.snapshot)?;
            versions.snapshot = written.version.get();
            snapshot = Some(written);
        }
        let snapshot = snapshot.expect("a verified timestamp names its snapshot");
        versions.timestamp = versions.timestamp.checked_add(1).ok_or_else(|| used_up(Role::Timestamp))?;
        versions.root = roots.iter().map(|root| root.version.get()).max().unwrap_or(versions.root);
        match writer.timestamp(snapshot, versions.timestamp, Some(&self.stamp))? {
            Replaced::Done => Ok(Commit::Done(versions)),
            Replaced::Changed => Ok(Commit::Changed),
        }
    }
}

/// Writes roles with the keys at hand.
pub(super) struct Writer<'a> {
    pub(super) store: &'a Store,
    pub(super) roots: &'a [&'a Root],
    pub(super) keys: &'a Keys,
    pub(super) now: Timestamp,
}

impl Writer<'_> {
    fn expires(&self, role: Role) -> Timestamp {
        Lifetimes::of(self.roots[0]).expiry(role, self.now)
    }

    fn sign<T: serde::Serialize>(&self, role: Role, signed: T) -> Result<Vec<u8>, Failure> {
        let signed: Signed<T> = signed::sign(self.roots, role, signed, self.keys)?;
        Ok(canonical::document(&signed))
    }

    /// Writes targets of a version later than `last`.
    pub(super) fn targets(&self, catalog: &Catalog, last: u64) -> Result<Metafile, Failure> {
        let expires = self.expires(Role::Targets);
        let mut targets: Targets = canonical::composed(to_targets(catalog, NonZeroU64::MIN, expires)?);
        self.place(Role::Targets, last, |version| {
            targets.version = version;
            self.sign(Role::Targets, &targets)
        })
    }

    /// Writes a snapshot of a version later than `last`.
    pub(super) fn snapshot(&self, targets: Metafile, last: u64) -> Result<Metafile, Failure> {
        let expires = self.expires(Role::Snapshot);
        self.place(Role::Snapshot, last, |version| {
            let mut snapshot = Snapshot::new(SPEC_VERSION.to_owned(), version, expires);
            snapshot.meta.insert("targets.json".to_owned(), targets.clone());
            self.sign(Role::Snapshot, snapshot)
        })
    }

    /// Puts a timestamp in the place of the one that was read.
    pub(super) fn timestamp(
        &self,
        snapshot: Metafile,
        version: u64,
        was: Option<&Stamp>,
    ) -> Result<Replaced, Failure> {
        let version = NonZeroU64::new(version).ok_or_else(|| used_up(Role::Timestamp))?;
        let expires = self.expires(Role::Timestamp);
        let mut timestamp = schema::Timestamp::new(SPEC_VERSION.to_owned(), version, expires);
        timestamp.meta.insert("snapshot.json".to_owned(), snapshot);
        let bytes = self.sign(Role::Timestamp, timestamp)?;
        self.store.replace(layout::TIMESTAMP, &bytes, was)
    }

    /// Writes a role under the first free number after `last`.
    fn place(
        &self,
        role: Role,
        last: u64,
        mut make: impl FnMut(NonZeroU64) -> Result<Vec<u8>, Failure>,
    ) -> Result<Metafile, Failure> {
        let mut number = last;
        loop {
            number = number.checked_add(1).ok_or_else(|| used_up(role))?;
            let version = NonZeroU64::new(number).ok_or_else(|| used_up(role))?;
            let bytes = make(version)?;
            match self.store.create(&layout::role(version, role.word()), &bytes)? {
                Created::New | Created::Same => {
                    let hashes = Hashes {
                        sha256: Sha256::of(&bytes).0.to_vec().into(),
                        _extra: std::collections::HashMap::new(),
                    };
                    return Ok(Metafile {
                        length: Some(bytes.len() as u64),
                        hashes: Some(hashes),
                        version,
                        _extra: std::collections::HashMap::new(),
                    });
                }
                // Somebody else's, finished or not: numbers need only grow.
                Created::Other(_) => {}
            }
        }
    }
}

fn used_up(role: Role) -> Failure {
    let problem = Problem::new(format!("the numbers of the {role} are used up"))
        .note("somebody with its key signed the last number that there is")
        .help("make a new repository with new keys");
    Failure::new(Class::Verification, problem)
}
