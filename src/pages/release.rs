// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The page of a release: its files and how to check them, what it was made from, what changed.

use serde::Serialize;

use super::changes::{Section, sections};
use super::commands;
use super::files::{Files, files};
use super::kernels::{Group, table};
use super::shown::{self, Line, Row};
use super::{Page, Release, Site, fill};
use crate::lock::SignatureState;
use crate::record::Description;
use crate::repository::layout;

#[derive(Serialize)]
struct ReleasePage<'a> {
    release: Row,
    line: Line,
    files: Files,
    description: &'a Description,
    sources: Vec<Source<'a>>,
    kernels: Vec<Group>,
    changes: Vec<Section>,
    commands: Commands,
}

/// Commands to copy.
#[derive(Serialize)]
struct Commands {
    fetch: String,
    /// The flag that it needs when the line is over.
    later: Option<&'static str>,
    plain: Option<String>,
    prove: Option<String>,
}

/// A source, with what is known of its signature in words.
#[derive(Serialize)]
struct Source<'a> {
    name: &'a str,
    /// The tag or branch, or what the manifest asked for.
    at: &'a str,
    tag: Option<String>,
    commit: String,
    tree: String,
    date: &'a str,
    signature: &'static str,
}

/// The page of a release.
#[must_use]
pub fn release(site: &Site, release: &Release) -> Page {
    let entry = &release.listed.entry;
    let id = entry.line.as_deref();
    let description = release.description;
    let sources = description.sources.iter().map(|(name, source)| Source {
        name,
        at: source.r#ref.as_deref().map_or(&source.wanted, short),
        tag: source.tag.map(|tag| tag.to_string()),
        commit: source.commit.to_string(),
        tree: source.tree.to_string(),
        date: &source.date,
        signature: match source.signature {
            SignatureState::NotAsked => "not asked for",
            SignatureState::Good(_) => "good",
            SignatureState::Missing => "missing",
            SignatureState::Bad(_) => "not good",
        },
    });
    let files = files(release);
    let commands = Commands {
        fetch: commands::fetch(site, &entry.title(), Some(entry)),
        later: commands::later(site, entry),
        plain: commands::plain(site, release, &files),
        prove: commands::prove(release),
    };
    let page = ReleasePage {
        release: shown::row(release.listed, shown::newest(site, id)),
        line: shown::line(site, id),
        files,
        description,
        sources: sources.collect(),
        kernels: table(description.kernels.as_ref()),
        changes: release.changes.map(sections).unwrap_or_default(),
        commands,
    };
    (layout::release_page(id, &entry.title()), fill(site, "release.html", "../", &page))
}

/// A ref as people write it.
fn short(name: &str) -> &str {
    ["refs/tags/", "refs/heads/", "refs/"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
}
