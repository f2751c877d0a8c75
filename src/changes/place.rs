// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which layers a path of a source belongs to.

use std::collections::BTreeSet;

use crate::manifest::{Layer, Manifest};
use crate::model::SourceName;

/// How paths are sorted.
#[derive(Debug, Clone)]
pub enum Layers<'m> {
    /// By the layers of a manifest that take from one source, in their order.
    Taken(Vec<&'m Layer>),
    /// Without a manifest: by their first directory, and `.` for the files beside these.
    Directories,
}

impl<'m> Layers<'m> {
    /// The layers of `manifest` that take from `source`.
    #[must_use]
    pub fn of(manifest: &'m Manifest, source: &SourceName) -> Self {
        Self::Taken(manifest.layers.iter().filter(|layer| layer.source.value == *source).collect())
    }

    /// Their names in order; none where the paths decide what there is.
    pub(super) fn names(&self) -> Option<Vec<String>> {
        match self {
            Self::Taken(layers) => Some(layers.iter().map(|layer| layer.name.to_string()).collect()),
            Self::Directories => None,
        }
    }

    /// The layers that take `path`. A layer takes what one of its takes covers and none of its
    /// excludes; a path of an older tree may be in no layer though it was in a tarball once.
    pub(super) fn of_path(&self, path: &str) -> Vec<String> {
        match self {
            Self::Taken(layers) => layers
                .iter()
                .filter(|layer| {
                    layer.take.iter().any(|take| take.from.covers(path))
                        && !layer.exclude.iter().any(|exclude| exclude.glob.covers(path))
                })
                .map(|layer| layer.name.to_string())
                .collect(),
            Self::Directories => vec![path.split_once('/').map_or(".", |(top, _)| top).to_owned()],
        }
    }

    /// Names that were met, in the order of the layers.
    pub(super) fn in_order(&self, mut met: BTreeSet<String>) -> Vec<String> {
        match self {
            Self::Taken(layers) => layers.iter().filter_map(|layer| met.take(layer.name.as_str())).collect(),
            Self::Directories => met.into_iter().collect(),
        }
    }
}
