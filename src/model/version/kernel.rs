// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Versions of the mainline and stable kernels, and their series.

use std::cmp::Ordering;
use std::fmt;

use super::scan::Scanner;
use super::{VersionError, text::as_text};

/// A version of the Linux kernel as kernel.org tags it: `6.12`, `6.12.58`, `6.18-rc6`.
///
/// `6.12` is the first release of its series and the same as `6.12.0`, so that
/// 6.12-rc7 < 6.12 < 6.12.1. Versions with four numbers (`2.6.32.27`) ended in 2011 and do not
/// parse. What a distribution appends is a [`KernelRelease`](super::KernelRelease).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KernelVersion {
    major: u32,
    minor: u32,
    patch: u32,
    candidate: Option<u32>,
}

impl KernelVersion {
    /// Reads a version without the tag's `v`.
    ///
    /// # Errors
    /// The text is not two or three numbers with `-rc` and a number behind them at most.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        let mut scanner = Scanner::new("kernel version", text);
        let (version, _) = Self::scan(&mut scanner)?;
        scanner.end("a third number, `-rc` and a number, or the end")?;
        Ok(version)
    }

    /// Reads a tag of a kernel's repository: `v6.12`, `v6.12.58`, `v6.18-rc6`.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::parse(tag.strip_prefix('v')?).ok()
    }

    /// Reads a version and leaves what is behind it. The flag says whether a third number is
    /// written, which a range and its reader mean something by.
    pub(super) fn scan(scanner: &mut Scanner<'_>) -> Result<(Self, bool), VersionError> {
        let KernelSeries { major, minor } = KernelSeries::scan(scanner)?;
        let has_patch = scanner.eat_before_digit(".");
        let patch = if has_patch { scanner.number("the third number")? } else { 0 };
        let candidate = if scanner.eat_before_digit("-rc") {
            Some(scanner.number("the number of the release candidate")?)
        } else {
            None
        };
        Ok((Self { major, minor, patch, candidate }, has_patch))
    }

    /// Reads `6.12.58` and `6.18.rc6`, as they stand behind the `k` in the build metadata of a
    /// release version: a `-` would do there, but at dots every reader can split it.
    pub(super) fn scan_build(scanner: &mut Scanner<'_>) -> Result<Self, VersionError> {
        let KernelSeries { major, minor } = KernelSeries::scan(scanner)?;
        let patch = if scanner.eat_before_digit(".") {
            let number = scanner.number("the third number")?;
            if number == 0 {
                return Err(scanner.error_before("0", "no third number where it is 0"));
            }
            number
        } else {
            0
        };
        let candidate = if scanner.eat_before_digit(".rc") {
            Some(scanner.number("the number of the release candidate")?)
        } else {
            None
        };
        Ok(Self { major, minor, patch, candidate })
    }

    /// The version with `before` in front of a candidate's number: each spelling has its own.
    pub(super) fn spelled(&self, before: &str) -> String {
        let patch = Some(self.patch).filter(|patch| *patch != 0).map(|patch| format!(".{patch}"));
        let candidate = self.candidate.map(|candidate| format!("{before}{candidate}"));
        format!("{}{}{}", self.series(), patch.unwrap_or_default(), candidate.unwrap_or_default())
    }

    /// The series that the version belongs to: 6.12 for 6.12, 6.12.58 and 6.12-rc1.
    #[must_use]
    pub fn series(&self) -> KernelSeries {
        KernelSeries { major: self.major, minor: self.minor }
    }

    /// A release candidate.
    #[must_use]
    pub fn is_candidate(&self) -> bool {
        self.candidate.is_some()
    }

    /// The three numbers; the third of a series' first release is 0.
    #[must_use]
    pub fn numbers(&self) -> [u32; 3] {
        [self.major, self.minor, self.patch]
    }

    /// The number of the release candidate, where it is one.
    #[must_use]
    pub fn candidate(&self) -> Option<u32> {
        self.candidate
    }

    pub(super) fn with(numbers: [u32; 3], candidate: Option<u32>) -> Self {
        let [major, minor, patch] = numbers;
        Self { major, minor, patch, candidate }
    }
}

/// `6.12`, `6.12.58`, `6.18-rc6`: a third number only where it is not 0.
impl fmt::Display for KernelVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.spelled("-rc"))
    }
}

impl Ord for KernelVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |v: &Self| (v.numbers(), v.candidate.is_none(), v.candidate);
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for KernelVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

as_text!(KernelVersion);

/// A kernel series: `6.12`, from its first candidate to its last stable update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KernelSeries {
    major: u32,
    minor: u32,
}

impl KernelSeries {
    /// Reads two numbers: `6.12`.
    ///
    /// # Errors
    /// The text is anything else; a version such as `6.12.58` is no series.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        let mut scanner = Scanner::new("kernel series", text);
        let series = Self::scan(&mut scanner)?;
        scanner.end("the end after two numbers")?;
        Ok(series)
    }

    fn scan(scanner: &mut Scanner<'_>) -> Result<Self, VersionError> {
        let major = scanner.number("a kernel's major number")?;
        scanner.expect(".", "`.` and the minor number")?;
        let minor = scanner.number("the minor number")?;
        Ok(Self { major, minor })
    }

    /// Whether the version belongs to the series; its candidates do.
    #[must_use]
    pub fn contains(&self, version: &KernelVersion) -> bool {
        version.series() == *self
    }
}

/// `6.12`.
impl fmt::Display for KernelSeries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{}", self.major, self.minor))
    }
}

as_text!(KernelSeries);

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> KernelVersion {
        KernelVersion::parse(text).unwrap()
    }

    #[test]
    fn candidates_come_before_their_release() {
        let ascending = ["6.9.12", "6.12-rc1", "6.12-rc10", "6.12", "6.12.1-rc1", "6.12.1", "6.12.58", "7.0"];
        for pair in ascending.windows(2) {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
            assert_eq!(version(pair[0]).to_string(), pair[0]);
        }
        assert_eq!(version("6.12.0"), version("6.12"));
        assert_eq!(version("6.18.0-rc6").to_string(), "6.18-rc6");
    }

    #[test]
    fn tags_have_a_v_and_dots() {
        assert_eq!(KernelVersion::from_tag("v6.18-rc6"), Some(version("6.18-rc6")));
        for tag in
            ["6.12", "v6_12", "v6", "v2.6.32.27", "v6.12-rc", "v6.12.58-lustre", "next-20260101", "v6.012"]
        {
            assert_eq!(KernelVersion::from_tag(tag), None, "{tag}");
        }
    }

    #[test]
    fn a_series_holds_its_candidates_and_updates() {
        let series = KernelSeries::parse("6.12").unwrap();
        for text in ["6.12-rc1", "6.12", "6.12.58"] {
            assert!(series.contains(&version(text)), "{text}");
            assert_eq!(version(text).series(), series);
        }
        assert!(!series.contains(&version("6.1.12")));
        assert!(KernelSeries::parse("6.9").unwrap() < series);
        assert_eq!(
            KernelSeries::parse("6.12.58").unwrap_err().to_string(),
            "`6.12.58` is not a kernel series: expected the end after two numbers at character 5 (`.58`)"
        );
    }
}
