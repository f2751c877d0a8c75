// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! One of two releases: its members and what is known of each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Title;
use crate::model::{BlobId, CommitId, Failure, Problem, Sha256};
use crate::plan::{Plan, RECORDS};

/// A release as a table of members.
#[derive(Debug)]
pub struct Side {
    /// As the user named it.
    pub given: String,
    /// The top directory: `lustre-2.17.57`.
    pub title: String,
    /// The full version, where it is known.
    pub version: Option<String>,
    /// The sources, by name; none where a tarball carries no lock.
    pub sources: BTreeMap<String, SourceAt>,
    /// Whether a table of origins says which layer a file comes from.
    pub has_layers: bool,
    /// Files and links by their paths below the top directory.
    pub members: BTreeMap<String, Member>,
    pub(super) store: Store,
}

/// Where the bytes of a side's members can be read.
#[derive(Debug)]
pub(super) enum Store {
    /// In this tarball.
    Tarball(PathBuf),
    /// In the sources of this plan.
    Plan(Box<Plan>),
}

/// Where a source stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceAt {
    /// The tag, or what was asked for.
    pub name: String,
    /// The commit.
    pub commit: CommitId,
}

/// One file or link.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Member {
    /// Four octal digits.
    pub mode: String,
    /// The target, where it is a link.
    pub target: Option<String>,
    /// The digest of its bytes.
    pub sha256: Option<Sha256>,
    /// The id that git has for its bytes.
    pub blob: Option<BlobId>,
    /// The layer that it comes from.
    pub layer: Option<String>,
    /// The template that it was rendered from.
    pub template: Option<String>,
    /// Which record of the tool it is.
    pub record: Option<String>,
}

impl Side {
    pub(super) fn title(&self) -> Title {
        Title { given: self.given.clone(), title: self.title.clone(), version: self.version.clone() }
    }

    /// The templates by file, each with the digest of the copy that the release carries.
    pub(super) fn templates(&self) -> BTreeMap<String, Option<String>> {
        let names: BTreeSet<&String> =
            self.members.values().filter_map(|member| member.template.as_ref()).collect();
        names.into_iter().map(|name| (name.clone(), self.digest_of_input(name))).collect()
    }

    /// The patches and series by file, likewise.
    pub(super) fn patches(&self) -> BTreeMap<String, Option<String>> {
        let templates = self.templates();
        let start = format!("{RECORDS}/");
        self.members
            .iter()
            .filter(|(_, member)| member.record.as_deref() == Some("input"))
            .filter_map(|(path, _)| path.strip_prefix(&start))
            .filter(|file| !templates.contains_key(*file))
            .map(|file| (file.to_owned(), self.digest_of_input(file)))
            .collect()
    }

    fn digest_of_input(&self, file: &str) -> Option<String> {
        self.members.get(&format!("{RECORDS}/{file}"))?.sha256.map(|digest| digest.to_string())
    }
}

/// One line of a table of origins, inside a tarball or beside it.
#[derive(Debug, Deserialize)]
pub(super) struct OriginLine {
    pub(super) path: String,
    pub(super) r#type: Option<String>,
    pub(super) mode: Option<String>,
    pub(super) sha256: Option<Sha256>,
    pub(super) target: Option<String>,
    pub(super) origin: Option<String>,
    pub(super) layer: Option<String>,
    pub(super) blob: Option<BlobId>,
    pub(super) template: Option<String>,
    pub(super) record: Option<String>,
}

/// Reads a table of origins.
pub(super) fn origin_lines(name: &str, bytes: &[u8]) -> Result<Vec<OriginLine>, Failure> {
    let lines = bytes.split(|&byte| byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
    lines
        .map(|(nth, line)| {
            serde_json::from_slice(line).map_err(|error| {
                let problem = Problem::new(format!("`{name}` is not a table of origins"))
                    .note(format!("line {}: {error}", nth + 1))
                    .help("get the release again from where it was published");
                Failure::new(crate::model::Class::Verification, problem)
            })
        })
        .collect()
}
