// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Lustre's own versions and the tags that carry them.

use std::cmp::Ordering;
use std::fmt;

use super::scan::Scanner;
use super::{VersionError, text::as_text};

/// From this patch number on a version is a development snapshot towards the next minor release.
const FIRST_SNAPSHOT: u32 = 50;

/// A version of Lustre itself: `2.17.57`, `2.17.0-RC4`, `2.5.3.90`.
///
/// Major, minor and patch number, in old versions a fix number behind them, and the number of a
/// release candidate. Lustre's `Documentation/versioning.txt` defines the numbers.
///
/// The order is that of the numbers, a candidate before its release and candidates as integers
/// (RC9 before RC10). It is not the order in time: the snapshot 2.15.91 is older than 2.15.8.
/// A written fix number counts even if it is 0: 2.8.0 comes right before 2.8.0.0, as in dpkg and
/// RPM, though every such pair of tags in Lustre's repository names one commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LustreVersion {
    major: u32,
    minor: u32,
    patch: u32,
    fix: Option<u32>,
    candidate: Option<u32>,
}

impl LustreVersion {
    /// Reads the dotted form: `2.17.57`, `2.17.0-RC4` (or `-rc4`), `2.8.59.0`.
    ///
    /// # Errors
    /// The text has other than three or four numbers, a number with leading zeros, or anything
    /// behind them but `-RC` and a number.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        let mut scanner = Scanner::new("Lustre version", text);
        let version = Self::scan(&mut scanner)?;
        scanner.end("`-RC` and a number, or the end")?;
        Ok(version)
    }

    /// Reads a tag in any of the spellings that Lustre's repository has used for releases:
    /// `v2_17_57`, `2.17.57`, `2_6_93`, and candidates as `-RC4`, `_RC4` or `-rc4`.
    ///
    /// None for every other tag: branches and epochs (`b2_12_1`, `GIT_EPOCH_MASTER`), builds of
    /// third parties (`v1_8_9_WC1`, `2.5.1-crt1`, `v1_9_0_139_ORNL`), and lettered or zero-padded
    /// steps (`v2_0_0-rc1a`, `v1_8_2_01`). `v` with dots is a kernel's tag, never Lustre's.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let marker = ["-RC", "_RC", "-rc", "_rc"].into_iter().find(|marker| tag.contains(marker));
        let (numbers, candidate) = match marker {
            Some(marker) => tag.split_once(marker).map(|(numbers, n)| (numbers, Some(n)))?,
            None => (tag, None),
        };
        let (prefixed, numbers) = match numbers.strip_prefix('v') {
            Some(numbers) => (true, numbers),
            None => (false, numbers),
        };
        if numbers.contains('.') && (prefixed || numbers.contains('_')) {
            return None;
        }
        let mut dotted = numbers.replace('_', ".");
        if let Some(candidate) = candidate {
            dotted = format!("{dotted}-RC{candidate}");
        }
        Self::parse(&dotted).ok()
    }

    /// Reads a version and leaves what is behind it.
    pub(super) fn scan(scanner: &mut Scanner<'_>) -> Result<Self, VersionError> {
        let major = scanner.number("the major number")?;
        scanner.expect(".", "`.` and the minor number")?;
        let minor = scanner.number("the minor number")?;
        scanner.expect(".", "`.` and the patch number")?;
        let patch = scanner.number("the patch number")?;
        let fix = if scanner.eat(".") { Some(scanner.number("the fix number")?) } else { None };
        let candidate = if scanner.eat("-RC") || scanner.eat("-rc") {
            Some(scanner.number("the number of the release candidate")?)
        } else {
            None
        };
        Ok(Self { major, minor, patch, fix, candidate })
    }

    /// Major, minor, patch and fix number; a fix number that is not written is 0.
    #[must_use]
    pub fn numbers(&self) -> [u32; 4] {
        [self.major, self.minor, self.patch, self.fix.unwrap_or(0)]
    }

    /// The fourth number, where one is written.
    #[must_use]
    pub fn fix(&self) -> Option<u32> {
        self.fix
    }

    /// The number of the release candidate, where it is one.
    #[must_use]
    pub fn candidate(&self) -> Option<u32> {
        self.candidate
    }

    /// A development snapshot: the patch number is 50 or more (`2.17.57`). So is a fix number of
    /// 50 and more, Lustre's habit for steps towards a maintenance release (`2.5.3.90`).
    #[must_use]
    pub fn is_snapshot(&self) -> bool {
        self.patch >= FIRST_SNAPSHOT || self.fix.is_some_and(|fix| fix >= FIRST_SNAPSHOT)
    }

    /// A release candidate.
    #[must_use]
    pub fn is_candidate(&self) -> bool {
        self.candidate.is_some()
    }

    /// A release: neither snapshot nor candidate.
    #[must_use]
    pub fn is_stable(&self) -> bool {
        !self.is_snapshot() && !self.is_candidate()
    }

    /// The tag as Lustre writes it today: `v2_17_57`, `v2_17_0-RC4`.
    #[must_use]
    pub fn tag(&self) -> String {
        format!("v{}", self.to_string().replace('.', "_"))
    }
}

