// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Objects and refs of the packaging repository. Work trees and indexes are nobody's business here.

use gix::ObjectId;
use gix::objs::{Commit, Kind, Tag};
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit, RefLog};
use gix::refs::{FullName, Target};

use super::on_branch::Branch;
use super::store::{Store, unwritable};
use super::{Step, trees, unpack};
use crate::model::{Class, CommitId, Failure, Problem, SourceDate};
use crate::package::Maintainer;
use crate::source::{Repository, Tip, descends, read_tip};

/// Refuses branches that somebody has checked out: their work tree would seem to undo the commit.
pub(super) fn not_checked_out(repository: &Repository, branches: &[String]) -> Result<(), Failure> {
    let inner = repository.to_gix();
    let fault = |error: gix::Error| unwritable("list the work trees of", repository, &error);
    for tree in inner.worktrees_including_main().map_err(fault)? {
        let tree = tree.map_err(fault)?;
        let Some(name) = tree.head_name().map_err(fault)? else { continue };
        let name = name.shorten().to_string();
        let Some(folder) = tree.workdir().filter(|_| !tree.is_bare() && branches.contains(&name)) else {
            continue;
        };
        let problem = Problem::new(format!("`{name}` is checked out in `{}`", folder.display()))
            .note("a commit that others make on it would look like changes of yours there")
            .help(
                "check out another branch there (`git switch --detach`), or name a bare clone with `--repo`",
            );
        return Err(Failure::new(Class::Usage, problem));
    }
    Ok(())
}

/// Writes every step's objects, and moves the branches and makes the tags in one transaction. The
/// commits, in the order of the steps; none where there is no step.
pub(super) fn steps(
    repository: &Repository,
    branch: &Branch,
    maintainer: &Maintainer,
    steps: &[Step],
) -> Result<Option<Vec<CommitId>>, Failure> {
    let Some(last) = steps.last() else { return Ok(None) };
    let store = Store::new(repository);
    let objects = repository.objects();
    let mut upstream = branch.upstream_head.map(|id| id.0);
    let mut head = branch.head.map(|id| id.0);
    let mut edits = Vec::new();
    let mut commits = Vec::new();
    for (step, there) in steps.iter().zip(tags(repository, steps)?) {
        let date = step.input.date();
        match there {
            // Somebody, or an earlier run for another branch, imported the very same tree.
            Some(commit) => {
                // What is on the branch is never left behind.
                if upstream.is_none_or(|below| descends(&objects, commit, below).unwrap_or(false)) {
                    upstream = Some(commit);
                }
            }
            None => {
                unpack::write(&step.input, &store)?;
                let tree = write_tree(&store, &step.upstream)?;
                let message = format!(
                    "Import {}\n\nThe uncompressed tarball has the sha256\n{}.\n",
                    step.input.title(),
                    step.input.identity.sha256
                );
                let commit = store.object(commit(tree, upstream, maintainer, date, message))?;
                let tag = Tag {
                    target: commit,
                    target_kind: Kind::Commit,
                    name: step.tag().into(),
                    tagger: Some(actor(maintainer, date)),
                    message: format!("Upstream version {}\n", step.input.version.debian_upstream()).into(),
                    signature: None,
                };
                edits.push(edit(&format!("refs/tags/{}", step.tag()), store.object(tag)?, None));
                upstream = Some(commit);
            }
        }
        for content in &step.contents {
            store.blob(content)?;
        }
        let tree = write_tree(&store, &step.files)?;
        let written = store.object(commit(tree, head, maintainer, date, step.message.clone()))?;
        commits.push(CommitId(written));
        head = Some(written);
    }
    if let Some(upstream) = upstream {
        let name = format!("refs/heads/{}", branch.upstream());
        edits.push(edit(&name, upstream, branch.upstream_head));
    }
    if let Some(head) = head {
        edits.push(edit(&format!("refs/heads/{}", branch.debian()), head, branch.head));
    }
    let actor = actor(maintainer, last.input.date());
    let mut time = gix::date::parse::TimeBuf::default();
    store
        .inner
        .edit_references_as(edits, Some(actor.to_ref(&mut time)))
        .map_err(|error| unwritable("move the branches of", repository, &error))?;
    Ok(Some(commits))
}

/// For each step the commit of its upstream tag, where that is there with the very tree.
fn tags(repository: &Repository, steps: &[Step]) -> Result<Vec<Option<ObjectId>>, Failure> {
    let objects = repository.objects();
    let mut problems = Vec::new();
    let mut found = Vec::new();
    for step in steps {
        let Some(id) = repository.find_ref(&format!("refs/tags/{}", step.tag()))? else {
            found.push(None);
            continue;
        };
        match read_tip(&objects, id) {
            Ok(Tip::Commit(commit) | Tip::Tagged(_, commit))
                if commit.tree.0 == trees::build(&step.upstream).root =>
            {
                found.push(Some(commit.id.0));
            }
            _ => problems.push(
                Problem::new(format!("the tag `{}` is there and has another tree", step.tag()))
                    .note(format!("expected that of {}", step.input.tarball.name))
                    .help("rename or delete the tag if nobody built on it"),
            ),
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(Failure { class: Class::Verification, problems }) }
}

fn write_tree(store: &Store, files: &trees::Files) -> Result<ObjectId, Failure> {
    let built = trees::build(files);
    for tree in built.trees {
        store.object(tree)?;
    }
    Ok(built.root)
}

fn actor(maintainer: &Maintainer, date: SourceDate) -> gix::actor::Signature {
    let seconds = i64::try_from(date.0).unwrap_or(i64::MAX);
    gix::actor::Signature {
        name: maintainer.name.as_str().into(),
        email: maintainer.mail.as_str().into(),
        time: gix::date::Time { seconds, offset: 0 },
    }
}

fn commit(
    tree: ObjectId,
    parent: Option<ObjectId>,
    maintainer: &Maintainer,
    date: SourceDate,
    message: String,
) -> Commit {
    Commit {
        tree,
        parents: parent.into_iter().collect(),
        author: actor(maintainer, date),
        committer: actor(maintainer, date),
        encoding: None,
        message: message.into(),
        extra_headers: Vec::new(),
    }
}

fn edit(name: &str, new: ObjectId, old: Option<CommitId>) -> RefEdit {
    let log = LogChange {
        mode: RefLog::AndReference,
        force_create_reflog: false,
        message: "lustre-dist package branch".into(),
    };
    let expected = match old {
        Some(old) => PreviousValue::MustExistAndMatch(Target::Object(old.0)),
        None => PreviousValue::MustNotExist,
    };
    RefEdit {
        change: Change::Update { log, expected, new: Target::Object(new) },
        name: FullName::try_from(name).expect("names of refs were checked"),
        deref: false,
    }
}
