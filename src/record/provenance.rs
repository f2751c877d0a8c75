// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `NAME-VERSION.intoto.json`: who made the tarballs, how and of what. An in-toto Statement v1
//! (<https://in-toto.io/Statement/v1>) with SLSA provenance v1 (<https://slsa.dev/provenance/v1>),
//! unsigned; the DSSE envelope that signs it holds these very bytes.
//!
//! The builder's id is the one thing in a release that the lock does not decide. All else follows from
//! the lock and the flags: there is no clock and no id of an invocation, so that two builders' statements
//! differ in `builder.id` alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::location::source_uri;
use super::release_json::Tool;
use super::{BuilderId, Description, Names};
use crate::lock::SignatureState;
use crate::manifest::Format;
use crate::model::{Override, Sha256, TagId, TreeId};
use crate::plan::Plan;

/// The `buildType`: `lustre-dist assemble`, first edition of these parameters.
///
/// `externalParameters` has `manifest` and `lock` (their digests; both stand in the tarball below
/// `.lustre-dist/`), `release` (its name, version, line and date as the lock decides them), `formats`,
/// `encoding` (the level of each format), and `overrides`: each flag that made the tool do what it
/// would refuse, with its values. A verifier should expect `overrides` to be empty. `internalParameters`
/// has the tool. `resolvedDependencies` has each source at its commit, each patch and template, and the tool.
pub const BUILD_TYPE: &str = "urn:lustre-dist:assemble:v1";

const STATEMENT: &str = "https://in-toto.io/Statement/v1";
const PREDICATE: &str = "https://slsa.dev/provenance/v1";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Statement<'a> {
    #[serde(rename = "_type")]
    kind: &'static str,
    subject: Vec<Resource>,
    predicate_type: &'static str,
    predicate: Predicate<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Predicate<'a> {
    build_definition: BuildDefinition<'a>,
    run_details: RunDetails,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BuildDefinition<'a> {
    build_type: &'static str,
    external_parameters: External<'a>,
    internal_parameters: Internal<'a>,
    resolved_dependencies: Vec<Resource>,
}

/// What a user decides; [`BUILD_TYPE`] says what each part means.
#[derive(Serialize)]
struct External<'a> {
    manifest: Resource,
    lock: Resource,
    release: Release<'a>,
    formats: Vec<&'a str>,
    encoding: Levels,
    overrides: &'a [Override],
}

#[derive(Serialize)]
struct Release<'a> {
    name: &'a str,
    version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<&'a str>,
    primary: &'a str,
    development: bool,
    date: &'a str,
}

#[derive(Serialize)]
struct Levels {
    gzip: u8,
    zstd: u8,
    xz: u8,
}

#[derive(Serialize)]
struct Internal<'a> {
    tool: &'a Tool,
}

#[derive(Serialize)]
struct RunDetails {
    builder: Builder,
    byproducts: Vec<Resource>,
}

#[derive(Serialize)]
struct Builder {
    id: BuilderId,
    version: BTreeMap<String, String>,
}

/// in-toto's `ResourceDescriptor`.
#[derive(Default, Serialize)]
struct Resource {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    digest: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Annotations>,
}

/// What a dependency is, and what the lock knows of a source beyond its commit.
#[derive(Default, Serialize)]
struct Annotations {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    wanted: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<TagId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tree: Option<TreeId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<SignatureState>,
}

impl Annotations {
    fn kind(kind: &'static str) -> Option<Self> {
        Some(Self { kind, ..Self::default() })
    }
}

impl Resource {
    fn digest(digest: Sha256) -> Self {
        Self { digest: BTreeMap::from([("sha256", digest.to_string())]), ..Self::default() }
    }

    fn file(name: &str, digest: Sha256) -> Self {
        Self { name: Some(name.to_owned()), ..Self::digest(digest) }
    }
}

