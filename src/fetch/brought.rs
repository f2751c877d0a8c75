// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What was brought of a release, and what vouches for it.

use std::path::PathBuf;

use serde::Serialize;

use crate::model::Sha256;

/// What vouches for a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Vouched {
    /// The repository's signed metadata has its digest.
    Metadata,
    /// The release's description has its digest.
    Description,
    /// It says the same as the description of all that both know; the metadata does not have its digest.
    Agreement,
    /// The release's checksums have its digest.
    Sums,
    /// Nothing: it is a signature, and worth what its key is.
    Itself,
}

/// How a file came to be there.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "how")]
pub enum How {
    /// From an address, of which the first `resumed` bytes had come in an earlier run.
    #[allow(missing_docs)]
    Downloaded { from: String, resumed: u64, length: u64, seconds: f64 },
    /// The cache had it.
    Cached,
    /// It stood there already, with the same bytes.
    Stood,
}

/// A file of a release that is where it was wanted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Brought {
    /// Its name.
    pub file: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its length in bytes.
    pub size: u64,
    /// Its digest.
    pub sha256: Sha256,
    /// How it came to be there.
    #[serde(flatten)]
    pub how: How,
    /// What vouches for it.
    pub vouched: Vouched,
}
