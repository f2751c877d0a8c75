// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Branches, commits and Gerrit changes: versions as `git describe` counts.

use crate::runner::{Sandbox, manifest};

fn wants(sandbox: &Sandbox, wanted: &str) {
    sandbox.write("m.toml", manifest("").replace("tag = \"v2_17_57\"", wanted));
}

/// A date that grows by a minute with each commit: `git describe` walks by date.
fn date(minute: u32) -> String {
    format!("2026-01-03T{:02}:{:02}:00Z", minute / 60, minute % 60)
}

/// What the version must be, from git's own words: `v2_17_57-3-gabc...`.
fn expected(sandbox: &Sandbox, commit: &str) -> String {
    let described = sandbox.git(
        "lustre",
        &[
            "--no-replace-objects",
            "describe",
            "--tags",
            "--long",
            "--abbrev=12",
            "--match",
            "v[0-9]*",
            commit,
        ],
    );
    let mut parts = described.rsplitn(3, '-');
    let (hash, count, tag) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    let base = tag.trim_start_matches('v').replace('_', ".");
    format!("{base}+git{count}.{hash}")
}

fn version(sandbox: &Sandbox) -> String {
    let text = sandbox.run(&["lock", "m.toml", "--json"]).success();
    std::fs::remove_file(sandbox.path("m.lock")).expect("a lock");
    let at = text.find("\"version\"").expect("a version");
    text[at..].split('"').nth(3).expect("its text").to_owned()
}

/// A history with side branches, merges, other tags and a tag on a side branch.
fn history() -> Sandbox {
    let sandbox = Sandbox::with_lustre();
    let git = |minute: u32, args: &[&str]| sandbox.git_at(&date(minute), "lustre", args);
    let commit = |minute: u32| {
        git(minute, &["commit", "--quiet", "--allow-empty", "--message", &format!("c{minute}")])
    };
    commit(1);
    git(2, &["checkout", "--quiet", "-b", "side", "v2_17_57"]);
    commit(3);
    commit(4);
    git(5, &["tag", "--annotate", "--message", "other", "nightly-1"]);
    git(5, &["tag", "v2_17_56"]);
    commit(6);
    git(7, &["checkout", "--quiet", "master"]);
    commit(8);
    git(9, &["merge", "--quiet", "--no-ff", "--message", "merge", "side"]);
    commit(10);
    git(11, &["tag", "--annotate", "--message", "v2_17_58", "v2_17_58"]);
    git(11, &["tag", "2.17.58"]);
    commit(12);
    git(13, &["checkout", "--quiet", "-b", "late", "v2_17_57"]);
    commit(14);
    git(15, &["checkout", "--quiet", "master"]);
    git(16, &["merge", "--quiet", "--no-ff", "--message", "merge", "late"]);
    commit(17);
    sandbox
}

#[test]
fn versions_count_as_git_describe_does() {
    let sandbox = history();
    let all = sandbox.git("lustre", &["rev-list", "--all"]);
    for commit in all.lines() {
        wants(&sandbox, &format!("commit = \"{commit}\""));
        assert_eq!(version(&sandbox), expected(&sandbox, commit), "{commit}");
    }
    for branch in ["master", "side", "late"] {
        wants(&sandbox, &format!("branch = \"{branch}\""));
        assert_eq!(version(&sandbox), expected(&sandbox, branch), "{branch}");
    }
    sandbox.git("lustre", &["update-ref", "refs/changes/45/61245/3", "side"]);
    wants(&sandbox, "ref = \"refs/changes/45/61245/3\"");
    assert_eq!(version(&sandbox), expected(&sandbox, "side"));
}

#[test]
fn a_development_version_says_so_everywhere() {
    let sandbox = history();
    wants(&sandbox, "branch = \"side\"");
    let said = sandbox.run(&["assemble", "m.toml"]).success();
    assert!(said.contains("a development version: cannot be published as a release"), "{said}");
    let version = expected(&sandbox, "side");
    let release = sandbox.read(&format!("dist/lustre-{version}/lustre-{version}.release.json"));
    assert!(release.contains("\"development\": true"), "{release}");
    assert!(sandbox.read("m.lock").contains("development = true"));
}

#[test]
fn a_locked_branch_stays_where_it_was() {
    let sandbox = history();
    wants(&sandbox, "branch = \"master\"");
    sandbox.run(&["lock", "m.toml"]).success();
    let identity = sandbox.run(&["digest", "m.toml", "--locked"]).success();
    sandbox.git_at(&date(30), "lustre", &["commit", "--quiet", "--allow-empty", "--message", "more"]);
    sandbox.git("lustre", &["tag", "v2_17_59"]);
    assert_eq!(sandbox.run(&["digest", "m.toml", "--locked"]).success(), identity);
    sandbox.run(&["lock", "m.toml", "--update", "lustre"]).success();
    assert_ne!(sandbox.run(&["digest", "m.toml", "--locked"]).success(), identity);
}

