// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Arguments of the commands that look at lines: `lines`, `due`, `assemble --due`.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Date;

use super::args::{self, SourceArgs, usage};
use super::clock;
use super::screen::Screen;
use crate::line::{self, Calendars, Feeding, Line, Released, Verdict, download};
use crate::manifest::Manifest;
use crate::model::{Failure, Problem};
use crate::source::Places;

/// What is held against what.
#[derive(Debug, clap::Args)]
pub(super) struct LineArgs {
    /// The folder that releases are in [default: dist]
    #[arg(long, value_name = "DIR")]
    pub(super) released: Option<PathBuf>,
    /// The newest kernels: a file like kernel.org's releases.json, or `repository` for the tags of the
    /// kernel sources [default: kernels.lock beside the manifests, else the tags]
    #[arg(long, value_name = "FILE")]
    pub(super) feed: Option<String>,
}

/// Lines and all that is known of them.
pub(super) struct Looked {
    pub(super) lines: Vec<Line>,
    pub(super) released: Vec<Released>,
    pub(super) places: Places,
    pub(super) today: Date,
}

impl Looked {
    /// The line that the user means.
    pub(super) fn find(&self, wanted: &str) -> Result<&Line, Failure> {
        let manifests: Vec<&Manifest> = self.lines.iter().map(|line| &line.manifest).collect();
        Ok(&self.lines[line::find(&manifests, wanted).map_err(usage)?])
    }
}

impl LineArgs {
    /// Reads the lines of the manifests, and what was released.
    pub(super) fn look(
        &self,
        manifests: Vec<Manifest>,
        sources: &SourceArgs,
        out: Option<&PathBuf>,
    ) -> Result<Looked, Failure> {
        let today = clock::today()?;
        let places = sources.places_of(&manifests.iter().collect::<Vec<_>>())?;
        let feeding = self.feeding(today)?;
        let lines = line::lines(manifests, &mut Calendars::new(feeding))?;
        if let Some(folder) = self.released.as_ref().filter(|folder| !folder.is_dir()) {
            return Err(usage(
                Problem::new(format!("`--released {}`: there is no such folder", folder.display()))
                    .help("give the folder that `assemble --out` writes to; leave it out for `dist`"),
            ));
        }
        let usual = PathBuf::from("dist");
        let released = line::released(self.released.as_ref().or(out).unwrap_or(&usual))?;
        Ok(Looked { lines, released, places, today })
    }

    fn feeding(&self, today: Date) -> Result<Feeding, Failure> {
        match self.feed.as_deref() {
            None => Ok(Feeding::Held),
            Some("repository") => Ok(Feeding::Tags),
            Some(address) if download::is_address(address) => Err(usage(
                Problem::new("this command does not use the network")
                    .help(format!("run `lustre-dist lines update --feed {address}` first")),
            )),
            Some(file) => Ok(Feeding::Given(Arc::new(line::read_feed(file, today)?))),
        }
    }
}

impl Looked {
    /// Whether a line has a release due.
    pub(super) fn verdict(&self, line: &Line, previews: bool) -> Result<Verdict, Failure> {
        line::due(line, &self.released, &self.places, self.today, previews)
    }
}

/// Says what could not be seen, and what is waited for.
pub(super) fn remark(line: &Line, verdict: &Verdict, screen: &Screen) {
    let name = line.key();
    match verdict {
        Verdict::Waiting(due) => {
            for waiting in &due.target.waiting {
                let fetch = if waiting.remote { "; `due --fetch` looks for it" } else { "" };
                screen.remark(format_args!(
                    "{name}: waiting for tag {} in source {}{fetch}",
                    waiting.tag, waiting.source
                ));
            }
        }
        Verdict::Due(due) => {
            for unseen in &due.target.unseen {
                screen.remark(format_args!("{name}: newer tags are not looked for: {unseen}"));
            }
        }
        _ => {}
    }
}

/// The manifests to look at.
pub(super) fn manifests(paths: &[PathBuf]) -> Result<Vec<Manifest>, Failure> {
    args::manifests_at(paths)
}
