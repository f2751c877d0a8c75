// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Same lock, same bytes: whatever the surroundings; and what the records beside the tarballs say.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::archive::{files, same};
use crate::fixture::{self, TITLE};
use crate::runner::{self, Sandbox};
use crate::tarball::{self, Archive, Kind};

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    fixture::make(&sandbox);
    sandbox
}

/// The command below a shell that sets a umask first.
fn with_umask(sandbox: &Sandbox, umask: &str, args: &[&str]) -> Command {
    let inner = sandbox.command(args);
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("umask {umask} && exec \"$0\" \"$@\"")).arg(inner.get_program()).args(args);
    command.current_dir(sandbox.path("")).env_clear();
    for (key, value) in inner.get_envs() {
        if let Some(value) = value {
            command.env(key, value);
        }
    }
    command
}

fn archive_of(sandbox: &Sandbox, out: &str) -> Archive {
    tarball::read(&fs::read(sandbox.path(&format!("{out}/{TITLE}/{TITLE}.tar"))).expect("the tar"))
}

fn json_of(sandbox: &Sandbox, out: &str) -> Value {
    serde_json::from_str(&sandbox.read(&format!("{out}/{TITLE}/{TITLE}.release.json"))).expect("JSON")
}

#[test]
fn the_surroundings_have_no_say() {
    let sandbox = sandbox();
    sandbox.run(&["assemble", "m.toml", "--out", "first"]).success();
    let first = files(&sandbox, "first");

    // Time zone, locale, home, threads, and the date variable of a build farm.
    let mut command = sandbox.command(&["assemble", "m.toml", "--out", "environment", "-j", "5"]);
    command
        .envs([("TZ", "Asia/Kathmandu"), ("LC_ALL", "tr_TR.UTF-8"), ("LANG", "C"), ("COLUMNS", "20")])
        .envs([("HOME", "/nonexistent"), ("USER", "nobody"), ("HOSTNAME", "elsewhere")])
        .envs([("GIT_DIR", "/nonexistent"), ("GIT_WORK_TREE", "/"), ("GIT_CONFIG_COUNT", "1")])
        .envs([("GIT_CONFIG_KEY_0", "core.autocrlf"), ("GIT_CONFIG_VALUE_0", "true")])
        .envs([("TAR_OPTIONS", "--mode=0"), ("GZIP", "-1"), ("ZSTD_CLEVEL", "1"), ("XZ_OPT", "-0")])
        .env("SOURCE_DATE_EPOCH", "86400");
    sandbox.finish(&mut command).success();
    same(&files(&sandbox, "environment"), &first, "another environment");

    // The umask; and it does not reach the modes of what is published either.
    sandbox.finish(&mut with_umask(&sandbox, "077", &["assemble", "m.toml", "--out", "umask"])).success();
    same(&files(&sandbox, "umask"), &first, "another umask");
    let mode = |path: &str| fs::metadata(sandbox.path(path)).expect(path).permissions().mode() & 0o777;
    assert_eq!(mode(&format!("umask/{TITLE}")), 0o755);
    for name in first.keys() {
        assert_eq!(mode(&format!("umask/{TITLE}/{name}")), 0o644, "{name}");
    }

    // The folder that it is run in, with an absolute manifest and a relative one.
    let manifest = sandbox.path("m.toml");
    let absolute = ["assemble", manifest.to_str().expect("UTF-8"), "--out", "out"];
    fs::create_dir_all(sandbox.path("else/where")).expect("a folder");
    sandbox.finish(sandbox.command(&absolute).current_dir(sandbox.path("else"))).success();
    same(&files(&sandbox, "else/out"), &first, "an absolute manifest");
    let relative = ["assemble", "../../m.toml", "--out", "./out/"];
    sandbox.finish(sandbox.command(&relative).current_dir(sandbox.path("else/where"))).success();
    same(&files(&sandbox, "else/where/out"), &first, "a relative manifest");

    // A lock made anew.
    fs::remove_file(sandbox.path("m.lock")).expect("the lock");
    sandbox.run(&["assemble", "m.toml", "--out", "anew"]).success();
    same(&files(&sandbox, "anew"), &first, "a lock made anew");
}

