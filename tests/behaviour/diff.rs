// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Two releases side by side, whatever form each has.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::runner::Sandbox;

const OLD: &str = "dist/lustre-2.16.0/lustre-2.16.0";
const NEW: &str = "dist/lustre-2.17.0/lustre-2.17.0";

fn manifest(version: &str, compat: &str, patch: &str) -> String {
    let tag = format!("v{}", version.replace('.', "_"));
    format!(
        r#"schema = 1
[release]
name = "lustre"
version = "{version}"
primary = "lustre"
license = "GPL-2.0-only"
formats = ["tar", "tar.gz", "tar.zst", "tar.xz"]
[source.lustre]
git = "lustre"
tag = "{tag}"
signature = "none"
[[layer]]
name = "upstream"
source = "lustre"
take = [{{ from = "fs/" }}]
exclude = [{{ glob = "{compat}", reason = "compat" }}]
[[layer]]
name = "compat"
source = "lustre"
take = [{{ from = "{compat}" }}]
[[layer]]
name = "userspace"
source = "lustre"
take = [{{ from = "utils/", to = "tools/" }}]
[[layer.patch]]
file = "{patch}.patch"
reason = "for the tests"
[[template]]
file = "META.j2"
to = "META"
"#
    )
}

/// Two releases, made from `old.toml` and `new.toml`: everything that can differ does.
fn releases() -> Sandbox {
    let sandbox = Sandbox::new();
    let long = format!("fs/{}/{}.c", "d".repeat(90), "n".repeat(90));
    let files = [
        ("fs/a.c", "a\nb\nc\n"),
        ("fs/compat.c", "compat\n"),
        ("fs/compat2.c", "compat\n"),
        ("fs/gone.c", "1\n2\n"),
        ("fs/image", "\0\u{1}"),
        (long.as_str(), "long\n"),
        ("utils/lfs.c", "one\ntwo\nthree\n"),
        ("utils/run.sh", "#!/bin/sh\n"),
    ];
    sandbox.repository("lustre", &files, "v2_16_0");
    symlink("a.c", sandbox.path("lustre/fs/link.c")).expect("a link");
    sandbox.commit("lustre", &[], "link");
    sandbox.git("lustre", &["tag", "--force", "--annotate", "--message", "x", "v2_16_0"]);
    fs::remove_file(sandbox.path("lustre/fs/gone.c")).expect("a file");
    fs::remove_file(sandbox.path("lustre/fs/link.c")).expect("a link");
    symlink("compat.c", sandbox.path("lustre/fs/link.c")).expect("a link");
    fs::set_permissions(sandbox.path("lustre/utils/run.sh"), fs::Permissions::from_mode(0o755))
        .expect("a mode");
    sandbox.commit(
        "lustre",
        &[("fs/a.c", "a\nB\nc\nd\n"), ("fs/new.c", "n\n"), ("fs/image", "\0\u{2}")],
        "LU-2 all: change",
    );
    sandbox.git("lustre", &["tag", "--annotate", "--message", "x", "v2_17_0"]);
    for (name, word) in [("first", "FIRST"), ("second", "SECOND")] {
        sandbox.write(
            &format!("{name}.patch"),
            format!("--- a/utils/lfs.c\n+++ b/utils/lfs.c\n@@ -1,3 +1,4 @@\n one\n two\n three\n+{word}\n"),
        );
    }
    sandbox.write("old.toml", manifest("2.16.0", "fs/compat.c", "first"));
    sandbox.write("new.toml", manifest("2.17.0", "fs/compat2.c", "second"));
    for name in ["old.toml", "new.toml"] {
        sandbox.run(&["assemble", name]).success();
    }
    sandbox
}

fn without_ids(sandbox: &Sandbox, text: &str) -> String {
    let mut text = text.to_owned();
    for tag in ["v2_16_0", "v2_17_0"] {
        let id = sandbox.git("lustre", &["rev-parse", &format!("{tag}^{{commit}}")]);
        text = text.replace(&id, &format!("<commit of {tag}>"));
    }
    text
}

