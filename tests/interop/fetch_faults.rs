// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `fetch` killed, or given errors, at every system call that changes something. After each: every file
//! that has its name is whole, what was trusted is not lost, and the next run completes.
//!
//! A sample of the points is tried, and all of them with `LUSTRE_DIST_SWEEP=all`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use crate::runner::{Run, Sandbox};
use crate::vendor::{Vendor, copy};
use crate::{Case, Release};

pub const CASES: &[Case] = &[("a_killed_fetch_leaves_nothing_half_done", &["strace"], sweep)];

/// System calls that change something on the disk.
const CALLS: [&str; 16] = [
    "openat",
    "write",
    "pwrite64",
    "copy_file_range",
    "sendfile",
    "ftruncate",
    "fchmod",
    "chmod",
    "mkdir",
    "rename",
    "renameat2",
    "linkat",
    "unlink",
    "unlinkat",
    "rmdir",
    "fsync",
];

/// How a call ends the run, or fails.
const FAULTS: [&str; 3] = ["signal=SIGKILL", "error=ENOSPC", "error=EIO"];

/// Of how many points one is tried, unless all are.
const SAMPLE: usize = 16;

const KEPT: &str = ".local/state/lustre-dist";

const FETCH: [&str; 8] = ["fetch", "lts-6.12", "--out", "in", "--root", "root.json", "--from", "repo"];

fn strace(sandbox: &Sandbox, options: &[&str]) -> Run {
    let inner = sandbox.command(&FETCH);
    // A thread whose waking fails may be waited for for ever.
    let mut command = Command::new("timeout");
    command.args(["--signal=KILL", "20", "strace", "-f", "-qq", "-y"]).args(options);
    command.arg(inner.get_program()).args(inner.get_args()).current_dir(sandbox.path(""));
    for (key, value) in inner.get_envs() {
        if let Some(value) = value {
            command.env(key, value);
        }
    }
    sandbox.finish(&mut command)
}

/// The state before each run: the metadata of an earlier day was trusted.
fn reset(sandbox: &Sandbox) {
    for folder in ["in", "cache", KEPT] {
        let _ = fs::remove_dir_all(sandbox.path(folder));
    }
    copy(sandbox, "before/cache", "cache");
    copy(sandbox, "before/state", KEPT);
}

/// The calls that change something, each with its number in its thread.
fn points(sandbox: &Sandbox) -> BTreeSet<(&'static str, usize)> {
    reset(sandbox);
    let trace = format!("trace={}", CALLS.join(","));
    let run = strace(sandbox, &["-o", "trace", "-e", &trace]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let here = sandbox.path("").display().to_string();
    let mut numbers: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let mut points = BTreeSet::new();
    for line in sandbox.read("trace").lines() {
        let (thread, rest) = line.split_once(' ').expect("a thread's id");
        let rest = rest.trim_start();
        let Some(call) = CALLS.into_iter().find(|call| rest.starts_with(&format!("{call}("))) else {
            continue;
        };
        let number = numbers.entry((call, thread.to_owned())).or_insert(0);
        *number += 1;
        let matters = match call {
            "openat" => rest.contains("O_CREAT"),
            // Standard output, and what wakes a thread, are no files.
            "write" | "pwrite64" | "fchmod" => rest.contains(&here),
            _ => true,
        };
        if matters {
            points.insert((call, *number));
        }
    }
    points
}

/// Every file that has its name is whole, and none is missing that another one speaks of.
fn check_out(sandbox: &Sandbox, what: &str) -> usize {
    let names: Vec<String> = sandbox.list("in").into_iter().filter(|name| !name.starts_with('.')).collect();
    for name in &names {
        let there = fs::read(sandbox.path(&format!("in/{name}"))).expect("a file");
        let whole = fs::read(sandbox.path(&format!("dist/lustre-2.17.1/{name}"))).expect("a file");
        assert!(there == whole, "{what}: {name} is torn");
    }
    let has_tarball = names.iter().any(|name| name.ends_with(".tar.zst"));
    assert!(!has_tarball || names.len() == 3, "{what}: {names:?}");
    names.len()
}

fn sweep(_: &Release) {
    let sandbox = Sandbox::new();
    let mut vendor = Vendor::usual(&sandbox);
    sandbox.write("root.json", vendor.root());
    copy(&sandbox, "repo", "oldest");
    vendor.retract("lustre-2.15.8", "for the tests");
    vendor.publish();
    sandbox.run(&["ls", "--root", "root.json", "--from", "repo"]).success();
    copy(&sandbox, "cache", "before/cache");
    copy(&sandbox, KEPT, "before/state");
    vendor.release("2.17.1", Some("lts-6.12"));
    vendor.publish();

    let full = std::env::var_os("LUSTRE_DIST_SWEEP").is_some_and(|value| value == "all");
    let points: Vec<_> =
        points(&sandbox).into_iter().flat_map(|(call, nth)| FAULTS.map(|fault| (call, nth, fault))).collect();
    let mut ended = BTreeMap::new();
    for (place, (call, nth, fault)) in points.iter().enumerate() {
        if !full && place % (points.len() / SAMPLE).max(1) != 0 {
            continue;
        }
        let what = format!("{fault} at {call} {nth}");
        reset(&sandbox);
        let trace = format!("trace={call}");
        let inject = format!("inject={call}:{fault}:when={nth}");
        let run = strace(&sandbox, &["-o", "trace", "-e", &trace, "-e", &inject]);
        // Of two threads the number may be that of a write that wakes the other one, which never fails.
        let of_waking = |line: &str| line.contains("INJECTED") && line.contains("[eventfd]");
        if sandbox.read("trace").lines().any(of_waking) {
            continue;
        }
        assert!(!run.stderr.contains("panicked"), "{what}: {}", run.stderr);
        *ended.entry((*fault, run.code)).or_insert(0) += 1;
        let there = check_out(&sandbox, &what);
        assert!(run.code != 0 || there == 3, "{what}: done, and not there");
        // What is older than what was trusted before stays out.
        let old = sandbox.run(&["ls", "--root", "root.json", "--from", "oldest"]);
        assert_eq!(old.code, 6, "{what}: {}{}", old.stdout, old.stderr);
        assert!(old.stderr.contains("is older than the one that was trusted"), "{what}: {}", old.stderr);
        let again = sandbox.run(&FETCH);
        assert_eq!(again.code, 0, "{what}: {}", again.stderr);
        assert_eq!(check_out(&sandbox, &what), 3, "{what}");
        let left = sandbox.list("in");
        assert_eq!(left.len(), 3, "{what}: {left:?}");
    }
    if full {
        let tried: usize = ended.values().sum();
        println!("{tried} points: {ended:?}");
    }
}
