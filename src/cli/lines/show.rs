// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist lines show`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use super::super::args::SourceArgs;
use super::super::line_args::{self, LineArgs, Looked};
use super::super::screen::Screen;
use super::super::{Done, due};
use super::{ReleasedRow, Row, tell_unknown};
use crate::line::{Life, Line, Released, Verdict};
use crate::manifest::{Location, Source};

/// Show one line: where it comes from, its end, what is due, and every release of it
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// `lts-6.12`; `lustre/lts-6.12` where several names have such a line; or a manifest's path
    line: String,
    /// Manifests, or folders of them [default: manifests]
    #[arg(value_name = "MANIFEST|DIR")]
    manifests: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    lines: LineArgs,
    #[command(flatten)]
    sources: SourceArgs,
}

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    row: Row<'a>,
    supports: Option<String>,
    kernel_released: Option<String>,
    sources: BTreeMap<String, String>,
    locations: BTreeMap<String, String>,
    history: Vec<History>,
}

#[derive(Serialize)]
struct History {
    #[serde(flatten)]
    release: ReleasedRow,
    sources: BTreeMap<String, SourceAt>,
}

#[derive(Serialize)]
struct SourceAt {
    tag: Option<String>,
    commit: String,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let manifests = line_args::manifests(&args.manifests)?;
    let looked = args.lines.look(manifests, &args.sources, None)?;
    let line = looked.find(&args.line)?;
    let (found, problems) = due::judge(&looked, &[line], line.is_preview(), screen);
    tell_unknown(&found, screen);
    for (line, verdict) in &found {
        let history: Vec<&Released> =
            looked.released.iter().rev().filter(|release| line.made(release)).collect();
        if args.json {
            screen.json(&answer(&looked, line, verdict, &history));
        } else {
            show(&looked, line, verdict, &history, screen);
        }
    }
    problems.map_or(Ok(()), Err)
}

fn answer<'a>(looked: &Looked, line: &'a Line, verdict: &'a Verdict, history: &[&Released]) -> Answer<'a> {
    let manifest = &line.manifest;
    let at = |release: &Released| {
        let sources = release.sources.iter().map(|(name, (_, commit))| {
            let tag = release.tag(name).map(str::to_owned);
            (name.clone(), SourceAt { tag, commit: commit.clone() })
        });
        History { release: ReleasedRow::of(release), sources: sources.collect() }
    };
    Answer {
        row: Row::of(looked, line, verdict),
        supports: manifest.line.as_ref().and_then(|line| line.supports.as_ref()).map(ToString::to_string),
        kernel_released: kernel_released(line),
        sources: line.wanted(),
        locations: manifest
            .sources
            .iter()
            .map(|(name, source)| (name.to_string(), location(source)))
            .collect(),
        history: history.iter().map(|release| at(release)).collect(),
    }
}

fn show(looked: &Looked, line: &Line, verdict: &Verdict, history: &[&Released], screen: &Screen) {
    let fact = |name: &str, text: &str| screen.answer(format_args!("  {name:<14}  {text}\n"));
    screen.answer(format_args!("{}{}\n", line.key(), if line.is_preview() { "  (a preview)" } else { "" }));
    fact("manifest", &line.manifest.path().display().to_string());
    if let Some(series) = line.series() {
        let moniker = line.moniker().map(|moniker| format!(", {moniker}")).unwrap_or_default();
        let since = kernel_released(line).map(|day| format!(", first released {day}")).unwrap_or_default();
        fact("kernel", &format!("{series}{moniker}{since}"));
    }
    if let Some(kernel) = line.newest_kernel(&looked.places) {
        let feed = line.calendar.feed.as_ref().map(|feed| format!(", by {}", feed.from));
        fact("newest", &format!("{kernel}{}", feed.unwrap_or_else(|| ", by the tags".to_owned())));
    }
    if let Some(range) = line.manifest.line.as_ref().and_then(|line| line.supports.as_ref()) {
        fact("supports", &range.to_string());
    }
    let life = Life::of(&line.manifest, &line.calendar, looked.today);
    match (&life.ended, life.eol, life.days_left) {
        (Some(ended), ..) => {
            fact("end of life", &format!("{}, by {}", screen.warning(&ended.since()), ended.origin));
        }
        (None, Some(day), Some(left)) => {
            fact("end of life", &format!("{day}, {left} days left"));
        }
        _ => fact("end of life", "not known"),
    }
    let locations = line.manifest.sources.values().map(location);
    for ((name, wanted), location) in line.wanted().iter().zip(locations) {
        fact(&format!("source {name}"), &format!("{wanted}; {location}"));
    }
    match verdict {
        Verdict::Due(due) | Verdict::Waiting(due) => {
            let waits = if matches!(verdict, Verdict::Waiting(_)) { "waiting" } else { due.action.word() };
            fact("due", &format!("{}, {waits}", due.target.version));
            due.why.iter().for_each(|why| fact("", why));
        }
        Verdict::Unknown(_) => fact("due", "not known"),
        _ => fact("due", "nothing"),
    }
    if let Some(locked) = &line.locked {
        fact("locked", &locked.to_string());
    }
    if history.is_empty() {
        fact("released", "nothing");
    }
    for (nth, release) in history.iter().enumerate() {
        let day = release.date.split('T').next().unwrap_or_default();
        let kernel = release.kernel.as_ref().map(|kernel| format!("  kernel {kernel}")).unwrap_or_default();
        fact(if nth == 0 { "released" } else { "" }, &format!("{}  {day}{kernel}", release.version));
        for (name, (_, commit)) in &release.sources {
            fact("", &format!("  {name}  {}  {commit}", release.tag(name).unwrap_or("-")));
        }
    }
}

fn kernel_released(line: &Line) -> Option<String> {
    Some(line.calendar.series(line.series()?)?.released.to_string())
}

fn location(source: &Source) -> String {
    match &source.location {
        Location::Git { url, .. } => format!("git {}", crate::source::without_password(&url.value)),
        Location::Bundle { path } => format!("bundle {path}"),
    }
}
