// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The tar dialect and its encodings, byte by byte.

use std::collections::BTreeMap;
use std::fs;
use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};

use crate::fixture::{self, LENGTHS, TITLE, noise, path_of_length};
use crate::runner::Sandbox;
use crate::tarball::{self, Archive, Kind};

/// The release of the fixture, by file name.
static RELEASE: LazyLock<BTreeMap<String, Vec<u8>>> = LazyLock::new(|| {
    let sandbox = Sandbox::new();
    fixture::make(&sandbox);
    sandbox.run(&["assemble", "m.toml"]).success();
    files(&sandbox, "dist")
});

static ARCHIVE: LazyLock<Archive> = LazyLock::new(|| tarball::read(&RELEASE[&format!("{TITLE}.tar")]));

/// Every file of the one release below `out`, by name.
pub fn files(sandbox: &Sandbox, out: &str) -> BTreeMap<String, Vec<u8>> {
    let folder = sandbox.path(out).join(TITLE);
    fs::read_dir(folder)
        .expect("a release directory")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_str().expect("UTF-8").to_owned();
            (name, fs::read(path).expect("a file"))
        })
        .collect()
}

/// Holds two releases against one another and names the files that differ.
#[track_caller]
pub fn same(found: &BTreeMap<String, Vec<u8>>, expected: &BTreeMap<String, Vec<u8>>, what: &str) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{what}");
    let other: Vec<_> =
        found.iter().filter(|(name, bytes)| expected[*name] != **bytes).map(|(name, _)| name).collect();
    assert!(other.is_empty(), "{what} gives other bytes in {other:?}");
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The identity of the fixture's release and the digest of each encoding.
///
/// A change here means that the same lock gives other bytes than before, which breaks promise 1 for
/// every release that is out. It must be intended, and the commit must say why: the dialect, the
/// records in `.lustre-dist/`, or a library that encodes.
const GOLDEN: [(&str, &str); 4] = [
    ("tar", "2584f162912cacfcfc99365f8600cc4c00a07165dc66e4bdf942261c5effa20d"),
    ("tar.gz", "adbd97bdc480634ab23c50ede4ffea1a9932e8f6c9751e12d9da94ca6524af1a"),
    ("tar.xz", "bfd0cf00b71b95f393a14e412e5b78de04f3773960664a7a5fb8c1cd6e660a80"),
    ("tar.zst", "0ee5c81dd50ee44495846c3f317db99dc984b85e71e5844149e453a099ac9bd4"),
];

#[test]
fn the_bytes_are_those_of_the_golden_digests() {
    let found: Vec<_> =
        GOLDEN.iter().map(|(format, _)| (*format, sha256(&RELEASE[&format!("{TITLE}.{format}")]))).collect();
    let found: Vec<_> = found.iter().map(|(format, digest)| (*format, digest.as_str())).collect();
    assert_eq!(found, GOLDEN);
}

#[test]
fn every_byte_of_the_tar_is_in_the_dialect() {
    let archive = &*ARCHIVE;
    assert_eq!(archive.members[0].path, TITLE);
    assert_eq!(archive.mtime, 1_767_323_045, "the commit's date");
    assert_eq!(archive.comment.len(), 40);
    let count =
        |wanted: fn(&Kind) -> bool| archive.members.iter().filter(|member| wanted(&member.kind)).count();
    assert_eq!(count(|kind| matches!(kind, Kind::Symlink(_))), 7);
    assert!(count(|kind| *kind == Kind::Directory) > 120);
    assert_eq!(archive.file("COPYING"), b"GPL\n");
    assert_eq!(archive.file("sizes/524288"), noise(512 << 10, 512 << 10));
    assert_eq!(archive.file("lustre/utils/lfs.c"), b"one\ntwo\nthree\nfour\n");
    assert_eq!(archive.file("META"), b"Name: lustre\nVersion: 2.17.57\n");
    let modes: Vec<_> = archive
        .members
        .iter()
        .filter(|member| member.mode == 0o755 && member.kind != Kind::Directory)
        .map(|member| member.path.as_str())
        .collect();
    assert_eq!(modes, [format!("{TITLE}/autogen.sh")]);
}

