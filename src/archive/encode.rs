// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The encodings of a tar: pure functions of its bytes and a level, whatever the thread count.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::num::NonZeroU64;

use liblzma::stream::{Check, Filters, LzmaOptions, MtStreamBuilder};
use liblzma::write::XzEncoder;
use sha2::Digest as _;
use zstd::zstd_safe::CParameter;

use super::gzip::Gzip;
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

/// Up to so many bytes a tar is short.
pub(super) const SHORT: u64 = 4 << 20;

/// From this level on zstd's own jobs are of 32 MiB and more, four of which wait in memory, and each reads
/// eight before it begins. With less of both it takes a sixth of the time less for 0.3 % more bytes.
const LARGE_JOBS: u8 = 17;

/// The length of a job there.
const JOB: u32 = 16 << 20;

/// How much each of them knows of what is before it: the logarithm of the part of the window, where 9 is all.
const OVERLAP: u32 = 7;

/// No dictionary of xz is smaller.
const LEAST_DICTIONARY: u32 = 1 << 16;

/// One encoder at work on one file.
pub(super) enum Encoder {
    /// The tar as it is. Its digest is the identity, which is computed anyway.
    Tar(WriteBehind),
    Gzip(Gzip<Out>),
    Zstd(zstd::stream::write::Encoder<'static, Out>),
    Xz(XzEncoder<Out>),
}

/// The largest dictionary of xz's preset that can be had for each level, in bytes, by `xz(1)`.
const DICTIONARIES: [u32; 10] =
    [1 << 18, 1 << 20, 1 << 21, 1 << 22, 1 << 22, 1 << 23, 1 << 23, 1 << 24, 1 << 25, 1 << 26];

impl Encoder {
    /// How many bytes of the tar the encoder of a format wants to have seen before it starts: a tar that is
    /// no longer than that has a known length then. At their default levels zstd and xz have a hundred
    /// megabytes of tables, for which a small tarball has no use, and which take longer to make than it
    /// takes to compress.
    pub(super) fn patience(format: Format) -> u64 {
        match format {
            Format::Tar | Format::Gzip => 0,
            Format::Zstd | Format::Xz => SHORT,
        }
    }

