// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Buffers that come back. A fresh megabyte costs the kernel 256 page faults; a whole kernel tree
//! passes through some twenty buffers instead of a thousand.

use std::ops::{Deref, DerefMut};

use crossbeam_channel::{Receiver, Sender, bounded};

/// How many idle buffers are kept.
const IDLE: usize = 32;

/// A larger buffer than this held a large file; keeping it would keep that file's memory.
pub(super) const LARGEST: usize = 1 << 20;

/// A source of buffers.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    back: Sender<Vec<u8>>,
    idle: Receiver<Vec<u8>>,
    size: usize,
}

impl Pool {
    pub(super) fn new(size: usize) -> Self {
        let (back, idle) = bounded(IDLE);
        Self { back, idle, size }
    }

    /// An empty buffer.
    pub(super) fn take(&self) -> Buffer {
        let bytes = self.idle.try_recv().unwrap_or_else(|_| Vec::with_capacity(self.size));
        Buffer { bytes, back: self.back.clone() }
    }
}

/// A buffer that returns to its pool when it is dropped.
#[derive(Debug)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    back: Sender<Vec<u8>>,
}

impl Deref for Buffer {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.bytes
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        if bytes.capacity() <= LARGEST {
            bytes.clear();
            // A full pool has enough; this one is freed.
            let _ = self.back.try_send(bytes);
        }
    }
}
