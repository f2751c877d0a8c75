// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! From the text of a manifest to a [`Manifest`], or to everything that is wrong with it.

mod agree;
mod layer;
mod line;
mod names;
mod paths;
mod release;
mod source;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::Manifest;
use super::document::document;
use super::grammar::MANIFEST;
use super::walk::Node;
use crate::model::{Problem, SourceName, SourceText};

/// Reads a manifest whose relative paths start from `folder`.
///
/// # Errors
/// Every problem of the file, in the file's order; never none. Where the TOML itself is broken,
/// only what can be told from the rest of the file is said about it, so that one lost quote is
/// one problem.
pub fn read(text: SourceText, folder: PathBuf) -> Result<Manifest, Vec<Problem>> {
    let text = Arc::new(text);
    document(&text, &MANIFEST, |root| manifest(root, &text, folder))
}

pub(super) fn manifest(root: &Node<'_>, text: &Arc<SourceText>, folder: PathBuf) -> Option<Manifest> {
    // Every part is read before any `?`, for the sake of its problems.
    root.integer::<u32>("schema");
    let release = root.table("release");
    let release = release.as_ref().and_then(release::release);
    let encoding = root.table("encoding").as_ref().map(release::encoding).unwrap_or_default();
    let line = root.table("line").map(|line| line::line(&line));
    let sources: Vec<_> = root.named("source").iter().map(source::source).collect();
    let layers: Vec<_> = root.tables("layer").iter().map(layer::layer).collect();
    let templates: Vec<_> = root.tables("template").iter().map(release::template).collect();
    let coverage = root.named_lists("coverage", paths::glob);
    let contains = root.table("contains").as_ref().map(release::contains).unwrap_or_default();
    let allow = root.table("allow").as_ref().map(release::allow).unwrap_or_default();
    agree::check(root, &templates);

    let sources: Option<Vec<_>> = sources.into_iter().collect();
    let coverage = coverage.into_iter().map(|(name, globs)| Some((SourceName::new(name.value)?, globs)));
    Some(Manifest {
        text: Arc::clone(text),
        folder,
        release: release?,
        encoding,
        line: match line {
            Some(line) => Some(line?),
            None => None,
        },
        sources: sources?.into_iter().map(|source| (source.name.value.clone(), source)).collect(),
        layers: layers.into_iter().collect::<Option<_>>()?,
        templates: templates.into_iter().collect::<Option<_>>()?,
        coverage: coverage.collect::<Option<BTreeMap<_, _>>>()?,
        contains,
        allow,
    })
}
