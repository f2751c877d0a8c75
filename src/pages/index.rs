// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The first page: every line with its newest release.

use std::collections::BTreeMap;

use serde::Serialize;

use super::files::{Files, files};
use super::shown::{self, Line, Row};
use super::timeline::{Timeline, timeline};
use super::{Page, Release, Site, commands, fill};
use crate::repository::layout;

#[derive(Serialize)]
struct Index {
    timeline: Option<Timeline>,
    lines: Vec<Card>,
    /// A command as an example: of the newest line that is not over.
    example: String,
    previews: Vec<Row>,
}

/// A line and what to take of it.
#[derive(Serialize)]
struct Card {
    #[serde(flatten)]
    line: Line,
    latest: Option<Row>,
    files: Option<Files>,
    releases: usize,
}

/// `index.html`. `latest` has the newest release of each line that anybody should use, by line.
#[must_use]
pub fn index(site: &Site, latest: &BTreeMap<String, Release>) -> Page {
    let ids = order(site);
    let timeline = timeline(site, &ids);
    let lines: Vec<_> = ids.iter().map(|id| card(site, Some(id), latest.get(id))).collect();
    let has_others = site.catalog.releases.values().any(|listed| listed.entry.line.is_none());
    let others = has_others.then(|| card(site, None, latest.get(layout::NO_LINE)));
    let lives = |card: &&Card| !card.line.is_over && card.line.kernel.is_some();
    let mut with_latest = lines.iter().filter(|card| card.latest.is_some());
    let shown = with_latest.clone().find(lives).or_else(|| with_latest.next());
    let example = shown.and_then(|card| {
        Some(commands::fetch_newest(site, &card.line, &latest.get(&card.line.id)?.listed.entry))
    });
    let example = example.unwrap_or_else(|| commands::fetch(site, "latest", None));
    let previews = site.catalog.all().into_iter().rev().filter(|listed| listed.entry.is_preview());
    let previews = previews.take(5).map(|listed| shown::row(listed, None)).collect();
    let page = Index { timeline, lines: lines.into_iter().chain(others).collect(), example, previews };
    (layout::INDEX.to_owned(), fill(site, "index.html", "", &page))
}

fn card(site: &Site, id: Option<&str>, latest: Option<&Release>) -> Card {
    let releases = site.catalog.releases.values().filter(|listed| listed.entry.line.as_deref() == id).count();
    Card {
        line: shown::line(site, id),
        latest: latest.map(|release| shown::row(release.listed, Some(release.listed))),
        files: latest.map(files),
        releases,
    }
}

/// The lines that have a release: those that live before those that are over, then the newest kernel first.
fn order(site: &Site) -> Vec<String> {
    let used = site.catalog.releases.values().filter_map(|listed| listed.entry.line.clone());
    let mut ids: Vec<String> = used.collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    ids.sort_by_key(|id| {
        let line = site.catalog.lines.get(id);
        let kernel = line.and_then(|line| line.kernel);
        let over = line.is_some_and(|line| line.is_over(site.today));
        // A line without a kernel, the mainline, is the newest of all.
        (over, kernel.is_some(), std::cmp::Reverse(kernel))
    });
    ids
}
