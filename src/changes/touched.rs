// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The paths that each commit touches, and those that differ between the two ends.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::{FileChange, Query};
use crate::model::{Problem, TreeId};
use crate::source::{Differ, Logged, Range, read_commit};

/// How many runs of neighbours each thread takes: a commit shares most trees with the next, and where a
/// run begins, all of them are read.
const RUNS: usize = 3;

/// What one commit touches.
#[derive(Debug, Clone, Default)]
pub(super) struct Touched {
    pub(super) layers: BTreeSet<String>,
    pub(super) files: usize,
}

/// What a range touches.
#[derive(Debug)]
pub(super) struct All {
    /// For each commit of the range.
    pub(super) commits: Vec<Touched>,
    /// Between its ends.
    pub(super) files: Vec<FileChange>,
}

/// Compares every commit with its first parent, and the two ends with one another.
pub(super) fn all(query: &Query<'_>, range: &Range) -> Result<All, Problem> {
    let length = range.commits.len().div_ceil(query.jobs.max(1) * RUNS).max(16);
    let runs: Vec<&[Logged]> = range.commits.chunks(length).collect();
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let done: Vec<Mutex<Result<Vec<Touched>, Problem>>> =
        runs.iter().map(|_| Mutex::new(Ok(Vec::new()))).collect();
    let work = |mut worker: Worker<'_>| {
        while !failed.load(Ordering::Relaxed) {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            let Some(run) = runs.get(nth) else { break };
            let found: Result<Vec<Touched>, Problem> =
                run.iter().map(|commit| worker.commit(range, commit)).collect();
            failed.fetch_or(found.is_err(), Ordering::Relaxed);
            if let Ok(mut slot) = done[nth].lock() {
                *slot = found;
            }
        }
    };
    let files = std::thread::scope(|scope| {
        let workers = query.jobs.clamp(1, runs.len().max(1));
        for _ in 1..workers {
            scope.spawn(|| work(Worker::new(query)));
        }
        let mut worker = Worker::new(query);
        let files = worker.ends();
        work(worker);
        files
    })?;
    let mut commits = Vec::with_capacity(range.commits.len());
    for run in done {
        commits.extend(run.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)?);
    }
    Ok(All { commits, files })
}

struct Worker<'q> {
    query: &'q Query<'q>,
    differ: Differ,
    /// The layers of the paths that were met: commits touch the same files again and again.
    met: HashMap<String, Vec<String>>,
}

impl<'q> Worker<'q> {
    fn new(query: &'q Query<'q>) -> Self {
        Self { query, differ: Differ::new(query.repository.history_objects()), met: HashMap::new() }
    }

    fn commit(&mut self, range: &Range, commit: &Logged) -> Result<Touched, Problem> {
        let before = match commit.parents.as_slice() {
            [] => None,
            [parent] => range.trees.get(parent).copied(),
            _ => return Ok(Touched::default()),
        };
        let mut touched = Touched::default();
        let Self { query, differ, met } = self;
        differ
            .compare(before, Some(commit.tree), &mut |path, _| {
                touched.files += 1;
                if !met.contains_key(path) {
                    met.insert(path.to_owned(), query.layers.of_path(path));
                }
                for layer in &met[path] {
                    if !touched.layers.contains(layer) {
                        touched.layers.insert(layer.clone());
                    }
                }
            })
            .map_err(|problem| problem.note(format!("commit  {}", commit.id)))?;
        Ok(touched)
    }

    fn ends(&mut self) -> Result<Vec<FileChange>, Problem> {
        let (from, to) = (self.tree(self.query.from.commit)?, self.tree(self.query.to.commit)?);
        let mut files = Vec::new();
        self.differ.compare(Some(from), Some(to), &mut |path, status| {
            let layers = self.query.layers.of_path(path);
            files.push(FileChange { path: path.to_owned(), status, layers });
        })?;
        Ok(files)
    }

    fn tree(&self, commit: crate::model::CommitId) -> Result<TreeId, Problem> {
        read_commit(&self.query.repository.objects(), commit.0)
            .map(|commit| commit.tree)
            .map_err(|fault| Problem::new(format!("the commit {commit} {fault}")))
    }
}
