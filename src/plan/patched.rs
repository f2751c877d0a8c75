// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Patches on a layer: applied to the files that the layer takes, by their paths in the source.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::select::{LayerContent, LayerFile, LayerFiles, PatchedContent, destination};
use super::{Offset, offsets_of};
use crate::lock::{Locked, patch_problem};
use crate::manifest::Layer;
use crate::model::{Problem, SourceText};
use crate::patch::{self, Action, File, Offsets, PatchProblem, Tree};
use crate::source::{BlobMode, Objects};

/// Applies the patches of a layer to its files, in the manifest's order. A patch that does not
/// apply leaves the files as they were, and those after it are still tried.
pub(super) fn apply(
    locked: &Locked,
    layer: &Layer,
    files: &mut LayerFiles,
    objects: &Objects,
    problems: &mut Vec<Problem>,
) -> Vec<Offset> {
    let mut offsets = Vec::new();
    for entry in &layer.patches {
        let allowed = if entry.offsets { Offsets::Allowed } else { Offsets::Refused };
        for (name, strip) in locked.inputs.patches(entry) {
            let bytes = locked.inputs.file(name);
            let patch = match patch::parse_stripping(name, bytes, strip) {
                Ok(patch) => patch,
                Err(found) => {
                    problems.extend(shown(&found, bytes));
                    continue;
                }
            };
            let before = sides(&patch, files);
            let mut tree = LayerTree { layer, files, objects, patch: name };
            match patch::apply(&patch, &mut tree, allowed) {
                Ok(applied) => {
                    keep_origins(&applied, &before, files);
                    offsets.extend(offsets_of(name, &applied));
                }
                Err(patch::Failure::Problems(found)) => problems.extend(shown(&found, bytes)),
                Err(patch::Failure::Tree(problem)) => problems.push(problem),
            }
        }
    }
    offsets
}

/// The files that a patch starts from, as they are before it.
fn sides<'p>(patch: &'p patch::Patch, files: &LayerFiles) -> BTreeMap<&'p str, LayerFile> {
    let old_paths = patch.files.iter().filter_map(|change| change.old_path.as_deref());
    let paths = old_paths.filter_map(|path| std::str::from_utf8(path).ok());
    paths.filter_map(|path| Some((path, files.get(path)?.clone()))).collect()
}

/// A renamed or copied file keeps the blob that it comes from, and the patches before this one.
fn keep_origins(applied: &[patch::Applied], before: &BTreeMap<&str, LayerFile>, files: &mut LayerFiles) {
    for change in applied {
        let (Action::Renamed { from } | Action::Copied { from }) = &change.action else { continue };
        let (Ok(from), Ok(to)) = (std::str::from_utf8(from), std::str::from_utf8(&change.path)) else {
            continue;
        };
        let (Some(earlier), Some(file)) = (before.get(from), files.get_mut(to)) else { continue };
        if let LayerContent::Patched(patched) = &mut file.content {
            patched.blob = earlier.blob();
            patched.patches.splice(0..0, earlier.patches().iter().cloned());
        }
    }
}

/// The problems of a patch, at their places in it.
fn shown(found: &[PatchProblem], bytes: &[u8]) -> Vec<Problem> {
    let mut texts: Option<Arc<SourceText>> = None;
    found
        .iter()
        .map(|fault| {
            let text = texts.get_or_insert_with(|| {
                let text = String::from_utf8_lossy(bytes).into_owned();
                Arc::new(SourceText { name: fault.patch.clone(), text })
            });
            patch_problem(fault, text)
        })
        .collect()
}

/// A layer's files as a patch sees them.
struct LayerTree<'a> {
    layer: &'a Layer,
    files: &'a mut LayerFiles,
    objects: &'a Objects,
    patch: &'a str,
}

impl Tree for LayerTree<'_> {
    type Error = Problem;

    fn read(&self, path: &[u8]) -> Result<Option<File>, Problem> {
        let Some(file) = std::str::from_utf8(path).ok().and_then(|path| self.files.get(path)) else {
            return Ok(None);
        };
        let bytes = match &file.content {
            LayerContent::Patched(patched) => Arc::clone(&patched.bytes),
            LayerContent::Blob(blob) => {
                let mut buffer = Vec::new();
                self.objects.read(blob.0, gix::objs::Kind::Blob, &mut buffer).map_err(|fault| {
                    Problem::new(format!(
                        "the patch `{}` changes `{}`, which cannot be read",
                        self.patch,
                        patch::show_path(path)
                    ))
                    .note(format!("blob {blob} {fault}"))
                })?;
                Arc::from(buffer)
            }
        };
        Ok(Some(File { mode: file.mode.git(), bytes }))
    }

    fn below(&self, path: &[u8]) -> Result<Vec<Vec<u8>>, Problem> {
        let Ok(path) = std::str::from_utf8(path) else { return Ok(Vec::new()) };
        let below = format!("{path}/");
        Ok(self
            .files
            .starting_at(&below)
            .take_while(|file| file.from.starts_with(&below))
            .map(|file| file.from.as_bytes().to_vec())
            .collect())
    }

    fn outside(&self, path: &[u8]) -> Option<String> {
        let Ok(path) = std::str::from_utf8(path) else { return Some("the path is not UTF-8".to_owned()) };
        if self.files.get(path).is_some() {
            return None;
        }
        let (layer, source) = (&self.layer.name, &self.layer.source);
        let Some(take) = self.layer.take.iter().find(|take| take.from.covers(path)) else {
            return Some(format!("layer `{layer}` takes no `{path}` from source `{source}`"));
        };
        if let Some(exclude) = self.layer.exclude.iter().find(|exclude| exclude.glob.covers(path)) {
            return Some(format!("layer `{layer}` excludes `{path}`: {}", exclude.reason));
        }
        destination(take, &Arc::from(path)).err().map(|problem| problem.title)
    }

    fn put(&mut self, path: &[u8], file: File) {
        // `outside` said that both hold, and the applier asks it first.
        let Ok(path) = std::str::from_utf8(path) else { return };
        let from = Arc::from(path);
        let Some(to) = self
            .layer
            .take
            .iter()
            .find(|take| take.from.covers(path))
            .and_then(|take| destination(take, &from).ok())
        else {
            return;
        };
        let mode = BlobMode::from_git(file.mode).unwrap_or(BlobMode::File);
        let earlier = self.files.get(path);
        let mut patches = earlier.map_or(Vec::new(), |file| file.patches().to_vec());
        patches.push(self.patch.to_owned());
        let patched = PatchedContent { bytes: file.bytes, blob: earlier.and_then(LayerFile::blob), patches };
        self.files.insert(LayerFile { from, to, mode, content: LayerContent::Patched(Box::new(patched)) });
    }

    fn remove(&mut self, path: &[u8]) {
        if let Ok(path) = std::str::from_utf8(path) {
            self.files.remove(path);
        }
    }
}
