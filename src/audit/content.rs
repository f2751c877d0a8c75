// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is known of a member's bytes once they have passed: git's id for them and the traces in
//! them. The bytes themselves are kept where no repository could give them again.

use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::Receiver;
use gix::objs::Kind;

use super::baked::{self, Hit};
use crate::model::BlobId;
use crate::source::{Objects, Repository};

/// Members up to this length are searched for traces, and kept where they may be needed again.
pub(super) const WHOLE: u64 = 16 << 20;

/// How many bytes of members are kept at once.
const BYTES: u64 = 512 << 20;

/// How many bytes of traces are kept at once. Honest tarballs have some thousands.
const TRACES: u64 = 64 << 20;

/// How much is kept by now, of all workers.
#[derive(Debug, Default)]
pub(super) struct Kept {
    bytes: AtomicU64,
    traces: AtomicU64,
}

impl Kept {
    /// Whether there is room for that much more of `limit`.
    fn has_room(counter: &AtomicU64, more: u64, limit: u64) -> bool {
        counter.fetch_add(more, Ordering::Relaxed).saturating_add(more) <= limit
    }
}

/// What passed.
#[derive(Debug)]
pub(super) struct Content {
    /// Git's id of the bytes; none where they bear the marks of a SHA-1 collision attack.
    pub(super) id: Option<BlobId>,
    /// The length in bytes.
    pub(super) size: u64,
    /// Whether it is text, as far as its start tells.
    pub(super) text: bool,
    /// The traces in a text.
    pub(super) hits: Vec<Hit>,
    /// Whether all of it was looked at.
    pub(super) searched: bool,
    /// The bytes, where no repository has them and there was room.
    pub(super) kept: Option<Vec<u8>>,
}

impl Content {
    /// What is known of a member that was too long to look at.
    pub(super) fn unsearched(id: Option<BlobId>, size: u64) -> Self {
        Self { id, size, text: false, hits: Vec::new(), searched: false, kept: None }
    }

    /// What is known of bytes that are here, whoever has them besides.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let text = baked::is_text(bytes);
        Self {
            id: gix::objs::compute_hash(gix::hash::Kind::Sha1, Kind::Blob, bytes).ok().map(BlobId),
            size: bytes.len() as u64,
            text,
            hits: if text { baked::search(bytes) } else { Vec::new() },
            searched: true,
            kept: None,
        }
    }
}

/// Works on members as they come, until there are no more. Returns them with the numbers that they
/// came with.
pub(super) fn work(
    members: &Receiver<(usize, Vec<u8>)>,
    repositories: &[&Repository],
    kept: &Kept,
) -> Vec<(usize, Content)> {
    let objects: Vec<Objects> = repositories.iter().map(|repository| repository.objects()).collect();
    members
        .iter()
        .map(|(number, bytes)| {
            let mut content = Content::of(&bytes);
            // This only decides where the bytes are taken from later, and git's are re-hashed then.
            let in_git = content.id.is_some_and(|id| objects.iter().any(|objects| objects.contains(id.0)));
            if !in_git && Kept::has_room(&kept.bytes, content.size, BYTES) {
                content.kept = Some(bytes);
            }
            let traces: usize = content.hits.iter().map(|hit| hit.text.len()).sum();
            if !Kept::has_room(&kept.traces, traces as u64, TRACES) {
                content.hits.clear();
                content.searched = false;
            }
            (number, content)
        })
        .collect()
}

/// The id that git gives to bytes which come in pieces.
pub(super) struct BlobHasher(gix::hash::Hasher);

impl BlobHasher {
    pub(super) fn new(size: u64) -> Self {
        let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
        hasher.update(&gix::objs::encode::loose_header(Kind::Blob, size));
        Self(hasher)
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(super) fn finish(self) -> Option<BlobId> {
        self.0.try_finalize().ok().map(BlobId)
    }
}
