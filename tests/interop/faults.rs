// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A system that fails in the middle: system calls that give errors, and a disk that is full. Each
//! run ends in a clear error or a whole release, and leaves nothing half-done.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use crate::fixture::{TITLE, noise};
use crate::runner::{Run, Sandbox, manifest};
use crate::{Case, MOUNTING, Release, run};

pub const CASES: &[Case] = &[
    ("a_failing_system_call_leaves_nothing", &["strace"], system_calls),
    ("a_full_disk_leaves_nothing", &[MOUNTING], full_disk),
    ("a_read_only_disk_is_told", &[MOUNTING], read_only),
];

fn sandbox(size: usize) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("lustre/noise", noise(size, 6));
    sandbox.repository("lustre", &[("COPYING", "GPL\n"), ("lustre/utils/lfs.c", "int main;\n")], "v2_17_57");
    let formats = r#""tar", "tar.gz", "tar.zst", "tar.xz""#;
    sandbox.write("m.toml", manifest("\n[encoding]\nzstd = 1\nxz = 0\n").replace(r#""tar.gz""#, formats));
    sandbox.run(&["lock", "m.toml"]).success();
    sandbox
}

/// The files of a release, by name; nothing when it is not there.
fn files(sandbox: &Sandbox, out: &str) -> BTreeMap<String, Vec<u8>> {
    let Ok(entries) = fs::read_dir(sandbox.path(out).join(TITLE)) else { return BTreeMap::new() };
    entries
        .map(|entry| {
            let entry = entry.expect("an entry");
            let name = entry.file_name().into_string().expect("UTF-8");
            (name, fs::read(entry.path()).expect("a file"))
        })
        .collect()
}

/// System calls that a run makes, the error that one of them gives, and which of each thread's.
const FAULTS: [(&str, &str, std::ops::RangeInclusive<usize>); 12] = [
    ("write", "ENOSPC", 1..=6),
    ("write", "EIO", 1..=3),
    ("fsync", "EIO", 1..=6),
    ("fsync", "ENOSPC", 1..=2),
    ("renameat2", "EIO", 1..=1),
    ("renameat2", "ENOSPC", 1..=1),
    ("renameat2", "EINVAL", 1..=1),
    ("mkdir", "ENOSPC", 1..=3),
    ("mkdir", "EACCES", 1..=2),
    ("fchmod", "EIO", 1..=5),
    ("chmod", "EPERM", 1..=1),
    ("flock", "ENOLCK", 1..=2),
];

fn system_calls(_: &Release) {
    let sandbox = sandbox(300_000);
    sandbox.run(&["assemble", "m.toml", "--out", "whole"]).success();
    let whole = files(&sandbox, "whole");
    let mut failed = BTreeMap::new();
    for (call, error, which) in FAULTS {
        for nth in which {
            let what = format!("{call} gives {error} at {nth}");
            let run = injected(&sandbox, call, error, nth);
            let paths = sandbox.list("dist");
            assert!(!paths.iter().any(|path| path.starts_with('.')), "{what}: {paths:?}\n{}", run.stderr);
            assert!(!run.stderr.contains("panicked"), "{what}: {}", run.stderr);
            let there = files(&sandbox, "dist");
            match run.code {
                // Not every call matters: a line of the log may be lost.
                0 => assert!(there == whole, "{what}: another release"),
                4 | 8 => {
                    *failed.entry(call).or_insert(0) += 1;
                    // The one failure that comes after the release has its name: it is there and whole.
                    let late = run.stderr.contains("may not outlast a power failure");
                    assert!(
                        if late { there == whole } else { paths.is_empty() },
                        "{what}: {paths:?}\n{}",
                        run.stderr
                    );
                }
                code => panic!("{what}: exit code {code}\n{}", run.stderr),
            }
            sandbox.run(&["assemble", "m.toml"]).success();
            assert!(files(&sandbox, "dist") == whole, "{what}: another release on the next run");
            fs::remove_dir_all(sandbox.path("dist")).expect("room again");
        }
    }
    let calls: Vec<_> = failed.keys().copied().collect();
    assert_eq!(calls, ["chmod", "fchmod", "flock", "fsync", "mkdir", "renameat2", "write"], "each was met");
}

fn injected(sandbox: &Sandbox, call: &str, error: &str, nth: usize) -> Run {
    let inner = sandbox.command(&["assemble", "m.toml", "--locked", "-j", "2"]);
    let mut command = Command::new("strace");
    command
        .args(["-f", "-qq", "-o"])
        .arg("/dev/null")
        .arg("-e")
        .arg(format!("trace={call}"))
        .arg("-e")
        .arg(format!("inject={call}:error={error}:when={nth}"))
        .arg(inner.get_program())
        .args(inner.get_args())
        .current_dir(sandbox.path(""));
    for (key, value) in inner.get_envs() {
        if let Some(value) = value {
            command.env(key, value);
        }
    }
    sandbox.finish(&mut command)
}

/// Runs the program with a small file system on `dist`; gives how it ended and what is there then.
fn run_on(sandbox: &Sandbox, options: &str) -> (Run, Vec<String>) {
    let dist = sandbox.path("dist");
    fs::create_dir_all(&dist).expect("a folder");
    run(Command::new("mount").args(["-t", "tmpfs", "-o", options, "none"]).arg(&dist));
    let ended = sandbox.run(&["assemble", "m.toml", "--locked"]);
    let paths = sandbox.list("dist");
    run(Command::new("umount").arg(&dist));
    (ended, paths)
}

fn full_disk(_: &Release) {
    let sandbox = sandbox(1_000_000);
    // From no room at all to all but the last file.
    for size in ["8k", "64k", "600k", "1100k", "3200k", "3800k"] {
        let (error, paths) = run_on(&sandbox, &format!("size={size}"));
        assert_eq!(error.code, 8, "{size}: {}", error.stderr);
        assert!(error.stderr.contains("No space left on device"), "{size}: {}", error.stderr);
        assert!(error.stderr.contains("make room on that file system"), "{size}: {}", error.stderr);
        assert_eq!(paths, Vec::<String>::new(), "{size}");
    }
    sandbox.run(&["assemble", "m.toml", "--locked"]).success();
}

fn read_only(_: &Release) {
    let sandbox = sandbox(1000);
    let (error, _) = run_on(&sandbox, "ro,size=1m");
    assert_eq!(error.code, 8, "{}", error.stderr);
    assert!(error.stderr.contains("Read-only file system"), "{}", error.stderr);
    assert!(error.stderr.contains("must be one that you may write to"), "{}", error.stderr);
}
