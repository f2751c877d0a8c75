// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Commits in the order of their dates: what `git log FROM..TO` lists.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::objs::{CommitRef, Kind};

use super::object::{ObjectFault, Objects};
use crate::model::{CommitId, TreeId};

/// A commit as a log shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Its id.
    pub id: CommitId,
    /// Its tree.
    pub tree: TreeId,
    /// Its parents; none for a root, several for a merge.
    pub parents: Vec<CommitId>,
    /// The author's name, as the commit has it: a `.mailmap` has no say.
    pub author: String,
    /// The author's address.
    pub email: String,
    /// When it was written, in seconds since 1970.
    pub authored: i64,
    /// When it was committed, in seconds since 1970.
    pub committed: i64,
    /// The whole message, with what is not UTF-8 replaced.
    pub message: String,
}

/// Why a walk cannot say which commits are in its range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The commit that cannot be read.
    pub id: CommitId,
    /// What is wrong with it.
    pub fault: ObjectFault,
    /// The commit whose parent it is; none for an end of the range.
    pub child: Option<CommitId>,
}

/// How many hidden commits are looked at beyond the point where the walk seems to be done. Dates in
/// history are not all true, and a hidden commit with a late ancestor may hide more; git uses 5.
const SLOP: usize = 64;

/// Lists the commits that `tip` descends from and none of `hidden` does, with the trees of the
/// parents next to them, the newest first.
///
/// # Errors
/// A commit that decides what is in the range is missing, as in a shallow clone, or damaged.
pub fn walk(objects: &Objects, tip: CommitId, hidden: &[CommitId]) -> Result<Range, Cut> {
    let mut walk = Walk {
        objects,
        nodes: HashMap::new(),
        queue: BinaryHeap::new(),
        open: 0,
        cut: None,
        pushed: 0,
        buffer: Vec::new(),
    };
    for &id in hidden {
        walk.push(id.0, true, None)?;
    }
    walk.push(tip.0, false, None)?;
    walk.run()
}

/// The commits of a [`walk`].
#[derive(Debug, Default)]
pub struct Range {
    /// The commits, the newest first.
    pub commits: Vec<Logged>,
    /// The trees of every commit that was read, those of the range and those next to it.
    pub trees: HashMap<CommitId, TreeId>,
}

struct Node {
    hidden: bool,
    queued: bool,
    parents: Vec<ObjectId>,
    tree: ObjectId,
    date: i64,
    /// What the log needs, until the commit turns out to be hidden.
    logged: Option<Box<Logged>>,
}

/// By date, and of one date the one that was met first.
type Place = (i64, Reverse<usize>, ObjectId);

struct Walk<'o> {
    objects: &'o Objects,
    nodes: HashMap<ObjectId, Node>,
    queue: BinaryHeap<Place>,
    /// How many commits in the queue are not hidden.
    open: usize,
    /// The first hidden commit that is not here, with the commit that names it.
    cut: Option<Cut>,
    pushed: usize,
    buffer: Vec<u8>,
}

