// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What kernel.org says of its kernels: `releases.json`, reduced to what counts for lines.
//!
//! The file is described by kernel.org's own example, <https://www.kernel.org/releases.json>. What it
//! says beyond the keys that are read here may change without notice and is not looked at.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::json::{Members, Value};
use crate::model::version::{KernelSeries, KernelVersion, TagPattern};
use crate::model::{Moniker, Problem, SourceText};

/// The newest kernels, by series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Where it came from, for people: an address, a file, `tags of ...`.
    pub from: String,
    /// The newest stable kernel.
    pub latest_stable: Option<KernelVersion>,
    /// What is known of each series.
    pub series: BTreeMap<KernelSeries, Known>,
}

/// What a feed says of one series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Known {
    /// The newest version; of mainline it can be a candidate.
    pub version: KernelVersion,
    /// The day on which that version was released, where the feed says it.
    #[serde(default, with = "super::day::optional", skip_serializing_if = "Option::is_none")]
    pub released: Option<Date>,
    /// What kernel.org calls the series; tags do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moniker: Option<Moniker>,
    /// Whether the feed marks it as at the end of its life.
    pub eol: bool,
}

impl Feed {
    /// Reads a `releases.json`.
    ///
    /// # Errors
    /// It is not JSON, has not the form of that file, repeats a version, or has a day after `today`.
    /// Every problem that can be told; never none.
    pub fn from_json(text: SourceText, today: Date) -> Result<Self, Vec<Problem>> {
        let text = Arc::new(text);
        let mut problems = Vec::new();
        let feed = read(&text, today, &mut problems);
        match feed {
            Ok(feed) if problems.is_empty() => Ok(feed),
            Ok(_) => Err(problems),
            Err(problem) => {
                problems.push(problem);
                Err(problems)
            }
        }
    }
}

impl Feed {
    /// The newest kernel that a pattern covers, of one series where one is given.
    #[must_use]
    pub fn newest(&self, pattern: &TagPattern, series: Option<KernelSeries>) -> Option<KernelVersion> {
        let known = self.series.values().map(|known| known.version);
        known
            .filter(|version| series.is_none_or(|series| series.contains(version)))
            .filter(|version| pattern.matches(&format!("v{version}")))
            .max()
    }

    /// The kernel that mainline is at, a candidate mostly; else the newest stable one.
    #[must_use]
    pub fn mainline(&self) -> Option<KernelVersion> {
        let mainline = self.series.values().filter(|known| known.moniker == Some(Moniker::Mainline));
        mainline.map(|known| known.version).max().or(self.latest_stable)
    }
}

/// One entry of `releases` that is of a series.
struct Entry<'a> {
    version: KernelVersion,
    moniker: Moniker,
    eol: bool,
    released: Date,
    at: Value<'a>,
}

fn read(text: &Arc<SourceText>, today: Date, problems: &mut Vec<Problem>) -> Result<Feed, Problem> {
    let root = Value::whole(text, "the feed")?;
    let top = root.members()?;
    let releases = top.need("releases")?.elements()?;
    if releases.is_empty() {
        return Err(top.need("releases")?.problem("the feed has no releases", "expected some"));
    }
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut seen: HashMap<KernelVersion, usize> = HashMap::new();
    for release in &releases {
        match entry(release, today) {
            Ok(None) => {}
            Ok(Some(entry)) => {
                if let Some(&first) = seen.get(&entry.version) {
                    let first = &entries[first];
                    // Until the next candidate, mainline's newest release is stable's too.
                    if first.moniker != Moniker::Mainline || entry.moniker != Moniker::Stable {
                        problems.push(entry.at.problem(
                            format!("the feed has the version {} twice", entry.version),
                            format!("the first is `{}`", first.at.name),
                        ));
                    }
                    continue;
                }
                seen.insert(entry.version, entries.len());
                entries.push(entry);
            }
            Err(problem) => problems.push(problem),
        }
    }
    let latest = latest_stable(&top, &entries, problems.is_empty())?;
    Ok(Feed { from: text.name.clone(), latest_stable: Some(latest), series: by_series(entries) })
}

fn latest_stable(top: &Members<'_>, entries: &[Entry<'_>], whole: bool) -> Result<KernelVersion, Problem> {
    let object = top.need("latest_stable")?.members()?;
    let value = object.need("version")?;
    let version = version(value)?;
    if whole && !entries.iter().any(|entry| entry.version == version) {
        return Err(
            value.problem(format!("the latest stable kernel {version} is not among the releases"), "")
        );
    }
    Ok(version)
}

/// One release; none for linux-next, which has no version.
fn entry<'a>(release: &Value<'a>, today: Date) -> Result<Option<Entry<'a>>, Problem> {
    let members = release.members()?;
    for key in ["source", "pgp", "gitweb", "changelog", "diffview"] {
        members.get(key).map(Value::text_or_null).transpose()?;
    }
    if let Some(patch) = members.get("patch").filter(|patch| !patch.is_null()) {
        let patch = patch.members()?;
        for key in ["full", "incremental"] {
            patch.get(key).map(Value::text_or_null).transpose()?;
        }
    }
    let word = members.need("moniker")?;
    let moniker = match &*word.text()? {
        "linux-next" => None,
        known => Some(Moniker::from_word(known).ok_or_else(|| {
            word.problem(format!("`{known}` is not a moniker of kernel.org"), "not known here")
                .note("known are mainline, stable, longterm and linux-next")
        })?),
    };
    let eol = members.need("iseol")?.boolean()?;
    let released = released(members.need("released")?, today)?;
    let at = members.need("version")?;
    let Some(moniker) = moniker else {
        at.text()?;
        return Ok(None);
    };
    Ok(Some(Entry { version: version(at)?, moniker, eol, released, at: at.clone() }))
}

fn version(value: &Value<'_>) -> Result<KernelVersion, Problem> {
    let text = value.text()?;
    KernelVersion::parse(&text).map_err(|error| {
        value.problem(format!("`{text}` is not a kernel version"), format!("expected {}", error.expected()))
    })
}

fn released(value: &Value<'_>, today: Date) -> Result<Date, Problem> {
    let members = value.members()?;
    let (stamp, day) = (members.need("timestamp")?, members.need("isodate")?);
    let seconds = stamp.integer()?;
    let text = day.text()?;
    let by_stamp = jiff::Timestamp::from_second(seconds)
        .map(|stamp| stamp.to_zoned(jiff::tz::TimeZone::UTC).date())
        .map_err(|_| stamp.problem(format!("no date is {seconds} seconds from 1970"), ""))?;
    let by_text = super::day::parse(&text)
        .ok_or_else(|| day.problem(format!("`{text}` is not a date"), "expected a day, as in 2026-11-20"))?;
    for (date, value) in [(by_text, day), (by_stamp, stamp)] {
        if date > today {
            return Err(value
                .problem(format!("the feed has a release of {date}, and today is {today}"), "in the future")
                .help("look at this machine's clock, and at where the feed comes from"));
        }
    }
    Ok(by_text)
}

/// The newest entry of each series.
fn by_series(entries: Vec<Entry<'_>>) -> BTreeMap<KernelSeries, Known> {
    let mut series: BTreeMap<KernelSeries, Known> = BTreeMap::new();
    for Entry { version, moniker, eol, released, .. } in entries {
        let known = Known { version, released: Some(released), moniker: Some(moniker), eol };
        let slot = series.entry(version.series()).or_insert_with(|| known.clone());
        // A series can be in the feed twice: as mainline's release and with its first stable update.
        if slot.version < known.version {
            *slot = known;
        }
    }
    series
}
