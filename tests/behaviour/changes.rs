// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What changed between two releases, as `changes` tells it.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::runner::Sandbox;

/// A manifest with three layers over the repository `lustre`.
pub fn manifest(more: &str) -> String {
    format!(
        r#"schema = 1

[release]
name = "lustre"
version = "2.17.0"
primary = "lustre"
license = "GPL-2.0-only"
formats = ["tar.gz"]

[source.lustre]
git = "lustre"
tag = "v2_17_0"
signature = "none"
{more}
[[layer]]
name = "upstream"
source = "lustre"
take = [{{ from = "fs/" }}]

[[layer]]
name = "compat"
source = "lustre"
take = [{{ from = "compat/" }}]

[[layer]]
name = "userspace"
source = "lustre"
take = [{{ from = "utils/" }}, {{ from = "*" }}]
exclude = [{{ glob = "**/.gitignore", reason = "for a work tree only" }}]
"#
    )
}

/// A repository with two releases and every kind of commit between them. Each commit is an hour
/// younger than the one before.
pub fn history(sandbox: &Sandbox) {
    std::fs::create_dir_all(sandbox.path("lustre")).expect("a folder");
    let mut hour = 0;
    let mut git = |args: &[&str]| {
        hour += 1;
        sandbox.git_at(&format!("2026-01-02T{hour:02}:00:00Z"), "lustre", args);
    };
    git(&["init", "--quiet", "--initial-branch=master", "."]);
    let files = [
        ("fs/super.c", "one\n"),
        ("fs/inode.c", "a\nb\nc\nd\ne\n"),
        ("compat/fs.h", "one\n"),
        ("utils/lfs.c", "one\n"),
        ("COPYING", "GPL\n"),
        (".gitignore", "*.o\n"),
    ];
    for (name, content) in files {
        sandbox.write(&format!("lustre/{name}"), content);
    }
    git(&["add", "--all", "--force", "."]);
    git(&["commit", "--quiet", "--message", "LU-1 start: first files"]);
    git(&["tag", "--annotate", "--message", "2.16.0", "v2_16_0"]);
    let mut commit = |files: &[(&str, &str)], message: &str| {
        for (name, content) in files {
            sandbox.write(&format!("lustre/{name}"), content);
        }
        git(&["add", "--all", "--force", "."]);
        git(&["commit", "--quiet", "--allow-empty", "--message", message]);
    };
    commit(&[("fs/super.c", "two\n"), ("compat/fs.h", "two\n")], "LU-2 EX-3: mount: two layers at once");
    commit(&[(".gitignore", "*.o\n*.ko\n")], "LU-4 build: ignore modules");
    commit(&[], "New tag 2.16.50");
    std::fs::rename(sandbox.path("lustre/fs/inode.c"), sandbox.path("lustre/fs/node.c")).expect("a rename");
    commit(&[], "LU-5 fs: rename inode.c");
    // A side branch with a file of its own, merged.
    sandbox.git("lustre", &["checkout", "--quiet", "-b", "side", "v2_16_0"]);
    commit(&[("utils/lctl.c", "new\n")], "LU-6 utils: lctl");
    sandbox.git("lustre", &["checkout", "--quiet", "master"]);
    git(&["merge", "--quiet", "--no-ff", "--message", "Merge branch 'side'", "side"]);
    std::fs::remove_file(sandbox.path("lustre/utils/lfs.c")).expect("a file");
    let mut commit = |message: &str| {
        git(&["add", "--all", "--force", "."]);
        git(&["commit", "--quiet", "--message", message]);
    };
    commit("Revert \"LU-7 utils: <b>*lfs*</b> [x](y)\"\n\nIt is of no use.\n");
    git(&["tag", "--annotate", "--message", "2.17.0", "v2_17_0"]);
    sandbox.write("m.toml", manifest(""));
}