/// `2.17.57`, `2.17.0-RC4`, `2.8.59.0`.
impl fmt::Display for LustreVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.spelled("-RC"))
    }
}

impl LustreVersion {
    /// The version with `before` in front of a candidate's number: each spelling has its own.
    pub(super) fn spelled(&self, before: &str) -> String {
        let Self { major, minor, patch, fix, candidate } = self;
        let fix = fix.map(|fix| format!(".{fix}")).unwrap_or_default();
        let candidate = candidate.map(|candidate| format!("{before}{candidate}")).unwrap_or_default();
        format!("{major}.{minor}.{patch}{fix}{candidate}")
    }

    fn key(&self) -> (u32, u32, u32, Option<u32>, bool, Option<u32>) {
        let Self { major, minor, patch, fix, candidate } = *self;
        (major, minor, patch, fix, candidate.is_none(), candidate)
    }
}

impl Ord for LustreVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for LustreVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

as_text!(LustreVersion);

#[cfg(test)]
mod tests {
    use super::*;

    /// One tag of each spelling in Lustre's repository.
    #[test]
    fn real_release_tags_parse() {
        for (tag, version) in [
            ("v2_17_57", "2.17.57"),
            ("2.17.57", "2.17.57"),
            ("v2_17_0-RC4", "2.17.0-RC4"),
            ("2.17.0-RC4", "2.17.0-RC4"),
            ("v2_12_3_RC1", "2.12.3-RC1"),
            ("1.8.6_RC1", "1.8.6-RC1"),
            ("v2_7_0_0_RC1", "2.7.0.0-RC1"),
            ("2.1.0-RC0", "2.1.0-RC0"),
            ("v2_0_0-rc1", "2.0.0-RC1"),
            ("v2_8_59_0", "2.8.59.0"),
            ("2.5.3.90", "2.5.3.90"),
            ("2_6_93", "2.6.93"),
            ("2_6_93_0", "2.6.93.0"),
            ("v1_9_290", "1.9.290"),
            ("1.10.0.42", "1.10.0.42"),
            ("v2_6_10_6-RC3", "2.6.10.6-RC3"),
            ("0.5.20.3", "0.5.20.3"),
        ] {
            let parsed = LustreVersion::from_tag(tag).map(|version| version.to_string());
            assert_eq!(parsed.as_deref(), Some(version), "{tag}");
        }
    }

