// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `releases.json`, with the field names of <https://www.kernel.org/releases.json>.
//!
//! Beside those each release has its `name`, `line`, `supports`, `kernel_min` and `kernel_max`, the first
//! kernel and the last series that it is made for, `retracted`, and the digest of its `release.json`; and
//! `latest` has the newest release of each line that anybody should use. `source` and the like are paths
//! relative to the file itself, so that a mirror is as good as the original.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::facts::{Facts, Published};
use crate::manifest::Format;
use crate::model::version::{KernelRange, KernelVersion};
use crate::model::{Failure, Sha256};
use crate::record::Names;
use crate::repository::{Catalog, Listed, layout};
use crate::signature::Kind;

/// kernel.org names the tarball that most people want.
const PREFERRED: [Format; 4] = [Format::Xz, Format::Zstd, Format::Gzip, Format::Tar];

/// The last series before `N.0`, which its number does not tell.
const LAST_OF: [(u32, u32); 5] = [(2, 6), (3, 19), (4, 20), (5, 19), (6, 19)];

#[derive(Serialize)]
struct Feed<'a> {
    latest_stable: Option<Latest<'a>>,
    latest: BTreeMap<&'a str, Latest<'a>>,
    releases: Vec<Release<'a>>,
    metadata_version: u64,
}

#[derive(Serialize)]
struct Latest<'a> {
    name: &'a str,
    version: String,
}

#[derive(Serialize)]
struct Release<'a> {
    moniker: &'static str,
    version: String,
    iseol: bool,
    released: Released,
    source: Option<String>,
    pgp: Option<String>,
    patch: Patch,
    changelog: Option<String>,
    gitweb: Option<String>,
    diffview: Option<String>,
    name: &'a str,
    line: Option<&'a str>,
    supports: Option<String>,
    kernel_min: Option<String>,
    kernel_max: Option<String>,
    retracted: Option<Retracted<'a>>,
    release_json: Pinned,
}

#[derive(Serialize)]
struct Released {
    timestamp: u64,
    isodate: String,
}

/// There are no patches between releases; readers of kernel.org's feed look for the fields.
#[derive(Default, Serialize)]
struct Patch {
    full: Option<String>,
    incremental: Option<String>,
}

#[derive(Serialize)]
struct Retracted<'a> {
    on: String,
    reason: &'a str,
}

#[derive(Serialize, Deserialize)]
struct Pinned {
    path: String,
    sha256: Sha256,
}

#[derive(Deserialize)]
struct Old {
    releases: Vec<OldRelease>,
}

#[derive(Deserialize)]
struct OldRelease {
    source: Option<String>,
    pgp: Option<String>,
    changelog: Option<String>,
    retracted: Option<serde::de::IgnoredAny>,
    release_json: Pinned,
}

/// What the file that is there shows: each release's files, and whether it is retracted.
pub(super) struct Shown(HashMap<Sha256, (Paths, bool)>);

impl Shown {
    /// Nothing where the file cannot be read; it is made anew then.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let Old { releases } = serde_json::from_slice(bytes).ok()?;
        let shown = releases.into_iter().map(|old| {
            let OldRelease { source, pgp, changelog, retracted, release_json } = old;
            (release_json.sha256, (Paths { source, pgp, changelog }, retracted.is_some()))
        });
        Some(Self(shown.collect()))
    }

    /// Whether it shows the release as it is.
    pub fn has(&self, listed: &Listed) -> bool {
        let shown = self.0.get(&listed.sha256);
        shown.is_some_and(|(_, is_retracted)| *is_retracted == listed.entry.retracted.is_some())
    }
}

/// The paths of files that the metadata does not name.
#[derive(Clone)]
struct Paths {
    source: Option<String>,
    pgp: Option<String>,
    changelog: Option<String>,
}

