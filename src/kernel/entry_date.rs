// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The day of an entry of the change log.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The day in an entry's first line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryDate {
    /// A day, written `2025-12-29`, before 2024 `12-29-2025`, and `29-12-2012` in entries of 2.1.
    Day(Date),
    /// `TBD`: the release is to come.
    ToBeDone,
    /// Neither: `2022-05-XX`.
    Other(String),
}

impl EntryDate {
    /// Reads the word that an entry begins with.
    pub(super) fn read(word: &str) -> Option<Self> {
        if word.eq_ignore_ascii_case("TBD") {
            return Some(Self::ToBeDone);
        }
        // Some entries have a stray apostrophe in front.
        let date = word.trim_start_matches('\'');
        let is_date = (6..=10).contains(&date.len())
            && date.bytes().filter(|byte| *byte == b'-').count() == 2
            && date.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'X' | b'x' | b'?'));
        is_date.then(|| day(date).map_or_else(|| Self::Other(word.to_owned()), Self::Day))
    }
}

fn day(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text.split('-').collect();
    let [first, second, third] = parts[..] else { return None };
    let date = |year: &str, month: &str, day: &str| {
        Date::new(year.parse().ok().filter(|_| year.len() == 4)?, month.parse().ok()?, day.parse().ok()?).ok()
    };
    match first.len() {
        4 => date(first, second, third),
        _ => date(third, first, second).or_else(|| date(third, second, first)),
    }
}

/// `2025-12-29`, `TBD`, or as it is written.
impl fmt::Display for EntryDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(date) => fmt::Display::fmt(date, f),
            Self::ToBeDone => f.write_str("TBD"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl Serialize for EntryDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EntryDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self::read(&text).unwrap_or(Self::Other(text)))
    }
}
