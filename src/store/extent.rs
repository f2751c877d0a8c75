// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! How long something is, and its digest.

use std::io::{self, Read};

use sha2::Digest as _;

use crate::model::Sha256;

const PIECE: usize = 1 << 18;

/// The length and digest of a whole object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Bytes.
    pub length: u64,
    /// Their digest.
    pub sha256: Sha256,
}

/// Reads to the end, a piece at a time.
pub(super) fn through(
    mut file: impl Read,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<Extent> {
    let mut hasher = sha2::Sha256::new();
    let mut length = 0;
    let mut piece = vec![0; PIECE];
    loop {
        let count = match file.read(&mut piece) {
            Ok(0) => return Ok(Extent { length, sha256: Sha256(hasher.finalize().into()) }),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(&piece[..count]);
        length += count as u64;
        take(&piece[..count])?;
    }
}
