// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist trust`: which repositories are trusted, and by which root.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::Done;
use super::args::usage;
use super::config::{Config, Configured, KnownBy, fingerprint};
use super::reading::states;
use super::screen::Screen;
use super::table::{self, Cell};
use crate::fetch::{Address, Pace, Pin, Versions};
use crate::model::{Class, Failure, Problem, Sha256};

/// Say which repositories are trusted
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Add(Add),
    List(List),
    Remove(Remove),
}

/// Trust a repository from now on
///
/// Fetches its first root, or its newest, and holds the sha256 of that file against the fingerprint,
/// which must come from who vouches for the repository and not from its server. A root that you have
/// may be given instead. Keys may change later: each root vouches for the next one.
#[derive(Debug, clap::Args)]
struct Add {
    /// The repository: https, http, file, or a folder
    url: String,
    /// The sha256 of its root's file
    #[arg(long, value_name = "SHA256", value_parser = fingerprint, required_unless_present = "root")]
    fingerprint: Option<Sha256>,
    /// The root's file
    #[arg(long, value_name = "ROOT.JSON")]
    root: Option<PathBuf>,
    /// A mirror of it; may be repeated
    #[arg(long, value_name = "URL")]
    mirror: Vec<String>,
    /// How many seconds the server may be silent
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=86400))]
    timeout: u64,
}

/// Show the repositories that are trusted
#[derive(Debug, clap::Args)]
struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Trust a repository no longer, and forget what was seen of it
#[derive(Debug, clap::Args)]
struct Remove {
    /// The repository
    url: String,
}

#[derive(Serialize)]
struct Row {
    url: String,
    mirrors: Vec<String>,
    fingerprint: Option<Sha256>,
    root: Option<String>,
    versions: Option<Versions>,
    read: Option<String>,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    match &args.command {
        Command::Add(args) => add(args, screen),
        Command::List(args) => list(args, screen),
        Command::Remove(args) => remove(args, screen),
    }
}

fn add(args: &Add, screen: &Screen) -> Done {
    let config = Config::load()?;
    let url = Address::parse(&args.url)?;
    let mirrors: Vec<Address> =
        args.mirror.iter().map(|text| Address::parse(text)).collect::<Result<_, _>>()?;
    let pace = Pace { silence: Duration::from_secs(args.timeout), ..Pace::USUAL };
    let (pin, from) = match (&args.root, &args.fingerprint) {
        (Some(path), wanted) => {
            let pin = Pin::read(path)?;
            if let Some(wanted) = wanted.filter(|wanted| *wanted != pin.sha256) {
                let problem = Problem::new(format!("`{}` does not have that fingerprint", path.display()))
                    .note(format!("its sha256 is {}", pin.sha256))
                    .note(format!("you gave      {wanted}"));
                return Err(Failure::new(
                    Class::Verification,
                    problem.help("ask who vouches for the repository"),
                ));
            }
            (pin, path.display().to_string())
        }
        (None, Some(wanted)) => Pin::fetch(&url, wanted, pace)?,
        (None, None) => unreachable!("clap asks for one of them"),
    };
    if let Some(there) = config.own(&url) {
        return known(there, &pin, &config);
    }
    config.keep_root(&pin)?;
    config.add(&url, &mirrors, &pin.sha256)?;
    screen.answer(format_args!(
        "{url} is trusted by its root {} ({from}), sha256 {}\nnoted in {}\n",
        pin.version(),
        pin.sha256,
        config.path().display()
    ));
    Ok(())
}

