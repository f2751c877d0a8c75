// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Zstandard (RFC 8878): one frame with a checksum, without a dictionary, and no skippable frame
//! anywhere.

use zstd::zstd_safe::{self, DCtx, DParameter, InBuffer, OutBuffer};

use super::Stop;
use super::framed::{Format, Step};

/// How much the library gets at a time. When it fails it says nothing of what it took, so that this is
/// how near an offset in a message is.
const STEP: usize = 4 << 10;

/// The decoder.
pub(super) struct Zstd {
    context: DCtx<'static>,
    memory: u64,
}

impl Zstd {
    pub(super) fn new(memory: u64) -> Self {
        let mut context = DCtx::create();
        // The library's own bounds are 2^10 and, on every machine, 2^30.
        let window = memory.max(1).ilog2().clamp(10, 30);
        context.set_parameter(DParameter::WindowLogMax(window)).expect("within the library's bounds");
        Self { context, memory }
    }
}

impl Format for Zstd {
    /// Magic number and frame header descriptor.
    const START: usize = 5;
    const REST: &'static str = "the rest of the zstd frame";

    /// Section 3.1.1: the magic number, and the flags of the frame header descriptor.
    fn check_start(start: &[u8]) -> Result<(), Stop> {
        let wrong = |offset, what, expected| Err(Stop::wrong(offset, what, expected));
        match start[..4] {
            [0x28, 0xb5, 0x2f, 0xfd] => {}
            [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
                return wrong(0, "the file begins with a skippable frame", "a zstd frame");
            }
            _ => return wrong(0, "the file does not begin as zstd does", "the bytes 0x28 0xb5 0x2f 0xfd"),
        }
        let descriptor = start[4];
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

    fn step(&mut self, input: &[u8], room: &mut [u8]) -> Step {
        let mut output = OutBuffer::around(room);
        let mut source = InBuffer::around(&input[..input.len().min(STEP)]);
        let hint = self.context.decompress_stream(&mut output, &mut source);
        let ended = hint.map(|hint| hint == 0).map_err(|code| {
            let name = zstd_safe::get_error_name(code);
            if name.contains("too much memory") {
                let what = format!("the frame asks for a window of more than {} bytes", self.memory);
                (what, "a window within the limits")
            } else if name.contains("match checksum") {
                ("the frame's checksum is not that of the tar".to_owned(), "the checksum of the tar")
            } else {
                (format!("the compressed data is damaged near here: {name}"), "zstd data (RFC 8878)")
            }
        });
        Step { taken: source.pos(), made: output.pos(), ended }
    }
}
