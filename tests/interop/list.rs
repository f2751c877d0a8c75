// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Every reader of tars sees the same members: type, mode, size, date and target.

use std::process::Command;

use serde::Deserialize;

use crate::tarball::Kind;
use crate::{Case, Release, run};

pub const CASES: &[Case] = &[
    ("gnu_tar_lists_every_member", &["tar"], gnu_tar),
    ("busybox_lists_every_member", &["busybox"], busybox),
    ("bsdtar_lists_every_member", &["bsdtar"], bsdtar),
    ("python_lists_every_member", &["python3"], python),
    ("the_tar_crate_lists_every_member", &[], tar_crate),
];

/// A member as another program sees it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Listed {
    /// Without a directory's last slash.
    path: String,
    /// `-`, `d` or `l`.
    kind: char,
    mode: u32,
    size: u64,
    mtime: u64,
    link: String,
}

fn expected(release: &Release) -> Vec<Listed> {
    let archive = release.archive();
    archive
        .members
        .iter()
        .map(|member| {
            let (kind, link) = match &member.kind {
                Kind::Directory => ('d', ""),
                Kind::File(_) => ('-', ""),
                Kind::Symlink(target) => ('l', target.as_str()),
            };
            Listed {
                path: member.path.clone(),
                kind,
                mode: member.mode,
                size: member.size(),
                mtime: archive.mtime,
                link: link.to_owned(),
            }
        })
        .collect()
}

#[track_caller]
fn compare(found: &[Listed], expected: &[Listed]) {
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.len(), expected.len());
}

/// `-rwxr-xr-x 0/0  12 2026-01-02 03:04:05 path -> target`, as GNU tar and busybox have it.
fn read_line(line: &str) -> Listed {
    let mut rest = line;
    let mut word = || {
        rest = rest.trim_start_matches(' ');
        let (word, tail) = rest.split_once(' ').expect(line);
        rest = tail;
        word
    };
    let (modes, owner, size, date, time) = (word(), word(), word(), word(), word());
    assert_eq!(owner, "0/0", "{line}");
    let kind = modes.chars().next().expect("a type");
    let mode = modes[1..].chars().fold(0, |mode, letter| mode << 1 | u32::from(letter != '-'));
    let (path, link) = match rest.split_once(" -> ") {
        Some((path, link)) if kind == 'l' => (path, link),
        _ => (rest, ""),
    };
    Listed {
        path: path.strip_suffix('/').unwrap_or(path).to_owned(),
        kind,
        mode,
        size: size.parse().expect(line),
        mtime: seconds(date, time),
        link: link.to_owned(),
    }
}

/// Seconds since 1970 of a date in UTC (the days by Howard Hinnant's algorithm).
fn seconds(date: &str, time: &str) -> u64 {
    let numbers = |text: &str, by: char| -> Vec<u64> {
        text.split(by).map(|number| number.parse().expect(text)).collect()
    };
    let ([year, month, day], [hour, minute, second]) =
        (numbers(date, '-')[..3].try_into().expect("three"), {
            let time: [u64; 3] = numbers(time, ':')[..].try_into().expect("three");
            time
        });
    let year: u64 = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    days * 86400 + hour * 3600 + minute * 60 + second
}

fn lines(output: Vec<u8>) -> Vec<Listed> {
    String::from_utf8(output).expect("UTF-8").lines().map(read_line).collect()
}

fn gnu_tar(release: &Release) {
    let mut command = Command::new("tar");
    command.args(["--list", "--verbose", "--full-time", "--numeric-owner", "--quoting-style=literal"]);
    compare(&lines(run(command.arg("--file").arg(release.file("tar")))), &expected(release));
}

fn busybox(release: &Release) {
    let found = lines(run(Command::new("busybox").args(["tar", "-tvf"]).arg(release.file("tar"))));
    // busybox skips pax records: it cuts what does not fit a ustar header.
    let expected = expected(release);
    assert_eq!(found.len(), expected.len());
    let mut wide = 0;
    for ((found, expected), member) in found.iter().zip(&expected).zip(&release.archive().members) {
        if member.pax.is_empty() {
            assert_eq!(found, expected);
        } else {
            wide += 1;
            assert!(expected.path.starts_with(&found.path) && expected.link.starts_with(&found.link));
            assert_eq!((found.kind, found.mode, found.size), (expected.kind, expected.mode, expected.size));
        }
    }
    assert!(wide > 3);
}

