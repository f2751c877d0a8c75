// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Ranges of kernel versions: what a line supports.

use std::fmt;

use super::scan::Scanner;
use super::{KernelVersion, VersionError, text::as_text};

/// Kernel versions from one on and before another: `>=4.18, <7.1`.
///
/// A range is written as comparators (`>=`, `>`, `<`, `<=`, `=`) with commas between them, all of
/// which must hold. Two rules make it mean what its writer means:
///
/// * Two numbers name a series, as in Cargo's requirements: `<=6.12` and `=6.12` hold for
///   6.12.58, and `>6.12` begins at 6.13. The first release alone is `=6.12.0`.
/// * A candidate counts as the release that it leads to, whose interfaces it has: 7.1-rc1 is
///   outside of `<7.1`, and 4.18-rc1 inside of `>=4.18`. A comparator that names a candidate is
///   exact: `>=6.18-rc3`.
///
/// With both, every comparator is an edge below or above, and every range has one canonical text,
/// at most one `>=` and one `<`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KernelRange {
    from: Option<KernelVersion>,
    before: Option<KernelVersion>,
}

/// Edges and versions on one scale: three numbers, then the candidate. An edge without a candidate
/// stands before the first one, a version without stands behind the last.
type Place = ([u32; 3], u32);

fn edge(version: KernelVersion) -> Place {
    (version.numbers(), version.candidate().unwrap_or(0))
}

impl KernelRange {
    /// Reads comparators with commas between them.
    ///
    /// # Errors
    /// There is no comparator, one has no kernel version, or something else than a comma follows.
    /// A range that holds nothing is read; see [`KernelRange::is_empty`].
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        let mut scanner = Scanner::new("kernel range", text);
        let mut range = Self { from: None, before: None };
        loop {
            range.restrict(Comparator::scan(&mut scanner)?);
            if !scanner.eat(",") {
                break;
            }
        }
        scanner.end("`,` and another comparator, or the end")?;
        Ok(range)
    }

    fn restrict(&mut self, Comparator { from, before }: Comparator) {
        self.from = self.from.into_iter().chain(from).max_by_key(|version| edge(*version));
        self.before = self.before.into_iter().chain(before).min_by_key(|version| edge(*version));
    }

    /// Whether the version is in the range.
    #[must_use]
    pub fn contains(&self, version: &KernelVersion) -> bool {
        let place = (version.numbers(), version.candidate().unwrap_or(u32::MAX));
        self.from.is_none_or(|from| edge(from) <= place)
            && self.before.is_none_or(|before| place < edge(before))
    }

    /// Whether no version at all can be in the range: `>=7.1, <6.12`.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!((self.from, self.before), (Some(from), Some(before)) if edge(from) >= edge(before))
    }

    /// The first version inside, or none where every old kernel is in the range. The candidates
    /// that lead to it are inside too, unless it is one itself.
    #[must_use]
    pub fn min(&self) -> Option<KernelVersion> {
        self.from
    }

    /// The first version outside, or none where every new kernel is in the range. The candidates
    /// that lead to it are outside too, unless it is one itself.
    #[must_use]
    pub fn max(&self) -> Option<KernelVersion> {
        self.before
    }
}

/// `>=4.18, <7.1`: the canonical text, in which `<=6.12` has become `<6.13`.
impl fmt::Display for KernelRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = self.from.map(|version| format!(">={version}"));
        let before = self.before.map(|version| format!("<{version}"));
        let comparators: Vec<String> = from.into_iter().chain(before).collect();
        f.pad(&comparators.join(", "))
    }
}

as_text!(KernelRange);

/// One comparator as edges: the first version inside, the first one outside again.
struct Comparator {
    from: Option<KernelVersion>,
    before: Option<KernelVersion>,
}

impl Comparator {
    fn scan(scanner: &mut Scanner<'_>) -> Result<Self, VersionError> {
        let blank = |c: char| c.is_ascii_whitespace();
        scanner.eat_while(blank);
        // The longer ones first: `>` is the start of `>=`.
        let operator = [">=", "<=", ">", "<", "="]
            .into_iter()
            .find(|operator| scanner.eat(operator))
            .ok_or_else(|| scanner.error("one of `>=`, `>`, `<`, `<=`, `=` and a kernel version"))?;
        scanner.eat_while(blank);
        let (named, has_patch) = KernelVersion::scan(scanner)?;
        scanner.eat_while(blank);

        let [major, minor, patch] = named.numbers();
        let (first, next) = match named.candidate() {
            // A range from the first candidate on is the range from its release on.
            Some(0) => (with(major, minor, patch), with_candidate(named, 1)),
            Some(candidate) => (named, with_candidate(named, candidate + 1)),
            None if has_patch => (named, with(major, minor, patch + 1)),
            None => (named, with(major, minor + 1, 0)),
        };
        let (from, before) = match operator {
            ">=" => (Some(first), None),
            ">" => (Some(next), None),
            "<" => (None, Some(first)),
            "<=" => (None, Some(next)),
            _ => (Some(first), Some(next)),
        };
        Ok(Self { from, before })
    }
}

