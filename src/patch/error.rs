// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What can be wrong with a patch, as a reader sees it.

use std::fmt;

use super::quote::show_path;

/// One problem of a patch or series file. `Display` is its title; `line` is its place in the patch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatchProblem {
    /// What is wrong.
    pub cause: Cause,
    /// The name of the patch or series file.
    pub patch: String,
    /// The line in that file, from 1.
    pub line: Option<usize>,
    /// The path that the patch changes, stripped.
    pub path: Option<String>,
    /// What there is instead and what else was found out, a sentence each.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Option<String>,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The file is not a patch, or contradicts itself.
    Malformed(String),
    /// A well-formed change of a kind that is not applied: binary content, a submodule, a merge.
    Refused(String),
    /// A path that leaves the layer's root or reaches into `.git`.
    UnsafePath(String),
    /// The layer does not hold this path.
    OutsideLayer,
    /// The result is there.
    AlreadyApplied(Scope),
    /// A hunk's lines are elsewhere, and offsets are not allowed.
    OtherLine {
        /// The hunk.
        hunk: Place,
        /// Lines where it fits, nearest first.
        fits: Vec<usize>,
    },
    /// Offsets are allowed, but two places are equally near.
    Ambiguous {
        /// The hunk.
        hunk: Place,
        /// The two lines.
        fits: [usize; 2],
    },
    /// A hunk would fit if some of its outer context lines were left out.
    NeedsFuzz {
        /// The hunk.
        hunk: Place,
        /// How many lines, in the sense of `patch --fuzz`.
        fuzz: usize,
        /// Where it would fit, from 1.
        at: usize,
    },
    /// A hunk's lines are nowhere in the file.
    DoesNotFit(Place),
    /// There is no file to change.
    Missing,
    /// A file is where the patch makes one, or in the way of its folder.
    Exists(String),
    /// The file is not of the kind or mode that the patch starts from.
    WrongMode {
        /// What the patch says.
        expected: u32,
        /// What is there.
        found: u32,
    },
}

/// How much is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The whole patch, with this many changes.
    Patch(usize),
    /// All that the patch does to this file.
    File,
    /// The new content, but not the new mode or path.
    Content,
    /// The new mode, but not the new content.
    Mode,
    /// One hunk of several.
    Hunk {
        /// The hunk.
        hunk: Place,
        /// The line where its result is.
        at: usize,
    },
}

/// Which hunk of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its number, from 1.
    pub number: usize,
    /// How many hunks the file has.
    pub of: usize,
    /// The line where the patch puts it, after the hunks before it that are already applied.
    pub stated: usize,
}

impl Cause {
    /// A diff with more than one "before".
    pub(super) fn merge() -> Cause {
        Cause::Refused("a combined diff of a merge cannot be applied".to_owned())
    }
}

impl PatchProblem {
    pub(super) fn new(patch: &str, cause: Cause) -> PatchProblem {
        PatchProblem { cause, patch: patch.to_owned(), line: None, path: None, notes: Vec::new(), help: None }
    }

    pub(super) fn at(self, line: usize) -> PatchProblem {
        PatchProblem { line: Some(line), ..self }
    }

    pub(super) fn on(self, path: &[u8]) -> PatchProblem {
        PatchProblem { path: Some(show_path(path)), ..self }
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> PatchProblem {
        self.notes.push(note.into());
        self
    }

    pub(super) fn help(self, help: impl Into<String>) -> PatchProblem {
        PatchProblem { help: Some(help.into()), ..self }
    }
}

impl std::error::Error for PatchProblem {}

impl fmt::Display for PatchProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{path}: ")?;
        }
        match &self.cause {
            Cause::Malformed(what) | Cause::Refused(what) | Cause::UnsafePath(what) | Cause::Exists(what) => {
                f.write_str(what)
            }
            Cause::OutsideLayer => f.write_str("the path is outside the layer"),
            Cause::AlreadyApplied(scope) => scope.fmt(f),
            Cause::OtherLine { hunk, fits } => {
                let offset = fits.first().map_or(0, |&at| at.cast_signed() - hunk.stated.cast_signed());
                write!(f, "{hunk} fits at {}, not at line {}", Lines(fits), hunk.stated)?;
                write!(f, " where the patch puts it (offset {offset:+})")
            }
            Cause::Ambiguous { hunk, fits: [one, two] } => {
                write!(f, "{hunk} fits at lines {one} and {two}, equally far from line {}", hunk.stated)
            }
            Cause::NeedsFuzz { hunk, fuzz, at } => {
                write!(f, "{hunk} needs fuzz {fuzz} to fit at line {at}; fuzz is never used")
            }
            Cause::DoesNotFit(hunk) => write!(f, "{hunk} does not fit at line {}", hunk.stated),
            Cause::Missing => f.write_str("there is no such file"),
            Cause::WrongMode { expected, found } => {
                write!(f, "the patch starts from {}, but there is {}", Mode(*expected), Mode(*found))
            }
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Patch(1) => f.write_str("the patch is already applied: its one change is there"),
            Scope::Patch(changes) => {
                write!(f, "the patch is already applied: all {changes} changes are there")
            }
            Scope::File => f.write_str("the patch is already applied to this file"),
            Scope::Content => {
                f.write_str("the new content is already there, but the rest of the change is not")
            }
            Scope::Mode => f.write_str("the new mode is already there, but the rest of the change is not"),
            Scope::Hunk { hunk, at } => write!(f, "{hunk} is already applied, at line {at}"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hunk {} of {}", self.number, self.of)
    }
}

/// A mode with its meaning.
pub(super) struct Mode(pub(super) u32);

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.0 {
            super::REGULAR => "a regular file",
            super::EXECUTABLE => "an executable file",
            super::LINK => "a symbolic link",
            _ => "mode",
        };
        write!(f, "{kind} ({:06o})", self.0)
    }
}

/// `line 3`, `lines 3 and 7`, `lines 3, 7, 9 and 4 others`.
struct Lines<'a>(&'a [usize]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [one] => write!(f, "line {one}"),
            [one, two] => write!(f, "lines {one} and {two}"),
            [one, two, three] => write!(f, "lines {one}, {two} and {three}"),
            [one, two, three, rest @ ..] => {
                write!(f, "lines {one}, {two}, {three} and {} others", rest.len())
            }
            [] => f.write_str("no line"),
        }
    }
}
