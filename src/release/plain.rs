// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Files of releases that others may have put there: plain ones only, and no larger than they can be.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use rustix::fs::{Mode, OFlags};

/// The largest description or statement that is read. The ones of a whole kernel have some kilobytes.
pub const LARGEST_RECORD: u64 = 16 << 20;

/// The largest table of origins that is read: a line takes some 400 bytes, and the strict reader takes
/// a million members.
pub const LARGEST_TABLE: u64 = 1 << 30;

/// The largest file of checksums that is read.
pub const LARGEST_SUMS: u64 = 1 << 20;

/// How much of a file is compared at once.
const PIECE: usize = 1 << 18;

/// Opens a file that must be a plain one, or a link to one. A pipe without a writer is not waited for.
///
/// # Errors
/// It is something else, or cannot be opened.
pub fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a plain file"));
    }
    Ok(file)
}

/// Reads such a file whole.
///
/// # Errors
/// It cannot be read, or has more than `most` bytes.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    let is_large = file.metadata()?.len() > most;
    let mut bytes = Vec::new();
    if !is_large {
        file.take(most + 1).read_to_end(&mut bytes)?;
    }
    if is_large || bytes.len() as u64 > most {
        let why = format!("it has more than {most} bytes, and no release of ours has such a file");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(bytes)
}

/// Whether two such files have the same bytes.
///
/// # Errors
/// One of them cannot be read.
pub fn same(one: &Path, other: &Path) -> io::Result<bool> {
    let (one, other) = (open(one)?, open(other)?);
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let piece = |file: &File| -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(PIECE);
        file.take(PIECE as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    loop {
        let (bytes, others) = (piece(&one)?, piece(&other)?);
        if bytes != others {
            return Ok(false);
        }
        if bytes.is_empty() {
            return Ok(true);
        }
    }
}
