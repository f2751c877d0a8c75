// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The release directory: whole or not there, whatever happens, and never changed once it is there.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use rustix::process::{Pid, Signal, kill_process};

use crate::archive::{files, same};
use crate::fixture::{TITLE, noise};
use crate::runner::{Sandbox, manifest};
use crate::tarball;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let files = [("COPYING", "GPL\n"), ("lustre/utils/lfs.c", "int main;\n"), ("lustre/llite/file.c", "\n")];
    sandbox.repository("lustre", &files, "v2_17_57");
    sandbox.write("m.toml", manifest(""));
    sandbox
}

/// One that keeps the encoders busy for many seconds.
fn slow_sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("lustre/large", noise(24 << 20, 5));
    sandbox.repository("lustre", &[("COPYING", "GPL\n")], "v2_17_57");
    sandbox.write("m.toml", manifest("\n[encoding]\nzstd = 22\n").replace("tar.gz", "tar.zst"));
    sandbox
}

/// The path of one of the release's files.
fn file(ending: &str) -> String {
    format!("dist/{TITLE}/{TITLE}.{ending}")
}

/// Digests and ids as words, so that a snapshot shows what the user sees and no more.
fn without_digests(text: &str) -> String {
    text.split_inclusive([' ', '\n'])
        .map(|word| {
            let trimmed = word.trim_end();
            let hex = trimmed.bytes().all(|byte| byte.is_ascii_hexdigit());
            match trimmed.len() {
                64 if hex => word.replace(trimmed, "[SHA256]"),
                40 if hex => word.replace(trimmed, "[ID]"),
                _ => word.to_owned(),
            }
        })
        .collect()
}

/// Nothing half-done: no directory aside, and no release.
#[track_caller]
fn assert_nothing(sandbox: &Sandbox, out: &str) {
    assert_eq!(sandbox.list(out), Vec::<String>::new());
}

#[test]
fn a_rerun_with_the_same_lock_writes_nothing() {
    let sandbox = sandbox();
    sandbox.run(&["assemble", "m.toml"]).success();
    let stamps = || -> Vec<_> {
        let mut paths = sandbox.list("dist");
        paths.push(String::new());
        paths
            .into_iter()
            .map(|name| {
                let meta = fs::symlink_metadata(sandbox.path("dist").join(&name)).expect("metadata");
                (name, meta.ino(), meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec())
            })
            .collect()
    };
    let before = stamps();
    let lock = sandbox.read("m.lock");
    for args in [&["assemble", "m.toml"][..], &["assemble", "m.toml", "--locked", "--offline", "-j", "1"]] {
        let printed = sandbox.run(args).success();
        assert!(printed.contains("was there; every file of it has its digest"), "{printed}");
    }
    assert_eq!(stamps(), before);

    // A lock that got lost is written again, and the release is found all the same.
    fs::remove_file(sandbox.path("m.lock")).expect("the lock");
    let printed = sandbox.run(&["assemble", "m.toml"]).success();
    assert!(printed.contains("was there"), "{printed}");
    assert_eq!(sandbox.read("m.lock"), lock);
    assert_eq!(stamps(), before);
}

#[test]
fn damage_is_found_and_named() {
    let sandbox = sandbox();
    sandbox.run(&["assemble", "m.toml"]).success();
    let whole = files(&sandbox, "dist");
    for (name, bytes) in &whole {
        let path = format!("dist/{TITLE}/{name}");
        let mut changed = bytes.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        let mut truncated = bytes.clone();
        truncated.pop();
        for damaged in [changed, truncated, Vec::new()] {
            sandbox.write(&path, &damaged);
            let error = sandbox.run(&["assemble", "m.toml"]).failure(6);
            // A digest in the sums that was changed points at the file that it belongs to.
            let named = if name.ends_with("SHA256SUMS") { TITLE } else { name.as_str() };
            assert!(error.contains(named), "{name}: {error}");
            assert!(error.contains("move the directory away and run again"), "{name}: {error}");
        }
        fs::remove_file(sandbox.path(&path)).expect(name);
        let error = sandbox.run(&["assemble", "m.toml"]).failure(6);
        assert!(error.contains(&format!("{name}` cannot be read")), "{name}: {error}");
        sandbox.write(&path, bytes);
    }
    sandbox.run(&["assemble", "m.toml"]).success();
    same(&files(&sandbox, "dist"), &whole, "after the damage was mended");
}

