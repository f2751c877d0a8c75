// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The web pages of what changed.
//!
//! The first page and those of the touched lines are made anew each time. A release's own page is made when
//! it is published or retracted, and where it is missing: nothing else changes it, and nobody wants to read
//! two thousand releases for one.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU64;

use jiff::civil::Date;

use super::facts::Facts;
use crate::model::{Class, Failure, Problem, Sha256};
use crate::pages::{self, Page, Published, Site};
use crate::record::{Description, Names, Sums};
use crate::repository::{Catalog, Listed, layout};
use crate::store::Store;

/// A description has some kilobytes; its list of kernels is the most of it.
const LARGEST_DESCRIPTION: u64 = 1 << 24;
/// The changes of a large release have 200 kB.
const LARGEST_CHANGES: u64 = 1 << 24;

/// What is needed of a release for a page.
struct Read {
    listed: Listed,
    description: Description,
    files: Vec<Published>,
    changes: Option<String>,
}

impl Read {
    fn as_release(&self) -> pages::Release<'_> {
        pages::Release {
            listed: &self.listed,
            description: &self.description,
            files: &self.files,
            changes: self.changes.as_deref(),
        }
    }
}

/// The paths of what is made anew each time.
pub(super) fn paths(lines: &BTreeSet<Option<String>>) -> Vec<String> {
    let shared = [layout::INDEX, layout::STYLE, layout::SCRIPT].map(str::to_owned);
    shared.into_iter().chain(lines.iter().map(|line| layout::line_page(line.as_deref()))).collect()
}

/// The pages of a catalog: the first one, those of some lines with their files, and those of some releases.
pub(super) fn pages(
    store: &Store,
    catalog: &Catalog,
    version: u64,
    today: Date,
    lines: &BTreeMap<Option<String>, Sums>,
    titles: &BTreeMap<String, Option<String>>,
    facts: &mut Facts<'_>,
) -> Result<Vec<Page>, Failure> {
    let version = NonZeroU64::new(version).unwrap_or(NonZeroU64::MIN);
    let site = Site { catalog, version, today };
    let mut pages: Vec<Page> = pages::assets().into();
    for listed in titles.keys().filter_map(|title| catalog.releases.get(title)) {
        if let Some(read) = read_or_tell(store, listed, facts, true)? {
            pages.push(pages::release(&site, &read.as_release()));
        }
    }
    let mut latest = BTreeMap::new();
    let all_lines: BTreeSet<Option<String>> =
        catalog.releases.values().map(|listed| listed.entry.line.clone()).collect();
    for line in &all_lines {
        let newest = line.as_deref().map_or_else(|| catalog.latest_of_none(), |line| catalog.latest(line));
        if let Some(listed) = newest
            && let Some(read) = read_or_tell(store, listed, facts, false)?
        {
            latest.insert(layout::folder(line.as_deref()).to_owned(), read);
        }
    }
    let latest: BTreeMap<String, pages::Release> =
        latest.iter().map(|(line, read)| (line.clone(), read.as_release())).collect();
    for (line, Sums(files)) in lines.iter().filter(|(line, _)| all_lines.contains(*line)) {
        let line = line.as_deref();
        pages.push(pages::line(&site, line, latest.get(layout::folder(line)), files));
    }
    pages.push(pages::index(&site, &latest));
    Ok(pages)
}

/// For how long pages name the day that they were made on.
const DAYS: i32 = 30;

/// The day that the pages name: the one that the first page has, where that shows the same. So they do not
/// change from day to day.
pub(super) fn day(catalog: &Catalog, version: u64, today: Date, there: Option<&[u8]>) -> Date {
    let over = |day| catalog.lines.values().map(move |line| line.is_over(day));
    let is_as_good = |made: &Date| {
        let age = today.since(*made).map_or(i32::MAX, |span| span.get_days());
        (0..DAYS).contains(&age) && over(*made).eq(over(today))
    };
    let made = there.and_then(pages::made).filter(|(_, shown)| *shown == version);
    made.map(|(day, _)| day).filter(is_as_good).unwrap_or(today)
}

/// The releases of some lines that have no page, with their lines.
pub(super) fn without_page(
    store: &Store,
    catalog: &Catalog,
    lines: &BTreeSet<Option<String>>,
) -> Result<BTreeMap<String, Option<String>>, Failure> {
    let mut there = BTreeSet::new();
    for line in lines {
        let folder = layout::folder(line.as_deref());
        there.extend(store.list(folder)?.into_iter().map(|(path, _)| path));
    }
    let missing = catalog.releases.iter().filter(|(title, listed)| {
        let line = &listed.entry.line;
        lines.contains(line) && !there.contains(&layout::release_page(line.as_deref(), title))
    });
    Ok(missing.map(|(title, listed)| (title.clone(), listed.entry.line.clone())).collect())
}

/// Reads what a page shows of a release, held against what the metadata pins.
fn read(store: &Store, listed: &Listed, facts: &mut Facts, with_changes: bool) -> Result<Read, Failure> {
    let title = listed.entry.title();
    let names = Names::new(&title);
    let line = listed.entry.line.as_deref();
    let path = layout::target(&listed.sha256, &names.description());
    let bytes = pinned(store, &path, listed.sha256, LARGEST_DESCRIPTION)?;
    let description: Description =
        serde_json::from_slice(&bytes).map_err(|error| damaged(&path, &error.to_string()))?;
    let known = facts.of(&title, listed)?.files.clone();
    let changes = match known.get(&names.changes()) {
        Some(sha256) if with_changes => {
            let path = layout::file(line, &names.changes());
            Some(String::from_utf8_lossy(&pinned(store, &path, *sha256, LARGEST_CHANGES)?).into_owned())
        }
        _ => None,
    };
    let size = |name: &str| {
        let artifact = description.artifacts.iter().find(|artifact| artifact.file == name);
        artifact
            .map(|artifact| artifact.size)
            .or_else(|| (name == names.description()).then_some(listed.length))
    };
    let files =
        known.into_iter().map(|(name, sha256)| Published { size: size(&name), name, sha256 }).collect();
    Ok(Read { listed: listed.clone(), description, files, changes })
}

/// The same; a release that is damaged is told of, and the pages of all others are made.
fn read_or_tell(
    store: &Store,
    listed: &Listed,
    facts: &mut Facts<'_>,
    with_changes: bool,
) -> Result<Option<Read>, Failure> {
    match read(store, listed, facts, with_changes) {
        Ok(read) => Ok(Some(read)),
        Err(failure) if failure.class == Class::Verification => {
            for problem in failure.problems {
                if !facts.damage.contains(&problem) {
                    facts.damage.push(problem);
                }
            }
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

fn pinned(store: &Store, path: &str, sha256: Sha256, most: u64) -> Result<Vec<u8>, Failure> {
    match store.read(path, most)? {
        None => Err(damaged(path, "it is missing")),
        Some((bytes, _)) if Sha256::of(&bytes) != sha256 => {
            Err(damaged(path, &format!("its sha256 is {}, not {sha256}", Sha256::of(&bytes))))
        }
        Some((bytes, _)) => Ok(bytes),
    }
}

fn damaged(path: &str, why: &str) -> Failure {
    let problem = Problem::new(format!("`{path}` is not what was published")).note(why);
    let help = "`lustre-dist repo check` tells what else is damaged; publishing the release's directory again \
                brings back what is missing";
    Failure::new(Class::Verification, problem.help(help))
}
