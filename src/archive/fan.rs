// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! One tar stream to every encoder, each on its own thread, and to its digest, on the threads that make it.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::backlog::{Backlog, Sent};
use super::digest::Second;
use super::encode::{Encoder, SHORT};
use super::pieces::{self, Making};
use super::pool::{Buffer, Memory, Pool};
use super::room::Room;
use super::turns::{Turn, Turns};
use super::{Output, Sum, Watch, Written, header};
use crate::manifest::Format;
use crate::model::{Class, Failure, Problem};
use crate::plan::{Entry, Plan};

/// How many pieces may wait before a lone encoder.
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

/// Where every piece goes.
struct Sinks<'a, S> {
    backlog: &'a Backlog<S>,
    encoders: Vec<Sender<Arc<Sent>>>,
    room: Arc<Room>,
    /// How much went there.
    length: u64,
    turns: Option<&'a Turns>,
    turn: Option<Turn<'a>>,
}

impl<'a, S: Second> Sinks<'a, S> {
    fn send(&mut self, bytes: Buffer, contents: Vec<Range<usize>>) -> Result<(), Failure> {
        self.length += bytes.len() as u64;
        if self.length > SHORT && self.turn.is_none() {
            self.turn = self.turns.map(Turns::take);
        }
        if !self.room.try_take(bytes.len()) {
            // What waits for the digests takes room too.
            self.backlog.empty();
            self.room.take(bytes.len());
        }
        let bytes = Arc::new(Sent::new(bytes, &self.room));
        for encoder in &self.encoders {
            encoder.send(Arc::clone(&bytes)).map_err(|_| gone("an encoder"))?;
        }
        self.backlog.push(bytes, contents);
        Ok(())
    }

    /// Ends the stream, and so the threads behind it, which have the turn until then.
    fn close(self) -> Option<Turn<'a>> {
        self.turn
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
    let backlog = Backlog::new();
    let (seen, outputs) = std::thread::scope(|scope| {
        let mut encoders = Vec::new();
        let waiting = if outputs.len() > 1 { WAITING_TOGETHER } else { WAITING };
        let room = Arc::new(Room::new(waiting.max(LEAST_ROOM) * pieces::PIECE));
        let mut sinks = Sinks { backlog: &backlog, encoders: Vec::new(), room, length: 0, turns, turn: None };
        for output in outputs {
            let (sink, stream) = bounded::<Arc<Sent>>(waiting);
            sinks.encoders.push(sink);
            let Output { format, file, name } = output;
            let thread = scope.spawn(move || {
                let begin = |length| Encoder::new(format, levels, file, length, workers);
                encode(format, begin, &stream, watch)
            });
            encoders.push((format, name, thread));
        }
        let sent = feed(plan, makers, give_back, &mut sinks, look, watch);
        let _turn = sinks.close();
        backlog.empty();
        let mut written = Vec::new();
        for (format, name, thread) in encoders {
            let sum = thread.join().map_err(|_| gone(&name))?;
            // An encoder that failed is why the feeding stopped, so its error comes first.
            written.push((format, sum.map_err(|error| Failure::io("write", name.as_ref(), &error))?));
        }
        // Only now is it certain that the files hold the whole tar and not its beginning.
        Ok::<_, Failure>((sent?, written))
    })?;
    let (identity, members, seconds) = backlog.finish();
    let outputs = outputs.into_iter().map(|(format, sum)| (format, sum.unwrap_or(identity))).collect();
    let written = Written { identity, members, seconds, seen, outputs };
    for &(format, sum) in &written.outputs {
        watch.finished(format, sum);
    }
    Ok(written)
}

fn gone(what: &str) -> Failure {
    Failure::new(Class::Environment, Problem::new(format!("the thread of {what} ended early")))
}

/// Sends the whole tar to every sink, and returns what was seen of each member.
fn feed<S: Second, F: Send>(
    plan: &Plan,
    makers: usize,
    give_back: bool,
    sinks: &mut Sinks<'_, S>,
    look: &(impl Fn(&Entry, &[u8]) -> F + Sync),
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
    let backlog = sinks.backlog;
    pieces::in_order(
        plan,
        &Making { threads: makers, give_back, pool: &pool },
        look,
        |piece| {
            let (count, size) = (piece.contents.len(), piece.bytes.len() as u64);
            seen.extend(piece.seen);
            sinks.send(piece.bytes, piece.contents)?;
            watch.made(count, size);
            Ok(())
        },
        &|| backlog.work(),
    )?;
    let mut end = pool.take();
    end.push(&header::end(sinks.length));
    sinks.send(end, Vec::new())?;
    Ok(seen)
}

/// Encodes what comes, once it is known whether that is much.
fn encode(
    format: Format,
    begin: impl FnOnce(Option<u64>) -> io::Result<Encoder>,
    stream: &Receiver<Arc<Sent>>,
    watch: &dyn Watch,
) -> io::Result<Option<Sum>> {
    let mut head = Vec::new();
    let mut length = 0;
    while length <= Encoder::patience(format)
        && let Ok(piece) = stream.recv()
    {
        length += piece.len() as u64;
        head.push(piece);
    }
    let mut encoder = begin((length <= Encoder::patience(format)).then_some(length))?;
    for piece in head.into_iter().chain(stream) {
        encoder.write_all(&piece)?;
        watch.encoded(format, piece.len() as u64);
    }
    encoder.finish()
}
