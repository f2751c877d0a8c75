// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Commits and tags, as far as a release needs them.

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::objs::{CommitRef, Kind, TagRef};

use super::object::{ObjectFault, Objects};
use crate::model::{CommitId, SourceDate, TagId, TreeId};

/// What a release needs to know of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: CommitId,
    /// Its tree.
    pub tree: TreeId,
    /// When it was committed; a date before 1970 counts as 1970.
    pub date: SourceDate,
}

/// An annotated tag's own object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Its id.
    pub id: TagId,
    /// The name inside the object, which a renamed ref does not change.
    pub name: String,
    /// The commit that it tags.
    pub target: ObjectId,
}

/// What a ref points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tip {
    /// A commit: a branch, or a lightweight tag.
    Commit(Commit),
    /// An annotated tag on a commit.
    Tagged(Tag, Commit),
}

/// Reads the commit `id`.
///
/// # Errors
/// It is not here, not a commit, or not what its id says.
pub fn read_commit(objects: &Objects, id: ObjectId) -> Result<Commit, ObjectFault> {
    let mut buffer = Vec::new();
    objects.read(id, Kind::Commit, &mut buffer)?;
    let corrupt = |what: &str| ObjectFault::Corrupt(what.to_owned());
    let commit =
        CommitRef::from_bytes(&buffer, id.kind()).map_err(|_| corrupt("not the form of a commit"))?;
    let committer = commit.committer().map_err(|_| corrupt("no committer"))?;
    let seconds = committer.time().map_err(|_| corrupt("no date"))?.seconds;
    let date = SourceDate(u64::try_from(seconds).unwrap_or(0)).min(SourceDate::MAX);
    Ok(Commit { id: CommitId(id), tree: TreeId(commit.tree()), date })
}

/// Why a ref leads to no commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TipFault {
    /// The object at fault.
    pub id: ObjectId,
    /// What is wrong with it.
    pub fault: ObjectFault,
    /// The tag object that leads to it; none where the ref itself does.
    pub tag: Option<TagId>,
}

/// Completes "the tag cannot be used:".
impl std::fmt::Display for TipFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { id, fault, tag } = self;
        match (fault, tag) {
            (ObjectFault::WrongKind { found: Kind::Tag }, Some(_)) => write!(f, "it tags another tag, {id}"),
            (ObjectFault::WrongKind { found }, Some(_)) => {
                write!(f, "it tags the {found} {id}, not a commit")
            }
            (ObjectFault::WrongKind { found }, None) => write!(f, "it is the {found} {id}, not a commit"),
            (fault, _) => write!(f, "its object {id} {fault}"),
        }
    }
}

/// Reads what a ref's object leads to. A tag on a tag is refused: which of the two names counts
/// would be anybody's guess.
///
/// # Errors
/// An object is not here, not what its id says, or neither a commit nor a tag on a commit.
pub fn read_tip(objects: &Objects, id: ObjectId) -> Result<Tip, TipFault> {
    let at_ref = |fault| TipFault { id, fault, tag: None };
    match read_commit(objects, id) {
        Ok(commit) => return Ok(Tip::Commit(commit)),
        Err(ObjectFault::WrongKind { found: Kind::Tag }) => {}
        Err(fault) => return Err(at_ref(fault)),
    }
    let tag = read_tag(objects, id).map_err(at_ref)?;
    let commit = read_commit(objects, tag.target).map_err(|fault| TipFault {
        id: tag.target,
        fault,
        tag: Some(tag.id),
    })?;
    Ok(Tip::Tagged(tag, commit))
}

fn read_tag(objects: &Objects, id: ObjectId) -> Result<Tag, ObjectFault> {
    let mut buffer = Vec::new();
    objects.read(id, Kind::Tag, &mut buffer)?;
    let corrupt = |what: &str| ObjectFault::Corrupt(what.to_owned());
    let tag = TagRef::from_bytes(&buffer, id.kind()).map_err(|_| corrupt("not the form of a tag"))?;
    let name = tag.name.to_str().map_err(|_| corrupt("a tag name that is not UTF-8"))?.to_owned();
    Ok(Tag { id: TagId(id), name, target: tag.target() })
}
