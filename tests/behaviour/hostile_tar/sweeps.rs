// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The same damage everywhere: a tar cut at every block, and a bit flipped in one byte after another.

use lustre_dist::archive::read::{At, Fault, Limits, Part};

use super::make::{Tar, everything};
use super::read;

/// The member that owns a byte of the tar; `None` for the global header.
fn owner(tar: &Tar, at: usize) -> Option<usize> {
    tar.starts.iter().rposition(|&start| start <= at)
}

fn is_in(fault: &Fault, owner: Option<usize>) -> bool {
    match (&fault.part, owner) {
        (Part::Comment, None) => true,
        (Part::Member { index, .. }, Some(owner)) => *index == owner,
        _ => false,
    }
}

#[test]
fn cut_at_every_block() {
    let made = everything();
    let tar = made.clone().end();
    for length in (0..tar.len()).step_by(512).chain((1..tar.len()).step_by(97)) {
        let (outcome, _) = read("demo-1.tar", &tar[..length], &Limits::default());
        let [fault] = &outcome.faults[..] else { panic!("cut at {length}: {:?}", outcome.faults) };
        assert_eq!(fault.at, At::Tar(length as u64), "cut at {length}: {fault}");
        assert!(fault.what.starts_with("the tar ends "), "cut at {length}: {fault}");
        if length > made.bytes.len() {
            assert_eq!(fault.part, Part::End, "cut at {length}: {fault}");
        } else if length > 0 {
            // Between two members the one that is there is named: the next one is not known.
            assert!(is_in(fault, owner(&made, length - 1)), "cut at {length}: {fault}");
        }
        assert_eq!(outcome.summary, None);
    }
}

/// One bit of the tar flipped, all over it: a header, padding or the end tells it with its member; what
/// no other byte bears witness to shows as another member or other content.
#[test]
fn a_bit_flipped_everywhere() {
    let made = everything();
    let tar = made.clone().end();
    let (_, good) = read("demo-1.tar", &tar, &Limits::default());
    // Every third byte: 512 is no multiple of three, so that each byte of a header has its turn. The zeros
    // at the end are all alike.
    let members = made.bytes.len();
    let (mut flips, mut told_by_field) = (0, 0);
    for at in (0..members).step_by(3).chain((members..tar.len()).step_by(61)) {
        flips += usize::from(at < members);
        let mut flipped = tar.clone();
        // Each byte of a field has another bit, and over the fields every bit comes up.
        flipped[at] ^= 1 << ((at * 7 + at / 512) % 8);
        let (outcome, seen) = read("demo-1.tar", &flipped, &Limits::default());
        let Some(fault) = outcome.faults.first() else {
            let same = seen.members == good.members && seen.commit == good.commit;
            assert!(!same, "byte {at} makes no difference");
            continue;
        };
        if at >= members {
            assert_eq!((&fault.part, fault.at), (&Part::End, At::Tar(at as u64)), "byte {at}: {fault}");
            continue;
        }
        assert!(is_in(fault, owner(&made, at)), "byte {at}: {fault}");
        if fault.at == At::Tar(at as u64) && !fault.what.contains("is damaged") {
            told_by_field += 1;
            assert!(outcome.summary.is_some(), "what is understood does not stop the reading: {fault}");
        }
    }
    // Most bytes of a tar of small files are those of fields with one right value.
    assert!(told_by_field > flips / 2, "{told_by_field} of {flips}");
}
