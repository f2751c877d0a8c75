// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What signed metadata says of one release and of one line.
//!
//! A repository of 2,000 releases is read whole to choose one of them, so every byte here counts:
//! nothing stands here that the release's own description says and the choice does not need.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::version::{KernelRange, KernelSeries, ReleaseVersion};
use crate::model::{Moniker, Sha256, SourceDate};

/// One release: the `custom` object of its target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The name of what is released: `lustre`.
    pub name: String,
    /// The full version.
    pub version: ReleaseVersion,
    /// The release line, where it belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// The release's date, seconds since 1970.
    pub date: SourceDate,
    /// The digest of the uncompressed tar.
    pub identity: Sha256,
    /// The kernels that the release is made for, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports: Option<KernelRange>,
    /// Which of the tables of `kernels.json` lists the kernels that it is known to work on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernels: Option<KernelsKey>,
    /// The digest of `NAME-VERSION.SHA256SUMS`, so that the records that it lists are vouched for too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sums: Option<Sha256>,
    /// That it should no longer be used, and why. The release stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retracted: Option<Retraction>,
}

/// Names a table of `kernels.json`: the first 16 digits of the digest of its canonical JSON. Releases of
/// one Lustre version share a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KernelsKey(pub String);

/// A release that should no longer be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retraction {
    /// The day of it, in UTC.
    pub on: Date,
    /// Why, for people.
    pub reason: String,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineEntry {
    /// The kernel series that it is keyed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<KernelSeries>,
    /// What kernel.org calls that series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moniker: Option<Moniker>,
    /// The last day on which the line is maintained, as far as is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eol: Option<Date>,
}

impl Entry {
    /// `NAME-VERSION`.
    #[must_use]
    pub fn title(&self) -> String {
        self.version.tar_name(&self.name)
    }

    /// Whether it is a snapshot or a candidate, which nobody gets who did not ask for it.
    #[must_use]
    pub fn is_preview(&self) -> bool {
        !self.version.is_stable()
    }
}

impl LineEntry {
    /// Whether the line is over `today`.
    #[must_use]
    pub fn is_over(&self, today: Date) -> bool {
        self.eol.is_some_and(|eol| eol < today)
    }
}
