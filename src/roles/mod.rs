// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The roles of The Update Framework: a repository's metadata made, signed, read back and checked.
//!
//! The specification is <https://theupdateframework.github.io/specification/latest/>. A [`Head`] is what a
//! repository says now, verified from a trusted root on; [`Head::commit`] makes a new catalog its state by
//! one conditional write of the timestamp, so that publishers at the same time are told [`Commit::Changed`] and no
//! reader ever sees half. [`Keys`] is the folder of the keeper's keys, which is never in the repository, and
//! which pins the root: who signs for a repository must not take the root from whoever can write to it.
//!
//! The schema and the verification are `tough`'s; the bytes are ours, since its editor writes no
//! conditions and its signatures are over canonical JSON, which is not always JSON.

#![allow(
    clippy::disallowed_methods,
    reason = "the files of keys are read and made here, and the user's signing commands run"
)]

mod canonical;
mod chain;
mod check;
mod commit;
mod folder;
mod head;
mod init;
mod lost;
mod program;
mod public;
mod refresh;
mod role;
mod rotate;
mod signed;
mod signer;

pub use check::{Depth, Report, check};
pub use commit::{Commit, Renew};
pub use folder::Keys;
pub use head::{Freshness, Head, Versions};
pub use init::{Terms, init};
pub use lost::{is_there, lost};
pub use public::KeyId;
pub use refresh::{Refreshed, Scope, adopt, refresh};
pub use role::{Lifetimes, Role, days_left};
pub use rotate::{Change, Draft, Lack};
pub use signer::Signer;

#[cfg(test)]
mod tests;
