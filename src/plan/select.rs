// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which files of a source a layer takes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::by_path::{ByPath, Placed};
use crate::lock::Locked;
use crate::manifest::{Destination, Layer, Manifest, Take};
use crate::model::{BlobId, PathGlob, Problem, SourceName, TarPath};
use crate::source::{BlobMode, Listing, Objects, TreeFile, tree};

/// A file of a layer, before it meets the other layers.
#[derive(Debug, Clone)]
pub(super) struct LayerFile {
    /// Its path in the source.
    pub(super) from: Arc<str>,
    /// Where it lands.
    pub(super) to: TarPath,
    pub(super) mode: BlobMode,
    pub(super) content: LayerContent,
}

/// What a layer's file holds.
#[derive(Debug, Clone)]
pub(super) enum LayerContent {
    /// The blob in the source.
    Blob(BlobId),
    /// What patches made. Few files have it, so that it takes no room among the others.
    Patched(Box<PatchedContent>),
}

#[derive(Debug, Clone)]
pub(super) struct PatchedContent {
    pub(super) bytes: Arc<[u8]>,
    /// The blob in the source; none for a file that a patch created.
    pub(super) blob: Option<BlobId>,
    /// The patches that changed it.
    pub(super) patches: Vec<String>,
}

impl LayerFile {
    fn taken(file: &TreeFile, to: TarPath) -> Self {
        let content = LayerContent::Blob(file.blob);
        Self { from: Arc::clone(&file.path), to, mode: file.mode, content }
    }

    /// The blob in the source; none for a file that a patch created.
    pub(super) fn blob(&self) -> Option<BlobId> {
        match &self.content {
            LayerContent::Blob(blob) => Some(*blob),
            LayerContent::Patched(patched) => patched.blob,
        }
    }

    /// The patches that changed it.
    pub(super) fn patches(&self) -> &[String] {
        match &self.content {
            LayerContent::Blob(_) => &[],
            LayerContent::Patched(patched) => &patched.patches,
        }
    }
}

impl Placed for LayerFile {
    fn place(&self) -> &str {
        &self.from
    }
}

/// A layer's files by their paths in the source.
pub(super) type LayerFiles = ByPath<LayerFile>;

/// `--leave-out`: what this run drops from the tarball, and what it has dropped.
#[derive(Debug)]
pub(super) struct LeaveOut<'a> {
    pub(super) globs: &'a [PathGlob],
    /// Where the dropped files would have landed.
    pub(super) dropped: BTreeSet<TarPath>,
}

impl LeaveOut<'_> {
    /// The glob that drops a file, by its path in the source or in the tarball.
    pub(super) fn covering(&self, from: &str, to: &TarPath) -> Option<&PathGlob> {
        self.globs.iter().find(|glob| glob.covers(from) || glob.covers(to.as_str()))
    }
}

/// Lists each source's tree, where a take or the coverage may want something.
pub(super) fn listings(
    locked: &Locked,
    objects: &BTreeMap<SourceName, Objects>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<SourceName, Listing> {
    let manifest = &locked.manifest;
    let mut listings = BTreeMap::new();
    for name in manifest.sources.keys() {
        let globs: Vec<&PathGlob> = manifest
            .layers
            .iter()
            .filter(|layer| layer.source.value == *name)
            .flat_map(|layer| layer.take.iter().map(|take| &take.from.value))
            .chain(manifest.coverage.get(name).into_iter().flatten().map(|glob| &glob.value))
            .collect();
        let wanted = |dir: &str| globs.iter().any(|glob| glob.may_cover_below(dir));
        let listing = tree::list(&objects[name], locked.lock.pin(name).tree, &wanted);
        let excluded = |path: &str| {
            layers_of(manifest, name)
                .flat_map(|layer| &layer.exclude)
                .any(|exclude| exclude.glob.covers(path))
        };
        for fault in &listing.faults {
            // A submodule or an odd mode where nothing is taken is nobody's business.
            let matters = fault.structural
                || globs.iter().any(|glob| glob.covers(&fault.path)) && !excluded(&fault.path);
            if matters {
                problems.push(
                    Problem::new(format!("the entry `{}` {}", fault.path, fault.what))
                        .note(format!("object {}", fault.id))
                        .note(locked.sources[name].describe()),
                );
            }
        }
        listings.insert(name.clone(), listing);
    }
    listings
}

/// The layers that take from a source.
pub(super) fn layers_of<'m>(manifest: &'m Manifest, source: &SourceName) -> impl Iterator<Item = &'m Layer> {
    let source = source.clone();
    manifest.layers.iter().filter(move |layer| layer.source.value == source)
}

