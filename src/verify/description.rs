// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `release.json`, held against the tarball and what it carries.
//!
//! What no source can witness is not looked at: the program that wrote it, overrides that leave nothing
//! in the tarball, and the names and parameters of the encoders, which `rebuild` tries out.

use serde_json::{Value, json};

use super::carried::Carried;
use super::expect::Expectation;
use super::finding::{Finding, Findings, Step};
use super::json;
use super::pass::{Held, Tarball};
use super::sources::{Sources, Standing};
use crate::archive::read::{Digested, Kind};
use crate::kernel::support_at;
use crate::manifest::{Carries, Format};
use crate::model::version::ReleaseVersion;
use crate::model::{Flag, Override, Problem, Sha256};
use crate::record::{Description, Names, Source};

/// Reads the description strictly. `None` where it cannot be read; the findings say why.
pub fn read(name: &str, bytes: &[u8], findings: &mut Findings) -> Option<(Description, Value)> {
    let wrong = |problem: Problem| Finding::new(Step::Description, problem).file(name);
    let unreadable = |why: String| wrong(Problem::new(format!("`{name}` cannot be read")).note(why));
    let value = match json::read(bytes) {
        Ok(value) => value,
        Err(why) => {
            findings.push(unreadable(why));
            return None;
        }
    };
    match value.get("schema").and_then(Value::as_u64) {
        Some(1) => {}
        Some(schema) => {
            findings.push(wrong(
                Problem::new(format!("`{name}` has schema {schema}; 1 is known"))
                    .help("it was written by a newer lustre-dist: use that one"),
            ));
            return None;
        }
        None => {
            findings.push(unreadable("it has no schema, where 1 is expected".to_owned()));
            return None;
        }
    }
    match serde_json::from_slice::<Description>(bytes) {
        Ok(description) => {
            let known = serde_json::to_value(&description).unwrap_or_default();
            unknown_keys(name, "", &value, &known, findings);
            Some((description, value))
        }
        Err(error) => {
            findings.push(unreadable(error.to_string()));
            None
        }
    }
}

/// Keys that this version does not know: nobody could say what they mean.
fn unknown_keys(name: &str, at: &str, found: &Value, known: &Value, findings: &mut Findings) {
    match (found, known) {
        (Value::Object(found), Value::Object(known)) => {
            for (key, value) in found {
                match known.get(key) {
                    Some(known) => unknown_keys(name, &format!("{at}/{key}"), value, known, findings),
                    None => findings.push(
                        Finding::new(
                            Step::Description,
                            Problem::new(format!("`{at}/{key}` of `{name}` is not known")),
                        )
                        .file(name),
                    ),
                }
            }
        }
        (Value::Array(found), Value::Array(known)) => {
            for (nth, (found, known)) in found.iter().zip(known).enumerate() {
                unknown_keys(name, &format!("{at}/{nth}"), found, known, findings);
            }
        }
        _ => {}
    }
}

/// One tarball as it was read: format, file name, length and digest.
pub type Artifact = (Format, String, Digested);

