// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! One pin: what a ref leads to, held against what the manifest says of its tag.

use gix::ObjectId;

use super::file::{Pin, SignatureState};
use crate::manifest::{Manifest, Source, Wanted};
use crate::model::{CommitId, Failure, Problem, TagId};
use crate::source::{ObjectFault, Objects, OpenSource, Tip, read_tip};

/// How much of a commit id a message shows.
const SHORT: usize = 12;

/// What the manifest asks for, in the lock's words.
pub(super) fn wanted_text(wanted: &Wanted) -> String {
    match wanted {
        Wanted::Tag(name) => format!("tag {name}"),
        Wanted::Pattern(pattern) => format!("tag {pattern}"),
        Wanted::Commit(id) => format!("commit {id}"),
        Wanted::Branch(name) => format!("branch {name}"),
        Wanted::Ref(name) => format!("ref {name}"),
    }
}

pub(super) fn tip(
    manifest: &Manifest,
    source: &Source,
    open: &OpenSource,
    objects: &Objects,
    what: &str,
    id: ObjectId,
) -> Result<Tip, Failure> {
    read_tip(objects, id).map_err(|found| {
        let mut problem = source_problem(
            manifest,
            source,
            format!("{what} of source `{}` cannot be used: {found}", source.name),
        )
        .note(format!("looked for in {}", open.repository.path().display()));
        if let Some(tag) = found.tag {
            problem = problem.note(format!("tag object {tag}"));
        }
        let help = match found.fault {
            ObjectFault::WrongKind { .. } if found.tag.is_some() => {
                "expected an annotated tag on a commit; name the inner tag, if that is what you mean"
            }
            ObjectFault::WrongKind { .. } => "expected a commit, or a tag on a commit",
            ObjectFault::Missing => "fetch it there, or read the source elsewhere with `--source NAME=PATH`",
            _ => "the repository is damaged: `git fsck` tells more, a fresh clone mends it",
        };
        problem.help(help).into_source()
    })
}

pub(super) fn pin_of(
    manifest: &Manifest,
    source: &Source,
    full: Option<String>,
    tip: &Tip,
) -> Result<Pin, Failure> {
    let (tag, commit) = match tip {
        Tip::Commit(commit) => (None, commit),
        Tip::Tagged(tag, commit) => (Some(tag), commit),
    };
    let short = full.as_deref().and_then(|full| full.strip_prefix("refs/tags/"));
    if let (Some(tag), Some(short)) = (tag, short) {
        let expected = source.tag_object_name.as_ref().map_or(short, |name| name.value.as_str());
        if tag.name != expected {
            return Err(source_problem(manifest, source, format!("the tag `{short}` is another tag by its own name, `{}`", tag.name))
                .note(format!("expected  {expected}  the name of the ref, or `tag-object-name`"))
                .note(format!("found     {}  in the tag object {}", tag.name, tag.id))
                .help(format!(
                    "a renamed tag can be an attack; if you know why, write `tag-object-name = \"{}\"` in this source",
                    tag.name
                ))
                .into_source());
        }
    }
    check_pinned_tag(manifest, source, tag.map(|tag| tag.id))?;
    Ok(Pin {
        wanted: wanted_text(&source.wanted),
        r#ref: full,
        tag: tag.map(|tag| tag.id),
        commit: commit.id,
        tree: commit.tree,
        date: commit.date,
        nearest: None,
        since: None,
        // What the manifest asks for is checked for every pin alike, found or kept.
        signature: SignatureState::NotAsked,
    })
}

/// Holds the tag object against the one that the manifest itself pins, if it does.
pub(super) fn check_pinned_tag(
    manifest: &Manifest,
    source: &Source,
    found: Option<TagId>,
) -> Result<(), Failure> {
    match &source.tag_object {
        Some(pinned) if found != Some(pinned.value) => Err(manifest
            .problem("the tag object is not the one that the manifest pins", &pinned.span, "pinned here")
            .note(format!("pinned  {pinned}"))
            .note(found.map_or("found   a lightweight tag".to_owned(), |id| format!("found   {id}")))
            .help("ask upstream why the tag changed; a tag that moved can be an attack")
            .into_source()),
        _ => Ok(()),
    }
}

pub(super) fn source_problem(manifest: &Manifest, source: &Source, title: String) -> Problem {
    manifest.problem(title, &source.wanted.span, format!("source `{}`", source.name))
}

/// The first digits of a commit id, as versions and messages show them.
pub(super) fn short(commit: CommitId) -> String {
    commit.to_string()[..SHORT].to_owned()
}