fn json(sandbox: &Sandbox, args: &[&str]) -> Value {
    let printed = sandbox.run(&[&["diff"], args, &["--json"]].concat()).success();
    let mut answer: Value = serde_json::from_str(&printed).expect("JSON");
    for end in ["before", "after"] {
        answer[end].as_object_mut().expect("an object").remove("given");
    }
    answer
}

#[test]
fn release_directories_layer_by_layer() {
    let sandbox = releases();
    let printed = sandbox.run(&["diff", "dist/lustre-2.16.0", "dist/lustre-2.17.0"]).success();
    assert_snapshot!(without_ids(&sandbox, &printed), @"
    lustre-2.16.0 -> lustre-2.17.0
      source lustre
        - v2_16_0      <commit of v2_16_0>
        + v2_17_0      <commit of v2_17_0>
      patch    dropped  first.patch
      patch    added    second.patch

      layer           added  changed  removed     mode    moved
      in no layer         0        1        0        0        0
      compat              0        0        0        0        1
      upstream            1        3        1        0        1
      userspace           0        1        0        1        0
      all                 1        5        1        1        2

    in no layer
      changed   META

    compat
      layer upstream -> compat fs/compat2.c

    upstream
      changed   fs/a.c
      layer compat -> upstream fs/compat.c
      removed   fs/gone.c
      changed   fs/image
      changed   fs/link.c
      added     fs/new.c

    userspace
      changed   tools/lfs.c
      mode 0644 -> 0755 tools/run.sh
    ");
    let printed = sandbox.run(&["diff", "dist/lustre-2.16.0", "dist/lustre-2.17.0", "--stat"]).success();
    assert_snapshot!(without_ids(&sandbox, &printed), @"
    lustre-2.16.0 -> lustre-2.17.0
      source lustre
        - v2_16_0      <commit of v2_16_0>
        + v2_17_0      <commit of v2_17_0>
      patch    dropped  first.patch
      patch    added    second.patch

      layer           added  changed  removed     mode    moved    lines +    lines -
      in no layer         0        1        0        0        0         17         17
      compat              0        0        0        0        1          0          0
      upstream            1        3        1        0        1          3          3
      userspace           0        1        0        1        0          1          1
      all                 1        5        1        1        2         21         21
    ");
    let printed = sandbox.run(&["diff", "dist/lustre-2.16.0", "dist/lustre-2.16.0"]).success();
    assert_snapshot!(printed, @"
    lustre-2.16.0 -> lustre-2.16.0
    the same files
    ");
}

#[test]
fn every_form_of_a_release_gives_the_same_answer() {
    let sandbox = releases();
    let expected = json(&sandbox, &["dist/lustre-2.16.0", "dist/lustre-2.17.0", "--stat"]);
    // The lines of texts are counted as git does. A link has none of its own here.
    let numstat =
        sandbox.git("lustre", &["diff", "--numstat", "--no-renames", "v2_16_0", "v2_17_0", "--", "fs"]);
    let found: Vec<String> = expected["files"]
        .as_array()
        .expect("files")
        .iter()
        .filter(|file| file["lines"].is_object() && file["path"].as_str().expect("text").starts_with("fs/"))
        .map(|file| {
            format!(
                "{}\t{}\t{}",
                file["lines"]["added"],
                file["lines"]["removed"],
                file["path"].as_str().unwrap()
            )
        })
        .collect();
    let texts: Vec<&str> =
        numstat.lines().filter(|line| !line.starts_with('-') && !line.ends_with("link.c")).collect();
    assert_eq!(found, texts);
    let tar = |title: &str, end: &str| format!("{title}.{end}");
    for (old, new) in [
        (tar(OLD, "tar"), tar(NEW, "tar.gz")),
        (tar(OLD, "tar.zst"), tar(NEW, "tar.xz")),
        ("old.toml".to_owned(), "new.toml".to_owned()),
        ("old.toml".to_owned(), tar(NEW, "tar")),
        (tar(OLD, "tar"), "new.toml".to_owned()),
        ("dist/lustre-2.16.0".to_owned(), "new.toml".to_owned()),
        ("old.toml".to_owned(), "dist/lustre-2.17.0".to_owned()),
        (tar(OLD, "tar.xz"), "dist/lustre-2.17.0".to_owned()),
    ] {
        assert_eq!(json(&sandbox, &[&old, &new, "--stat"]), expected, "{old} {new}");
    }
    // And a manifest is the same as the release that was made of it.
    for form in ["dist/lustre-2.17.0".to_owned(), tar(NEW, "tar.zst")] {
        let answer = json(&sandbox, &["new.toml", &form]);
        assert_eq!((&answer["files"], &answer["sources"]), (&json!([]), &json!([])), "{form}");
    }
}

#[test]
fn tarballs_of_others_can_be_compared_too() {
    let sandbox = releases();
    // Unpacked and packed by GNU tar in its own format, with a hard link and an owner.
    let tar = |args: &[&str]| {
        let output = Command::new("tar").args(args).current_dir(sandbox.path("")).output().expect("tar runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    tar(&["-xf", &format!("{NEW}.tar")]);
    let top = sandbox.path("lustre-2.17.0");
    fs::remove_file(top.join("fs/compat2.c")).expect("a file");
    fs::hard_link(top.join("fs/compat.c"), top.join("fs/compat2.c")).expect("a hard link");
    fs::remove_dir_all(top.join(".lustre-dist")).expect("a folder");
    fs::write(top.join("fs/new.c"), "other\n").expect("a file");
    for format in ["gnu", "pax", "ustar"] {
        tar(&["--format", format, "-czf", "foreign.tgz", "./lustre-2.17.0"]);
        let answer = json(&sandbox, &["dist/lustre-2.17.0", "foreign.tgz", "--stat"]);
        assert_eq!(answer["after"], json!({ "title": "lustre-2.17.0", "version": null }));
        let files: Vec<_> = answer["files"]
            .as_array()
            .expect("files")
            .iter()
            .map(|file| (&file["path"], &file["lines"]))
            .collect();
        assert_eq!(files, [(&json!("fs/new.c"), &json!({ "added": 1, "removed": 1 }))], "{format}");
    }
}

#[test]
fn what_is_no_release_is_said_to_be_none() {
    let sandbox = releases();
    let fails = |path: &str, code: i32| sandbox.run(&["diff", path, "dist/lustre-2.17.0"]).failure(code);
    assert_snapshot!(fails("lustre", 2), @"
    error: `lustre` is not a release directory
     = note: no `NAME-VERSION.release.json` is in it
     = help: give the folder that `assemble` made, a tarball, or a manifest
    ");
    assert_snapshot!(fails("m.lock", 8), @"
    error: cannot open `m.lock`
     = note: No such file or directory (os error 2)
    ");
    assert_snapshot!(fails("old.lock", 2), @"
    error: `old.lock` is neither a tarball nor a manifest
     = help: expected a release directory, a .tar, .tar.gz, .tar.zst or .tar.xz, or a .toml
    ");
    let bytes = fs::read(sandbox.path(&format!("{OLD}.tar"))).expect("the tar");
    fs::write(sandbox.path("cut.tar"), &bytes[..2000]).expect("a file");
    assert_snapshot!(fails("cut.tar", 6), @"
    error: the tarball `cut.tar` cannot be read
     = note: failed to read entire block
     = help: get it again from where it was published
    ");
    let mut flipped = bytes.clone();
    flipped[1024 + 5] ^= 1;
    fs::write(sandbox.path("flipped.tar"), flipped).expect("a file");
    assert_snapshot!(fails("flipped.tar", 6), @"
    error: the tarball `flipped.tar` cannot be read
     = note: archive header checksum mismatch
     = help: get it again from where it was published
    ");
    sandbox.write("dist/lustre-2.16.0/lustre-2.16.0.origins.jsonl", "{}\n");
    assert_snapshot!(fails("dist/lustre-2.16.0", 6), @"
    error: `lustre-2.16.0.origins.jsonl` is not a table of origins
     = note: line 1: missing field `path` at line 1 column 2
     = help: get the release again from where it was published
    ");
}
