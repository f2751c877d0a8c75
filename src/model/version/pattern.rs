// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Patterns that choose the newest tag of a series.

use std::cmp::Reverse;
use std::fmt;

use super::scan::Scanner;
use super::{KernelVersion, LustreVersion, VersionError, text::as_text};

/// A pattern for release tags, one `*` as its last component: `v6.12.*`, `v2_17_*`, `2.17.*`.
///
/// `v` with dots is for tags of a kernel. With underscores, or without the `v`, it is for tags of
/// Lustre, in any of their spellings. Candidates and development snapshots never match.
///
/// A number that a version leaves out is 0: `v6.12.*` matches `v6.12`, the first release of the
/// series, beside `v6.12.58`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TagPattern {
    spelling: Spelling,
    /// The numbers before the `*`: one to three, or one to two for a kernel.
    numbers: Vec<u32>,
}

/// How a tag is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Spelling {
    prefix: &'static str,
    separator: &'static str,
}

impl Spelling {
    const KERNEL: Self = Self { prefix: "v", separator: "." };

    /// The spelling of a tag or pattern that is known to be one.
    fn of(text: &str) -> Self {
        Self {
            prefix: if text.starts_with('v') { "v" } else { "" },
            separator: if text.contains('.') { "." } else { "_" },
        }
    }
}

impl TagPattern {
    /// Whether a manifest's `tag` is meant as a pattern: it holds a `*`, which no tag can.
    #[must_use]
    pub fn is_pattern(text: &str) -> bool {
        text.contains('*')
    }

    /// Reads a pattern.
    ///
    /// # Errors
    /// The text is not a tag's start of one to three numbers (a kernel's has at most two) with a
    /// single `*` for the rest.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        let mut scanner = Scanner::new("tag pattern", text);
        scanner.eat("v");
        let mut numbers = vec![scanner.number("a version's first number, with or without `v`")?];
        let separator = [".", "_"].into_iter().find(|separator| scanner.eat(separator));
        let separator = separator.ok_or_else(|| scanner.error("`.` or `_`"))?;
        let spelling = Spelling { separator, ..Spelling::of(text) };
        let most = if spelling == Spelling::KERNEL { 2 } else { 3 };
        while !scanner.eat("*") {
            if numbers.len() == most {
                return Err(scanner.error("`*` after that many numbers"));
            }
            numbers.push(scanner.number("a number, or `*` as the last component")?);
            scanner.expect(separator, "a separator as before, and `*` as the last component")?;
        }
        scanner.end("the end after `*`")?;
        Ok(Self { spelling, numbers })
    }

    /// Whether the pattern is for tags of a kernel.
    #[must_use]
    pub fn is_kernel(&self) -> bool {
        self.spelling == Spelling::KERNEL
    }

    /// Whether the tag is of a release that the pattern covers.
    #[must_use]
    pub fn matches(&self, tag: &str) -> bool {
        self.numbers_of(tag).is_some()
    }

    /// The matching tag with the newest version, or none where no tag matches.
    ///
    /// Of several tags of that version (`v2_17_0`, `2.17.0`, `v2_17_0_0`) it is the one that is
    /// spelled as the pattern is, then the shortest. They need not name one commit: Lustre's
    /// `v1_8_2` and `1.8.2` do not.
    pub fn newest<'a>(&self, tags: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        let rank = |tag: &'a str| {
            let own = Spelling::of(tag) == self.spelling;
            Some((self.numbers_of(tag)?, own, Reverse(tag.len()), tag))
        };
        tags.into_iter().filter_map(rank).max().map(|(.., tag)| tag)
    }

    /// The numbers of a tag that matches.
    fn numbers_of(&self, tag: &str) -> Option<[u32; 4]> {
        let numbers = if self.is_kernel() {
            let version = KernelVersion::from_tag(tag).filter(|version| !version.is_candidate())?;
            let [major, minor, patch] = version.numbers();
            [major, minor, patch, 0]
        } else {
            LustreVersion::from_tag(tag).filter(LustreVersion::is_stable)?.numbers()
        };
        numbers.starts_with(&self.numbers).then_some(numbers)
    }
}

/// The pattern as it was read: `v6.12.*`.
impl fmt::Display for TagPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Spelling { prefix, separator } = self.spelling;
        let mut components: Vec<String> = self.numbers.iter().map(ToString::to_string).collect();
        components.push("*".to_owned());
        f.pad(&format!("{prefix}{}", components.join(separator)))
    }
}

as_text!(TagPattern);

#[cfg(test)]
mod tests {
    use super::*;

    fn newest<'a>(pattern: &str, tags: &[&'a str]) -> Option<&'a str> {
        TagPattern::parse(pattern).unwrap().newest(tags.iter().copied())
    }

    #[test]
    fn the_newest_is_found_by_number() {
        let kernels =
            ["v6.12", "v6.12.9", "v6.12.58", "v6.12.59-rc1", "v6.12-rc7", "v6.1.159", "v6.18", "v7.0-rc1"];
        assert_eq!(newest("v6.12.*", &kernels), Some("v6.12.58"));
        assert_eq!(newest("v6.*", &kernels), Some("v6.18"));
        assert_eq!(newest("v6.18.*", &kernels), Some("v6.18"));
        assert_eq!(newest("v7.*", &kernels), None);
        assert_eq!(newest("v6.12.*", &["v2_17_0", "6.12.3", "v6_12_3", "v6.12.58-lustre"]), None);
    }

    #[test]
    fn snapshots_and_candidates_are_left_out() {
        let tags = [
            "v2_15_8",
            "v2_15_91",
            "v2_15_9-RC1",
            "v2_17_0",
            "v2_17_0-RC4",
            "v2_17_57",
            "v2_5_3",
            "v2_5_3_90",
        ];
        assert_eq!(newest("v2_17_*", &tags), Some("v2_17_0"));
        assert_eq!(newest("v2_15_*", &tags), Some("v2_15_8"));
        assert_eq!(newest("v2_5_*", &tags), Some("v2_5_3"));
        assert_eq!(newest("v2_*", &tags), Some("v2_17_0"));
    }

    #[test]
    fn of_equal_versions_the_own_spelling_wins() {
        for tags in [["v2_17_0", "2.17.0", "v2_17_0_0"], ["v2_17_0_0", "2.17.0", "v2_17_0"]] {
            assert_eq!(newest("v2_17_*", &tags), Some("v2_17_0"));
            assert_eq!(newest("2.17.*", &tags), Some("2.17.0"));
            assert_eq!(newest("2_17_*", &tags), Some("2.17.0"));
        }
        assert_eq!(newest("v2_17_*", &["2.17.0"]), Some("2.17.0"));
    }

    #[test]
    fn patterns_are_checked() {
        for text in ["v6.12.*", "v6.*", "v2_17_*", "2.17.*", "v2_*", "v2_17_0_*"] {
            assert!(TagPattern::is_pattern(text));
            assert_eq!(TagPattern::parse(text).unwrap().to_string(), text);
        }
        for (text, rest) in [
            ("*", "*"),
            ("v*", "*"),
            ("v6.1*", "*"),
            ("v6.12", ""),
            ("v6.12.58.*", "58.*"),
            ("v2_17.*", ".*"),
            ("v2_17_0_0_*", "0_*"),
            ("v6.12.**", "*"),
            ("v6.*.1", ".1"),
            ("v2_17_*-RC1", "-RC1"),
            ("next-*", "next-*"),
        ] {
            let error = TagPattern::parse(text).unwrap_err();
            assert_eq!(&text[error.position()..], rest, "{error}");
        }
    }
}
