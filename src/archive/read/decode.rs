// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The encodings, each as strict as the dialect: one stream, nothing before it, nothing behind it,
//! and no more memory or output than the limits allow.

mod framed;
mod gzip;
mod xz;
mod zstd;

use self::framed::Framed;
use super::chunk::{Chunk, Chunks};
use super::{Encoding, Limits};

/// Why decoding ends before the file does.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The encoding is at fault, at that byte of the file.
    Wrong { offset: u64, what: String, expected: String },
    /// The tar is larger than it may be.
    TooLarge { what: String, expected: String },
    /// Nobody listens any more.
    Gone,
}

impl Stop {
    fn wrong(offset: u64, what: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::Wrong { offset, what: what.into(), expected: expected.into() }
    }
}

/// Takes a file in pieces of any size and puts the tar out.
pub(super) trait Decoder {
    /// Takes the next bytes of the file.
    fn push(&mut self, input: &[u8], out: &mut Out<'_>) -> Result<(), Stop>;

    /// Judges the end of the file.
    fn finish(&mut self) -> Result<(), Stop>;
}

/// The decoder of an encoding.
pub(super) fn decoder(encoding: Encoding, limits: &Limits) -> Box<dyn Decoder> {
    match encoding {
        Encoding::Tar => Box::new(Plain),
        Encoding::Gzip => Box::new(gzip::Gzip::default()),
        Encoding::Zstd => Box::new(Framed::new(zstd::Zstd::new(limits.memory))),
        Encoding::Xz => Box::new(Framed::new(xz::Xz::new(limits.memory))),
    }
}

/// No encoding: what comes in goes out.
struct Plain;

impl Decoder for Plain {
    fn push(&mut self, mut input: &[u8], out: &mut Out<'_>) -> Result<(), Stop> {
        while !input.is_empty() {
            let room = out.room()?;
            let taken = room.len().min(input.len());
            room[..taken].copy_from_slice(&input[..taken]);
            out.put(taken)?;
            input = &input[taken..];
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}

/// Where the tar goes, a chunk at a time, within the limits.
pub(super) struct Out<'o> {
    limits: &'o Limits,
    chunks: &'o Chunks,
    current: Chunk,
    /// Bytes of the tar, and of the file that they came from.
    total: u64,
    read: u64,
    /// Nothing is compressed, so that a ratio has no meaning.
    plain: bool,
    send: &'o mut dyn FnMut(Chunk) -> Result<(), Stop>,
}

impl<'o> Out<'o> {
    pub(super) fn new(
        encoding: Encoding,
        limits: &'o Limits,
        chunks: &'o Chunks,
        send: &'o mut dyn FnMut(Chunk) -> Result<(), Stop>,
    ) -> Self {
        let plain = encoding == Encoding::Tar;
        Self { limits, chunks, current: chunks.take(), total: 0, read: 0, plain, send }
    }

    /// Counts bytes of the file.
    pub(super) fn read(&mut self, bytes: usize) {
        self.read += bytes as u64;
    }

    /// Where the next bytes of the tar go; never empty.
    fn room(&mut self) -> Result<&mut [u8], Stop> {
        if self.current.room().is_empty() {
            let full = std::mem::replace(&mut self.current, self.chunks.take());
            (self.send)(full)?;
        }
        Ok(self.current.room())
    }

    /// Counts bytes that were put there.
    fn put(&mut self, bytes: usize) -> Result<(), Stop> {
        let limits = self.limits;
        let left = limits.tar - self.total;
        self.total += bytes as u64;
        if bytes as u64 > left {
            self.total = limits.tar;
            self.current.put(usize::try_from(left).expect("less than what was put"));
            return Err(Stop::TooLarge {
                what: format!("the tar goes on behind {} bytes", limits.tar),
                expected: "no more than that".to_owned(),
            });
        }
        self.current.put(bytes);
        let ratio = self.total / self.read.max(1);
        if !self.plain && self.total > limits.ratio_from && ratio > limits.ratio {
            return Err(Stop::TooLarge {
                what: format!("{} bytes of the file became {} bytes of tar", self.read, self.total),
                expected: format!("no more than {} times the file", limits.ratio),
            });
        }
        Ok(())
    }

    /// Sends what is left.
    pub(super) fn flush(&mut self) -> Result<(), Stop> {
        let rest = std::mem::replace(&mut self.current, self.chunks.take());
        if rest.is_empty() { Ok(()) } else { (self.send)(rest) }
    }
}

/// What stands behind the end of the one stream that a file should be.
fn behind(input: &[u8]) -> &'static str {
    match input {
        [0x1f, 0x8b, ..] => "another gzip member stands behind the first",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "another zstd frame stands behind the first",
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => "a skippable zstd frame stands behind the first frame",
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => "another xz stream stands behind the first",
        _ if input.iter().all(|&byte| byte == 0) => "zeros stand behind the stream",
        _ => "something stands behind the stream",
    }
}

/// The end of the file, in words that fit every encoding.
const END: &str = "the end of the file";

/// Collects the first bytes of a file, which arrive in pieces of any size.
fn collect(start: &mut Vec<u8>, length: usize, input: &mut &[u8]) -> bool {
    let taken = length.saturating_sub(start.len()).min(input.len());
    start.extend_from_slice(&input[..taken]);
    *input = &input[taken..];
    start.len() >= length
}
