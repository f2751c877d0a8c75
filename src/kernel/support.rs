// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The kernels of one release, as `release.json` has them.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::entry_date::EntryDate;
use super::terms::{Class, Distribution, Side};
use crate::model::version::{KernelRelease, KernelSeries, LustreVersion};

/// What a release's change log says of kernels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Support {
    /// The version of the change log's entry. For a snapshot that is the release to come.
    pub entry: Option<LustreVersion>,
    /// The entry's day, `TBD` before there is one.
    pub date: EntryDate,
    /// The kernels of servers.
    pub server: Lists,
    /// The kernels of clients.
    pub client: Lists,
    /// Lines that should name a kernel and could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<Unread>,
}

/// The kernels of one side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lists {
    /// Those that the release was built and tested on.
    pub tested: Kernels,
    /// Those that it is known to build on.
    pub known: Kernels,
}

/// Kernels by distribution, each in the change log's order.
pub type Kernels = BTreeMap<Distribution, Vec<Kernel>>;

/// One kernel of the change log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kernel {
    /// The kernel; most are written without `uname -r`'s architecture and flavour.
    #[serde(rename = "kernel")]
    pub release: KernelRelease,
    /// What stands in parentheses behind it: `RHEL9.7`, `ZFS + ldiskfs`.
    pub label: String,
}

/// `5.14.0-611.13.1.el9 (RHEL9.7)`.
impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.label.as_str() {
            "" => write!(f, "{}", self.release),
            label => write!(f, "{} ({label})", self.release),
        }
    }
}

/// A line of the change log that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// Its number, from 1.
    pub line: u32,
    /// Its text, trimmed.
    pub text: String,
}

impl Lists {
    /// The kernels of a class.
    #[must_use]
    pub fn of(&self, class: Class) -> &Kernels {
        match class {
            Class::Tested => &self.tested,
            Class::Known => &self.known,
        }
    }

    pub(super) fn of_mut(&mut self, class: Class) -> &mut Kernels {
        match class {
            Class::Tested => &mut self.tested,
            Class::Known => &mut self.known,
        }
    }

    /// Every kernel, those that were tested first.
    pub fn all(&self) -> impl Iterator<Item = (Class, Distribution, &Kernel)> {
        Class::ALL.into_iter().flat_map(move |class| {
            self.of(class).iter().flat_map(move |(distribution, kernels)| {
                kernels.iter().map(move |kernel| (class, *distribution, kernel))
            })
        })
    }

    /// The oldest and the newest series of all kernels.
    pub(super) fn series(&self) -> Option<(KernelSeries, KernelSeries)> {
        let series = || self.all().map(|(_, _, kernel)| kernel.release.version().series());
        series().min().zip(series().max())
    }
}

impl Support {
    /// The kernels of a side.
    #[must_use]
    pub fn of(&self, side: Side) -> &Lists {
        match side {
            Side::Server => &self.server,
            Side::Client => &self.client,
        }
    }

    /// Whether no kernel is listed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        Side::ALL.into_iter().all(|side| self.of(side).all().next().is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::top_entry;

    #[test]
    fn the_table_as_json() {
        let log = "2025-12-29 Example\n * version 2.17.0\n * Server known to build on patched kernels:\n   \
            5.10.0-60.94.0.118.oe2203 (openEuler 22.03 LTS)\n   5.14.0-611.13.1.el9 (RHEL9.7)\n   odd\n";
        let support = Support::from(top_entry(log).unwrap());
        let json = serde_json::to_string(&support).unwrap();
        insta::assert_snapshot!(json, @r#"{"entry":"2.17.0","date":"2025-12-29","server":{"tested":{},"known":{"rhel":[{"kernel":"5.14.0-611.13.1.el9","label":"RHEL9.7"}],"open_euler":[{"kernel":"5.10.0-60.94.0.118.oe2203","label":"openEuler 22.03 LTS"}]}},"client":{"tested":{},"known":{}},"unread":[{"line":6,"text":"odd"}]}"#);
        assert_eq!(serde_json::from_str::<Support>(&json).unwrap(), support);
        assert!(!support.is_empty());
    }
}
