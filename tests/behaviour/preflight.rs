// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `preflight`: a tag held against everything that says its version.

use insta::assert_snapshot;

use crate::runner::{Run, Sandbox, manifest};

fn changelog(date: &str, version: &str) -> String {
    format!("{date} Example\n       * version {version}\n")
}

fn version_gen(version: &str) -> String {
    format!("#!/bin/sh\n\nDEFAULT_VERSION={version}\nLVF=LUSTRE-VERSION-FILE\n")
}

fn manifest_of(version: &str, tag: &str) -> String {
    manifest("")
        .replace("version = \"2.17.57\"", &format!("version = \"{version}\""))
        .replace("tag = \"v2_17_57\"", &format!("tag = \"{tag}\"\non-branch = \"b2_17\""))
        .replace("license =", "changelog = \"lustre/ChangeLog\"\nlicense =")
}

/// Tags the last commit in both spellings.
fn tag(sandbox: &Sandbox, version: &str) {
    let tag = format!("v{}", version.replace('.', "_"));
    sandbox.git("lustre", &["tag", "--annotate", "--message", version, &tag]);
    sandbox.git("lustre", &["tag", "--annotate", "--message", version, version]);
}

/// A repository with a candidate on the branch `b2_17`, and the files of a release to commit on it.
fn make(release: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::new();
    std::fs::create_dir_all(sandbox.path("lustre")).expect("a folder");
    sandbox.git("lustre", &["init", "--quiet", "--initial-branch=b2_17", "."]);
    let (log, gen_) = (changelog("TBD", "2.17.0"), version_gen("2.17.0-RC2"));
    sandbox.commit("lustre", &[("COPYING", "GPL\n"), ("lustre/ChangeLog", &log)], "LU-1 start");
    tag(&sandbox, "2.17.0-RC1");
    sandbox.commit("lustre", &[("README", "Lustre\n")], "LU-7 doc: between the candidates");
    sandbox.commit("lustre", &[("LUSTRE-VERSION-GEN", &gen_), ("lustre/utils/lfs.c", "lfs\n")], "New RC");
    tag(&sandbox, "2.17.0-RC2");
    sandbox.commit("lustre", release, "New release 2.17.0");
    sandbox.write("m.toml", manifest_of("2.17.0", "v2_17_0"));
    sandbox
}

/// The same with the files of a good release, tagged.
fn released() -> Sandbox {
    let (log, gen_) = (changelog("2025-12-29", "2.17.0"), version_gen("2.17.0"));
    let sandbox = make(&[("lustre/ChangeLog", &log), ("LUSTRE-VERSION-GEN", &gen_)]);
    tag(&sandbox, "2.17.0");
    sandbox
}

/// What a run printed, with the ids of objects left out.
fn without_ids(text: &str) -> String {
    let is_id =
        |word: &str| [12, 40].contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.split_inclusive([' ', ',', '\n'])
        .map(|word| {
            let id = word.trim_end_matches([' ', ',', '\n']);
            if is_id(id) { word.replace(id, "[ID]") } else { word.to_owned() }
        })
        .collect()
}

fn shown(run: &Run) -> String {
    without_ids(&format!("exit code {}\n{}{}", run.code, run.stdout, run.stderr))
}

