// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What must be in the tarball, what must not, and whether every tracked file is accounted for.

use std::collections::{BTreeMap, BTreeSet};

use super::Excluded;
use super::overlay::{Entries, words};
use super::select::{LayerFiles, LeaveOut, destination, layers_of};
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
        let mut taken: Vec<_> = manifest
            .layers
            .iter()
            .zip(layers)
            .filter(|(layer, _)| layer.source.value == *name)
            .map(|(_, files)| files.iter().peekable())
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
            // Both are in the order of the paths.
            let is_taken = taken.iter_mut().any(|files| {
                while files.next_if(|taken| taken.from < file.path).is_some() {}
                files.peek().is_some_and(|taken| taken.from == file.path && taken.blob() == Some(file.blob))
            });
            if is_taken {
                continue;
            }
            let mut leave = |reason: String| {
                excluded.push(Excluded { source: name.clone(), path: file.path.to_string(), reason });
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
        let paths = entries.iter().map(|entry| &entry.path);
        if !paths.chain(dropped).any(|path| glob.covers(path.as_str())) {
            problems.push(manifest.problem(
                format!("the tarball must contain `{glob}`, and does not"),
                &glob.span,
                "required here",
            ));
        }
    }
    for glob in &manifest.contains.must_not {
        for entry in entries.iter() {
            let path = &entry.path;
            if glob.covers(path.as_str()) {
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