    /// Starts the encoder of a format for a tar, whose `length` is given if it is short, with at
    /// most that many worker threads.
    pub(super) fn new(
        format: Format,
        levels: Encoding,
        file: File,
        length: Option<u64>,
        workers: usize,
    ) -> io::Result<Self> {
        let out = |file| Hashed {
            inner: BufWriter::with_capacity(1 << 20, file),
            hasher: sha2::Sha256::new(),
            size: 0,
        };
        let workers = u32::try_from(workers.max(1)).unwrap_or(1);
        Ok(match format {
            Format::Tar => Self::Tar(WriteBehind { file, written: 0, handed_over: 0 }),
            Format::Gzip => Self::Gzip(Gzip::new(out(file), levels.gzip, workers as usize)?),
            Format::Zstd => Self::Zstd(zstd(out(file), levels.zstd, length, workers)?),
            Format::Xz => Self::Xz(xz(out(file), levels.xz, length, workers)?),
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

/// Zstandard (RFC 8878). Of a short tar the length is written into the frame and the library picks the
/// tables for it.
fn zstd(
    out: Out,
    level: u8,
    length: Option<u64>,
    workers: u32,
) -> io::Result<zstd::stream::write::Encoder<'static, Out>> {
    let mut encoder = zstd::stream::write::Encoder::new(out, i32::from(level))?;
    // Without a worker the library takes another path, which gives other bytes.
    encoder.multithread(workers)?;
    if level >= LARGE_JOBS {
        encoder.set_parameter(CParameter::JobSize(JOB))?;
        encoder.set_parameter(CParameter::OverlapSizeLog(OVERLAP))?;
    }
    encoder.include_checksum(true)?;
    encoder.set_pledged_src_size(length)?;
    Ok(encoder)
}

/// xz, with a dictionary that is no larger than a short tar has use for.
fn xz(out: Out, level: u8, length: Option<u64>, workers: u32) -> io::Result<XzEncoder<Out>> {
    let mut options = LzmaOptions::new_preset(u32::from(level)).map_err(io::Error::other)?;
    if let Some(length) = length.and_then(|length| u32::try_from(length).ok()) {
        let enough = length.next_power_of_two().max(LEAST_DICTIONARY);
        options.dict_size(enough.min(DICTIONARIES[usize::from(level).min(9)]));
    }
    let mut filters = Filters::new();
    filters.lzma2(&options);
    // The multi-threaded encoder even for one thread: the other one gives other bytes.
    let stream = MtStreamBuilder::new()
        .filters(filters)
        .check(Check::Crc64)
        .threads(workers)
        .encoder()
        .map_err(io::Error::other)?;
    Ok(XzEncoder::new_stream(out, stream))
}

/// The program whose output the encoding is, and its parameters, for the record.
#[must_use]
pub fn parameters(format: Format, levels: Encoding) -> Option<(&'static str, String)> {
    let short = format_args!("{} MiB of tar", SHORT >> 20);
    match format {
        Format::Tar => None,
        Format::Gzip => Some(("zlib-rs", format!("level {}, blocks of 512 KiB in one member", levels.gzip))),
        Format::Zstd => Some((
            "zstd",
            format!(
                "level {}, with worker threads{}, checksum; up to {short} the length is pledged",
                levels.zstd,
                if levels.zstd < LARGE_JOBS {
                    ""
                } else {
                    " on 16 MiB each, a quarter of a window before them"
                },
            ),
        )),
        Format::Xz => Some((
            "liblzma",
            format!(
                "preset {}, multi-threaded blocks, CRC64; up to {short} the dictionary is the next power of \
                     two, at least 64 KiB",
                levels.xz
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    const DEFAULT: Encoding = Encoding { gzip: 9, zstd: 19, xz: 6 };
    const QUICK: Encoding = Encoding { gzip: 1, zstd: 3, xz: 1 };

    /// The encoding of these bytes, with that many workers.
    fn encoded(format: Format, levels: Encoding, bytes: &[u8], workers: usize) -> Vec<u8> {
        let file = tempfile::NamedTempFile::new().unwrap();
        let length = bytes.len() as u64;
        let short = (length <= Encoder::patience(format)).then_some(length);
        let mut encoder = Encoder::new(format, levels, file.reopen().unwrap(), short, workers).unwrap();
        bytes.chunks(1 << 16).for_each(|chunk| encoder.write_all(chunk).unwrap());
        let sum = encoder.finish().unwrap().unwrap();
        let mut written = Vec::new();
        file.reopen().unwrap().read_to_end(&mut written).unwrap();
        assert_eq!(sum, Sum { size: written.len() as u64, sha256: Sha256::of(&written) });
        written
    }

    /// Few letters, so that there is something to find.
    fn text(length: u32) -> Vec<u8> {
        let mut state = 1_u32;
        let step = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b"abcdefgh"[(state >> 29) as usize] & if state & 0x300 == 0 { 0xff } else { 0x61 }
        };
        (0..length).map(step).collect()
    }

    #[test]
    fn the_workers_change_no_byte_of_short_and_long_tars() {
        for length in [0, 1, 100_000, 600_000, 4 << 20, (4 << 20) + 1] {
            let text = text(length);
            for format in [Format::Zstd, Format::Xz] {
                let one = encoded(format, QUICK, &text, 1);
                assert!(one == encoded(format, QUICK, &text, 3), "{format:?} of {length} bytes");
                let decoded = match format {
                    Format::Zstd => zstd::stream::decode_all(&*one).unwrap(),
                    _ => io::read_to_string(liblzma::read::XzDecoder::new(&*one)).unwrap().into_bytes(),
                };
                assert!(decoded == text, "{format:?} of {length} bytes");
            }
        }
    }

    #[test]
    fn the_workers_change_no_byte_of_large_jobs() {
        // Two jobs and a part, mostly the same, so that it takes little time.
        let text = text(1 << 16).repeat(2 * (JOB >> 16) as usize + 3);
        let levels = Encoding { zstd: LARGE_JOBS, ..QUICK };
        let one = encoded(Format::Zstd, levels, &text, 1);
        assert!(one == encoded(Format::Zstd, levels, &text, 3));
        assert!(zstd::stream::decode_all(&*one).unwrap() == text);
    }

    #[test]
    fn a_short_tar_takes_little_memory_to_decode_and_says_its_length() {
        let decode = |xz: &[u8]| {
            let stream = liblzma::stream::Stream::new_stream_decoder(2 << 20, 0).unwrap();
            io::copy(&mut liblzma::read::XzDecoder::new_stream(xz, stream), &mut io::sink())
        };
        assert_eq!(decode(&encoded(Format::Xz, DEFAULT, &text(1 << 20), 1)).unwrap(), 1 << 20);
        // One byte more than a short one: then the preset decides.
        assert!(decode(&encoded(Format::Xz, DEFAULT, &text((4 << 20) + 1), 1)).is_err());
        let length = |bytes| {
            let zst = encoded(Format::Zstd, QUICK, &text(bytes), 1);
            zstd::zstd_safe::get_frame_content_size(&zst).unwrap()
        };
        assert_eq!(length(1 << 20), Some(1 << 20));
        assert_eq!(length((4 << 20) + 1), None);
    }
}
