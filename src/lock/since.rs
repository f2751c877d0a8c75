// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a source's changes are counted from: a tag, or what the lock pinned before it moved.

use super::file::{Pin, Since};
use super::pin::tip;
use crate::manifest::{At, Manifest, Since as Wanted, Source};
use crate::model::{CommitId, Failure};
use crate::source::{OpenSource, Tip};

/// Pins what the manifest's `since` asks for. `before` is the source's old pin, `commit` the commit
/// that is pinned now; a tag that moved is an error unless `may_move`.
pub(super) fn since(
    manifest: &Manifest,
    source: &Source,
    open: &mut OpenSource,
    before: Option<&Pin>,
    commit: CommitId,
    may_move: bool,
) -> Result<Option<Since>, Failure> {
    match &source.since {
        None => Ok(None),
        Some(At { value: Wanted::Previous, .. }) => Ok(before.and_then(|pin| {
            if pin.commit == commit {
                // It has not moved, and what it moved from is what it was.
                pin.since.clone()
            } else {
                Some(Since { tag: pin.tag_name().map(str::to_owned), commit: pin.commit })
            }
        })),
        Some(At { value: Wanted::Tag(tag), span }) => {
            let old = before
                .and_then(|pin| pin.since.as_ref())
                .filter(|since| since.tag.as_ref() == Some(tag) && !may_move);
            let full = format!("refs/tags/{tag}");
            let mut id = open.repository.find_ref(&full)?;
            if id.is_none() && old.is_none() && open.refresh(&[])? {
                id = open.repository.find_ref(&full)?;
            }
            let found = match (id, old) {
                // A clone without the tag cannot contradict the lock.
                (None, Some(old)) => return Ok(Some(old.clone())),
                (None, None) => return Err(no_such_tag(manifest, source, open, tag, span.clone())?),
                (Some(id), _) => {
                    let objects = open.repository.objects();
                    match tip(manifest, source, open, &objects, &format!("tag `{tag}`"), id)? {
                        Tip::Commit(commit) | Tip::Tagged(_, commit) => commit.id,
                    }
                }
            };
            if let Some(old) = old.filter(|old| old.commit != found) {
                return Err(manifest
                    .problem(
                        format!("tag `{tag}` moved since it was locked"),
                        span,
                        "changes are counted from here",
                    )
                    .note(format!("locked  {}", old.commit))
                    .note(format!("found   {found}"))
                    .help(format!(
                        "if this is intended, run `lustre-dist lock {} --update {}`; otherwise ask upstream",
                        manifest.path().display(),
                        source.name
                    ))
                    .into_source());
            }
            Ok(Some(Since { tag: Some(tag.clone()), commit: found }))
        }
    }
}

fn no_such_tag(
    manifest: &Manifest,
    source: &Source,
    open: &OpenSource,
    tag: &str,
    span: std::ops::Range<usize>,
) -> Result<Failure, Failure> {
    let problem = manifest
        .problem(
            format!("source `{}` has no tag `{tag}`", source.name),
            &span,
            "changes are counted from here",
        )
        .note(format!("looked for in {}", open.repository.path().display()));
    let tags = open.repository.tags()?;
    let near = tags
        .iter()
        .map(|(name, _)| (strsim::damerau_levenshtein(name, tag), name))
        .filter(|(distance, _)| *distance <= 2)
        .min();
    let problem = match near {
        Some((_, name)) => problem.help(format!("did you mean `{name}`?")),
        None => problem.help("fetch the tag into that repository: `git fetch --tags`; or remove `since`"),
    };
    Ok(problem.into_source())
}
