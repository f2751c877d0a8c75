// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist retract`.

use serde::Serialize;

use super::Done;
use super::args::usage;
use super::clock;
use super::keeper::{self, KeysArgs};
use super::publish::{no_root, warn};
use super::screen::Screen;
use crate::model::Problem;
use crate::publish::{self, Update};
use crate::repository::Retraction;
use crate::roles::Versions;

/// Mark a release as one that nobody should use any more
///
/// Nothing is deleted: its files stay, and `fetch` takes them with a flag of its own. What is chosen by line,
/// by requirement or by kernel passes it over from now on.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The version, or NAME-VERSION
    version: String,
    /// Why, for people
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The repository: a folder, or `s3://bucket/folder`
    #[arg(long, value_name = "URL", alias = "to")]
    from: String,
    #[command(flatten)]
    keys: KeysArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer<'a> {
    release: &'a str,
    retracted: &'a Retraction,
    was_retracted: bool,
    versions: Option<Versions>,
    derived: &'a [String],
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let reason = args.reason.trim();
    if reason.is_empty() || reason.chars().any(char::is_control) || reason.len() > LONGEST {
        return Err(usage(
            Problem::new("`--reason` is not a reason")
                .help(format!("say in one line, of at most {LONGEST} bytes, what is wrong with the release")),
        ));
    }
    let store = keeper::open(&args.from)?;
    let keys = args.keys.open(&store)?;
    if keys.pinned().is_none() {
        return Err(no_root(&keys, &store));
    }
    let (now, today) = (clock::moment()?, clock::today()?);
    let update = Update { store: &store, keys: &keys, sums_key: None, now, today };
    let done = publish::retract(&update, &args.version, reason)?;
    warn(&done.derived, screen);
    if args.json {
        screen.json(&Answer {
            release: &done.title,
            retracted: &done.retraction,
            was_retracted: done.versions.is_none(),
            versions: done.versions,
            derived: &done.derived.written,
        });
        return Ok(());
    }
    let word = if done.versions.is_none() { "was retracted" } else { "is retracted" };
    let Retraction { on, reason } = &done.retraction;
    screen.answer(format_args!("{} {word} since {on}: {reason}\n", done.title));
    Ok(())
}

/// Every reader loads every reason.
const LONGEST: usize = 200;
