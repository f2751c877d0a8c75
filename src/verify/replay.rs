// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Patches once more, with the same strict applier, on the blobs of the pinned commit.

use std::sync::Arc;

use super::carried::Carried;
use super::expected::{Files, Offset, Taken, lands};
use super::finding::{Finding, Findings, Step};
use crate::lock::patch_problem;
use crate::manifest::Layer;
use crate::model::{Problem, SourceText, TarPath};
use crate::patch::{self, Action, Applied, File, Offsets, Tree};
use crate::source::{BlobMode, Objects, OpenSource};

/// Applies the patches of a layer to its files.
pub(super) fn patches(
    carried: &Carried,
    layer: &Layer,
    open: &OpenSource,
    files: &mut Files,
    offsets: &mut Vec<Offset>,
    findings: &mut Findings,
) {
    let objects = open.repository.objects();
    for entry in &layer.patches {
        let allowed = if entry.offsets { Offsets::Allowed } else { Offsets::Refused };
        for (name, strip) in carried.inputs.patches(entry) {
            let bytes = carried.inputs.file(name);
            let mut before = Files::new();
            let parsed = patch::parse_stripping(name, bytes, strip).map_err(patch::Failure::Problems);
            let applied = parsed.and_then(|patch| {
                before = sides(&patch, files);
                let mut layered = Layered { layer, files, objects: &objects, open, patch: name };
                patch::apply(&patch, &mut layered, allowed)
            });
            match applied {
                Ok(applied) => {
                    for change in &applied {
                        keep_origin(change, &before, files);
                        note_offsets(name, change, offsets);
                    }
                }
                Err(patch::Failure::Problems(found)) => {
                    let text = String::from_utf8_lossy(bytes).into_owned();
                    let text = Arc::new(SourceText { name: name.to_owned(), text });
                    for fault in &found {
                        findings.push(Finding::new(Step::Members, patch_problem(fault, &text)));
                    }
                }
                Err(patch::Failure::Tree(problem)) => {
                    findings.push(Finding::new(Step::Sources, problem));
                }
            }
        }
    }
}

/// The files that a patch starts from, as they are before it.
fn sides(patch: &patch::Patch, files: &Files) -> Files {
    let old = patch.files.iter().filter_map(|change| std::str::from_utf8(change.old_path.as_deref()?).ok());
    old.filter_map(|path| Some((path.to_owned(), files.get(path)?.clone()))).collect()
}

/// A renamed or copied file comes from the blob that the other one did, through the same patches.
fn keep_origin(change: &Applied, before: &Files, files: &mut Files) {
    let (Action::Renamed { from } | Action::Copied { from }) = &change.action else { return };
    let text = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
    if let (Some(earlier), Some(file)) = (before.get(&text(from)), files.get_mut(&text(&change.path))) {
        file.blob = earlier.blob;
        file.patches = earlier.patches.iter().cloned().chain(std::mem::take(&mut file.patches)).collect();
    }
}

fn note_offsets(patch: &str, change: &Applied, offsets: &mut Vec<Offset>) {
    let path = String::from_utf8_lossy(&change.path);
    for (nth, &lines) in change.offsets.iter().enumerate().filter(|(_, lines)| **lines != 0) {
        offsets.push((patch.to_owned(), path.clone().into_owned(), nth + 1, lines));
    }
}

/// The files of a layer, as a patch sees them.
struct Layered<'a> {
    layer: &'a Layer,
    files: &'a mut Files,
    objects: &'a Objects,
    open: &'a OpenSource,
    patch: &'a str,
}

impl Layered<'_> {
    /// Where a path of the source lands; why not, where the layer does not have it.
    fn destination(&self, path: &[u8]) -> Result<(String, TarPath), String> {
        let path = std::str::from_utf8(path).map_err(|_| "the path is not UTF-8".to_owned())?;
        let Some(take) = self.layer.take.iter().find(|take| take.from.covers(path)) else {
            return Err(format!("layer `{}` takes no `{path}`", self.layer.name));
        };
        if let Some(exclude) = self.layer.exclude.iter().find(|exclude| exclude.glob.covers(path)) {
            return Err(format!("layer `{}` excludes `{path}`: {}", self.layer.name, exclude.reason));
        }
        let to = TarPath::new(lands(take, path)).map_err(|fault| format!("its path {fault}"))?;
        Ok((path.to_owned(), to))
    }
}

impl Tree for Layered<'_> {
    type Error = Problem;

    fn read(&self, path: &[u8]) -> Result<Option<File>, Problem> {
        let Some(taken) = std::str::from_utf8(path).ok().and_then(|path| self.files.get(path)) else {
            return Ok(None);
        };
        let bytes = match (&taken.bytes, taken.blob) {
            (Some(bytes), _) => Arc::clone(bytes),
            (None, None) => return Ok(None),
            (None, Some(blob)) => {
                let mut buffer = Vec::new();
                self.objects.read(blob.0, gix::objs::Kind::Blob, &mut buffer).map_err(|fault| {
                    Problem::new(format!(
                        "the patch `{}` cannot be replayed on `{}`: its object cannot be read",
                        self.patch,
                        patch::show_path(path)
                    ))
                    .note(format!("blob {blob} {fault}"))
                    .note(self.open.describe())
                })?;
                Arc::from(buffer)
            }
        };
        Ok(Some(File { mode: taken.mode.git(), bytes }))
    }

    fn below(&self, path: &[u8]) -> Result<Vec<Vec<u8>>, Problem> {
        let Ok(path) = std::str::from_utf8(path) else { return Ok(Vec::new()) };
        let folder = format!("{path}/");
        let from = self.files.range(folder.clone()..).map(|(path, _)| path);
        let inside = from.take_while(|path| path.starts_with(&folder));
        Ok(inside.map(|path| path.clone().into_bytes()).collect())
    }

    fn outside(&self, path: &[u8]) -> Option<String> {
        let there = std::str::from_utf8(path).is_ok_and(|path| self.files.contains_key(path));
        if there { None } else { self.destination(path).err() }
    }

    fn put(&mut self, path: &[u8], file: File) {
        let Ok((path, to)) = self.destination(path) else { return };
        let earlier = self.files.remove(&path);
        let (blob, mut patches) = earlier.map_or((None, Vec::new()), |taken| (taken.blob, taken.patches));
        patches.push(self.patch.to_owned());
        let mode = BlobMode::from_git(file.mode).unwrap_or(BlobMode::File);
        self.files.insert(path, Taken { to, mode, blob, bytes: Some(file.bytes), patches });
    }

    fn remove(&mut self, path: &[u8]) {
        if let Ok(path) = std::str::from_utf8(path) {
            self.files.remove(path);
        }
    }
}
