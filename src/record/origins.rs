// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `NAME-VERSION.origins.jsonl`: every member with its digest and where it comes from, one JSON
//! object a line, in the order of the tarball.

use serde::Serialize;

use crate::archive::Sum;
use crate::model::{BlobId, CommitId, Sha256};
use crate::plan::{Node, Origin, Plan};

#[derive(Serialize)]
struct Line<'a> {
    path: &'a str,
    r#type: &'static str,
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<Sha256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    #[serde(flatten)]
    origin: OriginFields<'a>,
}

/// Where a member comes from, as every JSON record says it.
#[derive(Debug, Serialize)]
pub struct OriginFields<'a> {
    /// `parent`, `blob`, `patched`, `template` or `record`.
    pub origin: &'static str,
    /// The layer that takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<&'a str>,
    /// The source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'a str>,
    /// The source's pinned commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<CommitId>,
    /// The path in the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<&'a str>,
    /// The blob, before any patch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blob: Option<BlobId>,
    /// The patches that changed it.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub patches: &'a [String],
    /// The template that it was rendered from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<&'a str>,
    /// Which record of the tool it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<&'static str>,
}

impl<'a> OriginFields<'a> {
    /// The fields of one entry of a plan.
    #[must_use]
    pub fn of(plan: &Plan, origin: &'a Origin) -> Self {
        let none = Self {
            origin: "parent",
            layer: None,
            source: None,
            commit: None,
            from: None,
            blob: None,
            patches: &[],
            template: None,
            record: None,
        };
        let commit = |source| Some(plan.locked.lock.pin(source).commit);
        match origin {
            Origin::Parent => none,
            Origin::Blob { layer, source, path, blob } => Self {
                origin: "blob",
                layer: Some(layer.as_str()),
                source: Some(source.as_str()),
                commit: commit(source),
                from: Some(path),
                blob: Some(*blob),
                ..none
            },
            Origin::Patched { layer, source, path, blob, patches } => Self {
                origin: "patched",
                layer: Some(layer.as_str()),
                source: Some(source.as_str()),
                commit: commit(source),
                from: Some(path),
                blob: *blob,
                patches,
                ..none
            },
            Origin::Template { file } => Self { origin: "template", template: Some(file), ..none },
            Origin::Record { what } => Self { origin: "record", record: Some(what.word()), ..none },
        }
    }
}

/// The type, mode and link target of a member, as every JSON record says them.
#[must_use]
pub fn type_mode_target(node: &Node) -> (&'static str, &'static str, Option<&str>) {
    match node {
        Node::Directory => ("directory", "0755", None),
        Node::Symlink { target } => ("symlink", "0777", Some(target)),
        Node::File { executable: true, .. } => ("file", "0755", None),
        Node::File { executable: false, .. } => ("file", "0644", None),
    }
}

/// The table's text. `members` are what was written for each of the plan's entries.
///
/// # Panics
/// Never: every line has a form in JSON.
#[must_use]
pub fn origins(plan: &Plan, members: &[Sum]) -> Vec<u8> {
    let mut out = Vec::with_capacity(plan.entries.len() * 256);
    for (entry, sum) in plan.entries.iter().zip(members) {
        let (kind, mode, target) = type_mode_target(&entry.node);
        let is_file = kind == "file";
        let line = Line {
            path: entry.path.as_str(),
            r#type: kind,
            mode,
            size: is_file.then_some(sum.size),
            sha256: is_file.then_some(sum.sha256),
            target,
            origin: OriginFields::of(plan, &entry.origin),
        };
        serde_json::to_writer(&mut out, &line).expect("a line has a form in JSON");
        out.push(b'\n');
    }
    out
}
