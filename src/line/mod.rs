// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Release lines: the kernels that they follow, when they end, and what is due.
//!
//! What people decide about kernels stands in `kernels.toml` and is read by
//! [`manifest`](crate::manifest::read_kernels). What kernel.org says comes as a [`Feed`]: of its
//! `releases.json` (`feed`, read with `json`, brought by `download`) or of the tags of a kernel's
//! repository (`tags`). [`update()`] holds a new feed against the one that `held` keeps. A
//! [`Calendar`] is all of that for one folder of manifests; `life` says by it when a line ends.
//! [`lines()`] makes lines of manifests, `released` finds what was made of them, `target` what there
//! is to make, and [`due()`] compares the two.
//!
//! Nothing here touches the network but [`download`], and nothing reads a clock: today comes in.

#![allow(clippy::disallowed_methods, reason = "feeds, kernels.toml and releases are files")]

mod calendar;
mod day;
pub mod download;
mod due;
mod feed;
pub mod held;
mod json;
mod life;
mod lines;
mod released;
mod tags;
mod target;
mod update;

pub use calendar::{Calendar, Calendars, Feeding, TABLE, read_feed};
pub use due::{Action, Due, Verdict, due};
pub use feed::{Feed, Known};
pub use life::{Ended, Life, OVERRIDE};
pub use lines::{Line, find, lines, of_version};
pub use released::{Released, released};
pub use tags::{FromTags, from_tags};
pub use target::{Bump, Target, Waiting, target};
pub use update::{Change, Update, update};
