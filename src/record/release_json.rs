// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `NAME-VERSION.release.json`: what a release is, for programs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Names;
use crate::archive::{Written, parameters};
use crate::kernel::Support;
use crate::lock::{Pin, SignatureState};
use crate::manifest::Carries;
use crate::model::version::ReleaseVersion;
use crate::model::{CommitId, Failure, Override, Problem, Sha256, SourceDate, TagId, TreeId};
use crate::plan::{Node, Origin, Plan};

/// The description of a release, `schema` 1. Written once, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// The format of this file: 1.
    pub schema: u32,
    /// The release's name.
    pub name: String,
    /// The full version.
    pub version: String,
    /// The version of the primary source's tag.
    pub base: String,
    /// An SPDX licence expression.
    pub license: String,
    /// The release line, where it belongs to one.
    pub line: Option<Line>,
    /// The kernel that the upstream layer comes from, where there is a kernel source.
    pub kernel: Option<String>,
    /// The kernels that it was built and tested on and those that it is known to build on, as the
    /// primary source's change log lists them, where the manifest names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernels: Option<Support>,
    /// Whether a source is at no tag. Such a release is never published.
    pub development: bool,
    /// Whether this is a product to build and package.
    pub buildable: bool,
    /// The manifest's note.
    pub note: Option<String>,
    /// What `--leave-out` dropped. Where this is not empty the release is partial and cannot be
    /// published.
    pub left_out: Vec<String>,
    /// Every flag that made the tool do what it would refuse by itself. `left_out` is one of them.
    pub overrides: Vec<Override>,
    /// The one date of the release, RFC 3339.
    pub date: String,
    /// The same in seconds since 1970.
    pub source_date: SourceDate,
    /// The uncompressed tar.
    pub identity: Identity,
    /// The digest of the manifest's file.
    pub manifest: Sha256,
    /// The digest of the lock.
    pub lock: Sha256,
    /// The source whose commit `git get-tar-commit-id` prints.
    pub primary: String,
    /// The sources, by name.
    pub sources: BTreeMap<String, Source>,
    /// The layers, the lowest first.
    pub layers: Vec<Layer>,
    /// What the tarball holds.
    pub members: Members,
    /// The tarballs.
    pub artifacts: Vec<Artifact>,
    /// The files that describe it.
    pub records: Records,
    /// The program that wrote it.
    pub tool: Tool,
}

/// The release's identity: all encodings hold this tar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The digest of the uncompressed tar.
    pub sha256: Sha256,
    /// Its length in bytes.
    pub size: u64,
}

/// A release line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its id.
    pub id: String,
    /// The kernel series that it is keyed to.
    pub kernel: Option<String>,
    /// The kernels that the compatibility layer covers.
    pub supports: Option<String>,
}

/// One pinned source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// What the manifest asked for.
    pub wanted: String,
    /// The full name of the ref.
    pub r#ref: Option<String>,
    /// The annotated tag's object.
    pub tag: Option<TagId>,
    /// The commit.
    pub commit: CommitId,
    /// Its tree.
    pub tree: TreeId,
    /// When it was committed, RFC 3339.
    pub date: String,
    /// What is known of the signature.
    pub signature: SignatureState,
}

impl From<&Pin> for Source {
    fn from(pin: &Pin) -> Self {
        Self {
            wanted: pin.wanted.clone(),
            r#ref: pin.r#ref.clone(),
            tag: pin.tag,
            commit: pin.commit,
            tree: pin.tree,
            date: pin.date.to_string(),
            signature: pin.signature.clone(),
        }
    }
}

/// One layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// Its name.
    pub name: String,
    /// Its source.
    pub source: String,
    /// How many files and links it has in the tarball.
    pub files: usize,
    /// Its patches, in order.
    pub patches: Vec<Patch>,
}

/// One patch or series of a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patch {
    /// The file, from the manifest's folder.
    pub file: String,
    /// Its digest.
    pub sha256: Sha256,
    /// The upstream commit that it carries.
    pub upstream: Option<String>,
    /// Why there is none.
    pub reason: Option<String>,
    /// Hunks that were applied off their stated line.
    pub offsets: Vec<HunkOffset>,
}

/// A hunk off its stated line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HunkOffset {
    /// The patch file, where the entry is a series.
    pub patch: String,
    /// The file that it changes.
    pub path: String,
    /// Which hunk of that file, from 1.
    pub hunk: usize,
    /// By how many lines.
    pub lines: i64,
}

/// How much the tarball holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    /// Regular files.
    pub files: usize,
    /// Symbolic links.
    pub links: usize,
    /// Directories below the top one.
    pub directories: usize,
    /// The bytes of all files.
    pub bytes: u64,
    /// Tracked files that are not in it, each with a reason in the plan.
    pub excluded: usize,
}

/// One tarball.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Its file name.
    pub file: String,
    /// `tar`, `tar.gz`, `tar.zst` or `tar.xz`.
    pub format: String,
    /// Its length in bytes.
    pub size: u64,
    /// Its digest.
    pub sha256: Sha256,
    /// The library that encoded it; none for the tar itself.
    pub encoder: Option<String>,
    /// The encoder's parameters.
    pub parameters: Option<String>,
}

