// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A tarball, ours or anybody's: its members, hashed while they stream by, and the records inside.
//!
//! This reader is lenient, as tarballs that `make dist` wrote must be comparable too; what it holds in
//! memory is bounded, whatever the headers claim.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;

use sha2::Digest as _;
use tar::{EntryType, PaxExtensions};

use super::lines::LARGEST;
use super::side::{Member, Side, SourceAt, Store, origin_lines};
use crate::lock::Lock;
use crate::model::{BlobId, Class, Failure, Problem, Sha256};
use crate::plan::RECORDS;
use crate::release::plain;

/// How many members a tarball may have.
const MOST: usize = 1_000_000;
/// How long a name, a link's target or a pax header may be.
const LONGEST: u64 = 1 << 20;
/// How many bytes the table of origins or the lock may have.
const LARGEST_RECORD: u64 = 256 << 20;
/// How much memory the xz decoder may use.
const XZ_MEMORY: u64 = 1 << 30;

/// Reads the tarball at `path`, in any of the encodings that releases have.
///
/// # Errors
/// It cannot be read, is no tarball, or holds what no release does.
pub fn open_tarball(path: &Path) -> Result<Side, Failure> {
    let mut members: BTreeMap<String, Member> = BTreeMap::new();
    let mut hard_links = Vec::new();
    let mut records: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
    let mut top: Option<String> = None;
    each(path, &mut |head, content| {
        let (first, below) = head.path.split_once('/').unwrap_or((&head.path, ""));
        if *top.get_or_insert_with(|| first.to_owned()) != first {
            return Err(broken(path, &format!("`{}` is not below its top directory", head.path)));
        }
        let mode = format!("{:04o}", head.mode & 0o777);
        let mut member = Member { mode, ..Member::default() };
        match head.kind {
            EntryType::Directory => return Ok(()),
            EntryType::Symlink => member.target = Some(head.target.clone()),
            EntryType::Link => hard_links.push((below.to_owned(), head.target.clone())),
            _ => {
                let wanted = below.strip_prefix(RECORDS).and_then(|rest| rest.strip_prefix('/'));
                let name = ["origins.jsonl", "manifest.lock"].into_iter().find(|name| wanted == Some(*name));
                let mut kept = name.filter(|_| head.size <= LARGEST_RECORD).map(|_| Vec::new());
                let (sha256, blob) = digests(path, head, content, kept.as_mut())?;
                (member.sha256, member.blob) = (Some(sha256), blob);
                if let (Some(name), Some(bytes)) = (name, kept) {
                    records.insert(name, bytes);
                }
            }
        }
        members.insert(below.to_owned(), member);
        Ok(())
    })?;
    for (from, to) in hard_links {
        let to = to.split_once('/').map_or("", |(_, below)| below);
        let Some(target) = members.get(to).cloned() else {
            return Err(broken(path, &format!("`{from}` is a hard link to nothing")));
        };
        members.insert(from, target);
    }
    let Some(title) = top else { return Err(broken(path, "it is empty")) };
    let shown = |name: &str| format!("{}:{RECORDS}/{name}", path.display());
    let origins = match records.get("origins.jsonl") {
        Some(bytes) => origin_lines(&shown("origins.jsonl"), bytes)?,
        None => Vec::new(),
    };
    let has_layers = !origins.is_empty();
    for line in origins {
        if let Some(member) = members.get_mut(&line.path) {
            (member.layer, member.template, member.record) = (line.layer, line.template, line.record);
        }
    }
    let lock = match records.remove("manifest.lock") {
        Some(bytes) => Some(Lock::parse(Path::new(&shown("manifest.lock")), &bytes)?),
        None => None,
    };
    let sources = lock.iter().flat_map(|lock| &lock.source).map(|(name, pin)| {
        let at = SourceAt { name: pin.tag_name().unwrap_or(&pin.wanted).to_owned(), commit: pin.commit };
        (name.clone(), at)
    });
    Ok(Side {
        given: path.display().to_string(),
        title,
        sources: sources.collect(),
        version: lock.map(|lock| lock.version),
        has_layers,
        members,
        store: Store::Tarball(path.to_owned()),
    })
}

/// The bytes of these files; those that are too large to be compared by lines are left out.
pub(super) fn contents(path: &Path, wanted: &BTreeSet<String>) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let mut found = BTreeMap::new();
    each(path, &mut |head, content| {
        let below = head.path.split_once('/').map_or("", |(_, below)| below);
        if wanted.contains(below) && head.kind.is_file() && head.size <= LARGEST {
            let mut bytes = Vec::new();
            content.read_to_end(&mut bytes).map_err(|error| broken(path, &error.to_string()))?;
            found.insert(below.to_owned(), bytes);
        }
        Ok(())
    })?;
    Ok(found)
}

/// What a member's headers say.
struct Head {
    path: String,
    target: String,
    kind: EntryType,
    mode: u32,
    size: u64,
}