#[test]
fn pax_records_stand_only_where_a_value_does_not_fit() {
    // The reader refuses those that are not needed; here, that those needed are there.
    let with_path = |path: &str| {
        let full = format!("{TITLE}/{path}");
        let member = ARCHIVE.members.iter().find(|member| member.path == full).expect(path);
        member.pax.contains_key("path")
    };
    let wide: Vec<_> =
        LENGTHS.into_iter().filter(|&(total, last)| with_path(&path_of_length(total, last))).collect();
    assert_eq!(wide, [(157, 101), (257, 100), (700, 200)]);
    let targets: Vec<_> = ARCHIVE
        .members
        .iter()
        .filter_map(|member| match &member.kind {
            Kind::Symlink(target) if target.len() >= 100 => {
                Some((target.len(), member.pax.contains_key("linkpath")))
            }
            _ => None,
        })
        .collect();
    assert_eq!(targets, [(100, false), (101, true), (685, true)]);
}

#[test]
fn paths_sort_by_their_bytes() {
    let sorted: Vec<_> = ARCHIVE
        .members
        .iter()
        .filter_map(|member| member.path.strip_prefix("lustre-2.17.57/sort/"))
        .collect();
    assert_eq!(sorted, ["a-b", "a.b", "a", "a/C", "a/b", "a0"]);
}

/// Low levels have small blocks, so that a few megabytes are many of them.
const LOW_LEVELS: &str = "\n[encoding]\ngzip = 1\nzstd = 1\nxz = 0\n";

#[test]
fn the_thread_count_does_not_reach_the_bytes() {
    let sandbox = Sandbox::new();
    let text: Vec<u8> =
        noise(9 << 20, 3).iter().map(|byte| b"lustre, lnet and libcfs"[usize::from(byte % 23)]).collect();
    fixture::make_with(&sandbox, &[("large/noise", &noise(3 << 20, 1)), ("large/text", &text)], LOW_LEVELS);
    sandbox.run(&["assemble", "m.toml", "-j", "1", "--out", "one"]).success();
    let one = files(&sandbox, "one");
    assert_eq!(one.len(), 9);
    tarball::read(&one[&format!("{TITLE}.tar")]);
    for jobs in ["2", "3", "7"] {
        sandbox.run(&["assemble", "m.toml", "-j", jobs, "--out", jobs]).success();
        same(&files(&sandbox, jobs), &one, &format!("-j {jobs}"));
    }
}

#[test]
fn the_formats_asked_for_do_not_reach_the_bytes() {
    let sandbox = Sandbox::new();
    fixture::make(&sandbox);
    for subset in ["tar", "tar.gz", "zst", "xz", "gz,xz", "xz,tar.zst", "tar,gz,zst"] {
        sandbox.run(&["assemble", "m.toml", "--format", subset, "--out", subset]).success();
        let mut extensions = Vec::new();
        for (name, bytes) in files(&sandbox, subset) {
            if name.contains(".tar") {
                assert!(bytes == RELEASE[&name], "{name} of {subset}");
                extensions.push(name);
            } else if name.ends_with(".origins.jsonl") || name.ends_with(".spdx.json") {
                assert!(bytes == RELEASE[&name], "{name} of {subset}");
            }
        }
        assert_eq!(extensions.len(), subset.split(',').count(), "{subset}: {extensions:?}");
    }
}

#[test]
fn digest_is_the_identity_and_writes_nothing() {
    let sandbox = Sandbox::new();
    fixture::make(&sandbox);
    sandbox.run(&["lock", "m.toml"]).success();
    let before = sandbox.list(".");
    let printed = sandbox.run(&["digest", "m.toml", "--locked"]).success();
    assert_eq!(printed, format!("{}  {TITLE}.tar\n", sha256(&RELEASE[&format!("{TITLE}.tar")])));
    assert_eq!(sandbox.list("."), before);
}

#[test]
fn a_large_file_spans_pieces_and_blocks() {
    let sandbox = Sandbox::new();
    let large = noise(30 << 20, 9);
    fixture::make_with(&sandbox, &[("large", &large)], LOW_LEVELS);
    sandbox.run(&["assemble", "m.toml", "--format", "tar,zst"]).success();
    let release = files(&sandbox, "dist");
    let tar = &release[&format!("{TITLE}.tar")];
    assert!(tarball::read(tar).file("large") == large);
    let decoded = zstd::decode_all(release[&format!("{TITLE}.tar.zst")].as_slice()).expect("zstd");
    assert!(decoded == *tar);
}
