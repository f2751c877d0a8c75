// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The one place that names a release's files.

use crate::manifest::Format;
use crate::signature::Kind;

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

    /// Whether a text can be a release's title: it stands in file names and in command lines that people
    /// are told to run.
    #[must_use]
    pub fn is_title(text: &str) -> bool {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '+' | '_' | '~');
        text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(plain)
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

    /// The format of a file, where it is one of the release's tarballs by its name.
    #[must_use]
    pub fn artifact_format(&self, file: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| self.artifact(*format) == file)
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

    /// The software bill of materials, SPDX.
    #[must_use]
    pub fn sbom(&self) -> String {
        format!("{}.spdx.json", self.title)
    }

    /// The provenance, an in-toto statement.
    #[must_use]
    pub fn provenance(&self) -> String {
        format!("{}.intoto.json", self.title)
    }

    /// The statement in a signed DSSE envelope.
    #[must_use]
    pub fn envelope(&self) -> String {
        format!("{}.intoto.dsse.json", self.title)
    }

    /// The signature over one of the files: `.tar.sign` over the tar, as kernel.org has it, and
    /// `.asc` over each other one, as uscan and dpkg-source have it; `.sig` with SSH, as ssh-keygen has it.
    #[must_use]
    pub fn signature(&self, file: &str, kind: Kind) -> String {
        match kind {
            Kind::Ssh => format!("{file}.sig"),
            Kind::Openpgp if file == self.artifact(Format::Tar) => format!("{file}.sign"),
            Kind::Openpgp => format!("{file}.asc"),
        }
    }

    /// What changed since an earlier release, where the lock says since which.
    #[must_use]
    pub fn changes(&self) -> String {
        format!("{}.changes.md", self.title)
    }

    /// The checksums of all the others.
    #[must_use]
    pub fn sums(&self) -> String {
        format!("{}.SHA256SUMS", self.title)
    }
}
