// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! An audit for people: what alarms most stands first.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::totals::Totals;
use crate::audit::{Against, Audit, Change, Field, Judged, Origin, Search, Trace, Verdict, alarm};
use crate::cli::screen::bytes;
use crate::source::tree;

/// How many lines of a list are shown unless all are asked for.
const SHOWN: usize = 20;

/// The whole report.
pub(super) fn report(name: &str, audit: &Audit, all: bool) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{name}  {}, {}, {} of tar, {} members{}",
        bytes(audit.packed),
        audit.compression.words(),
        bytes(audit.size),
        audit.members.len(),
        audit.top.as_ref().map(|top| format!(" in {}/", tree::shown(top))).unwrap_or_default(),
    );
    for against in &audit.against {
        header(&mut out, against);
    }
    for comment in &audit.comments {
        let matched = audit.against.iter().find(|against| against.commit.id.to_string() == *comment);
        let says = match matched {
            Some(against) => format!("the commit of {}", against.name),
            None => "not the commit above".to_owned(),
        };
        let _ = writeln!(out, "  pax comment {}: {says}", tree::shown(comment));
    }
    table(&mut out, audit);

    let list = |out: &mut String, title: &str, lines: &[String]| section(out, title, lines, all);
    list(&mut out, "FAULTS of the tar", &audit.faults);
    for (class, title) in [
        (0, "HOSTILE: do not unpack"),
        (1, "UNEXPLAINED: neither path nor content is in git"),
        (2, "CHANGED: git has other content"),
        (3, "followed links: a copy of what the link leads to"),
        (4, "moved: git has the content elsewhere"),
    ] {
        list(&mut out, title, &members(audit, class));
    }
    list(&mut out, "modes that differ", &modes(audit));
    list(&mut out, "baked in: traces of the machine that made it", &baked(audit));
    list(&mut out, "later than the commit", &late(audit));
    list(&mut out, "missing: tracked, but not in the tarball", &missing(audit));
    if !all && audit.missing.len() > SHOWN {
        let _ = writeln!(out, "  by folder: {}", by_folder(audit));
    }
    list(&mut out, "not looked at", &not_looked_at(audit));
    let unused: Vec<String> =
        audit.unused.iter().map(|glob| format!("--generated {glob} excuses no member")).collect();
    list(&mut out, "remarks", &unused);
    out
}

fn header(out: &mut String, against: &Against) {
    let also = |names: &[String]| match names {
        [] => String::new(),
        names => format!(" (also {})", names.join(", ")),
    };
    let chosen = against.search.as_ref().and_then(|search| search.best.first());
    let more = chosen.map(|candidate| also(&candidate.also)).unwrap_or_default();
    let _ = writeln!(
        out,
        "  {}  {}{more}  commit {}  {}",
        against.name, against.revision, against.commit.id, against.commit.date
    );
    if let Some(Search { tags, files, best }) = &against.search {
        let best: Vec<String> =
            best.iter().map(|candidate| format!("{} {}", candidate.tag, candidate.identical)).collect();
        let _ = writeln!(out, "    best of {tags} tags by identical files of {files}: {}", best.join(", "));
    }
}

fn table(out: &mut String, audit: &Audit) {
    let totals = Totals::of(audit);
    let [hostile, unexplained, changed, followed, moved, generated, identical, directories] = totals.counts;
    out.push('\n');
    for (members, count, finding, other) in [
        ("identical", identical, "modes that differ", totals.modes),
        ("directories", directories, "members with traces of a machine", totals.traces),
        ("generated", generated, "users and records in headers", totals.headers),
        ("moved", moved, "later than the commit", totals.late),
        ("followed links", followed, "tracked files missing", totals.missing),
        ("changed", changed, "not looked at", totals.not_looked_at),
        ("unexplained", unexplained, "faults of the tar", totals.faults),
    ] {
        let _ = writeln!(out, "  {members:<16} {count:>6}    {finding:<34} {other:>6}");
    }
    let _ = writeln!(out, "  {:<16} {hostile:>6}", "hostile");
}

fn section(out: &mut String, title: &str, lines: &[String], all: bool) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{title} ({})", lines.len());
    let shown = if all { lines.len() } else { lines.len().min(SHOWN) };
    for line in &lines[..shown] {
        let _ = writeln!(out, "  {line}");
    }
    if shown < lines.len() {
        let _ = writeln!(out, "  ... and {} more; `--all` shows them", lines.len() - shown);
    }
}

/// A member's path without the top directory, which the first line names.
fn short<'p>(audit: &Audit, path: &'p str) -> &'p str {
    let top = audit.top.as_ref().map(|top| tree::shown(top));
    let rest = top.and_then(|top| path.strip_prefix(top.as_str())?.strip_prefix('/'));
    rest.unwrap_or(path)
}

/// The members of a class, a line each.
fn members(audit: &Audit, class: usize) -> Vec<String> {
    let mut members: Vec<&Judged> =
        audit.members.iter().filter(|member| member.verdict.class() == class).collect();
    members.sort_by_key(|member| (rank(member), &member.path));
    let rows = members.into_iter().map(|member| {
        let path = short(audit, &member.path);
        let is_told = !matches!(member.verdict, Verdict::Hostile { .. });
        let stored = member.hard_link.as_ref().filter(|_| is_told).map(|target| short(audit, target));
        let stored = stored.map(|target| format!("  (hard link to {target})")).unwrap_or_default();
        (path.to_owned(), format!("{}{stored}", said(path, member)))
    });
    aligned(rows.collect())
}

