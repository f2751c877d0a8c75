// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist preflight`.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::Done;
use super::args::{self, SourceArgs};
use super::screen::Screen;
use crate::preflight::{self, Check, Report, State};

/// Check a tag before it is released: what says its version must agree
///
/// Holds the tag against its twin (v2_17_57 and 2.17.57), LUSTRE-VERSION-GEN, the change log, the
/// manifest, its branch and the last release candidate. Everything that disagrees is listed, and
/// the exit code is 6 then. What is not there to check is not applicable.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The manifest
    manifest: PathBuf,
    /// Check this tag of the primary source instead of the manifest's
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sources: SourceArgs,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let manifest = args::read_manifest(&args.manifest)?;
    let places = args.sources.places(&manifest)?;
    let report = preflight::preflight(&manifest, args.tag.as_deref(), &places)?;
    if args.json {
        screen.json(&report);
    } else {
        screen.answer(text(&report));
    }
    report.verdict()
}

fn text(report: &Report) -> String {
    let mut text = format!("{}  {}  {}\n", report.tag, report.manifest, report.source);
    let widest =
        |of: fn(&Check) -> &str| report.checks.iter().map(|check| of(check).len()).max().unwrap_or(0);
    let (name, expected) = (widest(|check| &check.name), widest(|check| &check.expected));
    for check in &report.checks {
        let state = check.state.words();
        let head = format!("  {state:<14}  {:<name$}", check.name);
        let _ = match check.state {
            State::NotApplicable => writeln!(text, "{head}  {}", check.found),
            State::Ok | State::Problem => {
                writeln!(text, "{head}  {:<expected$}  {}", check.expected, check.found)
            }
        };
        for file in &check.files {
            let _ = writeln!(text, "{:<1$}{file}", "", 22 + name + expected);
        }
    }
    text
}
