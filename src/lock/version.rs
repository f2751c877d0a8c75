// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The version of a release: the manifest's base, and what the pins add to it.

use std::collections::BTreeMap;

use super::file::{Lock, Pin};
use super::fits;
use super::inputs::Inputs;
use super::pin::short;
use crate::manifest::Manifest;
use crate::model::version::{Development, KernelVersion, LustreVersion, ReleaseVersion};
use crate::model::{Failure, Problem, Sha256, SourceDate, SourceName};
use crate::source::OpenSource;

/// Puts a lock together from its pins.
pub(super) fn assemble(
    manifest: &Manifest,
    inputs: &Inputs,
    pins: BTreeMap<String, Pin>,
    sources: &BTreeMap<SourceName, OpenSource>,
    old: Option<&Lock>,
    source_date_epoch: Option<SourceDate>,
) -> Result<Lock, Failure> {
    let version = version(manifest, &pins, sources)?;
    fits::check(manifest, &pins)?;
    let newest = pins.values().map(|pin| pin.date).max().unwrap_or(SourceDate(0));
    // A lock that stands keeps its date whatever the environment says today.
    // What changes are counted from is not among the inputs that have dates.
    let dated = |pins: &BTreeMap<String, Pin>| -> Vec<_> {
        pins.iter().map(|(name, pin)| (name.clone(), Pin { since: None, ..pin.clone() })).collect()
    };
    let kept = old.filter(|old| dated(&old.source) == dated(&pins)).map(|old| old.source_date);
    Ok(Lock {
        schema: 1,
        version: version.to_string(),
        development: version.is_development(),
        source_date: kept.unwrap_or_else(|| source_date_epoch.unwrap_or(newest)),
        manifest: Sha256::of(manifest.text.text.as_bytes()),
        file: inputs.digests(),
        source: pins,
    })
}

fn version(
    manifest: &Manifest,
    pins: &BTreeMap<String, Pin>,
    sources: &BTreeMap<SourceName, OpenSource>,
) -> Result<ReleaseVersion, Failure> {
    let primary = &manifest.release.primary.value;
    let pin = &pins[primary.as_str()];
    let base = base(manifest, pin, &sources[primary])?;
    let kernel = pins.iter().filter(|(name, _)| name.as_str() != primary.as_str()).find_map(|(_, pin)| {
        KernelVersion::from_tag(pin.tag_name().or(pin.nearest.as_ref().map(|near| &*near.tag))?)
    });
    // The primary source gives a development version its number; another one only where the
    // primary is at a tag.
    let development = std::iter::once(pin)
        .chain(pins.values())
        .find(|pin| pin.tag_name().is_none())
        .map(|pin| {
            let commits = pin.nearest.as_ref().map_or(0, |near| near.commits);
            Development::new(commits, &short(pin.commit)).map_err(|error| Problem::new(error.to_string()))
        })
        .transpose()?;
    let respin = manifest.release.respin.as_ref().map(|respin| respin.value);
    Ok(ReleaseVersion { base, development, kernel, respin, vendor: None })
}

/// The base version: of the primary source's tag, or of the nearest tag behind its commit.
fn base(manifest: &Manifest, pin: &Pin, open: &OpenSource) -> Result<LustreVersion, Failure> {
    let stated = &manifest.release.version;
    if let Some(tag) = pin.tag_name() {
        return match LustreVersion::from_tag(tag) {
            Some(version) if version == stated.value => Ok(version),
            Some(version) => Err(manifest
                .problem(format!("the manifest says version {stated}, the tag says {version}"), &stated.span, "stated here")
                .note(format!("tag `{tag}` of {}", open.describe()))
                .help(format!("write `version = \"{version}\"`, or choose the tag of {stated}"))
                .into()),
            None => Err(manifest
                .problem(format!("the tag `{tag}` is not a version of Lustre"), &stated.span, "to be equal to the tag's")
                .help("expected a tag such as `v2_17_57` or `2.17.0-RC4`; a branch or commit gives a development version")
                .into()),
        };
    }
    let Some(near) = &pin.nearest else {
        return Err(Problem::new(format!(
            "no version tag is an ancestor of commit {} of {}",
            pin.commit,
            open.describe()
        ))
        .help("fetch the tags: a development version is made from the nearest one, as `git describe` does")
        .into_source());
    };
    LustreVersion::from_tag(&near.tag).ok_or_else(|| {
        Problem::new(format!("the tag `{}` is not a version of Lustre", near.tag))
            .note(format!("it is the nearest one behind commit {} of {}", pin.commit, open.describe()))
            .into()
    })
}
