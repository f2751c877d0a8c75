// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What there is to make of a line: the newest kernel, the newest tags, and the version they give.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Line;
use crate::manifest::{Source, Wanted};
use crate::model::version::{KernelVersion, LustreVersion, ReleaseVersion, TagPattern};
use crate::model::{Failure, SourceName};
use crate::source::Places;

/// The newest release that a line could have.
#[derive(Debug)]
pub struct Target {
    /// Its version.
    pub version: ReleaseVersion,
    /// The kernel of its upstream layer, where there is a kernel source.
    pub kernel: Option<KernelVersion>,
    /// The tag that each source is to be at.
    pub tags: BTreeMap<SourceName, String>,
    /// What must be edited in the manifest before it can be made.
    pub bumps: Vec<Bump>,
    /// The tags that a source has not got yet.
    pub waiting: Vec<Waiting>,
    /// What could not be looked at, and what that leaves open.
    pub unseen: Vec<String>,
}

/// A source that is to be at a newer tag than its manifest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bump {
    /// The source.
    pub source: SourceName,
    /// The tag or version in the manifest.
    pub from: String,
    /// The newer tag.
    pub to: String,
}

/// A tag that a feed announces and a source has not got yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The source.
    pub source: SourceName,
    /// The tag.
    pub tag: String,
    /// Whether the source is a remote one, which a fetch may bring it from.
    pub remote: bool,
}

/// The target of a line; none where a source is at no tag, so that it makes development versions
/// alone.
///
/// # Errors
/// A source cannot be read.
pub fn target(line: &Line, places: &Places) -> Result<Option<Target>, Failure> {
    let release = &line.manifest.release;
    let mut target = Target {
        version: ReleaseVersion::from(release.version.value),
        kernel: None,
        tags: BTreeMap::new(),
        bumps: Vec::new(),
        waiting: Vec::new(),
        unseen: Vec::new(),
    };
    for (name, source) in &line.manifest.sources {
        let looked = Looked { line, places, source };
        let Some(tag) = looked.tag(&mut target)? else { return Ok(None) };
        let Some(tag) = tag else { continue };
        if *name == release.primary.value {
            if let Some(base) = LustreVersion::from_tag(&tag) {
                let stated = release.version.value;
                if base != stated && target.bumps.iter().all(|bump| bump.source != *name) {
                    target.bumps.push(Bump {
                        source: name.clone(),
                        from: stated.to_string(),
                        to: tag.clone(),
                    });
                }
                target.version.base = base;
            }
        } else if target.kernel.is_none() {
            target.kernel = KernelVersion::from_tag(&tag);
        }
        target.tags.insert(name.clone(), tag);
    }
    target.version.kernel = target.kernel;
    // A new base starts to count respins anew.
    let same = target.version.base == release.version.value;
    target.version.respin = release.respin.as_ref().filter(|_| same).map(|respin| respin.value);
    Ok(Some(target))
}

/// One source of a line, looked at.
struct Looked<'a> {
    line: &'a Line,
    places: &'a Places,
    source: &'a Source,
}

impl Looked<'_> {
    /// The tag that the source is to be at. The outer `None` says that it is at no tag at all; the
    /// inner one that no tag is known.
    fn tag(&self, target: &mut Target) -> Result<Option<Option<String>>, Failure> {
        match &self.source.wanted.value {
            Wanted::Commit(_) | Wanted::Branch(_) | Wanted::Ref(_) => Ok(None),
            Wanted::Pattern(pattern) => self.newest(pattern, target).map(Some),
            Wanted::Tag(tag) => {
                let Some(pattern) = &self.source.tags else { return Ok(Some(Some(tag.clone()))) };
                let newest = self.newest(pattern, target)?.filter(|newest| is_newer(newest, tag));
                if let Some(newest) = &newest {
                    let source = self.source.name.value.clone();
                    target.bumps.push(Bump { source, from: tag.clone(), to: newest.clone() });
                }
                Ok(Some(Some(newest.unwrap_or_else(|| tag.clone()))))
            }
        }
    }

    /// The newest tag that a pattern covers: of a kernel the one that the feed has, whatever tags
    /// there are; else the newest that the source has.
    fn newest(&self, pattern: &TagPattern, target: &mut Target) -> Result<Option<String>, Failure> {
        let series = self.line.series().filter(|_| pattern.is_kernel());
        let announced = self.line.calendar.feed.as_ref().filter(|_| pattern.is_kernel());
        let announced = announced.and_then(|feed| feed.newest(pattern, series));
        let names = self.places.tags(&self.line.manifest, self.source)?;
        let name = &self.source.name.value;
        let fits = |tag: &&str| {
            let version = KernelVersion::from_tag(tag);
            series.is_none_or(|series| version.is_some_and(|version| series.contains(&version)))
                && announced.is_none_or(|announced| version == Some(announced))
        };
        let found = names.iter().flat_map(|names| names.iter()).map(String::as_str).filter(fits);
        let found = pattern.newest(found).map(str::to_owned);
        match (announced, &names, found) {
            (_, _, Some(tag)) => Ok(Some(tag)),
            (Some(version), _, None) => {
                let tag = format!("v{version}");
                let remote = self.places.is_remote(&self.line.manifest, self.source)?;
                target.waiting.push(Waiting { source: name.clone(), tag: tag.clone(), remote });
                Ok(Some(tag))
            }
            (None, names, None) => {
                target.unseen.push(unseen(name, pattern, names.as_deref()));
                Ok(None)
            }
        }
    }
}

fn unseen(name: &SourceName, pattern: &TagPattern, names: Option<&Vec<String>>) -> String {
    match names {
        None => format!("source {name} was never fetched"),
        Some(names) => format!("no release tag of source {name} matches {pattern}, of {} tags", names.len()),
    }
}

/// Whether a tag is of a newer version than another of its kind.
fn is_newer(new: &str, old: &str) -> bool {
    let kernels = (KernelVersion::from_tag(new), KernelVersion::from_tag(old));
    let lustre = (LustreVersion::from_tag(new), LustreVersion::from_tag(old));
    matches!(kernels, (Some(new), Some(old)) if new > old)
        || matches!(lustre, (Some(new), Some(old)) if new > old)
}

impl Line {
    /// The newest kernel that is known of the line's series: by the feed, else by the tags of its
    /// kernel source. Of mainline it can be a candidate.
    #[must_use]
    pub fn newest_kernel(&self, places: &Places) -> Option<KernelVersion> {
        let feed = self.calendar.feed.as_ref();
        let Some(series) = self.series() else {
            return feed.filter(|_| self.moniker().is_some()).and_then(|feed| feed.mainline());
        };
        let by_feed = feed.and_then(|feed| feed.series.get(&series)).map(|known| known.version);
        by_feed.or_else(|| {
            // A source that cannot be read has been told by who asks what is due.
            let tags = |source| places.tags(&self.manifest, source).ok().flatten();
            let tags: Vec<Arc<Vec<String>>> = self.manifest.sources.values().filter_map(tags).collect();
            let versions =
                tags.iter().flat_map(|tags| tags.iter()).filter_map(|tag| KernelVersion::from_tag(tag));
            versions.filter(|version| series.contains(version) && !version.is_candidate()).max()
        })
    }
}
