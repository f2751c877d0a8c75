// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a release's changes are counted from, and the record of them.

use std::fs;

use insta::assert_snapshot;

use crate::changes::{history, manifest};
use crate::runner::Sandbox;

const TITLE: &str = "lustre-2.17.0";

fn record(sandbox: &Sandbox, out: &str) -> String {
    sandbox.read(&format!("{out}/{TITLE}/{TITLE}.changes.md"))
}

fn without_ids(sandbox: &Sandbox, text: &str) -> String {
    let mut text = text.to_owned();
    for (nth, id) in sandbox.git("lustre", &["rev-list", "--all", "--date-order"]).lines().enumerate() {
        text = text.replace(id, &format!("<id {nth}>")).replace(&id[..12], &format!("<short {nth}>"));
    }
    text
}

#[test]
fn the_record_stands_beside_the_release_and_in_its_sums() {
    let sandbox = Sandbox::new();
    history(&sandbox);
    sandbox.write("m.toml", manifest("since = \"v2_16_0\"\n"));
    sandbox.run(&["assemble", "m.toml"]).success();
    assert_snapshot!(without_ids(&sandbox, &record(&sandbox, "dist")), @r#"
    # Changes in lustre 2.17.0

    ## Source lustre: v2_16_0 to v2_17_0

    From commit `<id 7>`  
    to commit `<id 0>`.

    | layer | commits | files added | changed | removed |
    | --- | ---: | ---: | ---: | ---: |
    | upstream | 2 | 1 | 1 | 1 |
    | compat | 1 | 0 | 1 | 0 |
    | userspace | 2 | 1 | 0 | 1 |
    | not in the tarball | 1 | 0 | 1 | 0 |
    | **all** | 7 | 2 | 3 | 2 |

    A commit that touches several layers counts in each. Merges (1) and commits without files (1) count in none. A file that was renamed is one removed and one added.

    ### upstream

    - LU-5 fs: rename inode.c (A. Author, 2026-01-02) `<short 3>`
    - LU-2 EX-3: mount: two layers at once (A. Author, 2026-01-02) `<short 6>`

    <details><summary>1 file added</summary>

    - `fs/node.c`

    </details>

    <details><summary>1 file removed</summary>

    - `fs/inode.c`

    </details>

    ### compat

    - LU-2 EX-3: mount: two layers at once (A. Author, 2026-01-02) `<short 6>`

    ### userspace

    - Revert "LU-7 utils: \<b\>\*lfs\*\</b\> \[x\](y)" (A. Author, 2026-01-02) `<short 0>`
    - LU-6 utils: lctl (A. Author, 2026-01-02) `<short 2>`

    <details><summary>1 file added</summary>

    - `utils/lctl.c`

    </details>

    <details><summary>1 file removed</summary>

    - `utils/lfs.c`

    </details>
    "#);
    let sums = sandbox.read(&format!("dist/{TITLE}/{TITLE}.SHA256SUMS"));
    assert!(sums.contains(&format!("  {TITLE}.changes.md\n")), "{sums}");
    let lock = sandbox.read("m.lock");
    let from = sandbox.git("lustre", &["rev-parse", "v2_16_0^{commit}"]);
    assert!(
        lock.contains(&format!("[source.lustre.since]\ntag = \"v2_16_0\"\ncommit = \"{from}\"\n")),
        "{lock}"
    );

    // Made already: it is hashed again like every other file.
    let again = sandbox.run(&["assemble", "m.toml", "--locked"]).success();
    assert!(again.contains("was there"), "{again}");
    let path = sandbox.path(&format!("dist/{TITLE}/{TITLE}.changes.md"));
    fs::write(&path, "nothing happened\n").expect("a file");
    let error = sandbox.run(&["assemble", "m.toml"]).failure(6);
    assert!(error.contains("changes.md` is not the file that was released"), "{error}");
    // Nor is it enough to take it out of the sums.
    fs::remove_file(&path).expect("a file");
    let sums: String =
        sums.lines().filter(|line| !line.contains("changes.md")).map(|line| format!("{line}\n")).collect();
    sandbox.write(&format!("dist/{TITLE}/{TITLE}.SHA256SUMS"), sums);
    let error = sandbox.run(&["assemble", "m.toml"]).failure(6);
    assert!(error.contains("changes.md` is not named in the checksums"), "{error}");
}

#[test]
fn without_since_there_is_no_record() {
    let sandbox = Sandbox::new();
    history(&sandbox);
    sandbox.run(&["assemble", "m.toml"]).success();
    assert!(!sandbox.path(&format!("dist/{TITLE}/{TITLE}.changes.md")).exists());
    assert!(!sandbox.read("m.lock").contains("since"));
}

#[test]
fn branches_that_move_have_no_say_in_the_record() {
    let sandbox = Sandbox::new();
    history(&sandbox);
    sandbox.write("m.toml", manifest("since = \"v2_16_0\"\n"));
    sandbox.run(&["assemble", "m.toml", "--out", "before", "-j", "1"]).success();
    let change = "Change-Id: I0123456789012345678901234567890123456789";
    sandbox.commit("lustre", &[("fs/super.c", "later\n")], &format!("LU-99 later\n\n{change}"));
    sandbox.run(&["assemble", "m.toml", "--out", "after", "-j", "4", "--locked"]).success();
    assert_eq!(record(&sandbox, "before"), record(&sandbox, "after"));
}

#[test]
fn previous_is_what_the_lock_had_before_it_moved() {
    let sandbox = Sandbox::new();
    history(&sandbox);
    let asks = |version: &str, tag: &str| {
        let text = manifest("since = \"previous\"\n")
            .replace("version = \"2.17.0\"", &format!("version = \"{version}\""));
        sandbox.write("m.toml", text.replace("tag = \"v2_17_0\"", &format!("tag = \"{tag}\"")));
    };
    let since =
        || sandbox.read("m.lock").split_once("[source.lustre.since]\n").map(|(_, since)| since.to_owned());
    asks("2.16.0", "v2_16_0");
    sandbox.run(&["assemble", "m.toml"]).success();
    assert_eq!(since(), None);
    assert!(!sandbox.path("dist/lustre-2.16.0/lustre-2.16.0.changes.md").exists());

    // The pin moves, and stays.
    asks("2.17.0", "v2_17_0");
    let told = sandbox.run(&["lock", "m.toml"]);
    assert!(told.stderr.contains("changes since  locked none  now v2_16_0  commit "), "{}", told.stderr);
    let from = sandbox.git("lustre", &["rev-parse", "v2_16_0^{commit}"]);
    let expected = Some(format!("tag = \"v2_16_0\"\ncommit = \"{from}\"\n"));
    assert_eq!(since(), expected);
    sandbox.run(&["lock", "m.toml", "--update", "lustre"]).success();
    assert_eq!(since(), expected);
    sandbox.run(&["assemble", "m.toml", "--locked"]).success();
    assert!(record(&sandbox, "dist").contains("## Source lustre: v2_16_0 to v2_17_0\n"));

    // What is no longer asked for is no longer pinned.
    sandbox.write("m.toml", manifest(""));
    sandbox.run(&["lock", "m.toml"]).success();
    assert_eq!(since(), None);
}

#[test]
fn a_tag_that_is_not_there_or_moved() {
    let sandbox = Sandbox::new();
    history(&sandbox);
    sandbox.write("m.toml", manifest("since = \"v2_61_0\"\n"));
    assert_snapshot!(sandbox.run(&["lock", "m.toml"]).failure(4), @r#"
    error: source `lustre` has no tag `v2_61_0`
      --> m.toml:14:9
       |
    14 | since = "v2_61_0"
       |         ^^^^^^^^^ changes are counted from here
       = note: looked for in lustre
       = help: did you mean `v2_16_0`?
    "#);
    sandbox.write("m.toml", manifest("since = \"v2_16_0\"\n"));
    sandbox.run(&["lock", "m.toml"]).success();
    sandbox.git("lustre", &["tag", "--force", "--annotate", "--message", "2.16.0", "v2_16_0", "side"]);
    assert_snapshot!(without_ids(&sandbox, &sandbox.run(&["lock", "m.toml"]).failure(4)), @r#"
    error: tag `v2_16_0` moved since it was locked
      --> m.toml:14:9
       |
    14 | since = "v2_16_0"
       |         ^^^^^^^^^ changes are counted from here
       = note: locked  <id 7>
       = note: found   <id 2>
       = help: if this is intended, run `lustre-dist lock m.toml --update lustre`; otherwise ask upstream
    "#);
    sandbox.run(&["lock", "m.toml", "--update", "lustre"]).success();
    assert!(sandbox.read("m.lock").contains(&sandbox.git("lustre", &["rev-parse", "side"])));
    // Without the tag, the lock is believed.
    sandbox.git("lustre", &["tag", "--delete", "v2_16_0"]);
    sandbox.run(&["lock", "m.toml", "--check"]).success();
}

#[test]
fn since_a_later_release() {
    let sandbox = Sandbox::new();
    history(&sandbox);
    sandbox.commit("lustre", &[], "later");
    sandbox.git("lustre", &["tag", "v2_18_0"]);
    sandbox.write("m.toml", manifest("since = \"v2_18_0\"\n"));
    let error = sandbox.run(&["assemble", "m.toml"]).failure(3);
    assert_snapshot!(without_ids(&sandbox, &error), @r#"
    error: no commit is in `v2_18_0..v2_17_0`: `v2_17_0` is the older one
      --> m.toml:14:9
       |
    14 | since = "v2_18_0"
       |         ^^^^^^^^^ changes are counted from here
       = note: from  <id 0>
       = note: to    <id 1>, which the former descends from
       = help: expected a release that this one descends from
    "#);
    assert!(sandbox.list("dist").is_empty());
}

#[test]
fn a_shallow_clone_makes_a_release_but_not_its_changes() {
    let sandbox = Sandbox::new();
    history(&sandbox);
    sandbox.write("m.toml", manifest("since = \"v2_16_0\"\n"));
    sandbox.run(&["lock", "m.toml"]).success();
    let url = format!("file://{}", sandbox.path("lustre").display());
    sandbox.git(".", &["clone", "--quiet", "--bare", "--depth", "1", "--branch", "v2_17_0", &url, "flat"]);
    let error = sandbox.run(&["assemble", "m.toml", "--locked", "--source", "lustre=flat"]).failure(4);
    assert_snapshot!(without_ids(&sandbox, &error), @r#"
    error: the history of `v2_16_0..v2_17_0` is not whole: the commit <id 7> is missing
      --> m.toml:14:9
       |
    14 | since = "v2_16_0"
       |         ^^^^^^^^^ changes are counted from here
       = note: looked for in flat
       = help: a shallow clone has no history: `git fetch --unshallow --tags` there, or give a whole clone with `--source NAME=PATH`
    "#);
    assert!(sandbox.list("dist").is_empty());
    // The bytes of the tarball do not hang on history.
    let whole = sandbox.run(&["digest", "m.toml", "--locked"]).success();
    assert_eq!(sandbox.run(&["digest", "m.toml", "--locked", "--source", "lustre=flat"]).success(), whole);
    // Without `since` nothing is asked of history.
    sandbox.write("n.toml", manifest(""));
    sandbox.run(&["assemble", "n.toml", "--source", "lustre=flat"]).success();
}
