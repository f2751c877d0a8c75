// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Pieces of the tar on their way between threads. Their memory comes back to be filled again: fresh
//! memory costs a page fault every 4 KiB.

use crossbeam_channel::{Receiver, Sender, bounded};

/// The size of a piece: a few of them fit into a core's cache, and 400 of them are Lustre.
const SIZE: usize = 128 << 10;

/// How many pieces may wait before each thread.
pub(super) const WAITING: usize = 8;

/// Where pieces come from.
pub(super) struct Chunks {
    back: Sender<Box<[u8]>>,
    idle: Receiver<Box<[u8]>>,
}

impl Chunks {
    pub(super) fn new() -> Self {
        let (back, idle) = bounded(2 * WAITING + 4);
        Self { back, idle }
    }

    /// An empty piece.
    pub(super) fn take(&self) -> Chunk {
        let bytes = self.idle.try_recv().unwrap_or_else(|_| vec![0; SIZE].into_boxed_slice());
        Chunk { bytes, filled: 0, back: self.back.clone() }
    }
}

/// A piece, which goes back when it is dropped.
pub(super) struct Chunk {
    bytes: Box<[u8]>,
    filled: usize,
    back: Sender<Box<[u8]>>,
}

impl Chunk {
    /// What is not filled yet.
    pub(super) fn room(&mut self) -> &mut [u8] {
        &mut self.bytes[self.filled..]
    }

    /// That many more bytes are filled.
    pub(super) fn put(&mut self, bytes: usize) {
        self.filled += bytes;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.filled == 0
    }
}

impl std::ops::Deref for Chunk {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        // When there is no room for it, or nobody to take it, it is freed.
        let _ = self.back.try_send(std::mem::take(&mut self.bytes));
    }
}
