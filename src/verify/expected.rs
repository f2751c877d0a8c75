// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What must be at a path of the tarball, and where it comes from.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::manifest::{Destination, Take};
use crate::model::{BlobId, LayerName, SourceName, TarPath};
use crate::source::BlobMode;

/// Where a member must come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A directory on the way to others.
    Parent,
    /// A file or link of a source.
    Source {
        /// The layer that takes it.
        layer: LayerName,
        /// The source.
        source: SourceName,
        /// The path in it.
        from: String,
        /// The blob before any patch; none where a patch created the file, or where the source is
        /// not at hand.
        blob: Option<BlobId>,
        /// The patches that changed it.
        patches: Vec<String>,
    },
    /// A rendered template.
    Template(String),
    /// A record of the tool: which one.
    Record(&'static str),
}

impl Origin {
    /// For messages.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Parent => "a directory".to_owned(),
            Self::Source { layer, source, from, patches, .. } => {
                let patches: String = patches.iter().map(|patch| format!(" with `{patch}`")).collect();
                format!("`{from}` of source `{source}`{patches}, layer `{layer}`")
            }
            Self::Template(file) => format!("the template `{file}`"),
            Self::Record(what) => format!("the tool's record `{what}`"),
        }
    }
}

/// What a member must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A directory.
    Directory,
    /// That blob, as that kind of file.
    Blob(BlobMode, BlobId),
    /// These bytes, made once more from what they come from.
    Bytes(BlobMode, Arc<[u8]>),
    /// Whatever it is: its source is not at hand.
    Unknown,
}

/// What must be at one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// What it is.
    pub what: What,
    /// Where it comes from.
    pub origin: Origin,
}

/// A file of a layer on its way into the tarball.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    pub(super) to: TarPath,
    pub(super) mode: BlobMode,
    pub(super) blob: Option<BlobId>,
    /// The bytes after a patch; none while the blob is what counts.
    pub(super) bytes: Option<Arc<[u8]>>,
    pub(super) patches: Vec<String>,
}

/// A layer's files by their paths in its source.
pub(super) type Files = BTreeMap<String, Taken>;

/// A hunk that was applied off its stated line: the patch, the file, which hunk from 1, by how much.
pub type Offset = (String, String, usize, i64);

/// Where a take puts a file: what `from` does not fix stands behind `to`.
pub(super) fn lands(take: &Take, path: &str) -> String {
    let last = path.rfind('/').map_or(path, |slash| &path[slash + 1..]);
    let rest = take.from.rest(path);
    match take.to.as_ref().map(|to| &to.value) {
        None => path.to_owned(),
        Some(Destination::Top) => rest.unwrap_or(last).to_owned(),
        Some(Destination::Directory(folder)) => format!("{folder}/{}", rest.unwrap_or(last)),
        Some(Destination::Name(name)) => match rest {
            Some(rest) => format!("{name}/{rest}"),
            None => name.to_string(),
        },
    }
}
