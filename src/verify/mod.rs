// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Whether a release is what it says: every byte of its tarball accounted for, or a list of problems.
//!
//! [`verify`] tells the story. It shares no code with `plan` and the writer beyond the renderer of
//! templates: which member must be there, from which blob, and what every record must say is worked out
//! here once more (`expect`), from the manifest and lock that the tarball carries (`carried`) and the
//! trees of the pinned commits (`sources`).
//!
//! A member is **proven** when the id that git gives its bytes is the one that the tree of the pinned
//! commit has at its origin, **replayed** when its bytes were made once more from what they come from,
//! and **unproven** when its source is not at hand. Where a commit, a patch or a manifest comes from is
//! for signatures to say; the summary names the manifest's digest and the commits.

#![allow(clippy::disallowed_methods, reason = "the files of a release are read here")]

mod carried;
mod description;
mod differ;
mod expect;
mod expected;
mod files;
mod finding;
mod hash;
mod json;
mod members;
mod pass;
mod replay;
mod signed;
mod sources;
mod statement;
mod table;
mod trace;

use std::path::Path;

use crossbeam_channel::bounded;
use serde_json::Value;

use crate::archive::read::{self as archive, Digested, Limits, Outcome as Read, Part, Unseen};
use crate::manifest::Manifest;
use crate::model::{Class, Failure, Problem, Sha256};
use crate::record::Description;
use crate::source::Places;
use expect::Expectation;
use sources::Sources;

pub use carried::{Carried, Claim, Trusted};
pub use files::{Place, digest};
pub use finding::{Finding, Findings, Outcome, Step};
pub use members::Counts;
pub use pass::{Held, Start, Tarball};
pub use signed::Signers;
pub use trace::{Checked, From as TraceFrom, Patch as TracePatch, SourceFile, Trace, trace};

/// What is to be verified, and against what.
#[derive(Debug)]
pub struct Request<'a> {
    /// A release directory or a tarball.
    pub path: &'a Path,
    /// Where sources are. The network is never used.
    pub places: &'a Places,
    /// The manifest that the release must have been made from, where the user has it.
    pub trusted: Option<&'a Trusted>,
    /// The keys that must have signed it; without them signatures are not looked at.
    pub signers: Option<signed::Signers<'a>>,
    /// Whether a member that is not proven is a problem.
    pub require_proof: bool,
    /// How many threads hash.
    pub jobs: usize,
}

/// What a verification found.
#[derive(Debug)]
pub struct Report {
    /// The release.
    pub title: String,
    /// The uncompressed tar, where it could be read to its end.
    pub identity: Option<Digested>,
    /// How many members the tarball has, directories among them.
    pub members: usize,
    /// How far they are proven.
    pub counts: Counts,
    /// Sources that are not at hand: name, how many members wait for it, why.
    pub away: Vec<(String, usize, String)>,
    /// What every step says, and everything that is wrong.
    pub findings: Findings,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.findings.all.is_empty()
    }
}

/// Everything that follows from what a tarball carries and the sources at hand.
struct Basis {
    carried: Carried,
    sources: Sources,
    expectation: Expectation,
}