/// Holds the description against everything that was read.
pub fn check(
    names: &Names,
    (description, found): &(Description, Value),
    tarball: &Tarball,
    (carried, sources, expectation): (&Carried, &Sources, &Expectation),
    artifacts: &[Artifact],
    findings: &mut Findings,
) {
    let before = findings.all.len();
    let name = &names.description();
    let mut expected = derived(carried, expectation, &tarball.members);
    expected["records"] = json!({
        "origins": names.origins(),
        "sbom": names.sbom(),
        "provenance": names.provenance(),
        "checksums": names.sums(),
    });
    expected["overrides"] = json!(overrides(carried, &description.overrides));
    let mut away = None;
    match kernels(carried, sources) {
        Ok(kernels) => expected["kernels"] = kernels,
        Err(why) => away = Some(why),
    }
    if let Some(summary) = &tarball.outcome.summary {
        expected["identity"] = json!({ "sha256": summary.identity.sha256, "size": summary.identity.size });
    }
    let mut wrong_values = Vec::new();
    compare("", found, &expected, &mut wrong_values);
    for (format, file, sum) in artifacts {
        let listed = found["artifacts"].as_array().into_iter().flatten();
        let mut of_file = listed.filter(|artifact| artifact["file"] == **file);
        let expected = json!({
            "file": file, "format": format.extension(), "size": sum.size, "sha256": sum.sha256,
        });
        match (of_file.next(), of_file.next()) {
            (Some(artifact), None) => {
                compare(&format!("/artifacts/{file}"), artifact, &expected, &mut wrong_values);
            }
            (None, _) => findings.push(wrong(name, Problem::new(format!("`{name}` does not list `{file}`")))),
            _ => findings.push(wrong(name, Problem::new(format!("`{name}` lists `{file}` twice")))),
        }
    }
    if !wrong_values.is_empty() {
        let problem = Problem::new(format!("`{name}` is wrong about its release"));
        findings.push(wrong(name, wrong_values.into_iter().fold(problem, Problem::note)));
    }
    if findings.all.len() == before {
        findings.checked(Step::Description, format!("{name} says what the tarball holds"));
    }
    if let Some(why) = away {
        findings.not_checked(Step::Description, format!("the kernels in {name}: {why}"));
    }
}

/// The overrides that a description must have: the one that the tarball shows, and with it the others
/// as they are, in their order.
fn overrides(carried: &Carried, found: &[Override]) -> Vec<Override> {
    let values: Vec<String> = carried.left_out.iter().map(ToString::to_string).collect();
    let left_out = (!values.is_empty()).then_some(Override { flag: Flag::LeaveOut, values });
    let others = found.iter().filter(|one| one.flag != Flag::LeaveOut).cloned();
    let mut all: Vec<Override> = left_out.into_iter().chain(others).collect();
    all.sort();
    all.dedup_by_key(|one| one.flag);
    all
}

/// The kernels that the change log of the pinned commit lists, read once more; or why it cannot be read.
fn kernels(carried: &Carried, sources: &Sources) -> Result<Value, String> {
    let primary = &carried.manifest.release.primary.value;
    let Some(path) = &carried.manifest.release.changelog else { return Ok(Value::Null) };
    if carried.left_out.iter().any(|glob| glob.covers(path.as_str())) {
        return Ok(Value::Null);
    }
    let open = match &sources[primary] {
        Standing::Here(open, _) => open,
        Standing::Away(why) => return Err(why.clone()),
    };
    let Some(pin) = carried.lock.source.get(primary.as_str()) else {
        return Err("the lock does not pin the source".to_owned());
    };
    match support_at(&open.repository.objects(), pin.tree, path) {
        Ok(support) => Ok(json!(support)),
        Err(fault) if fault.is_of_source() => Err(format!("the change log `{}` {fault}", path.value)),
        // No release says more than its change log does.
        Err(_) => Ok(Value::Null),
    }
}

/// What the description lists and the directory does not have.
pub fn missing_artifacts(
    name: &str,
    description: &Description,
    artifacts: &[Artifact],
    findings: &mut Findings,
) {
    for artifact in &description.artifacts {
        if !artifacts.iter().any(|(_, file, _)| *file == artifact.file) {
            findings.push(wrong(
                name,
                Problem::new(format!("`{}` is missing", artifact.file)).note(format!("{name} lists it")),
            ));
        }
    }
}

fn wrong(name: &str, problem: Problem) -> Finding {
    Finding::new(Step::Description, problem).file(name)
}

