// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Layers over one another: one entry for each path, and no two paths that some file system or
//! reader takes for one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use unicode_normalization::UnicodeNormalization as _;

use super::select::{LayerBytes, LayerFiles};
use super::{Content, Entry, Missing, Node, Origin, RECORDS};
use crate::manifest::Manifest;
use crate::model::{BlobId, Problem, SourceName, TarPath};
use crate::source::{BlobMode, Objects};

/// The entries of a tarball while they are put together, by path.
pub(super) type Entries = BTreeMap<TarPath, Entry>;

/// Lays the layers over one another, the first one lowest. Reads the targets of links.
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
                LayerBytes::Blob(blob) => {
                    if !objects.contains(blob.0) {
                        missing.push(Missing { source: source.clone(), path: path.clone(), blob });
                    }
                    Content::Blob(source.clone(), blob)
                }
                LayerBytes::Patched(bytes) => Content::Bytes(bytes),
            };
            let node = match file.mode {
                BlobMode::Symlink => match link_target(objects, source, &path, &content) {
                    Ok(Some(target)) => Node::Symlink { target },
                    // It is among the missing.
                    Ok(None) => continue,
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
            if let Some(earlier) = entries.get(&to) {
                let covering = layer.replaces.iter().position(|glob| glob.covers(to.as_str()));
                match covering {
                    Some(nth) if layer_of(&earlier.origin) != Some(layer.name.as_str()) => {
                        replaced[nth] = true
                    }
                    _ => {
                        problems.push(collision(
                            manifest,
                            &to,
                            &earlier.origin,
                            &origin,
                            layer.name.as_str(),
                        ));
                        continue;
                    }
                }
            }
            entries.insert(to.clone(), Entry { path: to, node, origin });
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
    let mut seen: HashMap<String, String> = HashMap::with_capacity(entries.len());
    let mut directories = BTreeSet::new();
    let mut visit = |path: &str| {
        let folded = fold(path);
        let Some(other) = seen.insert(folded, path.to_owned()) else { return };
        if other == path {
            // A file where a directory stands is another problem, told elsewhere.
            return;
        }
        let unicode = path.nfc().eq(other.nfc());
        let globs = if unicode { &allow.unicode_clashes } else { &allow.case_clashes };
        if globs.iter().any(|glob| glob.covers(path) || glob.covers(&other)) {
            return;
        }
        let (what, key) =
            if unicode { ("Unicode form", "unicode-clashes") } else { ("case", "case-clashes") };
        problems.push(
            Problem::new(format!("`{other}` and `{path}` differ in {what} alone"))
                .help(format!("exclude one of them, or name it in `[allow] {key} = [\"{path}\"]`")),
        );
    };
    for path in entries.keys() {
        for parent in path.parents() {
            if !directories.contains(parent) {
                directories.insert(parent.to_owned());
                visit(parent);
            }
        }
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

/// The entries with every directory on the way, in the order of the tarball: by path bytes, where a
/// directory's path ends in a slash, which puts parents first.
pub(super) fn with_directories(entries: Entries, problems: &mut Vec<Problem>) -> Vec<Entry> {
    let mut directories: BTreeSet<&str> = BTreeSet::new();
    for path in entries.keys() {
        directories.extend(path.parents());
    }
    for directory in &directories {
        if let Some(file) = entries.get(*directory) {
            problems.push(
                Problem::new(format!("`{directory}` is a file and a directory at once"))
                    .note(format!("the file is {}", words(&file.origin)))
                    .help("give one of the takes another `to`, or exclude one of them"),
            );
        }
    }
    let mut all: Vec<Entry> = directories
        .iter()
        .filter_map(|directory| TarPath::new(*directory).ok())
        .map(|path| Entry { path, node: Node::Directory, origin: Origin::Parent })
        .collect();
    all.extend(entries.into_values());
    all.sort_by(|a, b| sort_key(a).cmp(sort_key(b)));
    all
}

/// The bytes that sort an entry.
fn sort_key(entry: &Entry) -> impl Iterator<Item = u8> {
    let slash: &[u8] = if entry.node == Node::Directory { b"/" } else { b"" };
    entry.path.as_str().bytes().chain(slash.iter().copied())
}
