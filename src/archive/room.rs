// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Room for the pieces under way, in bytes. A count of pieces bounds nothing: most have a quarter of a
//! megabyte, but one that holds a header of a graphics driver has fifteen, and such files stand together.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// So many bytes, which those who come take and give back. Who comes first in the order of the tar
/// never waits: what is behind it cannot move before.
#[derive(Debug)]
pub(super) struct Room {
    limit: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    taken: usize,
    first: usize,
}

impl Room {
    /// Room for that many bytes. The first number in the order is zero.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, state: Mutex::new(State { taken: 0, first: 0 }), changed: Condvar::new() }
    }

    /// Takes that many bytes for the one of that number, when there is room. Much is taken when half of the
    /// room is free, so that who keeps less than the other half waiting for more gets it.
    pub(super) fn take(&self, number: usize, bytes: usize) {
        let mut state = self.lock();
        while !self.is_there(&state, number, bytes) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.taken += bytes;
    }

    /// The same where it need not wait. False when it would.
    pub(super) fn try_take(&self, number: usize, bytes: usize) -> bool {
        let mut state = self.lock();
        let is_there = self.is_there(&state, number, bytes);
        state.taken += if is_there { bytes } else { 0 };
        is_there
    }

    fn is_there(&self, state: &State, number: usize, bytes: usize) -> bool {
        number <= state.first || state.taken + bytes.min(self.limit / 2) <= self.limit
    }

    /// Gives back what was taken.
    pub(super) fn give(&self, bytes: usize) {
        self.lock().taken -= bytes;
        self.changed.notify_all();
    }

    /// Says whose turn it is now.
    pub(super) fn go_on(&self, first: usize) {
        self.lock().first = first;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Two numbers are always whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_first_never_waits_and_others_do_until_there_is_room() {
        let room = Room::new(10);
        room.take(1, 25);
        room.take(0, 25);
        let (sender, taken) = crossbeam_channel::unbounded();
        let soon = Duration::from_millis(50);
        std::thread::scope(|scope| {
            let (room, sender) = (&room, &sender);
            for number in [2, 3] {
                scope.spawn(move || {
                    room.take(number, 6);
                    sender.send(number).unwrap();
                });
            }
            assert!(taken.recv_timeout(soon).is_err());
            // Its turn has come, whatever the others have.
            room.go_on(2);
            assert_eq!(taken.recv().unwrap(), 2);
            assert!(taken.recv_timeout(soon).is_err());
            room.give(25);
            room.give(25);
            assert!(taken.recv_timeout(soon).is_err());
            room.give(6);
            assert_eq!(taken.recv().unwrap(), 3);
        });
    }

    #[test]
    fn much_needs_half_of_the_room() {
        let room = Room::new(10);
        room.take(1, 5);
        room.take(1, 25);
        assert!(!room.try_take(1, 1));
        room.give(25);
        assert!(room.try_take(1, 1));
        let (sender, taken) = crossbeam_channel::unbounded();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                room.take(1, 25);
                sender.send(()).unwrap();
            });
            assert!(taken.recv_timeout(Duration::from_millis(50)).is_err());
            room.give(1);
            taken.recv().unwrap();
        });
    }
}
