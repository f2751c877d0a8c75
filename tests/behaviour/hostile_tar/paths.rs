// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Paths and targets that some reader would trip over.

use super::answers;
use super::make::{Head, Tar, member, pax, plain, record};

/// A file of this whole path.
fn file(path: &[u8]) -> Vec<u8> {
    Tar::new().head(Head::new(b'0', path, 0o644, 0)).end()
}

fn link(target: &[u8]) -> Vec<u8> {
    Tar::new().head(Head::new(b'2', b"demo-1/link", 0o777, 0).set(157, target)).end()
}

#[test]
fn hostile_paths() {
    let nul = [b"demo-1/".as_slice(), &[b'd'; 150], b"\0evil"].concat();
    let long = format!("demo-1/{}", "x/".repeat(2100)) + "x";
    let deep = "demo-1/".to_owned() + &"x/".repeat(130) + "x";
    let pax_file = |path: &[u8]| {
        Tar::new().add(&pax(&record("path", path))).raw(&Head::new(b'0', &path[..100], 0o644, 0).seal()).end()
    };
    let cases = [
        ("absolute", file(b"/etc/passwd")),
        ("parent at the start", file(b"../evil")),
        ("parent inside", file(b"demo-1/../evil")),
        ("dot", file(b"demo-1/./x")),
        ("empty component", file(b"demo-1//x")),
        ("a file with a slash", file(b"demo-1/x/")),
        ("no name", file(b"")),
        ("bytes behind the name's NUL", file(b"demo-1/x\0evil")),
        ("NUL in a pax path", pax_file(&nul)),
        ("newline", file(b"demo-1/a\nb")),
        ("escape", file(b"demo-1/\x1b[2Jx")),
        ("backslash", file(b"demo-1/..\\evil")),
        (".git", file(b"demo-1/.git")),
        (".GIT below a directory", Tar::new().dir("a").add(&plain("a/.GIT").seal()).end()),
        ("git~1", file(b"demo-1/GIT~1")),
        ("not UTF-8", file(b"demo-1/\xff\xfe")),
        ("another top directory", file(b"other-1/x")),
        ("a file that is the top directory", file(b"demo-1")),
        ("too long", pax_file(long.as_bytes())),
        ("too deep", Tar::new().add(&member(b'0', &deep, 0o644, 0, "")).end()),
    ];
    insta::assert_snapshot!(answers(&cases), @r"
    absolute
      offset 1536 of the tar: `/etc/passwd`: its path is absolute; expected a relative path of ordinary names
    parent at the start
      offset 1536 of the tar: `../evil`: its path has a `.` or `..` component; expected a relative path of ordinary names
    parent inside
      offset 1536 of the tar: `../evil`: its path has a `.` or `..` component; expected a relative path of ordinary names
    dot
      offset 1536 of the tar: `./x`: its path has a `.` or `..` component; expected a relative path of ordinary names
    empty component
      offset 1536 of the tar: `/x`: its path has an empty component; expected a relative path of ordinary names
    a file with a slash
      offset 1536 of the tar: `x/`: its path has an empty component; expected a relative path of ordinary names
    no name
      offset 1536 of the tar: ``: its path has an empty component; expected a relative path of ordinary names
    bytes behind the name's NUL
      offset 1545 of the tar: `x`: its name is `demo-1/x\x00evil`; expected `demo-1/x`
    NUL in a pax path
      offset 1536 of the tar: `dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd\u{0}evil`: its path holds a control character; expected a relative path of ordinary names
    newline
      offset 1536 of the tar: `a\u{a}b`: its path holds a control character; expected a relative path of ordinary names
    escape
      offset 1536 of the tar: `\u{1b}[2Jx`: its path holds a control character; expected a relative path of ordinary names
    backslash
      offset 1536 of the tar: `..\evil`: its path holds a backslash; expected a relative path of ordinary names
    .git
      offset 1536 of the tar: `.git`: its path has a `.git` component; expected a relative path of ordinary names
    .GIT below a directory
      offset 2048 of the tar: `a/.GIT`: its path has a `.git` component; expected a relative path of ordinary names
    git~1
      offset 1536 of the tar: `GIT~1`: its path has a `.git` component; expected a relative path of ordinary names
    not UTF-8
      offset 1536 of the tar: `\xff\xfe`: its path is not UTF-8; expected UTF-8
    another top directory
      offset 1536 of the tar: `other-1/x`: it stands outside of the top directory; expected a path below `demo-1/`
    a file that is the top directory
      offset 1536 of the tar: `demo-1`: it is a file, and a directory of that path was there before; expected each path once
    too long
      offset 1536 of the tar: `x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/[...]/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x`: its path has 4208 bytes; expected at most 4096
    too deep
      offset 1536 of the tar: `x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/[...]/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x`: its path is 132 names deep; expected at most 128
    ");
}

#[test]
fn hostile_targets() {
    let long = format!("{}x", "./".repeat(2100));
    let cases = [
        ("absolute", link(b"/etc/passwd")),
        ("out of the tarball", link(b"../evil")),
        ("out and in again", link(b"../demo-1/x")),
        ("no target", link(b"")),
        ("escape", link(b"a\x1b[2J")),
        ("not UTF-8", link(b"\xff")),
        ("bytes behind the target's NUL", link(b"x\0evil")),
        ("too long", Tar::new().add(&member(b'2', "demo-1/link", 0o777, 0, &long)).end()),
        ("to itself", link(b"link")),
        ("out through another", Tar::new().dir("a").link("a/up", "..").link("out", "a/up/../x").end()),
        ("in a circle", Tar::new().link("a", "b").link("b", "a").end()),
    ];
    insta::assert_snapshot!(answers(&cases), @r"
    absolute
      offset 1536 of the tar: `link`: it leads out of the tarball: it is absolute; its target is `/etc/passwd`; expected a link to something in the tarball
    out of the tarball
      offset 1536 of the tar: `link`: it leads out of the tarball; its target is `../evil`; expected a link to something in the tarball
    out and in again
      offset 1536 of the tar: `link`: it leads out of the tarball; its target is `../demo-1/x`; expected a link to something in the tarball
    no target
      offset 1536 of the tar: `link`: its target is empty; expected the path of something in the tarball
    escape
      offset 1536 of the tar: `link`: its target holds a control character; expected the path of something in the tarball
    not UTF-8
      offset 1536 of the tar: `link`: its target is not UTF-8; expected the path of something in the tarball
    bytes behind the target's NUL
      offset 1695 of the tar: `link`: its link target is `x\x00evil`; expected `x`
    too long
      offset 1536 of the tar: `link`: its target has 4201 bytes; expected at most 4096
    to itself
      offset 1536 of the tar: `link`: it leads back to itself, or through more than 40 others; its target is `link`; expected a link to something in the tarball
    out through another
      offset 2560 of the tar: `out`: it leads out of the tarball; its target is `a/up/../x`; expected a link to something in the tarball
    in a circle
      offset 1536 of the tar: `a`: it leads back to itself, or through more than 40 others; its target is `b`; expected a link to something in the tarball
      offset 2048 of the tar: `b`: it leads back to itself, or through more than 40 others; its target is `a`; expected a link to something in the tarball
    ");
}
