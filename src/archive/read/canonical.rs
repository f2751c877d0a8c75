// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The one spelling that the dialect has for a member's headers, from POSIX.1-2017 `pax`, "ustar
//! Interchange Format" and "pax Header Block".

use std::ops::Range;

/// The unit of the format.
pub(super) const BLOCK: usize = 512;

/// An archive's length is a multiple of this.
pub(super) const RECORD: u64 = 10240;

/// The largest value of eleven octal digits.
pub(super) const ELEVEN_DIGITS: u64 = (1 << 33) - 1;

/// The length of the global header's one record, `52 comment=` with a commit id and a newline.
pub(super) const COMMENT: u64 = 52;

pub(super) type Block = [u8; BLOCK];

/// How a field is read by people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// A text that NULs fill up.
    Text,
    /// An octal number that people read in octal.
    Octal,
    /// An octal number that people read in decimal.
    Decimal,
    /// Seconds since 1970.
    Date,
    /// Bytes.
    Bytes,
}

/// One field of a header block.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) at: Range<usize>,
    pub(super) reading: Reading,
}

const fn field(name: &'static str, start: usize, end: usize, reading: Reading) -> Field {
    Field { name, at: start..end, reading }
}

pub(super) static NAME: Field = field("name", 0, 100, Reading::Text);
pub(super) static MODE: Field = field("mode", 100, 108, Reading::Octal);
pub(super) static SIZE: Field = field("size", 124, 136, Reading::Decimal);
pub(super) static MTIME: Field = field("mtime", 136, 148, Reading::Date);
pub(super) static CHECKSUM: Field = field("checksum", 148, 156, Reading::Bytes);
pub(super) static TYPE: Field = field("type", 156, 157, Reading::Bytes);
pub(super) static TARGET: Field = field("link target", 157, 257, Reading::Text);
pub(super) static PREFIX: Field = field("prefix", 345, 500, Reading::Text);
static UID: Field = field("uid", 108, 116, Reading::Decimal);
static GID: Field = field("gid", 116, 124, Reading::Decimal);
static MAGIC: Field = field("magic", 257, 263, Reading::Bytes);
static VERSION: Field = field("format version", 263, 265, Reading::Bytes);
static OWNER: Field = field("owner name", 265, 297, Reading::Text);
static GROUP: Field = field("group name", 297, 329, Reading::Text);
static MAJOR: Field = field("device major", 329, 337, Reading::Decimal);
static MINOR: Field = field("device minor", 337, 345, Reading::Decimal);
static REST: Field = field("header's unused end", 500, 512, Reading::Bytes);

/// Every field, in order, without a gap.
pub(super) static FIELDS: [&Field; 17] = [
    &NAME, &MODE, &UID, &GID, &SIZE, &MTIME, &CHECKSUM, &TYPE, &TARGET, &MAGIC, &VERSION, &OWNER, &GROUP,
    &MAJOR, &MINOR, &PREFIX, &REST,
];

/// What a member is, in the bytes of its headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Directory,
    File { executable: bool, size: u64 },
    Link { target: Vec<u8> },
}

/// What a member's headers say: all of it that the dialect leaves open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    /// The whole path as it is written, a directory's with its slash.
    pub(super) path: Vec<u8>,
    pub(super) node: Node,
}

impl Said {
    /// Its ustar header.
    pub(super) fn block(&self, date: u64) -> Block {
        let (kind, mode, size) = match &self.node {
            Node::Directory => (b'5', 0o755, 0),
            Node::File { executable: false, size } => (b'0', 0o644, *size),
            Node::File { executable: true, size } => (b'0', 0o755, *size),
            Node::Link { .. } => (b'2', 0o777, 0),
        };
        let mut block = blank(kind, mode, if size > ELEVEN_DIGITS { 0 } else { size }, date);
        match slash(&self.path) {
            Some(at) => {
                put(&mut block, &PREFIX, &self.path[..at]);
                put(&mut block, &NAME, &self.path[at + 1..]);
            }
            None => put(&mut block, &NAME, beginning(&self.path)),
        }
        if let Node::Link { target } = &self.node {
            put(&mut block, &TARGET, beginning(target));
        }
        sealed(block)
    }

    /// The records of its pax header; none when ustar has room for everything.
    pub(super) fn records(&self) -> Vec<u8> {
        let mut records = Vec::new();
        if !fits_name(&self.path) {
            records.extend(record(b"path", &self.path));
        }
        match &self.node {
            Node::Link { target } if !fits_target(target) => records.extend(record(b"linkpath", target)),
            Node::File { size, .. } if !fits_size(*size) => {
                records.extend(record(b"size", size.to_string().as_bytes()));
            }
            _ => {}
        }
        records
    }
}

/// The header block of a member's pax header with that many bytes of records.
pub(super) fn extended(size: u64, date: u64) -> Block {
    let mut block = blank(b'x', 0o644, size, date);
    put(&mut block, &NAME, b"pax_header");
    sealed(block)
}

