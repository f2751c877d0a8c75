// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A running kernel held against a release's lists.

use std::cmp::Reverse;
use std::fmt;

use serde::Serialize;

use super::identity::{self, Identity, Near};
use super::support::{Kernel, Lists, Support};
use super::terms::{Class, Distribution, Side};
use crate::model::version::{KernelRange, KernelRelease, KernelSeries};

/// What a release says of a kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answers {
    /// For servers.
    pub server: Answer,
    /// For clients.
    pub client: Answer,
}

impl Answers {
    /// The answer for a side.
    #[must_use]
    pub fn of(&self, side: Side) -> &Answer {
        match side {
            Side::Server => &self.server,
            Side::Client => &self.client,
        }
    }
}

/// What is known of one side on that kernel, from the best to the least.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// The kernel, or one of its line, was built and tested on.
    Tested(Matched),
    /// The kernel, or one of its line, is known to build.
    Known(Matched),
    /// Not listed, and its version is in the range. A guess: distributions backport.
    WithinRange {
        /// The range.
        range: Range,
    },
    /// Nothing speaks for it.
    Unknown,
}

impl Answer {
    /// The words for it.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self {
            Self::Tested(_) => Class::Tested.words(),
            Self::Known(_) => Class::Known.words(),
            Self::WithinRange { .. } => "within range",
            Self::Unknown => "unknown",
        }
    }
}

/// The listed kernel that an answer rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Matched {
    /// How near it is.
    pub closeness: Closeness,
    /// Whose list it stands in.
    pub distribution: Distribution,
    /// The listed kernel.
    #[serde(flatten)]
    pub listed: Kernel,
}

/// How near a listed kernel is to the running one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Closeness {
    /// Another update of the same line.
    SameLine,
    /// The same build; architecture and flavour do not count.
    Exact,
}

/// `exact: 6.12.6 (vanilla kernel.org)`, `same RHEL 9.7 line: 5.14.0-611.13.1.el9 (RHEL9.7)`.
impl fmt::Display for Matched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { closeness, distribution, listed } = self;
        let version = listed.release.version();
        // `RHEL 9.7` of `RHEL9.7`, `SLES 15 SP6` of `SLES15 SP6`; another's rebuild as it is written.
        let name = distribution.name();
        let edition = match listed.label.strip_prefix(name) {
            Some(edition) => format!("{name} {}", edition.trim()),
            None => listed.label.clone(),
        };
        match (closeness, distribution) {
            (Closeness::Exact, _) => f.write_str("exact")?,
            (_, Distribution::Vanilla | Distribution::Debian) => {
                write!(f, "same {} series", version.series())?
            }
            (_, Distribution::Fedora) => write!(f, "same {} series of {edition}", version.series())?,
            (_, Distribution::Ubuntu) => {
                let [major, minor, patch] = version.numbers();
                write!(f, "later ABI of {major}.{minor}.{patch}, {edition}")?;
            }
            _ => write!(f, "same {edition} line")?,
        }
        write!(f, ": {listed}")
    }
}

/// The range that a guess rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Range {
    /// `[line] supports` of the manifest.
    Manifest {
        /// The range.
        supports: KernelRange,
    },
    /// The oldest and the newest series that the release lists for that side.
    Listed {
        /// The oldest.
        oldest: KernelSeries,
        /// The newest.
        newest: KernelSeries,
    },
}

/// Completes "a guess:".
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manifest { supports } => write!(f, "the manifest supports {supports}"),
            Self::Listed { oldest, newest } => write!(f, "kernels from {oldest} to {newest} are listed"),
        }
    }
}

impl Support {
    /// What this release says of a running kernel. `supports` is the range of its manifest's line,
    /// where there is one; a guess rests on it, or else on the span of the lists.
    #[must_use]
    pub fn answer(&self, running: &KernelRelease, supports: Option<&KernelRange>) -> Answers {
        let identities = identity::of_running(running);
        let of = |side| answer(self.of(side), running, &identities, supports);
        Answers { server: of(Side::Server), client: of(Side::Client) }
    }
}

