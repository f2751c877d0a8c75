// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the formats share whose library finds the end by itself: a start that we judge, one stream, and
//! nothing behind it.

use super::{Decoder, END, Out, Stop, behind, collect};

/// A format's part in it.
pub(super) trait Format {
    /// How many bytes [`Format::check_start`] wants.
    const START: usize;
    /// What is missing where a file ends too early.
    const REST: &'static str;

    /// Judges the first bytes of the file.
    fn check_start(start: &[u8]) -> Result<(), Stop>;

    /// Decodes as much of `input` as one call of the library does.
    fn step(&mut self, input: &[u8], room: &mut [u8]) -> Step;
}

/// What one call of the library did.
pub(super) struct Step {
    pub(super) taken: usize,
    pub(super) made: usize,
    /// Whether the stream ended; or what is wrong, and what was expected.
    pub(super) ended: Result<bool, (String, &'static str)>,
}

/// The decoder of such a format.
pub(super) struct Framed<F> {
    format: F,
    start: Vec<u8>,
    done: bool,
    /// What came behind the end, as far as it is needed to name it.
    rest: Vec<u8>,
    at: u64,
}

impl<F: Format> Framed<F> {
    pub(super) fn new(format: F) -> Self {
        Self { format, start: Vec::new(), done: false, rest: Vec::new(), at: 0 }
    }

    fn decode(&mut self, mut input: &[u8], out: &mut Out<'_>) -> Result<(), Stop> {
        let mut full = false;
        while !self.done && (full || !input.is_empty()) {
            let room = out.room()?;
            let length = room.len();
            let Step { taken, made, ended } = self.format.step(input, room);
            self.at += taken as u64;
            input = &input[taken..];
            // More may wait inside while the room is full.
            full = made == length;
            out.put(made)?;
            self.done = ended.map_err(|(what, expected)| Stop::wrong(self.at, what, expected))?;
            if !self.done && made == 0 && taken == 0 {
                break;
            }
        }
        if self.done {
            collect(&mut self.rest, 8, &mut input);
        }
        Ok(())
    }
}

impl<F: Format> Decoder for Framed<F> {
    fn push(&mut self, mut input: &[u8], out: &mut Out<'_>) -> Result<(), Stop> {
        if self.start.len() < F::START {
            if !collect(&mut self.start, F::START, &mut input) {
                return Ok(());
            }
            F::check_start(&self.start)?;
            let start = std::mem::take(&mut self.start);
            self.decode(&start, out)?;
            self.start = start;
        }
        self.decode(input, out)
    }

    fn finish(&mut self) -> Result<(), Stop> {
        if !self.done {
            return Err(Stop::wrong(self.at.max(self.start.len() as u64), "the file ends here", F::REST));
        }
        if !self.rest.is_empty() {
            return Err(Stop::wrong(self.at, behind(&self.rest), END));
        }
        Ok(())
    }
}
