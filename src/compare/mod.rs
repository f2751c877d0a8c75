// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Two releases side by side: what is in one and not in the other, layer by layer.
//!
//! A [`Side`] is a release directory (`directory`), a tarball (`tarball`) or the plan of a manifest
//! (`planned`); each gives the same table of members. [`compare`] holds two tables against each other,
//! and [`Comparison::count_lines`] reads the texts that differ (`lines`). Nothing is proven here: the
//! records of a release are believed.

#![allow(clippy::disallowed_methods, reason = "release directories and tarballs are read here")]

mod bytes;
mod directory;
mod lines;
mod planned;
mod side;
mod tarball;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::Failure;
use crate::plan::RECORDS;

pub use directory::open_directory;
pub use lines::Lines;
pub use planned::planned;
pub use side::{Member, Side, SourceAt};
pub use tarball::open_tarball;

/// The layer that files without one are shown under: rendered templates, and all files of a tarball
/// that has no table of origins.
pub const NO_LAYER: &str = "-";

/// What differs between two releases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The first release.
    pub before: Title,
    /// The second.
    pub after: Title,
    /// The sources that are at another commit, or on one side only.
    pub sources: Vec<SourceDifference>,
    /// The numbers of every layer in which something differs.
    pub layers: BTreeMap<String, Counts>,
    /// The numbers of all.
    pub totals: Counts,
    /// The files that differ, by path.
    pub files: Vec<FileDifference>,
    /// The patches that differ, by file.
    pub patches: Vec<InputDifference>,
    /// The templates that differ, by file.
    pub templates: Vec<InputDifference>,
}

/// One of two releases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Title {
    /// As the user named it.
    pub given: String,
    /// The top directory: `lustre-2.17.57`.
    pub title: String,
    /// The full version, where it is known.
    pub version: Option<String>,
}

/// One source on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceDifference {
    /// Its name.
    pub name: String,
    /// What the first release has of it.
    pub before: Option<SourceAt>,
    /// What the second has.
    pub after: Option<SourceAt>,
}

/// What differs in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It is in the second release only.
    Added,
    /// It is in the first release only.
    Removed,
    /// Its bytes, the target of the link, or whether it is a link.
    Content,
    /// Its mode.
    Mode,
    /// The layer that it comes from.
    Layer,
}

/// One file that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileDifference {
    /// Its path below the top directory.
    pub path: String,
    /// What differs; never empty.
    pub what: Vec<Kind>,
    /// Its layer in the first release.
    pub layer_before: Option<String>,
    /// Its layer in the second.
    pub layer_after: Option<String>,
    /// Its mode in the first release.
    pub mode_before: Option<String>,
    /// Its mode in the second.
    pub mode_after: Option<String>,
    /// How many lines differ; none where they were not counted, or it is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<Lines>,
}

impl FileDifference {
    /// The layer that it is counted in: that of the second release, if it is there.
    #[must_use]
    pub fn layer(&self) -> &str {
        self.layer_after.as_deref().or(self.layer_before.as_deref()).unwrap_or(NO_LAYER)
    }
}

/// Numbers of files that differ. One file can count as changed, mode and moved at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Files of the second release only.
    pub added: usize,
    /// Files of the first release only.
    pub removed: usize,
    /// Files with other bytes.
    pub changed: usize,
    /// Files with another mode.
    pub mode: usize,
    /// Files that another layer takes.
    pub moved: usize,
    /// Lines of texts that are new.
    pub lines_added: usize,
    /// Lines of texts that are gone.
    pub lines_removed: usize,
}

impl Counts {
    fn count(&mut self, file: &FileDifference) {
        for what in &file.what {
            match what {
                Kind::Added => self.added += 1,
                Kind::Removed => self.removed += 1,
                Kind::Content => self.changed += 1,
                Kind::Mode => self.mode += 1,
                Kind::Layer => self.moved += 1,
            }
        }
        if let Some(lines) = file.lines {
            self.lines_added += lines.added;
            self.lines_removed += lines.removed;
        }
    }
}

/// What became of a patch or template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InputDifference {
    /// The file, from the manifest's folder.
    pub file: String,
    /// Added, removed, or changed in content.
    pub what: Kind,
}

