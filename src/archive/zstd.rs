// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Zstandard (RFC 8878), with contexts that the next release of the same process takes over.
//!
//! At level 19 a context has 80 MB of tables. To get them page by page from the kernel takes longer
//! than to compress a small tarball. A context that was used before gives the same bytes as a fresh
//! one: within a single stream the library's own workers take over contexts from each other, in an
//! order that nobody fixes.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use zstd::stream::raw::{CParameter, Encoder, Operation as _};
use zstd::stream::zio::Writer;

/// A context, for its level and number of workers.
struct Idle {
    level: u8,
    workers: u32,
    encoder: Encoder<'static>,
}

/// What finished releases left; never more than were at work at once.
static IDLE: Mutex<Vec<Idle>> = Mutex::new(Vec::new());

/// An encoder of one stream.
pub(super) struct Zstd<W: Write> {
    writer: Writer<W, Encoder<'static>>,
    level: u8,
    workers: u32,
}

impl<W: Write> Zstd<W> {
    pub(super) fn new(out: W, level: u8, workers: u32) -> io::Result<Self> {
        let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = idle.iter().position(|idle| (idle.level, idle.workers) == (level, workers));
        let used = fits.map(|nth| idle.swap_remove(nth).encoder);
        drop(idle);
        let encoder = match used {
            Some(mut encoder) => {
                encoder.reinit()?;
                encoder
            }
            None => {
                let mut encoder = Encoder::new(i32::from(level))?;
                // Without a worker the library takes another path, which gives other bytes.
                encoder.set_parameter(CParameter::NbWorkers(workers))?;
                encoder.set_parameter(CParameter::ChecksumFlag(true))?;
                encoder
            }
        };
        Ok(Self { writer: Writer::new(out, encoder), level, workers })
    }

    pub(super) fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes)
    }

    /// Ends the stream and returns what it went to.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.writer.finish()?;
        let Self { writer, level, workers } = self;
        let (out, encoder) = writer.into_inner();
        IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(Idle { level, workers, encoder });
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &[u8]) -> Vec<u8> {
        let mut encoder = Zstd::new(Vec::new(), 19, 1).unwrap();
        for chunk in text.chunks(1 << 16) {
            encoder.write_all(chunk).unwrap();
        }
        encoder.finish().unwrap()
    }

    #[test]
    fn a_context_that_was_used_gives_the_same_bytes() {
        let text = |seed: u32, length: usize| -> Vec<u8> {
            let mut state = seed;
            let step = |_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // Few letters, so that there is something to find.
                b"abcdefgh"[(state >> 29) as usize] & if state & 0x300 == 0 { 0xff } else { 0x61 }
            };
            (0..length).map(step).collect()
        };
        let [short, long, other] = [text(1, 70_000), text(2, 3 << 20), text(3, 2 << 20)];
        let fresh = encoded(&long);
        for between in [&short, &other, &long] {
            encoded(between);
            assert!(encoded(&long) == fresh);
        }
        assert!(!IDLE.lock().unwrap().is_empty());
        assert_eq!(zstd::stream::decode_all(&*fresh).unwrap(), long);
    }
}
