// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the tags of a kernel's repository say where there is no feed.

use std::collections::{BTreeMap, HashMap};

use super::{Calendar, Feed, Known};
use crate::model::version::{KernelSeries, KernelVersion};

/// A feed made of tags, and what was odd about them.
#[derive(Debug)]
#[must_use]
pub struct FromTags {
    /// The newest release of each series. Candidates count only until there is a release.
    pub feed: Feed,
    /// How many tags are of versions.
    pub versions: usize,
    /// How many tags are not.
    pub others: usize,
    /// Versions that have several tags (`v6.12` and `v6.12.0`), with these.
    pub twice: Vec<(KernelVersion, Vec<String>)>,
}

/// Reads the tags of a kernel's repository. What tags do not say, which is how kernel.org calls a
/// series and whether it is at its end, is taken from the feed that is held.
///
/// A kernel's repository has the tags of twenty years. What counts is the series that are held, those
/// that people list, and the newest ones.
pub fn from_tags(from: String, tags: &[String], calendar: &Calendar) -> FromTags {
    let held = calendar.feed.as_deref();
    let mut by_version: HashMap<KernelVersion, Vec<String>> = HashMap::new();
    let mut others = 0;
    for tag in tags {
        match KernelVersion::from_tag(tag) {
            Some(version) => by_version.entry(version).or_default().push(tag.clone()),
            None => others += 1,
        }
    }
    let mut series: BTreeMap<KernelSeries, KernelVersion> = BTreeMap::new();
    for &version in by_version.keys() {
        let slot = series.entry(version.series()).or_insert(version);
        // A release counts for more than a candidate of its next update, 6.12.59-rc1.
        let rank = |version: &KernelVersion| (!version.is_candidate(), *version);
        if rank(slot) < rank(&version) {
            *slot = version;
        }
    }
    let latest_stable = series.values().copied().filter(|version| !version.is_candidate()).max();
    let first = latest_stable.map(|version| version.series());
    let counts = |series: &KernelSeries| {
        first.is_none_or(|first| *series >= first)
            || calendar.series(*series).is_some()
            || held.is_some_and(|held| held.series.contains_key(series))
    };
    let known = |(series, version): (KernelSeries, KernelVersion)| {
        let held = held.and_then(|held| held.series.get(&series));
        let known = Known {
            version,
            // The held day is that of the held version.
            released: held.filter(|held| held.version == version).and_then(|held| held.released),
            moniker: held.and_then(|held| held.moniker),
            eol: held.is_some_and(|held| held.eol),
        };
        (series, known)
    };
    let series = series.into_iter().filter(|(series, _)| counts(series)).map(known).collect();
    let versions = by_version.values().map(Vec::len).sum();
    let mut twice: Vec<(KernelVersion, Vec<String>)> =
        by_version.into_iter().filter(|(_, tags)| tags.len() > 1).collect();
    twice.sort();
    FromTags { feed: Feed { from, latest_stable, series }, versions, others, twice }
}
