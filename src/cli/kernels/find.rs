// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The releases that are asked: those that manifests pin, and those that tags name.

use crate::cli::args::SourceArgs;
use crate::cli::screen::Screen;
use crate::kernel::{self, Support, changelog_problem};
use crate::lock::{self, Pin};
use crate::manifest::{At, Manifest};
use crate::model::version::{KernelRange, LustreVersion};
use crate::model::{Class, CommitId, Failure, Problem, TarPath};
use crate::source::{self, OpenSource};

/// The oldest branch whose releases are asked unless one is named.
const OLDEST_BRANCH: &str = "2.12.0";

/// A release and its lists.
pub(super) struct Found {
    /// The version of its tag; of no tag, the manifest's.
    pub(super) version: LustreVersion,
    /// The tag; none for a commit that a manifest pins by other means.
    pub(super) tag: Option<String>,
    pub(super) commit: CommitId,
    /// The manifest that pins it.
    pub(super) manifest: Option<String>,
    /// `[line] supports` of that manifest.
    pub(super) supports: Option<KernelRange>,
    /// Where the lists stand.
    pub(super) changelog: TarPath,
    pub(super) support: Support,
}

/// A manifest that names a change log, with its primary source.
struct Opened {
    manifest: Manifest,
    changelog: At<TarPath>,
    open: OpenSource,
}

impl Found {
    /// The tag, or the commit where there is none.
    pub(super) fn name(&self) -> String {
        self.tag.clone().unwrap_or_else(|| format!("commit {}", self.commit))
    }
}

/// The releases that manifests pin, and with `branches` the newest stable one of each branch of
/// their primary sources.
pub(super) fn releases(
    sources: &SourceArgs,
    manifests: Vec<(Manifest, At<TarPath>)>,
    branches: bool,
    screen: &Screen,
) -> Result<Vec<Found>, Failure> {
    let mut opened = Vec::new();
    let mut found = Vec::new();
    for (manifest, changelog) in manifests {
        let (open, pin) = lock::primary(&manifest, &sources.places(&manifest)?)?;
        let one = Opened { manifest, changelog, open };
        found.push(pinned(&one, &pin)?);
        opened.push(one);
    }
    if branches {
        add_branches(&opened, &mut found, screen)?;
    }
    Ok(found)
}

/// The release that a manifest pins.
fn pinned(one: &Opened, pin: &Pin) -> Result<Found, Failure> {
    let manifest = &one.manifest;
    let support =
        kernel::support_at(&one.open.repository.objects(), pin.tree, &one.changelog).map_err(|fault| {
            let class = if fault.is_of_source() { Class::Source } else { Class::Manifest };
            let what = format!("commit {} of {}", pin.commit, one.open.describe());
            Failure::new(class, changelog_problem(manifest, &one.changelog, &fault, &what))
        })?;
    Ok(Found {
        version: pin.tag_name().and_then(LustreVersion::from_tag).unwrap_or(manifest.release.version.value),
        tag: pin.tag_name().map(str::to_owned),
        commit: pin.commit,
        manifest: Some(manifest.path().display().to_string()),
        supports: manifest.line.as_ref().and_then(|line| line.supports.as_ref()).map(|range| range.value),
        changelog: one.changelog.value.clone(),
        support,
    })
}

/// The release of a tag.
fn of_tag(open: &OpenSource, changelog: &TarPath, tagged: &kernel::Release) -> Result<Found, String> {
    let objects = open.repository.objects();
    let commit = match source::read_tip(&objects, tagged.object).map_err(|fault| fault.to_string())? {
        source::Tip::Commit(commit) | source::Tip::Tagged(_, commit) => commit,
    };
    let support = kernel::support_at(&objects, commit.tree, changelog)
        .map_err(|fault| format!("the change log `{changelog}` {fault}"))?;
    Ok(Found {
        version: tagged.version,
        tag: Some(tagged.tag.clone()),
        commit: commit.id,
        manifest: None,
        supports: None,
        changelog: changelog.clone(),
        support,
    })
}

/// The release of that version, in the first primary source that has its tag.
pub(super) fn release(
    sources: &SourceArgs,
    manifests: Vec<(Manifest, At<TarPath>)>,
    version: LustreVersion,
) -> Result<Found, Failure> {
    let mut known = Vec::new();
    let mut places = Vec::new();
    for (manifest, changelog) in manifests {
        let primary = &manifest.sources[&manifest.release.primary.value];
        let open = source::open(&manifest, primary, &sources.places(&manifest)?)?;
        let tagged = kernel::tagged(&open.repository)?;
        if let Some(tagged) = tagged.iter().find(|tagged| tagged.version == version) {
            return of_tag(&open, &changelog, tagged).map_err(|fault| {
                Problem::new(format!("the kernels of {version} are not known: {fault}"))
                    .note(format!("tag `{}` of {}", tagged.tag, open.describe()))
                    .into_source()
            });
        }
        known.extend(tagged.into_iter().map(|tagged| tagged.version));
        places.push(open.describe());
    }
    let mut problem = Problem::new(format!("no tag names the release {version}"));
    places.dedup();
    for place in places {
        problem = problem.note(format!("looked for in {place}"));
    }
    let near = near(version, known);
    if !near.is_empty() {
        problem = problem.help(format!("it has {}", near.join(", ")));
    }
    Err(problem.into_source())
}

/// The stable versions of the same branch, or the newest ones, as text.
fn near(version: LustreVersion, mut known: Vec<LustreVersion>) -> Vec<String> {
    known.retain(LustreVersion::is_stable);
    known.sort();
    known.dedup();
    let branch = |known: &LustreVersion| known.numbers()[..2] == version.numbers()[..2];
    let of_branch: Vec<&LustreVersion> = known.iter().filter(|known| branch(known)).collect();
    let chosen = if of_branch.is_empty() { known.iter().rev().take(5).rev().collect() } else { of_branch };
    chosen.iter().map(ToString::to_string).collect()
}

/// Adds the newest stable release of each branch of each repository, but what is there already.
fn add_branches(opened: &[Opened], found: &mut Vec<Found>, screen: &Screen) -> Result<(), Failure> {
    let oldest = LustreVersion::parse(OLDEST_BRANCH).expect("a version");
    let mut seen = Vec::new();
    for one in opened {
        let repository = &one.open.repository;
        if seen.contains(&(repository.path(), &one.changelog.value)) {
            continue;
        }
        seen.push((repository.path(), &one.changelog.value));
        for tagged in kernel::newest_of_each_branch(&kernel::tagged(repository)?, oldest) {
            match of_tag(&one.open, &one.changelog, &tagged) {
                Ok(release) if found.iter().any(|known| known.commit == release.commit) => {}
                Ok(release) => found.push(release),
                Err(fault) => screen.remark(format_args!("{} is passed over: {fault}", tagged.tag)),
            }
        }
    }
    Ok(())
}
