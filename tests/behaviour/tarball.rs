// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A reader that accepts our tar dialect alone, written from POSIX.1-2017 (pax, "ustar Interchange
//! Format") and not from our writer, so that one mistake cannot hide in both. It panics at the first
//! byte that is not as the dialect has it.

use std::collections::BTreeMap;

const BLOCK: usize = 512;

/// What a member is, with its content or target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Directory,
    File(Vec<u8>),
    Symlink(String),
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The whole path, without a directory's last slash.
    pub path: String,
    pub mode: u32,
    pub kind: Kind,
    /// Whether a pax header stood before it.
    pub pax: BTreeMap<String, String>,
}

impl Member {
    pub fn size(&self) -> u64 {
        match &self.kind {
            Kind::File(content) => content.len() as u64,
            _ => 0,
        }
    }
}

/// A whole archive.
#[derive(Debug)]
pub struct Archive {
    /// The comment of the global header.
    pub comment: String,
    /// The one date of all members.
    pub mtime: u64,
    pub members: Vec<Member>,
}

impl Archive {
    /// The content of a file, by its path below the top directory.
    #[track_caller]
    pub fn file(&self, path: &str) -> &[u8] {
        let top = &self.members[0].path;
        let full = format!("{top}/{path}");
        match self.members.iter().find(|member| member.path == full).map(|member| &member.kind) {
            Some(Kind::File(content)) => content,
            other => panic!("{path}: {other:?}"),
        }
    }
}

struct Header {
    name: String,
    flag: u8,
    mode: u32,
    size: usize,
    mtime: u64,
    link: String,
}

/// Reads a whole archive.
#[track_caller]
pub fn read(tar: &[u8]) -> Archive {
    assert_eq!(tar.len() % (20 * BLOCK), 0, "whole records");
    let mut at = 0;
    let global = header(tar, &mut at);
    assert_eq!((global.flag, global.name.as_str(), global.mode), (b'g', "pax_global_header", 0o644));
    let mut records = pax(&content(tar, &mut at, global.size));
    let comment = records.remove("comment").expect("a comment");
    assert!(records.is_empty(), "a comment and nothing else: {records:?}");

    let mut members: Vec<Member> = Vec::new();
    while tar[at..at + BLOCK].iter().any(|&byte| byte != 0) {
        let mut head = header(tar, &mut at);
        assert_eq!(head.mtime, global.mtime, "one date");
        let mut records = BTreeMap::new();
        if head.flag == b'x' {
            assert_eq!((head.name.as_str(), head.mode), ("pax_header", 0o644));
            records = pax(&content(tar, &mut at, head.size));
            assert!(!records.is_empty(), "an empty pax header");
            head = header(tar, &mut at);
            assert_eq!(head.mtime, global.mtime, "one date");
        }
        let needed: Vec<&str> = records.keys().map(String::as_str).collect();
        for key in &needed {
            assert!(["path", "linkpath"].contains(key), "a record that no value needs: {key}");
        }
        if let Some(path) = records.get("path") {
            assert!(!fits(path), "a pax path that ustar could hold: {path}");
            head.name.clone_from(path);
        }
        if let Some(target) = records.get("linkpath") {
            assert!(target.len() > 100, "a pax link target that ustar could hold: {target}");
            head.link.clone_from(target);
        }
        let (mode, kind, path) = match head.flag {
            b'0' => {
                assert!(head.link.is_empty(), "a file with a link target");
                assert!([0o644, 0o755].contains(&head.mode), "mode {:o}", head.mode);
                (head.mode, Kind::File(content(tar, &mut at, head.size)), head.name)
            }
            b'2' => {
                assert_eq!((head.mode, head.size), (0o777, 0), "{}", head.name);
                assert!(!head.link.is_empty(), "a link to nowhere");
                (head.mode, Kind::Symlink(head.link), head.name)
            }
            b'5' => {
                assert_eq!((head.mode, head.size, head.link.as_str()), (0o755, 0, ""), "{}", head.name);
                let path = head.name.strip_suffix('/').expect("a directory ends in a slash").to_owned();
                (head.mode, Kind::Directory, path)
            }
            flag => panic!("type {:?}", char::from(flag)),
        };
        members.push(Member { path, mode, kind, pax: records });
    }
    assert!(tar[at..].iter().all(|&byte| byte == 0), "zeros to the end");
    let end = tar.len() - at;
    assert!((2 * BLOCK..2 * BLOCK + 20 * BLOCK).contains(&end), "two blocks and no needless record: {end}");

    order(&members);
    Archive { comment, mtime: global.mtime, members }
}

