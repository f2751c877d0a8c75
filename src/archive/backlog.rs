// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Pieces that wait for the digests.

use std::ops::{Deref, Range};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::Sum;
use super::digest::{Digests, Second};
use super::pool::Buffer;
use super::room::Room;

/// A piece on its way to the digests and to the encoders, which share it. It takes room until the last of them
/// is done with it.
pub(super) struct Sent {
    bytes: Buffer,
    room: Arc<Room>,
}

impl Sent {
    /// A piece that has taken its room.
    pub(super) fn new(bytes: Buffer, room: &Arc<Room>) -> Self {
        Self { bytes, room: Arc::clone(room) }
    }
}

impl Deref for Sent {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.room.give(self.bytes.len());
    }
}

/// A piece, and where the contents of its members stand in it.
type Members = (Arc<Sent>, Vec<Range<usize>>);

/// The digests, and the pieces that wait for them, as many as there is room for. A thread for that would wait for a
/// processor behind those that make the pieces, and be alone with the rest when they are done; so who made a piece
/// takes in what waits.
pub(super) struct Backlog<S> {
    sender: Sender<Members>,
    waiting: Receiver<Members>,
    digests: Mutex<Digests<S>>,
}

impl<S: Second> Backlog<S> {
    pub(super) fn new() -> Self {
        let (sender, waiting) = unbounded();
        Self { sender, waiting, digests: Mutex::new(Digests::new()) }
    }

    /// Adds the next piece of the tar. One thread at a time does that.
    pub(super) fn push(&self, bytes: Arc<Sent>, contents: Vec<Range<usize>>) {
        // It cannot fail: both ends are here.
        let _ = self.sender.send((bytes, contents));
    }

    /// Takes in all that waits.
    pub(super) fn empty(&self) {
        self.take_in(self.digests.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The same, unless another thread is at it.
    pub(super) fn work(&self) {
        if let Ok(digests) = self.digests.try_lock() {
            self.take_in(digests);
        }
    }

    fn take_in(&self, mut digests: MutexGuard<'_, Digests<S>>) {
        for (bytes, contents) in self.waiting.try_iter() {
            digests.piece(&bytes, &contents);
        }
    }

    /// The digest of the whole tar, and both digests of each member.
    pub(super) fn finish(self) -> (Sum, Vec<Sum>, Vec<S>) {
        self.empty();
        self.digests.into_inner().unwrap_or_else(PoisonError::into_inner).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::pool::{Memory, Pool};
    use crate::model::Sha256;

    #[test]
    fn pieces_are_taken_in_whoever_is_at_it() {
        let pool = Pool::new(Memory::Allocator, 8);
        let room = Arc::new(Room::new(1 << 20));
        let backlog = Backlog::<()>::new();
        let mut whole = Vec::new();
        std::thread::scope(|scope| {
            for number in 0..100_u32 {
                let mut buffer = pool.take();
                buffer.push(&number.to_le_bytes());
                whole.extend_from_slice(&buffer);
                room.take(buffer.len());
                let contents = vec![0..0, 0..buffer.len()];
                backlog.push(Arc::new(Sent::new(buffer, &room)), contents);
                if number % 3 == 0 {
                    scope.spawn(|| backlog.work());
                }
            }
        });
        let (tar, members, _) = backlog.finish();
        assert_eq!((tar.size, tar.sha256), (whole.len() as u64, Sha256::of(&whole)));
        assert_eq!(members.len(), 200);
        // Every piece gave its room back.
        assert!(room.try_take(1 << 20));
    }
}
