// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A patch against the files of a layer, all or nothing.

use super::change::{FileChange, Kind, Patch};
use super::error::{Cause, PatchProblem, Scope};
use super::evaluate::{Context, Effect, strip_hint};
use super::tree::{Applied, Failure, Offsets, Tree};

/// Applies `patch` to `tree`, with one [`Applied`] for each change, in order. All changes are judged
/// before the first is made; see the module page for what must be equal.
pub fn apply<T: Tree>(
    patch: &Patch,
    tree: &mut T,
    offsets: Offsets,
) -> Result<Vec<Applied>, Failure<T::Error>> {
    let effects = judge(patch, tree, offsets)?;
    // A path can be taken away by one change and be written by another.
    for path in effects.iter().filter_map(|effect| effect.removes.as_ref()) {
        tree.remove(path);
    }
    let mut applied = Vec::new();
    for effect in effects {
        if let Some((path, file)) = effect.puts {
            tree.put(&path, file);
        }
        applied.push(effect.applied);
    }
    Ok(applied)
}

fn judge<T: Tree>(patch: &Patch, tree: &T, offsets: Offsets) -> Result<Vec<Effect>, Failure<T::Error>> {
    let forward = Context::new(&patch.name, &patch.files, tree, offsets);
    let mut effects = Vec::new();
    // For each change that cannot be made, its place in the patch and its problems.
    let mut failed: Vec<(usize, Vec<PatchProblem>)> = Vec::new();
    let mut outside = false;
    for (index, change) in patch.files.iter().enumerate() {
        let found = outside_layer(patch, change, tree).map_err(Failure::Tree)?;
        if !found.is_empty() {
            outside = true;
            failed.push((index, found));
            continue;
        }
        match forward.evaluate(change) {
            Ok(effect) => effects.push(effect),
            Err(Failure::Problems(problems)) => failed.push((index, problems)),
            Err(error) => return Err(error),
        }
    }
    if failed.is_empty() {
        return Ok(effects);
    }
    if outside {
        let problems = failed.into_iter().flat_map(|(_, problems)| problems);
        return Err(Failure::Problems(problems.collect()));
    }

    let mut there = applied_already(patch, tree)?;
    for (index, problems) in &failed {
        let applied = Cause::AlreadyApplied(Scope::File);
        there[*index] |= problems.iter().any(|problem| problem.cause == applied);
    }
    let count = there.iter().filter(|&&there| there).count();
    let all = patch.files.len();
    if count == all {
        let cause = Cause::AlreadyApplied(Scope::Patch(all));
        let problem = PatchProblem::new(&patch.name, cause).help("Drop the patch: the source has it.");
        return Err(Failure::Problems(vec![problem]));
    }
    let mut problems = Vec::new();
    for (index, found) in failed {
        if there[index] {
            let change = &patch.files[index];
            let problem = PatchProblem::new(&patch.name, Cause::AlreadyApplied(Scope::File));
            let note = format!("{count} of the patch's {all} changes are applied, the others are not");
            problems.push(problem.at(change.line).on(change.path()).note(note));
        } else {
            problems.extend(found);
        }
    }
    Err(Failure::Problems(problems))
}

/// For each change, whether its reverse could be applied: then the change is in the tree.
fn applied_already<T: Tree>(patch: &Patch, tree: &T) -> Result<Vec<bool>, Failure<T::Error>> {
    let reversed: Vec<Option<FileChange>> = patch.files.iter().map(FileChange::reversed).collect();
    let back = Context::new(&patch.name, reversed.iter().flatten(), tree, Offsets::Refused);
    let mut there = Vec::new();
    for (change, undo) in patch.files.iter().zip(&reversed) {
        there.push(match undo.as_ref().map(|undo| back.evaluate(undo)) {
            Some(Ok(_)) => true,
            Some(Err(Failure::Problems(_))) => false,
            Some(Err(error)) => return Err(error),
            // A copy without edits, of a file that the patch changes as well, is taken for applied where
            // there is a file. Of one that stays, the copy is compared when the change is judged.
            None => {
                let touched =
                    |other: &FileChange| other.old_path == change.old_path && other.kind != Kind::Copy;
                let target = tree.read(change.path()).map_err(Failure::Tree)?;
                patch.files.iter().any(touched) && target.is_some()
            }
        });
    }
    Ok(there)
}

fn outside_layer<T: Tree>(
    patch: &Patch,
    change: &FileChange,
    tree: &T,
) -> Result<Vec<PatchProblem>, T::Error> {
    let mut paths: Vec<&Vec<u8>> = change.old_path.iter().chain(&change.new_path).collect();
    paths.dedup();
    let mut problems = Vec::new();
    for path in paths {
        if let Some(why) = tree.outside(path) {
            let problem = PatchProblem::new(&patch.name, Cause::OutsideLayer);
            let mut problem = problem.at(change.line).on(path).note(why);
            problem.help = strip_hint(change, tree)?;
            problems.push(problem);
        }
    }
    Ok(problems)
}
