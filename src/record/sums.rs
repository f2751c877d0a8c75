// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `NAME-VERSION.SHA256SUMS`, in the form that `sha256sum --check --strict` reads.

use std::collections::BTreeMap;
use std::fmt;

use crate::model::Sha256;

/// The digests of a release's files, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums(pub BTreeMap<String, Sha256>);

/// A line that is not a digest, two spaces and a plain file name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SumsFault {
    /// The line's number, from 1.
    pub line: usize,
}

impl fmt::Display for SumsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} is not a sha256 digest, two spaces and a file name that stands once", self.line)
    }
}

impl std::error::Error for SumsFault {}

impl Sums {
    /// The file's text, sorted by name.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.0.iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect()
    }

    /// Reads what [`Sums::to_text`] writes, its lines in any order, and nothing more lenient.
    ///
    /// # Errors
    /// The first line that has another form, or names a file twice or in a folder.
    pub fn parse(text: &str) -> Result<Self, SumsFault> {
        let mut sums = Self::default();
        for (nth, line) in text.split_inclusive('\n').enumerate() {
            let fault = SumsFault { line: nth + 1 };
            let (digest, name) = line
                .strip_suffix('\n')
                .and_then(|line| line.split_once("  "))
                .ok_or_else(|| fault.clone())?;
            let digest = digest.parse().map_err(|_| fault.clone())?;
            let plain = !name.is_empty()
                && !name.contains(|c: char| c == '/' || c.is_control())
                && name != "."
                && name != "..";
            if !plain || sums.0.insert(name.to_owned(), digest).is_some() {
                return Err(fault);
            }
        }
        Ok(sums)
    }
}
