// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist kernels`.

mod answers;
mod find;
mod table;

use std::path::PathBuf;

use super::Done;
use super::args::{self, SourceArgs, usage};
use super::screen::Screen;
use crate::manifest::{At, Manifest};
use crate::model::version::{KernelRelease, LustreVersion};
use crate::model::{Class, Failure, Problem, TarPath};

/// Show the kernels that releases were built and tested on, or what they say of one kernel
///
/// The lists are those of the change log that `[release] changelog` names, in the primary source's
/// own commit: what a patch of the manifest adds to it does not count. Without `--for` it shows the
/// release that each manifest pins. With `--for` it asks these and the newest stable release of
/// each branch from 2.12 on, and ends with exit code 5 where none knows the kernel.
///
/// A kernel is `tested` or `known to build` where it, or another update of its line, is listed;
/// `within range` is a guess from its version alone.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The manifests [default: those in manifests/ that name a change log]
    manifests: Vec<PathBuf>,
    /// Only the manifests of that release line
    #[arg(long, value_name = "LINE", conflicts_with = "release")]
    line: Option<String>,
    /// The release that a tag of the primary source names: 2.15.8, v2_15_8
    #[arg(long, value_name = "VERSION")]
    release: Option<String>,
    /// What releases say of a kernel, in the form of `uname -r`
    #[arg(long = "for", value_name = "KERNEL")]
    kernel: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sources: SourceArgs,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let kernel = args.kernel.as_deref().map(parse_kernel).transpose()?;
    let wanted = args.release.as_deref().map(parse_release).transpose()?;
    let manifests = manifests(args)?;
    let mut found = match &wanted {
        Some(version) => vec![find::release(&args.sources, manifests, *version)?],
        None => find::releases(&args.sources, manifests, kernel.is_some() && args.line.is_none(), screen)?,
    };
    for one in &found {
        for unread in &one.support.unread {
            screen.remark(format_args!(
                "{}: {} line {} names no kernel that can be read: {}",
                one.name(),
                one.changelog,
                unread.line,
                unread.text
            ));
        }
    }
    match &kernel {
        None => {
            table::show(&found, args.json, screen);
            Ok(())
        }
        Some(kernel) => {
            found.sort_by_key(|one| std::cmp::Reverse(one.version));
            answers::show(kernel, &found, args.json, screen)
        }
    }
}

fn parse_kernel(text: &str) -> Result<KernelRelease, Failure> {
    KernelRelease::parse(text.trim()).map_err(|error| {
        usage(Problem::new(format!("`--for {text}`: {error}")).help(
            "give what `uname -r` prints, such as `5.14.0-611.55.1.el9_7.x86_64` or `6.8.0-35-generic`",
        ))
    })
}

fn parse_release(text: &str) -> Result<LustreVersion, Failure> {
    LustreVersion::from_tag(text).ok_or_else(|| {
        usage(
            Problem::new(format!("`--release {text}` is not a version of Lustre"))
                .help("expected one such as `2.15.8`, `v2_15_8` or `2.17.0-RC4`"),
        )
    })
}

/// The manifests that are asked, each with the change log that it names.
fn manifests(args: &Args) -> Result<Vec<(Manifest, At<TarPath>)>, Failure> {
    let named = !args.manifests.is_empty();
    let mut manifests = Vec::new();
    let mut lines = Vec::new();
    let mut problems = Vec::new();
    for manifest in args::manifests_at(&args.manifests)? {
        let line = manifest.line.as_ref().map(|line| line.id.value.clone());
        lines.extend(line.clone().filter(|_| manifest.release.changelog.is_some()));
        if args.line.is_some() && args.line != line {
            continue;
        }
        match manifest.release.changelog.clone() {
            Some(changelog) => manifests.push((manifest, changelog)),
            // What somebody asked for by name is not passed over.
            None if named => problems.push(
                manifest
                    .problem(
                        "the manifest names no change log",
                        &manifest.release.name.span,
                        "of this release",
                    )
                    .help("where the source has one, add `changelog = \"lustre/ChangeLog\"` to [release]"),
            ),
            None => {}
        }
    }
    if !problems.is_empty() {
        return Err(Failure { class: Class::Manifest, problems });
    }
    if !manifests.is_empty() {
        return Ok(manifests);
    }
    Err(usage(match &args.line {
        Some(line) => {
            lines.sort();
            lines.dedup();
            let problem = Problem::new(format!("no manifest of the line `{line}` names a change log"));
            match &lines[..] {
                [] => problem.help("add `[line]` with that `id`, and `changelog` to [release]"),
                lines => problem.help(format!("those of {} do", lines.join(", "))),
            }
        }
        None => Problem::new("no manifest in `manifests` names a change log")
            .help("where the source has one, add `changelog = \"lustre/ChangeLog\"` to its [release]"),
    }))
}