fn with(major: u32, minor: u32, patch: u32) -> KernelVersion {
    KernelVersion::with([major, minor, patch], None)
}

fn with_candidate(version: KernelVersion, candidate: u32) -> KernelVersion {
    KernelVersion::with(version.numbers(), Some(candidate))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> KernelRange {
        KernelRange::parse(text).unwrap()
    }

    fn holds(text: &str, version: &str) -> bool {
        range(text).contains(&KernelVersion::parse(version).unwrap())
    }

    #[test]
    fn ranges_hold_what_their_writer_means() {
        for (text, inside, outside) in [
            (">=4.18, <7.1", "4.18-rc1 4.18 6.12.58 7.0.9 7.0.9-rc1", "4.17.19 7.1-rc1 7.1 7.1.1"),
            ("<=6.12", "6.12 6.12.58 5.10", "6.13-rc1 6.13"),
            (">6.12", "6.13-rc1 6.13 7.0", "6.12 6.12.58"),
            ("=6.12", "6.12-rc1 6.12 6.12.58", "6.11.9 6.13-rc1"),
            ("=6.12.0", "6.12 6.12-rc7", "6.12.1 6.12.1-rc1"),
            ("<=6.12.58", "6.12.58", "6.12.59-rc1 6.12.59"),
            (">=6.18-rc3", "6.18-rc3 6.18", "6.18-rc2 6.17.9"),
            (">6.18-rc3,<6.18", "", "6.18-rc3 6.18-rc4 6.18"),
            ("<=6.18-rc3", "6.18-rc3 6.17.9", "6.18-rc4 6.18"),
        ] {
            for version in inside.split_whitespace() {
                assert!(holds(text, version), "{version} is to be in {text}");
            }
            for version in outside.split_whitespace() {
                assert!(!holds(text, version), "{version} is not to be in {text}");
            }
        }
    }

    #[test]
    fn every_range_has_one_text() {
        for (text, canonical) in [
            (">=4.18, <7.1", ">=4.18, <7.1"),
            (" < 7.1 ,>=4.18", ">=4.18, <7.1"),
            (">=4.18.0, >=5.4, <7.1", ">=5.4, <7.1"),
            ("<=6.12", "<6.13"),
            (">6.12.58", ">=6.12.59"),
            ("=6.12", ">=6.12, <6.13"),
            ("=6.12.0", ">=6.12, <6.12.1"),
            (">=6.18-rc0", ">=6.18"),
            ("=6.18-rc2", ">=6.18-rc2, <6.18-rc3"),
            (">=7.1, <6.12", ">=7.1, <6.12"),
        ] {
            assert_eq!(range(text).to_string(), canonical, "{text}");
            assert_eq!(range(canonical), range(text), "{text}");
        }
        assert_eq!(range(">=4.18").max(), None);
        assert_eq!(range(">=4.18").min(), KernelVersion::parse("4.18").ok());
    }

    #[test]
    fn an_empty_range_is_known_as_one() {
        for text in [">=7.1, <6.12", "=6.12, =6.13", ">6.12, <6.13", ">6.12.1, <6.12.2", ">=6.18, <6.18-rc0"]
        {
            assert!(range(text).is_empty(), "{text}");
        }
        for text in [">=4.18, <7.1", "=6.12", "=6.18-rc2", "<4.18", ">=6.18, <6.18-rc1"] {
            assert!(!range(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn errors_say_where() {
        for (text, message) in [
            (
                "",
                "`` is not a kernel range: expected one of `>=`, `>`, `<`, `<=`, `=` \
                 and a kernel version at its end",
            ),
            (
                "4.18",
                "`4.18` is not a kernel range: expected one of `>=`, `>`, `<`, `<=`, `=` \
                 and a kernel version at character 1 (`4.18`)",
            ),
            (
                ">=4.18 <7.1",
                "`>=4.18 <7.1` is not a kernel range: expected `,` and another comparator, or the end \
                 at character 8 (`<7.1`)",
            ),
            (
                ">=4.18, <7",
                "`>=4.18, <7` is not a kernel range: expected `.` and the minor number at its end",
            ),
            (
                ">=4.18,",
                "`>=4.18,` is not a kernel range: expected one of `>=`, `>`, `<`, `<=`, `=` \
                 and a kernel version at its end",
            ),
            (
                "=>4.18",
                "`=>4.18` is not a kernel range: expected a kernel's major number at character 2 (`>4.18`)",
            ),
        ] {
            assert_eq!(KernelRange::parse(text).unwrap_err().to_string(), message);
        }
    }
}
