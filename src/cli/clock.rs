// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The one clock, which tells what day it is; no byte of a release depends on it.

use jiff::civil::Date;

/// Today in UTC, or what `LUSTRE_DIST_TODAY` says, such as 2026-11-23, for tests and for a look
/// ahead.
pub(super) fn today() -> Date {
    let said = std::env::var("LUSTRE_DIST_TODAY").ok().and_then(|text| text.parse().ok());
    said.unwrap_or_else(|| jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date())
}
