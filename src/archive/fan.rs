// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! One tar stream to its digest and to every encoder, each on its own thread.

use std::cell::{Cell, OnceCell};
use std::io;
use std::ops::Range;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::digest::{Digests, Second};
use super::encode::{Encoder, SHORT};
use super::pool::{Buffer, Memory, Pool};
use super::room::Room;
use super::turns::{Turn, Turns};
use super::{Output, Sum, Watch, Written, header, pieces};
use crate::manifest::Format;
use crate::model::{Class, Failure, Problem};
use crate::plan::{Entry, Plan};

/// How many pieces may wait before a lone encoder, and before the digest.
const WAITING: usize = 16;

/// How many may wait before each of several encoders, some 32 MiB, which they share. zstd and xz take
/// in 16 and 24 MiB before they do anything with the next byte; with a short queue the one that is
/// full keeps the other one hungry.
const WAITING_TOGETHER: usize = 128;

/// So many pieces of the ordinary size have room everywhere. An encoder that waits for the length of a
/// short tar holds less than half of that: see [`Encoder::patience`].
const LEAST_ROOM: usize = 64;

/// Who works on a tar.
pub(super) struct Threads<'a> {
    /// How many make its pieces.
    pub(super) makers: usize,
    /// How many an encoder has.
    pub(super) workers: usize,
    /// What a long tar waits for.
    pub(super) turns: Option<&'a Turns>,
}

/// Pieces are shared, not copied, between the digest and the encoders.
type Bytes = Arc<Sent>;

/// A piece on its way, with the room that it takes there until the last one is done with it.
struct Sent {
    bytes: Buffer,
    room: Arc<Room>,
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.room.give(self.bytes.len());
    }
}

/// A piece, and where the contents of its members stand in it.
type Members = (Bytes, Vec<Range<usize>>);

/// Where every piece goes.
struct Sinks<'a> {
    digests: Sender<Members>,
    encoders: Vec<Sender<Bytes>>,
    room: Arc<Room>,
    /// How much went there.
    length: Cell<u64>,
    turns: Option<&'a Turns>,
    turn: OnceCell<Option<Turn<'a>>>,
}

/// Behind the number that is first in a [`Room`], so that it waits.
const LATER: usize = 1;

impl<'a> Sinks<'a> {
    fn send(&self, bytes: Buffer, contents: Vec<Range<usize>>) -> Result<(), Failure> {
        self.length.set(self.length.get() + bytes.len() as u64);
        if self.length.get() > SHORT {
            self.turn.get_or_init(|| self.turns.map(Turns::take));
        }
        self.room.take(LATER, bytes.len());
        let bytes = Arc::new(Sent { bytes, room: Arc::clone(&self.room) });
        for encoder in &self.encoders {
            encoder.send(Arc::clone(&bytes)).map_err(|_| gone("an encoder"))?;
        }
        self.digests.send((bytes, contents)).map_err(|_| gone("the digests"))
    }

    /// Ends the stream, and so the threads behind it, which have the turn until then.
    fn close(self) -> Option<Turn<'a>> {
        self.turn.into_inner().flatten()
    }
}

