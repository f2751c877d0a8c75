// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The lines of a change log that list kernels, and the headings above them.

use super::support::Kernel;
use super::terms::{Class, Distribution, Side};
use crate::model::version::KernelRelease;

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