/// One top directory, sorted by the bytes of the path as it is written, a directory's with its slash;
/// every parent there, and so before its children.
fn order(members: &[Member]) {
    let top = &members[0];
    assert_eq!(top.kind, Kind::Directory);
    assert!(!top.path.contains('/'));
    let written = |member: &Member| {
        let slash = if member.kind == Kind::Directory { "/" } else { "" };
        format!("{}{slash}", member.path)
    };
    for pair in members.windows(2) {
        let (first, second) = (written(&pair[0]), written(&pair[1]));
        assert!(first < second, "`{first}` stands before `{second}`");
    }
    let folders: std::collections::BTreeSet<&str> =
        members.iter().filter(|member| member.kind == Kind::Directory).map(|member| &*member.path).collect();
    for member in &members[1..] {
        let (parent, _) = member.path.rsplit_once('/').expect("below the top directory");
        assert!(folders.contains(parent), "{} has no parent", member.path);
    }
}

/// Whether a path as written in the archive fits a ustar header, by any split at all.
fn fits(path: &str) -> bool {
    path.len() <= 100
        || path
            .match_indices('/')
            .any(|(at, _)| (1..=155).contains(&at) && (1..=100).contains(&(path.len() - at - 1)))
}

fn header(tar: &[u8], at: &mut usize) -> Header {
    let block = &tar[*at..*at + BLOCK];
    *at += BLOCK;
    assert_eq!(&block[257..263], b"ustar\0", "magic");
    assert_eq!(&block[263..265], b"00", "version");
    let sum: u64 = block
        .iter()
        .enumerate()
        .map(|(nth, &byte)| u64::from(if (148..156).contains(&nth) { b' ' } else { byte }))
        .sum();
    assert_eq!(&block[148..156], format!("{sum:06o}\0 ").as_bytes(), "checksum");
    assert_eq!(octal(&block[108..116]), 0, "uid");
    assert_eq!(octal(&block[116..124]), 0, "gid");
    assert!(block[265..329].iter().all(|&byte| byte == 0), "no owner names");
    assert_eq!((octal(&block[329..337]), octal(&block[337..345])), (0, 0), "no device");
    assert!(block[500..].iter().all(|&byte| byte == 0), "the header's end");
    let prefix = text(&block[345..500]);
    let name = text(&block[..100]);
    assert!(!name.is_empty());
    Header {
        name: if prefix.is_empty() { name } else { format!("{prefix}/{name}") },
        flag: block[156],
        mode: u32::try_from(octal(&block[100..108])).expect("a mode"),
        size: usize::try_from(octal(&block[124..136])).expect("a size"),
        mtime: octal(&block[136..148]),
        link: text(&block[157..257]),
    }
}

/// Digits in every place but the last, which is a NUL.
fn octal(field: &[u8]) -> u64 {
    let (last, digits) = field.split_last().expect("a field");
    assert_eq!(*last, 0, "a number ends in a NUL");
    digits.iter().fold(0, |value, &digit| {
        assert!((b'0'..=b'7').contains(&digit), "an octal digit: {digit}");
        value * 8 + u64::from(digit - b'0')
    })
}

/// A text up to the first NUL; behind it only NULs.
fn text(field: &[u8]) -> String {
    let end = field.iter().position(|&byte| byte == 0).unwrap_or(field.len());
    assert!(field[end..].iter().all(|&byte| byte == 0), "a field's padding");
    String::from_utf8(field[..end].to_vec()).expect("UTF-8")
}

fn content(tar: &[u8], at: &mut usize, size: usize) -> Vec<u8> {
    let content = tar[*at..*at + size].to_vec();
    let end = (*at + size).next_multiple_of(BLOCK);
    assert!(tar[*at + size..end].iter().all(|&byte| byte == 0), "zeros up to the block's end");
    *at = end;
    content
}

/// The records `LENGTH KEY=VALUE\n` of a pax header.
fn pax(mut bytes: &[u8]) -> BTreeMap<String, String> {
    let mut records = BTreeMap::new();
    while !bytes.is_empty() {
        let space = bytes.iter().position(|&byte| byte == b' ').expect("a length");
        let digits = std::str::from_utf8(&bytes[..space]).expect("digits");
        let length: usize = digits.parse().expect("a length");
        assert_eq!(length.to_string(), digits, "a length without leading zeros");
        let (record, rest) = bytes.split_at(length);
        assert_eq!(record.last(), Some(&b'\n'));
        let record = std::str::from_utf8(&record[space + 1..length - 1]).expect("UTF-8");
        let (key, value) = record.split_once('=').expect("KEY=VALUE");
        assert!(records.insert(key.to_owned(), value.to_owned()).is_none(), "{key} twice");
        bytes = rest;
    }
    records
}
