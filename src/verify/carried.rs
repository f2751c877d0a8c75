// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a tarball carries below `.lustre-dist/`: the manifest, the lock, patches, templates, and the
//! table of where each member comes from.

use std::io;
use std::path::Path;

use serde::Deserialize;

use super::finding::{Finding, Findings, Step};
use super::json;
use super::pass::Start;
use crate::lock::{Inputs, Lock, Pin};
use crate::manifest::{self, Manifest, Wanted};
use crate::model::version::ReleaseVersion;
use crate::model::{PathGlob, Problem, Sha256, SourceText};
use crate::plan::RECORDS;

/// The largest manifest, lock or list that is believed. Rules are held against every file, so the size
/// of these bounds the work.
const LARGEST: usize = 1 << 20;

/// One line of the table of origins inside.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The member.
    pub path: String,
    /// The layer that takes it.
    pub layer: Option<String>,
    /// The path in the layer's source, where it is another.
    pub from: Option<String>,
    /// The patches that changed it.
    #[serde(default)]
    pub patches: Vec<String>,
    /// The template that it was rendered from.
    pub template: Option<String>,
    /// Which record of the tool it is.
    pub record: Option<String>,
}

impl Claim {
    /// The path in the source.
    #[must_use]
    pub fn from(&self) -> &str {
        self.from.as_deref().unwrap_or(&self.path)
    }
}

/// What a release was made from, as its tarball carries it.
#[derive(Debug)]
pub struct Carried {
    /// The manifest.
    pub manifest: Manifest,
    /// The lock.
    pub lock: Lock,
    /// Patches and templates.
    pub inputs: Inputs,
    /// What `--leave-out` dropped.
    pub left_out: Vec<PathGlob>,
    /// The table of origins inside. Claims, to be held against the rest.
    pub claims: Vec<Claim>,
}

/// Reads what a tarball carries. `None` where so much is wrong that nothing can be held against it;
/// the findings say what.
pub fn read(start: &Start, findings: &mut Findings) -> Option<Carried> {
    let before = findings.all.len();
    let manifest = manifest_of(start, findings);
    let lock = lock_of(start, findings);
    let left_out = left_out(start, findings);
    let claims = claims(start, findings);
    let (manifest, lock) = (manifest?, lock?);
    agree(start, &manifest, &lock, findings);
    let inputs = inputs(start, &manifest, &lock, findings)?;
    if findings.all.len() == before {
        let count = lock.file.len();
        findings.checked(
            Step::Carried,
            format!(
                "sha256 {}, with its lock{}",
                lock.manifest,
                if count == 0 { String::new() } else { format!(" and {count} patches and templates") }
            ),
        );
    }
    Some(Carried { manifest, lock, inputs, left_out, claims })
}

/// Holds what the tarball carries against the manifest that the user trusts, with its lock, patches
/// and templates: a tarball can agree with itself and its sources and still follow somebody else's
/// rules.
pub fn against(trusted: &Trusted, carried: &Carried, findings: &mut Findings) {
    let before = findings.all.len();
    let mut differ = |name: &str, same: bool, text: &str| {
        if !same {
            let problem = Problem::new(format!("the tarball carries another {text} than yours"))
                .note(format!("yours   {}", trusted.manifest.path().display()))
                .note(format!("theirs  {RECORDS}/{name}"));
            findings.push(wrong(name, problem));
        }
    };
    differ("manifest.toml", trusted.manifest.text.text == carried.manifest.text.text, "manifest");
    if let Some(lock) = &trusted.lock {
        differ("manifest.lock", *lock == carried.lock, "lock");
    }
    let (ours, theirs) = (trusted.inputs.digests(), carried.inputs.digests());
    for (name, digest) in &theirs {
        differ(name, ours.get(name) == Some(digest), &format!("`{name}`"));
    }
    if findings.all.len() == before {
        let lock = if trusted.lock.is_some() { ", with the lock" } else { ", which has no lock to compare" };
        findings.checked(Step::Carried, format!("the same as {}{lock}", trusted.manifest.path().display()));
    }
}

/// A manifest that the user trusts.
#[derive(Debug)]
pub struct Trusted {
    /// The manifest.
    pub manifest: Manifest,
    /// Its lock, where there is one.
    pub lock: Option<Lock>,
    /// Its patches and templates.
    pub inputs: Inputs,
}

/// A finding in one of the tool's own members.
fn wrong(name: &str, problem: Problem) -> Finding {
    Finding::new(Step::Carried, problem).member(format!("{RECORDS}/{name}"))
}

