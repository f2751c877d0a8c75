// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Lines of text that differ.

use imara_diff::{Algorithm, Diff, InternedInput};
use serde::Serialize;

/// How many bytes of one file are compared line by line; a larger one counts as no text.
pub(super) const LARGEST: u64 = 16 << 20;

/// How far git looks for a NUL to tell that a file is no text (`buffer_is_binary`).
const LOOKED_AT: usize = 8000;

/// How many lines of a text are new and gone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Lines {
    /// Lines that are new.
    pub added: usize,
    /// Lines that are gone.
    pub removed: usize,
}

/// Counts the lines that differ, as `git diff --numstat` does; none where either is no text.
pub(super) fn count(before: &[u8], after: &[u8]) -> Option<Lines> {
    let is_text = |bytes: &[u8]| !bytes[..bytes.len().min(LOOKED_AT)].contains(&0);
    if !is_text(before) || !is_text(after) {
        return None;
    }
    let diff = Diff::compute(Algorithm::Myers, &InternedInput::new(before, after));
    Some(Lines { added: diff.count_additions() as usize, removed: diff.count_removals() as usize })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_as_numstat_does() {
        assert_eq!(count(b"a\nb\nc\n", b"a\nc\nd\ne"), Some(Lines { added: 2, removed: 1 }));
        assert_eq!(count(b"", b"a\nb\n"), Some(Lines { added: 2, removed: 0 }));
        assert_eq!(count(b"a\0", b"a"), None);
    }
}
