// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist lines update`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::super::args::{self, SourceArgs, usage};
use super::super::screen::Screen;
use super::super::{Done, clock};
use crate::line::{self, Calendar, Change, Feed, Feeding, held};
use crate::manifest::Wanted;
use crate::model::version::{KernelSeries, TagPattern};
use crate::model::{Failure, Moniker, Problem};
use crate::source;

/// Bring the newest kernels from a feed, show what changed, and hold them beside the manifests
///
/// The feed is held in kernels.lock. A feed that is not whole, is older than the one held, or misses a
/// longterm series before its end is refused, and what was held stays, byte for byte. What people
/// decide, kernels.toml, is never written.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder of manifests
    #[arg(default_value = "manifests")]
    folder: PathBuf,
    /// A file or address like kernel.org's releases.json, a repository or bundle for its tags, or
    /// `repository` for the tags of the manifests' kernel sources
    #[arg(long, value_name = "FILE|URL|repository", default_value = "https://www.kernel.org/releases.json")]
    feed: String,
    /// Believe that this longterm series is gone
    #[arg(long, value_name = "SERIES", value_parser = series)]
    accept_vanished: Vec<KernelSeries>,
    /// Print what changed as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sources: SourceArgs,
}

fn series(text: &str) -> Result<KernelSeries, String> {
    KernelSeries::parse(text).map_err(|error| format!("expected {}", error.expected()))
}

#[derive(Serialize)]
struct Row {
    series: String,
    change: &'static str,
    old: Option<String>,
    new: Option<String>,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let today = clock::today()?;
    if !args.folder.is_dir() {
        return Err(usage(
            Problem::new(format!("there is no folder `{}`", args.folder.display()))
                .help("name the folder of your manifests: `lustre-dist lines update DIR`"),
        ));
    }
    let calendar = Calendar::load(&args.folder, &Feeding::Held)?;
    let path = Path::new(&args.feed);
    let feed = if args.feed == "repository" {
        by_sources(args, &calendar, screen)?
    } else if path.is_dir() || source::is_bundle(path) {
        by_tags(&[path.to_owned()], &calendar, screen)?
    } else if line::download::is_remote(&args.feed) && args.sources.is_offline() {
        return Err(usage(
            Problem::new("`--offline`, and the feed is an address").help("give a file with `--feed`"),
        ));
    } else {
        line::read_feed(&args.feed, today)?
    };
    let accepted: BTreeSet<_> = args.accept_vanished.iter().copied().collect();
    let held = calendar.feed.as_deref();
    let update = line::update(held, feed, &calendar.kernels, today, &accepted)?;
    let same = held.is_some_and(|held| {
        held.series == update.feed.series && held.latest_stable == update.feed.latest_stable
    });
    let file = if same { held::path_in(&args.folder) } else { held::save(&update.feed, &args.folder)? };
    if args.json {
        screen.json(&update.changes.iter().map(row).collect::<Vec<_>>());
    } else {
        for (series, change) in &update.changes {
            screen.answer(format_args!("{:<6}  {}\n", series.to_string(), words(change)));
        }
    }
    match same {
        true => screen.remark(format_args!("nothing changed; {} stands", file.display())),
        false => screen.remark(format_args!("wrote {}", file.display())),
    }
    Ok(())
}

/// The tags of what `--source` gives, else of every kernel source that is at hand.
fn by_sources(args: &Args, calendar: &Calendar, screen: &Screen) -> Result<Feed, Failure> {
    let given: Vec<PathBuf> = args.sources.given().map(|(_, path)| path.to_owned()).collect();
    if !given.is_empty() {
        return by_tags(&given, calendar, screen);
    }
    let manifests = args::manifests_of(&args.folder)?;
    let places = args.sources.places_of(&manifests.iter().collect::<Vec<_>>())?;
    let (mut tags, mut from) = (BTreeSet::new(), BTreeSet::new());
    for manifest in &manifests {
        for source in manifest.sources.values() {
            let is_kernel = |pattern: &TagPattern| pattern.is_kernel();
            let by_pattern = matches!(&source.wanted.value, Wanted::Pattern(pattern) if is_kernel(pattern));
            if !by_pattern && !source.tags.as_ref().is_some_and(|tags| is_kernel(tags)) {
                continue;
            }
            match places.tags(manifest, source)? {
                Some(names) => {
                    tags.extend(names.iter().cloned());
                    from.insert(format!("source {} of {}", source.name, manifest.path().display()));
                }
                None => screen.remark(format_args!(
                    "source {} of {} was never fetched, and is left out",
                    source.name,
                    manifest.path().display()
                )),
            }
        }
    }
    if from.is_empty() {
        return Err(Problem::new("no kernel source is at hand")
            .help("point at a kernel's repository: `--feed repository --source linux=PATH`")
            .into_source());
    }
    let from: Vec<String> = from.into_iter().collect();
    feed_of(&from.join(", "), &tags.into_iter().collect::<Vec<_>>(), calendar, screen)
}

fn by_tags(paths: &[PathBuf], calendar: &Calendar, screen: &Screen) -> Result<Feed, Failure> {
    let mut tags = BTreeSet::new();
    for path in paths {
        tags.extend(source::tag_names(path)?);
    }
    let from: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    feed_of(&from.join(", "), &tags.into_iter().collect::<Vec<_>>(), calendar, screen)
}

fn feed_of(from: &str, tags: &[String], calendar: &Calendar, screen: &Screen) -> Result<Feed, Failure> {
    let found = line::from_tags(format!("tags of {from}"), tags, calendar);
    screen.remark(format_args!("{} tags of kernel versions, {} others", found.versions, found.others));
    for (version, tags) in &found.twice {
        screen.remark(format_args!("version {version} has several tags: {}", tags.join(", ")));
    }
    if found.feed.series.is_empty() {
        return Err(Problem::new(format!("no tag of a kernel version in {from}"))
            .help("expected the repository of a kernel, with its tags: `git fetch --tags`")
            .into_source());
    }
    Ok(found.feed)
}

fn words(change: &Change) -> String {
    match change {
        Change::New(version) => format!("new, {version}"),
        Change::Newer { old, new } => format!("{old} -> {new}"),
        Change::Moniker { old, new } => {
            let word = |moniker: &Option<Moniker>| moniker.map_or("-", Moniker::word);
            format!("{} -> {}", word(old), word(new))
        }
        Change::Eol(true) => "at its end of life".to_owned(),
        Change::Eol(false) => "no longer at its end of life".to_owned(),
        Change::Left => "left the feed: at its end of life".to_owned(),
        Change::Vanished => "vanished, as accepted: held no longer".to_owned(),
    }
}

fn row((series, change): &(KernelSeries, Change)) -> Row {
    let (change, old, new) = match change {
        Change::New(version) => ("new", None, Some(version.to_string())),
        Change::Newer { old, new } => ("newer", Some(old.to_string()), Some(new.to_string())),
        Change::Moniker { old, new } => {
            let word = |moniker: &Option<Moniker>| moniker.map(|moniker| moniker.word().to_owned());
            ("moniker", word(old), word(new))
        }
        Change::Eol(true) => ("eol", None, None),
        Change::Eol(false) => ("no-longer-eol", None, None),
        Change::Left => ("left", None, None),
        Change::Vanished => ("vanished", None, None),
    };
    Row { series: series.to_string(), change, old, new }
}