/// Holds two releases against each other.
///
/// # Errors
/// A file that must be read for it cannot be.
pub fn compare(before: &Side, after: &Side) -> Result<Comparison, Failure> {
    let paths: BTreeSet<&String> = before.members.keys().chain(after.members.keys()).collect();
    let mut files = Vec::new();
    for path in paths {
        // The tool's own records always differ; what they say is told apart.
        if path.as_str() == RECORDS || path.starts_with(&format!("{RECORDS}/")) {
            continue;
        }
        let (was, is) = (before.members.get(path), after.members.get(path));
        let what = match (was, is) {
            (None, None) => continue,
            (None, Some(_)) => vec![Kind::Added],
            (Some(_), None) => vec![Kind::Removed],
            (Some(was), Some(is)) => {
                let mut what = Vec::new();
                if !bytes::same(path, (before, was), (after, is))? {
                    what.push(Kind::Content);
                }
                if was.mode != is.mode && was.target.is_some() == is.target.is_some() {
                    what.push(Kind::Mode);
                }
                // Where one side has no table of origins, nothing is known.
                if was.layer != is.layer && before.has_layers && after.has_layers {
                    what.push(Kind::Layer);
                }
                what
            }
        };
        if !what.is_empty() {
            files.push(FileDifference {
                path: path.clone(),
                what,
                layer_before: was.and_then(|member| member.layer.clone()),
                layer_after: is.and_then(|member| member.layer.clone()),
                mode_before: was.map(|member| member.mode.clone()),
                mode_after: is.map(|member| member.mode.clone()),
                lines: None,
            });
        }
    }
    let mut comparison = Comparison {
        before: before.title(),
        after: after.title(),
        sources: sources(before, after),
        layers: BTreeMap::new(),
        totals: Counts::default(),
        files,
        patches: inputs(&before.patches(), &after.patches()),
        templates: inputs(&before.templates(), &after.templates()),
    };
    comparison.sum_up();
    Ok(comparison)
}

impl Comparison {
    fn sum_up(&mut self) {
        self.layers.clear();
        self.totals = Counts::default();
        for file in &self.files {
            self.totals.count(file);
            self.layers.entry(file.layer().to_owned()).or_default().count(file);
        }
    }

    /// Counts the lines of every text that differs.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn count_lines(&mut self, before: &Side, after: &Side) -> Result<(), Failure> {
        let wanted = |kinds: &[Kind]| -> BTreeSet<String> {
            let differs = |file: &&FileDifference| file.what.iter().any(|what| kinds.contains(what));
            self.files.iter().filter(differs).map(|file| file.path.clone()).collect()
        };
        let old = bytes::contents(before, &wanted(&[Kind::Removed, Kind::Content]))?;
        let new = bytes::contents(after, &wanted(&[Kind::Added, Kind::Content]))?;
        for file in &mut self.files {
            let (was, is) = (old.get(&file.path), new.get(&file.path));
            let both = file.what.contains(&Kind::Content);
            // One side that is too large to be held is not a file that came or went.
            if (was.is_some() || is.is_some()) && (!both || was.is_some() && is.is_some()) {
                let text = |bytes: Option<&Vec<u8>>| bytes.map_or(&[][..], Vec::as_slice).to_vec();
                file.lines = lines::count(&text(was), &text(is));
            }
        }
        self.sum_up();
        Ok(())
    }
}

fn sources(before: &Side, after: &Side) -> Vec<SourceDifference> {
    let names: BTreeSet<&String> = before.sources.keys().chain(after.sources.keys()).collect();
    names
        .into_iter()
        .map(|name| SourceDifference {
            name: name.clone(),
            before: before.sources.get(name).cloned(),
            after: after.sources.get(name).cloned(),
        })
        .filter(|source| {
            source.before.as_ref().map(|at| at.commit) != source.after.as_ref().map(|at| at.commit)
        })
        .collect()
}

fn inputs(
    before: &BTreeMap<String, Option<String>>,
    after: &BTreeMap<String, Option<String>>,
) -> Vec<InputDifference> {
    let files: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    files
        .into_iter()
        .filter_map(|file| {
            let what = match (before.get(file), after.get(file)) {
                (None, _) => Kind::Added,
                (_, None) => Kind::Removed,
                (Some(was), Some(is)) if was != is => Kind::Content,
                _ => return None,
            };
            Some(InputDifference { file: file.clone(), what })
        })
        .collect()
}
