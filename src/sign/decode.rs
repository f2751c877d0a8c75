// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The tar inside a compressed file, as a stream that ends where the file does.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use crate::manifest::Format;
use crate::release::plain;

/// The memory that a decoder may take, in bytes: the largest window of any level that is written here,
/// and as much again.
const WINDOW_LOG: u32 = 27;

/// The same for xz.
const XZ_MEMORY: u64 = 256 << 20;

/// A decoder that makes sure that nothing follows its stream.
enum Decoder {
    Plain(BufReader<File>),
    Gzip(flate2::bufread::GzDecoder<BufReader<File>>),
    Zstd(zstd::stream::read::Decoder<'static, BufReader<File>>),
    Xz(liblzma::bufread::XzDecoder<BufReader<File>>),
}

/// A stream of a tar.
pub(crate) struct Decoded {
    decoder: Decoder,
}

impl Decoded {
    /// Opens the file at `path`, which is in that format.
    pub(crate) fn open(path: &Path, format: Format) -> io::Result<Self> {
        let file = BufReader::with_capacity(256 << 10, plain::open(path)?);
        let decoder = match format {
            Format::Tar => Decoder::Plain(file),
            Format::Gzip => Decoder::Gzip(flate2::bufread::GzDecoder::new(file)),
            Format::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(file)?.single_frame();
                decoder.window_log_max(WINDOW_LOG)?;
                Decoder::Zstd(decoder)
            }
            Format::Xz => {
                let stream =
                    liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY, 0).map_err(io::Error::other)?;
                Decoder::Xz(liblzma::bufread::XzDecoder::new_stream(file, stream))
            }
        };
        Ok(Self { decoder })
    }

    fn ends(&mut self) -> io::Result<()> {
        let rest = match &mut self.decoder {
            Decoder::Plain(_) => return Ok(()),
            Decoder::Gzip(decoder) => decoder.get_mut().fill_buf()?,
            Decoder::Zstd(decoder) => decoder.get_mut().fill_buf()?,
            Decoder::Xz(decoder) => decoder.get_mut().fill_buf()?,
        };
        if rest.is_empty() { Ok(()) } else { Err(io::Error::other("more follows the compressed stream")) }
    }
}

impl Read for Decoded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.decoder {
            Decoder::Plain(file) => file.read(buffer),
            Decoder::Gzip(decoder) => decoder.read(buffer),
            Decoder::Zstd(decoder) => decoder.read(buffer),
            Decoder::Xz(decoder) => decoder.read(buffer),
        }?;
        if read == 0 && !buffer.is_empty() {
            self.ends()?;
        }
        Ok(read)
    }
}
