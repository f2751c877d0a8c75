// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Every member of a tarball, whoever made it: v7, ustar, GNU and pax headers, read from front to
//! back. Nothing is unpacked.
//!
//! The `tar` crate gives raw headers and their data; long names and pax records are put together
//! here, because the crate reads them whole however long they say they are.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use super::content::{self, BlobHasher, Content, Kept, WHOLE};
use super::headers::Headers;
use super::names::Name;
use super::pax::Records;
use super::stream::{Compression, Limits, OverLimit, Stream, over_limit};
use crate::model::{Class, Failure, Problem};
use crate::source::Repository;

/// One member as its header describes it.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: Name,
    pub(super) kind: Kind,
    /// The permission bits, with setuid, setgid and sticky.
    pub(super) mode: u32,
    /// Seconds since 1970.
    pub(super) mtime: u64,
}

/// What a member is.
#[derive(Debug)]
pub(super) enum Kind {
    File(Content),
    Directory,
    Symlink {
        target: Vec<u8>,
    },
    HardLink {
        target: Name,
    },
    /// What no source tree holds; completes "is".
    Other(String),
}

/// A tarball that was read to its end.
#[derive(Debug)]
pub(super) struct Members {
    pub(super) members: Vec<Member>,
    pub(super) headers: Headers,
    /// What is wrong with the tar as a whole.
    pub(super) faults: Vec<String>,
    pub(super) compression: Compression,
    /// The length of the file.
    pub(super) packed: u64,
    /// The length of the tar.
    pub(super) size: u64,
}

/// Reads a tarball; bytes that one of the repositories has are not kept.
pub(super) fn read(
    path: &Path,
    limits: Limits,
    repositories: &[&Repository],
    threads: usize,
) -> Result<Members, Failure> {
    let (stream, compression, packed) = Stream::open(path, limits)?;
    let kept = Kept::default();
    // A piece is at most `WHOLE` long, so this bounds what waits.
    let (send, receive) = crossbeam_channel::bounded(8);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (1..threads.max(2))
            .map(|_| scope.spawn(|| content::work(&receive, repositories, &kept)))
            .collect();
        let mut reader = Reader::new(limits, &send);
        let done = reader.read(stream);
        let Reader { mut members, headers, faults, at, .. } = reader;
        drop(send);
        for worker in workers {
            let contents = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            for (number, content) in contents {
                members[number].kind = Kind::File(content);
            }
        }
        match done {
            Ok(size) => Ok(Members { members, headers, faults, compression, packed, size }),
            Err(error) => Err(unreadable(path, at, &error)),
        }
    })
}

struct Reader<'r> {
    limits: Limits,
    send: &'r crossbeam_channel::Sender<(usize, Vec<u8>)>,
    members: Vec<Member>,
    headers: Headers,
    faults: Vec<String>,
    /// Where the header being read starts.
    at: u64,
    /// The length of all paths so far.
    paths: u64,
}

/// What headers in front of a member say about it.
#[derive(Default)]
struct Before {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    records: Records,
}

const BLOCK: u64 = 512;

impl<'r> Reader<'r> {
    fn new(limits: Limits, send: &'r crossbeam_channel::Sender<(usize, Vec<u8>)>) -> Self {
        Self {
            limits,
            send,
            members: Vec::new(),
            headers: Headers::default(),
            faults: Vec::new(),
            at: 0,
            paths: 0,
        }
    }

