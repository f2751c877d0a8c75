// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What every template of a package can name.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Request;
use super::changes::{Change, Entry, entries, strftime};
use super::input::Input;
use super::limits::{edges, spelled};
use super::maintainer::Maintainer;
use crate::model::Failure;
use crate::model::version::ReleaseVersion;
use crate::repository::layout;

/// The values that all families share; each adds its own beside them (`#[serde(flatten)]`).
#[derive(Debug, Clone, Serialize)]
pub struct Values {
    /// The release.
    pub release: Release,
    /// Its line, where it belongs to one.
    pub line: Option<Line>,
    /// What branches of a packaging repository are named by: the line's id, or without a line its
    /// version's branch, such as `2.15`.
    pub branch: String,
    /// Where releases are published, the folder of its line.
    pub folder: String,
    /// The kernels that the modules build on, where the release says so.
    pub kernels: Option<Kernels>,
    /// The sources, by name.
    pub sources: BTreeMap<String, Source>,
    /// Who answers for the package.
    pub maintainer: Maintainer,
    /// The packager's part of the version: `1`, `1+acme~2`.
    pub revision: String,
    /// The vendor whose packaging it is.
    pub vendor: Option<String>,
    /// The distribution that it is for, as the user names it.
    pub dist: Option<String>,
    /// Where releases are published, without a slash at its end.
    pub url: Option<String>,
    /// The change log, the newest entry first.
    pub changes: Vec<Entry>,
    /// Whether nothing of these was packaged before.
    pub first: bool,
}

/// The release.
#[derive(Debug, Clone, Serialize)]
pub struct Release {
    /// Its name.
    pub name: String,
    /// Its full version.
    pub version: String,
    /// The version of the primary source's tag.
    pub base: String,
    /// The upstream version of a Debian package.
    pub debian: String,
    /// The `Version` of an RPM package.
    pub rpm: String,
    /// What LUSTRE-VERSION-FILE says.
    pub version_file: String,
    /// `NAME-VERSION`: the top directory of the tarball.
    pub title: String,
    /// The tarball's file name.
    pub tarball: String,
    /// An SPDX licence expression.
    pub license: String,
    /// The kernel that the upstream layer comes from, where there is a kernel source.
    pub kernel: Option<String>,
    /// The respin.
    pub respin: Option<u32>,
    /// The manifest's note.
    pub note: Option<String>,
    /// The one date, RFC 3339.
    pub date: String,
    /// The same as Debian's change logs have it.
    pub date_debian: String,
    /// The year of that date.
    pub year: String,
    /// The same in seconds since 1970.
    pub source_date: u64,
    /// The digest of the uncompressed tar.
    pub identity: String,
}

/// The release's line.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// Its id.
    pub id: String,
    /// The kernel series that it is keyed to.
    pub kernel: Option<String>,
}

/// A range of kernels. It belongs on packages of modules alone. At its ends, as dkms takes them, a candidate
/// counts as the release that it leads to.
#[derive(Debug, Clone, Serialize)]
pub struct Kernels {
    /// The range: `>=4.18, <7.1`.
    pub supports: String,
    /// The first kernel inside.
    pub min: Option<String>,
    /// The first kernel that is outside again.
    pub max_exclusive: Option<String>,
}

/// One source.
#[derive(Debug, Clone, Serialize)]
pub struct Source {
    /// The tag's name, where it is at one.
    pub tag: Option<String>,
    /// The commit.
    pub commit: String,
}

impl Values {
    /// [`sample`](Self::sample) as JSON, for templates that see nothing else.
    ///
    /// # Panics
    /// Never: these are texts and numbers.
    pub(super) fn sample_alone() -> serde_json::Value {
        serde_json::to_value(Self::sample()).expect("texts and numbers")
    }

