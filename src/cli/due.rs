// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist due`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use super::Done;
use super::args::SourceArgs;
use super::line_args::{self, LineArgs, Looked};
use super::screen::Screen;
use crate::line::{self, Due, Line, Verdict};
use crate::model::{Class, Failure, Problem};

/// Tell what is to be built: for each line the newest kernel and the newest tags against what is
/// released
///
/// Looks at sources as this machine has them and touches no network unless `--fetch` says so. Exit
/// code 5 when nothing is due.
///
/// `--json` prints the job matrix of a CI engine: {"include": [{line, name, manifest, version, action,
/// why, kernel, sources}]}, where `action` is `assemble`, `bump` (the manifest names an older tag) or
/// `respin` (other inputs would have the version that is released). What waits for a tag is not in it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Manifests, or folders of them [default: manifests]
    #[arg(value_name = "MANIFEST|DIR")]
    manifests: Vec<PathBuf>,
    /// This line alone: `lts-6.12`, or `lustre/lts-6.12`
    #[arg(long, value_name = "LINE")]
    line: Option<String>,
    /// Look at previews too, whose manifests say `buildable = false`
    #[arg(long)]
    previews: bool,
    /// Fetch the sources that are remote before looking at them
    #[arg(long, conflicts_with = "offline")]
    fetch: bool,
    /// Print the job matrix as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    lines: LineArgs,
    #[command(flatten)]
    sources: SourceArgs,
}

#[derive(Serialize)]
struct Matrix<'a> {
    include: Vec<Job<'a>>,
}

/// One release that is due, as every JSON says it.
#[derive(Serialize)]
pub(super) struct Job<'a> {
    line: String,
    name: &'a str,
    manifest: String,
    version: String,
    action: &'static str,
    why: &'a [String],
    kernel: Option<String>,
    sources: BTreeMap<&'a str, &'a str>,
}

impl<'a> Job<'a> {
    pub(super) fn of(line: &'a Line, due: &'a Due) -> Self {
        let tags = &due.target.tags;
        Self {
            line: line.id(),
            name: line.name(),
            manifest: line.manifest.path().display().to_string(),
            version: due.target.version.to_string(),
            action: due.action.word(),
            why: &due.why,
            kernel: due.target.kernel.map(|kernel| kernel.to_string()),
            sources: tags.iter().map(|(name, tag)| (name.as_str(), tag.as_str())).collect(),
        }
    }
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let manifests = line_args::manifests(&args.manifests)?;
    let looked = args.lines.look(manifests, &args.sources, None)?;
    let lines: Vec<&Line> = match &args.line {
        Some(wanted) => vec![looked.find(wanted)?],
        None => looked.lines.iter().collect(),
    };
    let (lines, mut failures) = match args.fetch {
        true => fetch(&looked, &lines, args.previews),
        false => (lines, Vec::new()),
    };
    let (found, unknown) = judge_all(&looked, &lines, args.previews, screen);
    failures.extend(unknown);
    let due: Vec<(&Line, &Due)> = found
        .iter()
        .filter_map(|(line, verdict)| match verdict {
            Verdict::Due(due) => Some((*line, due)),
            _ => None,
        })
        .collect();
    if args.json {
        screen.json(&Matrix { include: due.iter().map(|(line, due)| Job::of(line, due)).collect() });
    } else {
        for (line, due) in &due {
            screen.answer(format_args!("{}  {}  {}\n", line.key(), due.target.version, due.action.word()));
            for why in &due.why {
                screen.answer(format_args!("  {why}\n"));
            }
        }
    }
    match Failure::all(failures) {
        Some(failure) => Err(failure),
        None if due.is_empty() => Err(nothing()),
        None => Ok(()),
    }
}

/// Brings the tags that remote sources have by now, of lines that could have a release due. Returns
/// the lines whose sources answered, and what the others said.
pub(super) fn fetch<'a>(
    looked: &Looked,
    lines: &[&'a Line],
    previews: bool,
) -> (Vec<&'a Line>, Vec<Failure>) {
    let mut answered = Vec::new();
    let mut failures = Vec::new();
    for &line in lines {
        let over = line::Life::of(&line.manifest, &line.calendar, looked.today).ended.is_some();
        let wanted = !over && (previews || !line.is_preview());
        // A tag that nothing newer is looked for beside need not be fetched to tell what is due.
        let sources = line.manifest.sources.values().filter(|source| wanted && source.is_open());
        let fetched: Result<Vec<()>, Failure> =
            sources.map(|source| looked.places.fetch(&line.manifest, source)).collect();
        match fetched {
            Ok(_) => answered.push(line),
            Err(failure) => failures.push(failure),
        }
    }
    (answered, failures)
}

/// The verdicts on lines for who wants to act on them: not to be able to tell is a failure. One line
/// that cannot be looked at does not hide what is due of the others.
pub(super) fn judge_all<'a>(
    looked: &Looked,
    lines: &[&'a Line],
    previews: bool,
    screen: &Screen,
) -> (Vec<(&'a Line, Verdict)>, Option<Failure>) {
    let (found, failure) = judge(looked, lines, previews, screen);
    let unknown = found.iter().filter_map(|(line, verdict)| match verdict {
        Verdict::Unknown(why) => Some(
            why.iter()
                .fold(Problem::new(format!("cannot tell what is due of {}", line.key())), |problem, why| {
                    problem.note(why)
                })
                .help("`due --fetch` fetches remote sources; `--source NAME=PATH` points at a clone")
                .into_source(),
        ),
        _ => None,
    });
    let failure = Failure::all(failure.into_iter().chain(unknown).collect());
    (found, failure)
}

/// The verdicts on lines, and what kept some from one.
pub(super) fn judge<'a>(
    looked: &Looked,
    lines: &[&'a Line],
    previews: bool,
    screen: &Screen,
) -> (Vec<(&'a Line, Verdict)>, Option<Failure>) {
    let mut found = Vec::new();
    let mut failures = Vec::new();
    for line in lines {
        match looked.verdict(line, previews) {
            Ok(verdict) => {
                line_args::remark(line, &verdict, screen);
                found.push((*line, verdict));
            }
            Err(failure) => failures.push(failure),
        }
    }
    (found, Failure::all(failures))
}

/// Exit code 5.
fn nothing() -> Failure {
    Failure::new(Class::NothingToDo, Problem::new("nothing is due"))
}
