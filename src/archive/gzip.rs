// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Block-parallel gzip in one member (RFC 1952), the way of pigz: each block is deflated on its own
//! with the 32 KiB before it as a dictionary and ends on a byte boundary, so that the blocks joined
//! are one stream. The bytes follow from the input and the level, not from the number of workers.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use flate2::{Compress, Compression, FlushCompress, Status};

/// How much each worker deflates at a time.
const BLOCK: usize = 512 << 10;

/// How far back deflate can look.
const WINDOW: usize = 32 << 10;

struct Job {
    dictionary: Vec<u8>,
    data: Vec<u8>,
    last: bool,
    done: Sender<io::Result<Vec<u8>>>,
}

/// A gzip encoder with worker threads.
pub struct Gzip<W: Write> {
    out: W,
    current: Vec<u8>,
    dictionary: Vec<u8>,
    checksum: crc32fast::Hasher,
    length: u32,
    jobs: Option<Sender<Job>>,
    pending: VecDeque<Receiver<io::Result<Vec<u8>>>>,
    most_pending: usize,
    workers: Vec<JoinHandle<()>>,
}

impl<W: Write> Gzip<W> {
    /// Starts an encoder of `level` (1 to 9) with that many workers, at least one.
    ///
    /// # Errors
    /// `out` cannot be written, or a thread cannot be started.
    pub fn new(mut out: W, level: u8, workers: usize) -> io::Result<Self> {
        // No name, no time, an unknown system: nothing that differs from run to run.
        let extra = match level {
            9 => 2,
            1 => 4,
            _ => 0,
        };
        out.write_all(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, extra, 255])?;
        let (jobs, queue) = unbounded::<Job>();
        let count = workers.max(1);
        let workers = (0..count)
            .map(|_| {
                let queue = queue.clone();
                std::thread::Builder::new().name("gzip".into()).spawn(move || work(&queue, level))
            })
            .collect::<io::Result<_>>()?;
        Ok(Self {
            out,
            current: Vec::with_capacity(BLOCK),
            dictionary: Vec::new(),
            checksum: crc32fast::Hasher::new(),
            length: 0,
            jobs: Some(jobs),
            pending: VecDeque::new(),
            most_pending: count + 1,
            workers,
        })
    }

    fn dispatch(&mut self, last: bool) -> io::Result<()> {
        let data = std::mem::replace(&mut self.current, Vec::with_capacity(BLOCK));
        let tail = data[data.len().saturating_sub(WINDOW)..].to_vec();
        let dictionary = std::mem::replace(&mut self.dictionary, tail);
        let (done, result) = bounded(1);
        let jobs = self.jobs.as_ref().expect("open until finished");
        jobs.send(Job { dictionary, data, last, done }).map_err(|_| gone())?;
        self.pending.push_back(result);
        while self.pending.len() > self.most_pending {
            self.write_oldest()?;
        }
        Ok(())
    }

    fn write_oldest(&mut self) -> io::Result<()> {
        let Some(result) = self.pending.pop_front() else { return Ok(()) };
        let block = result.recv().map_err(|_| gone())??;
        self.out.write_all(&block)
    }

    /// Writes what is left and the trailer, and gives the writer back.
    ///
    /// # Errors
    /// The writer's.
    pub fn finish(mut self) -> io::Result<W> {
        self.dispatch(true)?;
        self.jobs = None;
        while !self.pending.is_empty() {
            self.write_oldest()?;
        }
        for worker in self.workers {
            worker.join().map_err(|_| gone())?;
        }
        self.out.write_all(&self.checksum.finalize().to_le_bytes())?;
        self.out.write_all(&self.length.to_le_bytes())?;
        Ok(self.out)
    }
}

impl<W: Write> Write for Gzip<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.current.len() == BLOCK {
            self.dispatch(false)?;
        }
        let taken = bytes.len().min(BLOCK - self.current.len());
        self.current.extend_from_slice(&bytes[..taken]);
        self.checksum.update(&bytes[..taken]);
        // The trailer's length counts modulo 2^32.
        self.length = self.length.wrapping_add(taken as u32);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn gone() -> io::Error {
    io::Error::other("a gzip worker ended early")
}

fn work(queue: &Receiver<Job>, level: u8) {
    while let Ok(job) = queue.recv() {
        let result = block(level, &job);
        // The encoder was dropped: nobody wants the rest.
        if job.done.send(result).is_err() {
            return;
        }
    }
}

fn block(level: u8, job: &Job) -> io::Result<Vec<u8>> {
    // A new one for each block: what `reset` leaves behind in zlib-rs 0.6.8 reaches the next block's
    // bytes, which would then follow from the blocks that the same worker had before.
    let mut deflate = Compress::new(Compression::new(u32::from(level)), false);
    if !job.dictionary.is_empty() {
        deflate.set_dictionary(&job.dictionary).map_err(io::Error::other)?;
    }
    let mut out = Vec::with_capacity(job.data.len() / 2 + 1024);
    let flush = if job.last { FlushCompress::Finish } else { FlushCompress::Sync };
    loop {
        let taken = usize::try_from(deflate.total_in()).expect("a block fits in memory");
        let status = deflate.compress_vec(&job.data[taken..], &mut out, flush).map_err(io::Error::other)?;
        let full = out.len() == out.capacity();
        match status {
            Status::StreamEnd => return Ok(out),
            // With room left, a sync flush is complete.
            Status::Ok | Status::BufError if !job.last && !full => return Ok(out),
            _ => out.reserve(64 << 10),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn sample(length: usize) -> Vec<u8> {
        let mut state = 7_u32;
        (0..length)
            .map(|at| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if at % 7 == 0 { (state >> 24) as u8 } else { b"lustre "[at % 7] }
            })
            .collect()
    }

    #[test]
    fn every_worker_count_gives_the_same_bytes_and_gunzips() {
        for length in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 77] {
            let data = sample(length);
            let encode = |workers| {
                let mut gzip = Gzip::new(Vec::new(), 6, workers).unwrap();
                gzip.write_all(&data).unwrap();
                gzip.finish().unwrap()
            };
            let one = encode(1);
            assert_eq!(one, encode(3), "{length} bytes");
            let mut back = Vec::new();
            flate2::read::GzDecoder::new(one.as_slice()).read_to_end(&mut back).unwrap();
            assert_eq!(back, data);
        }
    }

    #[test]
    fn a_worker_remembers_nothing_of_its_blocks() {
        // Text that hardly repeats fills the output buffer of every block.
        let mut state = 88_172_645_463_325_252_u64;
        let data: Vec<u8> = (0..6 * BLOCK)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                b"lustre, lnet and libcfs"[(state >> 32) as usize % 23]
            })
            .collect();
        for level in 1..=9 {
            let encode = |workers| {
                let mut gzip = Gzip::new(Vec::new(), level, workers).unwrap();
                gzip.write_all(&data).unwrap();
                gzip.finish().unwrap()
            };
            let one = encode(1);
            assert!(one == encode(3), "level {level}, 3 workers");
            assert!(one == encode(8), "level {level}, 8 workers");
            let mut back = Vec::new();
            flate2::read::GzDecoder::new(one.as_slice()).read_to_end(&mut back).unwrap();
            assert!(back == data, "level {level}");
        }
    }
}
