// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist plan`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;

use super::Done;
use super::args::{self, LeaveOutArgs, SourceArgs};
use super::screen::{Screen, bytes};
use crate::lock;
use crate::model::SourceName;
use crate::plan::{self, Content, Entry, Node, Plan};
use crate::record::{self, OriginFields};
use crate::source::Objects;

/// Show every entry of the tarball, where it comes from, and what is excluded and why
///
/// Reads trees, not files; writes nothing, not even the lock.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The manifest
    manifest: PathBuf,
    /// Show the entries of one layer
    #[arg(long, value_name = "LAYER")]
    layer: Option<String>,
    /// Show what is excluded, and why, instead of the entries
    #[arg(long)]
    excluded: bool,
    /// Fail rather than resolve anything that the lock does not have
    #[arg(long)]
    locked: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    leave_out: LeaveOutArgs,
    #[command(flatten)]
    sources: SourceArgs,
}

#[derive(Serialize)]
struct Answer<'a> {
    title: &'a str,
    version: &'a str,
    date: String,
    sources: BTreeMap<&'a str, record::Source>,
    totals: Totals,
    entries: Vec<Row<'a>>,
    excluded: Vec<ExcludedRow<'a>>,
    missing: Vec<MissingRow<'a>>,
    left_out: &'a [String],
}

#[derive(Serialize, Default)]
struct Totals {
    files: usize,
    links: usize,
    directories: usize,
    /// The bytes of all files whose size is known.
    bytes: u64,
    excluded: usize,
    missing: usize,
}

#[derive(Serialize)]
struct Row<'a> {
    path: &'a str,
    r#type: &'static str,
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    #[serde(flatten)]
    origin: OriginFields<'a>,
}

impl Row<'_> {
    /// Where the entry comes from, for people.
    fn words(&self) -> String {
        let origin = &self.origin;
        match (origin.source, origin.from, origin.template, origin.record) {
            (Some(source), Some(from), _, _) => {
                let patches: String = origin.patches.iter().map(|patch| format!(" + {patch}")).collect();
                format!("{source}:{from}{patches}")
            }
            (_, _, Some(template), _) => format!("template {template}"),
            (_, _, _, Some(record)) => format!("record {record}"),
            _ => String::new(),
        }
    }
}

#[derive(Serialize)]
struct ExcludedRow<'a> {
    source: &'a str,
    path: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct MissingRow<'a> {
    source: &'a str,
    path: &'a str,
    blob: String,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let manifest = args::read_manifest(&args.manifest)?;
    if let Some(layer) = &args.layer
        && !manifest.layers.iter().any(|known| known.name.as_str() == layer)
    {
        let known: Vec<&str> = manifest.layers.iter().map(|layer| layer.name.as_str()).collect();
        return Err(args::usage(
            crate::model::Problem::new(format!("the manifest has no layer `{layer}`"))
                .note(format!("it has {}", known.join(", "))),
        ));
    }
    let places = args.sources.places(&manifest)?;
    let (locked, _) = lock::lock(manifest, &args::request(&places, args.locked)?)?;
    screen.warnings(&locked.warnings);
    let plan = plan::make(locked, &args.leave_out.leave_out)?;
    let rows = rows(&plan);
    let mut totals = totals(&plan);
    totals.bytes = rows.iter().filter_map(|row| row.size).sum();
    let shown: Vec<Row<'_>> = rows
        .into_iter()
        .filter(|row| args.layer.as_deref().is_none_or(|layer| row.origin.layer == Some(layer)))
        .collect();
    if args.json {
        screen.json(&Answer {
            title: &plan.title,
            version: &plan.locked.lock.version,
            date: plan.date().to_string(),
            sources: plan.locked.lock.source.iter().map(|(name, pin)| (name.as_str(), pin.into())).collect(),
            totals,
            entries: shown,
            excluded: excluded_rows(&plan),
            missing: plan
                .missing
                .iter()
                .map(|missing| MissingRow {
                    source: missing.source.as_str(),
                    path: &missing.path,
                    blob: missing.blob.to_string(),
                })
                .collect(),
            left_out: &plan.left_out,
        });
    } else {
        screen.answer(people(&plan, &shown, &totals, args.excluded));
    }
    Ok(())
}

