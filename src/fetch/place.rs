// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Files put aside, to be given their names: out of memory, or out of the cache. Nothing that stands is
//! written over.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;

use sha2::Digest as _;

use super::brought::{How, Vouched};
use super::download::{Got, Item, Objects, changes};
use crate::model::{Failure, Problem, Sha256};
use crate::release::Aside;
use crate::release::plain::{self, LARGEST_TABLE};

/// A file in the cache, or in memory, that is to have its name.
pub(super) struct Ready {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) sha256: Sha256,
    pub(super) from: From,
    pub(super) how: How,
    pub(super) vouched: Vouched,
}

pub(super) enum From {
    Bytes(Vec<u8>),
    Object { path: String, length: Option<u64>, got: Got },
}

/// What stands in the folder already.
pub(super) struct Stand<'a> {
    pub(super) out: &'a Path,
    pub(super) problems: Vec<Problem>,
}

impl Stand<'_> {
    /// Whether a file with this digest stands there. Another one in its place is noted as a problem.
    pub(super) fn has(&mut self, name: &str, sha256: &Sha256) -> bool {
        let path = self.out.join(name);
        let found = match digest(&path) {
            Ok(found) => Some(found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return false,
            Err(_) => None,
        };
        if found == Some(*sha256) {
            return true;
        }
        let mut problem = Problem::new(format!("another file stands at `{}`", path.display()));
        if let Some(found) = found {
            problem =
                problem.note(format!("its sha256 is {found}")).note(format!("the release's is {sha256}"));
        }
        self.problems
            .push(problem.help("move it away, or give another folder with `--out`; nothing is written over"));
        false
    }
}

fn digest(path: &Path) -> io::Result<Sha256> {
    std::fs::symlink_metadata(path)?;
    let mut file = plain::open(path)?;
    let mut hasher = sha2::Sha256::new();
    let mut piece = vec![0; 1 << 18];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(Sha256(hasher.finalize().into())),
            read => hasher.update(&piece[..read]),
        }
    }
}

/// Puts a file's bytes aside, and holds them against their digest where this run has not done so yet. The
/// cache keeps its own: no two names ever share bytes that somebody could write to.
pub(super) fn place(objects: &Objects<'_>, aside: &Aside, one: &mut Ready) -> Result<(), Failure> {
    let name = one.name.clone();
    let (path, length) = match &mut one.from {
        From::Bytes(bytes) => return aside.write(&name, bytes),
        From::Object { path, length, got } => {
            if copy(aside, &name, got, &one.sha256)? {
                return Ok(());
            }
            (path.clone(), *length)
        }
    };
    // The cache's was damaged.
    let most = length.unwrap_or(LARGEST_TABLE);
    let item = Item { file: &name, path: &path, sha256: one.sha256, length, most };
    objects.forget(&item);
    let mut got = objects.bring(&item)?;
    one.how = got.how.clone();
    one.size = got.file.metadata().map_err(|error| Failure::io("read", name.as_ref(), &error))?.len();
    if copy(aside, &name, &mut got, &one.sha256)? {
        return Ok(());
    }
    Err(changes(&name))
}

/// Copies an object; false where its bytes are not those that they should be.
fn copy(aside: &Aside, name: &str, got: &mut Got, sha256: &Sha256) -> Result<bool, Failure> {
    let fault = |error: io::Error| Failure::io("write", name.as_ref(), &error);
    let mut file = aside.file_again(name)?;
    if got.is_hashed {
        // The file system may share the blocks until one of the two is written to.
        io::copy(&mut got.file, &mut file).map_err(fault)?;
        return Ok(true);
    }
    let found = copy_hashed(&mut got.file, &mut file).map_err(fault)?;
    Ok(found == *sha256)
}

fn copy_hashed(from: &mut File, to: &mut File) -> io::Result<Sha256> {
    let mut hasher = sha2::Sha256::new();
    let mut piece = vec![0; 1 << 18];
    from.rewind()?;
    loop {
        match from.read(&mut piece)? {
            0 => return Ok(Sha256(hasher.finalize().into())),
            read => {
                hasher.update(&piece[..read]);
                to.write_all(&piece[..read])?;
            }
        }
    }
}
