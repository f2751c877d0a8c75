// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The one place that names the objects of a repository. Every path is relative to its base and has `/`.
//!
//! ```text
//! root.json                               the newest root, for people; trust comes from a pinned one
//! metadata/N.root.json                    the roots, from 1
//! metadata/timestamp.json                 the one object of the metadata that is ever replaced
//! metadata/N.snapshot.json  N.targets.json
//! targets/SHA256.NAME-VERSION.release.json    the targets, with consistent snapshots
//! targets/SHA256.kernels.json
//! LINE/NAME-VERSION.tar.xz ...            the files of the releases, under plain names
//! LINE/SHA256SUMS  LINE/index.html  LINE/NAME-VERSION.html
//! releases.json  index.html  style.css  site.js
//! ```

use std::fmt::Display;

use crate::model::Sha256;

/// The newest root, for people.
pub const ROOT: &str = "root.json";
/// The index for programs that do not read the metadata.
pub const RELEASES: &str = "releases.json";
/// The first page.
pub const INDEX: &str = "index.html";
/// The style sheet of the pages.
pub const STYLE: &str = "style.css";
/// Their script, which only filters and copies.
pub const SCRIPT: &str = "site.js";
/// The folder of the metadata.
pub const METADATA: &str = "metadata";
/// The folder of the targets.
pub const TARGETS: &str = "targets";
/// What points at everything else.
pub const TIMESTAMP: &str = "metadata/timestamp.json";
/// The name of the target with the tables of kernels.
pub const KERNELS: &str = "kernels.json";
/// The folder of releases that belong to no line.
pub const NO_LINE: &str = "other";
/// What no line may be called, since it stands beside the lines' folders.
pub const RESERVED: [&str; 3] = [METADATA, TARGETS, NO_LINE];

/// A version of a role: `metadata/7.snapshot.json`.
#[must_use]
pub fn role(version: impl Display, role: &str) -> String {
    format!("{METADATA}/{version}.{role}.json")
}

/// A target as it is stored: `targets/SHA256.NAME`.
#[must_use]
pub fn target(sha256: &Sha256, name: &str) -> String {
    format!("{TARGETS}/{sha256}.{name}")
}

/// The folder of a line.
#[must_use]
pub fn folder(line: Option<&str>) -> &str {
    line.unwrap_or(NO_LINE)
}

/// A file of a release.
#[must_use]
pub fn file(line: Option<&str>, name: &str) -> String {
    format!("{}/{name}", folder(line))
}

/// The checksums of a line's files.
#[must_use]
pub fn sums(line: Option<&str>) -> String {
    format!("{}/SHA256SUMS", folder(line))
}

/// The page of a line.
#[must_use]
pub fn line_page(line: Option<&str>) -> String {
    format!("{}/{INDEX}", folder(line))
}

/// The page of a release.
#[must_use]
pub fn release_page(line: Option<&str>, title: &str) -> String {
    format!("{}/{title}.html", folder(line))
}

/// An object's path as a part of an address. A `+` is escaped too: S3 reads a bare one as a space.
#[must_use]
pub fn escaped(path: &str) -> String {
    path.replace('%', "%25").replace('+', "%2B")
}
