// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The text above the changes.

use super::super::{Header, parse};

const DIFF: &str = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n";

fn header(text: &str) -> Header {
    parse("fix.patch", format!("{text}{DIFF}").as_bytes()).unwrap().header
}

#[test]
fn a_mail_of_format_patch() {
    let header = header(
        "From 401db9d4ee3fe56f52d1d63df21fba62ffc3ee0d Mon Sep 17 00:00:00 2001\n\
         From: =?UTF-8?q?Jos=C3=A9=20Juli=C3=A1n?=\n =?UTF-8?q?=20Espina?= <jose@example.org>\n\
         Date: Tue, 3 Jun 2025 10:00:00 -0600\n\
         Subject: [PATCH v2 03/12] LU-19000 llite: a subject that is so long that the\n mail has it on two lines\n\
         MIME-Version: 1.0\n\n\
         It says what --- is for.\n--- a/not\n+++ b/a diff\n\n\
         Lustre-change: https://review.example.org/59000\n\
         Lustre-commit: TBD (from 6210f4ae96633b95fc62c8fddc7d9517b5bb7e5c)\n\
         Linux-commit: v5.9-rc1-42-g0536b2a26992\n\
         Fixes: 7d900dee052f (\"LU-9633 obdclass: other\")\n---\n x | 2 +-\n\n",
    );
    assert_eq!(header.commit.as_deref(), Some("401db9d4ee3fe56f52d1d63df21fba62ffc3ee0d"));
    assert_eq!(header.from.as_deref(), Some("José Julián Espina <jose@example.org>"));
    assert_eq!(header.date.as_deref(), Some("Tue, 3 Jun 2025 10:00:00 -0600"));
    let subject = "LU-19000 llite: a subject that is so long that the mail has it on two lines";
    assert_eq!(header.subject.as_deref(), Some(subject));
    let upstream: Vec<_> =
        header.upstream.iter().map(|mention| (&mention.commit[..], mention.line)).collect();
    assert_eq!(upstream, [("6210f4ae96633b95fc62c8fddc7d9517b5bb7e5c", 14), ("0536b2a26992", 15)]);
}

#[test]
fn git_show() {
    let header = header(
        "commit 401db9d4ee3fe56f52d1d63df21fba62ffc3ee0d (HEAD -> master)\nAuthor: A <a@example.org>\n\
         Date:   Tue Jun 3 10:00:00 2025 -0600\n\n    LU-1 x: subject\n    \n    (cherry picked from commit 0123456789abcdef)\n\n",
    );
    assert_eq!(header.commit.as_deref(), Some("401db9d4ee3fe56f52d1d63df21fba62ffc3ee0d"));
    assert_eq!(header.from.as_deref(), Some("A <a@example.org>"));
    assert_eq!(header.date.as_deref(), Some("Tue Jun 3 10:00:00 2025 -0600"));
    assert_eq!(header.subject.as_deref(), Some("LU-1 x: subject"));
    assert_eq!(header.upstream[0].commit, "0123456789abcdef");
    assert_eq!(header.upstream[0].text, "(cherry picked from commit 0123456789abcdef)");
}

#[test]
fn debian_fields_and_kernel_notes() {
    let header = header(
        "Description: fix the build\nAuthor: B <b@example.org>\nLast-Update: 2025-06-03\n\
         Origin: upstream, https://git.example.org/?id=0123456789abcdef0123456789abcdef01234567\n\n\
         [ Upstream commit 89abcdef0123 ]\ncommit 1234567abc upstream.\n",
    );
    assert_eq!(header.subject.as_deref(), Some("fix the build"));
    assert_eq!(header.from.as_deref(), Some("B <b@example.org>"));
    assert_eq!(header.date.as_deref(), Some("2025-06-03"));
    let commits: Vec<_> = header.upstream.iter().map(|mention| &mention.commit[..]).collect();
    assert_eq!(commits, ["0123456789abcdef0123456789abcdef01234567", "89abcdef0123", "1234567abc"]);
}

#[test]
fn no_text_no_header() {
    assert_eq!(header(""), Header::default());
    assert_eq!(header("Index: x\n=====\n").text, b"Index: x\n=====\n");
}

#[test]
fn encoded_words_that_cannot_be_read_stay() {
    let subject = |text: &str| header(&format!("Subject: {text}\n\n")).subject.unwrap();
    assert_eq!(subject("=?UTF-8?B?w6QgYg==?= c"), "ä b c");
    assert_eq!(subject("=?ISO-8859-1?q?=E4_b?="), "ä b");
    assert_eq!(subject("=?koi8-r?q?=E4?= =?x"), "=?koi8-r?q?=E4?= =?x");
    assert_eq!(subject("[LU-1] kept"), "[LU-1] kept");
}
