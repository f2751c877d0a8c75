// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Where files come from: git repositories and bundles, read object by object.
//!
//! [`Places`] knows where a source's objects may be found on this machine, [`open`] brings a
//! source there, [`Objects`] reads and re-hashes, [`tree::list`] tells what a commit holds.

#![allow(clippy::disallowed_methods, reason = "sources are files, and mirrors are fetched by the user's git")]

mod ancestry;
pub mod bundle;
pub mod commit;
pub mod difference;
pub mod history;
pub mod mirror;
pub mod object;
mod place;
pub mod repository;
pub mod revision;
mod shelf;
pub mod signed;
mod tags;
pub mod tree;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::manifest::{Manifest, Source};
use crate::model::{CommitId, Failure, SourceName};

pub use ancestry::descends;
pub use bundle::is_bundle;
pub use commit::{Commit, Tag, Tip, TipFault, read_commit, read_tip};
pub use difference::{Differ, Status};
pub use history::{Cut, Logged, Range, read_logged, walk};
pub use mirror::{Mirror, Network, is_url, without_password};
pub use object::{ObjectFault, Objects};
use place::Place;
use place::is_file;
pub use repository::Repository;
pub use revision::{Revision, parse_version, resolve};
pub use shelf::Shelf;
pub use signed::{Signed, read_signed_commit, read_signed_tag};
pub use tags::names as tag_names;
pub use tree::{BlobMode, Listing, TreeFile, shown};

/// Where sources are on this machine.
#[derive(Debug, Clone)]
pub struct Places {
    /// The tool's own cache folder: mirrors and unpacked bundles.
    pub cache: PathBuf,
    /// `--source NAME=PATH`: a clone or bundle that stands in for what the manifest says.
    pub overrides: BTreeMap<SourceName, PathBuf>,
    /// Whether the network may be used.
    pub network: Network,
    /// What is open already; copies of these places share it.
    pub shelf: Shelf,
}

/// A source that can be read, and refreshed where it is a mirror.
#[derive(Debug)]
pub struct OpenSource {
    /// The repository.
    pub repository: Repository,
    mirror: Option<Mirror>,
    network: Network,
    /// Whether this source has fetched all branches and tags already.
    fresh: bool,
    name: SourceName,
    shelf: Shelf,
}

impl OpenSource {
    /// Fetches what the remote repository has by now. Does nothing, and says so with `false`, for
    /// a local repository or without the network.
    ///
    /// # Errors
    /// No site answers.
    pub fn refresh(&mut self, extra: &[&str]) -> Result<bool, Failure> {
        let Some(mirror) = &self.mirror else { return Ok(false) };
        if self.network == Network::Offline {
            return Ok(false);
        }
        if !self.fresh || !extra.is_empty() {
            match extra {
                [] => self.shelf.refresh(mirror)?,
                extra => mirror.refresh(extra)?,
            }
            self.fresh = true;
            // The object store's view of the packs is of the moment it was opened.
            self.repository = Repository::open(mirror.path())?;
        }
        Ok(true)
    }

    /// Fetches one commit by its id. Does nothing, and says so with `false`, for a local
    /// repository or without the network.
    ///
    /// # Errors
    /// No site gives it out.
    pub fn fetch_commit(&mut self, commit: CommitId) -> Result<bool, Failure> {
        let Some(mirror) = &self.mirror else { return Ok(false) };
        if self.network == Network::Offline {
            return Ok(false);
        }
        mirror.fetch_commit(commit)?;
        self.repository = Repository::open(mirror.path())?;
        Ok(true)
    }

    /// Where the objects are, for messages.
    #[must_use]
    pub fn describe(&self) -> String {
        format!("source `{}` ({})", self.name, self.repository.path().display())
    }

    /// Whether a refresh could bring more.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        self.mirror.is_some()
    }
}

/// Opens a source: where `--source` points, its bundle, its local repository, or its mirror, which
/// is fetched when there is none yet.
///
/// # Errors
/// It cannot be read or reached, or the network is needed and not allowed.
pub fn open(manifest: &Manifest, source: &Source, places: &Places) -> Result<OpenSource, Failure> {
    let place = Place::of(manifest, source, places)?;
    open_place(manifest, source, places, &place).map_err(|failure| place.explain(failure, manifest, source))
}

fn open_place(
    manifest: &Manifest,
    source: &Source,
    places: &Places,
    place: &Place,
) -> Result<OpenSource, Failure> {
    let name = source.name.value.clone();
    let (network, shelf) = (places.network, places.shelf.clone());
    let mirror = match place {
        Place::Given(path) | Place::Named(path, _) => {
            let repository = places.shelf.take(path, || open_path(path, &places.cache))?;
            return Ok(OpenSource { repository, mirror: None, network, fresh: false, name, shelf });
        }
        Place::Mirror(mirror, _) => mirror.clone(),
    };
    let fresh = !mirror.exists();
    if fresh {
        if network == Network::Offline {
            let Place::Mirror(_, span) = place else { unreachable!("only mirrors are fetched") };
            return Err(manifest
                .problem(format!("source `{name}` was never fetched"), span, "not in the cache")
                .help(format!("run once without `--offline`, or add `--source {name}=PATH`"))
                .into_source());
        }
        shelf.refresh(&mirror)?;
    }
    let repository = Repository::open(mirror.path()).map_err(|mut failure| {
        for problem in &mut failure.problems {
            problem.help = Some("the cache is damaged: remove that folder, and it is fetched again".into());
        }
        failure
    })?;
    Ok(OpenSource { repository, mirror: Some(mirror), network, fresh, name, shelf })
}

/// Opens the repository at `path`, or the bundle there, which is unpacked below the folder `cache`.
///
/// # Errors
/// Nothing is there, or nothing that can be read.
pub fn open_path(path: &Path, cache: &Path) -> Result<Repository, Failure> {
    if is_file(path) {
        Repository::open(&bundle::unpack(path, &cache.join("bundles"))?)
    } else {
        Repository::open(path)
    }
}

/// Every message of an error and its sources, without repeats.
pub(crate) fn causes(error: &gix::Error) -> Vec<String> {
    let mut messages: Vec<String> = Vec::new();
    for source in error.iter_errors() {
        let message = source.to_string();
        if !message.is_empty() && !messages.contains(&message) {
            messages.push(message);
        }
    }
    messages
}
