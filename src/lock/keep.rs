// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A pin that stands, looked at again.

use super::file::Pin;
use super::pin::{check_pinned_tag, pin_of, source_problem, tip};
use crate::manifest::{Manifest, Source, Wanted};
use crate::model::{Failure, Problem};
use crate::source::{Commit, ObjectFault, OpenSource, read_commit};

/// Looks at a pin that stands: its commit is here and, for a tag, the tag still says the same.
pub(super) fn keep(
    manifest: &Manifest,
    source: &Source,
    open: &mut OpenSource,
    pin: &Pin,
) -> Result<Pin, Failure> {
    let contradiction = |what: &str, locked: String, found: String| -> Failure {
        source_problem(manifest, source, format!("the lock of source `{}` contradicts {what}", source.name))
            .note(format!("locked  {locked}"))
            .note(format!("found   {found}"))
            .help("the lock was edited or damaged: take it from your version control again")
            .into()
    };
    if !answers(pin, &source.wanted) {
        let answer = pin.r#ref.clone().unwrap_or_else(|| format!("commit {}", pin.commit));
        return Err(contradiction("itself: its ref is not what was wanted", answer, pin.wanted.clone()));
    }
    let commit = bring(manifest, source, open, pin)?;
    if commit.tree != pin.tree || commit.date != pin.date {
        return Err(contradiction(
            "its commit",
            format!("tree {}  {}", pin.tree, pin.date),
            format!("tree {}  {}", commit.tree, commit.date),
        ));
    }
    check_pinned_tag(manifest, source, pin.tag)?;
    if let Some(tag) = pin.tag_name() {
        let objects = open.repository.objects();
        // A clone without the tag cannot contradict the lock; the commit alone gives the bytes.
        if let Some(id) = open.repository.find_ref(&format!("refs/tags/{tag}"))? {
            let found = tip(manifest, source, open, &objects, &format!("tag `{tag}`"), id)?;
            let found = pin_of(manifest, source, Some(format!("refs/tags/{tag}")), &found)?;
            if (found.tag, found.commit) != (pin.tag, pin.commit) {
                return Err(source_problem(
                    manifest,
                    source,
                    format!("tag `{tag}` moved since it was locked"),
                )
                .note(format!("locked  {}", pin.one_line()))
                .note(format!("found   {}", found.one_line()))
                .help(format!(
                    "if this is intended, run `lustre-dist lock {} --update {}`; otherwise ask upstream",
                    manifest.path().display(),
                    source.name
                ))
                .into_source());
            }
        }
    }
    Ok(pin.clone())
}

/// Whether a pin's ref can be the answer to what the manifest wants. The lock says both.
fn answers(pin: &Pin, wanted: &Wanted) -> bool {
    match wanted {
        Wanted::Tag(name) => pin.tag_name() == Some(name),
        Wanted::Pattern(pattern) => pin.tag_name().is_some_and(|tag| pattern.matches(tag)),
        Wanted::Branch(name) => pin.r#ref.as_deref() == Some(&format!("refs/heads/{name}")),
        Wanted::Ref(name) => pin.r#ref.as_ref() == Some(name),
        Wanted::Commit(id) => pin.r#ref.is_none() && pin.commit.to_string() == *id,
    }
}

/// Reads a locked commit, and fetches it where it is not here: with all branches and tags, or else
/// alone, since a branch or a change may have left it behind.
fn bring(manifest: &Manifest, source: &Source, open: &mut OpenSource, pin: &Pin) -> Result<Commit, Failure> {
    let here = |open: &OpenSource| read_commit(&open.repository.objects(), pin.commit.0);
    let mut said = Vec::new();
    if here(open) == Err(ObjectFault::Missing) {
        open.refresh(&[])?;
        if here(open) == Err(ObjectFault::Missing)
            && let Err(failure) = open.fetch_commit(pin.commit)
        {
            said = failure.problems.into_iter().flat_map(|problem| problem.notes).collect();
        }
    }
    here(open).map_err(|fault| {
        let problem = source_problem(
            manifest,
            source,
            format!("the locked commit {} of source `{}` {fault}", pin.commit, source.name),
        )
        .note(format!("looked for in {}", open.repository.path().display()));
        let update = format!("run `lustre-dist lock {} --update {}`", manifest.path().display(), source.name);
        let help = match (fault, open.is_remote()) {
            (ObjectFault::Missing, false) => format!("fetch it there, or {update}"),
            (ObjectFault::Missing, true) => format!("give a clone that has it with `--source`, or {update}"),
            (_, false) => {
                "the repository is damaged: `git fsck` tells more, a fresh clone mends it".to_owned()
            }
            (_, true) => "the cache is damaged: remove that folder, and it is fetched again".to_owned(),
        };
        said.into_iter().fold(problem, Problem::note).help(help).into_source()
    })
}
