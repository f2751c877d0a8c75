// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! An audit for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::totals::Totals;
use crate::audit::{Against, Audit, Compression, Judged, Missing, Said, Verdict};
use crate::model::CommitId;

#[derive(Serialize)]
pub(super) struct Answer<'a> {
    tarball: &'a str,
    compression: Compression,
    packed_size: u64,
    size: u64,
    top: Option<&'a str>,
    sources: BTreeMap<&'a str, Source<'a>>,
    classes: BTreeMap<&'static str, usize>,
    findings: Findings,
    members: &'a [Judged],
    faults: &'a [String],
    comments: &'a [String],
    headers: &'a [Said],
    missing: &'a [Missing],
    unused_globs: &'a [String],
}

/// How many of each.
#[derive(Serialize)]
struct Findings {
    modes: usize,
    traces: usize,
    headers: usize,
    late: usize,
    missing: usize,
    not_looked_at: usize,
}

#[derive(Serialize)]
struct Source<'a> {
    revision: &'a str,
    commit: CommitId,
    date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    search: Option<Search<'a>>,
    not_seen: &'a [String],
}

#[derive(Serialize)]
struct Search<'a> {
    tags: usize,
    files: usize,
    best: Vec<Best<'a>>,
}

#[derive(Serialize)]
struct Best<'a> {
    tag: &'a str,
    also: &'a [String],
    commit: CommitId,
    identical: u32,
    tracked: u32,
}

pub(super) fn answer<'a>(tarball: &'a str, audit: &'a Audit) -> Answer<'a> {
    let totals = Totals::of(audit);
    Answer {
        tarball,
        compression: audit.compression,
        packed_size: audit.packed,
        size: audit.size,
        top: audit.top.as_deref(),
        sources: audit.against.iter().map(|against| (against.name.as_str(), source(against))).collect(),
        classes: Verdict::CLASSES.into_iter().zip(audit.counts()).collect(),
        findings: Findings {
            modes: totals.modes,
            traces: totals.traces,
            headers: totals.headers,
            late: totals.late,
            missing: totals.missing,
            not_looked_at: totals.not_looked_at,
        },
        members: &audit.members,
        faults: &audit.faults,
        comments: &audit.comments,
        headers: &audit.said,
        missing: &audit.missing,
        unused_globs: &audit.unused,
    }
}

fn source(against: &Against) -> Source<'_> {
    Source {
        revision: &against.revision,
        commit: against.commit.id,
        date: against.commit.date.to_string(),
        search: against.search.as_ref().map(|search| Search {
            tags: search.tags,
            files: search.files,
            best: search
                .best
                .iter()
                .map(|candidate| Best {
                    tag: &candidate.tag,
                    also: &candidate.also,
                    commit: candidate.commit.id,
                    identical: candidate.identical,
                    tracked: candidate.tracked,
                })
                .collect(),
        }),
        not_seen: &against.not_seen,
    }
}