/// The files that a layer takes. The first take that covers a file takes it.
pub(super) fn layer(
    manifest: &Manifest,
    layer: &Layer,
    listing: &Listing,
    leave_out: &mut LeaveOut<'_>,
    problems: &mut Vec<Problem>,
) -> LayerFiles {
    let mut taken = Vec::with_capacity(listing.files.len());
    let mut taken_by = vec![false; layer.take.len()];
    for file in &listing.files {
        let mut takes = layer.take.iter().enumerate().filter(|(_, take)| take.from.covers(&file.path));
        let Some((nth, take)) = takes.next() else { continue };
        taken_by[nth] = true;
        for (shadowed, _) in takes {
            // Covered twice is not taken twice, and not a reason to call the second one empty.
            taken_by[shadowed] = true;
        }
        if layer.exclude.iter().any(|exclude| exclude.glob.covers(&file.path)) {
            continue;
        }
        match destination(take, &file.path) {
            Ok(to) => {
                if leave_out.covering(&file.path, &to).is_some() {
                    leave_out.dropped.insert(to);
                } else {
                    taken.push(LayerFile::taken(file, to));
                }
            }
            Err(problem) => problems.push(problem.at(&manifest.text, take.from.span.clone(), "taken here")),
        }
    }
    for (take, taken) in layer.take.iter().zip(taken_by) {
        if !taken {
            let mut problem = manifest.problem(
                format!("`{}` of layer `{}` matches nothing", take.from, layer.name),
                &take.from.span,
                format!("no such file in source `{}`", layer.source),
            );
            if let Some(close) = close_path(listing, take.from.as_str()) {
                problem = problem.help(format!("did you mean `{close}`?"));
            }
            problems.push(problem);
        }
    }
    let mut files = LayerFiles::new();
    files.extend(taken);
    files
}

/// Where a take puts the file at `path`.
pub(super) fn destination(take: &Take, path: &Arc<str>) -> Result<TarPath, Problem> {
    let rest = take.from.rest(path);
    let text: Arc<str> = match take.to.as_ref().map(|to| &to.value) {
        None => Arc::clone(path),
        Some(Destination::Top) => rest.unwrap_or_else(|| file_name(path)).into(),
        Some(Destination::Directory(to)) => {
            format!("{to}/{}", rest.unwrap_or_else(|| file_name(path))).into()
        }
        Some(Destination::Name(to)) => {
            rest.map_or_else(|| to.to_string(), |rest| format!("{to}/{rest}")).into()
        }
    };
    TarPath::new(Arc::clone(&text))
        .map_err(|fault| Problem::new(format!("`{path}` cannot go to `{text}`: the path {fault}")))
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Finds the excludes and left-out globs that cover nothing.
pub(super) fn unmatched(
    manifest: &Manifest,
    leave_out: &LeaveOut<'_>,
    listings: &BTreeMap<SourceName, Listing>,
    problems: &mut Vec<Problem>,
) {
    for layer in &manifest.layers {
        let files = &listings[&layer.source.value].files;
        for exclude in &layer.exclude {
            // What cannot be released, such as a submodule, is there to be excluded all the same.
            let faults = &listings[&layer.source.value].faults;
            let there = files.iter().any(|file| exclude.glob.covers(&file.path))
                || faults.iter().any(|fault| exclude.glob.covers(&fault.path));
            if !there {
                problems.push(
                    manifest
                        .problem(
                            format!("the exclude `{}` of layer `{}` matches nothing", exclude.glob, layer.name),
                            &exclude.glob.span,
                            format!("no such file in source `{}`", layer.source),
                        )
                        .help("remove it, or mend the glob: an exclude that matches nothing hides a renamed file"),
                );
            }
        }
    }
    for glob in leave_out.globs {
        let covers = |name: &SourceName| listings[name].files.iter().any(|file| glob.covers(&file.path));
        let dropped = leave_out.dropped.iter().any(|to| glob.covers(to.as_str()));
        if !dropped && !manifest.sources.keys().any(covers) {
            problems.push(
                Problem::new(format!("`--leave-out {glob}` matches nothing"))
                    .help("give a path or glob of the source or of the tarball"),
            );
        }
    }
}

/// The path or folder of the listing that is most like `wanted`, if one is.
fn close_path<'l>(listing: &'l Listing, wanted: &str) -> Option<&'l str> {
    let wanted = wanted.trim_end_matches('/');
    if wanted.contains(['*', '?', '[', '{']) {
        return None;
    }
    let depth = wanted.matches('/').count();
    let mut best: Option<(usize, &str)> = None;
    let mut last = "";
    for file in &listing.files {
        let end = file.path.match_indices('/').nth(depth).map_or(file.path.len(), |(at, _)| at);
        let candidate = &file.path[..end];
        if candidate == last {
            continue;
        }
        last = candidate;
        let distance = strsim::damerau_levenshtein(candidate, wanted);
        if distance <= 3 && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, path)| path)
}
