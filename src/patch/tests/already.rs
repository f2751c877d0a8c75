// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Patches that are applied already, in whole or in part.

use super::super::{EXECUTABLE, LINK, Offsets, REGULAR};
use super::{Files, applied, numbered, refused};

const TWO: &str = "--- a/x\n+++ b/x\n@@ -2,3 +2,4 @@\n line 2\n line 3\n+three and a half\n line 4\n\
    @@ -15,3 +16,3 @@\n line 15\n-line 16\n+sixteen\n line 17\n";

/// Applies the patch, then again, both ways: it must say that it is there.
fn again(mut tree: Files, patch: &str) -> String {
    applied(&mut tree, patch, Offsets::Refused);
    let told = refused(&tree, patch, Offsets::Refused);
    assert_eq!(told, refused(&tree, patch, Offsets::Allowed));
    told
}

#[test]
fn each_kind_of_change() {
    let whole = |told: String| assert!(told.starts_with("the patch is already applied: "), "{told}");
    let x = || Files::new([("x", "a\n")]);
    whole(again(Files::new([("x", numbered(20))]), TWO));
    whole(again(
        Files::default(),
        "diff --git a/x b/x\nnew file mode 100644\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a\n",
    ));
    whole(again(Files::default(), "diff --git a/x b/x\nnew file mode 100755\n"));
    whole(again(x(), "--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"));
    whole(again(x(), "diff --git a/x b/x\nold mode 100644\nnew mode 100755\n"));
    whole(again(
        x(),
        "diff --git a/x b/x\nold mode 100644\nnew mode 100755\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n",
    ));
    whole(again(x(), "diff --git a/x b/y\nrename from x\nrename to y\n"));
    whole(again(
        x(),
        "diff --git a/x b/y\nrename from x\nrename to y\n--- a/x\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n",
    ));
    whole(again(x(), "diff --git a/x b/y\ncopy from x\ncopy to y\n--- a/x\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n"));
    let to_link = "diff --git a/x b/x\ndeleted file mode 100644\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n\
        diff --git a/x b/x\nnew file mode 120000\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+y\n\\ No newline at end of file\n";
    whole(again(x(), to_link));
    insta::assert_snapshot!(again(x(), to_link), @"
    the patch is already applied: all 2 changes are there
      --> fix.patch
      help: Drop the patch: the source has it.
    ");
}

#[test]
fn at_other_lines() {
    let mut tree = Files::new([("x", numbered(20))]);
    applied(&mut tree, TWO, Offsets::Refused);
    let text = "1\n2\n3\n".to_owned() + &tree.text("x");
    insta::assert_snapshot!(refused(&Files::new([("x", &text)]), TWO, Offsets::Allowed), @"
    the patch is already applied: its one change is there
      --> fix.patch
      help: Drop the patch: the source has it.
    ");
}

#[test]
fn not_a_second_time_to_lines_that_look_alike() {
    // Where the patch is in, and more lines like those it changes follow further down.
    let block = "{\n\tint a;\n\tint b;\n}\n";
    let patch = "--- a/x\n+++ b/x\n@@ -3,4 +3,5 @@\n {\n \tint a;\n+\tint new;\n \tint b;\n }\n";
    let mut tree = Files::new([("x", ["1\n2\n", block, "3\n", block].concat())]);
    applied(&mut tree, patch, Offsets::Allowed);
    let told = refused(&tree, patch, Offsets::Allowed);
    assert!(told.starts_with("the patch is already applied"), "{told}");
    let shifted = Files::new([("x", "0\n".to_owned() + &tree.text("x"))]);
    let told = refused(&shifted, patch, Offsets::Allowed);
    assert!(told.starts_with("the patch is already applied"), "{told}");
}

#[test]
fn some_hunks() {
    let text = numbered(20).replace("line 4\n", "three and a half\nline 4\n");
    insta::assert_snapshot!(refused(&Files::new([("x", text)]), TWO, Offsets::Refused), @"
    x: hunk 1 of 2 is already applied, at line 2
      --> fix.patch:3
      note: @@ -2,3 +2,4 @@
    ");
}

#[test]
fn some_files() {
    let patch = TWO.to_owned()
        + "--- a/y\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n"
        + "--- /dev/null\n+++ b/z\n@@ -0,0 +1 @@\n+a\n";
    let tree = Files::new([("x", numbered(20)), ("y", "b\n".to_owned()), ("z", "a\n".to_owned())]);
    insta::assert_snapshot!(refused(&tree, &patch, Offsets::Refused), @"
    y: the patch is already applied to this file
      --> fix.patch:13
      note: 2 of the patch's 3 changes are applied, the others are not
    z: the patch is already applied to this file
      --> fix.patch:18
      note: 2 of the patch's 3 changes are applied, the others are not
    ");
}

#[test]
fn content_or_mode_alone() {
    let patch =
        "diff --git a/x b/x\nold mode 100644\nnew mode 100755\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n";
    insta::assert_snapshot!(refused(&Files::new([("x", "b\n")]), patch, Offsets::Refused), @"
    x: the new content is already there, but the rest of the change is not
      --> fix.patch:1
    ");
    insta::assert_snapshot!(refused(&Files::default().with("x", EXECUTABLE, "a\n"), patch, Offsets::Refused), @"
    x: the new mode is already there, but the rest of the change is not
      --> fix.patch:1
    ");
    insta::assert_snapshot!(refused(&Files::default().with("x", LINK, "b\n"), patch, Offsets::Refused), @"
    x: the new content is already there, but the rest of the change is not
      --> fix.patch:1
    x: the patch starts from a regular file (100644), but there is a symbolic link (120000)
      --> fix.patch:1
    ");
}

#[test]
fn a_rename_whose_both_paths_are_there() {
    let patch = "diff --git a/x b/y\nrename from x\nrename to y\n";
    let tree = Files::new([("x", "a\n")]).with("y", REGULAR, "a\n");
    insta::assert_snapshot!(refused(&tree, patch, Offsets::Refused), @"
    y: the patch renames a file to this path, but it exists
      --> fix.patch:1
      note: its content is the one that the patch makes
    ");
}
