// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is made of the metadata for people and their scripts: whether it shows the newest state.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::Look;
use crate::model::{Failure, Problem, Sha256};
use crate::record::Sums;
use crate::repository::layout;

/// 2,000 releases have an index of about 2 MB.
const LARGEST: u64 = 1 << 28;

/// As much of `releases.json` as the metadata has too.
#[derive(Deserialize)]
struct Feed {
    releases: Vec<Release>,
    metadata_version: u64,
}

#[derive(Deserialize)]
struct Release {
    version: String,
    retracted: Option<serde_json::Value>,
    release_json: Pinned,
}

#[derive(Deserialize)]
struct Pinned {
    sha256: Sha256,
}

pub(super) fn check(look: &mut Look<'_>, files: &BTreeMap<&str, Sums>) -> Result<(), Failure> {
    root(look)?;
    let lines: BTreeSet<Option<&str>> =
        look.head.catalog().releases.values().map(|listed| listed.entry.line.as_deref()).collect();
    for line in lines {
        sums(look, line, files)?;
    }
    for path in [layout::INDEX, layout::STYLE, layout::SCRIPT] {
        page(look, path);
    }
    feed(look)
}

fn stale(look: &mut Look<'_>, path: &str, why: &str) {
    let help = format!("`lustre-dist repo refresh {}` makes it anew", look.store.at());
    let title = format!("`{path}` does not show the newest state: {why}");
    look.wrong(path, Problem::new(title).help(help));
}

/// A page must be there. What it shows has the date in it, and is for people.
pub(super) fn page(look: &mut Look<'_>, path: &str) {
    if !look.objects.contains_key(path) {
        stale(look, path, "it is missing");
    }
    look.seen.insert(path.to_owned());
}

fn root(look: &mut Look<'_>) -> Result<(), Failure> {
    look.seen.insert(layout::ROOT.to_owned());
    match look.store.read(layout::ROOT, LARGEST)? {
        None => stale(look, layout::ROOT, "it is missing"),
        Some((bytes, _)) if bytes != look.head.root_bytes() => {
            stale(look, layout::ROOT, "it is not the newest root");
        }
        Some(_) => {}
    }
    Ok(())
}

/// `LINE/SHA256SUMS` must have every file of the line's releases and no other.
fn sums(look: &mut Look<'_>, line: Option<&str>, files: &BTreeMap<&str, Sums>) -> Result<(), Failure> {
    let path = layout::sums(line);
    page(look, &layout::line_page(line));
    look.seen.extend([path.clone(), format!("{path}.asc"), format!("{path}.sig")]);
    let Some((bytes, _)) = look.store.read(&path, LARGEST)? else {
        stale(look, &path, "it is missing");
        return Ok(());
    };
    let Some(there) = std::str::from_utf8(&bytes).ok().and_then(|text| Sums::parse(text).ok()) else {
        stale(look, &path, "it cannot be read");
        return Ok(());
    };
    let mut rest: BTreeMap<&String, &Sha256> = there.0.iter().collect();
    for (title, listed) in &look.head.catalog().releases {
        if listed.entry.line.as_deref() != line {
            continue;
        }
        for (name, sha256) in files.get(title.as_str()).into_iter().flat_map(|sums| &sums.0) {
            if rest.remove(name) != Some(sha256) {
                let why = format!("it lacks `{name}`, or has another digest of it");
                stale(look, &path, &why);
                return Ok(());
            }
        }
    }
    if let Some(name) = rest.keys().next() {
        let why = format!("it has `{name}`, which is no file of a release");
        stale(look, &path, &why);
    }
    Ok(())
}

/// `releases.json` must have every release, and know which are retracted.
fn feed(look: &mut Look<'_>) -> Result<(), Failure> {
    let path = layout::RELEASES;
    look.seen.insert(path.to_owned());
    let version = look.head.versions().targets;
    let catalog = look.head.catalog();
    let Some((bytes, _)) = look.store.read(path, LARGEST)? else {
        if !catalog.releases.is_empty() {
            stale(look, path, "it is missing");
        }
        return Ok(());
    };
    let feed: Feed = match serde_json::from_slice(&bytes) {
        Ok(feed) => feed,
        Err(error) => {
            stale(look, path, &format!("it cannot be read: {error}"));
            return Ok(());
        }
    };
    let shown: BTreeMap<Sha256, (&str, bool)> = feed
        .releases
        .iter()
        .map(|release| (release.release_json.sha256, (&*release.version, release.retracted.is_some())))
        .collect();
    let signed: BTreeMap<Sha256, (String, bool)> = catalog
        .releases
        .values()
        .map(|listed| (listed.sha256, (listed.entry.version.to_string(), listed.entry.retracted.is_some())))
        .collect();
    if feed.metadata_version != version {
        let why = format!("it shows version {} of the releases instead of {version}", feed.metadata_version);
        stale(look, path, &why);
    } else if !shown
        .into_iter()
        .eq(signed.iter().map(|(sha256, (version, retracted))| (*sha256, (&**version, *retracted))))
    {
        stale(look, path, "it has other releases");
    }
    Ok(())
}
