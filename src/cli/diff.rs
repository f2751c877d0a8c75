// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist diff`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::Done;
use super::args::{self, LeaveOutArgs, SourceArgs};
use super::screen::Screen;
use crate::compare::{
    Comparison, Counts, FileDifference, InputDifference, Kind, NO_LAYER, Side, SourceAt, compare,
    open_directory, open_tarball, planned,
};
use crate::model::Failure;
use crate::source::shown;
use crate::{lock, plan};

/// Compare two releases, tarballs or manifests, layer by layer
///
/// Each of the two is a release directory, a tarball (.tar, .tar.gz, .tar.zst, .tar.xz; ours or
/// anybody's), or a manifest, whose plan is compared. Paths are those in the tarballs. The tool's own
/// records in `.lustre-dist/` are not listed; what they say of sources, patches and templates is.
///
/// The exit code is 0 whether or not something differs; `totals` in the JSON tells.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The first: a release directory, a tarball or a manifest
    #[arg(value_name = "A")]
    before: PathBuf,
    /// The second
    #[arg(value_name = "B")]
    after: PathBuf,
    /// Show numbers only, with the lines that are new and gone
    #[arg(long)]
    stat: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    leave_out: LeaveOutArgs,
    #[command(flatten)]
    sources: SourceArgs,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let before = open(args, &args.before)?;
    let after = open(args, &args.after)?;
    let mut comparison = compare(&before, &after)?;
    if args.stat {
        comparison.count_lines(&before, &after)?;
    }
    if args.json {
        screen.json(&comparison);
    } else {
        screen.answer(people(&comparison, args.stat));
    }
    Ok(())
}

fn open(args: &Args, path: &Path) -> Result<Side, Failure> {
    if path.is_dir() {
        return open_directory(path);
    }
    if path.extension().is_none_or(|end| end != "toml") {
        return open_tarball(path);
    }
    let manifest = args::read_manifest(path)?;
    let places = args.sources.places(&manifest)?;
    let (locked, _) = lock::lock(manifest, &args::request(&places, false)?)?;
    Ok(planned(path.display().to_string(), plan::make(locked, &args.leave_out.leave_out)?))
}

/// The comparison for people.
fn people(comparison: &Comparison, stat: bool) -> String {
    let (before, after) = (&comparison.before, &comparison.after);
    let mut out = format!("{} -> {}\n", shown(&before.title), shown(&after.title));
    for source in &comparison.sources {
        let _ = writeln!(out, "  source {}", source.name);
        for (sign, at) in [('-', &source.before), ('+', &source.after)] {
            if let Some(SourceAt { name, commit }) = at {
                let _ = writeln!(out, "    {sign} {:<12} {commit}", shown(name));
            }
        }
    }
    inputs(&mut out, "patch", &comparison.patches);
    inputs(&mut out, "template", &comparison.templates);
    if comparison.files.is_empty() {
        out.push_str("the same files\n");
        return out;
    }
    table(&mut out, comparison, stat);
    if !stat {
        files(&mut out, &comparison.files);
    }
    out
}

fn inputs(out: &mut String, what: &str, inputs: &[InputDifference]) {
    for input in inputs {
        let verb = match input.what {
            Kind::Added => "added",
            Kind::Removed => "dropped",
            _ => "changed",
        };
        let _ = writeln!(out, "  {what:<8} {verb:<8} {}", shown(&input.file));
    }
}

fn table(out: &mut String, comparison: &Comparison, stat: bool) {
    let _ = write!(
        out,
        "\n  {:<12} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "layer", "added", "changed", "removed", "mode", "moved"
    );
    out.push_str(if stat { "    lines +    lines -\n" } else { "\n" });
    let mut row = |name: &str, counts: &Counts| {
        let Counts { added, changed, removed, mode, moved, .. } = counts;
        let _ =
            write!(out, "  {:<12} {added:>8} {changed:>8} {removed:>8} {mode:>8} {moved:>8}", shown(name));
        if stat {
            let _ = write!(out, " {:>10} {:>10}", counts.lines_added, counts.lines_removed);
        }
        out.push('\n');
    };
    for (name, counts) in &comparison.layers {
        row(heading(name), counts);
    }
    row("all", &comparison.totals);
}

fn heading(layer: &str) -> &str {
    if layer == NO_LAYER { "in no layer" } else { layer }
}

fn files(out: &mut String, files: &[FileDifference]) {
    let mut layers: Vec<&str> = files.iter().map(FileDifference::layer).collect();
    layers.sort_unstable();
    layers.dedup();
    for layer in layers {
        let _ = writeln!(out, "\n{}", shown(heading(layer)));
        for file in files.iter().filter(|file| file.layer() == layer) {
            let words: Vec<String> = file.what.iter().map(|what| word(*what, file)).collect();
            let _ = writeln!(out, "  {:<9} {}", words.join(", "), shown(&file.path));
        }
    }
}

fn word(what: Kind, file: &FileDifference) -> String {
    let change = |before: &Option<String>, after: &Option<String>| {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        format!("{} -> {}", text(before), text(after))
    };
    match what {
        Kind::Added => "added".to_owned(),
        Kind::Removed => "removed".to_owned(),
        Kind::Content => "changed".to_owned(),
        Kind::Mode => format!("mode {}", change(&file.mode_before, &file.mode_after)),
        Kind::Layer => format!("layer {}", change(&file.layer_before, &file.layer_after)),
    }
}
