// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The .xz format, version 1.2.1: one stream with CRC64, without stream padding.

use liblzma::stream::{Action, Error, Status, Stream};

use super::{Decoder, END, Out, Stop, behind, collect};

/// Magic bytes and stream flags.
const START: usize = 8;

/// The stream flags' name for CRC64.
const CRC64: u8 = 4;

/// The decoder.
pub(super) struct Xz {
    start: Vec<u8>,
    stream: Stream,
    memory: u64,
    done: bool,
    rest: Vec<u8>,
    at: u64,
}

impl Xz {
    pub(super) fn new(memory: u64) -> Self {
        // Without the flag for concatenated streams it ends with the first.
        let stream = Stream::new_stream_decoder(memory, 0).expect("a decoder needs hardly any memory yet");
        Self { start: Vec::new(), stream, memory, done: false, rest: Vec::new(), at: 0 }
    }

    /// Section 2.1.1: the magic bytes, and the stream flags, a zero and the kind of check.
    fn check_start(&self) -> Result<(), Stop> {
        if self.start[..6] != [0xfd, b'7', b'z', b'X', b'Z', 0] {
            return Err(Stop::wrong(0, "the file does not begin as xz does", "the bytes 0xfd `7zXZ` 0x00"));
        }
        match self.start[6..8] {
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

    fn decode(&mut self, mut input: &[u8], out: &mut Out<'_>) -> Result<(), Stop> {
        let mut full = false;
        while !self.done && (full || !input.is_empty()) {
            let room = out.room()?;
            let (before_in, before_out) = (self.stream.total_in(), self.stream.total_out());
            let status = self.stream.process(input, room, Action::Run);
            let made = usize::try_from(self.stream.total_out() - before_out).expect("within the room");
            let taken = usize::try_from(self.stream.total_in() - before_in).expect("within the input");
            full = made == room.len();
            self.at += taken as u64;
            input = &input[taken..];
            out.put(made)?;
            match status {
                Ok(Status::StreamEnd) => self.done = true,
                Ok(Status::MemNeeded) if made == 0 && taken == 0 => break,
                Ok(_) => {}
                Err(Error::MemLimit) => {
                    return Err(Stop::wrong(
                        self.at,
                        format!("the stream asks for a dictionary of more than {} bytes", self.memory),
                        "a dictionary within the limits",
                    ));
                }
                Err(error) => {
                    let what = format!("the compressed data is damaged near here: {error}");
                    return Err(Stop::wrong(self.at, what, "an xz stream"));
                }
            }
        }
        if self.done {
            collect(&mut self.rest, 8, &mut input);
        }
        Ok(())
    }
}

impl Decoder for Xz {
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
                "the rest of the xz stream",
            ));
        }
        if !self.rest.is_empty() {
            return Err(Stop::wrong(self.at, behind(&self.rest), END));
        }
        Ok(())
    }
}
