// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The sources that are at hand: opened, held against the lock's pins, and their trees listed. The
//! network is never asked.

use std::collections::BTreeMap;

use super::carried::Carried;
use super::finding::{Finding, Findings, Step};
use crate::lock::Pin;
use crate::manifest::{Location, Manifest, Source};
use crate::model::{PathGlob, Problem, SourceName};
use crate::source::{
    self, Listing, Network, ObjectFault, OpenSource, Places, Tip, is_url, read_commit, read_tip, tree,
};

/// A source of the manifest.
#[derive(Debug)]
pub enum Standing {
    /// At hand, with the commit that the lock pins and the files of its tree.
    Here(Box<OpenSource>, Listing),
    /// Not at hand, and why: nothing that comes from it can be proven.
    Away(String),
}

/// Every source of a manifest.
pub type Sources = BTreeMap<SourceName, Standing>;

/// Opens what can be opened: where `--source` points, and the mirrors in the cache.
pub fn open(carried: &Carried, places: &Places, findings: &mut Findings) -> Sources {
    let manifest = &carried.manifest;
    let mut places = places.clone();
    places.network = Network::Offline;
    for name in places.overrides.keys().filter(|name| !manifest.sources.contains_key(*name)) {
        let known: Vec<&str> = manifest.sources.keys().map(SourceName::as_str).collect();
        findings.push(Finding::new(
            Step::Sources,
            Problem::new(format!("`--source {name}=...` names a source that the release does not have"))
                .note(format!("it has {}", known.join(", "))),
        ));
    }
    manifest
        .sources
        .iter()
        .map(|(name, source)| (name.clone(), one(carried, source, &places, findings)))
        .collect()
}

fn one(carried: &Carried, source: &Source, places: &Places, findings: &mut Findings) -> Standing {
    let (manifest, name) = (&carried.manifest, &source.name.value);
    let given = places.overrides.contains_key(name);
    // What the manifest says of places on its author's machine says nothing about this one.
    let remote = matches!(&source.location, Location::Git { url, .. } if is_url(&url.value));
    let Some(pin) = carried.lock.source.get(name.as_str()) else {
        return Standing::Away("the lock does not pin it".to_owned());
    };
    if !given && !remote {
        return Standing::Away(format!("no --source for {name}"));
    }
    let open = match source::open(manifest, source, places) {
        Ok(open) => open,
        Err(_) if !given => {
            return Standing::Away(format!(
                "no --source for {name}, and no mirror in the cache that can be read"
            ));
        }
        Err(failure) => {
            findings.all.extend(failure.problems.into_iter().map(|p| Finding::new(Step::Sources, p)));
            return Standing::Away(format!("the source {name} cannot be read"));
        }
    };
    let objects = open.repository.objects();
    let commit = match read_commit(&objects, pin.commit.0) {
        Ok(commit) => commit,
        Err(ObjectFault::Missing) if !given => {
            return Standing::Away(format!(
                "no --source for {name}, and the mirror in the cache lacks the commit"
            ));
        }
        Err(fault) => {
            findings.push(Finding::new(
                Step::Sources,
                Problem::new(format!("the commit of source `{name}` {fault}"))
                    .note(format!("commit {}", pin.commit))
                    .note(open.describe())
                    .help("fetch it there, or give another clone with `--source NAME=PATH`"),
            ));
            return Standing::Away(format!("the source {name} lacks the commit"));
        }
    };
    let mut differ = |what: &str, locked: String, found: String| {
        if locked != found {
            findings.push(
                Finding::new(
                    Step::Sources,
                    Problem::new(format!(
                        "the lock of source `{name}` contradicts its commit: another {what}"
                    ))
                    .note(format!("locked  {locked}"))
                    .note(format!("found   {found}  in commit {}", pin.commit))
                    .note(open.describe()),
                )
                .member(".lustre-dist/manifest.lock"),
            );
        }
    };
    differ("tree", pin.tree.to_string(), commit.tree.to_string());
    differ("date", pin.date.to_string(), commit.date.to_string());
    tag(source, pin, &open, findings);
    let listing = list(manifest, name, &open, commit.tree, findings);
    let at = pin.tag_name().unwrap_or(&pin.wanted);
    findings.checked(
        Step::Sources,
        format!("{name} {at}, commit {}, in {}", pin.commit, open.repository.path().display()),
    );
    Standing::Here(Box::new(open), listing)
}

