// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Where one member comes from, down to the commit, the blob, the patches and the rule that took it.

use std::path::Path;

use super::expected::{Expected, Origin, What};
use super::{Place, Sources, faults, finding::Findings, members, pass, problem_of};
use crate::archive::read::{Kind, Limits};
use crate::lock::Pin;
use crate::manifest::{Carries, Destination, Location};
use crate::model::{BlobId, Class, CommitId, Failure, Place as TextPlace, Problem, Sha256};
use crate::plan::RECORDS;
use crate::source::Places;

use super::carried::Carried;
use super::sources::Standing;

/// Where one member comes from.
#[derive(Debug, Clone)]
pub struct Trace {
    /// The release.
    pub title: String,
    /// The member.
    pub path: String,
    /// `file`, `symlink` or `directory`.
    pub kind: &'static str,
    /// Its mode.
    pub mode: &'static str,
    /// Its length.
    pub size: u64,
    /// A link's target.
    pub target: Option<String>,
    /// Its digest; a file's only.
    pub sha256: Option<Sha256>,
    /// The id that git gives its content.
    pub blob: Option<BlobId>,
    /// Where its header stands in the tar.
    pub offset: u64,
    /// Where it comes from.
    pub from: From,
    /// Whether that was checked.
    pub checked: Checked,
}

/// What a member is made from.
#[derive(Debug, Clone)]
pub enum From {
    /// It is on the way to others: how many of them each layer has below it.
    Directory(Vec<(String, usize)>),
    /// A file or link of a source.
    Source(Box<SourceFile>),
    /// A template, by its path in `.lustre-dist/`, with the place in the manifest that asks for it.
    Template(String, TextPlace),
    /// A record of the tool: which one.
    Record(&'static str),
}

/// A file of a source.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The layer that takes it.
    pub layer: String,
    /// The rule that takes it, as the manifest has it.
    pub take: String,
    /// Where that rule stands.
    pub rule: Option<TextPlace>,
    /// The source.
    pub source: String,
    /// Where the source is: on this machine where it is at hand, by the manifest otherwise.
    pub at: String,
    /// Whether it is at hand.
    pub here: bool,
    /// What the manifest asks for there.
    pub wanted: String,
    /// The commit.
    pub commit: CommitId,
    /// The path there.
    pub path: String,
    /// The blob there; none for a file that a patch created, or where only the source can say.
    pub blob: Option<BlobId>,
    /// The patches that changed it, in order.
    pub patches: Vec<Patch>,
}

impl SourceFile {
    /// The git command that prints the original; to be run in a clone where the source is not at hand.
    #[must_use]
    pub fn command(&self) -> String {
        let place = if self.here { format!("-C {} ", quoted(&self.at)) } else { String::new() };
        format!("git {place}show {}", quoted(&format!("{}:{}", self.commit, self.path)))
    }
}

/// A patch, and what stands behind it.
#[derive(Debug, Clone)]
pub struct Patch {
    /// The file below `.lustre-dist/`.
    pub file: String,
    /// The upstream commit that it carries.
    pub upstream: Option<String>,
    /// Why there is none.
    pub reason: Option<String>,
}

/// Whether an origin was checked.
#[derive(Debug, Clone)]
pub enum Checked {
    /// The source was at hand, and has this content there.
    Proven,
    /// It was made once more, to the same bytes.
    Replayed,
    /// The source is not at hand, and why.
    NotProven(String),
    /// There is nothing to check about a directory.
    Nothing,
    /// It is not what its origin has.
    Wrong(Box<Problem>),
}

/// Tells where a member comes from.
///
/// # Errors
/// The tarball is not sound, or has no such member.
pub fn trace(path: &Path, member: &str, places: &Places, jobs: usize) -> Result<Trace, Failure> {
    let place = Place::look(path)?;
    let (sender, starts) = crossbeam_channel::bounded(1);
    let mut tarball = pass::read(&place, place.main(), &Limits::default(), jobs, sender)?;
    let (basis, mut findings) = match starts.recv() {
        Ok(start) => super::basis_of(&start, places),
        Err(_) => (None, Findings::default()),
    };
    if let Some(basis) = &basis {
        super::allow(&mut tarball.outcome, &basis.carried.manifest);
    }
    // An origin in a tarball that is not sound would be a guess.
    findings.all.retain(|finding| finding.step != super::Step::Members);
    faults(place.main(), &tarball.outcome, &mut findings);
    let (Some(basis), true) = (basis, findings.all.is_empty()) else {
        findings.sort();
        let problems = findings.all.into_iter().map(|finding| finding.problem).collect();
        return Err(Failure { class: Class::Verification, problems });
    };
    let wanted = member.strip_prefix("./").unwrap_or(member);
    let wanted = wanted.strip_prefix(&place.title).and_then(|rest| rest.strip_prefix('/')).unwrap_or(wanted);
    let wanted = wanted.trim_end_matches('/');
    let names = || tarball.members.iter().map(|member| member.path.as_str());
    let Some(held) = tarball.members.iter().find(|member| member.path == wanted) else {
        return Err(Failure::new(Class::Usage, no_such(&place.title, wanted, names())));
    };
    let Some(expected) = basis.expectation.members.get(wanted) else {
        let problem = problem_of(held, "is in the tarball, and nothing puts it there")
            .help("`lustre-dist verify` tells all that is wrong");
        return Err(Failure::new(Class::Verification, problem));
    };
    let (carried, sources) = (&basis.carried, &basis.sources);
    let from = match &expected.origin {
        Origin::Parent => From::Directory(below(wanted, &basis.expectation.members)),
        Origin::Source { .. } => source_file(carried, sources, held, expected)
            .map(|file| From::Source(Box::new(file)))
            .ok_or_else(|| Problem::new(format!("the lock does not pin the source of `{wanted}`")))?,
        Origin::Template(file) => {
            let manifest = &carried.manifest;
            let span = manifest
                .templates
                .iter()
                .find(|template| template.to.as_str() == wanted)
                .map_or(0..0, |template| template.to.span.clone());
            From::Template(file.clone(), TextPlace { source: manifest.text.clone(), span })
        }
        Origin::Record(what) => From::Record(what),
    };
    let checked = match members::verdict(held, expected, carried) {
        Ok(members::Proof::Proven) => Checked::Proven,
        Ok(members::Proof::Replayed) => Checked::Replayed,
        Ok(members::Proof::Nothing) => Checked::Nothing,
        Ok(members::Proof::Unproven(source)) => Checked::NotProven(match sources.get(source) {
            Some(Standing::Away(why)) => why.clone(),
            _ => "its source is not at hand".to_owned(),
        }),
        Err(problem) => Checked::Wrong(Box::new(problem)),
    };
    Ok(Trace {
        title: place.title.clone(),
        path: held.path.clone(),
        kind: held.word(),
        mode: held.mode(),
        size: held.size(),
        target: match &held.kind {
            Kind::Link { target } => Some(target.clone()),
            _ => None,
        },
        sha256: held.hashed.filter(|_| matches!(held.kind, Kind::File { .. })).map(|hashed| hashed.sha256),
        blob: held.hashed.and_then(|hashed| hashed.blob),
        offset: held.offset,
        from,
        checked,
    })
}

