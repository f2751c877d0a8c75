// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What patch files may look like.

use super::super::{EXECUTABLE, FileChange, Kind, LINK, Patch, REGULAR, Side, parse, parse_stripping};
use super::{told, unreadable};

fn parsed(text: &str) -> Patch {
    parse("fix.patch", text.as_bytes()).unwrap_or_else(|found| panic!("{}", told(&found)))
}

fn only(text: &str) -> FileChange {
    let [change] = <[FileChange; 1]>::try_from(parsed(text).files).unwrap();
    change
}

/// The paths of a change, as text.
fn paths(change: &FileChange) -> (Option<&str>, Option<&str>) {
    (text(&change.old_path), text(&change.new_path))
}

fn text(path: &Option<Vec<u8>>) -> Option<&str> {
    path.as_deref().map(|path| std::str::from_utf8(path).unwrap())
}

#[test]
fn a_git_mail_with_its_signature() {
    let patch = parsed(
        "From 401db9d4ee3fe56f52d1d63df21fba62ffc3ee0d Mon Sep 17 00:00:00 2001\nSubject: [PATCH] x\n\n---\n x | 2 +-\n\n\
         diff --git a/x b/x\nindex 111..222 100755\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@ int main(void)\n-a\n+b\n c\n-- \n2.43.0\n\n\
         _______\nlist mailing list\n- footer\n",
    );
    let [change] = &patch.files[..] else { panic!() };
    assert_eq!((change.kind, change.line), (Kind::Modify, 7));
    assert_eq!((change.old_mode, change.new_mode), (Some(EXECUTABLE), Some(EXECUTABLE)));
    let [hunk] = &change.hunks[..] else { panic!() };
    assert_eq!((hunk.header.as_str(), hunk.line), ("@@ -1,2 +1,2 @@ int main(void)", 11));
    let lines: Vec<_> = hunk.lines.iter().map(|line| (line.side, &line.text[..], line.line)).collect();
    assert_eq!(
        lines,
        [(Side::Remove, &b"a\n"[..], 12), (Side::Add, b"b\n", 13), (Side::Context, b"c\n", 14)]
    );
}

#[test]
fn kinds_paths_and_modes() {
    let text = "diff --git a/new b/new\nnew file mode 100755\nindex 0000000..1111111\n--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+a\n\
         diff --git a/empty b/empty\nnew file mode 100644\nindex 0000000..e69de29\n\
         diff --git a/gone b/gone\ndeleted file mode 100644\nindex 1111111..0000000\n--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n\
         diff --git a/old name b/new name\nsimilarity index 90%\nrename from old name\nrename to new name\nindex 111..222 100644\n\
         --- a/old name\t\n+++ b/new name\t\n@@ -1 +1 @@\n-a\n+b\n\
         diff --git a/from b/to\nsimilarity index 100%\ncopy from from\ncopy to to\n\
         diff --git a/script b/script\nold mode 100644\nnew mode 100755\n\
         diff --git a/link b/link\nnew file mode 120000\nindex 0000000..1111111\n--- /dev/null\n+++ b/link\n@@ -0,0 +1 @@\n+to\n\\ No newline at end of file\n";
    let patch = parsed(text);
    let seen: Vec<_> =
        patch.files.iter().map(|c| (c.kind, paths(c), c.old_mode, c.new_mode, c.hunks.len())).collect();
    let wanted = [
        (Kind::Create, (None, Some("new")), None, Some(EXECUTABLE), 1),
        (Kind::Create, (None, Some("empty")), None, Some(REGULAR), 0),
        (Kind::Delete, (Some("gone"), None), Some(REGULAR), None, 1),
        (Kind::Rename, (Some("old name"), Some("new name")), Some(REGULAR), Some(REGULAR), 1),
        (Kind::Copy, (Some("from"), Some("to")), None, None, 0),
        (Kind::Modify, (Some("script"), Some("script")), Some(REGULAR), Some(EXECUTABLE), 0),
        (Kind::Create, (None, Some("link")), None, Some(LINK), 1),
    ];
    assert_eq!(seen, wanted);
    assert_eq!(patch.files[6].hunks[0].lines[0].text, b"to");
}

