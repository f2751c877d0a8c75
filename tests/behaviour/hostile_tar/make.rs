// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tars made by hand, right ones and wrong ones, header by header.

/// The date of every member.
pub const DATE: u64 = 1_700_000_000;

/// The top directory.
pub const TOP: &str = "demo-1";

/// The commit in the global header.
pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A header block to be: every field as the dialect has it, until it is set otherwise.
#[derive(Clone)]
pub struct Head(pub [u8; 512]);

impl Head {
    pub fn new(flag: u8, name: &[u8], mode: u32, size: u64) -> Self {
        let mut block = [0; 512];
        block[..name.len()].copy_from_slice(name);
        let head = Self(block)
            .set(100, format!("{mode:07o}\0").as_bytes())
            .set(108, b"0000000\x000000000\0")
            .set(136, format!("{DATE:011o}\0").as_bytes())
            .set(156, &[flag])
            .set(257, b"ustar\x0000")
            .set(329, b"0000000\x000000000\0");
        head.set(124, format!("{size:011o}\0").as_bytes())
    }

    /// Other bytes at an offset of the block.
    pub fn set(mut self, at: usize, bytes: &[u8]) -> Self {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    /// The checksum of the bytes as they are now.
    pub fn sum(&self) -> u32 {
        self.0
            .iter()
            .enumerate()
            .map(|(at, &byte)| if (148..156).contains(&at) { 32 } else { u32::from(byte) })
            .sum()
    }

    /// The block with its checksum.
    pub fn seal(self) -> Vec<u8> {
        let sum = self.sum();
        self.set(148, format!("{sum:06o}\0 ").as_bytes()).0.to_vec()
    }
}

/// A pax record.
pub fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let mut length = key.len() + value.len() + 3;
    while length.to_string().len() + key.len() + value.len() + 3 != length {
        length += 1;
    }
    [format!("{length} {key}=").as_bytes(), value, b"\n"].concat()
}

/// Zeros up to the end of the block.
pub fn padded(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

/// A pax header with these records.
pub fn pax(records: &[u8]) -> Vec<u8> {
    [Head::new(b'x', b"pax_header", 0o644, records.len() as u64).seal(), padded(records.to_vec())].concat()
}

/// A global header with this comment.
pub fn global(comment: &[u8]) -> Vec<u8> {
    let records = record("comment", comment);
    let head = Head::new(b'g', b"pax_global_header", 0o644, records.len() as u64);
    [head.seal(), padded(records)].concat()
}

/// Where ustar's prefix ends, for a path that needs one.
fn split(path: &str) -> Option<usize> {
    let inner = path.strip_suffix('/').unwrap_or(path);
    inner.match_indices('/').map(|(at, _)| at).rfind(|at| (1..=155).contains(at))
}

/// The headers of a member in the dialect's spelling. `path` is whole, a directory's with its slash.
pub fn member(flag: u8, path: &str, mode: u32, size: u64, target: &str) -> Vec<u8> {
    let start = |text: &str| {
        let mut end = text.len().min(100);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text[..end].to_owned()
    };
    let mut records = Vec::new();
    let (prefix, name) = match split(path) {
        _ if path.len() <= 100 => ("", path.to_owned()),
        Some(at) if path.len() - at - 1 <= 100 => (&path[..at], path[at + 1..].to_owned()),
        _ => {
            records.extend(record("path", path.as_bytes()));
            ("", start(path))
        }
    };
    if target.len() > 100 {
        records.extend(record("linkpath", target.as_bytes()));
    }
    let mut size_field = size;
    if size >= 1 << 33 {
        records.extend(record("size", size.to_string().as_bytes()));
        size_field = 0;
    }
    let mut bytes = if records.is_empty() { Vec::new() } else { pax(&records) };
    let head = Head::new(flag, name.as_bytes(), mode, size_field);
    bytes.extend(head.set(345, prefix.as_bytes()).set(157, start(target).as_bytes()).seal());
    bytes
}

/// A tar in the making.
#[derive(Clone, Default)]
pub struct Tar {
    pub bytes: Vec<u8>,
    /// Where each member starts.
    pub starts: Vec<usize>,
}

impl Tar {
    /// The global header and the top directory.
    pub fn new() -> Self {
        Self::default().raw(&global(COMMIT.as_bytes())).add(&member(b'5', &format!("{TOP}/"), 0o755, 0, ""))
    }

    /// Bytes that are no member.
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// A member, whatever it is.
    pub fn add(mut self, bytes: &[u8]) -> Self {
        self.starts.push(self.bytes.len());
        self.raw(bytes)
    }

    /// A file below the top directory.
    pub fn file(self, path: &str, content: &[u8]) -> Self {
        let head = member(b'0', &format!("{TOP}/{path}"), 0o644, content.len() as u64, "");
        self.add(&[head, padded(content.to_vec())].concat())
    }

    pub fn script(self, path: &str, content: &[u8]) -> Self {
        let head = member(b'0', &format!("{TOP}/{path}"), 0o755, content.len() as u64, "");
        self.add(&[head, padded(content.to_vec())].concat())
    }

    pub fn dir(self, path: &str) -> Self {
        self.add(&member(b'5', &format!("{TOP}/{path}/"), 0o755, 0, ""))
    }

    pub fn link(self, path: &str, target: &str) -> Self {
        self.add(&member(b'2', &format!("{TOP}/{path}"), 0o777, 0, target))
    }

    /// A member whose header is this one, sealed.
    pub fn head(self, head: Head) -> Self {
        self.add(&head.seal())
    }

    /// The zeros at the end.
    pub fn end(self) -> Vec<u8> {
        let mut bytes = self.bytes;
        bytes.resize((bytes.len() + 1024).next_multiple_of(10240), 0);
        bytes
    }
}

/// An ordinary file's header, of a path below the top directory.
pub fn plain(name: &str) -> Head {
    Head::new(b'0', format!("{TOP}/{name}").as_bytes(), 0o644, 0)
}

/// A small tar with one of everything that the dialect has.
pub fn everything() -> Tar {
    let long = format!("{}/{}", "d".repeat(60), "n".repeat(120));
    let split = format!("{}/{}", "d".repeat(60), "s".repeat(60));
    Tar::new()
        .file("COPYING", b"GPL\n")
        .script("autogen.sh", b"#!/bin/sh\n")
        .dir(&"d".repeat(60))
        .file(&long, b"long\n")
        .file(&split, &[b'x'; 600])
        .file("empty", b"")
        .link("link", "COPYING")
        .link("long", &format!("{}{long}", "./".repeat(20)))
        .dir("z")
        .file("z/block", &[b'y'; 512])
        .file("z/naïve", b"text\n")
}
