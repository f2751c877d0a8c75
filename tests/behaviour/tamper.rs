// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A small release for somebody to tamper with, and the tools of whoever does: a tar taken apart and
//! put together again, and records made to agree with it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::fixture::noise;
use crate::runner::{Run, Sandbox};
use crate::tarball::{self, Archive, Kind, Member};

/// The release's title.
pub const TITLE: &str = "lustre-2.17.57";

const BLOCK: usize = 512;

/// A repository with a configure macro, a script, a link, a file that is patched and one that is
/// excluded; and the manifest `m.toml` that releases it as a tar, and with `more` formats.
pub fn release(formats: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    prepare(&sandbox, formats);
    sandbox.run(&["assemble", "m.toml"]).success();
    sandbox
}

/// The same without the release.
pub fn prepare(sandbox: &Sandbox, formats: &str) {
    let file = |name: &str, bytes: &[u8]| sandbox.write(&format!("lustre/{name}"), bytes);
    file("COPYING", b"GPL\n");
    file(".gitignore", b"*.o\n");
    file("config/lustre-core.m4", b"AC_DEFUN([LC_CONFIG],[\n  AC_CHECK_LIB([z])\n  true\n])\n");
    file("lustre/utils/lfs.c", b"one\ntwo\nthree\n");
    file("lustre/utils/lctl.c", b"int main(void) { return 0; }\n");
    file("lustre/tests/data.bin", &noise(40_000, 7));
    file("autogen.sh", b"#!/bin/sh\n");
    fs::set_permissions(sandbox.path("lustre/autogen.sh"), fs::Permissions::from_mode(0o755))
        .expect("a mode");
    symlink("lfs.c", sandbox.path("lustre/lustre/utils/link.c")).expect("a link");
    sandbox.git(".", &["init", "--quiet", "--initial-branch=master", "lustre"]);
    sandbox.git("lustre", &["add", "--all", "--force", "."]);
    sandbox.git("lustre", &["commit", "--quiet", "--message", "LU-1 start: first files"]);
    sandbox.git("lustre", &["tag", "--annotate", "--message", "2.17.57", "v2_17_57"]);
    sandbox.write(
        "patches/0001-four.patch",
        "LU-2 lfs: count further\n\n--- a/lustre/utils/lfs.c\n+++ b/lustre/utils/lfs.c\n\
         @@ -1,3 +1,4 @@\n one\n two\n three\n+four\n",
    );
    sandbox.write("m.toml", manifest(formats));
}

fn manifest(formats: &str) -> String {
    format!(
        r#"schema = 1

[release]
name = "lustre"
version = "2.17.57"
primary = "lustre"
license = "GPL-2.0-only"
formats = [{formats}]

[source.lustre]
git = "lustre"
tag = "v2_17_57"
signature = "none"

[[layer]]
name = "userspace"
source = "lustre"
take = [{{ from = "lustre/utils/", to = "utils/" }}, {{ from = "." }}]
exclude = [{{ glob = "**/.gitignore", reason = "for a work tree only" }}]

[[layer.patch]]
file = "patches/0001-four.patch"
upstream = "0123456789abcdef0123456789abcdef01234567"

[[template]]
file = "META.j2"
to = "META"

[contains]
must = ["META", "utils/lfs.c"]
"#
    )
}

/// The path of one of the release's files.
pub fn file(end: &str) -> String {
    format!("dist/{TITLE}/{TITLE}.{end}")
}

/// The released tar.
pub fn tar(sandbox: &Sandbox) -> Vec<u8> {
    fs::read(sandbox.path(&file("tar"))).expect("the tar")
}

/// Verifies the release directory with its source.
pub fn verify(sandbox: &Sandbox, more: &[&str]) -> Run {
    let directory = format!("dist/{TITLE}");
    let args = ["verify", &directory, "--source", "lustre=lustre"];
    sandbox.run(&[&args[..], more].concat())
}

/// The problems of a verification as `--json` prints them.
pub fn problems(run: &Run) -> Vec<Value> {
    let answer: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| {
        panic!("{error}\nstdout:\n{}\nstderr:\n{}", run.stdout, run.stderr);
    });
    assert_eq!(answer["good"], run.code == 0, "{}", run.stdout);
    answer["problems"].as_array().expect("a list").clone()
}

