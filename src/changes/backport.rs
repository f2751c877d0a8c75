// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Backports, and the commits on the main branch that they carry.
//!
//! A trailer that names the commit is believed. Where there is none, Gerrit's `Change-Id` tells: a
//! change keeps it from branch to branch. The main branch is walked for these only as far as the
//! range's own history is not on it, and only for a maintenance branch: a range in which one commit of
//! ten says that it is a backport. On the main branch itself (where few do: what a vendor had first) there
//! is nothing to find, and to learn that by walking would cost a fifth of the run.

use std::collections::{HashMap, HashSet};

use super::Query;
use super::message::{self, Carries, Means, Sayings};
use crate::model::{CommitId, Failure};
use crate::source::{Repository, walk};

/// One commit in so many is a backport on a maintenance branch, and nearly all are.
const MAINTENANCE: usize = 10;

/// The commits on the main branch by their `Change-Id`, and which commits of the range are not on it.
#[derive(Debug, Default)]
pub(super) struct Originals {
    by_change: HashMap<String, CommitId>,
    off_main: HashSet<CommitId>,
}

/// The tips of the branches that releases branch off from, where the repository has them.
///
/// # Errors
/// The ref store cannot be read.
pub fn main_branches(repository: &Repository) -> Result<Vec<CommitId>, Failure> {
    let mut tips = Vec::new();
    for name in ["heads/master", "heads/main", "remotes/origin/master", "remotes/origin/main"] {
        if let Some(id) = repository.find_ref(&format!("refs/{name}"))? {
            tips.push(CommitId(id));
        }
    }
    tips.sort_unstable();
    tips.dedup();
    Ok(tips)
}

/// Finds what may be the originals of the range's commits. History that is cut off, as in a shallow
/// clone, has none: the trailers are left.
pub(super) fn originals(query: &Query<'_>, said: &[Sayings]) -> Originals {
    let mut originals = Originals::default();
    let unnamed = |said: &Sayings| said.carries.is_empty() && !said.change_ids.is_empty();
    let backports = said.iter().filter(|said| said.backport).count();
    if query.main.is_empty() || backports * MAINTENANCE < said.len().max(1) || !said.iter().any(unnamed) {
        return originals;
    }
    let objects = query.repository.history_objects();
    let to = query.to.commit;
    for &tip in query.main {
        let Ok(main) = walk(&objects, tip, &[to]) else { continue };
        if tip == to || main.commits.iter().any(|commit| commit.parents.contains(&to)) {
            // The whole range is on this branch.
            return Originals::default();
        }
        for commit in main.commits {
            for change in message::sayings(&commit.message).change_ids {
                originals.by_change.entry(change).or_insert(commit.id);
            }
        }
    }
    let hidden: Vec<CommitId> = query.main.iter().copied().chain([query.from.commit]).collect();
    if let (false, Ok(own)) = (originals.by_change.is_empty(), walk(&objects, to, &hidden)) {
        originals.off_main = own.commits.into_iter().map(|commit| commit.id).collect();
    }
    originals
}

/// What a commit carries: what its message names, or what has its `Change-Id` on the main branch.
pub(super) fn carried(commit: CommitId, said: Sayings, originals: &Originals) -> Vec<Carries> {
    let Sayings { carries, pending, change_ids, .. } = said;
    if !carries.is_empty() {
        return carries;
    }
    if originals.off_main.contains(&commit) {
        let found = change_ids.iter().find_map(|change| originals.by_change.get(change));
        if let Some(original) = found {
            return vec![Carries { commit: Some(original.to_string()), by: Means::ChangeId }];
        }
    }
    if pending { vec![Carries { commit: None, by: Means::LustreCommit }] } else { Vec::new() }
}
