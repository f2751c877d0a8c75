// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist origin`.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;

use super::Done;
use super::args::{JobArgs, SourceArgs};
use super::screen::Screen;
use crate::model::{BlobId, Class, CommitId, Failure, Place, Sha256};
use crate::verify::{self, Checked, SourceFile, Trace, TraceFrom};

/// Tell where one member of a tarball comes from, down to the commit, the blob and the patches
///
/// With the source at hand it also checks that. It never touches the network.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A release directory or a tarball
    #[arg(value_name = "RELEASE_DIR|TARBALL")]
    release: PathBuf,
    /// The member, with the top directory or without
    member: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    jobs: JobArgs,
    #[command(flatten)]
    sources: SourceArgs,
}

#[derive(Serialize)]
struct Answer<'a> {
    release: &'a str,
    path: &'a str,
    r#type: &'a str,
    mode: &'a str,
    size: u64,
    target: Option<&'a str>,
    sha256: Option<Sha256>,
    git_id: Option<BlobId>,
    offset: u64,
    origin: &'static str,
    #[serde(flatten)]
    source: Option<SourceRow<'a>>,
    template: Option<&'a str>,
    record: Option<&'a str>,
    checked: &'static str,
    why: Option<&'a str>,
}

#[derive(Serialize)]
struct SourceRow<'a> {
    layer: &'a str,
    take: &'a str,
    source: &'a str,
    at: &'a str,
    wanted: &'a str,
    commit: CommitId,
    from: &'a str,
    blob: Option<BlobId>,
    patches: Vec<PatchRow<'a>>,
    command: String,
}

#[derive(Serialize)]
struct PatchRow<'a> {
    file: &'a str,
    upstream: Option<&'a str>,
    reason: Option<&'a str>,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let places = args.sources.places_alone()?;
    let trace = verify::trace(&args.release, &args.member, &places, args.jobs.count())?;
    if args.json {
        screen.json(&answer(&trace));
    } else {
        screen.answer(people(&trace));
    }
    match trace.checked {
        Checked::Wrong(problem) => Err(Failure::new(Class::Verification, *problem)),
        _ => Ok(()),
    }
}

fn answer(trace: &Trace) -> Answer<'_> {
    let (mut source, mut template, mut record) = (None, None, None);
    let origin = match &trace.from {
        TraceFrom::Directory(_) => "parent",
        TraceFrom::Source(file) => {
            source = Some(source_row(file));
            if file.patches.is_empty() { "blob" } else { "patched" }
        }
        TraceFrom::Template(file, _) => {
            template = Some(file.as_str());
            "template"
        }
        TraceFrom::Record(what) => {
            record = Some(*what);
            "record"
        }
    };
    let (checked, why) = match &trace.checked {
        Checked::Proven => ("proven", None),
        Checked::Replayed => ("replayed", None),
        Checked::NotProven(why) => ("not_proven", Some(why.as_str())),
        Checked::Nothing => ("nothing", None),
        Checked::Wrong(problem) => ("wrong", Some(problem.title.as_str())),
    };
    Answer {
        release: &trace.title,
        path: &trace.path,
        r#type: trace.kind,
        mode: trace.mode,
        size: trace.size,
        target: trace.target.as_deref(),
        sha256: trace.sha256,
        git_id: trace.blob,
        offset: trace.offset,
        origin,
        source,
        template,
        record,
        checked,
        why,
    }
}

fn source_row(file: &SourceFile) -> SourceRow<'_> {
    SourceRow {
        layer: &file.layer,
        take: &file.take,
        source: &file.source,
        at: &file.at,
        wanted: &file.wanted,
        commit: file.commit,
        from: &file.path,
        blob: file.blob,
        patches: file
            .patches
            .iter()
            .map(|patch| PatchRow {
                file: &patch.file,
                upstream: patch.upstream.as_deref(),
                reason: patch.reason.as_deref(),
            })
            .collect(),
        command: file.command(),
    }
}

fn people(trace: &Trace) -> String {
    let mut out = format!("{}/{}\n", trace.title, trace.path);
    let mut say = |what: &str, text: &str| {
        let _ = writeln!(out, "  {what:<10} {text}");
    };
    let target = trace.target.as_deref().map_or_else(String::new, |target| format!(" -> {target}"));
    match trace.kind {
        "file" => say("file", &format!("mode {}, {} bytes", trace.mode, trace.size)),
        kind => say(kind, &format!("mode {}{target}", trace.mode)),
    }
    if let Some(sha256) = trace.sha256 {
        say("sha256", &sha256.to_string());
    }
    match &trace.from {
        TraceFrom::Directory(layers) => {
            say("origin", "a directory on the way to other members");
            for (layer, count) in layers {
                say("", &format!("{count} of layer {layer}"));
            }
        }
        TraceFrom::Source(file) => {
            let rule = file.rule.as_ref().map_or_else(String::new, |rule| format!(", {}", place(rule)));
            say("layer", &format!("{}, take `{}`{rule}", file.layer, file.take));
            say("source", &format!("{}, {}, {}", file.source, file.wanted, file.at));
            say("commit", &file.commit.to_string());
            say("path", &file.path);
            match file.blob {
                Some(blob) => say("blob", &blob.to_string()),
                None if file.patches.is_empty() => {}
                None => say("blob", "none that is known here: created by a patch, or for the source to say"),
            }
            for patch in &file.patches {
                let behind = match (&patch.upstream, &patch.reason) {
                    (Some(commit), _) => format!(", upstream {commit}"),
                    (None, Some(reason)) => format!(": {reason}"),
                    (None, None) => String::new(),
                };
                say("patch", &format!("{}{behind}", patch.file));
            }
            let place = if file.here { String::new() } else { format!("  (in a clone of {})", file.source) };
            say("show", &format!("{}{place}", file.command()));
            for patch in &file.patches {
                say("then", &format!("git apply {}", patch.file));
            }
        }
        TraceFrom::Template(file, at) => {
            say("template", &format!(".lustre-dist/{file}, {}", place(at)));
            say("from", "the release's own data: .lustre-dist/manifest.toml and manifest.lock");
        }
        TraceFrom::Record(what) => say("record", words(what)),
    }
    match &trace.checked {
        Checked::Proven => say("checked", "proven: the commit has these bytes there"),
        Checked::Replayed => say("checked", "replayed: made once more, to the same bytes"),
        Checked::NotProven(why) => say("checked", &format!("NOT PROVEN: {why}")),
        Checked::Nothing => {}
        Checked::Wrong(problem) => say("checked", &format!("WRONG: {}", problem.title)),
    }
    out
}

fn place(place: &Place) -> String {
    format!("manifest.toml line {}", place.line_column().0)
}

fn words(record: &str) -> &str {
    match record {
        "manifest" => "the manifest that the release was made from, byte for byte",
        "lock" => "the lock: every input pinned",
        "input" => "a patch, series or template that the manifest names, pinned by the lock",
        "origins" => "the table of where each member comes from",
        "left-out" => "what `--leave-out` dropped from this partial release",
        other => other,
    }
}
