// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! pax headers: malformed, not needed, or saying one thing where ustar says another.

use super::answers;
use super::make::{COMMIT, Head, TOP, Tar, global, member, padded, pax, plain, record};

/// A path that needs a pax record, below the top directory.
fn long() -> String {
    format!("{TOP}/{}", "n".repeat(120))
}

/// A file with these pax records, whose ustar header is that of the long path.
fn with(records: &[u8]) -> Vec<u8> {
    Tar::new().add(&pax(records)).raw(&Head::new(b'0', &long().as_bytes()[..100], 0o644, 0).seal()).end()
}

/// A small file with these records.
fn small(records: &[u8]) -> Vec<u8> {
    Tar::new().add(&pax(records)).raw(&plain("x").seal()).end()
}

#[test]
fn pax_records() {
    let path = record("path", long().as_bytes());
    let target = "t/".repeat(60);
    let link = |records: &[u8], field: &str| {
        let head = Head::new(b'2', b"demo-1/link", 0o777, 0).set(157, field.as_bytes());
        Tar::new().add(&pax(records)).raw(&head.seal()).end()
    };
    let both = |records: &[u8]| {
        let head = Head::new(b'2', &long().as_bytes()[..100], 0o777, 0).set(157, &target.as_bytes()[..100]);
        Tar::new().add(&pax(records)).raw(&head.seal()).end()
    };
    let linkpath = record("linkpath", target.as_bytes());
    let mut reversed = linkpath.clone();
    reversed.extend_from_slice(&path);
    let cases = [
        ("a path that fits", small(&record("path", b"demo-1/x"))),
        ("a path that fits, and another name", small(&record("path", b"demo-1/y"))),
        ("a target that fits", link(&record("linkpath", b"y"), "y")),
        ("a size that fits", small(&record("size", b"0"))),
        ("a size that says otherwise", {
            let head = pax(&record("size", b"600"));
            Tar::new().add(&head).raw(&plain("x").seal()).raw(&[0; 1024]).end()
        }),
        ("a size that is no number", small(&record("size", b"0x10"))),
        ("another name than the path's start", {
            Tar::new().add(&pax(&path)).raw(&plain("evil").seal()).end()
        }),
        ("another target than its start", link(&linkpath, "evil")),
        ("another order", both(&reversed)),
        ("mtime", small(&record("mtime", b"1700000000.5"))),
        ("GNU sparse", small(&record("GNU.sparse.major", b"1"))),
        ("another character set", with(&[record("hdrcharset", b"BINARY"), path.clone()].concat())),
        ("an extended attribute", small(&record("SCHILY.xattr.user.x", b"y"))),
        ("a comment", with(&[path.clone(), record("comment", b"hidden")].concat())),
        ("a path twice", with(&[record("path", b"demo-1/evil"), path.clone()].concat())),
        ("a path that is deleted", small(&record("path", b""))),
        ("a path that is not UTF-8", {
            let path = [TOP.as_bytes(), b"/", &[0xff; 120]].concat();
            Tar::new()
                .add(&pax(&record("path", &path)))
                .raw(&Head::new(b'0', &path[..100], 0o644, 0).seal())
                .end()
        }),
        ("no records", small(b"")),
        ("a length that is too long", with(&[b"9".as_slice(), &path].concat())),
        ("a length that is too short", with(&[b"9 ".as_slice(), &path[4..]].concat())),
        ("a length with a zero before it", with(&[b"0".as_slice(), &path].concat())),
        ("no length", with(b"path=demo-1/x\n")),
        ("no `=`", with(b"15 path demo-1\n")),
        ("no newline", with(&path[..path.len() - 1])),
    ];
    insta::assert_snapshot!(answers(&cases), @r"
    a path that fits
      offset 2048 of the tar: `x`: its pax record `path` is not needed; expected pax records only where a value does not fit the ustar header
    a path that fits, and another name
      offset 2567 of the tar: `y`: its name is `demo-1/x`; expected `demo-1/y`, in agreement with its pax header
      offset 2048 of the tar: `y`: its pax record `path` is not needed; expected pax records only where a value does not fit the ustar header
    a target that fits
      offset 2048 of the tar: `link`: its pax record `linkpath` is not needed; expected pax records only where a value does not fit the ustar header
    a size that fits
      offset 2048 of the tar: `x`: its pax record `size` is not needed; expected pax records only where a value does not fit the ustar header
    a size that says otherwise
      offset 2691 of the tar: `x`: its size is 0; expected 600, in agreement with its pax header
      offset 2048 of the tar: `x`: its pax record `size` is not needed; expected pax records only where a value does not fit the ustar header
    a size that is no number
      offset 2048 of the tar: `x`: its pax record `size` is `0x10`; expected a decimal number
      offset 2048 of the tar: `x`: its pax record `size` is not needed; expected pax records only where a value does not fit the ustar header
    another name than the path's start
      offset 2567 of the tar: `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`: its name is `demo-1/evil`; expected `demo-1/nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`, in agreement with its pax header
    another target than its start
      offset 2717 of the tar: `link`: its link target is `evil`; expected `t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/`, in agreement with its pax header
    another order
      offset 2050 of the tar: `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`: its pax records are `134 linkpath=t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t[...]nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn\u{a}`; expected `137 path=demo-1/nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn[...]/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/\u{a}`
    mtime
      offset 2048 of the tar: `x`: it has a pax record `mtime`; expected `path`, `linkpath` or `size` alone
    GNU sparse
      offset 2048 of the tar: `x`: it has a pax record `GNU.sparse.major`; expected `path`, `linkpath` or `size` alone
    another character set
      offset 2048 of the tar: `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`: it has a pax record `hdrcharset`; expected `path`, `linkpath` or `size` alone
    an extended attribute
      offset 2048 of the tar: `x`: it has a pax record `SCHILY.xattr.user.x`; expected `path`, `linkpath` or `size` alone
    a comment
      offset 2185 of the tar: `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`: it has a pax record `comment`; expected `path`, `linkpath` or `size` alone
    a path twice
      offset 2068 of the tar: `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`: its pax record `path` is there twice; expected each record once
    a path that is deleted
      offset 2560 of the tar: ``: its name is `demo-1/x`; expected empty, in agreement with its pax header
      offset 2048 of the tar: ``: its pax record `path` is not needed; expected pax records only where a value does not fit the ustar header
      offset 1536 of the tar: ``: its path has an empty component; expected a relative path of ordinary names
    a path that is not UTF-8
      offset 1536 of the tar: `\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff[...]\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff`: its path is not UTF-8; expected UTF-8
    no records
      offset 2048 of the tar: `x`: its pax header is empty; expected a pax header only where a value does not fit the ustar header
    a length that is too long
      offset 2048 of the tar: `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`: a record of its pax header does not end where its length says; expected records of the form `LENGTH KEY=VALUE` and a newline
    a length that is too short
      offset 2048 of the tar: `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`: a record of its pax header does not end where its length says; expected records of the form `LENGTH KEY=VALUE` and a newline
    a length with a zero before it
      offset 2048 of the tar: `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`: a record of its pax header has a length with a leading zero; expected records of the form `LENGTH KEY=VALUE` and a newline
    no length
      offset 2048 of the tar: `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`: a record of its pax header has no length; expected records of the form `LENGTH KEY=VALUE` and a newline
    no `=`
      offset 2048 of the tar: `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`: a record of its pax header has no `=`; expected records of the form `LENGTH KEY=VALUE` and a newline
    no newline
      offset 2048 of the tar: `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`: a record of its pax header does not end where its length says; expected records of the form `LENGTH KEY=VALUE` and a newline
    ");
}

#[test]
fn pax_headers() {
    let path = record("path", long().as_bytes());
    let main = Head::new(b'0', &long().as_bytes()[..100], 0o644, 0).seal();
    let with_head = |head: Head| Tar::new().head(head).raw(&padded(path.clone())).raw(&main).end();
    let head = || Head::new(b'x', b"pax_header", 0o644, path.len() as u64);
    let mut dirty = padded(path.clone());
    *dirty.last_mut().expect("not empty") = 7;
    let cases = [
        ("another name", with_head(head().set(0, b"demo-1/PaxHeaders/n"))),
        ("another mode", with_head(head().set(100, b"0000600\0"))),
        ("another date", with_head(head().set(136, b"14524711001\0"))),
        ("padding", Tar::new().add(&head().seal()).raw(&dirty).raw(&main).end()),
        ("two in a row", Tar::new().add(&pax(&path)).raw(&pax(&path)).raw(&main).end()),
        ("no member", Tar::new().add(&pax(&path)).end()),
        ("a global header for a member", Tar::new().add(&pax(&path)).raw(&global(COMMIT.as_bytes())).end()),
        ("too large", Tar::new().add(&pax(&record("path", &vec![b'x'; 20_000]))).raw(&main).end()),
        ("a size of terabytes", Tar::new().head(head().set(124, b"77777777777\0")).end()),
    ];
    insta::assert_snapshot!(answers(&cases), @"
    another name
      offset 1536 of the tar: `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`: its name is `demo-1/PaxHeaders/n`; expected `pax_header`
    another mode
      offset 1641 of the tar: `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`: its mode is 0600; expected 0644
    another date
      offset 1678 of the tar: `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`: its mtime is 2023-11-14T15:28:01Z (1699975681); expected 2023-11-14T22:13:20Z (1700000000)
    padding
      offset 2559 of the tar: `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`: the padding of its pax header holds 0x07; expected zeros up to the end of the block
    two in a row
      offset 2716 of the tar: `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`: it is a pax header; expected a regular file, a directory or a symbolic link
      and stops
    no member
      offset 2560 of the tar: `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`: zeros stand behind its pax header; expected its header
      and stops
    a global header for a member
      offset 2716 of the tar: `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`: it is a pax global header; expected a regular file, a directory or a symbolic link
      and stops
    too large
      offset 1660 of the tar: `(its name cannot be read)`: its pax header has 20012 bytes; expected at most 8704
      and stops
    a size of terabytes
      offset 1660 of the tar: `(its name cannot be read)`: its pax header has 8589934591 bytes; expected at most 8704
      and stops
    ");
}

#[test]
fn global_headers() {
    let top = member(b'5', "demo-1/", 0o755, 0, "");
    let with = |bytes: &[u8]| Tar::default().raw(bytes).add(&top).end();
    let of = |records: &[u8]| {
        let head = Head::new(b'g', b"pax_global_header", 0o644, records.len() as u64);
        with(&[head.seal(), padded(records.to_vec())].concat())
    };
    let comment = record("comment", COMMIT.as_bytes());
    let mut dirty = global(COMMIT.as_bytes());
    dirty[1000] = 1;
    let head = || Head::new(b'g', b"pax_global_header", 0o644, 52);
    let block = |head: Head| with(&[head.seal(), padded(comment.clone())].concat());
    let cases = [
        ("none", Tar::default().add(&top).end()),
        ("none, but a file", Tar::default().add(&plain("x").seal()).end()),
        ("nothing but zeros", vec![0; 10240]),
        ("text", b"This is no tar at all.\n".repeat(500)),
        ("nothing", Vec::new()),
        ("no commit", of(&record("comment", b"release"))),
        ("a commit in capitals", of(&record("comment", COMMIT.to_uppercase().as_bytes()))),
        ("another record", of(&record("path", b"evil"))),
        ("two records", of(&[comment.clone(), record("uid", b"0")].concat())),
        ("no record", of(b"")),
        ("a malformed record", of(&comment[..comment.len() - 1])),
        ("git's own mode", block(head().set(100, b"0000666\0"))),
        ("another name", block(head().set(0, b"pax_global_headers"))),
        ("padding", with(&dirty)),
        ("no member", Tar::default().raw(&global(COMMIT.as_bytes())).end()),
        ("too large", of(&record("comment", &vec![b'x'; 20_000]))),
    ];
    insta::assert_snapshot!(answers(&cases), @"
    none
      offset 156 of the tar: global header: the tar begins with `demo-1/`, a directory; expected a pax global header with the commit, as this project's tarballs have it
      and stops
    none, but a file
      offset 156 of the tar: global header: the tar begins with `demo-1/x`, a regular file; expected a pax global header with the commit, as this project's tarballs have it
      and stops
    nothing but zeros
      offset 0 of the tar: global header: there is no tar; expected a pax global header with the commit, as this project's tarballs have it
      and stops
    text
      offset 0 of the tar: global header: there is no tar; expected a pax global header with the commit, as this project's tarballs have it
      and stops
    nothing
      offset 0 of the tar: global header: the tar ends in its global header; expected a whole tar
      and stops
    no commit
      offset 133 of the tar: global header: its size is 19; expected 52
      offset 512 of the tar: global header: its comment is `release`; expected a commit id in 40 lower-case hexadecimal digits
    a commit in capitals
      offset 512 of the tar: global header: its comment is `0123456789ABCDEF0123456789ABCDEF01234567`; expected a commit id in 40 lower-case hexadecimal digits
    another record
      offset 133 of the tar: global header: its size is 13; expected 52
      offset 512 of the tar: global header: it has a record `path`; expected one record, `comment`
    two records
      offset 133 of the tar: global header: its size is 60; expected 52
      offset 564 of the tar: global header: it has a record `uid`; expected one record, `comment`
    no record
      offset 133 of the tar: global header: its size is 0; expected 52
      offset 512 of the tar: global header: it holds no commit; expected one record, `comment`
    a malformed record
      offset 134 of the tar: global header: its size is 51; expected 52
      offset 512 of the tar: global header: its record does not end where its length says; expected `52 comment=`, the commit id in 40 hexadecimal digits, and a newline
    git's own mode
      offset 105 of the tar: global header: its mode is 0666; expected 0644
    another name
      offset 17 of the tar: global header: its name is `pax_global_headers`; expected `pax_global_header`
    padding
      offset 1000 of the tar: global header: the padding behind its record holds 0x01; expected zeros up to the end of the block
    no member
      offset 10240 of the tar: end of the archive: there is no member; expected a top directory and what is in it
      and stops
    too large
      offset 130 of the tar: global header: its size is 20015; expected 52
      and stops
    ");
}
