// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A source at the commit that the tarball is held against.

use std::collections::HashMap;
use std::sync::Arc;

use gix::ObjectId;
use gix::objs::Kind;

use super::score::{self, Candidate, Wanted};
use crate::model::{BlobId, Failure, Problem, SourceName};
use crate::source::{BlobMode, Commit, ObjectFault, Objects, Repository, Tip, TreeFile, read_tip, tree};

/// A source as the user gave it.
#[derive(Debug)]
pub struct Given {
    /// What it is called in the report.
    pub name: SourceName,
    /// Its objects.
    pub repository: Repository,
    /// A tag, a branch, a full ref name or the id of a commit; the best tag where there is none.
    pub revision: Option<String>,
}

/// How the commit was found among the tags.
#[derive(Debug)]
pub struct Search {
    /// How many tags there are.
    pub tags: usize,
    /// How many files and links of the tarball were looked for.
    pub files: usize,
    /// The best commits, the chosen one first; three at most.
    pub best: Vec<Candidate>,
}

/// A source at one commit.
#[derive(Debug)]
pub struct Against {
    /// What it is called.
    pub name: SourceName,
    /// The tag, branch or commit.
    pub revision: String,
    /// The commit.
    pub commit: Commit,
    /// Where the user named no revision.
    pub search: Option<Search>,
    /// What of the tree could not be looked into: submodules and the like.
    pub not_seen: Vec<String>,
    pub(super) files: Vec<TreeFile>,
    by_path: HashMap<Arc<str>, usize>,
    by_blob: HashMap<BlobId, Vec<usize>>,
    /// Where each link leads, by its number; none where its blob cannot be read.
    links: HashMap<usize, String>,
}

/// As many links are followed on the way to one file as Linux follows.
const LINKS: usize = 40;

impl Against {
    /// Finds the commit and lists its tree. `alone` says that no other source could explain the
    /// tarball.
    pub(super) fn find(
        given: &Given,
        wanted: &Wanted,
        title: Option<&str>,
        alone: bool,
        threads: usize,
    ) -> Result<Self, Failure> {
        let Given { name, repository, revision } = given;
        let (revision, commit, search) = match revision {
            Some(revision) => (revision.clone(), resolve(given, revision)?, None),
            None => {
                let (mut best, tags) = score::candidates(repository, wanted, title, threads)?;
                let files = wanted.count();
                // With one source, a tag that has less than half was hardly what it was made from.
                let least = if alone { files.div_ceil(2) } else { 1 };
                let fits = |candidate: &&Candidate| candidate.identical as usize >= least.max(1);
                let Some(chosen) = best.first().filter(fits) else {
                    return Err(score::no_tag_fits(repository, name.as_str(), &best, files));
                };
                let (tag, commit) = (chosen.tag.clone(), chosen.commit);
                best.truncate(3);
                (tag, commit, Some(Search { tags, files, best }))
            }
        };
        let objects = repository.objects();
        let listing = tree::list(&objects, commit.tree, &|_| true);
        let (broken, odd): (Vec<_>, Vec<_>) = listing.faults.into_iter().partition(|fault| fault.structural);
        if !broken.is_empty() {
            let problems = broken
                .into_iter()
                .map(|fault| {
                    Problem::new(format!("the tree of `{revision}` in source `{name}` cannot be believed"))
                        .note(format!("the entry `{}` {}", fault.path, fault.what))
                        .help("`git fsck` tells more; a fresh clone mends a damaged repository")
                })
                .collect();
            return Err(Failure { class: crate::model::Class::Source, problems });
        }
        let files = listing.files;
        let links = links(&objects, &files);
        let by_path = files.iter().enumerate().map(|(nth, file)| (file.path.clone(), nth)).collect();
        let mut by_blob: HashMap<BlobId, Vec<usize>> = HashMap::new();
        for (nth, file) in files.iter().enumerate() {
            by_blob.entry(file.blob).or_default().push(nth);
        }
        let not_seen = odd.into_iter().map(|fault| format!("`{}` {}", fault.path, fault.what)).collect();
        Ok(Self { name: name.clone(), revision, commit, search, not_seen, files, by_path, by_blob, links })
    }

    pub(super) fn at(&self, path: &str) -> Option<usize> {
        self.by_path.get(path).copied()
    }