fn source_file(
    carried: &Carried,
    sources: &Sources,
    held: &pass::Held,
    expected: &Expected,
) -> Option<SourceFile> {
    let Origin::Source { layer: name, source, from, blob, patches } = &expected.origin else { return None };
    let manifest = &carried.manifest;
    let pin: &Pin = carried.lock.source.get(source.as_str())?;
    let layer = manifest.layers.iter().find(|layer| layer.name.value == *name)?;
    let take = layer.take.iter().find(|take| take.from.covers(from));
    let at = match (sources.get(source), &manifest.sources.get(source)?.location) {
        (Some(Standing::Here(open, _)), _) => open.repository.path().display().to_string(),
        (_, Location::Git { url, .. }) => url.value.clone(),
        (_, Location::Bundle { path }) => path.value.clone(),
    };
    Some(SourceFile {
        layer: name.to_string(),
        take: take.map_or_else(String::new, |take| {
            let to = match take.to.as_ref().map(|to| &to.value) {
                None => String::new(),
                Some(Destination::Top) => " -> .".to_owned(),
                Some(Destination::Directory(to)) => format!(" -> {to}/"),
                Some(Destination::Name(to)) => format!(" -> {to}"),
            };
            format!("{}{to}", take.from)
        }),
        rule: take.map(|take| TextPlace { source: manifest.text.clone(), span: take.from.span.clone() }),
        source: source.to_string(),
        at,
        here: matches!(sources.get(source), Some(Standing::Here(..))),
        wanted: pin.wanted.clone(),
        commit: pin.commit,
        path: from.clone(),
        blob: match (&expected.what, patches.is_empty()) {
            (What::Unknown, true) => held.hashed.and_then(|hashed| hashed.blob),
            _ => *blob,
        },
        patches: patches.iter().map(|file| patch(carried, layer, file)).collect(),
    })
}

fn patch(carried: &Carried, layer: &crate::manifest::Layer, file: &str) -> Patch {
    let entry = layer
        .patches
        .iter()
        .find(|entry| carried.inputs.patches(entry).iter().any(|(name, _)| *name == file));
    let (upstream, reason) = match entry.map(|entry| &entry.carries) {
        Some(Carries::Upstream(commit)) => (Some(commit.clone()), None),
        Some(Carries::Reason(reason)) => (None, Some(reason.clone())),
        None => (None, None),
    };
    Patch { file: format!("{RECORDS}/{file}"), upstream, reason }
}

/// How many members each layer has below a directory.
fn below(
    directory: &str,
    members: &std::collections::BTreeMap<crate::model::TarPath, Expected>,
) -> Vec<(String, usize)> {
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for (path, expected) in members {
        let inside = path.as_str().strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'));
        let layer = match &expected.origin {
            Origin::Source { layer, .. } => layer.to_string(),
            Origin::Template(_) => "templates".to_owned(),
            Origin::Record(_) => "records".to_owned(),
            Origin::Parent => continue,
        };
        if inside {
            *counts.entry(layer).or_default() += 1;
        }
    }
    counts.into_iter().collect()
}

/// The members that are most like a name that is none.
fn no_such<'m>(title: &str, wanted: &str, names: impl Iterator<Item = &'m str>) -> Problem {
    let last = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let mut near: Vec<(usize, &str)> = names
        .filter_map(|name| {
            // The right file in another folder is nearer than any misspelling.
            let distance =
                if last(name) == last(wanted) { 0 } else { strsim::damerau_levenshtein(name, wanted) };
            (distance <= wanted.len() / 4 + 1).then_some((distance, name))
        })
        .collect();
    near.sort_unstable();
    let problem = Problem::new(format!("`{title}` has no member `{wanted}`"));
    match near.as_slice() {
        [] => problem.help("`tar --list` shows what it has"),
        near => {
            let names: Vec<String> = near.iter().take(3).map(|(_, name)| format!("`{name}`")).collect();
            problem.help(format!("did you mean {}?", names.join(" or ")))
        }
    }
}

/// A word for a shell, quoted where it needs to be.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%,=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
