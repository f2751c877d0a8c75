// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What there is to make of a line against what was made.

use jiff::civil::Date;

use super::{Ended, Life, Line, Released, Target, target};
use crate::model::Failure;
use crate::model::version::{KernelVersion, ReleaseVersion};
use crate::source::Places;

/// What must be done for a release that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Assemble it: the manifest is right as it is.
    Assemble,
    /// Edit the manifest first, which names an older tag: `lustre-dist bump`.
    Bump,
    /// Raise `respin` in the manifest first: other inputs would have the version that is released.
    Respin,
}

impl Action {
    /// The word for it in JSON and tables.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Assemble => "assemble",
            Self::Bump => "bump",
            Self::Respin => "respin",
        }
    }
}

/// A release that is due.
#[derive(Debug)]
pub struct Due {
    /// What is to be done.
    pub action: Action,
    /// What there is to make.
    pub target: Target,
    /// Why, a line each. Never empty.
    pub why: Vec<String>,
}

/// Whether a line has a release due.
#[derive(Debug)]
pub enum Verdict {
    /// It has.
    Due(Due),
    /// It will have one once a source has the tag that a feed announces.
    Waiting(Due),
    /// The newest release is out; of that version.
    UpToDate(ReleaseVersion),
    /// The line is over.
    Ended(Ended),
    /// The manifest is a preview, and nobody asked for those.
    Preview,
    /// A source is at no tag: such versions are never released.
    Development,
    /// Not enough can be seen to tell.
    Unknown(Vec<String>),
}

/// Decides whether a line has a release due, of those `released` and as it looks `today`.
///
/// # Errors
/// A source cannot be read.
pub fn due(
    line: &Line,
    released: &[Released],
    places: &Places,
    today: Date,
    previews: bool,
) -> Result<Verdict, Failure> {
    if let Some(ended) = Life::of(&line.manifest, &line.calendar, today).ended {
        return Ok(Verdict::Ended(ended));
    }
    if line.is_preview() && !previews {
        return Ok(Verdict::Preview);
    }
    let Some(target) = target(line, places)? else { return Ok(Verdict::Development) };
    // Without a tag for every source there is no version to speak of.
    if target.tags.len() < line.manifest.sources.len() {
        return Ok(Verdict::Unknown(target.unseen));
    }
    let newest = line.newest_release(released);
    let why = why(line, &target, newest);
    let order = newest.map_or(std::cmp::Ordering::Greater, |newest| target.version.cmp(&newest.version));
    let action = match order {
        std::cmp::Ordering::Less => None,
        _ if why.is_empty() => None,
        _ if !target.bumps.is_empty() => Some(Action::Bump),
        std::cmp::Ordering::Equal => Some(Action::Respin),
        std::cmp::Ordering::Greater => Some(Action::Assemble),
    };
    Ok(match (action, newest) {
        (Some(action), _) => {
            let due = Due { action, target, why };
            // What is waited for does not hold up an edit.
            let waits = !due.target.waiting.is_empty() && action != Action::Bump;
            if waits { Verdict::Waiting(due) } else { Verdict::Due(due) }
        }
        (None, newest) => {
            let version = newest.map_or(target.version, |newest| newest.version.clone());
            Verdict::UpToDate(version)
        }
    })
}

impl Line {
    /// The newest release of the line.
    #[must_use]
    pub fn newest_release<'a>(&self, released: &'a [Released]) -> Option<&'a Released> {
        released.iter().filter(|release| self.made(release)).max_by(|a, b| a.version.cmp(&b.version))
    }
}

fn why(line: &Line, target: &Target, newest: Option<&Released>) -> Vec<String> {
    let mut why = Vec::new();
    let Some(newest) = newest else {
        why.push("never released".to_owned());
        why.extend(bumps(target));
        return why;
    };
    for (name, tag) in &target.tags {
        let old = newest.tag(name.as_str());
        if old == Some(tag) {
            continue;
        }
        let old = old.unwrap_or("another commit");
        why.push(match KernelVersion::from_tag(tag) {
            Some(kernel) if *name != line.manifest.release.primary.value => {
                format!("new kernel {kernel} in source {name}: {old} is released")
            }
            _ => format!("new tag {tag} in source {name}: {old} is released"),
        });
    }
    if let (Some(respin), true) = (target.version.respin, target.version.respin > newest.version.respin) {
        why.push(format!("respin {respin} is asked for"));
    }
    why
}

/// What the manifest says and the source has.
fn bumps(target: &Target) -> impl Iterator<Item = String> + '_ {
    target
        .bumps
        .iter()
        .map(|bump| format!("new tag {} in source {}: the manifest says {}", bump.to, bump.source, bump.from))
}
