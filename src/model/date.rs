// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The one date of a release.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Seconds since 1970-01-01T00:00:00Z: the mtime of every member, and the date in every record.
/// It comes from the lock, never from a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceDate(pub u64);

impl SourceDate {
    /// The largest second that a ustar header can hold: eleven octal digits.
    pub const MAX: Self = Self(0o777_7777_7777);
}

/// RFC 3339 in UTC: `2026-08-02T09:14:07Z`.
impl fmt::Display for SourceDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = i64::try_from(self.0.min(Self::MAX.0)).expect("34 bits fit");
        match jiff::Timestamp::from_second(seconds) {
            Ok(timestamp) => fmt::Display::fmt(&timestamp, f),
            Err(_) => write!(f, "@{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_utc() {
        assert_eq!(SourceDate(1_785_662_047).to_string(), "2026-08-02T09:14:07Z");
        assert_eq!(SourceDate(0).to_string(), "1970-01-01T00:00:00Z");
    }
}
