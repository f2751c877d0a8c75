// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Symbolic links: relative, inside the tarball, and leading to something that is there.

use std::collections::BTreeSet;

use super::overlay::{Entries, words};
use super::{Entry, Node};
use crate::manifest::Manifest;
use crate::model::{Problem, TarPath};

/// How many links one path may pass through; the kernel's own limit (`path_resolution(7)`).
const MOST: usize = 40;

/// Where a link leads.
enum Lead {
    There,
    Nowhere(String),
    Outside,
    Loop,
}

/// Checks every link.
pub(super) fn check(
    manifest: &Manifest,
    entries: &Entries,
    dropped: &BTreeSet<TarPath>,
    problems: &mut Vec<Problem>,
) {
    for entry in entries.iter() {
        let Node::Symlink { target } = &entry.node else { continue };
        let path = &entry.path;
        let problem = |why: String| {
            Problem::new(format!("the link `{path}` {why}"))
                .note(format!("it points at `{target}`"))
                .note(words(&entry.origin))
        };
        if target.starts_with('/') {
            problems.push(
                problem("is absolute".to_owned())
                    .help("exclude it: it leads to another place on each machine"),
            );
            continue;
        }
        match lead(entries, entry, target) {
            Lead::There => {}
            Lead::Outside => {
                problems.push(problem("leaves the tarball".to_owned()).help("exclude it"));
            }
            Lead::Loop => problems.push(problem("leads back to itself".to_owned()).help("exclude it")),
            Lead::Nowhere(at) => {
                let declared = manifest.allow.dangling_links.iter().any(|glob| glob.covers(path.as_str()));
                if !declared && !dropped.contains(at.as_str()) {
                    problems
                        .push(problem(format!("leads nowhere: `{at}` is not in the tarball")).help(format!(
                        "take its target, exclude it, or name it in `[allow] dangling-links = [\"{path}\"]`"
                    )));
                }
            }
        }
    }
}

fn lead(entries: &Entries, link: &Entry, target: &str) -> Lead {
    let mut at: Vec<String> = link.path.as_str().split('/').map(str::to_owned).collect();
    at.pop();
    let mut todo: Vec<String> = target.split('/').rev().map(str::to_owned).collect();
    let mut followed = 0;
    while let Some(component) = todo.pop() {
        match component.as_str() {
            "" | "." => continue,
            ".." => {
                if at.pop().is_none() {
                    return Lead::Outside;
                }
                continue;
            }
            _ => at.push(component),
        }
        if let Some(Node::Symlink { target }) = entries.get(at.join("/").as_str()).map(|entry| &entry.node) {
            followed += 1;
            if followed > MOST {
                return Lead::Loop;
            }
            if target.starts_with('/') {
                return Lead::Outside;
            }
            at.pop();
            todo.extend(target.split('/').rev().map(str::to_owned));
        }
    }
    let path = at.join("/");
    if path.is_empty() || entries.get(&path).is_some() {
        return Lead::There;
    }
    let below = format!("{path}/");
    let has_children =
        entries.starting_at(&below).next().is_some_and(|next| next.path.as_str().starts_with(&below));
    if has_children { Lead::There } else { Lead::Nowhere(path) }
}