/// Ids of commits, which are of no interest, as their number of occurrence.
fn without_ids(sandbox: &Sandbox, text: &str) -> String {
    let mut text = text.to_owned();
    for (nth, id) in sandbox.git("lustre", &["rev-list", "--all", "--date-order"]).lines().enumerate() {
        text = text.replace(&id[..12], &format!("<commit {nth:03}>")).replace(&id[12..], "");
    }
    text
}

fn json(sandbox: &Sandbox, args: &[&str]) -> Value {
    let printed = sandbox.run(&[args, &["--json"]].concat()).success();
    serde_json::from_str(&printed).expect("JSON")
}

#[test]
fn commits_and_files_stand_layer_by_layer() {
    let sandbox = Sandbox::new();
    history(&sandbox);
    let printed = sandbox.run(&["changes", "v2_16_0..2.17.0", "m.toml", "--files"]).success();
    assert_snapshot!(without_ids(&sandbox, &printed), @r#"
    lustre v2_16_0..v2_17_0

      layer               commits    added  changed  removed
      upstream                  2        1        1        1
      compat                    1        0        1        0
      userspace                 2        1        0        1
      not in the tarball        1        0        1        0
      all                       7        2        3        2
      in no layer: 1 merge, 1 commit without files

    upstream
      <commit 003> 2026-01-02  LU-5 fs: rename inode.c  (A. Author)
      <commit 006> 2026-01-02  LU-2 EX-3: mount: two layers at once  (A. Author)

    compat
      <commit 006> 2026-01-02  LU-2 EX-3: mount: two layers at once  (A. Author)

    userspace
      <commit 000> 2026-01-02  Revert "LU-7 utils: <b>*lfs*</b> [x](y)"  (A. Author)
      <commit 002> 2026-01-02  LU-6 utils: lctl  (A. Author)

    not in the tarball
      <commit 005> 2026-01-02  LU-4 build: ignore modules  (A. Author)

    files
      M -          .gitignore
      M compat     compat/fs.h
      D upstream   fs/inode.c
      A upstream   fs/node.c
      M upstream   fs/super.c
      A userspace  utils/lctl.c
      D userspace  utils/lfs.c
    "#);
}

#[test]
fn the_numbers_are_those_of_git() {
    let sandbox = Sandbox::new();
    history(&sandbox);
    let answer = json(&sandbox, &["changes", "v2_16_0..v2_17_0", "m.toml"]);
    let log = sandbox.git("lustre", &["log", "--format=%H", "v2_16_0..v2_17_0"]);
    let commits = answer["commits"].as_array().expect("commits");
    let ids: Vec<&str> = commits.iter().map(|commit| commit["commit"].as_str().expect("an id")).collect();
    assert_eq!(ids, log.lines().collect::<Vec<_>>());
    assert_eq!(answer["totals"]["commits"], 7);
    assert_eq!((&answer["totals"]["merges"], &answer["totals"]["empty"]), (&json!(1), &json!(1)));
    for commit in commits {
        let id = commit["commit"].as_str().expect("an id");
        let shown = |format: &str| sandbox.git("lustre", &["log", "-1", &format!("--format={format}"), id]);
        assert_eq!(commit["subject"], shown("%s"));
        assert_eq!(commit["author"], shown("%an"));
        assert_eq!(commit["email"], shown("%ae"));
        let names = sandbox.git("lustre", &["log", "-1", "--format=", "--name-only", "--no-renames", id]);
        assert_eq!(commit["files"], names.lines().count(), "{id}");
    }
    let status = sandbox.git("lustre", &["diff", "--name-status", "--no-renames", "v2_16_0", "v2_17_0"]);
    let files: Vec<String> = answer["files"]
        .as_array()
        .expect("files")
        .iter()
        .map(|file| {
            let letter = match file["status"].as_str().expect("a status") {
                "added" => "A",
                "changed" => "M",
                _ => "D",
            };
            format!("{letter}\t{}", file["path"].as_str().expect("a path"))
        })
        .collect();
    assert_eq!(files, status.lines().collect::<Vec<_>>());
    assert_eq!(answer["totals"]["files"], json!({ "added": 2, "changed": 3, "removed": 2 }));
}

#[test]
fn one_layer_alone_and_the_numbers_alone() {
    let sandbox = Sandbox::new();
    history(&sandbox);
    let printed = sandbox.run(&["changes", "v2_16_0..v2_17_0", "m.toml", "--layer", "compat"]).success();
    assert_snapshot!(without_ids(&sandbox, &printed), @"
    lustre v2_16_0..v2_17_0

      layer               commits    added  changed  removed
      compat                    1        0        1        0

    compat
      <commit 006> 2026-01-02  LU-2 EX-3: mount: two layers at once  (A. Author)
    ");
    let printed = sandbox.run(&["changes", "v2_16_0..v2_17_0", "m.toml", "--summary"]).success();
    assert!(!printed.contains("mount: two layers"), "{printed}");
    let error = sandbox.run(&["changes", "v2_16_0..v2_17_0", "m.toml", "--layer", "compot"]).failure(2);
    assert_snapshot!(error, @"
    error: source `lustre` has no layer `compot`
     = note: it has upstream, compat, userspace
    ");
}

#[test]
fn without_a_manifest_directories_stand_in_for_layers() {
    let sandbox = Sandbox::new();
    history(&sandbox);
    let args = ["changes", "v2_16_0..v2_17_0", "--source", "lustre=lustre", "--summary"];
    assert_snapshot!(sandbox.run(&args).success(), @"
    lustre v2_16_0..v2_17_0

      layer               commits    added  changed  removed
      .                         1        0        1        0
      compat                    1        0        1        0
      fs                        2        1        1        1
      utils                     2        1        0        1
      all                       7        2        3        2
      in no layer: 1 merge, 1 commit without files
    ");
    assert_snapshot!(sandbox.run(&["changes", "v2_16_0..v2_17_0"]).failure(2), @"
    error: which repository? There is neither a manifest nor one `--source`
     = help: give the manifest behind the range, or one `--source NAME=PATH`
    ");
}

#[test]
fn backports_name_their_originals() {
    let sandbox = Sandbox::new();
    history(&sandbox);
    let change = |nth: usize| format!("Change-Id: I{nth:040}");
    for nth in [1, 2, 3] {
        sandbox.commit(
            "lustre",
            &[("fs/new.c", &nth.to_string())],
            &format!("LU-9{nth} master\n\n{}", change(nth)),
        );
    }
    let original = |nth: usize| sandbox.git("lustre", &["rev-parse", &format!("master~{}", 3 - nth)]);
    sandbox.git("lustre", &["checkout", "--quiet", "-b", "b2_17", "v2_17_0"]);
    let named = "0123456789abcdef0123456789abcdef01234567";
    let other = "76543210fedcba9876543210fedcba9876543210";
    for (nth, message) in [
        // A trailer is believed, whatever the Change-Id says.
        format!("LU-91 a\n\nLustre-commit: {named}\nLustre-commit: {other}\n\n{}", change(1)),
        format!("fs: b\n\ncommit {named} upstream.\n\nText.\n"),
        format!("fs: c\n\n[ Upstream commit {named} ]\n"),
        format!("LU-92 d\n\n{}\n(cherry picked from commit {named})\n", change(2)),
        format!("LU-92 e\n\nLustre-commit: TBD (from {other})\n\n{}", change(2)),
        format!("LU-93 f\n\n{}", change(3)),
        format!("LU-94 g\n\nLustre-commit: TBD\n\n{}", change(4)),
        format!("LU-95 h\n\n{}", change(5)),
    ]
    .iter()
    .enumerate()
    {
        sandbox.commit("lustre", &[("fs/super.c", &nth.to_string())], message);
    }
    let carried = |range: &str| -> Vec<Value> {
        let answer = json(&sandbox, &["changes", range, "m.toml"]);
        let commits = answer["commits"].as_array().expect("commits").clone();
        commits.into_iter().rev().map(|commit| commit["carries"].clone()).collect()
    };
    let one = |commit: &str, by: &str| json!([{ "commit": commit, "by": by }]);
    assert_eq!(
        carried("v2_17_0..b2_17"),
        [
            json!([
                { "commit": named, "by": "lustre_commit" },
                { "commit": other, "by": "lustre_commit" },
            ]),
            one(named, "upstream_commit"),
            one(named, "upstream_commit"),
            one(named, "cherry_pick"),
            one(&original(2), "change_id"),
            one(&original(3), "change_id"),
            json!([{ "commit": null, "by": "lustre_commit" }]),
            json!([]),
        ]
    );
    // On master itself, a Change-Id is its own.
    assert_eq!(carried("v2_17_0..master"), [json!([]), json!([]), json!([])]);
    // A range that begins before the branch: what is on both is no backport.
    assert!(carried("v2_16_0..b2_17")[..7].iter().all(|carries| *carries == json!([])));
}

#[test]
fn patches_are_told_apart_from_an_earlier_manifest() {
    let sandbox = Sandbox::new();
    history(&sandbox);
    for name in ["a", "b", "c"] {
        sandbox.write(&format!("{name}.patch"), format!("patch {name}\n"));
    }
    let patch = |name: &str, reason: &str| {
        format!("\n[[layer.patch]]\nfile = \"{name}.patch\"\nreason = \"{reason}\"\n")
    };
    sandbox.write("old.toml", manifest("") + &patch("a", "stays") + &patch("b", "goes"));
    sandbox.write("new.toml", manifest("") + &patch("a", "stays") + &patch("c", "comes"));
    let args = ["changes", "v2_16_0..v2_17_0", "new.toml", "--summary"];
    let printed = sandbox.run(&[&args[..], &["--before", "old.toml"]].concat()).success();
    let patches = printed.split_once("patches of").expect("patches").1;
    assert_snapshot!(patches, @"
    the manifest, since the one before
     dropped userspace  b.patch  goes
     added   userspace  c.patch  comes
    ");
    assert!(sandbox.run(&args).success().contains("patches of the manifest\n  userspace  a.patch  stays\n"));
}

#[test]
fn ranges_that_make_no_sense() {
    let sandbox = Sandbox::new();
    history(&sandbox);
    let fails = |range: &str| {
        let error = sandbox.run(&["changes", range, "m.toml"]).failure(2);
        without_ids(&sandbox, &error)
    };
    assert_snapshot!(fails("v2_17_0..v2_16_0"), @"
    error: no commit is in `v2_17_0..v2_16_0`: `v2_16_0` is the older one
     = note: from  <commit 000>
     = note: to    <commit 007>, which the former descends from
     = help: did you mean `v2_16_0..v2_17_0`?
    ");
    assert_snapshot!(fails("v2_16_1..v2_71_0"), @"
    error: nothing is named `v2_16_1`: no tag, version, branch or commit
     = note: looked for in lustre, which has 2 tags
     = help: did you mean `v2_16_0` or `v2_17_0`?

    error: nothing is named `v2_71_0`: no tag, version, branch or commit
     = note: looked for in lustre, which has 2 tags
     = help: did you mean `v2_17_0` or `v2_16_0`?

    2 problems
    ");
    assert_snapshot!(fails("nothing..v2_17_0"), @"
    error: nothing is named `nothing`: no tag, version, branch or commit
     = note: looked for in lustre, which has 2 tags
     = help: give a tag (`v2_16_0`), a version (`2.16.0`), a branch or the id of a commit
    ");
    assert_snapshot!(fails("v2_16_0...v2_17_0"), @"
    error: invalid value 'v2_16_0...v2_17_0' for '<FROM..TO>': `...` is git's symmetric difference; `v2_16_0..v2_17_0` is meant here

    For more information, try '--help'.
    ");
    assert_snapshot!(fails("v2_16_0"), @"
    error: invalid value 'v2_16_0' for '<FROM..TO>': expected two ends with `..` between, such as `v2_16_0..v2_17_0`

    For more information, try '--help'.
    ");
    assert_snapshot!(fails("master~2..master"), @"
    error: nothing is named `master~2`: no tag, version, branch or commit
     = note: looked for in lustre, which has 2 tags
     = help: git's own operators are not read here: give the id that `git rev-parse` prints
    ");
    let printed = sandbox.run(&["changes", "v2_17_0..2.17.0", "m.toml"]).success();
    assert_snapshot!(printed, @"
    lustre v2_17_0..v2_17_0

      layer               commits    added  changed  removed
      upstream                  0        0        0        0
      compat                    0        0        0        0
      userspace                 0        0        0        0
      not in the tarball        0        0        0        0
      all                       0        0        0        0
    ");
}

#[test]
fn ends_are_tags_versions_branches_and_commits() {
    let sandbox = Sandbox::new();
    history(&sandbox);
    let id = sandbox.git("lustre", &["rev-parse", "v2_16_0^{commit}"]);
    sandbox.git("lustre", &["tag", "v6.12.58", &id]);
    for from in
        ["v2_16_0", "2.16.0", &id, &id[..9], "refs/tags/v2_16_0", "v6.12.58", "6.12.58", "2.16.0+k6.12"]
    {
        for to in ["2.17.0", "master", "refs/heads/master"] {
            let answer = json(&sandbox, &["changes", &format!("{from}..{to}"), "m.toml"]);
            assert_eq!((&answer["from"]["commit"], &answer["totals"]["commits"]), (&json!(id), &json!(7)));
        }
    }
}

#[test]
fn a_branch_that_is_not_an_ancestor_is_said_to_be_none() {
    let sandbox = Sandbox::new();
    history(&sandbox);
    sandbox.git("lustre", &["tag", "v2_16_50", "master~2"]);
    let printed = sandbox.run(&["changes", "side..v2_16_50", "m.toml", "--summary"]).success();
    assert!(printed.contains("is not in the history of"), "{printed}");
    assert_eq!(json(&sandbox, &["changes", "side..v2_16_50", "m.toml"])["diverged"], true);
    assert_eq!(json(&sandbox, &["changes", "v2_16_0..master", "m.toml"])["diverged"], false);
}

#[test]
fn history_that_is_cut_off_is_said_to_be() {
    let sandbox = Sandbox::new();
    history(&sandbox);
    let url = format!("file://{}", sandbox.path("lustre").display());
    let clone = |name: &str, depth: &str| {
        sandbox.git(".", &["clone", "--quiet", "--bare", "--depth", depth, "--no-single-branch", &url, name]);
    };
    clone("deep", "5");
    clone("flat", "1");
    let changes = |name: &str, range: &str| {
        sandbox.run(&["changes", range, "m.toml", "--source", &format!("lustre={name}"), "--summary"])
    };
    let error = changes("flat", "v2_16_0..v2_17_0").failure(4);
    assert_snapshot!(without_ids(&sandbox, &error), @"
    error: the history of `v2_16_0..v2_17_0` is not whole: the commit <commit 001> is missing
     = note: it is a parent of <commit 000>
     = note: looked for in flat
     = help: a shallow clone has no history: `git fetch --unshallow --tags` there, or give a whole clone with `--source NAME=PATH`
    ");
    // Where all of the range is at hand, what lies behind it is nobody's business.
    let range = format!("{}..v2_17_0", sandbox.git("lustre", &["rev-parse", "v2_17_0~1"]));
    assert_eq!(changes("deep", &range).success(), changes("lustre", &range).success());
}

#[test]
fn subjects_cannot_steer_a_terminal() {
    let sandbox = Sandbox::new();
    history(&sandbox);
    sandbox.commit("lustre", &[("fs/super.c", "x\n")], "LU-8 \u{1b}[31mred\u{202e}");
    let printed = sandbox.run(&["changes", "v2_17_0..master", "m.toml"]).success();
    assert!(printed.contains("LU-8 \\u{1b}[31mred\\u{202e}"), "{printed}");
}