/// Verifies a release.
///
/// # Errors
/// Nothing that is a release is there, or it cannot be read. What is wrong with it is in the report.
///
/// # Panics
/// When one of its threads did.
pub fn verify(request: &Request<'_>) -> Result<Report, Failure> {
    let place = Place::look(request.path)?;
    let mut findings = Findings::default();

    // The records beside the tarballs. A description with its digest bounds what is decoded.
    let beside = files::read(&place, &mut findings);
    let described = beside
        .description
        .as_ref()
        .and_then(|bytes| description::read(&place.names.description(), bytes, &mut findings));
    let limits =
        limits(&place, &beside, described.as_ref().map(|(description, _)| description.identity.size));

    // One tarball is looked at member by member; the others must decode to the same tar. What must be
    // in it is worked out as soon as the manifest has passed by, while the rest is still decoded.
    let (tarball, basis, others) = std::thread::scope(|scope| {
        let others: Vec<_> = place.tarballs[1..]
            .iter()
            .map(|(_, name)| scope.spawn(|| alone(&place, name, &limits)))
            .collect();
        let (to_basis, starts) = bounded(1);
        let basis = scope.spawn(move || starts.recv().ok().map(|start| basis_of(&start, request.places)));
        let tarball = pass::read(&place, place.main(), &limits, request.jobs, to_basis)?;
        let basis = basis.join().expect("working out what must be there does not panic");
        let others = others
            .into_iter()
            .map(|other| other.join().expect("reading does not panic"))
            .collect::<Result<Vec<_>, Failure>>()?;
        Ok::<_, Failure>((tarball, basis, others))
    })?;
    let mut tarball = tarball;
    let (basis, of_basis) = basis.map_or((None, None), |(basis, findings)| (basis, Some(findings)));
    if let Some(found) = of_basis {
        findings.extend(found);
    }

    // The tar itself, and that every encoding holds it.
    judge_tar(&place, &mut tarball, basis.as_ref(), &mut findings);
    let mut artifacts = vec![(place.tarballs[0].0, place.tarballs[0].1.clone(), tarball.outcome.file)];
    for ((format, name), other) in place.tarballs[1..].iter().zip(others) {
        artifacts.push((*format, name.clone(), other.file));
        judge_other(&place, name, &tarball.outcome, other, basis.as_ref(), &mut findings);
    }
    let mut checked = beside.checked;
    for (_, name, sum) in &artifacts {
        if let Some(expected) = beside.tarballs.get(name).filter(|expected| **expected != sum.sha256) {
            findings.push(files::another(name, expected, &sum.sha256));
            checked -= 1;
        }
    }
    if let Some(sums) = &beside.sums {
        let (all, name) = (sums.0.len(), place.names.sums());
        findings
            .checked(Step::Files, format!("{checked} of the {all} files that {name} lists have its digests"));
    }

    // Members, tables and description against what must be there.
    let mut counts = Counts::default();
    let mut away = Vec::new();
    if let Some(Basis { carried, sources, expectation }) = &basis {
        if let Some(trusted) = request.trusted {
            carried::against(trusted, carried, &mut findings);
        }
        counts = members::check(&place, &tarball, carried, sources, expectation, &mut findings);
        away = members::away(&counts, sources);
        if let Some(table) = &beside.origins {
            let name = place.names.origins();
            table::beside(&name, table, &carried.lock, &tarball.members, &expectation.members, &mut findings);
        } else if !place.is_directory {
            findings.not_checked(Step::Origins, format!("there is no {} beside it", place.names.origins()));
        }
        let name = place.names.description();
        match &described {
            Some(described) => {
                let basis = (carried, sources, expectation);
                description::check(&place.names, described, &tarball, basis, &artifacts, &mut findings);
            }
            None if !place.is_directory && !place.has(&name) => {
                findings.not_checked(Step::Description, format!("there is no {name} beside it"));
            }
            None => {}
        }
    }
    hold_statement(&place, &beside, described.as_ref(), basis.as_ref(), &tarball, &artifacts, &mut findings);
    if let (Some((description, _)), true) = (&described, place.is_directory) {
        description::missing_artifacts(&place.names.description(), description, &artifacts, &mut findings);
    }
    if request.require_proof {
        for (name, count, why) in &away {
            findings.push(Finding::new(
                Step::Members,
                Problem::new(format!("{count} members from source `{name}` are not proven"))
                    .note(why.clone())
                    .help(format!("give `--source {name}=PATH`")),
            ));
        }
    }
    match &request.signers {
        Some(signers) => signed::check(request.path, &place, signers, &mut findings)?,
        None => files::unsigned(&place, &mut findings),
    }
    findings.sort();
    Ok(Report {
        title: place.title,
        identity: tarball.outcome.summary.as_ref().map(|summary| summary.identity),
        members: tarball.members.len(),
        counts,
        away,
        findings,
    })
}

