// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The elements of the document: packages, files and what relates them.

use serde::Serialize;

use super::licenses::{Licenses, NO_ASSERTION};
use super::{File, Sbom};
use crate::manifest::{Format, Source};
use crate::model::{Expression, Override, Sha1, Sha256, SourceName};
use crate::plan::Node;
use crate::record::OriginFields;
use crate::record::location::{encoded, purls, source_uri};

pub(super) const DOCUMENT: &str = "SPDXRef-DOCUMENT";
pub(super) const RELEASE: &str = "SPDXRef-Release";

pub(super) fn file_id(number: usize) -> String {
    format!("SPDXRef-File-{number}")
}

/// An id cannot hold the `+` that a source's name can. Names have no capitals, so a capital keeps
/// them apart.
pub(super) fn source_id(name: &SourceName) -> String {
    format!("SPDXRef-Source-{}", name.as_str().replace('+', "P"))
}

/// A relationship between two elements (clause 11).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Relationship {
    pub(super) spdx_element_id: String,
    pub(super) relationship_type: &'static str,
    pub(super) related_spdx_element: String,
}

/// A package (clause 7).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Package<'a> {
    #[serde(rename = "SPDXID")]
    id: String,
    name: &'a str,
    version_info: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    package_file_name: Option<String>,
    download_location: String,
    files_analyzed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    package_verification_code: Option<VerificationCode>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checksums: Vec<Checksum>,
    #[serde(skip_serializing_if = "Option::is_none")]
    license_declared: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    license_comments: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    license_info_from_files: Vec<String>,
    external_refs: Vec<ExternalRef>,
    primary_package_purpose: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_info: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VerificationCode {
    package_verification_code_value: Sha1,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checksum {
    algorithm: &'static str,
    checksum_value: String,
}

impl Checksum {
    fn sha1(digest: Sha1) -> Self {
        Self { algorithm: "SHA1", checksum_value: digest.to_string() }
    }

    fn sha256(digest: Sha256) -> Self {
        Self { algorithm: "SHA256", checksum_value: digest.to_string() }
    }
}

/// An identifier in another system (annex F).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExternalRef {
    reference_category: &'static str,
    reference_type: &'static str,
    reference_locator: String,
}

impl ExternalRef {
    fn purl(locator: String) -> Self {
        Self { reference_category: "PACKAGE-MANAGER", reference_type: "purl", reference_locator: locator }
    }

    fn persistent(reference_type: &'static str, locator: String) -> Self {
        Self { reference_category: "PERSISTENT-ID", reference_type, reference_locator: locator }
    }
}

/// A regular file (clause 8).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileElement<'a> {
    #[serde(rename = "SPDXID")]
    id: String,
    file_name: String,
    checksums: [Checksum; 2],
    license_info_in_files: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    license_comments: Option<String>,
    comment: String,
}

