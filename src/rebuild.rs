// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A release made again from what its tarball carries, and held against the one that is there.
//!
//! Nothing is written anywhere: the tar passes through its digest, the encodings go to `/dev/null`, and
//! of the released tar only the members' digests are kept. Where a member differs, the tarball is
//! read once more for the first byte.

#![allow(clippy::disallowed_methods, reason = "the encodings are written to /dev/null")]

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::archive::read::{self, Digested, Kind, Limits, Unseen};
use crate::archive::{self, Output, Watch, Written};
use crate::lock::{self, Request};
use crate::manifest::{Format, Location, Manifest};
use crate::model::{Class, Failure, Problem, Sha256};
use crate::plan::{self, Content, Entry, Node, Plan};
use crate::record;
use crate::source::{self, Network, Places, is_url};
use crate::verify::{self, Held, Opened};

/// What is to be made again.
#[derive(Debug)]
pub struct Options<'a> {
    /// A release directory or a tarball.
    pub path: &'a Path,
    /// Where sources are; the lock that the tarball carries stands.
    pub lock: Request<'a>,
    /// Whether only the tar is made, and no encoding of it.
    pub tar_only: bool,
    /// How many threads.
    pub jobs: usize,
}

/// What became of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Same {
    /// The same bytes.
    Identical,
    /// A compressed file of the same tar, by an encoder that gives other bytes.
    OtherEncoder,
    /// A compressed file of another tar than the one that was made again.
    OtherTar,
    /// A record with other bytes.
    OtherRecord,
}

/// One file of the release beside its new self.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// Its name.
    pub file: String,
    /// What became of it.
    pub same: Same,
    /// Its digest.
    pub released: Sha256,
    /// The digest of what was made again.
    pub again: Sha256,
}

/// A release that was made again.
#[derive(Debug)]
pub struct Rebuilt {
    /// The release.
    pub title: String,
    /// The tar that was released.
    pub released: Digested,
    /// The digest of the tar that was made again.
    pub again: Sha256,
    /// The first member that differs, where the tars do.
    pub first: Option<Problem>,
    /// Every other file that was made again.
    pub files: Vec<Compared>,
}

impl Rebuilt {
    /// Whether every byte is the same.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.released.sha256 == self.again && self.files.iter().all(|file| file.same == Same::Identical)
    }
}

/// Makes a release again and compares.
///
/// # Errors
/// The tarball is not of our dialect or carries no manifest and lock that agree; a source lacks what
/// the lock pins; whatever else `assemble` would stop at.
pub fn rebuild(
    options: &Options<'_>,
    planned: &dyn Fn(&Plan, &[Format]),
    watch: &dyn Watch,
) -> Result<Rebuilt, Failure> {
    // What the tarball carries, read strictly: nothing of it is unpacked.
    let Opened { place, tarball, carried } = verify::open(options.path, options.jobs)?;
    let members = tarball.members;
    let summary = tarball.outcome.summary.ok_or_else(|| broken_off(place.main()))?;
    require_places(&carried.manifest, &options.lock)?;

    // The stages of `assemble`, with the carried lock as it stands.
    let (locked, _) = lock::lock_with(carried.manifest, Some(carried.lock), carried.inputs, &options.lock)?;
    let plan = plan::make(locked, &carried.left_out)?;
    plan.require_objects()?;
    let encoded: Vec<(Format, &str)> = place
        .tarballs
        .iter()
        .filter(|(format, _)| *format != Format::Tar && !options.tar_only)
        .map(|(format, name)| (*format, name.as_str()))
        .collect();
    let formats: Vec<Format> = encoded.iter().map(|(format, _)| *format).collect();
    planned(&plan, &formats);
    let outputs = encoded
        .iter()
        .map(|(format, name)| Ok(Output { format: *format, file: nowhere()?, name: (*name).to_owned() }))
        .collect::<Result<_, Failure>>()?;
    let written = archive::write::<(), _>(&plan, outputs, options.jobs, None, |_, _| (), watch)?;

    // The tars, and of what differs the first member and byte.
    let first = if written.identity.sha256 == summary.identity.sha256 {
        None
    } else {
        Some(first_difference(&place, &members, &plan, &written)?)
    };
    let mut files = Vec::new();
    for ((_, name), (_, sum)) in encoded.iter().zip(&written.outputs) {
        files.push(compare(&place, name, sum.sha256, written.identity.sha256)?);
    }
    let table = place.names.origins();
    if place.has(&table) {
        let again = Sha256::of(&record::origins(&plan, &written.members));
        let released = verify::digest(place.open(&table)?)
            .map_err(|error| Failure::io("read", &place.path(&table), &error))?;
        let same = if again == released { Same::Identical } else { Same::OtherRecord };
        files.push(Compared { file: table, same, released, again });
    }
    Ok(Rebuilt {
        title: place.title,
        released: summary.identity,
        again: written.identity.sha256,
        first,
        files,
    })
}

fn broken_off(name: &str) -> Failure {
    Failure::new(Class::Verification, Problem::new(format!("`{name}` breaks off")))
}

fn nowhere() -> Result<File, Failure> {
    let path = PathBuf::from("/dev/null");
    File::options().write(true).open(&path).map_err(|error| Failure::io("write to", &path, &error))
}