/// Holds the statement against everything else, or says why not.
fn hold_statement(
    place: &Place,
    beside: &files::Beside,
    described: Option<&(Description, Value)>,
    basis: Option<&Basis>,
    tarball: &Tarball,
    artifacts: &[description::Artifact],
    findings: &mut Findings,
) {
    let Some(bytes) = &beside.statement else { return };
    let (Some((description, _)), Some(basis), Some(sums), Some(summary)) =
        (described, basis, &beside.sums, &tarball.outcome.summary)
    else {
        let why = format!("{}, for want of what it is held against", place.names.provenance());
        findings.not_checked(Step::Provenance, why);
        return;
    };
    let of = (description, &basis.carried);
    statement::check(bytes, &place.names, of, (&summary.identity, artifacts), sums, findings);
}

/// A sound tarball with what it carries.
#[derive(Debug)]
pub struct Opened {
    /// Where it stands.
    pub place: Place,
    /// Its members.
    pub tarball: Tarball,
    /// What it was made from.
    pub carried: Carried,
}

/// Reads a tarball strictly, with what it carries, and refuses one with anything wrong in either.
///
/// # Errors
/// Every fault of the tar that its manifest does not allow, and every disagreement in what it carries.
pub fn open(path: &Path, jobs: usize) -> Result<Opened, Failure> {
    let place = Place::look(path)?;
    let (sender, starts) = bounded(1);
    let mut tarball = pass::read(&place, place.main(), &Limits::default(), jobs, sender)?;
    let mut findings = Findings::default();
    let carried = starts.recv().ok().and_then(|start| carried::read(&start, &mut findings));
    if let Some(carried) = &carried {
        allow(&mut tarball.outcome, &carried.manifest);
    }
    faults(place.main(), &tarball.outcome, &mut findings);
    findings.sort();
    match carried {
        Some(carried) if findings.all.is_empty() => Ok(Opened { place, tarball, carried }),
        _ => Err(Failure {
            class: Class::Verification,
            problems: findings.all.into_iter().map(|finding| finding.problem).collect(),
        }),
    }
}

/// Adds to a problem with a member the first byte at which it differs from `original`.
#[must_use]
pub fn first_byte(place: &Place, members: &[Held], nth: usize, problem: Problem, original: &[u8]) -> Problem {
    let original = differ::Original::Bytes(original.into());
    let wanted = differ::Wanted { finding: Finding::new(Step::Members, problem.clone()), original };
    let located = differ::locate(place, members, [(nth, wanted)].into(), &Sources::new());
    located.into_iter().next().map_or(problem, |finding| finding.problem)
}

/// What must be in a tarball that starts like this.
fn basis_of(start: &Start, places: &Places) -> (Option<Basis>, Findings) {
    let mut findings = Findings::default();
    let Some(carried) = carried::read(start, &mut findings) else { return (None, findings) };
    let sources = sources::open(&carried, places, &mut findings);
    let expectation = expect::expect(&carried, &sources, &mut findings);
    (Some(Basis { carried, sources, expectation }), findings)
}

/// How much is decoded at most. A description that has its digest says how large the tar is.
fn limits(place: &Place, beside: &files::Beside, size: Option<u64>) -> Limits {
    let most = Limits::default();
    let listed = beside.sums.as_ref().and_then(|sums| sums.0.get(&place.names.description()));
    let is_listed = beside.description.as_ref().is_some_and(|bytes| listed == Some(&Sha256::of(bytes)));
    match size {
        Some(size) if is_listed => Limits { tar: size.min(most.tar), ..most },
        _ => most,
    }
}

/// Judges one more encoding on its own.
fn alone(place: &Place, name: &str, limits: &Limits) -> Result<Read, Failure> {
    archive::read(place.open(name)?, name, limits, &mut Unseen)
}

