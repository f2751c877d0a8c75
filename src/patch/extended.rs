// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The headers that git adds to a diff.

/// Git's extended headers, as written.
#[derive(Default)]
pub(super) struct Extended<'a> {
    /// What stands behind `diff --git `.
    pub(super) git_line: Option<&'a [u8]>,
    pub(super) created: bool,
    pub(super) deleted: bool,
    pub(super) old_mode: Option<u32>,
    pub(super) new_mode: Option<u32>,
    /// From and to.
    pub(super) renamed: [Option<&'a [u8]>; 2],
    pub(super) copied: [Option<&'a [u8]>; 2],
    /// The blob ids before and after.
    pub(super) ids: Option<(&'a [u8], &'a [u8])>,
}
