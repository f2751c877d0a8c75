// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a repository has released, for those who ask what is due.
//!
//! This goes by `releases.json`, which nobody signs: it decides what is looked at next, never what is used.
//! The sources of a release stand in its description; of each line only the newest one's is read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Deserialize;

use super::Reader;
use crate::line::Released;
use crate::model::version::ReleaseVersion;
use crate::model::{Class, Failure, Problem, Sha256};
use crate::record::Description;
use crate::release::plain;
use crate::repository::layout;

/// 2,000 releases have an index of about 2 MB.
const LARGEST: u64 = 64 << 20;

#[derive(Deserialize)]
struct Feed {
    releases: Vec<Release>,
}

#[derive(Deserialize)]
struct Release {
    name: String,
    version: ReleaseVersion,
    line: Option<String>,
    released: Stamp,
    release_json: Pinned,
}

#[derive(Deserialize)]
struct Stamp {
    isodate: String,
}

#[derive(Deserialize)]
struct Pinned {
    path: String,
    sha256: Sha256,
}

/// Every release of a repository, sorted by name and version.
///
/// # Errors
/// There is no repository, or it cannot be read.
pub fn released(reader: &Reader) -> Result<Vec<Released>, Failure> {
    let at = reader.at();
    let wrong = |why: String| {
        let problem = Problem::new(format!("`{at}` is not a release repository")).note(why);
        Failure::new(Class::Source, problem.help("expected the address that releases are published at"))
    };
    let bytes = reader.read(layout::RELEASES, LARGEST)?;
    let bytes = bytes.ok_or_else(|| wrong(format!("there is no `{}`", layout::RELEASES)))?;
    let mut feed: Feed = serde_json::from_slice(&bytes)
        .map_err(|error| wrong(format!("`{}` cannot be read: {error}", layout::RELEASES)))?;
    feed.releases.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));

    let mut released = Vec::new();
    let mut seen = BTreeSet::new();
    for release in feed.releases.into_iter().rev() {
        let Release { name, version, line, released: stamp, release_json } = release;
        let directory = PathBuf::from(format!("{at}/{}", layout::folder(line.as_deref())));
        let mut one = Released {
            kernel: version.kernel.map(|kernel| kernel.to_string()),
            date: stamp.isodate,
            sources: BTreeMap::new(),
            name,
            version,
            line,
            directory,
        };
        // Without a line the branch of its version is its line.
        let branch = one.version.base.numbers()[..2].to_vec();
        if seen.insert((one.name.clone(), one.line.clone(), one.line.is_none().then_some(branch))) {
            let description = description(reader, &release_json)?;
            one.date = description.date;
            one.sources = description
                .sources
                .into_iter()
                .map(|(name, source)| (name, (source.r#ref, source.commit.to_string())))
                .collect();
        }
        released.push(one);
    }
    released.reverse();
    Ok(released)
}

fn description(reader: &Reader, pinned: &Pinned) -> Result<Description, Failure> {
    let wrong = |why: String| {
        let problem =
            Problem::new(format!("`{}` at `{}` is not what it should be", pinned.path, reader.at()));
        Failure::new(Class::Verification, problem.note(why).help("`lustre-dist repo check` tells more"))
    };
    let bytes = reader.read(&pinned.path, plain::LARGEST_RECORD)?;
    let bytes = bytes.ok_or_else(|| wrong("it is missing".to_owned()))?;
    let found = Sha256::of(&bytes);
    if found != pinned.sha256 {
        return Err(wrong(format!("expected sha256 {}, found {found}", pinned.sha256)));
    }
    serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))
}
