// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist verify`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

use super::Done;
use super::args::{self, JobArgs, SourceArgs};
use super::clock;
use super::screen::{Screen, bytes};
use crate::lock::{self, Inputs, Lock};
use crate::model::{Class, Failure, Problem, Sha256};
use crate::sign;
use crate::verify::{self, Finding, Outcome, Report, Request, Signers, Step, Trusted};

/// Check that a release is what it says: every file, every byte of the tarball, every member's origin
///
/// With sources at hand it proves that each member is the blob that the pinned commit has, and makes
/// patched files, templates and records once more. It reads the mirrors in the cache and never touches
/// the network. With `--keys` every signature must be good, and one must vouch for the whole.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A release directory or a tarball
    #[arg(value_name = "RELEASE_DIR|TARBALL")]
    release: PathBuf,
    /// The manifest that the release must have been made from, with its lock, patches and templates
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Keys that may have signed the release: files, or folders of them
    #[arg(long, value_name = "FILE|DIR")]
    keys: Vec<PathBuf>,
    /// Fail where a member cannot be proven because its source is not at hand
    #[arg(long)]
    require_proof: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    jobs: JobArgs,
    #[command(flatten)]
    sources: SourceArgs,
}

#[derive(Serialize)]
struct Answer<'a> {
    release: &'a str,
    good: bool,
    identity: Option<Identity>,
    members: usize,
    proven: usize,
    replayed: usize,
    unproven: usize,
    away: Vec<Away<'a>>,
    steps: Vec<StepRow<'a>>,
    problems: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Identity {
    sha256: Sha256,
    size: u64,
}

#[derive(Serialize)]
struct Away<'a> {
    source: &'a str,
    members: usize,
    why: &'a str,
}

#[derive(Serialize)]
struct StepRow<'a> {
    step: Step,
    #[serde(flatten)]
    outcome: &'a Outcome,
}

/// One problem, for programs.
#[derive(Serialize)]
pub(super) struct Row<'a> {
    step: Step,
    file: Option<&'a str>,
    member: Option<&'a str>,
    offset: Option<u64>,
    title: &'a str,
    notes: &'a [String],
    help: Option<&'a str>,
}

impl<'a> From<&'a Finding> for Row<'a> {
    fn from(finding: &'a Finding) -> Self {
        let Problem { title, notes, help, .. } = &finding.problem;
        Self {
            step: finding.step,
            file: finding.file.as_deref(),
            member: finding.member.as_deref(),
            offset: finding.offset,
            title,
            notes,
            help: help.as_deref(),
        }
    }
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let started = Instant::now();
    let places = args.sources.places_alone()?;
    let trusted = args.manifest.as_deref().map(trusted).transpose()?;
    let keys = (!args.keys.is_empty()).then(|| sign::read_keys(&args.keys)).transpose()?;
    let report = verify::verify(&Request {
        path: &args.release,
        places: &places,
        trusted: trusted.as_ref(),
        signers: keys.as_ref().map(|keys| Signers { keys, now: clock::now() }),
        require_proof: args.require_proof,
        jobs: args.jobs.count(),
    })?;
    if args.json {
        screen.json(&answer(&report));
    } else {
        screen.answer(people(&report, screen.quiet, started.elapsed().as_secs_f64()));
    }
    if report.is_good() {
        return Ok(());
    }
    let problems = report.findings.all.into_iter().map(|finding| finding.problem).collect();
    Err(Failure { class: Class::Verification, problems })
}

fn trusted(path: &Path) -> Result<Trusted, Failure> {
    let manifest = args::read_manifest(path)?;
    let lock = Lock::load(&lock::path_of(path))?;
    let inputs = Inputs::read(&manifest)?;
    Ok(Trusted { manifest, lock, inputs })
}

fn answer(report: &Report) -> Answer<'_> {
    Answer {
        release: &report.title,
        good: report.is_good(),
        identity: report.identity.map(|sum| Identity { sha256: sum.sha256, size: sum.size }),
        members: report.members,
        proven: report.counts.proven,
        replayed: report.counts.replayed,
        unproven: report.counts.unproven(),
        away: report
            .away
            .iter()
            .map(|(source, members, why)| Away { source, members: *members, why })
            .collect(),
        steps: report.findings.says.iter().map(|(step, outcome)| StepRow { step: *step, outcome }).collect(),
        problems: report.findings.all.iter().map(Row::from).collect(),
    }
}

fn people(report: &Report, quiet: bool, seconds: f64) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut say = |what: &str, text: &str| lines.push(format!("  {what:<12} {text}"));
    let counts = &report.counts;
    for step in Step::ALL {
        let word = step.word();
        for (_, outcome) in report.findings.says.iter().filter(|(of, _)| *of == step) {
            match outcome {
                Outcome::Checked(text) => say(word, text),
                Outcome::NotChecked(text) => say("not checked", text),
            }
        }
        if step == Step::Members {
            let unproven = counts.unproven();
            say(
                word,
                &format!("{} proven, {} replayed, {unproven} not proven", counts.proven, counts.replayed),
            );
            for (source, members, why) in &report.away {
                say("NOT PROVEN", &format!("{members} members from {source}: {why}"));
            }
        }
        let wrong = report.findings.all.iter().filter(|finding| finding.step == step).count();
        if wrong > 0 {
            say(word, &format!("WRONG: {}", problems(wrong)));
        }
    }
    let size = report.identity.map_or(0, |sum| sum.size);
    let title = &report.title;
    let end = match (report.findings.all.len(), counts.unproven()) {
        (0, 0) => format!("{title} is good: every member has its origin ({}, {seconds:.2} s)", bytes(size)),
        (0, unproven) => format!(
            "{title} agrees with itself; {unproven} members are not proven, for want of their sources ({seconds:.2} s)"
        ),
        (wrong, _) => format!("{title} is NOT good: {} ({seconds:.2} s)", problems(wrong)),
    };
    if quiet {
        return format!("{end}\n");
    }
    format!("{title}\n{}\n{end}\n", lines.join("\n"))
}

fn problems(count: usize) -> String {
    if count == 1 { "1 problem".to_owned() } else { format!("{count} problems") }
}
