// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which tag a tarball was made from: the one most of whose files it has, byte for byte.
//!
//! Neighbouring tags share nearly all their subtrees. How well a subtree fits a directory of the
//! tarball is worked out once for each pair, so that 1,230 tags cost little more than one.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use gix::ObjectId;

use crate::model::version::{KernelVersion, LustreVersion};
use crate::model::{BlobId, Failure, Problem, TreeId};
use crate::source::{Commit, Objects, Repository, Tip, read_tip, tree};

/// A commit that has tags, and how well its tree fits.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The tag that it is called by.
    pub tag: String,
    /// Further tags of the same commit.
    pub also: Vec<String>,
    /// The commit.
    pub commit: Commit,
    /// How many files and links of the tarball are at their path in its tree, byte for byte.
    pub identical: u32,
    /// How many files and links its tree has.
    pub tracked: u32,
}

/// The files and links of a tarball by directory.
#[derive(Debug)]
pub(super) struct Wanted(Vec<Node>);

#[derive(Debug, Default)]
struct Node {
    files: HashMap<Vec<u8>, ObjectId>,
    directories: HashMap<Vec<u8>, usize>,
}

impl Wanted {
    pub(super) fn new<'p>(files: impl Iterator<Item = (&'p str, BlobId)>) -> Self {
        let mut nodes = vec![Node::default()];
        for (path, id) in files {
            let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
            let mut at = 0;
            for component in directory.split('/').filter(|component| !component.is_empty()) {
                let next = nodes.len();
                at = *nodes[at].directories.entry(component.as_bytes().to_vec()).or_insert(next);
                if at == next {
                    nodes.push(Node::default());
                }
            }
            nodes[at].files.insert(name.as_bytes().to_vec(), id.0);
        }
        Self(nodes)
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.iter().map(|node| node.files.len()).sum()
    }
}

/// How deep a tree is followed; deeper ones are refused when the best tag's is listed.
const DEPTH: usize = 512;

#[derive(Debug, Clone, Copy, Default)]
struct Score {
    identical: u32,
    tracked: u32,
}

struct Scorer<'w> {
    objects: Objects,
    wanted: &'w Wanted,
    /// By directory of the tarball, where it has that one, and tree.
    known: HashMap<(Option<usize>, ObjectId), Score>,
}

impl Scorer<'_> {
    /// A tree that cannot be read fits nothing: a mirror may lack old ones.
    fn score(&mut self, node: Option<usize>, id: ObjectId, depth: usize) -> Score {
        if let Some(known) = self.known.get(&(node, id)) {
            return *known;
        }
        let mut score = Score::default();
        let entries = match depth {
            ..=DEPTH => tree::level(&self.objects, TreeId(id)).unwrap_or_default(),
            _ => Vec::new(),
        };
        for entry in entries {
            let here = node.map(|node| &self.wanted.0[node]);
            let part = if entry.is_directory {
                let below = here.and_then(|node| node.directories.get(&entry.name).copied());
                self.score(below, entry.id, depth + 1)
            } else {
                let same = here.and_then(|node| node.files.get(&entry.name)) == Some(&entry.id);
                Score { identical: u32::from(same), tracked: 1 }
            };
            score.identical = score.identical.saturating_add(part.identical);
            score.tracked = score.tracked.saturating_add(part.tracked);
        }
        self.known.insert((node, id), score);
        score
    }
}

/// The version that a tag or a tarball's name carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Version {
    Kernel(KernelVersion),
    Lustre(LustreVersion),
}

impl Version {
    fn of_tag(tag: &str) -> Option<Self> {
        let kernel = || KernelVersion::from_tag(tag).map(Self::Kernel);
        LustreVersion::from_tag(tag).map(Self::Lustre).or_else(kernel)
    }

    /// The version in a name such as `lustre-2.17.57`, `lustre-release-2_17_57` (as GitHub names
    /// the tarball of the tag `v2_17_57`) or `linux-6.12.58-vendor1`.
    fn of_title(title: &str) -> Option<Self> {
        let starts = title.match_indices(['-', '_']).map(|(at, _)| at + 1);
        let starts = starts.filter(|at| title[*at..].starts_with(|c: char| c.is_ascii_digit() || c == 'v'));
        for start in std::iter::once(0).chain(starts) {
            let rest = &title[start..];
            let ends = rest.match_indices(['-', '_', '+', '~']).map(|(at, _)| at);
            let ends: Vec<usize> = ends.chain([rest.len()]).collect();
            // The longest part that is a version: `2.17.0-RC4` before `2.17.0`.
            for text in ends.iter().rev().map(|end| &rest[..*end]) {
                let kernel = || KernelVersion::parse(text).ok().map(Self::Kernel);
                if let Some(version) = Self::of_tag(text).or_else(kernel) {
                    return Some(version);
                }
            }
        }
        None
    }

    fn numbers(self) -> ([u32; 4], u32) {
        match self {
            Self::Lustre(version) => (version.numbers(), version.candidate().unwrap_or(u32::MAX)),
            Self::Kernel(version) => {
                let [major, minor, patch] = version.numbers();
                ([major, minor, patch, 0], version.candidate().unwrap_or(u32::MAX))
            }
        }
    }

