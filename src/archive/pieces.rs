// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The tar as pieces: runs of members made by several threads, handed on in order.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::Scope;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use gix::objs::Kind as ObjectKind;

use super::header::{self, Kind};
use super::pool::{self, Buffer, Pool};
use super::room::Room;
use crate::model::{Class, Failure, Problem, SourceName};
use crate::plan::{Content, Entry, Node, Origin, Plan};
use crate::source::Objects;

/// How many neighbouring members one thread makes at a time. They share directories, and with them
/// the bases of git's deltas.
const RUN: usize = 24;

/// A piece is handed on when it is this large, so that a run of large files does not pile up.
pub(super) const PIECE: usize = 1 << 18;

/// How many bytes may be made ahead of the run that is next in the tar.
const AHEAD: usize = 8 << 20;

/// What a header and the padding take, without extended attributes.
const ROUND_A_FILE: usize = 1024;

/// After so many bytes of the tar the packs are given back, if at all.
const GIVE_BACK: usize = 64 << 20;

/// A part of the tar, and the members that end in it.
#[derive(Debug)]
pub(super) struct Piece<F> {
    pub(super) bytes: Buffer,
    /// Where the content of each stands in `bytes`; empty where there is none.
    pub(super) contents: Vec<Range<usize>>,
    pub(super) seen: Vec<Option<F>>,
}

impl<F> Piece<F> {
    fn new(pool: &Pool) -> Self {
        Self { bytes: pool.take(), contents: Vec::new(), seen: Vec::new() }
    }
}

type Made<F> = Result<Piece<F>, Failure>;

struct Run<F> {
    number: usize,
    entries: Range<usize>,
    pieces: Sender<Made<F>>,
}

/// What the threads have in common.
struct Shared {
    /// For what is made and not yet handed on.
    ahead: Room,
    /// How often the packs were given back.
    given_back: AtomicUsize,
}

/// Lets every thread end, however the work ends.
struct Opened<'a>(&'a Room);

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        self.0.go_on(usize::MAX);
    }
}

/// Makes the pieces of a plan on `threads` threads of the scope, and calls `each` with every piece
/// in the order of the tar. Stops at the first failure, its own or `each`'s. `give_back` is for those who
/// have the time: what is mapped of the packs is given back on the way and at the end.
pub(super) fn in_order<'scope, F: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    plan: &'scope Plan,
    threads: usize,
    give_back: bool,
    pool: &Pool,
    look: &'scope (impl Fn(&Entry, &[u8]) -> F + Sync),
    mut each: impl FnMut(Piece<F>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    // The runs under way. Runs differ much in size: with fewer, a thread that is ahead waits for the one
    // that has the large files; with more, much is left for the digests when all runs are made.
    let window = threads * 3;
    let shared = Arc::new(Shared { ahead: Room::new(AHEAD), given_back: AtomicUsize::new(0) });
    let _opened = Opened(&shared.ahead);
    let (queue, runs) = unbounded::<Run<F>>();
    for _ in 0..threads {
        let (runs, pool, shared) = (runs.clone(), pool.clone(), Arc::clone(&shared));
        scope.spawn(move || make_runs(plan, &runs, &shared, &pool, look));
    }
    drop(runs);
    let mut waiting: VecDeque<Receiver<Made<F>>> = VecDeque::new();
    let (mut next, mut started, mut done, mut since) = (0, 0, 0, 0);
    loop {
        while next < plan.entries.len() && waiting.len() < window {
            let entries = next..(next + RUN).min(plan.entries.len());
            next = entries.end;
            // An ordinary run fits, so that its thread goes on to the next.
            let (pieces, made) = bounded(8);
            queue.send(Run { number: started, entries, pieces }).map_err(|_| thread_gone())?;
            started += 1;
            waiting.push_back(made);
        }
        let oldest = waiting.pop_front();
        if give_back && (since >= GIVE_BACK || oldest.is_none()) {
            since = 0;
            plan.locked.sources.values().for_each(|open| open.repository.give_back());
            shared.given_back.fetch_add(1, Ordering::Relaxed);
        }
        let Some(oldest) = oldest else { return Ok(()) };
        shared.ahead.go_on(done);
        done += 1;
        for piece in oldest {
            let piece = piece?;
            shared.ahead.give(piece.bytes.len());
            since += piece.bytes.len();
            each(piece)?;
        }
    }
}

fn thread_gone() -> Failure {
    Failure::new(Class::Environment, Problem::new("a thread that makes the tar ended early"))
}

