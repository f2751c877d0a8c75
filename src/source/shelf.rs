// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The local repositories and bundles that one process has open.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Mirror, Repository};
use crate::model::Failure;

/// Repositories by the path that was asked for, so that releases made together open each once, map
/// its packs once, and hash and unpack a bundle once. Copies are the same shelf.
///
/// What is on it is as it was when it was opened: for what may be fetched while the process runs,
/// which is mirrors, it is no place.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    repositories: Slots<Repository>,
    tags: Slots<Arc<Vec<String>>>,
    /// What became of fetching the mirrors that this process has tried to fetch.
    fetched: Slots<Result<(), Failure>>,
}

/// What there is one of for each path. A slot is empty until it is filled. One thread fills it, and
/// others that want it wait; those that want another one do not.
#[derive(Debug, Clone)]
struct Slots<T>(Arc<Mutex<HashMap<PathBuf, Slot<T>>>>);

type Slot<T> = Arc<Mutex<Option<T>>>;

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Clone> Slots<T> {
    fn take(&self, path: &Path, fill: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
        // A thread that panicked left a slot empty or full, which is all the same.
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = Arc::clone(slots.entry(path.to_owned()).or_default());
        drop(slots);
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = &*slot {
            return Ok(value.clone());
        }
        Ok(slot.insert(fill()?).clone())
    }
}

impl Shelf {
    /// The repository at `path`, opened with `open` unless it is there.
    pub(super) fn take(
        &self,
        path: &Path,
        open: impl FnOnce() -> Result<Repository, Failure>,
    ) -> Result<Repository, Failure> {
        self.repositories.take(path, open)
    }

    /// The tags at `path`, read with `read` unless they are there.
    pub(super) fn tags(
        &self,
        path: &Path,
        read: impl FnOnce() -> Result<Vec<String>, Failure>,
    ) -> Result<Arc<Vec<String>>, Failure> {
        self.tags.take(path, || read().map(Arc::new))
    }

    /// Fetches all branches and tags of a mirror, unless this process has done so. A site that did not
    /// answer is not asked again.
    pub(super) fn refresh(&self, mirror: &Mirror) -> Result<(), Failure> {
        self.fetched.take(mirror.path(), || Ok(mirror.refresh(&[])))?
    }
}
