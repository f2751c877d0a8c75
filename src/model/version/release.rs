// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The versions of this tool's releases.

use std::fmt;
use std::num::NonZeroU32;

use super::scan::Scanner;
use super::{Development, KernelVersion, LustreVersion, Vendor, VersionError, text::as_text};

/// The version of a release: a Lustre version and where its tarball differs from other tarballs
/// of that version.
///
/// Its text is one of Semantic Versioning 2.0 (semver.org), the parts behind the base in the build
/// metadata and in the order of the fields: `2.18.0+k6.12.58.r1.acme.2`. A base of four numbers is
/// the one exception: it stays `2.8.59.0+k6.12.58`, which semver.org has no form for. Its readers
/// refuse that; with the fourth number in the build metadata they would take it for 2.8.59.
///
/// The order is that of the fields, each absent part before every present one: base, development,
/// kernel, respin, vendor. It is not the precedence of semver.org, which ignores build metadata
/// and puts RC10 before RC9. [The module](super) shows that it is dpkg's and RPM's order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReleaseVersion {
    /// The version of Lustre.
    pub base: LustreVersion,
    /// The distance from the base's tag, where the commit is not chosen by a tag.
    pub development: Option<Development>,
    /// The kernel that the upstream layer comes from, where the release has a kernel source.
    pub kernel: Option<KernelVersion>,
    /// The respin: the same inputs packed again. None is the first packing, and comes before r1.
    pub respin: Option<NonZeroU32>,
    /// The third party whose overlay this is.
    pub vendor: Option<Vendor>,
}

const PARTS: &str = "some of `gitN.gCOMMIT`, `kKERNEL`, `rN` and `VENDOR.N`, in this order";
const END: &str = "`+` and build metadata, or `.` and a later part of it, or the end";

impl From<LustreVersion> for ReleaseVersion {
    fn from(base: LustreVersion) -> Self {
        Self { base, development: None, kernel: None, respin: None, vendor: None }
    }
}

impl ReleaseVersion {
    /// Reads what `Display` writes: `2.15.8`, `2.18.0-RC2+k6.18.rc6`, `2.18.0+k6.12.58.r1.acme.2`,
    /// `2.17.57+git123.gabcdef0123ab`.
    ///
    /// # Errors
    /// The base is no Lustre version, or the build metadata has other parts, or its parts in
    /// another order or form. The error has the position of the first offence.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        let mut scanner = Scanner::new("release version", text);
        let mut version = Self::from(LustreVersion::scan(&mut scanner)?);
        let mut more = scanner.eat("+");
        if more && scanner.eat_before_digit("git") {
            version.development = Some(Development::scan_after_git(&mut scanner)?);
            more = scanner.eat(".");
        }
        if more && scanner.eat_before_digit("k") {
            version.kernel = Some(KernelVersion::scan_build(&mut scanner)?);
            more = scanner.eat(".");
        }
        if more && scanner.eat_before_digit("r") {
            let respin = NonZeroU32::new(scanner.number("the respin's number")?);
            version.respin =
                Some(respin.ok_or_else(|| scanner.error_before("0", "a respin's number from 1"))?);
            more = scanner.eat(".");
        }
        if more && scanner.rest().is_empty() {
            return Err(scanner.error(PARTS));
        }
        if more {
            version.vendor = Some(Vendor::scan(&mut scanner)?);
        }
        scanner.end(END)?;
        Ok(version)
    }

    /// Reads what `git describe` prints for a commit, of which the tag can have any spelling of a
    /// Lustre version: `v2_17_57-123-gabcdef0`. None for any other text, and for a bare tag,
    /// which describes no development version.
    #[must_use]
    pub fn from_describe(text: &str) -> Option<Self> {
        let (rest, commit) = text.rsplit_once("-g")?;
        let (tag, commits) = rest.rsplit_once('-')?;
        let development = Development::parse(&format!("git{commits}.g{commit}")).ok()?;
        let base = LustreVersion::from_tag(tag)?;
        Some(Self { development: Some(development), ..Self::from(base) })
    }

    /// A release that a requirement, a tag pattern or `latest` may choose: no development version,
    /// no snapshot, no candidate.
    #[must_use]
    pub fn is_stable(&self) -> bool {
        !self.is_development() && !self.is_snapshot() && !self.is_candidate()
    }

    /// A version of an untagged commit, which is never published as a release.
    #[must_use]
    pub fn is_development(&self) -> bool {
        self.development.is_some()
    }

    /// A candidate of Lustre, or a release from a candidate of the kernel.
    #[must_use]
    pub fn is_candidate(&self) -> bool {
        self.base.is_candidate() || self.kernel.is_some_and(|kernel| kernel.is_candidate())
    }

    /// A development snapshot; see [`LustreVersion::is_snapshot`].
    #[must_use]
    pub fn is_snapshot(&self) -> bool {
        self.base.is_snapshot()
    }

    /// The build metadata without its `+`, less the vendor; empty where there is none.
    pub(super) fn build(&self) -> Vec<String> {
        let development = self.development.as_ref().map(ToString::to_string);
        let kernel = self.kernel.map(|kernel| format!("k{}", kernel.spelled(".rc")));
        let respin = self.respin.map(|respin| format!("r{respin}"));
        [development, kernel, respin].into_iter().flatten().collect()
    }
}

