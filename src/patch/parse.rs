// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A patch file as a whole: the text above, the changes, and what stands between and after them.
//!
//! GNU patch and git skip every line that they do not know. Here a line that looks like part of a
//! change and belongs to none is a problem: it is how a damaged patch gives a damaged file.

use std::collections::HashMap;

use super::change::{FileChange, Kind, Patch};
use super::cursor::{Cursor, trim};
use super::error::{Cause, PatchProblem};
use super::header::{Header, is_mail_start};
use super::section;

/// Reads a patch file: `git format-patch`, `git show`, `git diff`, `diff -u` or quilt. The first
/// component of each path (`a/`, `b/`, `dir.orig/`) is taken off; see [`parse_stripping`]. `name` is
/// for the problems, of which all are returned.
pub fn parse(name: &str, bytes: &[u8]) -> Result<Patch, Vec<PatchProblem>> {
    parse_stripping(name, bytes, 1)
}

/// As [`parse`], with the number of leading path components to take off, as `patch -pN` does.
pub fn parse_stripping(name: &str, bytes: &[u8], strip: usize) -> Result<Patch, Vec<PatchProblem>> {
    let mut cursor = Cursor::new(name, strip, bytes);
    let header = Header::read(cursor.preamble());
    let files = changes(&mut cursor, header.is_message());
    if files.is_empty() && cursor.problems.is_empty() {
        let cause = Cause::Malformed("the file holds no change in unified diff format".to_owned());
        cursor.problems.push(PatchProblem::new(name, cause));
    }
    changed_twice(&mut cursor, &files);
    if cursor.problems.is_empty() {
        Ok(Patch { name: name.to_owned(), header, files })
    } else {
        Err(cursor.problems)
    }
}

/// What a line at the top level belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Region {
    /// The mail or the commit message above the first change.
    Message,
    /// Plain text above the first change, or between files after a signature.
    Text,
    /// Right behind a change.
    Change,
}

fn changes(cursor: &mut Cursor<'_>, is_message: bool) -> Vec<FileChange> {
    let mut region = if is_message { Region::Message } else { Region::Text };
    let mut files = Vec::new();
    let mut first = true;
    while let Some(line) = cursor.peek() {
        if cursor.at_change() {
            files.extend(section::change(cursor));
            (region, first) = (Region::Change, false);
            continue;
        }
        let text = trim(line);
        if region == Region::Change && (text == b"-- " || text == b"--") {
            // The mail signature, git's version; what follows is the mailing list's.
            region = Region::Text;
        } else if !first && is_mail_start(text) {
            let what = "a second commit starts here, and a patch file carries one";
            let problem = cursor.problem(Cause::Malformed(what.to_owned()), cursor.number(), None);
            problem.help = Some("Split the file: one patch for each commit.".to_owned());
            break;
        } else if let Some(cause) = stray(text, region) {
            let is_body = matches!(cause, Cause::Malformed(_));
            cursor.problem(cause, cursor.number(), None);
            cursor.advance();
            if is_body {
                cursor.skip_body();
            } else {
                region = Region::Text;
            }
            continue;
        }
        cursor.advance();
    }
    files
}

/// What is wrong with a line that starts no change, if anything.
fn stray(text: &[u8], region: Region) -> Option<Cause> {
    let malformed = |what: &str| Some(Cause::Malformed(what.to_owned()));
    let refused = |what: &str| Some(Cause::Refused(what.to_owned()));
    let differ =
        (text.starts_with(b"Binary files ") || text.starts_with(b"Files ")) && text.ends_with(b" differ");
    match region {
        _ if text.starts_with(b"@@ -") => malformed("a hunk without the file that it belongs to"),
        _ if text.starts_with(b"diff --cc ") || text.starts_with(b"diff --combined ") => Some(Cause::merge()),
        Region::Message => None,
        _ if text == b"***************" => refused("this is a context diff; make the patch with `diff -u`"),
        _ if differ => refused("binary files differ, and the patch does not say how"),
        _ if text.starts_with(b"Only in ") => {
            refused("a file on one side only, whose content is not in the patch; make it with `diff -N`")
        }
        Region::Text => None,
        Region::Change if text.starts_with(b"--- ") => malformed("a --- line without its +++ line and hunk"),
        Region::Change if matches!(text.first(), Some(b' ' | b'+' | b'-' | b'\\')) => {
            malformed("a line that looks like part of a hunk, but belongs to none")
        }
        Region::Change => None,
    }
}

/// Refuses two changes with one result, and a change to what another takes away.
fn changed_twice(cursor: &mut Cursor<'_>, files: &[FileChange]) {
    let mut produced: HashMap<&[u8], &FileChange> = HashMap::new();
    let mut removed: HashMap<&[u8], &FileChange> = HashMap::new();
    let mut problems = Vec::new();
    for change in files {
        let clash = [
            change.produces().and_then(|path| produced.insert(path, change)),
            change.removes().and_then(|path| removed.insert(path, change)),
        ];
        for earlier in clash.into_iter().flatten() {
            problems.push((change.line, earlier.line, change.path()));
        }
    }
    for change in files.iter().filter(|change| change.kind == Kind::Modify) {
        if let Some(other) = removed.get(change.path()) {
            problems.push((change.line.max(other.line), change.line.min(other.line), change.path()));
        }
    }
    for (line, earlier, path) in problems {
        let what = format!("the patch changes this file twice, at line {earlier} and here");
        cursor.problem(Cause::Malformed(what), line, Some(path));
    }
}
