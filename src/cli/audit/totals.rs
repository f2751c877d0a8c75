// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The findings of an audit in numbers, and which of them fail.

use crate::audit::{Audit, Judged, Verdict};

/// How many findings there are of each kind.
pub(super) struct Totals {
    pub(super) counts: [usize; Verdict::CLASSES.len()],
    pub(super) faults: usize,
    pub(super) modes: usize,
    /// Members with traces of a machine.
    pub(super) traces: usize,
    /// Users, groups, comments and records in headers.
    pub(super) headers: usize,
    pub(super) late: usize,
    pub(super) missing: usize,
    /// Members that were not searched, and parts of a tree that are not files.
    pub(super) not_looked_at: usize,
}

impl Totals {
    pub(super) fn of(audit: &Audit) -> Self {
        let count = |is: &dyn Fn(&Judged) -> bool| audit.members.iter().filter(|member| is(member)).count();
        Self {
            counts: audit.counts(),
            faults: audit.faults.len(),
            modes: count(&|member| member.mode.is_some()),
            traces: count(&|member| !member.traces.is_empty()),
            headers: audit.said.len() + audit.strange_comments().count(),
            late: count(&|member| member.late.is_some()),
            missing: audit.missing.len(),
            not_looked_at: count(&|member| member.unsearched)
                + audit.against.iter().map(|against| against.not_seen.len()).sum::<usize>(),
        }
    }

    /// What fails.
    pub(super) fn wrong(&self) -> Vec<String> {
        let [hostile, unexplained, changed, ..] = self.counts;
        words(&[
            (self.faults, "in the tar itself"),
            (hostile, "hostile"),
            (unexplained, "unexplained"),
            (changed, "changed"),
        ])
    }

    /// Whether it should not even be unpacked.
    pub(super) fn is_hostile(&self) -> bool {
        self.faults + self.counts[0] > 0
    }

    /// What fails when it is strict.
    pub(super) fn findings(&self) -> Vec<String> {
        let [_, _, _, followed, moved, ..] = self.counts;
        words(&[
            (followed, "followed links"),
            (moved, "moved"),
            (self.modes, "modes"),
            (self.traces, "with traces of a machine"),
            (self.headers, "in headers"),
            (self.late, "later than the commit"),
            (self.missing, "missing"),
            (self.not_looked_at, "not looked at"),
        ])
    }
}

fn words(counts: &[(usize, &str)]) -> Vec<String> {
    counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect()
}
