// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The part of a version that says how far beyond a tag its commit is.

use std::cmp::Ordering;
use std::fmt;

use super::scan::Scanner;
use super::{VersionError, natural};

/// The distance of an untagged commit from the tag before it, as `git describe` counts it, and the
/// commit: `git123.gabcdef0123ab`. It sorts after its tag and before any next base version.
///
/// The tip of a branch is a development version even if it stands on a tag; its distance is 0.
/// Commits at one distance are ordered by their digits, which means nothing but makes the order
/// total.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Development {
    commits: u32,
    commit: String,
}

impl Development {
    /// The digits of the commit that a version shows, as Linux asks for in `Fixes:` lines; git's
    /// own seven are ambiguous in large repositories.
    pub const DIGITS: usize = 12;

    /// Takes the number of commits since the tag, and the commit as at least seven hexadecimal
    /// digits in lower case, of which the first twelve are kept.
    ///
    /// # Errors
    /// The commit is anything else, or the distance has ten digits.
    pub fn new(commits: u32, commit: &str) -> Result<Self, VersionError> {
        Self::parse(&format!("git{commits}.g{commit}"))
    }

    /// Reads `git123.gabcdef0123ab`.
    ///
    /// # Errors
    /// The text is anything else.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        let mut scanner = Scanner::new("development version", text);
        scanner.expect("git", "`git` and a number of commits")?;
        let development = Self::scan_after_git(&mut scanner)?;
        scanner.end("at most 40 hexadecimal digits")?;
        Ok(development)
    }

    /// Reads `123.gabcdef0123ab`, what follows `git`.
    pub(super) fn scan_after_git(scanner: &mut Scanner<'_>) -> Result<Self, VersionError> {
        let commits = scanner.number("the number of commits since the tag")?;
        scanner.expect(".g", "`.g` and the commit")?;
        let commit = scanner.eat_while(|c| matches!(c, '0'..='9' | 'a'..='f'));
        if !(7..=40).contains(&commit.len()) {
            return Err(scanner.error_before(commit, "7 to 40 hexadecimal digits in lower case"));
        }
        let commit = commit[..commit.len().min(Self::DIGITS)].to_owned();
        Ok(Self { commits, commit })
    }

    /// How many commits lie between the tag and this one.
    #[must_use]
    pub fn commits(&self) -> u32 {
        self.commits
    }

    /// The abbreviated commit: 7 to 12 hexadecimal digits, without git's `g`.
    #[must_use]
    pub fn commit(&self) -> &str {
        &self.commit
    }
}

/// `git123.gabcdef0123ab`.
impl fmt::Display for Development {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "git{}.g{}", self.commits, self.commit)
    }
}

impl Ord for Development {
    fn cmp(&self, other: &Self) -> Ordering {
        // The `g` in front makes dpkg and RPM start with the same kind of segment. They cannot
        // tell digits apart that differ in zeros before a number alone (`0a1`, `00a1`).
        let spelled = |v: &Self| format!("g{}", v.commit);
        self.commits
            .cmp(&other.commits)
            .then_with(|| natural::compare(&spelled(self), &spelled(other)))
            .then_with(|| self.commit.cmp(&other.commit))
    }
}

impl PartialOrd for Development {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_abbreviated_and_checked() {
        let full = "abcdef0123ab456789abcdef0123ab456789abcd";
        assert_eq!(Development::new(123, full).unwrap().to_string(), "git123.gabcdef0123ab");
        assert_eq!(Development::new(0, "abcdef0").unwrap().to_string(), "git0.gabcdef0");
        for commit in ["", "abcdef", "ABCDEF0123AB", "abcdefg", &format!("{full}0")] {
            assert!(Development::new(1, commit).is_err(), "{commit}");
        }
    }

    #[test]
    fn distance_counts_before_the_commit() {
        let ascending = [
            (0, "ffffffffffff"),
            (9, "ffffffffffff"),
            (10, "0a00000000b0"),
            (10, "9a00000000b0"),
            (10, "10000000000a"),
        ];
        for pair in ascending.windows(2) {
            let [a, b] =
                [pair[0], pair[1]].map(|(commits, commit)| Development::new(commits, commit).unwrap());
            assert!(a < b, "{a} {b}");
        }
    }
}
