// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `kernels`: the change log's lists, and what they say of one kernel.

use insta::assert_snapshot;

use crate::runner::{Sandbox, manifest};

pub const OF_2_15: &str = "\
2025-12-02  Example
       * version 2.15.8
       * Server primary kernels built and tested during release cycle:
         4.18.0-553.82.1.el8  (RHEL8.10)
       * Other server kernels known to build and work at some point (others may also work):
         3.10.0-1160.88.1.el7 (RHEL7.9)
         vanilla linux 5.4.136  (ZFS + ldiskfs)
       * ldiskfs needs an ldiskfs patch series for that kernel, ZFS does not
       * Client primary kernels built and tested during release cycle:
         5.14.0-611.7.1.el9   (RHEL9.7)
         6.4.0-150600.23.73   (SLES15 SP6)
       * Other clients known to build on these kernels at some point (others may also work):
         5.4.0-110            (Ubuntu 20.04)

--------------------------------------------------------------------------------

2025-06-10  Example
       * version 2.15.7
       * Server known to build on patched kernels:
         4.18.0-513.24.1.el8  (RHEL8.9)
";

pub const OF_2_18: &str = "\
TBD Example
       * version 2.18.0
       * Server primary kernels built and tested during release cycle:
         5.14.0-611.55.1.el9  (RHEL9.7)
       * Client primary kernels built and tested during release cycle:
         5.14.0-611.55.1.el9  (RHEL9.7)
         6.8.0-35             (Ubuntu 24.04)
       * Other clients known to build on these kernels at some point (others may also work):
         6.12.6               (vanilla kernel.org)
";

/// A manifest of `v2_17_57` that names its change log.
fn with_changelog(more: &str) -> String {
    manifest(more).replace("license =", "changelog = \"lustre/ChangeLog\"\nlicense =")
}

/// A repository with a release of 2.15 and a snapshot, and the manifest `m.toml`.
fn make(more: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository("lustre", &[("lustre/ChangeLog", OF_2_15)], "v2_15_8");
    sandbox.git("lustre", &["tag", "2.15.8"]);
    sandbox.commit("lustre", &[("lustre/ChangeLog", OF_2_18)], "LU-2 tests: another");
    sandbox.git("lustre", &["tag", "--annotate", "--message", "2.17.57", "v2_17_57"]);
    sandbox.write("m.toml", with_changelog(more));
    sandbox
}

const LINE: &str = "\n[line]\nid = \"mainline\"\nsupports = \">=4.18, <7.1\"\n";

