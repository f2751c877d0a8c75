// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `verify` on sound releases: what is proven, what is not, and what is said of it.

use std::fs;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::fixture;
use crate::runner::Sandbox;
use crate::tamper::{self, TITLE, file, problems, release, steady, verify};

#[test]
fn a_release_is_proven_from_its_source() {
    let sandbox = release(r#""tar", "tar.gz", "tar.zst", "tar.xz""#);
    let said = verify(&sandbox, &[]).success();
    assert_snapshot!(steady(&said), @"
    lustre-2.17.57
      files        8 of the 8 files that lustre-2.17.57.SHA256SUMS lists have its digests
      tar          sha256 [sha256], 19 members, every byte as the dialect has it; in tar, tar.zst, tar.gz, tar.xz
      manifest     sha256 [sha256], with its lock and 2 patches and templates
      sources      lustre v2_17_57, commit 621d617a9ea8f4f072afa1ab6b8d70d51c7e5796, in lustre
      members      6 proven, 7 replayed, 0 not proven
      origins      19 lines of lustre-2.17.57.origins.jsonl agree with the members
      description  lustre-2.17.57.release.json says what the tarball holds
      provenance   lustre-2.17.57.intoto.json says how it was made; by urn:lustre-dist:builder:unspecified-local-build, it says
      not checked  the digest alone, not the content: lustre-2.17.57.spdx.json
    lustre-2.17.57 is good: every member has its origin (71.7 kB)
    ");
    let quiet = verify(&sandbox, &["--quiet"]).success();
    assert_eq!(quiet.lines().count(), 1, "{quiet}");
    verify(&sandbox, &["--require-proof", "-j", "1"]).success();
    let answer: Value = serde_json::from_str(&verify(&sandbox, &["--json"]).success()).expect("JSON");
    assert_eq!(
        (&answer["proven"], &answer["replayed"], &answer["unproven"], &answer["problems"]),
        (&json!(6), &json!(7), &json!(0), &json!([]))
    );
}

#[test]
fn without_the_source_it_says_what_it_cannot_prove() {
    let sandbox = release(r#""tar.zst""#);
    let directory = format!("dist/{TITLE}");
    let said = sandbox.run(&["verify", &directory]).success();
    assert_snapshot!(steady(&said), @"
    lustre-2.17.57
      files        5 of the 5 files that lustre-2.17.57.SHA256SUMS lists have its digests
      tar          sha256 [sha256], 19 members, every byte as the dialect has it
      manifest     sha256 [sha256], with its lock and 2 patches and templates
      members      0 proven, 6 replayed, 7 not proven
      NOT PROVEN   7 members from lustre: no --source for lustre
      origins      19 lines of lustre-2.17.57.origins.jsonl agree with the members
      description  lustre-2.17.57.release.json says what the tarball holds
      provenance   lustre-2.17.57.intoto.json says how it was made; by urn:lustre-dist:builder:unspecified-local-build, it says
      not checked  the digest alone, not the content: lustre-2.17.57.spdx.json
    lustre-2.17.57 agrees with itself; 7 members are not proven, for want of their sources
    ");
    let strict = sandbox.run(&["verify", &directory, "--require-proof"]).failure(6);
    assert_snapshot!(strict, @"
    error: 7 members from source `lustre` are not proven
     = note: no --source for lustre
     = help: give `--source lustre=PATH`
    ");
}

#[test]
fn everything_awkward_in_a_tarball_is_proven() {
    let sandbox = Sandbox::new();
    fixture::make(&sandbox);
    sandbox.run(&["assemble", "m.toml"]).success();
    let run = verify(&sandbox, &["--json"]);
    assert_eq!(problems(&run), Vec::<Value>::new());
    let answer: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(answer["unproven"], 0);
    assert!(answer["proven"].as_u64() > Some(100), "{}", answer["proven"]);
}

#[test]
fn a_tarball_alone_is_verified_by_what_it_carries() {
    let sandbox = release(r#""tar", "tar.gz", "tar.zst", "tar.xz""#);
    for format in ["tar", "tar.gz", "tar.zst", "tar.xz"] {
        let alone = format!("alone/{TITLE}.{format}");
        sandbox.write(&alone, fs::read(sandbox.path(&file(format))).expect("a tarball"));
        let said = sandbox.run(&["verify", &alone, "--source", "lustre=lustre"]).success();
        assert!(said.contains("6 proven, 7 replayed, 0 not proven"), "{said}");
        assert!(said.contains("there is no lustre-2.17.57.SHA256SUMS beside the tarball"), "{said}");
        assert!(said.contains("there is no lustre-2.17.57.release.json beside it"), "{said}");
        fs::remove_dir_all(sandbox.path("alone")).expect("the folder");
    }
    // With its records beside it, they are looked at too.
    let said = sandbox.run(&["verify", &file("tar.gz"), "--source", "lustre=lustre"]).success();
    assert!(said.contains("lustre-2.17.57.release.json says what the tarball holds"), "{said}");
}

#[test]
fn a_bundle_and_a_bare_clone_prove_as_well() {
    let sandbox = release(r#""tar""#);
    sandbox.git("lustre", &["bundle", "create", "--quiet", "../lustre.bundle", "--all"]);
    sandbox.git(".", &["clone", "--quiet", "--bare", "lustre", "bare.git"]);
    for source in ["lustre.bundle", "bare.git"] {
        let args = ["verify", &format!("dist/{TITLE}"), "--require-proof", "--source"];
        sandbox.run(&[&args[..], &[&format!("lustre={source}")]].concat()).success();
    }
}

#[test]
fn a_partial_release_is_proven_as_far_as_it_goes() {
    let sandbox = Sandbox::new();
    tamper::prepare(&sandbox, r#""tar""#);
    let args = ["assemble", "m.toml", "--leave-out", "lustre/tests/", "--leave-out", "autogen.sh"];
    sandbox.run(&args).success();
    let run = verify(&sandbox, &["--json", "--require-proof"]);
    assert_eq!(problems(&run), Vec::<Value>::new());

    // Without the source nobody can tell what it dropped; what the manifest asks for may be among it.
    let mut text = sandbox.read("m.toml");
    text.push_str("must-not = [\"nothing\"]\n");
    sandbox.write("m.toml", text.replace("\"META\", \"utils/lfs.c\"", "\"META\", \"autogen.sh\""));
    sandbox.run(&[&args[..], &["--out", "asks"]].concat()).success();
    sandbox.run(&["verify", &format!("asks/{TITLE}")]).success();

    // Somebody puts back what was left out.
    let mut archive = crate::tarball::read(&tamper::tar(&sandbox));
    tamper::insert(&mut archive, "autogen.sh", 0o755, b"#!/bin/sh\n");
    fs::write(sandbox.path(&file("tar")), tamper::write(&archive)).expect("the tar");
    let found = problems(&verify(&sandbox, &["--json"]));
    assert!(
        found.iter().any(|problem| problem["member"] == "autogen.sh"
            && problem["notes"].to_string().contains("says that it was left out")),
        "{found:#?}"
    );
}

#[test]
fn with_one_of_two_sources_the_other_stays_unproven() {
    let sandbox = Sandbox::new();
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/manifests/demo.toml");
    let args = ["assemble", demo, "--locked", "--format", "tar", "--out", "dist"];
    sandbox.run(&args).success();
    let title = sandbox.list("dist").remove(0);
    let directory = format!("dist/{title}");
    let bundle = |name: &str| format!("{name}={}/manifests/demo/{name}.bundle", env!("CARGO_MANIFEST_DIR"));
    let (linux, lustre) = (bundle("linux"), bundle("lustre"));
    let both = ["verify", &directory, "--source", &linux, "--source", &lustre, "--require-proof"];
    let said = sandbox.run(&both).success();
    assert!(said.contains("every member has its origin"), "{said}");
    for (source, other) in [(&linux, "lustre"), (&lustre, "linux")] {
        let said = sandbox.run(&["verify", &directory, "--source", source]).success();
        assert!(said.contains(&format!("members from {other}: no --source for {other}")), "{said}");
        assert!(!said.contains(" 0 proven"), "{said}");
    }
}

#[test]
fn files_that_do_not_belong_are_named_and_signatures_are_not_passed_over() {
    let sandbox = release(r#""tar", "tar.xz""#);
    for name in ["tar.sign", "tar.xz.asc", "SHA256SUMS.asc", "intoto.dsse.json"] {
        sandbox.write(&file(name), "a signature\n");
    }
    let said = verify(&sandbox, &[]).success();
    assert!(
        said.contains(
            "not checked  signatures, for want of `--keys`: lustre-2.17.57.SHA256SUMS.asc, \
             lustre-2.17.57.intoto.dsse.json, lustre-2.17.57.tar.sign, lustre-2.17.57.tar.xz.asc"
        ),
        "{said}"
    );
    sandbox.write(&file("README"), "hello\n");
    sandbox.write(&file("tar.gz.asc"), "a signature of nothing\n");
    sandbox.write(&file("tar.gz"), fs::read(sandbox.path(&file("tar"))).expect("the tar"));
    fs::remove_file(sandbox.path(&file("origins.jsonl"))).expect("the table");
    let error = verify(&sandbox, &[]).failure(6);
    for name in ["README", "tar.gz.asc", "tar.gz"] {
        assert!(
            error.contains(&format!("`lustre-2.17.57.{name}` does not belong to the release")),
            "{error}"
        );
    }
    assert!(error.contains("`lustre-2.17.57.origins.jsonl` is missing"), "{error}");
}

#[test]
fn what_is_no_release_is_told_so() {
    let sandbox = Sandbox::new();
    sandbox.write("empty/file", "");
    sandbox.write("a.tar.bz2", "");
    assert_snapshot!(sandbox.run(&["verify", "empty"]).failure(6), @"
    error: `empty` is no release directory
     = note: a release directory holds NAME-VERSION.SHA256SUMS and NAME-VERSION.release.json
     = help: name the release's own directory, or one tarball
    ");
    assert_snapshot!(sandbox.run(&["verify", "a.tar.bz2"]).failure(6), @"
    error: `a.tar.bz2` is not named as a tarball is
     = note: expected NAME-VERSION.tar, .tar.gz, .tar.zst or .tar.xz
    ");
    assert_snapshot!(sandbox.run(&["verify", "nothing"]).failure(8), @"
    error: cannot read `nothing`
     = note: No such file or directory (os error 2)
     = help: give a release directory, or one of its tarballs
    ");
}

#[test]
fn sources_that_cannot_be_right_are_named() {
    let sandbox = release(r#""tar""#);
    sandbox.repository("other", &[("COPYING", "GPL\n")], "v2_17_57");
    let directory = format!("dist/{TITLE}");
    let other = sandbox.run(&["verify", &directory, "--source", "lustre=other"]).failure(6);
    assert_snapshot!(other, @"
    error: the commit of source `lustre` is not in the repository
     = note: commit 621d617a9ea8f4f072afa1ab6b8d70d51c7e5796
     = note: source `lustre` (other)
     = help: fetch it there, or give another clone with `--source NAME=PATH`
    ");
    let unknown = sandbox.run(&["verify", &directory, "--source", "linux=other"]).failure(6);
    assert!(
        unknown.contains("`--source linux=...` names a source that the release does not have"),
        "{unknown}"
    );
    let nowhere = sandbox.run(&["verify", &directory, "--source", "lustre=nowhere"]).failure(6);
    assert!(nowhere.contains("there is nothing at `nowhere`"), "{nowhere}");

    // A tag that was moved to another commit.
    sandbox.commit("lustre", &[("COPYING", "another\n")], "LU-9 another");
    sandbox.git("lustre", &["tag", "--force", "--annotate", "--message", "2.17.57", "v2_17_57"]);
    let moved = verify(&sandbox, &[]).failure(6);
    assert!(
        moved.contains("the tag `v2_17_57` of source `lustre` moved since the release was made"),
        "{moved}"
    );
}

#[test]
fn a_corrupt_source_proves_nothing() {
    let sandbox = release(r#""tar""#);
    // The tree of `config/` under its own name, with another content.
    let id = sandbox.git("lustre", &["rev-parse", "HEAD:config"]);
    let other = sandbox.git("lustre", &["rev-parse", "HEAD:lustre"]);
    let path = |id: &str| sandbox.path(&format!("lustre/.git/objects/{}/{}", &id[..2], &id[2..]));
    fs::remove_file(path(&id)).expect("the tree");
    fs::copy(path(&other), path(&id)).expect("the other tree");
    let error = verify(&sandbox, &[]).failure(6);
    assert!(error.contains("holds the content of another object"), "{error}");
    assert!(error.contains(&id), "{error}");
    fs::remove_file(path(&id)).expect("the tree");
    let error = verify(&sandbox, &[]).failure(6);
    assert!(
        error.contains(&format!("the entry `config` is the tree {id}, which is not in the repository")),
        "{error}"
    );
}

#[test]
fn a_blob_that_the_source_lacks_is_proven_all_the_same() {
    let sandbox = release(r#""tar""#);
    let id = sandbox.git("lustre", &["rev-parse", "HEAD:COPYING"]);
    fs::remove_file(sandbox.path(&format!("lustre/.git/objects/{}/{}", &id[..2], &id[2..])))
        .expect("the blob");
    // The tree says which id the file must have, and the file's bytes give it.
    verify(&sandbox, &["--require-proof"]).success();
}

#[test]
fn records_of_others_count_by_their_digest_and_are_said_to() {
    let sandbox = release(r#""tar""#);
    sandbox.write(&file("cdx.json"), "{}\n");
    let listed = sandbox.read(&file("SHA256SUMS"));
    sandbox.write(&file("SHA256SUMS"), listed + &format!("{}  {TITLE}.cdx.json\n", "0".repeat(64)));
    tamper::sums(&sandbox);
    for release in [format!("dist/{TITLE}"), file("tar")] {
        let said = sandbox.run(&["verify", &release]).success();
        assert!(said.contains("the digest alone, not the content: lustre-2.17.57.cdx.json"), "{said}");
    }
    sandbox.write(&file("cdx.json"), "{ }\n");
    let error = verify(&sandbox, &[]).failure(6);
    assert!(error.contains("`lustre-2.17.57.cdx.json` is not the file that was released"), "{error}");
}

#[test]
fn what_the_manifest_forbids_or_asks_for_is_looked_for_in_the_tarball() {
    let sandbox = release(r#""tar""#);
    let mut archive = crate::tarball::read(&tamper::tar(&sandbox));
    archive.members.retain(|member| !member.path.ends_with("/META"));
    fs::write(sandbox.path(&file("tar")), tamper::write(&archive)).expect("the tar");
    let error = verify(&sandbox, &[]).failure(6);
    assert!(error.contains("the tarball must contain `META`, and does not"), "{error}");
    assert!(error.contains("`META` is missing from the tarball"), "{error}");
}