    /// A file of that content, the one of the same name as `path` if there is one.
    pub(super) fn with_content(&self, blob: BlobId, is_link: bool, path: &str) -> Option<usize> {
        let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let mut found = self.by_blob.get(&blob)?.iter().copied();
        let found: Vec<usize> =
            found.by_ref().filter(|nth| (self.files[*nth].mode == BlobMode::Symlink) == is_link).collect();
        let same_name = found.iter().find(|nth| name(&self.files[**nth].path) == name(path));
        same_name.or(found.first()).copied()
    }

    pub(super) fn link_target(&self, nth: usize) -> Option<&str> {
        self.links.get(&nth).map(String::as_str)
    }

    /// The file that a reader finds at `path` when it follows links, and the first link on the way.
    /// `None` when there is no link on the way, or it leads to no file.
    pub(super) fn follow(&self, path: &str) -> Option<(usize, usize)> {
        let mut rest: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
        let mut done: Vec<String> = Vec::new();
        let mut first = None;
        let mut links = 0;
        while let Some(component) = rest.pop() {
            match component.as_str() {
                "" | "." => continue,
                ".." => {
                    done.pop()?;
                    continue;
                }
                _ => done.push(component),
            }
            let Some(nth) = self.at(&done.join("/")) else { continue };
            if self.files[nth].mode != BlobMode::Symlink {
                return rest.is_empty().then_some(nth).zip(first);
            }
            first.get_or_insert(nth);
            links += 1;
            let target = self.link_target(nth).filter(|target| links <= LINKS && !target.starts_with('/'))?;
            done.pop();
            rest.extend(target.split('/').rev().map(str::to_owned));
        }
        None
    }
}

fn links(objects: &Objects, files: &[TreeFile]) -> HashMap<usize, String> {
    let mut buffer = Vec::new();
    let mut links = HashMap::new();
    for (nth, file) in files.iter().enumerate().filter(|(_, file)| file.mode == BlobMode::Symlink) {
        if objects.read(file.blob.0, Kind::Blob, &mut buffer).is_ok()
            && let Ok(target) = std::str::from_utf8(&buffer)
        {
            links.insert(nth, target.to_owned());
        }
    }
    links
}

/// The commit that the user names.
fn resolve(given: &Given, revision: &str) -> Result<Commit, Failure> {
    let Given { name, repository, .. } = given;
    let objects = repository.objects();
    let names = match revision.starts_with("refs/") {
        true => vec![revision.to_owned()],
        false => vec![format!("refs/tags/{revision}"), format!("refs/heads/{revision}")],
    };
    let mut found = None;
    for full in &names {
        // What cannot be the name of a ref may still be meant as one, and is not found.
        if found.is_none() && gix::validate::reference::name(full.as_str().into()).is_ok() {
            found = repository.find_ref(full)?;
        }
    }
    let id = found.or_else(|| ObjectId::from_hex(revision.as_bytes()).ok());
    let problem = |why: String| {
        Problem::new(format!("source `{name}` has no commit `{revision}`"))
            .note(why)
            .note(format!("looked for in {}", repository.path().display()))
    };
    let Some(id) = id else {
        let tags = repository.tags()?;
        let close = tags.iter().map(|(tag, _)| (strsim::damerau_levenshtein(tag, revision), tag));
        let help = match close.filter(|(distance, _)| *distance <= 3).min() {
            Some((_, tag)) => format!("did you mean `{tag}`?"),
            None => "name a tag, a branch, a full ref name or the forty digits of a commit; or no \
                     revision, and the best tag is looked for"
                .to_owned(),
        };
        return Err(problem("there is no tag and no branch of that name".to_owned())
            .help(help)
            .into_source());
    };
    match read_tip(&objects, id) {
        Ok(Tip::Commit(commit) | Tip::Tagged(_, commit)) => Ok(commit),
        Err(fault) if fault.fault == ObjectFault::Missing => {
            let help = "fetch it into that repository: `git fetch --tags`";
            Err(problem(fault.to_string()).help(help).into_source())
        }
        Err(fault) => {
            let help = "name a tag or a commit whose objects are sound; `git fsck` tells more";
            Err(problem(fault.to_string()).help(help).into_source())
        }
    }
}