/// One thread: takes runs until there are no more.
fn make_runs<F>(
    plan: &Plan,
    runs: &Receiver<Run<F>>,
    shared: &Shared,
    pool: &Pool,
    look: &impl Fn(&Entry, &[u8]) -> F,
) {
    let mut given_back = shared.given_back.load(Ordering::Relaxed);
    let mut maker = Maker::new(plan);
    for run in runs {
        let now = shared.given_back.load(Ordering::Relaxed);
        if std::mem::replace(&mut given_back, now) != now {
            maker.objects = readers(plan);
        }
        let hand_on = |piece: Piece<F>| {
            shared.ahead.take(run.number, piece.bytes.len());
            run.pieces.send(Ok(piece)).is_ok()
        };
        let mut piece = Piece::new(pool);
        for entry in &plan.entries[run.entries.clone()] {
            match maker.member(entry, &mut piece.bytes, look) {
                Ok((content, seen)) => {
                    piece.contents.push(content);
                    piece.seen.push(seen);
                }
                Err(problem) => {
                    // Nobody listens when the whole run was given up.
                    let _ = run.pieces.send(Err(problem.into_source()));
                    return;
                }
            }
            if piece.bytes.len() >= PIECE && !hand_on(std::mem::replace(&mut piece, Piece::new(pool))) {
                return;
            }
        }
        if !hand_on(piece) {
            return;
        }
    }
}

/// A reader for each source.
fn readers(plan: &Plan) -> BTreeMap<SourceName, Objects> {
    plan.locked.sources.iter().map(|(name, open)| (name.clone(), open.repository.objects())).collect()
}

struct Maker<'p> {
    plan: &'p Plan,
    objects: BTreeMap<SourceName, Objects>,
    /// The object that was read last.
    buffer: Vec<u8>,
    header: Vec<u8>,
    path: String,
}

impl<'p> Maker<'p> {
    fn new(plan: &'p Plan) -> Self {
        Self { plan, objects: readers(plan), buffer: Vec::new(), header: Vec::new(), path: String::new() }
    }

    /// Appends one member and returns where its content stands, and what `look` sees in it.
    fn member<F>(
        &mut self,
        entry: &Entry,
        out: &mut Buffer,
        look: &impl Fn(&Entry, &[u8]) -> F,
    ) -> Result<(Range<usize>, Option<F>), Problem> {
        self.header.clear();
        self.path.clear();
        self.path.push_str(&self.plan.title);
        self.path.push('/');
        self.path.push_str(entry.path.as_str());
        let date = self.plan.date();
        match &entry.node {
            Node::Directory => {
                self.path.push('/');
                header::member(&mut self.header, &self.path, Kind::Directory, date);
                out.push(&self.header);
                Ok((out.len()..out.len(), None))
            }
            Node::Symlink { target } => {
                header::member(&mut self.header, &self.path, Kind::Symlink(target), date);
                out.push(&self.header);
                Ok((out.len()..out.len(), None))
            }
            Node::File { executable, content } => {
                let made: &Arc<[u8]>;
                let bytes: &[u8] = match content {
                    Content::Bytes(bytes) => {
                        made = bytes;
                        made
                    }
                    Content::Blob(source, blob) => {
                        self.objects[source]
                            .read(blob.0, ObjectKind::Blob, &mut self.buffer)
                            .map_err(|fault| self.fault(entry, source, &format!("blob {blob} {fault}")))?;
                        if self.buffer.starts_with(b"version https://git-lfs.github.com/spec/") {
                            return Err(self
                                .fault(entry, source, "it is a Git LFS pointer, not the file itself")
                                .help("exclude it, or commit the file to the source"));
                        }
                        &self.buffer
                    }
                };
                let size = bytes.len() as u64;
                // A large file has a piece nearly to itself, which grows to what it needs and not to twice that.
                out.reserve(bytes.len() + ROUND_A_FILE);
                header::member(
                    &mut self.header,
                    &self.path,
                    Kind::File { size, executable: *executable },
                    date,
                );
                out.push(&self.header);
                let start = out.len();
                out.push(bytes);
                let content = start..out.len();
                out.push(header::padding(size));
                let seen = look(entry, bytes);
                if self.buffer.capacity() > pool::LARGEST {
                    self.buffer = Vec::new();
                }
                Ok((content, Some(seen)))
            }
        }
    }

    fn fault(&self, entry: &Entry, source: &SourceName, why: &str) -> Problem {
        let from = match &entry.origin {
            Origin::Blob { path, .. } | Origin::Patched { path, .. } => path.as_str(),
            _ => entry.path.as_str(),
        };
        Problem::new(format!("`{from}` cannot be released"))
            .note(why.to_owned())
            .note(self.plan.locked.sources[source].describe())
    }
}
