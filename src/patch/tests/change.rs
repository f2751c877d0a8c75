// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What patches do to files, and what stands in their way besides lines.

use super::super::{Action, Applied, EXECUTABLE, Failure, LINK, Offsets, REGULAR, apply, parse};
use super::{Files, applied, numbered, refused};

const TO_LINK: &str = "diff --git a/x b/x\ndeleted file mode 100644\nindex 1111111..0000000\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n\
    diff --git a/x b/x\nnew file mode 120000\nindex 0000000..2222222\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+y\n\\ No newline at end of file\n";

#[test]
fn several_hunks_and_the_end_of_the_file() {
    let mut tree = Files::new([("x", numbered(30))]);
    let patch = "--- a/x\n+++ b/x\n@@ -1,4 +1,3 @@\n-line 1\n line 2\n line 3\n line 4\n@@ -10,3 +9,5 @@\n line 10\n-line 11\n+eleven\n+and\n+more\n line 12\n\
         @@ -28,3 +29,3 @@\n line 28\n line 29\n-line 30\n+thirty\n\\ No newline at end of file\n";
    let done = applied(&mut tree, patch, Offsets::Refused);
    let wanted = numbered(30)
        .replace("line 1\n", "")
        .replace("line 11\n", "eleven\nand\nmore\n")
        .replace("line 30\n", "thirty");
    assert_eq!(tree.text("x"), wanted);
    let change =
        Applied { path: b"x".to_vec(), action: Action::Modified, mode: None, offsets: vec![0, 0, 0] };
    assert_eq!(done, [change]);
}

#[test]
fn files_come_go_move_and_change_mode() {
    let mut tree = Files::new([("gone", "a\n"), ("old", "1\n2\n3\n"), ("from", "c\n"), ("same", "s\n")])
        .with("script", REGULAR, "#!\n");
    let patch = "diff --git a/d/new b/d/new\nnew file mode 100755\n--- /dev/null\n+++ b/d/new\n@@ -0,0 +1,2 @@\n+a\n+b\n\
         diff --git a/empty b/empty\nnew file mode 100644\n\
         diff --git a/gone b/gone\ndeleted file mode 100644\n--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n\
         diff --git a/old b/e/moved\nrename from old\nrename to e/moved\nindex 111..222 100644\n--- a/old\n+++ b/e/moved\n@@ -1,3 +1,3 @@\n 1\n-2\n+two\n 3\n\
         diff --git a/from b/to\ncopy from from\ncopy to to\n\
         diff --git a/from b/from\n--- a/from\n+++ b/from\n@@ -1 +1 @@\n-c\n+changed\n\
         diff --git a/script b/script\nold mode 100644\nnew mode 100755\n";
    let done = applied(&mut tree, patch, Offsets::Refused);
    assert_eq!(tree.paths(), ["d/new", "e/moved", "empty", "from", "same", "script", "to"]);
    assert_eq!(tree.text("e/moved"), "1\ntwo\n3\n");
    assert_eq!(tree.text("to"), "c\n", "a copy is made from what was there before the patch");
    assert_eq!(tree.text("from"), "changed\n");
    assert_eq!(tree.text("empty"), "");
    let mode = |path: &str| tree.files[path.as_bytes()].mode;
    assert_eq!([mode("d/new"), mode("script"), mode("to")], [EXECUTABLE, EXECUTABLE, REGULAR]);
    let actions: Vec<_> = done.iter().map(|applied| applied.action.clone()).collect();
    let from = |path: &str| path.as_bytes().to_vec();
    let wanted = [
        Action::Created,
        Action::Created,
        Action::Deleted,
        Action::Renamed { from: from("old") },
        Action::Copied { from: from("from") },
        Action::Modified,
        Action::Modified,
    ];
    assert_eq!(actions, wanted);
    assert_eq!(done[6].mode, Some((REGULAR, EXECUTABLE)));
}

#[test]
fn names_are_swapped() {
    let mut tree = Files::new([("x", "a\n"), ("y", "b\n")]);
    let patch =
        "diff --git a/x b/y\nrename from x\nrename to y\ndiff --git a/y b/x\nrename from y\nrename to x\n";
    applied(&mut tree, patch, Offsets::Refused);
    assert_eq!((tree.text("x"), tree.text("y")), ("b\n".to_owned(), "a\n".to_owned()));
}