    /// How far two versions are from each other; the first number that differs decides.
    fn distance(self, other: Self) -> ([u32; 4], u32) {
        let ((left, left_candidate), (right, right_candidate)) = (self.numbers(), other.numbers());
        let apart = std::array::from_fn(|nth| left[nth].abs_diff(right[nth]));
        (apart, left_candidate.abs_diff(right_candidate))
    }
}

/// Every commit with a tag, the best first: the one with most of the tarball's files, among equals
/// the one whose version is nearest to that in `title`, then the one with fewest files besides.
/// Returns the number of tags with them.
///
/// # Errors
/// The tags cannot be read.
pub(super) fn candidates(
    repository: &Repository,
    wanted: &Wanted,
    title: Option<&str>,
    threads: usize,
) -> Result<(Vec<Candidate>, usize), Failure> {
    let title = title.and_then(Version::of_title);
    let tags = repository.tags()?;
    let objects = repository.objects();
    let mut commits: BTreeMap<ObjectId, (Commit, Vec<String>)> = BTreeMap::new();
    for (name, id) in &tags {
        // A tag of a blob, or one whose commit a mirror lacks, made no tarball.
        if let Ok(Tip::Commit(commit) | Tip::Tagged(_, commit)) = read_tip(&objects, *id) {
            commits.entry(commit.id.0).or_insert_with(|| (commit, Vec::new())).1.push(name.clone());
        }
    }
    let mut candidates: Vec<Candidate> = commits
        .into_values()
        .map(|(commit, mut names)| {
            names.sort_by_key(|name| called_by(name, title));
            let tag = names.remove(0);
            Candidate { tag, also: names, commit, identical: 0, tracked: 0 }
        })
        .collect();
    // Neighbours in time share the most.
    candidates.sort_by_key(|candidate| (candidate.commit.date, candidate.commit.id));
    let share = candidates.len().div_ceil(threads.max(1)).max(1);
    std::thread::scope(|scope| {
        for candidates in candidates.chunks_mut(share) {
            scope.spawn(move || {
                let mut scorer = Scorer { objects: repository.objects(), wanted, known: HashMap::new() };
                for candidate in candidates {
                    let score = scorer.score(Some(0), candidate.commit.tree.0, 0);
                    (candidate.identical, candidate.tracked) = (score.identical, score.tracked);
                }
            });
        }
    });
    candidates.sort_by_cached_key(|candidate| {
        let version = Version::of_tag(&candidate.tag);
        // A tag without a version is farther than any with one.
        let apart = title.map(|title| version.map_or(([u32::MAX; 4], 0), |version| version.distance(title)));
        let besides = candidate.tracked - candidate.identical;
        (Reverse(candidate.identical), apart, besides, Reverse(version), candidate.tag.clone())
    });
    Ok((candidates, tags.len()))
}

/// The order of one commit's tags: the version in the title first, then the highest, then the
/// spelling with a `v`.
fn called_by(name: &str, title: Option<Version>) -> impl Ord + use<> {
    let version = Version::of_tag(name);
    (version != title || title.is_none(), Reverse(version), !name.starts_with('v'), name.to_owned())
}

/// No tag has enough of the tarball's files to say that it was made from it.
pub(super) fn no_tag_fits(
    repository: &Repository,
    name: &str,
    candidates: &[Candidate],
    files: usize,
) -> Failure {
    let problem = Problem::new(format!("no tag of source `{name}` fits the tarball"));
    let problem = match candidates {
        [] => problem.note(format!("there is no tag in {}", repository.path().display())),
        some => some.iter().take(3).fold(problem, |problem, candidate| {
            let Candidate { tag, identical, .. } = candidate;
            problem.note(format!("{tag} has {identical} of its {files} files"))
        }),
    };
    problem
        .help(format!(
            "name the commit with `--source {name}=PATH@REV`, say with `--map` where its files stand in \
             the source, or fetch the tags that are missing"
        ))
        .into_source()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_carry_versions() {
        let numbers = |title| Version::of_title(title).map(Version::numbers);
        for (title, expected) in [
            ("lustre-2.17.57", [2, 17, 57, 0]),
            ("lustre-release-2_17_57", [2, 17, 57, 0]),
            ("lustre-release-v2_17_57", [2, 17, 57, 0]),
            ("lustre-2.15.8-1.el8", [2, 15, 8, 0]),
            ("lustre-2.14.0_ddn12", [2, 14, 0, 0]),
            ("linux-6.12.58", [6, 12, 58, 0]),
            ("linux-6.12", [6, 12, 0, 0]),
        ] {
            assert_eq!(numbers(title), Some((expected, u32::MAX)), "{title}");
        }
        assert_eq!(numbers("lustre-2.17.0-RC4"), Some(([2, 17, 0, 0], 4)));
        assert_eq!(numbers("lustre-release-4322543e7e2814ea25420426ab24540dca76cbf7"), None);
        assert_eq!(numbers("lustre"), None);
    }

    #[test]
    fn the_first_number_that_differs_decides() {
        let version = |tag| Version::of_tag(tag).unwrap();
        let title = version("v2_17_57");
        let mut tags = ["v2_18_0", "v2_16_57", "v2_17_50", "v2_17_58", "2.17.57"];
        tags.sort_by_key(|tag| version(tag).distance(title));
        assert_eq!(tags, ["2.17.57", "v2_17_58", "v2_17_50", "v2_16_57", "v2_18_0"]);
    }
}
