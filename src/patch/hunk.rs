// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! One hunk of a patch file.

use super::change::{Hunk, Line, Side, Span};
use super::cursor::Cursor;
use super::error::Cause;

/// Reads the hunks that stand at the cursor, up to the first line that is no hunk header. Problems go
/// to the cursor's list; a hunk with one is left out.
pub(super) fn hunks(cursor: &mut Cursor<'_>, path: Option<&[u8]>) -> Vec<Hunk> {
    let mut hunks: Vec<Hunk> = Vec::new();
    while cursor.peek().is_some_and(|line| line.starts_with(b"@@")) {
        let line = cursor.number();
        let Some(hunk) = hunk(cursor, path) else {
            cursor.skip_body();
            continue;
        };
        let end = hunks.last().map_or(0, |last| last.old.before() + last.old.len);
        if hunk.old.before() < end {
            let what = "the hunk overlaps the one before, or belongs before it";
            let problem = cursor.problem(Cause::Malformed(what.to_owned()), line, path);
            problem.notes.push(hunk.header.clone());
            // git 2.47 writes such hunks for functions that stand close together.
            problem.help = Some("Where `git diff -W` made the patch, make it without `-W`.".to_owned());
        }
        hunks.push(hunk);
    }
    hunks
}

fn hunk(cursor: &mut Cursor<'_>, path: Option<&[u8]>) -> Option<Hunk> {
    let line = cursor.number();
    let raw = cursor.advance()?;
    let header = String::from_utf8_lossy(raw).trim_end().to_owned();
    if raw.starts_with(b"@@@") {
        cursor.problem(Cause::merge(), line, path);
        return None;
    }
    let Some((old, new)) = spans(&header) else {
        cursor.problem(Cause::Malformed(format!("{header} is not a hunk header")), line, path);
        return None;
    };
    let lines = match body(cursor, old.len, new.len) {
        Ok(lines) => lines,
        Err((what, line)) => {
            cursor.problem(Cause::Malformed(what.to_owned()), line, path).notes.push(header);
            return None;
        }
    };
    let (extra_old, extra_new) = cursor.count_stray();
    let count = |without: Side| lines.iter().filter(|line| line.side != without).count();
    let (seen_old, seen_new) = (count(Side::Add) + extra_old, count(Side::Remove) + extra_new);
    if (seen_old, seen_new) != (old.len, new.len) {
        let what = format!(
            "the hunk header says {} old and {} new lines, but {seen_old} and {seen_new} follow",
            old.len, new.len
        );
        let help = match cursor.peek() {
            // "\tcode" for " \tcode": GNU patch guesses, and so could guess wrong.
            Some(text) if text.starts_with(b"\t") => {
                "A line starts with a tab: the patch has lost the blanks in front of its context lines."
            }
            _ => "The hunk is cut off or was edited by hand; make the patch anew.",
        };
        let problem = cursor.problem(Cause::Malformed(what), line, path);
        problem.notes.push(header);
        problem.help = Some(help.to_owned());
        return None;
    }
    if lines.iter().all(|line| line.side == Side::Context) {
        let what = "the hunk changes nothing".to_owned();
        cursor.problem(Cause::Malformed(what), line, path).notes.push(header);
        return None;
    }
    if old.len == 0 && old.start > 0 {
        let what =
            format!("the hunk has no context, so nothing shows that it belongs at line {}", old.start + 1);
        let problem = cursor.problem(Cause::Refused(what), line, path);
        problem.notes.push(header);
        problem.help = Some("Make the patch with context lines (`diff -U3`).".to_owned());
        return None;
    }
    Some(Hunk { old, new, header, lines, line })
}

/// The lines of a hunk, up to its counts or the first that cannot be its; or what is wrong, and where.
fn body(cursor: &mut Cursor<'_>, old: usize, new: usize) -> Result<Vec<Line>, (&'static str, usize)> {
    let mut lines: Vec<Line> = Vec::new();
    let (mut old_left, mut new_left) = (old, new);
    // A side whose last line has no newline takes no further lines.
    let (mut old_closed, mut new_closed) = (false, false);
    while let Some(text) = cursor.peek() {
        let line = cursor.number();
        if text.starts_with(b"\\ ") {
            let last = lines.last_mut().filter(|last| last.text.ends_with(b"\n"));
            let Some(last) = last else {
                return Err(("a marker for a missing newline that belongs to no line", line));
            };
            last.text.pop();
            old_closed |= last.side != Side::Add;
            new_closed |= last.side != Side::Remove;
            cursor.advance();
            continue;
        }
        if (old_left, new_left) == (0, 0) {
            break;
        }
        let (side, text) = match text.split_first() {
            Some((b' ', text)) => (Side::Context, text),
            Some((b'-', text)) => (Side::Remove, text),
            Some((b'+', text)) => (Side::Add, text),
            // Mail programs and editors take the lone blank off an empty context line.
            Some((b'\n', _)) => (Side::Context, text),
            _ => break,
        };
        if !text.ends_with(b"\n") {
            return Err(("the patch ends in the middle of a line", line));
        }
        let (is_old, is_new) = (side != Side::Add, side != Side::Remove);
        let left = (old_left.checked_sub(is_old.into()), new_left.checked_sub(is_new.into()));
        let (Some(left_old), Some(left_new)) = left else {
            break;
        };
        (old_left, new_left) = (left_old, left_new);
        if (old_closed && is_old) || (new_closed && is_new) {
            return Err(("a line behind the last line of the file", line));
        }
        lines.push(Line { side, text: text.to_vec(), line });
        cursor.advance();
    }
    Ok(lines)
}

/// `@@ -10,6 +10,7 @@ section`; a missing count is 1.
fn spans(header: &str) -> Option<(Span, Span)> {
    let (ranges, _) = header.strip_prefix("@@ -")?.split_once(" @@")?;
    let (old, new) = ranges.split_once(" +")?;
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    let span = |text: &str| {
        let (start, len) = text.split_once(',').unwrap_or((text, "1"));
        let span = Span { start: number(start)?, len: number(len)? };
        // Line 0 is only the place before an empty range. The limit keeps every sum of lines in range.
        let valid = (span.len == 0 || span.start > 0) && span.start.max(span.len) <= u32::MAX as usize;
        valid.then_some(span)
    };
    Some((span(old)?, span(new)?))
}