fn answer(
    lists: &Lists,
    running: &KernelRelease,
    identities: &[Identity],
    supports: Option<&KernelRange>,
) -> Answer {
    let best = lists
        .all()
        .filter_map(|(class, distribution, kernel)| {
            let closeness = closeness(running, identities, distribution, kernel)?;
            // Of several of a line, the last one before the running kernel, or the first behind it.
            let is_later = kernel.release > *running;
            let place = if is_later { Err(Reverse(&kernel.release)) } else { Ok(&kernel.release) };
            Some(((Reverse(class), closeness, place.ok(), place.err()), class, distribution, kernel))
        })
        .max_by(|one, other| one.0.cmp(&other.0));
    if let Some(((_, closeness, ..), class, distribution, kernel)) = best {
        let matched = Matched { closeness, distribution, listed: kernel.clone() };
        return match class {
            Class::Tested => Answer::Tested(matched),
            Class::Known => Answer::Known(matched),
        };
    }
    if is_beyond(lists, running, identities) {
        return Answer::Unknown;
    }
    let version = running.version();
    match (supports, lists.series()) {
        (Some(supports), _) if supports.contains(&version) => {
            Answer::WithinRange { range: Range::Manifest { supports: *supports } }
        }
        (None, Some((oldest, newest))) if (oldest..=newest).contains(&version.series()) => {
            Answer::WithinRange { range: Range::Listed { oldest, newest } }
        }
        _ => Answer::Unknown,
    }
}

fn closeness(
    running: &KernelRelease,
    identities: &[Identity],
    distribution: Distribution,
    kernel: &Kernel,
) -> Option<Closeness> {
    if *running == kernel.release {
        return Some(Closeness::Exact);
    }
    let listed = identity::of_listed(distribution, &kernel.release, &kernel.label)?;
    let near = identities.iter().filter_map(|identity| identity.near(&listed)).max()?;
    Some(match near {
        Near::Same => Closeness::Exact,
        Near::Line => Closeness::SameLine,
    })
}

