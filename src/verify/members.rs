// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Every member against what it must be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::carried::Carried;
use super::differ::{self, Original, Wanted};
use super::expect::Expectation;
use super::expected::{Expected, Origin, What};
use super::finding::{Finding, Findings, Step};
use super::pass::{Held, Tarball};
use super::sources::{Sources, Standing};
use super::{Place, problem_of};
use crate::archive::read::{Kind, Part};
use crate::model::{Problem, Sha256, SourceName};
use crate::source::BlobMode;

/// How far the members are proven. Directories have nothing to prove and count nowhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Files and links whose git id is the one that the pinned commit has at their origin.
    pub proven: usize,
    /// Patched files, rendered templates and records that were made once more, to the same bytes.
    pub replayed: usize,
    /// Files and links whose source is not at hand, by source.
    pub unproven: BTreeMap<String, usize>,
}

impl Counts {
    /// How many are not proven.
    #[must_use]
    pub fn unproven(&self) -> usize {
        self.unproven.values().sum()
    }
}

/// Holds the members against the expectation. What differs is named with its origin and, where the
/// original is at hand, with the first byte that differs.
pub fn check(
    place: &Place,
    tarball: &Tarball,
    carried: &Carried,
    sources: &Sources,
    expectation: &Expectation,
    findings: &mut Findings,
) -> Counts {
    let mut counts = Counts::default();
    let mut differing: Vec<(usize, Wanted)> = Vec::new();
    for (nth, held) in tarball.members.iter().enumerate() {
        let Some(expected) = expectation.members.get(held.path.as_str()) else {
            findings.push(in_member(held, extra(held, expectation)));
            continue;
        };
        match judge(held, expected) {
            Verdict::Proven => counts.proven += 1,
            Verdict::Replayed => counts.replayed += 1,
            Verdict::Nothing => {}
            Verdict::Unproven(source) => *counts.unproven.entry(source.to_string()).or_default() += 1,
            Verdict::Wrong(why) => {
                let problem = origin_notes(problem_of(held, &why), carried, expected);
                findings.push(in_member(held, problem));
            }
            Verdict::Differs(found, wanted) => {
                let problem = problem_of(held, "is not what its origin has");
                let problem = origin_notes(problem, carried, expected).note(found);
                differing.push((nth, Wanted { finding: in_member(held, problem), original: wanted }));
            }
        }
    }
    let differing = differing.into_iter().collect();
    findings.all.extend(differ::locate(place, &tarball.members, differing, sources));
    missing(tarball, carried, expectation, findings);
    contains(tarball, carried, expectation, findings);
    counts
}

/// `[contains]` of the manifest, over the tarball as it is.
fn contains(tarball: &Tarball, carried: &Carried, expectation: &Expectation, findings: &mut Findings) {
    let rules = &carried.manifest.contains;
    let files = || tarball.members.iter().filter(|member| member.kind != Kind::Directory);
    let manifest = &carried.manifest;
    for glob in &rules.must {
        let there = files().any(|member| glob.covers(&member.path))
            || expectation.dropped.iter().any(|path| glob.covers(path))
            || !expectation.knows_dropped;
        // Of what reading did not reach nothing can be said.
        if !there && tarball.outcome.summary.is_some() {
            let title = format!("the tarball must contain `{glob}`, and does not");
            let problem = manifest.problem(title, &glob.span, "required here");
            findings.push(Finding::new(Step::Members, problem));
        }
    }
    for glob in &rules.must_not {
        for member in files().filter(|member| glob.covers(&member.path)) {
            let title = format!("the tarball must not contain `{}`", member.path);
            findings.push(in_member(member, manifest.problem(title, &glob.span, "forbidden here")));
        }
    }
}

fn in_member(held: &Held, problem: Problem) -> Finding {
    Finding::new(Step::Members, problem).member(&*held.path).offset(held.offset)
}

enum Verdict<'e> {
    Proven,
    Replayed,
    Unproven(&'e SourceName),
    /// A directory.
    Nothing,
    /// The wrong kind of thing.
    Wrong(String),
    /// The right kind with another content: both sides, and where to get the original.
    Differs(String, Original),
}

fn judge<'e>(held: &Held, expected: &'e Expected) -> Verdict<'e> {
    let mode = match (&expected.what, &held.kind) {
        (What::Directory, Kind::Directory) => return Verdict::Nothing,
        (What::Unknown, Kind::File { .. } | Kind::Link { .. }) => None,
        (What::Blob(mode, _) | What::Bytes(mode, _), _) => Some(*mode),
        (What::Directory | What::Unknown, _) => {
            return Verdict::Wrong(format!("is a {}, and should be something else", held.word()));
        }
    };
    let found = match &held.kind {
        Kind::Directory => None,
        Kind::Link { .. } => Some(BlobMode::Symlink),
        Kind::File { executable: true, .. } => Some(BlobMode::Executable),
        Kind::File { executable: false, .. } => Some(BlobMode::File),
    };
    if let Some(mode) = mode
        && found != Some(mode)
    {
        return Verdict::Wrong(format!("is {}, and should be {}", shown(found), shown(Some(mode))));
    }
    let Some(hashed) = held.hashed else {
        return Verdict::Wrong("breaks off".to_owned());
    };
    let Some(id) = hashed.blob else {
        return Verdict::Wrong("bears the marks of a SHA-1 collision attack".to_owned());
    };
    match (&expected.what, &expected.origin) {
        (What::Blob(_, blob), _) if *blob == id => Verdict::Proven,
        (What::Blob(_, blob), Origin::Source { source, .. }) => Verdict::Differs(
            format!("found blob {id}, expected blob {blob}"),
            Original::Blob(source.clone(), *blob),
        ),
        (What::Bytes(_, bytes), _) => {
            // A link's target is not a digest of anything in the table; the bytes decide.
            let expected = Sha256::of(bytes);
            if expected == hashed.sha256 {
                Verdict::Replayed
            } else {
                Verdict::Differs(
                    format!("found sha256 {}, expected sha256 {expected}", hashed.sha256),
                    Original::Bytes(Arc::clone(bytes)),
                )
            }
        }
        (_, Origin::Source { source, .. }) => Verdict::Unproven(source),
        _ => Verdict::Nothing,
    }
}

