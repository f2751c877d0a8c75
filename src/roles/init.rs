// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A new repository.

use std::collections::HashMap;
use std::num::NonZeroU64;

use jiff::Timestamp;
use tough::schema::{RoleKeys, Root};

use super::chain::{self, Rooted};
use super::commit::Writer;
use super::head::{Freshness, Head};
use super::lost::lost;
use super::role::Lifetimes;
use super::{Keys, Role, Signer, canonical, signed};
use crate::model::{Class, Failure, Problem};
use crate::repository::{Catalog, SPEC_VERSION, layout};
use crate::store::{Created, Replaced, Store};

/// What a new repository is to be like.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// How many keys its root has.
    pub root_keys: usize,
    /// How many of them must sign.
    pub threshold: u64,
    /// Whether snapshot and timestamp have keys of their own; else they share `online`.
    pub separate: bool,
    /// For how long metadata is good.
    pub lifetimes: Lifetimes,
}

impl Default for Terms {
    fn default() -> Self {
        Self { root_keys: 1, threshold: 1, separate: false, lifetimes: Lifetimes::default() }
    }
}

/// Makes an empty repository. Keys that the folder lacks are made: `root-1` and so on, `targets`, and
/// `online` or `snapshot` and `timestamp`; those that it has, by these names, are taken. The root is
/// pinned there. One that was stopped half-way goes on.
///
/// # Errors
/// There is one already, the terms make no sense, a key cannot be made, or the store cannot be written.
pub fn init(store: &Store, keys: &mut Keys, terms: &Terms, now: Timestamp) -> Result<Head, Failure> {
    let root = match store.read(&layout::role(1, Role::Root.word()), chain::LARGEST)? {
        Some((bytes, _)) => begun(store, keys, bytes)?,
        None if keys.pinned().is_some() => {
            let problem = Problem::new(format!(
                "the folder of keys `{}` is that of another repository",
                keys.folder().display()
            ));
            let problem = problem
                .note("it has a `root.json`, and there is no repository at the address")
                .help("name another folder with `--keys`; to use the same keys again, take `root.json` away");
            return Err(Failure::new(Class::Usage, problem));
        }
        None => {
            store.probe()?;
            // What was seen with these keys was another repository.
            keys.forget()?;
            first(store, keys, terms, now)?
        }
    };
    keys.pin(&root.bytes)?;
    let roots = [&root.signed.signed];
    let writer = Writer { store, roots: &roots, keys, now };
    let targets = writer.targets(&Catalog::default(), 0)?;
    let snapshot = writer.snapshot(targets, 0)?;
    if writer.timestamp(snapshot, 1, None)? == Replaced::Changed {
        return Err(exists(store));
    }
    write_copy(store, &root)?;
    Head::read(store, Some(&root.bytes), Freshness::At(now))
}

/// The first root of a run that did not come to its end; ours alone.
fn begun(store: &Store, keys: &Keys, bytes: Vec<u8>) -> Result<Rooted, Failure> {
    let root = Rooted::read(bytes, &layout::role(1, Role::Root.word()))?;
    let ids = root.signed.signed.keys.keys();
    let ours = keys.pinned().is_none_or(|pinned| pinned == root.bytes)
        && ids.clone().all(|id| keys.get(&super::KeyId(id.clone())).is_some());
    if store.read(layout::TIMESTAMP, 1 << 16)?.is_some() {
        return Err(exists(store));
    }
    if let Some(lost) = lost(store)? {
        return Err(lost);
    }
    if ours { Ok(root) } else { Err(exists(store)) }
}

fn exists(store: &Store) -> Failure {
    let problem = Problem::new(format!("there is a repository at `{}` already", store.at()))
        .help(format!("`lustre-dist repo status {}` shows it", store.at()));
    Failure::new(Class::NothingToDo, problem)
}

fn first(store: &Store, keys: &mut Keys, terms: &Terms, now: Timestamp) -> Result<Rooted, Failure> {
    if terms.threshold == 0 || terms.threshold > terms.root_keys as u64 {
        let problem = Problem::new(format!(
            "the threshold is {}, and the number of root keys {}",
            terms.threshold, terms.root_keys
        ));
        return Err(Failure::new(Class::Usage, problem.help("it must be from 1 to the number of the keys")));
    }
    let mut given = Given { root: empty(terms.lifetimes, now) };
    for number in 1..=terms.root_keys {
        given.to(&[Role::Root], keys.make(&format!("root-{number}"))?);
    }
    given.to(&[Role::Targets], keys.make("targets")?);
    if terms.separate {
        given.to(&[Role::Snapshot], keys.make("snapshot")?);
        given.to(&[Role::Timestamp], keys.make("timestamp")?);
    } else {
        given.to(&[Role::Snapshot, Role::Timestamp], keys.make("online")?);
    }
    let mut root = given.root;
    let threshold = NonZeroU64::new(terms.threshold).expect("it was looked at");
    root.roles.get_mut(&Role::Root.tuf()).expect("it has keys").threshold = threshold;
    for role in Role::ALL {
        signed::able(&root, role, keys)?;
    }
    let signed = signed::sign(&[&root.clone()], Role::Root, root, keys)?;
    let bytes = canonical::document(&signed);
    match store.create(&layout::role(1, Role::Root.word()), &bytes)? {
        Created::New | Created::Same => Ok(Rooted { signed, bytes }),
        Created::Other(_) => Err(exists(store)),
    }
}

fn empty(lifetimes: Lifetimes, now: Timestamp) -> Root {
    let mut extra = HashMap::new();
    lifetimes.write(&mut extra);
    Root {
        spec_version: SPEC_VERSION.to_owned(),
        consistent_snapshot: true,
        version: NonZeroU64::MIN,
        expires: lifetimes.expiry(Role::Root, now),
        keys: HashMap::new(),
        roles: HashMap::new(),
        _extra: extra,
    }
}

/// A root that keys are given to.
struct Given {
    root: Root,
}

impl Given {
    fn to(&mut self, roles: &[Role], signer: &Signer) {
        self.root.keys.insert(signer.id.0.clone(), signer.key.clone());
        for role in roles {
            let none = || RoleKeys { keyids: Vec::new(), threshold: NonZeroU64::MIN, _extra: HashMap::new() };
            self.root.roles.entry(role.tuf()).or_insert_with(none).keyids.push(signer.id.0.clone());
        }
    }
}

/// Writes the copy of the newest root at the top, unless a newer one is there. Says whether it did.
pub(super) fn write_copy(store: &Store, root: &Rooted) -> Result<bool, Failure> {
    loop {
        let was = store.read(layout::ROOT, chain::LARGEST)?;
        if let Some((bytes, _)) = &was {
            let there = canonical::read::<Root>(bytes, Role::Root, layout::ROOT);
            let newer = there.is_ok_and(|there| there.signed.version > root.signed.signed.version);
            if newer || *bytes == root.bytes {
                return Ok(false);
            }
        }
        let stamp = was.map(|(_, stamp)| stamp);
        if store.replace(layout::ROOT, &root.bytes, stamp.as_ref())? == Replaced::Done {
            return Ok(true);
        }
    }
}