#[test]
fn replaced_and_cut_histories_do_not_change_the_count() {
    let sandbox = history();
    wants(&sandbox, "branch = \"master\"");
    let expected = version(&sandbox);
    sandbox.git("lustre", &["replace", "--graft", "master", "v2_17_57"]);
    sandbox.git("lustre", &["commit-graph", "write", "--reachable"]);
    assert_eq!(version(&sandbox), expected);

    let url = format!("file://{}", sandbox.path("lustre").display());
    sandbox.git(".", &["clone", "--quiet", "--depth", "2", &url, "shallow"]);
    sandbox.git("shallow", &["fetch", "--quiet", "--depth", "1", "origin", "tag", "v2_17_57"]);
    insta::assert_snapshot!(sandbox.refused(&["--source", "lustre=shallow"], 4), @r"
    error: the history of adeff14ca8aa43e5da2b84f00f3e94e9d4051bbc is not whole in `shallow`, and a development version counts its commits
     = note: the commit a3c072816fac4a4519e66baa7942a8bb93bbcc8a is not in the repository
     = help: fetch all of it: `git fetch --unshallow --tags`; or release a tag, which needs no history
    ");
    sandbox.git("shallow", &["fetch", "--quiet", "--unshallow", "--tags"]);
    sandbox.identity(&["--source", "lustre=shallow"]);
}

#[test]
fn an_impostor_in_the_history_is_refused() {
    let sandbox = history();
    wants(&sandbox, "branch = \"master\"");
    sandbox.impostor("lustre", "master^", "master^^");
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r"
    error: cannot find the version tag that adeff14ca8aa43e5da2b84f00f3e94e9d4051bbc descends from in `lustre`
     = note: could not insert parents of commit adeff14ca8aa43e5da2b84f00f3e94e9d4051bbc into graph
     = note: the commit 4932dd645a1c6fc3991c730996c31252cb6fc62b holds the content of another object, a3c072816fac4a4519e66baa7942a8bb93bbcc8a
     = help: the repository is damaged: `git fsck` tells more, a fresh clone mends it
    ");
}

#[test]
fn a_development_version_needs_a_tag_behind_it() {
    let sandbox = Sandbox::new();
    sandbox.repository("lustre", &[("COPYING", "GPL\n")], "nightly-1");
    wants(&sandbox, "branch = \"master\"");
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r"
    error: no version tag is an ancestor of commit 55c2fbc13c84ebbcc845d90fbbeae02aa4a5d5e4 of source `lustre` (lustre)
     = help: fetch the tags: a development version is made from the nearest one, as `git describe` does
    ");
    wants(&sandbox, "branch = \"mater\"");
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: source `lustre` has no branch `mater`
      --> m.toml:12:10
       |
    12 | branch = "mater"
       |          ^^^^^^^ source `lustre`
       = note: looked for in lustre
    "#);
    wants(&sandbox, &format!("commit = \"{}\"", "1".repeat(40)));
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: commit `1111111111111111111111111111111111111111` of source `lustre` cannot be used: its object 1111111111111111111111111111111111111111 is not in the repository
      --> m.toml:12:10
       |
    12 | commit = "1111111111111111111111111111111111111111"
       |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ source `lustre`
       = note: looked for in lustre
       = help: fetch it there, or read the source elsewhere with `--source NAME=PATH`
    "#);
}

#[test]
fn a_commit_is_named_by_its_own_id() {
    let sandbox = Sandbox::with_lustre();
    let tag = sandbox.git("lustre", &["rev-parse", "v2_17_57"]);
    wants(&sandbox, &format!("commit = \"{tag}\""));
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: `7006a4dd796ab7298702fe5a6bbde01c16a619a1` is not a commit but the tag `v2_17_57`
      --> m.toml:12:10
       |
    12 | commit = "7006a4dd796ab7298702fe5a6bbde01c16a619a1"
       |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ source `lustre`
       = help: write `tag = "v2_17_57"`, or `commit = "9e379b62e9a0888330880ee0f959569a3e4a5e00"`
    "#);
    let tree = sandbox.git("lustre", &["rev-parse", "HEAD^{tree}"]);
    wants(&sandbox, &format!("commit = \"{tree}\""));
    let said = sandbox.refused(&[], 4);
    assert!(said.contains(&format!("it is the tree {tree}, not a commit")), "{said}");
}
