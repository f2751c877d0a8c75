// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Room for the pieces under way, in bytes. A count of pieces bounds nothing: most have a quarter of a
//! megabyte, but one that holds a header of a graphics driver has fifteen, and such files stand together.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// So many bytes, which those who come take and give back.
#[derive(Debug)]
pub(super) struct Room {
    limit: usize,
    taken: Mutex<usize>,
    changed: Condvar,
}

impl Room {
    /// Room for that many bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, taken: Mutex::new(0), changed: Condvar::new() }
    }

    /// Takes that many bytes, when there is room. Much is taken when half of the room is free, so that who keeps
    /// less than the other half waiting for more gets it.
    pub(super) fn take(&self, bytes: usize) {
        let mut taken = self.lock();
        while !self.is_there(*taken, bytes) {
            taken = self.changed.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        *taken += bytes;
    }

    /// The same where it need not wait. False when it would.
    pub(super) fn try_take(&self, bytes: usize) -> bool {
        let mut taken = self.lock();
        let is_there = self.is_there(*taken, bytes);
        *taken += if is_there { bytes } else { 0 };
        is_there
    }

    fn is_there(&self, taken: usize, bytes: usize) -> bool {
        taken + bytes.min(self.limit / 2) <= self.limit
    }

    /// Gives back what was taken.
    pub(super) fn give(&self, bytes: usize) {
        *self.lock() -= bytes;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        // A number is always whole.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn who_comes_waits_until_there_is_room() {
        let room = Room::new(10);
        room.take(6);
        assert!(room.try_take(4) && !room.try_take(1));
        let (sender, taken) = crossbeam_channel::unbounded();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                room.take(5);
                sender.send(()).unwrap();
            });
            room.give(4);
            assert!(taken.recv_timeout(Duration::from_millis(50)).is_err());
            room.give(6);
            taken.recv().unwrap();
        });
    }

    #[test]
    fn much_needs_half_of_the_room() {
        let room = Room::new(10);
        room.take(5);
        room.take(25);
        assert!(!room.try_take(1));
        room.give(25);
        assert!(room.try_take(1));
        let (sender, taken) = crossbeam_channel::unbounded();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                room.take(25);
                sender.send(()).unwrap();
            });
            assert!(taken.recv_timeout(Duration::from_millis(50)).is_err());
            room.give(1);
            taken.recv().unwrap();
        });
    }
}