fn shown(mode: Option<BlobMode>) -> &'static str {
    match mode {
        None => "a directory",
        Some(BlobMode::File) => "a file of mode 0644",
        Some(BlobMode::Executable) => "a file of mode 0755",
        Some(BlobMode::Symlink) => "a symbolic link",
    }
}

/// Says where a member must come from, down to the blob.
fn origin_notes(problem: Problem, carried: &Carried, expected: &Expected) -> Problem {
    let problem = problem.note(format!("origin: {}", expected.origin.words()));
    match &expected.origin {
        Origin::Source { source, from, .. } => match carried.lock.source.get(source.as_str()) {
            Some(pin) => problem
                .note(format!("commit {}", pin.commit))
                .help(format!("`git show {}:{from}` in a clone of {source} prints the original", pin.commit)),
            None => problem,
        },
        _ => problem,
    }
}

/// How far one member is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof<'e> {
    /// See [`Counts::proven`].
    Proven,
    /// See [`Counts::replayed`].
    Replayed,
    /// This source is not at hand.
    Unproven(&'e SourceName),
    /// A directory.
    Nothing,
}

/// Judges one member alone.
///
/// # Errors
/// It is not what it must be.
pub fn verdict<'e>(held: &Held, expected: &'e Expected, carried: &Carried) -> Result<Proof<'e>, Problem> {
    match judge(held, expected) {
        Verdict::Proven => Ok(Proof::Proven),
        Verdict::Replayed => Ok(Proof::Replayed),
        Verdict::Unproven(source) => Ok(Proof::Unproven(source)),
        Verdict::Nothing => Ok(Proof::Nothing),
        Verdict::Wrong(why) => Err(origin_notes(problem_of(held, &why), carried, expected)),
        Verdict::Differs(found, _) => {
            let problem = problem_of(held, "is not what its origin has");
            Err(origin_notes(problem, carried, expected).note(found))
        }
    }
}

/// A member that no rule puts there.
fn extra(held: &Held, expectation: &Expectation) -> Problem {
    let problem = problem_of(held, "is in the tarball, and nothing puts it there");
    if expectation.dropped.contains(&held.path) {
        return problem.note("`.lustre-dist/left-out` says that it was left out");
    }
    problem.note("no rule of the manifest takes, renders or records it")
}

/// Members that the tarball does not have. One that the strict reader could not believe was named
/// already; behind the place where reading ended nothing can be said.
fn missing(tarball: &Tarball, carried: &Carried, expectation: &Expectation, findings: &mut Findings) {
    let held: BTreeSet<&str> = tarball.members.iter().map(|member| member.path.as_str()).collect();
    let named: BTreeSet<&str> = tarball
        .outcome
        .faults
        .iter()
        .filter_map(|fault| match &fault.part {
            Part::Member { path, .. } => Some(path.trim_end_matches('/')),
            _ => None,
        })
        .collect();
    let mut unread = 0;
    let mut unnamed = tarball.outcome.faults.iter().filter(|fault| fault.member().is_some()).count();
    let sorted = |path: &str, directory: bool| format!("{path}{}", if directory { "/" } else { "" });
    let last = tarball
        .members
        .last()
        .map(|member| sorted(&member.path, member.kind == Kind::Directory))
        .unwrap_or_default();
    for (path, expected) in &expectation.members {
        let path = path.as_str();
        if held.contains(path) || named.contains(path) {
            continue;
        }
        if tarball.outcome.summary.is_none() && sorted(path, expected.what == What::Directory) > last {
            unread += 1;
            continue;
        }
        // A member whose very name is damaged was named by its place.
        if unnamed > 0 && tarball.outcome.summary.is_none() {
            unnamed -= 1;
            continue;
        }
        let problem = Problem::new(format!("`{path}` is missing from the tarball"));
        findings.push(Finding::new(Step::Members, origin_notes(problem, carried, expected)).member(path));
    }
    if unread > 0 {
        findings.not_checked(Step::Members, format!("{unread} members behind the place where reading ended"));
    }
}

/// The sources that are not at hand, each with how many members wait for it and why it is not.
pub fn away(counts: &Counts, sources: &Sources) -> Vec<(String, usize, String)> {
    counts
        .unproven
        .iter()
        .map(|(name, count)| {
            let why = sources.iter().find_map(|(source, standing)| match standing {
                Standing::Away(why) if source.as_str() == name => Some(why.clone()),
                _ => None,
            });
            (name.clone(), *count, why.unwrap_or_default())
        })
        .collect()
}
