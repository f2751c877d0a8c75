// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rebuild`: a release made again from what its tarball carries.

use std::fs;
use std::io::Write as _;

use insta::assert_snapshot;
use serde_json::Value;

use crate::fixture;
use crate::runner::{Run, Sandbox};
use crate::tamper::{self, TITLE, agree, file, find, insert, release, replace, steady, tar, write};
use crate::tarball;

fn rebuild(sandbox: &Sandbox, path: &str, more: &[&str]) -> Run {
    let args = ["rebuild", path, "--source", "lustre=lustre", "--log-style", "plain", "--quiet"];
    sandbox.run(&[&args[..], more].concat())
}

fn directory() -> String {
    format!("dist/{TITLE}")
}

#[test]
fn a_release_is_made_again_and_nothing_is_left_behind() {
    let sandbox = release(r#""tar", "tar.gz", "tar.zst", "tar.xz""#);
    let before = sandbox.list(".");
    let said = rebuild(&sandbox, &directory(), &[]).success();
    assert_snapshot!(steady(&said), @"
    lustre-2.17.57
      identical                lustre-2.17.57.tar  sha256 [sha256]
      identical                lustre-2.17.57.tar.zst  sha256 [sha256]
      identical                lustre-2.17.57.tar.gz  sha256 [sha256]
      identical                lustre-2.17.57.tar.xz  sha256 [sha256]
      identical                lustre-2.17.57.origins.jsonl  sha256 [sha256]
    lustre-2.17.57 was made again, the same in every byte
    ");
    for format in ["tar", "tar.gz", "tar.zst", "tar.xz"] {
        rebuild(&sandbox, &file(format), &["-j", "1"]).success();
    }
    assert_eq!(sandbox.list("."), before);

    let answer: Value =
        serde_json::from_str(&rebuild(&sandbox, &directory(), &["--json"]).success()).expect("JSON");
    assert_eq!((&answer["same"], &answer["same_tar"]), (&true.into(), &true.into()));
    let outcomes: Vec<_> =
        answer["files"].as_array().expect("a list").iter().map(|file| file["outcome"].clone()).collect();
    assert_eq!(outcomes, ["identical", "identical", "identical", "identical"]);
}

#[test]
fn a_tarball_far_from_its_manifest_is_made_again() {
    let sandbox = Sandbox::new();
    fixture::make(&sandbox);
    sandbox.run(&["assemble", "m.toml", "--format", "zst"]).success();
    let zst = fs::read(sandbox.path(&file("tar.zst"))).expect("a tarball");
    sandbox.write(&format!("far/{TITLE}.tar.zst"), zst);
    for gone in ["m.toml", "m.lock", "META.j2", "patches/0001-three.patch"] {
        fs::remove_file(sandbox.path(gone)).expect(gone);
    }
    rebuild(&sandbox, &format!("far/{TITLE}.tar.zst"), &[]).success();
}

#[test]
fn a_partial_release_is_made_again_without_the_same_parts() {
    let sandbox = Sandbox::new();
    tamper::prepare(&sandbox, r#""tar""#);
    sandbox.run(&["assemble", "m.toml", "--leave-out", "lustre/tests/"]).success();
    rebuild(&sandbox, &directory(), &[]).success();
}

#[test]
fn the_first_member_and_byte_that_differ_are_named() {
    let sandbox = release(r#""tar", "tar.gz""#);
    let mut bytes = tar(&sandbox);
    let (_, data, size) = find(&bytes, "config/lustre-core.m4");
    bytes[data + size - 3] ^= 1;
    let (_, later, _) = find(&bytes, "utils/lctl.c");
    bytes[later] ^= 1;
    fs::write(sandbox.path(&file("tar")), &bytes).expect("the tar");
    assert_snapshot!(steady(&rebuild(&sandbox, &directory(), &[]).failure(7)), @"
    error: lustre-2.17.57 made again is another tar
     = note: released    sha256 [sha256]
     = note: made again  sha256 [sha256]
     = help: `lustre-dist verify` with the sources lists every member that differs

    error: first difference: `config/lustre-core.m4` differs from the one made again
     = note: its header is at byte 14848 of the released tar
     = note: released    sha256 [sha256]
     = note: made again  sha256 [sha256]
     = note: first difference: byte 50 of the member, byte 15410 of the tar

    2 problems
    ");
    let tar_only = rebuild(&sandbox, &file("tar"), &["--json", "--tar-only"]);
    assert_eq!(tar_only.code, 7);
    let answer: Value = serde_json::from_str(&tar_only.stdout).expect("JSON");
    let notes = answer["first_difference"]["notes"].to_string();
    assert!(
        notes.contains(&format!("byte {} of the member, byte {} of the tar", size - 3, data + size - 3)),
        "{notes}"
    );
}

#[test]
fn another_set_of_members_is_named() {
    let sandbox = release(r#""tar""#);
    let sound = tar(&sandbox);
    let change = |change: &dyn Fn(&mut tarball::Archive)| {
        let mut archive = tarball::read(&sound);
        change(&mut archive);
        fs::write(sandbox.path(&file("tar")), write(&archive)).expect("the tar");
        rebuild(&sandbox, &file("tar"), &[]).failure(7)
    };
    let more = change(&|archive| insert(archive, "config/evil.m4", 0o644, b"evil\n"));
    assert!(more.contains("`config/evil.m4` stands where the tar made again has another member"), "{more}");
    let less = change(&|archive| archive.members.retain(|member| !member.path.ends_with("COPYING")));
    assert!(less.contains("made again: `COPYING`"), "{less}");
    let mode = change(&|archive| {
        let script = archive.members.iter_mut().find(|member| member.path.ends_with("autogen.sh"));
        script.expect("the script").mode = 0o644;
    });
    assert!(mode.contains("`autogen.sh` is another kind of member when made again"), "{mode}");
}

#[test]
fn another_encoder_is_told_from_another_tar() {
    let sandbox = release(r#""tar.gz", "tar.zst""#);
    let zst = fs::read(sandbox.path(&file("tar.zst"))).expect("a tarball");
    let tar = zstd::decode_all(&zst[..]).expect("a tar");
    let gzip = |tar: &[u8]| {
        let mut encoder =
            flate2::GzBuilder::new().operating_system(255).write(Vec::new(), flate2::Compression::fast());
        encoder.write_all(tar).expect("memory");
        fs::write(sandbox.path(&file("tar.gz")), encoder.finish().expect("memory")).expect("a tarball");
    };
    gzip(&tar);
    let other = rebuild(&sandbox, &directory(), &[]);
    assert!(other.stdout.contains("same tar, other encoder  lustre-2.17.57.tar.gz"), "{}", other.stdout);
    assert_snapshot!(steady(&other.failure(7)), @"
    error: `lustre-2.17.57.tar.gz`: same tar, other encoder
     = note: released    sha256 [sha256]
     = note: made again  sha256 [sha256]
    ");

    let mut archive = tarball::read(&tar);
    replace(&mut archive, "COPYING", b"MIT\n");
    gzip(&write(&archive));
    let other = rebuild(&sandbox, &directory(), &[]);
    assert!(other.stdout.contains("other tar                lustre-2.17.57.tar.gz"), "{}", other.stdout);
    let error = other.failure(7);
    assert!(error.contains("`lustre-2.17.57.tar.gz`: other tar"), "{error}");
}

#[test]
fn records_that_agree_with_a_tampered_tar_do_not_help() {
    let sandbox = release(r#""tar""#);
    let mut archive = tarball::read(&tar(&sandbox));
    replace(&mut archive, "config/lustre-core.m4", b"another\n");
    agree(&sandbox, &write(&archive), &[]);
    let error = rebuild(&sandbox, &directory(), &[]).failure(7);
    assert!(error.contains("`config/lustre-core.m4` differs from the one made again"), "{error}");
    assert!(error.contains("`lustre-2.17.57.origins.jsonl`: other record"), "{error}");
}

#[test]
fn a_tarball_that_is_not_sound_is_not_rebuilt() {
    let sandbox = release(r#""tar""#);
    let mut bytes = tar(&sandbox);
    let (_, data, size) = find(&bytes, "config/lustre-core.m4");
    bytes[data + size] = 1;
    fs::write(sandbox.path(&file("tar")), &bytes).expect("the tar");
    let error = rebuild(&sandbox, &file("tar"), &[]).failure(6);
    assert!(error.contains("config/lustre-core.m4"), "{error}");
    // A path that leads out is refused, and nothing is unpacked anywhere.
    let mut archive = tarball::read(&tar_of(&sandbox));
    let path = format!("{TITLE}/.lustre-dist/../../../evil");
    archive.members.last_mut().expect("a member").path = path;
    fs::write(sandbox.path(&file("tar")), write(&archive)).expect("the tar");
    rebuild(&sandbox, &file("tar"), &[]).failure(6);
    assert!(!sandbox.list(".").iter().any(|path| path.contains("evil")));
}

/// The tar of a release that was just made anew.
fn tar_of(sandbox: &Sandbox) -> Vec<u8> {
    fs::remove_dir_all(sandbox.path("dist")).expect("the release");
    sandbox.run(&["assemble", "m.toml"]).success();
    tar(sandbox)
}

#[test]
fn a_source_that_is_not_at_hand_is_asked_for() {
    let sandbox = release(r#""tar""#);
    let error = sandbox.run(&["rebuild", &file("tar")]).failure(4);
    assert_snapshot!(error, @"
    error: source `lustre` of the tarball is not at hand
     = note: its manifest has a path, which starts from the folder of the manifest
     = help: give `--source lustre=PATH`
    ");
    sandbox.repository("other", &[("COPYING", "GPL\n")], "v2_17_57");
    let error = sandbox.run(&["rebuild", &file("tar"), "--source", "lustre=other"]).failure(4);
    assert!(error.contains("is not in the repository"), "{error}");
}

#[test]
fn a_tarball_does_not_say_where_this_machine_fetches_from() {
    let sandbox = Sandbox::new();
    tamper::prepare(&sandbox, r#""tar""#);
    let text = sandbox.read("m.toml").replace("git = \"lustre\"", "git = \"http://127.0.0.1:9/lustre.git\"");
    sandbox.write("m.toml", text);
    sandbox.run(&["assemble", "m.toml", "--source", "lustre=lustre"]).success();
    let error = sandbox.run(&["rebuild", &file("tar")]).failure(4);
    assert_snapshot!(error, @"
    error: source `lustre` of the tarball is not at hand
     = note: there is no mirror of http://127.0.0.1:9/lustre.git in the cache
     = help: give `--source lustre=PATH`
    ");
    rebuild(&sandbox, &file("tar"), &[]).success();
}
