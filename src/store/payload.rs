// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A file as the body of one S3 request.

use std::io::Read as _;
use std::path::Path;

use bytes::Bytes;
use object_store::PutPayload;
use sha2::Digest as _;

use super::Extent;
use super::fault::{self, Doing};
use crate::model::{Failure, Sha256};

const PIECE: usize = 1 << 20;

/// The bytes of a file that must be what it was: one request needs them all.
pub(super) fn load(file: &Path, extent: Extent) -> Result<PutPayload, Failure> {
    let fault = |error| fault::io(Doing::Read, file, &error);
    let mut from = std::fs::File::open(file).map_err(fault)?.take(extent.length + 1);
    let mut hasher = sha2::Sha256::new();
    let mut pieces = Vec::new();
    loop {
        let mut piece = Vec::with_capacity(PIECE);
        from.by_ref().take(PIECE as u64).read_to_end(&mut piece).map_err(fault)?;
        if piece.is_empty() {
            break;
        }
        hasher.update(&piece);
        pieces.push(Bytes::from(piece));
    }
    let found = Sha256(hasher.finalize().into());
    if found != extent.sha256 {
        return Err(fault::another(file, extent.sha256, found));
    }
    Ok(pieces.into_iter().collect())
}
