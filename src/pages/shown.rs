// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Values as the pages show them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use super::Site;
use crate::manifest::Format;
use crate::model::version::KernelRange;
use crate::model::{Sha256, SourceDate};
use crate::record::Names;
use crate::repository::{Entry, LineEntry, Listed, layout};

/// The day of a release.
pub(super) fn day(date: SourceDate) -> Option<Date> {
    let seconds = i64::try_from(date.0).ok()?;
    Some(Timestamp::from_second(seconds).ok()?.to_zoned(TimeZone::UTC).date())
}

/// `30.8 MB`, in steps of a thousand.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut tenths = bytes.div_ceil(100);
    let mut unit = 0;
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths = tenths.div_ceil(1000);
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

/// What a release is, beside being there.
#[derive(Serialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Retracted,
    Candidate,
    Snapshot,
    Latest,
    Earlier,
}

/// A release in a list.
#[derive(Serialize)]
pub(super) struct Row {
    pub(super) version: String,
    pub(super) title: String,
    pub(super) page: String,
    pub(super) day: Option<Date>,
    pub(super) kernel: Option<String>,
    pub(super) supports: Option<String>,
    pub(super) state: State,
    pub(super) reason: Option<String>,
    /// Its tarballs, where the list is beside them.
    pub(super) tarballs: Vec<Tarball>,
}

/// A tarball in the folder of the page.
#[derive(Serialize)]
pub(super) struct Tarball {
    name: String,
    link: String,
    encoding: &'static str,
}

/// `newest` is the release of its line that anybody should use; looked up once for a whole list.
pub(super) fn row(listed: &Listed, newest: Option<&Listed>) -> Row {
    let entry = &listed.entry;
    let title = entry.title();
    Row {
        version: entry.version.to_string(),
        page: layout::escaped(&layout::release_page(entry.line.as_deref(), &title)),
        title,
        day: day(entry.date),
        kernel: entry.version.kernel.as_ref().map(ToString::to_string),
        supports: entry.supports.as_ref().map(KernelRange::to_string),
        state: state(entry, newest),
        reason: entry.retracted.as_ref().map(|retraction| retraction.reason.clone()),
        tarballs: Vec::new(),
    }
}

/// The same on the page of its line, whose files these are.
pub(super) fn row_with_tarballs(
    listed: &Listed,
    newest: Option<&Listed>,
    files: &BTreeMap<String, Sha256>,
) -> Row {
    let names = Names::new(&listed.entry.title());
    let tarballs = [Format::Xz, Format::Zstd, Format::Gzip, Format::Tar].into_iter().filter_map(|format| {
        let name = names.artifact(format);
        let extension = format.extension();
        let encoding = extension.strip_prefix("tar.").unwrap_or(extension);
        files.contains_key(&name).then(|| Tarball { link: layout::escaped(&name), name, encoding })
    });
    Row { tarballs: tarballs.collect(), ..row(listed, newest) }
}

/// The newest release of a line, or of those that belong to none, that anybody should use.
pub(super) fn newest<'a>(site: &Site<'a>, line: Option<&str>) -> Option<&'a Listed> {
    line.map_or_else(|| site.catalog.latest_of_none(), |line| site.catalog.latest(line))
}

fn state(entry: &Entry, newest: Option<&Listed>) -> State {
    let latest = || {
        newest.is_some_and(|newest| newest.entry.version == entry.version && newest.entry.name == entry.name)
    };
    match entry {
        _ if entry.retracted.is_some() => State::Retracted,
        _ if entry.version.is_candidate() => State::Candidate,
        _ if entry.is_preview() => State::Snapshot,
        _ if latest() => State::Latest,
        _ => State::Earlier,
    }
}

/// A line as every page shows it.
#[derive(Serialize)]
pub(super) struct Line {
    pub(super) id: String,
    pub(super) page: String,
    pub(super) kernel: Option<String>,
    pub(super) moniker: Option<&'static str>,
    pub(super) eol: Option<Date>,
    pub(super) is_over: bool,
}

pub(super) fn line(site: &Site, id: Option<&str>) -> Line {
    let unknown = LineEntry { kernel: None, moniker: None, eol: None };
    let entry = id.and_then(|id| site.catalog.lines.get(id)).unwrap_or(&unknown);
    Line {
        id: id.unwrap_or(layout::NO_LINE).to_owned(),
        page: layout::line_page(id),
        kernel: entry.kernel.as_ref().map(ToString::to_string),
        moniker: entry.moniker.map(crate::model::Moniker::word),
        eol: entry.eol,
        is_over: entry.is_over(site.today),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_at_a_glance() {
        let shown: Vec<_> = [0, 999, 1000, 123_456, 30_800_000, 2_000_000_000].map(size).into();
        assert_eq!(shown, ["0 B", "999 B", "1.0 kB", "123.5 kB", "30.8 MB", "2.0 GB"]);
    }
}