/// What a run printed, without its time and digests.
pub fn steady(text: &str) -> String {
    let timeless: String = text
        .lines()
        .map(|line| match (line.rfind('('), line.strip_suffix(" s)")) {
            (Some(at), Some(_)) => {
                let keep = line[at..].rfind(", ").map_or(at, |comma| at + comma);
                let close = if keep == at { "" } else { ")" };
                format!("{}{close}\n", line[..keep].trim_end())
            }
            _ => format!("{line}\n"),
        })
        .collect();
    let digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let word = |word: &str| match word.len() == 64 && word.chars().all(digit) {
        true => "[sha256]".to_owned(),
        false => word.to_owned(),
    };
    let mut out = String::new();
    for part in timeless.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(part.len());
        out += &(word(&part[..end]) + &part[end..]);
    }
    out
}

/// Writes a tar in the dialect, by hand: paths and targets of up to 100 bytes.
pub fn write(archive: &Archive) -> Vec<u8> {
    let mut tar = Vec::new();
    let comment = format!("52 comment={}\n", archive.comment);
    block(&mut tar, "pax_global_header", b'g', 0o644, comment.len(), "", archive.mtime);
    content(&mut tar, comment.as_bytes());
    for member in &archive.members {
        match &member.kind {
            Kind::Directory => {
                block(&mut tar, &format!("{}/", member.path), b'5', 0o755, 0, "", archive.mtime)
            }
            Kind::Symlink(target) => block(&mut tar, &member.path, b'2', 0o777, 0, target, archive.mtime),
            Kind::File(bytes) => {
                block(&mut tar, &member.path, b'0', member.mode, bytes.len(), "", archive.mtime);
                content(&mut tar, bytes);
            }
        }
    }
    let end = (tar.len() + 2 * BLOCK).next_multiple_of(20 * BLOCK);
    tar.resize(end, 0);
    tar
}

fn content(tar: &mut Vec<u8>, bytes: &[u8]) {
    tar.extend_from_slice(bytes);
    tar.resize(tar.len().next_multiple_of(BLOCK), 0);
}

fn block(tar: &mut Vec<u8>, name: &str, flag: u8, mode: u32, size: usize, link: &str, mtime: u64) {
    let mut header = [0_u8; BLOCK];
    header[..name.len()].copy_from_slice(name.as_bytes());
    let fields =
        [(100, 7, mode as usize), (108, 7, 0), (116, 7, 0), (124, 11, size), (329, 7, 0), (337, 7, 0)];
    for (at, digits, value) in fields {
        header[at..at + digits].copy_from_slice(format!("{value:0digits$o}").as_bytes());
    }
    header[136..147].copy_from_slice(format!("{mtime:011o}").as_bytes());
    header[156] = flag;
    header[157..157 + link.len()].copy_from_slice(link.as_bytes());
    header[257..265].copy_from_slice(b"ustar\x0000");
    checksum(&mut header);
    tar.extend_from_slice(&header);
}

