// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! When a line ends, and who says so.

use std::ops::Range;
use std::sync::Arc;

use jiff::civil::Date;

use super::Calendar;
use crate::manifest::Manifest;
use crate::model::{Problem, SourceText};

/// The flag that lets a release be made for a line past its end.
pub const OVERRIDE: &str = "--assemble-past-end-of-life";

/// How long a line lives.
#[derive(Debug, Clone)]
pub struct Life {
    /// The last day on which the line is maintained, as far as anybody knows.
    pub eol: Option<Date>,
    /// How many days are left until then; negative behind it.
    pub days_left: Option<i32>,
    /// Why the line is over, where it is.
    pub ended: Option<Ended>,
}

/// Why a line is over.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Since when, where it is known.
    pub day: Option<Date>,
    /// Who says so, in words: `eol` of a table, `ended` of a manifest, a feed.
    pub origin: String,
    place: Option<(Arc<SourceText>, Range<usize>)>,
}

impl Life {
    /// The life of a manifest's line as it looks `today`.
    #[must_use]
    pub fn of(manifest: &Manifest, calendar: &Calendar, today: Date) -> Self {
        let line = manifest.line.as_ref();
        let series = line.and_then(|line| line.kernel.as_ref()).map(|series| series.value);
        let projected = series.and_then(|series| calendar.series(series)?.eol.as_ref());
        let stated = line.and_then(|line| line.ended.as_ref());
        let eol = projected.map(|eol| eol.value).into_iter().chain(stated.map(|day| day.value)).min();
        let by_manifest = stated.filter(|day| day.value <= today).map(|day| Ended {
            day: Some(day.value),
            origin: format!("`ended` in {}", manifest.path().display()),
            place: Some((Arc::clone(&manifest.text), day.span.clone())),
        });
        let by_table = || {
            let eol = projected.filter(|eol| eol.value < today)?;
            let text = &calendar.kernels.text;
            Some(Ended {
                day: Some(eol.value),
                origin: format!("`eol` of series {} in {}", series?, text.name),
                place: Some((Arc::clone(text), eol.span.clone())),
            })
        };
        let by_feed = || {
            let feed = calendar.feed.as_ref()?;
            feed.series.get(&series?).filter(|known| known.eol)?;
            let origin = format!("the feed {}, which marks series {} as at its end", feed.from, series?);
            Some(Ended { day: None, origin, place: None })
        };
        let days_left = eol.and_then(|eol| eol.since(today).ok()).map(|span| span.get_days());
        Self { eol, days_left, ended: by_manifest.or_else(by_table).or_else(by_feed) }
    }
}

impl Ended {
    /// `ended 2026-12-31`, or `ended` where the day is not known.
    #[must_use]
    pub fn since(&self) -> String {
        self.day.map_or_else(|| "ended".to_owned(), |day| format!("ended {day}"))
    }

    /// Why nothing is assembled for the line.
    #[must_use]
    pub fn problem(&self, line: &str, today: Date) -> Problem {
        let when = self.day.map(|day| format!(": its end was {day}")).unwrap_or_default();
        let problem = Problem::new(format!("the line {line} is over{when}"));
        let problem = match &self.place {
            Some((text, span)) => problem.at(text, span.clone(), "this is over"),
            None => problem,
        };
        let correct = match self.place {
            Some(_) => "correct the day if the line lives longer",
            None => "`lustre-dist lines update` asks the feed anew",
        };
        problem
            .note(format!("by {}; today is {today}", self.origin))
            .help(format!("{correct}; `{OVERRIDE}` makes the release all the same, and release.json says so"))
    }
}