    /// Reads all there is; returns the length of the tar.
    fn read(&mut self, stream: Stream) -> io::Result<u64> {
        let mut counted = Counted { inner: stream, at: 0 };
        let mut archive = tar::Archive::new(&mut counted);
        let mut before = Before::default();
        let mut end = 0;
        for (number, entry) in (1..).zip(archive.entries()?.raw(true)) {
            self.at = end;
            let mut entry = entry?;
            if number > self.limits.members {
                return Err(over_limit(format!("there are more than {} members", self.limits.members)));
            }
            self.at = entry.raw_header_position();
            end = entry.raw_file_position() + entry.size().next_multiple_of(BLOCK);
            let kind = entry.header().entry_type();
            if kind.is_gnu_longname() {
                before.name = Some(self.record(&mut entry)?);
            } else if kind.is_gnu_longlink() {
                before.link = Some(self.record(&mut entry)?);
            } else if kind.is_pax_local_extensions() || kind.is_pax_global_extensions() {
                let data = self.record(&mut entry)?;
                let Some(records) = Records::read(&data) else {
                    return Err(io::Error::other("its pax records are malformed"));
                };
                if kind.is_pax_global_extensions() {
                    self.faults.extend(self.headers.global(&records));
                } else {
                    before.records = records;
                }
            } else {
                self.member(&mut entry, std::mem::take(&mut before))?;
            }
        }
        if before.name.is_some() || before.link.is_some() || before.records.iter().next().is_some() {
            self.faults.push("its last header describes a member that never comes".to_owned());
        }
        self.at = end;
        if counted.at <= end {
            self.faults.push("it ends without the two blocks of zeros: it may have been cut off".to_owned());
        }
        self.after_the_end(&mut counted);
        Ok(counted.at)
    }

    /// Other readers may go on where the tar ends for us.
    fn after_the_end(&mut self, stream: &mut Counted<Stream>) {
        let mut chunk = vec![0; 1 << 16];
        let mut hidden = 0_u64;
        loop {
            match stream.read(&mut chunk) {
                Ok(0) => break,
                Ok(length) => {
                    hidden += chunk[..length].iter().map(|byte| u64::from(*byte != 0)).sum::<u64>();
                }
                Err(error) => {
                    self.faults.push(format!("what follows its end cannot be read: {error}"));
                    break;
                }
            }
        }
        if hidden > 0 {
            self.faults.push(format!("{hidden} bytes that are not zero follow its end"));
        }
    }

    /// The data of a long name or a pax header.
    fn record(&self, entry: &mut impl Read) -> io::Result<Vec<u8>> {
        let mut data = Vec::new();
        entry.take(self.limits.record.saturating_add(1)).read_to_end(&mut data)?;
        if data.len() as u64 > self.limits.record {
            return Err(over_limit(format!(
                "a name or a pax header is longer than {} bytes",
                self.limits.record
            )));
        }
        Ok(data)
    }

