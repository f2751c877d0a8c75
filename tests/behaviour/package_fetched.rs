// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Packages of releases that are not on this machine yet.

use std::fs;

use insta::assert_snapshot;

use crate::package_deb::{TITLE, WHO, released};
use crate::runner::{Run, Sandbox};

/// The release, with a repository that has it.
fn published() -> Sandbox {
    let sandbox = released();
    let release = format!("dist/{TITLE}");
    let publish = ["publish", &release, "--to", "repo", "--keys", "keys", "--init", "--publish-unsigned"];
    sandbox.run(&publish).success();
    sandbox
}

fn package(sandbox: &Sandbox, what: &str, more: &[&str]) -> Run {
    sandbox.run(&[&["package", "deb", what, "--maintainer", WHO], more].concat())
}

const FROM: [&str; 5] = ["--from", "repo", "--root", "repo/root.json", "--pre"];

#[test]
fn a_release_is_fetched_and_packaged_as_if_it_were_here() {
    let sandbox = published();
    package(&sandbox, "dist/lustre-2.17.57", &["--out", "here"]).success();
    fs::remove_dir_all(sandbox.path("dist")).expect("a folder");
    for what in ["2.17.57", "lts-6.12", "latest", "~2.17"] {
        package(&sandbox, what, &[&FROM[..], &["--out", what]].concat()).success();
        let files = sandbox.list(&format!("{what}/lustre_2.17.57-1"));
        assert_eq!(files, sandbox.list("here/lustre_2.17.57-1"));
        for file in files {
            let read = |out: &str| fs::read(sandbox.path(&format!("{out}/lustre_2.17.57-1/{file}")));
            assert_eq!(read(what).expect("a file"), read("here").expect("a file"), "{what}: {file}");
        }
        let inside = |path: &String| path.starts_with("lustre_2.17.57-1");
        assert!(sandbox.list(what).iter().all(inside), "nothing else stays");
    }
}

#[test]
fn what_is_nowhere_is_told() {
    let sandbox = published();
    assert_snapshot!(package(&sandbox, "2.18", &FROM).failure(2), @"
    error: the repository has no release that fits `2.18`
     = note: it has 2.17.57
     = help: `lustre-dist ls` shows what there is
    ");
    assert_snapshot!(package(&sandbox, "2.17.57", &[]).failure(2), @"
    error: there is no release `2.17.57`
     = help: give a release's directory, or one of its tarballs; or say with `--from` which repository has it
    ");
    assert!(!sandbox.path("packages").exists(), "nothing is written");
}

#[test]
fn a_release_that_was_tampered_with_is_not_packaged() {
    let sandbox = published();
    sandbox.write(&format!("repo/lts-6.12/{TITLE}.tar.xz"), "another tarball");
    assert_snapshot!(package(&sandbox, "2.17.57", &FROM).failure(6), @"
    lustre-2.17.57: the version that was asked for; it is a development snapshot
    error: cannot fetch `lustre-2.17.57.tar.xz`
     = note: file://[SANDBOX]/repo: its object has 15 bytes, and 1408 are vouched for
     = help: what is there is not what was published: try another mirror with `--from`
    ");
    assert!(!sandbox.path("packages").exists(), "nothing is written");
}
