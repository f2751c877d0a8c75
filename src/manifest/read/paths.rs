// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Paths and globs: in sources, in the tarball, beside the manifest.

use super::super::walk::Fault;
use crate::manifest::Destination;
use crate::model::{PathFault, PathGlob, TarPath};

/// The folder of the tarball that holds the tool's own records.
const RECORDS: &str = ".lustre-dist";

/// What the tool itself writes into that folder, where the patches and templates go too.
const RECORD_NAMES: [&str; 4] = ["manifest.toml", "manifest.lock", "origins.jsonl", "left-out"];

impl From<PathFault> for Fault {
    fn from(fault: PathFault) -> Self {
        format!("the path {fault}").into()
    }
}

/// A path or glob in a source or in the tarball.
pub(super) fn glob(text: &str) -> Result<PathGlob, Fault> {
    Ok(PathGlob::new(text)?)
}

/// Whether the path or glob can mean more than the one file or directory that it names.
pub(super) fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

/// A path in the tarball that a release may write to.
pub(super) fn tar_path(text: &str) -> Result<TarPath, Fault> {
    if is_reserved(text) {
        return Err(format!("`{RECORDS}/` is for the tool's own records").into());
    }
    Ok(TarPath::new(text)?)
}

/// Whether the path leads into the tool's own folder, on any file system.
pub(super) fn is_reserved(text: &str) -> bool {
    first_component(text).eq_ignore_ascii_case(RECORDS)
}

/// Where a take lands.
pub(super) fn destination(text: &str) -> Result<Destination, Fault> {
    match (text, text.strip_suffix('/')) {
        ("." | "./", _) => Ok(Destination::Top),
        (_, Some(directory)) => Ok(Destination::Directory(tar_path(directory)?)),
        (_, None) => Ok(Destination::Name(tar_path(text)?)),
    }
}

/// A file below the manifest's folder.
pub(super) fn beside(text: &str) -> Result<String, Fault> {
    Ok(TarPath::new(text)?.as_str().to_owned())
}

/// A file below the manifest's folder that is packed into the tarball's records under its path.
pub(super) fn packed(text: &str) -> Result<String, Fault> {
    // Not only the file itself: a folder of that name could not stand beside the record either.
    let top = first_component(text);
    match RECORD_NAMES.iter().find(|name| name.eq_ignore_ascii_case(top)) {
        Some(name) => {
            Err(format!("`{name}` is the name of a record in `{RECORDS}/`, where this file goes too").into())
        }
        None => beside(text),
    }
}

fn first_component(text: &str) -> &str {
    text.split('/').next().unwrap_or(text)
}