/// The header block of the pax global header.
pub(super) fn global(date: u64) -> Block {
    let mut block = blank(b'g', 0o644, COMMENT, date);
    put(&mut block, &NAME, b"pax_global_header");
    sealed(block)
}

/// Whether ustar has room for a path.
pub(super) fn fits_name(path: &[u8]) -> bool {
    path.len() <= NAME.at.len() || slash(path).is_some()
}

/// Whether ustar has room for a link's target.
pub(super) fn fits_target(target: &[u8]) -> bool {
    target.len() <= TARGET.at.len()
}

/// Whether ustar has room for a size.
pub(super) fn fits_size(size: u64) -> bool {
    size <= ELEVEN_DIGITS
}

/// The slash between prefix and name, for a path that is too long for the name alone: the last one
/// that leaves the prefix within its field and the name not empty.
fn slash(path: &[u8]) -> Option<usize> {
    if path.len() <= NAME.at.len() {
        return None;
    }
    let last = path.len() - 1;
    let reach = last.min(PREFIX.at.len() + 1);
    let at = (1..reach).rev().find(|&at| path[at] == b'/')?;
    (path.len() - at - 1 <= NAME.at.len()).then_some(at)
}

/// What of a long path or target stands in its field: as much as fits, and no half of a character.
fn beginning(text: &[u8]) -> &[u8] {
    let mut end = text.len().min(NAME.at.len());
    while end > 0 && end < text.len() && text[end] & 0b1100_0000 == 0b1000_0000 {
        end -= 1;
    }
    &text[..end]
}

/// A header whose names are empty and whose checksum is not there yet.
fn blank(kind: u8, mode: u64, size: u64, date: u64) -> Block {
    let mut block = [0; BLOCK];
    number(&mut block, &MODE, mode);
    number(&mut block, &UID, 0);
    number(&mut block, &GID, 0);
    number(&mut block, &SIZE, size);
    number(&mut block, &MTIME, date);
    put(&mut block, &TYPE, &[kind]);
    put(&mut block, &MAGIC, b"ustar\0");
    put(&mut block, &VERSION, b"00");
    number(&mut block, &MAJOR, 0);
    number(&mut block, &MINOR, 0);
    block
}

fn sealed(mut block: Block) -> Block {
    let text = format!("{:06o}\0 ", sum(&block));
    put(&mut block, &CHECKSUM, text.as_bytes());
    block
}

/// The sum of a header's bytes, its checksum field taken for spaces.
pub(super) fn sum(block: &Block) -> u64 {
    let all: u64 = block.iter().copied().map(u64::from).sum();
    let own: u64 = block[CHECKSUM.at.clone()].iter().copied().map(u64::from).sum();
    all - own + CHECKSUM.at.len() as u64 * u64::from(b' ')
}

fn put(block: &mut Block, field: &Field, bytes: &[u8]) {
    block[field.at.start..field.at.start + bytes.len()].copy_from_slice(bytes);
}

fn number(block: &mut Block, field: &Field, value: u64) {
    let width = field.at.len() - 1;
    put(block, field, format!("{value:0width$o}").as_bytes());
}

/// One pax record: its own length in decimal, a space, the key, `=`, the value, a newline.
pub(super) fn record(key: &[u8], value: &[u8]) -> Vec<u8> {
    let bare = key.len() + value.len() + 3;
    let length = (1..20).map(|digits| bare + digits).find(|length| bare + digits(*length) == *length);
    let length = length.expect("one more digit is always enough in the end");
    [length.to_string().as_bytes(), b" ", key, b"=", value, b"\n"].concat()
}

fn digits(number: usize) -> usize {
    number.to_string().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_cover_the_block() {
        let mut at = 0;
        for field in FIELDS {
            assert_eq!(field.at.start, at, "{}", field.name);
            at = field.at.end;
        }
        assert_eq!(at, BLOCK);
    }

    #[test]
    fn a_record_counts_its_own_digits() {
        for value in 0..2000 {
            let record = record(b"path", &vec![b'x'; value]);
            assert!(record.starts_with(format!("{} path=", record.len()).as_bytes()), "{value}");
        }
        assert_eq!(record(b"comment", &[b'0'; 40]).len() as u64, COMMENT);
    }

    #[test]
    fn a_path_splits_at_the_last_slash_that_fits() {
        let path = |lengths: &[usize]| {
            lengths.iter().map(|&length| "n".repeat(length)).collect::<Vec<_>>().join("/").into_bytes()
        };
        assert_eq!(slash(&path(&[50, 49])), None);
        assert_eq!(slash(&path(&[50, 50])), Some(50));
        assert_eq!(slash(&path(&[155, 100])), Some(155));
        assert_eq!(slash(&path(&[156, 100])), None);
        assert_eq!(slash(&path(&[155, 101])), None);
        assert_eq!(slash(&path(&[60, 60, 60])), Some(121));
        // A directory's own slash is no place to split.
        assert_eq!(slash(&path(&[155, 0])), None);
        assert_eq!(slash(&path(&[54, 99, 0])), Some(54));
        assert_eq!(slash(&path(&[54, 101, 0])), None);
    }
}
