// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `publish` on a system that kills it or fails it at any system call that changes something. After
//! each, readers find the old state or the new one, whole, and another run completes the publication.
//!
//! In the suite a sample of the calls is tried, for some seconds; with `LUSTRE_DIST_SWEEP=all` all are. strace
//! counts the calls of each thread by themselves: with one job everything is written by the main thread.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::keymaker::Owner;
use crate::published::{TITLE, derived, fake, released, store, whole};
use crate::runner::{Run, Sandbox};
use crate::{Case, Release, run};

pub const CASES: &[Case] = &[
    ("a_killed_publish_is_whole_or_not_there", &["strace", "gpgv"], killed),
    ("a_failing_publish_is_whole_or_not_there", &["strace", "gpgv"], failing),
    ("a_killed_first_publish_is_completed", &["strace"], killed_at_first),
];

/// The system calls that change something, as Linux has them on some machine.
const CALLS: [&str; 21] = [
    "write",
    "pwrite64",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "fsync",
    "fdatasync",
    "chmod",
    "fchmod",
    "fchmodat",
    "ftruncate",
    "flock",
    "copy_file_range",
    "open",
    "openat",
];

/// How long a sample may take.
const SAMPLE: Duration = Duration::from_secs(20);

fn killed(_: &Release) {
    let sandbox = with_one();
    let tried = sweep(&sandbox, &SECOND, &["signal=KILL"], |run| run.code == -1);
    println!("publish was killed at {tried}");
}

fn failing(_: &Release) {
    let sandbox = with_one();
    let faults = ["error=ENOSPC", "error=EIO"];
    let tried = sweep(&sandbox, &SECOND, &faults, |run| {
        assert!([0, 8].contains(&run.code), "exit code {}\n{}", run.code, run.stderr);
        run.code == 8
    });
    println!("publish failed at {tried}");
}

fn killed_at_first(_: &Release) {
    let sandbox = released();
    fs::create_dir(sandbox.path("base")).expect("a folder");
    let tried = sweep(&sandbox, &FIRST, &["signal=KILL"], |run| run.code == -1);
    println!("the first publish was killed at {tried}");
}

/// What is published on top of what.
struct Publication {
    args: &'static [&'static str],
    before: &'static [&'static str],
    after: &'static [&'static str],
}

const SECOND: Publication = Publication {
    args: &[
        "publish",
        "dist/lustre-2.17.58",
        "--to",
        "at/repo",
        "--keys",
        "at/keys",
        "--steps",
        "upload,verify,index",
        "--sums-key",
        "secret.asc",
        "-j",
        "1",
        "-q",
    ],
    before: &[TITLE],
    after: &[TITLE, "lustre-2.17.58"],
};

const FIRST: Publication = Publication {
    args: &[
        "publish",
        "dist/lustre-2.17.57",
        "--to",
        "at/repo",
        "--keys",
        "at/keys",
        "--init",
        "--publish-unsigned",
        "-j",
        "1",
        "-q",
    ],
    before: &[],
    after: &[TITLE],
};

/// A repository of one release in `base/`, and another release to publish.
fn with_one() -> Sandbox {
    let sandbox = released();
    let owner = Owner::new(1);
    sandbox.write("secret.asc", owner.secret_file());
    sandbox.write("public.gpg", owner.certificate());
    let args = ["publish", "dist/lustre-2.17.57", "--to", "base/repo", "--keys", "base/keys", "--init"];
    sandbox.run(&[&args[..], &["--publish-unsigned", "--sums-key", "secret.asc"]].concat()).success();
    fake(&sandbox, "2.17.58");
    sandbox
}

/// Tries every fault at every call, or at a sample of them.
fn sweep(
    sandbox: &Sandbox,
    publication: &Publication,
    faults: &[&str],
    was_met: impl Fn(&Run) -> bool,
) -> String {
    let calls = calls(sandbox, publication);
    let mut points: Vec<(&str, &str, usize)> = Vec::new();
    for (call, places) in &calls {
        for fault in faults {
            points.extend(places.iter().map(|nth| (*fault, call.as_str(), *nth)));
        }
    }
    let counts: BTreeMap<&str, usize> =
        calls.iter().map(|(call, places)| (call.as_str(), places.len())).collect();
    let all = points.len();
    assert!(all > 50, "{counts:?}");
    let is_whole = std::env::var_os("LUSTRE_DIST_SWEEP").is_some_and(|value| value == "all");
    if !is_whole {
        // Spread over all of them, beginning anywhere but in order.
        points.sort_by_key(|(_, call, nth)| (nth * 7919 + call.len() * 31) % all);
    }
    let started = Instant::now();
    let (mut tried, mut met) = (0, 0);
    for (fault, call, nth) in points {
        if !is_whole && started.elapsed() > SAMPLE {
            break;
        }
        met += usize::from(point(sandbox, publication, (fault, call, nth), &was_met));
        tried += 1;
    }
    assert!(met > 0, "no fault was met");
    format!("{tried} of {all} calls ({met} were met): {counts:?}")
}

