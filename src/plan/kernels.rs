// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The kernels that the pinned commit's change log lists: a part of what the release says of itself.

use std::collections::BTreeMap;

use crate::kernel::{Support, changelog_problem, support_at};
use crate::lock::Locked;
use crate::model::{Class, Failure, PathGlob, SourceName};
use crate::source::Objects;

/// Reads them, where the manifest names a change log and this run does not leave it out.
pub(super) fn support(
    locked: &Locked,
    objects: &BTreeMap<SourceName, Objects>,
    leave_out: &[PathGlob],
) -> Result<Option<Support>, Failure> {
    let manifest = &locked.manifest;
    let primary = &manifest.release.primary.value;
    let Some(path) = &manifest.release.changelog else { return Ok(None) };
    if leave_out.iter().any(|glob| glob.covers(path.as_str())) {
        return Ok(None);
    }
    let pin = locked.lock.pin(primary);
    support_at(&objects[primary], pin.tree, path).map(Some).map_err(|fault| {
        let class = if fault.is_of_source() { Class::Source } else { Class::Manifest };
        let what = format!("commit {} of {}", pin.commit, locked.sources[primary].describe());
        Failure::new(class, changelog_problem(manifest, path, &fault, &what))
    })
}
