// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The releases in a folder, by their `release.json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::model::version::ReleaseVersion;
use crate::model::{Class, Failure, Problem};
use crate::record::Names;
use crate::release::plain;

/// A release that was made: what lines want to know of it.
#[derive(Debug)]
pub struct Released {
    /// Its name.
    pub name: String,
    /// Its full version.
    pub version: ReleaseVersion,
    /// The id of its line, where its manifest has one.
    pub line: Option<String>,
    /// The kernel that it is made of.
    pub kernel: Option<String>,
    /// Its date, RFC 3339.
    pub date: String,
    /// The sources: ref, where it is at one, and commit.
    pub sources: BTreeMap<String, (Option<String>, String)>,
    /// Its directory.
    pub directory: PathBuf,
}

impl Released {
    /// The tag that a source was at.
    #[must_use]
    pub fn tag(&self, source: &str) -> Option<&str> {
        self.sources.get(source)?.0.as_deref()?.strip_prefix("refs/tags/")
    }
}

/// The part of a release.json that is read here. What other versions of the tool add is not looked at.
#[derive(Deserialize)]
struct Description {
    name: String,
    version: ReleaseVersion,
    line: Option<Line>,
    kernel: Option<String>,
    development: bool,
    left_out: Vec<String>,
    date: String,
    sources: BTreeMap<String, Source>,
}

#[derive(Deserialize)]
struct Line {
    id: String,
}

#[derive(Deserialize)]
struct Source {
    r#ref: Option<String>,
    commit: String,
}

/// Every release in a folder that counts as one, sorted by name and version: partial and development
/// versions do not. None where the folder does not exist.
///
/// # Errors
/// The folder or a description in it cannot be read.
pub fn released(folder: &Path) -> Result<Vec<Released>, Failure> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Failure::io("read the releases in", folder, &error)),
    };
    let mut releases = Vec::new();
    let mut problems = Vec::new();
    for entry in entries {
        let directory = entry.map_err(|error| Failure::io("read the releases in", folder, &error))?.path();
        let Some(title) = directory.file_name().and_then(|name| name.to_str()) else { continue };
        let path = directory.join(Names::new(title).description());
        let bytes = match plain::read(&path, plain::LARGEST_RECORD) {
            Ok(bytes) => bytes,
            // Other things may stand there, and what a run has aside.
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
                ) =>
            {
                continue;
            }
            Err(error) => return Err(Failure::io("read", &path, &error)),
        };
        match serde_json::from_slice::<Description>(&bytes) {
            Ok(description) if description.development || !description.left_out.is_empty() => {}
            Ok(Description { name, version, line, kernel, date, sources, .. }) => releases.push(Released {
                name,
                version,
                line: line.map(|line| line.id),
                kernel,
                date,
                sources: sources
                    .into_iter()
                    .map(|(name, source)| (name, (source.r#ref, source.commit)))
                    .collect(),
                directory,
            }),
            Err(error) => problems.push(
                Problem::new(format!("`{}` is not the description of a release", path.display()))
                    .note(error.to_string())
                    .help("move the directory away: the release can be made anew, byte for byte"),
            ),
        }
    }
    if !problems.is_empty() {
        problems.sort_by(|a, b| a.title.cmp(&b.title));
        return Err(Failure { class: Class::Verification, problems });
    }
    releases.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    Ok(releases)
}
