// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist line`: starting and ending lines.

use std::path::PathBuf;

use jiff::civil::Date;

use super::Done;
use super::args::{self, usage};
use super::bump::show;
use super::screen::Screen;
use crate::edit::{self, NewLine};
use crate::manifest::{Line, Manifest};
use crate::model::version::{KernelRange, KernelSeries};
use crate::model::{Class, Failure, Problem, ReleaseName};

/// Start or end a release line
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    New(New),
    End(End),
}

/// Write the manifest of a new LTS line from that of another
///
/// Changes the line's id, its kernel series and the tags of its kernel source; every other byte,
/// comments too, is the other manifest's.
#[derive(Debug, clap::Args)]
struct New {
    /// The new line: `lts-` and the series of an LTS kernel, such as lts-6.18
    #[arg(value_parser = lts)]
    id: KernelSeries,
    /// The line or manifest to start from [default: the newest LTS line in manifests/]
    #[arg(long, value_name = "LINE|MANIFEST")]
    from: Option<String>,
    /// The kernels that the compatibility layer covers, where the other line's range will not do
    #[arg(long, value_name = "RANGE", value_parser = range)]
    supports: Option<KernelRange>,
    /// The name of what is released, where it is another
    #[arg(long, value_parser = name)]
    name: Option<ReleaseName>,
    /// The file to write, in the folder of the other manifest [default: the line's id]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Mark a line as ended: nothing is assembled for it any more
#[derive(Debug, clap::Args)]
struct End {
    /// The line or its manifest
    #[arg(value_name = "LINE|MANIFEST")]
    line: String,
    /// The day on which it ended [default: today]
    #[arg(long)]
    date: Option<Date>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn lts(text: &str) -> Result<KernelSeries, String> {
    let series = text.strip_prefix("lts-").ok_or("expected `lts-` and a kernel series, such as lts-6.18")?;
    KernelSeries::parse(series).map_err(|error| error.to_string())
}

fn range(text: &str) -> Result<KernelRange, String> {
    KernelRange::parse(text).map_err(|error| error.to_string())
}

fn name(text: &str) -> Result<ReleaseName, String> {
    ReleaseName::new(text).ok_or_else(|| crate::model::name::NAME_RULE.to_owned())
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    match &args.command {
        Command::New(args) => new(args, screen),
        Command::End(args) => end(args, screen),
    }
}

fn new(args: &New, screen: &Screen) -> Done {
    let from = match &args.from {
        Some(from) => args::find_manifest(from)?,
        None => newest_lts()?,
    };
    let id = format!("lts-{}", args.id);
    let file = match &args.out {
        Some(file) => file.clone(),
        None => from.folder.join(match &args.name {
            Some(name) => format!("{name}-{}.toml", args.id),
            None => format!("{id}.toml"),
        }),
    };
    require_same_folder(&from, &file)?;
    let release = args.name.as_ref().unwrap_or(&from.release.name);
    for other in args::manifests_of(&from.folder)? {
        if other.release.name.value == *release
            && let Some(line) = other.line.as_ref().filter(|line| line.id.value == id)
        {
            return Err(usage(
                other
                    .problem(format!("there is a line `{id}` of {release} already"), &line.id.span, "here")
                    .help("move it with `lustre-dist bump`, or give the new one another `--name`"),
            ));
        }
    }
    let wanted = NewLine { series: args.id, supports: args.supports, name: args.name.clone(), file };
    let edited = edit::new_line(&from, &wanted)?;
    edited.create()?;

    let path = wanted.file.display();
    let old = from.line.as_ref().and_then(|line| line.kernel.as_ref()).map(|series| series.value);
    let stale = old.filter(|old| *old != args.id).map(|old| comments_about(&edited.manifest, old));
    if args.json {
        screen.json(&serde_json::json!({
            "manifest": path.to_string(), "from": from.path().display().to_string(), "line": id,
            "changes": edited.changes, "comments_to_read": stale.unwrap_or_default(),
        }));
        return Ok(());
    }
    show(from.path(), &edited.changes, screen);
    screen.remark(format_args!("wrote {path}; next: lustre-dist check {path}"));
    if let (Some(old), Some(lines)) = (old, stale.filter(|lines| !lines.is_empty())) {
        let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        screen.remark(format_args!("its comments still speak of {old}: lines {}", lines.join(", ")));
    }
    Ok(())
}

/// The paths in a manifest are relative to its folder.
fn require_same_folder(from: &Manifest, file: &std::path::Path) -> Done {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => std::path::Path::new("."),
    };
    let same = match (folder.canonicalize(), from.folder.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    };
    if same {
        return Ok(());
    }
    Err(usage(
        Problem::new(format!("`{}` is not in the folder of `{}`", file.display(), from.path().display()))
            .note("the paths in a manifest are relative to its folder, and stay as they are")
            .help(format!("write it to `{}`", from.folder.display())),
    ))
}

/// The newest LTS line of the manifests at hand.
fn newest_lts() -> Result<Manifest, Failure> {
    let folder = std::path::Path::new("manifests");
    let series = |manifest: &Manifest| {
        let line = manifest.line.as_ref()?;
        line.kernel.as_ref().filter(|_| line.id.value.starts_with("lts-")).map(|kernel| kernel.value)
    };
    let mut lines: Vec<Manifest> =
        args::manifests_of(folder)?.into_iter().filter(|manifest| series(manifest).is_some()).collect();
    lines.sort_by_key(series);
    let newest = lines.last().and_then(series);
    let mut newest: Vec<Manifest> = lines.into_iter().filter(|line| series(line) == newest).collect();
    match (newest.pop(), newest.pop()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(usage(
            Problem::new("there is no LTS line in `manifests` to start from")
                .help("name a manifest: `--from MANIFEST`"),
        )),
        (Some(one), Some(other)) => Err(usage(
            Problem::new("two lines could be the one to start from")
                .note(format!("{} and {}", other.path().display(), one.path().display()))
                .help("say which: `--from MANIFEST`"),
        )),
    }
}

/// The lines of a manifest whose comments name that series.
fn comments_about(manifest: &Manifest, series: KernelSeries) -> Vec<usize> {
    let series = series.to_string();
    let names = |comment: &str| {
        comment.match_indices(&series).any(|(at, found)| {
            let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
            !digit(comment[..at].chars().next_back()) && !digit(comment[at + found.len()..].chars().next())
        })
    };
    let lines = manifest.text.text.lines().enumerate();
    lines
        .filter(|(_, line)| line.split_once('#').is_some_and(|(_, comment)| names(comment)))
        .map(|(nth, _)| nth + 1)
        .collect()
}

fn end(args: &End, screen: &Screen) -> Done {
    let manifest = args::find_manifest(&args.line)?;
    let on = args.date.map_or_else(super::clock::today, Ok)?;
    let id = manifest.line.as_ref().map(|Line { id, .. }| id.to_string()).unwrap_or_default();
    let Some(edited) = edit::end(&manifest, on)? else {
        let problem = Problem::new(format!("{}: line {id} has ended already", manifest.path().display()));
        return Err(Failure::new(Class::NothingToDo, problem));
    };
    edited.replace()?;
    if args.json {
        screen.json(&serde_json::json!({
            "manifest": manifest.path().display().to_string(), "line": id, "ended": on.to_string(),
            "changes": edited.changes,
        }));
        return Ok(());
    }
    show(manifest.path(), &edited.changes, screen);
    screen.remark(format_args!("line {id} ended on {on}; nothing is assembled for it any more"));
    Ok(())
}
