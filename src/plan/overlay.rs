// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Layers over one another: one entry for each path, and no two paths that some file system or
//! reader takes for one.

use std::collections::btree_map::Entry as Slot;
use std::collections::{BTreeMap, HashMap};

use unicode_normalization::UnicodeNormalization as _;

use super::select::{LayerBytes, LayerFiles};
use super::{Content, Entry, Missing, Node, Origin, RECORDS};
use crate::manifest::Manifest;
use crate::model::{BlobId, Problem, SourceName, TarPath};
use crate::source::{BlobMode, Objects};

/// The entries of a tarball while they are put together, by path.
pub(super) type Entries = BTreeMap<TarPath, Entry>;

/// Lays the layers over one another, the first one lowest. Reads the targets of links; those that
/// are not at hand are among what is missing.
pub(super) fn lay(
    manifest: &Manifest,
    layers: Vec<LayerFiles>,
    objects: &BTreeMap<SourceName, Objects>,
    problems: &mut Vec<Problem>,
) -> (Entries, Vec<Missing>) {
    let mut entries = Entries::new();
    let mut missing = Vec::new();
    for (layer, files) in manifest.layers.iter().zip(layers) {
        let source = &layer.source.value;
        let objects = &objects[source];
        let mut replaced = vec![false; layer.replaces.len()];
        for (path, file) in files {
            let to = file.to;
            if to.as_str() == RECORDS || to.as_str().starts_with(&format!("{RECORDS}/")) {
                problems.push(
                    Problem::new(format!("`{path}` of layer `{}` lands in `{RECORDS}/`", layer.name)).help(
                        format!(
                            "`{RECORDS}/` holds the tool's own records: take it elsewhere, or exclude it"
                        ),
                    ),
                );
                continue;
            }
            let content = match file.bytes {
                LayerBytes::Blob(blob) => Content::Blob(source.clone(), blob),
                LayerBytes::Patched(bytes) => Content::Bytes(bytes),
            };
            let node = match file.mode {
                BlobMode::Symlink => match link_target(objects, source, &path, &content) {
                    Ok(Some(target)) => Node::Symlink { target },
                    Ok(None) => {
                        let blob = *blob_of(&content).expect("bytes are at hand");
                        missing.push(Missing { source: source.clone(), path, blob });
                        continue;
                    }
                    Err(problem) => {
                        problems.push(problem);
                        continue;
                    }
                },
                mode => Node::File { executable: mode == BlobMode::Executable, content },
            };
            let (layer_name, source) = (layer.name.value.clone(), source.clone());
            let origin = match (file.patches, file.blob) {
                (patches, Some(blob)) if patches.is_empty() => {
                    Origin::Blob { layer: layer_name, source, path, blob }
                }
                (patches, blob) => Origin::Patched { layer: layer_name, source, path, blob, patches },
            };
            let place = match entries.entry(to) {
                Slot::Vacant(place) => {
                    let path = place.key().clone();
                    place.insert(Entry { path, node, origin });
                    continue;
                }
                Slot::Occupied(place) => place,
            };
            let earlier = &place.get().origin;
            let covering = layer.replaces.iter().position(|glob| glob.covers(place.key().as_str()));
            match covering {
                Some(nth) if layer_of(earlier) != Some(layer.name.as_str()) => {
                    replaced[nth] = true;
                    let path = place.key().clone();
                    *place.into_mut() = Entry { path, node, origin };
                }
                _ => {
                    problems.push(collision(manifest, place.key(), earlier, &origin, layer.name.as_str()));
                }
            }
        }
        for (glob, used) in layer.replaces.iter().zip(replaced) {
            if !used {
                problems.push(manifest.problem(
                    format!("`replaces` of layer `{}` names `{glob}`, where nothing is replaced", layer.name),
                    &glob.span,
                    "no earlier layer has it, or this one does not",
                ));
            }
        }
    }
    (entries, missing)
}

/// The files whose objects are not at hand.
pub(super) fn missing(entries: &Entries, objects: &BTreeMap<SourceName, Objects>) -> Vec<Missing> {
    let blobs = entries.values().filter_map(|entry| match (&entry.node, &entry.origin) {
        (Node::File { content: Content::Blob(source, blob), .. }, Origin::Blob { path, .. }) => {
            Some((source, path, *blob))
        }
        _ => None,
    });
    blobs
        .filter(|(source, _, blob)| !objects[*source].contains(blob.0))
        .map(|(source, path, blob)| Missing { source: source.clone(), path: path.clone(), blob })
        .collect()
}

fn layer_of(origin: &Origin) -> Option<&str> {
    match origin {
        Origin::Blob { layer, .. } | Origin::Patched { layer, .. } => Some(layer.as_str()),
        _ => None,
    }
}

/// Where an entry comes from, for messages.
pub(super) fn words(origin: &Origin) -> String {
    match origin {
        Origin::Blob { layer, source, path, .. } | Origin::Patched { layer, source, path, .. } => {
            format!("layer `{layer}`, `{path}` of source `{source}`")
        }
        Origin::Template { file } => format!("template `{file}`"),
        Origin::Record { what } => format!("the tool's record `{}`", what.word()),
        Origin::Parent => "a directory".to_owned(),
    }
}

