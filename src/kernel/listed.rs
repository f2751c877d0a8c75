// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The lines of a change log that list kernels, and the headings above them.

use serde::{Deserialize, Serialize};

use super::support::Kernel;
use crate::model::version::KernelRelease;

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

    fn of_label(label: &str) -> Self {
        let begins =
            |start: &str| label.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
        LABELS.iter().find(|(start, _)| begins(start)).map_or(Self::Other, |(_, distribution)| *distribution)
    }
}

/// What the bullet above a line says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heading {
    /// Kernels are listed.
    Kernels(Side, Class),
    /// Kernels are listed, but of which side or class it does not say in words that are known.
    Unread,
    /// Something else.
    Other,
}

/// What each heading has said since 2.5, in one form or another.
const CLASSES: [(&str, Class); 4] = [
    ("built and tested", Class::Tested),
    ("known to build", Class::Known),
    ("support for", Class::Known),
    ("builds for", Class::Known),
];

/// Reads a bullet.
pub(super) fn heading(bullet: &str) -> Heading {
    let text = bullet.to_ascii_lowercase();
    if !(text.ends_with(':') && text.contains("kernel")) {
        return Heading::Other;
    }
    let side = match (text.contains("server"), text.contains("client")) {
        (true, false) => Some(Side::Server),
        (false, true) => Some(Side::Client),
        _ => None,
    };
    let class = CLASSES.iter().find(|(words, _)| text.contains(words)).map(|(_, class)| *class);
    side.zip(class).map_or(Heading::Unread, |(side, class)| Heading::Kernels(side, class))
}

/// Reads the line of a kernel: `4.18.0-553.el8 (RHEL8.10)`, `vanilla linux 6.12.6 (ZFS + ldiskfs)`,
/// and as old entries have it `2.6.18.8 vanilla (kernel.org),` and `vanilla linux 4.6.7`.
pub(super) fn kernel(line: &str) -> Option<(Distribution, Kernel)> {
    let line = line.trim_end_matches(',');
    let labelled = line.strip_suffix(')').and_then(|line| line.split_once('('));
    let (before, label) = labelled.unwrap_or((line, ""));
    let label = label.trim();
    let words: Vec<&str> = before.split_whitespace().collect();
    let (release, vanilla) = match words[..] {
        [release] if labelled.is_some() => (release, false),
        ["vanilla", "linux", release] | [release, "vanilla"] => (release, true),
        _ => return None,
    };
    let release = KernelRelease::parse(release).ok()?;
    let distribution = if vanilla { Distribution::Vanilla } else { Distribution::of_label(label) };
    Some((distribution, Kernel { release, label: label.to_owned() }))
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

    #[test]
    fn lines_of_kernels() {
        for (line, release, label, distribution) in [
            ("4.18.0-553.155.1.el8  (RHEL8.10)", "4.18.0-553.155.1.el8", "RHEL8.10", Distribution::Rhel),
            ("2.6.32-431.29.2.el6 (RHEL6.5)", "2.6.32-431.29.2.el6", "RHEL6.5", Distribution::Rhel),
            ("2.6.9-55.EL (RHEL 4),", "2.6.9-55.EL", "RHEL 4", Distribution::Rhel),
            ("vanilla linux 7.0.8  (ldiskfs)", "7.0.8", "ldiskfs", Distribution::Vanilla),
            ("5.4.0\t\t      (vanilla kernel.org)", "5.4.0", "vanilla kernel.org", Distribution::Vanilla),
            ("vanilla linux 4.6.7", "4.6.7", "", Distribution::Vanilla),
            ("2.6.12.6 vanilla (kernel.org)", "2.6.12.6", "kernel.org", Distribution::Vanilla),
            (
                "5.10.0               (openEuler 22.03 LTS)",
                "5.10.0",
                "openEuler 22.03 LTS",
                Distribution::OpenEuler,
            ),
        ] {
            let (found, kernel) = kernel(line).expect(line);
            assert_eq!(
                (kernel.release.as_str(), kernel.label.as_str(), found),
                (release, label, distribution)
            );
        }
        for line in
            ["", "4.18.0", "(RHEL8)", "linux (RHEL8)", "4.18.0 4.19.0 (RHEL8)", "since NFSv4 (32-bit)"]
        {
            assert!(kernel(line).is_none(), "{line}");
        }
    }
}