/// Holds the tag that the lock pins against the source's: the object itself, the name in it, the
/// commit that it tags, and that the ref still leads to it.
fn tag(source: &Source, pin: &Pin, open: &OpenSource, findings: &mut Findings) {
    let name = &source.name.value;
    let wrong = |problem: Problem| Finding::new(Step::Sources, problem.note(open.describe()));
    if let Some(id) = pin.tag {
        match read_tip(&open.repository.objects(), id.0) {
            Ok(Tip::Tagged(tag, commit)) => {
                let expected = match (&source.tag_object_name, pin.tag_name()) {
                    (Some(name), _) => name.value.clone(),
                    (None, Some(name)) => name.to_owned(),
                    (None, None) => tag.name.clone(),
                };
                if commit.id != pin.commit || tag.name != expected {
                    findings.push(wrong(
                        Problem::new(format!("the tag object of source `{name}` is another tag"))
                            .note(format!("locked  {expected}  commit {}", pin.commit))
                            .note(format!("found   {}  commit {}  in the object {id}", tag.name, commit.id)),
                    ));
                }
            }
            Ok(Tip::Commit(_)) => findings.push(wrong(
                Problem::new(format!("the tag object of source `{name}` is a commit"))
                    .note(format!("locked  tag {id}")),
            )),
            Err(fault) if fault.fault == ObjectFault::Missing => findings.not_checked(
                Step::Sources,
                format!("the tag object {id} of {name}, which the clone does not have"),
            ),
            Err(fault) => findings.push(wrong(
                Problem::new(format!("the tag object of source `{name}` cannot be used: {fault}"))
                    .note(format!("locked  tag {id}")),
            )),
        }
    }
    let Some(tag) = pin.tag_name() else { return };
    if let Ok(Some(found)) = open.repository.find_ref(&format!("refs/tags/{tag}")) {
        let locked = pin.tag.map_or(pin.commit.0, |tag| tag.0);
        if found != locked {
            findings.push(wrong(
                Problem::new(format!("the tag `{tag}` of source `{name}` moved since the release was made"))
                    .note(format!("locked  {locked}"))
                    .note(format!("found   {found}"))
                    .help("ask upstream why; a tag that moved can be an attack"),
            ));
        }
    }
}

/// Lists the tree where a take or the coverage may want something.
fn list(
    manifest: &Manifest,
    name: &SourceName,
    open: &OpenSource,
    root: crate::model::TreeId,
    findings: &mut Findings,
) -> Listing {
    let layers = || manifest.layers.iter().filter(|layer| layer.source.value == *name);
    let takes: Vec<&PathGlob> = layers().flat_map(|layer| &layer.take).map(|take| &take.from.value).collect();
    let covered: Vec<&PathGlob> =
        manifest.coverage.get(name).into_iter().flatten().map(|glob| &glob.value).collect();
    let wanted = |dir: &str| takes.iter().chain(&covered).any(|glob| glob.may_cover_below(dir));
    let listing = tree::list(&open.repository.objects(), root, &wanted);
    for fault in &listing.faults {
        let taken = takes.iter().any(|glob| glob.covers(&fault.path))
            && !layers().flat_map(|layer| &layer.exclude).any(|exclude| exclude.glob.covers(&fault.path));
        if fault.structural || taken {
            findings.push(Finding::new(
                Step::Sources,
                Problem::new(format!("the entry `{}` {}", fault.path, fault.what))
                    .note(format!("object {}", fault.id))
                    .note(open.describe()),
            ));
        }
    }
    listing
}
