// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A repository held against its metadata: what a reader would find missing or wrong, before one does.
//!
//! It shares no code with publishing beyond the names of things: what publishing wrote is worked out once
//! more from what is there.

mod derived;
mod release;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::head::{Head, expired};
use super::role::Role;
use super::{chain, signed};
use crate::model::{Class, Failure, Problem, Sha256};
use crate::repository::layout;
use crate::store::Store;

/// How closely files are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// That they are there and have the right length.
    Lengths,
    /// That they have the right bytes: each is read.
    Digests,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// How many releases were looked at.
    pub releases: usize,
    /// How many files of releases.
    pub files: usize,
    /// How many bytes they have.
    pub bytes: u64,
    /// What is wrong, sorted by the object's name.
    pub problems: Vec<Problem>,
    /// What will expire before long.
    pub near: Vec<Problem>,
    /// Objects that belong to nothing: what unfinished runs left, or somebody else put there.
    pub orphans: Vec<String>,
    /// How many objects are of an earlier state.
    pub history: usize,
}

/// Looks at everything.
///
/// # Errors
/// The store cannot be read. What is wrong with the repository is in the report.
pub fn check(
    store: &Store,
    head: &Head,
    depth: Depth,
    now: Timestamp,
    moved: &(dyn Fn(u64) + Sync),
) -> Result<Report, Failure> {
    let objects = store.list("")?.into_iter().collect();
    let mut look = Look {
        store,
        head,
        depth,
        moved,
        objects,
        seen: BTreeSet::new(),
        found: Vec::new(),
        report: Report::default(),
    };
    look.roots()?;
    look.ages(now);
    look.kernels()?;
    let mut files = BTreeMap::new();
    for (title, listed) in &head.catalog().releases {
        let sums = release::check(&mut look, title, listed)?;
        files.insert(title.as_str(), sums);
    }
    derived::check(&mut look, &files)?;
    Ok(look.finish())
}

/// A look at a repository: what was found so far.
struct Look<'a> {
    store: &'a Store,
    head: &'a Head,
    depth: Depth,
    moved: &'a (dyn Fn(u64) + Sync),
    /// The length of every object.
    objects: BTreeMap<String, u64>,
    /// The objects that belong to something.
    seen: BTreeSet<String>,
    /// Each problem with the object that it is about.
    found: Vec<(String, Problem)>,
    report: Report,
}