/// The statement's text. `records` are the other records of the release with their digests.
///
/// # Panics
/// Never: every value has a form in JSON.
#[must_use]
pub fn statement(
    plan: &Plan,
    description: &Description,
    names: &Names,
    builder: &BuilderId,
    records: &BTreeMap<String, Sha256>,
) -> String {
    let tool = &description.tool;
    let tar = Resource::file(&names.artifact(Format::Tar), description.identity.sha256);
    let encodings =
        description.artifacts.iter().filter(|artifact| artifact.file != names.artifact(Format::Tar));
    let statement = Statement {
        kind: STATEMENT,
        subject: std::iter::once(tar)
            .chain(encodings.map(|artifact| Resource::file(&artifact.file, artifact.sha256)))
            .collect(),
        predicate_type: PREDICATE,
        predicate: Predicate {
            build_definition: BuildDefinition {
                build_type: BUILD_TYPE,
                external_parameters: external(plan, description),
                internal_parameters: Internal { tool },
                resolved_dependencies: dependencies(plan, description),
            },
            run_details: RunDetails {
                builder: Builder {
                    id: builder.clone(),
                    version: BTreeMap::from([(tool.name.clone(), tool.version.clone())]),
                },
                byproducts: records.iter().map(|(name, digest)| Resource::file(name, *digest)).collect(),
            },
        },
    };
    let mut text = serde_json::to_string_pretty(&statement).expect("a statement has a form in JSON");
    text.push('\n');
    text
}

fn external<'a>(plan: &Plan, description: &'a Description) -> External<'a> {
    let levels = plan.locked.manifest.encoding;
    External {
        manifest: Resource::digest(description.manifest),
        lock: Resource::digest(description.lock),
        release: Release {
            name: &description.name,
            version: &description.version,
            line: description.line.as_ref().map(|line| line.id.as_str()),
            primary: &description.primary,
            development: description.development,
            date: &description.date,
        },
        formats: description.artifacts.iter().map(|artifact| artifact.format.as_str()).collect(),
        encoding: Levels { gzip: levels.gzip, zstd: levels.zstd, xz: levels.xz },
        overrides: &description.overrides,
    }
}

fn dependencies(plan: &Plan, description: &Description) -> Vec<Resource> {
    let manifest = &plan.locked.manifest;
    let sources = manifest.sources.values().map(|source| {
        let pin = plan.locked.lock.pin(&source.name);
        Resource {
            name: Some(source.name.to_string()),
            uri: source_uri(source).map(|uri| match &pin.r#ref {
                Some(full) => format!("{uri}@{full}"),
                None => format!("{uri}@{}", pin.commit),
            }),
            digest: BTreeMap::from([("gitCommit", pin.commit.to_string())]),
            annotations: Some(Annotations {
                kind: "source",
                wanted: Some(pin.wanted.clone()),
                tag: pin.tag,
                tree: Some(pin.tree),
                signature: Some(pin.signature.clone()),
            }),
        }
    });
    let inputs = plan.locked.inputs.digests().into_iter().map(|(path, digest)| {
        let is_template = manifest.templates.iter().any(|template| template.file.value == path);
        let kind = if is_template { "template" } else { "patch" };
        Resource { annotations: Annotations::kind(kind), ..Resource::file(&path, digest) }
    });
    let tool = &description.tool;
    let tool = Resource {
        name: Some(tool.name.clone()),
        uri: Some(format!("pkg:generic/{}@{}", tool.name, tool.version)),
        annotations: Annotations::kind("tool"),
        ..Resource::default()
    };
    sources.chain(inputs).chain([tool]).collect()
}

/// The builder that a statement names; none when it is not such a statement.
#[must_use]
pub fn builder_of(statement: &[u8]) -> Option<BuilderId> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Read {
        predicate: ReadPredicate,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct ReadPredicate {
        run_details: ReadDetails,
    }
    #[derive(Deserialize)]
    struct ReadDetails {
        builder: ReadBuilder,
    }
    #[derive(Deserialize)]
    struct ReadBuilder {
        id: BuilderId,
    }
    let read: Read = serde_json::from_slice(statement).ok()?;
    Some(read.predicate.run_details.builder.id)
}
