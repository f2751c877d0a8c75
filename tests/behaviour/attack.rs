// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The attacks that The Update Framework is made against, tried on our reader: a repository, a mirror or
//! a network that lies, some of them with keys that were stolen.

use std::fs;

use insta::assert_snapshot;
use lustre_dist::roles::Role;
use serde_json::{Value, json};

use crate::fetch::plain;
use crate::forge::{self, Key};
use crate::runner::{Run, Sandbox};
use crate::site::{Reply, Site};
use crate::vendor::{Vendor, copy};

/// A repository with two publications, and a reader who saw the second one.
struct Scene {
    sandbox: Sandbox,
}

impl Scene {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        {
            let mut vendor = Vendor::usual(&sandbox);
            sandbox.write("root.json", vendor.root());
            copy(&sandbox, "repo", "older");
            vendor.retract("lustre-2.15.8", "loses data");
            vendor.publish();
        }
        let scene = Self { sandbox };
        scene.list().success();
        copy(&scene.sandbox, "repo", "good");
        scene
    }

    /// What the reader says of the repository as it is now.
    #[track_caller]
    fn list(&self) -> Run {
        let site = Site::new(self.sandbox.path("repo"));
        self.list_at(&site, "2026-11-23")
    }

    fn list_at(&self, site: &Site, today: &str) -> Run {
        let args = ["--log-style", "plain", "ls", "--from", &site.url, "--root", "root.json"];
        self.sandbox.finish(self.sandbox.command(&args).env("LUSTRE_DIST_TODAY", today))
    }

    /// The reader must refuse this state, and still take the good one afterwards.
    #[track_caller]
    fn refused(&self) -> String {
        self.refused_as(6)
    }

    #[track_caller]
    fn refused_as(&self, code: i32) -> String {
        let said = plain(&self.list().failure(code));
        copy(&self.sandbox, "good", "repo");
        self.list().success();
        said
    }

    /// Somebody who never read this repository before, and has a copy of their own.
    fn another_reader(&self) -> Self {
        let other = Sandbox::new();
        for file in self.sandbox.list("repo") {
            let path = self.sandbox.path(&format!("repo/{file}"));
            if path.is_file() {
                other.write(&format!("repo/{file}"), fs::read(path).unwrap());
            }
        }
        other.write("root.json", self.sandbox.read("root.json"));
        Self { sandbox: other }
    }

    fn take(&self, from: &str, file: &str) {
        fs::copy(self.sandbox.path(&format!("{from}/{file}")), self.sandbox.path(&format!("repo/{file}")))
            .unwrap();
    }

    fn online(&self) -> Key {
        Key::read(&self.sandbox, "online")
    }

    fn version(&self, role: &str) -> u64 {
        forge::version(&self.sandbox, role)
    }
}

