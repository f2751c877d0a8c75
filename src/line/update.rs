// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A new feed against the one that is held: what changed, and whether it may be believed.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{Feed, Known};
use crate::manifest::Kernels;
use crate::model::version::{KernelSeries, KernelVersion};
use crate::model::{Class, Failure, Moniker, Problem};

/// What a new feed changes in one series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The series was not held.
    New(KernelVersion),
    /// There is a newer version.
    Newer {
        /// What was held.
        old: KernelVersion,
        /// What there is now.
        new: KernelVersion,
    },
    /// It is called otherwise.
    Moniker {
        /// The held word.
        old: Option<Moniker>,
        /// The word now.
        new: Option<Moniker>,
    },
    /// The feed marks it as at its end; `false`: no longer.
    Eol(bool),
    /// It left the feed as series do at their end; it stays held, marked so.
    Left,
    /// It left the feed before its end, which the user accepts; it is held no longer.
    Vanished,
}

/// A feed that may take the place of the held one.
#[derive(Debug)]
#[must_use]
pub struct Update {
    /// The feed to hold.
    pub feed: Feed,
    /// What changed, by series.
    pub changes: Vec<(KernelSeries, Change)>,
}

/// Holds a new feed against the held one. A series that is no longer in the feed stays in what is
/// held, marked as at its end, so that a line that was keyed to it is known to have ended.
///
/// # Errors
/// The new feed is older, or misses a longterm series that is not at its end by what is held, what
/// people projected and the user `accepted`.
pub fn update(
    held: Option<&Feed>,
    new: Feed,
    kernels: &Kernels,
    today: Date,
    accepted: &BTreeSet<KernelSeries>,
) -> Result<Update, Failure> {
    let mut feed = new;
    let mut changes = Vec::new();
    let mut problems = Vec::new();
    let empty = Default::default();
    let held_series = held.map_or(&empty, |held| &held.series);
    for (&series, new) in &feed.series {
        match held_series.get(&series) {
            None => changes.push((series, Change::New(new.version))),
            Some(old) if new.version < old.version => problems.push(
                Problem::new(format!("the feed is older than the one held: series {series} goes backwards"))
                    .note(format!("held  {}{}", old.version, on(old)))
                    .note(format!("feed  {}{}", new.version, on(new))),
            ),
            Some(old) => changes.extend(differences(old, new).into_iter().map(|change| (series, change))),
        }
    }
    let mut vanished = BTreeSet::new();
    for (&series, old) in held_series.iter().filter(|(series, _)| !feed.series.contains_key(series)) {
        let projected = kernels.series.get(&series).and_then(|series| series.eol.as_ref());
        let over = projected.is_some_and(|eol| eol.value < today);
        if old.moniker != Some(Moniker::Longterm) || old.eol || over {
            if !old.eol {
                changes.push((series, Change::Left));
            }
        } else if accepted.contains(&series) {
            vanished.insert(series);
            changes.push((series, Change::Vanished));
        } else {
            let until = projected
                .map_or("its end is not known".to_owned(), |eol| format!("its projected end is {eol}"));
            problems.push(
                Problem::new(format!("the feed claims that the longterm series {series} vanished"))
                    .note(format!("held  {}{}; {until}", old.version, on(old)))
                    .help(format!(
                        "look at https://www.kernel.org/; if it is so, add `--accept-vanished {series}`"
                    )),
            );
        }
    }
    for series in accepted.difference(&vanished) {
        problems.push(
            Problem::new(format!("`--accept-vanished {series}`: that series did not vanish"))
                .help("leave the option out: it is for a series that a feed misses"),
        );
    }
    if let Some(last) = problems.last_mut() {
        last.notes.push(format!("the feed is {}; what was held is kept as it is", feed.from));
        return Err(Failure { class: Class::Source, problems });
    }
    for (&series, old) in held_series {
        if !vanished.contains(&series) {
            feed.series.entry(series).or_insert_with(|| Known { eol: true, ..old.clone() });
        }
    }
    changes.sort_by_key(|(series, _)| *series);
    Ok(Update { feed, changes })
}

fn differences(old: &Known, new: &Known) -> Vec<Change> {
    let mut changes = Vec::new();
    if new.version != old.version {
        changes.push(Change::Newer { old: old.version, new: new.version });
    }
    if new.moniker != old.moniker {
        changes.push(Change::Moniker { old: old.moniker, new: new.moniker });
    }
    if new.eol != old.eol {
        changes.push(Change::Eol(new.eol));
    }
    changes
}

fn on(known: &Known) -> String {
    known.released.map(|day| format!(", released {day}")).unwrap_or_default()
}
