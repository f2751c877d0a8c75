// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist repo refresh`.

use serde::Serialize;

use crate::cli::Done;
use crate::cli::clock;
use crate::cli::keeper::{self, KeysArgs};
use crate::cli::screen::Screen;
use crate::model::Failure;
use crate::publish::{self, Derived, Update};
use crate::repository::layout;
use crate::roles::{self, Keys, Role, Scope, Versions};
use crate::store::Store;

/// Sign the timestamp anew, and what is near its end; for a timer
///
/// A timestamp is good for few days, so that nobody can show readers an old state for long. Run this more often
/// than that, say daily. Targets, snapshot and root are signed anew when less than a third of their time
/// is left and their keys are at hand; it tells of those whose keys are not.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The repository: a folder, or `s3://bucket/folder`
    #[arg(value_name = "URL")]
    at: String,
    /// Sign targets and snapshot anew too, however long they are good
    #[arg(long)]
    all: bool,
    /// Accept what the keys of the root before the newest signed: for a change of keys that was killed after
    /// keys were lost
    #[arg(long, conflicts_with = "all")]
    accept_signatures_of_previous_root: bool,
    /// Go on with a repository that is older than what was signed from here, such as a restored copy: what is
    /// newer is lost
    #[arg(long)]
    accept_older: bool,
    #[command(flatten)]
    keys: KeysArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer<'a> {
    repository: String,
    renewed: &'a [Role],
    written: &'a [String],
    versions: Versions,
    left: Vec<&'a str>,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let store = keeper::open(&args.at)?;
    let mut keys = args.keys.open(&store)?;
    let now = clock::moment()?;
    if args.accept_older {
        keys.forget()?;
    }
    if args.accept_signatures_of_previous_root {
        roles::adopt(&store, &keys, now)?;
    }
    let scope = if args.all { Scope::All } else { Scope::Near };
    let done = roles::refresh(&store, &mut keys, scope, now)?;
    let mut written: Vec<String> = done.copied.then(|| layout::ROOT.to_owned()).into_iter().collect();
    written.extend(derive(&store, &keys, now, screen)?.written);
    screen.warnings(&done.left);
    if args.json {
        screen.json(&Answer {
            repository: store.at(),
            renewed: &done.renewed,
            written: &written,
            versions: done.versions,
            left: done.left.iter().map(|problem| problem.title.as_str()).collect(),
        });
        return Ok(());
    }
    let words: Vec<&str> = done.renewed.iter().map(|role| role.word()).collect();
    screen.answer(format_args!("{}\n", store.at()));
    screen.answer(format_args!("  signed anew  {}\n", words.join(", ")));
    for path in &written {
        screen.answer(format_args!("  written      {path}\n"));
    }
    Ok(())
}

/// Makes anew what is derived from the metadata and does not show its newest state.
pub(super) fn derive(
    store: &Store,
    keys: &Keys,
    now: jiff::Timestamp,
    screen: &Screen,
) -> Result<Derived, Failure> {
    let today = clock::today()?;
    let derived = publish::update(&Update { store, keys, sums_key: None, now, today })?;
    crate::cli::publish::warn(&derived, screen);
    Ok(derived)
}
