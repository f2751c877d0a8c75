// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist changes`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Done;
use super::args::{self, JobArgs, SourceArgs, usage};
use super::screen::Screen;
use crate::changes::{
    self, AppliedPatch, Change, Changes, Counts, Layers, PatchChange, Query, compare_patches, patches_of,
};
use crate::lock::Inputs;
use crate::model::{Class, Failure, Problem, SourceName};
use crate::source::{self, Repository, Status, shown};

/// Show the commits and files between two releases, layer by layer
///
/// The numbers are git's: `git log FROM..TO` and `git diff --no-renames FROM TO`. So a merge touches
/// nothing, and a renamed file is one removed and one added. Layers are those of the manifest, whose
/// takes are held against every path that a commit touches; a commit can be in several, and one that
/// touches only other paths is not in the tarball. Without a manifest, `--source NAME=PATH` names the
/// repository and top-level directories stand in for layers.
///
/// A backport names its original in a trailer (`Lustre-commit:`, `commit ... upstream.`, `cherry picked
/// from`). In a range of a maintenance branch, where at least a tenth of the commits say that they are
/// backports, those that name none are looked for on master or main by their `Change-Id`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Two tags, versions, branches or commits: `v2_16_0..2.17.0`
    #[arg(value_name = "FROM..TO", value_parser = range)]
    range: (String, String),
    /// The manifest
    manifest: Option<PathBuf>,
    /// The source that the range is of [default: the primary one]
    #[arg(long, value_name = "SOURCE", requires = "manifest")]
    of: Option<String>,
    /// Show one layer only
    #[arg(long, value_name = "LAYER")]
    layer: Option<String>,
    /// The manifest of the earlier release, to tell which patches were added and dropped since
    #[arg(long, value_name = "MANIFEST", requires = "manifest")]
    before: Option<PathBuf>,
    /// Show the numbers and not the commits
    #[arg(long)]
    summary: bool,
    /// List the files that were added, changed and removed
    #[arg(long)]
    files: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    jobs: JobArgs,
    #[command(flatten)]
    sources: SourceArgs,
}

fn range(text: &str) -> Result<(String, String), String> {
    let (from, to) =
        text.split_once("..").ok_or("expected two ends with `..` between, such as `v2_16_0..v2_17_0`")?;
    if let Some(to) = to.strip_prefix('.') {
        return Err(format!("`...` is git's symmetric difference; `{from}..{to}` is meant here"));
    }
    if from.is_empty() || to.is_empty() {
        return Err("expected a name on both sides of the `..`".to_owned());
    }
    Ok((from.to_owned(), to.to_owned()))
}

#[derive(Serialize)]
struct Answer<'a> {
    source: &'a str,
    #[serde(flatten)]
    changes: &'a Changes,
    /// The patches that the manifest adds.
    patches: &'a [AppliedPatch],
    /// What became of them since `--before`; none without it.
    patch_changes: Option<&'a [PatchChange]>,
}

/// What the manifests add of their own.
#[derive(Default)]
struct Patches {
    now: Vec<AppliedPatch>,
    changes: Option<Vec<PatchChange>>,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    match &args.manifest {
        Some(path) => with_manifest(args, path, screen),
        None => {
            let Some((name, repository)) = args.sources.lone()? else {
                return Err(usage(
                    Problem::new("which repository? There is neither a manifest nor one `--source`")
                        .help("give the manifest behind the range, or one `--source NAME=PATH`"),
                ));
            };
            let ends = resolve(&repository, &args.range)?;
            show(args, screen, &name, &repository, Layers::Directories, ends, &Patches::default())
        }
    }
}