/// `2.18.0-RC2+k6.18.rc6.r1.acme.2`.
impl fmt::Display for ReleaseVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut build = self.build();
        build.extend(self.vendor.as_ref().map(ToString::to_string));
        let plus = if build.is_empty() { "" } else { "+" };
        f.pad(&format!("{}{plus}{}", self.base, build.join(".")))
    }
}

as_text!(ReleaseVersion);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_there_and_back() {
        for text in [
            "2.15.8",
            "2.15.8+r2",
            "2.15.8+r1.acme.2",
            "2.15.8+acme.2",
            "2.18.0+k6.12.58",
            "2.18.0-RC2+k6.18.rc6",
            "2.18.0+k6.12.58.r2",
            "2.18.0+k6.12.58.r1.acme.2",
            "2.18.0+k6.12.acme.2",
            "2.8.59.0+k6.12.58",
            "2.17.57+git123.gabcdef0123ab",
            "2.17.0-RC4+git0.gabcdef0.k6.18.rc6.r2.c2f.255",
        ] {
            let version = ReleaseVersion::parse(text).unwrap();
            assert_eq!(version.to_string(), text);
            assert_eq!(format!("{version:>60}").len(), 60);
        }
    }

    #[test]
    fn errors_show_the_first_offence() {
        for (text, rest) in [
            ("2.18", ""),
            ("2.18.0+", ""),
            ("2.18.0 ", " "),
            ("2.18.0-rc", ""),
            ("2.18.0-beta1", "-beta1"),
            ("2.18.0+k6", ""),
            ("2.18.0+k6.12.0", "0"),
            ("2.18.0+k6.12.58.", ""),
            ("2.18.0+k6.12.58-r2", "-r2"),
            ("2.18.0+r2.k6.12", "k6.12"),
            ("2.18.0+r0", "0"),
            ("2.18.0+r1.acme", ""),
            ("2.18.0+r1.acme.2.x", ".x"),
            ("2.18.0+r1.Acme.2", "Acme.2"),
            ("2.18.0+k6.12.git3.gabcdef0", "git3.gabcdef0"),
            ("2.18.0+git3.gabc", "abc"),
            ("2.18.0_k6.12", "_k6.12"),
        ] {
            let error = ReleaseVersion::parse(text).unwrap_err();
            assert_eq!(&error.text()[error.position()..], rest, "{error}");
        }
    }

    #[test]
    fn git_describe_gives_development_versions() {
        let version = ReleaseVersion::from_describe("v2_17_57-123-gabcdef0").unwrap();
        assert_eq!(version.to_string(), "2.17.57+git123.gabcdef0");
        let candidate = ReleaseVersion::from_describe("2.17.0-RC4-1-gabcdef0123ab").unwrap();
        assert_eq!(candidate.to_string(), "2.17.0-RC4+git1.gabcdef0123ab");
        for text in ["v2_17_57", "v2_17_57-gabcdef0", "b2_12_1-3-gabcdef0", "v2_17_57-123-gabcdef0-dirty"] {
            assert_eq!(ReleaseVersion::from_describe(text), None, "{text}");
        }
    }

    #[test]
    fn only_releases_are_stable() {
        let stable = |text| ReleaseVersion::parse(text).unwrap().is_stable();
        assert!(stable("2.18.0+k6.12.58.r1.acme.2"));
        assert!(!stable("2.18.0+k6.18.rc6"));
        assert!(!stable("2.18.0-RC2+k6.12.58"));
        assert!(!stable("2.17.57"));
        assert!(!stable("2.18.0+git0.gabcdef0"));
        assert!(ReleaseVersion::parse("2.18.0+k6.18.rc6").unwrap().is_candidate());
    }
}