#[test]
fn the_date_is_the_one_of_the_lock() {
    let sandbox = sandbox();
    sandbox.finish(sandbox.command(&["lock", "m.toml"]).env("SOURCE_DATE_EPOCH", "86400")).success();
    sandbox.run(&["assemble", "m.toml"]).success();
    assert_eq!(archive_of(&sandbox, "dist").mtime, 86400);
    let release = json_of(&sandbox, "dist");
    assert_eq!((&release["source_date"], &release["date"]), (&json!(86400), &json!("1970-01-02T00:00:00Z")));
    let later = sandbox
        .finish(sandbox.command(&["assemble", "m.toml", "--locked"]).env("SOURCE_DATE_EPOCH", "172800"))
        .success();
    assert!(later.contains("was there"), "{later}");
}

#[test]
fn the_form_of_the_repository_has_no_say() {
    let sandbox = sandbox();
    sandbox.run(&["assemble", "m.toml", "--out", "loose"]).success();
    let loose = files(&sandbox, "loose");

    sandbox.git(".", &["clone", "--quiet", "--bare", "--no-hardlinks", "lustre", "far/away.git"]);
    let elsewhere = ["assemble", "m.toml", "--locked", "--source", "lustre=far/away.git", "--out", "clone"];
    sandbox.run(&elsewhere).success();
    same(&files(&sandbox, "clone"), &loose, "another clone");

    sandbox.git("lustre", &["repack", "-a", "-d", "-f", "--quiet", "--depth=50", "--window=50"]);
    sandbox.git("lustre", &["prune-packed"]);
    sandbox.git("lustre", &["pack-refs", "--all"]);
    sandbox.run(&["assemble", "m.toml", "--locked", "--out", "packed"]).success();
    same(&files(&sandbox, "packed"), &loose, "a packed repository");

    // A work tree in disorder, and attributes and replacements that `git archive` would follow.
    sandbox.write("lustre/COPYING", "changed\n");
    sandbox.write("lustre/untracked", "new\n");
    sandbox.write("lustre/.git/info/attributes", "* export-ignore text eol=crlf ident\n");
    let old = sandbox.git("lustre", &["rev-parse", "HEAD:COPYING"]);
    let new = sandbox.git("lustre", &["hash-object", "-w", "untracked"]);
    sandbox.git("lustre", &["replace", &old, &new]);
    sandbox.run(&["assemble", "m.toml", "--locked", "--out", "disorder"]).success();
    same(&files(&sandbox, "disorder"), &loose, "a work tree in disorder");
}

#[test]
fn the_place_of_the_manifest_has_no_say() {
    let sandbox = sandbox();
    sandbox.run(&["assemble", "m.toml", "--out", "top"]).success();
    for name in ["m.toml", "m.lock", "patches/0001-three.patch", "META.j2"] {
        sandbox.write(&format!("deep/er/{name}"), sandbox.read(name));
    }
    fs::rename(sandbox.path("deep/er/m.toml"), sandbox.path("deep/er/other.toml")).expect("a name");
    fs::rename(sandbox.path("deep/er/m.lock"), sandbox.path("deep/er/other.lock")).expect("a name");
    let args = ["assemble", "deep/er/other.toml", "--locked", "--source", "lustre=lustre", "--out", "deep"];
    sandbox.run(&args).success();
    same(&files(&sandbox, "deep"), &files(&sandbox, "top"), "a manifest in a subfolder");
}

/// Writes what a tarball holds below `.lustre-dist/` into a folder, as unpacking it would.
fn unpack_records(sandbox: &Sandbox, archive: &Archive, folder: &str) {
    let start = format!("{TITLE}/.lustre-dist/");
    for member in &archive.members {
        if let (Some(name), Kind::File(content)) = (member.path.strip_prefix(&start), &member.kind) {
            sandbox.write(&format!("{folder}/.lustre-dist/{name}"), content);
        }
    }
}

