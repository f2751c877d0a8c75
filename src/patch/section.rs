// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! One file's part of a patch: the headers above its hunks, as written.

use super::change::{EXECUTABLE, FileChange, LINK, REGULAR};
use super::cursor::{Cursor, trim};
use super::error::Cause;
use super::extended::Extended;
use super::hunk;
use super::path::{Name, split_git_line, strip};
use super::quote::show_path;
use super::resolve::resolve;

/// Reads the change at the cursor. What is wrong goes to the cursor's list, and the change is left out.
pub(super) fn change(cursor: &mut Cursor<'_>) -> Option<FileChange> {
    let line = cursor.number();
    let known = cursor.problems.len();
    if cursor.peek().is_some_and(|text| text.ends_with(b"\r\n")) {
        let what = "the patch's own lines end in CR LF: an editor or a mail program converted it";
        cursor.problem(Cause::Malformed(what.to_owned()), line, None);
        cursor.skip_all();
        return None;
    }
    let extended = match cursor.peek() {
        Some(text) if text.starts_with(b"diff --git ") => extended(cursor),
        _ => Extended::default(),
    };
    let is_binary = is_binary(cursor);
    let names = names(cursor);
    let label = label(cursor.strip, &extended, names.as_ref());
    let hunks = hunk::hunks(cursor, label.as_deref());
    let mut change = None;
    if !is_binary && cursor.problems.len() == known {
        match resolve(cursor.strip, &extended, names, hunks, line) {
            Ok(resolved) => change = Some(resolved),
            Err(cause) => _ = cursor.problem(cause, line, None),
        }
    }
    for problem in &mut cursor.problems[known..] {
        problem.path = problem.path.take().or_else(|| label.as_deref().map(show_path));
    }
    change
}

/// Refuses and passes over binary content, where it is at the cursor.
fn is_binary(cursor: &mut Cursor<'_>) -> bool {
    let starts = |text: &[u8]| text.starts_with(b"GIT binary patch") || text.starts_with(b"Binary files ");
    if !cursor.peek().is_some_and(starts) {
        return false;
    }
    let what = "the change is binary, and only text is patched";
    cursor.problem(Cause::Refused(what.to_owned()), cursor.number(), None);
    let ends = |text: &[u8]| text.starts_with(b"diff ") || matches!(trim(text), b"-- " | b"--");
    while cursor.peek().is_some_and(|text| !ends(text)) {
        cursor.advance();
    }
    true
}

/// The path for problems of a change whose headers may not agree.
fn label(level: usize, extended: &Extended<'_>, names: Option<&[Name; 2]>) -> Option<Vec<u8>> {
    let named = names.map(|[old, new]| if new.is_null() { &old.raw } else { &new.raw }.clone());
    let of_git = || Some(split_git_line(extended.git_line?, level)?.1);
    strip(&named.or_else(of_git)?, level).ok()
}

/// The names behind `---` and `+++`, where they stand at the cursor.
fn names(cursor: &mut Cursor<'_>) -> Option<[Name; 2]> {
    let known = cursor.problems.len();
    let mut name = |prefix: &[u8]| {
        let text = cursor.peek()?.strip_prefix(prefix)?;
        let line = cursor.number();
        cursor.advance();
        match Name::read(trim(text)) {
            Ok(name) => Some(name),
            Err(what) => {
                cursor.problem(Cause::Malformed(what), line, None);
                None
            }
        }
    };
    let old = name(b"--- ");
    let new = name(b"+++ ");
    if old.is_some() != new.is_some() && cursor.problems.len() == known {
        let line = cursor.number();
        let what = "one of the --- and +++ lines is missing";
        cursor.problem(Cause::Malformed(what.to_owned()), line, None);
    }
    Some([old?, new?])
}

fn extended<'a>(cursor: &mut Cursor<'a>) -> Extended<'a> {
    let mut found = Extended::default();
    while let Some(line) = cursor.peek().map(trim) {
        let at = cursor.number();
        let value = |key: &str| line.strip_prefix(key.as_bytes());
        let mut mode = |text: &[u8]| match read_mode(text) {
            Ok(mode) => Some(mode),
            Err(cause) => {
                cursor.problem(cause, at, None);
                None
            }
        };
        if let Some(text) = value("diff --git ") {
            // The next file's, behind a change without hunks.
            if found.git_line.is_some() {
                break;
            }
            found.git_line = Some(text);
        } else if let Some(text) = value("old mode ") {
            found.old_mode = mode(text);
        } else if let Some(text) = value("new mode ") {
            found.new_mode = mode(text);
        } else if let Some(text) = value("new file mode ") {
            (found.created, found.new_mode) = (true, mode(text));
        } else if let Some(text) = value("deleted file mode ") {
            (found.deleted, found.old_mode) = (true, mode(text));
        } else if let Some(text) = value("rename from ") {
            found.renamed[0] = Some(text);
        } else if let Some(text) = value("rename to ") {
            found.renamed[1] = Some(text);
        } else if let Some(text) = value("copy from ") {
            found.copied[0] = Some(text);
        } else if let Some(text) = value("copy to ") {
            found.copied[1] = Some(text);
        } else if let Some(text) = value("index ") {
            // `index OLD..NEW MODE`, the mode only where it does not change.
            let mut fields = text.split(|&b| b == b' ');
            let ids = fields.next().unwrap_or_default();
            if let Some(dots) = ids.windows(2).position(|pair| pair == b"..") {
                found.ids = Some((&ids[..dots], &ids[dots + 2..]));
            }
            if let Some(unchanged) = fields.next().and_then(&mut mode) {
                found.old_mode.get_or_insert(unchanged);
                found.new_mode.get_or_insert(unchanged);
            }
        } else if value("similarity index ").is_none() && value("dissimilarity index ").is_none() {
            break;
        }
        cursor.advance();
    }
    found
}

fn read_mode(text: &[u8]) -> Result<u32, Cause> {
    let shown = show_path(text);
    match shown.as_str() {
        "100644" => Ok(REGULAR),
        "100755" => Ok(EXECUTABLE),
        "120000" => Ok(LINK),
        "160000" => Err(Cause::Refused("a change of a submodule cannot be applied to files".to_owned())),
        _ => Err(Cause::Malformed(format!("mode {shown} is none of 100644, 100755 and 120000"))),
    }
}
