// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Turns at writing, for releases that are made at once.

use crossbeam_channel::{Receiver, Sender, bounded};

/// Lets some long tarballs be written at a time. Each has an encoder per format at work, so that a few of
/// them fill the machine; more would only take memory and the caches from each other. What else a
/// release takes, which is reading, planning and waiting for the disk, needs no turn, nor does a short tar:
/// its encoders take little, and most of the time it has one of them only.
#[derive(Debug)]
pub struct Turns {
    free: Receiver<()>,
    back: Sender<()>,
    threads: usize,
}

/// One turn, until it is dropped.
#[derive(Debug)]
#[must_use]
pub struct Turn<'a>(&'a Turns);

/// How many encoders a release has, mostly: each compressed format is one.
const ENCODERS: usize = 3;

impl Turns {
    /// The turns that fill so many threads.
    #[must_use]
    pub fn for_threads(threads: usize) -> Self {
        let turns = (threads / ENCODERS).max(1);
        let (back, free) = bounded(turns);
        for _ in 0..turns {
            back.send(()).expect("the channel has room for every turn");
        }
        Self { free, back, threads: (threads / turns).max(1) }
    }

    /// How many threads each turn has.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Waits for a turn.
    ///
    /// # Panics
    /// Never: both ends of the channel live as long as this.
    pub fn take(&self) -> Turn<'_> {
        self.free.recv().expect("the channel is open");
        Turn(self)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // There is room: what is given back was taken.
        let _ = self.0.back.send(());
    }
}