#[test]
fn the_table_of_the_pinned_release() {
    let sandbox = make("");
    assert_snapshot!(sandbox.run(&["kernels", "m.toml"]).success(), @"
    2.17.57  v2_17_57  m.toml  lustre/ChangeLog of 2.18.0, TBD
    server, tested: 1
      RHEL        1  5.14.0-611.55.1.el9  RHEL9.7
    server, known to build: 0
    client, tested: 2
      RHEL        1  5.14.0-611.55.1.el9  RHEL9.7
      Ubuntu      1  6.8.0-35             Ubuntu 24.04
    client, known to build: 1
      vanilla     1  6.12.6  vanilla kernel.org
    ");
    assert_snapshot!(sandbox.run(&["kernels", "m.toml", "--release", "2.15.8"]).success(), @"
    2.15.8  v2_15_8  lustre/ChangeLog of 2.15.8, 2025-12-02
    server, tested: 1
      RHEL        1  4.18.0-553.82.1.el8  RHEL8.10
    server, known to build: 2
      RHEL        1  3.10.0-1160.88.1.el7  RHEL7.9
      vanilla     1  5.4.136               ZFS + ldiskfs
    client, tested: 2
      RHEL        1  5.14.0-611.7.1.el9  RHEL9.7
      SLES        1  6.4.0-150600.23.73  SLES15 SP6
    client, known to build: 1
      Ubuntu      1  5.4.0-110  Ubuntu 20.04
    ");
    let dotted = sandbox.run(&["kernels", "m.toml", "--release", "2.15.8"]).success();
    assert_eq!(sandbox.run(&["kernels", "m.toml", "--release", "v2_15_8"]).success(), dotted);
}

#[test]
fn the_table_as_json() {
    let sandbox = make("");
    let json = sandbox.run(&["kernels", "m.toml", "--json"]).success();
    let rows: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let row = &rows[0];
    assert_eq!((row["release"].as_str(), row["entry"].as_str()), (Some("2.17.57"), Some("2.18.0")));
    assert_eq!(row["date"], "TBD");
    assert_eq!(row["client"]["tested"]["ubuntu"][0]["kernel"], "6.8.0-35");
    assert_eq!(row["client"]["known"]["vanilla"][0]["label"], "vanilla kernel.org");
}

#[test]
fn manifests_of_the_current_folder_that_name_a_change_log() {
    let sandbox = make(LINE);
    sandbox.write(
        "manifests/one.toml",
        sandbox.read("m.toml").replace("git = \"lustre\"", "git = \"../lustre\""),
    );
    sandbox.write("manifests/other.toml", manifest(LINE).replace("git = \"lustre\"", "git = \"../lustre\""));
    let all = sandbox.run(&["kernels"]).success();
    assert!(all.starts_with("2.17.57  v2_17_57  manifests/one.toml  "), "{all}");
    assert_eq!(all.matches("lustre/ChangeLog of").count(), 1, "{all}");
    assert_eq!(sandbox.run(&["kernels", "--line", "mainline"]).success(), all);
    assert_snapshot!(sandbox.run(&["kernels", "--line", "lts-6.12"]).failure(2), @"
    error: no manifest of the line `lts-6.12` names a change log
     = help: those of mainline do
    ");
}

#[test]
fn what_releases_say_of_a_kernel() {
    let sandbox = make(LINE);
    assert_snapshot!(sandbox.run(&["kernels", "m.toml", "--for", "5.14.0-611.55.1.el9_7.x86_64"]).success(), @"
    5.14.0-611.55.1.el9_7.x86_64  counts as RHEL
    2.17.57  server  tested          exact: 5.14.0-611.55.1.el9 (RHEL9.7)
             client  tested          exact: 5.14.0-611.55.1.el9 (RHEL9.7)
    2.15.8   server  unknown
             client  tested          same RHEL 9.7 line: 5.14.0-611.7.1.el9 (RHEL9.7)
    ");
    assert_snapshot!(sandbox.run(&["kernels", "m.toml", "--for", "6.12.117+deb12-amd64"]).success(), @"
    6.12.117+deb12-amd64  counts as Debian and vanilla
    2.17.57  server  within range    a guess: the manifest supports >=4.18, <7.1
             client  known to build  same 6.12 series: 6.12.6 (vanilla kernel.org)
    2.15.8   server  unknown
             client  unknown
    ");
    assert_snapshot!(sandbox.run(&["kernels", "m.toml", "--for", "6.1.140-154.222.amzn2023.x86_64"]).success(), @"
    6.1.140-154.222.amzn2023.x86_64  of no form that is known: only the very same text counts as listed
    2.17.57  server  within range    a guess: the manifest supports >=4.18, <7.1
             client  within range    a guess: the manifest supports >=4.18, <7.1
    2.15.8   server  unknown
             client  within range    a guess: kernels from 5.4 to 6.4 are listed
    ");
    // A line or a release narrows the question.
    let one = sandbox.run(&["kernels", "m.toml", "--for", "6.8.0-40-generic", "--release", "2.15.8"]);
    assert_snapshot!(one.failure(5), @"
    no release that was asked knows the kernel `6.8.0-40-generic`
    a release that nobody has listed it for may still build: try it
    ");
    let line = sandbox.run(&["kernels", "m.toml", "--for", "6.8.0-40-generic", "--line", "mainline"]);
    assert_snapshot!(line.success(), @"
    6.8.0-40-generic  counts as Ubuntu
    2.17.57  server  within range    a guess: the manifest supports >=4.18, <7.1
             client  tested          later ABI of 6.8.0, Ubuntu 24.04: 6.8.0-35 (Ubuntu 24.04)
    ");
}

#[test]
fn answers_as_json() {
    let sandbox = make(LINE);
    let json = sandbox.run(&["kernels", "m.toml", "--for", "6.4.0-150600.23.78-default", "--json"]).success();
    let answer: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(answer["kernel"], "6.4.0-150600.23.78-default");
    assert_eq!(answer["counts_as"], serde_json::json!(["sles"]));
    assert_eq!(
        answer["releases"][1]["client"],
        serde_json::json!({
            "answer": "tested", "closeness": "same_line", "distribution": "sles",
            "kernel": "6.4.0-150600.23.73", "label": "SLES15 SP6",
        })
    );
    assert_eq!(
        answer["releases"][0]["server"],
        serde_json::json!({
            "answer": "within_range", "range": { "from": "manifest", "supports": ">=4.18, <7.1" },
        })
    );
    assert_eq!(answer["releases"][1]["server"]["answer"], "unknown");
}

#[test]
fn a_kernel_that_nobody_knows_is_nothing_to_use() {
    let sandbox = make("");
    let run = sandbox.run(&["kernels", "m.toml", "--for", "7.5.0"]);
    assert_eq!(run.code, 5);
    assert_snapshot!(run.stdout, @"
    7.5.0  counts as vanilla
    2.17.57  server  unknown
             client  unknown
    2.15.8   server  unknown
             client  unknown
    ");
    assert_snapshot!(run.stderr, @"
    no release that was asked knows the kernel `7.5.0`
    a release that nobody has listed it for may still build: try it
    ");
}

#[test]
fn lines_that_cannot_be_read_are_told() {
    let sandbox = make("");
    let odd = OF_2_18.replace("6.8.0-35             (Ubuntu 24.04)", "6.8.0-35 and later on Ubuntu");
    sandbox.commit("lustre", &[("lustre/ChangeLog", &odd)], "LU-3 tests: odd");
    sandbox.git("lustre", &["tag", "--force", "v2_17_57"]);
    let run = sandbox.run(&["kernels", "m.toml"]);
    assert_snapshot!(run.stderr, @"v2_17_57: lustre/ChangeLog line 7 names no kernel that can be read: 6.8.0-35 and later on Ubuntu");
    assert!(!run.success().contains("Ubuntu"));
}

#[test]
fn questions_that_cannot_be_answered() {
    let sandbox = make("");
    sandbox.write("plain.toml", manifest(""));
    sandbox.write("elsewhere.toml", with_changelog("").replace("lustre/ChangeLog", "lnet/ChangeLog"));
    assert_snapshot!(sandbox.run(&["kernels", "plain.toml"]).failure(3), @r#"
    error: the manifest names no change log
     --> plain.toml:4:8
      |
    4 | name = "lustre"
      |        ^^^^^^^^ of this release
      = help: where the source has one, add `changelog = "lustre/ChangeLog"` to [release]
    "#);
    assert_snapshot!(sandbox.run(&["kernels", "elsewhere.toml"]).failure(3), @r#"
    error: the change log `lnet/ChangeLog` is not in the commit
     --> elsewhere.toml:7:13
      |
    7 | changelog = "lnet/ChangeLog"
      |             ^^^^^^^^^^^^^^^^ named here
      = note: commit cf94202d7a60a8da8d7f4af14476d13248343bf3 of source `lustre` (lustre)
      = help: name the file in that source, such as `lustre/ChangeLog`
    "#);
    assert_snapshot!(sandbox.run(&["kernels", "m.toml", "--release", "2.15.9"]).failure(4), @"
    error: no tag names the release 2.15.9
     = note: looked for in source `lustre` (lustre)
     = help: it has 2.15.8
    ");
    assert_snapshot!(sandbox.run(&["kernels", "m.toml", "--release", "2.12.9"]).failure(4), @"
    error: no tag names the release 2.12.9
     = note: looked for in source `lustre` (lustre)
     = help: it has 2.15.8
    ");
    assert_snapshot!(sandbox.run(&["kernels", "m.toml", "--release", "latest"]).failure(2), @"
    error: `--release latest` is not a version of Lustre
     = help: expected one such as `2.15.8`, `v2_15_8` or `2.17.0-RC4`
    ");
    assert_snapshot!(sandbox.run(&["kernels", "m.toml", "--for", "Linux 6.12"]).failure(2), @"
    error: `--for Linux 6.12`: `Linux 6.12` is not a kernel release: expected a kernel's major number at character 1 (`Linux 6.12`)
     = help: give what `uname -r` prints, such as `5.14.0-611.55.1.el9_7.x86_64` or `6.8.0-35-generic`
    ");
    assert_snapshot!(sandbox.run(&["kernels"]).failure(2), @"
    error: there is no folder `manifests` here
     = help: name manifests, or folders of them
    ");
}

#[test]
fn the_release_says_which_kernels_it_knows() {
    let sandbox = make("");
    sandbox.run(&["assemble", "m.toml"]).success();
    let text = sandbox.read("dist/lustre-2.17.57/lustre-2.17.57.release.json");
    let release: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let kernels = &release["kernels"];
    assert_eq!(kernels["entry"], "2.18.0");
    assert_eq!(kernels["server"]["tested"]["rhel"][0]["kernel"], "5.14.0-611.55.1.el9");
    // What is described is read back: the second run finds the release made.
    assert!(sandbox.run(&["assemble", "m.toml"]).success().contains("2.17.57"));
}

/// The source's own change log counts: nobody upstream tested what a patch adds to it.
#[test]
fn a_patch_of_the_change_log_does_not_count() {
    let sandbox = make("\n[[layer.patch]]\nfile = \"more.patch\"\nreason = \"for the tests\"\n");
    sandbox.write(
        "more.patch",
        "LU-4 tests: more\n\n--- a/lustre/ChangeLog\n+++ b/lustre/ChangeLog\n@@ -1,4 +1,5 @@\n TBD Example\n        \
         * version 2.18.0\n        * Server primary kernels built and tested during release cycle:\n\
         +         6.18.1 (vanilla kernel.org)\n          5.14.0-611.55.1.el9  (RHEL9.7)\n",
    );
    sandbox.run(&["assemble", "m.toml"]).success();
    let text = sandbox.read("dist/lustre-2.17.57/lustre-2.17.57.release.json");
    assert!(text.contains("more.patch") && !text.contains("6.18.1"), "{text}");
}

#[test]
fn a_change_log_without_lists_stops_the_release() {
    let sandbox = make("");
    sandbox.commit("lustre", &[("lustre/ChangeLog", "2026-01-01 Example\n  * version 2.18.0\n")], "LU-5");
    sandbox.git("lustre", &["tag", "--force", "v2_17_57"]);
    assert_snapshot!(sandbox.run(&["assemble", "m.toml"]).failure(3), @r#"
    error: the change log `lustre/ChangeLog` lists no kernel in its first entry, line 1
     --> m.toml:7:13
      |
    7 | changelog = "lustre/ChangeLog"
      |             ^^^^^^^^^^^^^^^^^^ named here
      = note: commit 8d89dd3e97815dbead4085eb33a57b01ecfce063 of source `lustre` (lustre)
      = help: expected headings such as `* Server primary kernels built and tested during release cycle:`; leave `changelog` out where there are none
    "#);
    sandbox.commit("lustre", &[("lustre/ChangeLog", "Fixed bugs.\n")], "LU-6");
    sandbox.git("lustre", &["tag", "--force", "v2_17_57"]);
    assert_snapshot!(sandbox.run(&["plan", "m.toml"]).failure(3), @r#"
    error: the change log `lustre/ChangeLog` has no entry of a release
     --> m.toml:7:13
      |
    7 | changelog = "lustre/ChangeLog"
      |             ^^^^^^^^^^^^^^^^^^ named here
      = note: commit 2ee02d5604f6d466d42761b0812b6271613a70e5 of source `lustre` (lustre)
      = help: expected a line such as `2025-12-29 Whamcloud` and `* version 2.17.0` below it
    "#);
    sandbox.write("elsewhere.toml", with_changelog("").replace("lustre/ChangeLog", "lnet/ChangeLog"));
    assert_snapshot!(sandbox.run(&["assemble", "elsewhere.toml"]).failure(3), @r#"
    error: the change log `lnet/ChangeLog` is not in the commit
     --> elsewhere.toml:7:13
      |
    7 | changelog = "lnet/ChangeLog"
      |             ^^^^^^^^^^^^^^^^ named here
      = note: commit 2ee02d5604f6d466d42761b0812b6271613a70e5 of source `lustre` (lustre)
      = help: name the file in that source, such as `lustre/ChangeLog`
    "#);
    assert_eq!(sandbox.list("dist"), Vec::<String>::new());
}

/// A mirror without the change log's blob can still make a partial release.
#[test]
fn a_change_log_that_the_mirror_lacks() {
    let sandbox = make("");
    let blob = sandbox.git("lustre", &["rev-parse", "v2_17_57:lustre/ChangeLog"]);
    std::fs::remove_file(sandbox.path(&format!("lustre/.git/objects/{}/{}", &blob[..2], &blob[2..])))
        .expect("a blob");
    assert_snapshot!(sandbox.run(&["plan", "m.toml"]).failure(4), @r#"
    error: the change log `lustre/ChangeLog` cannot be read: its blob c59897070b2051beeb521308b3727afb3d3f2688 is not in the repository
     --> m.toml:7:13
      |
    7 | changelog = "lustre/ChangeLog"
      |             ^^^^^^^^^^^^^^^^^^ named here
      = note: commit cf94202d7a60a8da8d7f4af14476d13248343bf3 of source `lustre` (lustre)
      = help: fetch from a repository that has it, or leave it out of this run with `--leave-out`
    "#);
    sandbox.run(&["assemble", "m.toml", "--leave-out", "lustre/ChangeLog"]).success();
    let text = sandbox.read("dist/lustre-2.17.57/lustre-2.17.57.release.json");
    assert!(text.contains("\"left_out\"") && !text.contains("\"kernels\""), "{text}");
}
