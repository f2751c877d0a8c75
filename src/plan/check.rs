// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What must be in the tarball, what must not, and whether every tracked file is accounted for.

use std::collections::{BTreeMap, BTreeSet};

use super::overlay::{Entries, words};
use super::select::{LayerFiles, LeaveOut, destination, layers_of};
use super::{Excluded, Node};
use crate::manifest::Manifest;
use crate::model::{Problem, SourceName, TarPath};
use crate::source::Listing;

/// Accounts for every listed file that is not in a layer: excluded with its reason, left out of
/// this run, or a problem where the coverage asks for it.
pub(super) fn coverage(
    manifest: &Manifest,
    listings: &BTreeMap<SourceName, Listing>,
    layers: &[LayerFiles],
    leave_out: &LeaveOut<'_>,
    excluded: &mut Vec<Excluded>,
    problems: &mut Vec<Problem>,
) {
    for (name, listing) in listings {
        let taken: Vec<&LayerFiles> = manifest
            .layers
            .iter()
            .zip(layers)
            .filter(|(layer, _)| layer.source.value == *name)
            .map(|(_, files)| files)
            .collect();
        let covered = manifest.coverage.get(name).map_or(&[][..], Vec::as_slice);
        for glob in covered {
            if !listing.files.iter().any(|file| glob.covers(&file.path)) {
                problems.push(manifest.problem(
                    format!("the coverage of source `{name}` names `{glob}`, which matches nothing"),
                    &glob.span,
                    "no such file or folder",
                ));
            }
        }
        for file in &listing.files {
            if taken
                .iter()
                .any(|files| files.get(&file.path).is_some_and(|taken| taken.blob == Some(file.blob)))
            {
                continue;
            }
            let mut leave = |reason: String| {
                excluded.push(Excluded { source: name.clone(), path: file.path.clone(), reason });
            };
            let by_layer = layers_of(manifest, name)
                .flat_map(|layer| &layer.exclude)
                .find(|exclude| exclude.glob.covers(&file.path));
            if let Some(exclude) = by_layer {
                leave(exclude.reason.clone());
                continue;
            }
            let take = layers_of(manifest, name)
                .flat_map(|layer| &layer.take)
                .find(|take| take.from.covers(&file.path));
            if let Some(take) = take {
                let to = destination(take, &file.path).ok();
                let left = to.as_ref().and_then(|to| leave_out.covering(&file.path, to));
                leave(left.map_or_else(
                    || "moved or deleted by a patch".to_owned(),
                    |glob| format!("left out of this run by `--leave-out {glob}`"),
                ));
            } else if let Some(glob) = covered.iter().find(|glob| glob.covers(&file.path)) {
                problems.push(
                    manifest
                        .problem(
                            format!("`{}` of source `{name}` is neither taken nor excluded", file.path),
                            &glob.span,
                            "the coverage asks for it",
                        )
                        .help("take it in a layer, or exclude it there with a reason"),
                );
            }
        }
    }
}

/// Checks `[contains]`.
pub(super) fn contains(
    manifest: &Manifest,
    entries: &Entries,
    dropped: &BTreeSet<TarPath>,
    problems: &mut Vec<Problem>,
) {
    for glob in &manifest.contains.must {
        // What this run drops on purpose is not asked for.
        if !entries.keys().chain(dropped).any(|path| glob.covers(path.as_str())) {
            problems.push(manifest.problem(
                format!("the tarball must contain `{glob}`, and does not"),
                &glob.span,
                "required here",
            ));
        }
    }
    for glob in &manifest.contains.must_not {
        for (path, entry) in entries {
            if entry.node != Node::Directory && glob.covers(path.as_str()) {
                problems.push(
                    manifest
                        .problem(
                            format!("the tarball must not contain `{path}`"),
                            &glob.span,
                            "forbidden here",
                        )
                        .note(words(&entry.origin))
                        .help("exclude it with a reason"),
                );
            }
        }
    }
}