#[test]
fn checksums_that_lack_a_file_prove_nothing() {
    let sandbox = sandbox();
    sandbox.run(&["assemble", "m.toml"]).success();
    let sums = sandbox.read(&file("SHA256SUMS"));
    for line in sums.lines() {
        let name = line.split_once("  ").expect("a digest and a name").1;
        sandbox.write(&file("SHA256SUMS"), sums.replace(&format!("{line}\n"), ""));
        let error = sandbox.run(&["assemble", "m.toml"]).failure(6);
        assert!(error.contains(&format!("{name}` is not named in the checksums")), "{name}: {error}");
    }
}

#[test]
fn every_damaged_file_is_named() {
    let sandbox = sandbox();
    sandbox.run(&["assemble", "m.toml"]).success();
    sandbox.write(&file("origins.jsonl"), "{}\n");
    fs::remove_file(sandbox.path(&file("tar.gz"))).expect("the tarball");
    let error = sandbox.run(&["assemble", "m.toml"]).failure(6);
    assert_snapshot!(without_digests(&error), @r"
    error: `dist/lustre-2.17.57/lustre-2.17.57.origins.jsonl` is not the file that was released
     = note: expected  sha256 [SHA256]
     = note: found     sha256 [SHA256]

    error: `dist/lustre-2.17.57/lustre-2.17.57.tar.gz` cannot be read
     = note: No such file or directory (os error 2)
     = help: move the directory away and run again: the release can be made anew, byte for byte

    2 problems
    ");
}

#[test]
fn another_lock_under_the_same_version_is_refused_with_both_sides() {
    let sandbox = sandbox();
    sandbox.run(&["assemble", "m.toml"]).success();
    let whole = files(&sandbox, "dist");
    sandbox.commit("lustre", &[("COPYING", "another licence\n")], "LU-3 licence: another");
    sandbox.git("lustre", &["tag", "--force", "--annotate", "--message", "moved", "v2_17_57"]);
    sandbox.run(&["lock", "m.toml", "--update", "lustre"]).success();
    let error = sandbox.run(&["assemble", "m.toml"]).failure(6);
    assert_snapshot!(without_digests(&error), @r"
    error: `dist/lustre-2.17.57` is another release of version 2.17.57
     = note: there   lock sha256 [SHA256]
     = note: wanted  lock sha256 [SHA256]
     = note: source `lustre`  there [ID]  wanted [ID]
     = help: a version never changes: raise `respin` in `[release]`, or move the directory away if it was never published
    ");
    same(&files(&sandbox, "dist"), &whole, "a refused run");

    // Elsewhere, and with a respin, it is a release of its own.
    sandbox.run(&["assemble", "m.toml", "--out", "elsewhere"]).success();
    sandbox.write("m.toml", manifest("").replace("primary =", "respin = 2\nprimary ="));
    let printed = sandbox.run(&["assemble", "m.toml"]).success();
    assert!(printed.starts_with("dist/lustre-2.17.57+r2\n"), "{printed}");
}

#[test]
fn a_manifest_that_changed_is_refused_with_both_sides() {
    let sandbox = sandbox();
    sandbox.run(&["assemble", "m.toml"]).success();
    sandbox.write("m.toml", manifest("\n# a remark\n"));
    let error = sandbox.run(&["assemble", "m.toml"]).failure(6);
    assert_snapshot!(without_digests(&error), @r"
    error: `dist/lustre-2.17.57` is another release of version 2.17.57
     = note: there   lock sha256 [SHA256]
     = note: wanted  lock sha256 [SHA256]
     = note: manifest  there sha256 [SHA256]  wanted [SHA256]
     = help: a version never changes: raise `respin` in `[release]`, or move the directory away if it was never published
    ");
}

#[test]
fn fewer_formats_are_there_and_more_are_refused() {
    let sandbox = sandbox();
    sandbox.run(&["assemble", "m.toml", "--format", "gz,xz"]).success();
    let whole = files(&sandbox, "dist");
    let printed = sandbox.run(&["assemble", "m.toml", "--format", "xz"]).success();
    assert!(printed.contains("was there"), "{printed}");
    let error = sandbox.run(&["assemble", "m.toml", "--format", "zst,tar,xz"]).failure(6);
    assert_snapshot!(error, @r"
    error: `dist/lustre-2.17.57` is there without tar, tar.zst
     = note: it has tar.gz, tar.xz
     = note: a release is written once, with all its formats
     = help: move it away and run again, or write elsewhere with `--out`
    ");
    same(&files(&sandbox, "dist"), &whole, "a refused run");
}

#[test]
fn what_stands_in_the_way_is_left_alone() {
    // A file.
    let first = sandbox();
    first.write(&format!("dist/{TITLE}"), "mine\n");
    assert_snapshot!(first.run(&["assemble", "m.toml"]).failure(6), @r"
    error: `dist/lustre-2.17.57` is there and is no release
     = note: cannot read lustre-2.17.57.release.json in it: Not a directory (os error 20)
     = help: move it away, or write elsewhere with `--out`
    ");
    assert_eq!(first.read(&format!("dist/{TITLE}")), "mine\n");

    // A folder of somebody else's, an empty one, and a link to nowhere.
    let foreign = sandbox();
    foreign.write(&format!("dist/{TITLE}/notes"), "mine\n");
    assert_snapshot!(foreign.run(&["assemble", "m.toml"]).failure(6), @r"
    error: `dist/lustre-2.17.57` is there and is no release
     = note: cannot read lustre-2.17.57.release.json in it: No such file or directory (os error 2)
     = help: move it away, or write elsewhere with `--out`
    ");
    assert_eq!(foreign.list("dist"), [TITLE.to_owned(), format!("{TITLE}/notes")]);
    let empty = sandbox();
    fs::create_dir_all(empty.path("dist").join(TITLE)).expect("a folder");
    empty.run(&["assemble", "m.toml"]).failure(6);
    assert_eq!(empty.list("dist"), [TITLE]);
    let link = sandbox();
    fs::create_dir_all(link.path("dist")).expect("a folder");
    std::os::unix::fs::symlink("nowhere", link.path("dist").join(TITLE)).expect("a link");
    link.run(&["assemble", "m.toml"]).failure(6);
    assert_eq!(link.list("dist"), [TITLE]);
}

#[test]
fn an_out_folder_that_cannot_be_is_an_error_of_the_environment() {
    let sandbox = sandbox();
    sandbox.write("file", "mine\n");
    assert_snapshot!(sandbox.run(&["assemble", "m.toml", "--out", "file"]).failure(8), @r"
    planned lustre-2.17.57: 10 members, 0 excluded
    error: cannot create the folder `file`
     = note: File exists (os error 17)
     = help: something that is no folder stands there or above: move it away, or name another place
    ");
    assert_snapshot!(sandbox.run(&["assemble", "m.toml", "--out", "file/below"]).failure(8), @r"
    planned lustre-2.17.57: 10 members, 0 excluded
    error: cannot create the folder `file/below`
     = note: Not a directory (os error 20)
     = help: something that is no folder stands there or above: move it away, or name another place
    ");
    assert_snapshot!(sandbox.run(&["assemble", "m.toml", "--out", "/proc/nothing"]).failure(8), @r"
    planned lustre-2.17.57: 10 members, 0 excluded
    error: cannot create the folder `/proc/nothing`
     = note: No such file or directory (os error 2)
    ");
    assert_eq!(sandbox.read("file"), "mine\n");
}

#[test]
fn the_folders_of_a_run_that_failed_go_with_it() {
    let sandbox = sandbox();
    let before = sandbox.list(".");
    let limited = limited(&sandbox, 0, &["assemble", "m.toml", "--locked", "--out", "a/b/c"]);
    assert_eq!(limited.1, 3, "no lock: {}", limited.0);
    assert_eq!(sandbox.list("."), before);
    sandbox.run(&["lock", "m.toml"]).success();
    let before = sandbox.list(".");
    let limited = self::limited(&sandbox, 0, &["assemble", "m.toml", "--locked", "--out", "a/b/c"]);
    assert_eq!(limited.1, 8, "{}", limited.0);
    assert_eq!(sandbox.list("."), before);
}

/// Runs the program with files limited to that many KiB; gives what it printed as errors, and its
/// exit code.
fn limited(sandbox: &Sandbox, kib: u64, args: &[&str]) -> (String, i32) {
    let inner = sandbox.command(args);
    let mut command = Command::new("bash");
    command
        .arg("-c")
        .arg(format!("ulimit -f {kib} && exec \"$0\" \"$@\""))
        .arg(inner.get_program())
        .args(args);
    command.current_dir(sandbox.path("")).env_clear();
    for (key, value) in inner.get_envs() {
        if let Some(value) = value {
            command.env(key, value);
        }
    }
    let run = sandbox.finish(&mut command);
    (run.stderr, run.code)
}

#[test]
fn a_file_over_the_users_limit_is_an_error_and_leaves_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("lustre/noise", noise(3 << 20, 5));
    sandbox.repository("lustre", &[("COPYING", "GPL\n")], "v2_17_57");
    sandbox.write("m.toml", manifest("\n[encoding]\nzstd = 1\nxz = 0\n"));
    sandbox.run(&["lock", "m.toml"]).success();
    for format in ["tar", "gz", "zst", "xz", "tar,gz,zst,xz"] {
        let (error, code) = limited(&sandbox, 1024, &["assemble", "m.toml", "--format", format]);
        assert_eq!(code, 8, "{format}: {error}");
        assert!(error.contains("File too large"), "{format}: {error}");
        assert!(!error.contains("wrote"), "no file was written whole: {error}");
        assert_nothing(&sandbox, "dist");
    }
    let (error, _) = limited(&sandbox, 1024, &["assemble", "m.toml", "--format", "gz", "--quiet"]);
    assert_snapshot!(error, @r"
    error: cannot write `dist/lustre-2.17.57/lustre-2.17.57.tar.gz`
     = note: File too large (os error 27)
     = help: raise your limit on the size of files (`ulimit -f`); nothing half-done was left
    ");
    sandbox.run(&["assemble", "m.toml"]).success();
}

/// Starts the program and waits until it writes aside.
fn start(sandbox: &Sandbox, args: &[&str]) -> Child {
    let child = sandbox
        .command(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let begun = Instant::now();
    while !sandbox.list("dist").iter().any(|path| path.ends_with(".tar.zst")) {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never began to write");
        sleep(Duration::from_millis(5));
    }
    child
}

fn send(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process id")).expect("a process id");
    kill_process(pid, signal).expect("the signal is sent");
}

#[test]
fn a_signal_ends_it_at_once_and_leaves_nothing() {
    let sandbox = slow_sandbox();
    sandbox.run(&["lock", "m.toml"]).success();
    for (nth, signal) in [Signal::INT, Signal::TERM, Signal::HUP].into_iter().enumerate() {
        let child = start(&sandbox, &["assemble", "m.toml"]);
        sleep(Duration::from_millis(150 * nth as u64));
        let sent = Instant::now();
        send(&child, signal);
        let output = child.wait_with_output().expect("it ends");
        // The promise is at once; a machine under load gets some seconds.
        assert!(sent.elapsed() < Duration::from_secs(10), "{:?}", sent.elapsed());
        let error = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(130), "{error}");
        assert!(error.ends_with("\ninterrupted; nothing half-done was left\n"), "{error}");
        assert_eq!(output.stdout, b"");
        assert_nothing(&sandbox, "dist");
    }
}

#[test]
fn what_a_killed_run_leaves_is_swept_by_the_next() {
    let sandbox = slow_sandbox();
    let mut child = start(&sandbox, &["assemble", "m.toml"]);
    send(&child, Signal::KILL);
    assert_eq!(child.wait().expect("it ends").signal(), Some(9));
    let left = sandbox.list("dist");
    assert!(left[0].starts_with(&format!(".{TITLE}.aside-")), "{left:?}");
    assert!(!sandbox.path("dist").join(TITLE).exists());
    sandbox.write("m.toml", sandbox.read("m.toml").replace("zstd = 22", "zstd = 1"));
    sandbox.run(&["assemble", "m.toml", "--format", "tar,zst"]).success();
    assert!(sandbox.list("dist").iter().all(|path| path.starts_with(TITLE)), "{:?}", sandbox.list("dist"));
    tarball::read(&fs::read(sandbox.path(&file("tar"))).expect("the tar"));
}

#[test]
fn a_run_killed_at_any_time_leaves_the_old_state_or_the_new() {
    let sandbox = sandbox();
    sandbox.run(&["assemble", "m.toml", "--out", "whole"]).success();
    let whole = files(&sandbox, "whole");
    for delay in 0..25 {
        let mut command = sandbox.command(&["assemble", "m.toml"]);
        let mut child =
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
        sleep(Duration::from_millis(delay * 3));
        send(&child, Signal::KILL);
        child.wait().expect("it ends");
        if sandbox.path("dist").join(TITLE).exists() {
            same(&files(&sandbox, "dist"), &whole, "a killed run");
        }
        sandbox.run(&["assemble", "m.toml", "--locked"]).success();
        same(&files(&sandbox, "dist"), &whole, "the run behind a killed one");
        let paths = sandbox.list("dist");
        assert!(paths.iter().all(|path| path.starts_with(TITLE)), "{paths:?}");
        fs::remove_dir_all(sandbox.path("dist")).expect("room again");
    }
}

#[test]
fn a_run_does_not_sweep_one_that_is_alive() {
    let sandbox = slow_sandbox();
    let slow = start(&sandbox, &["assemble", "m.toml"]);
    sandbox.write("n.toml", sandbox.read("m.toml").replace("zstd = 22", "zstd = 1"));
    sandbox.run(&["assemble", "n.toml"]).success();
    let paths = sandbox.list("dist");
    assert!(paths.iter().any(|path| path.starts_with(".lustre-2.17.57.aside-")), "{paths:?}");
    send(&slow, Signal::INT);
    let output = slow.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130));
    assert!(sandbox.list("dist").iter().all(|path| path.starts_with(TITLE)));
}

#[test]
fn runs_at_once_make_one_release() {
    for _ in 0..4 {
        let sandbox = sandbox();
        let children: Vec<Child> = (0..6)
            .map(|_| {
                sandbox
                    .command(&["assemble", "m.toml"])
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn()
                    .expect("the program starts")
            })
            .collect();
        let mut made = 0;
        for child in children {
            let output = child.wait_with_output().expect("it ends");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            made += usize::from(!String::from_utf8_lossy(&output.stdout).contains("was there"));
        }
        assert_eq!(made, 1, "one run made it, the others found it");
        assert!(
            sandbox.list("dist").iter().all(|path| path.starts_with(TITLE)),
            "{:?}",
            sandbox.list("dist")
        );
        sandbox.run(&["assemble", "m.toml", "--out", "alone"]).success();
        same(&files(&sandbox, "dist"), &files(&sandbox, "alone"), "runs at once");
    }
}

#[test]
fn a_missing_object_leaves_no_folder() {
    let sandbox = sandbox();
    sandbox.run(&["lock", "m.toml"]).success();
    let blob = sandbox.git("lustre", &["rev-parse", "HEAD:COPYING"]);
    fs::remove_file(sandbox.path(&format!("lustre/.git/objects/{}/{}", &blob[..2], &blob[2..])))
        .expect("a loose object");
    let error = sandbox.run(&["assemble", "m.toml"]).failure(4);
    assert!(error.contains(&blob) && error.contains("`COPYING`"), "{error}");
    assert!(!sandbox.path("dist").exists());
}

#[test]
fn a_damaged_object_stops_the_run_in_the_middle_and_leaves_nothing() {
    let sandbox = sandbox();
    sandbox.run(&["lock", "m.toml"]).success();
    let id = |path: &str| sandbox.git("lustre", &["rev-parse", &format!("HEAD:{path}")]);
    let path = |id: &str| sandbox.path(&format!("lustre/.git/objects/{}/{}", &id[..2], &id[2..]));
    let (one, other) = (id("COPYING"), id("lustre/utils/lfs.c"));
    fs::remove_file(path(&one)).expect("a loose object");
    fs::copy(path(&other), path(&one)).expect("another's content");
    let run = sandbox.run(&["assemble", "m.toml"]);
    assert!(!run.stderr.contains("wrote tar"), "{}", run.stderr);
    let error = run.failure(4);
    assert!(error.contains("`COPYING`") && error.contains(&one), "{error}");
    assert!(!sandbox.path("dist").exists());
}