impl Walk<'_> {
    fn run(mut self) -> Result<Range, Cut> {
        let mut found: Vec<ObjectId> = Vec::new();
        let mut in_doubt = usize::MAX;
        let mut oldest = i64::MAX;
        let mut slop = SLOP;
        while let Some((date, _, id)) = self.queue.pop() {
            let node = self.nodes.get_mut(&id).expect("every commit in the queue was read");
            node.queued = false;
            let (hidden, parents) = (node.hidden, node.parents.clone());
            if !hidden {
                self.open -= 1;
                oldest = oldest.min(date);
                found.push(id);
            }
            for parent in parents {
                if hidden && self.nodes.contains_key(&parent) {
                    self.hide(parent);
                } else {
                    self.push(parent, hidden, Some(id))?;
                }
            }
            if self.cut.is_some() && in_doubt == usize::MAX {
                in_doubt = found.len();
            }
            let near = self.queue.peek().is_some_and(|(next, ..)| *next >= oldest);
            slop = if self.open > 0 || near { SLOP } else { slop - 1 };
            if slop == 0 {
                break;
            }
        }
        let visible = |id: &ObjectId| !self.nodes[id].hidden;
        // Where hidden history is cut off, what was met behind the cut may be hidden in truth.
        if let Some(cut) = &self.cut
            && found.get(in_doubt..).unwrap_or_default().iter().any(visible)
        {
            return Err(cut.clone());
        }
        found.retain(visible);
        let commits = found
            .iter()
            .filter_map(|id| self.nodes.get_mut(id)?.logged.take())
            .map(|logged| *logged)
            .collect();
        let trees = self.nodes.into_iter().map(|(id, node)| (CommitId(id), TreeId(node.tree))).collect();
        Ok(Range { commits, trees })
    }

    /// Puts a commit into the queue, unless it was there already.
    fn push(&mut self, id: ObjectId, hidden: bool, child: Option<ObjectId>) -> Result<(), Cut> {
        if self.nodes.contains_key(&id) {
            return Ok(());
        }
        let node = match self.read(id, hidden) {
            Ok(node) => node,
            Err(fault) => {
                let cut = Cut { id: CommitId(id), fault, child: child.map(CommitId) };
                // Nothing hangs on a hidden commit that nobody else descends from.
                if hidden && child.is_some() && cut.fault == ObjectFault::Missing {
                    self.cut.get_or_insert(cut);
                    return Ok(());
                }
                return Err(cut);
            }
        };
        self.queue.push((node.date, Reverse(self.pushed), id));
        self.pushed += 1;
        self.open += usize::from(!hidden);
        self.nodes.insert(id, node);
        Ok(())
    }

    fn read(&mut self, id: ObjectId, hidden: bool) -> Result<Node, ObjectFault> {
        self.objects.read(id, Kind::Commit, &mut self.buffer)?;
        let (node, logged) = decode(id, &self.buffer, !hidden)?;
        Ok(Node { hidden, logged, ..node })
    }

    /// Hides a commit that was met, and all its ancestors that were.
    fn hide(&mut self, id: ObjectId) {
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            let Some(node) = self.nodes.get_mut(&id).filter(|node| !node.hidden) else { continue };
            node.hidden = true;
            node.logged = None;
            self.open -= usize::from(node.queued);
            stack.extend(&node.parents);
        }
    }
}

/// Reads one commit as a log shows it.
///
/// # Errors
/// It is missing, no commit, or damaged.
pub fn read_logged(objects: &Objects, id: CommitId) -> Result<Logged, ObjectFault> {
    let mut buffer = Vec::new();
    objects.read(id.0, Kind::Commit, &mut buffer)?;
    decode(id.0, &buffer, true)?.1.map(|logged| *logged).ok_or(ObjectFault::Missing)
}

fn decode(id: ObjectId, bytes: &[u8], log: bool) -> Result<(Node, Option<Box<Logged>>), ObjectFault> {
    let corrupt = |what: &str| ObjectFault::Corrupt(what.to_owned());
    let commit = CommitRef::from_bytes(bytes, id.kind()).map_err(|_| corrupt("not the form of a commit"))?;
    let committer = commit.committer().map_err(|_| corrupt("no committer"))?;
    // A date that cannot be read counts as 1970, as in git.
    let date = committer.time().map_or(0, |time| time.seconds);
    let tree = commit.tree();
    let parents: Vec<ObjectId> = commit.parents().collect();
    let logged = if log {
        let author = commit.author().map_err(|_| corrupt("no author"))?;
        Some(Box::new(Logged {
            id: CommitId(id),
            tree: TreeId(tree),
            parents: parents.iter().copied().map(CommitId).collect(),
            author: author.name.to_str_lossy().into_owned(),
            email: author.email.to_str_lossy().into_owned(),
            authored: author.time().map_or(0, |time| time.seconds),
            committed: date,
            message: commit.message.to_str_lossy().into_owned(),
        }))
    } else {
        None
    };
    Ok((Node { hidden: false, queued: true, parents, tree, date, logged: None }, logged))
}