#[test]
fn an_older_timestamp_is_refused() {
    let scene = Scene::new();
    scene.take("older", "metadata/timestamp.json");
    assert_snapshot!(scene.refused(), @"
    error: the timestamp role is older than the one that was trusted before
     = note: version 2 came, and version 3 was seen
     = note: at SITE
     = help: the mirror is stale, or somebody gives you an old state: try another mirror, or later
    ");
}

#[test]
fn older_metadata_under_a_new_timestamp_is_refused() {
    // The keys of snapshot and timestamp are online, and were stolen; those of the targets were not.
    let scene = Scene::new();
    let (snapshot, timestamp) = (scene.version("snapshot"), scene.version("timestamp"));
    let (newest, bytes) = forge::targets(&scene.sandbox);
    forge::state(&scene.sandbox, (newest, &bytes), snapshot - 1, timestamp + 1, &scene.online());
    assert_snapshot!(scene.refused(), @"
    error: the metadata of SITE is not to be trusted
     = note: Snapshot version 2 in timestamp 4 is less than 3 in timestamp 3
     = help: somebody between you and the repository may have changed it: try another mirror, and tell who keeps it
    ");
    let older = fs::read(scene.sandbox.path(&format!("repo/metadata/{}.targets.json", newest - 1))).unwrap();
    forge::state(&scene.sandbox, (newest - 1, &older), snapshot + 1, timestamp + 1, &scene.online());
    assert_snapshot!(scene.refused(), @"
    error: the metadata of SITE is not to be trusted
     = note: Role targets.json version 3 in snapshot 3 is greater than version 2 in snapshot 4
     = help: somebody between you and the repository may have changed it: try another mirror, and tell who keeps it
    ");
    // The older targets under the newer number.
    forge::state(&scene.sandbox, (newest + 1, &older), snapshot + 1, timestamp + 1, &scene.online());
    assert_snapshot!(scene.refused(), @"
    error: the metadata of SITE is not to be trusted
     = note: targets metadata version mismatch: fetched 2, expected 4
     = help: somebody between you and the repository may have changed it: try another mirror, and tell who keeps it
    ");
    // Targets of the thief's own.
    let mut evil = forge::role(&scene.sandbox, &format!("{newest}.targets.json"));
    evil["version"] = (newest + 1).into();
    let evil = forge::signed(&evil, &[&scene.online(), &Key::foreign(9)]);
    forge::state(&scene.sandbox, (newest + 1, &evil), snapshot + 1, timestamp + 1, &scene.online());
    assert_snapshot!(scene.refused(), @"
    error: the targets role of SITE is not signed by the keys of root 1
     = note: Signature threshold of 1 not met for role targets (0 valid signatures)
     = note: its roots end before `metadata/2.root.json`, which is not there
     = help: somebody changed it, or this mirror lacks the root that says of other keys: try another mirror, or begin with the newest `root.json` from who vouches for the repository
    ");
}

#[test]
fn a_repository_that_stands_still_is_refused_after_a_week() {
    let scene = Scene::new();
    let site = Site::new(scene.sandbox.path("repo"));
    scene.list_at(&site, "2026-11-29").success();
    assert_snapshot!(plain(&scene.list_at(&site, "2026-12-01").failure(6)), @"
    error: the metadata has expired
     = note: the timestamp role expired at 2026-11-30T12:00:00Z; now is 2026-12-01T12:00:00Z
     = note: at SITE
     = help: a repository that is kept is signed anew in time: the server may be holding newer metadata back; try another mirror, and look at this machine's clock
    ");
    let refresh = ["repo", "refresh", "repo", "--keys", "keys"];
    scene.sandbox.finish(scene.sandbox.command(&refresh).env("LUSTRE_DIST_TODAY", "2026-12-01")).success();
    scene.list_at(&site, "2026-12-01").success();
}

#[test]
fn metadata_that_does_not_belong_together_is_refused() {
    let scene = Scene::new();
    let (snapshot, targets) = (scene.version("snapshot"), scene.version("targets"));
    let older = |role: &str, version: u64| {
        fs::read(scene.sandbox.path(&format!("older/metadata/{}.{role}.json", version - 1))).unwrap()
    };
    scene.sandbox.write(&format!("repo/metadata/{snapshot}.snapshot.json"), older("snapshot", snapshot));
    // A reader who has the right one does not even ask.
    scene.list().success();
    assert_snapshot!(plain(&scene.another_reader().list().failure(6)), @"
    error: the metadata of SITE is not to be trusted
     = note: Hash mismatch for SITE/metadata/3.snapshot.json: calculated [SHA256], expected [SHA256]
     = help: somebody between you and the repository may have changed it: try another mirror, and tell who keeps it
    ");
    copy(&scene.sandbox, "good", "repo");
    scene.sandbox.write(&format!("repo/metadata/{targets}.targets.json"), older("targets", targets));
    assert_snapshot!(plain(&scene.another_reader().list().failure(6)), @"
    error: the metadata of SITE is not to be trusted
     = note: Hash mismatch for SITE/metadata/3.targets.json: calculated [SHA256], expected [SHA256]
     = help: somebody between you and the repository may have changed it: try another mirror, and tell who keeps it
    ");
}

/// A root with the changes of an attacker, signed by some keys; its number.
fn next_root(scene: &Scene, change: impl Fn(&mut Value), keys: &[&Key]) {
    let mut root = forge::role(&scene.sandbox, "1.root.json");
    root["version"] = 2.into();
    change(&mut root);
    scene.sandbox.write("repo/metadata/2.root.json", forge::signed(&root, keys));
}

#[test]
fn a_root_that_too_few_signed_is_refused() {
    let scene = Scene::new();
    let (root, evil) = (Key::read(&scene.sandbox, "root-1"), Key::foreign(7));
    let take_over = |root: &mut Value| {
        root["keys"][evil.id()] = evil.public();
        for role in ["root", "targets", "snapshot", "timestamp"] {
            root["roles"][role]["keyids"] = json!([evil.id()]);
        }
    };
    // By the thief alone, by a stolen key of another role, by nobody.
    for keys in [&[&evil][..], &[&scene.online(), &evil], &[]] {
        next_root(&scene, take_over, keys);
        let said = scene.refused();
        insta::allow_duplicates!(assert_snapshot!(said, @"
        error: the metadata of SITE is not to be trusted
         = note: Failed to verify root metadata: Signature threshold of 1 not met for role root (0 valid signatures)
         = help: somebody between you and the repository may have changed it: try another mirror, and tell who keeps it
        "));
    }
    // The old root's holders signed; the new one asks for two.
    let two = |root: &mut Value| {
        root["keys"][evil.id()] = evil.public();
        root["roles"]["root"]["keyids"].as_array_mut().unwrap().push(evil.id().into());
        root["roles"]["root"]["threshold"] = 2.into();
    };
    next_root(&scene, two, &[&root]);
    assert_snapshot!(scene.refused(), @"
    error: the metadata of SITE is not to be trusted
     = note: Failed to verify root metadata: Signature threshold of 2 not met for role root (1 valid signatures)
     = help: somebody between you and the repository may have changed it: try another mirror, and tell who keeps it
    ");
    // One key under its id twice, and its signature twice, is one.
    let twice = |root: &mut Value| {
        let id = root["roles"]["root"]["keyids"][0].clone();
        root["roles"]["root"]["keyids"].as_array_mut().unwrap().push(id);
        root["roles"]["root"]["threshold"] = 2.into();
    };
    next_root(&scene, twice, &[&root, &root]);
    assert!(scene.refused().contains("Duplicate key ID"));
    next_root(&scene, twice, &[&root]);
    scene.refused();
    // A key under an id that is not its own.
    let misnamed = |root: &mut Value| {
        root["keys"]["00".repeat(32)] = evil.public();
    };
    next_root(&scene, misnamed, &[&root]);
    assert!(scene.refused().contains("Invalid key ID"));
    // Another number than its name.
    next_root(&scene, |root| root["version"] = 3.into(), &[&root]);
    assert_snapshot!(scene.refused(), @"
    error: `metadata/2.root.json` of SITE is not root 2
     = note: by what it says it is version 3
     = help: this mirror is put together wrongly, or somebody changed it: try another mirror, and tell who keeps it
    ");
    next_root(&scene, |_| {}, &[&root]);
    scene.list().success();
}

#[test]
fn one_key_under_two_ids_is_one_signer() {
    let scene = Scene::new();
    let key = Key::read(&scene.sandbox, "root-1");
    let again = Key::read(&scene.sandbox, "root-1").in_capitals();
    let two = |root: &mut Value| {
        root["keys"][again.id()] = again.public();
        root["roles"]["root"]["keyids"].as_array_mut().unwrap().push(again.id().into());
        root["roles"]["root"]["threshold"] = 2.into();
    };
    next_root(&scene, two, &[&key, &again]);
    let second = fs::read(scene.sandbox.path("repo/metadata/2.root.json")).unwrap();
    scene.list().failure(6);
    // Nor does it open the way for the one after it, which that key alone signed.
    let mut third = forge::role(&scene.sandbox, "1.root.json");
    third["version"] = 3.into();
    scene.sandbox.write("repo/metadata/3.root.json", forge::signed(&third, &[&key, &again]));
    assert_snapshot!(scene.refused(), @"
    error: root 2 has one key under two ids for the root role, which would count as two signers
     = note: at SITE
     = help: try another mirror; where each says so, tell who keeps the repository: the root must be made anew with keys that differ
    ");
    // Pinned, it is no better.
    scene.sandbox.write("second.json", second);
    let pinned = ["--log-style", "plain", "ls", "--from", "repo", "--root", "second.json"];
    assert_snapshot!(plain(&scene.sandbox.run(&pinned).failure(6)), @"
    error: root 2 has one key under two ids for the root role, which would count as two signers
     = note: it is `second.json`
     = help: tell who keeps the repository: the root must be made anew with keys that differ; no mirror can mend it
    ");
}

#[test]
fn a_reader_follows_several_changes_of_keys() {
    let sandbox = Sandbox::new();
    let mut vendor = Vendor::usual(&sandbox);
    sandbox.write("root.json", vendor.root());
    let site = Site::new(sandbox.path("repo"));
    let list = || sandbox.run(&["ls", "--from", &site.url, "--root", "root.json"]);
    list().success();
    let online = [Role::Snapshot, Role::Timestamp];
    for (nth, roles) in
        [&online[..], &[Role::Targets], &[Role::Root], &online, &[Role::Root]].iter().enumerate()
    {
        vendor.rotate(roles, &format!("key-{nth}"));
        if nth % 2 == 0 {
            list().success();
        }
    }
    // And one who trusts the first root and never read on.
    for folder in ["cache", ".local"] {
        let _ = fs::remove_dir_all(sandbox.path(folder));
    }
    list().success();
}

#[test]
fn numbers_that_a_thief_used_up_are_forgotten_with_his_keys() {
    let sandbox = Sandbox::new();
    let mut vendor = Vendor::usual(&sandbox);
    sandbox.write("root.json", vendor.root());
    let site = Site::new(sandbox.path("repo"));
    let list = || sandbox.run(&["ls", "--from", &site.url, "--root", "root.json"]);
    list().success();
    copy(&sandbox, "repo", "good");
    let (number, bytes) = forge::targets(&sandbox);
    let far = u64::from(u32::MAX);
    forge::state(&sandbox, (number, &bytes), far, far, &Key::read(&sandbox, "online"));
    list().success();
    copy(&sandbox, "good", "repo");
    // The keeper's next state is older than the thief's, until the keys change.
    vendor.publish();
    list().failure(6);
    vendor.rotate(&[Role::Snapshot, Role::Timestamp], "online-2");
    list().success();
    vendor.publish();
    list().success();
}

#[test]
fn a_wrong_length_is_refused() {
    let scene = Scene::new();
    for role in ["snapshot", "targets"] {
        let path = format!("repo/metadata/{}.{role}.json", scene.version(role));
        let bytes = fs::read(scene.sandbox.path(&path)).unwrap();
        for wrong in [[&bytes[..], b"\n"].concat(), bytes[..bytes.len() - 1].to_vec(), Vec::new()] {
            let fresh = scene.another_reader();
            fresh.sandbox.write(&path, &wrong);
            assert_eq!(fresh.list().code, 6, "{path} {}", wrong.len());
        }
    }
    scene.another_reader().list().success();
}

#[test]
fn metadata_without_end_is_cut_off() {
    let scene = Scene::new();
    for file in ["timestamp.json", "2.root.json", "snapshot.json", "targets.json"] {
        let fresh = scene.another_reader();
        let site = Site::with(fresh.sandbox.path("repo"), move |asked| {
            if asked.path.ends_with(file) { Reply::Bytes(vec![b' '; 80 << 20]) } else { Reply::Usual }
        });
        let run = fresh.list_at(&site, "2026-11-23");
        assert!(matches!(run.code, 4 | 6), "{file}: {}", run.stderr);
        assert!(!run.stderr.contains("bug"), "{file}: {}", run.stderr);
    }
}

#[test]
fn a_root_that_is_missing_or_garbled_is_not_the_end_of_the_chain() {
    let sandbox = Sandbox::new();
    let mut vendor = Vendor::usual(&sandbox);
    sandbox.write("root.json", vendor.root());
    vendor.rotate(&[Role::Snapshot, Role::Timestamp], "online-2");
    vendor.rotate(&[Role::Targets], "targets-2");
    let list = |site: &Site| {
        sandbox.run(&["--log-style", "plain", "ls", "--from", &site.url, "--root", "root.json"])
    };
    let with = |reply: fn() -> Reply| {
        let site = Site::with(sandbox.path("repo"), move |asked| {
            if asked.path.ends_with("2.root.json") { reply() } else { Reply::Usual }
        });
        plain(&list(&site).failure(6).lines().map(|line| format!("{line}\n")).collect::<String>())
    };
    assert_snapshot!(with(|| Reply::Status(404, vec![], vec![])), @"
    error: the timestamp role of SITE is not signed by the keys of root 1
     = note: Signature threshold of 1 not met for role timestamp (0 valid signatures)
     = note: its roots end before `metadata/2.root.json`, which is not there
     = help: somebody changed it, or this mirror lacks the root that says of other keys: try another mirror, or begin with the newest `root.json` from who vouches for the repository
    ");
    assert_snapshot!(with(|| Reply::Bytes(b"<html>".to_vec())), @"
    error: the metadata of SITE is not to be trusted
     = note: Failed to parse root metadata: expected value at line 1 column 1
     = help: somebody between you and the repository may have changed it: try another mirror, and tell who keeps it
    ");
    let site = Site::with(sandbox.path("repo"), move |asked| {
        if asked.path.ends_with("2.root.json") { Reply::Status(503, vec![], vec![]) } else { Reply::Usual }
    });
    assert_snapshot!(plain(&list(&site).failure(4)), @"
    error: cannot read `metadata/2.root.json` of SITE
     = note: it says 503 Service Unavailable
     = help: try again later, or another mirror with `--from`
    ");
    let site = Site::with(sandbox.path("repo"), move |asked| {
        if asked.path.ends_with("2.root.json") { Reply::Cut(100) } else { Reply::Usual }
    });
    let run = list(&site);
    assert!(matches!(run.code, 4 | 6), "{}", run.stderr);
    list(&Site::new(sandbox.path("repo"))).success();
}
