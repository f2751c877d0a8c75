// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `origin`: where one member comes from.

use std::process::Command;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::runner::Sandbox;
use crate::tamper::{TITLE, agree, file, release, replace, steady, tar, write};
use crate::tarball;

fn origin(sandbox: &Sandbox, member: &str) -> String {
    sandbox.run(&["origin", &file("tar"), member, "--source", "lustre=lustre"]).success()
}

#[test]
fn every_kind_of_member_has_its_words() {
    let sandbox = release(r#""tar""#);
    assert_snapshot!(steady(&origin(&sandbox, "config/lustre-core.m4")), @"
    lustre-2.17.57/config/lustre-core.m4
      file       mode 0644, 53 bytes
      sha256     [sha256]
      layer      userspace, take `.`, manifest.toml line 18
      source     lustre, tag v2_17_57, lustre
      commit     621d617a9ea8f4f072afa1ab6b8d70d51c7e5796
      path       config/lustre-core.m4
      blob       b13de21e9def2ef3dc0f3d36ae9d2668565f45c0
      show       git -C lustre show 621d617a9ea8f4f072afa1ab6b8d70d51c7e5796:config/lustre-core.m4
      checked    proven: the commit has these bytes there
    ");
    assert_snapshot!(steady(&origin(&sandbox, "utils/lfs.c")), @"
    lustre-2.17.57/utils/lfs.c
      file       mode 0644, 19 bytes
      sha256     [sha256]
      layer      userspace, take `lustre/utils/ -> utils/`, manifest.toml line 18
      source     lustre, tag v2_17_57, lustre
      commit     621d617a9ea8f4f072afa1ab6b8d70d51c7e5796
      path       lustre/utils/lfs.c
      blob       4cb29ea38f70d7c61b2a3a25b02e3bdf44905402
      patch      .lustre-dist/patches/0001-four.patch, upstream 0123456789abcdef0123456789abcdef01234567
      show       git -C lustre show 621d617a9ea8f4f072afa1ab6b8d70d51c7e5796:lustre/utils/lfs.c
      then       git apply .lustre-dist/patches/0001-four.patch
      checked    replayed: made once more, to the same bytes
    ");
    assert_snapshot!(steady(&origin(&sandbox, "utils/link.c")), @"
    lustre-2.17.57/utils/link.c
      symlink    mode 0777 -> lfs.c
      layer      userspace, take `lustre/utils/ -> utils/`, manifest.toml line 18
      source     lustre, tag v2_17_57, lustre
      commit     621d617a9ea8f4f072afa1ab6b8d70d51c7e5796
      path       lustre/utils/link.c
      blob       9c7f87f336a9d3ab4f6b1183491fbeea7b8806ce
      show       git -C lustre show 621d617a9ea8f4f072afa1ab6b8d70d51c7e5796:lustre/utils/link.c
      checked    proven: the commit has these bytes there
    ");
    assert_snapshot!(steady(&origin(&sandbox, "META")), @"
    lustre-2.17.57/META
      file       mode 0644, 663 bytes
      sha256     [sha256]
      template   .lustre-dist/META.j2, manifest.toml line 27
      from       the release's own data: .lustre-dist/manifest.toml and manifest.lock
      checked    replayed: made once more, to the same bytes
    ");
    assert_snapshot!(steady(&origin(&sandbox, ".lustre-dist/manifest.lock")), @"
    lustre-2.17.57/.lustre-dist/manifest.lock
      file       mode 0644, 657 bytes
      sha256     [sha256]
      record     the lock: every input pinned
      checked    replayed: made once more, to the same bytes
    ");
    assert_snapshot!(steady(&origin(&sandbox, "utils")), @"
    lustre-2.17.57/utils
      directory  mode 0755
      origin     a directory on the way to other members
                 3 of layer userspace
    ");
}

#[test]
fn without_the_source_it_says_what_it_cannot_prove() {
    let sandbox = release(r#""tar""#);
    let said = sandbox.run(&["origin", &format!("dist/{TITLE}"), "COPYING"]).success();
    assert_snapshot!(steady(&said), @"
    lustre-2.17.57/COPYING
      file       mode 0644, 4 bytes
      sha256     [sha256]
      layer      userspace, take `.`, manifest.toml line 18
      source     lustre, tag v2_17_57, lustre
      commit     621d617a9ea8f4f072afa1ab6b8d70d51c7e5796
      path       COPYING
      blob       505faa142ba50b9b926378192bdb76f46d68742d
      show       git show 621d617a9ea8f4f072afa1ab6b8d70d51c7e5796:COPYING  (in a clone of lustre)
      checked    NOT PROVEN: no --source for lustre
    ");
}

#[test]
fn a_member_is_found_by_any_of_its_names_and_a_near_miss_is_helped() {
    let sandbox = release(r#""tar""#);
    let plain = origin(&sandbox, "utils/lfs.c");
    for name in [&format!("{TITLE}/utils/lfs.c"), "./utils/lfs.c"] {
        assert_eq!(origin(&sandbox, name), plain);
    }
    assert_eq!(origin(&sandbox, "utils/"), origin(&sandbox, "utils"));
    let error = |member: &str| sandbox.run(&["origin", &file("tar"), member]).failure(2);
    assert_snapshot!(error("lustre/utils/lfs.c"), @"
    error: `lustre-2.17.57` has no member `lustre/utils/lfs.c`
     = help: did you mean `utils/lfs.c`?
    ");
    assert_snapshot!(error("config/lustre-croe.m4"), @"
    error: `lustre-2.17.57` has no member `config/lustre-croe.m4`
     = help: did you mean `config/lustre-core.m4`?
    ");
    assert_snapshot!(error("nothing/like/it"), @"
    error: `lustre-2.17.57` has no member `nothing/like/it`
     = help: `tar --list` shows what it has
    ");
}

#[test]
fn programs_get_every_field_and_the_command_works() {
    let sandbox = release(r#""tar""#);
    let args = ["origin", &file("tar"), "utils/lctl.c", "--json", "--source", "lustre=lustre"];
    let answer: Value = serde_json::from_str(&sandbox.run(&args).success()).expect("JSON");
    let commit = sandbox.git("lustre", &["rev-parse", "HEAD"]);
    let blob = sandbox.git("lustre", &["rev-parse", "HEAD:lustre/utils/lctl.c"]);
    for (key, value) in [
        ("origin", json!("blob")),
        ("layer", json!("userspace")),
        ("take", json!("lustre/utils/ -> utils/")),
        ("source", json!("lustre")),
        ("commit", json!(commit)),
        ("from", json!("lustre/utils/lctl.c")),
        ("blob", json!(blob)),
        ("git_id", json!(blob)),
        ("checked", json!("proven")),
        ("patches", json!([])),
    ] {
        assert_eq!(answer[key], value, "{key}");
    }
    let command = answer["command"].as_str().expect("text");
    let mut words = command.split(' ');
    let output = Command::new(words.next().expect("git")).args(words).current_dir(sandbox.path(".")).output();
    let output = output.expect("git runs");
    assert_eq!(output.stdout, tarball::read(&tar(&sandbox)).file("utils/lctl.c"), "{command}");
}

#[test]
fn a_member_that_is_not_its_origins_is_told() {
    let sandbox = release(r#""tar""#);
    let mut archive = tarball::read(&tar(&sandbox));
    replace(&mut archive, "config/lustre-core.m4", b"another\n");
    agree(&sandbox, &write(&archive), &[]);
    let run = sandbox.run(&["origin", &file("tar"), "config/lustre-core.m4", "--source", "lustre=lustre"]);
    assert!(run.stdout.contains("WRONG"), "{}", run.stdout);
    let error = run.failure(6);
    assert!(error.contains("`config/lustre-core.m4` is not what its origin has"), "{error}");
}
