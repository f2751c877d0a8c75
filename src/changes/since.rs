// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The changes of a locked release, from where its lock says that they are counted.

use crate::lock::Locked;
use crate::model::{Class, Failure, SourceName};
use crate::source::Revision;

use super::{Changes, Layers, Query, between};

/// What changed in one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceChanges {
    /// The source.
    pub source: SourceName,
    /// Its changes.
    pub changes: Changes,
}

/// What changed in every source whose pin says since when, in the order of the layers.
///
/// It follows from the lock and from history: of backports, trailers alone are believed, since
/// branches move.
///
/// # Errors
/// As for [`between`].
pub fn since(locked: &Locked, jobs: usize) -> Result<Vec<SourceChanges>, Failure> {
    let mut all: Vec<SourceChanges> = Vec::new();
    for layer in &locked.manifest.layers {
        let name = &layer.source.value;
        let pin = locked.lock.pin(name);
        let Some(since) = &pin.since else { continue };
        if all.iter().any(|done| done.source == *name) {
            continue;
        }
        let query = Query {
            repository: &locked.sources[name].repository,
            from: Revision { commit: since.commit, tag: since.tag.clone() },
            to: Revision { commit: pin.commit, tag: pin.tag_name().map(str::to_owned) },
            layers: Layers::of(&locked.manifest, name),
            main: &[],
            jobs,
        };
        let changes = between(&query).map_err(|failure| placed(locked, name, failure))?;
        all.push(SourceChanges { source: name.clone(), changes });
    }
    Ok(all)
}

/// Shows where the manifest asks for the changes that cannot be told.
fn placed(locked: &Locked, source: &SourceName, mut failure: Failure) -> Failure {
    if failure.class == Class::Usage {
        failure.class = Class::Manifest;
        for problem in &mut failure.problems {
            problem.help = Some("expected a release that this one descends from".to_owned());
        }
    }
    if let Some(since) = &locked.manifest.sources[source].since {
        for problem in failure.problems.iter_mut().filter(|problem| problem.place.is_none()) {
            *problem = problem.clone().at(
                &locked.manifest.text,
                since.span.clone(),
                "changes are counted from here",
            );
        }
    }
    failure
}