fn bsdtar(release: &Release) {
    let mut expected = expected(release);
    let names = run(Command::new("bsdtar").arg("-tf").arg(release.file("tar")));
    let names = String::from_utf8(names).expect("UTF-8");
    // bsdtar escapes what it takes for unprintable; the order shows all the same.
    assert_eq!(names.lines().count(), expected.len());

    // mtree has every field; it comes in an order of its own.
    let mut command = Command::new("bsdtar");
    command.args(["-cf", "-", "--format=mtree", "--options=!all,type,mode,size,time,link,uid,gid"]);
    let mut archive = std::ffi::OsString::from("@");
    archive.push(release.file("tar"));
    let mtree = String::from_utf8(run(command.arg(archive))).expect("UTF-8");
    let mut found: Vec<Listed> =
        mtree.lines().filter(|line| line.starts_with("./")).map(read_mtree).collect();
    found.sort();
    expected.sort();
    compare(&found, &expected);
}

/// `./path time=1.0 mode=644 gid=0 uid=0 type=file size=2`, where `\303` is a byte in octal.
fn read_mtree(line: &str) -> Listed {
    let mut words = line.split(' ');
    let path = unescape(words.next().expect(line).strip_prefix("./").expect(line));
    let mut listed = Listed { path, kind: '-', mode: 0, size: 0, mtime: 0, link: String::new() };
    for word in words.filter(|word| !word.is_empty()) {
        match word.split_once('=').expect(line) {
            ("type", "file") => listed.kind = '-',
            ("type", "dir") => listed.kind = 'd',
            ("type", "link") => listed.kind = 'l',
            ("mode", mode) => listed.mode = u32::from_str_radix(mode, 8).expect(line),
            ("size", size) => listed.size = size.parse().expect(line),
            ("time", time) => listed.mtime = time.strip_suffix(".0").expect(line).parse().expect(line),
            ("link", link) => listed.link = unescape(link),
            ("uid" | "gid", "0") => {}
            _ => panic!("{word}: {line}"),
        }
    }
    listed
}

fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'\\' {
            let digits = std::str::from_utf8(&bytes[at + 1..at + 4]).expect("digits");
            out.push(u8::from_str_radix(digits, 8).expect("octal"));
            at += 4;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(out).expect("UTF-8")
}

const PYTHON: &str = r#"
import json, sys, tarfile
kinds = {tarfile.DIRTYPE: "d", tarfile.REGTYPE: "-", tarfile.SYMTYPE: "l"}
with tarfile.open(sys.argv[1], "r:", encoding="utf-8", errors="strict") as tar:
    for member in tar:
        assert (member.uid, member.gid, member.uname, member.gname) == (0, 0, "", "")
        print(json.dumps({"path": member.name, "kind": kinds[member.type], "mode": member.mode,
                          "size": member.size, "mtime": int(member.mtime), "link": member.linkname}))
    print(json.dumps(tar.pax_headers))
"#;

fn python(release: &Release) {
    let output = run(Command::new("python3").args(["-I", "-c", PYTHON]).arg(release.file("tar")));
    let text = String::from_utf8(output).expect("UTF-8");
    let (members, headers) = text.trim_end().rsplit_once('\n').expect("lines");
    let found: Vec<Listed> = members.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    compare(&found, &expected(release));
    let headers: serde_json::Value = serde_json::from_str(headers).expect("JSON");
    assert_eq!(headers, serde_json::json!({ "comment": release.archive().comment }));
}

fn tar_crate(release: &Release) {
    let mut archive = tar::Archive::new(release.tar());
    let mut found = Vec::new();
    for entry in archive.entries().expect("entries") {
        let entry = entry.expect("an entry");
        let header = entry.header();
        let kind = match header.entry_type() {
            tar::EntryType::Directory => 'd',
            tar::EntryType::Regular => '-',
            tar::EntryType::Symlink => 'l',
            tar::EntryType::XGlobalHeader => continue,
            other => panic!("{other:?}"),
        };
        let path = String::from_utf8(entry.path_bytes().into_owned()).expect("UTF-8");
        found.push(Listed {
            path: path.strip_suffix('/').unwrap_or(&path).to_owned(),
            kind,
            mode: header.mode().expect("a mode"),
            size: entry.size(),
            mtime: header.mtime().expect("a date"),
            link: entry
                .link_name_bytes()
                .map_or_else(String::new, |link| String::from_utf8(link.into_owned()).expect("UTF-8")),
        });
    }
    compare(&found, &expected(release));
}
