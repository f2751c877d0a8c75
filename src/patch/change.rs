// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a patch file says, before it meets any file.

use super::header::Header;

/// Mode of a regular file, as git writes it.
pub const REGULAR: u32 = 0o100644;
/// Mode of an executable file.
pub const EXECUTABLE: u32 = 0o100755;
/// Mode of a symbolic link; its content is the target.
pub const LINK: u32 = 0o120000;

/// A parsed patch file: its changes in order, and the text above them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    /// The name that the caller gave; every problem carries it.
    pub name: String,
    /// Author, date, subject and upstream commits, as far as the file names them.
    pub header: Header,
    /// At least one, with no path changed twice.
    pub files: Vec<FileChange>,
}

/// What happens to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A new file at the new path.
    Create,
    /// The file at the old path goes.
    Delete,
    /// New content, a new mode, or both, at the same path.
    Modify,
    /// The old path becomes the new path, with or without edits.
    Rename,
    /// As a rename, but the old path stays.
    Copy,
}

/// One file's part of a patch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// What happens.
    pub kind: Kind,
    /// The path before, stripped; `None` for a creation.
    pub old_path: Option<Vec<u8>>,
    /// The path after, stripped; `None` for a deletion.
    pub new_path: Option<Vec<u8>>,
    /// The mode before, where the patch says it.
    pub old_mode: Option<u32>,
    /// The mode after, where the patch says it.
    pub new_mode: Option<u32>,
    /// In ascending order, without overlap; empty for a change of name, mode or existence alone.
    pub hunks: Vec<Hunk>,
    /// Where the change starts in the patch file, from 1.
    pub line: usize,
    /// The old path as the patch writes it, before stripping: for hints about the strip level.
    pub written: Option<Vec<u8>>,
}

impl FileChange {
    /// The path that messages name: where the result is, or where the deleted file was.
    pub fn path(&self) -> &[u8] {
        let path = self.new_path.as_ref().or(self.old_path.as_ref());
        path.map_or(b"", Vec::as_slice)
    }

    /// The path that this change takes away.
    pub(super) fn removes(&self) -> Option<&[u8]> {
        match self.kind {
            Kind::Delete | Kind::Rename => self.old_path.as_deref(),
            Kind::Create | Kind::Modify | Kind::Copy => None,
        }
    }

    /// The path that this change writes.
    pub(super) fn produces(&self) -> Option<&[u8]> {
        self.new_path.as_deref()
    }

    /// The change that undoes this one. For a copy with edits that is the one that undoes these; without
    /// edits there is none, because what it was made from cannot be told.
    pub(super) fn reversed(&self) -> Option<FileChange> {
        let (mut old_path, mut new_path) = (self.new_path.clone(), self.old_path.clone());
        let kind = match self.kind {
            Kind::Create => Kind::Delete,
            Kind::Delete => Kind::Create,
            Kind::Modify => Kind::Modify,
            Kind::Rename => Kind::Rename,
            Kind::Copy if self.hunks.is_empty() => return None,
            Kind::Copy => {
                (old_path, new_path) = (self.new_path.clone(), self.new_path.clone());
                Kind::Modify
            }
        };
        Some(FileChange {
            kind,
            old_path,
            new_path,
            old_mode: self.new_mode,
            new_mode: self.old_mode,
            hunks: reversed(&self.hunks),
            line: self.line,
            written: None,
        })
    }
}

/// A range of lines as a hunk header writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first line, from 1; where `len` is 0, the line before, which may be 0.
    pub start: usize,
    /// How many lines.
    pub len: usize,
}

impl Span {
    /// How many lines stand before the range.
    pub(super) fn before(self) -> usize {
        if self.len == 0 { self.start } else { self.start.saturating_sub(1) }
    }

    /// The range of `len` lines with `before` lines in front of it.
    fn after(before: usize, len: usize) -> Span {
        Span { start: if len == 0 { before } else { before + 1 }, len }
    }
}

/// One hunk: lines to find, and what to put there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// The lines before.
    pub old: Span,
    /// The lines after. Its start is as written, and has no say in where the hunk goes.
    pub new: Span,
    /// The header line as written, without its line end.
    pub header: String,
    /// The body.
    pub lines: Vec<Line>,
    /// Where the header stands in the patch file, from 1.
    pub line: usize,
}

/// Which side of a hunk a line is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// On both.
    Context,
    /// Before only.
    Remove,
    /// After only.
    Add,
}

/// One line of a hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Which side it is on.
    pub side: Side,
    /// The bytes with their line feed, which is missing only at the end of a file without one.
    pub text: Vec<u8>,
    /// Where it stands in the patch file, from 1.
    pub line: usize,
}

/// The hunks that undo `hunks`. Their places are computed and not taken from the `+` side of the
/// headers, see the module page.
pub(super) fn reversed(hunks: &[Hunk]) -> Vec<Hunk> {
    let (mut removed, mut added) = (0, 0);
    let reverse = |hunk: &Hunk| {
        let before = (hunk.old.before() + added).saturating_sub(removed);
        removed += hunk.old.len;
        added += hunk.new.len;
        let lines = hunk.lines.iter().map(|line| {
            let side = match line.side {
                Side::Context => Side::Context,
                Side::Remove => Side::Add,
                Side::Add => Side::Remove,
            };
            Line { side, ..line.clone() }
        });
        Hunk {
            old: Span::after(before, hunk.new.len),
            new: hunk.old,
            header: hunk.header.clone(),
            lines: lines.collect(),
            line: hunk.line,
        }
    };
    hunks.iter().map(reverse).collect()
}
