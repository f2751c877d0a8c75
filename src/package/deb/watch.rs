// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `debian/watch` (uscan(1)) asks of the page with the releases of a line.

use serde::Serialize;

use crate::model::version::{ReleaseVersion, Vendor};
use crate::package::{Input, Values};

/// What `watch.j2` can name beside the common values.
#[derive(Debug, Serialize)]
pub(super) struct Watch {
    /// Whether the certificate stands in `upstream/signing-key.asc`.
    has_key: bool,
    /// What names a newer release on its page.
    watch_version: String,
    /// What makes a package's version of such a one.
    watch_mangle: String,
    /// The release's name, for the same.
    watch_name: String,
}

/// Everything that `watch.j2` can name.
#[derive(Serialize)]
pub(super) struct Context<'a> {
    #[serde(flatten)]
    values: &'a Values,
    #[serde(flatten)]
    watch: &'a Watch,
}

impl Watch {
    pub(super) fn new(input: &Input, has_key: bool) -> Self {
        Self {
            has_key,
            watch_version: watch_version(input),
            watch_mangle: MANGLE.join(";"),
            watch_name: input.name().replace('.', r"\.").replace('+', r"\+"),
        }
    }

    /// One with an entry of everything.
    pub(super) fn sample() -> Self {
        Self {
            has_key: true,
            watch_version: r"\d+".to_owned(),
            watch_mangle: MANGLE.join(";"),
            watch_name: "lustre".to_owned(),
        }
    }

    pub(super) fn with<'a>(&'a self, values: &'a Values) -> Context<'a> {
        Context { values, watch: self }
    }
}

/// What `watch.j2` sees of a release that has everything that one can have.
pub(in crate::package) fn sample() -> serde_json::Value {
    serde_json::to_value(Watch::sample().with(&Values::sample())).expect("texts and numbers")
}

/// What newer versions of the same line look like on their page. Candidates and snapshots are looked for
/// where this release is one; builds of a vendor where it is that vendor's, and then alone.
fn watch_version(input: &Input) -> String {
    let ReleaseVersion { base, kernel, vendor, .. } = &input.version;
    let patch = if base.is_snapshot() { r"\d+" } else { r"[0-4]?\d" };
    let mut pattern = format!(r"\d+\.\d+\.{patch}(?:\.\d+)?");
    if base.is_candidate() {
        pattern.push_str(r"(?:-RC\d+)?");
    }
    if let Some(kernel) = kernel {
        let series = kernel.series().to_string().replace('.', r"\.");
        let candidate = if kernel.is_candidate() { r"(?:\.rc\d+)?" } else { "" };
        pattern.push_str(&format!(r"\+k{series}(?:\.\d+)?{candidate}"));
    }
    pattern.push_str(&match (kernel.is_some(), vendor.as_ref().map(Vendor::name)) {
        (true, None) => r"(?:\.r\d+)?".to_owned(),
        (true, Some(vendor)) => format!(r"(?:\.r\d+)?\.{vendor}\.\d+"),
        (false, None) => r"(?:\+r\d+)?".to_owned(),
        (false, Some(vendor)) => format!(r"\+(?:r\d+\.)?{vendor}\.\d+"),
    });
    pattern
}

/// Rules of Perl that make of a release's version, as its file is named, the upstream version of its
/// package: what [`ReleaseVersion::debian_upstream`] does. uscan(1) splits rules at `;`, and options at `,`.
const MANGLE: [&str; 7] = [
    // Candidates of ours and of the kernel.
    r"s/-RC(\d+)/~rc$1/",
    r"s/(\+k\d+(?:\.\d+)*)\.rc(\d+)/$1~rc$2/",
    // A vendor, whose name is no other part's.
    r"s/([.+])(?!k\d|r\d|rc\d)([a-z][a-z0-9]*)\.(\d+)$/$1$2~$3/",
    // A respin without a kernel, and with one; where a vendor has none, it is 0.
    r"s/^([^+]*)\+r(\d+)/$1+build$2/",
    r"s/^([^+]*)\+([a-jl-z][a-z0-9]*~|k[a-z][a-z0-9]*~)/$1+build0.$2/",
    r"s/\.r(\d+)/+r$1/",
    r"s/^([^+]*\+k\d[^+]*)\.([a-z][a-z0-9]*~\d+)$/$1+r0.$2/",
];
