// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Releases that are published, and those that are not.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use serde_json::Value;

use crate::keymaker::Owner;
use crate::published::{TITLE, derived, fake, fake_in, released, store, whole};
use crate::runner::{Run, Sandbox};

const RELEASE: &str = "dist/lustre-2.17.57";
/// What a fake release can be put through.
const UNCHECKED: [&str; 2] = ["--steps", "upload,verify,index"];

/// Runs `publish`, quiet on what it moves.
fn publish(sandbox: &Sandbox, release: &str, more: &[&str]) -> Run {
    sandbox
        .run(&[&["publish", release, "--to", "repo", "--keys", "keys", "--log-style", "json"], more].concat())
}

/// What went wrong, without what was moved before.
fn refused(sandbox: &Sandbox, release: &str, code: i32, more: &[&str]) -> String {
    let args = [&["publish", release, "--to", "repo", "--keys", "keys", "-q"], more].concat();
    masked(&sandbox.run(&args).failure(code))
}

/// A text without digests and lengths: they change with every version of the tool.
fn masked(text: &str) -> String {
    let is_digest = |word: &str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mask = |word: &str| if is_digest(word) { "[SHA256]".to_owned() } else { word.to_owned() };
    let mut masked = String::new();
    for line in text.split_inclusive('\n') {
        // Lengths stand last, behind the digest.
        match line.strip_suffix(" bytes\n").and_then(|line| line.rsplit_once("  ")) {
            Some((line, _)) => masked.push_str(&format!("{}  N bytes\n", masked_words(line, mask))),
            None => masked.push_str(&masked_words(line, mask)),
        }
    }
    masked
}

fn masked_words(text: &str, mask: impl Fn(&str) -> String) -> String {
    let mut masked = String::new();
    for piece in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let word = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        masked.push_str(&mask(word));
        masked.push_str(&piece[word.len()..]);
    }
    masked
}

fn first(sandbox: &Sandbox) -> String {
    publish(sandbox, RELEASE, &["--init", "--publish-unsigned"]).success()
}

fn root(sandbox: &Sandbox) -> Vec<u8> {
    fs::read(sandbox.path("keys/root.json")).expect("a pinned root")
}

fn titles(sandbox: &Sandbox) -> BTreeSet<String> {
    let store = store(sandbox, "repo");
    derived(&store, &root(sandbox));
    whole(&store, &root(sandbox), &mut BTreeSet::new())
}

fn feed(sandbox: &Sandbox) -> Value {
    serde_json::from_str(&sandbox.read("repo/releases.json")).expect("JSON")
}

