// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist bump`.

use std::path::Path;

use super::Done;
use super::args::{self, SourceArgs};
use super::screen::Screen;
use crate::edit::{Bump, Change, newer};
use crate::model::{Class, Failure, Problem};

/// Move a manifest to newer tags, in place
///
/// Looks for newer tags where its sources say so (`tags`), and changes the tag, the version, what
/// the changes are counted from, and pinned tag objects; a respin goes. No other byte of the manifest
/// changes. Exit code 5 when there is nothing newer.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The manifest, or the line of one in manifests/
    #[arg(value_name = "LINE|MANIFEST")]
    manifest: String,
    /// The tag to move to; the source is the one that has a tag of its kind
    #[arg(long, value_name = "TAG")]
    to: Option<String>,
    /// Show what would change, and change nothing
    #[arg(long)]
    check_only: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sources: SourceArgs,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let manifest = args::find_manifest(&args.manifest)?;
    let places = args.sources.places(&manifest)?;
    let moved = newer(&manifest, &places, args.to.as_deref())?;
    if moved.is_empty() {
        if args.json {
            screen.json(&serde_json::json!({
                "manifest": manifest.path().display().to_string(), "moved": [], "changes": [], "written": false,
            }));
        }
        let problem = Problem::new(format!("{}: nothing newer", manifest.path().display()));
        return Err(Failure::new(Class::NothingToDo, problem));
    }
    let bump = Bump::new(&manifest, moved)?;
    if !args.check_only {
        bump.edited.replace()?;
    }
    let path = manifest.path();
    if args.json {
        let moved: Vec<_> = bump
            .moved
            .iter()
            .map(|newer| serde_json::json!({ "source": newer.source.as_str(), "from": newer.from, "to": newer.to }))
            .collect();
        screen.json(&serde_json::json!({
            "manifest": path.display().to_string(), "moved": moved,
            "from": bump.from.to_string(), "to": bump.edited.manifest.release.version.to_string(),
            "changes": bump.edited.changes, "written": !args.check_only,
        }));
        return Ok(());
    }
    for newer in &bump.moved {
        screen.answer(format_args!("{}  {} -> {}\n", newer.source, newer.from, newer.to));
    }
    show(path, &bump.edited.changes, screen);
    if args.check_only {
        screen.remark(format_args!("{} is as it was: this was a check", path.display()));
    } else {
        screen.remark(format_args!("wrote {0}; next: lustre-dist lock {0}", path.display()));
    }
    Ok(())
}

/// The lines that change, as `diff` shows them.
pub(super) fn show(path: &Path, changes: &[Change], screen: &Screen) {
    for change in changes {
        let place = format!("{}:{}", path.display(), change.line);
        for (sign, line) in [('-', &change.old), ('+', &change.new)] {
            if let Some(line) = line {
                screen.answer(format_args!("{place}  {sign}{line}\n"));
            }
        }
    }
}
