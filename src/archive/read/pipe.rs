// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! One pass over a file on three threads: it is decoded on one, the tar is digested on another and
//! judged on the caller's.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded};
use sha2::Digest as _;

use super::chunk::{Chunk, Chunks, WAITING};
use super::decode::{self, Out, Stop};
use super::dialect::{Dialect, Ended, Judgement};
use super::fault::{At, Fault, Part};
use super::{Digested, Encoding, Limits, Outcome, Summary, Visit, encoding};
use crate::model::{Failure, Sha256};

/// Pieces are shared between the digest and the judge.
type Piece = Arc<Chunk>;

/// How much of the file is read at a time.
const READ: usize = 128 << 10;

pub(super) fn run(
    file: impl Read + Send,
    name: &str,
    limits: &Limits,
    visit: &mut dyn Visit,
) -> Result<Outcome, Failure> {
    let abandoned = AtomicBool::new(false);
    let (decoded, tar, judged) = std::thread::scope(|scope| {
        let (to_digest, digested) = bounded::<Piece>(WAITING);
        let (to_judge, judged) = bounded::<Piece>(WAITING);
        let digest = scope.spawn(move || digest(&digested));
        let abandoned = &abandoned;
        let decoding = scope.spawn(move || {
            decode(file, name, limits, Sinks { digest: to_digest, judge: to_judge }, abandoned)
        });
        let mut dialect = Dialect::new(limits);
        let mut fed = Ok(true);
        for piece in &judged {
            fed = dialect.feed(&piece, visit);
            if !matches!(fed, Ok(true)) {
                break;
            }
        }
        abandoned.store(fed.is_err(), Ordering::Relaxed);
        // Whoever decodes for nobody learns it from the closed channel.
        drop(judged);
        let decoded = decoding.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let tar = digest.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (decoded, tar, fed.map(|going_on| (dialect, going_on)))
    });
    let (dialect, going_on) = judged?;
    let Decoded { encoding, file, stop } =
        decoded.map_err(|error| Failure::io("read", name.as_ref(), &error))?;
    let mut faults: Vec<Fault> = encoding::misnamed(encoding, name).into_iter().collect();
    let mut broken = None;
    let ended = match stop {
        None | Some(Stop::Gone) => Ended::Whole,
        Some(Stop::TooLarge { what, expected }) => Ended::Limited { what, expected },
        Some(Stop::Wrong { offset, what, expected }) => {
            broken = Some(Fault::new(At::File(offset), Part::Encoding, what, expected));
            Ended::Broken
        }
    };
    let Judgement { faults: mut found, whole, before_end } = dialect.finish(ended);
    let behind = found.split_off(before_end);
    faults.extend(found);
    if going_on {
        // Otherwise how far the decoder got ahead depends on the threads.
        faults.extend(broken);
    }
    faults.extend(behind);
    let summary = whole.map(|whole| Summary {
        top: whole.top,
        commit: whole.commit,
        date: whole.date,
        members: whole.members,
        identity: if encoding == Encoding::Tar { file } else { tar },
        dangling: whole.dangling,
    });
    Ok(Outcome { encoding, file, faults, summary })
}

fn digest(pieces: &Receiver<Piece>) -> Digested {
    let mut digest = Running::default();
    for piece in pieces {
        digest.update(&piece);
    }
    digest.end()
}

#[derive(Default)]
struct Running {
    hasher: sha2::Sha256,
    size: u64,
}

impl Running {
    fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
    }

    fn end(self) -> Digested {
        Digested { size: self.size, sha256: Sha256(self.hasher.finalize().into()) }
    }
}

/// What decoding came to.
struct Decoded {
    encoding: Encoding,
    file: Digested,
    stop: Option<Stop>,
}

/// Who gets the tar.
struct Sinks {
    digest: Sender<Piece>,
    judge: Sender<Piece>,
}

impl Sinks {
    fn send(&self, chunk: Chunk, encoding: Encoding) -> Result<(), Stop> {
        let piece = Arc::new(chunk);
        self.judge.send(Arc::clone(&piece)).map_err(|_| Stop::Gone)?;
        // A file that is its own tar is digested while it is read.
        if encoding == Encoding::Tar {
            return Ok(());
        }
        self.digest.send(piece).map_err(|_| Stop::Gone)
    }
}

/// Decodes until something stops it, and digests the file to its end whatever does.
fn decode(
    mut file: impl Read,
    name: &str,
    limits: &Limits,
    sinks: Sinks,
    abandoned: &AtomicBool,
) -> io::Result<Decoded> {
    let mut input = vec![0; READ];
    let mut filled = fill(&mut file, &mut input)?;
    let encoding = encoding::of(&input[..filled], name);
    let mut digest = Running::default();
    let chunks = Chunks::new();
    let mut send = |chunk| sinks.send(chunk, encoding);
    let mut out = Out::new(encoding, limits, &chunks, &mut send);
    let mut decoder = decode::decoder(encoding, limits);
    let mut stop = None;
    while filled > 0 && !abandoned.load(Ordering::Relaxed) {
        digest.update(&input[..filled]);
        if stop.is_none() {
            out.read(filled);
            stop = decoder.push(&input[..filled], &mut out).err();
        }
        filled = fill(&mut file, &mut input)?;
    }
    let stop = stop.or_else(|| decoder.finish().err());
    // What was decoded before a fault is judged, so that the fault can be told with its member.
    let flushed = if stop == Some(Stop::Gone) { Ok(()) } else { out.flush() };
    Ok(Decoded { encoding, file: digest.end(), stop: stop.or(flushed.err()) })
}

/// Reads until the buffer is full or the file ends.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
