// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Release versions as tarballs, packages, git and Lustre's own build spell them.

use std::fmt::Write;

use super::ReleaseVersion;

/// To dpkg and RPM `~` comes before everything, the end too.
const BEFORE_CANDIDATE: &str = "~rc";

/// The numbers that Lustre's configure takes out of its version, and sends over the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
pub struct CMacros {
    /// `LUSTRE_MAJOR`.
    pub major: u32,
    /// `LUSTRE_MINOR`.
    pub minor: u32,
    /// `LUSTRE_PATCH`.
    pub patch: u32,
    /// `LUSTRE_FIX`.
    pub fix: u32,
}

impl CMacros {
    /// `LUSTRE_VERSION_CODE`, which `OBD_OCD_VERSION` in `lustre_ver.h` makes of the four numbers,
    /// a byte each. None where one is above 255 and would spill into its neighbour (`1.9.290`).
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        let Self { major, minor, patch, fix } = *self;
        let bytes = [u8::try_from(major), u8::try_from(minor), u8::try_from(patch), u8::try_from(fix)];
        let [Ok(major), Ok(minor), Ok(patch), Ok(fix)] = bytes else { return None };
        Some(u32::from_be_bytes([major, minor, patch, fix]))
    }
}

impl ReleaseVersion {
    /// `NAME-VERSION`: the top directory, and the start of every file name of the release.
    #[must_use]
    pub fn tar_name(&self, name: &str) -> String {
        format!("{name}-{self}")
    }

    /// The upstream version of a Debian package (Debian Policy 5.6.12): `2.18.0~rc2+k6.18~rc6`.
    /// [The module](super) tells how it is formed, and why so.
    #[must_use]
    pub fn debian_upstream(&self) -> String {
        self.packaged()
    }

    /// The `Version` of an RPM package (rpm-version(7)): `2.18.0~rc2+k6.18~rc6`. It is Debian's
    /// text: one form holds the order for both, so that there are not two to keep in step.
    #[must_use]
    pub fn rpm_version(&self) -> String {
        self.packaged()
    }

    fn packaged(&self) -> String {
        let mut text = self.base.spelled(BEFORE_CANDIDATE);
        if let Some(development) = &self.development {
            // After `k`, where `git` would come before it.
            append(&mut text, format_args!("+post{}.g{}", development.commits(), development.commit()));
        }
        if let Some(kernel) = &self.kernel {
            append(&mut text, format_args!("+k{}", kernel.spelled(BEFORE_CANDIDATE)));
        }
        let respin = match self.respin {
            Some(respin) => Some(respin.get()),
            // A vendor without a respin comes before one with the first: it needs a number too.
            None => self.vendor.as_ref().map(|_| 0),
        };
        if let Some(respin) = respin {
            // Without a kernel comes before with one, respins or not: `build` before `k`.
            let word = if self.kernel.is_some() { "r" } else { "build" };
            append(&mut text, format_args!("+{word}{respin}"));
        }
        if let Some(vendor) = &self.vendor {
            // To dpkg a dot is above a letter, and `acmelabs.1` would come before `acme.1`.
            append(&mut text, format_args!(".{}~{}", vendor.name(), vendor.number()));
        }
        text
    }

    /// What follows `LUSTRE_VERSION = ` in LUSTRE-VERSION-FILE, from which a tree without `.git`
    /// takes its version.
    ///
    /// It is the release's own text, so that `%setup -n lustre-%{version}` of Lustre's spec file
    /// finds the top directory, but for two things. A candidate is `~rc2`: RPM allows no `-`. A
    /// vendor is written as Lustre's `Documentation/versioning.txt` has it, right behind the base:
    /// `2.18.0_2.acme+k6.12.58.r1`. Nothing else may have an underscore, a dot or a hyphen there,
    /// since configure (`config/lustre-version.m4`) makes the number that follows one
    /// `LUSTRE_FIX`: see [`ReleaseVersion::c_macros`].
    #[must_use]
    pub fn version_file(&self) -> String {
        let mut text = self.base.spelled(BEFORE_CANDIDATE);
        if let Some(vendor) = &self.vendor {
            append(&mut text, format_args!("_{}.{}", vendor.number(), vendor.name()));
        }
        let build = self.build();
        if !build.is_empty() {
            append(&mut text, format_args!("+{}", build.join(".")));
        }
        text
    }

    /// The tag of the release in a repository that keeps releases: Lustre's own tag and the build
    /// metadata, `v2_18_0-RC2+k6.18.rc6`. A release that has none is named as Lustre's tag is;
    /// one that has some is never read as a version of Lustre.
    #[must_use]
    pub fn git_tag(&self) -> String {
        let text = self.to_string();
        match text.split_once('+') {
            Some((_, build)) => format!("{}+{build}", self.base.tag()),
            None => self.base.tag(),
        }
    }

    /// The numbers that configure takes out of [`ReleaseVersion::version_file`].
    ///
    /// `fix` is the fourth number of the base, or the vendor's number on a release of three
    /// numbers, or 0. The vendor's number has counted since Lustre 2.16 (LU-16591); the configure
    /// of 2.15 gives 0 for it.
    #[must_use]
    pub fn c_macros(&self) -> CMacros {
        let [major, minor, patch, mut fix] = self.base.numbers();
        if let Some(vendor) = &self.vendor
            && self.base.fix().is_none()
            && !self.base.is_candidate()
        {
            fix = vendor.number();
        }
        CMacros { major, minor, patch, fix }
    }
}

fn append(text: &mut String, part: std::fmt::Arguments<'_>) {
    text.write_fmt(part).expect("a String takes every text");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> ReleaseVersion {
        ReleaseVersion::parse(text).unwrap()
    }

    #[test]
    fn tar_names_are_name_and_version() {
        assert_eq!(version("2.18.0-RC2+k6.18.rc6").tar_name("lustre"), "lustre-2.18.0-RC2+k6.18.rc6");
    }

    #[test]
    fn version_codes_have_a_byte_for_each_number() {
        assert_eq!(version("2.18.0+k6.12.58").c_macros().code(), Some(0x0212_0000));
        assert_eq!(version("2.18.0+k6.12.58.r1.acme.2").c_macros().code(), Some(0x0212_0002));
        assert_eq!(version("2.5.3.90").c_macros().code(), Some(0x0205_035a));
        assert_eq!(version("1.9.290").c_macros().code(), None);
    }
}
