// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Hunks that do not fit where the patch puts them.

use super::super::Offsets;
use super::{Files, applied, numbered, refused};

/// Changes line 10 of 20, with three lines of context.
const TEN: &str = "--- a/x\n+++ b/x\n@@ -7,7 +7,7 @@ main\n line 7\n line 8\n line 9\n-line 10\n+ten\n line 11\n line 12\n line 13\n";

fn x(text: impl AsRef<str>) -> Files {
    Files::new([("x", text.as_ref())])
}

#[test]
fn a_hunk_at_another_line() {
    let moved = x("new 1\nnew 2\n".to_owned() + &numbered(20));
    insta::assert_snapshot!(refused(&moved, TEN, Offsets::Refused), @"
    x: hunk 1 of 1 fits at line 9, not at line 7 where the patch puts it (offset +2)
      --> fix.patch:3
      note: @@ -7,7 +7,7 @@ main
      help: Refresh the patch, or allow offsets for it; the offset used is then recorded.
    ");
    let mut tree = moved;
    let done = applied(&mut tree, TEN, Offsets::Allowed);
    assert_eq!(done[0].offsets, [2]);
    assert_eq!(tree.text("x"), "new 1\nnew 2\n".to_owned() + &numbered(20).replace("line 10\n", "ten\n"));

    let mut tree = x(numbered(20).replace("line 1\nline 2\nline 3\n", ""));
    assert_eq!(applied(&mut tree, TEN, Offsets::Allowed)[0].offsets, [-3]);
}

#[test]
fn a_hunk_at_several_other_lines() {
    let text = numbered(20);
    let far = x(["1\n2\n", &text, &text, &text].concat());
    insta::assert_snapshot!(refused(&far, TEN, Offsets::Refused), @"
    x: hunk 1 of 1 fits at lines 9, 29 and 49, not at line 7 where the patch puts it (offset +2)
      --> fix.patch:3
      note: @@ -7,7 +7,7 @@ main
      help: Refresh the patch, or allow offsets for it; the offset used is then recorded.
    ");
    let mut tree = far;
    assert_eq!(applied(&mut tree, TEN, Offsets::Allowed)[0].offsets, [2]);

    let block: String = text.split_inclusive('\n').skip(6).take(7).collect();
    let same = x(["1\n2\n3\n", &block, &block, "4\n5\n"].concat());
    let patch = TEN.replace("@@ -7,7 +7,7 @@", "@@ -8,7 +8,7 @@");
    insta::assert_snapshot!(refused(&same, TEN, Offsets::Refused), @"
    x: hunk 1 of 1 fits at lines 4 and 11, not at line 7 where the patch puts it (offset -3)
      --> fix.patch:3
      note: @@ -7,7 +7,7 @@ main
      help: Refresh the patch, or allow offsets for it; the offset used is then recorded.
    ");
    let tie = x(["1\n2\n3\n", &block, "-\n", &block].concat());
    insta::assert_snapshot!(refused(&tie, &patch, Offsets::Allowed), @"
    x: hunk 1 of 1 fits at lines 4 and 12, equally far from line 8
      --> fix.patch:3
      note: @@ -8,7 +8,7 @@ main
      help: Refresh the patch against this source.
    ");
}

#[test]
fn the_offset_of_one_hunk_is_expected_of_the_next() {
    // Two hunks alike, each in one of three blocks alike: only the offset of the first tells which.
    let block = "{\n\ta\n\tb\n\tc\n}\n";
    let text = ["head 1\nhead 2\nhead 3\nhead 4\n", &block.repeat(4)].concat();
    let patch = "--- a/x\n+++ b/x\n@@ -2,4 +2,5 @@\n head 2\n head 3\n+new\n head 4\n {\n@@ -11,3 +12,3 @@\n \ta\n-\tb\n+\tB\n \tc\n";
    let mut tree = x(&text);
    assert_eq!(applied(&mut tree, patch, Offsets::Refused)[0].offsets, [0, 0]);
    let mut tree = x("1\n2\n3\n4\n5\n".to_owned() + &text);
    assert_eq!(applied(&mut tree, patch, Offsets::Allowed)[0].offsets, [5, 5]);
    assert!(tree.text("x").ends_with(&["{\n\ta\n\tB\n\tc\n}\n", block, block].concat()));
}

#[test]
fn something_else_is_there() {
    insta::assert_snapshot!(refused(&x(numbered(20).replace("line 10\n", "\tline X\n")), TEN, Offsets::Allowed), @r#"
    x: hunk 1 of 1 does not fit at line 7
      --> fix.patch:7
      note: @@ -7,7 +7,7 @@ main
      note: line 10: the patch expects "line 10" (patch line 7), but there is "\tline X"
      help: Refresh the patch against this source.
    "#);
    insta::assert_snapshot!(refused(&x(numbered(9)), TEN, Offsets::Allowed), @r#"
    x: hunk 1 of 1 does not fit at line 7
      --> fix.patch:7
      note: @@ -7,7 +7,7 @@ main
      note: line 10: the patch expects "line 10" (patch line 7), but the file has only 9 lines
      help: Refresh the patch against this source.
    "#);
    insta::assert_snapshot!(refused(&x(""), TEN, Offsets::Allowed), @r#"
    x: hunk 1 of 1 does not fit at line 7
      --> fix.patch:4
      note: @@ -7,7 +7,7 @@ main
      note: line 7: the patch expects "line 7" (patch line 4), but the file is empty
      help: Refresh the patch against this source.
    "#);
    insta::assert_snapshot!(refused(&x(numbered(13).trim_end()), TEN, Offsets::Allowed), @r#"
    x: hunk 1 of 1 needs fuzz 1 to fit at line 7; fuzz is never used
      --> fix.patch:11
      note: @@ -7,7 +7,7 @@ main
      note: line 13: the patch expects "line 13" (patch line 11), but there is "line 13" without a newline at the end of the file
      note: the lines at line 7 differ from the patch in white space only
      help: Refresh the patch against this source.
    "#);
}

#[test]
fn most_of_it_is_elsewhere() {
    let text = "1\n2\n3\n4\n".to_owned() + &numbered(20).replace("line 10\n", "line X\n");
    insta::assert_snapshot!(refused(&x(text), TEN, Offsets::Allowed), @r#"
    x: hunk 1 of 1 does not fit at line 7
      --> fix.patch:4
      note: @@ -7,7 +7,7 @@ main
      note: line 7: the patch expects "line 7" (patch line 4), but there is "line 3"
      note: most alike is line 11, with 6 of 7 lines equal; line 14: the patch expects "line 10" (patch line 7), but there is "line X"
      help: Refresh the patch against this source.
    "#);
}

#[test]
fn fuzz_is_named_and_never_used() {
    insta::assert_snapshot!(refused(&x(numbered(20).replace("line 7\n", "other\n")), TEN, Offsets::Allowed), @r#"
    x: hunk 1 of 1 needs fuzz 1 to fit at line 7; fuzz is never used
      --> fix.patch:4
      note: @@ -7,7 +7,7 @@ main
      note: line 7: the patch expects "line 7" (patch line 4), but there is "other"
      help: Refresh the patch against this source.
    "#);
    let text = "1\n2\n".to_owned() + &numbered(20).replace("line 12\n", "other\n");
    insta::assert_snapshot!(refused(&x(text), TEN, Offsets::Refused), @r#"
    x: hunk 1 of 1 needs fuzz 2 to fit at line 9; fuzz is never used
      --> fix.patch:10
      note: @@ -7,7 +7,7 @@ main
      note: line 14: the patch expects "line 12" (patch line 10), but there is "other"
      help: Refresh the patch against this source.
    "#);
}

#[test]
fn white_space() {
    insta::assert_snapshot!(refused(&x(numbered(20).replace('\n', "\r\n")), TEN, Offsets::Allowed), @r#"
    x: hunk 1 of 1 does not fit at line 7
      --> fix.patch:4
      note: @@ -7,7 +7,7 @@ main
      note: line 7: the patch expects "line 7" (patch line 4), but there is "line 7\r"
      note: the lines at line 7 differ from the patch in LF and CR LF only
      help: Refresh the patch against this source.
    "#);
    insta::assert_snapshot!(refused(&x(numbered(20).replace("line 10", "line\t10 ")), TEN, Offsets::Allowed), @r#"
    x: hunk 1 of 1 does not fit at line 7
      --> fix.patch:7
      note: @@ -7,7 +7,7 @@ main
      note: line 10: the patch expects "line 10" (patch line 7), but there is "line\t10 "
      note: the lines at line 7 differ from the patch in white space only
      help: Refresh the patch against this source.
    "#);
}

#[test]
fn hunks_at_the_ends_do_not_move_inside() {
    let start = "--- a/x\n+++ b/x\n@@ -1,3 +1,4 @@\n+new\n line 1\n line 2\n line 3\n";
    let text = "// license\n".to_owned() + &numbered(9);
    insta::assert_snapshot!(refused(&x(text), start, Offsets::Allowed), @r#"
    x: hunk 1 of 1 does not fit at line 1
      --> fix.patch:5
      note: @@ -1,3 +1,4 @@
      note: line 1: the patch expects "line 1" (patch line 5), but there is "// license"
      note: its lines are at line 2, but a hunk for line 1 belongs to the start of the file
      help: Refresh the patch against this source.
    "#);
    let end = "--- a/x\n+++ b/x\n@@ -7,3 +7,4 @@\n line 7\n line 8\n line 9\n+new\n";
    insta::assert_snapshot!(refused(&x(numbered(10)), end, Offsets::Allowed), @r#"
    x: hunk 1 of 1 does not fit at line 7
      --> fix.patch:3
      note: @@ -7,3 +7,4 @@
      note: line 10: the patch expects the end of the file, but there is "line 10"
      note: its lines are at line 7, but a hunk without context behind it belongs to the end of the file
      help: Refresh the patch against this source.
    "#);
    let bare = "--- a/x\n+++ b/x\n@@ -5 +5 @@\n-line 5\n+five\n";
    insta::assert_snapshot!(refused(&x(numbered(9)), bare, Offsets::Allowed), @r#"
    x: hunk 1 of 1 does not fit at line 5
      --> fix.patch:3
      note: @@ -5 +5 @@
      note: line 6: the patch expects the end of the file, but there is "line 6"
      note: its lines are at line 5, but a hunk without context behind it belongs to the end of the file
      help: Make the patch with context lines (`diff -U3`).
    "#);
}

#[test]
fn all_problems_of_all_files() {
    let patch = TEN.to_owned()
        + &TEN.replace("/x", "/y")
        + "--- a/z\n+++ b/z\n@@ -1,3 +1,3 @@\n line 1\n-line 2\n+two\n line 3\n@@ -11,3 +11,3 @@\n line 11\n-line 12\n+twelve\n line 13\n";
    let tree = Files::new([
        ("x", numbered(20).replace("line 13\n", "other\n")),
        ("z", numbered(20).replace("line 2\n", "zwei\n").replace("line 13\n", "dreizehn\n")),
    ]);
    insta::assert_snapshot!(refused(&tree, patch, Offsets::Refused), @r#"
    x: hunk 1 of 1 needs fuzz 1 to fit at line 7; fuzz is never used
      --> fix.patch:11
      note: @@ -7,7 +7,7 @@ main
      note: line 13: the patch expects "line 13" (patch line 11), but there is "other"
      help: Refresh the patch against this source.
    y: there is no such file
      --> fix.patch:12
    z: hunk 1 of 2 does not fit at line 1
      --> fix.patch:27
      note: @@ -1,3 +1,3 @@
      note: line 2: the patch expects "line 2" (patch line 27), but there is "zwei"
      help: Refresh the patch against this source.
    z: hunk 2 of 2 needs fuzz 1 to fit at line 11; fuzz is never used
      --> fix.patch:34
      note: @@ -11,3 +11,3 @@
      note: line 13: the patch expects "line 13" (patch line 34), but there is "dreizehn"
      help: Refresh the patch against this source.
    "#);
}

#[test]
fn long_lines_and_odd_bytes_are_shown_short_and_plain() {
    let tree = Files::new([("x", [b"\x1b[31m\xff\"".to_vec(), vec![b'y'; 300], b"\n".to_vec()].concat())]);
    let patch = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n";
    insta::assert_snapshot!(refused(&tree, patch, Offsets::Refused), @r#"
    x: hunk 1 of 1 does not fit at line 1
      --> fix.patch:4
      note: @@ -1 +1 @@
      note: line 1: the patch expects "a" (patch line 4), but there is "\u{1b}[31m\xff\"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…"
      help: Refresh the patch against this source.
    "#);
}

#[test]
fn hunks_out_of_order() {
    let patch = "--- a/x\n+++ b/x\n@@ -3,3 +3,3 @@\n line 3\n-line 4\n+four\n line 5\n@@ -13,3 +13,3 @@\n line 13\n-line 14\n+fourteen\n line 15\n";
    let lines: Vec<String> = numbered(20).split_inclusive('\n').map(str::to_owned).collect();
    let text = [&lines[10..].concat()[..], "between\n", &lines[..10].concat()].concat();
    insta::assert_snapshot!(refused(&x(&text), patch, Offsets::Allowed), @"
    x: hunk 2 of 2 does not fit at line 13
      --> fix.patch:8
      note: @@ -13,3 +13,3 @@
      note: its lines are at line 3, but those of the hunk before are at line 14
      help: Refresh the patch against this source.
    ");
}
