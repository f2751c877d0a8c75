// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The roots of a repository, from the one that is trusted to the newest.

use tough::schema::{Root, Signed};

use super::{Role, canonical, signed};
use crate::model::{Class, Failure, Problem};
use crate::repository::layout;
use crate::store::Store;

/// A root of more bytes is none of ours.
pub(super) const LARGEST: u64 = 1 << 20;

/// A root with the bytes that it is stored as.
#[derive(Debug, Clone)]
pub(super) struct Rooted {
    pub(super) signed: Signed<Root>,
    pub(super) bytes: Vec<u8>,
}

impl Rooted {
    /// Reads a root that signs for itself.
    pub(super) fn read(bytes: Vec<u8>, path: &str) -> Result<Self, Failure> {
        let root: Signed<Root> = canonical::read(&bytes, Role::Root, path)?;
        signed::verify(&root.signed, Role::Root, &root, path)?;
        Ok(Self { signed: root, bytes })
    }

    pub(super) fn version(&self) -> u64 {
        self.signed.signed.version.get()
    }
}

/// Reads every root from the trusted one, or from the first, to the newest. Each is signed by the one
/// before it and by itself, and no number is left out.
pub(super) fn read(store: &Store, trusted: Option<&[u8]>) -> Result<Vec<Rooted>, Failure> {
    let first = match trusted {
        Some(bytes) => trusted_root(store, bytes)?,
        None => {
            let path = layout::role(1, Role::Root.word());
            let (bytes, _) = store.read(&path, LARGEST)?.ok_or_else(|| none(store))?;
            Rooted::read(bytes, &path)?
        }
    };
    follow(store, vec![first])
}

/// Reads the roots that follow.
fn follow(store: &Store, mut roots: Vec<Rooted>) -> Result<Vec<Rooted>, Failure> {
    while let Some(next) = after(store, roots.last().expect("one at least"))? {
        roots.push(next);
    }
    // The copy at the top is written after the root itself, so it can never be ahead of the chain.
    if let Some((bytes, _)) = store.read(layout::ROOT, LARGEST)?
        && let Ok(copy) = canonical::read::<Root>(&bytes, Role::Root, layout::ROOT)
        && copy.signed.version.get() > roots.last().expect("one at least").version()
    {
        // Somebody may have changed the keys between the two looks.
        let newest = roots.last().expect("one at least");
        if let Some(next) = after(store, newest)? {
            roots.push(next);
            return follow(store, roots);
        }
        let newest = newest.version();
        let problem = Problem::new(format!("`{}` is missing", layout::role(newest + 1, Role::Root.word())))
            .note(format!("`{}` is version {}", layout::ROOT, copy.signed.version))
            .help("put it back from a copy of the repository: readers cannot follow the keys without it");
        return Err(Failure::new(Class::Verification, problem));
    }
    Ok(roots)
}

/// The trusted root, which the repository must have as well: else the trust is in another repository.
fn trusted_root(store: &Store, bytes: &[u8]) -> Result<Rooted, Failure> {
    let root = Rooted::read(bytes.to_vec(), "the trusted root")?;
    let path = layout::role(root.version(), Role::Root.word());
    match store.read(&path, LARGEST)? {
        Some((there, _)) if there == bytes => Ok(root),
        None if store.read(&layout::role(1, Role::Root.word()), LARGEST)?.is_none() => Err(none(store)),
        there => {
            let problem = match there {
                Some(_) => Problem::new(format!("`{path}` is not the root that is trusted")),
                None => Problem::new(format!("`{path}`, the root that is trusted, is missing")),
            };
            let problem = problem
                .note(format!("repository: `{}`", store.at()))
                .help("is this folder of keys, with its `root.json`, that of another repository?");
            Err(Failure::new(Class::Verification, problem))
        }
    }
}

/// The root that follows another; none at the end of the chain.
fn after(store: &Store, last: &Rooted) -> Result<Option<Rooted>, Failure> {
    let version = last.version() + 1;
    let path = layout::role(version, Role::Root.word());
    let Some((bytes, _)) = store.read(&path, LARGEST)? else { return Ok(None) };
    let next = Rooted::read(bytes, &path)?;
    signed::verify(&last.signed.signed, Role::Root, &next.signed, &path)?;
    if next.version() != version {
        let problem = Problem::new(format!("`{path}` says that it is version {}", next.version()));
        return Err(Failure::new(Class::Verification, problem));
    }
    Ok(Some(next))
}

/// The root before another, which signed it; none before the first.
pub(super) fn before(store: &Store, next: &Rooted) -> Result<Option<Rooted>, Failure> {
    let path = layout::role(next.version() - 1, Role::Root.word());
    let Some((bytes, _)) = store.read(&path, LARGEST)? else { return Ok(None) };
    let root = Rooted::read(bytes, &path)?;
    signed::verify(&root.signed.signed, Role::Root, &next.signed, &layout::role(next.version(), "root"))?;
    Ok(Some(root))
}

/// There is no repository.
pub(super) fn none(store: &Store) -> Failure {
    let problem = Problem::new(format!("there is no repository at `{}`", store.at()))
        .note(format!("it has no `{}`", layout::role(1, Role::Root.word())))
        .help(format!("`lustre-dist repo init {}` makes one", store.at()));
    Failure::new(Class::Usage, problem)
}