/// One fault, what readers see then, and the next run.
fn point(
    sandbox: &Sandbox,
    publication: &Publication,
    (fault, call, nth): (&str, &str, usize),
    was_met: impl Fn(&Run) -> bool,
) -> bool {
    let what = format!("{fault} at {call} {nth}");
    renew(sandbox);
    let ended = traced(sandbox, publication, &[&format!("inject={call}:{fault}:when={nth}")]);
    assert!(!ended.stderr.contains("panicked"), "{what}: {}", ended.stderr);
    let titles = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    let store = store(sandbox, "at/repo");
    let root = || fs::read(sandbox.path("at/keys/root.json")).expect("a pinned root");
    let there = match sandbox.path("at/repo/metadata/timestamp.json").exists() {
        true => whole(&store, &root(), &mut BTreeSet::new()),
        false => BTreeSet::new(),
    };
    let (before, after) = (titles(publication.before), titles(publication.after));
    assert!(there == before || there == after, "{what}: {there:?}");
    if ended.code == 0 {
        assert_eq!(there, after, "{what}");
    }
    assert_ne!(signed(sandbox), Some(false), "{what}");
    let again = sandbox.run(publication.args);
    assert_eq!(again.code, 0, "the run after {what}: {}", again.stderr);
    assert_eq!(whole(&store, &root(), &mut BTreeSet::new()), after, "{what}");
    derived(&store, &root());
    let is_to_be_signed = publication.args.contains(&"--sums-key");
    assert_eq!(signed(sandbox), is_to_be_signed.then_some(true), "{what}");
    let left: Vec<String> = sandbox.list("at/repo/.aside");
    // What is only looked at by a run that writes nothing may wait for the next one that does.
    assert!(left.len() <= 1, "{what}: {left:?}");
    was_met(&ended)
}

/// Whether gpgv accepts the signature over the checksums of the line; nothing where there is none.
fn signed(sandbox: &Sandbox) -> Option<bool> {
    let [sums, signature] = ["SHA256SUMS", "SHA256SUMS.asc"].map(|name| format!("at/repo/lts-6.12/{name}"));
    if !sandbox.path(&signature).exists() {
        return None;
    }
    let mut gpgv = Command::new("gpgv");
    gpgv.args(["--homedir", ".", "--keyring", "./public.gpg", &signature, &sums]);
    Some(gpgv.current_dir(sandbox.path("")).output().expect("gpgv runs").status.success())
}

/// Puts everything back to where the publication begins.
fn renew(sandbox: &Sandbox) {
    let _ = fs::remove_dir_all(sandbox.path("at"));
    run(Command::new("cp").arg("-a").arg(sandbox.path("base")).arg(sandbox.path("at")));
}

/// Which calls of a thread change something, by name, in a run that nothing happens to. Of those that open a
/// file these are the ones that make it.
fn calls(sandbox: &Sandbox, publication: &Publication) -> BTreeMap<String, BTreeSet<usize>> {
    renew(sandbox);
    let names = CALLS.map(|call| format!("?{call}")).join(",");
    let ended = traced(sandbox, publication, &[&format!("trace={names}")]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let mut made: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut calls: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for line in sandbox.read("trace").lines() {
        let (thread, rest) = line.split_once(char::is_whitespace).expect("a thread and a call");
        let Some((call, rest)) = rest.trim_start().split_once('(') else { continue };
        if !CALLS.contains(&call) {
            continue;
        }
        let nth = made.entry((thread.to_owned(), call.to_owned())).or_default();
        *nth += 1;
        if !call.starts_with("open") || rest.contains("O_CREAT") {
            calls.entry(call.to_owned()).or_default().insert(*nth);
        }
    }
    calls
}

fn traced(sandbox: &Sandbox, publication: &Publication, expressions: &[&str]) -> Run {
    let inner = sandbox.command(publication.args);
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "trace"]).current_dir(sandbox.path(""));
    for expression in expressions {
        command.arg("-e").arg(expression);
    }
    command.arg(inner.get_program()).args(inner.get_args());
    for (key, value) in inner.get_envs() {
        if let Some(value) = value {
            command.env(key, value);
        }
    }
    sandbox.finish(&mut command)
}
