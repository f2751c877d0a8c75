// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `kernels.lock`: the last good feed, beside the manifests. TOML, written by the tool, canonical, and
//! without any clock: the same feed gives the same file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Feed, Known};
use crate::model::version::{KernelSeries, KernelVersion};
use crate::model::{Failure, Problem, SourceText};

const HEADER: &str =
    "# Written by `lustre-dist lines update`: the last good feed. Commit it; do not edit it.\n";

/// The file's name in a folder of manifests.
pub const NAME: &str = "kernels.lock";

/// The file. (A flattened feed would lose the places of what is wrong in it.)
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    schema: u32,
    from: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    latest_stable: Option<KernelVersion>,
    series: BTreeMap<KernelSeries, Known>,
}

/// The file of a folder.
#[must_use]
pub fn path_in(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

/// The feed that a folder holds; none where it holds none.
///
/// # Errors
/// It cannot be read, or is not what this tool writes.
pub fn load(folder: &Path) -> Result<Option<Feed>, Failure> {
    let path = path_in(folder);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::io("read the held feed", &path, &error)),
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let text = Arc::new(SourceText { name: path.display().to_string(), text });
    let damaged = |error: &toml::de::Error| {
        let title = format!("the held feed `{}` is damaged", path.display());
        let problem = match error.span() {
            Some(span) => Problem::new(title).at(&text, span, error.message()),
            None => Problem::new(title).note(error.message()),
        };
        problem
            .help("take it from your version control again, or remove it and run `lustre-dist lines update`")
    };
    let file: toml::Table = toml::from_str(&text.text).map_err(|error| damaged(&error))?;
    // The schema first: what a newer one holds would look like damage.
    if let Some(newer @ 2..) = file.get("schema").and_then(toml::Value::as_integer) {
        return Err(Problem::new(format!(
            "the held feed `{}` has schema {newer}; 1 is known",
            path.display()
        ))
        .help("it was written by a newer lustre-dist: use that one")
        .into());
    }
    let file: File = toml::from_str(&text.text).map_err(|error| damaged(&error))?;
    let File { from, latest_stable, series, .. } = file;
    Ok(Some(Feed { from, latest_stable, series }))
}

/// Holds a feed in a folder: written aside and renamed, so that a reader sees the old or the new one.
///
/// # Errors
/// The folder cannot be written.
///
/// # Panics
/// Never: every value has a form in TOML.
pub fn save(feed: &Feed, folder: &Path) -> Result<PathBuf, Failure> {
    use std::io::Write as _;
    let path = path_in(folder);
    let fault = |error: std::io::Error| Failure::io("write the held feed", &path, &error);
    let Feed { from, latest_stable, series } = feed.clone();
    let body = toml::to_string(&File { schema: 1, from, latest_stable, series });
    let body = body.expect("a feed has a form in TOML");
    let mut file = tempfile::Builder::new()
        .prefix(".kernels-")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(folder)
        .map_err(fault)?;
    file.write_all(format!("{HEADER}{body}").as_bytes()).map_err(fault)?;
    file.as_file().sync_all().map_err(fault)?;
    file.persist(&path).map_err(|error| fault(error.error))?;
    Ok(path)
}
