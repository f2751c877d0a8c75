// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The small tables: `[release]`, `[encoding]`, `[[template]]`, `[contains]` and `[allow]`.

use super::super::walk::Node;
use super::{names, paths};
use crate::manifest::{Allow, Contains, Encoding, Format, Release, Template};
use crate::model::TarPath;
use crate::model::version::LustreVersion;

pub(super) fn release(table: &Node<'_>) -> Option<Release> {
    let name = table.parsed("name", names::release_name);
    let version = table.parsed("version", LustreVersion::parse);
    let respin = table.integer("respin");
    let primary = table.parsed("primary", names::source_name);
    let license = table.parsed("license", names::license);
    let mut formats = table.words("formats", Format::from_extension);
    let buildable = table.boolean("buildable").unwrap_or(true);
    let note = table.prose("note");
    let changelog = table.parsed("changelog", |text| TarPath::new(text));

    if formats.is_empty() {
        formats = vec![Format::Gzip, Format::Zstd, Format::Xz];
    }
    formats.sort_unstable();
    Some(Release {
        name: name?,
        version: version?,
        respin,
        primary: primary?,
        license: license?,
        formats,
        buildable,
        note,
        changelog,
    })
}

pub(super) fn encoding(table: &Node<'_>) -> Encoding {
    let level = |key, usual| table.integer(key).map_or(usual, |level| level.value);
    let usual = Encoding::default();
    Encoding { gzip: level("gzip", usual.gzip), zstd: level("zstd", usual.zstd), xz: level("xz", usual.xz) }
}

pub(super) fn template(table: &Node<'_>) -> Option<Template> {
    let file = table.parsed("file", paths::packed);
    let to = table.parsed("to", paths::tar_path);
    let executable = table.boolean("executable").unwrap_or(false);
    Some(Template { file: file?, to: to?, executable })
}

pub(super) fn contains(table: &Node<'_>) -> Contains {
    Contains { must: table.list("must", paths::glob), must_not: table.list("must-not", paths::glob) }
}

pub(super) fn allow(table: &Node<'_>) -> Allow {
    Allow {
        case_clashes: table.list("case-clashes", paths::glob),
        unicode_clashes: table.list("unicode-clashes", paths::glob),
        dangling_links: table.list("dangling-links", paths::glob),
    }
}