fn rank(member: &Judged) -> u8 {
    let executable = matches!(&member.verdict, Verdict::Unexplained { what } if what.ends_with("executable"));
    alarm(&member.path, executable)
}

/// Two columns, the first as wide as it needs to be within reason.
fn aligned(rows: Vec<(String, String)>) -> Vec<String> {
    let width = rows.iter().map(|(left, _)| left.chars().count()).max().unwrap_or(0).min(60);
    let line = |(left, right): (String, String)| format!("{left:<width$}  {right}").trim_end().to_owned();
    rows.into_iter().map(line).collect()
}

/// What there is to say of a member at `path`; where git has it is said if that is elsewhere.
fn said(path: &str, member: &Judged) -> String {
    let place = |origin: &Origin| match origin.path == path {
        true => String::new(),
        false => format!("  {}:{}", origin.source, tree::shown(&origin.path)),
    };
    let size = member.size.map(|size| format!("{:>9}  ", bytes(size))).unwrap_or_default();
    match &member.verdict {
        Verdict::Hostile { why } => why.clone(),
        Verdict::Unexplained { what } => format!("{size}{what}"),
        Verdict::Changed { origin, change, content_of } => {
            let change = match change {
                Change::Lines { added, removed } => format!("+{added} -{removed}"),
                Change::Binary { from, to } => format!("binary, {from} bytes in git, {to} here"),
                Change::Type { from, to } => format!("{from} in git, {to} here"),
                Change::NotCompared { why } => format!("{size}here; not compared: {why}"),
            };
            let content_of = content_of
                .as_ref()
                .map(|origin| format!("  holds {}:{}", origin.source, tree::shown(&origin.path)));
            format!("{change}{}{}", place(origin), content_of.unwrap_or_default())
        }
        Verdict::Followed { link, origin } => {
            let by = place(link);
            let by = if by.is_empty() { by } else { format!("  by {}", by.trim_start()) };
            format!("-> {}{by}", tree::shown(&origin.path))
        }
        Verdict::Moved { origin } => format!("from {}:{}", origin.source, tree::shown(&origin.path)),
        Verdict::Generated { .. } | Verdict::Identical { .. } | Verdict::Directory => String::new(),
    }
}

fn modes(audit: &Audit) -> Vec<String> {
    let row = |member: &Judged| Some((short(audit, &member.path).to_owned(), member.mode.clone()?));
    aligned(audit.members.iter().filter_map(row).collect())
}

fn baked(audit: &Audit) -> Vec<String> {
    let mut lines: Vec<String> =
        audit.strange_comments().map(|comment| format!("pax comment {}", tree::shown(comment))).collect();
    for said in &audit.said {
        let what = match said.field {
            Field::User => "user name",
            Field::Group => "group name",
            Field::Uid => "user id",
            Field::Gid => "group id",
            Field::Comment => "pax comment",
            Field::Record => "pax record",
        };
        let (value, first) = (tree::shown(&said.value), short(audit, &said.first));
        lines.push(match said.members {
            1 => format!("{what} {value}  {first}"),
            members => format!("{what} {value}  {members} members, the first {first}"),
        });
    }
    let rows = audit.members.iter().filter(|member| !member.traces.is_empty()).map(|member| {
        let first = &member.traces[0];
        let what = match first.trace {
            Trace::MachinePath => "path",
            Trace::Host => "host",
        };
        let more = match member.traces.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        let place = format!("{}:{}", short(audit, &member.path), first.line);
        (place, format!("{what} {}{more}", tree::shown(&first.text)))
    });
    lines.extend(aligned(rows.collect()));
    lines
}

fn late(audit: &Audit) -> Vec<String> {
    let mut late: Vec<(&Judged, crate::model::SourceDate)> =
        audit.members.iter().filter_map(|member| Some((member, member.late?))).collect();
    late.sort_by_key(|(member, date)| (std::cmp::Reverse(*date), &member.path));
    late.into_iter().map(|(member, date)| format!("{date}  {}", short(audit, &member.path))).collect()
}

fn missing(audit: &Audit) -> Vec<String> {
    audit.missing.iter().map(|missing| format!("{}:{}", missing.source, tree::shown(&missing.path))).collect()
}

/// How many missing files each folder at the top has, the most first.
fn by_folder(audit: &Audit) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for missing in &audit.missing {
        let (folder, _) = missing.path.split_once('/').unwrap_or((".", ""));
        *counts.entry(folder).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(folder, count)| (std::cmp::Reverse(*count), *folder));
    let shown: Vec<String> =
        counts.iter().take(SHOWN).map(|(folder, count)| format!("{} {count}", tree::shown(folder))).collect();
    shown.join(", ")
}

fn not_looked_at(audit: &Audit) -> Vec<String> {
    let long = audit.members.iter().filter(|member| member.unsearched);
    let long = long.map(|member| format!("{}  not searched for traces", short(audit, &member.path)));
    let odd = audit
        .against
        .iter()
        .flat_map(|against| against.not_seen.iter().map(|odd| format!("{}: {odd}", against.name)));
    long.chain(odd).collect()
}