/// A repository that is configured already.
fn known(there: &Configured, pin: &Pin, config: &Config) -> Done {
    let known = identity(there);
    if known == Some(pin.sha256) {
        let problem = Problem::new(format!("{} is trusted by that root already", there.url));
        return Err(Failure::new(Class::NothingToDo, problem));
    }
    let states = states()?;
    if known.is_some_and(|known| states.identity(&known) == states.identity(&pin.sha256)) {
        let title =
            format!("{} is trusted already, and your root {} is one of its roots", there.url, pin.version());
        return Err(Failure::new(Class::NothingToDo, Problem::new(title)));
    }
    let known = known.map_or("a root that cannot be read".to_owned(), |known| known.to_string());
    Err(usage(
        Problem::new(format!("{} is trusted by another root already", there.url))
            .note(format!("known   {known}, as {} says", config.path().display()))
            .note(format!("given   {}, root {}", pin.sha256, pin.version()))
            .help(format!(
                "an older or newer root of the same repository needs no change; only if it was made anew: \
                 `lustre-dist trust remove {}` first",
                there.url
            )),
    ))
}

fn identity(one: &Configured) -> Option<Sha256> {
    match &one.root {
        KnownBy::Fingerprint(print) => Some(*print),
        KnownBy::File(path) => Pin::read(path).ok().map(|pin| pin.sha256),
    }
}

fn list(args: &List, screen: &Screen) -> Done {
    let config = Config::load()?;
    let states = states()?;
    let mut rows = Vec::new();
    for one in &config.repositories {
        let fingerprint = identity(one);
        let known = fingerprint.map(|print| states.known(&print)).transpose()?.flatten();
        rows.push(Row {
            url: one.url.to_string(),
            mirrors: one.mirrors.iter().map(ToString::to_string).collect(),
            fingerprint,
            root: match &one.root {
                KnownBy::File(path) => Some(path.display().to_string()),
                KnownBy::Fingerprint(_) => None,
            },
            versions: known.map(|(versions, _)| versions),
            read: known.map(|(_, at)| format!("{at:.0}")),
        });
    }
    if args.json {
        screen.json(&rows);
        return Ok(());
    }
    if rows.is_empty() {
        screen.remark("no repository is trusted yet: `lustre-dist trust add URL --fingerprint SHA256`");
        return Ok(());
    }
    let cells: Vec<[Cell; 4]> = rows
        .iter()
        .map(|row| {
            let print = row.fingerprint.map(|print| print.to_string());
            let seen = row
                .versions
                .map(|versions| format!("root {}, timestamp {}", versions.root, versions.timestamp));
            [
                Cell::new(Some(&row.url)),
                print.map_or_else(|| Cell::warning("cannot be read"), |print| Cell::new(Some(print))),
                Cell::new(seen),
                Cell::new(row.read.as_ref()),
            ]
        })
        .collect();
    table::print(screen, ["REPOSITORY", "FINGERPRINT", "SEEN", "READ"], &cells);
    for row in rows.iter().filter(|row| !row.mirrors.is_empty()) {
        screen.answer(format_args!("mirrors of {}: {}\n", row.url, row.mirrors.join(", ")));
    }
    Ok(())
}

fn remove(args: &Remove, screen: &Screen) -> Done {
    let config = Config::load()?;
    let url = Address::parse(&args.url)?;
    let Some(one) = config.own(&url) else {
        let problem = Problem::new(format!("{url} is not among the repositories that are trusted"));
        return Err(Failure::new(Class::NothingToDo, problem.help("`lustre-dist trust list` shows them")));
    };
    let print = identity(one);
    config.remove(one)?;
    let states = states()?;
    let others: Vec<Sha256> =
        config.repositories.iter().filter(|other| other.url != one.url).filter_map(identity).collect();
    if let Some(print) = print {
        // Another root of the same repository has the same state.
        if others.iter().all(|other| states.identity(other) != states.identity(&print)) {
            states.forget(&print)?;
        }
        let kept = config.kept_root(&print);
        if !others.contains(&print)
            && let Err(error) = std::fs::remove_file(&kept)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(Failure::io("remove", &kept, &error));
        }
    }
    screen.answer(format_args!("{url} is no longer trusted\n"));
    Ok(())
}