pub(super) fn run<S: Second, F: Send>(
    plan: &Plan,
    outputs: Vec<Output>,
    threads: Threads<'_>,
    look: &(impl Fn(&Entry, &[u8]) -> F + Sync),
    watch: &dyn Watch,
) -> Result<Written<S, F>, Failure> {
    let levels = plan.locked.manifest.encoding;
    // Encoders take their time, in which the packs that were looked at would stay mapped, and the pieces with
    // the allocator.
    let give_back = outputs.iter().any(|output| output.format != Format::Tar);
    let Threads { makers, workers, turns } = threads;
    std::thread::scope(|scope| {
        let (digests, stream) = bounded::<Members>(WAITING);
        let digest = scope.spawn(move || digest(&stream));
        let mut encoders = Vec::new();
        let waiting = if outputs.len() > 1 { WAITING_TOGETHER } else { WAITING };
        let room = Arc::new(Room::new(waiting.max(LEAST_ROOM) * pieces::PIECE));
        let mut sinks =
            Sinks { digests, encoders: Vec::new(), room, length: Cell::new(0), turns, turn: OnceCell::new() };
        for output in outputs {
            let (sink, stream) = bounded::<Bytes>(waiting);
            sinks.encoders.push(sink);
            let Output { format, file, name } = output;
            let thread = scope.spawn(move || {
                let begin = |length| Encoder::new(format, levels, file, length, workers);
                encode(format, begin, &stream, watch)
            });
            encoders.push((format, name, thread));
        }
        let sent = feed(scope, plan, makers, give_back, &sinks, look, watch);
        let _turn = sinks.close();
        let (identity, members, seconds) = digest.join().map_err(|_| gone("the digests"))?;
        let mut written = Vec::new();
        for (format, name, thread) in encoders {
            let sum = thread.join().map_err(|_| gone(&name))?;
            // An encoder that failed is why the feeding stopped, so its error comes first.
            let sum = sum.map_err(|error| Failure::io("write", name.as_ref(), &error))?;
            written.push((format, sum.unwrap_or(identity)));
        }
        // Only now is it certain that the files hold the whole tar and not its beginning.
        let seen = sent?;
        for &(format, sum) in &written {
            watch.finished(format, sum);
        }
        Ok(Written { identity, members, seconds, seen, outputs: written })
    })
}

fn gone(what: &str) -> Failure {
    Failure::new(Class::Environment, Problem::new(format!("the thread of {what} ended early")))
}

/// Sends the whole tar to every sink, and returns what was seen of each member.
fn feed<'scope, F: Send + 'scope>(
    scope: &'scope std::thread::Scope<'scope, '_>,
    plan: &'scope Plan,
    makers: usize,
    give_back: bool,
    sinks: &Sinks<'_>,
    look: &'scope (impl Fn(&Entry, &[u8]) -> F + Sync),
    watch: &dyn Watch,
) -> Result<Vec<Option<F>>, Failure> {
    let pool = Pool::new(
        if give_back { Memory::System } else { Memory::Allocator },
        pieces::PIECE + pieces::PIECE / 4,
    );
    let mut start = pool.take();
    let mut headers = Vec::new();
    header::commit_comment(&mut headers, &plan.primary_commit().to_string(), plan.date());
    header::member(&mut headers, &format!("{}/", plan.title), header::Kind::Directory, plan.date());
    start.push(&headers);
    sinks.send(start, Vec::new())?;
    let mut seen = Vec::with_capacity(plan.entries.len());
    pieces::in_order(scope, plan, makers, give_back, &pool, look, |piece| {
        let (count, size) = (piece.contents.len(), piece.bytes.len() as u64);
        seen.extend(piece.seen);
        sinks.send(piece.bytes, piece.contents)?;
        watch.made(count, size);
        Ok(())
    })?;
    let mut end = pool.take();
    end.push(&header::end(sinks.length.get()));
    sinks.send(end, Vec::new())?;
    Ok(seen)
}

fn digest<S: Second>(stream: &Receiver<Members>) -> (Sum, Vec<Sum>, Vec<S>) {
    let mut digests = Digests::new();
    for (bytes, contents) in stream {
        digests.piece(&bytes.bytes, &contents);
    }
    digests.finish()
}

/// Encodes what comes, once it is known whether that is much.
fn encode(
    format: Format,
    begin: impl FnOnce(Option<u64>) -> io::Result<Encoder>,
    stream: &Receiver<Bytes>,
    watch: &dyn Watch,
) -> io::Result<Option<Sum>> {
    let mut head = Vec::new();
    let mut length = 0;
    while length <= Encoder::patience(format)
        && let Ok(piece) = stream.recv()
    {
        length += piece.bytes.len() as u64;
        head.push(piece);
    }
    let mut encoder = begin((length <= Encoder::patience(format)).then_some(length))?;
    for piece in head.into_iter().chain(stream) {
        encoder.write_all(&piece.bytes)?;
        watch.encoded(format, piece.bytes.len() as u64);
    }
    encoder.finish()
}
