// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! From what a manifest wants to what the repositories have.

use std::collections::BTreeMap;

use super::file::{Lock, Pin};
use super::find::find;
use super::keep::keep;
use super::pin::wanted_text;
use super::since::since;
use super::{Request, Update, signed};
use crate::manifest::{Manifest, Source};
use crate::model::{Failure, Problem, SourceName};
use crate::signature::Keys;
use crate::source::OpenSource;

/// The pins of every source, and what the user is to be warned of. What the old lock pinned stays,
/// unless the manifest asks for something else by now, the request chooses another tag, or the update
/// names the source; a tag that stays is looked at again, and one that moved is an error.
pub(super) fn pins(
    manifest: &Manifest,
    old: Option<&Lock>,
    sources: &mut BTreeMap<SourceName, OpenSource>,
    keys: &BTreeMap<SourceName, Keys>,
    request: &Request<'_>,
) -> Result<(BTreeMap<String, Pin>, Vec<Problem>), Failure> {
    let mut pins = BTreeMap::new();
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    let mut class = crate::model::Class::Source;
    for (name, source) in &manifest.sources {
        let open = sources.get_mut(name).expect("every source was opened");
        let before = old.and_then(|lock| lock.source.get(name.as_str()));
        let tag = request.tags.get(name);
        let may_move = tag.is_some() || is_updated(&request.update, name);
        let kept = kept(before, source, &request.update, tag);
        let checked = pin(manifest, kept, source, open, tag).and_then(|pin| {
            let standing = kept.map(|pin| &pin.signature);
            let (signature, warning) =
                signed::check(manifest, source, open, &pin, keys.get(name), standing, request.now)?;
            let since = since(manifest, source, open, before, pin.commit, may_move)?;
            Ok((Pin { since, signature, ..pin }, warning))
        });
        match checked {
            Ok((pin, warning)) => {
                pins.insert(name.to_string(), pin);
                warnings.extend(warning);
            }
            Err(failure) => {
                class = failure.class;
                problems.extend(failure.problems);
            }
        }
    }
    if problems.is_empty() { Ok((pins, warnings)) } else { Err(Failure { class, problems }) }
}

/// What was pinned of a source before, where it is to stay.
pub(super) fn kept<'l>(
    before: Option<&'l Pin>,
    source: &Source,
    update: &Update,
    tag: Option<&String>,
) -> Option<&'l Pin> {
    before
        .filter(|pin| pin.wanted == wanted_text(&source.wanted))
        .filter(|_| !is_updated(update, &source.name))
        .filter(|pin| tag.is_none_or(|tag| pin.tag_name() == Some(tag)))
}

/// Whether the user asked for the source to be looked up again.
fn is_updated(update: &Update, source: &SourceName) -> bool {
    matches!(update, Update::Sources(names) if names.contains(source))
}

/// The pin of one source: the one that is kept, looked at again, or a new one.
pub(super) fn pin(
    manifest: &Manifest,
    kept: Option<&Pin>,
    source: &Source,
    open: &mut OpenSource,
    tag: Option<&String>,
) -> Result<Pin, Failure> {
    match kept {
        Some(pin) => keep(manifest, source, open, pin),
        None => find(manifest, source, open, tag),
    }
}
