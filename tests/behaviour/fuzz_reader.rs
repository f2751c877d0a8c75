// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Random damage to right tars, the same every time. Whatever the reader makes of it, it does not
//! panic and does not pass its limits; and what it accepts is, byte for byte, what the members that it
//! showed are written as. So a list of members has one tar.

use lustre_dist::archive::read::{Kind, Limits};

use crate::fuzz::Random;
use crate::hostile_tar::make::{COMMIT, DATE, Head, Tar, everything, global, member, padded, pax, record};
use crate::hostile_tar::{Seen, read};

/// How many tars are tried.
const ROUNDS: usize = 12_000;

fn corpus() -> Vec<Vec<u8>> {
    vec![
        everything().end(),
        Tar::new().end(),
        Tar::new().file("a", b"text\n").file("b", &[b'x'; 512]).link("c", "a").end(),
        Tar::new().dir("d").dir("d/e").script("d/e/f", &[7; 1500]).link("d/g", "../d/e").end(),
    ]
}

/// What a field of a header may be made into.
const TEXTS: [&[u8]; 12] = [
    b"0000644\0",
    b"0000755\0",
    b"ustar\x0000",
    b"ustar  \0",
    b"path=",
    b"../",
    b"/",
    b"\0",
    b"demo-1/",
    b"00000001000\0",
    b"5",
    b"x",
];

/// Damages a tar in one of many ways, so that the checksums of its headers are right more often than
/// chance would have it.
fn mutate(tar: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(tar.len());
    let block = at / 512 * 512;
    match random.below(9) {
        0 => tar[at] ^= 1 << random.below(8),
        1 => tar[at] = random.next() as u8,
        2 => tar.truncate(at),
        3 => tar.extend(vec![0; random.below(3) * 512]),
        4 => {
            let text = TEXTS[random.below(TEXTS.len())];
            let end = (at + text.len()).min(tar.len());
            tar[at..end].copy_from_slice(&text[..end - at]);
        }
        5 => {
            let copied = tar[block..(block + 512).min(tar.len())].to_vec();
            let to = random.below(tar.len()) / 512 * 512;
            tar.splice(to..to, copied);
        }
        6 => drop(tar.drain(block..(block + 512).min(tar.len()))),
        7 => {
            let records = record(["path", "linkpath", "size", "mtime"][random.below(4)], b"demo-1/a");
            let kept = if random.below(8) == 0 { 0 } else { records.len() };
            tar.splice(block..block, pax(&records[..kept]));
        }
        _ => {
            let field = [0, 100, 108, 124, 136, 156, 157, 257, 265, 329, 345, 500][random.below(12)];
            if let Some(byte) = tar.get_mut(block + field + random.below(4)) {
                *byte = byte.wrapping_add(random.below(3) as u8);
            }
        }
    }
    if random.below(3) > 0
        && let Some(header) = tar.get(block..block + 512)
        && &header[257..262] == b"ustar"
    {
        let sealed = Head(header.try_into().expect("a block")).seal();
        tar[block..block + 512].copy_from_slice(&sealed);
    }
}

/// The one tar of the members that were seen.
fn written(seen: &Seen) -> Vec<u8> {
    let commit = seen.commit.expect("an accepted tar has its commit").to_string();
    let mut tar = Tar::default().raw(&global(commit.as_bytes()));
    for (shown, content) in &seen.members {
        let path = format!("{}/{}", seen.top, shown.path);
        tar = match &shown.kind {
            Kind::Directory if shown.path.is_empty() => tar.add(&member(b'5', &path, 0o755, 0, "")),
            Kind::Directory => tar.add(&member(b'5', &format!("{path}/"), 0o755, 0, "")),
            Kind::Link { target } => tar.add(&member(b'2', &path, 0o777, 0, target)),
            Kind::File { executable, size } => {
                let mode = if *executable { 0o755 } else { 0o644 };
                let head = member(b'0', &path, mode, *size, "");
                tar.add(&[head, padded(content.clone())].concat())
            }
        };
    }
    tar.end()
}

/// All headers' dates made the one of the made ones.
fn redated(tar: &[u8]) -> Vec<u8> {
    let text = format!("{DATE:011o}\0");
    let mut tar = tar.to_vec();
    let mut at = 0;
    while let Some(header) = tar.get(at..at + 512).filter(|header| &header[257..262] == b"ustar") {
        let digits = std::str::from_utf8(&header[124..135]).expect("accepted");
        let size = usize::from_str_radix(digits, 8).expect("accepted");
        let sealed = Head(header.try_into().expect("a block")).set(136, text.as_bytes()).seal();
        tar[at..at + 512].copy_from_slice(&sealed);
        at += 512 + size.next_multiple_of(512);
    }
    tar
}

#[test]
fn what_is_accepted_has_one_spelling() {
    let corpus = corpus();
    let limits = Limits { tar: 1 << 20, members: 100, names: 10_000, faults: 50, ..Limits::default() };
    let mut random = Random::new(0x1u64 << 40 | 2_026);
    let mut accepted = 0;
    for round in 0..ROUNDS {
        let mut tar = corpus[random.below(corpus.len())].clone();
        for _ in 0..=random.below(3) {
            if !tar.is_empty() {
                mutate(&mut tar, &mut random);
            }
        }
        let (outcome, seen) = read("demo-1.tar", &tar, &limits);
        assert!(seen.members.len() <= limits.members + 1 && seen.content <= limits.tar, "round {round}");
        // A header can have several faults of its own at the end.
        assert!(outcome.faults.len() <= limits.faults + 40, "round {round}");
        if outcome.faults.is_empty() {
            accepted += 1;
            assert!(redated(&tar) == written(&seen), "round {round}: another tar of the same members");
        }
    }
    // Damage to content is none to the dialect; the rest must have been refused.
    assert!((ROUNDS / 50..ROUNDS / 2).contains(&accepted), "{accepted} accepted");
    assert_eq!(COMMIT.len(), 40);
}

/// The encodings' decoders under the same damage: no panic, and no other tar under a right checksum.
#[test]
fn damaged_encodings_are_refused_or_the_same() {
    use lustre_dist::model::Sha256;
    let tar = everything().file("zz", &crate::fixture::noise(3000, 5)).end();
    let identity = Sha256::of(&tar);
    let files = [
        ("a.tar.gz", crate::hostile_tar::encodings::gzip(&tar)),
        ("a.tar.zst", crate::hostile_tar::encodings::zstd(&tar)),
        ("a.tar.xz", crate::hostile_tar::encodings::xz(&tar)),
    ];
    let mut random = Random::new(77);
    for round in 0..3000 {
        let (name, good) = &files[round % 3];
        let mut file = good.clone();
        for _ in 0..=random.below(2) {
            let at = random.below(file.len());
            match random.below(5) {
                0 => file[at] ^= 1 << random.below(8),
                1 => file[at] = random.next() as u8,
                2 => file.truncate(at.max(1)),
                3 => file.insert(at, random.next() as u8),
                _ => drop(file.remove(at)),
            }
        }
        let (outcome, _) = read(name, &file, &Limits::default());
        if outcome.faults.is_empty() {
            assert_eq!(outcome.summary.expect("whole").identity.sha256, identity, "round {round}");
        }
    }
}
