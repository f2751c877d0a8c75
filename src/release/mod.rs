// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The release directory: written aside, synced, renamed; and what is there already.

#![allow(clippy::disallowed_methods, reason = "release directories are made here")]

mod aside;
mod existing;
pub mod plain;

pub use aside::{Aside, is_ending, remove_all};
pub use existing::{Existing, check_files, look};
