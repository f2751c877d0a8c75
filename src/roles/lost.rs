// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What stands in a store before its metadata is read.

use super::{Role, chain};
use crate::model::{Class, Failure, Problem};
use crate::repository::layout;
use crate::store::Store;

/// Whether a store has a repository, or the start of one.
///
/// # Errors
/// The store cannot be read.
pub fn is_there(store: &Store) -> Result<bool, Failure> {
    Ok(store.read(&layout::role(1, Role::Root.word()), chain::LARGEST)?.is_some())
}

/// Why a repository whose timestamp is not there must not be begun anew: it was whole once. Releases and a second
/// root come after the first timestamp, so a first run that was stopped has left neither.
///
/// # Errors
/// The store cannot be read.
pub fn lost(store: &Store) -> Result<Option<Failure>, Failure> {
    let note = if !store.list(layout::TARGETS)?.is_empty() {
        "it has releases: a new start would hide them all"
    } else if store.read(&layout::role(2, Role::Root.word()), chain::LARGEST)?.is_some() {
        "its keys were changed: a new start would be signed with the old ones"
    } else {
        return Ok(None);
    };
    let problem =
        Problem::new(format!("`{}` of the repository at `{}` is lost", layout::TIMESTAMP, store.at()))
            .note(note)
            .help("put it back from a copy of the repository, the newest there is");
    Ok(Some(Failure::new(Class::Verification, problem)))
}
