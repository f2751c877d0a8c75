// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Random trees, diffed by other people's programs, applied by us and by them.
//!
//! This is the one place of the module that touches files: `git diff` and `diff` read nothing else.

#![allow(clippy::disallowed_methods)] // runs the other programs, on files of its own

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

use super::super::{
    Cause, EXECUTABLE, Failure, File, Hunk, LINK, Offsets, REGULAR, Scope, Side, apply, parse,
};
use super::random::{Random, damaged, edited, text};
use super::{Files, applied, file, told};

const ROUNDS: u64 = 25;

/// Whether a program is there. Without it the test is skipped by name; the full run forbids that.
fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        let required = std::env::var_os("LUSTRE_DIST_REQUIRE_TOOLS").is_some_and(|value| value == "1");
        assert!(!required, "{program} is required and missing");
        eprintln!("skipped: {program} is missing");
    }
    found
}

fn run(program: &str, folder: &Path, arguments: &[&str]) -> Output {
    Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("LC_ALL", "C")
        .env("TZ", "America/New_York")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CEILING_DIRECTORIES", folder)
        .output()
        .unwrap()
}

fn write(tree: &Files, folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for (path, file) in &tree.files {
        let path = folder.join(OsStr::from_bytes(path));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if file.mode == LINK {
            symlink(OsStr::from_bytes(&file.bytes), &path).unwrap();
        } else {
            fs::write(&path, &file.bytes).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(file.mode & 0o777)).unwrap();
        }
    }
}

fn read(folder: &Path) -> Files {
    fn visit(folder: &Path, root: &Path, files: &mut BTreeMap<Vec<u8>, File>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let meta = path.symlink_metadata().unwrap();
            let found = if meta.is_dir() {
                visit(&path, root, files);
                continue;
            } else if meta.is_symlink() {
                file(LINK, fs::read_link(&path).unwrap().as_os_str().as_bytes())
            } else {
                let executable = meta.permissions().mode() & 0o100 != 0;
                file(if executable { EXECUTABLE } else { REGULAR }, &fs::read(&path).unwrap())
            };
            files.insert(path.strip_prefix(root).unwrap().as_os_str().as_bytes().to_vec(), found);
        }
    }
    let mut tree = Files::default();
    visit(folder, folder, &mut tree.files);
    tree
}

/// What `git diff` says about two trees, from a repository that holds both.
fn git_diff(folder: &Path, before: &Files, after: &Files, options: &[&str]) -> Vec<u8> {
    run("git", folder, &["init", "-q", "--template=", "repository"]);
    let repository = folder.join("repository");
    let mut trees = Vec::new();
    for tree in [before, after] {
        for entry in
            fs::read_dir(&repository).unwrap().map(Result::unwrap).filter(|e| e.file_name() != ".git")
        {
            let path = entry.path();
            if path.is_dir() && !path.is_symlink() {
                fs::remove_dir_all(path)
            } else {
                fs::remove_file(path)
            }
            .unwrap();
        }
        write(tree, &repository);
        run("git", &repository, &["add", "-A", "."]);
        let id = run("git", &repository, &["write-tree"]).stdout;
        trees.push(String::from_utf8(id).unwrap().trim().to_owned());
    }
    let fixed = ["diff-tree", "-p", "-r"];
    let arguments = [&fixed[..], options, &[&trees[0], &trees[1]]].concat();
    run("git", &repository, &arguments).stdout
}

