// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is on the branch.

use std::collections::BTreeMap;

use gix::objs::Kind;

use super::mark::Mark;
use super::trees::{File, Files};
use crate::model::{Class, CommitId, Failure, Problem, Sha256, TreeId};
use crate::package::deb::CHANGELOG;
use crate::source::{self, Objects, Repository, tree};

/// The branch of one line.
pub(super) struct Branch {
    line: String,
    /// Its head; none where there is no such branch.
    pub(super) head: Option<CommitId>,
    /// The head of `upstream/LINE`.
    pub(super) upstream_head: Option<CommitId>,
    /// The newest package of ours.
    pub(super) newest: Option<Mark>,
    /// The identity of every release of ours, by its version.
    pub(super) releases: BTreeMap<String, Sha256>,
    pub(super) state: State,
}

/// What the next commit stands on.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    /// The tree that the last release has with its packaging.
    pub(super) base: Files,
    /// The tree that is there now.
    pub(super) head: Files,
    /// The change log that is there now.
    pub(super) changelog: Option<String>,
}

impl Branch {
    pub(super) fn debian(&self) -> String {
        format!("debian/{}", self.line)
    }

    pub(super) fn upstream(&self) -> String {
        format!("upstream/{}", self.line)
    }

    pub(super) fn read(repository: &Repository, line: &str) -> Result<Self, Failure> {
        let mut branch = Self {
            line: line.to_owned(),
            head: None,
            upstream_head: None,
            newest: None,
            releases: BTreeMap::new(),
            state: State::default(),
        };
        if gix::validate::reference::name(format!("refs/heads/debian/{line}").as_str().into()).is_err() {
            let problem = Problem::new(format!("`{line}` is no line: no branch can have that name"));
            return Err(Failure::new(Class::Usage, problem.help("lines have ids such as `lts-6.12`")));
        }
        let find = |name: String| repository.find_ref(&format!("refs/heads/{name}"));
        branch.head = find(branch.debian())?.map(CommitId);
        branch.upstream_head = find(branch.upstream())?.map(CommitId);
        if let Some(head) = branch.head {
            branch.look(&repository.history_objects(), repository, head)?;
        }
        Ok(branch)
    }

    fn look(&mut self, objects: &Objects, repository: &Repository, head: CommitId) -> Result<(), Failure> {
        let (name, place) = (self.debian(), repository.path().display().to_string());
        let range = source::walk(objects, head, &[]).map_err(|cut| {
            Problem::new(format!("the history of `{name}` is not whole in `{place}`"))
                .note(format!("the commit {} {}", cut.id, cut.fault))
                .help("fetch all of it: `git fetch --unshallow`")
                .into_source()
        })?;
        let marks: Vec<Mark> =
            range.commits.iter().filter_map(|commit| Mark::read(&commit.message)).collect();
        self.releases = marks.iter().map(|mark| (mark.version.to_string(), mark.identity)).collect();
        let Some(newest) = marks.into_iter().max_by(|a, b| a.place().cmp(&b.place())) else {
            let problem = Problem::new(format!("`{name}` in `{place}` is not of this tool"))
                .note("no commit on it has the trailers of one, such as `Lustre-Dist-Release`")
                .help(format!("rename it: `git branch --move {name} {name}-before`"));
            return Err(Failure::new(Class::Verification, problem));
        };
        let now = range.trees[&head];
        self.state.head = files(objects, now, &format!("the head of `{name}`"))?;
        let what = format!("the tree {} that {} was committed with", newest.tree, newest.package());
        self.state.base = newest.release(files(objects, newest.tree, &what)?);
        if let Some(file) = self.state.head.get(CHANGELOG) {
            let mut bytes = Vec::new();
            objects.read(file.id, Kind::Blob, &mut bytes).map_err(|fault| {
                Problem::new(format!("`{CHANGELOG}` on `{name}` {fault}"))
                    .help("`git fsck` tells more")
                    .into_source()
            })?;
            self.state.changelog = Some(String::from_utf8_lossy(&bytes).into_owned());
        }
        self.newest = Some(newest);
        Ok(())
    }
}

fn files(objects: &Objects, root: TreeId, what: &str) -> Result<Files, Failure> {
    let listing = tree::list(objects, root, &|_| true);
    if let Some(fault) = listing.faults.first() {
        let path = if fault.path.is_empty() { String::new() } else { format!("`{}` ", fault.path) };
        return Err(Problem::new(format!("{what} cannot be read: {path}{}", fault.what))
            .note(format!("found in {}", fault.id))
            .help("`git fsck` tells more; a submodule or the like has no place on this branch")
            .into_source());
    }
    let files = listing.files.into_iter();
    Ok(files.map(|file| (file.path.to_string(), File { mode: file.mode, id: file.blob.0 })).collect())
}
