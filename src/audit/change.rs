// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! How far a member is from what git has at its path.

use imara_diff::{Algorithm, Diff, InternedInput};
use serde::Serialize;

use super::baked::is_text;

/// The kind and size of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// Both are text.
    Lines {
        /// Lines that git does not have.
        added: u32,
        /// Lines of git that are gone.
        removed: u32,
    },
    /// One of them is not text.
    Binary {
        /// The length in git, in bytes.
        from: u64,
        /// The length in the tarball, in bytes.
        to: u64,
    },
    /// A file became a link, a link a file, or a link leads elsewhere.
    Type {
        /// What git has.
        from: String,
        /// What the tarball has.
        to: String,
    },
    /// It is not the same, and more cannot be said.
    NotCompared {
        /// Why.
        why: String,
    },
}

impl Change {
    /// Compares two contents line by line.
    pub(super) fn between(git: &[u8], member: &[u8]) -> Self {
        if !is_text(git) || !is_text(member) {
            return Self::Binary { from: git.len() as u64, to: member.len() as u64 };
        }
        let diff = Diff::compute(Algorithm::Histogram, &InternedInput::new(git, member));
        Self::Lines { added: diff.count_additions(), removed: diff.count_removals() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_counted_in_lines() {
        let lines = |from: &str, to: &str| Change::between(from.as_bytes(), to.as_bytes());
        assert_eq!(lines("a\nb\nc\n", "a\nB\nc\nd\n"), Change::Lines { added: 2, removed: 1 });
        assert_eq!(lines("a\n", "a"), Change::Lines { added: 1, removed: 1 });
        assert_eq!(lines("a\n", "a\0"), Change::Binary { from: 2, to: 2 });
    }
}
