// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The lock: every input pinned, so that the same lock gives the same bytes.
//!
//! `file` holds the pins as they stand beside the manifest. `resolve` turns what a manifest wants into
//! pins: those that stand are looked at again (`keep`), the others are looked up (`find`), and both
//! are held against what the manifest says of a tag (`pin`) and of its signature (`signed`). `since`
//! pins what the changes of a release are counted from. `version` makes the release's version of them,
//! `fits` holds its kernel against the line; `inputs` reads the patches, templates and keys that the
//! manifest names. [`lock`] does it all and
//! hands the next stage a [`Locked`] release.

#![allow(
    clippy::disallowed_methods,
    reason = "the lock and the manifest's own files are read and written here"
)]

mod file;
mod find;
mod fits;
mod inputs;
mod keep;
mod pin;
mod resolve;
mod signed;
mod since;
mod version;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::manifest::Manifest;
use crate::model::{Failure, Problem, SourceDate, SourceName};
use crate::source::{self, OpenSource, Places};

pub use file::{BadSignature, GoodSignature, Lock, Pin, SignatureState, SignedObject, Since};
pub use inputs::{Inputs, patch_problem};

/// A manifest with every input pinned and at hand: what a plan is made from.
#[derive(Debug)]
#[must_use]
pub struct Locked {
    /// The manifest.
    pub manifest: Manifest,
    /// The pins.
    pub lock: Lock,
    /// Patches, templates and keys.
    pub inputs: Inputs,
    /// The sources, open.
    pub sources: BTreeMap<SourceName, OpenSource>,
    /// What the user is to be warned of: signatures that are only wished for and not good.
    pub warnings: Vec<Problem>,
}

/// Which pins may move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// None that still answers what the manifest asks for.
    Nothing,
    /// Those of these sources.
    Sources(Vec<SourceName>),
}

/// What `lock` may do.
#[derive(Debug)]
pub struct Request<'a> {
    /// Where sources are.
    pub places: &'a Places,
    /// Which pins may move.
    pub update: Update,
    /// The very tag that a source is to be at, of those that its pattern matches; the newest where
    /// a source is not named.
    pub tags: BTreeMap<SourceName, String>,
    /// `--locked`: a lock that would change is an error.
    pub frozen: bool,
    /// `SOURCE_DATE_EPOCH`, read by the caller. It counts when a lock is made or changed and never
    /// later.
    pub source_date_epoch: Option<SourceDate>,
    /// The time of the run: no signature may be made later. It reaches nothing else.
    pub now: SourceDate,
}

/// What became of the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It stands as it was.
    Kept,
    /// It is new or has changed; what changed, a line each.
    Changed(Vec<String>),
}

/// The lock of `manifest`: the same path with the ending `.lock`.
#[must_use]
pub fn path_of(manifest: &Path) -> PathBuf {
    manifest.with_extension("lock")
}

/// Reads or makes the lock of a manifest. Writes nothing: [`Lock::save`] does.
///
/// # Errors
/// A source cannot be read, a tag moved, the lock is stale and `frozen` is set, a patch or
/// template is missing.
pub fn lock(manifest: Manifest, request: &Request<'_>) -> Result<(Locked, Outcome), Failure> {
    let old = Lock::load(&path_of(manifest.path()))?;
    let inputs = Inputs::read(&manifest)?;
    lock_with(manifest, old, inputs, request)
}

/// The same with a lock and inputs that were read elsewhere, such as from a tarball that carries them.
///
/// # Errors
/// As for [`lock`].
pub fn lock_with(
    manifest: Manifest,
    old: Option<Lock>,
    inputs: Inputs,
    request: &Request<'_>,
) -> Result<(Locked, Outcome), Failure> {
    let path = path_of(manifest.path());
    if let (None, true) = (&old, request.frozen) {
        return Err(Problem::new(format!(
            "there is no lock `{}`, and this run may not make one",
            path.display()
        ))
        .help(format!("run `lustre-dist lock {}` and commit the result", manifest.path().display()))
        .into());
    }
    let mut sources = BTreeMap::new();
    for (name, source) in &manifest.sources {
        sources.insert(name.clone(), source::open(&manifest, source, request.places)?);
    }
    let keys = inputs.keys(&manifest)?;
    let (pins, warnings) = resolve::pins(&manifest, old.as_ref(), &mut sources, &keys, request)?;
    let new = version::assemble(&manifest, &inputs, pins, &sources, old.as_ref(), request.source_date_epoch)?;
    let outcome = match &old {
        Some(old) if *old == new => Outcome::Kept,
        Some(old) => Outcome::Changed(old.differences(&new)),
        None => Outcome::Changed(vec!["made anew".to_owned()]),
    };
    if let (Outcome::Changed(lines), true) = (&outcome, request.frozen) {
        let problem =
            Problem::new(format!("the lock `{}` is stale, and this run may not change it", path.display()));
        return Err(lines
            .iter()
            .fold(problem, Problem::note)
            .help(format!("run `lustre-dist lock {}` and look at what changes", manifest.path().display()))
            .into());
    }
    Ok((Locked { manifest, lock: new, inputs, sources, warnings }, outcome))
}

/// Opens the primary source alone and pins it as [`lock`] would: for what looks at a release
/// without making it, and needs none of the other sources.
///
/// # Errors
/// The source cannot be read, its tag moved, or it has not what the manifest asks for.
pub fn primary(manifest: &Manifest, places: &Places) -> Result<(OpenSource, Pin), Failure> {
    let old = Lock::load(&path_of(manifest.path()))?;
    let source = &manifest.sources[&manifest.release.primary.value];
    let mut open = source::open(manifest, source, places)?;
    let before = old.as_ref().and_then(|lock| lock.source.get(source.name.as_str()));
    let kept = resolve::kept(before, source, &Update::Nothing, None);
    let pin = resolve::pin(manifest, kept, source, &mut open, None)?;
    Ok((open, pin))
}