pub(super) fn text(
    catalog: &Catalog,
    version: u64,
    today: Date,
    shown: Option<&Shown>,
    facts: &mut Facts<'_>,
) -> Result<String, Failure> {
    let mut releases = Vec::with_capacity(catalog.releases.len());
    for listed in catalog.all().into_iter().rev() {
        let title = listed.entry.title();
        let kept =
            if facts.knows(&title) { None } else { shown.and_then(|shown| shown.0.get(&listed.sha256)) };
        let paths = match kept {
            Some((paths, _)) => paths.clone(),
            None => paths_of(listed, facts.of(&title, listed)?),
        };
        releases.push(release(catalog, listed, &title, paths, today));
    }
    let is_usable = |listed: &&Listed| !listed.entry.is_preview() && listed.entry.retracted.is_none();
    let is_alive = |listed: &&Listed| !is_over(catalog, listed, today);
    let feed = Feed {
        latest_stable: catalog.all().into_iter().filter(is_usable).rfind(is_alive).map(latest),
        latest: catalog
            .lines
            .keys()
            .filter_map(|line| Some((line.as_str(), latest(catalog.latest(line)?))))
            .collect(),
        releases,
        metadata_version: version,
    };
    let mut text = serde_json::to_string_pretty(&feed).expect("a feed is plain data");
    text.push('\n');
    Ok(text)
}

fn latest(listed: &Listed) -> Latest<'_> {
    Latest { name: &listed.entry.name, version: listed.entry.version.to_string() }
}

fn is_over(catalog: &Catalog, listed: &Listed, today: Date) -> bool {
    let line = listed.entry.line.as_ref().and_then(|line| catalog.lines.get(line));
    line.is_some_and(|line| line.is_over(today))
}

fn release<'a>(catalog: &Catalog, listed: &'a Listed, title: &str, paths: Paths, today: Date) -> Release<'a> {
    let entry = &listed.entry;
    let line = entry.line.as_ref().and_then(|line| catalog.lines.get(line));
    // kernel.org has a moniker for every release.
    let usual = if entry.is_preview() { "mainline" } else { "stable" };
    let date = entry.date.to_string();
    Release {
        moniker: line.and_then(|line| line.moniker).map_or(usual, |moniker| moniker.word()),
        version: entry.version.to_string(),
        iseol: is_over(catalog, listed, today),
        released: Released {
            timestamp: entry.date.0,
            isodate: date.split('T').next().unwrap_or_default().to_owned(),
        },
        source: paths.source,
        pgp: paths.pgp,
        patch: Patch::default(),
        changelog: paths.changelog,
        gitweb: None,
        diffview: None,
        name: &entry.name,
        line: entry.line.as_deref(),
        supports: entry.supports.map(|range| range.to_string()),
        kernel_min: entry.supports.and_then(|range| range.min()).map(|version| version.to_string()),
        kernel_max: entry.supports.as_ref().and_then(kernel_max),
        retracted: entry
            .retracted
            .as_ref()
            .map(|retracted| Retracted { on: retracted.on.to_string(), reason: &retracted.reason }),
        release_json: Pinned {
            path: layout::file(entry.line.as_deref(), &Names::new(title).description()),
            sha256: listed.sha256,
        },
    }
}

fn paths_of(listed: &Listed, published: &Published) -> Paths {
    let names = Names::new(&published.title);
    let line = listed.entry.line.as_deref();
    let path = |name: String| published.files.contains_key(&name).then(|| layout::file(line, &name));
    let source = PREFERRED.into_iter().find_map(|format| path(names.artifact(format)));
    Paths {
        source,
        pgp: path(names.signature(&names.artifact(Format::Tar), Kind::Openpgp)),
        changelog: path(names.changes()),
    }
}

/// The last series or version inside of a range, where it can be told: its edge is the first one outside.
fn kernel_max(range: &KernelRange) -> Option<String> {
    let before: KernelVersion = range.max()?;
    if before.is_candidate() {
        return None;
    }
    let [major, minor, patch] = before.numbers();
    match (minor, patch) {
        (0, 0) => {
            let last = LAST_OF.iter().find(|(of, _)| of + 1 == major)?;
            Some(format!("{}.{}", last.0, last.1))
        }
        (_, 0) => Some(format!("{major}.{}", minor - 1)),
        _ => Some(format!("{major}.{minor}.{}", patch - 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_kernel_of_a_range_is_told_where_it_can_be() {
        for (range, last) in [
            (">=4.18, <7.1", Some("7.0")),
            (">=4.18, <=6.12", Some("6.12")),
            ("<7.0", Some("6.19")),
            ("<=6.12.58", Some("6.12.58")),
            ("<9.0", None),
            ("<6.12-rc3", None),
            (">=4.18", None),
        ] {
            assert_eq!(kernel_max(&range.parse().unwrap()).as_deref(), last, "{range}");
        }
    }
}
