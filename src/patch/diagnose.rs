// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Why hunks do not fit where the patch puts them: their lines are elsewhere, their result is there,
//! or something else is.

use super::change::{FileChange, Hunk, Kind, reversed};
use super::difference::{Difference, alike, fuzz, likeliest, without_blanks, without_cr};
use super::error::{Cause, PatchProblem, Place, Scope};
use super::place::Block;
use super::tree::Offsets;

const REFRESH: &str = "Refresh the patch against this source.";

/// One change, and the lines of the file that it does not fit.
pub(super) struct Site<'a> {
    pub(super) patch: &'a str,
    pub(super) change: &'a FileChange,
    pub(super) lines: &'a [&'a [u8]],
}

impl Site<'_> {
    /// The problems of hunks that all fit, at `places`, but not all where the patch puts them.
    pub(super) fn moved(&self, places: &[usize]) -> Vec<PatchProblem> {
        let mut floor = 0;
        let mut problems = Vec::new();
        for (index, (hunk, &at)) in self.change.hunks.iter().zip(places).enumerate() {
            let block = Block::new(hunk);
            if at != block.at {
                let fits = block.places(self.lines, floor, at);
                problems.push(self.other_line(hunk, self.place(index, block.at), &fits));
            }
            floor = at + block.before.len();
        }
        problems
    }

    /// The problems where at least one hunk has no place: one for each hunk that does not fit.
    pub(super) fn open(&self, offsets: Offsets) -> Vec<PatchProblem> {
        let undone = reversed(&self.change.hunks);
        // What hunks already in the file added to the lines before; where the hunk before was found, how
        // far from its line, and where it ends.
        let (mut applied, mut last, mut drift, mut floor) = (0_isize, 0, 0_isize, 0);
        let mut problems = Vec::new();
        for (index, (hunk, undo)) in self.change.hunks.iter().zip(&undone).enumerate() {
            let block = Block::new(hunk);
            let stated = block.at.saturating_add_signed(applied);
            let near = stated.saturating_add_signed(drift);
            let place = self.place(index, stated);
            let undoing = Block { at: stated, ..Block::new(undo) };
            let fits = block.places(self.lines, floor, near);
            let there =
                if Block::is_telling(hunk) { undoing.places(self.lines, floor, near) } else { Vec::new() };
            let far = |places: &[usize]| places.first().map(|at| at.abs_diff(near));
            let (at, len) = match (far(&fits), far(&there)) {
                (None, None) => match block.places(self.lines, 0, near).first() {
                    Some(&at) => {
                        let problem = self.problem(hunk, Cause::DoesNotFit(place)).help(REFRESH);
                        let (here, before) = (at + 1, last + 1);
                        problems.push(problem.note(format!(
                            "its lines are at line {here}, but those of the hunk before are at line {before}"
                        )));
                        (at, block.before.len())
                    }
                    None => {
                        problems.push(self.unfit(&block, hunk, place, near));
                        continue;
                    }
                },
                (fit, Some(other)) if fit.is_none_or(|fit| fit > 0 && other <= fit) => {
                    let at = there[0];
                    let scope = Scope::Hunk { hunk: place, at: at + 1 };
                    problems.push(self.problem(hunk, Cause::AlreadyApplied(scope)));
                    applied += undoing.before.len().cast_signed() - block.before.len().cast_signed();
                    (at, undoing.before.len())
                }
                _ => {
                    let at = fits[0];
                    let tie = fits.get(1).filter(|next| next.abs_diff(near) == at.abs_diff(near));
                    match (offsets, tie) {
                        (Offsets::Refused, _) if at != stated => {
                            problems.push(self.other_line(hunk, place, &fits));
                        }
                        (Offsets::Allowed, Some(&next)) => {
                            let fits = [at.min(next) + 1, at.max(next) + 1];
                            let cause = Cause::Ambiguous { hunk: place, fits };
                            problems.push(self.problem(hunk, cause).help(REFRESH));
                        }
                        _ => {}
                    }
                    (at, block.before.len())
                }
            };
            (last, floor) = (at, at + len);
            drift = at.cast_signed() - stated.cast_signed();
        }
        problems
    }

    fn place(&self, index: usize, at: usize) -> Place {
        Place { number: index + 1, of: self.change.hunks.len(), stated: at + 1 }
    }

    fn problem(&self, hunk: &Hunk, cause: Cause) -> PatchProblem {
        let problem = PatchProblem::new(self.patch, cause).at(hunk.line);
        problem.on(self.change.path()).note(hunk.header.clone())
    }

    fn other_line(&self, hunk: &Hunk, place: Place, fits: &[usize]) -> PatchProblem {
        let fits = fits.iter().map(|at| at + 1).collect();
        self.problem(hunk, Cause::OtherLine { hunk: place, fits })
            .help("Refresh the patch, or allow offsets for it; the offset used is then recorded.")
    }

    /// A hunk that fits nowhere.
    fn unfit(&self, block: &Block<'_>, hunk: &Hunk, place: Place, near: usize) -> PatchProblem {
        let lines = self.lines;
        let edge = (0..lines.len())
            .filter(|&at| !block.before.is_empty() && block.equals(lines, at))
            .min_by_key(|at| at.abs_diff(near));
        let fuzzy = if edge.is_none() { fuzz(block, lines, near) } else { None };
        let cause = match fuzzy {
            Some((fuzz, at)) => Cause::NeedsFuzz { hunk: place, fuzz, at: at + 1 },
            None => Cause::DoesNotFit(place),
        };
        let mut problem = self.problem(hunk, cause).help(REFRESH);
        let at = fuzzy.map_or(near, |(_, at)| at);
        if let Some(difference) = Difference::find(block, lines, at) {
            problem.line = difference.patch_line.or(problem.line);
            problem.notes.push(difference.to_string());
        }
        if let Some(at) = edge {
            let edge = match (block.at, at) {
                (0, 1..) => "a hunk for line 1 belongs to the start of the file",
                _ if self.change.kind == Kind::Delete => return problem,
                _ => "a hunk without context behind it belongs to the end of the file",
            };
            if block.leading + block.trailing == 0 {
                problem.help = Some("Make the patch with context lines (`diff -U3`).".to_owned());
            }
            problem.note(format!("its lines are at line {}, but {edge}", at + 1))
        } else if let Some(at) = alike(block, lines, near, without_cr) {
            problem.note(format!("the lines at line {} differ from the patch in LF and CR LF only", at + 1))
        } else if let Some(at) = alike(block, lines, near, without_blanks) {
            problem.note(format!("the lines at line {} differ from the patch in white space only", at + 1))
        } else {
            problem.notes.extend(likeliest(block, lines, near).filter(|_| fuzzy.is_none()));
            problem
        }
    }
}
