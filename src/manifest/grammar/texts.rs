// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the strings of a manifest are.

use super::Text;

const fn text(what: &'static str, pattern: &'static str) -> Text {
    Text { what, pattern, words: &[] }
}

const fn words(what: &'static str, words: &'static [&'static str]) -> Text {
    Text { what, pattern: "", words }
}

pub(in crate::manifest) static NAME: Text = text("a name", "^[a-z0-9][a-z0-9.+-]{0,63}$");
pub(super) static SOURCE_NAME: Text = text("the name of a source", NAME.pattern);
pub(super) static VERSION: Text = text("a Lustre version", "^[0-9]+[.][0-9]+[.][0-9]+");
pub(super) static LICENSE: Text = text("an SPDX licence expression", "^[A-Za-z0-9.+:() -]+$");
pub(super) static FORMAT: Text = words("a format", &["tar", "tar.gz", "tar.zst", "tar.xz"]);
pub(super) static PROSE: Text = text("a text", "[^ ]");

pub(super) static LINE_ID: Text = text("the id of a line", "^(mainline|lts-[0-9]+[.][0-9]+)$");
pub(super) static SERIES: Text = text("a kernel series", "^[0-9]+[.][0-9]+$");
pub(super) static DATE: Text = text("a date", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$");
pub(super) static MONIKER: Text = words("the moniker of a series", &["longterm", "stable"]);
pub(super) static RANGE: Text = text("a range of kernels", "[0-9]");

pub(super) static REPOSITORY: Text = text("a git repository", "^[^ -]");
pub(super) static LOCAL: Text = text("a path", REPOSITORY.pattern);
pub(super) static TAG: Text = text("a tag or a pattern of tags", REF_NAME.pattern);
pub(super) static PATTERN: Text = text("a pattern of tags", "[*]");
pub(super) static OBJECT: Text = text("a full object id", "^[0-9a-f]{40}$");
pub(super) static ABBREVIATED: Text = text("a commit id", "^[0-9a-f]{7,40}$");
pub(super) static REF_NAME: Text = text("the name of a ref", "^[^ -][^ ]*$");
pub(super) static REF: Text = text("the full name of a ref", "^refs/[^ ]+$");
pub(super) static SIGNATURE: Text = words("a signature policy", &["required", "warn", "none"]);

pub(super) static GLOB: Text = text("a path or glob", "^[^/]");
pub(super) static DESTINATION: Text = text("a place that files can go to", "^[^/]");
pub(super) static TAR_PATH: Text = text("a path that a file can have", "^[^/](.*[^/])?$");
pub(super) static BESIDE: Text = text("a path below the manifest's folder", "^[^/](.*[^/])?$");
pub(super) static PACKED: Text = text("a path that a patch or template can have", BESIDE.pattern);
