// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Third parties that build on a release.

use std::cmp::Ordering;
use std::fmt;
use std::num::NonZeroU8;

use super::scan::Scanner;
use super::{VersionError, natural};

/// A third party and the number of its build on one release: `acme.2`.
///
/// Lustre's `Documentation/versioning.txt` spells it `2.17.0_2.acme`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Vendor {
    name: String,
    number: NonZeroU8,
}

impl Vendor {
    /// The rule for names, for messages.
    pub const NAME_RULE: &'static str = "a vendor's name of `a-z` and `0-9` that starts with a letter, \
        has no zero at the start of a longer number, and does not start with `git`, nor with `k`, `r` or \
        `rc` and a digit";

    /// Checks name and number. See [`Vendor::NAME_RULE`]: versions of Debian, RPM and semver.org can
    /// spell such a name, their comparisons can tell two of them apart, and in a version it can
    /// not be taken for another part.
    ///
    /// The number is 1 to 255, because `_2.acme` makes it the fourth byte of the version that
    /// Lustre sends over the network; see
    /// [`ReleaseVersion::c_macros`](super::ReleaseVersion::c_macros).
    ///
    /// # Errors
    /// The name breaks the rule, or the number is not 1 to 255.
    pub fn new(name: &str, number: u32) -> Result<Self, VersionError> {
        let text = format!("{name}.{number}");
        let mut scanner = Scanner::new("vendor's version", &text);
        let vendor = Self::scan(&mut scanner)?;
        scanner.end(Self::NAME_RULE)?;
        Ok(vendor)
    }

    /// Reads `acme.2` and leaves what is behind it.
    pub(super) fn scan(scanner: &mut Scanner<'_>) -> Result<Self, VersionError> {
        let name = scanner.eat_while(|c| c != '.');
        if !is_name(name) {
            return Err(scanner.error_before(name, Self::NAME_RULE));
        }
        scanner.expect(".", "`.` and the vendor's number")?;
        let start = scanner.rest();
        let number = scanner.number("the vendor's number")?;
        let number = u8::try_from(number).ok().and_then(NonZeroU8::new).ok_or_else(|| {
            let read = &start[..start.len() - scanner.rest().len()];
            scanner.error_before(read, "a vendor's number from 1 to 255")
        })?;
        Ok(Self { name: name.to_owned(), number })
    }

    /// The name: `acme`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of the vendor's build, 1 to 255.
    #[must_use]
    pub fn number(&self) -> u32 {
        u32::from(self.number.get())
    }
}

fn is_name(name: &str) -> bool {
    let digit = |c: char| c.is_ascii_digit();
    // The build metadata is read by what its parts start with.
    let reserved = name.starts_with("git")
        || ["k", "r", "rc"]
            .iter()
            .any(|part| name.strip_prefix(part).is_some_and(|rest| rest.starts_with(digit)));
    // dpkg and RPM hold `a01` and `a1` to be equal.
    let padded =
        name.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() > 1 && digits.starts_with('0'));
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        && !reserved
        && !padded
}

/// `acme.2`.
impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.name, self.number)
    }
}

/// By name, numbers in it as numbers, then by number.
impl Ord for Vendor {
    fn cmp(&self, other: &Self) -> Ordering {
        natural::compare(&self.name, &other.name).then_with(|| self.number.cmp(&other.number))
    }
}

impl PartialOrd for Vendor {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_be_told_from_the_other_parts() {
        for name in ["acme", "a", "c2f", "rack9", "kernelco", "red", "rcx", "g1a2b3c", "a0", "lab10"] {
            assert_eq!(Vendor::new(name, 2).unwrap().to_string(), format!("{name}.2"));
        }
        for name in [
            "", "Acme", "9acme", "acme-x", "acme.x", "k6", "r2", "r2d2", "rc1", "git", "git5", "a01", "a00",
            "äcme",
        ] {
            assert!(Vendor::new(name, 2).is_err(), "{name}");
        }
        assert_eq!(
            Vendor::new("acme", 256).unwrap_err().to_string(),
            "`acme.256` is not a vendor's version: expected a vendor's number from 1 to 255 \
             at character 6 (`256`)"
        );
        assert!(Vendor::new("acme", 0).is_err());
    }

    #[test]
    fn names_compare_with_numbers_in_them() {
        let ascending =
            [("a", 255), ("a0", 1), ("a9", 1), ("a9b", 1), ("a10", 1), ("ab", 9), ("ab", 10), ("b", 1)];
        for pair in ascending.windows(2) {
            let [a, b] = [pair[0], pair[1]].map(|(name, number)| Vendor::new(name, number).unwrap());
            assert!(a < b, "{a} {b}");
        }
    }
}
