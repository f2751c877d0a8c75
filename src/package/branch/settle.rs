// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the branch had, what others made of it, and what a release brings: three trees become one.
//!
//! A file that nobody touched becomes the release's. One in `debian/` that others touched stays theirs
//! where the release does not change it; where both did, nobody but them can say, and nothing is written.
//! Outside of `debian/` the tree is the tarball's, or dpkg-source would refuse it. The change log grows at
//! its top, so both are always right about it.

use std::collections::BTreeSet;

use super::on_branch::State;
use super::trees::{File, Files, is_debian};
use crate::model::{Class, Failure, Problem};
use crate::package::deb::CHANGELOG;

/// How many files are named in one report.
const MOST: usize = 20;

/// The tree of the release `title` on the branch.
pub(super) fn settle(
    branch: &str,
    title: &str,
    state: &State,
    release: &Files,
    keep: &BTreeSet<String>,
) -> Result<Files, Failure> {
    let State { base, head, .. } = state;
    let mut settled = Files::new();
    let mut problems = Vec::new();
    let paths: BTreeSet<&String> = base.keys().chain(head.keys()).chain(release.keys()).collect();
    for path in paths {
        let (was, is, new) = (base.get(path), head.get(path), release.get(path));
        let untouched = is == was || is == new;
        let chosen = if untouched || path == CHANGELOG && is.is_some() {
            new
        } else if is_debian(path) && (new == was || keep.contains(path)) {
            is
        } else {
            problems.push(conflict(branch, title, path, was, is));
            continue;
        };
        settled.extend(chosen.map(|file| (path.clone(), *file)));
    }
    for path in settled.keys() {
        let above =
            path.match_indices('/').map(|(at, _)| &path[..at]).find(|above| settled.contains_key(*above));
        if let Some(above) = above {
            problems.push(
                Problem::new(format!("`{above}` is a file, and `{path}` on `{branch}` needs a folder there"))
                    .help("rename or remove one of them on the branch first"),
            );
        }
    }
    if problems.is_empty() {
        return Ok(settled);
    }
    let more = problems.len().saturating_sub(MOST);
    problems.truncate(MOST);
    if more > 0 {
        problems.push(Problem::new(format!("{more} more files were changed on `{branch}`, too")));
    }
    Err(Failure { class: Class::Verification, problems })
}

fn conflict(branch: &str, title: &str, path: &str, was: Option<&File>, is: Option<&File>) -> Problem {
    let what = match (was, is) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    };
    if is_debian(path) {
        return Problem::new(format!("`{path}` was {what} on `{branch}`, and {title} changes it too"))
            .help(format!(
                "keep the branch's: `--keep {path}`; or bring both together in a folder of `--template-dir`, and \
                 commit the result on the branch first"
            ));
    }
    Problem::new(format!("`{path}` was {what} on `{branch}`, outside of `debian/`"))
        .note(format!("{title} would undo that: there the branch has what the tarball has"))
        .help("make it a patch in `debian/patches` and put the file back (see gbp-pq(1))")
}