fn with_manifest(args: &Args, path: &Path, screen: &Screen) -> Done {
    let manifest = args::read_manifest(path)?;
    let places = args.sources.places(&manifest)?;
    let name = match &args.of {
        None => manifest.release.primary.value.clone(),
        Some(of) => match SourceName::new(of).filter(|name| manifest.sources.contains_key(name)) {
            Some(name) => name,
            None => {
                let known: Vec<&str> = manifest.sources.keys().map(SourceName::as_str).collect();
                return Err(usage(
                    Problem::new(format!("`--of {of}`: the manifest has no source of that name"))
                        .note(format!("it has {}", known.join(", "))),
                ));
            }
        },
    };
    let layers = Layers::of(&manifest, &name);
    if let Some(layer) = &args.layer {
        let of_source = manifest.layers.iter().filter(|layer| layer.source.value == name);
        let known: Vec<&str> = of_source.map(|layer| layer.name.as_str()).collect();
        if !known.contains(&layer.as_str()) {
            return Err(usage(
                Problem::new(format!("source `{name}` has no layer `{layer}`"))
                    .note(format!("it has {}", known.join(", "))),
            ));
        }
    }
    let mut patches = Patches { now: patches_of(&manifest, &Inputs::read(&manifest)?), ..Patches::default() };
    if let Some(before) = &args.before {
        let before = args::read_manifest(before)?;
        patches.changes = Some(compare_patches(&patches_of(&before, &Inputs::read(&before)?), &patches.now));
    }
    let mut open = source::open(&manifest, &manifest.sources[&name], &places)?;
    let mut ends = resolve(&open.repository, &args.range);
    // A tag may be newer than the mirror.
    if ends.as_ref().is_err_and(|failure| failure.class == Class::Usage) && open.refresh(&[])? {
        ends = resolve(&open.repository, &args.range);
    }
    show(args, screen, &name, &open.repository, layers, ends?, &patches)
}

/// Both ends, or what is wrong with each of them.
fn resolve(repository: &Repository, range: &(String, String)) -> Result<Ends, Failure> {
    match (source::resolve(repository, &range.0), source::resolve(repository, &range.1)) {
        (Ok(from), Ok(to)) => Ok((from, to)),
        (Err(mut from), Err(to)) => {
            from.problems.extend(to.problems);
            Err(from)
        }
        (Err(failure), _) | (_, Err(failure)) => Err(failure),
    }
}

type Ends = (source::Revision, source::Revision);

fn show(
    args: &Args,
    screen: &Screen,
    source: &SourceName,
    repository: &Repository,
    layers: Layers<'_>,
    (from, to): Ends,
    patches: &Patches,
) -> Done {
    let main = changes::main_branches(repository)?;
    let query = Query { repository, from, to, layers, main: &main, jobs: args.jobs.count() };
    let mut changes = changes::between(&query)?;
    if let Some(layer) = &args.layer {
        changes.layers.retain(|known| known.name == *layer);
        changes.commits.retain(|commit| commit.layers.contains(layer));
        changes.files.retain(|file| file.layers.contains(layer));
    }
    if args.json {
        screen.json(&Answer {
            source: source.as_str(),
            changes: &changes,
            patches: &patches.now,
            patch_changes: patches.changes.as_deref(),
        });
    } else {
        screen.answer(people(args, source, &changes, patches));
    }
    Ok(())
}

/// The changes for people.
fn people(args: &Args, source: &SourceName, changes: &Changes, patches: &Patches) -> String {
    let mut out = format!("{source} {}..{}\n", changes.from.name(), changes.to.name());
    if changes.diverged {
        let _ = writeln!(
            out,
            "{from} is not in the history of {to}: what it alone has shows as removed or changed back",
            from = changes.from.name(),
            to = changes.to.name()
        );
    }
    table(&mut out, args, changes);
    if !args.summary {
        for layer in &changes.layers {
            let commits: Vec<&Change> =
                changes.commits.iter().filter(|commit| commit.layers.contains(&layer.name)).collect();
            list(&mut out, &layer.name, &commits);
        }
        let outside: Vec<&Change> =
            changes.commits.iter().filter(|commit| commit.layers.is_empty() && commit.files > 0).collect();
        list(&mut out, "not in the tarball", &outside);
    }
    if args.files {
        files(&mut out, changes);
    }
    patch_lines(&mut out, patches);
    out
}

