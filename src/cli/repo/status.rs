// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist repo status`.

use serde::Serialize;

use super::{TrustArgs, fingerprint};
use crate::cli::Done;
use crate::cli::clock;
use crate::cli::keeper;
use crate::cli::screen::Screen;
use crate::cli::table::{self, Cell};
use crate::model::Sha256;
use crate::roles::{Freshness, Head, KeyId, Keys, Lifetimes, Role, Versions, days_left};

/// Show a repository's metadata: versions, what expires when, keys, and how much it holds
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The repository: a folder, or `s3://bucket/folder`
    #[arg(value_name = "URL")]
    at: String,
    #[command(flatten)]
    trust: TrustArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer {
    repository: String,
    root_sha256: Sha256,
    roles: Vec<RoleRow>,
    releases: usize,
    retracted: usize,
    lines: Vec<LineRow>,
}

#[derive(Serialize)]
struct LineRow {
    line: String,
    releases: usize,
    latest: Option<String>,
}

/// A role, for programs.
#[derive(Serialize)]
pub(super) struct RoleRow {
    role: Role,
    version: u64,
    expires: String,
    days_left: i64,
    days: u16,
    threshold: u64,
    keys: Vec<KeyRow>,
}

#[derive(Serialize)]
struct KeyRow {
    id: KeyId,
    kind: &'static str,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let store = keeper::open(&args.at)?;
    let trusted = args.trust.trusted(&store, screen)?;
    let now = clock::moment()?;
    let head = Head::read(&store, trusted.as_deref(), Freshness::ExpiredToo)?;
    let catalog = head.catalog();
    let lines: Vec<LineRow> = catalog
        .lines
        .keys()
        .map(|line| LineRow {
            line: line.clone(),
            releases: catalog.of_line(line).len(),
            latest: catalog.latest(line).map(|listed| listed.entry.version.to_string()),
        })
        .collect();
    let releases = catalog.releases.len();
    let retracted = catalog.releases.values().filter(|listed| listed.entry.retracted.is_some()).count();
    if args.json {
        screen.json(&Answer {
            repository: store.at(),
            root_sha256: fingerprint(&head),
            roles: rows(&head, now),
            releases,
            retracted,
            lines,
        });
        return Ok(());
    }
    screen.answer(format_args!("{}\n", store.at()));
    table(screen, &head, None, now);
    let marked = if retracted > 0 { format!(", {retracted} of them retracted") } else { String::new() };
    screen.answer(format_args!("releases  {releases}{marked}\n"));
    let width = lines.iter().map(|line| line.line.len()).max().unwrap_or(0);
    for LineRow { line, releases, latest } in &lines {
        let latest =
            latest.as_ref().map_or_else(|| "none to use".to_owned(), |latest| format!("latest {latest}"));
        screen.answer(format_args!("  {line:<width$}  {releases:>4}  {latest}\n"));
    }
    screen.answer(format_args!("root      sha256:{}\n", fingerprint(&head)));
    Ok(())
}

/// The four roles, for programs.
pub(super) fn rows(head: &Head, now: jiff::Timestamp) -> Vec<RoleRow> {
    let lifetimes = Lifetimes::of(head.root());
    let row = |role| RoleRow {
        role,
        version: version(head.versions(), role),
        expires: head.expires(role).to_string(),
        days_left: days_left(head.expires(role), now),
        days: lifetimes.days(role),
        threshold: head.threshold(role),
        keys: head.keys(role).into_iter().map(|(id, kind)| KeyRow { id, kind }).collect(),
    };
    Role::ALL.into_iter().map(row).collect()
}

fn version(versions: Versions, role: Role) -> u64 {
    match role {
        Role::Root => versions.root,
        Role::Targets => versions.targets,
        Role::Snapshot => versions.snapshot,
        Role::Timestamp => versions.timestamp,
    }
}

/// The four roles, for people. Keys have their names where the folder of keys is at hand.
pub(super) fn table(screen: &Screen, head: &Head, keys: Option<&Keys>, now: jiff::Timestamp) {
    let lifetimes = Lifetimes::of(head.root());
    let row = |role| {
        let expires = head.expires(role);
        let left = days_left(expires, now);
        let days = match (expires <= now, lifetimes.is_near(role, expires, now)) {
            (true, _) => Cell::warning("expired"),
            (false, true) => Cell::warning(left),
            (false, false) => Cell::new(Some(left)),
        };
        let name = |id: &KeyId| match keys.and_then(|keys| keys.get(id)) {
            Some(signer) => format!("{} ({})", signer.name, id.short()),
            None => id.short(),
        };
        let all = head.keys(role);
        let names: Vec<String> = all.iter().map(|(id, _)| name(id)).collect();
        [
            Cell::new(Some(role)),
            Cell::new(Some(version(head.versions(), role))),
            Cell::new(Some(expires)),
            days,
            Cell::new(Some(format!("{} of {}", head.threshold(role), all.len()))),
            Cell::new(Some(names.join(", "))),
        ]
    };
    let rows = Role::ALL.map(row);
    table::print(screen, ["role", "version", "expires", "days", "must sign", "keys"], &rows);
}
