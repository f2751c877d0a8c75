// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The bytes of a side's members, from wherever they can be read.

use std::collections::{BTreeMap, BTreeSet};

use super::side::{Member, Side, Store};
use super::{planned, tarball};
use crate::model::{Failure, Problem, Sha256};

/// The bytes of these files. What is too large to be held, or not at hand, is left out.
///
/// # Errors
/// The tarball or the sources cannot be read.
pub(super) fn contents(side: &Side, wanted: &BTreeSet<String>) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    match &side.store {
        Store::Tarball(path) => tarball::contents(path, wanted),
        Store::Plan(plan) => planned::contents(plan, wanted),
    }
}

/// Whether the bytes of a path are the same on both sides.
///
/// # Errors
/// They are not at hand, nor is their digest.
pub(super) fn same(path: &str, one: (&Side, &Member), other: (&Side, &Member)) -> Result<bool, Failure> {
    let ((a, was), (b, is)) = (one, other);
    if was.target.is_some() || is.target.is_some() {
        return Ok(was.target == is.target);
    }
    if let (Some(was), Some(is)) = (was.blob, is.blob) {
        return Ok(was == is);
    }
    match (sha256(a, path, was)?, sha256(b, path, is)?) {
        (Some(was), Some(is)) => Ok(was == is),
        _ => Err(Problem::new(format!("`{path}` cannot be compared: the digest of its bytes is not known"))
            .note(format!("before  {}", a.given))
            .note(format!("after   {}", b.given))
            .help("fetch the object into the source's repository, or compare the tarballs")
            .into_source()),
    }
}

fn sha256(side: &Side, path: &str, member: &Member) -> Result<Option<Sha256>, Failure> {
    match &side.store {
        _ if member.sha256.is_some() => Ok(member.sha256),
        Store::Tarball(_) => Ok(None),
        Store::Plan(plan) => planned::sha256(plan, path),
    }
}
