// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist ls`.

use jiff::civil::Date;
use serde::Serialize;

use super::Done;
use super::args::usage;
use super::clock;
use super::config::Config;
use super::reading::ReadingArgs;
use super::screen::Screen;
use super::table::{self, Cell};
use super::transfer::Transfer;
use crate::fetch::{Freshness, Reader};
use crate::model::version::{KernelSeries, ReleaseVersion};
use crate::model::{Failure, Moniker, Problem, Sha256, SourceDate};
use crate::repository::{Catalog, Entry, Listed, Retraction};

/// List the releases of a repository, the newest first
///
/// The repository and its root are named as for `lustre-dist fetch`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only the releases of a line
    #[arg(long, value_name = "LINE")]
    line: Option<String>,
    /// Candidates and snapshots too
    #[arg(long)]
    all: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reading: ReadingArgs,
}

#[derive(Serialize)]
struct Answer<'a> {
    releases: Vec<Row<'a>>,
    metadata: &'a Freshness,
}

#[derive(Serialize)]
struct Row<'a> {
    title: String,
    name: &'a str,
    version: &'a ReleaseVersion,
    line: Option<&'a str>,
    kernel: Option<KernelSeries>,
    moniker: Option<Moniker>,
    date: SourceDate,
    identity: Sha256,
    preview: bool,
    latest: bool,
    eol: Option<Date>,
    over: bool,
    retracted: Option<&'a Retraction>,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let config = Config::load()?;
    let today = clock::today()?;
    let transfer = Transfer::new(screen);
    let reader = args.reading.open(&config, screen, &transfer)?;
    let rows = rows(args, &reader, today)?;
    if args.json {
        screen.json(&Answer { releases: rows, metadata: reader.freshness() });
        return Ok(());
    }
    if rows.is_empty() {
        let whose = args.line.as_ref().map_or("the repository".to_owned(), |line| format!("the line {line}"));
        screen.remark(format_args!("{whose} has no release yet"));
    } else {
        let cells: Vec<_> = rows.iter().map(cells).collect();
        table::print(screen, ["RELEASE", "LINE", "KERNEL", "DATE", "REMARK"], &cells);
    }
    let is_hidden =
        |listed: &&Listed| !args.all && listed.entry.is_preview() && is_asked(args, &listed.entry);
    match reader.catalog().releases.values().filter(is_hidden).count() {
        0 => {}
        1 => screen.remark("1 candidate or snapshot is shown with --all"),
        count => screen.remark(format_args!("{count} candidates and snapshots are shown with --all")),
    }
    Ok(())
}

/// Whether a release is of the line that was asked for.
fn is_asked(args: &Args, entry: &Entry) -> bool {
    args.line.is_none() || args.line == entry.line
}

fn rows<'r>(args: &Args, reader: &'r Reader<'_>, today: Date) -> Result<Vec<Row<'r>>, Failure> {
    let catalog = reader.catalog();
    let mut releases = catalog.all();
    releases.retain(|listed| is_asked(args, &listed.entry));
    if let Some(line) = args.line.as_ref().filter(|_| releases.is_empty()) {
        let mut lines: Vec<&str> =
            catalog.releases.values().filter_map(|listed| listed.entry.line.as_deref()).collect();
        lines.sort_unstable();
        lines.dedup();
        let problem = Problem::new(format!("the repository has no release of a line `{line}`"));
        return Err(usage(match &lines[..] {
            [] if catalog.releases.is_empty() => problem.note("it has no release yet"),
            [] => problem.note("its releases belong to no line"),
            lines => problem.help(format!("its lines are {}", lines.join(", "))),
        }));
    }
    releases.retain(|listed| args.all || !listed.entry.is_preview());
    Ok(releases.into_iter().rev().map(|listed| row(catalog, listed, today)).collect())
}

fn row<'c>(catalog: &'c Catalog, listed: &'c Listed, today: Date) -> Row<'c> {
    let entry = &listed.entry;
    let id = entry.line.as_deref();
    let line = id.and_then(|id| catalog.lines.get(id));
    Row {
        title: entry.title(),
        name: &entry.name,
        version: &entry.version,
        line: id,
        kernel: line.and_then(|line| line.kernel),
        moniker: line.and_then(|line| line.moniker),
        date: entry.date,
        identity: entry.identity,
        preview: entry.is_preview(),
        latest: id.map_or_else(|| catalog.latest_of_none(), |id| catalog.latest(id)) == Some(listed),
        eol: line.and_then(|line| line.eol),
        over: line.is_some_and(|line| line.is_over(today)),
        retracted: entry.retracted.as_ref(),
    }
}

fn cells(row: &Row<'_>) -> [Cell; 5] {
    let mut good = Vec::new();
    let mut bad = Vec::new();
    if row.latest {
        good.push("latest".to_owned());
    }
    if row.preview {
        good.push("preview".to_owned());
    }
    if let Some(Retraction { on, reason }) = row.retracted {
        bad.push(format!("retracted {on}: {}", plain(reason)));
    }
    if let Some(eol) = row.eol.filter(|_| row.over) {
        bad.push(format!("end of life since {eol}"));
    }
    let remark = [good, bad.clone()].concat().join("; ");
    let remark = match (remark.is_empty(), bad.is_empty()) {
        (true, _) => Cell::new(None::<&str>),
        (false, true) => Cell::new(Some(remark)),
        (false, false) => Cell::warning(remark),
    };
    [
        Cell::new(Some(&row.title)),
        Cell::new(row.line),
        Cell::new(row.kernel),
        Cell::new(Some(day(row.date))),
        remark,
    ]
}

/// The day of a date.
pub(super) fn day(date: SourceDate) -> String {
    date.to_string().split('T').next().unwrap_or_default().to_owned()
}

/// Somebody's text on one line, without what moves a cursor.
pub(super) fn plain(text: &str) -> String {
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}