/// The files beside the tarballs, by what they are. Their digests stand in the checksums.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Records {
    /// Each member with its digest and its origin.
    pub origins: String,
    /// The software bill of materials, SPDX 2.3.
    pub sbom: String,
    /// Who made it, how and of what: an in-toto statement with SLSA provenance.
    pub provenance: String,
    /// The checksums of all files of the release.
    pub checksums: String,
}

/// The program that wrote a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Describes what was written of a plan, with the overrides that it took.
///
/// # Errors
/// The lock's version cannot be read.
pub fn describe<S, F>(
    plan: &Plan,
    written: &Written<S, F>,
    names: &Names,
    overrides: Vec<Override>,
) -> Result<Description, Failure> {
    let (manifest, lock) = (&plan.locked.manifest, &plan.locked.lock);
    let version = ReleaseVersion::parse(&lock.version)
        .map_err(|error| Problem::new(format!("the lock's version cannot be read: {error}")))?;
    let count = |wanted: fn(&Node) -> bool| plan.entries.iter().filter(|entry| wanted(&entry.node)).count();
    Ok(Description {
        schema: 1,
        name: manifest.release.name.to_string(),
        version: lock.version.clone(),
        base: version.base.to_string(),
        license: manifest.release.license.value.clone(),
        line: manifest.line.as_ref().map(|line| Line {
            id: line.id.value.clone(),
            kernel: line.kernel.as_ref().map(ToString::to_string),
            supports: line.supports.as_ref().map(ToString::to_string),
        }),
        kernel: version.kernel.as_ref().map(ToString::to_string),
        kernels: plan.kernels.clone(),
        development: lock.development,
        buildable: manifest.release.buildable,
        note: manifest.release.note.as_ref().map(|note| note.value.clone()),
        left_out: plan.left_out.clone(),
        overrides,
        date: lock.source_date.to_string(),
        source_date: lock.source_date,
        identity: Identity { sha256: written.identity.sha256, size: written.identity.size },
        manifest: lock.manifest,
        lock: Sha256::of(lock.to_text().as_bytes()),
        primary: manifest.release.primary.to_string(),
        sources: lock.source.iter().map(|(name, pin)| (name.clone(), pin.into())).collect(),
        layers: manifest.layers.iter().map(|layer| describe_layer(plan, layer)).collect(),
        members: Members {
            files: count(|node| matches!(node, Node::File { .. })),
            links: count(|node| matches!(node, Node::Symlink { .. })),
            directories: count(|node| *node == Node::Directory),
            bytes: written.members.iter().map(|member| member.size).sum(),
            excluded: plan.excluded.len(),
        },
        artifacts: written
            .outputs
            .iter()
            .map(|(format, sum)| {
                let (encoder, parameters) = parameters(*format, manifest.encoding).unzip();
                Artifact {
                    file: names.artifact(*format),
                    format: format.extension().to_owned(),
                    size: sum.size,
                    sha256: sum.sha256,
                    encoder: encoder.map(str::to_owned),
                    parameters,
                }
            })
            .collect(),
        records: Records {
            origins: names.origins(),
            sbom: names.sbom(),
            provenance: names.provenance(),
            checksums: names.sums(),
        },
        tool: Tool { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
    })
}

fn describe_layer(plan: &Plan, layer: &crate::manifest::Layer) -> Layer {
    let inputs = &plan.locked.inputs;
    Layer {
        name: layer.name.to_string(),
        source: layer.source.to_string(),
        files: plan
            .entries
            .iter()
            .filter(|entry| match &entry.origin {
                Origin::Blob { layer: name, .. } | Origin::Patched { layer: name, .. } => {
                    *name == layer.name.value
                }
                _ => false,
            })
            .count(),
        patches: layer
            .patches
            .iter()
            .map(|entry| {
                let (upstream, reason) = match &entry.carries {
                    Carries::Upstream(commit) => (Some(commit.clone()), None),
                    Carries::Reason(reason) => (None, Some(reason.clone())),
                };
                let files: Vec<&str> = inputs.patches(entry).into_iter().map(|(path, _)| path).collect();
                Patch {
                    file: entry.path.value.clone(),
                    sha256: Sha256::of(inputs.file(&entry.path.value)),
                    upstream,
                    reason,
                    offsets: plan
                        .offsets
                        .iter()
                        .filter(|offset| files.contains(&offset.patch.as_str()))
                        .map(|offset| HunkOffset {
                            patch: offset.patch.clone(),
                            path: offset.path.clone(),
                            hunk: offset.hunk,
                            lines: offset.lines,
                        })
                        .collect(),
                }
            })
            .collect(),
    }
}

impl Description {
    /// The file's text: indented JSON that ends in a newline.
    ///
    /// # Panics
    /// Never: every value has a form in JSON.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a description has a form in JSON");
        text.push('\n');
        text
    }
}
