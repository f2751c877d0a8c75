// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist assemble`.

use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;

use super::Done;
use super::args::{self, JobArgs, LeaveOutArgs, SourceArgs};
use super::progress::Reporter;
use super::screen::{Screen, bytes};
use crate::assemble::{Assembled, Options, assemble};
use crate::lock::{self, Outcome};
use crate::manifest::Format;
use crate::record::Description;

/// Make the release of a manifest: tarballs, description, origins and checksums
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The manifest
    manifest: PathBuf,
    /// The folder that the release directory goes into
    #[arg(long, short, value_name = "DIR", default_value = "dist")]
    out: PathBuf,
    /// The formats, instead of the manifest's: tar, tar.gz, tar.zst, tar.xz
    #[arg(long, value_name = "FORMAT", value_delimiter = ',', value_parser = args::format)]
    format: Vec<Format>,
    /// Fail rather than make or change the lock
    #[arg(long)]
    locked: bool,
    /// Print the release's description as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    leave_out: LeaveOutArgs,
    #[command(flatten)]
    jobs: JobArgs,
    #[command(flatten)]
    sources: SourceArgs,
}

#[derive(Serialize)]
struct Answer<'a> {
    directory: String,
    was_there: bool,
    release: &'a Description,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let started = Instant::now();
    let manifest = args::read_manifest(&args.manifest)?;
    let places = args.sources.places(&manifest)?;
    let mut formats = args.format.clone();
    formats.sort();
    formats.dedup();
    let options = Options {
        lock: args::request(&places, args.locked)?,
        out: &args.out,
        formats: (!formats.is_empty()).then_some(formats),
        leave_out: &args.leave_out.leave_out,
        jobs: args.jobs.count(),
    };
    let reporter = Reporter::new(screen);
    let assembled = assemble(manifest, &options, &reporter)?;
    reporter.end();
    if let Outcome::Changed(lines) = &assembled.lock {
        screen.remark(format_args!("wrote the lock {}", lock::path_of(&args.manifest).display()));
        for line in lines {
            screen.remark(format_args!("  {line}"));
        }
    }
    if args.json {
        screen.json(&Answer {
            directory: assembled.directory.display().to_string(),
            was_there: assembled.was_there,
            release: &assembled.description,
        });
    } else {
        summary(&assembled, started, screen);
    }
    Ok(())
}

fn summary(assembled: &Assembled, started: Instant, screen: &Screen) {
    let release = &assembled.description;
    let seconds = started.elapsed().as_secs_f64();
    let title = format!("{}-{}", release.name, release.version);
    screen.answer(format_args!("{}\n", assembled.directory.display()));
    if screen.quiet {
        return;
    }
    for (name, source) in &release.sources {
        let wanted = source.r#ref.as_deref().unwrap_or(&source.wanted);
        let wanted = wanted.strip_prefix("refs/tags/").unwrap_or(wanted);
        screen.answer(format_args!("  {name:<10} {wanted:<12} {}  {}\n", source.commit, source.date));
    }
    screen.answer(format_args!(
        "  {:<10} {:<12} {}\n",
        "tar",
        bytes(release.identity.size),
        release.identity.sha256
    ));
    for artifact in release.artifacts.iter().filter(|artifact| artifact.format != "tar") {
        screen.answer(format_args!(
            "  {:<10} {:<12} {}\n",
            artifact.format,
            bytes(artifact.size),
            artifact.sha256
        ));
    }
    let members = &release.members;
    screen.answer(format_args!(
        "  {} files, {} links, {} excluded with a reason\n",
        members.files, members.links, members.excluded
    ));
    if !release.left_out.is_empty() {
        screen.answer(format_args!(
            "  PARTIAL: without {}; cannot be published\n",
            release.left_out.join(", ")
        ));
    }
    if !release.buildable {
        screen.answer("  not a product to build: `buildable = false`\n");
    }
    if release.development {
        screen.answer("  a development version: cannot be published as a release\n");
    }
    if assembled.was_there {
        screen.answer(format_args!("{title} was there; every file of it has its digest ({seconds:.3} s)\n"));
    } else {
        screen.answer(format_args!("{title} is done ({seconds:.1} s)\n"));
    }
}
