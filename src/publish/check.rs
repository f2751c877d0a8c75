// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Whether a release may be published: whole, true, signed, and nothing that is for trials alone.

use super::Candidate;
use crate::model::{Class, Failure, Problem, SourceDate};
use crate::record::Names;
use crate::repository::layout;
use crate::sign::{self, Ready, Unpublishable};
use crate::signature::{Keys, Why};
use crate::source::Places;
use crate::verify::{self, Signers};

/// What a release is held against.
#[derive(Debug)]
pub struct Checks<'a> {
    /// Where sources are, to prove members by. The network is never used.
    pub places: &'a Places,
    /// The keys that may have signed; without them signatures are only looked at for damage.
    pub signing_keys: Option<&'a Keys>,
    /// Whether a release that nobody signed will do.
    pub unsigned: bool,
    /// How many threads hash.
    pub jobs: usize,
    /// The time of the check.
    pub now: SourceDate,
}

/// Checks releases before they are published.
///
/// # Errors
/// Everything that is wrong with any of them.
pub fn check(checks: &Checks<'_>, candidates: &[Candidate]) -> Result<(), Failure> {
    let failures = candidates.iter().filter_map(|candidate| check_one(checks, candidate).err());
    Failure::all(failures.collect()).map_or(Ok(()), Err)
}

fn check_one(checks: &Checks<'_>, candidate: &Candidate) -> Result<(), Failure> {
    let mut problems = unpublishable(candidate);
    let report = verify::verify(&verify::Request {
        path: &candidate.directory,
        places: checks.places,
        trusted: None,
        signers: checks.signing_keys.map(|keys| Signers { keys, now: checks.now }),
        require_proof: false,
        jobs: checks.jobs,
    })?;
    problems.extend(report.findings.all.into_iter().map(|finding| finding.problem));
    if problems.is_empty() {
        problems.extend(signatures(checks, candidate)?);
    }
    if problems.is_empty() { Ok(()) } else { Err(Failure { class: Class::Verification, problems }) }
}

/// What no flag makes publishable.
fn unpublishable(candidate: &Candidate) -> Vec<Problem> {
    let description = &candidate.description;
    let title = &candidate.title;
    let mut problems = Vec::new();
    if !description.left_out.is_empty() {
        problems.push(
            Problem::new(format!("{title} is partial and cannot be published"))
                .note(format!("left out: {}", description.left_out.join(", ")))
                .help("make it without `--leave-out`"),
        );
    }
    if description.development || candidate.listed.entry.version.is_development() {
        problems.push(
            Problem::new(format!("{title} is a development version and cannot be published"))
                .note("a source is at no tag")
                .help("tag what is released, and make the release from the tag"),
        );
    }
    if let Some(line) = candidate.line_id().filter(|line| layout::RESERVED.contains(line)) {
        problems.push(
            Problem::new(format!(
                "{title} is of the line `{line}`, and a repository keeps other things there"
            ))
            .help("give the line another id"),
        );
    }
    problems
}

/// Whether somebody vouches for it, and whether no signature is broken, as far as that shows.
fn signatures(checks: &Checks<'_>, candidate: &Candidate) -> Result<Vec<Problem>, Failure> {
    // With the keys, `verify` has said all there is to say.
    if checks.signing_keys.is_some() {
        return Ok(Vec::new());
    }
    let ready = Ready::read(&candidate.directory, Unpublishable::Signed)?;
    let found = sign::check_release(&ready, &Keys::default(), checks.now)?;
    let names = Names::new(&candidate.title);
    let vouching = [names.sums(), names.artifact(crate::manifest::Format::Tar)];
    let mut problems = Vec::new();
    let mut is_vouched_for = false;
    for signature in &found {
        is_vouched_for |= signature.covers.as_ref().is_some_and(|covers| vouching.contains(covers));
        // Nobody knows any key here; everything else is damage.
        let damage = signature.checked.refused.iter().filter(|refusal| refusal.why != Why::UnknownKey);
        let problem = Problem::new(format!("`{}` is not a good signature", signature.file));
        let problem = damage.fold(problem, |problem, refusal| {
            let problem = problem.note(format!("{}: {}", refusal.why, refusal.text));
            problem.help(refusal.help.clone())
        });
        if !problem.notes.is_empty() {
            problems.push(problem);
        }
    }
    if !is_vouched_for && !checks.unsigned {
        problems.push(
            Problem::new(format!("{} is not signed", candidate.title))
                .note(format!("there is no signature over {} or {}", vouching[0], vouching[1]))
                .help(
                    "sign it with `lustre-dist sign`; `--publish-unsigned` publishes it all the same, and \
                     nobody can tell then who made it",
                ),
        );
    }
    Ok(problems)
}
