// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist digest`.

use std::path::PathBuf;

use serde::Serialize;

use super::Done;
use super::args::{self, JobArgs, LeaveOutArgs, SourceArgs};
use super::progress::Reporter;
use super::screen::Screen;
use crate::model::Sha256;
use crate::{assemble, lock, plan};

/// Compute the identity of a release, the digest of its uncompressed tar, and write nothing
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The manifest
    manifest: PathBuf,
    /// Fail rather than resolve anything that the lock does not have
    #[arg(long)]
    locked: bool,
    /// Print JSON
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
    title: &'a str,
    sha256: Sha256,
    size: u64,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let manifest = args::read_manifest(&args.manifest)?;
    let places = args.sources.places(&manifest)?;
    let (locked, _) = lock::lock(manifest, &args::request(&places, args.locked)?)?;
    screen.warnings(&locked.warnings);
    let plan = plan::make(locked, &args.leave_out.leave_out)?;
    let reporter = Reporter::new(screen);
    assemble::Progress::planned(&reporter, &plan, &[]);
    let identity = assemble::digest(&plan, args.jobs.count(), &reporter)?;
    reporter.end();
    if args.json {
        screen.json(&Answer { title: &plan.title, sha256: identity.sha256, size: identity.size });
    } else {
        screen.answer(format_args!("{}  {}.tar\n", identity.sha256, plan.title));
    }
    Ok(())
}