/// The faults of the tar that is looked at, less what the manifest allows.
fn judge_tar(place: &Place, tarball: &mut Tarball, basis: Option<&Basis>, findings: &mut Findings) {
    let name = place.main();
    if let Some(basis) = basis {
        allow(&mut tarball.outcome, &basis.carried.manifest);
    }
    let before = findings.all.len();
    faults(name, &tarball.outcome, findings);
    if let (Some(summary), Some(basis)) = (&tarball.outcome.summary, basis) {
        let allow = &basis.carried.manifest.allow;
        for link in &summary.dangling {
            let declared = allow.dangling_links.iter().any(|glob| glob.covers(&link.path))
                || basis.expectation.dropped.contains(&link.to)
                || !basis.expectation.knows_dropped;
            if !declared {
                findings.push(
                    Finding::new(
                        Step::Tar,
                        Problem::new(format!("the link `{}` leads nowhere", link.path))
                            .note(format!("`{}` is not in the tarball, and no rule allows that", link.to)),
                    )
                    .file(name)
                    .member(&*link.path),
                );
            }
        }
    }
    match &tarball.outcome.summary {
        Some(summary) => {
            if summary.top != place.title {
                findings.push(
                    Finding::new(
                        Step::Tar,
                        Problem::new(format!("`{name}` holds another release by its top directory"))
                            .note(format!("expected  {}/", place.title))
                            .note(format!("found     {}/", summary.top)),
                    )
                    .file(name),
                );
            }
            if findings.all.len() == before {
                let mut says = format!(
                    "sha256 {}, {} members, every byte as the dialect has it",
                    summary.identity.sha256,
                    tarball.members.len()
                );
                if place.tarballs.len() > 1 {
                    let formats: Vec<_> =
                        place.tarballs.iter().map(|(format, _)| format.extension()).collect();
                    says = format!("{says}; in {}", formats.join(", "));
                }
                findings.checked(Step::Tar, says);
            }
        }
        None => findings.not_checked(Step::Tar, format!("what is behind the last fault of {name}")),
    }
}

fn allow(outcome: &mut Read, manifest: &Manifest) {
    let allow = &manifest.allow;
    outcome.allow_clashes(|clash| {
        let globs = if clash.unicode { &allow.unicode_clashes } else { &allow.case_clashes };
        globs.iter().any(|glob| glob.covers(&clash.first) || glob.covers(&clash.second))
    });
}

fn faults(name: &str, outcome: &Read, findings: &mut Findings) {
    for fault in &outcome.faults {
        let offset = match fault.at {
            archive::At::File(offset) | archive::At::Tar(offset) => offset,
        };
        let mut finding = Finding::new(Step::Tar, fault.problem(name)).file(name).offset(offset);
        if let Part::Member { path, .. } = &fault.part {
            finding = finding.member(&**path);
        }
        findings.push(finding);
    }
}

/// An encoding that is not looked at member by member: sound, and of the same tar.
fn judge_other(
    place: &Place,
    name: &str,
    main: &Read,
    mut other: Read,
    basis: Option<&Basis>,
    findings: &mut Findings,
) {
    if let Some(basis) = basis {
        allow(&mut other, &basis.carried.manifest);
    }
    // A fault of the tar is the same in every encoding of it; told once, it is told.
    if other.faults != main.faults || other.summary != main.summary {
        faults(name, &other, findings);
    }
    if let (Some(main), Some(other)) = (&main.summary, &other.summary)
        && main.identity != other.identity
    {
        findings.push(
            Finding::new(
                Step::Tar,
                Problem::new(format!("`{name}` and `{}` hold different tars", place.main()))
                    .note(format!("{}  sha256 {}", place.main(), main.identity.sha256))
                    .note(format!("{name}  sha256 {}", other.identity.sha256)),
            )
            .file(name),
        );
    }
}

/// A problem with a member: where it stands, and what is the matter with it.
fn problem_of(held: &Held, what: &str) -> Problem {
    Problem::new(format!("`{}` {what}", held.path)).note(format!(
        "its header is at byte {} of the tar, its content at {}, {} bytes",
        held.offset,
        held.data,
        held.size()
    ))
}
