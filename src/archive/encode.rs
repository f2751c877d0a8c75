// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The encodings of a tar: pure functions of its bytes and a level, whatever the thread count.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::num::NonZeroU64;

use sha2::Digest as _;

use super::gzip::Gzip;
use super::zstd::Zstd;
use crate::manifest::{Encoding, Format};
use crate::model::Sha256;

/// What was written to one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    /// The length in bytes.
    pub size: u64,
    /// The digest.
    pub sha256: Sha256,
}

/// A writer that counts and hashes what passes.
pub(super) struct Hashed<W> {
    inner: W,
    hasher: sha2::Sha256,
    size: u64,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..taken]);
        self.size += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

pub(super) type Out = Hashed<BufWriter<File>>;

/// How much of a tar the disk is asked to take at a time.
const BEHIND: u64 = 4 << 20;

/// A file whose bytes start on their way to the disk while more are made, so that the sync at the
/// end has little left to wait for.
pub(super) struct WriteBehind {
    file: File,
    written: u64,
    handed_over: u64,
}

impl WriteBehind {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.written += bytes.len() as u64;
        if let Some(length) = NonZeroU64::new(self.written - self.handed_over)
            && length.get() >= BEHIND
        {
            self.hand_over(length);
        }
        Ok(())
    }

    fn hand_over(&mut self, length: NonZeroU64) {
        // What this asks for is to forget the pages; dirty ones must be written first, and that
        // is what Linux starts. No harm is done where it does nothing.
        let _ = rustix::fs::fadvise(&self.file, self.handed_over, Some(length), rustix::fs::Advice::DontNeed);
        self.handed_over = self.written;
    }

    /// Hands over what is left.
    fn finish(mut self) {
        if let Some(length) = NonZeroU64::new(self.written - self.handed_over) {
            self.hand_over(length);
        }
    }
}

/// One encoder at work on one file.
pub(super) enum Encoder {
    /// The tar as it is. Its digest is the identity, which is computed anyway.
    Tar(WriteBehind),
    Gzip(Gzip<Out>),
    Zstd(Zstd<Out>),
    Xz(liblzma::write::XzEncoder<Out>),
}

impl Encoder {
    /// Starts the encoder of a format, with at most that many worker threads.
    pub(super) fn new(format: Format, levels: Encoding, file: File, workers: usize) -> io::Result<Self> {
        let out = |file| Hashed {
            inner: BufWriter::with_capacity(1 << 20, file),
            hasher: sha2::Sha256::new(),
            size: 0,
        };
        let workers = u32::try_from(workers.max(1)).unwrap_or(1);
        Ok(match format {
            Format::Tar => Self::Tar(WriteBehind { file, written: 0, handed_over: 0 }),
            Format::Gzip => Self::Gzip(Gzip::new(out(file), levels.gzip, workers as usize)?),
            Format::Zstd => Self::Zstd(Zstd::new(out(file), levels.zstd, workers)?),
            Format::Xz => {
                // The multi-threaded encoder even for one thread: the other one gives other bytes.
                let stream = liblzma::stream::MtStreamBuilder::new()
                    .preset(u32::from(levels.xz))
                    .check(liblzma::stream::Check::Crc64)
                    .threads(workers)
                    .encoder()
                    .map_err(io::Error::other)?;
                Self::Xz(liblzma::write::XzEncoder::new_stream(out(file), stream))
            }
        })
    }

    pub(super) fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tar(out) => out.write_all(bytes),
            Self::Gzip(encoder) => encoder.write_all(bytes),
            Self::Zstd(encoder) => encoder.write_all(bytes),
            Self::Xz(encoder) => encoder.write_all(bytes),
        }
    }

    /// Ends the encoding. `None` for the tar, whose sum is the
    /// identity.
    pub(super) fn finish(self) -> io::Result<Option<Sum>> {
        let out = match self {
            Self::Tar(out) => {
                out.finish();
                return Ok(None);
            }
            Self::Gzip(encoder) => encoder.finish()?,
            Self::Zstd(encoder) => encoder.finish()?,
            Self::Xz(encoder) => encoder.finish()?,
        };
        out.inner.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Some(Sum { size: out.size, sha256: Sha256(out.hasher.finalize().into()) }))
    }
}

/// The program whose output the encoding is, and its parameters, for the record.
#[must_use]
pub fn parameters(format: Format, levels: Encoding) -> Option<(&'static str, String)> {
    match format {
        Format::Tar => None,
        Format::Gzip => Some(("zlib-rs", format!("level {}, blocks of 512 KiB in one member", levels.gzip))),
        Format::Zstd => Some(("zstd", format!("level {}, with worker threads, checksum", levels.zstd))),
        Format::Xz => Some(("liblzma", format!("preset {}, multi-threaded blocks, CRC64", levels.xz))),
    }
}
