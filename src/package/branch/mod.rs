// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A line's Debian packaging as a branch of a packaging repository, one commit a release.
//!
//! The layout is the one that gbp and dgit take for 3.0 (quilt) with patches unapplied, with the branches
//! of DEP-14 (<https://dep-team.pages.debian.net/deps/dep14/>):
//!
//! - `debian/LINE`: what `dpkg-source --skip-patches -x` unpacks, the tarball's tree with our `debian/`;
//! - `upstream/LINE` and the tags `upstream/VERSION`: the tarball's tree as it is.
//!
//! A commit on `debian/LINE` has the one before as its only parent, so that `git log` reads as the change
//! log. It names its release and the tree that was written (see [`mark`]); what others committed on top of
//! that stays, and where both changed one file nothing is written (see [`settle`]). Author and date follow
//! from the request and the release: the same releases give the same commits.

mod mark;
mod on_branch;
mod pick;
mod settle;
mod store;
mod trees;
mod unpack;
mod write;

use std::collections::BTreeSet;
use std::path::Path;

use gix::ObjectId;

use super::{Input, Request, Templates, Trust, deb};
use crate::model::{Class, CommitId, Failure, Problem, TreeId};
use crate::source::Repository;
use crate::source::tree::BlobMode;
use mark::Mark;
use on_branch::Branch;
use trees::{File, Files};

pub use pick::{From, ON_BRANCH, Passed};

/// What [`update`] is asked for.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The line's id: `lts-6.12`; or with the release's name, `lustre/lts-6.12`.
    pub line: &'a str,
    /// The packaging repository.
    pub repository: &'a Path,
    /// Where releases are.
    pub from: &'a From,
    /// What is asked of each package.
    pub request: &'a Request,
    /// Our templates and the user's.
    pub templates: &'a Templates,
    /// What the user says about signatures.
    pub trust: Trust<'a>,
    /// Files whose state on the branch is to stay although the release changes them too.
    pub keep: &'a BTreeSet<String>,
}

/// A commit of one release.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Committed {
    /// The release's version.
    pub version: String,
    /// The package's: `2.17.57-1`.
    pub package: String,
    /// The commit on `debian/LINE`.
    pub commit: CommitId,
    /// The tag of the tarball's tree.
    pub upstream: String,
    /// What the good signatures of the release say.
    pub signed_by: Vec<String>,
}

/// What became of a branch.
#[derive(Debug)]
pub struct Updated {
    /// The branch: `debian/lts-6.12`.
    pub branch: String,
    /// Its head, now.
    pub head: CommitId,
    /// The newest package on it that is of this tool.
    pub package: String,
    /// What is new, the oldest first.
    pub commits: Vec<Committed>,
    /// The releases of the line that were passed over.
    pub passed: Vec<Passed>,
}

/// One release on its way to the branch.
struct Step {
    input: Input,
    message: String,
    package: String,
    /// The tarball's tree.
    upstream: Files,
    /// The tree that the release has with its packaging.
    release: Files,
    /// The branch's tree: that, and what others made of it.
    files: Files,
    /// The contents of `debian/` that are new.
    contents: Vec<Vec<u8>>,
}

/// Commits every release of the line that is newer than the branch, in the order of versions. Nothing is
/// written before all of them are known to fit.
///
/// # Errors
/// A release cannot be packaged; the branch is checked out, not of this tool, or has changes that a
/// release would lose; the repository cannot be read or written.
pub fn update(wanted: &Wanted<'_>) -> Result<Updated, Failure> {
    if !wanted.repository.exists() {
        let problem = Problem::new(format!("there is no repository `{}`", wanted.repository.display()))
            .help("make one: `git init --bare PATH`");
        return Err(Failure::new(Class::Usage, problem));
    }
    let repository = Repository::open(wanted.repository)?;
    let line = wanted.line.rsplit('/').next().unwrap_or(wanted.line);
    let branch = Branch::read(&repository, line)?;
    write::not_checked_out(&repository, &[branch.debian(), branch.upstream()])?;
    let picked = pick::pick(wanted.from, wanted.line, &wanted.request.revision, &branch)?;

    let mut state = branch.state.clone();
    let mut steps: Vec<Step> = Vec::new();
    for input in picked.inputs {
        let input = input.vouched(wanted.trust)?;
        let step = step(wanted, input, &branch, &state)?;
        state.base = step.release.clone();
        state.head = step.files.clone();
        state.changelog = step.contents_of(deb::CHANGELOG);
        steps.push(step);
    }
    let Some(heads) = write::steps(&repository, &branch, &wanted.request.maintainer, &steps)? else {
        return Ok(Updated {
            branch: branch.debian(),
            head: branch.head.expect("nothing is newer than something"),
            package: branch.newest.as_ref().map(Mark::package).unwrap_or_default(),
            commits: Vec::new(),
            passed: picked.passed,
        });
    };
    let commits: Vec<Committed> = steps
        .iter()
        .zip(&heads)
        .map(|(step, commit)| Committed {
            version: step.input.lock.version.clone(),
            package: step.package.clone(),
            commit: *commit,
            upstream: step.tag(),
            signed_by: step.input.signed_by().to_vec(),
        })
        .collect();
    let package = steps.last().map(|step| step.package.clone()).unwrap_or_default();
    let head = *heads.last().expect("a commit a step");
    Ok(Updated { branch: branch.debian(), head, package, commits, passed: picked.passed })
}

fn step(
    wanted: &Wanted<'_>,
    input: Input,
    branch: &Branch,
    state: &on_branch::State,
) -> Result<Step, Failure> {
    let rendered = deb::render(&input, &[], wanted.request, wanted.templates, state.changelog.as_deref())?;
    let upstream = unpack::list(&input)?;
    let (mut files, mut contents) = (trees::without_debian(&upstream), Vec::new());
    for (path, file) in &rendered.folder {
        let mode = if file.executable { BlobMode::Executable } else { BlobMode::File };
        files.insert(format!("debian/{path}"), File { mode, id: trees::blob_id(&file.bytes) });
        contents.push(file.bytes.clone());
    }
    let release = files;
    let files = settle::settle(&branch.debian(), &input.title(), state, &release, wanted.keep)?;
    let tree = trees::build(&files).root;
    let entry = &rendered.values.changes[0];
    let mark = Mark {
        name: input.name().to_owned(),
        version: input.version.clone(),
        revision: wanted.request.revision.clone(),
        identity: input.identity.sha256,
        tree: TreeId(tree),
        kept: Mark::kept(&files, &release),
    };
    let changelog = rendered.folder.get("changelog").map(|file| String::from_utf8_lossy(&file.bytes));
    let message = mark.message(input.name(), &entry.debian, &changelog.unwrap_or_default());
    let package = entry.debian.clone();
    Ok(Step { input, message, package, upstream, release, files, contents })
}

impl Step {
    /// The tag of the tarball's tree, as gbp spells versions (`gbp.deb.git.DebianGitRepository`): a ref
    /// can hold neither `~` nor `:`.
    fn tag(&self) -> String {
        format!("upstream/{}", self.input.version.debian_upstream().replace('~', "_").replace(':', "%"))
    }

    fn contents_of(&self, path: &str) -> Option<String> {
        let id: ObjectId = self.files.get(path)?.id;
        let bytes = self.contents.iter().find(|bytes| trees::blob_id(bytes) == id)?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    }
}