/// Everything that follows from the manifest, the lock and the members.
fn derived(carried: &Carried, expectation: &Expectation, members: &[Held]) -> Value {
    let (manifest, lock) = (&carried.manifest, &carried.lock);
    let version = ReleaseVersion::parse(&lock.version).ok();
    let count = |wanted: fn(&Kind) -> bool| members.iter().filter(|member| wanted(&member.kind)).count();
    let mut value = json!({
        "schema": 1,
        "name": manifest.release.name.as_str(),
        "version": lock.version,
        "license": manifest.release.license.value,
        "line": manifest.line.as_ref().map(|line| json!({
            "id": line.id.value,
            "kernel": line.kernel.as_ref().map(ToString::to_string),
            "supports": line.supports.as_ref().map(ToString::to_string),
        })),
        "development": lock.development,
        "buildable": manifest.release.buildable,
        "note": manifest.release.note.as_ref().map(|note| &note.value),
        "left_out": carried.left_out.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "date": lock.source_date.to_string(),
        "source_date": lock.source_date,
        "manifest": lock.manifest,
        "lock": Sha256::of(lock.to_text().as_bytes()),
        "primary": manifest.release.primary.as_str(),
        "members": {
            "files": count(|kind| matches!(kind, Kind::File { .. })),
            "links": count(|kind| matches!(kind, Kind::Link { .. })),
            "directories": count(|kind| *kind == Kind::Directory),
            "bytes": members.iter().map(Held::size).sum::<u64>(),
        },
        "layers": manifest.layers.iter().map(|layer| json!({
            "name": layer.name.as_str(),
            "source": layer.source.as_str(),
            "files": expectation.files_of.get(layer.name.as_str()).copied().unwrap_or(0),
            "patches": layer.patches.iter().map(|entry| patch(carried, expectation, entry)).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    });
    if let Some(version) = version {
        value["base"] = json!(version.base.to_string());
        value["kernel"] = json!(version.kernel.as_ref().map(ToString::to_string));
    }
    value["sources"] =
        lock.source.iter().map(|(name, pin)| (name.clone(), json!(Source::from(pin)))).collect();
    if let Some(excluded) = expectation.excluded {
        value["members"]["excluded"] = json!(excluded);
    }
    value
}

fn patch(carried: &Carried, expectation: &Expectation, entry: &crate::manifest::PatchEntry) -> Value {
    let (upstream, reason) = match &entry.carries {
        Carries::Upstream(commit) => (Some(commit), None),
        Carries::Reason(reason) => (None, Some(reason)),
    };
    let mut value = json!({
        "file": entry.path.value,
        "sha256": Sha256::of(carried.inputs.file(&entry.path.value)),
        "upstream": upstream,
        "reason": reason,
    });
    if expectation.excluded.is_some() {
        let names: Vec<&str> = carried.inputs.patches(entry).into_iter().map(|(name, _)| name).collect();
        value["offsets"] = expectation
            .offsets
            .iter()
            .filter(|(patch, ..)| names.contains(&patch.as_str()))
            .map(|(patch, path, hunk, lines)| {
                json!({ "patch": patch, "path": path, "hunk": hunk, "lines": lines })
            })
            .collect();
    }
    value
}

/// Compares every value of `expected` with what stands at its place; lists must be equally long. Says
/// where they differ, as JSON pointers.
fn compare(at: &str, found: &Value, expected: &Value, wrong: &mut Vec<String>) {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            for (key, expected) in expected {
                compare(&format!("{at}/{key}"), found.get(key).unwrap_or(&Value::Null), expected, wrong);
            }
            // Names of sources and distributions are keys too: one more is one that nobody asked for.
            let more = || found.keys().filter(|key| !expected.contains_key(*key));
            if at == "/sources" {
                wrong.extend(more().map(|key| format!("{at}/{key}  is in no lock")));
            } else if at.starts_with("/kernels") {
                wrong.extend(more().map(|key| format!("{at}/{key}  is in no change log")));
            }
        }
        (Value::Array(found), Value::Array(expected)) if found.len() == expected.len() => {
            for (nth, (found, expected)) in found.iter().zip(expected).enumerate() {
                compare(&format!("{at}/{nth}"), found, expected, wrong);
            }
        }
        _ if found == expected => {}
        _ => wrong.push(format!("{at}  is {expected}  in the description {found}")),
    }
}
