// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The tables of origins, as they must read: the short one inside the tarball, and the full one
//! beside it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::expected::{Expected, Origin};
use super::finding::{Finding, Findings, Step};
use super::json;
use super::pass::Held;
use crate::archive::read::Kind;
use crate::lock::Lock;
use crate::model::{BlobId, CommitId, Problem, Sha256, TarPath};

/// A line of the table inside: no digests, which follow from the commits.
#[derive(Serialize)]
struct Short<'a> {
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    patches: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<&'a str>,
}

/// The text of the table inside, for these members; directories have no line.
pub(super) fn inside(members: &BTreeMap<TarPath, Expected>) -> String {
    let mut text = String::new();
    for (path, expected) in members {
        let path = path.as_str();
        let mut line = Short { path, layer: None, from: None, patches: &[], template: None, record: None };
        match &expected.origin {
            Origin::Parent => continue,
            Origin::Source { layer, from, patches, .. } => {
                line.layer = Some(layer.as_str());
                line.from = (from != path).then_some(from);
                line.patches = patches;
            }
            Origin::Template(file) => line.template = Some(file),
            Origin::Record(what) => line.record = Some(what),
        }
        text.push_str(&serde_json::to_string(&line).unwrap_or_default());
        text.push('\n');
    }
    text
}

/// A line of the full table.
#[derive(Serialize)]
struct Full<'a> {
    path: &'a str,
    r#type: &'a str,
    mode: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<Sha256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    origin: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<CommitId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blob: Option<BlobId>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    patches: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<&'a str>,
}

/// The line of one member, without its newline.
fn line(lock: &Lock, held: &Held, expected: &Expected, claimed: &Value) -> String {
    let is_file = matches!(held.kind, Kind::File { .. });
    let mut line = Full {
        path: &held.path,
        r#type: held.word(),
        mode: held.mode(),
        size: is_file.then(|| held.size()),
        sha256: held.hashed.filter(|_| is_file).map(|hashed| hashed.sha256),
        target: match &held.kind {
            Kind::Link { target } => Some(target),
            _ => None,
        },
        origin: "parent",
        layer: None,
        source: None,
        commit: None,
        from: None,
        blob: None,
        patches: &[],
        template: None,
        record: None,
    };
    match &expected.origin {
        Origin::Parent => {}
        Origin::Source { layer, source, from, blob, patches } => {
            line.origin = if patches.is_empty() { "blob" } else { "patched" };
            line.layer = Some(layer.as_str());
            line.source = Some(source.as_str());
            line.commit = lock.source.get(source.as_str()).map(|pin| pin.commit);
            line.from = Some(from);
            line.patches = patches;
            let unknown = expected.what == super::expected::What::Unknown;
            line.blob = match blob {
                Some(blob) => Some(*blob),
                // What a patch was applied to cannot be known without the source; what was not
                // patched is its own witness.
                None if unknown && !patches.is_empty() => {
                    claimed.get("blob").and_then(Value::as_str).and_then(|text| text.parse().ok())
                }
                None if unknown => held.hashed.and_then(|hashed| hashed.blob),
                None => None,
            };
        }
        Origin::Template(file) => {
            line.origin = "template";
            line.template = Some(file);
        }
        Origin::Record(what) => {
            line.origin = "record";
            line.record = Some(what);
        }
    }
    serde_json::to_string(&line).unwrap_or_default()
}

/// Holds the full table, the file `name`, against the members, a line each in their order.
pub(super) fn beside(
    name: &str,
    table: &[u8],
    lock: &Lock,
    held: &[Held],
    members: &BTreeMap<TarPath, Expected>,
    findings: &mut Findings,
) {
    let wrong = |problem: Problem| Finding::new(Step::Origins, problem).file(name);
    let Ok(table) = std::str::from_utf8(table) else {
        findings.push(wrong(Problem::new(format!("`{name}` is not UTF-8"))));
        return;
    };
    if !table.is_empty() && !table.ends_with('\n') {
        findings.push(wrong(Problem::new(format!("the last line of `{name}` has no end"))));
    }
    let before = findings.all.len();
    let by_path: BTreeMap<&str, usize> =
        held.iter().enumerate().map(|(nth, member)| (member.path.as_str(), nth)).collect();
    let mut seen = vec![false; held.len()];
    let mut next = 0;
    for (nth, text) in table.split_terminator('\n').enumerate() {
        let number = nth + 1;
        let at = text.as_ptr() as usize - table.as_ptr() as usize;
        let wrong = |problem: Problem| wrong(problem).offset(at as u64);
        let claimed = match json::read(text.as_bytes()) {
            Ok(value) => value,
            Err(why) => {
                findings
                    .push(wrong(Problem::new(format!("line {number} of `{name}` cannot be read")).note(why)));
                continue;
            }
        };
        let path = claimed.get("path").and_then(Value::as_str).unwrap_or_default();
        let Some(&index) = by_path.get(path) else {
            findings.push(wrong(
                Problem::new(format!("line {number} of `{name}` is about no member of the tarball"))
                    .note(format!("it names `{path}`")),
            ));
            continue;
        };
        if std::mem::replace(&mut seen[index], true) {
            findings.push(
                wrong(Problem::new(format!("line {number} of `{name}` is a second one on `{path}`")))
                    .member(path),
            );
            continue;
        }
        if index < next {
            findings.push(
                wrong(Problem::new(format!("line {number} of `{name}` is out of the tarball's order")))
                    .member(path),
            );
        }
        next = index + 1;
        // What must not be there at all is told with the members.
        let Some(expected) = members.get(path) else { continue };
        let line = line(lock, &held[index], expected, &claimed);
        if line != text {
            findings.push(wrong(contradiction(name, number, path, &line, text, &claimed)).member(path));
        }
    }
    for (member, _) in held.iter().zip(&seen).filter(|(_, seen)| !**seen) {
        findings.push(
            wrong(Problem::new(format!("`{name}` has no line on `{}`", member.path))).member(&*member.path),
        );
    }
    if findings.all.len() == before {
        findings.checked(Step::Origins, format!("{} lines of {name} agree with the members", held.len()));
    }
}

fn contradiction(name: &str, number: usize, path: &str, line: &str, text: &str, claimed: &Value) -> Problem {
    let mut problem = Problem::new(format!("line {number} of `{name}` is wrong about `{path}`"));
    let known: Value = serde_json::from_str(line).unwrap_or_default();
    let (Some(known), Some(claimed)) = (known.as_object(), claimed.as_object()) else { return problem };
    let mut keys: Vec<&String> = known.keys().chain(claimed.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let show = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), ToString::to_string);
    for key in keys {
        if known.get(key) != claimed.get(key) {
            problem = problem.note(format!(
                "{key}  is {}  in the table {}",
                show(known.get(key)),
                show(claimed.get(key))
            ));
        }
    }
    if problem.notes.is_empty() {
        let at = line.bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count();
        problem = problem.note(format!("it is not written as the tool writes it, from its byte {at} on"));
    }
    problem
}
