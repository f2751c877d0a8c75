// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The one clock. No byte of a release depends on it.

use jiff::civil::Date;

use crate::model::{Class, Failure, Problem, SourceDate};

/// Today in UTC, or what `LUSTRE_DIST_TODAY` says, such as 2026-11-23, for tests and for a look
/// ahead.
pub(super) fn today() -> Result<Date, Failure> {
    let Some(text) = std::env::var_os("LUSTRE_DIST_TODAY") else {
        return Ok(jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date());
    };
    let day = text.to_str().filter(|text| text.len() == 10).and_then(|text| text.parse().ok());
    day.ok_or_else(|| {
        let problem = Problem::new(format!("LUSTRE_DIST_TODAY is `{}`", text.to_string_lossy()))
            .help("expected a day, such as 2026-11-23, or no such variable");
        Failure::new(Class::Usage, problem)
    })
}

/// The time of the run. Signatures are held against it.
pub(super) fn now() -> SourceDate {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    SourceDate(since.map_or(0, |since| since.as_secs()))
}

/// The moment of the run, for what expires: noon in UTC of the day that `LUSTRE_DIST_TODAY` says, where it
/// does.
pub(super) fn moment() -> Result<jiff::Timestamp, Failure> {
    if std::env::var_os("LUSTRE_DIST_TODAY").is_none() {
        return Ok(jiff::Timestamp::now());
    }
    let noon = today()?.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC);
    noon.map(|noon| noon.timestamp())
        .map_err(|_| Failure::new(Class::Usage, Problem::new("LUSTRE_DIST_TODAY is out of range")))
}
