// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The families of packages.

use std::path::Path;

use super::templates::{Shipped, Templates};
use super::{deb, dkms, rpm};
use crate::model::{Failure, Problem};

/// What the packages are for. Its templates stand in a folder of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Debian source packages.
    Deb,
    /// Source RPMs.
    Rpm,
    /// DKMS tarballs.
    Dkms,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 3] = [Self::Deb, Self::Rpm, Self::Dkms];

    fn shipped(self) -> &'static Shipped {
        match self {
            Self::Deb => &deb::SHIPPED,
            Self::Rpm => &rpm::SHIPPED,
            Self::Dkms => &dkms::SHIPPED,
        }
    }

    /// Its templates: ours, and in front of each the user's of the same name in `DIR/FAMILY/`. There, `patches/`
    /// has patches on the release with their `series`, and `files/` has files that are added as they are.
    ///
    /// # Errors
    /// A file that overrides nothing, or cannot be read; patches without a series.
    pub fn templates(self, folder: Option<&Path>) -> Result<Templates, Failure> {
        Templates::load(self.shipped(), folder)
    }
}

/// Checks a folder of overriding templates, all families.
#[must_use]
pub fn check_folder(folder: &Path) -> Vec<Problem> {
    let mut problems: Vec<Problem> = Vec::new();
    for family in Family::ALL {
        let found = match family.templates(Some(folder)) {
            Ok(templates) => templates.check(),
            Err(failure) => failure.problems,
        };
        for problem in found {
            // What stands beside the families' folders is found by each.
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_templates_are_well_formed() {
        for family in Family::ALL {
            assert_eq!(family.templates(None).unwrap().check(), []);
        }
    }
}
