// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Small files that want to become large ones.

use lustre_dist::archive::read::{self, Limits, Outcome};

use super::make::{Tar, member};
use super::{Seen, encodings};

/// Reads without keeping anything.
fn read(name: &str, bytes: &[u8], limits: &Limits) -> (Outcome, Seen) {
    let mut seen = Seen::default();
    let outcome = read::read(bytes, name, limits, &mut seen).expect("memory can be read");
    assert!(outcome.summary.is_none(), "it was read to its end");
    (outcome, seen)
}

fn told(outcome: &Outcome) -> String {
    outcome.faults.iter().map(|fault| format!("{fault}\n")).collect()
}

/// A zstd frame of a few raw bytes and then zeros: each block of four bytes is 128 KiB of them (RFC
/// 8878, section 3.1.1.2.2, RLE blocks). The checksum is never reached.
fn zeros(start: &[u8], blocks: usize) -> Vec<u8> {
    let block =
        |last: usize, kind: usize, size: usize| (last | kind << 1 | size << 3).to_le_bytes()[..3].to_vec();
    // No single segment, a checksum; a window of 128 KiB.
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0b100, 7 << 3];
    frame.extend(block(0, 0, start.len()));
    frame.extend_from_slice(start);
    for nth in 1..=blocks {
        frame.extend(block(usize::from(nth == blocks), 1, 128 << 10));
        frame.push(0);
    }
    frame.extend([0; 4]);
    frame
}

/// A tar whose one file has that many zeros, up to the file's content.
fn large(size: u64) -> Vec<u8> {
    Tar::new().add(&member(b'0', "demo-1/zeros", 0o644, size, "")).bytes
}

#[test]
fn ten_gigabytes_in_a_few_kilobytes() {
    let file = zeros(&large(10 << 30), (10 << 30) >> 17);
    assert!(file.len() < 400 << 10);
    let (outcome, seen) = read("demo-1.tar.zst", &file, &Limits::default());
    assert_eq!(seen.content, 0, "the header says it all");
    insta::assert_snapshot!(told(&outcome), @"offset 3072 of the tar: `zeros`: its content of 10737418240 bytes goes beyond the 8589934592 that the tar may have; expected a tar within its limits");
}

#[test]
fn a_file_within_the_size_but_beyond_the_ratio() {
    let file = zeros(&large(6 << 30), (6 << 30) >> 17);
    let (outcome, seen) = read("demo-1.tar.zst", &file, &Limits::default());
    assert!(seen.content < 80 << 20, "{}", seen.content);
    insta::assert_snapshot!(told(&outcome), @"offset 67239936 of the tar: `zeros`: 131072 bytes of the file became 67239936 bytes of tar; expected no more than 200 times the file");
}

#[test]
fn a_byte_more_than_was_signed() {
    let tar = Tar::new().file("a", b"text\n").end();
    let exact = Limits::signed(tar.len() as u64);
    let whole =
        read::read(&*encodings::xz(&tar), "demo-1.tar.xz", &exact, &mut read::Unseen).expect("memory");
    assert_eq!(whole.faults, []);
    let less = Limits::signed(tar.len() as u64 - 1);
    let (outcome, _) = read("demo-1.tar.xz", &encodings::xz(&tar), &less);
    insta::assert_snapshot!(told(&outcome), @"offset 10239 of the tar: end of the archive: the tar goes on behind 10239 bytes; expected no more than that");
    let bomb = zeros(&large(1 << 30), (1 << 30) >> 17);
    let (outcome, _) = read("demo-1.tar.zst", &bomb, &exact);
    insta::assert_snapshot!(told(&outcome), @"offset 2048 of the tar: `zeros`: its content of 1073741824 bytes goes beyond the 10240 that the tar may have; expected a tar within its limits");
}

#[test]
fn zeros_behind_the_end() {
    let tar = Tar::new().file("a", b"text\n").end();
    let file = zeros(&tar, 80_000);
    let (outcome, _) = read("demo-1.tar.zst", &file, &Limits::default());
    insta::assert_snapshot!(told(&outcome), @"offset 10240 of the tar: end of the archive: the tar goes on behind its end; expected 10240 bytes in all");
}

#[test]
fn every_encoding_is_stopped() {
    let mut tar = large(64 << 20);
    tar.resize(tar.len() + (64 << 20), 0);
    let limits = Limits { ratio_from: 1 << 20, ..Limits::default() };
    for (name, file) in [("demo-1.tar.gz", encodings::gzip(&tar)), ("demo-1.tar.xz", encodings::xz(&tar))] {
        assert!(file.len() < 100 << 10, "{name}");
        let (outcome, seen) = read(name, &file, &limits);
        assert!(seen.content < 40 << 20, "{name}: {}", seen.content);
        let told = told(&outcome);
        assert!(told.contains("expected no more than 200 times the file"), "{told}");
    }
}

#[test]
fn a_million_names() {
    // One member more is 512 bytes of tar, and a byte or two of zstd.
    let mut tar = Tar::new();
    for nth in 0..3000 {
        tar = tar.file(&format!("{nth:06}"), b"");
    }
    let limits = Limits { members: 2000, ..Limits::default() };
    let (outcome, seen) = read("demo-1.tar.zst", &encodings::zstd(&tar.end()), &limits);
    assert_eq!(seen.members.len(), 2001);
    insta::assert_snapshot!(told(&outcome), @"offset 1025024 of the tar: `001999`: it is more than the 2000 that a tarball may have; expected fewer members");
}
