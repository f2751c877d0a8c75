// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The tar as pieces: runs of members made by several threads, handed on in order.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gix::objs::Kind as ObjectKind;

use super::header::{self, Kind};
use super::order::{Onward, Order};
use super::pool::{self, Buffer, Pool};
use crate::model::{Failure, Problem, SourceName};
use crate::plan::{Content, Entry, Node, Origin, Plan};
use crate::source::Objects;

/// A piece is handed on when it is this large, so that a run of large files does not pile up.
pub(super) const PIECE: usize = 1 << 18;

/// How many bytes may be made ahead of what is next in the tar.
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

/// How the pieces are made.
pub(super) struct Making<'a> {
    /// On how many threads, of which the caller's is one.
    pub(super) threads: usize,
    /// For those who have the time: what is mapped of the packs is given back on the way and at the end.
    pub(super) give_back: bool,
    pub(super) pool: &'a Pool,
}

/// Makes the pieces of a plan, and calls `each` with every piece in the order of the tar, on whichever thread
/// has the next one. Then that thread, and any other that has handed a piece on, calls `between`. Stops
/// at the first failure, its own or `each`'s.
pub(super) fn in_order<F: Send>(
    plan: &Plan,
    making: &Making<'_>,
    look: &(impl Fn(&Entry, &[u8]) -> F + Sync),
    mut each: impl FnMut(Piece<F>) -> Result<(), Failure> + Send,
    between: &(impl Fn() + Sync),
) -> Result<(), Failure> {
    let give_back = || plan.locked.sources.values().for_each(|open| open.repository.give_back());
    let given_back = AtomicUsize::new(0);
    let mut since = 0;
    let order = Order::new(plan.entries.len(), making.threads, AHEAD, |piece: Piece<F>| {
        since += piece.bytes.len();
        each(piece)?;
        if making.give_back && since >= GIVE_BACK {
            since = 0;
            give_back();
            given_back.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    });
    let work = Work { order, given_back: &given_back };
    let run = || work.make(plan, making, look, between);
    std::thread::scope(|scope| {
        for _ in 1..making.threads {
            scope.spawn(run);
        }
        run();
    });
    work.order.finish()?;
    if making.give_back {
        give_back();
    }
    Ok(())
}

/// What the threads have in common.
struct Work<'a, F, E> {
    order: Order<Piece<F>, E>,
    /// How often the packs were given back.
    given_back: &'a AtomicUsize,
}

impl<F, E: FnMut(Piece<F>) -> Result<(), Failure>> Work<'_, F, E> {
    /// One thread: takes runs until there are no more.
    fn make(
        &self,
        plan: &Plan,
        making: &Making<'_>,
        look: &impl Fn(&Entry, &[u8]) -> F,
        between: &impl Fn(),
    ) {
        let _alive = self.order.alive();
        let mut given_back = self.given_back.load(Ordering::Relaxed);
        let mut maker = Maker::new(plan, making.give_back);
        while let Some(run) = self.order.take() {
            let now = self.given_back.load(Ordering::Relaxed);
            if std::mem::replace(&mut given_back, now) != now {
                maker.objects = readers(plan);
            }
            let mut piece = Piece::new(making.pool);
            let mut handed_on = 0;
            let mut left = run.clone();
            for nth in left.by_ref() {
                match maker.member(&plan.entries[nth], &mut piece.bytes, look) {
                    Ok((content, seen)) => {
                        piece.contents.push(content);
                        piece.seen.push(seen);
                    }
                    Err(problem) => return self.order.fail(run.start, problem.into_source()),
                }
                if piece.bytes.len() >= PIECE {
                    let piece = std::mem::replace(&mut piece, Piece::new(making.pool));
                    handed_on += piece.bytes.len();
                    let onward = self.order.hand_on(run.start, piece.bytes.len(), piece);
                    between();
                    match onward {
                        Onward::Go => {}
                        Onward::Turn => break,
                        Onward::Stop => return,
                    }
                }
            }
            let size = piece.bytes.len();
            // Of members like these, so many are a piece.
            let at_once = (PIECE * (left.start - run.start) / (handed_on + size).max(1)).max(1);
            if !self.order.end(run.start, left, at_once, size, piece) {
                return;
            }
            between();
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
    /// Whether memory is given back to the system on the way.
    gives_back: bool,
    /// The object that was read last.
    buffer: Vec<u8>,
    header: Vec<u8>,
    path: String,
}

impl<'p> Maker<'p> {
    fn new(plan: &'p Plan, gives_back: bool) -> Self {
        Self {
            plan,
            objects: readers(plan),
            gives_back,
            buffer: Vec::new(),
            header: Vec::new(),
            path: String::new(),
        }
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
                if self.gives_back && self.buffer.capacity() > pool::LARGEST {
                    self.buffer = Vec::new();
                }
                Ok((content, Some(seen)))
            }
        }
    }

    fn fault(&self, entry: &Entry, source: &SourceName, why: &str) -> Problem {
        let from = match &entry.origin {
            Origin::Blob { path, .. } | Origin::Patched { path, .. } => &**path,
            _ => entry.path.as_str(),
        };
        Problem::new(format!("`{from}` cannot be released"))
            .note(why.to_owned())
            .note(self.plan.locked.sources[source].describe())
    }
}
