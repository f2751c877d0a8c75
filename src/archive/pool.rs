// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Buffers that come back: a fresh megabyte is 256 pages that the system has to clear first.

use std::ops::Deref;

use crossbeam_channel::{Receiver, Sender, bounded};
use memmap2::{MmapMut, MmapOptions};

/// How many idle buffers are kept.
const IDLE: usize = 32;

/// A larger buffer than this held a large file; keeping it would keep that file's memory.
pub(super) const LARGEST: usize = 1 << 20;

/// Where a buffer's memory is from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Memory {
    /// From the allocator, whose pages are large and there at once.
    Allocator,
    /// From the system, whose it is again as soon as it is not kept: the allocator keeps what was freed, and
    /// encoders run long after that.
    System,
}

/// A source of buffers.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    back: Sender<Storage>,
    idle: Receiver<Storage>,
    from: Memory,
    size: usize,
}

impl Pool {
    /// Buffers that begin with that size.
    pub(super) fn new(from: Memory, size: usize) -> Self {
        let (back, idle) = bounded(IDLE);
        Self { back, idle, from, size }
    }

    /// An empty buffer.
    pub(super) fn take(&self) -> Buffer {
        let storage = self.idle.try_recv().unwrap_or_else(|_| Storage::new(self.from, self.size));
        Buffer { storage, back: self.back.clone() }
    }
}

/// The memory of a buffer, and what is in it.
#[derive(Debug)]
enum Storage {
    Allocated(Vec<u8>),
    Mapped { map: MmapMut, length: usize },
}

impl Storage {
    fn new(from: Memory, size: usize) -> Self {
        match from {
            Memory::Allocator => Self::Allocated(Vec::with_capacity(size)),
            Memory::System => {
                // As with every allocation, there is no way on without.
                let map = MmapOptions::new().len(size).populate().map_anon();
                Self::Mapped { map: map.expect("the system has memory left"), length: 0 }
            }
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Allocated(bytes) => bytes.capacity(),
            Self::Mapped { map, .. } => map.len(),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Allocated(bytes) => bytes,
            Self::Mapped { map, length } => &map[..*length],
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Allocated(bytes) => bytes.clear(),
            Self::Mapped { length, .. } => *length = 0,
        }
    }
}

/// A buffer that returns to its pool when it is dropped.
#[derive(Debug)]
pub(super) struct Buffer {
    storage: Storage,
    back: Sender<Storage>,
}

impl Buffer {
    /// Makes place for that many bytes more.
    pub(super) fn reserve(&mut self, more: usize) {
        match &mut self.storage {
            Storage::Allocated(bytes) => bytes.reserve(more),
            Storage::Mapped { map, length } if map.len() - *length < more => {
                let mut larger =
                    Self { storage: Storage::new(Memory::System, *length + more), back: self.back.clone() };
                larger.push(self);
                *self = larger;
            }
            Storage::Mapped { .. } => {}
        }
    }

    /// Appends these bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        match &mut self.storage {
            Storage::Allocated(storage) => storage.extend_from_slice(bytes),
            Storage::Mapped { map, length } => {
                map[*length..][..bytes.len()].copy_from_slice(bytes);
                *length += bytes.len();
            }
        }
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.storage.bytes()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut storage = std::mem::replace(&mut self.storage, Storage::Allocated(Vec::new()));
        if storage.size() <= LARGEST {
            storage.clear();
            // A full pool has enough; this one is freed.
            let _ = self.back.try_send(storage);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_grows_and_comes_back_empty() {
        for memory in [Memory::Allocator, Memory::System] {
            let pool = Pool::new(memory, 8);
            let mut buffer = pool.take();
            buffer.push(b"seven b");
            buffer.push(b"ytes and more");
            assert_eq!(&*buffer, b"seven bytes and more");
            buffer.reserve(LARGEST);
            assert_eq!(&*buffer, b"seven bytes and more");
            assert!(buffer.storage.size() > LARGEST);
            drop(buffer);
            // The large one is gone.
            let mut buffer = pool.take();
            assert!(buffer.is_empty() && buffer.storage.size() < LARGEST);
            buffer.push(&[1; 100]);
            drop(buffer);
            let again = std::iter::repeat_with(|| pool.take()).take(3).collect::<Vec<_>>();
            assert!(again.iter().all(|buffer| buffer.is_empty()));
            assert!(again.iter().any(|buffer| buffer.storage.size() >= 100), "{memory:?}");
        }
    }
}
