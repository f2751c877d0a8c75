// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A release that was not made: the plan of a manifest.

use std::collections::{BTreeMap, BTreeSet};

use gix::objs::Kind;

use super::lines::LARGEST;
use super::side::{Member, Side, SourceAt, Store};
use crate::model::{BlobId, Failure, Problem, Sha256, SourceName};
use crate::plan::{Content, Entry, Node, Plan};
use crate::record::{OriginFields, type_mode_target};
use crate::source::Objects;

/// A plan as a side. Objects that are missing matter only where they must be read.
#[must_use]
pub fn planned(given: String, plan: Plan) -> Side {
    let mut members = BTreeMap::new();
    for entry in plan.entries.iter().filter(|entry| entry.node != Node::Directory) {
        let (_, mode, target) = type_mode_target(&entry.node);
        let origin = OriginFields::of(&plan, &entry.origin);
        let (sha256, blob) = match &entry.node {
            Node::File { content: Content::Blob(_, blob), .. } => (None, Some(*blob)),
            Node::File { content: Content::Bytes(bytes), .. } => (Some(Sha256::of(bytes)), blob_of(bytes)),
            _ => (None, None),
        };
        members.insert(
            entry.path.to_string(),
            Member {
                mode: mode.to_owned(),
                target: target.map(str::to_owned),
                sha256,
                blob,
                layer: origin.layer.map(str::to_owned),
                template: origin.template.map(str::to_owned),
                record: origin.record.map(str::to_owned),
            },
        );
    }
    let lock = &plan.locked.lock;
    Side {
        given,
        title: plan.title.clone(),
        version: Some(lock.version.clone()),
        sources: lock
            .source
            .iter()
            .map(|(name, pin)| {
                let at =
                    SourceAt { name: pin.tag_name().unwrap_or(&pin.wanted).to_owned(), commit: pin.commit };
                (name.clone(), at)
            })
            .collect(),
        has_layers: true,
        members,
        store: Store::Plan(Box::new(plan)),
    }
}

/// The id that git gives to these bytes; none where its hasher sees an attack.
fn blob_of(bytes: &[u8]) -> Option<BlobId> {
    gix::objs::compute_hash(gix::hash::Kind::Sha1, Kind::Blob, bytes).ok().map(BlobId)
}

/// The digest of one file's bytes; none where its object is missing.
pub(super) fn sha256(plan: &Plan, path: &str) -> Result<Option<Sha256>, Failure> {
    let Some(entry) = plan.entries.iter().find(|entry| entry.path.as_str() == path) else { return Ok(None) };
    Ok(bytes_of(plan, entry, &mut BTreeMap::new())?.map(|bytes| Sha256::of(&bytes)))
}

/// The bytes of these files; those that are missing or too large to be compared by lines are left out.
pub(super) fn contents(plan: &Plan, wanted: &BTreeSet<String>) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let mut found = BTreeMap::new();
    let mut readers = BTreeMap::new();
    for entry in plan.entries.iter().filter(|entry| wanted.contains(entry.path.as_str())) {
        if let Some(bytes) = bytes_of(plan, entry, &mut readers)?
            && bytes.len() as u64 <= LARGEST
        {
            found.insert(entry.path.to_string(), bytes);
        }
    }
    Ok(found)
}

fn bytes_of<'p>(
    plan: &'p Plan,
    entry: &'p Entry,
    readers: &mut BTreeMap<&'p SourceName, Objects>,
) -> Result<Option<Vec<u8>>, Failure> {
    let (source, blob) = match &entry.node {
        Node::File { content: Content::Bytes(bytes), .. } => return Ok(Some(bytes.to_vec())),
        Node::File { content: Content::Blob(source, blob), .. } => (source, blob),
        Node::Directory | Node::Symlink { .. } => return Ok(None),
    };
    let open = &plan.locked.sources[source];
    let objects = readers.entry(source).or_insert_with(|| open.repository.objects());
    if !objects.contains(blob.0) {
        return Ok(None);
    }
    let mut buffer = Vec::new();
    objects.read(blob.0, Kind::Blob, &mut buffer).map_err(|fault| {
        Problem::new(format!("the object of `{}` {fault}", entry.path))
            .note(format!("blob {blob}"))
            .note(open.describe())
            .help("fetch the repository anew: `git fsck` there tells what else is damaged")
            .into_source()
    })?;
    Ok(Some(buffer))
}
