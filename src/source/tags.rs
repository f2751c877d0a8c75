// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The tags of a source as this machine has them, for commands that only look: nothing is fetched,
//! and no bundle is unpacked.

use std::path::Path;
use std::sync::Arc;

use super::place::{Place, is_file};
use super::{Places, Repository, bundle};
use crate::manifest::{Manifest, Source};
use crate::model::Failure;

impl Places {
    /// The short names of a source's tags; none where the source is remote and was never fetched.
    /// Read once for each place.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn tags(&self, manifest: &Manifest, source: &Source) -> Result<Option<Arc<Vec<String>>>, Failure> {
        let place = Place::of(manifest, source, self)?;
        let path = match &place {
            Place::Given(path) | Place::Named(path, _) => path,
            Place::Mirror(mirror, _) if !mirror.exists() => return Ok(None),
            Place::Mirror(mirror, _) => mirror.path(),
        };
        let names = self.shelf.tags(path, || names(path));
        names.map(Some).map_err(|failure| place.explain(failure, manifest, source))
    }

    /// Whether `fetch` can bring more of a source.
    ///
    /// # Errors
    /// As for [`Places::tags`].
    pub fn is_remote(&self, manifest: &Manifest, source: &Source) -> Result<bool, Failure> {
        Ok(matches!(Place::of(manifest, source, self)?, Place::Mirror(..)))
    }

    /// Fetches all branches and tags of a remote source, once for each place; nothing for others.
    ///
    /// # Errors
    /// No site answers.
    pub fn fetch(&self, manifest: &Manifest, source: &Source) -> Result<(), Failure> {
        let place = Place::of(manifest, source, self)?;
        match &place {
            Place::Mirror(mirror, _) => {
                self.shelf.refresh(mirror).map_err(|failure| place.explain(failure, manifest, source))
            }
            Place::Given(_) | Place::Named(..) => Ok(()),
        }
    }
}

/// The short names of the tags at a path: a repository or a bundle.
///
/// # Errors
/// It cannot be read.
pub fn names(path: &Path) -> Result<Vec<String>, Failure> {
    if is_file(path) {
        return bundle::tags(path);
    }
    Ok(Repository::open(path)?.tags()?.into_iter().map(|(name, _)| name).collect())
}