impl<'a> Sbom<'a> {
    pub(super) fn release(self, licenses: &Licenses<'_>) -> Package<'a> {
        let Self { description, names, .. } = self;
        let declared = Expression::parse(&description.license).map(|expression| expression.to_string());
        let differs = declared.as_deref() != Some(&description.license);
        let some_without = self.files().any(|file| licenses.in_file(file.facts) == [NO_ASSERTION]);
        let identity = description.identity.sha256;
        Package {
            id: super::RELEASE.to_owned(),
            name: &description.name,
            version_info: description.version.clone(),
            package_file_name: Some(names.artifact(Format::Tar)),
            // Where it is published is decided later, and in more than one place.
            download_location: NO_ASSERTION.to_owned(),
            files_analyzed: true,
            package_verification_code: Some(VerificationCode {
                package_verification_code_value: self.verification_code(),
            }),
            checksums: vec![Checksum::sha256(identity)],
            license_declared: Some(declared.unwrap_or_else(|| NO_ASSERTION.to_owned())),
            license_comments: differs.then(|| format!("declared as `{}`", description.license)),
            license_info_from_files: licenses
                .of_all_files(some_without)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            external_refs: vec![ExternalRef::purl(format!(
                "pkg:generic/{}@{}?checksum=sha256:{identity}",
                encoded(&description.name),
                encoded(&description.version)
            ))],
            primary_package_purpose: "SOURCE",
            source_info: None,
            comment: Some(self.remarks()),
        }
    }

    /// What SPDX has no field for, a line each: the line, the overrides, the links.
    fn remarks(self) -> String {
        let Self { plan, description, .. } = self;
        let mut lines = Vec::new();
        if let Some(line) = &description.line {
            lines.push(format!("line: {}", line.id));
            lines.extend(line.kernel.iter().map(|kernel| format!("kernel series: {kernel}")));
            lines.extend(line.supports.iter().map(|range| format!("supported kernels: {range}")));
        }
        lines.extend(description.kernel.iter().map(|kernel| format!("kernel: {kernel}")));
        lines.extend(description.overrides.iter().map(|used: &Override| format!("override: {used}")));
        lines.push(format!("files: {}", description.members.files));
        lines.push(format!("symbolic links: {}", description.members.links));
        for entry in &plan.entries {
            if let Node::Symlink { target } = &entry.node {
                lines.push(format!("link: ./{} -> {target}", entry.path));
            }
        }
        lines.join("\n")
    }

    pub(super) fn source(self, source: &'a Source) -> Package<'a> {
        let name = source.name.as_str();
        let pin = self.plan.locked.lock.pin(&source.name);
        let short =
            pin.r#ref.as_deref().map(|full| full.trim_start_matches("refs/").trim_start_matches("heads/"));
        let version = pin.tag_name().or(short).map_or_else(|| pin.commit.to_string(), str::to_owned);
        let mut external_refs: Vec<_> =
            purls(source, name, &version, pin.commit).into_iter().map(ExternalRef::purl).collect();
        external_refs.push(ExternalRef::persistent("gitoid", format!("gitoid:commit:sha1:{}", pin.commit)));
        external_refs
            .extend(pin.tag.map(|tag| ExternalRef::persistent("gitoid", format!("gitoid:tag:sha1:{tag}"))));
        external_refs.push(ExternalRef::persistent("swh", format!("swh:1:rev:{}", pin.commit)));
        Package {
            id: source_id(&source.name),
            name,
            version_info: version,
            package_file_name: None,
            download_location: source_uri(source)
                .map_or_else(|| NO_ASSERTION.to_owned(), |uri| format!("{uri}@{}", pin.commit)),
            files_analyzed: false,
            package_verification_code: None,
            checksums: Vec::new(),
            license_declared: None,
            license_comments: None,
            license_info_from_files: Vec::new(),
            external_refs,
            primary_package_purpose: "SOURCE",
            source_info: Some(format!("{}, commit {}, tree {}", pin.wanted, pin.commit, pin.tree)),
            comment: None,
        }
    }

    pub(super) fn file<'l>(self, file: &File<'_>, licenses: &'l Licenses<'_>) -> FileElement<'l> {
        FileElement {
            id: file_id(file.number),
            file_name: format!("./{}", file.entry.path),
            checksums: [Checksum::sha1(file.sha1), Checksum::sha256(file.sum.sha256)],
            license_info_in_files: licenses.in_file(file.facts),
            license_comments: licenses.words(file.facts),
            comment: self.origin(file),
        }
    }

    fn origin(self, file: &File<'_>) -> String {
        let fields = OriginFields::of(self.plan, &file.entry.origin);
        let mut lines =
            vec![format!("gitoid:blob:sha1:{}", file.facts.blob), format!("origin: {}", fields.origin)];
        let mut line = |key: &str, value: Option<&str>| {
            lines.extend(value.map(|value| format!("{key}: {value}")));
        };
        line("layer", fields.layer);
        line("source", fields.source);
        // Where the path is the source's own it need not be said twice.
        line("from", fields.from.filter(|from| *from != file.entry.path.as_str()));
        for patch in fields.patches {
            line("patch", Some(patch));
        }
        line("template", fields.template);
        line("record", fields.record);
        lines.join("\n")
    }
}
