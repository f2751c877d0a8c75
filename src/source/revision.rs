// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A commit as people name it: by a tag in any spelling, a version, a branch, a ref or an id.

use gix::ObjectId;

use super::commit::{Tip, read_tip};
use super::object::{ObjectFault, Objects};
use super::repository::Repository;
use crate::model::version::{KernelVersion, LustreVersion, ReleaseVersion};
use crate::model::{Class, CommitId, Failure, Problem};

/// A commit, and the tag that it was found by.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Revision {
    /// The commit.
    pub commit: CommitId,
    /// The tag's name; none where a branch, another ref or an id was given.
    pub tag: Option<String>,
}

impl Revision {
    /// The tag, or the first digits of the commit's id.
    #[must_use]
    pub fn name(&self) -> String {
        self.tag.clone().unwrap_or_else(|| self.commit.to_string()[..12].to_owned())
    }
}

/// A version in one of the spellings of tags, or as releases have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Of Lustre.
    Lustre(LustreVersion),
    /// Of a kernel.
    Kernel(KernelVersion),
}

/// Reads `2.16.0`, `v2_16_0`, `v6.12.58`, and the base of `2.18.0+k6.12.58`.
#[must_use]
pub fn parse_version(text: &str) -> Option<Version> {
    let lustre = || LustreVersion::parse(text).ok().or_else(|| LustreVersion::from_tag(text));
    let kernel = || KernelVersion::parse(text).ok().or_else(|| KernelVersion::from_tag(text));
    let release = || ReleaseVersion::parse(text).ok().filter(|version| !version.is_development());
    // A kernel's `v6.12.58` is never Lustre's; a bare `6.12.58` may be either, and Lustre comes first.
    lustre()
        .map(Version::Lustre)
        .or_else(|| kernel().map(Version::Kernel))
        .or_else(|| release().map(|version| Version::Lustre(version.base)))
}

/// Finds the commit that `text` names.
///
/// A tag comes first, then another spelling of its version, a branch, and last the digits of an id.
///
/// # Errors
/// Nothing has that name, several things do, or it leads to no commit; class usage, with the names
/// that are near. What cannot be read is of class source.
pub fn resolve(repository: &Repository, text: &str) -> Result<Revision, Failure> {
    let objects = repository.objects();
    let by_tag = |name: &str, id: ObjectId| -> Result<Revision, Failure> {
        let commit = commit_of(&objects, repository, text, id)?;
        Ok(Revision { commit, tag: Some(name.to_owned()) })
    };
    // What cannot stand in a ref's name (git-check-ref-format(1)) needs not be looked for.
    let is_name = !text.is_empty()
        && !text.contains(|c: char| c.is_control() || " ~^:?*[\\".contains(c))
        && !text.split('/').any(|part| part.is_empty() || part.starts_with('.') || part.ends_with(".lock"))
        && !text.contains("..")
        && !text.contains("@{")
        && !text.ends_with('.');
    let find = |full: &str| if is_name { repository.find_ref(full) } else { Ok(None) };
    if let Some(id) = find(&format!("refs/tags/{text}"))? {
        return by_tag(text, id);
    }
    let tags = repository.tags()?;
    for candidate in spellings(text) {
        let same = |tag: &&(String, ObjectId)| match candidate {
            Version::Lustre(version) => LustreVersion::from_tag(&tag.0) == Some(version),
            Version::Kernel(version) => KernelVersion::from_tag(&tag.0) == Some(version),
        };
        if let Some((name, id)) = tags.iter().rev().find(same) {
            return by_tag(name, *id);
        }
    }
    for full in [text.to_owned(), format!("refs/heads/{text}"), format!("refs/remotes/origin/{text}")] {
        if (full != text || text.starts_with("refs/"))
            && let Some(id) = find(&full)?
        {
            let commit = commit_of(&objects, repository, text, id)?;
            return Ok(Revision { commit, tag: text.strip_prefix("refs/tags/").map(str::to_owned) });
        }
    }
    if (4..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let mut found = objects.starting_with(text, 64);
        found.retain(|&id| read_tip(&objects, id).is_ok());
        match found.as_slice() {
            [] => {}
            [id] => {
                let commit = commit_of(&objects, repository, text, *id)?;
                return Ok(Revision { commit, tag: None });
            }
            several => {
                let problem = Problem::new(format!("`{text}` names {} commits", several.len()));
                let problem =
                    several.iter().take(5).fold(problem, |problem, id| problem.note(id.to_string()));
                return Err(Failure::new(Class::Usage, problem.help("give more digits of the one you mean")));
            }
        }
    }
    Err(Failure::new(Class::Usage, unknown(repository, text, &tags)))
}

/// The versions that a text can mean: a bare `6.12.58` may be Lustre's or a kernel's.
fn spellings(text: &str) -> Vec<Version> {
    let kernel = KernelVersion::parse(text).ok().map(Version::Kernel);
    let first = parse_version(text);
    first.into_iter().chain(kernel.filter(|kernel| Some(*kernel) != first)).collect()
}

fn commit_of(
    objects: &Objects,
    repository: &Repository,
    text: &str,
    id: ObjectId,
) -> Result<CommitId, Failure> {
    match read_tip(objects, id) {
        Ok(Tip::Commit(commit) | Tip::Tagged(_, commit)) => Ok(commit.id),
        Err(found) => {
            let help = match found.fault {
                ObjectFault::Missing => "fetch it into that repository, or read the source elsewhere",
                ObjectFault::WrongKind { .. } => "name a commit, or a tag on a commit",
                _ => "the repository is damaged: `git fsck` tells more, a fresh clone mends it",
            };
            Err(Problem::new(format!("`{text}` cannot be used: {found}"))
                .note(format!("looked for in {}", repository.path().display()))
                .help(help)
                .into_source())
        }
    }
}

fn unknown(repository: &Repository, text: &str, tags: &[(String, ObjectId)]) -> Problem {
    let problem = Problem::new(format!("nothing is named `{text}`: no tag, version, branch or commit"))
        .note(format!("looked for in {}, which has {} tags", repository.path().display(), tags.len()));
    if text.contains(['~', '^', '@', ':']) {
        return problem
            .help("git's own operators are not read here: give the id that `git rev-parse` prints");
    }
    // Names are near in the spelling that was used: `v2_16_o` and `2.16.o` have other neighbours.
    let mut near: Vec<(usize, &str)> = tags
        .iter()
        .map(|(name, _)| (strsim::damerau_levenshtein(name, text), name.as_str()))
        .filter(|(distance, name)| *distance <= 2.min(name.len() / 2))
        .collect();
    near.sort_unstable();
    let names: Vec<String> = near.iter().take(3).map(|(_, name)| format!("`{name}`")).collect();
    if names.is_empty() {
        problem.help("give a tag (`v2_16_0`), a version (`2.16.0`), a branch or the id of a commit")
    } else {
        problem.help(format!("did you mean {}?", names.join(" or ")))
    }
}