#[test]
fn a_release_is_published_once_and_again() {
    let sandbox = released();
    assert_snapshot!(first(&sandbox), @"
    repo
      repo     made; its keys are in keys
      check    good
      upload   8 files sent, 0 were there; 16.4 kB in all
      verify   8 files read back from repo
      index    lustre-2.17.57 in version 2
      files    lts-6.12/SHA256SUMS, style.css, site.js, lts-6.12/lustre-2.17.57.html, lts-6.12/index.html, index.html, releases.json
    lustre-2.17.57  published  lts-6.12/
    ");
    assert_eq!(titles(&sandbox), BTreeSet::from([TITLE.to_owned()]));
    assert_snapshot!(masked(&sandbox.read("repo/releases.json")), @r#"
    {
      "latest_stable": null,
      "latest": {},
      "releases": [
        {
          "moniker": "longterm",
          "version": "2.17.57",
          "iseol": false,
          "released": {
            "timestamp": 1767323045,
            "isodate": "2026-01-02"
          },
          "source": "lts-6.12/lustre-2.17.57.tar.xz",
          "pgp": null,
          "patch": {
            "full": null,
            "incremental": null
          },
          "changelog": null,
          "gitweb": null,
          "diffview": null,
          "name": "lustre",
          "line": "lts-6.12",
          "supports": ">=4.18, <7.1",
          "kernel_min": "4.18",
          "kernel_max": "7.0",
          "retracted": null,
          "release_json": {
            "path": "lts-6.12/lustre-2.17.57.release.json",
            "sha256": "[SHA256]"
          }
        }
      ],
      "metadata_version": 2
    }
    "#);
    let before = sandbox.list("repo");
    assert_snapshot!(publish(&sandbox, RELEASE, &["--publish-unsigned"]).success(), @"
    repo
      check    good
      upload   0 files sent, 8 were there; 16.4 kB in all
      verify   8 files read back from repo
      index    nothing new
    lustre-2.17.57  was published  lts-6.12/
    ");
    assert_eq!(sandbox.list("repo"), before);
    let names: Vec<&str> =
        before.iter().filter(|path| !path.contains("targets/")).map(String::as_str).collect();
    assert_snapshot!(names.join("\n"), @"
    .aside
    .lock
    index.html
    lts-6.12
    lts-6.12/SHA256SUMS
    lts-6.12/index.html
    lts-6.12/lustre-2.17.57.SHA256SUMS
    lts-6.12/lustre-2.17.57.html
    lts-6.12/lustre-2.17.57.intoto.json
    lts-6.12/lustre-2.17.57.origins.jsonl
    lts-6.12/lustre-2.17.57.release.json
    lts-6.12/lustre-2.17.57.spdx.json
    lts-6.12/lustre-2.17.57.tar.gz
    lts-6.12/lustre-2.17.57.tar.xz
    metadata
    metadata/1.root.json
    metadata/1.snapshot.json
    metadata/1.targets.json
    metadata/2.snapshot.json
    metadata/2.targets.json
    metadata/timestamp.json
    releases.json
    root.json
    site.js
    style.css
    targets
    ");
}

#[test]
fn what_would_be_done_is_told_and_not_done() {
    let sandbox = released();
    let dry = ["--init", "--publish-unsigned", "--dry-run"];
    assert_snapshot!(publish(&sandbox, RELEASE, &dry).success(), @"
    repo
      repo     would be made; its keys are in keys
      check    good
    lustre-2.17.57  would be published  lts-6.12/
    ");
    assert!(!sandbox.path("repo").exists() && !sandbox.path("keys").exists());
    first(&sandbox);
    let before = sandbox.list("repo");
    let more = fake(&sandbox, "2.17.58");
    let dry = [&UNCHECKED[..], &["--dry-run", "--json"]].concat();
    let told: Value = serde_json::from_str(&publish(&sandbox, &more, &dry).success()).expect("JSON");
    assert_eq!(told["releases"][0]["state"], "would be published");
    assert_eq!(told["releases"][0]["files"][0]["state"], "would be uploaded");
    assert_eq!(told["index"]["new"][0], "lustre-2.17.58");
    assert_eq!(sandbox.list("repo"), before);
}

#[test]
fn steps_may_be_taken_apart() {
    let sandbox = released();
    first(&sandbox);
    let more = fake(&sandbox, "2.17.58");
    publish(&sandbox, &more, &["--steps", "upload"]).success();
    assert_eq!(titles(&sandbox).len(), 1);
    publish(&sandbox, &more, &["--steps", "verify,index"]).success();
    assert_eq!(titles(&sandbox).len(), 2);
    // Without the step that reads what readers get, it is the store that is looked at.
    let told =
        publish(&sandbox, &more, &["--steps", "index", "--public-url", "http://127.0.0.1:1"]).success();
    assert!(told.contains("files read back from repo\n"), "{told}");
    // Nothing enters the index that is not there.
    let absent = fake(&sandbox, "2.17.59");
    assert_snapshot!(refused(&sandbox, &absent, 6, &["--steps", "index"]), @"
    error: `lts-6.12/lustre-2.17.59.intoto.json` is not at `repo`
     = note: expected  sha256 [SHA256]  N bytes
     = help: is that where the store is served? a cache may still say that there is nothing; nothing was added to the index

    error: `lts-6.12/lustre-2.17.59.origins.jsonl` is not at `repo`
     = note: expected  sha256 [SHA256]  N bytes
     = help: is that where the store is served? a cache may still say that there is nothing; nothing was added to the index

    error: `lts-6.12/lustre-2.17.59.release.json` is not at `repo`
     = note: expected  sha256 [SHA256]  N bytes
     = help: is that where the store is served? a cache may still say that there is nothing; nothing was added to the index

    error: `lts-6.12/lustre-2.17.59.spdx.json` is not at `repo`
     = note: expected  sha256 [SHA256]  N bytes
     = help: is that where the store is served? a cache may still say that there is nothing; nothing was added to the index

    error: `lts-6.12/lustre-2.17.59.tar.gz` is not at `repo`
     = note: expected  sha256 [SHA256]  N bytes
     = help: is that where the store is served? a cache may still say that there is nothing; nothing was added to the index

    error: `lts-6.12/lustre-2.17.59.tar.xz` is not at `repo`
     = note: expected  sha256 [SHA256]  N bytes
     = help: is that where the store is served? a cache may still say that there is nothing; nothing was added to the index

    error: `lts-6.12/lustre-2.17.59.SHA256SUMS` is not at `repo`
     = note: expected  sha256 [SHA256]  N bytes
     = help: is that where the store is served? a cache may still say that there is nothing; nothing was added to the index

    error: `targets/[SHA256].lustre-2.17.59.release.json` is not at `repo`
     = note: expected  sha256 [SHA256]  N bytes
     = help: is that where the store is served? a cache may still say that there is nothing; nothing was added to the index

    8 problems
    ");
    assert_eq!(titles(&sandbox).len(), 2);
    assert_snapshot!(refused(&sandbox, &absent, 2, &["--steps", "index,sign"]), @"
    error: invalid value 'sign' for '--steps <STEPS>': expected `check`, `upload`, `verify` or `index`

    For more information, try '--help'.
    ");
}

#[test]
fn what_nobody_signed_is_published_only_when_asked_to() {
    let sandbox = released();
    assert_snapshot!(refused(&sandbox, RELEASE, 6, &["--init"]), @"
    error: lustre-2.17.57 is not signed
     = note: there is no signature over lustre-2.17.57.SHA256SUMS or lustre-2.17.57.tar
     = help: sign it with `lustre-dist sign`; `--publish-unsigned` publishes it all the same, and nobody can tell then who made it
    ");
    assert_snapshot!(refused(&sandbox, RELEASE, 2, &["--publish-unsigned"]), @"
    error: there is no repository at `repo`
     = help: make one with `lustre-dist repo init`, or add `--init` to make one with fresh keys right away
    ");
    first(&sandbox);
    fs::rename(sandbox.path("keys"), sandbox.path("elsewhere")).expect("a folder");
    assert_snapshot!(refused(&sandbox, RELEASE, 2, &["--publish-unsigned"]), @"
    error: there is no root of `repo` among the keys
     = note: no root.json in `keys`
     = help: name the folder that `repo init` made the keys in, with `--keys` or LUSTRE_DIST_KEYS
    ");
}

#[test]
fn partial_and_damaged_releases_are_refused() {
    let sandbox = released();
    first(&sandbox);
    sandbox.run(&["assemble", "m.toml", "--out", "partial", "--leave-out", "COPYING"]).success();
    let partial = format!("partial/{}", sandbox.list("partial")[0]);
    assert_snapshot!(refused(&sandbox, &partial, 6, &["--publish-unsigned"]), @"
    error: lustre-2.17.57 is partial and cannot be published
     = note: left out: COPYING
     = help: make it without `--leave-out`
    ");
    let path = sandbox.path(&format!("{RELEASE}/{TITLE}.tar.xz"));
    let mut bytes = fs::read(&path).expect("a tarball");
    bytes[100] ^= 1;
    fs::write(&path, bytes).expect("a tarball");
    let said = refused(&sandbox, RELEASE, 6, &["--publish-unsigned"]);
    assert!(said.contains("`lustre-2.17.57.tar.xz` is not the file that was released"), "{said}");
    assert_snapshot!(refused(&sandbox, "lustre", 6, &["--publish-unsigned"]), @"
    error: `lustre` is no release that can be published
     = note: a release directory holds one NAME-VERSION.SHA256SUMS
     = help: `lustre-dist verify` tells what is wrong with it
    ");
    assert_eq!(titles(&sandbox).len(), 1);
}

#[test]
fn other_bytes_under_a_published_name_are_refused() {
    let sandbox = released();
    first(&sandbox);
    let text = sandbox.read("m.toml").replace("license =", "note = \"another\"\nlicense =");
    sandbox.write("m.toml", text);
    sandbox.run(&["assemble", "m.toml", "--out", "other"]).success();
    assert_snapshot!(refused(&sandbox, &format!("other/{TITLE}"), 6, &["--publish-unsigned"]), @"
    error: `lustre-2.17.57` is published in `repo` with other bytes
     = note: there  sha256 [SHA256]
     = note: yours  sha256 [SHA256]
     = help: what is published never changes: publish the directory that was published first, or make the release anew with a respin
    ");
    // The same where a run was stopped before the index.
    let more = fake(&sandbox, "2.17.58");
    publish(&sandbox, &more, &["--steps", "upload"]).success();
    let name = "lustre-2.17.58.spdx.json";
    let sums = sandbox.read(&format!("{more}/lustre-2.17.58.SHA256SUMS"));
    let old = sums.lines().find(|line| line.ends_with(name)).expect("a line").to_owned();
    let new = format!("{}  {name}", lustre_dist::model::Sha256::of(b"{}"));
    sandbox.write(&format!("{more}/{name}"), "{}");
    sandbox.write(&format!("{more}/lustre-2.17.58.SHA256SUMS"), sums.replace(&old, &new));
    assert_snapshot!(refused(&sandbox, &more, 6, &[&UNCHECKED[..], &["-j", "1"]].concat()), @"
    error: `lts-6.12/lustre-2.17.58.spdx.json` is there in `repo` with other bytes
     = note: there  sha256 [SHA256]
     = note: yours  sha256 [SHA256]
     = help: what is published never changes: publish the directory that was published first, or make the release anew with a respin
    ");
    assert_eq!(titles(&sandbox).len(), 1);
}

#[test]
fn what_reads_back_otherwise_is_not_published() {
    let sandbox = released();
    first(&sandbox);
    let more = fake(&sandbox, "2.17.58");
    publish(&sandbox, &more, &["--steps", "upload"]).success();
    let public = format!("file://{}", sandbox.path("public").display());
    let copied = std::process::Command::new("cp")
        .arg("-r")
        .args([sandbox.path("repo"), sandbox.path("public")])
        .status();
    assert!(copied.expect("cp").success());
    sandbox.write("public/lts-6.12/lustre-2.17.58.tar.gz", "other");
    fs::remove_file(sandbox.path("public/lts-6.12/lustre-2.17.58.tar.xz")).expect("a tarball");
    let args = ["--steps", "verify,index", "--public-url", &public, "-j", "1"];
    assert_snapshot!(refused(&sandbox, &more, 6, &args), @"
    error: `lts-6.12/lustre-2.17.58.tar.gz` reads back from `[SANDBOX]/public` with other bytes
     = note: expected  sha256 [SHA256]  N bytes
     = note: found     sha256 [SHA256]  N bytes
     = help: find out what changes it on the way; nothing was added to the index

    error: `lts-6.12/lustre-2.17.58.tar.xz` is not at `[SANDBOX]/public`
     = note: expected  sha256 [SHA256]  N bytes
     = help: is that where the store is served? a cache may still say that there is nothing; nothing was added to the index

    2 problems
    ");
    assert_eq!(titles(&sandbox).len(), 1);
    publish(&sandbox, &more, &["--steps", "verify,index"]).success();
    assert_eq!(titles(&sandbox).len(), 2);
}

/// What a run warned of.
fn warned(run: &Run) -> String {
    let lines = run.stderr.lines().skip_while(|line| !line.starts_with("warning"));
    masked(&lines.map(|line| format!("{line}\n")).collect::<String>())
}

/// Whether a signature is a good one of the key in `public.asc`.
fn good(sandbox: &Sandbox, signature: &[u8], text: &[u8]) -> bool {
    let keys = lustre_dist::sign::read_keys(&[sandbox.path("public.asc")]).expect("keys");
    let now = lustre_dist::model::SourceDate(u64::from(u32::MAX));
    let circumstances = lustre_dist::signature::Circumstances { now, dated: None, namespace: "file" };
    lustre_dist::signature::check(text, signature, &keys, circumstances).expect("a check").is_good()
}

/// Whether the checksums of the line have such a signature.
fn sums_are_signed(sandbox: &Sandbox) -> bool {
    let read = |name: &str| fs::read(sandbox.path(&format!("repo/lts-6.12/{name}"))).expect(name);
    good(sandbox, &read("SHA256SUMS.asc"), &read("SHA256SUMS"))
}

/// A repository with a release whose line's checksums the key in `secret.asc` signs.
fn with_signed_sums() -> Sandbox {
    let sandbox = released();
    let owner = Owner::new(1);
    sandbox.write("secret.asc", owner.secret_file());
    sandbox.write("public.asc", owner.file());
    publish(&sandbox, RELEASE, &["--init", "--publish-unsigned", "--sums-key", "secret.asc"]).success();
    sandbox
}

const SIGNED: [&str; 4] = ["--steps", "upload,verify,index", "--sums-key", "secret.asc"];

#[test]
fn nobody_slips_checksums_under_a_signature() {
    let sandbox = with_signed_sums();
    let (line, own) = ("repo/lts-6.12/SHA256SUMS", format!("repo/lts-6.12/{TITLE}.SHA256SUMS"));
    let (true_line, true_own) = (sandbox.read(line), sandbox.read(&own));
    let digest = &true_line.lines().find(|line| line.ends_with(".tar.xz")).expect("a tarball")[..64];
    let forged = |text: &str| text.replace(digest, &"0".repeat(64));
    sandbox.write(line, forged(&true_line));
    publish(&sandbox, &fake(&sandbox, "2.17.58"), &SIGNED).success();
    assert!(sums_are_signed(&sandbox));
    assert!(sandbox.read(line).contains(&true_line));
    // The release's own checksums are pinned by the metadata.
    sandbox.write(line, forged(&true_line));
    sandbox.write(&own, forged(&true_own));
    let more = fake(&sandbox, "2.17.59");
    let args = ["publish", &more, "--to", "repo", "--keys", "keys"];
    let run = sandbox.run(&[&args[..], &SIGNED].concat());
    assert_snapshot!(warned(&run), @"
    warning: `lts-6.12/lustre-2.17.57.SHA256SUMS` is not the one of the release that is published
     = note: its sha256 is [SHA256], and the metadata has [SHA256]
     = help: publish the release's directory again: what is missing is uploaded
    ");
    run.success();
    assert!(sums_are_signed(&sandbox) && !sandbox.read(line).contains(&"0".repeat(64)));
    // Put back, it is listed again.
    sandbox.write(&own, &true_own);
    sandbox.run(&["repo", "refresh", "repo", "--keys", "keys"]).success();
    assert!(sandbox.read(line).contains(&true_line));
}

#[test]
fn a_signature_over_earlier_checksums_is_mended() {
    let sandbox = with_signed_sums();
    let signature = "repo/lts-6.12/SHA256SUMS.asc";
    let old = sandbox.read(signature);
    let more = fake(&sandbox, "2.17.58");
    publish(&sandbox, &more, &SIGNED).success();
    assert!(sums_are_signed(&sandbox));
    let bytes = sandbox.read(signature);
    publish(&sandbox, &more, &SIGNED).success();
    assert_eq!(sandbox.read(signature), bytes);
    // As a slower publisher's, or one's that was killed before it signed.
    sandbox.write(signature, old);
    publish(&sandbox, &more, &SIGNED).success();
    assert!(sums_are_signed(&sandbox));
}

#[test]
fn a_damaged_release_stops_nobody_else() {
    let sandbox = released();
    first(&sandbox);
    publish(&sandbox, &fake(&sandbox, "2.17.0"), &UNCHECKED).success();
    let target = sandbox.list("repo/targets").into_iter().find(|name| name.contains("-2.17.0."));
    fs::remove_file(sandbox.path(&format!("repo/targets/{}", target.expect("a target")))).expect("a file");
    let other = fake_in(&sandbox, "2.18.0", "lts-6.6");
    let args = ["publish", &other, "--to", "repo", "--keys", "keys"];
    let run = sandbox.run(&[&args[..], &UNCHECKED].concat());
    assert_snapshot!(warned(&run), @"
    warning: `targets/[SHA256].lustre-2.17.0.release.json` is not what was published
     = note: it is missing
     = help: `lustre-dist repo check` tells what else is damaged; publishing the release's directory again brings back what is missing
    ");
    run.success();
    let versions: Vec<_> = feed(&sandbox)["releases"].as_array().expect("releases").clone();
    assert_eq!(versions.len(), 3);
    assert!(sandbox.path("repo/lts-6.6/lustre-2.18.0.html").exists());
    assert!(sandbox.read("repo/index.html").contains("lts-6.6"));
}

#[test]
fn what_a_killed_publisher_left_is_made_by_the_next() {
    let sandbox = released();
    for (first, args) in [(true, &["--init", "--publish-unsigned"][..]), (false, &UNCHECKED)] {
        let repo = || sandbox.path("repo");
        let before = (!first).then_some(["releases.json", "index.html", "lts-6.12/index.html"]);
        let kept: Vec<_> =
            before.iter().flatten().map(|path| (path, sandbox.read(&format!("repo/{path}")))).collect();
        let release = if first { RELEASE.to_owned() } else { fake(&sandbox, "2.17.58") };
        publish(&sandbox, &release, args).success();
        // As if it had been killed when the metadata was written and nothing else.
        for path in ["releases.json", "index.html", "lts-6.12/index.html", "lts-6.12/SHA256SUMS"] {
            fs::remove_file(repo().join(path)).expect(path);
        }
        let page = release.replace("dist/", "lts-6.12/");
        fs::remove_file(repo().join(format!("{page}.html"))).expect("a page");
        for (path, text) in kept {
            sandbox.write(&format!("repo/{path}"), text);
        }
        let other = fake_in(&sandbox, if first { "2.18.0" } else { "2.18.1" }, "lts-6.6");
        publish(&sandbox, &other, &UNCHECKED).success();
        sandbox.run(&["repo", "check", "repo", "--deep", "--keys", "keys"]).success();
        titles(&sandbox);
    }
    assert_eq!(titles(&sandbox).len(), 4);
}

#[test]
fn nothing_is_published_that_no_reader_accepts() {
    let sandbox = released();
    first(&sandbox);
    let more = fake(&sandbox, "2.17.58");
    let before = sandbox.list("repo");
    let args = [&["publish", &more, "--to", "repo", "--keys", "keys"][..], &UNCHECKED].concat();
    let on = |day: &str, args: &[&str]| sandbox.finish(sandbox.command(args).env("LUSTRE_DIST_TODAY", day));
    let expired = on("2027-12-28", &args).failure(6);
    assert_snapshot!(expired, @"
    error: the root role of `repo` expired 35 days ago
     = note: it was good until 2027-11-23T12:00:00Z; readers refuse it
     = help: `lustre-dist repo refresh repo` signs it anew
    ");
    let retract = ["retract", "2.17.57", "--reason", "bad", "--from", "repo", "--keys", "keys"];
    assert_eq!(on("2027-12-28", &retract).failure(6), expired);
    assert_eq!(sandbox.list("repo"), before);
    let near = on("2027-10-28", &args);
    assert_snapshot!(warned(&near), @"
    warning: the root role expires in 26 days, on 2027-11-23T12:00:00Z
     = help: `lustre-dist repo refresh repo` signs it anew
    ");
    near.success();
}

#[test]
fn a_line_ends_when_the_newest_table_says() {
    let sandbox = released();
    let until = |day: &str| {
        format!(
            "schema = 1\n[series.\"6.12\"]\nmoniker = \"longterm\"\nreleased = \"2024-11-17\"\neol = \"{day}\"\n"
        )
    };
    sandbox.write("old.toml", until("2027-12-31"));
    sandbox.write("new.toml", until("2028-12-31"));
    publish(&sandbox, RELEASE, &["--init", "--publish-unsigned", "--kernels", "new.toml"]).success();
    let page = || sandbox.read("repo/lts-6.12/index.html");
    let args = ["publish", "--to", "repo", "--keys", "keys", "--kernels", "old.toml"];
    let with_old = |release: &str| sandbox.run(&[&args[..], &[release], &UNCHECKED].concat());
    assert_eq!(warned(&with_old(RELEASE)), "");
    assert!(page().contains("2028-12-31"));
    let more = with_old(&fake(&sandbox, "2.17.58"));
    assert_snapshot!(warned(&more), @"
    warning: the line lts-6.12 ends on 2027-12-31 from now on, and not on 2028-12-31
     = note: so says the table of kernel series that was used here
     = help: if that table is the older one, publish the next release with the newer: `--kernels FILE`
    ");
    assert!(page().contains("2027-12-31"));
}

#[test]
fn pages_do_not_change_from_day_to_day() {
    let sandbox = released();
    first(&sandbox);
    let refresh = |day: &str| {
        let args = ["repo", "refresh", "repo", "--keys", "keys"];
        sandbox.finish(sandbox.command(&args).env("LUSTRE_DIST_TODAY", day)).success()
    };
    assert_snapshot!(refresh("2026-11-24"), @"
    repo
      signed anew  timestamp
    ");
    assert_snapshot!(refresh("2026-11-25"), @"
    repo
      signed anew  timestamp
    ");
    // A month later the day on them is news.
    assert_snapshot!(refresh("2026-12-24"), @"
    repo
      signed anew  snapshot, timestamp
      written      lts-6.12/index.html
      written      index.html
    ");
    // What the metadata says changes in its own time; then the line is over.
    refresh("2028-12-20");
    assert_snapshot!(refresh("2028-12-21"), @"
    repo
      signed anew  timestamp
    ");
    assert_snapshot!(refresh("2029-01-01"), @"
    repo
      signed anew  timestamp
      written      lts-6.12/index.html
      written      index.html
      written      releases.json
    ");
    assert!(sandbox.read("repo/lts-6.12/index.html").contains("This line is over"));
}

#[test]
fn signatures_are_held_against_keys() {
    let sandbox = released();
    let (owner, stranger) = (Owner::new(1), Owner::new(2));
    sandbox.write("secret.asc", owner.secret_file());
    sandbox.write("public.asc", owner.file());
    sandbox.write("stranger.asc", stranger.file());
    sandbox.run(&["sign", RELEASE, "--with", "openpgp", "--key", "secret.asc"]).success();
    let said = refused(&sandbox, RELEASE, 6, &["--init", "--signing-keys", "stranger.asc"]);
    assert!(said.contains("none of the keys vouches for the release"), "{said}");
    publish(&sandbox, RELEASE, &["--init", "--signing-keys", "public.asc", "--sums-key", "secret.asc"])
        .success();
    assert_eq!(feed(&sandbox)["releases"][0]["pgp"], "lts-6.12/lustre-2.17.57.tar.sign");
    let signature = fs::read(sandbox.path("repo/lts-6.12/SHA256SUMS.asc")).expect("a signature");
    let text = fs::read(sandbox.path("repo/lts-6.12/SHA256SUMS")).expect("sums");
    let good = |signature: &[u8], text: &[u8]| good(&sandbox, signature, text);
    assert!(good(&signature, &text));

    // Without keys a signature is still looked at for damage.
    let path = sandbox.path(&format!("{RELEASE}/{TITLE}.SHA256SUMS.asc"));
    let sound = fs::read(&path).expect("a signature");
    fs::write(&path, b"-----BEGIN PGP SIGNATURE-----\n\nnonsense\n").expect("a file");
    assert_snapshot!(refused(&sandbox, RELEASE, 6, &[]), @"
    error: `lustre-2.17.57.SHA256SUMS.asc` is not a good signature
     = note: garbage: the armor is cut off: no `-----END PGP SIGNATURE-----`
     = help: take the signature from where it was published, unchanged
    ");
    fs::write(&path, sound).expect("a file");
    publish(&sandbox, RELEASE, &[]).success();

    // Who has no key for the checksums cannot leave a signature that is over others.
    let more = fake(&sandbox, "2.17.58");
    let run = sandbox.run(&[&["publish", &more, "--to", "repo", "--keys", "keys"], &UNCHECKED[..]].concat());
    assert_snapshot!(warned(&run), @"
    warning: `lts-6.12/SHA256SUMS.asc` was taken away
     = note: it was over the checksums as they were, and no key was given to sign the new ones
     = help: `lustre-dist publish RELEASE_DIR --sums-key FILE` signs them, with any release of the line; each release's own signatures are as they were
    ");
    assert!(!sandbox.path("repo/lts-6.12/SHA256SUMS.asc").exists());
    publish(&sandbox, &more, &[&UNCHECKED[..], &["--sums-key", "secret.asc"]].concat()).success();
    let signature = fs::read(sandbox.path("repo/lts-6.12/SHA256SUMS.asc")).expect("a signature");
    let text = fs::read(sandbox.path("repo/lts-6.12/SHA256SUMS")).expect("sums");
    assert!(good(&signature, &text));
}

#[test]
fn a_release_is_retracted_and_stays() {
    let sandbox = released();
    first(&sandbox);
    publish(&sandbox, &fake(&sandbox, "2.17.0"), &UNCHECKED).success();
    publish(&sandbox, &fake(&sandbox, "2.17.1"), &UNCHECKED).success();
    assert_eq!(feed(&sandbox)["latest"]["lts-6.12"]["version"], "2.17.1");
    let retract = |version: &str, reason: &str| {
        sandbox.run(&["retract", version, "--reason", reason, "--from", "repo", "--keys", "keys"])
    };
    assert_snapshot!(retract("2.17.1", "eats data").success(), @"lustre-2.17.1 is retracted since 2026-11-23: eats data");
    assert_snapshot!(retract("lustre-2.17.1", "eats data").success(), @"lustre-2.17.1 was retracted since 2026-11-23: eats data");
    assert_eq!(feed(&sandbox)["latest"]["lts-6.12"]["version"], "2.17.0");
    assert_eq!(feed(&sandbox)["latest_stable"]["version"], "2.17.0");
    assert_eq!(feed(&sandbox)["releases"][1]["retracted"]["reason"], "eats data");
    assert_eq!(feed(&sandbox)["releases"][1]["retracted"]["on"], "2026-11-23");
    assert_eq!(titles(&sandbox).len(), 3);
    // Publishing it again does not take the mark away.
    publish(&sandbox, "dist/lustre-2.17.1", &UNCHECKED).success();
    assert_eq!(feed(&sandbox)["releases"][1]["retracted"]["reason"], "eats data");
    assert_snapshot!(retract("2.17.2", "eats data").failure(2), @"
    error: there is no release `2.17.2`
     = help: did you mean `2.17.0` or `2.17.1` or `2.17.57`?
    ");
    assert_snapshot!(retract("3.0.0", "eats data").failure(2), @"
    error: there is no release `3.0.0`
     = help: `lustre-dist ls` shows what there is
    ");
    assert_snapshot!(retract("2.17.0", " \n").failure(2), @"
    error: `--reason` is not a reason
     = help: say in one line, of at most 200 bytes, what is wrong with the release
    ");
}

#[test]
fn a_line_without_a_release_to_use_does_not_hide_the_others() {
    let sandbox = released();
    first(&sandbox);
    publish(&sandbox, &fake_in(&sandbox, "2.18.0", "lts-6.6"), &UNCHECKED).success();
    let retract = ["retract", "2.18.0", "--reason", "eats data", "--from", "repo", "--keys", "keys"];
    sandbox.run(&retract).success();
    let page = sandbox.read("repo/index.html");
    assert!(page.contains("<svg class=\"timeline\"") && page.contains(">lts-6.12</text>"), "{page}");
}

#[test]
fn what_is_due_is_told_by_what_is_published() {
    let sandbox = crate::lines::one_line();
    sandbox.run(&["assemble", "--due", "--feed", "releases.json"]).success();
    publish(&sandbox, "dist/lustre-2.18.0+k6.12.57", &["--init", "--publish-unsigned"]).success();
    let told = |released: &str| {
        let run = sandbox.run(&["due", "--feed", "later.json", "--released", released]);
        format!("{} {}{}", run.code, run.stdout, run.stderr)
    };
    assert_snapshot!(told("repo"), @"
    0 lustre/lts-6.12  2.18.0+k6.12.58  assemble
      new kernel 6.12.58 in source linux: v6.12.57 is released
    ");
    assert_eq!(told(&format!("file://{}", sandbox.path("repo").display())), told("repo"));
    assert_eq!(told("dist"), told("repo"));
    sandbox.run(&["assemble", "--due", "--feed", "later.json"]).success();
    publish(&sandbox, "dist/lustre-2.18.0+k6.12.58", &["--publish-unsigned"]).success();
    assert_snapshot!(told("repo"), @"5 nothing is due");
    assert_snapshot!(sandbox.run(&["lines", "--released", "repo", "--feed", "later.json"]).success(), @"
    line      release  moniker   kernel  newest   end of life  days  released         due
    lts-6.12  lustre   longterm  6.12    6.12.58  2028-12-31   769   2.18.0+k6.12.58  -
    ");
    assert_snapshot!(told("file:///nowhere/repo"), @"
    4 error: `/nowhere/repo` is not a release repository
     = note: there is no `releases.json`
     = help: expected the address that releases are published at
    ");
    let text = sandbox.read("repo/releases.json").replace("\"sha256\": \"", "\"sha256\": \"f");
    sandbox.write("repo/releases.json", text);
    assert_snapshot!(told("repo"), @"
    4 error: `repo` is not a release repository
     = note: `releases.json` cannot be read: `fde83ec73291e515971d27cfed8254dc1afe98ff4cb561cd0336e8b23b220e683` is not 64 lower-case hexadecimal digits at line 39 column 7
     = help: expected the address that releases are published at
    ");
}

#[test]
fn publishers_at_once_all_end_up_in_the_index() {
    let sandbox = released();
    first(&sandbox);
    let releases: Vec<String> = (60..66).map(|nth| fake(&sandbox, &format!("2.17.{nth}"))).collect();
    let runs: Vec<_> = releases
        .iter()
        .map(|release| {
            let args = ["publish", release, "--to", "repo", "--keys", "keys", "-q"];
            sandbox.command(&[&args[..], &UNCHECKED].concat()).spawn().expect("the program runs")
        })
        .collect();
    for mut run in runs {
        assert!(run.wait().expect("an end").success());
    }
    assert_eq!(titles(&sandbox).len(), 7);
}

/// `LUSTRE_DIST_CONTENTION` says how many seconds; a minute by hand, a few in the suite.
#[test]
fn no_reader_ever_sees_what_is_not_whole() {
    let seconds =
        std::env::var("LUSTRE_DIST_CONTENTION").ok().and_then(|text| text.parse().ok()).unwrap_or(5);
    let sandbox = released();
    first(&sandbox);
    let root = root(&sandbox);
    let end = Instant::now() + Duration::from_secs(seconds);
    let (published, looks) = std::thread::scope(|scope| {
        let publishers: Vec<_> = (0..2)
            .map(|nth| {
                let sandbox = &sandbox;
                scope.spawn(move || {
                    let mut count = 0;
                    while Instant::now() < end {
                        let release = fake(sandbox, &format!("2.{}.{count}", 20 + nth));
                        let args = ["publish", &release, "--to", "repo", "--keys", "keys", "-q"];
                        sandbox.run(&[&args[..], &UNCHECKED].concat()).success();
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        let readers: Vec<_> = (0..10)
            .map(|_| {
                let (sandbox, root) = (&sandbox, &root);
                scope.spawn(move || {
                    let store = store(sandbox, "repo");
                    let (mut seen, mut last, mut looks) = (BTreeSet::new(), BTreeSet::new(), 0);
                    while Instant::now() < end {
                        let titles = whole(&store, root, &mut seen);
                        assert!(titles.is_superset(&last), "something went away");
                        last = titles;
                        looks += 1;
                    }
                    looks
                })
            })
            .collect();
        let published: usize = publishers.into_iter().map(|one| one.join().expect("a publisher")).sum();
        let looks: usize = readers.into_iter().map(|one| one.join().expect("a reader")).sum();
        (published, looks)
    });
    println!("{published} releases published, {looks} looks of ten readers");
    assert_eq!(titles(&sandbox).len(), 1 + published);
}
