// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The next root: other keys, another threshold, or just a later date.
//!
//! A root is valid when both the threshold of the root before it and its own are met, so its holders may
//! sign one after the other: a [`Draft`] is a file that goes from one to the next.
//!
//! When a role gets other keys, what it signed must be valid for readers who have the new root and for those
//! who do not have it yet. So first everything is signed with the old keys and the new, then the root is
//! published, then everything is signed with the new keys alone: at no time is there a gap, and a run
//! that is killed leaves a valid repository. Without the old keys, lost ones say, there is a gap between
//! the root and the signatures.

use std::collections::BTreeSet;
use std::num::NonZeroU64;

use jiff::Timestamp;
use tough::schema::key::Key;
use tough::schema::{Root, Signed};

use super::chain::Rooted;
use super::commit::{Commit, Renew};
use super::head::{Freshness, Head};
use super::init::write_copy;
use super::role::Lifetimes;
use super::{KeyId, Keys, Role, canonical, signed};
use crate::model::{Class, Failure, Problem};
use crate::repository::layout;
use crate::store::{Created, Store};

/// What is to be another in the next root.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// The roles whose keys change.
    pub roles: BTreeSet<Role>,
    /// Keys that each of them gets.
    pub add: Vec<Key>,
    /// Keys that each of them loses.
    pub remove: Vec<KeyId>,
    /// How many keys of the root must sign.
    pub threshold: Option<u64>,
    /// For how long metadata is good.
    pub lifetimes: Option<Lifetimes>,
}

/// The next root, with the signatures that it has so far.
#[derive(Debug, Clone)]
pub struct Draft {
    root: Signed<Root>,
}

/// Signatures that a draft still needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// The version of the root whose keys they are.
    pub root: u64,
    /// How many of its keys have signed.
    pub have: u64,
    /// How many must.
    pub need: u64,
}

impl Draft {
    /// The root that follows, unsigned.
    ///
    /// # Errors
    /// The change makes no sense for this repository.
    pub fn new(head: &Head, change: &Change, now: Timestamp) -> Result<Self, Failure> {
        let mut root = head.root().clone();
        root.version =
            root.version.checked_add(1).ok_or_else(|| wrong("there is no later number of a root".into()))?;
        if let Some(lifetimes) = change.lifetimes {
            lifetimes.write(&mut root._extra);
        }
        root.expires = Lifetimes::of(&root).expiry(Role::Root, now);
        for role in &change.roles {
            change_keys(&mut root, *role, change)?;
        }
        let keys =
            root.roles.get_mut(&Role::Root.tuf()).ok_or_else(|| wrong("the root has no keys".into()))?;
        let count = keys.keyids.len();
        if let Some(threshold) = change.threshold {
            keys.threshold = NonZeroU64::new(threshold)
                .ok_or_else(|| wrong("a threshold of 0 would trust anybody".into()))?;
        }
        if keys.threshold.get() > count as u64 {
            let why = format!("{} root keys would have to sign, and there are {count}", keys.threshold);
            return Err(wrong(why));
        }
        let used: BTreeSet<KeyId> =
            Role::ALL.into_iter().flat_map(|role| signed::key_ids(&root, role)).collect();
        root.keys.retain(|id, _| used.contains(&KeyId(id.clone())));
        Ok(Self { root: Signed { signed: root, signatures: Vec::new() } })
    }

    /// Reads a draft that others may have signed.
    ///
    /// # Errors
    /// It is no root.
    pub fn read(bytes: &[u8], path: &str) -> Result<Self, Failure> {
        canonical::read(bytes, Role::Root, path).map(|root| Self { root })
    }

