// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the tarball must hold: read off the manifest's rules and the trees of the pinned commits,
//! once more and apart from `plan`, so that one mistake cannot hide in both.
//!
//! Where a source is not at hand, the table of origins inside the tarball stands in for its tree: each
//! line is held against the manifest's rules, and what it claims beyond them stays unproven.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::carried::{Carried, Claim};
use super::expected::{Expected, Files, Offset, Origin, Taken, What, lands};
use super::finding::{Finding, Findings, Step};
use super::replay;
use super::sources::{Sources, Standing};
use super::table;
use crate::manifest::Layer;
use crate::model::{Problem, SourceName, TarPath};
use crate::plan::{RECORDS, render_template};
use crate::source::{BlobMode, Listing};

/// Everything that must be in the tarball, and what the records must say of it.
#[derive(Debug, Default)]
pub struct Expectation {
    /// What must be at each path; nothing else may be anywhere.
    pub members: BTreeMap<TarPath, Expected>,
    /// Hunks that were applied off their stated line.
    pub offsets: Vec<Offset>,
    /// How many files of each layer there are.
    pub files_of: BTreeMap<String, usize>,
    /// How many tracked files are left out, where every source is at hand to tell.
    pub excluded: Option<usize>,
    /// Where left-out files would have been: what points there need not lead anywhere.
    pub dropped: BTreeSet<String>,
    /// Whether these are all: of a partial release only its sources can tell.
    pub knows_dropped: bool,
}

/// Works out what the tarball must hold.
pub fn expect(carried: &Carried, sources: &Sources, findings: &mut Findings) -> Expectation {
    let mut all = Expectation::default();
    let mut excluded = Some(0);
    let mut layers: Vec<(&Layer, Option<Files>)> = Vec::new();
    for layer in &carried.manifest.layers {
        let files = match &sources[&layer.source.value] {
            Standing::Here(open, listing) => {
                let mut files = select(carried, layer, listing, &mut all.dropped, findings);
                replay::patches(carried, layer, open, &mut files, &mut all.offsets, findings);
                Some(files)
            }
            Standing::Away(_) => {
                excluded = None;
                None
            }
        };
        layers.push((layer, files));
    }
    if let Some(count) = &mut excluded {
        for (name, standing) in sources {
            let Standing::Here(_, listing) = standing else { continue };
            *count += listing.files.iter().filter(|file| is_excluded(&layers, name, file)).count();
        }
    }
    all.excluded = excluded;
    all.knows_dropped = carried.left_out.is_empty() || excluded.is_some();
    for (layer, files) in layers {
        match files {
            Some(files) => lay(layer, files, &mut all, findings),
            None => believe(carried, layer, &mut all, findings),
        }
    }
    for expected in all.members.values() {
        if let Origin::Source { layer, .. } = &expected.origin {
            *all.files_of.entry(layer.to_string()).or_default() += 1;
        }
    }
    templates(carried, &mut all, findings);
    records(carried, &mut all);
    directories(&mut all);
    all
}

fn wrong(problem: Problem, path: &str) -> Finding {
    Finding::new(Step::Members, problem).member(path)
}

/// The files that a layer takes: of each file the first take that covers it, unless it is excluded or
/// was left out.
fn select(
    carried: &Carried,
    layer: &Layer,
    listing: &Listing,
    dropped: &mut BTreeSet<String>,
    findings: &mut Findings,
) -> Files {
    let mut files = Files::new();
    for file in &listing.files {
        let Some(take) = layer.take.iter().find(|take| take.from.covers(&file.path)) else { continue };
        if layer.exclude.iter().any(|exclude| exclude.glob.covers(&file.path)) {
            continue;
        }
        let text = lands(take, &file.path);
        if carried.left_out.iter().any(|glob| glob.covers(&file.path) || glob.covers(&text)) {
            dropped.insert(text);
            continue;
        }
        match TarPath::new(text.as_str()) {
            Ok(to) => {
                let taken =
                    Taken { to, mode: file.mode, blob: Some(file.blob), bytes: None, patches: Vec::new() };
                files.insert(file.path.to_string(), taken);
            }
            Err(fault) => findings.push(wrong(
                Problem::new(format!("`{}` of source `{}` cannot be at `{text}`", file.path, layer.source))
                    .note(format!("the path {fault}")),
                &text,
            )),
        }
    }
    files
}

/// Whether a tracked file is not in the tarball and a rule is why.
fn is_excluded(
    layers: &[(&Layer, Option<Files>)],
    source: &SourceName,
    file: &crate::source::TreeFile,
) -> bool {
    let of_source = || layers.iter().filter(|(layer, _)| layer.source.value == *source);
    let is_in = of_source().any(|(_, files)| {
        let taken = files.as_ref().and_then(|files| files.get(&*file.path));
        taken.is_some_and(|taken| taken.blob == Some(file.blob))
    });
    !is_in
        && of_source().any(|(layer, _)| {
            layer.take.iter().any(|take| take.from.covers(&file.path))
                || layer.exclude.iter().any(|exclude| exclude.glob.covers(&file.path))
        })
}

/// Puts one layer over those before it.
fn lay(layer: &Layer, files: Files, all: &mut Expectation, findings: &mut Findings) {
    for (from, taken) in files {
        let what = match (taken.bytes, taken.blob) {
            (Some(bytes), _) => What::Bytes(taken.mode, bytes),
            (None, Some(blob)) => What::Blob(taken.mode, blob),
            // A file without a blob was made by a patch, and that gives it bytes.
            (None, None) => continue,
        };
        let origin = Origin::Source {
            layer: layer.name.value.clone(),
            source: layer.source.value.clone(),
            from,
            blob: taken.blob,
            patches: taken.patches,
        };
        put(layer, taken.to, Expected { what, origin }, all, findings);
    }
}

