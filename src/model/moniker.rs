// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What kernel.org calls a series.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The state of a kernel series, in kernel.org's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Moniker {
    /// Where development is: candidates, and the newest release until the next ones.
    Mainline,
    /// Maintained until the next release.
    Stable,
    /// Maintained for years: an LTS kernel.
    Longterm,
}

impl Moniker {
    /// Every moniker of a series.
    pub const ALL: [Self; 3] = [Self::Mainline, Self::Stable, Self::Longterm];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Mainline => "mainline",
            Self::Stable => "stable",
            Self::Longterm => "longterm",
        }
    }

    /// The moniker of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|moniker| moniker.word() == word)
    }
}

impl fmt::Display for Moniker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
