// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `[[layer]]` and what is in it.

use std::collections::HashMap;

use super::super::walk::{Element, Node, shown};
use super::{names, paths};
use crate::manifest::{At, Carries, Destination, Exclude, Layer, PatchEntry, Take};
use crate::model::{PathGlob, Problem};

pub(super) fn layer(table: &Node<'_>) -> Option<Layer> {
    let name = table.parsed("name", names::layer_name);
    let source = table.parsed("source", names::source_name);
    let take: Vec<_> = table.elements("take").into_iter().map(|element| take(table, &element)).collect();
    let exclude: Vec<_> = table.tables("exclude").iter().map(exclude).collect();
    let replaces = table.list("replaces", paths::glob);
    let patches: Vec<_> = table.tables("patch").iter().map(patch).collect();

    check_repeats(table, take.iter().flatten());
    Some(Layer {
        name: name?,
        source: source?,
        take: take.into_iter().collect::<Option<_>>()?,
        exclude: exclude.into_iter().collect::<Option<_>>()?,
        replaces,
        patches: patches.into_iter().collect::<Option<_>>()?,
    })
}

fn take(layer: &Node<'_>, element: &Element<'_>) -> Option<Take> {
    let (from, to) = match element {
        Element::Text(field, text) => (layer.walk.meaning(field, text.clone(), paths::glob)?, None),
        Element::Table(table) => {
            let from = table.parsed("from", paths::glob);
            let to = table.parsed("to", paths::destination);
            (from?, to)
        }
    };
    check_landing(layer, &from, to.as_ref());
    Some(Take { from, to })
}

fn check_landing(layer: &Node<'_>, from: &At<PathGlob>, to: Option<&At<Destination>>) {
    match to.map(|to| (&to.value, &to.span)) {
        None if paths::is_reserved(from.as_str()) => {
            let problem = Problem::new(format!("`{from}` would land among the tool's own records"))
                .help("give it another place with `to`, or leave it out");
            layer.walk.report(&from.span, "reserved in the tarball", problem);
        }
        Some((Destination::Name(to), span)) if paths::has_wildcard(from.as_str()) => {
            let problem = Problem::new(format!("`{from}` can match many files, and `{to}` names one"))
                .help(format!("write `to = \"{to}/\"` for a directory"));
            layer.walk.report(span, "expected a directory, with `/` at its end", problem);
        }
        _ => {}
    }
}

/// The first take that covers a file takes it, so a second one of the same text does nothing.
fn check_repeats<'t>(layer: &Node<'_>, takes: impl Iterator<Item = &'t Take>) {
    let mut seen = HashMap::new();
    for take in takes {
        if let Some(first) = seen.insert(take.from.as_str(), take.from.span.start) {
            let problem = Problem::new(format!("{} is taken twice in one layer", shown(take.from.as_str())));
            layer.walk.report(
                &take.from.span,
                format!("the first is on line {}", layer.walk.line(first)),
                problem,
            );
        }
    }
}

fn exclude(table: &Node<'_>) -> Option<Exclude> {
    let glob = table.parsed("glob", paths::glob);
    let reason = table.prose("reason");
    Some(Exclude { glob: glob?, reason: reason?.value })
}

fn patch(table: &Node<'_>) -> Option<PatchEntry> {
    let file = table.parsed("file", paths::packed);
    let series = table.parsed("series", paths::packed);
    let upstream = table.parsed("upstream", |text| names::abbreviated(text).map(Carries::Upstream));
    let reason = table.prose("reason").map(|reason| Carries::Reason(reason.value));
    let offsets = table.boolean("offsets").unwrap_or(false);
    let is_series = file.is_none();
    Some(PatchEntry {
        path: file.or(series)?,
        is_series,
        carries: upstream.map(|upstream| upstream.value).or(reason)?,
        offsets,
    })
}
