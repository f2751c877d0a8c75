// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist audit`.

mod json;
mod people;
mod totals;

use std::path::PathBuf;

use super::Done;
use super::args::{self, JobArgs};
use super::progress::Spinner;
use super::screen::Screen;
use crate::audit::{self, Audit, Given, Limits, Map, Request};
use crate::model::{Class, Failure, PathGlob, Problem, SourceName};
use crate::source;

/// Hold a tarball that somebody else made against git: what is not git's, what is changed, what is
/// missing
///
/// For tarballs of `make dist`, of vendors and of hosting sites. Nothing is unpacked.
#[derive(Debug, clap::Args)]
#[command(after_help = NOTES)]
pub(super) struct Args {
    /// The tarball: .tar, .tar.gz, .tar.zst or .tar.xz
    tarball: PathBuf,
    /// A repository or bundle to hold it against, at a tag, branch or commit; without REV, at the tag
    /// that fits best
    #[arg(long = "source", value_name = "NAME=PATH[@REV]", required = true, value_parser = given)]
    sources: Vec<(SourceName, String)>,
    /// Where members stand in the source; FROM with or without the top directory, the longest wins.
    /// TO may be SOURCE:PATH; of a source that is so named, nothing else is expected
    #[arg(long = "map", value_name = "FROM=TO")]
    maps: Vec<String>,
    /// What may be in the tarball without being in git, such as `configure` or `**/Makefile.in`. A
    /// pattern does not excuse a change to a tracked file, its own path does
    #[arg(long, value_name = "GLOB", value_parser = args::glob)]
    generated: Vec<PathGlob>,
    /// Fail on every finding
    #[arg(long)]
    strict: bool,
    /// Show every line of every list
    #[arg(long)]
    all: bool,
    /// Print JSON: every member, and everything found
    #[arg(long)]
    json: bool,
    /// Read on where size, number or compression of the members look like an attack
    #[arg(long)]
    unsafe_lift_limits: bool,
    /// The folder for unpacked bundles [default: lustre-dist in the user's cache folder]
    #[arg(long, value_name = "DIR", env = "LUSTRE_DIST_CACHE")]
    cache: Option<PathBuf>,
    #[command(flatten)]
    jobs: JobArgs,
}

const NOTES: &str = "\
Exit code 6: a member is hostile (its path is absolute, has `..` or is there twice, it is a device, \
...), unexplained (neither its path nor its content is in git) or changed (git has other content at its \
path). Followed links, moved files, modes, missing files, late mtimes, and machine paths, users and \
hosts baked in are findings that do not fail, unless `--strict` is given. With `--strict`, exit code 0 \
says: every member is git's or declared to be generated, and nothing is missing or baked in.";

fn given(text: &str) -> Result<(SourceName, String), String> {
    let (name, place) = text
        .split_once('=')
        .ok_or("expected NAME=PATH or NAME=PATH@REV, such as `lustre=../lustre-release@v2_17_57`")?;
    let name = SourceName::new(name).ok_or_else(|| format!("`{name}` is not the name of a source"))?;
    if place.is_empty() {
        return Err("the path is empty".to_owned());
    }
    Ok((name, place.to_owned()))
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let cache = match &args.cache {
        Some(cache) => cache.clone(),
        None => args::default_cache()?,
    };
    let names: Vec<SourceName> = args.sources.iter().map(|(name, _)| name.clone()).collect();
    if let Some((_, name)) = names.iter().enumerate().find(|(nth, name)| names[..*nth].contains(name)) {
        return Err(args::usage(
            Problem::new(format!("`--source {name}=...` is given twice"))
                .help("give each source a name of its own"),
        ));
    }
    let maps = maps(&args.maps, &names)?;
    let mut sources = Vec::new();
    for (name, place) in &args.sources {
        let (path, revision) = path_and_revision(place);
        let repository = source::open_path(&path, &cache).map_err(|mut failure| {
            for problem in &mut failure.problems {
                problem.notes.push(format!("given by `--source {name}={place}`"));
            }
            failure
        })?;
        sources.push(Given { name: name.clone(), repository, revision });
    }
    let limits = if args.unsafe_lift_limits { Limits::LIFTED } else { Limits::ORDINARY };
    let name = args.tarball.display().to_string();
    let spinner = Spinner::start(screen, format!("auditing {name}"));
    let audit = audit::audit(&Request {
        tarball: &args.tarball,
        sources: &sources,
        maps: &maps,
        generated: &args.generated,
        limits,
        threads: args.jobs.count(),
    })?;
    drop(spinner);
    if args.json {
        screen.json(&json::answer(&name, &audit));
    } else {
        screen.answer(people::report(&name, &audit, args.all));
    }
    verdict(&name, &audit, args.strict)
}

/// A path that has an `@` in its own name stands before one with a revision behind it.
fn path_and_revision(place: &str) -> (PathBuf, Option<String>) {
    let whole = PathBuf::from(place);
    match place.rsplit_once('@') {
        Some((path, revision)) if !whole.exists() && !path.is_empty() && !revision.is_empty() => {
            (PathBuf::from(path), Some(revision.to_owned()))
        }
        _ => (whole, None),
    }
}

fn maps(texts: &[String], names: &[SourceName]) -> Result<Vec<Map>, Failure> {
    let mut problems = Vec::new();
    let mut maps = Vec::new();
    for text in texts {
        match Map::parse(text, names) {
            Ok(map) => maps.push(map),
            Err(why) => problems.push(Problem::new(format!("`--map {text}` cannot be used: {why}"))),
        }
    }
    if problems.is_empty() { Ok(maps) } else { Err(Failure { class: Class::Usage, problems }) }
}

/// How the command ends.
fn verdict(name: &str, audit: &Audit, strict: bool) -> Done {
    let totals = totals::Totals::of(audit);
    let wrong = totals.wrong();
    if !wrong.is_empty() {
        let help = match totals.is_hostile() {
            true => "do not unpack it, and ask where it comes from",
            false => "what a release is known to add is declared with `--generated GLOB`; ask for the rest",
        };
        return Err(Failure::new(
            Class::Verification,
            Problem::new(format!("`{name}` is not what git says: {}", wrong.join(", "))).help(help),
        ));
    }
    let findings = totals.findings();
    if strict && !findings.is_empty() {
        return Err(Failure::new(
            Class::Verification,
            Problem::new(format!("`{name}` is not strictly what git says: {}", findings.join(", ")))
                .help("without `--strict` these do not fail"),
        ));
    }
    Ok(())
}
