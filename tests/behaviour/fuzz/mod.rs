// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Random damage to what is right, the same every time, for everything that reads bytes of others.
//! `LUSTRE_DIST_FUZZ_SECONDS` makes each target go on for that long.

mod releases;
mod signatures;
mod texts;

use std::time::{Duration, Instant};

/// xorshift64*, seeded.
pub struct Random(u64);

impl Random {
    /// The same numbers for the same seed, which is not 0.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() >> 33).expect("31 bits") % bound.max(1)
    }
}

/// What breaks readers of text.
const WORDS: [&[u8]; 24] = [
    b"\"",
    b"'",
    b"\\",
    b"\n",
    b"\r",
    b"\t",
    b"\0",
    b"\x1b[2J",
    b"\xff",
    b"\xc3\xa9",
    b"\xe2\x80\xae",
    b"[",
    b"]",
    b"{",
    b"}",
    b"=",
    b"-",
    b".",
    b"0",
    b"4294967296",
    b"18446744073709551616",
    b"../",
    b"\\u0000",
    b"#",
];

/// Damages bytes in one of many ways.
pub fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    let end = (at + 1 + random.below(24)).min(bytes.len());
    match random.below(8) {
        0 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << random.below(8)),
        1 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = random.next() as u8),
        2 => bytes.truncate(at),
        3 => drop(bytes.drain(at..end.max(at))),
        4 => {
            let copied = bytes[at..end.max(at)].to_vec();
            let to = random.below(bytes.len() + 1);
            bytes.splice(to..to, copied);
        }
        5 => {
            let word = WORDS[random.below(WORDS.len())];
            bytes.splice(at..at, word.iter().copied());
        }
        // A whole line, twice or in another place.
        6 => {
            let start = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
            let end = bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |n| at + n + 1);
            let line = match random.below(2) {
                0 => bytes[start..end].to_vec(),
                _ => bytes.drain(start..end).collect(),
            };
            let to = random.below(bytes.len() + 1);
            let to = bytes[..to].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
            bytes.splice(to..to, line);
        }
        // A digit or letter for another.
        _ => {
            let letter = b"0123456789azAZ_-.*"[random.below(18)];
            bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = letter);
        }
    }
}

/// Calls `target` with the corpus as it is, then with damaged copies: as many as `rounds`, or for as
/// long as the environment says.
pub fn fuzz(seed: u64, rounds: usize, corpus: &[impl AsRef<[u8]>], mut target: impl FnMut(&[u8])) {
    let seconds = std::env::var("LUSTRE_DIST_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let (started, most) = (Instant::now(), seconds.map(Duration::from_secs));
    corpus.iter().for_each(|sound| target(sound.as_ref()));
    let mut random = Random::new(seed);
    for round in 0.. {
        if most.map_or(round >= rounds, |most| started.elapsed() >= most) {
            break;
        }
        let mut bytes = corpus[random.below(corpus.len())].as_ref().to_vec();
        for _ in 0..=random.below(4) {
            mutate(&mut bytes, &mut random);
        }
        target(&bytes);
    }
}
