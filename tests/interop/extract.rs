// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Every unpacker gives exactly git's blobs, modes and links.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::fixture::TITLE;
use crate::{Case, Release, run};

pub const CASES: &[Case] = &[
    ("gnu_tar_extracts_what_git_has", &["tar"], gnu_tar),
    ("gnu_tar_extracts_every_encoding", &["tar", "gzip", "zstd", "xz"], gnu_tar_encodings),
    ("bsdtar_extracts_what_git_has", &["bsdtar"], bsdtar),
    ("busybox_extracts_what_git_has", &["busybox"], busybox),
    ("python_extracts_what_git_has_with_the_data_filter", &["python3"], python),
];

/// What git has at the tag: mode and blob of each path.
fn tree(release: &Release) -> BTreeMap<String, (u32, String)> {
    let listing =
        release.sandbox().git("lustre", &["-c", "core.quotePath=false", "ls-tree", "-r", "-z", "v2_17_57"]);
    listing
        .split_terminator('\0')
        .map(|line| {
            let (meta, path) = line.split_once('\t').expect(line);
            let words: Vec<_> = meta.split(' ').collect();
            (path.to_owned(), (u32::from_str_radix(words[0], 8).expect(line), words[2].to_owned()))
        })
        .collect()
}

/// The blob ids of files, by git itself.
fn hash(release: &Release, folder: &Path, paths: &[&str]) -> Vec<String> {
    let mut git = Command::new("git")
        .current_dir(release.sandbox().path("lustre"))
        .args(["hash-object", "--no-filters", "--stdin-paths"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("git runs");
    let list: String = paths.iter().map(|path| format!("{}\n", folder.join(path).display())).collect();
    git.stdin.take().expect("a pipe").write_all(list.as_bytes()).expect("git reads");
    let output = git.wait_with_output().expect("git ends");
    String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
}

/// Every path below a folder that is not a directory.
fn leaves(folder: &Path) -> Vec<String> {
    fn walk(at: &Path, root: &Path, paths: &mut Vec<String>) {
        for entry in fs::read_dir(at).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && !path.is_symlink() {
                assert_eq!(
                    fs::metadata(&path).expect("metadata").permissions().mode() & 0o7777,
                    0o755,
                    "{path:?}"
                );
                walk(&path, root, paths);
            } else {
                paths.push(path.strip_prefix(root).expect("below").to_str().expect("UTF-8").to_owned());
            }
        }
    }
    let mut paths = Vec::new();
    walk(folder, folder, &mut paths);
    paths.sort();
    paths
}

/// Holds what was unpacked into `folder` against git's tree at the tag.
#[track_caller]
fn check(release: &Release, folder: &Path, wanted: impl Fn(&str) -> bool) {
    let root = folder.join(TITLE);
    let mut tree = tree(release);
    tree.retain(|path, _| wanted(path));
    assert!(tree.remove("lustre/.gitignore").is_some(), "excluded by the manifest");
    let mut found = leaves(&root);
    found.retain(|path| wanted(path));
    let ours = |path: &str| path == "META" || path.starts_with(".lustre-dist/");
    let from_git: Vec<_> = found.iter().filter(|path| !ours(path)).collect();
    assert_eq!(from_git, tree.keys().collect::<Vec<_>>());

    let files: Vec<&str> =
        tree.iter().filter(|(_, (mode, _))| *mode != 0o120_000).map(|(path, _)| &**path).collect();
    let ids: BTreeMap<&str, String> = files.iter().copied().zip(hash(release, &root, &files)).collect();
    assert_eq!(ids.len(), files.len());
    for (path, (mode, blob)) in &tree {
        let meta = fs::symlink_metadata(root.join(path)).expect(path);
        if *mode == 0o120_000 {
            let target = fs::read_link(root.join(path)).expect(path);
            assert_eq!(
                target.to_str().expect("UTF-8"),
                release.sandbox().git("lustre", &["cat-file", "blob", blob])
            );
            continue;
        }
        assert_eq!(meta.mode() & 0o7777, mode & 0o777, "{path}");
        assert_eq!(meta.mtime(), i64::try_from(release.archive().mtime).expect("a date"), "{path}");
        if path == "lustre/utils/lfs.c" {
            assert_eq!(fs::read(root.join(path)).expect(path), b"one\ntwo\nthree\nfour\n", "patched");
        } else {
            assert_eq!(ids[path.as_str()], *blob, "{path}");
        }
    }
    // A link that was unpacked leads to its file.
    assert_eq!(fs::read(root.join("links/again")).expect("a link"), b"GPL\n");
}

fn unpack(release: &Release, name: &str, command: impl FnOnce(&Path) -> Command) {
    let folder = release.sandbox().path(&format!("unpacked/{name}"));
    fs::create_dir_all(&folder).expect("a folder");
    run(command(&folder).current_dir(&folder));
    check(release, &folder, |_| true);
    fs::remove_dir_all(folder).expect("room again");
}

fn gnu_tar(release: &Release) {
    unpack(release, "gnu", |_| {
        let mut command = Command::new("tar");
        command.args(["--extract", "--preserve-permissions", "--file"]).arg(release.file("tar"));
        command
    });
}

fn gnu_tar_encodings(release: &Release) {
    for ending in ["tar.gz", "tar.zst", "tar.xz"] {
        unpack(release, ending, |_| {
            let mut command = Command::new("tar");
            command.args(["--extract", "--preserve-permissions", "--file"]).arg(release.file(ending));
            command
        });
    }
}

fn bsdtar(release: &Release) {
    unpack(release, "bsd", |_| {
        let mut command = Command::new("bsdtar");
        command.arg("-xpf").arg(release.file("tar.gz"));
        command
    });
}

/// The first component of a path.
fn top(path: &str) -> &str {
    path.split('/').next().expect("a component")
}

fn busybox(release: &Release) {
    let folder = release.sandbox().path("unpacked/busybox");
    fs::create_dir_all(&folder).expect("a folder");
    // It skips pax records, so what needs them comes out under a cut name; the rest must be right.
    let wide: Vec<String> = release
        .archive()
        .members
        .iter()
        .filter(|member| !member.pax.is_empty())
        .filter_map(|member| member.path.strip_prefix("lustre-2.17.57/"))
        .map(|path| top(path).to_owned())
        .collect();
    let mut command = Command::new("busybox");
    command.args(["tar", "-xf"]).arg(release.file("tar"));
    // Without `--exclude` in its usual builds: by name, what is to come out.
    let mut tops: Vec<_> = tree(release).into_keys().map(|path| top(&path).to_owned()).collect();
    tops.dedup();
    tops.retain(|top| !wide.contains(top));
    command.args(tops.iter().chain([&"META".to_owned()]).map(|top| format!("{TITLE}/{top}")));
    run(command.current_dir(&folder));
    check(release, &folder, |path| tops.iter().any(|wanted| wanted == top(path)));
    fs::remove_dir_all(folder).expect("room again");
}

const PYTHON: &str = r#"
import sys, tarfile
with tarfile.open(sys.argv[1]) as tar:
    tar.extractall(sys.argv[2], filter="data")
"#;

fn python(release: &Release) {
    unpack(release, "python", |folder| {
        let mut command = Command::new("python3");
        command.args(["-I", "-c", PYTHON]).arg(release.file("tar.xz")).arg(folder);
        command
    });
}
