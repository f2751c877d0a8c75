// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Whether a store keeps the conditions of writes.
//!
//! Some ignore the headers; others look and then write, so that one request at a time seems to be
//! answered rightly. Only many at once tell: of those that each want to create an object, or to replace the
//! same one, exactly one may be told that it did, and its bytes must be there in the end.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Barrier;

use super::bucket::Bucket;
use super::{Created, Replaced, Stamp};
use crate::model::Failure;

const AT_ONCE: usize = 8;
const ROUNDS: usize = 4;
/// Large enough that a store that looks before it writes is seen between the two.
const SIZE: usize = 64 << 10;

pub(super) fn probe(bucket: &Bucket) -> Result<(), Failure> {
    let name = RandomState::new().build_hasher().finish();
    let mut done = Ok(());
    for round in 0..ROUNDS {
        let path = format!("probe-{name:016x}-{round}");
        done = one_round(bucket, &path);
        // What the probe made goes, whatever it found.
        let removed = bucket.remove(&path);
        if done.is_err() {
            break;
        }
        let _ = removed?;
    }
    done
}

fn one_round(bucket: &Bucket, path: &str) -> Result<(), Failure> {
    // Each writes other bytes: who finds its own wrote them, and only the answer was lost.
    let create = |bytes: &[u8]| Ok(!matches!(bucket.create(path, bytes)?, Created::Other(_)));
    let stamp = contest(bucket, path, b'c', "If-None-Match", create)?;
    let replace = |bytes: &[u8]| Ok(bucket.replace(path, bytes, Some(&stamp))? == Replaced::Done);
    contest(bucket, path, b'r', "If-Match", replace).map(drop)
}

/// Lets several write other bytes at once; the object as it is then.
fn contest(
    bucket: &Bucket,
    path: &str,
    kind: u8,
    header: &str,
    write: impl Fn(&[u8]) -> Result<bool, Failure> + Sync,
) -> Result<Stamp, Failure> {
    let start = Barrier::new(AT_ONCE);
    let bytes_of = |nth: u8| [&[kind, nth][..], &vec![nth; SIZE]].concat();
    let ends: Vec<Result<bool, Failure>> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..AT_ONCE as u8)
            .map(|nth| {
                let (start, write) = (&start, &write);
                scope.spawn(move || {
                    let bytes = bytes_of(nth);
                    start.wait();
                    write(&bytes)
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().expect("a writer does not panic")).collect()
    });
    let mut winners = Vec::new();
    for (nth, end) in ends.into_iter().enumerate() {
        if end? {
            winners.push(nth);
        }
    }
    let [winner] = winners[..] else {
        let count = winners.len();
        return Err(bucket.unsuited(&format!(
            "it told {count} of {AT_ONCE} writers at once that they were the only one ({header})"
        )));
    };
    let there = bucket.read(path, 2 * SIZE as u64)?;
    match there {
        Some((bytes, stamp)) if bytes == bytes_of(winner as u8) => Ok(stamp),
        _ => Err(bucket.unsuited(&format!(
            "it told one of {AT_ONCE} writers at once that it was the only one, and kept another's bytes ({header})"
        ))),
    }
}
