// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The one place that names a release's files.

use crate::manifest::Format;

/// The names of one release: `NAME-VERSION` and what is derived from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    title: String,
}

impl Names {
    /// The names of the release `NAME-VERSION`.
    #[must_use]
    pub fn new(title: &str) -> Self {
        Self { title: title.to_owned() }
    }

    /// The release's directory.
    #[must_use]
    pub fn directory(&self) -> &str {
        &self.title
    }

    /// The tarball in a format.
    #[must_use]
    pub fn artifact(&self, format: Format) -> String {
        format!("{}.{}", self.title, format.extension())
    }

    /// The release's description.
    #[must_use]
    pub fn description(&self) -> String {
        format!("{}.release.json", self.title)
    }

    /// The full table of origins, with blob ids and digests.
    #[must_use]
    pub fn origins(&self) -> String {
        format!("{}.origins.jsonl", self.title)
    }

    /// The checksums of all the others.
    #[must_use]
    pub fn sums(&self) -> String {
        format!("{}.SHA256SUMS", self.title)
    }
}
