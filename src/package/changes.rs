// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the change log of a package says: an entry a release, from what its tarball carries.

use serde::Serialize;

use super::input::Input;
use super::revision::Revision;
use crate::manifest::{Carries, PatchEntry};
use crate::model::{Class, CommitId, Failure, Problem, SourceDate};
use crate::patch;
use crate::plan::RECORDS;

/// How much of a commit id is shown.
const SHORT: usize = 12;

/// The entry of one release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The release's version.
    pub version: String,
    /// The full version of its Debian package, revision included.
    pub debian: String,
    /// The version of its RPM package, without the revision.
    pub rpm: String,
    /// The revision.
    pub revision: String,
    /// The release's date as Debian's change logs have it (Debian Policy 4.4): RFC 5322, in UTC.
    pub date_debian: String,
    /// The same as RPM's change logs have it: `Thu May 14 2026`. rpm refuses a log that goes up in time, so
    /// that a release which was made after the one that followed it has the other's day here.
    pub date_rpm: String,
    /// What is in it.
    pub changes: Vec<Change>,
}

/// One thing that a release brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// One sentence.
    pub text: String,
    /// The upstream commits that it carries, in full or as the patch names them.
    pub upstream: Vec<String>,
}

impl Change {
    /// A text can come from a patch's header or a manifest, and may have lines; here it is one sentence.
    pub(super) fn new(text: &str, upstream: Vec<String>) -> Self {
        let words: Vec<&str> = text.split_whitespace().collect();
        Self { text: words.join(" "), upstream }
    }
}

/// The entries of a change log, the newest first: the release's own and those before it.
///
/// # Errors
/// A previous release has another name, or is not before this one; one patch cannot be read.
pub fn entries(input: &Input, previous: &[Input], revision: &Revision) -> Result<Vec<Entry>, Failure> {
    let mut problems = Vec::new();
    let mut before: Vec<&Input> = previous.iter().collect();
    before.sort_by(|a, b| b.version.cmp(&a.version));
    for one in &before {
        if one.name() != input.name() {
            problems.push(
                Problem::new(format!("{} is no release of {}", one.title(), input.name()))
                    .help("give releases of the same name with `--previous`"),
            );
        } else if one.version >= input.version {
            problems.push(
                Problem::new(format!("{} is not before {}", one.title(), input.title()))
                    .help("give releases that came before with `--previous`"),
            );
        }
    }
    before.dedup_by(|a, b| a.version == b.version);
    if !problems.is_empty() {
        return Err(Failure { class: Class::Usage, problems });
    }
    let first = Revision { number: std::num::NonZeroU32::MIN, vendor: revision.vendor.clone() };
    let days = descending(std::iter::once(input).chain(before.iter().copied()).map(Input::date));
    let mut entries = vec![entry(input, revision, days[0])?];
    for (one, day) in before.into_iter().zip(&days[1..]) {
        entries.push(entry(one, &first, *day)?);
    }
    Ok(entries)
}

/// The same dates, none after the one before it.
fn descending(dates: impl Iterator<Item = SourceDate>) -> Vec<SourceDate> {
    let mut latest = SourceDate::MAX;
    dates
        .map(|date| {
            latest = latest.min(date);
            latest
        })
        .collect()
}

fn entry(input: &Input, revision: &Revision, day: SourceDate) -> Result<Entry, Failure> {
    Ok(Entry {
        version: input.lock.version.clone(),
        debian: format!("{}-{revision}", input.version.debian_upstream()),
        rpm: input.version.rpm_version(),
        revision: revision.to_string(),
        date_debian: strftime(input.date(), "%a, %d %b %Y %H:%M:%S +0000"),
        date_rpm: strftime(day, "%a %b %d %Y"),
        changes: changes(input)?,
    })
}

/// A date in English, whatever the locale, in UTC.
pub(super) fn strftime(date: SourceDate, form: &str) -> String {
    let seconds = i64::try_from(date.0.min(SourceDate::MAX.0)).expect("34 bits fit");
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| date.to_string(), |timestamp| timestamp.strftime(form).to_string())
}

