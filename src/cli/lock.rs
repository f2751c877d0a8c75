// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist lock`.

use std::path::PathBuf;

use super::Done;
use super::args::{self, SourceArgs, usage};
use super::screen::Screen;
use crate::lock::{self, Outcome, SignatureState, Update};
use crate::model::{Problem, SourceName};

/// Pin every source of a manifest in its lock
///
/// The lock stands beside the manifest with the ending `.lock`. Pins that still answer what the
/// manifest asks for stay; SOURCE_DATE_EPOCH counts when the lock is made or changed.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The manifest
    manifest: PathBuf,
    /// Look these sources up again and move their pins
    #[arg(long, value_name = "SOURCE", value_parser = source, num_args = 1.., value_delimiter = ',')]
    update: Vec<SourceName>,
    /// Change nothing, and fail if the lock would change
    #[arg(long, conflicts_with = "update")]
    check: bool,
    /// Print the lock as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sources: SourceArgs,
}

fn source(text: &str) -> Result<SourceName, String> {
    SourceName::new(text).ok_or_else(|| "not the name of a source".to_owned())
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let manifest = args::read_manifest(&args.manifest)?;
    if let Some(unknown) = args.update.iter().find(|name| !manifest.sources.contains_key(*name)) {
        let known: Vec<&str> = manifest.sources.keys().map(SourceName::as_str).collect();
        return Err(usage(
            Problem::new(format!("`--update {unknown}`: the manifest has no source of that name"))
                .note(format!("it has {}", known.join(", "))),
        ));
    }
    let places = args.sources.places(&manifest)?;
    let mut request = args::request(&places, args.check)?;
    if !args.update.is_empty() {
        request.update = Update::Sources(args.update.clone());
    }
    let (locked, outcome) = lock::lock(manifest, &request)?;
    screen.warnings(&locked.warnings);
    let path = lock::path_of(&args.manifest);
    match &outcome {
        Outcome::Kept => screen.remark(format_args!("{} stands", path.display())),
        Outcome::Changed(lines) => {
            locked.lock.save(&path)?;
            screen.remark(format_args!("wrote {}", path.display()));
            for line in lines {
                screen.remark(format_args!("  {line}"));
            }
        }
    }
    if args.json {
        screen.json(&locked.lock);
        return Ok(());
    }
    let lock = &locked.lock;
    screen.answer(format_args!("{} {}  {}\n", locked.manifest.release.name, lock.version, lock.source_date));
    for (name, pin) in &lock.source {
        screen.answer(format_args!("  {name:<10} {:<16} {}  {}\n", pin.wanted, pin.commit, pin.date));
        if let SignatureState::Good(_) = &pin.signature {
            screen.answer(format_args!("  {:<10} signature {}\n", "", pin.signature));
        }
    }
    Ok(())
}
