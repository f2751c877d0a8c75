// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The .xz format, version 1.2.1: one stream with CRC64, without stream padding.

use liblzma::stream::{Action, Error, Status, Stream};

use super::Stop;
use super::framed::{Format, Step};

/// The stream flags' name for CRC64.
const CRC64: u8 = 4;

/// The decoder.
pub(super) struct Xz {
    stream: Stream,
    memory: u64,
}

impl Xz {
    pub(super) fn new(memory: u64) -> Self {
        // Without the flag for concatenated streams it ends with the first.
        let stream = Stream::new_stream_decoder(memory, 0).expect("a decoder needs hardly any memory yet");
        Self { stream, memory }
    }
}

impl Format for Xz {
    /// Magic bytes and stream flags.
    const START: usize = 8;
    const REST: &'static str = "the rest of the xz stream";

    /// Section 2.1.1: the magic bytes, and the stream flags, a zero and the kind of check.
    fn check_start(start: &[u8]) -> Result<(), Stop> {
        if start[..6] != [0xfd, b'7', b'z', b'X', b'Z', 0] {
            return Err(Stop::wrong(0, "the file does not begin as xz does", "the bytes 0xfd `7zXZ` 0x00"));
        }
        match start[6..8] {
            [0, CRC64] => Ok(()),
            [0, check] => {
                let what = match check {
                    0 => "no check".to_owned(),
                    1 => "the check CRC32".to_owned(),
                    10 => "the check SHA-256".to_owned(),
                    _ => format!("the check {check}"),
                };
                Err(Stop::wrong(7, format!("the stream has {what}"), "CRC64"))
            }
            _ => Err(Stop::wrong(6, "a reserved bit of the stream flags is set", "zero")),
        }
    }

    fn step(&mut self, input: &[u8], room: &mut [u8]) -> Step {
        let (before_in, before_out) = (self.stream.total_in(), self.stream.total_out());
        let status = self.stream.process(input, room, Action::Run);
        let ended = match status {
            Ok(status) => Ok(matches!(status, Status::StreamEnd)),
            Err(Error::MemLimit) => {
                let what = format!("the stream asks for a dictionary of more than {} bytes", self.memory);
                Err((what, "a dictionary within the limits"))
            }
            Err(error) => Err((format!("the compressed data is damaged near here: {error}"), "an xz stream")),
        };
        Step {
            taken: usize::try_from(self.stream.total_in() - before_in).expect("within the input"),
            made: usize::try_from(self.stream.total_out() - before_out).expect("within the room"),
            ended,
        }
    }
}