fn changes(input: &Input) -> Result<Vec<Change>, Failure> {
    let mut text = format!("New release {}", input.lock.version);
    if let Some(line) = &input.manifest.line {
        text.push_str(&format!(" of the line {}", line.id));
    }
    let mut changes = vec![Change::new(&format!("{text}."), Vec::new())];
    for (name, pin) in &input.lock.source {
        let tag = pin.tag_name().map(|tag| format!("{tag}, ")).unwrap_or_default();
        let text = format!("Source {name}: {tag}{}.", short(pin.commit));
        changes.push(Change::new(&text, Vec::new()));
        // The commits of the source's own branch, backports among them, are named there with their subjects.
        if let Some(since) = &pin.since {
            let since = since.tag.clone().unwrap_or_else(|| short(since.commit));
            let record = input.names().changes();
            let text = format!("Commits of {name} since {since}: see {record} beside the tarball.");
            changes.push(Change::new(&text, Vec::new()));
        }
    }
    let mut problems = Vec::new();
    for entry in input.manifest.layers.iter().flat_map(|layer| &layer.patches) {
        match patches(input, entry) {
            Ok(found) => changes.extend(found),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(changes) } else { Err(Failure { class: Class::Verification, problems }) }
}

fn short(commit: CommitId) -> String {
    format!("commit {}", &commit.to_string()[..SHORT])
}

/// A change for each patch file of an entry.
fn patches(input: &Input, entry: &PatchEntry) -> Result<Vec<Change>, Problem> {
    let path = entry.path.value.as_str();
    if !entry.is_series {
        return change(input, path, 1, &entry.carries).map(|change| vec![change]);
    }
    let missing = || Problem::new(format!("the tarball does not carry the series `{path}` of its manifest"));
    let bytes = input.content(&format!("{RECORDS}/{path}")).ok_or_else(missing)?;
    let entries = patch::parse_series(path, bytes)
        .map_err(|_| Problem::new(format!("the series `{path}` in the tarball cannot be read")))?;
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    entries
        .iter()
        .map(|one| {
            let file = if folder.is_empty() { one.file.clone() } else { format!("{folder}/{}", one.file) };
            change(input, &file, one.strip, &entry.carries)
        })
        .collect()
}

fn change(input: &Input, path: &str, strip: usize, carries: &Carries) -> Result<Change, Problem> {
    let missing = || Problem::new(format!("the tarball does not carry the patch `{path}` of its manifest"));
    let bytes = input.content(&format!("{RECORDS}/{path}")).ok_or_else(missing)?;
    let header = patch::parse_stripping(path, bytes, strip)
        .map_err(|_| Problem::new(format!("the patch `{path}` in the tarball cannot be read")))?
        .header;
    let mut upstream: Vec<String> = header.upstream.into_iter().map(|mention| mention.commit).collect();
    if let Carries::Upstream(commit) = carries {
        upstream.retain(|other| !other.starts_with(commit.as_str()) && !commit.starts_with(other.as_str()));
        upstream.insert(0, commit.clone());
    }
    upstream.dedup();
    let subject = header.subject.unwrap_or_else(|| path.to_owned());
    let short: Vec<&str> = upstream.iter().map(|commit| &commit[..SHORT.min(commit.len())]).collect();
    let text = match (short.is_empty(), carries) {
        (false, _) => format!("Backport {subject} (upstream commit {}).", short.join(", ")),
        (true, Carries::Reason(reason)) => format!("Patch {subject}: {reason}."),
        (true, Carries::Upstream(_)) => format!("Patch {subject}."),
    };
    Ok(Change::new(&text, upstream))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_date_is_after_the_one_before_it() {
        let dates = [30, 10, 20, 10, 5, 40].map(SourceDate);
        assert_eq!(descending(dates.into_iter()), [30, 10, 10, 10, 5, 5].map(SourceDate));
    }

    #[test]
    fn a_change_is_one_line() {
        let change = Change::new("Patch x:\n\n -- A <a@b.c>\r\u{2028}\tmore.", Vec::new());
        assert_eq!(change.text, "Patch x: -- A <a@b.c> more.");
    }
}
