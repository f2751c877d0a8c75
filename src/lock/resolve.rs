// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! From what a manifest wants to what the repositories have.

use std::collections::BTreeMap;

use super::file::{Lock, Pin};
use super::find::find;
use super::keep::keep;
use super::pin::wanted_text;
use super::{Request, Update};
use crate::manifest::{Manifest, Source};
use crate::model::{Failure, SourceName};
use crate::source::OpenSource;

/// The pins of every source. What the old lock pinned stays, unless the manifest asks for something
/// else by now or the update names the source; a tag that stays is looked at again, and one that
/// moved is an error.
pub(super) fn pins(
    manifest: &Manifest,
    old: Option<&Lock>,
    sources: &mut BTreeMap<SourceName, OpenSource>,
    request: &Request<'_>,
) -> Result<BTreeMap<String, Pin>, Failure> {
    let mut pins = BTreeMap::new();
    let mut problems = Vec::new();
    let mut class = crate::model::Class::Source;
    for (name, source) in &manifest.sources {
        let open = sources.get_mut(name).expect("every source was opened");
        match pin(manifest, old, source, open, &request.update, request.tags.get(name)) {
            Ok(pin) => {
                pins.insert(name.to_string(), pin);
            }
            Err(failure) => {
                class = failure.class;
                problems.extend(failure.problems);
            }
        }
    }
    if problems.is_empty() { Ok(pins) } else { Err(Failure { class, problems }) }
}

/// The pin of one source.
pub(super) fn pin(
    manifest: &Manifest,
    old: Option<&Lock>,
    source: &Source,
    open: &mut OpenSource,
    update: &Update,
    tag: Option<&String>,
) -> Result<Pin, Failure> {
    let name = &source.name.value;
    let kept = old
        .and_then(|lock| lock.source.get(name.as_str()))
        .filter(|pin| pin.wanted == wanted_text(&source.wanted))
        .filter(|_| !matches!(update, Update::Sources(names) if names.contains(name)))
        .filter(|pin| tag.is_none_or(|tag| pin.tag_name() == Some(tag)));
    match kept {
        Some(pin) => keep(manifest, source, open, pin),
        None => find(manifest, source, open, tag),
    }
}
