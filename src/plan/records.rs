// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The tool's own members below `.lustre-dist/`: with them and the git repositories, anybody can
//! make the tarball again.

use std::sync::Arc;

use serde::Serialize;

use super::overlay::Entries;
use super::{Content, Entry, Node, Origin, RECORDS, RecordKind};
use crate::lock::Locked;
use crate::model::TarPath;

/// The name of the table of origins.
const ORIGINS: &str = "origins.jsonl";

/// One line of the table of origins. It has no digests: they follow from the pinned commits.
#[derive(Serialize)]
struct Line<'a> {
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    patches: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<&'static str>,
}

/// Adds the records. The manifest's folder is rebuilt below `.lustre-dist/`: patches and templates
/// keep their paths from it, so that the manifest works there as it is. The table of origins is
/// empty until [`add_table`].
pub(super) fn add(locked: &Locked, entries: &mut Entries, left_out: &[String]) {
    let mut put = |name: &str, what: RecordKind, bytes: &[u8]| {
        let path = TarPath::new(format!("{RECORDS}/{name}")).expect("the manifest's paths were checked");
        let node = Node::File { executable: false, content: Content::Bytes(Arc::from(bytes)) };
        entries.insert(Entry { path, node, origin: Origin::Record { what } });
    };
    put("manifest.toml", RecordKind::Manifest, locked.manifest.text.text.as_bytes());
    put("manifest.lock", RecordKind::Lock, locked.lock.to_text().as_bytes());
    for (path, bytes) in locked.inputs.iter() {
        put(path, RecordKind::Input, bytes);
    }
    if !left_out.is_empty() {
        let mut text = left_out.join("\n");
        text.push('\n');
        put("left-out", RecordKind::LeftOut, text.as_bytes());
    }
    // The table lists itself, so its line must be there before it is written.
    put(ORIGINS, RecordKind::Origins, b"");
}

/// Puts the table of origins into its place.
pub(super) fn add_table(entries: &mut Entries, table: Vec<u8>) {
    let name = format!("{RECORDS}/{ORIGINS}");
    let entry = entries.get_mut(&name).expect("its place is among the records");
    entry.node = Node::File { executable: false, content: Content::Bytes(Arc::from(table)) };
}

/// The table of origins: a line an entry.
pub(super) fn table(entries: &Entries) -> Vec<u8> {
    let mut out = Vec::new();
    for entry in entries.iter() {
        let path = entry.path.as_str();
        let mut line = Line { path, layer: None, from: None, patches: &[], template: None, record: None };
        match &entry.origin {
            Origin::Parent => continue,
            Origin::Blob { layer, path: from, .. } => {
                line.layer = Some(layer.as_str());
                // Where the path is the source's own it need not be said twice.
                line.from = (**from != *path).then_some(&**from);
            }
            Origin::Patched { layer, path: from, patches, .. } => {
                line.layer = Some(layer.as_str());
                line.from = (**from != *path).then_some(&**from);
                line.patches = patches;
            }
            Origin::Template { file } => line.template = Some(file),
            Origin::Record { what } => line.record = Some(what.word()),
        }
        serde_json::to_writer(&mut out, &line).expect("a line has a form in JSON");
        out.push(b'\n');
    }
    out
}