fn text<'s>(start: &'s Start, name: &str, findings: &mut Findings) -> Option<&'s str> {
    let Some(bytes) = start.carried.get(name) else {
        findings.push(wrong(
            name,
            Problem::new(format!("the tarball does not carry `{RECORDS}/{name}`"))
                .note("every release of this tool does")
                .help("a tarball that others made is for `lustre-dist audit`"),
        ));
        return None;
    };
    if name != "origins.jsonl" && bytes.len() > LARGEST {
        findings.push(wrong(
            name,
            Problem::new(format!("`{RECORDS}/{name}` is larger than {LARGEST} bytes"))
                .note("no release of ours has one like that"),
        ));
        return None;
    }
    let text = std::str::from_utf8(bytes);
    if text.is_err() {
        findings.push(wrong(name, Problem::new(format!("`{RECORDS}/{name}` is not UTF-8"))));
    }
    text.ok()
}

fn manifest_of(start: &Start, findings: &mut Findings) -> Option<Manifest> {
    let text = text(start, "manifest.toml", findings)?.to_owned();
    let name = format!("{}/{RECORDS}/manifest.toml", start.top);
    let folder = Path::new(&start.top).join(RECORDS);
    manifest::read(SourceText { name, text }, folder)
        .map_err(|problems| problems.into_iter().for_each(|p| findings.push(wrong("manifest.toml", p))))
        .ok()
}

