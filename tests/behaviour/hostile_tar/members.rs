// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Members that are right each by itself, and wrong together; and the end.

use super::make::{Head, Tar, everything, member, padded, plain};
use super::{answers, read};
use lustre_dist::archive::read::Limits;

#[test]
fn order_and_places() {
    let cases = [
        ("twice in a row", Tar::new().file("a", b"1").file("a", b"2").end()),
        ("twice, far apart", Tar::new().file("a", b"1").file("b", b"").file("a", b"2").end()),
        ("the top directory twice", Tar::new().add(&member(b'5', "demo-1/", 0o755, 0, "")).end()),
        ("a file where a directory stands", Tar::new().dir("a").file("a/x", b"").file("a", b"").end()),
        ("a directory where a file stands", Tar::new().file("a", b"").dir("a").file("a/x", b"").end()),
        ("a link where a directory stands", Tar::new().dir("a").link("a", "b").end()),
        ("below a link", Tar::new().dir("b").link("c", "b").file("c/x", b"").end()),
        ("further below a link", Tar::new().link("a", ".").file("a/b/c", b"").end()),
        ("below a file", Tar::new().file("a", b"").file("a/x", b"").end()),
        ("out of order", Tar::new().file("b", b"").file("a", b"").file("c", b"").end()),
        ("in the order of other programs", Tar::new().dir("a").file("a/x", b"").file("a-b", b"").end()),
        ("no parent", Tar::new().file("a/b", b"").end()),
        ("a parent too late", Tar::new().file("a/b", b"").dir("a").end()),
        ("case", Tar::new().file("Makefile", b"").file("makefile", b"").end()),
        ("case of a directory", Tar::new().dir("A").dir("a").end()),
        ("Unicode form", Tar::new().file("A\u{308}", b"").file("\u{c4}", b"").end()),
        ("compatible letters", Tar::new().file("fi", b"").file("\u{fb01}", b"").end()),
        ("no top directory", Tar::default().raw(&everything().bytes[..1024]).file("a", b"").end()),
        ("a top directory called ..", {
            let top = Head::new(b'5', b"../", 0o755, 0);
            Tar::default().raw(&everything().bytes[..1024]).head(top).file("a", b"").end()
        }),
    ];
    insta::assert_snapshot!(answers(&cases), @r"
    twice in a row
      offset 2560 of the tar: `a`: its path was there before; expected each path once
    twice, far apart
      offset 3072 of the tar: `a`: its path was there before; expected each path once
    the top directory twice
      offset 1536 of the tar: `demo-1`: its path was there before; expected each path once
    a file where a directory stands
      offset 2560 of the tar: `a`: it is a file, and a directory of that path was there before; expected each path once
    a directory where a file stands
      offset 2048 of the tar: `a`: it is a directory, and a file of that path was there before; expected each path once
      offset 2560 of the tar: `a/x`: it stands below `a`, which is a file; expected every directory as a member before what is in it
    a link where a directory stands
      offset 2048 of the tar: `a`: it is a symbolic link, and a directory of that path was there before; expected each path once
    below a link
      offset 2560 of the tar: `c/x`: it stands below `c`, which is a symbolic link; expected every directory as a member before what is in it
    further below a link
      offset 2048 of the tar: `a/b/c`: it stands below `a`, which is a symbolic link; expected every directory as a member before what is in it
    below a file
      offset 2048 of the tar: `a/x`: it stands below `a`, which is a file; expected every directory as a member before what is in it
    out of order
      offset 2048 of the tar: `a`: it stands behind `b`; expected members in the order of their paths' bytes
    in the order of other programs
      offset 2560 of the tar: `a-b`: it stands behind `a/x`; expected members in the order of their paths' bytes
    no parent
      offset 1536 of the tar: `a/b`: its directory `a` is not there before it; expected every directory as a member before what is in it
    a parent too late
      offset 1536 of the tar: `a/b`: its directory `a` is not there before it; expected every directory as a member before what is in it
      offset 2048 of the tar: `a`: it stands behind `a/b`; expected members in the order of their paths' bytes
    case
      offset 2048 of the tar: `makefile`: it differs from `Makefile` in case alone; expected paths that no file system takes for one
    case of a directory
      offset 2048 of the tar: `a`: it differs from `A` in case alone; expected paths that no file system takes for one
    Unicode form
      offset 2048 of the tar: `Ä`: it differs from `A\u{308}` in Unicode form alone; expected paths that no file system takes for one
    compatible letters
      offset 2048 of the tar: `ﬁ`: it differs from `fi` in case alone; expected paths that no file system takes for one
    no top directory
      offset 1024 of the tar: `demo-1/a`: it is the first member; expected the top directory itself before what is in it
    a top directory called ..
      offset 1024 of the tar: `..`: its path has a `.` or `..` component; expected a relative path of ordinary names
      offset 1536 of the tar: `demo-1/a`: it is the first member; expected the top directory itself before what is in it
    ");
}

#[test]
fn padding_and_the_end() {
    let small = || Tar::new().file("a", b"text\n");
    let with = |mut tar: Vec<u8>, at: usize| {
        tar[at] = b'!';
        tar
    };
    let whole = small().end();
    let members = small().bytes.len();
    let more = |bytes: &[u8]| [whole.as_slice(), bytes].concat();
    let mut behind = small().bytes;
    behind.extend([0; 1024]);
    behind.extend(plain("evil").seal());
    behind.resize(10240, 0);
    let mut half = small().bytes;
    half.extend([0; 512]);
    half.extend(plain("evil").seal());
    half.resize(10240, 0);
    let cases = [
        ("padding behind content", with(whole.clone(), members - 1)),
        ("padding right behind content", with(whole.clone(), members - 507)),
        ("a byte in the first zeros", with(whole.clone(), members)),
        ("a byte in the second zeros", with(whole.clone(), members + 512)),
        ("a byte at the very end", with(whole.clone(), 10239)),
        ("a member behind the end", behind),
        ("a member behind one block of zeros", half),
        ("another record of zeros", more(&[0; 10240])),
        ("another block of zeros", more(&[0; 512])),
        ("one more byte", more(b"x")),
        ("another tar", more(&whole)),
        ("no end", small().bytes),
        ("one block of zeros", [small().bytes, vec![0; 512]].concat()),
        ("two blocks of zeros", [small().bytes, vec![0; 1024]].concat()),
        ("a byte less", whole[..10239].to_vec()),
        ("content that is not there", small().add(&member(b'0', "demo-1/b", 0o644, 9999, "")).bytes),
        ("content that takes the end with it", small().add(&member(b'0', "demo-1/b", 0o644, 7000, "")).end()),
        ("content beyond every limit", small().add(&member(b'0', "demo-1/b", 0o644, 1 << 40, "")).end()),
    ];
    insta::assert_snapshot!(answers(&cases), @"
    padding behind content
      offset 2559 of the tar: `a`: the padding behind its content holds 0x21; expected zeros up to the end of the block
    padding right behind content
      offset 2053 of the tar: `a`: the padding behind its content holds 0x21; expected zeros up to the end of the block
    a byte in the first zeros
      offset 2560 of the tar: end of the archive: it holds 0x21; expected zeros to the end of the last record
    a byte in the second zeros
      offset 3072 of the tar: end of the archive: it holds 0x21; expected zeros to the end of the last record
    a byte at the very end
      offset 10239 of the tar: end of the archive: it holds 0x21; expected zeros to the end of the last record
    a member behind the end
      offset 3584 of the tar: end of the archive: `evil`, a regular file, stands behind the end; expected zeros to the end of the last record
    a member behind one block of zeros
      offset 3072 of the tar: end of the archive: `evil`, a regular file, stands behind the end; expected zeros to the end of the last record
    another record of zeros
      offset 10240 of the tar: end of the archive: the tar goes on behind its end; expected 10240 bytes in all
      and stops
    another block of zeros
      offset 10240 of the tar: end of the archive: the tar goes on behind its end; expected 10240 bytes in all
      and stops
    one more byte
      offset 10240 of the tar: end of the archive: the tar goes on behind its end; expected 10240 bytes in all
      and stops
    another tar
      offset 10240 of the tar: end of the archive: the tar goes on behind its end; expected 10240 bytes in all
      and stops
    no end
      offset 2560 of the tar: `a`: the tar ends behind it; expected another member, or the zeros at the end
      and stops
    one block of zeros
      offset 3072 of the tar: end of the archive: the tar ends too soon; expected zeros up to 10240
      and stops
    two blocks of zeros
      offset 3584 of the tar: end of the archive: the tar ends too soon; expected zeros up to 10240
      and stops
    a byte less
      offset 10239 of the tar: end of the archive: the tar ends too soon; expected zeros up to 10240
      and stops
    content that is not there
      offset 3072 of the tar: `b`: the tar ends in its content; expected 9999 more bytes of it
      and stops
    content that takes the end with it
      offset 10240 of the tar: `b`: the tar ends behind it; expected another member, or the zeros at the end
      and stops
    content beyond every limit
      offset 4096 of the tar: `b`: its content of 1099511627776 bytes goes beyond the 8589934592 that the tar may have; expected a tar within its limits
      and stops
    ");
}

#[test]
fn every_fault_is_listed() {
    let tar = Tar::new()
        .head(plain("a").set(100, b"0000600\0"))
        .add(&[Head::new(b'0', b"demo-1/b", 0o644, 1).seal(), padded(b"xy".to_vec())].concat())
        .head(Head::new(b'1', b"demo-1/c", 0o644, 0).set(157, b"demo-1/a"))
        .file("B", b"")
        .link("d", "/etc")
        .end();
    insta::assert_snapshot!(answers(&[("five members, five faults", tar)]), @"
    five members, five faults
      offset 1641 of the tar: `a`: its mode is 0600; expected 0644 or 0755
      offset 2561 of the tar: `b`: the padding behind its content holds 0x79; expected zeros up to the end of the block
      offset 3228 of the tar: `c`: it is a hard link; expected a regular file, a directory or a symbolic link
      offset 3584 of the tar: `B`: it stands behind `b`; expected members in the order of their paths' bytes
      offset 3584 of the tar: `B`: it differs from `b` in case alone; expected paths that no file system takes for one
      offset 4096 of the tar: `d`: it leads out of the tarball: it is absolute; its target is `/etc`; expected a link to something in the tarball
    ");
}

#[test]
fn a_manifest_may_allow_clashes() {
    let tar = Tar::new().file("Makefile", b"").file("makefile", b"").end();
    let (mut outcome, _) = read("demo-1.tar", &tar, &Limits::default());
    let clash = outcome.faults[0].clash.clone().expect("a clash");
    assert_eq!((clash.first.as_str(), clash.second.as_str(), clash.unicode), ("Makefile", "makefile", false));
    outcome.allow_clashes(|clash| clash.unicode);
    assert_eq!(outcome.faults.len(), 1);
    outcome.allow_clashes(|clash| clash.second == "makefile");
    outcome.accepted("demo-1.tar").expect("nothing else is wrong");
}

#[test]
fn a_fault_becomes_a_problem() {
    let tar = Tar::new().head(plain("a").set(100, b"0004755\0")).raw(&[1; 512]).end();
    let (outcome, _) = read("demo-1.tar", &tar, &Limits::default());
    let failure = outcome.accepted("dist/demo-1.tar").expect_err("setuid");
    assert_eq!(failure.class.exit_code(), 6);
    let text: Vec<String> = failure
        .problems
        .iter()
        .map(|problem| format!("{}\n{}\n", problem.title, problem.notes.join("\n")))
        .collect();
    insta::assert_snapshot!(text.concat(), @r"
    `dist/demo-1.tar`, member `a`: its mode is 4755
    at offset 1639 of the tar
    expected 0644 or 0755
    `dist/demo-1.tar`, member `\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}[...]\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}`: its header is damaged: the checksum is `\x01\x01\x01\x01\x01\x01\x01\x01`, and that of its bytes `001370`
    at offset 2048 of the tar
    expected a header with the checksum of its bytes
    what is behind it was not read
    ");
}

#[test]
fn limits_on_members_and_names() {
    let mut tar = Tar::new();
    for nth in 0..50 {
        tar = tar.file(&format!("{nth:02}"), b"");
    }
    let tar = tar.end();
    let tell = |limits: &Limits| {
        let (outcome, seen) = read("demo-1.tar", &tar, limits);
        let faults: Vec<String> = outcome.faults.iter().map(ToString::to_string).collect();
        assert!(outcome.summary.is_none());
        format!("{} members seen\n{}\n", seen.members.len(), faults.join("\n"))
    };
    let members = tell(&Limits { members: 10, ..Limits::default() });
    let names = tell(&Limits { names: 40, ..Limits::default() });
    let size = tell(&Limits { tar: 20_000, ..Limits::default() });
    insta::assert_snapshot!([members, names, size].concat(), @"
    11 members seen
    offset 6144 of the tar: `09`: it is more than the 10 that a tarball may have; expected fewer members
    22 members seen
    offset 11776 of the tar: `20`: with it, all paths together have more than 40 bytes; expected shorter paths, or fewer
    37 members seen
    offset 20000 of the tar: `35`: the tar goes on behind 20000 bytes; expected no more than that
    ");

    let wrong = |nth: usize| plain(&format!("{nth:04}")).set(108, b"0001750\0");
    let flood = (0..2000).fold(Tar::new(), |tar, nth| tar.head(wrong(nth))).end();
    let (outcome, _) = read("demo-1.tar", &flood, &Limits::default());
    assert_eq!((outcome.faults.len(), outcome.summary), (1000, None), "a flood of faults ends");
}