    fn member(&mut self, entry: &mut tar::Entry<'_, impl Read>, before: Before) -> io::Result<()> {
        let header = entry.header().clone();
        let size = entry.size();
        let Before { name, link, records } = before;
        if records.number("size").is_some_and(|other| other != size) {
            return Err(io::Error::other(
                "its pax record and its header give different sizes, and readers differ in which they believe",
            ));
        }
        let until_zero = |mut bytes: Vec<u8>| {
            bytes.truncate(bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len()));
            bytes
        };
        let pax = |key: &str| records.get(key).map(<[u8]>::to_vec);
        let raw = pax("path").or(name.map(until_zero)).unwrap_or_else(|| header.path_bytes().into_owned());
        self.paths += raw.len() as u64;
        if self.paths > self.limits.paths {
            return Err(over_limit(format!(
                "all paths together are longer than {} bytes",
                self.limits.paths
            )));
        }
        if raw.len() > self.limits.path {
            return Err(over_limit(format!("a path is longer than {} bytes", self.limits.path)));
        }
        let target = || {
            let own = || header.link_name_bytes().unwrap_or_default().into_owned();
            pax("linkpath").or(link.map(until_zero)).unwrap_or_else(own)
        };
        let kind = header.entry_type();
        let is_sparse = kind.is_gnu_sparse() || records.iter().any(|(key, _)| key.starts_with("GNU.sparse."));
        let name = Name::read(&raw);
        let kind = match () {
            () if is_sparse => {
                if header.as_gnu().is_some_and(tar::GnuHeader::is_extended) && kind.is_gnu_sparse() {
                    return Err(io::Error::other(
                        "it is a sparse file of many pieces, whose length other readers differ in",
                    ));
                }
                Kind::Other("a sparse file, which no source tree needs".to_owned())
            }
            () if kind.is_dir() || kind.is_file() && raw.ends_with(b"/") => Kind::Directory,
            () if kind.is_file() || kind.is_contiguous() => Kind::File(self.file(entry, size, &name)?),
            () if kind.is_symlink() => Kind::Symlink { target: target() },
            () if kind.is_hard_link() => Kind::HardLink { target: Name::read(&target()) },
            () if kind.is_character_special() || kind.is_block_special() => {
                Kind::Other("a device".to_owned())
            }
            () if kind.is_fifo() => Kind::Other("a FIFO".to_owned()),
            () => Kind::Other(format!("of the unknown type `{}`", kind.as_byte().escape_ascii())),
        };
        self.headers.add(&header, &records, &name.path);
        let mtime = records.number("mtime").or_else(|| header.mtime().ok()).unwrap_or(0);
        self.members.push(Member { name, kind, mode: header.mode()? & 0o7777, mtime });
        Ok(())
    }

    /// Reads a file's bytes. What is not too long goes to the workers, and what they find out takes
    /// the place of what is returned.
    fn file(&self, entry: &mut impl Read, size: u64, name: &Name) -> io::Result<Content> {
        let cut_off =
            || io::Error::new(io::ErrorKind::UnexpectedEof, format!("it ends within `{}`", name.path));
        if size > self.limits.file {
            return Err(over_limit(format!("`{}` is longer than {} bytes", name.path, self.limits.file)));
        }
        if size <= WHOLE {
            let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
            if entry.read_to_end(&mut bytes)? as u64 != size {
                return Err(cut_off());
            }
            // The workers end after this sender does, so there is one.
            let _ = self.send.send((self.members.len(), bytes));
            return Ok(Content::unsearched(None, size));
        }
        let mut hasher = BlobHasher::new(size);
        let mut chunk = vec![0; 1 << 18];
        let mut left = size;
        while left > 0 {
            let length = entry.read(&mut chunk)?;
            if length == 0 {
                return Err(cut_off());
            }
            hasher.update(&chunk[..length]);
            left -= length as u64;
        }
        Ok(Content::unsearched(hasher.finish(), size))
    }
}

/// A reader that knows how far it is.
struct Counted<R> {
    inner: R,
    at: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.at += length as u64;
        Ok(length)
    }
}

fn unreadable(path: &Path, at: u64, error: &io::Error) -> Failure {
    let is_limit = error.get_ref().is_some_and(|inner| inner.is::<OverLimit>());
    let problem = Problem::new(format!("cannot read `{}` as a tarball to its end", path.display()))
        .note(format!("at byte {at} of the tar: {error}"));
    let help = match (is_limit, at) {
        (true, _) => "no source tarball needs that; to read on all the same, add `--unsafe-lift-limits`",
        (false, 0) => "expected .tar, .tar.gz, .tar.zst or .tar.xz",
        (false, _) => {
            "it is damaged, cut off, or made to be read in two ways: fetch it again and check its digest"
        }
    };
    Failure::new(Class::Verification, problem.help(help))
}

/// What a set of members is by path; of two with one path, the last, which is what unpacking leaves.
pub(super) fn by_path(members: &[Member]) -> BTreeMap<&str, usize> {
    members.iter().enumerate().map(|(number, member)| (member.name.path.as_str(), number)).collect()
}

/// The bytes that unpacking puts at a member's path, where it is a file: its own, or those of the
/// file that it is a hard link to.
pub(super) fn content<'m>(
    members: &'m [Member],
    member: &'m Member,
    names: &BTreeMap<&str, usize>,
) -> Option<&'m Content> {
    match &member.kind {
        Kind::File(content) => Some(content),
        Kind::HardLink { target } => match &members[*names.get(target.path.as_str())?].kind {
            Kind::File(content) if target.fault.is_none() => Some(content),
            _ => None,
        },
        _ => None,
    }
}
