// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Trees as lists of files, and as the objects that git has for them.

use std::collections::BTreeMap;

use gix::ObjectId;
use gix::objs::tree::{Entry, EntryKind};
use gix::objs::{Kind, Tree, WriteTo as _};

use crate::source::tree::BlobMode;

/// A file or link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct File {
    pub(super) mode: BlobMode,
    pub(super) id: ObjectId,
}

/// The files of a tree, by path.
pub(super) type Files = BTreeMap<String, File>;

/// The folder that is ours.
pub(super) fn is_debian(path: &str) -> bool {
    path.starts_with("debian/")
}

/// A tarball's tree without a `debian/` of its own, as dpkg-source unpacks it.
pub(super) fn without_debian(files: &Files) -> Files {
    files.iter().filter(|(path, _)| !is_debian(path)).map(|(path, file)| (path.clone(), *file)).collect()
}

pub(super) fn blob_id(bytes: &[u8]) -> ObjectId {
    hash(Kind::Blob, bytes)
}

fn hash(kind: Kind, bytes: &[u8]) -> ObjectId {
    gix::objs::compute_hash(gix::hash::Kind::Sha1, kind, bytes).expect("what we make attacks nobody")
}

/// The objects of a tree.
pub(super) struct Built {
    pub(super) root: ObjectId,
    /// Every tree, those below first.
    pub(super) trees: Vec<Tree>,
}

/// Makes the tree objects of a list of files.
pub(super) fn build(files: &Files) -> Built {
    let mut trees = Vec::new();
    let files: Vec<(&str, File)> = files.iter().map(|(path, file)| (path.as_str(), *file)).collect();
    let root = folder(&files, &mut trees);
    Built { root, trees }
}

/// `files` have paths from the folder on, and those of one folder below it are neighbours, because
/// they are sorted.
fn folder(files: &[(&str, File)], trees: &mut Vec<Tree>) -> ObjectId {
    let mut entries = Vec::new();
    let mut rest = files;
    while let Some((path, file)) = rest.first() {
        let (name, count, mode, id) = match path.split_once('/') {
            None => {
                let kind = match file.mode {
                    BlobMode::File => EntryKind::Blob,
                    BlobMode::Executable => EntryKind::BlobExecutable,
                    BlobMode::Symlink => EntryKind::Link,
                };
                (*path, 1, kind, file.id)
            }
            Some((name, _)) => {
                let inside = |path: &str| {
                    path.strip_prefix(name).and_then(|rest| rest.strip_prefix('/')).map(str::len)
                };
                let count = rest.iter().take_while(|(path, _)| inside(path).is_some()).count();
                let below: Vec<(&str, File)> =
                    rest[..count].iter().map(|(path, file)| (&path[name.len() + 1..], *file)).collect();
                (name, count, EntryKind::Tree, folder(&below, trees))
            }
        };
        entries.push(Entry { mode: mode.into(), filename: name.into(), oid: id });
        rest = &rest[count..];
    }
    entries.sort();
    let tree = Tree { entries };
    let mut bytes = Vec::new();
    tree.write_to(&mut bytes).expect("memory takes it");
    trees.push(tree);
    hash(Kind::Tree, &bytes)
}