fn table(out: &mut String, args: &Args, changes: &Changes) {
    let totals = &changes.totals;
    let widest = changes.layers.iter().map(|layer| layer.name.len()).max().unwrap_or(0).max(18);
    let _ = writeln!(
        out,
        "\n  {:<widest$} {:>8} {:>8} {:>8} {:>8}",
        "layer", "commits", "added", "changed", "removed"
    );
    let mut row = |name: &str, commits: usize, files: Counts| {
        let Counts { added, changed, removed } = files;
        let _ = writeln!(out, "  {:<widest$} {commits:>8} {added:>8} {changed:>8} {removed:>8}", shown(name));
    };
    for layer in &changes.layers {
        row(&layer.name, layer.commits, layer.files);
    }
    if args.layer.is_some() {
        return;
    }
    let has_layers = args.manifest.is_some();
    if has_layers {
        row("not in the tarball", totals.outside, totals.outside_files);
    }
    row("all", totals.commits, totals.files);
    let mut uncounted = Vec::new();
    for (count, one, many) in
        [(totals.merges, "merge", "merges"), (totals.empty, "commit without files", "commits without files")]
    {
        if count > 0 {
            uncounted.push(format!("{count} {}", if count == 1 { one } else { many }));
        }
    }
    if !uncounted.is_empty() {
        let _ = writeln!(out, "  in no layer: {}", uncounted.join(", "));
    }
}

fn list(out: &mut String, name: &str, commits: &[&Change]) {
    if commits.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", shown(name));
    for commit in commits {
        let date = commit.committed.to_string();
        let (id, author) = (commit.commit.to_string(), shown(&commit.author));
        let carries: String = commit
            .carries
            .iter()
            .map(|carries| match &carries.commit {
                Some(original) => format!("  [backport of {}]", &original[..original.len().min(12)]),
                None => "  [backport of a change that had not landed]".to_owned(),
            })
            .collect();
        let subject = if commit.subject.is_empty() { "(no subject)" } else { &commit.subject };
        let _ = writeln!(
            out,
            "  {} {}  {}  ({author}){carries}",
            &id[..12],
            date.get(..10).unwrap_or(&date),
            shown(subject)
        );
    }
}

fn files(out: &mut String, changes: &Changes) {
    let _ = writeln!(out, "\nfiles");
    for file in &changes.files {
        let layers = if file.layers.is_empty() { "-".to_owned() } else { file.layers.join(",") };
        let _ = writeln!(out, "  {} {:<10} {}", letter(file.status), shown(&layers), shown(&file.path));
    }
}

/// As `git diff --name-status` has it, but a link where a file was is `M` too.
fn letter(status: Status) -> char {
    match status {
        Status::Added => 'A',
        Status::Changed => 'M',
        Status::Removed => 'D',
    }
}

fn patch_lines(out: &mut String, patches: &Patches) {
    let line = |patch: &AppliedPatch| {
        let why = match (&patch.upstream, &patch.reason) {
            (Some(commit), _) => format!("upstream {commit}"),
            (None, reason) => reason.clone().unwrap_or_default(),
        };
        format!("{:<10} {}  {}", patch.layer, shown(&patch.file), shown(&why))
    };
    match &patches.changes {
        None if patches.now.is_empty() => {}
        None => {
            let _ = writeln!(out, "\npatches of the manifest");
            for patch in &patches.now {
                let _ = writeln!(out, "  {}", line(patch));
            }
        }
        Some(changed) => {
            let _ = writeln!(out, "\npatches of the manifest, since the one before");
            if changed.is_empty() {
                let _ = writeln!(out, "  the same {}", patches.now.len());
            }
            for change in changed {
                let what = match change.status {
                    Status::Added => "added  ",
                    Status::Changed => "changed",
                    Status::Removed => "dropped",
                };
                let _ = writeln!(out, "  {what} {}", line(&change.patch));
            }
        }
    }
}