/// Calls `visit` with every member that is a file, a link or a directory.
fn each(
    path: &Path,
    visit: &mut dyn FnMut(&Head, &mut dyn Read) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let fault = |error: std::io::Error| broken(path, &error.to_string());
    let mut archive = tar::Archive::new(decoder(path)?);
    let (mut long_path, mut long_target) = (None, None);
    // Raw: the crate would read a name of any claimed length into memory.
    let entries = archive.entries().map_err(fault)?.raw(true);
    for (nth, entry) in entries.enumerate() {
        let mut entry = entry.map_err(fault)?;
        if nth >= MOST {
            return Err(broken(path, &format!("it has more than {MOST} members")));
        }
        let header = entry.header().clone();
        let (kind, size) = (header.entry_type(), header.entry_size().map_err(fault)?);
        let text = |entry: &mut dyn Read| -> Result<Vec<u8>, Failure> {
            if size > LONGEST {
                return Err(broken(path, &format!("a header of {size} bytes")));
            }
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(fault)?;
            Ok(bytes)
        };
        match kind {
            EntryType::XGlobalHeader => {}
            EntryType::XHeader => {
                let bytes = text(&mut entry)?;
                for extension in PaxExtensions::new(&bytes) {
                    let extension = extension.map_err(fault)?;
                    match extension.key_bytes() {
                        b"path" => long_path = Some(extension.value_bytes().to_vec()),
                        b"linkpath" => long_target = Some(extension.value_bytes().to_vec()),
                        b"size" => return Err(broken(path, "a member of more than 8 GiB")),
                        _ => {}
                    }
                }
            }
            EntryType::GNULongName => long_path = Some(without_zero(text(&mut entry)?)),
            EntryType::GNULongLink => long_target = Some(without_zero(text(&mut entry)?)),
            EntryType::Regular
            | EntryType::Continuous
            | EntryType::Link
            | EntryType::Symlink
            | EntryType::Directory => {
                let name = long_path.take().unwrap_or_else(|| header.path_bytes().into_owned());
                let target = long_target
                    .take()
                    .or_else(|| header.link_name_bytes().map(std::borrow::Cow::into_owned))
                    .unwrap_or_default();
                let name = String::from_utf8_lossy(&name).into_owned();
                // Before POSIX, a slash at the end was what made a directory.
                let kind = if name.ends_with('/') { EntryType::Directory } else { kind };
                let name = name.trim_start_matches("./").trim_end_matches('/').to_owned();
                let mut target = String::from_utf8_lossy(&target).into_owned();
                if kind == EntryType::Link {
                    // A hard link names a member, as that is named.
                    target = target.trim_start_matches("./").to_owned();
                }
                if !name.is_empty() && name != "." {
                    let mode = header.mode().map_err(fault)?;
                    visit(&Head { path: name, target, kind, mode, size }, &mut entry)?;
                }
            }
            other => {
                let name = String::from_utf8_lossy(&header.path_bytes()).into_owned();
                return Err(broken(path, &format!("`{name}` is of the type {:?}", other.as_byte() as char)));
            }
        }
    }
    Ok(())
}

fn without_zero(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.last() == Some(&0) {
        bytes.pop();
    }
    bytes
}

/// Both digests of a file, whose bytes are kept where somebody wants them.
fn digests(
    path: &Path,
    head: &Head,
    content: &mut dyn Read,
    mut kept: Option<&mut Vec<u8>>,
) -> Result<(Sha256, Option<BlobId>), Failure> {
    let mut sha256 = sha2::Sha256::new();
    let mut blob = gix::hash::hasher(gix::hash::Kind::Sha1);
    blob.update(format!("blob {}\0", head.size).as_bytes());
    let mut chunk = vec![0; 64 << 10];
    let mut length = 0;
    loop {
        let count = content.read(&mut chunk).map_err(|error| broken(path, &error.to_string()))?;
        if count == 0 {
            break;
        }
        length += count as u64;
        sha256.update(&chunk[..count]);
        blob.update(&chunk[..count]);
        if let Some(kept) = &mut kept {
            kept.extend_from_slice(&chunk[..count]);
        }
    }
    if length != head.size {
        return Err(broken(path, &format!("it ends within `{}`", head.path)));
    }
    // The hasher has one way to fail: it saw an attack. Then the other digest has to do.
    Ok((Sha256(sha256.finalize().into()), blob.try_finalize().ok().map(BlobId)))
}

/// A reader of the tar in a file, whose first bytes say how it is encoded.
fn decoder(path: &Path) -> Result<Box<dyn Read>, Failure> {
    let fault = |error: &std::io::Error| broken(path, &error.to_string());
    let file = plain::open(path).map_err(|error| Failure::io("open", path, &error))?;
    let mut file = BufReader::with_capacity(1 << 18, file);
    let start = file.fill_buf().map_err(|error| fault(&error))?;
    Ok(match start {
        [0x1f, 0x8b, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            Box::new(zstd::stream::read::Decoder::with_buffer(file).map_err(|error| fault(&error))?)
        }
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
            let stream =
                liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY, liblzma::stream::CONCATENATED)
                    .map_err(|error| fault(&error.into()))?;
            Box::new(liblzma::bufread::XzDecoder::new_stream(file, stream))
        }
        _ if start.get(257..262) == Some(b"ustar") => Box::new(file),
        _ => {
            return Err(Failure::new(
                Class::Usage,
                Problem::new(format!("`{}` is neither a tarball nor a manifest", path.display()))
                    .help("expected a release directory, a .tar, .tar.gz, .tar.zst or .tar.xz, or a .toml"),
            ));
        }
    })
}

fn broken(path: &Path, why: &str) -> Failure {
    let problem = Problem::new(format!("the tarball `{}` cannot be read", path.display()))
        .note(why)
        .help("get it again from where it was published");
    Failure::new(Class::Verification, problem)
}
