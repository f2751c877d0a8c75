// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist lines`.

mod show;
mod update;

use std::path::PathBuf;

use serde::Serialize;

use super::Done;
use super::args::SourceArgs;
use super::due::{self, Job};
use super::line_args::{self, LineArgs, Looked};
use super::screen::Screen;
use super::table::{self, Cell};
use crate::line::{Life, Line, Verdict};

/// Show every release line: its kernels, its end, its newest release and what is due
///
/// Looks at sources as this machine has them and touches no network.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    table: TableArgs,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Show(show::Args),
    Update(update::Args),
}

#[derive(Debug, clap::Args)]
struct TableArgs {
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

/// A line in JSON.
#[derive(Serialize)]
struct Row<'a> {
    line: String,
    name: &'a str,
    manifest: String,
    preview: bool,
    moniker: Option<&'static str>,
    kernel_series: Option<String>,
    newest_kernel: Option<String>,
    eol: Option<String>,
    days_left: Option<i32>,
    ended: Option<String>,
    released: Option<ReleasedRow>,
    locked: Option<String>,
    state: &'static str,
    due: Option<Job<'a>>,
}

/// A release in JSON.
#[derive(Serialize)]
struct ReleasedRow {
    version: String,
    date: String,
    kernel: Option<String>,
    directory: String,
}

impl ReleasedRow {
    fn of(release: &crate::line::Released) -> Self {
        Self {
            version: release.version.to_string(),
            date: release.date.clone(),
            kernel: release.kernel.clone(),
            directory: release.directory.display().to_string(),
        }
    }
}

impl<'a> Row<'a> {
    fn of(looked: &Looked, line: &'a Line, verdict: &'a Verdict) -> Self {
        let life = Life::of(&line.manifest, &line.calendar, looked.today);
        let (state, due) = match verdict {
            Verdict::Due(due) => ("due", Some(due)),
            Verdict::Waiting(due) => ("waiting", Some(due)),
            Verdict::UpToDate(_) => ("up-to-date", None),
            Verdict::Ended(_) => ("ended", None),
            Verdict::Preview => ("preview", None),
            Verdict::Development => ("development", None),
            Verdict::Unknown(_) => ("unknown", None),
        };
        Self {
            line: line.id(),
            name: line.name(),
            manifest: line.manifest.path().display().to_string(),
            preview: line.is_preview(),
            moniker: line.moniker().map(|moniker| moniker.word()),
            kernel_series: line.series().map(|series| series.to_string()),
            newest_kernel: line.newest_kernel(&looked.places).map(|kernel| kernel.to_string()),
            eol: life.eol.map(|day| day.to_string()),
            days_left: life.days_left,
            ended: life.ended.map(|ended| ended.origin),
            released: line.newest_release(&looked.released).map(ReleasedRow::of),
            locked: line.locked.as_ref().map(ToString::to_string),
            state,
            due: due.map(|due| Job::of(line, due)),
        }
    }
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    match &args.command {
        Some(Command::Show(args)) => show::run(args, screen),
        Some(Command::Update(args)) => update::run(args, screen),
        None => table(&args.table, screen),
    }
}

fn table(args: &TableArgs, screen: &Screen) -> Done {
    let manifests = line_args::manifests(&args.manifests)?;
    let looked = args.lines.look(manifests, &args.sources, None)?;
    let lines: Vec<&Line> = looked.lines.iter().collect();
    let (found, problems) = due::judge(&looked, &lines, false, screen);
    tell_unknown(&found, screen);
    if args.json {
        let rows: Vec<Row<'_>> =
            found.iter().map(|(line, verdict)| Row::of(&looked, line, verdict)).collect();
        screen.json(&rows);
    } else {
        let rows: Vec<_> = found.iter().map(|(line, verdict)| cells(&looked, line, verdict)).collect();
        let head =
            ["line", "release", "moniker", "kernel", "newest", "end of life", "days", "released", "due"];
        table::print(screen, head, &rows);
    }
    problems.map_or(Ok(()), Err)
}

/// Says why it cannot be told what is due of some lines.
fn tell_unknown(found: &[(&Line, Verdict)], screen: &Screen) {
    for (line, verdict) in found {
        let Verdict::Unknown(why) = verdict else { continue };
        for why in why {
            screen.remark(format_args!("{}: cannot tell what is due: {why}", line.key()));
        }
    }
}

fn cells(looked: &Looked, line: &Line, verdict: &Verdict) -> [Cell; 9] {
    let life = Life::of(&line.manifest, &line.calendar, looked.today);
    let day = life.eol.map(|day| day.to_string());
    let (eol, days) = match &life.ended {
        Some(ended) => (Cell::warning(ended.since()), Cell::new(life.days_left)),
        None => (Cell::new(day), Cell::new(life.days_left)),
    };
    let released = line.newest_release(&looked.released).map(|release| release.version.to_string());
    let locked = line.locked.as_ref().map(|version| format!("{version} (locked)"));
    [
        Cell::new(Some(line.id())),
        Cell::new(Some(line.name())),
        Cell::new(line.moniker()),
        Cell::new(line.series()),
        Cell::new(line.newest_kernel(&looked.places)),
        eol,
        days,
        Cell::new(released.or(locked)),
        due_cell(verdict),
    ]
}

/// What is due, in a few words.
fn due_cell(verdict: &Verdict) -> Cell {
    Cell::new(match verdict {
        Verdict::Due(due) if due.action == crate::line::Action::Assemble => {
            Some(due.target.version.to_string())
        }
        Verdict::Due(due) => Some(format!("{}, after {}", due.target.version, due.action.word())),
        Verdict::Waiting(due) => {
            let tags: Vec<&str> = due.target.waiting.iter().map(|waiting| waiting.tag.as_str()).collect();
            Some(format!("waiting for tag {}", tags.join(", ")))
        }
        Verdict::UpToDate(_) | Verdict::Ended(_) => None,
        Verdict::Preview => Some("preview".to_owned()),
        Verdict::Development => Some("never: no tag".to_owned()),
        Verdict::Unknown(_) => Some("?".to_owned()),
    })
}
