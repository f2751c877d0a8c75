// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist rebuild`.

use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;

use super::Done;
use super::args::{self, JobArgs, SourceArgs};
use super::progress::Reporter;
use super::screen::Screen;
use crate::assemble::Progress as _;
use crate::model::{Class, Failure, Problem, Sha256};
use crate::rebuild::{self, Compared, Options, Rebuilt, Same};
use crate::source::{Network, Places};

/// Make a release again from what its tarball carries, and compare every byte
///
/// Writes nothing, reads the mirrors in the cache and never touches the network. Exit code 7 where the release cannot be made again as it is.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A release directory or a tarball
    #[arg(value_name = "RELEASE_DIR|TARBALL")]
    release: PathBuf,
    /// Make the tar alone, and none of its compressed forms
    #[arg(long)]
    tar_only: bool,
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
    same: bool,
    same_tar: bool,
    tar: Sums,
    files: Vec<FileRow<'a>>,
    first_difference: Option<Difference<'a>>,
}

#[derive(Serialize)]
struct Sums {
    released: Sha256,
    again: Sha256,
}

#[derive(Serialize)]
struct FileRow<'a> {
    file: &'a str,
    outcome: &'static str,
    #[serde(flatten)]
    sums: Sums,
}

#[derive(Serialize)]
struct Difference<'a> {
    title: &'a str,
    notes: &'a [String],
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let started = Instant::now();
    // A tarball does not decide where this machine fetches from.
    let places = Places { network: Network::Offline, ..args.sources.places_alone()? };
    let options = Options {
        path: &args.release,
        lock: args::request(&places, true)?,
        tar_only: args.tar_only,
        jobs: args.jobs.count(),
    };
    let reporter = Reporter::new(screen);
    let rebuilt = rebuild::rebuild(&options, &|plan, formats| reporter.planned(plan, formats), &reporter)?;
    reporter.end();
    if args.json {
        screen.json(&answer(&rebuilt));
    } else {
        screen.answer(people(&rebuilt, started.elapsed().as_secs_f64()));
    }
    if rebuilt.is_same() { Ok(()) } else { Err(failure(rebuilt)) }
}

fn answer(rebuilt: &Rebuilt) -> Answer<'_> {
    Answer {
        release: &rebuilt.title,
        same: rebuilt.is_same(),
        same_tar: rebuilt.released.sha256 == rebuilt.again,
        tar: Sums { released: rebuilt.released.sha256, again: rebuilt.again },
        files: rebuilt
            .files
            .iter()
            .map(|file| FileRow {
                file: &file.file,
                outcome: word(file.same),
                sums: Sums { released: file.released, again: file.again },
            })
            .collect(),
        first_difference: rebuilt
            .first
            .as_ref()
            .map(|problem| Difference { title: &problem.title, notes: &problem.notes }),
    }
}

fn word(same: Same) -> &'static str {
    match same {
        Same::Identical => "identical",
        Same::OtherEncoder => "same tar, other encoder",
        Same::OtherTar => "other tar",
        Same::OtherRecord => "other record",
    }
}

fn people(rebuilt: &Rebuilt, seconds: f64) -> String {
    let tar = if rebuilt.released.sha256 == rebuilt.again { "identical" } else { "other tar" };
    let title = &rebuilt.title;
    let mut out = format!("{title}\n  {tar:<24} {title}.tar  sha256 {}\n", rebuilt.again);
    for file in &rebuilt.files {
        out.push_str(&format!("  {:<24} {}  sha256 {}\n", word(file.same), file.file, file.again));
    }
    let end =
        if rebuilt.is_same() { "was made again, the same in every byte" } else { "is NOT reproducible" };
    format!("{out}{title} {end} ({seconds:.1} s)\n")
}

fn failure(rebuilt: Rebuilt) -> Failure {
    let mut problems = Vec::new();
    let other_tar = rebuilt.first.is_some();
    if let Some(first) = rebuilt.first {
        problems.push(
            Problem::new(format!("{} made again is another tar", rebuilt.title))
                .note(format!("released    sha256 {}", rebuilt.released.sha256))
                .note(format!("made again  sha256 {}", rebuilt.again))
                .help("`lustre-dist verify` with the sources lists every member that differs"),
        );
        problems.push(Problem { title: format!("first difference: {}", first.title), ..first });
    }
    for Compared { file, same, released, again } in rebuilt.files {
        // That the tar is another one was said, and every form of it follows.
        if same == Same::Identical || same == Same::OtherTar && other_tar {
            continue;
        }
        problems.push(
            Problem::new(format!("`{file}`: {}", word(same)))
                .note(format!("released    sha256 {released}"))
                .note(format!("made again  sha256 {again}")),
        );
    }
    Failure { class: Class::NotReproducible, problems }
}
