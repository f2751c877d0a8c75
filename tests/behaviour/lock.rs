// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The lock: what it pins, when it is stale, and how a damaged one is told.

use std::fs;

use crate::runner::{Run, Sandbox, manifest};

const PATCH: &str = "--- a/COPYING\n+++ b/COPYING\n@@ -1 +1,2 @@\n GPL\n+version 2\n";

const WITH_FILES: &str = r#"
[[layer.patch]]
file = "licence.patch"
reason = "for a test"

[[template]]
file = "note.j2"
to = "NOTE"
"#;

/// A sandbox with a lock over a patch and a template.
fn locked() -> Sandbox {
    let sandbox = Sandbox::with_lustre();
    sandbox.write("m.toml", manifest(WITH_FILES));
    sandbox.write("licence.patch", PATCH);
    sandbox.write("note.j2", "{{ release.version }}\n");
    sandbox.run(&["lock", "m.toml"]).success();
    sandbox
}

fn with_date(sandbox: &Sandbox, epoch: &str, args: &[&str]) -> Run {
    sandbox.finish(sandbox.command(args).env("SOURCE_DATE_EPOCH", epoch))
}

#[test]
fn a_lock_pins_every_input() {
    let sandbox = locked();
    insta::assert_snapshot!(sandbox.read("m.lock"), @r#"
    # Written by `lustre-dist lock`. Commit it beside its manifest; do not edit it.
    schema = 1
    version = "2.17.57"
    source-date = 1767323045
    manifest = "005bc762bca8a793ecca4923bd9e75092faa64b4ef6265d088641b616cce9678"

    [file]
    "licence.patch" = "33cdab445824f242323046c2ebee7047fdb8402d9f64215f0e774e3fa5999d82"
    "note.j2" = "1dee997019145c46c7ecfb7d53f43e270a8fcaa6cec0338f0561835d536ac9ec"

    [source.lustre]
    wanted = "tag v2_17_57"
    ref = "refs/tags/v2_17_57"
    tag = "7006a4dd796ab7298702fe5a6bbde01c16a619a1"
    commit = "9e379b62e9a0888330880ee0f959569a3e4a5e00"
    tree = "128b6df43ece21020a3c49e24d181a47cc8a9ae6"
    date = 1767323045
    signature = "not-asked"
    "#);
    insta::assert_snapshot!(sandbox.run(&["lock", "m.toml"]).success(), @r"
    lustre 2.17.57  2026-01-02T03:04:05Z
      lustre     tag v2_17_57     9e379b62e9a0888330880ee0f959569a3e4a5e00  2026-01-02T03:04:05Z
    ");
}

#[test]
fn without_a_lock_a_locked_run_stops() {
    let sandbox = Sandbox::with_lustre();
    insta::assert_snapshot!(sandbox.refused(&["--locked"], 3), @r"
    error: there is no lock `m.lock`, and this run may not make one
     = help: run `lustre-dist lock m.toml` and commit the result
    ");
    insta::assert_snapshot!(sandbox.refusal(&["lock", "m.toml", "--check"], 3), @r"
    error: there is no lock `m.lock`, and this run may not make one
     = help: run `lustre-dist lock m.toml` and commit the result
    ");
}

#[test]
fn a_lock_that_stands_is_not_written_again() {
    let sandbox = locked();
    let written = |sandbox: &Sandbox| {
        fs::metadata(sandbox.path("m.lock")).and_then(|meta| meta.modified()).expect("a date")
    };
    let before = written(&sandbox);
    sandbox.run(&["lock", "m.toml"]).success();
    sandbox.run(&["lock", "m.toml", "--check"]).success();
    sandbox.run(&["lock", "m.toml", "--update", "lustre"]).success();
    sandbox.run(&["assemble", "m.toml"]).success();
    assert_eq!(written(&sandbox), before);
}

#[test]
fn a_stale_lock_shows_both_sides() {
    let sandbox = locked();
    sandbox.write("m.toml", format!("{}\n# a remark\n", manifest(WITH_FILES)));
    insta::assert_snapshot!(sandbox.refused(&["--locked"], 3), @r"
    error: the lock `m.lock` is stale, and this run may not change it
     = note: manifest  locked sha256 005bc762bca8  now 87500b48d3f1
     = help: run `lustre-dist lock m.toml` and look at what changes
    ");

    sandbox.write("m.toml", manifest(WITH_FILES));
    sandbox.run(&["lock", "m.toml", "--check"]).success();
    sandbox.write("licence.patch", format!("# a remark\n{PATCH}"));
    sandbox.write("note.j2", "other\n");
    insta::assert_snapshot!(sandbox.refusal(&["lock", "m.toml", "--check"], 3), @r"
    error: the lock `m.lock` is stale, and this run may not change it
     = note: file `licence.patch`  locked sha256 33cdab445824  now 54af38a49e55
     = note: file `note.j2`  locked sha256 1dee99701914  now 7e4fa2eb8c7a
     = help: run `lustre-dist lock m.toml` and look at what changes
    ");

    sandbox.write("licence.patch", PATCH);
    sandbox.write("note.j2", "{{ release.version }}\n");
    sandbox.commit("lustre", &[("COPYING", "GPL\n"), ("NEWS", "news\n")], "second");
    sandbox.retag("lustre", "v2_17_58", "HEAD");
    sandbox
        .write("m.toml", manifest(WITH_FILES).replace("2.17.57", "2.17.58").replace("v2_17_57", "v2_17_58"));
    insta::assert_snapshot!(sandbox.refused(&["--locked"], 3), @r"
    error: the lock `m.lock` is stale, and this run may not change it
     = note: version  locked 2.17.57  now 2.17.58
     = note: manifest  locked sha256 005bc762bca8  now c69aa84acd6a
     = note: source `lustre`: wanted  locked tag v2_17_57  now tag v2_17_58
     = note: source `lustre`: ref  locked refs/tags/v2_17_57  now refs/tags/v2_17_58
     = note: source `lustre`: tag object  locked 7006a4dd796ab7298702fe5a6bbde01c16a619a1  now bc6b8e0242a8b7876c45bb983957029e76a6f0e1
     = note: source `lustre`: commit  locked 9e379b62e9a0888330880ee0f959569a3e4a5e00  now 2c2e40e9e00f459f5b39b5e911fa6b996a39734a
     = note: source `lustre`: tree  locked 128b6df43ece21020a3c49e24d181a47cc8a9ae6  now 27133b7bd8e552732d038f624b51cf72934da6fb
     = help: run `lustre-dist lock m.toml` and look at what changes
    ");
    insta::assert_snapshot!(sandbox.run(&["lock", "m.toml"]).stderr, @r"
    wrote m.lock
      version  locked 2.17.57  now 2.17.58
      manifest  locked sha256 005bc762bca8  now c69aa84acd6a
      source `lustre`: wanted  locked tag v2_17_57  now tag v2_17_58
      source `lustre`: ref  locked refs/tags/v2_17_57  now refs/tags/v2_17_58
      source `lustre`: tag object  locked 7006a4dd796ab7298702fe5a6bbde01c16a619a1  now bc6b8e0242a8b7876c45bb983957029e76a6f0e1
      source `lustre`: commit  locked 9e379b62e9a0888330880ee0f959569a3e4a5e00  now 2c2e40e9e00f459f5b39b5e911fa6b996a39734a
      source `lustre`: tree  locked 128b6df43ece21020a3c49e24d181a47cc8a9ae6  now 27133b7bd8e552732d038f624b51cf72934da6fb
    ");
}

#[test]
fn a_source_that_came_or_went_makes_a_lock_stale() {
    let sandbox = Sandbox::with_lustre();
    sandbox.repository("linux", &[("fs/lustre/Kconfig", "config LUSTRE_FS\n")], "v6.12.10");
    let linux = r#"
[source.linux]
git = "linux"
tag = "v6.12.10"
signature = "none"

[[layer]]
name = "upstream"
source = "linux"
take = [{ from = "fs/lustre/" }]
"#;
    sandbox.run(&["lock", "m.toml"]).success();
    let pin = |sandbox: &Sandbox| {
        let lock = sandbox.read("m.lock");
        lock[lock.find("[source.lustre]").expect("the pin")..].to_owned()
    };
    let before = pin(&sandbox);
    sandbox.write("m.toml", manifest(linux));
    insta::assert_snapshot!(sandbox.refused(&["--locked"], 3), @r"
    error: the lock `m.lock` is stale, and this run may not change it
     = note: version  locked 2.17.57  now 2.17.57+k6.12.10
     = note: manifest  locked sha256 5c7b47af32a9  now 047e89c39929
     = note: source `linux`  not locked, now tag 6abafffa60dff767472d1e85f75909e16248fef3  commit d30d9d65f3e49a05cd495efba563ade45060e621  2026-01-02T03:04:05Z
     = help: run `lustre-dist lock m.toml` and look at what changes
    ");
    // What did not change keeps its pin.
    sandbox.run(&["lock", "m.toml"]).success();
    assert_eq!(pin(&sandbox), before);
    sandbox.write("m.toml", manifest(""));
    insta::assert_snapshot!(sandbox.refused(&["--locked"], 3), @r"
    error: the lock `m.lock` is stale, and this run may not change it
     = note: version  locked 2.17.57+k6.12.10  now 2.17.57
     = note: manifest  locked sha256 047e89c39929  now 5c7b47af32a9
     = note: source `linux`  locked, no longer in the manifest
     = help: run `lustre-dist lock m.toml` and look at what changes
    ");
    sandbox.run(&["lock", "m.toml"]).success();
    assert_eq!(pin(&sandbox), before);
}

#[test]
fn another_address_keeps_the_pins() {
    let sandbox = Sandbox::with_lustre();
    sandbox.git(".", &["clone", "--quiet", "--bare", "lustre", "bare.git"]);
    sandbox.run(&["lock", "m.toml"]).success();
    let before = sandbox.read("m.lock");
    sandbox.write("m.toml", manifest("").replace("git = \"lustre\"", "git = \"bare.git\""));
    let said = sandbox.refused(&["--locked"], 3);
    assert!(said.contains("manifest  locked sha256"), "{said}");
    sandbox.run(&["lock", "m.toml"]).success();
    let pins = |lock: &str| lock[lock.find("[source.lustre]").expect("the pin")..].to_owned();
    assert_eq!(pins(&sandbox.read("m.lock")), pins(&before));
}

#[test]
fn a_damaged_lock_is_told() {
    let sandbox = locked();
    let whole = sandbox.read("m.lock");
    let mut said = String::new();
    for (what, text) in [
        ("cut", whole[..whole.len() / 2].to_owned()),
        ("conflict", whole.replace("schema = 1", "<<<<<<< HEAD\nschema = 1")),
        ("empty", String::new()),
        ("unknown key", whole.replace("schema = 1", "schema = 1\nextra = true")),
        ("short id", whole.replace("\ncommit = \"", "\ncommit = \"0")),
        ("schema 0", whole.replace("schema = 1", "schema = 0")),
        ("newer", whole.replace("schema = 1", "schema = 2\nsignatures = [1]")),
        ("date", whole.replace("source-date = 1767323045", "source-date = 9223372036854775807")),
        ("negative date", whole.replace("source-date = 1767323045", "source-date = -1")),
    ] {
        assert_ne!(text, whole, "{what}");
        sandbox.write("m.lock", text);
        said.push_str(&format!("--- {what}\n{}", sandbox.refused(&[], 3)));
    }
    insta::assert_snapshot!(said, @r#"
    --- cut
    error: the lock `m.lock` is damaged
     --> m.lock:9:17
      |
    9 | "note.j2" = "1de
      |                 ^ invalid basic string, expected `"`
      = help: take it from your version control again, or remove it and run `lustre-dist lock`
    --- conflict
    error: the lock `m.lock` is damaged
     --> m.lock:2:9
      |
    2 | <<<<<<< HEAD
      |         ^ key with no value, expected `=`
      = help: take it from your version control again, or remove it and run `lustre-dist lock`
    --- empty
    error: the lock `m.lock` is damaged
     --> m.lock:1:1
      |
    1 |
      | ^ missing field `schema`
      = help: take it from your version control again, or remove it and run `lustre-dist lock`
    --- unknown key
    error: the lock `m.lock` is damaged
     --> m.lock:3:1
      |
    3 | extra = true
      | ^^^^^ unknown field `extra`, expected one of `schema`, `version`, `development`, `source-date`, `manifest`, `file`, `source`
      = help: take it from your version control again, or remove it and run `lustre-dist lock`
    --- short id
    error: the lock `m.lock` is damaged
      --> m.lock:15:10
       |
    15 | commit = "09e379b62e9a0888330880ee0f959569a3e4a5e00"
       |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `09e379b62e9a0888330880ee0f959569a3e4a5e00` is not 40 lower-case hexadecimal digits
       = help: take it from your version control again, or remove it and run `lustre-dist lock`
    --- schema 0
    error: the lock `m.lock` is damaged
     = note: schema 0 was never written
     = help: take it from your version control again, or remove it and run `lustre-dist lock`
    --- newer
    error: the lock `m.lock` has schema 2; 1 is known
     = help: it was written by a newer lustre-dist: use that one
    --- date
    error: the lock `m.lock` is damaged
     = note: no date is 9223372036854775807 seconds from 1970
     = help: take it from your version control again, or remove it and run `lustre-dist lock`
    --- negative date
    error: the lock `m.lock` is damaged
     --> m.lock:4:15
      |
    4 | source-date = -1
      |               ^^ invalid value: integer `-1`, expected u64
      = help: take it from your version control again, or remove it and run `lustre-dist lock`
    "#);
    fs::write(sandbox.path("m.lock"), b"\xff\xfe").expect("written");
    sandbox.run(&["lock", "m.toml"]).failure(3);
}

#[test]
fn a_lock_edited_by_hand_contradicts_the_source() {
    let sandbox = Sandbox::with_lustre();
    sandbox.commit("lustre", &[("COPYING", "new\n")], "second");
    sandbox.retag("lustre", "v2_17_58", "HEAD");
    sandbox.run(&["lock", "m.toml"]).success();
    let whole = sandbox.read("m.lock");
    let id = |name: &str| sandbox.git("lustre", &["rev-parse", name]);
    let (old, new) = ("v2_17_57", "v2_17_58");
    let mut said = String::new();
    for (what, code, text) in [
        ("tree", 3, whole.replace(&id("v2_17_57^{tree}"), &id("v2_17_58^{tree}"))),
        ("date", 3, whole.replace("\ndate = 1767323045", "\ndate = 1767323046")),
        ("commit", 3, whole.replace(&id("v2_17_57^{commit}"), &id("v2_17_58^{commit}"))),
        ("tag object", 4, whole.replace(&id(old), &id(new))),
        ("ref", 3, whole.replace("refs/tags/v2_17_57", "refs/tags/v2_17_58")),
        ("unknown commit", 4, whole.replace(&id("v2_17_57^{commit}"), &"1".repeat(40))),
    ] {
        assert_ne!(text, whole, "{what}");
        sandbox.write("m.lock", text);
        said.push_str(&format!("--- {what}\n{}", sandbox.refused(&[], code)));
    }
    insta::assert_snapshot!(said, @r#"
    --- tree
    error: the lock of source `lustre` contradicts its commit
      --> m.toml:12:7
       |
    12 | tag = "v2_17_57"
       |       ^^^^^^^^^^ source `lustre`
       = note: locked  tree 837c63dd910d01f3412063f30fe42193dd3887f3  2026-01-02T03:04:05Z
       = note: found   tree 128b6df43ece21020a3c49e24d181a47cc8a9ae6  2026-01-02T03:04:05Z
       = help: the lock was edited or damaged: take it from your version control again
    --- date
    error: the lock of source `lustre` contradicts its commit
      --> m.toml:12:7
       |
    12 | tag = "v2_17_57"
       |       ^^^^^^^^^^ source `lustre`
       = note: locked  tree 128b6df43ece21020a3c49e24d181a47cc8a9ae6  2026-01-02T03:04:06Z
       = note: found   tree 128b6df43ece21020a3c49e24d181a47cc8a9ae6  2026-01-02T03:04:05Z
       = help: the lock was edited or damaged: take it from your version control again
    --- commit
    error: the lock of source `lustre` contradicts its commit
      --> m.toml:12:7
       |
    12 | tag = "v2_17_57"
       |       ^^^^^^^^^^ source `lustre`
       = note: locked  tree 128b6df43ece21020a3c49e24d181a47cc8a9ae6  2026-01-02T03:04:05Z
       = note: found   tree 837c63dd910d01f3412063f30fe42193dd3887f3  2026-01-02T03:04:05Z
       = help: the lock was edited or damaged: take it from your version control again
    --- tag object
    error: tag `v2_17_57` moved since it was locked
      --> m.toml:12:7
       |
    12 | tag = "v2_17_57"
       |       ^^^^^^^^^^ source `lustre`
       = note: locked  tag 920af1bc0c75bf64f24721f006ad161b8cf88caf  commit 9e379b62e9a0888330880ee0f959569a3e4a5e00  2026-01-02T03:04:05Z
       = note: found   tag 7006a4dd796ab7298702fe5a6bbde01c16a619a1  commit 9e379b62e9a0888330880ee0f959569a3e4a5e00  2026-01-02T03:04:05Z
       = help: if this is intended, run `lustre-dist lock m.toml --update lustre`; otherwise ask upstream
    --- ref
    error: the lock of source `lustre` contradicts itself: its ref is not what was wanted
      --> m.toml:12:7
       |
    12 | tag = "v2_17_57"
       |       ^^^^^^^^^^ source `lustre`
       = note: locked  refs/tags/v2_17_58
       = note: found   tag v2_17_57
       = help: the lock was edited or damaged: take it from your version control again
    --- unknown commit
    error: the locked commit 1111111111111111111111111111111111111111 of source `lustre` is not in the repository
      --> m.toml:12:7
       |
    12 | tag = "v2_17_57"
       |       ^^^^^^^^^^ source `lustre`
       = note: looked for in lustre
       = help: fetch it there, or run `lustre-dist lock m.toml --update lustre`
    "#);
    // What follows from the rest is put right, and never under `--locked`.
    sandbox.write("m.lock", whole.replace("version = \"2.17.57\"", "version = \"2.17.99\""));
    sandbox.refused(&["--locked"], 3);
    sandbox.run(&["lock", "m.toml"]).success();
    assert_eq!(sandbox.read("m.lock"), whole);
}

#[test]
fn the_source_date_is_the_newest_commit_or_the_environments_word() {
    let sandbox = Sandbox::with_lustre();
    sandbox.git_at("2026-05-06T07:08:09Z", "lustre", &["commit", "--quiet", "--amend", "--no-edit"]);
    sandbox.retag("lustre", "v2_17_57", "HEAD");
    sandbox.run(&["lock", "m.toml"]).success();
    let plain = sandbox.read("m.lock");
    assert!(plain.contains("source-date = 1778051289"), "{plain}");
    let identity = sandbox.run(&["digest", "m.toml"]).success();

    // A lock that stands keeps its date, whatever the environment says later.
    for args in
        [&["lock", "m.toml"][..], &["lock", "m.toml", "--check"], &["lock", "m.toml", "--update", "lustre"]]
    {
        with_date(&sandbox, "1000000000", args).success();
        assert_eq!(sandbox.read("m.lock"), plain);
    }
    assert_eq!(with_date(&sandbox, "1000000000", &["digest", "m.toml", "--locked"]).success(), identity);

    fs::remove_file(sandbox.path("m.lock")).expect("removed");
    with_date(&sandbox, "1000000000", &["lock", "m.toml"]).success();
    let dated = sandbox.read("m.lock");
    assert!(dated.contains("source-date = 1000000000"), "{dated}");
    sandbox.run(&["lock", "m.toml", "--check"]).success();
    assert_ne!(sandbox.run(&["digest", "m.toml", "--locked"]).success(), identity);
    // An edit that moves no pin keeps the date too.
    sandbox.write("m.toml", format!("{}\n# a remark\n", manifest("")));
    with_date(&sandbox, "2000000000", &["lock", "m.toml"]).success();
    assert!(sandbox.read("m.lock").contains("source-date = 1000000000"));
}

#[test]
fn an_invalid_source_date_is_refused() {
    let sandbox = Sandbox::with_lustre();
    for epoch in ["", "yesterday", "-1", "1.5", "0x10", " 1", "99999999999", "18446744073709551616"] {
        let said = with_date(&sandbox, epoch, &["lock", "m.toml"]).failure(2);
        assert!(said.contains(&format!("SOURCE_DATE_EPOCH is `{epoch}`")), "{epoch}: {said}");
        assert!(!sandbox.path("m.lock").exists());
    }
    insta::assert_snapshot!(with_date(&sandbox, "yesterday", &["lock", "m.toml"]).failure(2), @r"
    error: SOURCE_DATE_EPOCH is `yesterday`
     = help: expected seconds since 1970 in decimal digits, or no such variable
    ");
    with_date(&sandbox, "0", &["lock", "m.toml"]).success();
    assert!(sandbox.read("m.lock").contains("source-date = 0\n"));
}

#[test]
fn an_update_names_a_source_of_the_manifest() {
    let sandbox = locked();
    insta::assert_snapshot!(sandbox.refusal(&["lock", "m.toml", "--update", "linux"], 2), @r"
    error: `--update linux`: the manifest has no source of that name
     = note: it has lustre
    ");
}

#[test]
fn a_lock_that_cannot_be_written_stops_the_run() {
    let sandbox = Sandbox::with_lustre();
    fs::create_dir(sandbox.path("m.lock")).expect("a folder in the way");
    sandbox.run(&["lock", "m.toml"]).failure(8);
    assert_eq!(sandbox.list("dist"), [""; 0]);
}