#[test]
fn plain_diffs_with_time_stamps() {
    let stamp = "2024-01-01 12:00:00.000000000 +0100";
    let epoch = "1969-12-31 19:00:00.000000000 -0500";
    let text = format!(
        "diff -urN l.orig/x l/x\n--- l.orig/x\t{stamp}\n+++ l/x\t{stamp}\n@@ -1 +1 @@\n-a\n+b\n\
         diff -urN l.orig/new l/new\n--- l.orig/new\t{epoch}\n+++ l/new\t{stamp}\n@@ -0,0 +1 @@\n+a\n\
         Index: l/gone\n====\n--- l.orig/gone\t{stamp}\n+++ l/gone\tThu Jan  1 00:00:00 1970\n@@ -1 +0,0 @@\n-a\n\
         --- l.orig/filled\t{stamp}\n+++ l/filled\t{stamp}\n@@ -0,0 +1 @@\n+a\n"
    );
    let patch = parsed(&text);
    let seen: Vec<_> = patch.files.iter().map(|change| (change.kind, paths(change))).collect();
    let wanted = [
        (Kind::Modify, (Some("x"), Some("x"))),
        (Kind::Create, (None, Some("new"))),
        (Kind::Delete, (Some("gone"), None)),
        (Kind::Modify, (Some("filled"), Some("filled"))),
    ];
    assert_eq!(seen, wanted);
}

#[test]
fn quoted_names_and_names_with_blanks() {
    let change =
        only("--- \"a/\\303\\244 \\\"q\\\"\\t\"\n+++ \"b/\\303\\244 \\\"q\\\"\\t\"\n@@ -1 +1 @@\n-a\n+b\n");
    assert_eq!(change.path(), "ä \"q\"\t".as_bytes());
    for (line, path) in [
        ("a/x y b/x y", "x y"),
        ("a/x b/x b/x b/x", "x b/x"),
        ("\"a/\\303\\244\" \"b/\\303\\244\"", "ä"),
        ("mine/x yours/x", "x"),
    ] {
        let change = only(&format!("diff --git {line}\nold mode 100644\nnew mode 100755\n"));
        assert_eq!(paths(&change), (Some(path), Some(path)), "{line}");
    }
}

#[test]
fn strip_levels() {
    let plain = "--- a/b/x\n+++ a/b/x\n@@ -1 +1 @@\n-a\n+b\n";
    let renamed = "diff --git a/b/x a/b/y\nrename from b/x\nrename to b/y\n";
    for (text, level, path) in
        [(plain, 0, "a/b/x"), (plain, 1, "b/x"), (plain, 2, "x"), (renamed, 1, "b/y"), (renamed, 2, "y")]
    {
        let patch = parse_stripping("fix.patch", text.as_bytes(), level).unwrap();
        assert_eq!(paths(&patch.files[0]).1, Some(path));
    }
    let bare = "diff --git b/x b/y\nrename from b/x\nrename to b/y\nindex 1..2 100644\n--- b/x\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n";
    let patch = parse_stripping("fix.patch", bare.as_bytes(), 0).unwrap();
    assert_eq!(paths(&patch.files[0]), (Some("b/x"), Some("b/y")));
    insta::assert_snapshot!(told(&parse_stripping("fix.patch", plain.as_bytes(), 3).unwrap_err()), @"
    the path a/b/x has no 3 leading components to strip
      --> fix.patch:1
    ");
}

#[test]
fn content_is_kept_byte_for_byte() {
    let text = b"--- a/x\n+++ b/x\n@@ -1,4 +1,4 @@\n-\xff\x00\r\n+\xfe\r\n \x0c\n\n-end\n\\ No newline at end of file\n+end\n";
    let patch = parse("fix.patch", text).unwrap();
    let lines: Vec<_> = patch.files[0].hunks[0].lines.iter().map(|line| &line.text[..]).collect();
    assert_eq!(lines, [&b"\xff\x00\r\n"[..], b"\xfe\r\n", b"\x0c\n", b"\n", b"end", b"end\n"]);
}

#[test]
fn a_file_becomes_a_link_by_deletion_and_creation() {
    let patch = parsed(
        "diff --git a/x b/x\ndeleted file mode 100644\nindex 1111111..0000000\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n\
         diff --git a/x b/x\nnew file mode 120000\nindex 0000000..2222222\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+y\n\\ No newline at end of file\n",
    );
    assert_eq!(patch.files.len(), 2);
}

#[test]
fn text_between_files_is_fine_but_parts_of_hunks_are_not() {
    let one = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n";
    assert_eq!(parsed(&format!("{one}\nAnd the other file:\n{}", one.replace("/x", "/y"))).files.len(), 2);
    insta::assert_snapshot!(unreadable(format!("{one}\n a lost line\n")), @"
    a line that looks like part of a hunk, but belongs to none
      --> fix.patch:7
    ");
}
