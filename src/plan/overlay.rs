// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Layers over one another: one entry for each path, and no two paths that some file system or
//! reader takes for one.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization as _;

use super::by_path::{ByPath, Placed};
use super::select::{LayerContent, LayerFile, LayerFiles};
use super::{Content, Entry, Missing, Node, Origin, RECORDS};
use crate::manifest::{Layer, Manifest};
use crate::model::{BlobId, Problem, SourceName, TarPath};
use crate::source::{BlobMode, Objects};

/// The entries of a tarball while they are put together, by path.
pub(super) type Entries = ByPath<Entry>;

impl Placed for Entry {
    fn place(&self) -> &str {
        self.path.as_str()
    }
}

/// Of so many files there is one directory or fewer, in most trees.
const IN_A_DIRECTORY: usize = 8;

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
        let files = files.into_list();
        // The directories join at the end, where a list of many should not have to move.
        let mut laid = Vec::with_capacity(files.len() + files.len() / IN_A_DIRECTORY);
        for file in files {
            match entry(layer, file, &objects[&layer.source.value]) {
                Ok(entry) => laid.push(entry),
                Err(NoEntry::Missing(what)) => missing.push(what),
                Err(NoEntry::Wrong(problem)) => problems.push(problem),
            }
        }

        // One layer's files may be in another order than in the source, and two of them on one path.
        laid.sort_by(|one, other| one.path.cmp(&other.path));
        laid.dedup_by(|second, first| {
            let same = second.path == first.path;
            if same {
                problems.push(collision(manifest, first, second, layer));
            }
            same
        });

        // What an earlier layer has is there already: replaced as declared, or a problem.
        let mut replaced = vec![false; layer.replaces.len()];
        laid.retain(|entry| {
            let Some(earlier) = entries.get_mut(entry.path.as_str()) else { return true };
            match layer.replaces.iter().position(|glob| glob.covers(entry.path.as_str())) {
                Some(nth) => {
                    replaced[nth] = true;
                    earlier.clone_from(entry);
                }
                None => problems.push(collision(manifest, earlier, entry, layer)),
            }
            false
        });
        for (glob, used) in layer.replaces.iter().zip(replaced) {
            if !used {
                problems.push(manifest.problem(
                    format!("`replaces` of layer `{}` names `{glob}`, where nothing is replaced", layer.name),
                    &glob.span,
                    "no earlier layer has it, or this one does not",
                ));
            }
        }
        entries.extend(laid);
    }
    (entries, missing)
}

/// Why a file of a layer is no entry.
enum NoEntry {
    Missing(Missing),
    Wrong(Problem),
}

/// The entry that a file of a layer is.
fn entry(layer: &Layer, file: LayerFile, objects: &Objects) -> Result<Entry, NoEntry> {
    let LayerFile { from, to, mode, content } = file;
    let source = &layer.source.value;
    if to.as_str().strip_prefix(RECORDS).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        return Err(NoEntry::Wrong(
            Problem::new(format!("`{from}` of layer `{}` lands in `{RECORDS}/`", layer.name))
                .help(format!("`{RECORDS}/` holds the tool's own records: take it elsewhere, or exclude it")),
        ));
    }
    let (bytes, origin) = match content {
        LayerContent::Blob(blob) => {
            let (layer, source) = (layer.name.value.clone(), source.clone());
            (
                Content::Blob(source.clone(), blob),
                Origin::Blob { layer, source, path: Arc::clone(&from), blob },
            )
        }
        LayerContent::Patched(patched) => {
            let (layer, source) = (layer.name.value.clone(), source.clone());
            let (blob, patches) = (patched.blob, patched.patches);
            let origin = Origin::Patched { layer, source, path: Arc::clone(&from), blob, patches };
            (Content::Bytes(patched.bytes), origin)
        }
    };
    let node = match mode {
        BlobMode::Symlink => match link_target(objects, source, &from, &bytes) {
            Ok(Some(target)) => Node::Symlink { target },
            Ok(None) => {
                let blob = *blob_of(&bytes).expect("bytes are at hand");
                let path = from.to_string();
                return Err(NoEntry::Missing(Missing { source: source.clone(), path, blob }));
            }
            Err(problem) => return Err(NoEntry::Wrong(problem)),
        },
        mode => Node::File { executable: mode == BlobMode::Executable, content: bytes },
    };
    Ok(Entry { path: to, node, origin })
}

