// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `repo`: a repository made, looked at, refreshed, and given other keys.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use insta::assert_snapshot;

use crate::runner::{Run, Sandbox, manifest};

/// Writes an Ed25519 private key that is the same every time.
pub fn key(sandbox: &Sandbox, folder: &str, name: &str, seed: u8) {
    let mut der = vec![0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70];
    der.extend([0x04, 0x22, 0x04, 0x20]);
    der.extend([seed; 32]);
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let path = format!("{folder}/{name}.pem");
    sandbox.write(&path, format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"));
    fs::set_permissions(sandbox.path(&path), fs::Permissions::from_mode(0o600)).unwrap();
}

/// Keys that are the same every time: one of the root, and the others.
fn keys(sandbox: &Sandbox) {
    for (seed, name) in ["root-1", "targets", "online"].into_iter().enumerate() {
        key(sandbox, "keys", name, seed as u8 + 1);
    }
}

/// Runs a command of `repo` on `repo/` with the keys in `keys/`.
fn repo(sandbox: &Sandbox, args: &[&str]) -> Run {
    repo_on(sandbox, "2026-11-23", args)
}

/// The same on another day.
fn repo_on(sandbox: &Sandbox, today: &str, args: &[&str]) -> Run {
    let all = [&["repo", args[0], "repo"], &args[1..], &["--keys", "keys"]].concat();
    sandbox.finish(sandbox.command(&all).env("LUSTRE_DIST_TODAY", today))
}

/// A repository with a release in it.
fn published() -> Sandbox {
    let sandbox = Sandbox::new();
    keys(&sandbox);
    sandbox.repository("lustre", &[("COPYING", "GPL\n"), ("a/file", "one\n")], "v2_17_57");
    sandbox.write("m.toml", manifest(""));
    sandbox.run(&["assemble", "m.toml"]).success();
    repo(&sandbox, &["init"]).success();
    let publish = ["publish", "dist/lustre-2.17.57", "--to", "repo", "--keys", "keys", "--publish-unsigned"];
    sandbox.run(&publish).success();
    sandbox
}

#[test]
fn a_repository_is_a_function_of_its_keys_and_the_day() {
    let [one, other] = [Sandbox::new(), Sandbox::new()];
    for sandbox in [&one, &other] {
        keys(sandbox);
    }
    let run = repo(&one, &["init"]);
    assert_snapshot!(run.stdout, @"
    repo
    role       version  expires               days  must sign  keys
    root       1        2027-11-23T12:00:00Z  365   1 of 1     root-1 (7ab6b86cb2c9)
    targets    1        2027-02-21T12:00:00Z  90    1 of 1     targets (c3f860ca5da4)
    snapshot   1        2026-12-23T12:00:00Z  30    1 of 1     online (8bf5a507dc23)
    timestamp  1        2026-11-30T12:00:00Z  7     1 of 1     online (8bf5a507dc23)
    keys  keys
    root  root.json sha256:499a84933f38fd5ab56630137670ec3ac336aa3fda584abc49577d2c3bd08664
    ");
    assert_snapshot!(run.stderr, @"move the root's private keys to where no network is: only a change of keys needs them");
    repo(&other, &["init"]).success();
    let files: Vec<String> = one.list("repo").into_iter().filter(|path| path.ends_with(".json")).collect();
    assert_snapshot!(files.join("\n"), @"
    metadata/1.root.json
    metadata/1.snapshot.json
    metadata/1.targets.json
    metadata/timestamp.json
    releases.json
    root.json
    ");
    for file in &files {
        assert_eq!(one.read(&format!("repo/{file}")), other.read(&format!("repo/{file}")), "{file}");
    }
    assert_eq!(one.read("keys/root.json"), one.read("repo/root.json"));
    assert_snapshot!(repo(&one, &["init"]).failure(5), @"
    there is a repository at `repo` already
    `lustre-dist repo status repo` shows it
    ");
}

#[test]
fn keys_are_made_for_their_owner_alone() {
    let sandbox = Sandbox::new();
    repo(&sandbox, &["init", "--root-keys", "3", "--threshold", "2", "--separate-keys"]).success();
    let files = sandbox.list("keys");
    assert_eq!(
        files.join(" "),
        "root-1.pem root-2.pem root-3.pem root.json seen.json snapshot.pem targets.pem timestamp.pem"
    );
    let mode = |path: &str| fs::metadata(sandbox.path(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("keys"), mode("keys/targets.pem")), (0o700, 0o600));
    let status = repo(&sandbox, &["status", "--json"]).success();
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["roles"][0]["threshold"], 2);
    assert_eq!(status["roles"][0]["keys"].as_array().unwrap().len(), 3);
    assert_ne!(status["roles"][2]["keys"], status["roles"][3]["keys"]);
}

#[test]
fn a_run_that_was_stopped_goes_on() {
    let sandbox = Sandbox::new();
    keys(&sandbox);
    repo(&sandbox, &["init"]).success();
    let whole = sandbox.read("repo/metadata/timestamp.json");
    // As if it had been killed after each of its writes, the last first.
    for lost in [
        &["repo/root.json"][..],
        &["repo/metadata/timestamp.json"],
        &["repo/metadata/1.targets.json", "keys/root.json"],
    ] {
        fs::remove_file(sandbox.path("repo/metadata/timestamp.json")).unwrap();
        for path in lost {
            let _ = fs::remove_file(sandbox.path(path));
        }
        repo(&sandbox, &["init"]).success();
        assert_eq!(sandbox.read("repo/metadata/timestamp.json"), whole);
        repo(&sandbox, &["check"]).success();
    }
}

#[test]
fn a_repository_whose_timestamp_is_lost_is_not_begun_anew() {
    let sandbox = published();
    fs::remove_file(sandbox.path("repo/metadata/timestamp.json")).unwrap();
    let before = sandbox.list("repo");
    let lost = repo(&sandbox, &["init"]).failure(6);
    assert_snapshot!(lost, @"
    error: `metadata/timestamp.json` of the repository at `repo` is lost
     = note: it has releases: a new start would hide them all
     = help: put it back from a copy of the repository, the newest there is
    ");
    let publish = ["publish", "dist/lustre-2.17.57", "--to", "repo", "--keys", "keys", "--publish-unsigned"];
    for more in [&[][..], &["--init"], &["--init", "--dry-run"]] {
        assert_eq!(sandbox.run(&[&publish[..], more].concat()).failure(6), lost);
    }
    assert_eq!(repo(&sandbox, &["refresh"]).failure(6), lost);
    assert_eq!(sandbox.list("repo"), before);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let sandbox = Sandbox::new();
    assert_snapshot!(repo(&sandbox, &["init", "--threshold", "2"]).failure(2), @"
    error: the threshold is 2, and the number of root keys 1
     = help: it must be from 1 to the number of the keys
    ");
    assert_snapshot!(repo(&sandbox, &["init", "--days", "timestamp=0"]).failure(2), @"
    error: invalid value 'timestamp=0' for '--days <ROLE=N>': expected a role and a number of days, such as `timestamp=14`, not `timestamp=0`

    For more information, try '--help'.
    ");
    assert_snapshot!(repo(&sandbox, &["status"]).failure(2), @"
    no root is pinned here: the repository's own first root is believed (`--root FILE`)
    error: there is no repository at `repo`
     = note: it has no `metadata/1.root.json`
     = help: `lustre-dist repo init repo` makes one
    ");
    let inside = sandbox.run(&["repo", "init", "repo", "--keys", "repo/keys"]);
    assert_snapshot!(inside.failure(2), @"
    error: the keys would lie in the repository, for everybody to fetch
     = note: keys: `repo/keys`
     = help: name another folder with `--keys`
    ");
    assert!(sandbox.list("repo").is_empty());
    // Keys of one repository for another.
    keys(&sandbox);
    repo(&sandbox, &["init"]).success();
    let other = sandbox.run(&["repo", "init", "other", "--keys", "keys"]);
    assert_snapshot!(other.failure(2), @"
    error: the folder of keys `keys` is that of another repository
     = note: it has a `root.json`, and there is no repository at the address
     = help: name another folder with `--keys`; to use the same keys again, take `root.json` away
    ");
    sandbox.run(&["repo", "init", "other", "--keys", "other-keys"]).success();
    let mixed = sandbox.run(&["repo", "refresh", "other", "--keys", "keys"]);
    assert_snapshot!(mixed.failure(6), @"
    error: `metadata/1.root.json` is not the root that is trusted
     = note: repository: `other`
     = help: is this folder of keys, with its `root.json`, that of another repository?
    ");
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let sandbox = Sandbox::new();
    keys(&sandbox);
    fs::set_permissions(sandbox.path("keys/targets.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    assert_snapshot!(repo(&sandbox, &["init"]).failure(8), @"
    error: the private key `keys/targets.pem` can be read by others
     = note: its mode is 0644
     = help: `chmod 600 'keys/targets.pem'`
    ");
}

#[test]
fn an_old_copy_that_was_put_back_is_not_signed_on_top_of() {
    let sandbox = published();
    let copy = |from: &str, to: &str| {
        let _ = fs::remove_dir_all(sandbox.path(to));
        let copied =
            std::process::Command::new("cp").arg("-a").args([sandbox.path(from), sandbox.path(to)]).status();
        assert!(copied.unwrap().success());
    };
    copy("repo", "old");
    let retract = ["retract", "2.17.57", "--reason", "bad", "--from", "repo", "--keys", "keys"];
    sandbox.run(&retract).success();
    copy("old", "repo");
    let before = sandbox.list("repo");
    let older = repo(&sandbox, &["refresh"]).failure(6);
    assert_snapshot!(older, @"
    error: the repository at `repo` is older than what was signed from here
     = note: there:  root 1, targets 2, snapshot 2, timestamp 2
     = note: seen:   root 1, targets 3, snapshot 3, timestamp 3, by `keys/seen.json`
     = help: put the newest copy of it back; `lustre-dist repo refresh repo --accept-older` goes on with what is there, and what is newer is lost
    ");
    let publish = ["publish", "dist/lustre-2.17.57", "--to", "repo", "--keys", "keys", "--publish-unsigned"];
    assert_eq!(sandbox.run(&publish).failure(6), older);
    assert_eq!(sandbox.run(&retract).failure(6), older);
    assert_eq!(repo(&sandbox, &["rotate-key", "--role", "targets"]).failure(6), older);
    assert_eq!(sandbox.list("repo"), before);
    repo(&sandbox, &["refresh", "--accept-older"]).success();
    sandbox.run(&retract).success();
    repo(&sandbox, &["check"]).success();
    sandbox.write("keys/seen.json", "{}");
    assert_snapshot!(repo(&sandbox, &["refresh"]).failure(8), @"
    error: `keys/seen.json` does not say what was seen of the repository
     = note: missing field `root` at line 1 column 2
     = help: take it away if you know that the repository is the newest there is: it is made anew
    ");
}

#[test]
fn what_others_can_change_decides_nothing() {
    let sandbox = published();
    fs::set_permissions(sandbox.path("keys/root.json"), fs::Permissions::from_mode(0o664)).unwrap();
    assert_snapshot!(repo(&sandbox, &["refresh"]).failure(8), @"
    error: `keys/root.json` among the keys can be changed by others
     = note: its mode is 0664
     = help: look at what it says, then `chmod go-w 'keys/root.json'`
    ");
    fs::set_permissions(sandbox.path("keys/root.json"), fs::Permissions::from_mode(0o644)).unwrap();
    // What a killed run left of a key goes.
    sandbox.write("keys/.targets.pem.4194399", "left");
    repo(&sandbox, &["refresh"]).success();
    assert!(!sandbox.path("keys/.targets.pem.4194399").exists());
}

#[test]
fn refresh_signs_what_is_near_its_end() {
    let sandbox = published();
    assert_snapshot!(repo_on(&sandbox, "2026-11-25", &["refresh"]).success(), @"
    repo
      signed anew  timestamp
    ");
    // The timestamp of that day is over; nothing else is.
    let expired = repo_on(&sandbox, "2026-12-05", &["check"]);
    assert_snapshot!(expired.failure(6), @"
    error: the timestamp role of `repo` expired 3 days ago
     = note: it was good until 2026-12-02T12:00:00Z; readers refuse it
     = help: `lustre-dist repo refresh repo` signs it anew
    ");
    assert_snapshot!(repo_on(&sandbox, "2026-12-05", &["status"]).success(), @"
    repo
    role       version  expires               days     must sign  keys
    root       1        2027-11-23T12:00:00Z  353      1 of 1     7ab6b86cb2c9
    targets    2        2027-02-21T12:00:00Z  78       1 of 1     c3f860ca5da4
    snapshot   2        2026-12-23T12:00:00Z  18       1 of 1     8bf5a507dc23
    timestamp  3        2026-12-02T12:00:00Z  expired  1 of 1     8bf5a507dc23
    releases  1
    root      sha256:499a84933f38fd5ab56630137670ec3ac336aa3fda584abc49577d2c3bd08664
    ");
    assert_snapshot!(repo_on(&sandbox, "2026-12-05", &["refresh"]).success(), @"
    repo
      signed anew  timestamp
    ");
    repo_on(&sandbox, "2026-12-06", &["check"]).success();
    // A snapshot's last third; then that of everything.
    let near = repo_on(&sandbox, "2026-12-16", &["refresh", "--json"]).success();
    assert_eq!(json(&near)["renewed"].to_string(), r#"["snapshot","timestamp"]"#);
    let all = repo_on(&sandbox, "2027-10-01", &["refresh", "--json"]).success();
    assert_eq!(json(&all)["renewed"].to_string(), r#"["root","targets","snapshot","timestamp"]"#);
    assert_eq!(json(&all)["written"].to_string(), r#"["other/index.html","index.html","releases.json"]"#);
    repo_on(&sandbox, "2027-10-02", &["check"]).success();
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect(text)
}

#[test]
fn refresh_without_the_keys_of_a_role_says_so() {
    let sandbox = published();
    for name in ["root-1", "targets"] {
        fs::remove_file(sandbox.path(&format!("keys/{name}.pem"))).unwrap();
    }
    let near = repo_on(&sandbox, "2027-02-01", &["refresh"]);
    assert_eq!(near.code, 0);
    assert_snapshot!(near.stderr, @"
    warning: the targets role expires in 20 days, on 2027-02-21T12:00:00Z, and its keys are not at hand
     = note: keys: `keys`
     = note: c3f860ca5da4: not at hand
     = help: run `lustre-dist repo refresh` where its keys are
    ");
    assert_snapshot!(near.stdout, @"
    repo
      signed anew  snapshot, timestamp
      written      other/index.html
      written      index.html
    ");
    assert_snapshot!(repo_on(&sandbox, "2027-03-01", &["refresh"]).failure(8), @"
    error: the targets role of `repo` expired 8 days ago
     = note: it was good until 2027-02-21T12:00:00Z; readers refuse it
     = note: keys: `keys`
     = note: c3f860ca5da4: not at hand
     = help: run `lustre-dist repo refresh` where its keys are
    ");
    fs::remove_file(sandbox.path("keys/online.pem")).unwrap();
    assert_snapshot!(repo_on(&sandbox, "2027-03-01", &["refresh"]).failure(8), @"
    error: cannot sign for the timestamp role: it needs a key, and 0 are at hand
     = note: keys: `keys`
     = note: 8bf5a507dc23: not at hand
     = help: name the folder of the keeper's keys with `--keys` or LUSTRE_DIST_KEYS
    ");
}

#[test]
fn refresh_mends_what_is_derived() {
    let sandbox = published();
    fs::remove_file(sandbox.path("repo/releases.json")).unwrap();
    sandbox.write("repo/root.json", "{}");
    sandbox.write("repo/other/SHA256SUMS", "");
    assert_snapshot!(repo(&sandbox, &["check"]).failure(6), @"
    error: `other/SHA256SUMS` does not show the newest state: it lacks `lustre-2.17.57.SHA256SUMS`, or has another digest of it
     = help: `lustre-dist repo refresh repo` makes it anew

    error: `releases.json` does not show the newest state: it is missing
     = help: `lustre-dist repo refresh repo` makes it anew

    error: `root.json` does not show the newest state: it is not the newest root
     = help: `lustre-dist repo refresh repo` makes it anew

    3 problems
    ");
    assert_snapshot!(repo(&sandbox, &["refresh"]).success(), @"
    repo
      signed anew  timestamp
      written      root.json
      written      other/SHA256SUMS
      written      releases.json
    ");
    repo(&sandbox, &["check", "--deep"]).success();
}

#[test]
fn check_tells_everything_that_is_wrong() {
    let sandbox = published();
    assert_snapshot!(repo(&sandbox, &["check", "--deep"]).success(), @"
    repo
      releases  1
      files     6, 12.3 kB (digests)
      history   2 objects of earlier states
    all is there
    ");
    let target = sandbox.list("repo/targets").remove(0);
    let flip = |path: &str| {
        let mut bytes = fs::read(sandbox.path(path)).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        sandbox.write(path, bytes);
    };
    sandbox.write("repo/other/stray.tar", "who put this here?");
    sandbox.write("repo/metadata/7.targets.json", "{}");
    flip("repo/other/lustre-2.17.57.tar.gz");
    fs::remove_file(sandbox.path("repo/other/lustre-2.17.57.spdx.json")).unwrap();
    sandbox.write("repo/other/lustre-2.17.57.origins.jsonl", "");
    let quick = repo(&sandbox, &["check"]);
    assert_snapshot!(quick.stdout, @"
    repo
      releases  1
      files     5, 5.8 kB (lengths; --deep reads them)
      history   2 objects of earlier states
      orphans   what an unfinished run left, or is not of the repository:
                metadata/7.targets.json
                other/stray.tar
    1 problem
    ");
    assert_snapshot!(quick.failure(6), @"
    error: `other/lustre-2.17.57.spdx.json` is missing
     = help: publish the release's directory again, or put it back from a copy of the repository
    ");
    let deep = repo(&sandbox, &["check", "--deep"]);
    // How large the pages are is their own business.
    let (read, said) = deep.stderr.split_once('\n').expect("lines");
    assert!(read.starts_with("verify: 22 files, "), "{read}");
    assert_snapshot!(said, @"
    error: `other/lustre-2.17.57.origins.jsonl` has other bytes than it must have
     = note: there     sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
     = note: expected  sha256 ae5a35f3e4f4fe8fddc3373f474e2739a84cd75102a7c3daaf2214243e9b65be
     = help: take it away and publish the release's directory again, or put it back from a copy

    error: `other/lustre-2.17.57.spdx.json` is missing
     = help: publish the release's directory again, or put it back from a copy of the repository

    error: `other/lustre-2.17.57.tar.gz` has other bytes than it must have
     = note: there     sha256 2f8b01b800a5800c1dc423c9601c5bdf8f316e15facdc3950e098bff6d9b87ed
     = note: expected  sha256 cf4ceb3d5f26e0c77a2ab7a3be6c2ce84b4a7bd57e7ed6c0385d1380e0b2f864
     = help: take it away and publish the release's directory again, or put it back from a copy

    3 problems
    ");
    flip(&format!("repo/targets/{target}"));
    let worse = repo(&sandbox, &["check", "--deep", "--json"]);
    let problems = json(&worse.stdout)["problems"].as_array().unwrap().len();
    assert_eq!((worse.code, problems), (6, 4));
}

#[test]
fn every_role_gets_another_key() {
    let sandbox = published();
    let online = repo(&sandbox, &["rotate-key", "--role", "snapshot", "--role", "timestamp"]);
    let named = |text: &str| redacted(text);
    assert_snapshot!(named(&online.stdout), @"
    repo
    role       version  expires               days  must sign  keys
    root       2        2027-11-23T12:00:00Z  365   1 of 1     root-1 (............)
    targets    2        2027-02-21T12:00:00Z  90    1 of 1     targets (............)
    snapshot   4        2026-12-23T12:00:00Z  30    1 of 1     online-2 (............)
    timestamp  4        2026-11-30T12:00:00Z  7     1 of 1     online-2 (............)
    ");
    assert_snapshot!(online.stderr, @"
    made the key `online-2` in keys
    the key `online` has no role any more: destroy its file
    ");
    repo(&sandbox, &["rotate-key", "--role", "targets"]).success();
    repo(&sandbox, &["rotate-key", "--role", "root", "--add", "--threshold", "2"]).success();
    repo(&sandbox, &["rotate-key", "--role", "root", "--old", "root-1"]).success();
    let which = repo(&sandbox, &["rotate-key", "--role", "root"]).failure(2);
    assert_snapshot!(redacted(&which), @"
    error: the root has 2 keys: which one goes?
     = note: ............: root-2
     = note: ............: root-3
     = help: name it with `--old KEY`, or add one with `--add`
    ");
    let status = json(&repo(&sandbox, &["status", "--json"]).success());
    assert_eq!(status["roles"][0]["version"], 5);
    repo(&sandbox, &["check", "--deep"]).success();
    // A reader who trusts the first root follows.
    let first = ["repo", "check", "repo", "--root", "repo/metadata/1.root.json"];
    sandbox.run(&first).success();
    // The old keys are worth nothing now.
    for name in ["online-2", "targets-2"] {
        fs::remove_file(sandbox.path(&format!("keys/{name}.pem"))).unwrap();
    }
    repo(&sandbox, &["refresh"]).failure(8);
}

/// Ids of keys that were made by chance.
fn redacted(text: &str) -> String {
    let is_id = |word: &str| word.len() == 12 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.split_inclusive(|c: char| !c.is_ascii_alphanumeric())
        .map(|part| {
            let word = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            if is_id(word) { part.replace(word, "............") } else { part.to_owned() }
        })
        .collect()
}

#[test]
fn a_role_whose_key_is_lost_gets_another_one() {
    let sandbox = published();
    fs::remove_file(sandbox.path("keys/online.pem")).unwrap();
    repo(&sandbox, &["rotate-key", "--role", "snapshot", "--role", "timestamp"]).success();
    repo(&sandbox, &["check", "--deep"]).success();
    // Killed between the root and the signatures, which are those of the lost key.
    let lost = published();
    let timestamp = lost.read("repo/metadata/timestamp.json");
    fs::remove_file(lost.path("keys/online.pem")).unwrap();
    repo(&lost, &["rotate-key", "--role", "snapshot", "--role", "timestamp"]).success();
    lost.write("repo/metadata/timestamp.json", timestamp);
    assert_snapshot!(repo(&lost, &["refresh"]).failure(6), @"
    error: `metadata/timestamp.json` is not signed by the timestamp keys of root 2
     = note: Signature threshold of 1 not met for role timestamp (0 valid signatures)
     = help: somebody without the keys wrote it, or it was damaged: look who can write to the repository
    ");
    repo(&lost, &["refresh", "--accept-signatures-of-previous-root"]).success();
    repo(&lost, &["check", "--deep"]).success();
}

#[test]
fn holders_sign_a_root_one_after_the_other() {
    let sandbox = Sandbox::new();
    for (seed, name) in ["root-1", "root-2", "root-3", "targets", "online"].into_iter().enumerate() {
        key(&sandbox, "keys", name, seed as u8 + 1);
    }
    repo(&sandbox, &["init", "--root-keys", "3", "--threshold", "2"]).success();
    // Each holder takes a key away; nobody has two.
    for holder in ["2", "3"] {
        fs::create_dir_all(sandbox.path(&format!("holder-{holder}"))).unwrap();
        let name = format!("root-{holder}.pem");
        fs::rename(sandbox.path(&format!("keys/{name}")), sandbox.path(&format!("holder-{holder}/{name}")))
            .unwrap();
    }
    let blind = sandbox.run(&["repo", "refresh", "repo", "--keys", "holder-2"]);
    assert_snapshot!(blind.failure(2), @"
    error: no root is pinned in the folder of keys `holder-2`
     = note: without one, whoever can write to the repository would choose what is signed
     = help: copy the keeper's `root.json` there: a root that you know to be the repository's
    ");
    fs::copy(sandbox.path("keys/root.json"), sandbox.path("holder-2/root.json")).unwrap();
    assert_snapshot!(repo(&sandbox, &["rotate-key", "--role", "targets"]).failure(8), @"
    error: cannot sign for the root role: it needs 2 keys, and 1 are at hand
     = note: keys: `keys`
     = note: 7ab6b86cb2c9: at hand as `root-1`
     = note: c3f860ca5da4: not at hand
     = note: 8bf5a507dc23: not at hand
     = help: name the folder of the keeper's keys with `--keys` or LUSTRE_DIST_KEYS
    ");
    assert_eq!(sandbox.list("keys").iter().filter(|name| name.starts_with("targets")).count(), 1);
    let draft = repo(&sandbox, &["rotate-key", "--role", "targets", "--draft", "2.root.json"]);
    assert_snapshot!(draft.stdout, @"
    2.root.json  root 2
      signed by 1 of 2 keys of root 1
      signed by 1 of 2 keys of root 2
      its other holders sign it with `lustre-dist repo sign-root URL FILE`
    ");
    repo(&sandbox, &["rotate-key", "--role", "targets", "--draft", "2.root.json"]).failure(2);
    let early = repo(&sandbox, &["sign-root", "2.root.json", "--publish"]);
    assert_snapshot!(redacted(&early.failure(8)), @"
    added no signature
    error: root 2 has too few signatures
     = note: of the root keys of root 1: 1 of 2
     = note: of the root keys of root 2: 1 of 2
     = note: keys: `keys`
     = note: ............: at hand as `root-1`
     = note: ............: not at hand
     = note: ............: not at hand
     = help: let its holders sign one after the other: `--draft FILE`, then `lustre-dist repo sign-root` by each
    ");
    let signed = sandbox.run(&["repo", "sign-root", "repo", "2.root.json", "--keys", "holder-2"]);
    assert_snapshot!(signed.stderr, @"added 1 signature");
    assert_snapshot!(signed.stdout, @"
    2.root.json  root 2
      has all signatures: `lustre-dist repo sign-root URL FILE --publish`
    ");
    repo(&sandbox, &["sign-root", "2.root.json", "--publish"]).success();
    repo(&sandbox, &["check"]).success();
    assert_snapshot!(repo(&sandbox, &["sign-root", "2.root.json"]).failure(2), @"
    error: the draft is root 2, and the repository has root 2
     = help: somebody else changed the root: start with a new draft
    ");
}

#[test]
fn a_program_may_sign() {
    let sandbox = Sandbox::new();
    keys(&sandbox);
    let public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAgTl3Dqh9F19Wo1Rmw0x+zMuNipG07jeiXfYPW4/Js5Q=\n-----END PUBLIC KEY-----\n";
    sandbox.write(
        "keys/targets.toml",
        format!("command = [\"./sign\", \"targets\"]\npublic = \"\"\"{public}\"\"\"\n"),
    );
    assert_snapshot!(repo(&sandbox, &["init"]).failure(8), @"
    error: the keys `targets` and `targets` clash
     = note: folder: `keys`
     = help: a name has one key, and a key one name: take one of the files away
    ");
    fs::remove_file(sandbox.path("keys/targets.pem")).unwrap();
    assert_snapshot!(repo(&sandbox, &["init"]).failure(8), @"
    error: cannot run the signing command `keys/sign`
     = note: No such file or directory (os error 2)
     = help: install it, or mend `command` in the key's file
    ");
    sandbox.write("keys/sign", "#!/bin/sh\necho no token in slot \"$1\" >&2\nexit 4\n");
    fs::set_permissions(sandbox.path("keys/sign"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_snapshot!(repo(&sandbox, &["init"]).failure(8), @"
    error: the signing command `keys/sign` failed: it ended with exit status: 4
     = note: keys/sign: no token in slot targets
     = help: run it by hand with a file on its standard input
    ");
    sandbox.write("keys/sign", "#!/bin/sh\ncat\n");
    assert_snapshot!(repo(&sandbox, &["init"]).failure(8), @"
    error: what the signing command `keys/sign` printed is no signature by its key
     = note: it printed 101 bytes; the key is of the kind ed25519
     = help: it must sign its standard input as it is, and print the signature, raw or in hexadecimal
    ");
}

#[test]
fn a_foreign_root_is_not_signed_for() {
    let sandbox = published();
    // Who can write to the store makes a repository of their own there, with the publisher's key in it.
    sandbox.run(&["repo", "init", "evil", "--keys", "evil-keys"]).success();
    for file in sandbox.list("evil/metadata") {
        fs::copy(
            sandbox.path(&format!("evil/metadata/{file}")),
            sandbox.path(&format!("repo/metadata/{file}")),
        )
        .unwrap();
    }
    assert_snapshot!(repo(&sandbox, &["refresh"]).failure(6), @"
    error: `metadata/1.root.json` is not the root that is trusted
     = note: repository: `repo`
     = help: is this folder of keys, with its `root.json`, that of another repository?
    ");
}
