// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Manifests as lines.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Calendar, Calendars, Released};
use crate::lock::{self, Lock};
use crate::manifest::{Manifest, Wanted};
use crate::model::version::{KernelSeries, LustreVersion, ReleaseVersion};
use crate::model::{Failure, Moniker, Problem};

/// A release line: a manifest, and what is known of the kernels that it follows.
#[derive(Debug)]
pub struct Line {
    /// Its manifest.
    pub manifest: Manifest,
    /// What is known of kernels in the manifest's folder.
    pub calendar: Arc<Calendar>,
    /// The version that the lock beside the manifest has.
    pub locked: Option<ReleaseVersion>,
}

impl Line {
    /// `mainline`, `lts-6.12`; for a manifest without `[line]` the first two numbers of its Lustre
    /// version, `2.15`, which is how Lustre itself calls its maintenance branches.
    #[must_use]
    pub fn id(&self) -> String {
        id(&self.manifest)
    }

    /// The name of what the line releases.
    #[must_use]
    pub fn name(&self) -> &str {
        self.manifest.release.name.as_str()
    }

    /// Both: `lustre-demo/lts-6.12`. No two buildable manifests have the same.
    #[must_use]
    pub fn key(&self) -> String {
        key(&self.manifest)
    }

    /// The kernel series that the line is keyed to.
    #[must_use]
    pub fn series(&self) -> Option<KernelSeries> {
        Some(self.manifest.line.as_ref()?.kernel.as_ref()?.value)
    }

    /// What kernel.org calls the kernels that the line follows.
    #[must_use]
    pub fn moniker(&self) -> Option<Moniker> {
        match self.series() {
            Some(series) => self.calendar.moniker(series),
            None => Moniker::from_word(&self.id()),
        }
    }

    /// Whether the manifest makes something that is not to be built: a preview.
    #[must_use]
    pub fn is_preview(&self) -> bool {
        !self.manifest.release.buildable
    }

    /// Whether a release is one of this line.
    #[must_use]
    pub fn made(&self, release: &Released) -> bool {
        let line = release.line.clone().unwrap_or_else(|| of_version(&release.version.base));
        release.name == self.name() && line == self.id()
    }

    /// The sources with what the manifest asks of each, for people.
    #[must_use]
    pub fn wanted(&self) -> BTreeMap<String, String> {
        let wanted = |source: &crate::manifest::Source| {
            let wanted = match &source.wanted.value {
                Wanted::Tag(name) => format!("tag {name}"),
                Wanted::Pattern(pattern) => format!("tag {pattern}"),
                Wanted::Commit(id) => format!("commit {id}"),
                Wanted::Branch(name) => format!("branch {name}"),
                Wanted::Ref(name) => format!("ref {name}"),
            };
            let tags = source.tags.as_ref().map(|tags| format!(", newer ones as {tags}"));
            let branch = source.on_branch.as_ref().map(|branch| format!(", on branch {branch}"));
            format!("{wanted}{}{}", tags.unwrap_or_default(), branch.unwrap_or_default())
        };
        self.manifest.sources.iter().map(|(name, source)| (name.to_string(), wanted(source))).collect()
    }
}

/// The id of the line that a release without one is of: its version's branch, such as `2.15`.
#[must_use]
pub fn of_version(version: &LustreVersion) -> String {
    let [major, minor, ..] = version.numbers();
    format!("{major}.{minor}")
}

/// Makes lines of manifests, sorted by line and name.
///
/// # Errors
/// Two buildable manifests are of one line; a calendar or a lock cannot be read.
pub fn lines(manifests: Vec<Manifest>, calendars: &mut Calendars) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for manifest in manifests {
        let calendar = calendars.of(&manifest.folder)?;
        let locked = Lock::load(&lock::path_of(manifest.path()))?;
        let locked = locked.and_then(|lock| ReleaseVersion::parse(&lock.version).ok());
        lines.push(Line { manifest, calendar, locked });
    }
    // By number: lts-6.6 comes before lts-6.12.
    lines.sort_by_cached_key(|line| {
        (line.series(), line.manifest.line.is_none(), line.key(), line.manifest.path().to_owned())
    });
    let mut problems = Vec::new();
    for (nth, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_preview()) {
        let first = lines[..nth].iter().find(|first| !first.is_preview() && first.key() == line.key());
        if let Some(first) = first {
            let span =
                line.manifest.line.as_ref().map_or(&line.manifest.release.name.span, |line| &line.id.span);
            problems.push(
                line.manifest
                    .problem(
                        format!("two manifests are of the line {}", line.key()),
                        span,
                        "the second is here",
                    )
                    .note(format!("the first is {}", first.manifest.path().display()))
                    .help(
                        "a line has one manifest: give one another `name` or another line; only a preview, \
                         `buildable = false`, may stand beside it",
                    ),
            );
        }
    }
    if problems.is_empty() { Ok(lines) } else { Err(Failure::manifest(problems)) }
}

/// The id of a manifest's line; of a manifest without one, the branch that its version is of.
fn id(manifest: &Manifest) -> String {
    match &manifest.line {
        Some(line) => line.id.value.clone(),
        None => of_version(&manifest.release.version.value),
    }
}

/// The id with the name of what is released, which no two lines share.
fn key(manifest: &Manifest) -> String {
    format!("{}/{}", manifest.release.name, id(manifest))
}

/// Which manifest the user means by `lts-6.12`, by `lustre-demo/lts-6.12` where several have a line of
/// that id, or by its path.
///
/// # Errors
/// There is none, or several.
pub fn find(manifests: &[&Manifest], wanted: &str) -> Result<usize, Problem> {
    let all = || manifests.iter().copied().enumerate();
    if let Some((nth, _)) = all().find(|(_, manifest)| manifest.path() == wanted) {
        return Ok(nth);
    }
    let meant: Vec<(usize, &Manifest)> =
        all().filter(|(_, manifest)| key(manifest) == wanted || id(manifest) == wanted).collect();
    // A preview does not make a line ambiguous.
    let products: Vec<usize> =
        meant.iter().filter(|(_, manifest)| manifest.release.buildable).map(|(nth, _)| *nth).collect();
    match (products.as_slice(), meant.as_slice()) {
        ([nth], _) | ([], [(nth, _)]) => Ok(*nth),
        ([], []) => {
            let known: Vec<String> = manifests.iter().copied().map(key).collect();
            let near = known.iter().map(|key| (strsim::damerau_levenshtein(key, wanted), key)).min();
            let problem = Problem::new(format!("there is no line `{wanted}`"));
            Err(match near {
                Some((distance, key)) if distance <= 3 => problem.help(format!("did you mean `{key}`?")),
                _ => problem.note(format!("known lines: {}", known.join(", "))),
            })
        }
        _ => {
            let problem = Problem::new(format!("several lines are called `{wanted}`"));
            let problem = meant.iter().fold(problem, |problem, (_, manifest)| {
                problem.note(format!("{}  {}", key(manifest), manifest.path().display()))
            });
            Err(problem.help("give the name with it, or the path of the manifest"))
        }
    }
}
