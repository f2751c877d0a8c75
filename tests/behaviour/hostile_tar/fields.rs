// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Header fields with other values, or the same values spelled otherwise. Unless a case says so, the
//! checksum is right: somebody made it on purpose.

use super::answers;
use super::make::{Head, TOP, Tar, padded, plain};

fn with(at: usize, bytes: &[u8]) -> Vec<u8> {
    Tar::new().head(plain("x").set(at, bytes)).end()
}

fn of_type(flag: u8, size: u64) -> Vec<u8> {
    let content = padded(vec![b'c'; usize::try_from(size).expect("small")]);
    let head = Head::new(flag, b"demo-1/x", 0o644, size).set(157, b"demo-1/y");
    Tar::new().head(head).raw(&content).file("z", b"").end()
}

#[test]
fn foreign_values() {
    let directory = Head::new(b'5', b"demo-1/x/", 0o755, 0);
    let link = Head::new(b'2', b"demo-1/x", 0o777, 0).set(157, b"y");
    let cases = [
        ("mode 0600", with(100, b"0000600\0")),
        ("mode 0777", with(100, b"0000777\0")),
        ("setuid", with(100, b"0004755\0")),
        ("file type in the mode", with(100, b"0100644\0")),
        ("setgid directory", Tar::new().head(directory.clone().set(100, b"0002755\0")).end()),
        ("sticky directory", Tar::new().head(directory.clone().set(100, b"0001777\0")).end()),
        ("a link's mode", Tar::new().head(link.clone().set(100, b"0000755\0")).end()),
        ("uid", with(108, b"0001750\0")),
        ("gid", with(116, b"0001750\0")),
        ("owner name", with(265, b"root")),
        ("group name", with(297, b"wheel")),
        ("another date", with(136, b"14524711001\0")),
        ("device major", with(329, b"0000010\0")),
        ("device minor", with(337, b"0000001\0")),
        ("a file with a target", with(157, b"evil")),
        ("a directory with a size", Tar::new().head(directory.clone().set(124, b"00000001000\0")).end()),
        ("a link with a size", Tar::new().head(link.set(124, b"00000001000\0")).end()),
        ("a directory without its slash", Tar::new().head(directory.set(0, b"demo-1/x\0")).end()),
        ("unused end", with(510, b"!")),
        (
            "several at once",
            Tar::new().head(plain("x").set(100, b"0000600\0").set(108, b"0001750\0").set(265, b"me")).end(),
        ),
    ];
    insta::assert_snapshot!(answers(&cases), @r"
    mode 0600
      offset 1641 of the tar: `x`: its mode is 0600; expected 0644 or 0755
    mode 0777
      offset 1641 of the tar: `x`: its mode is 0777; expected 0644 or 0755
    setuid
      offset 1639 of the tar: `x`: its mode is 4755; expected 0644 or 0755
    file type in the mode
      offset 1637 of the tar: `x`: its mode is 100644; expected 0644 or 0755
    setgid directory
      offset 1639 of the tar: `x`: its mode is 2755; expected 0755
    sticky directory
      offset 1639 of the tar: `x`: its mode is 1777; expected 0755
    a link's mode
      offset 1641 of the tar: `x`: its mode is 0755; expected 0777
    uid
      offset 1647 of the tar: `x`: its uid is 1000; expected 0
    gid
      offset 1655 of the tar: `x`: its gid is 1000; expected 0
    owner name
      offset 1801 of the tar: `x`: its owner name is `root`; expected empty
    group name
      offset 1833 of the tar: `x`: its group name is `wheel`; expected empty
    another date
      offset 1678 of the tar: `x`: its mtime is 2023-11-14T15:28:01Z (1699975681); expected 2023-11-14T22:13:20Z (1700000000)
    device major
      offset 1870 of the tar: `x`: its device major is 8; expected 0
    device minor
      offset 1879 of the tar: `x`: its device minor is 1; expected 0
    a file with a target
      offset 1693 of the tar: `x`: its link target is `evil`; expected empty
    a directory with a size
      offset 1667 of the tar: `x`: its size is 512; expected 0
    a link with a size
      offset 1667 of the tar: `x`: its size is 512; expected 0
    a directory without its slash
      offset 1544 of the tar: `x`: its name is `demo-1/x`; expected `demo-1/x/`
    unused end
      offset 2046 of the tar: `x`: its header's unused end is `\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00!\x00`; expected all zero
    several at once
      offset 1641 of the tar: `x`: its mode is 0600; expected 0644 or 0755
      offset 1647 of the tar: `x`: its uid is 1000; expected 0
      offset 1801 of the tar: `x`: its owner name is `me`; expected empty
    ");
}

#[test]
fn foreign_spellings() {
    let wrong_sum = |text: &[u8]| Tar::new().add(&plain("x").set(148, text).0).end();
    let sum = plain("x").sum();
    let long = |prefix: &str, name: &str| {
        let head = Head::new(b'0', name.as_bytes(), 0o644, 0).set(345, prefix.as_bytes());
        Tar::new().dir("a").dir(&format!("a/{}", "b".repeat(50))).head(head).end()
    };
    let (b, c) = ("b".repeat(50), "c".repeat(60));
    let cases = [
        ("mode with spaces", with(100, b"   644 \0")),
        ("mode without its NUL", with(100, b"00000644")),
        ("size in GNU's binary", with(124, b"\x80\0\0\0\0\0\0\0\0\0\0\0")),
        ("size that is no number", with(124, b"000000o0000\0")),
        ("size below zero", with(124, b"-0000000001\0")),
        ("GNU's magic", with(257, b"ustar  \0")),
        ("no magic", with(257, &[0; 8])),
        ("another version", with(263, b"01")),
        ("checksum in GNU's old spelling", wrong_sum(format!("{sum:07o}\0").as_bytes())),
        ("checksum with spaces", wrong_sum(format!("{sum:6o}\0 ").as_bytes())),
        ("wrong checksum", wrong_sum(format!("{:06o}\0 ", sum + 1).as_bytes())),
        ("no checksum", wrong_sum(&[0; 8])),
        (
            "a prefix that is not needed",
            Tar::new().head(Head::new(b'0', b"x", 0o644, 0).set(345, TOP.as_bytes())).end(),
        ),
        ("a split at another slash", long(&format!("{TOP}/a"), &format!("{}/{}", &b[..30], &c))),
        ("a split too early", long(TOP, &format!("a/{}/{}", b, &c[..30]))),
    ];
    insta::assert_snapshot!(answers(&cases), @r"
    mode with spaces
      offset 1636 of the tar: `x`: its mode is `   644 \x00`; expected 0644 or 0755
    mode without its NUL
      offset 1640 of the tar: `x`: its mode is `00000644`; expected 0644 or 0755
    size in GNU's binary
      offset 1660 of the tar: `x`: its size is `\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00`; expected an octal number
      and stops
    size that is no number
      offset 1666 of the tar: `x`: its size is `000000o0000\x00`; expected an octal number
      and stops
    size below zero
      offset 1660 of the tar: `x`: its size is `-0000000001\x00`; expected an octal number
      and stops
    GNU's magic
      offset 1798 of the tar: `x`: its magic is `ustar `; expected `ustar\x00`
      offset 1799 of the tar: `x`: its format version is ` \x00`; expected `00`
    no magic
      offset 1793 of the tar: `x`: its magic is all zero; expected `ustar\x00`
      offset 1799 of the tar: `x`: its format version is all zero; expected `00`
    another version
      offset 1800 of the tar: `x`: its format version is `01`; expected `00`
    checksum in GNU's old spelling
      offset 1685 of the tar: `x`: its checksum is `0010511\x00`; expected `010511\x00 `
    checksum with spaces
      offset 1684 of the tar: `x`: its checksum is ` 10511\x00 `; expected `010511\x00 `
    wrong checksum
      offset 1536 of the tar: `x`: its header is damaged: the checksum is `010512\x00 `, and that of its bytes `010511`; expected a header with the checksum of its bytes
      and stops
    no checksum
      offset 1684 of the tar: `x`: its checksum is all zero; expected `010511\x00 `
    a prefix that is not needed
      offset 1536 of the tar: `x`: its name is `x`; expected `demo-1/x`
      offset 1881 of the tar: `x`: its prefix is `demo-1`; expected empty
    a split at another slash
      offset 2560 of the tar: `a/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc`: its name is `bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc`; expected `demo-1/a/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc`
      offset 2905 of the tar: `a/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc`: its prefix is `demo-1/a`; expected empty
      offset 2560 of the tar: `a/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc`: it stands behind `a/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/`; expected members in the order of their paths' bytes
      offset 2560 of the tar: `a/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc`: its directory `a/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb` is not there before it; expected every directory as a member before what is in it
    a split too early
      offset 2560 of the tar: `a/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/cccccccccccccccccccccccccccccc`: its name is `a/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/cccccccccccccccccccccccccccccc`; expected `demo-1/a/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/cccccccccccccccccccccccccccccc`
      offset 2905 of the tar: `a/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/cccccccccccccccccccccccccccccc`: its prefix is `demo-1`; expected empty
    ");
}

#[test]
fn foreign_types() {
    let cases = [
        ("hard link", of_type(b'1', 0)),
        ("hard link with content", of_type(b'1', 5)),
        ("character device", of_type(b'3', 0)),
        ("block device", of_type(b'4', 0)),
        ("FIFO", of_type(b'6', 0)),
        ("contiguous file", of_type(b'7', 5)),
        ("regular file of the oldest kind", of_type(0, 5)),
        ("GNU long name", of_type(b'L', 8)),
        ("GNU long link target", of_type(b'K', 8)),
        ("GNU sparse file", of_type(b'S', 512)),
        ("GNU directory dump", of_type(b'D', 9)),
        ("GNU multi-volume part", of_type(b'M', 9)),
        ("GNU volume label", of_type(b'V', 0)),
        ("Solaris extended header", of_type(b'X', 9)),
        ("Solaris access list", of_type(b'A', 9)),
        ("a second global header", of_type(b'g', 9)),
        ("unknown", of_type(b'Z', 0)),
        ("not even a letter", of_type(0xff, 0)),
    ];
    insta::assert_snapshot!(answers(&cases), @r"
    hard link
      offset 1692 of the tar: `x`: it is a hard link; expected a regular file, a directory or a symbolic link
    hard link with content
      offset 1692 of the tar: `x`: it is a hard link; expected a regular file, a directory or a symbolic link
      and stops
    character device
      offset 1692 of the tar: `x`: it is a character device; expected a regular file, a directory or a symbolic link
    block device
      offset 1692 of the tar: `x`: it is a block device; expected a regular file, a directory or a symbolic link
    FIFO
      offset 1692 of the tar: `x`: it is a FIFO; expected a regular file, a directory or a symbolic link
    contiguous file
      offset 1692 of the tar: `x`: it is a contiguous file; expected a regular file
      offset 1693 of the tar: `x`: its link target is `demo-1/y`; expected empty
    regular file of the oldest kind
      offset 1692 of the tar: `x`: it is a regular file of the oldest kind; expected a regular file
      offset 1693 of the tar: `x`: its link target is `demo-1/y`; expected empty
    GNU long name
      offset 1692 of the tar: `x`: it is a GNU long name; expected a regular file, a directory or a symbolic link
      and stops
    GNU long link target
      offset 1692 of the tar: `x`: it is a GNU long link target; expected a regular file, a directory or a symbolic link
      and stops
    GNU sparse file
      offset 1692 of the tar: `x`: it is a GNU sparse file; expected a regular file, a directory or a symbolic link
      and stops
    GNU directory dump
      offset 1692 of the tar: `x`: it is a GNU directory dump; expected a regular file, a directory or a symbolic link
      and stops
    GNU multi-volume part
      offset 1692 of the tar: `x`: it is a GNU multi-volume part; expected a regular file, a directory or a symbolic link
      and stops
    GNU volume label
      offset 1692 of the tar: `x`: it is a GNU volume label; expected a regular file, a directory or a symbolic link
      and stops
    Solaris extended header
      offset 1692 of the tar: `x`: it is a Solaris extended header; expected a regular file, a directory or a symbolic link
      and stops
    Solaris access list
      offset 1692 of the tar: `x`: it is a Solaris access list; expected a regular file, a directory or a symbolic link
      and stops
    a second global header
      offset 1692 of the tar: `x`: it is a pax global header; expected a regular file, a directory or a symbolic link
      and stops
    unknown
      offset 1692 of the tar: `x`: it is of the unknown type `Z`; expected a regular file, a directory or a symbolic link
      and stops
    not even a letter
      offset 1692 of the tar: `x`: it is of the unknown type `\xff`; expected a regular file, a directory or a symbolic link
      and stops
    ");
}
