// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Manifests edited in place: a newer tag, a new line, a line's end.
//!
//! A manifest is its authors' text. An edit replaces the bytes of the values that change, at the
//! places where the reader found them, and leaves every other byte as it was: comments, order,
//! blanks, the form of the line ends. The result is read again before anything is written.

#![allow(clippy::disallowed_methods, reason = "manifests are written here")]

mod bump;
mod end;
mod series;
mod text;

pub use bump::{Bump, Newer, newer};
pub use end::end;
pub use series::{NewLine, new_line};
pub use text::{Change, Edited};
