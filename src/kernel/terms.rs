// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The sides of Lustre, how much is known of a kernel, and whose kernel it is.

use serde::{Deserialize, Serialize};

/// Which half of Lustre runs on the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Metadata and object servers.
    Server,
    /// Clients.
    Client,
}

impl Side {
    /// Both, servers first.
    pub const ALL: [Self; 2] = [Self::Server, Self::Client];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

/// What the change log says of a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Built and tested while the release was made.
    Tested,
    /// Known to build at some point.
    Known,
}

impl Class {
    /// Both, the better one first.
    pub const ALL: [Self; 2] = [Self::Tested, Self::Known];

    /// The words for it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Tested => "tested",
            Self::Known => "known to build",
        }
    }
}

/// Whose kernel it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// Red Hat Enterprise Linux and what is rebuilt from it.
    Rhel,
    /// SUSE Linux Enterprise, and openSUSE Leap with its kernels.
    Sles,
    /// Ubuntu.
    Ubuntu,
    /// Debian.
    Debian,
    /// Fedora.
    Fedora,
    /// openEuler.
    OpenEuler,
    /// kernel.org's own.
    Vanilla,
    /// Another one; the label names it.
    Other,
}

/// How labels begin, and whose kernels these are. The longer of two that begin alike comes first.
const LABELS: [(&str, Distribution); 19] = [
    ("RHEL", Distribution::Rhel),
    ("CentOS", Distribution::Rhel),
    ("Rocky", Distribution::Rhel),
    ("AlmaLinux", Distribution::Rhel),
    ("Alma", Distribution::Rhel),
    ("OEL", Distribution::Rhel),
    ("SLES", Distribution::Sles),
    ("SLE", Distribution::Sles),
    ("openSUSE", Distribution::Sles),
    ("Ubuntu", Distribution::Ubuntu),
    ("Debian", Distribution::Debian),
    ("Fedora", Distribution::Fedora),
    ("FC", Distribution::Fedora),
    ("openEuler", Distribution::OpenEuler),
    ("vanilla", Distribution::Vanilla),
    ("kernel.org", Distribution::Vanilla),
    ("linux", Distribution::Vanilla),
    ("mainline", Distribution::Vanilla),
    ("upstream", Distribution::Vanilla),
];

impl Distribution {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rhel => "RHEL",
            Self::Sles => "SLES",
            Self::Ubuntu => "Ubuntu",
            Self::Debian => "Debian",
            Self::Fedora => "Fedora",
            Self::OpenEuler => "openEuler",
            Self::Vanilla => "vanilla",
            Self::Other => "other",
        }
    }

    pub(super) fn of_label(label: &str) -> Self {
        let begins =
            |start: &str| label.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
        LABELS.iter().find(|(start, _)| begins(start)).map_or(Self::Other, |(_, distribution)| *distribution)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_name_distributions() {
        for (label, distribution) in [
            ("RHEL9.7", Distribution::Rhel),
            ("RHEL 10.1", Distribution::Rhel),
            ("Rocky 9.5", Distribution::Rhel),
            ("SLES12 SP2", Distribution::Sles),
            ("Ubuntu 20.04.2 HWE", Distribution::Ubuntu),
            ("Ubuntu 14.04, ZFS only", Distribution::Ubuntu),
            ("Debian 13", Distribution::Debian),
            ("Fedora 42", Distribution::Fedora),
            ("FC18", Distribution::Fedora),
            ("openEuler 22.03 LTS SP2", Distribution::OpenEuler),
            ("vanilla kernel.org", Distribution::Vanilla),
            ("kernel.org", Distribution::Vanilla),
            ("Amazon Linux 2023", Distribution::Other),
            ("", Distribution::Other),
        ] {
            assert_eq!(Distribution::of_label(label), distribution, "{label}");
        }
    }
}
