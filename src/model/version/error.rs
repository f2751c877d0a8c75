// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The one error of this folder.

use std::fmt;

/// Why a text is not the version, range, pattern or name that it was read as.
///
/// The position lets a manifest put its caret under the character instead of under the whole value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionError {
    item: &'static str,
    text: String,
    position: usize,
    expected: &'static str,
}

impl VersionError {
    pub(super) fn new(item: &'static str, text: &str, position: usize, expected: &'static str) -> Self {
        Self { item, text: text.to_owned(), position, expected }
    }

    /// What the text was read as: `Lustre version`, `kernel range`, ...
    #[must_use]
    pub fn item(&self) -> &'static str {
        self.item
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The byte of [`VersionError::text`] at which reading stopped: its length for the end.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    /// What should have stood there.
    #[must_use]
    pub fn expected(&self) -> &'static str {
        self.expected
    }
}

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { item, text, position, expected } = self;
        write!(f, "`{}` is not a {item}: expected {expected}", text.escape_debug())?;
        let (before, rest) = text.split_at(*position);
        if rest.is_empty() {
            f.write_str(" at its end")
        } else {
            // People count characters, and from one.
            write!(f, " at character {} (`{}`)", before.chars().count() + 1, rest.escape_debug())
        }
    }
}

impl std::error::Error for VersionError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_item_place_and_expectation() {
        let error = VersionError::new("kernel range", ">=4.18 <7.1", 7, "`,` or the end");
        assert_eq!(
            error.to_string(),
            "`>=4.18 <7.1` is not a kernel range: expected `,` or the end at character 8 (`<7.1`)"
        );
        let error = VersionError::new("Lustre version", "2.17", 4, "`.`");
        assert_eq!(error.to_string(), "`2.17` is not a Lustre version: expected `.` at its end");
    }
}
