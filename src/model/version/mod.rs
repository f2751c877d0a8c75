// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Versions: Lustre's, the kernel's, and those of our releases. Types compare; no text does.
//!
//! A [`ReleaseVersion`] has one total order, and a spelling for each who must read it. The order
//! of the packages' spellings is the same in `dpkg --compare-versions` and in RPM's `rpmvercmp`.
//! The table is in that order, and the tests read it from here:
//!
//! | release version, tarball | Debian and RPM | LUSTRE-VERSION-FILE | `LUSTRE_FIX` | git tag |
//! | --- | --- | --- | --- | --- |
//! | `2.15.8-RC1` | `2.15.8~rc1` | `2.15.8~rc1` | 0 | `v2_15_8-RC1` |
//! | `2.15.8` | `2.15.8` | `2.15.8` | 0 | `v2_15_8` |
//! | `2.15.8+acme.1` | `2.15.8+build0.acme~1` | `2.15.8_1.acme` | 1 | `v2_15_8+acme.1` |
//! | `2.15.8+r1.acme.2` | `2.15.8+build1.acme~2` | `2.15.8_2.acme+r1` | 2 | `v2_15_8+r1.acme.2` |
//! | `2.15.8+r2` | `2.15.8+build2` | `2.15.8+r2` | 0 | `v2_15_8+r2` |
//! | `2.15.8+k6.12` | `2.15.8+k6.12` | `2.15.8+k6.12` | 0 | `v2_15_8+k6.12` |
//! | `2.15.91` | `2.15.91` | `2.15.91` | 0 | `v2_15_91` |
//! | `2.17.57` | `2.17.57` | `2.17.57` | 0 | `v2_17_57` |
//! | `2.17.57+k6.18.8` | `2.17.57+k6.18.8` | `2.17.57+k6.18.8` | 0 | `v2_17_57+k6.18.8` |
//! | `2.17.57+git9.gfedcba987654` | `2.17.57+post9.gfedcba987654` | `2.17.57+git9.gfedcba987654` | 0 | `v2_17_57+git9.gfedcba987654` |
//! | `2.17.57+git123.gabcdef0123ab` | `2.17.57+post123.gabcdef0123ab` | `2.17.57+git123.gabcdef0123ab` | 0 | `v2_17_57+git123.gabcdef0123ab` |
//! | `2.17.57+git123.gabcdef0123ab.k6.12.58` | `2.17.57+post123.gabcdef0123ab+k6.12.58` | `2.17.57+git123.gabcdef0123ab.k6.12.58` | 0 | `v2_17_57+git123.gabcdef0123ab.k6.12.58` |
//! | `2.18.0-RC2` | `2.18.0~rc2` | `2.18.0~rc2` | 0 | `v2_18_0-RC2` |
//! | `2.18.0-RC9+k6.18.rc6` | `2.18.0~rc9+k6.18~rc6` | `2.18.0~rc9+k6.18.rc6` | 0 | `v2_18_0-RC9+k6.18.rc6` |
//! | `2.18.0-RC9+k6.18.rc6.r1.acme.2` | `2.18.0~rc9+k6.18~rc6+r1.acme~2` | `2.18.0~rc9_2.acme+k6.18.rc6.r1` | 0 | `v2_18_0-RC9+k6.18.rc6.r1.acme.2` |
//! | `2.18.0-RC10+k6.18.rc6` | `2.18.0~rc10+k6.18~rc6` | `2.18.0~rc10+k6.18.rc6` | 0 | `v2_18_0-RC10+k6.18.rc6` |
//! | `2.18.0` | `2.18.0` | `2.18.0` | 0 | `v2_18_0` |
//! | `2.18.0+k6.12.rc7` | `2.18.0+k6.12~rc7` | `2.18.0+k6.12.rc7` | 0 | `v2_18_0+k6.12.rc7` |
//! | `2.18.0+k6.12` | `2.18.0+k6.12` | `2.18.0+k6.12` | 0 | `v2_18_0+k6.12` |
//! | `2.18.0+k6.12.r2` | `2.18.0+k6.12+r2` | `2.18.0+k6.12.r2` | 0 | `v2_18_0+k6.12.r2` |
//! | `2.18.0+k6.12.1` | `2.18.0+k6.12.1` | `2.18.0+k6.12.1` | 0 | `v2_18_0+k6.12.1` |
//! | `2.18.0+k6.12.5.r2` | `2.18.0+k6.12.5+r2` | `2.18.0+k6.12.5.r2` | 0 | `v2_18_0+k6.12.5.r2` |
//! | `2.18.0+k6.12.58` | `2.18.0+k6.12.58` | `2.18.0+k6.12.58` | 0 | `v2_18_0+k6.12.58` |
//! | `2.18.0+k6.12.58.r1` | `2.18.0+k6.12.58+r1` | `2.18.0+k6.12.58.r1` | 0 | `v2_18_0+k6.12.58.r1` |
//! | `2.18.0+k6.12.58.r1.acme.2` | `2.18.0+k6.12.58+r1.acme~2` | `2.18.0_2.acme+k6.12.58.r1` | 2 | `v2_18_0+k6.12.58.r1.acme.2` |
//! | `2.18.0+k6.12.58.r1.acme.10` | `2.18.0+k6.12.58+r1.acme~10` | `2.18.0_10.acme+k6.12.58.r1` | 10 | `v2_18_0+k6.12.58.r1.acme.10` |
//! | `2.18.0+k6.12.58.r1.acmelabs.1` | `2.18.0+k6.12.58+r1.acmelabs~1` | `2.18.0_1.acmelabs+k6.12.58.r1` | 1 | `v2_18_0+k6.12.58.r1.acmelabs.1` |
//! | `2.18.0+k6.12.58.r2` | `2.18.0+k6.12.58+r2` | `2.18.0+k6.12.58.r2` | 0 | `v2_18_0+k6.12.58.r2` |
//! | `2.18.0.1+k6.12.58.r1.acme.2` | `2.18.0.1+k6.12.58+r1.acme~2` | `2.18.0.1_2.acme+k6.12.58.r1` | 1 | `v2_18_0_1+k6.12.58.r1.acme.2` |
//! | `2.18.1` | `2.18.1` | `2.18.1` | 0 | `v2_18_1` |
//!
//! # The spelling for packages
//!
//! dpkg compares runs of non-digits (`~`, then the end, then letters, then other characters), RPM
//! runs of letters and of digits (`~`, the end, letters, digits; what separates them is nothing).
//! Under both,
//!
//! * `~rc2` comes before the end and everything else, so candidates of Lustre and of the kernel
//!   come before their releases;
//! * parts begin with `+` and a letter. To dpkg `+` is below `.`, to RPM a letter is below a
//!   digit: `k6.12+r2` comes before `k6.12.1`, as `k6.12.r2` would not in dpkg, and any part
//!   comes before a fourth number;
//! * an absent part comes before a present one, so where parts can stand in one place their words
//!   go up: `build` (a respin without a kernel) < `k` (a kernel) < `post` (a development version).
//!   `r` and `git` in these places would turn the order around;
//! * a vendor always follows a respin, `0` where there is none, and its number follows `~`, the
//!   only separator below letters in both: with `.`, dpkg would put `acmelabs.1` before `acme.1`.
//!
//! Hyphens are avoided: in Debian the last one starts the revision, in RPM none is allowed.

mod development;
mod error;
mod kernel;
mod kernel_release;
mod lustre;
mod natural;
mod pattern;
mod range;
mod release;
mod requirement;
mod scan;
mod spelling;
#[cfg(test)]
mod tests;
mod text;
mod vendor;

pub use development::Development;
pub use error::VersionError;
pub use kernel::{KernelSeries, KernelVersion};
pub use kernel_release::KernelRelease;
pub use lustre::LustreVersion;
pub use pattern::TagPattern;
pub use range::KernelRange;
pub use release::ReleaseVersion;
pub use requirement::Requirement;
pub use spelling::CMacros;
pub use vendor::Vendor;
