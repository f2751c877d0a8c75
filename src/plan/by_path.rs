// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Things by their paths, of which many come at once and few after that.

use std::collections::BTreeMap;
use std::ops::Bound;

use itertools::EitherOrBoth::{Both, Left, Right};
use itertools::Itertools as _;

/// What has a path.
pub(super) trait Placed {
    /// The path, which no other of its kind has.
    fn place(&self) -> &str;
}

/// Things by their paths: what came at once is a sorted list, and what changed since then a map over it. One map
/// of a whole kernel's files would take twice their memory and most of the time of a plan.
#[derive(Debug)]
pub(super) struct ByPath<T> {
    /// Sorted.
    list: Vec<T>,
    /// What came later, among those of the list or in the place of one; none where one was taken away.
    later: BTreeMap<String, Option<T>>,
}

impl<T: Placed> ByPath<T> {
    pub(super) fn new() -> Self {
        Self { list: Vec::new(), later: BTreeMap::new() }
    }

    pub(super) fn get(&self, path: &str) -> Option<&T> {
        match self.later.get(path) {
            Some(later) => later.as_ref(),
            None => self.find(path).map(|nth| &self.list[nth]),
        }
    }

    pub(super) fn get_mut(&mut self, path: &str) -> Option<&mut T> {
        match self.find(path) {
            _ if self.later.contains_key(path) => self.later.get_mut(path)?.as_mut(),
            Some(nth) => Some(&mut self.list[nth]),
            None => None,
        }
    }

    /// Adds many that are not there yet.
    pub(super) fn extend(&mut self, more: Vec<T>) {
        if self.list.is_empty() {
            self.list = more;
        } else {
            self.list.extend(more);
        }
        self.list.sort_by(|one, other| one.place().cmp(other.place()));
    }

    /// Adds one, in the place of another of that path if there is one.
    pub(super) fn insert(&mut self, thing: T) {
        self.later.insert(thing.place().to_owned(), Some(thing));
    }

    /// Takes away the one at that path.
    pub(super) fn remove(&mut self, path: &str) {
        self.later.insert(path.to_owned(), None);
    }

    /// In the order of the paths.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.starting_at("")
    }

    /// In the order of the paths, from that path on.
    pub(super) fn starting_at(&self, path: &str) -> impl Iterator<Item = &T> {
        let start = self.list.partition_point(|thing| thing.place() < path);
        let later = self.later.range::<str, _>((Bound::Included(path), Bound::Unbounded));
        self.list[start..].iter().merge_join_by(later, |thing, (path, _)| thing.place().cmp(path)).filter_map(
            |found| match found {
                Left(thing) => Some(thing),
                Right((_, later)) | Both(_, (_, later)) => later.as_ref(),
            },
        )
    }

    /// All in the order of the paths.
    pub(super) fn into_list(self) -> Vec<T> {
        let Self { mut list, later } = self;
        if !later.is_empty() {
            list.retain(|thing| !later.contains_key(thing.place()));
            list.extend(later.into_values().flatten());
            list.sort_by(|one, other| one.place().cmp(other.place()));
        }
        list
    }

    fn find(&self, path: &str) -> Option<usize> {
        self.list.binary_search_by(|thing| thing.place().cmp(path)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq)]
    struct Thing(&'static str, u8);

    impl Placed for Thing {
        fn place(&self) -> &str {
            self.0
        }
    }

    #[test]
    fn what_came_later_stands_before_the_list() {
        let mut things = ByPath::new();
        things.extend(vec![Thing("b", 1), Thing("a/b", 1), Thing("d", 1), Thing("a", 1)]);
        things.insert(Thing("c", 2));
        things.insert(Thing("b", 2));
        things.remove("d");
        things.remove("nowhere");
        things.extend(vec![Thing("a-b", 3)]);
        things.get_mut("a").unwrap().1 = 4;
        things.get_mut("c").unwrap().1 = 4;
        let all = [Thing("a", 4), Thing("a-b", 3), Thing("a/b", 1), Thing("b", 2), Thing("c", 4)];
        assert!(things.iter().eq(&all));
        assert!(things.starting_at("a0").eq(&all[3..]));
        assert_eq!((things.get("b"), things.get("d"), things.get("e")), (Some(&all[3]), None, None));
        assert!(things.get_mut("d").is_none());
        // What was taken away can come again.
        things.insert(Thing("d", 5));
        assert_eq!(things.into_list(), [&all[..], &[Thing("d", 5)]].concat());
    }
}
