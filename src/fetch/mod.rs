// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Releases fetched from a repository that nobody has to trust: not its server, its mirrors or the network.
//!
//! ```text
//! pinned root -> newest root -> timestamp -> snapshot -> targets -> release.json -> tarball
//!      Pin        `update`, with the state that an earlier run trusted       `Reader::bring`
//! ```
//!
//! Each arrow is a signature or a digest, as The Update Framework has it
//! (<https://theupdateframework.github.io/specification/latest/>). The crate `tough` follows the chain down
//! to the targets; its known holes are closed around it:
//!
//! - An error on the next root is the end of the chain for it: [`channel`] hands errors on in a way that it
//!   cannot overlook; only an object that is not there ends the chain.
//! - It keeps what it trusted in files that are not written atomically, and takes a damaged one for none:
//!   [`state`] keeps one file with a checksum, and a damaged one stops the run.
//! - It counts the ids of keys, and one key can have several: [`keys`] refuses a root with such a key.
//! - It does not read the newest root back: a run here begins with the newest root that an earlier one
//!   trusted.
//!
//! A reader shares no code with who publishes but the names and types of [`crate::repository`].

#![allow(clippy::disallowed_methods, reason = "the cache and the trusted state are files of this room")]

mod address;
mod brought;
mod cache;
mod channel;
mod checked;
mod download;
mod fault;
mod files;
mod gather;
mod keys;
mod metadata;
mod pace;
mod pin;
mod place;
mod reader;
mod refused;
mod reply;
mod request;
mod state;
mod update;
mod web;

pub use address::Address;
pub use brought::{Brought, How, Vouched};
pub use files::Wanted;
pub use metadata::Versions;
pub use pace::Pace;
pub use pin::Pin;
pub use reader::{Freshness, Reader};
pub use request::{Network, Request, Watch};
pub use state::States;
