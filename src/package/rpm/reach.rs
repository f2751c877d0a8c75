// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which spec files are in reach. `rpmbuild -ts` takes the spec file that it finds in a tarball: with
//! two of them it builds the wrong package or none.

use crate::model::{Class, Failure, Problem};
use crate::package::{Input, Packaging};

/// The spec file of the tree, before its configure rendered it: the one `.spec.in` at the top that is
/// not for DKMS.
pub(super) fn own(input: &Input) -> Result<Option<&str>, Failure> {
    let specs: Vec<&str> = input
        .contents()
        .map(|(path, _)| path)
        .filter(|path| !path.contains('/') && path.ends_with(".spec.in") && !path.contains("-dkms."))
        .collect();
    match specs.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        several => Err(refuse(input, several.iter().map(|path| (*path).to_owned()))),
    }
}

/// Refuses a release that has a spec file of another package in its tarball, or a second one of its
/// own. Where the manifest renders one with our packaging, it is `NAME.spec` at the top.
pub(super) fn only_one(input: &Input, packaging: Packaging, own: Option<&str>) -> Result<(), Failure> {
    let mut specs: Vec<String> =
        input.members.keys().filter(|path| path.ends_with(".spec")).cloned().collect();
    let rendered = format!("{}.spec", input.name());
    let good = match packaging {
        Packaging::Tree => specs.is_empty(),
        Packaging::Ours => specs.is_empty() || specs == [rendered],
    };
    if good {
        return Ok(());
    }
    if packaging == Packaging::Tree {
        specs.extend(own.map(str::to_owned));
    }
    specs.sort();
    Err(refuse(input, specs.into_iter()))
}

fn refuse(input: &Input, specs: impl Iterator<Item = String>) -> Failure {
    let title = format!("{} has a spec file in reach that is not the package's own", input.title());
    let problem = specs.fold(Problem::new(title), |problem, path| problem.note(format!("`{path}`")));
    Failure::new(
        Class::Usage,
        problem
            .note("`rpmbuild -ts` would build the wrong package of its tarball, or none")
            .help("exclude all but one in the manifest, as `make dist` of Lustre does"),
    )
}