/// Sets the checksum of a header block.
pub fn checksum(header: &mut [u8]) {
    header[148..156].fill(b' ');
    let sum: usize = header.iter().map(|&byte| usize::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// Where a member's header and content stand in a tar, and its content's length.
#[track_caller]
pub fn find(tar: &[u8], path: &str) -> (usize, usize, usize) {
    places(tar)
        .into_iter()
        .find(|(name, ..)| name == path)
        .map(|(_, at, data, size)| (at, data, size))
        .expect(path)
}

/// Every member below the top directory, with the places of its header and content.
pub fn places(tar: &[u8]) -> Vec<(String, usize, usize, usize)> {
    let archive = tarball::read(tar);
    // The global header, its record, the top directory.
    let mut at = 3 * BLOCK;
    let mut found = Vec::new();
    for member in &archive.members[1..] {
        let size = usize::try_from(member.size()).expect("a size");
        let path = member.path.strip_prefix(&format!("{TITLE}/")).expect("below the top").to_owned();
        found.push((path, at, at + BLOCK, size));
        at += BLOCK + size.next_multiple_of(BLOCK);
    }
    found
}

/// Puts a member where it belongs.
pub fn insert(archive: &mut Archive, path: &str, mode: u32, bytes: &[u8]) {
    let path = format!("{TITLE}/{path}");
    let sorted = |member: &Member| match member.kind {
        Kind::Directory => format!("{}/", member.path),
        _ => member.path.clone(),
    };
    let at = archive.members.partition_point(|member| sorted(member) < path);
    archive
        .members
        .insert(at, Member { path, mode, kind: Kind::File(bytes.to_vec()), pax: Default::default() });
}

/// Replaces the content of a file.
#[track_caller]
pub fn replace(archive: &mut Archive, path: &str, bytes: &[u8]) {
    let path = format!("{TITLE}/{path}");
    archive.members.iter_mut().find(|member| member.path == path).expect("the member").kind =
        Kind::File(bytes.to_vec());
}

/// Makes every record beside a tampered tar agree with it, as whoever wants to deceive would: the
/// table of origins, the description, the checksums. `lines` are the table's new lines, by path.
pub fn agree(sandbox: &Sandbox, tar: &[u8], lines: &[(&str, &str)]) {
    let old = self::tar(sandbox);
    fs::write(sandbox.path(&file("tar")), tar).expect("the tar");
    let archive = tarball::read(tar);
    let before = tarball::read(&old);

    // The table: digests, sizes, modes and ids of what the tar now holds.
    let mut table: Vec<(String, String)> = sandbox
        .read(&file("origins.jsonl"))
        .lines()
        .map(|line| {
            let value: Value = serde_json::from_str(line).expect("JSON");
            (value["path"].as_str().expect("text").to_owned(), line.to_owned())
        })
        .collect();
    for member in &archive.members[1..] {
        let path = member.path.strip_prefix(&format!("{TITLE}/")).expect("below the top");
        let earlier = before.members.iter().find(|other| other.path == member.path);
        let Some((_, line)) = table.iter_mut().find(|(name, _)| name == path) else {
            let (_, line) = lines.iter().find(|(name, _)| *name == path).expect("a line");
            table.push((path.to_owned(), (*line).to_owned()));
            continue;
        };
        let Some(Member { mode, kind: Kind::File(was), .. }) = earlier else { continue };
        let Kind::File(is) = &member.kind else { continue };
        *line = line
            .replace(&sha256(was), &sha256(is))
            .replace(&blob(was), &blob(is))
            .replace(&format!("\"size\":{},", was.len()), &format!("\"size\":{},", is.len()))
            .replace(&format!("\"mode\":\"{mode:04o}\""), &format!("\"mode\":\"{:04o}\"", member.mode));
    }
    let order = |path: &str| archive.members.iter().position(|m| m.path == format!("{TITLE}/{path}"));
    table.sort_by_key(|(path, _)| order(path));
    let table: String = table.into_iter().map(|(_, line)| line + "\n").collect();
    sandbox.write(&file("origins.jsonl"), table);

    // The description: identity, artifact, counts.
    let count =
        |archive: &Archive| archive.members.iter().filter(|m| matches!(m.kind, Kind::File(_))).count();
    let bytes = |archive: &Archive| archive.members.iter().map(Member::size).sum::<u64>();
    let more = count(&archive) - count(&before);
    let description = sandbox.read(&file("release.json"));
    let layer = description.split("\"layers\"").nth(1).and_then(|rest| rest.split("\"files\": ").nth(1));
    let layer: usize =
        layer.and_then(|rest| rest.split(',').next()).and_then(|text| text.parse().ok()).expect("a number");
    let description = description
        .replace(&sha256(&old), &sha256(tar))
        .replace(&format!("\"size\": {}", old.len()), &format!("\"size\": {}", tar.len()))
        .replace(&format!("\"files\": {},", count(&before)), &format!("\"files\": {},", count(&archive)))
        .replace(&format!("\"files\": {layer},"), &format!("\"files\": {},", layer + more))
        .replace(&format!("\"bytes\": {},", bytes(&before)), &format!("\"bytes\": {},", bytes(&archive)));
    sandbox.write(&file("release.json"), description);
    sums(sandbox);
}

/// Writes the checksums of what the release directory now holds.
pub fn sums(sandbox: &Sandbox) {
    let listed = sandbox.read(&file("SHA256SUMS"));
    // The statement names the other files' digests.
    let mut statement = sandbox.read(&file("intoto.json"));
    for (was, name) in listed.lines().filter_map(|line| line.split_once("  ")) {
        let bytes = fs::read(sandbox.path(&format!("dist/{TITLE}/{name}"))).expect(name);
        statement = statement.replace(was, &sha256(&bytes));
    }
    sandbox.write(&file("intoto.json"), statement);
    let text: String = listed
        .lines()
        .map(|line| {
            let (_, name) = line.split_once("  ").expect("a line of sums");
            let bytes = fs::read(sandbox.path(&format!("dist/{TITLE}/{name}"))).expect(name);
            format!("{}  {name}\n", sha256(&bytes))
        })
        .collect();
    sandbox.write(&file("SHA256SUMS"), text);
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The id that git gives a content.
pub fn blob(bytes: &[u8]) -> String {
    let kind = gix::objs::Kind::Blob;
    gix::objs::compute_hash(gix::hash::Kind::Sha1, kind, bytes).expect("no collision").to_string()
}
