// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! From the text of a manifest to a [`Manifest`], or to everything that is wrong with it.

mod agree;
mod brackets;
mod layer;
mod line;
mod names;
mod paths;
mod release;
mod source;
mod syntax;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::Manifest;
use super::grammar::{MANIFEST, Table};
use super::walk::{Node, Walk};
use crate::model::{Problem, SourceName, SourceText};

pub(super) use syntax::Torn;

/// The newest `schema` that this reader knows.
const SCHEMA: u32 = 1;

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

/// Holds a file against its grammar and reads it.
pub(super) fn document<T>(
    text: &Arc<SourceText>,
    grammar: &'static Table,
    read: impl FnOnce(&Node<'_>) -> Option<T>,
) -> Result<T, Vec<Problem>> {
    let (document, errors) = DeTable::parse_recoverable(&text.text);
    let (torn, mut problems) = syntax::problems(text, errors);
    if let Some(problem) = from_the_future(text, grammar, document.get_ref()) {
        return Err(vec![problem]);
    }
    let walk = Walk::new(Arc::clone(text), torn);
    let root = Node::root(&walk, grammar, document.get_ref());
    root.check();
    let value = read(&root);
    problems.extend(walk.into_problems());
    match value {
        Some(value) if problems.is_empty() => Ok(value),
        _ => {
            problems.sort_by_key(|problem| problem.place.as_ref().map(|place| place.span.start));
            Err(problems)
        }
    }
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

/// A file of a later schema may have anything in it: that it is one is all there is to say.
fn from_the_future(
    text: &Arc<SourceText>,
    grammar: &'static Table,
    document: &DeTable<'_>,
) -> Option<Problem> {
    let value = document.get("schema")?;
    let DeValue::Integer(schema) = value.get_ref() else { return None };
    let newer = schema.as_str().parse::<u64>().is_ok_and(|schema| schema > u64::from(SCHEMA));
    newer.then(|| {
        Problem::new(format!("{} has schema {schema}", grammar.header))
            .at(text, value.span(), format!("this lustre-dist reads schema {SCHEMA}"))
            .help("it was written for a newer lustre-dist: update the tool")
    })
}
