// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The page of a line: its history, and the kernels of its newest release.

use std::collections::BTreeMap;

use serde::Serialize;

use super::kernels::{Group, table};
use super::shown::{self, Line, Row};
use super::{Page, Release, Site, commands, fill};
use crate::model::Sha256;
use crate::repository::layout;

#[derive(Serialize)]
struct LinePage {
    line: Line,
    latest: Option<Row>,
    releases: Vec<Row>,
    kernels: Vec<Group>,
    sums: String,
    fetch: Option<String>,
}

/// The page of a line, or of the releases that belong to none. `latest` is its newest release that
/// anybody should use, `files` every published file of the line.
///
/// Its links to the tarballs are what a `debian/watch` searches (uscan(1)).
#[must_use]
pub fn line(
    site: &Site,
    id: Option<&str>,
    latest: Option<&Release>,
    files: &BTreeMap<String, Sha256>,
) -> Page {
    let all = site.catalog.of(id).into_iter().rev();
    let newest = shown::newest(site, id);
    let shown = shown::line(site, id);
    let page = LinePage {
        fetch: latest.map(|release| commands::fetch_newest(site, &shown, &release.listed.entry)),
        line: shown,
        latest: latest.map(|release| shown::row(release.listed, newest)),
        releases: all.map(|listed| shown::row_with_tarballs(listed, newest, files)).collect(),
        kernels: table(latest.and_then(|release| release.description.kernels.as_ref())),
        sums: layout::sums(id),
    };
    (layout::line_page(id), fill(site, "line.html", "../", &page))
}
