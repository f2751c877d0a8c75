// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a packager says about signatures, and what was found of them.

use super::key::Key;
use crate::model::SourceDate;

/// What the packager says about a release's signatures.
#[derive(Debug, Clone, Copy)]
pub enum Trust<'k> {
    /// Nothing. A release that is signed is refused: nobody could say that its signature is good.
    Unsaid,
    /// They are made with this key, and judged at that time.
    Key(&'k Key, SourceDate),
    /// They are not looked at, and no package has one.
    Unchecked,
}

/// A signature over the tarball that was found good, and who made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// The detached signature in its armour, where one is over the tarball as it is compressed.
    pub signature: Option<Vec<u8>>,
    /// What each good signature says, a line each: `NAME.tar.xz.asc: OpenPGP key ...`.
    pub by: Vec<String>,
}
