// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Files that are no good patch: each says what and where.

use super::unreadable;

/// A change of `x` with the given hunks.
fn of_x(hunks: &str) -> String {
    format!("--- a/x\n+++ b/x\n{hunks}")
}

#[test]
fn no_change_at_all() {
    insta::assert_snapshot!(unreadable(""), @"
    the file holds no change in unified diff format
      --> fix.patch
    ");
    insta::assert_snapshot!(unreadable("Subject: a cover letter\n\nHello\n"), @"
    the file holds no change in unified diff format
      --> fix.patch
    ");
    insta::assert_snapshot!(unreadable("*** a/x\n--- b/x\n***************\n*** 1 ****\n! a\n--- 1 ----\n! b\n"), @"
    this is a context diff; make the patch with `diff -u`
      --> fix.patch:3
    ");
}

#[test]
fn hunks_that_are_cut_off_or_edited() {
    insta::assert_snapshot!(unreadable(of_x("@@ -1,3 +1,3 @@\n a\n-b\n+c\n")), @"
    x: the hunk header says 3 old and 3 new lines, but 2 and 2 follow
      --> fix.patch:3
      note: @@ -1,3 +1,3 @@
      help: The hunk is cut off or was edited by hand; make the patch anew.
    ");
    insta::assert_snapshot!(unreadable(of_x("@@ -1,2 +1,2 @@\n a\n-b\n+c\n d\n+e\n")), @"
    x: the hunk header says 2 old and 2 new lines, but 3 and 4 follow
      --> fix.patch:3
      note: @@ -1,2 +1,2 @@
      help: The hunk is cut off or was edited by hand; make the patch anew.
    ");
    insta::assert_snapshot!(unreadable(of_x("@@ -1,3 +1,3 @@\n\ta\n-b\n+c\n d\n@@ -9 +9 @@\n-e\n+f\n")), @"
    x: the hunk header says 3 old and 3 new lines, but 0 and 0 follow
      --> fix.patch:3
      note: @@ -1,3 +1,3 @@
      help: A line starts with a tab: the patch has lost the blanks in front of its context lines.
    ");
    insta::assert_snapshot!(unreadable(of_x("@@ -1 +1 @@\n-a\n+b")), @"
    x: the patch ends in the middle of a line
      --> fix.patch:5
      note: @@ -1 +1 @@
    ");
    insta::assert_snapshot!(unreadable(of_x("@@ -1,x +1 @@\n-a\n+b\n")), @"
    x: @@ -1,x +1 @@ is not a hunk header
      --> fix.patch:3
    ");
    insta::assert_snapshot!(unreadable(of_x("@@ -1 +1 @@\n a\n")), @"
    x: the hunk changes nothing
      --> fix.patch:3
      note: @@ -1 +1 @@
    ");
    insta::assert_snapshot!(unreadable(of_x("@@ -1,2 +1,2 @@\n-a\n\\ No newline at end of file\n-b\n+a\n+b\n")), @"
    x: a line behind the last line of the file
      --> fix.patch:6
      note: @@ -1,2 +1,2 @@
    ");
    insta::assert_snapshot!(unreadable(of_x("@@ -1 +1 @@\n\\ No newline at end of file\n-a\n+b\n")), @"
    x: a marker for a missing newline that belongs to no line
      --> fix.patch:4
      note: @@ -1 +1 @@
    ");
    insta::assert_snapshot!(unreadable(of_x("@@ -5,2 +5,2 @@\n a\n-b\n+c\n@@ -6,2 +6,2 @@\n b\n-c\n+d\n")), @"
    x: the hunk overlaps the one before, or belongs before it
      --> fix.patch:7
      note: @@ -6,2 +6,2 @@
      help: Where `git diff -W` made the patch, make it without `-W`.
    ");
    insta::assert_snapshot!(unreadable(of_x("@@ -5,0 +6 @@\n+a\n")), @"
    x: the hunk has no context, so nothing shows that it belongs at line 6
      --> fix.patch:3
      note: @@ -5,0 +6 @@
      help: Make the patch with context lines (`diff -U3`).
    ");
    insta::assert_snapshot!(unreadable(of_x("@@ -99999999999999999999 +1 @@\n-a\n+b\n")), @"
    x: @@ -99999999999999999999 +1 @@ is not a hunk header
      --> fix.patch:3
    ");
}

#[test]
fn every_problem_is_told() {
    let text = of_x(
        "@@ -1,3 +1,3 @@\n-a\n+b\n@@ -9 +9 @@\n a\ndiff --git a/y b/y\nold mode 100644\nnew mode 100640\n",
    );
    insta::assert_snapshot!(unreadable(text), @"
    x: the hunk header says 3 old and 3 new lines, but 1 and 1 follow
      --> fix.patch:3
      note: @@ -1,3 +1,3 @@
      help: The hunk is cut off or was edited by hand; make the patch anew.
    x: the hunk changes nothing
      --> fix.patch:6
      note: @@ -9 +9 @@
    y: mode 100640 is none of 100644, 100755 and 120000
      --> fix.patch:10
    ");
}

#[test]
fn hunks_without_a_file() {
    insta::assert_snapshot!(unreadable("@@ -1 +1 @@\n-a\n+b\n"), @"
    a hunk without the file that it belongs to
      --> fix.patch:1
    ");
    insta::assert_snapshot!(unreadable(of_x("@@ -1 +1 @@\n-a\n+b\n--- a/y\n+b\n")), @"
    a --- line without its +++ line and hunk
      --> fix.patch:6
    ");
    insta::assert_snapshot!(unreadable("diff --git a/x b/x\nindex 1..2 100644\n@@ -1 +1 @@\n-a\n+b\n"), @"
    x: the hunks have no --- and +++ lines above them
      --> fix.patch:1
    ");
    insta::assert_snapshot!(unreadable("diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n@@ -1 +1 @@\n-a\n+b\n"), @"
    x: one of the --- and +++ lines is missing
      --> fix.patch:4
    ");
}

#[test]
fn changes_that_change_nothing_or_lack_their_hunks() {
    insta::assert_snapshot!(unreadable("diff --git a/x b/x\n"), @"
    x: the change changes nothing
      --> fix.patch:1
    ");
    insta::assert_snapshot!(unreadable("diff --git a/x b/x\nindex 1111111..2222222 100644\n"), @"
    x: the content changes, but the hunks are missing: the patch is cut off
      --> fix.patch:1
    ");
    insta::assert_snapshot!(unreadable("diff --git a/x b/x\ndeleted file mode 100644\nindex 1111111..0000000\n"), @"
    x: the content changes, but the hunks are missing: the patch is cut off
      --> fix.patch:1
    ");
    insta::assert_snapshot!(unreadable("diff --git a/x b/x\nrename from x\nrename to x\n"), @"
    x: the rename or copy has one path on both sides
      --> fix.patch:1
    ");
    insta::assert_snapshot!(unreadable("diff --git a/x b/y\nrename from x\n"), @"
    the headers name only one side of a rename or copy
      --> fix.patch:1
    ");
    insta::assert_snapshot!(unreadable("diff --git a/x b/x\nold mode 100644\n"), @"
    x: the headers name only one side of a mode change
      --> fix.patch:1
    ");
    insta::assert_snapshot!(unreadable("diff --git a/x b/y\nold mode 100644\nnew mode 100755\n"), @"
    the file's name cannot be read from the `diff --git` line, and no other line has it
      --> fix.patch:1
    ");
}

#[test]
fn headers_that_do_not_agree() {
    let hunk = "@@ -1 +1 @@\n-a\n+b\n";
    insta::assert_snapshot!(unreadable(format!("--- a/x.orig\n+++ b/x\n{hunk}")), @"
    x: the --- line names x.orig and the +++ line x; only git's headers rename
      --> fix.patch:1
    ");
    insta::assert_snapshot!(unreadable(format!("--- /dev/null\n+++ /dev/null\n{hunk}")), @"
    neither side of the change has a file
      --> fix.patch:1
    ");
    insta::assert_snapshot!(unreadable(format!("--- /dev/null\n+++ b/x\n{hunk}")), @"
    x: the patch creates the file, but its hunks change lines of one that stays
      --> fix.patch:1
    ");
    insta::assert_snapshot!(unreadable(format!("diff --git a/x b/x\nindex 1..2 100644\n--- a/y\n+++ b/y\n{hunk}")), @"
    y: the `diff --git` line and the --- and +++ lines name different files
      --> fix.patch:1
    ");
    insta::assert_snapshot!(unreadable(format!("diff --git a/x b/x\nnew file mode 100644\n--- a/x\n+++ b/x\n{hunk}")), @"
    x: git's header and the --- and +++ lines do not agree on whether the file exists
      --> fix.patch:1
    ");
    insta::assert_snapshot!(unreadable(format!("diff --git a/x b/y\nrename from x\nrename to y\n--- a/x\n+++ b/z\n{hunk}")), @"
    z: the headers of the rename or copy and the --- and +++ lines name different files
      --> fix.patch:1
    ");
    insta::assert_snapshot!(unreadable("diff --git a/x b/x\nold mode 100644\nnew mode 120000\n"), @"
    x: a file becomes a link only by a deletion and a creation
      --> fix.patch:1
    ");
}

#[test]
fn what_is_not_text() {
    insta::assert_snapshot!(unreadable(
        "diff --git a/x.png b/x.png\nindex 1111111..2222222 100644\nGIT binary patch\nliteral 3\nKcmZ\n\nliteral 0\n\ndiff --git a/y b/y\nindex 1..2 160000\n--- a/y\n+++ b/y\n@@ -1 +1 @@\n-Subproject commit a\n+Subproject commit b\n"
    ), @"
    x.png: the change is binary, and only text is patched
      --> fix.patch:3
    y: a change of a submodule cannot be applied to files
      --> fix.patch:10
    ");
    insta::assert_snapshot!(unreadable("diff --git a/x.png b/x.png\nindex 1111111..2222222 100644\nBinary files a/x.png and b/x.png differ\n"), @"
    x.png: the change is binary, and only text is patched
      --> fix.patch:3
    ");
    insta::assert_snapshot!(unreadable("diff -r a/x b/x\nBinary files a/x and b/x differ\nOnly in b: y\n"), @"
    binary files differ, and the patch does not say how
      --> fix.patch:2
    a file on one side only, whose content is not in the patch; make it with `diff -N`
      --> fix.patch:3
    ");
    insta::assert_snapshot!(unreadable("diff --cc x\nindex 1,2..3\n--- a/x\n+++ b/x\n@@@ -1,1 -1,1 +1,1 @@@\n- a\n -b\n++c\n"), @"
    a combined diff of a merge cannot be applied
      --> fix.patch:1
    ");
}

#[test]
fn paths_that_lead_out() {
    for (path, what) in [
        ("a/../x", "a component"),
        ("a/./x", "a component"),
        ("a//x", "an empty component"),
        ("a/x/", "an empty component"),
        ("/etc/x", "is absolute"),
        ("a/.git/config", "into .git"),
        ("a/sub/.GIT/hooks/x", "into .git"),
        ("x", "no 1 leading component"),
    ] {
        let told = unreadable(format!("--- {path}\n+++ {path}\n@@ -1 +1 @@\n-a\n+b\n"));
        assert!(told.contains(what) && told.contains(":1\n"), "{path}: {told}");
    }
    insta::assert_snapshot!(unreadable("diff --git a/x b/../y\nrename from x\nrename to ../y\n"), @"
    the path ../y has a component that is . or ..
      --> fix.patch:1
    ");
    insta::assert_snapshot!(unreadable("--- \"a/x\\9\"\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"), @r#"
    broken quotes in "\"a/x\\9\""
      --> fix.patch:1
    "#);
}

#[test]
fn one_file_twice() {
    let x = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n";
    insta::assert_snapshot!(unreadable(format!("{x}{x}")), @"
    x: the patch changes this file twice, at line 1 and here
      --> fix.patch:6
    ");
    insta::assert_snapshot!(unreadable(format!("{x}diff --git a/x b/y\nrename from x\nrename to y\n")), @"
    x: the patch changes this file twice, at line 1 and here
      --> fix.patch:6
    ");
}

#[test]
fn two_commits_and_converted_line_ends() {
    let mail = |subject: &str, path: &str| {
        format!(
            "From 401db9d4ee3fe56f52d1d63df21fba62ffc3ee0d Mon Sep 17 00:00:00 2001\nSubject: [PATCH] {subject}\n\n---\n{}-- \n2.43.0\n\n",
            of_x("@@ -1 +1 @@\n-a\n+b\n").replace("/x", path)
        )
    };
    insta::assert_snapshot!(unreadable(mail("one", "/x") + &mail("two", "/y")), @"
    a second commit starts here, and a patch file carries one
      --> fix.patch:13
      help: Split the file: one patch for each commit.
    ");
    insta::assert_snapshot!(unreadable(mail("one", "/x").replace('\n', "\r\n")), @"
    the patch's own lines end in CR LF: an editor or a mail program converted it
      --> fix.patch:5
    ");
}