/// What a tarball says of places is not followed: neither a path, which starts from a folder that is
/// not here, nor an address, which somebody may have put there for this machine to call.
fn require_places(manifest: &Manifest, request: &Request<'_>) -> Result<(), Failure> {
    let places = Places { network: Network::Offline, ..request.places.clone() };
    let mut problems = Vec::new();
    for (name, source) in &manifest.sources {
        if places.overrides.contains_key(name) {
            continue;
        }
        let note = match &source.location {
            Location::Git { url, .. } if is_url(&url.value) => {
                if source::open(manifest, source, &places).is_ok() {
                    continue;
                }
                format!("there is no mirror of {url} in the cache")
            }
            _ => "its manifest has a path, which starts from the folder of the manifest".to_owned(),
        };
        problems.push(
            Problem::new(format!("source `{name}` of the tarball is not at hand"))
                .note(note)
                .help(format!("give `--source {name}=PATH`")),
        );
    }
    if problems.is_empty() { Ok(()) } else { Err(Failure { class: Class::Source, problems }) }
}

/// Holds one compressed file against the digest of its new self.
fn compare(place: &verify::Place, name: &str, again: Sha256, identity: Sha256) -> Result<Compared, Failure> {
    let path = place.path(name);
    let released = verify::digest(place.open(name)?).map_err(|error| Failure::io("read", &path, &error))?;
    let same = if released == again {
        Same::Identical
    } else {
        let outcome = read::read(place.open(name)?, name, &Limits::default(), &mut Unseen)?;
        let holds = outcome.summary.map(|summary| summary.identity.sha256);
        if holds == Some(identity) && outcome.faults.is_empty() { Same::OtherEncoder } else { Same::OtherTar }
    };
    Ok(Compared { file: name.to_owned(), same, released, again })
}

/// The first member that differs, in the order of the tar.
fn first_difference(
    place: &verify::Place,
    members: &[Held],
    plan: &Plan,
    written: &Written<(), ()>,
) -> Result<Problem, Failure> {
    for (nth, held) in members.iter().enumerate() {
        let Some(entry) = plan.entries.get(nth) else {
            return Ok(at(held, "is in the released tar, and not in the one made again"));
        };
        if entry.path.as_str() != held.path {
            return Ok(at(held, "stands where the tar made again has another member")
                .note(format!("made again: `{}`", entry.path)));
        }
        let again = node_word(&entry.node);
        if again != held_word(held) {
            return Ok(at(held, "is another kind of member when made again")
                .note(format!("released    {}", held_word(held)))
                .note(format!("made again  {again}")));
        }
        let same = held.hashed.is_none_or(|hashed| match &entry.node {
            Node::File { .. } => hashed.sha256 == written.members[nth].sha256,
            _ => true,
        });
        if !same {
            let problem = at(held, "differs from the one made again")
                .note(format!(
                    "released    sha256 {}",
                    held.hashed.map_or_else(String::new, |h| h.sha256.to_string())
                ))
                .note(format!("made again  sha256 {}", written.members[nth].sha256));
            return Ok(match bytes_of(plan, entry)? {
                Some(bytes) => verify::first_byte(place, members, nth, problem, &bytes),
                None => problem,
            });
        }
    }
    if let Some(entry) = plan.entries.get(members.len()) {
        return Ok(Problem::new(format!("`{}` is not in the released tar", entry.path)));
    }
    Ok(Problem::new("the members are the same, and the headers around them are not").note(format!(
        "made again: commit {}, date {}",
        plan.primary_commit(),
        plan.date()
    )))
}

fn at(held: &Held, what: &str) -> Problem {
    Problem::new(format!("`{}` {what}", held.path))
        .note(format!("its header is at byte {} of the released tar", held.offset))
}

fn node_word(node: &Node) -> String {
    match node {
        Node::Directory => "a directory".to_owned(),
        Node::Symlink { target } => format!("a link to `{target}`"),
        Node::File { executable: true, .. } => "a file of mode 0755".to_owned(),
        Node::File { executable: false, .. } => "a file of mode 0644".to_owned(),
    }
}

fn held_word(held: &Held) -> String {
    match &held.kind {
        Kind::Directory => "a directory".to_owned(),
        Kind::Link { target } => format!("a link to `{target}`"),
        Kind::File { executable: true, .. } => "a file of mode 0755".to_owned(),
        Kind::File { executable: false, .. } => "a file of mode 0644".to_owned(),
    }
}

/// The content of an entry; none where it has none.
fn bytes_of(plan: &Plan, entry: &Entry) -> Result<Option<Vec<u8>>, Failure> {
    match &entry.node {
        Node::File { content: Content::Bytes(bytes), .. } => Ok(Some(bytes.to_vec())),
        Node::File { content: Content::Blob(source, blob), .. } => {
            let open = &plan.locked.sources[source];
            let mut buffer = Vec::new();
            open.repository.objects().read(blob.0, gix::objs::Kind::Blob, &mut buffer).map_err(|fault| {
                Problem::new(format!("blob {blob} {fault}")).note(open.describe()).into_source()
            })?;
            Ok(Some(buffer))
        }
        _ => Ok(None),
    }
}
