// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tarballs that others made, held against git: `make dist`, a vendor's, a hosting site's.
//!
//! Any tar that readers agree on is read, from front to back, within bounds, and nothing is
//! unpacked. Git's id of each member is computed from its bytes, so that git's own need not be read
//! but where they differ.

#![allow(clippy::disallowed_methods, reason = "the audited tarball is a file that others made")]

mod against;
mod baked;
mod change;
mod content;
mod headers;
mod judge;
mod members;
mod names;
mod pax;
mod score;
mod stream;
mod traces;
mod verdict;

use std::path::Path;

use serde::Serialize;

pub use against::{Against, Given, Search};
pub use baked::{Hit, Trace};
pub use change::Change;
pub use headers::{Field, Said};
pub use names::Map;
pub use score::Candidate;
pub use stream::{Compression, Limits};
pub use verdict::{Judged, Origin, Verdict, alarm};

use crate::model::{BlobId, Class, Failure, PathGlob, Problem, SourceName};
use crate::source::{Objects, Repository};
use judge::Judge;
use members::Kind;
use names::Maps;
use score::Wanted;

/// What to audit, and against what.
#[derive(Debug)]
pub struct Request<'r> {
    /// The tarball.
    pub tarball: &'r Path,
    /// The sources, at least one.
    pub sources: &'r [Given],
    /// Where members stand in the sources.
    pub maps: &'r [Map],
    /// What may be in the tarball without being in git.
    pub generated: &'r [PathGlob],
    /// How much is read.
    pub limits: Limits,
    /// How many threads.
    pub threads: usize,
}

/// A tracked file that the tarball does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The source.
    pub source: SourceName,
    /// The path there.
    pub path: String,
    /// Its content.
    pub blob: BlobId,
}

/// All that an audit found.
#[derive(Debug)]
pub struct Audit {
    /// How the tarball is compressed.
    pub compression: Compression,
    /// The length of the file, in bytes.
    pub packed: u64,
    /// The length of the tar, in bytes.
    pub size: u64,
    /// The single directory that everything stands in.
    pub top: Option<String>,
    /// What it was held against.
    pub against: Vec<Against>,
    /// Every member in the order of the tarball.
    pub members: Vec<Judged>,
    /// What is wrong with the tar as a whole; as bad as a hostile member.
    pub faults: Vec<String>,
    /// Comments of global pax headers; git writes its commit there.
    pub comments: Vec<String>,
    /// What the headers say of who made it.
    pub said: Vec<Said>,
    /// Tracked files that are not there.
    pub missing: Vec<Missing>,
    /// `--generated` globs that cover no member.
    pub unused: Vec<String>,
}

impl Audit {
    /// How many members each class of [`Verdict::CLASSES`] has.
    #[must_use]
    pub fn counts(&self) -> [usize; Verdict::CLASSES.len()] {
        let mut counts = [0; Verdict::CLASSES.len()];
        for member in &self.members {
            counts[member.verdict.class()] += 1;
        }
        counts
    }

    /// Comments that are not the commit of one of the sources.
    pub fn strange_comments(&self) -> impl Iterator<Item = &str> {
        let known =
            |comment: &str| self.against.iter().any(|against| against.commit.id.to_string() == comment);
        self.comments.iter().map(String::as_str).filter(move |comment| !known(comment))
    }
}

/// Audits a tarball.
///
/// # Errors
/// The tarball cannot be read to its end or goes over a limit; a source has no such revision, no tag
/// that fits, or a tree that cannot be believed; a map covers nothing.
pub fn audit(request: &Request<'_>) -> Result<Audit, Failure> {
    // Every member, with git's id of its bytes.
    let repositories: Vec<&Repository> = request.sources.iter().map(|given| &given.repository).collect();
    let read = members::read(request.tarball, request.limits, &repositories, request.threads)?;

    // Where each belongs in the sources.
    let sound = || read.members.iter().filter(|member| member.name.fault.is_none());
    let top = names::top_directory(
        sound().map(|member| (member.name.path.as_str(), matches!(member.kind, Kind::Directory))),
    );
    let maps = Maps::new(request.maps, top.clone());
    used(&maps, sound().map(|member| member.name.path.as_str()))?;

    // The commit of each source: the one that is named, or that of the tag that fits best.
    let title = top.clone().or_else(|| Some(request.tarball.file_name()?.to_string_lossy().into_owned()));
    let mut against = Vec::new();
    let names = members::by_path(&read.members);
    for given in request.sources {
        let files = sound().filter_map(|member| {
            let id = match &member.kind {
                Kind::Symlink { target } => content::Content::of(target).id?,
                _ => members::content(&read.members, member, &names)?.id?,
            };
            let place = maps.place(&member.name.path)?;
            place.source.is_none_or(|source| source == given.name).then_some((place.path, id))
        });
        let files: Vec<(String, BlobId)> = files.collect();
        let wanted = Wanted::new(files.iter().map(|(path, id)| (path.as_str(), *id)));
        let alone = request.sources.len() == 1;
        against.push(Against::find(given, &wanted, title.as_deref(), alone, request.threads)?);
    }

    // What each member is.
    let objects: Vec<Objects> = repositories.iter().map(|repository| repository.objects()).collect();
    let generated = request.generated;
    let judge =
        Judge { members: &read.members, maps: &maps, against: &against, objects: &objects, generated };
    let judgement = judge.judge();

    // What is not there.
    let mut missing = Vec::new();
    for (source, against) in against.iter().enumerate() {
        for (nth, file) in against.files.iter().enumerate() {
            if !judgement.present.contains(&(source, nth)) && maps.expects(&against.name, &file.path) {
                let (source, path) = (against.name.clone(), file.path.to_string());
                missing.push(Missing { source, path, blob: file.blob });
            }
        }
    }
    let unused = generated.iter().enumerate().filter(|(nth, _)| !judgement.used.contains(nth));
    let unused = unused.map(|(_, glob)| glob.as_str().to_owned()).collect();
    Ok(Audit {
        compression: read.compression,
        packed: read.packed,
        size: read.size,
        top,
        against,
        members: judgement.judged,
        faults: read.faults,
        said: read.headers.said(),
        comments: read.headers.comments,
        missing,
        unused,
    })
}

/// A map that covers nothing is a slip of the pen that would make half a tarball unexplained.
fn used<'p>(maps: &Maps<'_>, paths: impl Iterator<Item = &'p str>) -> Result<(), Failure> {
    let problems: Vec<Problem> = maps
        .unused(paths)
        .into_iter()
        .map(|map| {
            Problem::new(format!("no member of the tarball is under `{}`, which a `--map` names", map.from))
                .help("FROM is a path in the tarball, with or without its top directory")
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(Failure { class: Class::Usage, problems }) }
}
