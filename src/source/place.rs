// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Where a source is on this machine, before anything of it is read.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::{Mirror, Places, is_url};
use crate::manifest::{Location, Manifest, Source};
use crate::model::{Failure, Problem};

/// Where a source is.
#[derive(Debug)]
pub(super) enum Place {
    /// Where `--source` points.
    Given(PathBuf),
    /// A bundle or local repository that the manifest names, and where.
    Named(PathBuf, Range<usize>),
    /// The mirror of a remote repository, and where the manifest names that.
    Mirror(Mirror, Range<usize>),
}

impl Place {
    /// The place of a source.
    ///
    /// # Errors
    /// The manifest names a bundle that is not there.
    pub(super) fn of(manifest: &Manifest, source: &Source, places: &Places) -> Result<Self, Failure> {
        if let Some(path) = places.overrides.get(&source.name.value) {
            return Ok(Self::Given(path.clone()));
        }
        match &source.location {
            Location::Bundle { path } => {
                let bundle = beside(manifest, &path.value);
                if !bundle.is_file() {
                    return Err(manifest
                        .problem(format!("there is no bundle `{}`", bundle.display()), &path.span, "named here")
                        .help("a bundle is a file that `git bundle create` wrote; its path starts from the manifest's folder")
                        .into_source());
                }
                Ok(Self::Named(bundle, path.span.clone()))
            }
            Location::Git { url, .. } if !is_url(&url.value) => {
                Ok(Self::Named(beside(manifest, &url.value), url.span.clone()))
            }
            Location::Git { url, mirrors } => {
                let address = |text: &String| match is_url(text) {
                    true => text.clone(),
                    false => beside(manifest, text).display().to_string(),
                };
                let urls = std::iter::once(url).chain(mirrors).map(|url| address(&url.value)).collect();
                let mirror = Mirror::new(&places.cache.join("mirrors"), urls);
                Ok(Self::Mirror(mirror, url.span.clone()))
            }
        }
    }

    /// A failure at this place, with what named the place.
    pub(super) fn explain(&self, mut failure: Failure, manifest: &Manifest, source: &Source) -> Failure {
        for problem in &mut failure.problems {
            match self {
                Self::Given(path) => {
                    problem.notes.push(format!("given by `--source {}={}`", source.name, path.display()))
                }
                Self::Named(_, span) | Self::Mirror(_, span) if problem.place.is_none() => {
                    *problem = std::mem::replace(problem, Problem::new("")).at(
                        &manifest.text,
                        span.clone(),
                        "named here",
                    );
                }
                Self::Named(..) | Self::Mirror(..) => {}
            }
        }
        failure
    }
}

/// Whether the path is to be read as a bundle: a file, but not the `.git` of a linked work tree,
/// which names the repository.
pub(super) fn is_file(path: &Path) -> bool {
    path.is_file() && path.file_name().is_none_or(|name| name != ".git")
}

/// A path of the manifest, from where the user stands: without a `./` that nobody wrote.
fn beside(manifest: &Manifest, path: &str) -> PathBuf {
    let path = manifest.folder.join(path);
    path.strip_prefix(".").map(Path::to_owned).unwrap_or(path)
}