impl Look<'_> {
    fn wrong(&mut self, path: &str, problem: Problem) {
        self.found.push((path.to_owned(), problem));
    }

    /// Reads an object that must have this length and digest; says what is wrong where it has not.
    fn pinned(&mut self, path: &str, length: u64, sha256: Sha256) -> Result<Option<Vec<u8>>, Failure> {
        self.seen.insert(path.to_owned());
        match self.objects.get(path) {
            None => self.wrong(path, missing(path)),
            Some(&there) if there != length => self.wrong(path, wrong_length(path, there, length)),
            Some(_) => {
                if let Some((bytes, _)) = self.store.read(path, length)? {
                    if Sha256::of(&bytes) == sha256 {
                        return Ok(Some(bytes));
                    }
                    self.wrong(path, wrong_digest(path, Sha256::of(&bytes), sha256));
                }
            }
        }
        Ok(None)
    }

    /// Looks at a large file, of which the length is not always known.
    fn file(&mut self, path: &str, length: Option<u64>, sha256: Sha256) -> Result<(), Failure> {
        if !self.seen.insert(path.to_owned()) {
            return Ok(());
        }
        let Some(&there) = self.objects.get(path) else {
            self.wrong(path, missing(path));
            return Ok(());
        };
        self.report.files += 1;
        self.report.bytes += there;
        if let Some(length) = length
            && length != there
        {
            self.wrong(path, wrong_length(path, there, length));
            return Ok(());
        }
        if self.depth == Depth::Digests
            && let Some(extent) = self.store.measure(path, self.moved)?
            && extent.sha256 != sha256
        {
            self.wrong(path, wrong_digest(path, extent.sha256, sha256));
        }
        Ok(())
    }

    /// The chain of roots from the first on, and the copy at the top.
    fn roots(&mut self) -> Result<(), Failure> {
        let newest = self.head.versions().root;
        let roots = (1..=newest).map(|version| layout::role(version, Role::Root.word()));
        let lacking: Vec<String> = roots.clone().filter(|path| !self.objects.contains_key(path)).collect();
        self.seen.extend(roots);
        for path in &lacking {
            let note = "readers who trust an earlier root cannot follow the keys";
            self.wrong(path, missing(path).note(note).help("put it back from a copy of the repository"));
        }
        if lacking.is_empty() {
            match chain::read(self.store, None) {
                Ok(roots) if roots.last().is_some_and(|root| root.bytes == self.head.root_bytes()) => {}
                Ok(_) => {
                    let problem =
                        Problem::new("the first root leads to another newest root than the trusted one");
                    self.wrong(layout::METADATA, problem);
                }
                Err(failure) if failure.class == Class::Verification => {
                    for problem in failure.problems {
                        self.wrong(layout::METADATA, problem);
                    }
                }
                Err(failure) => return Err(failure),
            }
        }
        for role in Role::ALL {
            let keys: Vec<_> = self.head.keys(role).into_iter().map(|(id, _)| id).collect();
            let root = self.head.root();
            let publics: Vec<_> = keys.iter().filter_map(|id| root.keys.get(&id.0)).collect();
            let doubled = publics.iter().enumerate().any(|(nth, key)| publics[..nth].contains(key));
            if doubled || (publics.len() as u64) < signed::threshold(root, role) {
                let path = layout::role(newest, Role::Root.word());
                self.wrong(
                    &path,
                    Problem::new(format!(
                        "the keys of the {role} role cannot meet its threshold, or one stands twice"
                    )),
                );
            }
        }
        Ok(())
    }

    fn ages(&mut self, now: Timestamp) {
        for role in Role::ALL {
            let expires = self.head.expires(role);
            if expires <= now {
                self.wrong(layout::METADATA, expired(self.store, role, expires, now));
            }
        }
        let near = self.head.near(self.store, now).into_iter();
        self.report.near.extend(near.map(|(_, problem)| problem));
        let versions = self.head.versions();
        self.seen.insert(layout::TIMESTAMP.to_owned());
        self.seen.insert(layout::role(versions.snapshot, Role::Snapshot.word()));
        self.seen.insert(layout::role(versions.targets, Role::Targets.word()));
    }

    fn kernels(&mut self) -> Result<(), Failure> {
        if let Some((length, sha256)) = self.head.catalog().kernels {
            self.pinned(&layout::target(&sha256, layout::KERNELS), length, sha256)?;
        }
        Ok(())
    }

    fn finish(mut self) -> Report {
        let versions = self.head.versions();
        for path in self.objects.keys().filter(|path| !self.seen.contains(*path)) {
            if is_history(path, versions.snapshot, versions.targets) {
                self.report.history += 1;
            } else {
                self.report.orphans.push(path.clone());
            }
        }
        self.found.sort_by(|(a, one), (b, other)| (a, &one.title).cmp(&(b, &other.title)));
        self.report.problems = self.found.into_iter().map(|(_, problem)| problem).collect();
        self.report.releases = self.head.catalog().releases.len();
        self.report
    }
}

/// Whether an object is of an earlier state, which readers in the middle of a look may still want.
fn is_history(path: &str, snapshot: u64, targets: u64) -> bool {
    if let Some(name) = path.strip_prefix(layout::METADATA).and_then(|rest| rest.strip_prefix('/')) {
        let number = |ending: &str| name.strip_suffix(ending).and_then(|number| number.parse::<u64>().ok());
        return number(".snapshot.json").is_some_and(|number| number < snapshot)
            || number(".targets.json").is_some_and(|number| number < targets);
    }
    path.starts_with(layout::TARGETS) && path.ends_with(&format!(".{}", layout::KERNELS))
}

fn missing(path: &str) -> Problem {
    super::head::missing(path)
        .help("publish the release's directory again, or put it back from a copy of the repository")
}

fn wrong_length(path: &str, there: u64, length: u64) -> Problem {
    damaged(Problem::new(format!("`{path}` has {there} bytes instead of {length}")))
}

fn wrong_digest(path: &str, there: Sha256, sha256: Sha256) -> Problem {
    let problem = Problem::new(format!("`{path}` has other bytes than it must have"));
    damaged(problem.note(format!("there     sha256 {there}")).note(format!("expected  sha256 {sha256}")))
}

fn damaged(problem: Problem) -> Problem {
    problem.help("take it away and publish the release's directory again, or put it back from a copy")
}
