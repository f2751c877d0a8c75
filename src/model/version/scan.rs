// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reading a version from left to right, so that every error has a position.

use super::VersionError;

/// A place in a text that is read as one item.
pub(super) struct Scanner<'a> {
    item: &'static str,
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(item: &'static str, text: &'a str) -> Self {
        Self { item, text, at: 0 }
    }

    /// What is not read yet.
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Reads `prefix` if it is next.
    pub(super) fn eat(&mut self, prefix: &str) -> bool {
        let found = self.rest().starts_with(prefix);
        if found {
            self.at += prefix.len();
        }
        found
    }

    /// Reads `prefix` if it is next and a digit follows it.
    pub(super) fn eat_before_digit(&mut self, prefix: &str) -> bool {
        let rest = self.rest().strip_prefix(prefix);
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) && self.eat(prefix)
    }

    /// Reads characters for as long as `wanted` holds.
    pub(super) fn eat_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// Reads `prefix`.
    ///
    /// # Errors
    /// Something else is next.
    pub(super) fn expect(&mut self, prefix: &str, expected: &'static str) -> Result<(), VersionError> {
        if self.eat(prefix) { Ok(()) } else { Err(self.error(expected)) }
    }

    /// Reads a number as semver.org has it. Leading zeros are refused because `1.01` and `1.1`
    /// would be two spellings of one version, which dpkg and RPM hold to be equal; more than nine
    /// digits because a number and its successor are to fit everywhere.
    ///
    /// # Errors
    /// There is no digit (`expected` says what the number is for), or the number is refused.
    pub(super) fn number(&mut self, expected: &'static str) -> Result<u32, VersionError> {
        let start = self.at;
        let digits = self.eat_while(|c| c.is_ascii_digit());
        let refused = match digits.len() {
            0 => expected,
            1 => return Ok(u32::from(digits.as_bytes()[0] - b'0')),
            _ if digits.starts_with('0') => "a number without leading zeros",
            2..=9 => return Ok(digits.parse().expect("nine digits fit")),
            _ => "a number of at most nine digits",
        };
        Err(VersionError::new(self.item, self.text, start, refused))
    }

    /// # Errors
    /// Something is left.
    pub(super) fn end(&self, expected: &'static str) -> Result<(), VersionError> {
        if self.rest().is_empty() { Ok(()) } else { Err(self.error(expected)) }
    }

    /// The error that `expected` is not what comes next.
    pub(super) fn error(&self, expected: &'static str) -> VersionError {
        VersionError::new(self.item, self.text, self.at, expected)
    }

    /// The same for a part of the text that has been read already.
    pub(super) fn error_before(&self, read: &str, expected: &'static str) -> VersionError {
        VersionError::new(self.item, self.text, self.at - read.len(), expected)
    }
}