    /// What templates see of a release that has everything that one can have.
    pub(super) fn sample() -> Self {
        let text = |text: &str| text.to_owned();
        let version = ReleaseVersion::parse("2.18.0-RC2+k6.18.rc6.r1.acme.2").expect("a version");
        let date = text("Fri, 02 Jan 2026 03:04:05 +0000");
        Self {
            release: Release {
                name: text("lustre"),
                version: version.to_string(),
                base: version.base.to_string(),
                debian: version.debian_upstream(),
                rpm: version.rpm_version(),
                version_file: version.version_file(),
                title: version.tar_name("lustre"),
                tarball: version.tar_name("lustre") + ".tar.xz",
                license: text("GPL-2.0-only"),
                kernel: version.kernel.map(|kernel| kernel.to_string()),
                respin: Some(1),
                note: Some(text("a note")),
                date: text("2026-01-02T03:04:05Z"),
                date_debian: date.clone(),
                year: text("2026"),
                source_date: 1_767_323_045,
                identity: "0".repeat(64),
            },
            line: Some(Line { id: text("lts-6.18"), kernel: Some(text("6.18")) }),
            branch: text("lts-6.18"),
            folder: text("lts-6.18"),
            kernels: Some(Kernels {
                supports: text(">=6.1, <6.19"),
                min: Some(text("6.1")),
                max_exclusive: Some(text("6.19")),
            }),
            sources: BTreeMap::from([(
                text("lustre"),
                Source { tag: Some(text("2.18.0-RC2")), commit: "0".repeat(40) },
            )]),
            maintainer: Maintainer { name: text("A. Packager"), mail: text("packager@example.org") },
            revision: text("1+acme~2"),
            vendor: Some(text("acme.2")),
            dist: Some(text("bookworm")),
            url: Some(text("https://example.org/lustre")),
            changes: vec![Entry {
                version: version.to_string(),
                debian: version.debian_upstream() + "-1+acme~2",
                rpm: version.rpm_version(),
                revision: text("1+acme~2"),
                date_debian: date,
                date_rpm: text("Fri Jan 02 2026"),
                changes: vec![Change { text: text("New release."), upstream: vec!["0".repeat(40)] }],
            }],
            first: true,
        }
    }

    /// The values of one package, to which the user's own patches bring these changes.
    ///
    /// # Errors
    /// The change log cannot be made: see [`entries`].
    pub fn new(
        input: &Input,
        previous: &[Input],
        request: &Request,
        own_patches: Vec<Change>,
    ) -> Result<Self, Failure> {
        let mut changes = entries(input, previous, &request.revision)?;
        changes[0].changes.extend(own_patches);
        let version = &input.version;
        let release = &input.manifest.release;
        Ok(Self {
            release: Release {
                name: input.name().to_owned(),
                version: input.lock.version.clone(),
                base: version.base.to_string(),
                debian: version.debian_upstream(),
                rpm: version.rpm_version(),
                version_file: version.version_file(),
                title: input.title(),
                tarball: input.tarball.name.clone(),
                license: release.license.value.clone(),
                kernel: version.kernel.map(|kernel| kernel.to_string()),
                respin: version.respin.map(std::num::NonZero::get),
                note: release.note.as_ref().map(|note| note.value.clone()),
                date: input.date().to_string(),
                date_debian: strftime(input.date(), "%a, %d %b %Y %H:%M:%S +0000"),
                year: strftime(input.date(), "%Y"),
                source_date: input.date().0,
                identity: input.identity.sha256.to_string(),
            },
            line: input.manifest.line.as_ref().map(|line| Line {
                id: line.id.value.clone(),
                kernel: line.kernel.as_ref().map(ToString::to_string),
            }),
            branch: input.line(),
            folder: layout::folder(input.line_id()).to_owned(),
            kernels: input.supports().map(|range| {
                let (min, max) = edges(&range);
                let [min, max_exclusive] = [min, max].map(|edge| edge.map(spelled));
                Kernels { supports: range.to_string(), min, max_exclusive }
            }),
            sources: input
                .lock
                .source
                .iter()
                .map(|(name, pin)| {
                    let tag = pin.tag_name().map(str::to_owned);
                    (name.clone(), Source { tag, commit: pin.commit.to_string() })
                })
                .collect(),
            maintainer: request.maintainer.clone(),
            revision: request.revision.to_string(),
            vendor: request.revision.vendor.as_ref().map(ToString::to_string),
            dist: request.dist.clone(),
            url: request.url.clone(),
            changes,
            first: previous.is_empty() && request.revision.is_first(),
        })
    }
}
