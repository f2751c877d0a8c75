// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The lines over time, as a drawing: a bar from a line's first release to its end, a dot a release.

use jiff::civil::{Date, date};
use serde::Serialize;

use super::Site;
use super::shown::day;

/// In units of the drawing, which the page scales to its width.
const WIDTH: f64 = 960.0;
const NAMES: f64 = 110.0;
const RIGHT: f64 = 24.0;
const ROW: f64 = 36.0;
const AXIS: f64 = 28.0;

/// The drawing, in numbers.
#[derive(Serialize)]
pub(super) struct Timeline {
    width: f64,
    height: f64,
    years: Vec<Year>,
    bars: Vec<Bar>,
    today: f64,
    axis: f64,
}

#[derive(Serialize)]
struct Year {
    x: f64,
    year: i16,
}

#[derive(Serialize)]
struct Bar {
    id: String,
    y: f64,
    from: f64,
    to: f64,
    /// The end of a line without a known one is open.
    is_open: bool,
    is_over: bool,
    words: String,
    dots: Vec<f64>,
}

/// The drawing of all lines that have a release, in the order given; none where there is none.
pub(super) fn timeline(site: &Site, lines: &[String]) -> Option<Timeline> {
    let mut rows = Vec::new();
    for id in lines {
        let releases = site.catalog.of_line(id);
        let days: Vec<Date> = releases
            .iter()
            .filter(|listed| listed.entry.retracted.is_none())
            .filter_map(|listed| day(listed.entry.date))
            .collect();
        // One whose releases are all retracted has no place on it.
        let Some(first) = days.iter().min().copied() else { continue };
        let eol = site.catalog.lines.get(id).and_then(|line| line.eol);
        rows.push((id, first, eol, days));
    }
    let from = rows.iter().map(|(_, first, ..)| *first).min()?.min(site.today);
    let ends = rows.iter().flat_map(|(_, _, eol, days)| eol.iter().chain(days));
    let to = ends.copied().max()?.max(site.today);
    let from = date(from.year(), 1, 1);
    let to = date(to.year().saturating_add(1).min(9999), 1, 1);
    let days_between = |from: Date, to: Date| to.since(from).map_or(0, |span| span.get_days());
    let all = f64::from(days_between(from, to).max(1));
    let x = |day: Date| {
        let share = f64::from(days_between(from, day)) / all;
        round(NAMES + share * (WIDTH - NAMES - RIGHT))
    };
    let height = AXIS + ROW * f64::from(u32::try_from(rows.len()).ok()?) + 8.0;
    let mut bars = Vec::new();
    let mut y = AXIS + ROW / 2.0;
    for (id, first, eol, days) in rows {
        let end = eol.unwrap_or(site.today).max(first);
        let is_over = eol.is_some_and(|eol| eol < site.today);
        let words = match eol {
            Some(eol) if is_over => format!("ended {eol}"),
            Some(eol) => format!("until {eol}"),
            None => "no end known".to_owned(),
        };
        let mut dots: Vec<f64> = days.into_iter().map(x).collect();
        dots.sort_by(f64::total_cmp);
        dots.dedup();
        bars.push(Bar {
            id: id.clone(),
            y,
            from: x(first),
            to: x(end),
            is_open: eol.is_none(),
            is_over,
            words,
            dots,
        });
        y += ROW;
    }
    // Of many years not every one can be written.
    let step = usize::from(to.year().abs_diff(from.year()) / 12 + 1);
    let years = (from.year()..to.year()).step_by(step).map(|year| Year { x: x(date(year, 1, 1)), year });
    Some(Timeline { width: WIDTH, height, years: years.collect(), bars, today: x(site.today), axis: AXIS })
}

fn round(x: f64) -> f64 {
    (x * 10.0).round() / 10.0
}
