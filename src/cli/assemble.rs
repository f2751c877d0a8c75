// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist assemble`.

mod lot;

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

use super::Done;
use super::args::{self, BuilderArgs, JobArgs, LeaveOutArgs, SourceArgs, usage};
use super::clock;
use super::line_args::LineArgs;
use super::progress::Reporter;
use super::screen::{Screen, bytes};
use crate::assemble::{Assembled, Options, assemble};
use crate::line::{Calendar, Feeding, Life};
use crate::lock::{self, Outcome};
use crate::manifest::{Format, Manifest};
use crate::model::{Class, Failure, Flag, Override, Problem};
use crate::record::{BuilderId, Description};
use crate::source::Places;

/// Make the release of a manifest, or of several at once: tarballs, description, origins, SBOM,
/// provenance and checksums
///
/// With `--all` or `--due` the manifests can be folders of them, `manifests/` where none is named. They
/// are made in one process that opens each repository once; one that fails does not stop the others,
/// and the exit code is the highest of theirs.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The manifest; several, or folders of them, with `--all` and `--due`
    #[arg(value_name = "MANIFEST", required_unless_present_any = ["all", "due"])]
    manifests: Vec<PathBuf>,
    /// Make the release of every manifest; previews, `buildable = false`, with `--previews` alone
    #[arg(long)]
    all: bool,
    /// Make exactly what `due` says is to be assembled; exit code 5 when nothing is
    #[arg(long, conflicts_with = "all")]
    due: bool,
    /// With `--all` or `--due`, make previews too
    #[arg(long)]
    previews: bool,
    /// The folder that the release directory goes into
    #[arg(long, short, value_name = "DIR", default_value = "dist")]
    out: PathBuf,
    /// The formats, instead of the manifest's: tar, tar.gz, tar.zst, tar.xz
    #[arg(long, value_name = "FORMAT", value_delimiter = ',', value_parser = args::format)]
    format: Vec<Format>,
    /// Fail rather than make or change the lock
    #[arg(long)]
    locked: bool,
    /// Make a release for a line that is over; release.json says so for ever
    #[arg(long = "assemble-past-end-of-life")]
    past_end_of_life: bool,
    /// Print the release's description as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    lines: LineArgs,
    #[command(flatten)]
    leave_out: LeaveOutArgs,
    #[command(flatten)]
    builder: BuilderArgs,
    #[command(flatten)]
    jobs: JobArgs,
    #[command(flatten)]
    sources: SourceArgs,
}

#[derive(Serialize)]
struct Answer<'a> {
    directory: String,
    was_there: bool,
    builder: &'a BuilderId,
    release: &'a Description,
}

impl Args {
    fn options<'a>(&'a self, places: &'a Places) -> Result<Options<'a>, Failure> {
        let mut formats = self.format.clone();
        formats.sort();
        formats.dedup();
        Ok(Options {
            lock: args::request(places, self.locked)?,
            out: &self.out,
            formats: (!formats.is_empty()).then_some(formats),
            leave_out: &self.leave_out.leave_out,
            overrides: Vec::new(),
            builder: self.builder.named().cloned().unwrap_or_default(),
            jobs: self.jobs.count(),
            turns: None,
        })
    }

    /// The mark that a manifest's release gets for a line that is over.
    fn alive(&self, manifest: &Manifest, calendar: &Calendar) -> Result<Vec<Override>, Failure> {
        let today = clock::today()?;
        let Some(ended) = Life::of(manifest, calendar, today).ended else { return Ok(Vec::new()) };
        if self.past_end_of_life {
            return Ok(vec![Override { flag: Flag::AssemblePastEndOfLife, values: vec![ended.since()] }]);
        }
        let line = manifest.line.as_ref().map_or("", |line| line.id.value.as_str());
        Err(Failure::new(Class::Manifest, ended.problem(line, today)))
    }
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let misplaced = [
        ("--previews", args.previews && !args.all && !args.due),
        ("--released", args.lines.released.is_some() && !args.due),
        ("--feed", args.lines.feed.is_some() && !args.due),
    ];
    if let Some((flag, _)) = misplaced.into_iter().find(|(_, misplaced)| *misplaced) {
        let with = if flag == "--previews" { "`--all` or `--due`" } else { "`--due`" };
        return Err(usage(
            Problem::new(format!("`{flag}` without {with}"))
                .help(format!("it has a meaning beside {with} only")),
        ));
    }
    match args.manifests.as_slice() {
        _ if args.all || args.due => lot::run(args, screen),
        [path] => one(args, path, screen),
        several => Err(usage(
            Problem::new(format!("{} manifests without `--all` or `--due`", several.len()))
                .help("`assemble --all MANIFEST...` makes the releases of several, in one process"),
        )),
    }
}

fn one(args: &Args, path: &Path, screen: &Screen) -> Done {
    let started = Instant::now();
    let manifest = args::read_manifest(path)?;
    let places = args.sources.places(&manifest)?;
    let mut options = args.options(&places)?;
    options.overrides = args.alive(&manifest, &Calendar::load(&manifest.folder, &Feeding::Held)?)?;
    let reporter = Reporter::new(screen);
    let assembled = assemble(manifest, &options, &reporter)?;
    reporter.end();
    tell_lock(&assembled, path, screen);
    if let Some(named) = args.builder.named()
        && assembled.was_there
        && *named != assembled.builder
    {
        screen.remark(format_args!("its provenance stays: it names the builder {}", assembled.builder));
    }
    if args.json {
        screen.json(&Answer::of(&assembled));
    } else {
        summary(&assembled, started, screen);
    }
    Ok(())
}

impl<'a> Answer<'a> {
    fn of(assembled: &'a Assembled) -> Self {
        Self {
            builder: &assembled.builder,
            directory: assembled.directory.display().to_string(),
            was_there: assembled.was_there,
            release: &assembled.description,
        }
    }
}

fn tell_lock(assembled: &Assembled, manifest: &Path, screen: &Screen) {
    if let Outcome::Changed(lines) = &assembled.lock {
        screen.remark(format_args!("wrote the lock {}", lock::path_of(manifest).display()));
        for line in lines {
            screen.remark(format_args!("  {line}"));
        }
    }
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
    for mark in &release.overrides {
        screen.answer(format_args!("  made with {mark}\n"));
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
