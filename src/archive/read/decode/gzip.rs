// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! gzip (RFC 1952): one member, whose header holds no name, no time and nothing extra.

use flate2::{Decompress, FlushDecompress, Status};

use super::{Decoder, END, Out, Stop, behind, collect};

/// The length of the header without options, and of the trailer.
const HEADER: usize = 10;
const TRAILER: usize = 8;

/// The decoder.
pub(super) struct Gzip {
    header: Vec<u8>,
    inflate: Decompress,
    inflated: bool,
    checksum: crc32fast::Hasher,
    trailer: Vec<u8>,
    /// What came behind the trailer, as far as it is needed to name it.
    rest: Vec<u8>,
    at: u64,
}

impl Default for Gzip {
    fn default() -> Self {
        Self {
            header: Vec::new(),
            inflate: Decompress::new(false),
            inflated: false,
            checksum: crc32fast::Hasher::new(),
            trailer: Vec::new(),
            rest: Vec::new(),
            at: 0,
        }
    }
}

impl Gzip {
    /// Section 2.3: ID1, ID2, CM, FLG, MTIME in four bytes, XFL, OS.
    fn check_header(&self) -> Result<(), Stop> {
        let wrong = |offset, what: String, expected: &str| Err(Stop::wrong(offset, what, expected));
        let header = &self.header;
        if header[..2] != [0x1f, 0x8b] {
            return wrong(0, "the file does not begin as gzip does".to_owned(), "the bytes 0x1f 0x8b");
        }
        if header[2] != 8 {
            return wrong(2, format!("the compression method is {}", header[2]), "8, deflate");
        }
        const FLAGS: [&str; 5] =
            ["the text flag", "a checksum of the header", "an extra field", "a file name", "a comment"];
        if let Some(bit) = (0..8).find(|bit| header[3] >> bit & 1 == 1) {
            let what = FLAGS.get(bit).copied().unwrap_or("a reserved flag");
            return wrong(3, format!("the gzip header has {what}"), "a header without options");
        }
        if header[4..8] != [0; 4] {
            let time = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
            return wrong(4, format!("the gzip header has the time {time}"), "no time");
        }
        if !matches!(header[8], 0 | 2 | 4) {
            return wrong(8, format!("the gzip header's extra flags are {}", header[8]), "0, 2 or 4");
        }
        if header[9] != 255 {
            return wrong(9, format!("the gzip header names the system {}", header[9]), "255, none");
        }
        Ok(())
    }

    fn check_trailer(&self) -> Result<(), Stop> {
        let number = |at: usize| u32::from_le_bytes(self.trailer[at..at + 4].try_into().expect("four bytes"));
        let start = self.at - TRAILER as u64;
        let checksum = self.checksum.clone().finalize();
        if number(0) != checksum {
            let what = format!("the tar has the CRC {checksum:08x}");
            return Err(Stop::wrong(start, what, format!("{:08x}, as the trailer says", number(0))));
        }
        // The trailer counts modulo 2^32.
        let length = self.inflate.total_out() & u64::from(u32::MAX);
        if u64::from(number(4)) != length {
            let what = format!("the trailer counts {} bytes", number(4));
            return Err(Stop::wrong(start + 4, what, length.to_string()));
        }
        Ok(())
    }
}

impl Decoder for Gzip {
    fn push(&mut self, mut input: &[u8], out: &mut Out<'_>) -> Result<(), Stop> {
        if self.header.len() < HEADER {
            let before = input.len();
            let whole = collect(&mut self.header, HEADER, &mut input);
            self.at += (before - input.len()) as u64;
            if !whole {
                return Ok(());
            }
            self.check_header()?;
        }
        while !self.inflated {
            let room = out.room()?;
            let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self.inflate.decompress(input, room, FlushDecompress::None);
            let made = usize::try_from(self.inflate.total_out() - before_out).expect("within the room");
            let taken = usize::try_from(self.inflate.total_in() - before_in).expect("within the input");
            self.checksum.update(&room[..made]);
            let full = made == room.len();
            out.put(made)?;
            self.at += taken as u64;
            input = &input[taken..];
            match status {
                Ok(Status::StreamEnd) => self.inflated = true,
                // More may wait inside while the room is full.
                Ok(_) if full || !input.is_empty() && (made > 0 || taken > 0) => {}
                Ok(_) if input.is_empty() => return Ok(()),
                _ => {
                    let what = "the compressed data is damaged near here";
                    return Err(Stop::wrong(self.at, what, "deflate data (RFC 1951)"));
                }
            }
        }
        if self.trailer.len() < TRAILER {
            let before = input.len();
            let whole = collect(&mut self.trailer, TRAILER, &mut input);
            self.at += (before - input.len()) as u64;
            if !whole {
                return Ok(());
            }
            self.check_trailer()?;
        }
        collect(&mut self.rest, 8, &mut input);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Stop> {
        if self.trailer.len() < TRAILER {
            return Err(Stop::wrong(self.at, "the file ends here", "the rest of the gzip member"));
        }
        if !self.rest.is_empty() {
            return Err(Stop::wrong(self.at, behind(&self.rest), END));
        }
        Ok(())
    }
}
