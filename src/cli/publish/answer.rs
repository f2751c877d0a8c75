// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `publish` did, for people and for programs.

use std::fmt::Write as _;

use std::path::Path;

use serde::Serialize;

use super::Args;
use crate::cli::screen::{Screen, bytes};
use crate::model::{Failure, Sha256};
use crate::publish::{Candidate, Outcome, Step};
use crate::repository::layout;
use crate::roles::Versions;
use crate::store::Store;

/// A run that came to its end.
pub(super) struct Done<'a> {
    pub candidates: &'a [Candidate],
    pub outcome: &'a Outcome,
    pub store: &'a Store,
    /// Whether the repository is new, or would be.
    pub made: bool,
    /// The folder of its keys.
    pub keys: &'a Path,
}

#[derive(Serialize)]
struct Answer<'a> {
    repository: String,
    dry_run: bool,
    made_repository: bool,
    releases: Vec<Row<'a>>,
    verified_through: Option<&'a str>,
    index: Option<IndexRow<'a>>,
    derived: &'a [String],
}

#[derive(Serialize)]
struct Row<'a> {
    release: &'a str,
    line: Option<&'a str>,
    identity: Sha256,
    state: &'static str,
    files: Vec<FileRow<'a>>,
}

#[derive(Serialize)]
struct FileRow<'a> {
    path: &'a str,
    size: u64,
    sha256: Sha256,
    state: Option<&'static str>,
}

#[derive(Serialize)]
struct IndexRow<'a> {
    versions: Option<Versions>,
    retries: u32,
    new: &'a [String],
    same: &'a [String],
}

pub(super) fn tell(args: &Args, screen: &Screen, done: &Done<'_>) -> Result<(), Failure> {
    if args.json {
        screen.json(&done.answer(args.dry_run));
        return Ok(());
    }
    let mut answer = format!("{}\n", done.store.at());
    if !screen.quiet {
        for (what, text) in done.lines(args) {
            let _ = writeln!(answer, "  {what:<8} {text}");
        }
    }
    for candidate in done.candidates {
        let state = done.state(&candidate.title, args.dry_run);
        let _ = writeln!(answer, "{}  {state}  {}/", candidate.title, layout::folder(candidate.line_id()));
    }
    screen.answer(answer);
    Ok(())
}

impl<'a> Done<'a> {
    fn state(&self, title: &String, dry_run: bool) -> &'static str {
        match &self.outcome.indexed {
            None if self.made && dry_run => "would be published",
            None => "not published",
            Some(indexed) if indexed.same.contains(title) => "was published",
            Some(_) if dry_run => "would be published",
            Some(_) => "published",
        }
    }

    fn answer(&self, dry_run: bool) -> Answer<'a> {
        let outcome = self.outcome;
        let index = outcome.indexed.as_ref().map(|indexed| IndexRow {
            versions: indexed.versions,
            retries: indexed.retries,
            new: &indexed.new,
            same: &indexed.same,
        });
        Answer {
            repository: self.store.at(),
            dry_run,
            made_repository: self.made && !dry_run,
            releases: self.candidates.iter().map(|candidate| self.row(candidate, dry_run)).collect(),
            verified_through: outcome.verified.as_ref().map(|(_, at)| at.as_str()),
            index,
            derived: outcome.derived.as_ref().map_or(&[], |derived| &derived.written),
        }
    }

    fn row(&self, candidate: &'a Candidate, dry_run: bool) -> Row<'a> {
        let uploaded = self.outcome.uploaded.as_ref();
        let state = |object| match uploaded.map(|uploaded| uploaded.new.contains(object)) {
            None => None,
            Some(false) => Some("was there"),
            Some(true) if dry_run => Some("would be uploaded"),
            Some(true) => Some("uploaded"),
        };
        let files = candidate.files.iter().map(|file| FileRow {
            path: &file.object,
            size: file.extent.length,
            sha256: file.extent.sha256,
            state: state(&file.object),
        });
        Row {
            release: &candidate.title,
            line: candidate.line_id(),
            identity: candidate.listed.entry.identity,
            state: self.state(&candidate.title, dry_run),
            files: files.collect(),
        }
    }

    /// What each step did.
    fn lines(&self, args: &Args) -> Vec<(&'static str, String)> {
        let outcome = self.outcome;
        let mut lines = Vec::new();
        if self.made {
            let made = if args.dry_run { "would be made" } else { "made" };
            lines.push(("repo", format!("{made}; its keys are in {}", self.keys.display())));
        }
        if args.steps.contains(&Step::Check) {
            let signed = if args.signing_keys.is_empty() { "" } else { ", signed by the keys given" };
            lines.push(("check", format!("good{signed}")));
        }
        if let Some(uploaded) = &outcome.uploaded {
            let (new, same) = (uploaded.new.len(), uploaded.same.len());
            let word = if args.dry_run { "would be sent" } else { "sent" };
            let of = bytes(uploaded.bytes);
            lines.push(("upload", format!("{new} files {word}, {same} were there; {of} in all")));
        }
        if let Some((verified, at)) = &outcome.verified {
            let count = verified.same.len();
            lines.push(("verify", format!("{count} files read back from {at}")));
        }
        if let Some(indexed) = &outcome.indexed {
            let new = indexed.new.join(", ");
            lines.push((
                "index",
                match (indexed.versions, indexed.new.is_empty()) {
                    (_, true) => "nothing new".to_owned(),
                    (None, false) => format!("{new} would be new"),
                    (Some(versions), false) => format!("{new} in version {}", versions.targets),
                },
            ));
        }
        let written = outcome.derived.as_ref().map_or(&[][..], |derived| &derived.written);
        if !written.is_empty() {
            lines.push(("files", written.join(", ")));
        }
        lines
    }
}
