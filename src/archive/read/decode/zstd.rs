// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Zstandard (RFC 8878): one frame with a checksum, without a dictionary, and no skippable frame
//! anywhere.

use zstd::zstd_safe::{self, DCtx, DParameter, InBuffer, OutBuffer};

use super::{Decoder, END, Out, Stop, behind, collect};

/// Magic number and frame header descriptor.
const START: usize = 5;

/// How much the library gets at a time. When it fails it says nothing of what it took, so that this is
/// how near an offset in a message is.
const STEP: usize = 4 << 10;

/// The decoder.
pub(super) struct Zstd {
    start: Vec<u8>,
    context: DCtx<'static>,
    memory: u64,
    done: bool,
    rest: Vec<u8>,
    at: u64,
}

impl Zstd {
    pub(super) fn new(memory: u64) -> Self {
        let mut context = DCtx::create();
        // The library's own bounds are 2^10 and, on every machine, 2^30.
        let window = memory.max(1).ilog2().clamp(10, 30);
        context.set_parameter(DParameter::WindowLogMax(window)).expect("within the library's bounds");
        Self { start: Vec::new(), context, memory, done: false, rest: Vec::new(), at: 0 }
    }

    /// Section 3.1.1: the magic number, and the flags of the frame header descriptor.
    fn check_start(&self) -> Result<(), Stop> {
        let wrong = |offset, what, expected| Err(Stop::wrong(offset, what, expected));
        match self.start[..4] {
            [0x28, 0xb5, 0x2f, 0xfd] => {}
            [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
                return wrong(0, "the file begins with a skippable frame", "a zstd frame");
            }
            _ => return wrong(0, "the file does not begin as zstd does", "the bytes 0x28 0xb5 0x2f 0xfd"),
        }
        let descriptor = self.start[4];
        if descriptor & 0b0000_1000 != 0 {
            return wrong(4, "a reserved bit of the frame header is set", "zero");
        }
        if descriptor & 0b0000_0011 != 0 {
            return wrong(4, "the frame needs a dictionary", "a frame that stands alone");
        }
        if descriptor & 0b0000_0100 == 0 {
            return wrong(4, "the frame has no checksum of its content", "a frame with its checksum");
        }
        Ok(())
    }

    fn decode(&mut self, mut input: &[u8], out: &mut Out<'_>) -> Result<(), Stop> {
        let mut full = false;
        while !self.done && (full || !input.is_empty()) {
            let room = out.room()?;
            let length = room.len();
            let mut output = OutBuffer::around(room);
            let mut source = InBuffer::around(&input[..input.len().min(STEP)]);
            let hint = self.context.decompress_stream(&mut output, &mut source);
            let (made, taken) = (output.pos(), source.pos());
            self.at += taken as u64;
            input = &input[taken..];
            full = made == length;
            out.put(made)?;
            match hint {
                Ok(0) => self.done = true,
                Ok(_) => {}
                Err(code) => {
                    let name = zstd_safe::get_error_name(code);
                    let (what, expected) = if name.contains("too much memory") {
                        let what = format!("the frame asks for a window of more than {} bytes", self.memory);
                        (what, "a window within the limits")
                    } else if name.contains("match checksum") {
                        ("the frame's checksum is not that of the tar".to_owned(), "the checksum of the tar")
                    } else {
                        let what = format!("the compressed data is damaged near here: {name}");
                        (what, "zstd data (RFC 8878)")
                    };
                    return Err(Stop::wrong(self.at, what, expected));
                }
            }
        }
        collect(&mut self.rest, 8, &mut input);
        Ok(())
    }
}

impl Decoder for Zstd {
    fn push(&mut self, mut input: &[u8], out: &mut Out<'_>) -> Result<(), Stop> {
        if self.start.len() < START {
            if !collect(&mut self.start, START, &mut input) {
                return Ok(());
            }
            self.check_start()?;
            let start = std::mem::take(&mut self.start);
            self.decode(&start, out)?;
            self.start = start;
        }
        self.decode(input, out)
    }

    fn finish(&mut self) -> Result<(), Stop> {
        if !self.done {
            return Err(Stop::wrong(
                self.at.max(self.start.len() as u64),
                "the file ends here",
                "the rest of the zstd frame",
            ));
        }
        if !self.rest.is_empty() {
            return Err(Stop::wrong(self.at, behind(&self.rest), END));
        }
        Ok(())
    }
}
