// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Whether a tag is on the branch that it must be on.

use super::check::Check;
use super::wanted_tag;
use crate::manifest::{Manifest, Source};
use crate::model::{CommitId, Failure, Problem};
use crate::source::{self, OpenSource, Places, Tip, descends, read_tip};

/// Looks for the commit of a tag in the history of the source's branch: the local one, or as any
/// remote had it.
pub(super) fn check(
    source: &Source,
    open: &OpenSource,
    tag: &str,
    commit: CommitId,
) -> Result<Check, Failure> {
    named("branch", source, open, tag, commit)
}

/// The same for a source that is not the primary one, where it has a branch to be on.
pub(super) fn of_other_source(
    manifest: &Manifest,
    source: &Source,
    places: &Places,
) -> Result<Option<Check>, Failure> {
    if source.on_branch.is_none() {
        return Ok(None);
    }
    let mut open = source::open(manifest, source, places)?;
    open.refresh(&[])?;
    let tags = open.repository.tags()?;
    let tag = wanted_tag(manifest, source, &tags)?;
    let name = format!("branch of {}", source.name);
    let Some((_, id)) = tags.iter().find(|(name, _)| *name == tag) else {
        return Ok(Some(Check::problem(&name, &tag, "no such tag", "fetch the tag into that repository")));
    };
    Ok(Some(match read_tip(&open.repository.objects(), *id) {
        Ok(Tip::Commit(commit) | Tip::Tagged(_, commit)) => named(&name, source, &open, &tag, commit.id)?,
        Err(fault) => Check::problem(&name, &tag, format!("it cannot be used: {fault}"), "name another tag"),
    }))
}

fn named(
    name: &str,
    source: &Source,
    open: &OpenSource,
    tag: &str,
    commit: CommitId,
) -> Result<Check, Failure> {
    let Some(branch) = &source.on_branch else {
        return Ok(Check::not_applicable(name, "the manifest names no `on-branch`"));
    };
    let expected = format!("{tag} on {branch}");
    let branches = open.repository.branches(branch)?;
    if branches.is_empty() {
        let help = format!("fetch the branch: {}", open.describe());
        return Ok(Check::problem(name, expected, format!("no branch `{branch}`"), help));
    }
    let objects = open.repository.objects();
    let mut cuts = Vec::new();
    for (full, tip) in &branches {
        match descends(&objects, *tip, commit.0) {
            Ok(true) => return Ok(Check::ok(name, expected, format!("in the history of {full}"))),
            Ok(false) => {}
            Err(cut) => cuts.push(cut),
        }
    }
    if let Some(cut) = cuts.first() {
        return Err(Problem::new(format!(
            "the history of `{branch}` is not whole, and does not lead to `{tag}`"
        ))
        .note(format!("the commit {} {}", cut.id, cut.fault))
        .note(open.describe())
        .help("fetch all of it: `git fetch --unshallow`")
        .into_source());
    }
    let tips: Vec<String> = branches.iter().map(|(full, tip)| format!("{full} at {tip}")).collect();
    let help = format!("tag a commit of {branch}, or name the branch that it is on in `on-branch`");
    Ok(Check::problem(name, expected, format!("not in the history of {}", tips.join(", ")), help))
}
