// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The packager's own part of a version, behind the release's.

use std::fmt;
use std::num::NonZeroU32;

use crate::model::version::Vendor;

/// The Debian revision and RPM's `Release`: `1`, and for a vendor `1+acme~2`.
///
/// The vendor's number follows `~` for the reason that [`crate::model::version`] gives. A dot in front
/// of the name would make it the upload of somebody who is not the maintainer (Debian Developer's
/// Reference 5.11.2). The release's
/// own version stays as it is, because the tarball in the package is the release's, unchanged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revision {
    /// How often this release was packaged, from 1.
    pub number: NonZeroU32,
    /// The vendor whose packaging it is.
    pub vendor: Option<Vendor>,
}

impl Revision {
    /// Whether nothing was packaged before it: `1`, and nobody else's.
    pub(super) fn is_first(&self) -> bool {
        self.number.get() == 1 && self.vendor.is_none()
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.vendor {
            Some(vendor) => write!(f, "{}+{}~{}", self.number, vendor.name(), vendor.number()),
            None => write!(f, "{}", self.number),
        }
    }
}
