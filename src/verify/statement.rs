// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The in-toto statement, held against the tarballs, the manifest, the lock and the description.
//!
//! Every value of it follows from these but the builder's id, which only a signature can vouch for.

use serde_json::{Value, json};

use super::carried::Carried;
use super::description::Artifact;
use super::finding::{Finding, Findings, Step};
use super::json;
use crate::archive::read::Digested;
use crate::manifest::Format;
use crate::model::{Problem, Sha256};
use crate::record::{BUILD_TYPE, Description, Names, Sums, source_uri};

/// Holds the statement's bytes against what was read.
pub(super) fn check(
    bytes: &[u8],
    names: &Names,
    (description, carried): (&Description, &Carried),
    (identity, artifacts): (&Digested, &[Artifact]),
    sums: &Sums,
    findings: &mut Findings,
) {
    let name = names.provenance();
    let wrong = |problem: Problem| Finding::new(Step::Provenance, problem).file(&name);
    let found = match json::read(bytes) {
        Ok(value) => value,
        Err(why) => {
            findings.push(wrong(Problem::new(format!("`{name}` cannot be read")).note(why)));
            return;
        }
    };
    let mut expected = expected(names, description, carried, sums);
    expected["subject"] = subjects(names, description, identity, artifacts);
    let builder = &found["predicate"]["runDetails"]["builder"]["id"];
    expected["predicate"]["runDetails"]["builder"]["id"] =
        if builder.is_string() { builder.clone() } else { json!("the builder's address") };
    let mut differences = Vec::new();
    compare("", &found, &expected, &mut differences);
    if differences.is_empty() {
        let builder = builder.as_str().unwrap_or_default();
        findings.checked(Step::Provenance, format!("{name} says how it was made; by {builder}, it says"));
        return;
    }
    let problem = Problem::new(format!("`{name}` is wrong about its release"));
    findings.push(wrong(differences.into_iter().fold(problem, Problem::note)));
}

/// The tar and every encoding that the description lists, with the digest that was found where the file
/// was read.
fn subjects(names: &Names, description: &Description, identity: &Digested, artifacts: &[Artifact]) -> Value {
    let tar = names.artifact(Format::Tar);
    let encodings = description.artifacts.iter().filter(|artifact| artifact.file != tar).map(|artifact| {
        let read = artifacts.iter().find(|(_, file, _)| *file == artifact.file);
        file(&artifact.file, &read.map_or(artifact.sha256, |(_, _, sum)| sum.sha256))
    });
    std::iter::once(file(&tar, &identity.sha256)).chain(encodings).collect()
}

fn file(name: &str, digest: &Sha256) -> Value {
    json!({ "name": name, "digest": { "sha256": digest } })
}

fn expected(names: &Names, description: &Description, carried: &Carried, sums: &Sums) -> Value {
    let (manifest, lock) = (&carried.manifest, &carried.lock);
    let tool = &description.tool;
    let mut release = json!({
        "name": manifest.release.name.as_str(),
        "version": lock.version,
        "primary": manifest.release.primary.as_str(),
        "development": lock.development,
        "date": lock.source_date.to_string(),
    });
    if let Some(line) = &manifest.line {
        release["line"] = json!(line.id.value);
    }
    let records = [names.changes(), names.origins(), names.description(), names.sbom()];
    let byproducts = records.iter().filter_map(|name| Some(file(name, sums.0.get(name)?)));
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "manifest": { "digest": { "sha256": lock.manifest } },
                    "lock": { "digest": { "sha256": Sha256::of(lock.to_text().as_bytes()) } },
                    "release": release,
                    "formats": description.artifacts.iter().map(|one| &one.format).collect::<Vec<_>>(),
                    "encoding": {
                        "gzip": manifest.encoding.gzip,
                        "zstd": manifest.encoding.zstd,
                        "xz": manifest.encoding.xz,
                    },
                    "overrides": description.overrides,
                },
                "internalParameters": { "tool": tool },
                "resolvedDependencies": dependencies(description, carried),
            },
            "runDetails": {
                "builder": { "version": { tool.name.as_str(): tool.version } },
                "byproducts": byproducts.collect::<Vec<_>>(),
            },
        },
    })
}

fn dependencies(description: &Description, carried: &Carried) -> Value {
    let (manifest, lock) = (&carried.manifest, &carried.lock);
    let sources = manifest.sources.values().filter_map(|source| {
        let pin = lock.source.get(source.name.as_str())?;
        let mut annotations = json!({
            "kind": "source", "wanted": pin.wanted, "tree": pin.tree, "signature": pin.signature,
        });
        if let Some(tag) = pin.tag {
            annotations["tag"] = json!(tag);
        }
        let mut value = json!({
            "name": source.name.as_str(),
            "digest": { "gitCommit": pin.commit },
            "annotations": annotations,
        });
        if let Some(uri) = source_uri(source) {
            let at = pin.r#ref.clone().unwrap_or_else(|| pin.commit.to_string());
            value["uri"] = json!(format!("{uri}@{at}"));
        }
        Some(value)
    });
    let inputs = carried.inputs.digests().into_iter().map(|(path, digest)| {
        let is_template = manifest.templates.iter().any(|template| template.file.value == path);
        let mut value = file(&path, &digest);
        value["annotations"] = json!({ "kind": if is_template { "template" } else { "patch" } });
        value
    });
    let tool = &description.tool;
    let tool = json!({
        "name": tool.name,
        "uri": format!("pkg:generic/{}@{}", tool.name, tool.version),
        "annotations": { "kind": "tool" },
    });
    sources.chain(inputs).chain([tool]).collect()
}

/// Says where two values differ, as JSON pointers.
fn compare(at: &str, found: &Value, expected: &Value, wrong: &mut Vec<String>) {
    match (found, expected) {
        (Value::Object(one), Value::Object(other)) => {
            let mut keys: Vec<&String> = one.keys().chain(other.keys()).collect();
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                let part = |value: &Value| value.get(key).cloned().unwrap_or(Value::Null);
                compare(&format!("{at}/{key}"), &part(found), &part(expected), wrong);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (nth, (one, other)) in one.iter().zip(other).enumerate() {
                compare(&format!("{at}/{nth}"), one, other, wrong);
            }
        }
        _ if found == expected => {}
        _ => wrong.push(format!("{at}  is {expected}  in the statement {found}")),
    }
}