#[test]
fn links() {
    let mut tree = Files::new([("x", "a\n")]);
    applied(&mut tree, TO_LINK, Offsets::Refused);
    assert_eq!(tree.files[&b"x"[..]].mode, LINK);
    let retarget = "diff --git a/x b/x\nindex 2222222..3333333 120000\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-y\n\\ No newline at end of file\n+z\n\\ No newline at end of file\n";
    applied(&mut tree, retarget, Offsets::Refused);
    assert_eq!(tree.text("x"), "z");
    // A patch that speaks of a file must not write through, or into, a link.
    let plain =
        "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-z\n\\ No newline at end of file\n+w\n\\ No newline at end of file\n";
    insta::assert_snapshot!(refused(&tree, plain, Offsets::Refused), @"
    x: the patch starts from a regular file (100644), but there is a symbolic link (120000)
      --> fix.patch:1
    ");
}

#[test]
fn a_folder_becomes_a_link() {
    let mut tree = Files::new([("d/x", "a\n")]);
    let patch = TO_LINK
        .replacen("a/x b/x", "a/d/x b/d/x", 1)
        .replacen("--- a/x", "--- a/d/x", 1)
        .replace("b/x\nnew", "b/d\nnew")
        .replace("a/x b/d", "a/d b/d")
        .replace("+++ b/x", "+++ b/d");
    applied(&mut tree, &patch, Offsets::Refused);
    assert_eq!(tree.paths(), ["d"]);
    let tree = Files::new([("d/x", "a\n"), ("d/stays", "a\n")]);
    insta::assert_snapshot!(refused(&tree, &patch, Offsets::Refused), @"
    d: there is a folder of this name, with d/stays
      --> fix.patch:8
    ");
}

#[test]
fn files_in_the_way() {
    let create =
        "diff --git a/d/x b/d/x\nnew file mode 100644\n--- /dev/null\n+++ b/d/x\n@@ -0,0 +1,2 @@\n+a\n+b\n";
    insta::assert_snapshot!(refused(&Files::new([("d/x", "a\nc\n")]), create, Offsets::Refused), @r#"
    d/x: the patch creates this file, but it exists
      --> fix.patch:1
      note: line 2: the patch makes "b", but there is "c"
    "#);
    insta::assert_snapshot!(refused(&Files::default().with("d/x", EXECUTABLE, "a\nb\n"), create, Offsets::Refused), @"
    d/x: the patch creates this file, but it exists
      --> fix.patch:1
      note: its content is the one that the patch makes, but it is an executable file (100755), not a regular file (100644)
    ");
    insta::assert_snapshot!(refused(&Files::new([("d", "a\n")]), create, Offsets::Refused), @"
    d/x: d is a file, so nothing can be below it
      --> fix.patch:1
    ");
    let rename = "diff --git a/x b/y\nrename from x\nrename to y\n";
    insta::assert_snapshot!(refused(&Files::new([("x", "a\n"), ("y", "b\n")]), rename, Offsets::Refused), @r#"
    y: the patch renames a file to this path, but it exists
      --> fix.patch:1
      note: line 1: the patch makes "a", but there is "b"
    "#);
    let inside = "diff --git a/p b/p\nnew file mode 100644\ndiff --git a/p/q b/p/q\nnew file mode 100644\n";
    insta::assert_snapshot!(refused(&Files::default(), inside, Offsets::Refused), @"
    p/q: p is a file, so nothing can be below it
      --> fix.patch:3
    ");
}

#[test]
fn files_that_are_missing() {
    let patch = "--- lustre/llite/x.c\n+++ lustre/llite/x.c\n@@ -1 +1 @@\n-a\n+b\n";
    insta::assert_snapshot!(refused(&Files::default(), patch, Offsets::Refused), @"
    llite/x.c: there is no such file
      --> fix.patch:1
    ");
    insta::assert_snapshot!(refused(&Files::new([("lustre/llite/x.c", "a\n")]), patch, Offsets::Refused), @"
    llite/x.c: there is no such file
      --> fix.patch:1
      help: There is lustre/llite/x.c; for this path the strip level would be 0.
    ");
    let fill = "--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+a\n";
    insta::assert_snapshot!(refused(&Files::default(), fill, Offsets::Refused), @"
    x: there is no such file
      --> fix.patch:1
      note: a patch that creates a file has /dev/null in its --- line
    ");
    applied(&mut Files::new([("x", "")]), fill, Offsets::Refused);
    insta::assert_snapshot!(refused(&Files::new([("x", "b\n")]), fill, Offsets::Refused), @r#"
    x: hunk 1 of 1 does not fit at line 1
      --> fix.patch:3
      note: @@ -0,0 +1 @@
      note: line 1: the patch expects the end of the file, but there is "b"
      help: Refresh the patch against this source.
    "#);
}

#[test]
fn deletions_must_match_the_whole_file() {
    let delete =
        "diff --git a/x b/x\ndeleted file mode 100644\n--- a/x\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n";
    insta::assert_snapshot!(refused(&Files::new([("x", "a\nb\nc\n")]), delete, Offsets::Allowed), @r#"
    x: hunk 1 of 1 does not fit at line 1
      --> fix.patch:5
      note: @@ -1,2 +0,0 @@
      note: line 3: the patch expects the end of the file, but there is "c"
      help: Refresh the patch against this source.
    "#);
    let empty = "diff --git a/x b/x\ndeleted file mode 100644\nindex e69de29..0000000\n";
    insta::assert_snapshot!(refused(&Files::new([("x", "a\n")]), empty, Offsets::Refused), @"
    x: the patch deletes an empty file, but this one has content
      --> fix.patch:1
    ");
    applied(&mut Files::new([("x", "")]), empty, Offsets::Refused);
}

#[test]
fn modes_must_match() {
    let patch = "diff --git a/x b/x\nindex 1111111..2222222 100755\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n";
    insta::assert_snapshot!(refused(&Files::new([("x", "a\n")]), patch, Offsets::Refused), @"
    x: the patch starts from an executable file (100755), but there is a regular file (100644)
      --> fix.patch:1
      help: The patch keeps the mode. If it may differ, correct the mode in its `index` line.
    ");
    let patch = "diff --git a/x b/x\nold mode 100755\nnew mode 100644\n";
    insta::assert_snapshot!(refused(&Files::default().with("x", LINK, "a"), patch, Offsets::Refused), @"
    x: the patch starts from an executable file (100755), but there is a symbolic link (120000)
      --> fix.patch:1
    ");
}

#[test]
fn paths_outside_the_layer() {
    let tree =
        Files { only: Some("lustre_compat/"), ..Files::new([("lustre_compat/x", "a\n"), ("lnet/y", "a\n")]) };
    let patch = "diff --git a/lustre_compat/x b/lnet/x\nrename from lustre_compat/x\nrename to lnet/x\n\
         diff --git a/lnet/y b/lnet/y\nold mode 100644\nnew mode 100755\n";
    insta::assert_snapshot!(refused(&tree, patch, Offsets::Refused), @"
    lnet/x: the path is outside the layer
      --> fix.patch:1
      note: the layer holds lustre_compat/ alone
    lnet/y: the path is outside the layer
      --> fix.patch:4
      note: the layer holds lustre_compat/ alone
    ");
    let unprefixed = "--- lustre_compat/x\n+++ lustre_compat/x\n@@ -1 +1 @@\n-a\n+b\n";
    insta::assert_snapshot!(refused(&tree, unprefixed, Offsets::Refused), @"
    x: the path is outside the layer
      --> fix.patch:1
      note: the layer holds lustre_compat/ alone
      help: There is lustre_compat/x; for this path the strip level would be 0.
    ");
}

#[test]
fn a_tree_that_cannot_be_read_is_no_problem_of_the_patch() {
    let patch = parse("fix.patch", b"--- a/unreadable\n+++ b/unreadable\n@@ -1 +1 @@\n-a\n+b\n").unwrap();
    let result = apply(&patch, &mut Files::default(), Offsets::Refused);
    assert!(matches!(result, Err(Failure::Tree(error)) if error == "an object is missing"));
}
