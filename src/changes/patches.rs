// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The patches that a manifest adds, held against those of an earlier one.

use serde::Serialize;

use crate::lock::Inputs;
use crate::manifest::{Carries, Manifest};
use crate::model::Sha256;
use crate::source::Status;

/// One patch or series of a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AppliedPatch {
    /// The layer that it changes.
    pub layer: String,
    /// The file, from the manifest's folder.
    pub file: String,
    /// Where the file is a series, the patches that it names.
    pub members: Vec<String>,
    /// The upstream commit that it carries.
    pub upstream: Option<String>,
    /// Why there is none.
    pub reason: Option<String>,
    /// The digests of the file and of the members.
    #[serde(skip)]
    digests: Vec<Sha256>,
}

/// What became of a patch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PatchChange {
    /// Added, changed or dropped.
    pub status: Status,
    /// The patch as it is now, or as it was where it was dropped.
    #[serde(flatten)]
    pub patch: AppliedPatch,
}

/// The patches of a manifest, in the order in which they are applied.
#[must_use]
pub fn patches_of(manifest: &Manifest, inputs: &Inputs) -> Vec<AppliedPatch> {
    let mut all = Vec::new();
    for layer in &manifest.layers {
        for entry in &layer.patches {
            let (upstream, reason) = match &entry.carries {
                Carries::Upstream(commit) => (Some(commit.clone()), None),
                Carries::Reason(reason) => (None, Some(reason.clone())),
            };
            let files = inputs.patches(entry).into_iter().map(|(path, _)| path);
            let mut members: Vec<String> = files.map(str::to_owned).collect();
            let mut digests = vec![Sha256::of(inputs.file(&entry.path.value))];
            if entry.is_series {
                digests.extend(members.iter().map(|member| Sha256::of(inputs.file(member))));
            } else {
                members.clear();
            }
            all.push(AppliedPatch {
                layer: layer.name.to_string(),
                file: entry.path.value.clone(),
                members,
                upstream,
                reason,
                digests,
            });
        }
    }
    all
}

/// What became of the patches `before`, by layer and file name, sorted by these.
#[must_use]
pub fn compare_patches(before: &[AppliedPatch], now: &[AppliedPatch]) -> Vec<PatchChange> {
    let same =
        |one: &AppliedPatch, other: &AppliedPatch| (&one.layer, &one.file) == (&other.layer, &other.file);
    let mut changes = Vec::new();
    for patch in now {
        let status = match before.iter().find(|old| same(old, patch)) {
            None => Status::Added,
            Some(old) if old != patch => Status::Changed,
            Some(_) => continue,
        };
        changes.push(PatchChange { status, patch: patch.clone() });
    }
    for patch in before.iter().filter(|old| !now.iter().any(|patch| same(old, patch))) {
        changes.push(PatchChange { status: Status::Removed, patch: patch.clone() });
    }
    changes.sort_by(|a, b| (&a.patch.layer, &a.patch.file).cmp(&(&b.patch.layer, &b.patch.file)));
    changes
}