fn collision(manifest: &Manifest, path: &TarPath, first: &Origin, second: &Origin, layer: &str) -> Problem {
    let problem = Problem::new(format!("two files land on `{path}`"))
        .note(format!("first   {}", words(first)))
        .note(format!("second  {}", words(second)));
    if layer_of(first) == Some(layer) {
        return problem
            .help("one layer takes both: give one of the takes another `to`, or exclude one of the files");
    }
    let place = manifest
        .layers
        .iter()
        .find(|other| other.name.as_str() == layer)
        .map(|other| other.name.span.clone());
    let problem = match place {
        Some(span) => problem.at(&manifest.text, span, "the later layer"),
        None => problem,
    };
    problem.help(format!("exclude one of them, or say `replaces = [\"{path}\"]` in layer `{layer}`"))
}

fn link_target(
    objects: &Objects,
    source: &SourceName,
    path: &str,
    content: &Content,
) -> Result<Option<String>, Problem> {
    let about = |problem: Problem, blob: Option<&BlobId>| {
        let problem = problem.note(format!("source `{source}`"));
        blob.iter().fold(problem, |problem, blob| problem.note(format!("blob {blob}")))
    };
    let bytes = match content {
        Content::Bytes(bytes) => bytes.to_vec(),
        Content::Blob(_, blob) => {
            if !objects.contains(blob.0) {
                return Ok(None);
            }
            let mut buffer = Vec::new();
            objects.read(blob.0, gix::objs::Kind::Blob, &mut buffer).map_err(|fault| {
                about(Problem::new(format!("the object of the link `{path}` {fault}")), Some(blob))
                    .help("fetch the repository anew: `git fsck` there tells what else is damaged")
            })?;
            buffer
        }
    };
    match String::from_utf8(bytes) {
        Ok(target) if !target.is_empty() && !target.chars().any(char::is_control) => Ok(Some(target)),
        Ok(target) if target.is_empty() => {
            Err(about(Problem::new(format!("the link `{path}` has no target")), blob_of(content))
                .help("exclude it"))
        }
        _ => Err(about(
            Problem::new(format!("the target of the link `{path}` holds control characters or is not UTF-8")),
            blob_of(content),
        )
        .help("exclude it")),
    }
}

fn blob_of(content: &Content) -> Option<&BlobId> {
    match content {
        Content::Blob(_, blob) => Some(blob),
        Content::Bytes(_) => None,
    }
}

/// Refuses paths that differ in case alone, or in Unicode form alone: on a file system that folds
/// them, one overwrites the other.
pub(super) fn clashes(manifest: &Manifest, entries: &Entries, problems: &mut Vec<Problem>) {
    let allow = &manifest.allow;
    let mut seen: HashMap<String, &str> = HashMap::with_capacity(entries.len());
    let mut visit = |path| {
        let folded = fold(path);
        let Some(other) = seen.insert(folded, path) else { return };
        if other == path {
            // A file where a directory stands is another problem, told elsewhere.
            return;
        }
        let unicode = path.nfc().eq(other.nfc());
        let globs = if unicode { &allow.unicode_clashes } else { &allow.case_clashes };
        if globs.iter().any(|glob| glob.covers(path) || glob.covers(other)) {
            return;
        }
        let (what, key) =
            if unicode { ("Unicode form", "unicode-clashes") } else { ("case", "case-clashes") };
        problems.push(
            Problem::new(format!("`{other}` and `{path}` differ in {what} alone"))
                .help(format!("exclude one of them, or name it in `[allow] {key} = [\"{path}\"]`")),
        );
    };
    for (path, new_parents) in with_new_parents(entries) {
        new_parents.for_each(&mut visit);
        visit(path.as_str());
    }
}

/// What file systems that fold case or Unicode forms make of a path.
fn fold(path: &str) -> String {
    if path.is_ascii() {
        path.to_ascii_lowercase()
    } else {
        // Upper-casing first joins what lower-casing alone keeps apart: `ß` and `SS`, final sigma.
        path.nfkc().collect::<String>().to_uppercase().to_lowercase().nfc().collect()
    }
}

/// Every path, and the directories above it that no path before it lies in, the outermost first.
/// What lies in a directory stands together in the order of the paths.
fn with_new_parents(entries: &Entries) -> impl Iterator<Item = (&TarPath, impl Iterator<Item = &str>)> {
    let mut previous = "";
    entries.keys().map(move |path| {
        let before = std::mem::replace(&mut previous, path.as_str());
        let lies_in = |directory: &str| {
            before.as_bytes().get(directory.len()) == Some(&b'/') && before.starts_with(directory)
        };
        (path, path.parents().skip_while(move |parent| lies_in(parent)))
    })
}

/// The entries with every directory on the way, in the order of the tarball: by path bytes, where a
/// directory's path ends in a slash, which puts parents first.
pub(super) fn with_directories(entries: Entries, problems: &mut Vec<Problem>) -> Vec<Entry> {
    // A directory's path with its slash sorts right before the first path that lies in it.
    let mut directories: Vec<(usize, TarPath)> = Vec::new();
    for (nth, (_, new_parents)) in with_new_parents(&entries).enumerate() {
        for directory in new_parents {
            if let Some(file) = entries.get(directory) {
                problems.push(
                    Problem::new(format!("`{directory}` is a file and a directory at once"))
                        .note(format!("the file is {}", words(&file.origin)))
                        .help("give one of the takes another `to`, or exclude one of them"),
                );
            }
            directories.extend(TarPath::new(directory).ok().map(|path| (nth, path)));
        }
    }
    let mut all = Vec::with_capacity(entries.len() + directories.len());
    let mut directories = directories.into_iter().peekable();
    for (nth, entry) in entries.into_values().enumerate() {
        while let Some((_, path)) = directories.next_if(|(before, _)| *before == nth) {
            all.push(Entry { path, node: Node::Directory, origin: Origin::Parent });
        }
        all.push(entry);
    }
    all
}
