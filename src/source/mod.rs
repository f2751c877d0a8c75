// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Where files come from: git repositories and bundles, read object by object.
//!
//! [`Places`] knows where a source's objects may be found on this machine, [`open`] brings a
//! source there, [`Objects`] reads and re-hashes, [`tree::list`] tells what a commit holds.

#![allow(clippy::disallowed_methods, reason = "sources are files, and mirrors are fetched by the user's git")]

pub mod bundle;
pub mod commit;
pub mod history;
pub mod mirror;
pub mod object;
pub mod repository;
pub mod tree;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::manifest::{Location, Manifest, Source};
use crate::model::{CommitId, Failure, Problem, SourceName};

pub use commit::{Commit, Tag, Tip, TipFault, read_commit, read_tip};
pub use history::{Cut, descends};
pub use mirror::{Mirror, Network, is_url};
pub use object::{ObjectFault, Objects};
pub use repository::Repository;
pub use tree::{BlobMode, Listing, TreeFile};

/// Where sources are on this machine.
#[derive(Debug, Clone)]
pub struct Places {
    /// The tool's own cache folder: mirrors and unpacked bundles.
    pub cache: PathBuf,
    /// `--source NAME=PATH`: a clone or bundle that stands in for what the manifest says.
    pub overrides: BTreeMap<SourceName, PathBuf>,
    /// Whether the network may be used.
    pub network: Network,
}

/// A source that can be read, and refreshed where it is a mirror.
#[derive(Debug)]
pub struct OpenSource {
    /// The repository.
    pub repository: Repository,
    mirror: Option<Mirror>,
    network: Network,
    /// Whether this run has fetched all branches and tags already.
    fresh: bool,
    name: SourceName,
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
            mirror.refresh(extra)?;
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
    let name = source.name.value.clone();
    let local = |path: PathBuf| -> Result<OpenSource, Failure> {
        let path = if path.is_file() && !is_gitfile(&path) {
            bundle::unpack(&path, &places.cache.join("bundles"))?
        } else {
            path
        };
        let repository = Repository::open(&path)?;
        let (network, name) = (places.network, name.clone());
        Ok(OpenSource { repository, mirror: None, network, fresh: false, name })
    };
    if let Some(path) = places.overrides.get(&name) {
        return local(path.clone()).map_err(|mut failure| {
            for problem in &mut failure.problems {
                problem.notes.push(format!("given by `--source {name}={}`", path.display()));
            }
            failure
        });
    }
    let placed = |mut failure: Failure, span: &std::ops::Range<usize>| {
        for problem in &mut failure.problems {
            if problem.place.is_none() {
                *problem = std::mem::replace(problem, Problem::new("")).at(
                    &manifest.text,
                    span.clone(),
                    "named here",
                );
            }
        }
        failure
    };
    match &source.location {
        Location::Bundle { path } => {
            let bundle = beside(manifest, &path.value);
            if !bundle.is_file() {
                return Err(manifest
                    .problem(format!("there is no bundle `{}`", bundle.display()), &path.span, "named here")
                    .help("a bundle is a file that `git bundle create` wrote; its path starts from the manifest's folder")
                    .into_source());
            }
            local(bundle).map_err(|failure| placed(failure, &path.span))
        }
        Location::Git { url, .. } if !is_url(&url.value) => {
            local(beside(manifest, &url.value)).map_err(|failure| placed(failure, &url.span))
        }
        Location::Git { url, mirrors } => {
            let address = |text: &String| match is_url(text) {
                true => text.clone(),
                false => beside(manifest, text).display().to_string(),
            };
            let urls = std::iter::once(url).chain(mirrors).map(|url| address(&url.value)).collect();
            let mirror = Mirror::new(&places.cache.join("mirrors"), urls);
            let fresh = !mirror.exists();
            if fresh {
                if places.network == Network::Offline {
                    return Err(manifest
                        .problem(format!("source `{name}` was never fetched"), &url.span, "not in the cache")
                        .help(format!("run once without `--offline`, or add `--source {name}=PATH`"))
                        .into_source());
                }
                mirror.refresh(&[]).map_err(|failure| placed(failure, &url.span))?;
            }
            let repository = Repository::open(mirror.path()).map_err(|mut failure| {
                for problem in &mut failure.problems {
                    problem.help =
                        Some("the cache is damaged: remove that folder, and it is fetched again".into());
                }
                placed(failure, &url.span)
            })?;
            Ok(OpenSource { repository, mirror: Some(mirror), network: places.network, fresh, name })
        }
    }
}

/// Whether the file is the `.git` of a linked work tree, which names the repository.
fn is_gitfile(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == ".git")
}

/// A path of the manifest, from where the user stands: without a `./` that nobody wrote.
fn beside(manifest: &Manifest, path: &str) -> PathBuf {
    let path = manifest.folder.join(path);
    path.strip_prefix(".").map(Path::to_owned).unwrap_or(path)
}

/// Every message of an error and its sources, without repeats.
fn causes(error: &gix::Error) -> Vec<String> {
    let mut messages: Vec<String> = Vec::new();
    for source in error.iter_errors() {
        let message = source.to_string();
        if !message.is_empty() && !messages.contains(&message) {
            messages.push(message);
        }
    }
    messages
}
