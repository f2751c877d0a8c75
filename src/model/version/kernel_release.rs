// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Kernels as distributions name them.

use std::cmp::Ordering;
use std::fmt;

use super::scan::Scanner;
use super::{KernelVersion, VersionError, natural, text::as_text};

/// The release of a kernel as `uname -r` prints it: `6.12.117+deb12-amd64`,
/// `5.14.0-611.13.1.el9_7.x86_64`, `6.8.0-35-generic`, or a plain kernel.org version.
///
/// The kernel's Makefile forms it as version and `LOCALVERSION`. A candidate is recognised as
/// kernel.org writes it (`6.18.0-rc6`) and as Fedora does (`6.18.0-0.rc6.51.fc44.x86_64`).
///
/// The text is kept as it is. The order is that of the versions, then of the local parts with
/// numbers as numbers; across two distributions the latter means nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KernelRelease {
    text: String,
    version: KernelVersion,
    local: String,
}

impl KernelRelease {
    /// Reads what `uname -r` prints.
    ///
    /// # Errors
    /// The text does not start with a kernel version, or holds something else than letters, digits
    /// and `.+-_~` behind it.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        let mut scanner = Scanner::new("kernel release", text);
        let (mut version, _) = KernelVersion::scan(&mut scanner)?;
        let local = scanner.rest();
        if let Some(candidate) = fedora_candidate(local).filter(|_| !version.is_candidate()) {
            version = KernelVersion::with(version.numbers(), Some(candidate));
        }
        if !local.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            scanner.eat_while(|c| c.is_ascii_alphanumeric() || ".+-_~".contains(c));
        }
        scanner.end("a local part such as `-35-generic`, or the end")?;
        Ok(Self { text: text.to_owned(), version, local: local.to_owned() })
    }

    /// The kernel.org version that the release is built on.
    #[must_use]
    pub fn version(&self) -> KernelVersion {
        self.version
    }

    /// What follows the version, with its separator: `+deb12-amd64`, `-611.13.1.el9_7`, or nothing.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The release as it was read.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Fedora numbers a candidate's package `0.rcN...`, so that the release sorts after it.
fn fedora_candidate(local: &str) -> Option<u32> {
    let number = local.strip_prefix("-0.rc")?;
    let end = number.find(|c: char| !c.is_ascii_digit())?;
    number[..end].parse().ok()
}

impl fmt::Display for KernelRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl Ord for KernelRelease {
    fn cmp(&self, other: &Self) -> Ordering {
        self.version
            .cmp(&other.version)
            .then_with(|| natural::compare(&self.local, &other.local))
            .then_with(|| self.text.cmp(&other.text))
    }
}

impl PartialOrd for KernelRelease {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

as_text!(KernelRelease);

#[cfg(test)]
mod tests {
    use super::*;

    fn release(text: &str) -> KernelRelease {
        KernelRelease::parse(text).unwrap()
    }

    #[test]
    fn distributions_parse() {
        for (text, version, local) in [
            ("6.12.117+deb12-amd64", "6.12.117", "+deb12-amd64"),
            ("5.14.0-611.13.1.el9_7", "5.14", "-611.13.1.el9_7"),
            ("5.14.0-611.13.1.el9_7.x86_64", "5.14", "-611.13.1.el9_7.x86_64"),
            ("6.8.0-35-generic", "6.8", "-35-generic"),
            ("6.4.0-150600.23.78-default", "6.4", "-150600.23.78-default"),
            ("6.6.87.2-microsoft-standard-WSL2", "6.6.87", ".2-microsoft-standard-WSL2"),
            ("6.18.0-rc6+", "6.18-rc6", "+"),
            ("6.18-rc6-amd64", "6.18-rc6", "-amd64"),
            ("6.18.0-0.rc6.51.fc44.x86_64", "6.18-rc6", "-0.rc6.51.fc44.x86_64"),
            ("6.12.58", "6.12.58", ""),
        ] {
            let parsed = release(text);
            assert_eq!((parsed.version().to_string().as_str(), parsed.local()), (version, local), "{text}");
            assert_eq!(parsed.to_string(), text);
        }
        for text in ["", "generic", "6", "6.12rc1", "6.12.1 ", "6.12-a/b"] {
            assert!(KernelRelease::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn updates_of_one_distribution_are_ordered() {
        for pair in [
            ["5.14.0-611.9.1.el9_7", "5.14.0-611.13.1.el9_7"],
            ["5.14.0-611.el9", "5.14.0-611.5.1.el9_7"],
            ["5.14.0-570.62.1.el9_6", "5.14.0-611.el9"],
            ["6.8.0-35-generic", "6.8.0-101-generic"],
            ["6.4.0-150600.23.9-default", "6.4.0-150600.23.78-default"],
            ["6.12.9+deb12-amd64", "6.12.117+deb12-amd64"],
            ["6.18.0-0.rc6.51.fc44", "6.18.0-0.rc10.51.fc44"],
            ["6.18.0-0.rc10.51.fc44", "6.18.0-61.fc44"],
        ] {
            assert!(release(pair[0]) < release(pair[1]), "{pair:?}");
        }
    }
}
