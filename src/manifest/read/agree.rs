// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Whether the tables agree with each other: names that are referred to, used, and not shared.

use std::collections::{BTreeSet, HashMap};

use super::super::grammar::backticked;
use super::super::walk::{Node, nearest, shown};
use crate::manifest::{At, Template};
use crate::model::Problem;

/// Works on the names as they are written, so that a fault elsewhere in a source or layer does
/// not make its name unknown.
pub(super) fn check(root: &Node<'_>, templates: &[Option<Template>]) {
    let sources = root.names("source");
    let names: BTreeSet<&str> = sources.iter().map(|name| name.value).collect();
    let layers = root.tables("layer");
    let release = root.table("release");
    let primary = release.as_ref().and_then(|release| release.text("primary"));
    let used: Vec<At<&str>> = layers.iter().filter_map(|layer| layer.text("source")).collect();
    let coverage = root.named_lists("coverage", |_| Ok::<_, &str>(()));

    let misspelled = root.is_misspelled("source") || root.is_misspelled("layer");
    let mut all_known = !misspelled;
    for name in primary.iter().chain(&used).chain(coverage.iter().map(|(name, _)| name)) {
        all_known &= misspelled || known(root, &names, name);
    }
    // A layer whose source is missing or misspelled may be the one that uses it.
    if all_known && primary.is_some() && !layers.is_empty() && used.len() == layers.len() {
        let used: BTreeSet<&str> = primary.iter().chain(&used).map(|name| name.value).collect();
        for name in sources.iter().filter(|name| !used.contains(name.value)) {
            let problem = Problem::new(format!("no layer uses the source {}", shown(name.value)))
                .help("take something from it, or remove it");
            root.walk.report_absent(&name.span, "not used", problem);
        }
    }
    let layer_names = layers.iter().filter_map(|layer| layer.text("name"));
    distinct(root, layer_names, |name| format!("two layers are called {name}"));
    let places = templates
        .iter()
        .flatten()
        .map(|template| At { value: template.to.as_str(), span: template.to.span.clone() });
    distinct(root, places, |place| format!("two templates go to {place}"));
}

/// Whether there is a source of that name, or none at all, which is one problem and not many.
fn known(root: &Node<'_>, names: &BTreeSet<&str>, name: &At<&str>) -> bool {
    if names.is_empty() || names.contains(name.value) {
        return true;
    }
    let label = match nearest(name.value, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there is no {}", shown(&format!("[source.{}]", name.value))),
    };
    let names: Vec<&str> = names.iter().copied().collect();
    let problem = Problem::new(format!("unknown source {}", shown(name.value)))
        .note(format!("known sources: {}", backticked(&names)));
    root.walk.report_absent(&name.span, label, problem);
    false
}

fn distinct<'t>(root: &Node<'_>, all: impl Iterator<Item = At<&'t str>>, title: impl Fn(String) -> String) {
    let mut seen = HashMap::new();
    for At { value, span } in all {
        if let Some(&first) = seen.get(value) {
            let label = format!("the first is on line {}", root.walk.line(first));
            root.walk.report(&span, label, Problem::new(title(shown(value))));
        } else {
            seen.insert(value, span.start);
        }
    }
}
