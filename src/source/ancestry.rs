// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which commits another one has behind it.

use std::collections::{BinaryHeap, HashSet};

use gix::ObjectId;
use gix::objs::{CommitRef, Kind};

use super::history::Cut;
use super::object::{ObjectFault, Objects};
use crate::model::CommitId;

/// Whether `tip` is `ancestor` or has it behind it. The commits themselves are read, the newest
/// first: a commit-graph file is a cache that anybody may have written.
///
/// # Errors
/// The history is not whole, and what could be read does not lead to `ancestor`.
pub fn descends(objects: &Objects, tip: ObjectId, ancestor: ObjectId) -> Result<bool, Cut> {
    let mut cut = None;
    let mut seen = HashSet::from([tip]);
    let mut waiting = BinaryHeap::from([(i64::MAX, tip)]);
    let mut buffer = Vec::new();
    while let Some((_, commit)) = waiting.pop() {
        if commit == ancestor {
            return Ok(true);
        }
        let mut parents = |objects: &Objects| -> Result<(), ObjectFault> {
            objects.read(commit, Kind::Commit, &mut buffer)?;
            let corrupt = || ObjectFault::Corrupt("not the form of a commit".to_owned());
            let read = CommitRef::from_bytes(&buffer, commit.kind()).map_err(|_| corrupt())?;
            // A parent is a little older than its child, so the child's date will do to sort it: it
            // decides how soon the answer is found, not which.
            let date = read.committer().and_then(|committer| committer.time());
            let date = date.map_or(0, |time| time.seconds);
            waiting.extend(read.parents().filter(|parent| seen.insert(*parent)).map(|parent| (date, parent)));
            Ok(())
        };
        if let Err(fault) = parents(objects) {
            cut.get_or_insert(Cut { id: CommitId(commit), fault, child: None });
        }
    }
    cut.map_or(Ok(false), Err)
}