fn put(layer: &Layer, to: TarPath, expected: Expected, all: &mut Expectation, findings: &mut Findings) {
    if let Some(earlier) = all.members.get(&to) {
        let same =
            matches!(&earlier.origin, Origin::Source { layer: other, .. } if *other == layer.name.value);
        if same || !layer.replaces.iter().any(|glob| glob.covers(to.as_str())) {
            findings.push(wrong(
                Problem::new(format!("two files land on `{to}`"))
                    .note(format!("first   {}", earlier.origin.words()))
                    .note(format!("second  {}", expected.origin.words())),
                to.as_str(),
            ));
        }
    }
    all.members.insert(to, expected);
}

/// A layer whose source is not at hand: what the table of origins claims for it, as far as the
/// manifest's rules allow it.
fn believe(carried: &Carried, layer: &Layer, all: &mut Expectation, findings: &mut Findings) {
    let mut patches: Vec<&str> = Vec::new();
    for entry in &layer.patches {
        patches.extend(carried.inputs.patches(entry).into_iter().map(|(name, _)| name));
    }
    for claim in carried.claims.iter().filter(|claim| claim.layer.as_deref() == Some(layer.name.as_str())) {
        let Ok(to) = TarPath::new(claim.path.as_str()) else { continue };
        if let Some(why) = against(layer, claim, &patches) {
            findings.push(wrong(
                Problem::new(format!("the manifest does not put `{to}` into layer `{}`", layer.name))
                    .note(why)
                    .note(format!("`{RECORDS}/origins.jsonl` says that it is `{}`", claim.from())),
                &claim.path,
            ));
            continue;
        }
        let origin = Origin::Source {
            layer: layer.name.value.clone(),
            source: layer.source.value.clone(),
            from: claim.from().to_owned(),
            blob: None,
            patches: claim.patches.clone(),
        };
        put(layer, to, Expected { what: What::Unknown, origin }, all, findings);
    }
}

/// Why a claim cannot be true, if the manifest's rules rule it out.
fn against(layer: &Layer, claim: &Claim, patches: &[&str]) -> Option<String> {
    let from = claim.from();
    let Some(take) = layer.take.iter().find(|take| take.from.covers(from)) else {
        return Some(format!("it takes no `{from}`"));
    };
    if let Some(exclude) = layer.exclude.iter().find(|exclude| exclude.glob.covers(from)) {
        return Some(format!("it excludes `{}`: {}", exclude.glob, exclude.reason));
    }
    let lands = lands(take, from);
    if lands != claim.path {
        return Some(format!("it puts `{from}` at `{lands}`"));
    }
    let foreign = claim.patches.iter().find(|patch| !patches.contains(&patch.as_str()))?;
    Some(format!("it has no patch `{foreign}`"))
}

fn templates(carried: &Carried, all: &mut Expectation, findings: &mut Findings) {
    let files_of = |layer: &str| all.files_of.get(layer).copied().unwrap_or(0);
    let mut rendered = Vec::new();
    for template in &carried.manifest.templates {
        let bytes = carried.inputs.file(&template.file.value);
        let partial = !carried.left_out.is_empty();
        match render_template(&carried.manifest, &carried.lock, template, bytes, &files_of, partial) {
            Ok(text) => rendered.push((template, text)),
            Err(problem) => findings.push(wrong(problem, template.to.as_str())),
        }
    }
    for (template, text) in rendered {
        let mode = if template.executable { BlobMode::Executable } else { BlobMode::File };
        let expected = Expected {
            what: What::Bytes(mode, Arc::from(text.into_bytes())),
            origin: Origin::Template(template.file.value.clone()),
        };
        if let Some(there) = all.members.insert(template.to.value.clone(), expected) {
            findings.push(wrong(
                Problem::new(format!("two files land on `{}`", template.to))
                    .note(format!("first   {}", there.origin.words()))
                    .note(format!("second  the template `{}`", template.file)),
                template.to.as_str(),
            ));
        }
    }
}

/// The tool's own members, from what they record.
fn records(carried: &Carried, all: &mut Expectation) {
    let mut put = |name: &str, what: &'static str, bytes: &[u8]| {
        if let Ok(path) = TarPath::new(format!("{RECORDS}/{name}")) {
            let what_is = What::Bytes(BlobMode::File, Arc::from(bytes));
            all.members.insert(path, Expected { what: what_is, origin: Origin::Record(what) });
        }
    };
    put("manifest.toml", "manifest", carried.manifest.text.text.as_bytes());
    put("manifest.lock", "lock", carried.lock.to_text().as_bytes());
    for (path, bytes) in carried.inputs.iter() {
        put(path, "input", bytes);
    }
    if !carried.left_out.is_empty() {
        let text: String = carried.left_out.iter().map(|glob| format!("{glob}\n")).collect();
        put("left-out", "left-out", text.as_bytes());
    }
    put("origins.jsonl", "origins", b"");
    let text = table::inside(&all.members);
    if let Some(expected) = all.members.get_mut(format!("{RECORDS}/origins.jsonl").as_str()) {
        expected.what = What::Bytes(BlobMode::File, Arc::from(text.into_bytes()));
    }
}

fn directories(all: &mut Expectation) {
    let folders: BTreeSet<String> =
        all.members.keys().flat_map(TarPath::parents).map(str::to_owned).collect();
    for folder in folders {
        if let Ok(path) = TarPath::new(folder) {
            all.members.entry(path).or_insert(Expected { what: What::Directory, origin: Origin::Parent });
        }
    }
}