/// What GNU patch makes of a tree, without fuzz, and what it says.
fn gnu_patch(folder: &Path, before: &Files, patch: &[u8]) -> (bool, Files, String) {
    let (tree, input) = (folder.join("patched"), folder.join("in.patch"));
    _ = fs::remove_dir_all(&tree);
    write(before, &tree);
    fs::write(&input, patch).unwrap();
    let arguments = ["-p1", "-F0", "--binary", "--no-backup-if-mismatch", "-r-", "-N", "-i", "../in.patch"];
    let output = run("patch", &tree, &arguments);
    (output.status.success(), read(&tree), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Our result must be `after`, and the patch be told as applied when it is tried again.
fn check(before: &Files, after: &Files, patch: &[u8], what: &str) {
    let mut tree = before.clone();
    applied(&mut tree, patch, Offsets::Refused);
    let shown = String::from_utf8_lossy(patch);
    assert!(tree == *after, "{what}: other files than wanted from\n{shown}");
    let patch = parse("fix.patch", patch).unwrap();
    match apply(&patch, &mut tree, Offsets::Refused) {
        Err(Failure::Problems(found))
            if found[0].cause == Cause::AlreadyApplied(Scope::Patch(patch.files.len())) => {}
        Err(Failure::Problems(found)) => {
            panic!("{what}: applied, it gets {}from\n{shown}", told(&found))
        }
        other => panic!("{what}: applied a second time: {other:?} from\n{shown}"),
    }
}

/// Names that git quotes, and whose `diff --git` lines can be cut in more than one way.
const ODD: [&str; 6] = ["t\tab", "\"q\"", "\u{e4}", "new\nline", "with blank", "b/x b"];

/// A tree and another made from it: plain files alone where there are no odd names.
fn trees(random: &mut Random, odd: &[&str]) -> (Files, Files) {
    let is_plain = odd.is_empty();
    let (mut before, mut after) = (Files::default(), Files::default());
    for number in 0..12 {
        let name = match (is_plain, random.below(4)) {
            (false, 0) => format!("d{}/{}{number}", number % 3, odd[random.below(odd.len())]),
            _ => format!("d{}/f{number}", number % 3),
        };
        let mode = if !is_plain && random.below(5) == 0 { EXECUTABLE } else { REGULAR };
        let old = text(random);
        let new = edited(random, &old);
        let put = |tree: &mut Files, path: &str, mode, bytes: &[u8]| {
            // GNU diff does not speak of new and deleted files without content.
            if !(is_plain && bytes.is_empty()) {
                tree.files.insert(path.as_bytes().to_vec(), file(mode, bytes));
            }
        };
        let is_both = is_plain && (old.is_empty() || new.is_empty());
        match random.below(if is_plain { 6 } else { 10 }) {
            0 => put(&mut before, &name, mode, &old),
            1 => put(&mut after, &name, mode, &new),
            _ if is_both => {}
            6 => {
                put(&mut before, &name, mode, &old);
                put(&mut after, &format!("moved/{name}"), mode, &new);
            }
            7 => {
                put(&mut before, &name, REGULAR, &old);
                put(&mut after, &name, EXECUTABLE, if random.below(2) == 0 { &old } else { &new });
            }
            8 => {
                put(&mut before, &name, mode, &old);
                put(&mut after, &name, LINK, b"to/nowhere");
            }
            9 => {
                put(&mut before, &name, LINK, b"to/nowhere");
                put(&mut after, &name, LINK, b"to/elsewhere");
            }
            _ => {
                put(&mut before, &name, mode, &old);
                put(&mut after, &name, mode, &new);
            }
        }
    }
    (before, after)
}

#[test]
fn git_diffs_give_the_new_tree() {
    if !has("git") {
        return;
    }
    for seed in 0..ROUNDS {
        let random = &mut Random::new(seed);
        let (before, after) = trees(random, &ODD);
        let folder = tempfile::tempdir().unwrap();
        let options: &[&str] = match seed % 5 {
            0 => &["-M"],
            1 => &["-M30%", "-C", "--find-copies-harder"],
            2 => &["-U1", "--full-index", "-M"],
            3 => &["--no-renames", "-U7", "--src-prefix=old/", "--dst-prefix=newer/"],
            _ => &["-M", "-B", "--histogram"],
        };
        let patch = git_diff(folder.path(), &before, &after, options);
        check(&before, &after, &patch, &format!("seed {seed}"));
    }
}

#[test]
fn plain_diffs_give_the_new_tree_and_gnu_patch_agrees() {
    if !has("diff") || !has("patch") {
        return;
    }
    for seed in 0..ROUNDS {
        let random = &mut Random::new(1000 + seed);
        let (before, after) = trees(random, &[]);
        let folder = tempfile::tempdir().unwrap();
        write(&before, &folder.path().join("tree.orig"));
        write(&after, &folder.path().join("tree"));
        let options: &[&str] = if seed % 2 == 0 { &["-urN"] } else { &["-rN", "-U1", "-p"] };
        let arguments = [options, &["tree.orig", "tree"]].concat();
        let patch = run("diff", folder.path(), &arguments).stdout;
        check(&before, &after, &patch, &format!("seed {seed}"));
        let (done, patched, said) = gnu_patch(folder.path(), &before, &patch);
        assert!(done && patched == after, "seed {seed}: GNU patch makes something else:\n{said}");
    }
}

#[test]
fn gnu_patch_agrees_on_git_diffs() {
    if !has("git") || !has("patch") {
        return;
    }
    for seed in 0..ROUNDS {
        let random = &mut Random::new(2000 + seed);
        // It cannot cut a `diff --git` line with blanks in the names.
        let (before, after) = trees(random, &ODD[..4]);
        let folder = tempfile::tempdir().unwrap();
        let patch = git_diff(folder.path(), &before, &after, &["-M"]);
        check(&before, &after, &patch, &format!("seed {seed}"));
        let (done, patched, said) = gnu_patch(folder.path(), &before, &patch);
        assert!(done && patched == after, "seed {seed}: GNU patch makes something else:\n{said}");
    }
}

/// The source has moved on: each patch meets a file edited once more. What we apply, `git apply` applies
/// alike; what needs an offset there needs one here; what we refuse, neither takes at the stated lines.
#[test]
fn others_agree_on_what_fits() {
    if !has("git") || !has("patch") {
        return;
    }
    let (mut strict, mut moved, mut refused) = (0, 0, 0);
    for seed in 0..ROUNDS * 12 {
        let random = &mut Random::new(3000 + seed);
        let old = text(random);
        let new = edited(random, &old);
        let base = if random.below(8) == 0 { &new } else { &old };
        let there = edited(random, base);
        if old == new || old.is_empty() || new.is_empty() || there.is_empty() {
            continue;
        }
        let tree = |bytes: &[u8]| Files::new([("x", bytes)]);
        let folder = tempfile::tempdir().unwrap();
        write(&tree(&old), &folder.path().join("a"));
        write(&tree(&new), &folder.path().join("b"));
        let arguments = ["diff", "--no-index", "--no-prefix", "a", "b"];
        let patch = run("git", folder.path(), &arguments).stdout;
        let parsed = parse("fix.patch", &patch).unwrap();
        let ours = |offsets| {
            let mut tree = tree(&there);
            apply(&parsed, &mut tree, offsets).is_ok().then_some(tree)
        };

        let plain = folder.path().join("plain");
        write(&tree(&there), &plain);
        fs::write(folder.path().join("in.patch"), &patch).unwrap();
        let output = run("git", &plain, &["apply", "-v", "--whitespace=nowarn", "../in.patch"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let theirs = output.status.success().then(|| read(&plain));
        let (done, gnu, gnu_said) = gnu_patch(folder.path(), &tree(&there), &patch);
        let context = || {
            let (patch, there) = (String::from_utf8_lossy(&patch), String::from_utf8_lossy(&there));
            format!(
                "seed {seed}\n{patch}---- on\n{there}---- git says\n{said}---- GNU patch says\n{gnu_said}"
            )
        };

        match (ours(Offsets::Refused), ours(Offsets::Allowed)) {
            (Some(result), allowed) => {
                strict += 1;
                assert!(allowed.as_ref() == Some(&result), "{}", context());
                assert!(theirs.as_ref() == Some(&result), "{}", context());
                assert!(!done || gnu == result, "{}", context());
            }
            (None, Some(result)) => {
                moved += 1;
                assert!(theirs.is_none() || said.contains("offset"), "{}", context());
                assert!(!done || gnu_said.contains("offset"), "{}", context());
                assert!(theirs.is_none_or(|theirs| theirs == result), "{}", context());
            }
            (None, None) => {
                refused += 1;
                // git takes a last line with a newline for one without.
                let lenient = there.ends_with(b"\n") && patch.windows(4).any(|bytes| bytes == b"\n\\ N");
                assert!(lenient || theirs.is_none() || said.contains("offset"), "{}", context());
                // GNU patch moves hunks that have context at neither end, as those of -U0.
                let inside = |hunk: &Hunk| {
                    let ends = [hunk.lines.first(), hunk.lines.last()];
                    ends.into_iter().flatten().any(|line| line.side == Side::Context)
                };
                let bare = !parsed.files[0].hunks.iter().all(inside);
                assert!(bare || !done || gnu_said.contains("offset"), "{}", context());
            }
        }
    }
    assert!(strict > 20 && moved > 20 && refused > 20, "{strict} {moved} {refused}");
}

/// Patches with a line lost, doubled, or changed. Whatever still applies here, git applies alike.
#[test]
fn damaged_patches_do_no_damage() {
    if !has("git") {
        return;
    }
    let mut accepted = 0;
    for seed in 0..ROUNDS * 10 {
        let random = &mut Random::new(9000 + seed);
        let (old, other) = (text(random), text(random));
        let before = Files::new([("x", &old), ("y", &other)]);
        let after = Files::new([("x", edited(random, &old)), ("z", edited(random, &other))]);
        let folder = tempfile::tempdir().unwrap();
        write(&before, &folder.path().join("a"));
        write(&after, &folder.path().join("b"));
        let arguments = ["diff", "--no-index", "--no-prefix", "--no-renames", "a", "b"];
        let patch = damaged(random, &run("git", folder.path(), &arguments).stdout);
        let Ok(parsed) = parse("fix.patch", &patch) else {
            continue;
        };
        let mut tree = before.clone();
        if apply(&parsed, &mut tree, Offsets::Refused).is_err() {
            assert!(tree == before);
            continue;
        }
        accepted += 1;
        fs::write(folder.path().join("in.patch"), &patch).unwrap();
        let arguments = ["apply", "-v", "--whitespace=nowarn", "../in.patch"];
        let output = run("git", &folder.path().join("a"), &arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        let shown = String::from_utf8_lossy(&patch);
        let theirs = read(&folder.path().join("a"));
        assert!(output.status.success() && theirs == tree, "seed {seed}\n{shown}---- git says\n{said}");
    }
    assert!(accepted > 10, "{accepted}");
}