fn excluded_rows(plan: &Plan) -> Vec<ExcludedRow<'_>> {
    plan.excluded
        .iter()
        .map(|excluded| ExcludedRow {
            source: excluded.source.as_str(),
            path: &excluded.path,
            reason: &excluded.reason,
        })
        .collect()
}

fn totals(plan: &Plan) -> Totals {
    let mut totals =
        Totals { excluded: plan.excluded.len(), missing: plan.missing.len(), ..Totals::default() };
    for entry in &plan.entries {
        match entry.node {
            Node::Directory => totals.directories += 1,
            Node::Symlink { .. } => totals.links += 1,
            Node::File { .. } => totals.files += 1,
        }
    }
    totals
}

fn rows(plan: &Plan) -> Vec<Row<'_>> {
    let objects: BTreeMap<&SourceName, Objects> =
        plan.locked.sources.iter().map(|(name, open)| (name, open.repository.objects())).collect();
    plan.entries.iter().map(|entry| row(plan, entry, &objects)).collect()
}

fn row<'p>(plan: &Plan, entry: &'p Entry, objects: &BTreeMap<&SourceName, Objects>) -> Row<'p> {
    let (kind, mode, target) = record::type_mode_target(&entry.node);
    let size = match &entry.node {
        Node::File { content: Content::Bytes(bytes), .. } => Some(bytes.len() as u64),
        Node::File { content: Content::Blob(source, blob), .. } => {
            objects[source].header(blob.0).map(|(_, size)| size)
        }
        Node::Directory | Node::Symlink { .. } => None,
    };
    let origin = OriginFields::of(plan, &entry.origin);
    Row { path: entry.path.as_str(), r#type: kind, mode, size, target, origin }
}

/// The plan for people.
fn people(plan: &Plan, rows: &[Row<'_>], totals: &Totals, excluded: bool) -> String {
    let mut out = String::new();
    let lock = &plan.locked.lock;
    let manifest = &plan.locked.manifest;
    if excluded {
        for row in excluded_rows(plan) {
            let _ = writeln!(out, "{}:{}  {}", row.source, row.path, row.reason);
        }
    } else {
        for row in rows {
            let (kind, size) = match (row.r#type, row.size) {
                ("directory", _) => ('d', String::new()),
                ("symlink", _) => ('l', String::new()),
                (_, Some(size)) => ('-', size.to_string()),
                (_, None) => ('-', "missing".to_owned()),
            };
            let target = row.target.map(|target| format!(" -> {target}")).unwrap_or_default();
            let layer = row.origin.layer.unwrap_or("-");
            let line =
                format!("{kind}{} {size:>9}  {layer:<10} {}{target}  {}", row.mode, row.path, row.words());
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
    if let Some(line) = &manifest.line {
        let _ = writeln!(out, "line {}", line.id);
    }
    for layer in &manifest.layers {
        let pin = lock.pin(&layer.source);
        let wanted = pin.tag_name().unwrap_or(&pin.wanted);
        let _ = writeln!(out, "  {:<10} {:<10} {wanted:<12} {}", layer.name, layer.source, pin.commit);
    }
    let _ = writeln!(
        out,
        "-> {}  {} files, {} links, {} directories, {}  mtime {}",
        plan.title,
        totals.files,
        totals.links,
        totals.directories,
        bytes(totals.bytes),
        plan.date(),
    );
    let _ = writeln!(out, "   excluded {} (each with a reason), unexplained 0", totals.excluded);
    if totals.missing > 0 {
        let _ = writeln!(out, "   MISSING {} objects; `assemble` will refuse:", totals.missing);
        for missing in &plan.missing {
            let _ = writeln!(out, "     {}:{}  blob {}", missing.source, missing.path, missing.blob);
        }
    }
    for offset in &plan.offsets {
        let _ = writeln!(
            out,
            "   offset {:+} lines: {} hunk {} of `{}`",
            offset.lines, offset.path, offset.hunk, offset.patch
        );
    }
    if !plan.left_out.is_empty() {
        let _ = writeln!(out, "   PARTIAL: without {}", plan.left_out.join(", "));
    }
    out
}
