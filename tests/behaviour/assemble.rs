// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `assemble`, from a manifest to a release directory.

use crate::runner::{Sandbox, manifest};

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository("lustre", &[("COPYING", "GPL\n"), ("lustre/utils/lfs.c", "int main;\n")], "v2_17_57");
    sandbox.write("m.toml", manifest(""));
    sandbox
}

#[test]
fn a_release_directory_holds_the_tarball_and_its_records() {
    let sandbox = sandbox();
    sandbox.run(&["assemble", "m.toml"]).success();
    assert_eq!(
        sandbox.list("dist"),
        [
            "lustre-2.17.57",
            "lustre-2.17.57/lustre-2.17.57.SHA256SUMS",
            "lustre-2.17.57/lustre-2.17.57.intoto.json",
            "lustre-2.17.57/lustre-2.17.57.origins.jsonl",
            "lustre-2.17.57/lustre-2.17.57.release.json",
            "lustre-2.17.57/lustre-2.17.57.spdx.json",
            "lustre-2.17.57/lustre-2.17.57.tar.gz",
        ]
    );
    assert!(sandbox.path("m.lock").is_file());
}

#[test]
fn a_rerun_finds_the_release_and_checks_every_file() {
    let sandbox = sandbox();
    sandbox.run(&["assemble", "m.toml"]).success();
    let again = sandbox.run(&["assemble", "m.toml", "--locked"]).success();
    assert!(again.contains("was there; every file of it has its digest"), "{again}");

    sandbox.write("dist/lustre-2.17.57/lustre-2.17.57.origins.jsonl", "{}\n");
    let damaged = sandbox.run(&["assemble", "m.toml"]).failure(6);
    assert!(damaged.contains("lustre-2.17.57.origins.jsonl` is not the file that was released"), "{damaged}");
}
