// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! One file under a change: its new content, or why it is not what the change starts from.

use std::sync::Arc;

use super::change::{FileChange, Kind, LINK, REGULAR};
use super::diagnose::Site;
use super::error::{Cause, PatchProblem, Scope};
use super::place::{Block, Settled, rebuild, settle, split};
use super::tree::{File, Offsets};

/// New content, and how far each hunk moved.
pub(super) type Edited = (Arc<[u8]>, Vec<i64>);

/// The content of `there` after `change`, or all that is wrong with its content and mode.
pub(super) fn edited(
    patch: &str,
    change: &FileChange,
    there: &File,
    offsets: Offsets,
) -> Result<Edited, Vec<PatchProblem>> {
    let mode = mode(change, there);
    let (mut edited, mut found) = (None, Vec::new());
    let problem = |cause| PatchProblem::new(patch, cause).at(change.line).on(change.path());
    if change.hunks.is_empty() {
        edited = Some((there.bytes.clone(), Vec::new()));
        if change.kind == Kind::Delete && !there.bytes.is_empty() {
            let what = "the patch deletes an empty file, but this one has content";
            found.push(problem(Cause::Exists(what.to_owned())));
        } else if mode == Mode::Applied {
            found.push(problem(Cause::AlreadyApplied(Scope::File)));
        }
    } else {
        let lines = split(&there.bytes);
        let site = Site { patch, change, lines: &lines };
        match settle(&change.hunks, &lines) {
            Settled::Fits(places) => {
                let blocks = Block::all(&change.hunks);
                let offset = |(block, &at): (&Block<'_>, &usize)| at as i64 - block.at as i64;
                let moved: Vec<i64> = blocks.iter().zip(&places).map(offset).collect();
                if offsets == Offsets::Refused && moved.iter().any(|&offset| offset != 0) {
                    found.extend(site.moved(&places));
                } else if mode == Mode::Applied {
                    found.push(problem(Cause::AlreadyApplied(Scope::Mode)));
                }
                edited = Some((rebuild(&blocks, &places, &lines).into(), moved));
            }
            Settled::Already => {
                let is_all = change.old_mode == change.new_mode || mode == Mode::Applied;
                let scope = if change.kind == Kind::Modify && is_all { Scope::File } else { Scope::Content };
                found.push(problem(Cause::AlreadyApplied(scope)));
            }
            Settled::Open => found.extend(site.open(offsets)),
        }
    }
    if let Mode::Wrong(expected) = mode {
        let mut wrong = problem(Cause::WrongMode { expected, found: there.mode });
        if change.old_mode == change.new_mode && there.mode != LINK && expected != LINK {
            let help = "The patch keeps the mode. If it may differ, correct the mode in its `index` line.";
            wrong.help = Some(help.to_owned());
        }
        found.push(wrong);
    }
    // Only hunks that have a place give content, whatever the diagnosis of the others came to.
    edited.filter(|_| found.is_empty()).ok_or(found)
}

/// How the file's mode stands to the change.
#[derive(PartialEq, Eq)]
enum Mode {
    /// It is the one before the patch, or the patch has no say.
    Fits,
    /// It is the one after the patch.
    Applied,
    /// It is neither; this is the one before.
    Wrong(u32),
}

fn mode(change: &FileChange, there: &File) -> Mode {
    let expected = match (change.kind, change.old_mode) {
        (Kind::Create, _) => return Mode::Fits,
        // A patch that speaks of no mode is about a file, not a link's target.
        (_, None) if there.mode == LINK && !change.hunks.is_empty() => REGULAR,
        (_, None) => return Mode::Fits,
        (_, Some(mode)) => mode,
    };
    if there.mode == expected {
        Mode::Fits
    } else if change.kind == Kind::Modify && change.new_mode == Some(there.mode) {
        Mode::Applied
    } else {
        Mode::Wrong(expected)
    }
}
