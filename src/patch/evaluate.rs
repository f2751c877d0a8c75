// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! One change against the tree: what it would do, or why it cannot.

use std::collections::HashSet;
use std::sync::Arc;

use super::change::{FileChange, Kind, REGULAR};
use super::difference::first_difference;
use super::edit::{Edited, edited};
use super::error::{Cause, Mode, PatchProblem, Scope};
use super::path::strip;
use super::place::split;
use super::quote::show_path;
use super::tree::{Action, Applied, Failure, File, Offsets, Tree};

/// What a change does to the tree.
pub(super) struct Effect {
    pub(super) removes: Option<Vec<u8>>,
    pub(super) puts: Option<(Vec<u8>, File)>,
    pub(super) applied: Applied,
}

/// A patch's changes and the tree before all of them.
pub(super) struct Context<'a, T> {
    patch: &'a str,
    tree: &'a T,
    offsets: Offsets,
    removed: HashSet<&'a [u8]>,
    produced: HashSet<&'a [u8]>,
}

impl<'a, T: Tree> Context<'a, T> {
    pub(super) fn new(
        patch: &'a str,
        changes: impl IntoIterator<Item = &'a FileChange> + Clone,
        tree: &'a T,
        offsets: Offsets,
    ) -> Context<'a, T> {
        let removed = changes.clone().into_iter().filter_map(FileChange::removes).collect();
        let produced = changes.into_iter().filter_map(FileChange::produces).collect();
        Context { patch, tree, offsets, removed, produced }
    }

    /// What `change` does to the tree as it is.
    pub(super) fn evaluate(&self, change: &FileChange) -> Result<Effect, Failure<T::Error>> {
        let old = match &change.old_path {
            Some(path) => match self.read(path)? {
                Some(file) => Some(file),
                None => return Err(self.missing(change, path)?),
            },
            None => None,
        };
        let there =
            old.unwrap_or_else(|| File { mode: change.new_mode.unwrap_or(REGULAR), bytes: Arc::from([]) });
        let edited = edited(self.patch, change, &there, self.offsets);
        let mut problems = match &change.new_path {
            Some(path) if change.new_path != change.old_path => {
                self.room(change, path, &there, edited.as_ref().ok())?
            }
            _ => Vec::new(),
        };
        let (bytes, offsets) = match edited {
            Ok(edited) if problems.is_empty() => edited,
            Ok(_) => return Err(Failure::Problems(problems)),
            Err(found) => {
                problems.extend(found);
                return Err(Failure::Problems(problems));
            }
        };
        let mode = change.new_mode.unwrap_or(there.mode);
        let removes = change.removes().map(<[u8]>::to_vec);
        let from = change.old_path.clone().unwrap_or_default();
        let action = match change.kind {
            Kind::Create => Action::Created,
            Kind::Delete => Action::Deleted,
            Kind::Modify => Action::Modified,
            Kind::Rename => Action::Renamed { from },
            Kind::Copy => Action::Copied { from },
        };
        let changed = change.old_path.is_some() && change.new_path.is_some() && mode != there.mode;
        let applied = Applied {
            path: change.path().to_vec(),
            action,
            mode: changed.then_some((there.mode, mode)),
            offsets,
        };
        let puts = change.new_path.clone().map(|path| (path, File { mode, bytes }));
        Ok(Effect { removes, puts, applied })
    }

    fn read(&self, path: &[u8]) -> Result<Option<File>, Failure<T::Error>> {
        self.tree.read(path).map_err(Failure::Tree)
    }

    /// The problem of a file that is not there.
    fn missing(&self, change: &FileChange, path: &[u8]) -> Result<Failure<T::Error>, Failure<T::Error>> {
        let mut problem = PatchProblem::new(self.patch, Cause::Missing).at(change.line).on(path);
        if change.hunks.first().is_some_and(|hunk| hunk.old.len == 0) {
            problem.notes.push("a patch that creates a file has /dev/null in its --- line".to_owned());
        }
        problem.help = strip_hint(change, self.tree).map_err(Failure::Tree)?;
        Ok(Failure::Problems(vec![problem]))
    }

    /// What is at `path` or in its way, where `change` would put its result `edited`.
    fn room(
        &self,
        change: &FileChange,
        path: &[u8],
        from: &File,
        edited: Option<&Edited>,
    ) -> Result<Vec<PatchProblem>, Failure<T::Error>> {
        let exists =
            |what: String| PatchProblem::new(self.patch, Cause::Exists(what)).at(change.line).on(path);
        let mut problems = Vec::new();
        if let Some(there) = self.read(path)?.filter(|_| !self.removed.contains(path)) {
            let verb = match change.kind {
                Kind::Rename => "renames a file to this path",
                Kind::Copy => "copies a file to this path",
                _ => "creates this file",
            };
            let mut problem = exists(format!("the patch {verb}, but it exists"));
            if let Some((bytes, _)) = edited {
                let mode = change.new_mode.unwrap_or(from.mode);
                match first_difference(&split(bytes), &split(&there.bytes)) {
                    Some(note) => problem.notes.push(note),
                    None if mode != there.mode => problem.notes.push(format!(
                        "its content is the one that the patch makes, but it is {}, not {}",
                        Mode(there.mode),
                        Mode(mode)
                    )),
                    // A copy has no reverse to try, see `judge`.
                    None if change.kind == Kind::Copy => problem.cause = Cause::AlreadyApplied(Scope::File),
                    None => problem.notes.push("its content is the one that the patch makes".to_owned()),
                }
            }
            problems.push(problem);
        }
        for slash in (0..path.len()).filter(|&at| path[at] == b'/') {
            let parent = &path[..slash];
            let file = !self.removed.contains(parent) && self.read(parent)?.is_some();
            if file || self.produced.contains(parent) {
                problems.push(exists(format!("{} is a file, so nothing can be below it", show_path(parent))));
            }
        }
        let below = self.tree.below(path).map_err(Failure::Tree)?;
        if let Some(inside) = below.iter().find(|inside| !self.removed.contains(&inside[..])) {
            problems.push(exists(format!("there is a folder of this name, with {}", show_path(inside))));
        }
        Ok(problems)
    }
}

/// What strip level would find the file of a change, where another than the one used does.
pub(super) fn strip_hint<T: Tree>(change: &FileChange, tree: &T) -> Result<Option<String>, T::Error> {
    // The names of a rename stand without their first component, so the level cannot be told from them.
    let written = match change.kind {
        Kind::Modify | Kind::Delete => change.written.as_deref().unwrap_or_default(),
        Kind::Create | Kind::Rename | Kind::Copy => return Ok(None),
    };
    for level in 0..written.split(|&b| b == b'/').count() {
        let Ok(path) = strip(written, level) else {
            continue;
        };
        let is_other = change.old_path.as_ref() != Some(&path) && tree.outside(&path).is_none();
        if is_other && tree.read(&path)?.is_some() {
            let path = show_path(&path);
            return Ok(Some(format!("There is {path}; for this path the strip level would be {level}.")));
        }
    }
    Ok(None)
}
