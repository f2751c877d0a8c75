// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist repo check`.

use serde::Serialize;

use super::TrustArgs;
use crate::cli::Done;
use crate::cli::clock;
use crate::cli::keeper;
use crate::cli::progress::Transfers;
use crate::cli::screen::{Screen, bytes};
use crate::model::{Class, Failure, Problem};
use crate::publish::{Progress as _, Step};
use crate::roles::{self, Depth, Freshness, Head, Report};

/// Check that everything which the metadata promises is there, and find what is left over
///
/// Looks at the chain of roots, what expires, each release's target and files, and whether releases.json and
/// the checksums of lines show the newest state. Every problem is told.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The repository: a folder, or `s3://bucket/folder`
    #[arg(value_name = "URL")]
    at: String,
    /// Read every file and check its digest
    #[arg(long)]
    deep: bool,
    #[command(flatten)]
    trust: TrustArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer<'a> {
    repository: String,
    good: bool,
    deep: bool,
    releases: usize,
    files: usize,
    bytes: u64,
    problems: Vec<Row<'a>>,
    near: Vec<Row<'a>>,
    orphans: &'a [String],
    history: usize,
}

#[derive(Serialize)]
struct Row<'a> {
    title: &'a str,
    notes: &'a [String],
    help: Option<&'a str>,
}

impl<'a> From<&'a Problem> for Row<'a> {
    fn from(problem: &'a Problem) -> Self {
        Self { title: &problem.title, notes: &problem.notes, help: problem.help.as_deref() }
    }
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let store = keeper::open(&args.at)?;
    let trusted = args.trust.trusted(&store, screen)?;
    let now = clock::moment()?;
    let head = Head::read(&store, trusted.as_deref(), Freshness::ExpiredToo)?;
    let depth = if args.deep { Depth::Digests } else { Depth::Lengths };
    let transfers = Transfers::new(screen);
    if args.deep {
        let objects = store.list("")?;
        transfers.begins(Step::Verify, objects.len(), objects.iter().map(|(_, length)| length).sum());
    }
    let report = roles::check(&store, &head, depth, now, &|count| transfers.moved(count));
    transfers.end();
    let report = report?;
    if args.json {
        screen.json(&Answer {
            repository: store.at(),
            good: report.problems.is_empty(),
            deep: args.deep,
            releases: report.releases,
            files: report.files,
            bytes: report.bytes,
            problems: report.problems.iter().map(Row::from).collect(),
            near: report.near.iter().map(Row::from).collect(),
            orphans: &report.orphans,
            history: report.history,
        });
    } else {
        people(&store.at(), args, &report, screen);
    }
    screen.warnings(&report.near);
    if report.problems.is_empty() {
        return Ok(());
    }
    Err(Failure { class: Class::Verification, problems: report.problems })
}

fn people(at: &str, args: &Args, report: &Report, screen: &Screen) {
    let how = if args.deep { "digests" } else { "lengths; --deep reads them" };
    screen.answer(format_args!("{at}\n"));
    screen.answer(format_args!("  releases  {}\n", report.releases));
    screen.answer(format_args!("  files     {}, {} ({how})\n", report.files, bytes(report.bytes)));
    screen.answer(format_args!("  history   {} objects of earlier states\n", report.history));
    if !report.orphans.is_empty() {
        screen.answer("  orphans   what an unfinished run left, or is not of the repository:\n");
        for path in &report.orphans {
            screen.answer(format_args!("            {path}\n"));
        }
    }
    screen.answer(match report.problems.len() {
        0 => "all is there\n".to_owned(),
        1 => "1 problem\n".to_owned(),
        count => format!("{count} problems\n"),
    });
}
