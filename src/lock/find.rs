// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A new pin: what the manifest asks for, as the source has it now.

use std::collections::BTreeMap;

use super::file::{Nearest, Pin};
use super::pin::{pin_of, source_problem, tip};
use crate::manifest::{Manifest, Source, Wanted};
use crate::model::version::{KernelVersion, LustreVersion};
use crate::model::{CommitId, Failure, Problem};
use crate::source::{ObjectFault, Objects, OpenSource, Tip, TipFault, read_commit, read_tip};

/// Finds what the manifest asks for as the source has it now: of the tags that a pattern matches the
/// newest, or the `chosen` one.
pub(super) fn find(
    manifest: &Manifest,
    source: &Source,
    open: &mut OpenSource,
    chosen: Option<&String>,
) -> Result<Pin, Failure> {
    if let Some(chosen) = chosen {
        check_chosen(manifest, source, chosen)?;
        // Nothing moves where the tag is here, and its mirror need not be asked.
        if open.repository.find_ref(&format!("refs/tags/{chosen}"))?.is_none() {
            open.refresh(&[])?;
        }
        return find_tag(manifest, source, open, chosen);
    }
    let extra: Vec<&str> = match &source.wanted.value {
        Wanted::Ref(name) => vec![name],
        _ => Vec::new(),
    };
    open.refresh(&extra)?;
    let mut objects = open.repository.objects();
    let by_ref = |open: &OpenSource, full, what| by_ref(manifest, source, open, full, what);
    let mut pin = match &source.wanted.value {
        Wanted::Tag(name) => find_tag(manifest, source, open, name)?,
        Wanted::Pattern(pattern) => {
            let tags = open.repository.tags()?;
            let Some(newest) = pattern.newest(tags.iter().map(|(name, _)| name.as_str())) else {
                return Err(source_problem(
                    manifest,
                    source,
                    format!("no release tag of source `{}` matches `{pattern}`", source.name),
                )
                .note(format!("{} tags in {}", tags.len(), open.repository.path().display()))
                .help("snapshots and candidates never match a pattern; name one to release it")
                .into_source());
            };
            find_tag(manifest, source, open, newest)?
        }
        Wanted::Branch(name) => by_ref(open, format!("refs/heads/{name}"), format!("branch `{name}`"))?,
        Wanted::Ref(name) => by_ref(open, name.clone(), format!("ref `{name}`"))?,
        Wanted::Commit(id) => {
            let id: CommitId = id.parse().expect("the manifest was checked");
            if read_commit(&objects, id.0) == Err(ObjectFault::Missing) {
                // No branch leads to it; whether a site gives it out by its id is up to the site.
                let _ = open.fetch_commit(id);
                objects = open.repository.objects();
            }
            let found = tip(manifest, source, open, &objects, &format!("commit `{id}`"), id.0)?;
            if let Tip::Tagged(tag, commit) = &found {
                return Err(source_problem(
                    manifest,
                    source,
                    format!("`{id}` is not a commit but the tag `{}`", tag.name),
                )
                .help(format!("write `tag = \"{}\"`, or `commit = \"{}\"`", tag.name, commit.id))
                .into_source());
            }
            pin_of(manifest, source, None, &found)?
        }
    };
    if pin.tag_name().is_none() {
        pin.nearest = nearest(open, &objects, pin.commit)?;
    }
    Ok(pin)
}

fn find_tag(manifest: &Manifest, source: &Source, open: &OpenSource, name: &str) -> Result<Pin, Failure> {
    by_ref(manifest, source, open, format!("refs/tags/{name}"), format!("tag `{name}`"))
}

fn by_ref(
    manifest: &Manifest,
    source: &Source,
    open: &OpenSource,
    full: String,
    what: String,
) -> Result<Pin, Failure> {
    let objects = open.repository.objects();
    let Some(id) = open.repository.find_ref(&full)? else {
        return Err(no_such_ref(manifest, source, open, &what)?.into_source());
    };
    let found = tip(manifest, source, open, &objects, &what, id)?;
    pin_of(manifest, source, Some(full), &found)
}

/// A tag that was chosen from outside must be one that the manifest leaves open.
fn check_chosen(manifest: &Manifest, source: &Source, chosen: &str) -> Result<(), Failure> {
    let fits = match &source.wanted.value {
        Wanted::Tag(name) => name == chosen,
        Wanted::Pattern(pattern) => pattern.matches(chosen),
        Wanted::Commit(_) | Wanted::Branch(_) | Wanted::Ref(_) => false,
    };
    if fits {
        return Ok(());
    }
    Err(manifest
        .problem(
            format!("the tag `{chosen}` is not what the manifest asks for"),
            &source.wanted.span,
            format!("source `{}` asks for this", source.name),
        )
        .help("choose a tag that it covers, or edit the manifest")
        .into())
}

/// The nearest version tag behind a commit that has none of its own.
fn nearest(open: &OpenSource, objects: &Objects, commit: CommitId) -> Result<Option<Nearest>, Failure> {
    let mut named = BTreeMap::new();
    for (name, id) in open.repository.tags()? {
        if LustreVersion::from_tag(&name).is_none() && KernelVersion::from_tag(&name).is_none() {
            continue;
        }
        let target = match read_tip(objects, id) {
            Ok(Tip::Commit(commit) | Tip::Tagged(_, commit)) => commit.id.0,
            // A mirror may lack old tags, and a tag may name a blob; neither is in the history.
            Err(TipFault { fault: ObjectFault::Missing | ObjectFault::WrongKind { .. }, .. }) => continue,
            Err(fault) => {
                return Err(Problem::new(format!("the tag `{name}` cannot be used: {fault}"))
                    .note(open.describe())
                    .help("the repository is damaged: `git fsck` tells more, a fresh clone mends it")
                    .into_source());
            }
        };
        // Two spellings of one version tag the same commit; the shorter story is the `v` one.
        let slot = named.entry(target).or_insert_with(|| name.clone());
        if name.starts_with('v') && !slot.starts_with('v') {
            *slot = name;
        }
    }
    let named: Vec<_> = named.into_iter().collect();
    let found = open.repository.nearest(commit.0, &named)?;
    Ok(found.map(|(tag, commits)| Nearest { tag, commits }))
}

fn no_such_ref(
    manifest: &Manifest,
    source: &Source,
    open: &OpenSource,
    what: &str,
) -> Result<Problem, Failure> {
    let mut problem = source_problem(manifest, source, format!("source `{}` has no {what}", source.name))
        .note(format!("looked for in {}", open.repository.path().display()));
    let wanted = match &source.wanted.value {
        Wanted::Tag(name) => name.as_str(),
        _ => return Ok(problem),
    };
    let tags = open.repository.tags()?;
    let close = tags
        .iter()
        .map(|(name, _)| (strsim::damerau_levenshtein(name, wanted), name))
        .filter(|(distance, _)| *distance <= 3)
        .min();
    if let Some((_, name)) = close {
        problem = problem.help(format!("did you mean `{name}`?"));
    } else if !open.is_remote() {
        problem = problem.help("fetch the tag into that repository: `git fetch --tags`");
    }
    Ok(problem)
}