fn lock_of(start: &Start, findings: &mut Findings) -> Option<Lock> {
    let text = text(start, "manifest.lock", findings)?;
    let path = Path::new(&start.top).join(RECORDS).join("manifest.lock");
    let lock = Lock::from_text(&path, text.to_owned())
        .map_err(|failure| {
            failure.problems.into_iter().for_each(|p| findings.push(wrong("manifest.lock", p)))
        })
        .ok()?;
    let canonical = lock.to_text();
    if canonical != text {
        let at = canonical.bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count();
        let line = text.as_bytes()[..at.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1;
        findings.push(wrong(
            "manifest.lock",
            Problem::new(format!("`{RECORDS}/manifest.lock` is not as the tool writes it"))
                .note(format!("line {line} differs")),
        ));
    }
    Some(lock)
}

fn left_out(start: &Start, findings: &mut Findings) -> Vec<PathGlob> {
    if !start.carried.contains_key("left-out") {
        return Vec::new();
    }
    let text = text(start, "left-out", findings).unwrap_or_default();
    let mut globs = Vec::new();
    for (nth, line) in text.lines().enumerate() {
        match PathGlob::new(line) {
            Ok(glob) => globs.push(glob),
            Err(why) => findings.push(wrong(
                "left-out",
                Problem::new(format!("line {} of `{RECORDS}/left-out` is no glob", nth + 1)).note(why),
            )),
        }
    }
    globs
}

fn claims(start: &Start, findings: &mut Findings) -> Vec<Claim> {
    let name = "origins.jsonl";
    let Some(table) = text(start, name, findings) else { return Vec::new() };
    let mut claims = Vec::new();
    for (nth, line) in table.lines().enumerate() {
        let claim = json::read(line.as_bytes())
            .and_then(|value| serde_json::from_value(value).map_err(|error| error.to_string()));
        match claim {
            Ok(claim) => claims.push(claim),
            Err(why) => findings.push(wrong(
                name,
                Problem::new(format!("line {} of `{RECORDS}/{name}` cannot be read", nth + 1)).note(why),
            )),
        }
    }
    claims
}

/// Patches and templates: exactly those that the lock pins, with the digests that it says.
fn inputs(start: &Start, manifest: &Manifest, lock: &Lock, findings: &mut Findings) -> Option<Inputs> {
    let read = |path: &str| {
        start.carried.get(path).cloned().ok_or_else(|| {
            io::Error::new(io::ErrorKind::NotFound, format!("the tarball does not carry `{RECORDS}/{path}`"))
        })
    };
    let inputs = Inputs::read_with(manifest, &read)
        .map_err(|failure| {
            failure
                .problems
                .into_iter()
                .for_each(|problem| findings.push(Finding::new(Step::Carried, problem)));
        })
        .ok()?;
    let found = inputs.digests();
    let names: std::collections::BTreeSet<&String> = found.keys().chain(lock.file.keys()).collect();
    for name in names {
        let problem = match (lock.file.get(name), found.get(name)) {
            (Some(locked), Some(found)) if locked == found => continue,
            (Some(locked), Some(found)) => {
                Problem::new(format!("`{RECORDS}/{name}` is not the file that the lock pins"))
                    .note(format!("locked  sha256 {locked}"))
                    .note(format!("found   sha256 {found}"))
            }
            (None, _) => Problem::new(format!("the lock does not pin `{name}`, which the manifest names")),
            (_, None) => Problem::new(format!("the lock pins `{name}`, which the manifest does not name")),
        };
        findings.push(wrong(name, problem));
    }
    Some(inputs)
}

/// Holds the manifest, the lock and the tar's own headers against one another.
fn agree(start: &Start, manifest: &Manifest, lock: &Lock, findings: &mut Findings) {
    let mut differ = |what: &str, one: (&str, String), other: (&str, String)| {
        if one.1 != other.1 {
            let width = one.0.len().max(other.0.len());
            findings.push(wrong(
                "manifest.lock",
                Problem::new(format!("{what} is one in the {} and another in the {}", one.0, other.0))
                    .note(format!("{:<width$}  {}", one.0, one.1))
                    .note(format!("{:<width$}  {}", other.0, other.1)),
            ));
        }
    };
    let digest = Sha256::of(manifest.text.text.as_bytes());
    differ("the manifest's digest", ("lock", lock.manifest.to_string()), ("tarball", digest.to_string()));
    let title = format!("{}-{}", manifest.release.name, lock.version);
    differ("the title", ("lock", title), ("top directory", start.top.clone()));
    differ("the date", ("lock", lock.source_date.0.to_string()), ("tar", start.date.0.to_string()));
    let names = |names: Vec<&str>| names.join(", ");
    differ(
        "the list of sources",
        ("manifest", names(manifest.sources.keys().map(|name| name.as_str()).collect())),
        ("lock", names(lock.source.keys().map(String::as_str).collect())),
    );
    let primary = lock.source.get(manifest.release.primary.as_str());
    if let (Some(pin), Some(commit)) = (primary, start.commit) {
        differ(
            "the commit of the primary source",
            ("lock", pin.commit.to_string()),
            ("global header", commit.to_string()),
        );
    }
    for (name, source) in &manifest.sources {
        let Some(pin) = lock.source.get(name.as_str()) else { continue };
        let wanted = wanted(&source.wanted);
        differ(
            &format!("what source `{name}` is to be at"),
            ("manifest", wanted.clone()),
            ("lock", pin.wanted.clone()),
        );
        if !answers(&source.wanted, pin) {
            let found = pin.r#ref.clone().unwrap_or_else(|| format!("commit {}", pin.commit));
            differ(&format!("the ref of source `{name}`"), ("manifest", wanted), ("lock", found));
        }
    }
    match ReleaseVersion::parse(&lock.version) {
        Ok(version) => {
            if !version.is_development() {
                differ(
                    "the base version",
                    ("manifest", manifest.release.version.to_string()),
                    ("lock", version.base.to_string()),
                );
            }
            let respin = |number: Option<std::num::NonZeroU32>| {
                number.map_or_else(|| "none".to_owned(), |number| number.to_string())
            };
            differ(
                "the respin",
                ("manifest", respin(manifest.release.respin.as_ref().map(|respin| respin.value))),
                ("lock", respin(version.respin)),
            );
            differ(
                "whether it is a development version",
                ("lock", lock.development.to_string()),
                ("version", version.is_development().to_string()),
            );
        }
        Err(error) => findings.push(wrong(
            "manifest.lock",
            Problem::new(format!("the lock's version `{}` cannot be read", lock.version))
                .note(error.to_string()),
        )),
    }
}

/// What a source is to be at, in the lock's words.
fn wanted(wanted: &Wanted) -> String {
    match wanted {
        Wanted::Tag(name) => format!("tag {name}"),
        Wanted::Pattern(pattern) => format!("tag {pattern}"),
        Wanted::Commit(id) => format!("commit {id}"),
        Wanted::Branch(name) => format!("branch {name}"),
        Wanted::Ref(name) => format!("ref {name}"),
    }
}

/// Whether a pin's ref can be what the manifest wants.
fn answers(wanted: &Wanted, pin: &Pin) -> bool {
    let at = pin.r#ref.as_deref();
    match wanted {
        Wanted::Tag(name) => at == Some(&format!("refs/tags/{name}")),
        Wanted::Pattern(pattern) => pin.tag_name().is_some_and(|tag| pattern.matches(tag)),
        Wanted::Branch(name) => at == Some(&format!("refs/heads/{name}")),
        Wanted::Ref(name) => at == Some(name),
        Wanted::Commit(id) => at.is_none() && pin.commit.to_string() == *id,
    }
}
