// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! How slow a server may be. A server that gives a byte now and then could otherwise hold a reader for
//! ever, which the specification calls a slow retrieval attack.

use std::time::{Duration, Instant};

use super::fault::Fault;

/// How long a server may be silent, and how few bytes it may give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long it may be silent. The rate is measured over as long a time.
    pub silence: Duration,
    /// The fewest bytes a second.
    pub least: u64,
}

impl Pace {
    /// 30 seconds, and 1,000 bytes a second.
    pub const USUAL: Self = Self { silence: Duration::from_secs(30), least: 1000 };

    /// How long a connection may take.
    pub(super) fn to_connect(self) -> Duration {
        self.silence.min(Duration::from_secs(10))
    }
}

/// Watches one transfer.
#[derive(Debug)]
pub(super) struct Stopwatch {
    pace: Pace,
    since: Instant,
    moved: u64,
}

impl Stopwatch {
    /// What the transfer is held against.
    pub(super) fn pace(&self) -> Pace {
        self.pace
    }

    pub(super) fn start(pace: Pace) -> Self {
        Self { pace, since: Instant::now(), moved: 0 }
    }

    /// Counts bytes. Where a whole span of time brought too few of them, the transfer is over.
    pub(super) fn moved(&mut self, bytes: usize) -> Result<(), Fault> {
        self.moved += bytes as u64;
        let took = self.since.elapsed();
        if took < self.pace.silence {
            return Ok(());
        }
        let rate = self.moved as f64 / took.as_secs_f64();
        if rate < self.pace.least as f64 {
            let (least, seconds) = (self.pace.least, took.as_secs());
            return Err(Fault::slow(format!(
                "it gave {rate:.0} bytes a second for {seconds} s; the least is {least} (`--min-rate`)"
            )));
        }
        (self.since, self.moved) = (Instant::now(), 0);
        Ok(())
    }
}