#[test]
fn a_tarball_and_its_repositories_are_enough_to_make_it_again() {
    let sandbox = sandbox();
    sandbox.run(&["assemble", "m.toml"]).success();
    let archive = archive_of(&sandbox, "dist");
    assert_eq!(archive.comment, sandbox.git("lustre", &["rev-parse", "HEAD"]));
    unpack_records(&sandbox, &archive, "unpacked");
    assert_eq!(
        sandbox.list("unpacked/.lustre-dist"),
        ["META.j2", "manifest.lock", "manifest.toml", "origins.jsonl", "patches", "patches/0001-three.patch"]
    );
    let manifest = "unpacked/.lustre-dist/manifest.toml";
    let identity = sandbox.run(&["digest", manifest, "--locked", "--source", "lustre=lustre"]).success();
    let release = json_of(&sandbox, "dist");
    assert_eq!(identity.split_once(' ').expect("two words").0, release["identity"]["sha256"]);
    sandbox.run(&["assemble", manifest, "--locked", "--source", "lustre=lustre", "--out", "again"]).success();
    same(&files(&sandbox, "again"), &files(&sandbox, "dist"), "the unpacked records");
}

#[test]
fn the_description_says_what_the_release_is() {
    let sandbox = sandbox();
    sandbox.run(&["assemble", "m.toml"]).success();
    let release = json_of(&sandbox, "dist");
    let digest = |name: &str| sha256(&fs::read(sandbox.path(name)).expect(name));
    let commit = sandbox.git("lustre", &["rev-parse", "HEAD"]);
    let expect = |pointer: &str, value: Value| {
        assert_eq!(release.pointer(pointer), Some(&value), "{pointer}");
    };
    expect("/schema", json!(1));
    expect("/name", json!("lustre"));
    expect("/version", json!("2.17.57"));
    expect("/base", json!("2.17.57"));
    expect("/license", json!("GPL-2.0-only"));
    expect("/line", Value::Null);
    expect("/kernel", Value::Null);
    expect("/development", json!(false));
    expect("/buildable", json!(true));
    expect("/left_out", json!([]));
    expect("/date", json!("2026-01-02T03:04:05Z"));
    expect("/source_date", json!(1_767_323_045));
    expect("/manifest", json!(digest("m.toml")));
    expect("/lock", json!(digest("m.lock")));
    expect("/primary", json!("lustre"));
    expect("/sources/lustre/wanted", json!("tag v2_17_57"));
    expect("/sources/lustre/ref", json!("refs/tags/v2_17_57"));
    expect("/sources/lustre/tag", json!(sandbox.git("lustre", &["rev-parse", "v2_17_57"])));
    expect("/sources/lustre/commit", json!(commit));
    expect("/sources/lustre/tree", json!(sandbox.git("lustre", &["rev-parse", "HEAD^{tree}"])));
    expect("/layers/0/patches/0/sha256", json!(digest("patches/0001-three.patch")));
    expect("/layers/0/patches/0/reason", json!("for the tests"));
    expect("/tool/name", json!("lustre-dist"));

    let tar = fs::read(sandbox.path(&format!("dist/{TITLE}/{TITLE}.tar"))).expect("the tar");
    expect("/identity", json!({ "sha256": sha256(&tar), "size": tar.len() }));
    let archive = tarball::read(&tar);
    let count = |wanted: fn(&Kind) -> bool| archive.members.iter().filter(|m| wanted(&m.kind)).count();
    expect("/members/files", json!(count(|kind| matches!(kind, Kind::File(_)))));
    expect("/members/links", json!(count(|kind| matches!(kind, Kind::Symlink(_)))));
    expect("/members/directories", json!(count(|kind| *kind == Kind::Directory) - 1));
    expect("/members/bytes", json!(archive.members.iter().map(tarball::Member::size).sum::<u64>()));
    expect("/members/excluded", json!(1));

    let artifacts = release["artifacts"].as_array().expect("artifacts");
    let formats: Vec<_> =
        artifacts.iter().map(|artifact| artifact["format"].as_str().expect("text")).collect();
    assert_eq!(formats, ["tar", "tar.gz", "tar.zst", "tar.xz"]);
    for artifact in artifacts {
        let path = format!("dist/{TITLE}/{}", artifact["file"].as_str().expect("text"));
        assert_eq!(artifact["sha256"], digest(&path), "{path}");
        assert_eq!(artifact["size"], fs::metadata(sandbox.path(&path)).expect("a file").len(), "{path}");
        assert_eq!(artifact["encoder"].is_null(), artifact["format"] == "tar");
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_table_of_origins_has_every_member_in_order() {
    let sandbox = sandbox();
    sandbox.run(&["assemble", "m.toml"]).success();
    let archive = archive_of(&sandbox, "dist");
    let table = sandbox.read(&format!("dist/{TITLE}/{TITLE}.origins.jsonl"));
    let lines: Vec<Value> = table.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let paths: Vec<_> = lines.iter().map(|line| line["path"].as_str().expect("text")).collect();
    let start = format!("{TITLE}/");
    let members = &archive.members[1..];
    let written: Vec<_> =
        members.iter().map(|member| member.path.strip_prefix(&start).expect("below the top")).collect();
    assert_eq!(paths, written);
    for (line, member) in lines.iter().zip(members) {
        assert_eq!(line["mode"], format!("{:04o}", member.mode), "{line}");
        match &member.kind {
            Kind::Directory => assert_eq!(line["type"], "directory"),
            Kind::Symlink(target) => {
                assert_eq!((&line["type"], &line["target"]), (&json!("symlink"), &json!(target)))
            }
            Kind::File(content) => {
                assert_eq!(line["type"], "file");
                assert_eq!(line["size"], content.len(), "{line}");
                assert_eq!(line["sha256"], sha256(content), "{line}");
            }
        }
    }
    let of = |path: &str| lines.iter().find(|line| line["path"] == path).unwrap_or_else(|| panic!("{path}"));
    let commit = sandbox.git("lustre", &["rev-parse", "HEAD"]);
    for (path, origin) in [("COPYING", "blob"), ("links/file", "blob"), ("lustre/utils/lfs.c", "patched")] {
        let line = of(path);
        assert_eq!((&line["origin"], &line["layer"]), (&json!(origin), &json!("userspace")), "{line}");
        assert_eq!((&line["source"], &line["commit"]), (&json!("lustre"), &json!(commit)), "{line}");
        assert_eq!(line["from"], path);
        assert_eq!(line["blob"], sandbox.git("lustre", &["rev-parse", &format!("HEAD:{path}")]));
    }
    assert_eq!(of("lustre/utils/lfs.c")["patches"], json!(["patches/0001-three.patch"]));
    assert_eq!((&of("META")["origin"], &of("META")["template"]), (&json!("template"), &json!("META.j2")));
    assert_eq!(of(".lustre-dist/manifest.lock")["record"], "lock");
    assert_eq!(of("many")["origin"], "parent");

    // The table inside has the same paths, directories aside, and no digest.
    let inside = std::str::from_utf8(archive.file(".lustre-dist/origins.jsonl")).expect("UTF-8");
    let inside: Vec<Value> = inside.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let mut listed: Vec<_> = inside.iter().map(|line| line["path"].as_str().expect("text")).collect();
    let mut files: Vec<_> = lines
        .iter()
        .filter(|line| line["type"] != "directory")
        .map(|line| line["path"].as_str().unwrap())
        .collect();
    listed.sort_unstable();
    files.sort_unstable();
    assert_eq!(listed, files);
    assert!(inside.iter().all(|line| line.get("sha256").is_none() && line.get("blob").is_none()));
}

#[test]
fn what_is_left_out_marks_the_release_as_partial() {
    let sandbox = sandbox();
    sandbox.run(&["assemble", "m.toml", "--out", "whole"]).success();
    let args = ["assemble", "m.toml", "--leave-out", "many/", "--leave-out", "sizes/1*"];
    let printed = sandbox.run(&args).success();
    assert!(printed.contains("PARTIAL: without many/, sizes/1*; cannot be published"), "{printed}");
    let release = json_of(&sandbox, "dist");
    assert_eq!(release["left_out"], json!(["many/", "sizes/1*"]));
    let archive = archive_of(&sandbox, "dist");
    assert_eq!(archive.file(".lustre-dist/left-out"), b"many/\nsizes/1*\n");
    let paths: Vec<_> = archive.members.iter().map(|member| member.path.as_str()).collect();
    assert!(!paths.iter().any(|path| path.starts_with("lustre-2.17.57/many")));
    assert!(!paths.contains(&"lustre-2.17.57/sizes/1024"));
    assert!(paths.contains(&"lustre-2.17.57/sizes/512"));

    // Neither stands in for the other.
    for out in ["whole", "dist"] {
        let other: &[&str] = if out == "dist" { &[] } else { &["--leave-out", "many/"] };
        let error = sandbox.run(&[&["assemble", "m.toml", "--out", out], other].concat()).failure(6);
        assert!(error.contains("overrides  there"), "{error}");
    }

    // The records of a partial release make it again, with the same words.
    unpack_records(&sandbox, &archive, "unpacked");
    assert!(Path::new(&sandbox.path("unpacked/.lustre-dist/left-out")).exists());
    let manifest = "unpacked/.lustre-dist/manifest.toml";
    let rest = ["--locked", "--source", "lustre=lustre", "--leave-out", "many/", "--leave-out", "sizes/1*"];
    let identity = sandbox.run(&[&["digest", manifest], &rest[..]].concat()).success();
    assert_eq!(identity.split_once(' ').expect("two words").0, release["identity"]["sha256"]);
}

#[test]
fn large_files_side_by_side_have_their_places() {
    let sandbox = Sandbox::new();
    let name = |nth: usize| format!("registers/{nth:02}.h");
    let content = |nth: usize| format!("{nth:07}\n").repeat(nth % 5 * (1 << 20) / 8 + 1);
    // More than is kept under way at a time, and more than the packs are kept mapped for.
    let all: Vec<_> = (0..40).map(|nth| (name(nth), content(nth))).collect();
    let all: Vec<_> = all.iter().map(|(name, content)| (name.as_str(), content.as_str())).collect();
    sandbox.repository("lustre", &all, "v2_17_57");
    sandbox.git("lustre", &["repack", "-adq"]);
    sandbox.write("m.toml", runner::manifest("[encoding]\ngzip = 1\nzstd = 1\n"));
    let formats = ["--format", "tar", "--format", "tar.gz", "--format", "tar.zst"];
    sandbox.run(&[&["assemble", "m.toml", "-j", "4"], &formats[..]].concat()).success();
    let archive = archive_of(&sandbox, "dist");
    for nth in 0..40 {
        assert!(archive.file(&name(nth)) == content(nth).as_bytes(), "{nth}");
    }
    let digest = sandbox.run(&["digest", "m.toml", "-j", "1"]).success();
    let tar = fs::read(sandbox.path(&format!("dist/{TITLE}/{TITLE}.tar"))).expect("the tar");
    let identity: String = Sha256::digest(&tar).iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(digest.starts_with(&identity), "{digest}");
    let unpacked = Command::new("gzip")
        .arg("-dc")
        .arg(sandbox.path(&format!("dist/{TITLE}/{TITLE}.tar.gz")))
        .output()
        .expect("gzip runs");
    assert!(unpacked.stdout == tar);
}
