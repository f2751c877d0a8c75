// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What differs between two trees, path by path, as `git diff --name-status --no-renames` tells it.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::rc::Rc;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::objs::Kind;

use super::object::Objects;
use super::tree::{DEPTH, MOST, RawEntry, shown};
use crate::model::{Problem, TreeId};

/// What became of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is new. A file that was renamed is one path removed and one added.
    Added,
    /// It has another content or mode, or is a file where a link was.
    Changed,
    /// It is gone.
    Removed,
}

/// How many bytes of trees a differ keeps. Each commit's tree is compared twice, with the one before
/// and the one behind, and most directories of a tree are those of its neighbours. Beyond these,
/// memory that was never touched costs more than reading a tree again.
const KEPT: usize = 2 << 20;

/// Compares trees on one thread, and keeps those that it read.
pub struct Differ {
    objects: Objects,
    trees: HashMap<ObjectId, Rc<[u8]>>,
    held: usize,
    buffer: Vec<u8>,
    entries: usize,
}

impl Differ {
    /// A differ that reads with `objects`.
    #[must_use]
    pub fn new(objects: Objects) -> Self {
        Self { objects, trees: HashMap::new(), held: 0, buffer: Vec::new(), entries: 0 }
    }

    /// Tells every path that is not the same in both trees, in the order of the trees. `None` is the
    /// empty tree. What is not UTF-8 in a path is replaced.
    ///
    /// # Errors
    /// A tree is missing, is not what its id says, or cannot be decoded; more entries differ than any
    /// source tree has.
    pub fn compare(
        &mut self,
        before: Option<TreeId>,
        after: Option<TreeId>,
        visit: &mut dyn FnMut(&str, Status),
    ) -> Result<(), Problem> {
        self.entries = 0;
        let mut path = Vec::new();
        self.trees(before.map(|tree| tree.0), after.map(|tree| tree.0), &mut path, 0, visit)
    }

    fn trees(
        &mut self,
        before: Option<ObjectId>,
        after: Option<ObjectId>,
        path: &mut Vec<u8>,
        depth: usize,
        visit: &mut dyn FnMut(&str, Status),
    ) -> Result<(), Problem> {
        if before == after {
            return Ok(());
        }
        if depth > DEPTH {
            return Err(Problem::new(format!(
                "`{}` nests deeper than {DEPTH} directories",
                shown(&path.to_str_lossy())
            )));
        }
        let left = self.read(before, path)?;
        let right = self.read(after, path)?;
        let (mut left, mut right) = (&*left, &*right);
        skip_common(&mut left, &mut right);
        let mut old = next(&mut left, before, path)?;
        let mut new = next(&mut right, after, path)?;
        loop {
            let order = match (&old, &new) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(old), Some(new)) => git_order(old, new),
            };
            let was = if order.is_le() { old.take() } else { None };
            let is = if order.is_ge() { new.take() } else { None };
            if was.is_some() && is.is_some() {
                skip_common(&mut left, &mut right);
            }
            if was.is_some() {
                old = next(&mut left, before, path)?;
            }
            if is.is_some() {
                new = next(&mut right, after, path)?;
            }
            self.pair(was.as_ref(), is.as_ref(), path, depth, visit)?;
        }
    }

    /// Two entries of one name and of one kind, or one of them alone.
    fn pair(
        &mut self,
        was: Option<&RawEntry<'_>>,
        is: Option<&RawEntry<'_>>,
        path: &mut Vec<u8>,
        depth: usize,
        visit: &mut dyn FnMut(&str, Status),
    ) -> Result<(), Problem> {
        let seen = |entry: &RawEntry<'_>| (entry.id, canonical(entry.mode));
        if was.map(seen) == is.map(seen) {
            return Ok(());
        }
        let Some(entry) = was.or(is) else { return Ok(()) };
        self.entries += 1;
        if self.entries > MOST {
            return Err(Problem::new(format!("more than {MOST} paths differ, which is no source tree's")));
        }
        let length = path.len();
        if length > 0 {
            path.push(b'/');
        }
        path.extend_from_slice(entry.name);
        if entry.is_directory() {
            self.trees(was.map(|entry| entry.id), is.map(|entry| entry.id), path, depth + 1, visit)?;
        } else {
            let status = match (was, is) {
                (None, _) => Status::Added,
                (_, None) => Status::Removed,
                _ => Status::Changed,
            };
            visit(&path.to_str_lossy(), status);
        }
        path.truncate(length);
        Ok(())
    }

    fn read(&mut self, id: Option<ObjectId>, path: &[u8]) -> Result<Rc<[u8]>, Problem> {
        let Some(id) = id else { return Ok(Rc::from([])) };
        if let Some(tree) = self.trees.get(&id) {
            return Ok(Rc::clone(tree));
        }
        self.objects.read(id, Kind::Tree, &mut self.buffer).map_err(|fault| {
            let place = if path.is_empty() { "the top".into() } else { shown(&path.to_str_lossy()) };
            Problem::new(format!("the tree {id} {fault}")).note(format!("directory  {place}"))
        })?;
        if self.held > KEPT {
            self.trees.clear();
            self.held = 0;
        }
        let tree: Rc<[u8]> = Rc::from(self.buffer.as_slice());
        self.held += tree.len();
        self.trees.insert(id, Rc::clone(&tree));
        Ok(tree)
    }
}

/// Skips the entries that both trees go on with: nearly all of them, and most of the work.
fn skip_common(left: &mut &[u8], right: &mut &[u8]) {
    let shared = left.len().min(right.len());
    let words = left.as_chunks::<8>().0.iter().zip(right.as_chunks::<8>().0);
    let same = words.take_while(|(one, other)| one == other).count() * 8;
    let same = if shared - same < 8 && left[same..] == right[same..] { shared } else { same };
    let mut end = 0;
    // An entry is a name, a zero and twenty bytes of an id.
    while let Some(zero) = left[end..same].find_byte(0)
        && end + zero + 21 <= same
    {
        end += zero + 21;
    }
    (*left, *right) = (&left[end..], &right[end..]);
}

fn next<'t>(
    rest: &mut &'t [u8],
    tree: Option<ObjectId>,
    path: &[u8],
) -> Result<Option<RawEntry<'t>>, Problem> {
    if rest.is_empty() {
        return Ok(None);
    }
    RawEntry::split(rest).map(Some).ok_or_else(|| {
        let id = tree.map_or_else(String::new, |id| id.to_string());
        Problem::new(format!("the tree {id} cannot be decoded"))
            .note(format!("directory  {}", shown(&path.to_str_lossy())))
    })
}

/// Git's order of tree entries, where a directory's name counts as if it ended in a slash. A file and
/// a directory of one name are not equal.
fn git_order(one: &RawEntry<'_>, other: &RawEntry<'_>) -> Ordering {
    let shared = one.name.len().min(other.name.len());
    let end = |entry: &RawEntry<'_>| -> u8 {
        entry.name.get(shared).copied().unwrap_or(if entry.is_directory() { b'/' } else { 0 })
    };
    one.name[..shared]
        .cmp(&other.name[..shared])
        .then_with(|| end(one).cmp(&end(other)))
        .then_with(|| one.name.len().cmp(&other.name.len()))
}

/// The mode as git compares it (tree-walk.c: `canon_mode`): of a file's permissions, one bit counts.
fn canonical(mode: u32) -> u32 {
    match mode & 0o170_000 {
        0o100_000 if mode & 0o100 != 0 => 0o100_755,
        0o100_000 => 0o100_644,
        kind => kind,
    }
}
