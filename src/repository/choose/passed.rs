// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What speaks against a release that fits.

use std::fmt;

use jiff::civil::Date;
use serde::Serialize;

use super::super::{Catalog, Entry, Wish};

/// A release that was passed over, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PassedOver {
    /// `NAME-VERSION`.
    pub title: String,
    /// Everything that speaks against it.
    pub reasons: Vec<Reason>,
}

/// One thing that speaks against a release. Completes "is".
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reason {
    /// A development snapshot.
    Snapshot,
    /// A candidate, or made from a candidate of the kernel.
    Candidate,
    /// It was retracted.
    Retracted {
        /// The day.
        on: Date,
        /// Why.
        because: String,
    },
    /// Its line is no longer maintained.
    PastEnd {
        /// The line.
        line: String,
        /// The last day of it.
        eol: Date,
    },
}

impl Reason {
    /// The flag that accepts it.
    #[must_use]
    pub fn flag(&self) -> &'static str {
        match self {
            Self::Snapshot | Self::Candidate => Wish::PREVIEW,
            Self::Retracted { .. } => Wish::RETRACTED,
            Self::PastEnd { .. } => Wish::PAST_END,
        }
    }

    pub(super) fn is_accepted(&self, wish: &Wish) -> bool {
        match self {
            Self::Snapshot | Self::Candidate => wish.preview,
            Self::Retracted { .. } => wish.retracted,
            Self::PastEnd { .. } => wish.past_end,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Snapshot => f.write_str("a development snapshot"),
            Self::Candidate => f.write_str("a release candidate"),
            Self::Retracted { on, because } => write!(f, "retracted since {on} ({})", one_line(because)),
            Self::PastEnd { line, eol } => {
                write!(f, "of the line {line}, which was maintained until {eol}")
            }
        }
    }
}

/// A text of a publisher's on one line, without anything that moves a terminal's cursor.
fn one_line(text: &str) -> String {
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Everything that speaks against a release.
#[must_use]
pub fn against(catalog: &Catalog, entry: &Entry, today: Date) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if entry.version.is_candidate() {
        reasons.push(Reason::Candidate);
    } else if entry.is_preview() {
        reasons.push(Reason::Snapshot);
    }
    if let Some(retracted) = &entry.retracted {
        reasons.push(Reason::Retracted { on: retracted.on, because: retracted.reason.clone() });
    }
    let line = entry.line.as_ref().and_then(|id| Some((id, catalog.lines.get(id)?)));
    if let Some((id, line)) = line.filter(|(_, line)| line.is_over(today))
        && let Some(eol) = line.eol
    {
        reasons.push(Reason::PastEnd { line: id.clone(), eol });
    }
    reasons
}