/// Whether the kernel is one of a distribution that keeps a version for years, and later than all
/// that are listed of it. Its version says nothing then, and no guess is made.
fn is_beyond(lists: &Lists, running: &KernelRelease, identities: &[Identity]) -> bool {
    let keeps = |distribution| {
        matches!(distribution, Distribution::Rhel | Distribution::Sles | Distribution::OpenEuler)
    };
    let is_own =
        |distribution| keeps(distribution) && identities.iter().any(|own| own.distribution == distribution);
    lists
        .all()
        .filter(|(_, distribution, kernel)| {
            is_own(*distribution) && kernel.release.version() == running.version()
        })
        .map(|(_, _, kernel)| &kernel.release)
        .max()
        .is_some_and(|newest| newest < running)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::top_entry;

    fn support() -> Support {
        let log = "\
2025-12-29 Example
       * version 2.17.0
       * Server primary kernels built and tested during release cycle:
         5.14.0-611.13.1.el9  (RHEL9.7)
         4.18.0-553.89.1.el8  (RHEL8.10)
       * Other server kernels known to build and work at some point (others may also work):
         5.14.0-284.30.1.el9  (RHEL9.2)
         6.8.0-38             (Ubuntu 24.04)
         vanilla linux 5.4.0  (ZFS + ldiskfs)
         vanilla linux 5.4.21  (ZFS + ldiskfs)
         vanilla linux 5.4.136  (ZFS + ldiskfs)
         vanilla linux 6.6.13 (ZFS + ldiskfs)
         5.10.0-136.32.0.108.oe2203sp1 (openEuler 22.03 LTS SP1)
       * Client primary kernels built and tested during release cycle:
         5.14.0-611.13.1.el9  (RHEL9.7)
         6.8.0-35             (Ubuntu 24.04)
         6.4.0-150600.23.73   (SLES15 SP6)
       * Other clients known to build on these kernels at some point (others may also work):
         6.8.0-38             (Ubuntu 24.04)
         6.15.6               (vanilla kernel.org)
         6.19.14-108.fc42     (Fedora 42)
         4.18.0-553.16.1.el8_10 (Rocky 8.10)
";
        top_entry(log).unwrap().into()
    }

    fn shown(running: &str, supports: Option<&str>) -> [String; 2] {
        let supports = supports.map(|text| KernelRange::parse(text).unwrap());
        let answers = support().answer(&KernelRelease::parse(running).unwrap(), supports.as_ref());
        Side::ALL.map(|side| match answers.of(side) {
            answer @ (Answer::Tested(matched) | Answer::Known(matched)) => {
                format!("{}, {matched}", answer.words())
            }
            Answer::WithinRange { range } => format!("within range, a guess: {range}"),
            Answer::Unknown => "unknown".to_owned(),
        })
    }

    #[test]
    fn the_best_listed_kernel_is_named() {
        for (running, server, client) in [
            (
                "5.14.0-611.13.1.el9_7.x86_64",
                "tested, exact: 5.14.0-611.13.1.el9 (RHEL9.7)",
                "tested, exact: 5.14.0-611.13.1.el9 (RHEL9.7)",
            ),
            (
                "5.14.0-284.99.1.el9_2.x86_64",
                "known to build, same RHEL 9.2 line: 5.14.0-284.30.1.el9 (RHEL9.2)",
                "within range, a guess: kernels from 4.18 to 6.19 are listed",
            ),
            (
                "6.8.0-101-generic",
                "known to build, later ABI of 6.8.0, Ubuntu 24.04: 6.8.0-38 (Ubuntu 24.04)",
                "tested, later ABI of 6.8.0, Ubuntu 24.04: 6.8.0-35 (Ubuntu 24.04)",
            ),
            // A class counts more than a kernel that is nearer in a lower one.
            (
                "6.8.0-38-generic",
                "known to build, exact: 6.8.0-38 (Ubuntu 24.04)",
                "tested, later ABI of 6.8.0, Ubuntu 24.04: 6.8.0-35 (Ubuntu 24.04)",
            ),
            (
                "6.4.0-150600.23.78-default",
                "within range, a guess: kernels from 4.18 to 6.8 are listed",
                "tested, same SLES 15 SP6 line: 6.4.0-150600.23.73 (SLES15 SP6)",
            ),
            (
                "5.4.100",
                "known to build, same 5.4 series: 5.4.21 (ZFS + ldiskfs)",
                "within range, a guess: kernels from 4.18 to 6.19 are listed",
            ),
            (
                "5.4-rc3",
                "known to build, same 5.4 series: 5.4.0 (ZFS + ldiskfs)",
                "within range, a guess: kernels from 4.18 to 6.19 are listed",
            ),
            (
                "6.6.57+deb13-amd64",
                "known to build, same 6.6 series: 6.6.13 (ZFS + ldiskfs)",
                "within range, a guess: kernels from 4.18 to 6.19 are listed",
            ),
            (
                "5.10.0-136.99.0.1.oe2203sp1.x86_64",
                "known to build, same openEuler 22.03 LTS SP1 line: 5.10.0-136.32.0.108.oe2203sp1 (openEuler 22.03 LTS SP1)",
                "within range, a guess: kernels from 4.18 to 6.19 are listed",
            ),
            (
                "6.19.20-200.fc42.x86_64",
                "unknown",
                "known to build, same 6.19 series of Fedora 42: 6.19.14-108.fc42 (Fedora 42)",
            ),
            (
                "4.18.0-553.155.1.el8_10.x86_64",
                "tested, same RHEL 8.10 line: 4.18.0-553.89.1.el8 (RHEL8.10)",
                "known to build, same Rocky 8.10 line: 4.18.0-553.16.1.el8_10 (Rocky 8.10)",
            ),
            // Whoever made it, the very same text is the same kernel.
            ("6.15.6", "unknown", "known to build, exact: 6.15.6 (vanilla kernel.org)"),
        ] {
            assert_eq!(shown(running, None), [server, client], "{running}");
        }
    }

    #[test]
    fn a_guess_rests_on_the_manifest_where_it_has_a_range() {
        let range = Some(">=4.18, <7.1");
        let guess = "within range, a guess: the manifest supports >=4.18, <7.1";
        assert_eq!(shown("7.0.3", range), [guess, guess]);
        assert_eq!(shown("7.1.0", range), ["unknown", "unknown"]);
        assert_eq!(shown("6.8.0-1012-aws", range), [guess, guess]);
    }

    /// `5.14.0` is within every range, whatever RHEL has put into it.
    #[test]
    fn no_guess_is_made_beyond_the_newest_that_a_distribution_has_listed() {
        let range = Some(">=4.18, <7.1");
        assert_eq!(shown("5.14.0-687.17.1.el9_8.x86_64", range), ["unknown", "unknown"]);
        assert_eq!(shown("6.4.0-150700.53.22-default", range)[1], "unknown");
        // In between, and where no kernel of that version is listed, it may be.
        assert!(shown("5.14.0-427.42.1.el9_4.x86_64", range)[0].starts_with("within range"));
        assert!(shown("6.12.0-55.43.1.el10_0.x86_64", range)[0].starts_with("within range"));
    }
}
