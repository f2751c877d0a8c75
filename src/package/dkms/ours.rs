// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What our templates package: the modules of the Kbuild at the top, and the files they are built from.

use std::collections::BTreeSet;

use super::Servers;
use super::listed::Listed;
use crate::model::{Class, Failure, Problem};
use crate::package::{Input, declared_modules};

/// Beside what the modules are built from: what the files may be used for, and what they are.
const ABOUT: [&str; 6] = ["COPYING", "LICENSE", "LICENSES", "LUSTRE-VERSION-FILE", "META", "README"];

/// What of the release's top directory goes in, and the modules.
pub(super) fn listed(
    input: &Input,
    servers: Option<Servers>,
) -> Result<(Option<BTreeSet<String>>, Listed), Failure> {
    let found = declared_modules(input)?;
    let mut problems = Vec::new();
    let title = input.title();
    let tree = "where the tree has packaging of its own, use it: `--packaging tree`";
    if found.modules.is_empty() {
        problems.push(
            Problem::new(format!("{title} declares no kernel module"))
                .note("looked from `Kbuild` at its top on, for `obj-m`, and `obj-y` with a folder")
                .help(tree),
        );
    }
    if input.content("configure.ac").is_some() {
        problems.push(
            Problem::new(format!(
                "{title} is built after its configure has run, which our templates do not do"
            ))
            .note("it has a `configure.ac`, and what its modules are depends on what that finds")
            .help(tree),
        );
    }
    if servers.is_some() {
        problems.push(
            Problem::new("our templates build whatever the tree's Kbuild declares")
                .help("leave out `--servers`, which is for a tree's own packaging"),
        );
    }
    if !problems.is_empty() {
        return Err(Failure { class: Class::Usage, problems });
    }
    let keep = found.sources.into_iter().chain(ABOUT.map(str::to_owned)).collect();
    let listed = Listed { always: found.modules.into_iter().collect(), sometimes: BTreeSet::new() };
    Ok((Some(keep), listed))
}
