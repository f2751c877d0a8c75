// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! One release for a wish, chosen inside signed metadata, and why it is that one.
//!
//! The newest release that fits is chosen, by the total order of versions. The rules that a vendor
//! should know:
//!
//! * Candidates and snapshots, retracted releases, and those of lines past their end are passed over,
//!   also where they are asked for by their version, unless the wish says that they will do.
//! * A version names the release of just that text where there is one: a script that asks for 2.15.8 gets
//!   the same files after 2.15.8+r2 is out. Otherwise a bare version stands for the releases of its base.
//!   Those of several lines differ in their kernel code: none is guessed at, and the user is asked which.
//! * With a kernel, a release that was tested on it comes before one that is known to build on it, and this
//!   one before a guess. Tables of kernels belong to a version of Lustre and not to a line; so of
//!   the releases of one base, those of the line that is keyed to the kernel's series come first.

mod faults;
mod passed;
mod why;

use jiff::civil::Date;
use serde::Serialize;

use super::{Catalog, Entry, KernelTables, Listed, Spec, Wish};
use crate::kernel::{Answer, Range, Side};
use crate::model::Failure;
use crate::model::version::{KernelRelease, KernelSeries, LustreVersion, ReleaseVersion};

pub use passed::{PassedOver, Reason, against};

/// A release that was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// The release, with the digest that pins its description.
    #[serde(skip)]
    pub listed: Listed,
    /// `NAME-VERSION`.
    pub title: String,
    /// Its version.
    pub version: ReleaseVersion,
    /// Its line, where it belongs to one.
    pub line: Option<String>,
    /// What was asked for.
    pub spec: String,
    /// What is known of the kernel that was asked for.
    pub kernel: Option<OnKernel>,
    /// How many releases would have done.
    pub fitting: usize,
    /// What speaks against it, which the wish puts up with.
    pub in_spite_of: Vec<Reason>,
    /// The releases that would have been chosen before it, the best first.
    pub passed_over: Vec<PassedOver>,
    /// Why it is this one, in a line for people.
    pub why: String,
}

/// What a release says of a kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OnKernel {
    /// The kernel that was asked about.
    pub running: KernelRelease,
    /// For clients or servers.
    pub side: Side,
    /// What is known.
    #[serde(flatten)]
    pub answer: Answer,
    /// Whether the release's line is keyed to the kernel's series.
    pub of_its_line: bool,
}

/// How well a release fits; the greater, the better.
type Rank<'a> = (u8, LustreVersion, bool, &'a ReleaseVersion, &'a str);

/// A release that fits the wish, but for what may speak against it.
struct Fitting<'a> {
    listed: &'a Listed,
    kernel: Option<OnKernel>,
    against: Vec<Reason>,
}

impl Fitting<'_> {
    fn rank(&self) -> Rank<'_> {
        let Entry { name, version, .. } = &self.listed.entry;
        let footing = self.kernel.as_ref().map_or(0, |kernel| footing(&kernel.answer));
        let of_its_line = self.kernel.as_ref().is_some_and(|kernel| kernel.of_its_line);
        (footing, version.base, of_its_line, version, name)
    }
}

fn footing(answer: &Answer) -> u8 {
    match answer {
        Answer::Tested(_) => 3,
        Answer::Known(_) => 2,
        Answer::WithinRange { .. } => 1,
        Answer::Unknown => 0,
    }
}

/// Chooses a release. `today` decides which lines are over.
///
/// A wish for a kernel is to come with the tables; without them all that is left are guesses from ranges.
///
/// # Errors
/// No release will do, or it is not clear which: class `Usage`. None is known to work on the kernel:
/// class `NothingToDo`.
pub fn choose(
    catalog: &Catalog,
    tables: Option<&KernelTables>,
    wish: &Wish,
    today: Date,
) -> Result<Choice, Failure> {
    let named = meant(catalog, wish);
    if named.is_empty() {
        return Err(faults::none_fits(catalog, wish));
    }
    let mut fitting: Vec<Fitting<'_>> = named
        .iter()
        .map(|listed| Fitting {
            listed,
            kernel: wish.kernel.as_ref().map(|running| asked(catalog, tables, wish.side, running, listed)),
            against: passed::against(catalog, &listed.entry, today),
        })
        .filter(|one| one.kernel.as_ref().is_none_or(|kernel| kernel.answer != Answer::Unknown))
        .collect();
    if fitting.is_empty() {
        return Err(faults::none_works(wish, &named));
    }
    fitting.sort_by(|one, other| other.rank().cmp(&one.rank()));
    let accepted: Vec<&Fitting<'_>> =
        fitting.iter().filter(|one| one.against.iter().all(|reason| reason.is_accepted(wish))).collect();
    let Some(best) = accepted.first() else {
        return Err(faults::all_passed_over(catalog, wish, &fitting, today));
    };
    if wish.name.is_none() && accepted.iter().any(|one| one.listed.entry.name != best.listed.entry.name) {
        return Err(faults::several_names(wish, &accepted));
    }
    let lines_differ = accepted.iter().any(|one| one.listed.entry.line != best.listed.entry.line);
    if wish.spec.is_base() && wish.kernel.is_none() && lines_differ {
        return Err(faults::several_lines(wish, &accepted));
    }
    let passed_over = fitting
        .iter()
        .take_while(|one| one.rank() > best.rank())
        .map(|one| PassedOver { title: one.listed.entry.title(), reasons: one.against.clone() })
        .collect();
    let mut choice = Choice {
        listed: best.listed.clone(),
        title: best.listed.entry.title(),
        version: best.listed.entry.version.clone(),
        line: best.listed.entry.line.clone(),
        spec: wish.spec.to_string(),
        kernel: best.kernel.clone(),
        fitting: accepted.len(),
        in_spite_of: best.against.clone(),
        passed_over,
        why: String::new(),
    };
    choice.why = why::tell(wish, &choice);
    Ok(choice)
}

/// The releases that a wish speaks of.
fn meant<'a>(catalog: &'a Catalog, wish: &Wish) -> Vec<&'a Listed> {
    let is_named = |entry: &Entry| wish.name.as_ref().is_none_or(|name| entry.name == *name);
    let fitting: Vec<&Listed> = catalog
        .releases
        .values()
        .filter(|listed| is_named(&listed.entry) && wish.spec.fits(&listed.entry))
        .collect();
    if let Spec::Version(version) = &wish.spec {
        let exact: Vec<&Listed> =
            fitting.iter().copied().filter(|listed| listed.entry.version == *version).collect();
        if !exact.is_empty() {
            return exact;
        }
    }
    fitting
}

fn asked(
    catalog: &Catalog,
    tables: Option<&KernelTables>,
    side: Side,
    running: &KernelRelease,
    listed: &Listed,
) -> OnKernel {
    let Entry { supports, line, .. } = &listed.entry;
    let answer = match tables.and_then(|tables| tables.of(&listed.entry)) {
        Some(table) => table.answer(running, supports.as_ref()).of(side).clone(),
        None => supports
            .filter(|supports| supports.contains(&running.version()))
            .map_or(Answer::Unknown, |supports| Answer::WithinRange { range: Range::Manifest { supports } }),
    };
    let series: Option<KernelSeries> =
        line.as_ref().and_then(|line| catalog.lines.get(line)).and_then(|line| line.kernel);
    OnKernel {
        running: running.clone(),
        side,
        answer,
        of_its_line: series == Some(running.version().series()),
    }
}

#[cfg(test)]
mod tests;