    /// Every tag of Lustre's repository, of 1230, that is no version of Lustre.
    #[test]
    fn real_other_tags_do_not_parse() {
        for tag in "GIT_EPOCH_B1_6 GIT_EPOCH_B1_8 GIT_EPOCH_B_HD_KDMU GIT_EPOCH_B_RELEASE_1_6_7 \
            GIT_EPOCH_B_RELEASE_1_8_0 GIT_EPOCH_B_RELEASE_1_8_1 GIT_EPOCH_MASTER b2_12_1 b2_12_4 \
            1.8.6-wc 1.8.6-wc1 1.8.7-wc1 1.8.8-wc1 1.8.9-wc1 v1_8_6_WC v1_8_6_WC1 v1_8_7_80_WC1 \
            v1_8_7_81_WC1 v1_8_7_WC1 v1_8_7_WC1_RC1 v1_8_7_WC1_RC2 v1_8_8_60_WC1 v1_8_8_WC1 \
            v1_8_8_WC1_RC1 v1_8_8_WC1_RC2 v1_8_8_WC1_RC3 v1_8_9_WC1 v1_8_9_WC1_RC1 v1_8_9_WC1_RC2 \
            2.0.59-llnl-base 2.0.59-llnl2-base 2.0.59-llnl3-base 2.5.1-crt1 v1_8_0_139_ORNL \
            v1_9_0_139_ORNL v1_8_1_1_BOM2 v1_8_1_1_BOM3 v1_8_1_1_BOM4 v1_8_1_1_BOM5 v1_8_1_1_BOM6 \
            v1_8_1_1_BOM_20100108 v2_0_alpha 2.0.0_alpha7 v2_0_0-rc1a v1_10_0_33a 1.10.0.33a \
            v1_10_0_41a 1.10.0.41a v1_8_2_01 v1_8_2_02 v1_8_2_03 v1_8_2_04 v1_8_2_05 v1_8_2_06 \
            v1_8_2_07"
            .split_whitespace()
        {
            assert_eq!(LustreVersion::from_tag(tag), None, "{tag}");
        }
        for tag in ["", "v", "v6.12.58", "v2.17.57", "2.17_57", "v2_17", "v2_17_0-RC", "v2_17_0+k6.12"] {
            assert_eq!(LustreVersion::from_tag(tag), None, "{tag}");
        }
    }

    #[test]
    fn errors_have_a_position() {
        for (text, message) in [
            ("2.17", "`2.17` is not a Lustre version: expected `.` and the patch number at its end"),
            ("2.17.x", "`2.17.x` is not a Lustre version: expected the patch number at character 6 (`x`)"),
            (
                "2.17.01",
                "`2.17.01` is not a Lustre version: expected a number without leading zeros \
                 at character 6 (`01`)",
            ),
            (
                "2.17.0_2.acme",
                "`2.17.0_2.acme` is not a Lustre version: expected `-RC` and a number, or the end \
                 at character 7 (`_2.acme`)",
            ),
        ] {
            assert_eq!(LustreVersion::parse(text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn snapshots_candidates_and_releases_are_told_apart() {
        let kind = |text| {
            let version = LustreVersion::parse(text).unwrap();
            (version.is_snapshot(), version.is_candidate(), version.is_stable())
        };
        assert_eq!(kind("2.17.0"), (false, false, true));
        assert_eq!(kind("2.17.49"), (false, false, true));
        assert_eq!(kind("2.17.50"), (true, false, false));
        assert_eq!(kind("2.17.0-rc4"), (false, true, false));
        assert_eq!(kind("2.5.3.90"), (true, false, false));
        assert_eq!(kind("1.6.7.2"), (false, false, true));
    }

    #[test]
    fn tags_and_json_are_canonical() {
        let version = LustreVersion::parse("2.17.0-rc4").unwrap();
        assert_eq!(version.tag(), "v2_17_0-RC4");
        assert_eq!(LustreVersion::from_tag(&version.tag()), Some(version));
        assert_eq!(LustreVersion::parse("2.8.59.0").unwrap().tag(), "v2_8_59_0");
        assert_eq!(version.numbers(), [2, 17, 0, 0]);
    }
}
