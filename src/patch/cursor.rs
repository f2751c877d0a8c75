// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The lines of a patch file, and the place reached in it.

use super::error::{Cause, PatchProblem};

/// The lines of a patch file, with the place reached and the problems found.
pub(super) struct Cursor<'a> {
    pub(super) name: &'a str,
    pub(super) strip: usize,
    pub(super) problems: Vec<PatchProblem>,
    lines: Vec<&'a [u8]>,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(name: &'a str, strip: usize, bytes: &'a [u8]) -> Cursor<'a> {
        let lines = bytes.split_inclusive(|&b| b == b'\n').collect();
        Cursor { name, strip, lines, at: 0, problems: Vec::new() }
    }

    /// The lines above the first change.
    pub(super) fn preamble(&self) -> &[&'a [u8]] {
        let start = (0..self.lines.len()).find(|&at| self.starts_change(at));
        &self.lines[..start.unwrap_or(self.lines.len())]
    }

    /// Whether a change starts at the cursor.
    pub(super) fn at_change(&self) -> bool {
        self.starts_change(self.at)
    }

    /// The line at the cursor, with its line feed.
    pub(super) fn peek(&self) -> Option<&'a [u8]> {
        self.lines.get(self.at).copied()
    }

    /// The line at the cursor, which moves on.
    pub(super) fn advance(&mut self) -> Option<&'a [u8]> {
        let line = self.peek();
        self.at += 1;
        line
    }

    /// The number of the line at the cursor, from 1.
    pub(super) fn number(&self) -> usize {
        self.at + 1
    }

    /// Whether a change starts here: a git header, or `---`, `+++` and a hunk header in a row; all three,
    /// so that a commit message may talk about diffs.
    fn starts_change(&self, at: usize) -> bool {
        let starts = |at: usize, with: &[u8]| self.lines.get(at).is_some_and(|line| line.starts_with(with));
        starts(at, b"diff --git ")
            || (starts(at, b"--- ") && starts(at + 1, b"+++ ") && starts(at + 2, b"@@ -"))
    }

    /// Notes a problem, to which the caller may add.
    pub(super) fn problem(&mut self, cause: Cause, line: usize, path: Option<&[u8]>) -> &mut PatchProblem {
        let problem = PatchProblem::new(self.name, cause).at(line);
        self.problems.push(match path {
            Some(path) => problem.on(path),
            None => problem,
        });
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }

    /// Whether the line at the cursor can only be a hunk's.
    fn at_stray(&self) -> bool {
        self.peek().is_some_and(|line| {
            matches!(line.first(), Some(b' ' | b'+' | b'-' | b'\\'))
                && !matches!(trim(line), b"-- " | b"--")
                && !line.starts_with(b"--- ")
        })
    }

    /// Passes over the rest of a body that could not be read, so that one problem is told once.
    pub(super) fn skip_body(&mut self) {
        let ends = |line: &[u8]| {
            line.starts_with(b"@@ ")
                || line.starts_with(b"diff ")
                || line.starts_with(b"Index: ")
                || line.starts_with(b"From ")
                || matches!(trim(line), b"-- " | b"--")
        };
        while !self.at_change() && self.peek().is_some_and(|line| !ends(line)) {
            self.at += 1;
        }
    }

    /// Passes over the rest of the file.
    pub(super) fn skip_all(&mut self) {
        self.at = self.lines.len();
    }

    /// Passes over lines that can only be a hunk's, and counts what they would add to its two sides.
    pub(super) fn count_stray(&mut self) -> (usize, usize) {
        let (mut old, mut new) = (0, 0);
        while self.at_stray() {
            let first = self.advance().and_then(|line| line.first());
            old += usize::from(matches!(first, Some(b' ' | b'-')));
            new += usize::from(matches!(first, Some(b' ' | b'+')));
        }
        (old, new)
    }
}

/// A line without its line feed.
pub(super) fn trim(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}
