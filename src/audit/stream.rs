// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A tarball as a stream of tar bytes with a bound on everything that its author chose.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::Path;

use serde::Serialize;

use crate::model::{Class, Failure, Problem};

/// How much of a tarball is looked at before it counts as an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most members, and headers that describe one.
    pub members: u64,
    /// The longest path, in bytes.
    pub path: usize,
    /// The longest pax record set or long name, in bytes.
    pub record: u64,
    /// All paths together, in bytes.
    pub paths: u64,
    /// The largest member, in bytes.
    pub file: u64,
    /// The longest tar, in bytes.
    pub total: u64,
    /// How many times its compressed length a tar may have; counts from 64 MiB on.
    pub ratio: u64,
    /// What an xz decoder may allocate, in bytes; preset 9 needs 65 MiB.
    pub xz_memory: u64,
    /// The largest zstd window, as a power of two; `zstd --long` makes 27, which is 128 MiB.
    pub zstd_window: u32,
}

impl Limits {
    /// Several times what a kernel's tarball needs.
    pub const ORDINARY: Self = Self {
        members: 1_000_000,
        path: 4096,
        record: 1 << 20,
        paths: 512 << 20,
        file: 1 << 30,
        total: 8 << 30,
        ratio: 400,
        xz_memory: 256 << 20,
        zstd_window: 27,
    };

    /// None, but on what is held in memory at once for one header.
    pub const LIFTED: Self = Self {
        members: u64::MAX,
        path: 64 << 20,
        record: 64 << 20,
        paths: u64::MAX,
        file: u64::MAX,
        total: u64::MAX,
        ratio: u64::MAX,
        xz_memory: u64::MAX,
        zstd_window: 31,
    };
}

/// A limit was passed. Travels inside of an [`io::Error`].
#[derive(Debug)]
pub(super) struct OverLimit(pub(super) String);

impl fmt::Display for OverLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for OverLimit {}

pub(super) fn over_limit(what: impl Into<String>) -> io::Error {
    io::Error::other(OverLimit(what.into()))
}

/// How a tarball is compressed; told by its first bytes, not by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Not at all.
    None,
    /// RFC 1952, one member or several.
    Gzip,
    /// RFC 8878, one frame or several.
    Zstd,
    /// The .xz format, one stream or several.
    Xz,
}

impl Compression {
    /// For people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::None => "not compressed",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
        }
    }
}

/// The tar bytes of a tarball.
pub(super) struct Stream {
    inner: Box<dyn Read>,
    packed: u64,
    given: u64,
    limits: Limits,
}

/// From here on the ratio counts: a short tar of zeros is nothing to fear.
const RATIO_FROM: u64 = 64 << 20;

impl Stream {
    /// Opens a tarball.
    ///
    /// # Errors
    /// There is no such file, or it is compressed in a way that is not read here.
    pub(super) fn open(path: &Path, limits: Limits) -> Result<(Self, Compression, u64), Failure> {
        let fault = |error: io::Error| Failure::io("read the tarball", path, &error);
        let file = File::open(path).map_err(fault)?;
        let metadata = file.metadata().map_err(fault)?;
        if !metadata.is_file() {
            return Err(Failure::new(
                Class::Usage,
                Problem::new(format!("`{}` is not a file", path.display())).help("give a tarball"),
            ));
        }
        let packed = metadata.len();
        let mut reader = BufReader::with_capacity(1 << 18, file);
        let start = reader.fill_buf().map_err(fault)?;
        let (compression, inner): (_, Box<dyn Read>) = match start {
            [0x1f, 0x8b, ..] => (Compression::Gzip, Box::new(flate2::bufread::MultiGzDecoder::new(reader))),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(reader).map_err(fault)?;
                decoder.window_log_max(limits.zstd_window).map_err(fault)?;
                (Compression::Zstd, Box::new(decoder))
            }
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
                let stream = liblzma::stream::Stream::new_stream_decoder(
                    limits.xz_memory,
                    liblzma::stream::CONCATENATED,
                )
                .map_err(|error| fault(io::Error::other(error)))?;
                (Compression::Xz, Box::new(liblzma::bufread::XzDecoder::new_stream(reader, stream)))
            }
            [b'B', b'Z', b'h', ..] => return Err(unread(path, "bzip2", "bunzip2")),
            [b'L', b'Z', b'I', b'P', ..] => return Err(unread(path, "lzip", "lunzip")),
            [b'P', b'K', 3, 4, ..] => return Err(unread(path, "zip", "unzip")),
            _ => (Compression::None, Box::new(reader)),
        };
        Ok((Self { inner, packed, given: 0, limits }, compression, packed))
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.given += length as u64;
        if self.given > self.limits.total {
            return Err(over_limit(format!("the tar is longer than {} bytes", self.limits.total)));
        }
        if self.given > RATIO_FROM && self.given / self.packed.max(1) >= self.limits.ratio {
            return Err(over_limit(format!(
                "the tar is more than {} times as long as its compressed form",
                self.limits.ratio
            )));
        }
        Ok(length)
    }
}

fn unread(path: &Path, format: &str, program: &str) -> Failure {
    Failure::new(
        Class::Usage,
        Problem::new(format!("`{}` is a {format} file, which is not read here", path.display()))
            .help(format!("unpack it with `{program}` first; .tar, .tar.gz, .tar.zst and .tar.xz are read")),
    )
}