/// The files whose objects are not at hand.
pub(super) fn missing(entries: &Entries, objects: &BTreeMap<SourceName, Objects>) -> Vec<Missing> {
    let blobs = entries.iter().filter_map(|entry| match (&entry.node, &entry.origin) {
        (Node::File { content: Content::Blob(source, blob), .. }, Origin::Blob { path, .. }) => {
            Some((source, path, *blob))
        }
        _ => None,
    });
    blobs
        .filter(|(source, _, blob)| !objects[*source].contains(blob.0))
        .map(|(source, path, blob)| Missing { source: source.clone(), path: path.to_string(), blob })
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

fn collision(manifest: &Manifest, first: &Entry, second: &Entry, layer: &Layer) -> Problem {
    let path = &first.path;
    let problem = Problem::new(format!("two files land on `{path}`"))
        .note(format!("first   {}", words(&first.origin)))
        .note(format!("second  {}", words(&second.origin)));
    if layer_of(&first.origin) == Some(layer.name.as_str()) {
        return problem
            .help("one layer takes both: give one of the takes another `to`, or exclude one of the files");
    }
    problem
        .at(&manifest.text, layer.name.span.clone(), "the later layer")
        .help(format!("exclude one of them, or say `replaces = [\"{path}\"]` in layer `{}`", layer.name))
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
    // Of two paths that are folded into one, one at least is not what they are folded into. Most paths are, and
    // meet nothing here.
    let mut seen: HashMap<String, Option<&str>> = HashMap::new();
    each_with_parents(entries, |path, _| {
        seen.extend(fold(path).map(|folded| (folded, None)));
    });
    each_with_parents(entries, |path, _| {
        let folded = fold(path);
        let Some(other) = seen.get_mut(folded.as_deref().unwrap_or(path)) else { return };
        // A file where a directory stands is another problem, told elsewhere.
        let Some(other) = other.replace(path).filter(|other| *other != path) else { return };
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
    });
}

/// What file systems that fold case or Unicode forms make of a path, if that is not the path itself.
fn fold(path: &str) -> Option<String> {
    if path.is_ascii() {
        path.bytes().any(|byte| byte.is_ascii_uppercase()).then(|| path.to_ascii_lowercase())
    } else {
        // Upper-casing first joins what lower-casing alone keeps apart: `ß` and `SS`, final sigma.
        let folded: String = path.nfkc().collect::<String>().to_uppercase().to_lowercase().nfc().collect();
        (folded != path).then_some(folded)
    }
}

/// Visits every path, and before it the directories above it that no path before it lies in, the outermost
/// first; those without an entry. What lies in a directory stands together in the order of the paths.
fn each_with_parents<'e>(entries: &'e Entries, mut visit: impl FnMut(&'e str, Option<&'e Entry>)) {
    let mut before = "";
    for entry in entries.iter() {
        let lies_in = |directory: &str| {
            before.as_bytes().get(directory.len()) == Some(&b'/') && before.starts_with(directory)
        };
        for parent in entry.path.parents().skip_while(|parent| lies_in(parent)) {
            visit(parent, None);
        }
        before = entry.path.as_str();
        visit(before, Some(entry));
    }
}

/// The entries with every directory on the way, in the order of the tarball: by path bytes, where a
/// directory's path ends in a slash, which puts parents first.
pub(super) fn with_directories(entries: Entries, problems: &mut Vec<Problem>) -> Vec<Entry> {
    let mut directories = Vec::new();
    each_with_parents(&entries, |path, entry| {
        if entry.is_some() {
            return;
        }
        if let Some(file) = entries.get(path) {
            problems.push(
                Problem::new(format!("`{path}` is a file and a directory at once"))
                    .note(format!("the file is {}", words(&file.origin)))
                    .help("give one of the takes another `to`, or exclude one of them"),
            );
        }
        directories.extend(TarPath::new(path).ok());
    });
    let directories =
        directories.into_iter().map(|path| Entry { path, node: Node::Directory, origin: Origin::Parent });
    let mut all = entries.into_list();
    all.extend(directories);
    all.sort_by(in_the_tar);
    all
}

fn in_the_tar(one: &Entry, other: &Entry) -> Ordering {
    let (one_path, other_path) = (one.path.as_str().as_bytes(), other.path.as_str().as_bytes());
    let length = one_path.len().min(other_path.len());
    let (one_start, one_rest) = one_path.split_at(length);
    let (other_start, other_rest) = other_path.split_at(length);
    let slash = |entry: &Entry| (entry.node == Node::Directory).then_some(&b'/');
    one_start
        .cmp(other_start)
        .then_with(|| one_rest.iter().chain(slash(one)).cmp(other_rest.iter().chain(slash(other))))
}
