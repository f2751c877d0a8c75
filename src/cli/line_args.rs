// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Arguments of the commands that look at lines: `lines`, `due`, `assemble --due`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;

use super::args::{self, SourceArgs, usage};
use super::clock;
use super::keeper;
use super::screen::Screen;
use crate::line::{self, Calendars, Feeding, Line, Released, Verdict, download};
use crate::manifest::Manifest;
use crate::model::{Failure, Problem};
use crate::publish::{self, Reader};
use crate::repository::layout;
use crate::source::Places;

/// What is held against what.
#[derive(Debug, clap::Args)]
pub(super) struct LineArgs {
    /// The folder that releases are in, or the repository that they are published at: a folder, `https://`,
    /// `file://` or `s3://` [default: dist]
    #[arg(long, value_name = "DIR|URL")]
    pub(super) released: Option<String>,
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
        let released = self.released(out)?;
        Ok(Looked { lines, released, places, today })
    }

    /// What was released: made in a folder, or published.
    fn released(&self, out: Option<&PathBuf>) -> Result<Vec<Released>, Failure> {
        let usual = PathBuf::from("dist");
        let Some(at) = &self.released else { return line::released(out.unwrap_or(&usual)) };
        let folder = Path::new(at);
        if download::is_address(at) || folder.join(layout::RELEASES).is_file() {
            return publish::released(&Reader::open(at, &keeper::settings())?);
        }
        if !folder.is_dir() {
            return Err(usage(
                Problem::new(format!("`--released {at}`: there is no such folder"))
                    .help("give the folder that `assemble --out` writes to; leave it out for `dist`"),
            ));
        }
        line::released(folder)
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
