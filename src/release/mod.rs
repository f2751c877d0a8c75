// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The release directory: written aside, synced, renamed; and what is there already.

#![allow(clippy::disallowed_methods, reason = "release directories are made here")]

mod aside;
mod disk;
mod existing;
pub mod plain;
mod under_way;

pub use aside::Aside;
pub use existing::{Existing, check_files, look};
pub use under_way::{is_ending, remove_all};
