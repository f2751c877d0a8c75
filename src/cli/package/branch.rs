// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist package branch`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Serialize;

use super::{Done, How, Screen};
use crate::package::Family;
use crate::package::branch::{self, Committed, From, Passed, Wanted};

/// Commit a line's Debian packaging to a branch of a packaging repository, a commit a release
///
/// The branch `debian/LINE` has the tarball's tree with the packaging in `debian/`, as gbp and dgit take
/// it; `upstream/LINE` and the tags `upstream/VERSION` have the tarball's tree alone. Every release of the
/// line that is newer than the branch gets a commit, whose message is its entry in the change log. What
/// others committed there stays; where they changed a file that a release changes too, nothing is written.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The line, such as lts-6.12; or with the name of what is released, lustre/lts-6.12
    line: String,
    /// The releases, directories or tarballs [default: all of the line in the folder of `--releases`]
    releases: Vec<PathBuf>,
    /// The packaging repository, bare or with a work tree that has another branch
    #[arg(long, value_name = "PATH")]
    repo: PathBuf,
    /// The folder of releases
    #[arg(long = "releases", value_name = "DIR", default_value = "dist", conflicts_with = "releases")]
    folder: PathBuf,
    /// A file such as debian/rules that stays as it is on the branch, whatever a release makes of it; may
    /// be given several times
    #[arg(long, value_name = "PATH")]
    keep: Vec<String>,
    #[command(flatten)]
    how: How,
    /// Print what was committed as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer<'a> {
    repository: String,
    branch: &'a str,
    head: String,
    package: &'a str,
    commits: &'a [Committed],
    passed_over: &'a [Passed],
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let request = args.how.request()?;
    let templates = args.how.templates(Family::Deb)?;
    let from = if args.releases.is_empty() {
        From::Folder(args.folder.clone())
    } else {
        From::Named(args.releases.clone())
    };
    let keep: BTreeSet<String> = args.keep.iter().cloned().collect();
    let updated = branch::update(&Wanted {
        line: &args.line,
        repository: &args.repo,
        from: &from,
        request: &request,
        templates: &templates,
        trust: args.how.trust(&request),
        keep: &keep,
    })?;
    if args.json {
        screen.json(&Answer {
            repository: args.repo.display().to_string(),
            branch: &updated.branch,
            head: updated.head.to_string(),
            package: &updated.package,
            commits: &updated.commits,
            passed_over: &updated.passed,
        });
        return Ok(());
    }
    let branch = &updated.branch;
    if updated.commits.is_empty() {
        screen.answer(format_args!("{branch} is at {}, and nothing is newer\n", updated.package));
    } else {
        screen.answer(format_args!("{branch} is at {}\n", updated.package));
    }
    let width = updated.commits.iter().map(|commit| commit.package.len()).max().unwrap_or(0);
    for commit in &updated.commits {
        let id = commit.commit.to_string();
        screen.answer(format_args!("  {:<width$}  {}  {}\n", commit.package, &id[..12], commit.upstream));
        for signed in &commit.signed_by {
            screen.answer(format_args!("  {:<width$}  good signature: {signed}\n", ""));
        }
    }
    for passed in &updated.passed {
        // What is there already goes without saying.
        if passed.why != branch::ON_BRANCH {
            screen.answer(format_args!("  passed over: {} {}\n", passed.release, passed.why));
        }
    }
    Ok(())
}
