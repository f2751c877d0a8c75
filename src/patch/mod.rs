// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Patches: reading unified diffs and quilt series, and applying them strictly.
//!
//! | file | holds |
//! | --- | --- |
//! | `change.rs` | the model: a [`Patch`] is a list of [`FileChange`], each with its [`Hunk`]s |
//! | `parse.rs` | a patch file as a whole: what stands before, between and after the changes |
//! | `cursor.rs` | the lines of a patch file, and the place reached |
//! | `section.rs` | one change as written: git's extended headers, `---` and `+++` |
//! | `resolve.rs` | what these headers mean: kind, paths and modes |
//! | `hunk.rs` | one hunk: header, counts, body |
//! | `path.rs` | path names as diff writes them: quotes, prefixes, strip level, what is refused |
//! | `header.rs` | the text above the changes: author, date, subject, upstream commits |
//! | `apply.rs` | a whole patch against a [`Tree`], all or nothing |
//! | `evaluate.rs` | one change against the tree: what it would do, or why it cannot |
//! | `edit.rs` | one file's content and mode under a change |
//! | `place.rs` | where the hunks of one file fit |
//! | `diagnose.rs` | why a hunk does not fit there |
//! | `difference.rs` | what is in the file instead |
//! | `series.rs` | quilt series files |
//! | `error.rs`, `quote.rs` | [`PatchProblem`], and how it shows bytes |
//!
//! **Strict** means: every context and removed line equals the file's line byte for byte, at the line
//! that the hunk header states. A hunk that starts at line 1 belongs to the start of the file and a hunk
//! without trailing context to its end, as in `git apply`; so diffs made without context (`-U0`) do not
//! apply. Fuzz is never used. Where a patch entry allows [`Offsets`], whole hunks may move; their lines
//! stay exact, and the offset used is in [`Applied`].
//!
//! The starting line on the `+` side of a hunk header is not checked: it goes wrong whenever a hunk is
//! taken out of a patch by hand, and it has no say in where a hunk goes.
//!
//! A patch describes one "before" and one "after": changes are read against the tree as it was before
//! the patch, whatever their order (git's rule for renames), and so a second change to one file is
//! refused. What git writes for a file that becomes a symbolic link, a deletion and a creation of one
//! path, is the exception that fits this rule.
//!
//! # Why not the diffy crate's parser
//!
//! diffy 0.5.2 keeps exact bytes, modes and renames, but (tried) it knows no line numbers in the patch
//! file, for its model nor its errors; its error kinds are private; in git mode it drops a plain diff
//! that follows a git one without a word, and in plain mode git's headers; it drops lines beyond a
//! hunk's counts at the end of a file; it skips the `index` line, and with it the mode of a submodule
//! and the sign of a diff cut off before its hunks. A release tool must refuse all of these.
//!
//! Nothing in this module does I/O or reads a clock: bytes in, values out.

mod apply;
mod change;
mod cursor;
mod diagnose;
mod difference;
mod edit;
mod error;
mod evaluate;
mod extended;
mod header;
mod hunk;
mod parse;
mod path;
mod place;
mod quote;
mod resolve;
mod section;
mod series;
#[cfg(test)]
mod tests;
mod tree;

pub use apply::apply;
pub use change::{EXECUTABLE, FileChange, Hunk, Kind, LINK, Line, Patch, REGULAR, Side, Span};
pub use error::{Cause, PatchProblem, Place, Scope};
pub use header::{Header, Mention};
pub use parse::{parse, parse_stripping};
pub use quote::show_path;
pub use series::{SeriesEntry, parse_series};
pub use tree::{Action, Applied, Failure, File, Offsets, Tree};
