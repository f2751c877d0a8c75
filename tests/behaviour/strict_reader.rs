// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Whatever the writer makes, the strict reader accepts, and shows as it was planned.

use std::collections::BTreeMap;

use lustre_dist::archive::read::{Kind, Limits};
use lustre_dist::model::Sha256;

use crate::archive::files;
use crate::fixture::{self, TITLE, noise};
use crate::hostile_tar::{Seen, read};
use crate::runner::Sandbox;
use crate::tarball;

/// Holds what the reader shows against the tests' own reading of the tar.
#[track_caller]
fn same_members(seen: &Seen, tar: &[u8]) {
    let archive = tarball::read(tar);
    assert_eq!(seen.members.len(), archive.members.len());
    assert_eq!(seen.date, archive.mtime);
    assert_eq!(seen.commit.expect("a commit").to_string(), archive.comment);
    for ((shown, content), expected) in seen.members.iter().zip(&archive.members) {
        assert_eq!(format!("{TITLE}/{}", shown.path).trim_end_matches('/'), expected.path);
        match (&shown.kind, &expected.kind) {
            (Kind::Directory, tarball::Kind::Directory) => {}
            (Kind::Link { target }, tarball::Kind::Symlink(expected)) => assert_eq!(target, expected),
            (Kind::File { executable, size }, tarball::Kind::File(bytes)) => {
                assert_eq!(*executable, expected.mode == 0o755, "{}", shown.path);
                assert_eq!((*size, content), (bytes.len() as u64, bytes), "{}", shown.path);
            }
            other => panic!("{}: {other:?}", shown.path),
        }
    }
}

/// Reads every encoding of a release.
#[track_caller]
fn accept(release: &BTreeMap<String, Vec<u8>>) {
    let tar = &release[&format!("{TITLE}.tar")];
    let mut encodings = 0;
    for (name, bytes) in release.iter().filter(|(name, _)| name.contains(".tar")) {
        let limits = Limits::signed(tar.len() as u64);
        let (outcome, seen) = read(name, bytes, &limits);
        assert_eq!(outcome.faults, [], "{name}");
        let summary = outcome.summary.expect("whole");
        assert_eq!(summary.top, TITLE);
        assert_eq!(summary.identity.sha256, Sha256::of(tar), "{name}");
        assert_eq!(summary.members, seen.members.len());
        same_members(&seen, tar);
        encodings += 1;
    }
    assert_eq!(encodings, 4);
}

#[test]
fn the_awkward_release_is_accepted_in_every_encoding() {
    let sandbox = Sandbox::new();
    fixture::make(&sandbox);
    sandbox.run(&["assemble", "m.toml"]).success();
    accept(&files(&sandbox, "dist"));
}

/// Random trees: names of every length around ustar's limits, deep and flat, of letters that sort
/// around the slash, and contents of every size around a block.
#[test]
fn random_releases_are_accepted() {
    for seed in 1..=3_u64 {
        let mut bytes = noise(20_000, seed).into_iter();
        let mut draw = |bound: usize| {
            let pair = [bytes.next().expect("enough"), bytes.next().expect("enough")];
            usize::from(u16::from_le_bytes(pair)) % bound
        };
        let mut made: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for nth in 0..150 {
            let depth = 1 + draw(5);
            let mut path = format!("r{nth}");
            for _ in 0..depth {
                let length = [1_usize, 2, 8, 40, 99, 120][draw(6)];
                let letter = ["a", "b-", "c.", "d0", "é", "f ", "+"][draw(7)];
                path.push('/');
                path.push_str(&letter.repeat(length.div_ceil(letter.len())));
                path.push_str(&draw(1000).to_string());
            }
            let size = [0, 1, 100, 511, 512, 513, 5000][draw(7)];
            made.insert(path, noise(size, seed * 1000 + nth));
        }
        let files_made: Vec<(&str, &[u8])> =
            made.iter().map(|(path, content)| (path.as_str(), content.as_slice())).collect();
        let sandbox = Sandbox::new();
        fixture::make_with(&sandbox, &files_made, "\n[encoding]\ngzip = 1\nzstd = 1\nxz = 0\n");
        sandbox.run(&["assemble", "m.toml"]).success();
        accept(&files(&sandbox, "dist"));
    }
}