#[test]
fn a_release_that_is_ready() {
    let sandbox = released();
    assert_snapshot!(shown(&sandbox.run(&["preflight", "m.toml"])), @"
    exit code 0
    v2_17_0  m.toml  source `lustre` (lustre)
      ok              tag                 v2_17_0                             annotated, tag object [ID], commit [ID]
      ok              tag object          v2_17_0                             v2_17_0
      ok              twin                v2_17_0 on [ID]             2.17.0 on [ID]
      ok              LUSTRE-VERSION-GEN  2.17.0                              2.17.0
      ok              manifest version    2.17.0                              2.17.0
      ok              change log          2.17.0                              2.17.0 in lustre/ChangeLog line 1
      ok              release date        a day                               2025-12-29 in lustre/ChangeLog line 1
      ok              branch              v2_17_0 on b2_17                    in the history of refs/heads/b2_17
      ok              last candidate      v2_17_0-RC2, but for version files  differs in LUSTRE-VERSION-GEN, lustre/ChangeLog
    ");
    // The other spelling is as good.
    let dotted = sandbox.run(&["preflight", "m.toml", "--tag", "2.17.0"]).success();
    assert!(dotted.contains("v2_17_0 on"), "{dotted}");
}

#[test]
fn everything_that_disagrees_is_listed() {
    let (log, gen_) = (changelog("2025-12-XX", "2.16.0"), version_gen("2.17.0-RC2"));
    let sandbox =
        make(&[("lustre/ChangeLog", &log), ("LUSTRE-VERSION-GEN", &gen_), ("lustre/utils/lfs.c", "new\n")]);
    // On no branch, and its twin is elsewhere, under another name.
    sandbox.git("lustre", &["checkout", "--quiet", "--detach"]);
    sandbox.commit("lustre", &[("lustre/utils/lctl.c", "new\n")], "LU-9 utils: late");
    sandbox.git("lustre", &["tag", "--annotate", "--message", "2.17.0", "v2_17_O"]);
    let object = sandbox.git("lustre", &["rev-parse", "v2_17_O"]);
    sandbox.git("lustre", &["update-ref", "refs/tags/v2_17_0", &object]);
    sandbox.git("lustre", &["tag", "2.17.0", "v2_17_0-RC2^{commit}"]);
    sandbox.write("m.toml", manifest_of("2.17.1", "v2_17_0"));
    assert_snapshot!(shown(&sandbox.run(&["preflight", "m.toml"])), @r#"
    exit code 6
    v2_17_0  m.toml  source `lustre` (lustre)
      ok              tag                 v2_17_0                             annotated, tag object [ID], commit [ID]
      problem         tag object          v2_17_0                             v2_17_O
      problem         twin                v2_17_0 on [ID]             2.17.0 on [ID]
      problem         LUSTRE-VERSION-GEN  2.17.0                              2.17.0-RC2
      problem         manifest version    2.17.0                              2.17.1
      problem         change log          2.17.0                              2.16.0 in lustre/ChangeLog line 1
      problem         release date        a day                               2025-12-XX in lustre/ChangeLog line 1
      problem         branch              v2_17_0 on b2_17                    not in the history of refs/heads/b2_17 at [ID]
      problem         last candidate      v2_17_0-RC2, but for version files  differs in lustre/ChangeLog and 2 other files
                                                                              lustre/utils/lctl.c
                                                                              lustre/utils/lfs.c
    error: `v2_17_0` is not ready: tag object disagrees
     = note: expected  v2_17_0
     = note: found     v2_17_O
     = help: a renamed tag can be an attack; if you know why, write `tag-object-name = "v2_17_O"`

    error: `v2_17_0` is not ready: twin disagrees
     = note: expected  v2_17_0 on [ID]
     = note: found     2.17.0 on [ID]
     = help: one version is one commit: ask upstream which of the tags is right

    error: `v2_17_0` is not ready: LUSTRE-VERSION-GEN disagrees
     = note: expected  2.17.0
     = note: found     2.17.0-RC2
     = help: set DEFAULT_VERSION=2.17.0 in LUSTRE-VERSION-GEN: a tree without .git takes its version from it

    error: `v2_17_0` is not ready: manifest version disagrees
     = note: expected  2.17.0
     = note: found     2.17.1
     = help: write `version = "2.17.0"`, or choose the tag of 2.17.1

    error: `v2_17_0` is not ready: change log disagrees
     = note: expected  2.17.0
     = note: found     2.16.0 in lustre/ChangeLog line 1
     = help: begin the entry of 2.17.0, or tag a commit that has it

    error: `v2_17_0` is not ready: release date disagrees
     = note: expected  a day
     = note: found     2025-12-XX in lustre/ChangeLog line 1
     = help: write the day of the release into the change log

    error: `v2_17_0` is not ready: branch disagrees
     = note: expected  v2_17_0 on b2_17
     = note: found     not in the history of refs/heads/b2_17 at [ID]
     = help: tag a commit of b2_17, or name the branch that it is on in `on-branch`

    error: `v2_17_0` is not ready: last candidate disagrees
     = note: expected  v2_17_0-RC2, but for version files
     = note: found     differs in lustre/ChangeLog and 2 other files
     = note: lustre/utils/lctl.c
     = note: lustre/utils/lfs.c
     = help: tag another candidate with these changes first: nobody has tested the release as it is

    8 problems
    "#);
}

#[test]
fn snapshots_lead_to_the_next_release() {
    let sandbox = released();
    let (log, gen_) = (changelog("TBD", "2.18.0"), version_gen("2.17.57"));
    sandbox.commit("lustre", &[("lustre/ChangeLog", &log), ("LUSTRE-VERSION-GEN", &gen_)], "New tag 2.17.57");
    sandbox.git("lustre", &["tag", "v2_17_57"]);
    assert_snapshot!(shown(&sandbox.run(&["preflight", "m.toml", "--tag", "v2_17_57"])), @"
    exit code 6
    v2_17_57  m.toml  source `lustre` (lustre)
      ok              tag                 v2_17_57                  lightweight, commit [ID]
      not applicable  tag object          a lightweight tag has none
      problem         twin                v2_17_57 on [ID]  no tag `2.17.57`
      ok              LUSTRE-VERSION-GEN  2.17.57                   2.17.57
      not applicable  manifest version    another tag than the manifest's was asked for
      ok              change log          2.18.0                    2.18.0 in lustre/ChangeLog line 1
      not applicable  release date        TBD in lustre/ChangeLog line 1; a day is written for a release
      ok              branch              v2_17_57 on b2_17         in the history of refs/heads/b2_17
      not applicable  last candidate      not a release
    error: `v2_17_57` is not ready: twin disagrees
     = note: expected  v2_17_57 on [ID]
     = note: found     no tag `2.17.57`
     = help: tag the commit as `2.17.57` too
    ");
}

#[test]
fn what_is_not_there_cannot_disagree() {
    let sandbox = Sandbox::new();
    sandbox.repository("lustre", &[("COPYING", "GPL\n")], "v2_17_57");
    sandbox.write("m.toml", manifest(""));
    assert_snapshot!(shown(&sandbox.run(&["preflight", "m.toml"])), @"
    exit code 0
    v2_17_57  m.toml  source `lustre` (lustre)
      ok              tag                 v2_17_57  annotated, tag object [ID], commit [ID]
      ok              tag object          v2_17_57  v2_17_57
      not applicable  twin                this repository writes its tags in one spelling
      not applicable  LUSTRE-VERSION-GEN  the tree has no LUSTRE-VERSION-GEN
      ok              manifest version    2.17.57   2.17.57
      not applicable  change log          the manifest names no `changelog`
      not applicable  release date        the manifest names no `changelog`
      not applicable  branch              the manifest names no `on-branch`
      not applicable  last candidate      not a release
    ");
}

#[test]
fn a_branch_may_be_where_a_remote_had_it() {
    let sandbox = released();
    sandbox.git(".", &["clone", "--quiet", "--no-local", "lustre", "clone"]);
    sandbox.git("clone", &["checkout", "--quiet", "--detach"]);
    sandbox.git("clone", &["branch", "--quiet", "-D", "b2_17"]);
    let run = sandbox.run(&["preflight", "m.toml", "--source", "lustre=clone"]).success();
    assert!(run.contains("in the history of refs/remotes/origin/b2_17"), "{run}");
    // A history that is cut off gives no answer.
    sandbox.git(
        ".",
        &[
            "clone",
            "--quiet",
            "--depth=1",
            "--no-single-branch",
            &format!("file://{}", sandbox.path("lustre").display()),
            "shallow",
        ],
    );
    let run = sandbox.run(&["preflight", "m.toml", "--tag", "v2_17_0-RC1", "--source", "lustre=shallow"]);
    assert_snapshot!(shown(&run), @"
    exit code 4
    error: the history of `b2_17` is not whole, and does not lead to `v2_17_0-RC1`
     = note: the commit [ID] is not in the repository
     = note: source `lustre` (shallow)
     = help: fetch all of it: `git fetch --unshallow`
    ");
}

#[test]
fn the_report_as_json() {
    let sandbox = released();
    let json = sandbox.run(&["preflight", "m.toml", "--tag", "v2_17_0-RC1", "--json"]);
    assert_eq!(json.code, 0, "{}", json.stderr);
    let report: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(
        (report["tag"].as_str(), report["version"].as_str()),
        (Some("v2_17_0-RC1"), Some("2.17.0-RC1"))
    );
    let states: Vec<_> = report["checks"]
        .as_array()
        .expect("checks")
        .iter()
        .map(|check| check["state"].as_str().expect("a state"))
        .collect();
    assert_eq!(states[..3], ["ok", "ok", "ok"]);
    assert_eq!(states[3], "not_applicable", "{}", json.stdout);
}

#[test]
fn tags_that_cannot_be_checked() {
    let sandbox = released();
    sandbox.git("lustre", &["tag", "b2_17_base"]);
    assert_snapshot!(shown(&sandbox.run(&["preflight", "m.toml", "--tag", "v2_17_1"])), @"
    exit code 4
    error: there is no tag `v2_17_1`
     = note: source `lustre` (lustre)
     = help: did you mean `v2_17_0`?
    ");
    assert_snapshot!(shown(&sandbox.run(&["preflight", "m.toml", "--tag", "b2_17_base"])), @"
    exit code 2
    error: the tag `b2_17_base` is not a version of Lustre
     = note: source `lustre` (lustre)
     = help: expected a tag such as `v2_17_57` or `2.17.0-RC4`
    ");
    sandbox.write("branch.toml", manifest("").replace("tag = \"v2_17_57\"", "branch = \"b2_17\""));
    assert_snapshot!(shown(&sandbox.run(&["preflight", "branch.toml"])), @r#"
    exit code 3
    error: source `lustre` is at no tag, and a tag is what is checked
      --> branch.toml:12:10
       |
    12 | branch = "b2_17"
       |          ^^^^^^^ asked for here
       = help: name the tag to check with `--tag`
    "#);
    sandbox.write("other.toml", manifest_of("2.17.0", "v2_17_0").replace("\"b2_17\"", "\"b2_18\""));
    assert_snapshot!(shown(&sandbox.run(&["preflight", "other.toml"])), @"
    exit code 6
    v2_17_0  other.toml  source `lustre` (lustre)
      ok              tag                 v2_17_0                             annotated, tag object [ID], commit [ID]
      ok              tag object          v2_17_0                             v2_17_0
      ok              twin                v2_17_0 on [ID]             2.17.0 on [ID]
      ok              LUSTRE-VERSION-GEN  2.17.0                              2.17.0
      ok              manifest version    2.17.0                              2.17.0
      ok              change log          2.17.0                              2.17.0 in lustre/ChangeLog line 1
      ok              release date        a day                               2025-12-29 in lustre/ChangeLog line 1
      problem         branch              v2_17_0 on b2_18                    no branch `b2_18`
      ok              last candidate      v2_17_0-RC2, but for version files  differs in LUSTRE-VERSION-GEN, lustre/ChangeLog
    error: `v2_17_0` is not ready: branch disagrees
     = note: expected  v2_17_0 on b2_18
     = note: found     no branch `b2_18`
     = help: fetch the branch: source `lustre` (lustre)
    ");
}

/// A kernel source with a branch to be on is held to it too.
#[test]
fn every_source_is_on_its_branch() {
    let sandbox = released();
    sandbox.repository("linux", &[("fs/lustre/Makefile", "obj-m += lustre.o\n")], "v6.12.3");
    sandbox.git("linux", &["branch", "linux-6.12.y"]);
    sandbox.commit("linux", &[("fs/lustre/Kconfig", "config LUSTRE_FS\n")], "lustre: later");
    sandbox.git("linux", &["tag", "v6.12.10"]);
    let linux = "\n[source.linux]\ngit = \"linux\"\ntag = \"v6.12.*\"\non-branch = \"linux-6.12.y\"\n\
                 signature = \"none\"\n\n[[layer]]\nname = \"upstream\"\nsource = \"linux\"\n\
                 take = [{ from = \"fs/\" }]\n";
    sandbox.write("m.toml", manifest_of("2.17.0", "v2_17_0") + linux);
    let run = sandbox.run(&["preflight", "m.toml"]);
    assert_snapshot!(without_ids(&run.failure(6)), @"
    error: `v2_17_0` is not ready: branch of linux disagrees
     = note: expected  v6.12.10 on linux-6.12.y
     = note: found     not in the history of refs/heads/linux-6.12.y at [ID]
     = help: tag a commit of linux-6.12.y, or name the branch that it is on in `on-branch`
    ");
    sandbox.git("linux", &["branch", "--force", "linux-6.12.y", "master"]);
    let run = sandbox.run(&["preflight", "m.toml"]).success();
    assert!(run.contains("v6.12.10 on linux-6.12.y"), "{run}");
}
