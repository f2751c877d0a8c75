// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Contents to their digests and to the ids that git gives them, on threads of their own.

use std::thread::{Scope, ScopedJoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};
use sha2::Digest as _;

use crate::model::{BlobId, Sha256};

/// Small contents travel together: a release has thousands, and each hand-over may wake a thread.
const BATCH: usize = 256 << 10;

/// How many batches may wait, some 2 MiB. More brings nothing: measured.
const WAITING: usize = 8;

/// A larger content passes in pieces, so that it need not be in memory whole.
const WHOLE: u64 = 8 << 20;

/// What a content hashes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hashed {
    /// Its digest.
    pub sha256: Sha256,
    /// The id that git gives it as a blob; none where it bears the marks of a SHA-1 collision attack.
    pub blob: Option<BlobId>,
}

enum Job {
    /// Contents one behind the other, each with its index and its end.
    Batch(Vec<u8>, Vec<(usize, usize)>),
    /// One content, of that length, that is still coming.
    Pieces(usize, u64, Receiver<Vec<u8>>),
}

/// Takes contents in and gives back what they hash to.
pub struct Hasher<'scope> {
    jobs: Sender<Job>,
    workers: Vec<ScopedJoinHandle<'scope, Vec<(usize, Hashed)>>>,
    batch: Vec<u8>,
    ends: Vec<(usize, usize)>,
    current: usize,
    pieces: Option<(Sender<Vec<u8>>, Vec<u8>)>,
}

impl<'scope> Hasher<'scope> {
    /// Starts that many threads, at least one.
    pub fn new(scope: &'scope Scope<'scope, '_>, workers: usize) -> Self {
        let (jobs, queue) = bounded::<Job>(WAITING);
        let workers = (0..workers.max(1))
            .map(|_| {
                let queue = queue.clone();
                scope.spawn(move || queue.iter().flat_map(work).collect())
            })
            .collect();
        Self { jobs, workers, batch: Vec::new(), ends: Vec::new(), current: 0, pieces: None }
    }

    /// A content of that length begins.
    pub fn begin(&mut self, index: usize, size: u64) {
        self.current = index;
        // One that broke off must not run into the next.
        self.batch.truncate(self.ends.last().map_or(0, |(_, end)| *end));
        if size > WHOLE {
            self.flush();
            let (sender, receiver) = bounded(WAITING);
            self.send(Job::Pieces(index, size, receiver));
            self.pieces = Some((sender, Vec::with_capacity(BATCH)));
        }
    }

    /// More of it.
    pub fn content(&mut self, bytes: &[u8]) {
        match &mut self.pieces {
            None => self.batch.extend_from_slice(bytes),
            Some((sender, piece)) => {
                piece.extend_from_slice(bytes);
                if piece.len() >= BATCH {
                    let full = std::mem::replace(piece, Vec::with_capacity(BATCH));
                    // A worker only goes when its thread panics, which `finish` tells.
                    let _ = sender.send(full);
                }
            }
        }
    }

    /// It is whole.
    pub fn end(&mut self) {
        if let Some((sender, piece)) = self.pieces.take() {
            let _ = sender.send(piece);
            return;
        }
        self.ends.push((self.current, self.batch.len()));
        if self.batch.len() >= BATCH {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.ends.is_empty() {
            let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH + BATCH / 4));
            let ends = std::mem::take(&mut self.ends);
            self.send(Job::Batch(batch, ends));
        }
    }

    fn send(&self, job: Job) {
        let _ = self.jobs.send(job);
    }

    /// Waits for what is under way, and gives back what every whole content hashes to, by its index.
    ///
    /// # Panics
    /// When a hashing thread did.
    pub fn finish(mut self) -> Vec<(usize, Hashed)> {
        self.flush();
        self.pieces = None;
        drop(self.jobs);
        self.workers.into_iter().flat_map(|worker| worker.join().expect("hashing does not panic")).collect()
    }
}

fn work(job: Job) -> Vec<(usize, Hashed)> {
    match job {
        Job::Batch(bytes, ends) => {
            let mut start = 0;
            ends.into_iter()
                .map(|(index, end)| {
                    let content = &bytes[start..end];
                    start = end;
                    (index, of(content))
                })
                .collect()
        }
        Job::Pieces(index, size, pieces) => {
            let mut running = Running::new(size);
            let mut left = size;
            for piece in pieces {
                running.update(&piece);
                left = left.saturating_sub(piece.len() as u64);
            }
            // One that broke off has no digest.
            if left == 0 { vec![(index, running.finish())] } else { Vec::new() }
        }
    }
}

/// What a content hashes to.
pub fn of(content: &[u8]) -> Hashed {
    let mut running = Running::new(content.len() as u64);
    running.update(content);
    running.finish()
}

struct Running {
    sha256: sha2::Sha256,
    sha1: gix::hash::Hasher,
}

impl Running {
    fn new(size: u64) -> Self {
        // git hashes a header with the length in front of the content (gitformat-pack, "objects").
        let mut sha1 = gix::hash::hasher(gix::hash::Kind::Sha1);
        sha1.update(format!("blob {size}\0").as_bytes());
        Self { sha256: sha2::Sha256::new(), sha1 }
    }

    fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.sha1.update(bytes);
    }

    fn finish(self) -> Hashed {
        // The hasher has one way to fail: it saw an attack.
        let blob = self.sha1.try_finalize().ok().map(BlobId);
        Hashed { sha256: Sha256(self.sha256.finalize().into()), blob }
    }
}