    /// The draft as a file.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        canonical::document(&self.root)
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.root.signed.version.get()
    }

    /// The root itself.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.root.signed
    }

    /// Adds the signatures of the keys at hand; says how many.
    ///
    /// # Errors
    /// It is not the root that follows, or a key does not sign.
    pub fn sign(&mut self, head: &Head, keys: &Keys) -> Result<usize, Failure> {
        self.follows(head)?;
        let next = self.root.signed.clone();
        let old = signed::add(&mut self.root, head.root(), Role::Root, keys)?;
        Ok(old + signed::add(&mut self.root, &next, Role::Root, keys)?)
    }

    /// What it still needs before it can be published.
    #[must_use]
    pub fn lacks(&self, head: &Head) -> Vec<Lack> {
        let lack = |root: &Root| {
            let have = signed::count(root, Role::Root, &self.root);
            Lack { root: root.version.get(), have, need: signed::threshold(root, Role::Root) }
        };
        let both = [lack(head.root()), lack(&self.root.signed)];
        both.into_iter().filter(|lack| lack.have < lack.need).collect()
    }

    fn follows(&self, head: &Head) -> Result<(), Failure> {
        let newest = head.versions().root;
        if self.version() == newest + 1 {
            return Ok(());
        }
        let problem = Problem::new(format!(
            "the draft is root {}, and the repository has root {newest}",
            self.version()
        ))
        .help("somebody else changed the root: start with a new draft");
        Err(Failure::new(Class::Usage, problem))
    }

    /// Makes this the repository's root and signs with the new keys what the old ones signed.
    ///
    /// # Errors
    /// It lacks signatures, a key of a role that changed is not at hand, somebody else changed the root, or
    /// the store cannot be written.
    pub fn publish(
        self,
        store: &Store,
        head: &Head,
        keys: &mut Keys,
        now: Timestamp,
    ) -> Result<Head, Failure> {
        self.follows(head)?;
        if let Some(failure) = self.unsigned(head, keys) {
            return Err(failure);
        }
        let (old, new) = (head.root().clone(), self.root.signed.clone());
        let renew = renewed(&old, &new);
        let roles = renew.map_or(&[][..], roles_of);
        let unable = roles.iter().filter_map(|role| signed::able(&new, *role, keys).err());
        Failure::all(unable.collect()).map_or(Ok(()), Err)?;
        if let Some(renew) = renew
            && roles.iter().all(|role| signed::able(&old, *role, keys).is_ok())
        {
            write_until_done(store, head, &[&old], &[&new, &old], renew, keys, now)?;
        }

        let root = Rooted { bytes: self.bytes(), signed: self.root };
        let path = layout::role(root.version(), Role::Root.word());
        if let Created::Other(_) = store.create(&path, &root.bytes)? {
            let problem = Problem::new("somebody else changed the root at the same time")
                .help("look at it with `lustre-dist repo status`, and run this again");
            return Err(Failure::new(Class::Source, problem));
        }
        write_copy(store, &root)?;
        keys.pin(&root.bytes)?;
        let mut roots = head.roots.clone();
        roots.push(root);
        let head = Head { roots, ..head.clone() };
        if let Some(renew) = renew {
            write_until_done(store, &head, &[&new, &old], &[&new], renew, keys, now)?;
        }
        Head::read(store, keys.pinned(), Freshness::ExpiredToo)
    }

    fn unsigned(&self, head: &Head, keys: &Keys) -> Option<Failure> {
        let lacks = self.lacks(head);
        let first = lacks.first()?;
        let mut problem = Problem::new(format!("root {} has too few signatures", self.version()));
        for Lack { root, have, need } in &lacks {
            problem = problem.note(format!("of the root keys of root {root}: {have} of {need}"));
        }
        // Says which keys are not at hand.
        let root = if first.root == self.version() { &self.root.signed } else { head.root() };
        if let Err(unable) = signed::able(root, Role::Root, keys) {
            problem.notes.extend(unable.problems.into_iter().flat_map(|problem| problem.notes));
        }
        let help = "let its holders sign one after the other: `--draft FILE`, then `lustre-dist repo sign-root` by each";
        Some(Failure::new(Class::Environment, problem.help(help)))
    }
}

fn wrong(why: String) -> Failure {
    Failure::new(Class::Usage, Problem::new(why))
}

fn change_keys(root: &mut Root, role: Role, change: &Change) -> Result<(), Failure> {
    for key in &change.add {
        root.keys.insert(KeyId::of(key).0, key.clone());
    }
    let keys =
        root.roles.get_mut(&role.tuf()).ok_or_else(|| wrong(format!("the root has no {role} role")))?;
    for id in &change.remove {
        if !keys.keyids.contains(&id.0) {
            return Err(wrong(format!("the {role} role has no key {}", id.short())));
        }
        keys.keyids.retain(|other| *other != id.0);
    }
    for key in &change.add {
        let id = KeyId::of(key);
        if keys.keyids.contains(&id.0) {
            return Err(wrong(format!("the {role} role has the key {} already", id.short())));
        }
        keys.keyids.push(id.0);
    }
    if keys.keyids.is_empty() {
        return Err(wrong(format!("the {role} role would be left without a key")));
    }
    Ok(())
}

/// What must be signed anew because its keys are others.
fn renewed(old: &Root, new: &Root) -> Option<Renew> {
    let differs = |role| {
        let keys = |root| -> BTreeSet<KeyId> { signed::key_ids(root, role).into_iter().collect() };
        keys(old) != keys(new) || signed::threshold(old, role) != signed::threshold(new, role)
    };
    [(Role::Targets, Renew::Targets), (Role::Snapshot, Renew::Snapshot), (Role::Timestamp, Renew::Timestamp)]
        .into_iter()
        .find_map(|(role, renew)| differs(role).then_some(renew))
}

fn roles_of(renew: Renew) -> &'static [Role] {
    match renew {
        Renew::Targets => &[Role::Targets, Role::Snapshot, Role::Timestamp],
        Renew::Snapshot => &[Role::Snapshot, Role::Timestamp],
        Renew::Timestamp => &[Role::Timestamp],
    }
}

/// Signs the state anew, on top of what others publish at the same time.
fn write_until_done(
    store: &Store,
    head: &Head,
    reading: &[&Root],
    signing: &[&Root],
    renew: Renew,
    keys: &Keys,
    now: Timestamp,
) -> Result<(), Failure> {
    loop {
        let head = Head::under(store, head.roots.clone(), reading)?;
        if let Commit::Done(_) = head.write(store, signing, head.catalog(), renew, keys, now)? {
            return Ok(());
        }
    }
}
