// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `NAME-VERSION.changes.md`: the changes of a release for people, in CommonMark with tables.
//!
//! Subjects, names and paths may hold anything; none of it may become a link, a tag or a list of its
//! own on the page that shows this.

use std::fmt::Write as _;

use super::{AppliedPatch, Carries, Change, Changes, Counts, SourceChanges, patches_of};
use crate::lock::Locked;
use crate::source::{Revision, Status, shown};

/// How much of a commit's id is shown.
const SHORT: usize = 12;

/// The record's text.
#[must_use]
pub fn record(locked: &Locked, sources: &[SourceChanges]) -> String {
    let mut out = format!("# Changes in {} {}\n", locked.manifest.release.name, locked.lock.version);
    for SourceChanges { source, changes } in sources {
        let _ = write!(out, "\n## Source {source}: {} to {}\n\n", name(&changes.from), name(&changes.to));
        let _ =
            writeln!(out, "From commit `{}`  \nto commit `{}`.\n", changes.from.commit, changes.to.commit);
        if changes.diverged {
            let _ = writeln!(
                out,
                "The first is not in the history of the second: what it alone has shows as removed or changed back.\n"
            );
        }
        table(&mut out, changes);
        for layer in &changes.layers {
            if layer.commits == 0 && layer.files == Counts::default() {
                continue;
            }
            let _ = writeln!(out, "\n### {}\n", text(&layer.name));
            for commit in changes.commits.iter().filter(|commit| commit.layers.contains(&layer.name)) {
                out.push_str(&line(commit));
            }
            files(&mut out, changes, &layer.name, "added", Status::Added);
            files(&mut out, changes, &layer.name, "removed", Status::Removed);
        }
    }
    patches(&mut out, &patches_of(&locked.manifest, &locked.inputs));
    out
}

fn name(revision: &Revision) -> String {
    text(&revision.name())
}

fn table(out: &mut String, changes: &Changes) {
    out.push_str(
        "| layer | commits | files added | changed | removed |\n| --- | ---: | ---: | ---: | ---: |\n",
    );
    let mut row = |name: &str, commits: usize, files: Counts| {
        let Counts { added, changed, removed } = files;
        let _ = writeln!(out, "| {name} | {commits} | {added} | {changed} | {removed} |");
    };
    let totals = &changes.totals;
    for layer in &changes.layers {
        row(&text(&layer.name), layer.commits, layer.files);
    }
    row("not in the tarball", totals.outside, totals.outside_files);
    row("**all**", totals.commits, totals.files);
    let _ = write!(out, "\nA commit that touches several layers counts in each. ");
    if totals.merges + totals.empty > 0 {
        let _ = write!(
            out,
            "Merges ({}) and commits without files ({}) count in none. ",
            totals.merges, totals.empty
        );
    }
    let _ = writeln!(out, "A file that was renamed is one removed and one added.");
}

fn line(commit: &Change) -> String {
    let subject = if commit.subject.is_empty() { "(no subject)" } else { &commit.subject };
    let date = commit.committed.to_string();
    let date = date.split_once('T').map_or(date.as_str(), |(day, _)| day);
    let id = commit.commit.to_string();
    let mut line = format!("- {} ({}, {date}) `{}`", item(subject), text(&commit.author), &id[..SHORT]);
    for (nth, carries) in commit.carries.iter().enumerate() {
        line.push_str(if nth == 0 { ", backport of " } else { " and " });
        line.push_str(&carried(carries));
    }
    line.push('\n');
    line
}

fn carried(carries: &Carries) -> String {
    match &carries.commit {
        Some(commit) => format!("`{}`", &commit[..SHORT.min(commit.len())]),
        None => "a change that had not landed".to_owned(),
    }
}

fn files(out: &mut String, changes: &Changes, layer: &str, what: &str, status: Status) {
    let paths: Vec<&str> = changes
        .files
        .iter()
        .filter(|file| file.status == status && file.layers.iter().any(|name| name == layer))
        .map(|file| file.path.as_str())
        .collect();
    if paths.is_empty() {
        return;
    }
    let count = if paths.len() == 1 { "1 file".to_owned() } else { format!("{} files", paths.len()) };
    let _ = writeln!(out, "\n<details><summary>{count} {what}</summary>\n");
    for path in paths {
        let _ = writeln!(out, "- {}", code(path));
    }
    let _ = writeln!(out, "\n</details>");
}

fn patches(out: &mut String, patches: &[AppliedPatch]) {
    if patches.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n## Patches\n\nThe release adds these to the commits above.\n");
    for patch in patches {
        let why = match (&patch.upstream, &patch.reason) {
            (Some(commit), _) => format!("carries upstream commit `{commit}`"),
            (None, reason) => text(reason.as_deref().unwrap_or_default()),
        };
        let _ = writeln!(out, "- {}, on {}: {why}", code(&patch.file), text(&patch.layer));
        for member in &patch.members {
            let _ = writeln!(out, "  - {}", code(member));
        }
    }
}

/// A text as code, whatever it holds.
fn code(text: &str) -> String {
    let text = shown(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    if longest > 0 || text.starts_with(' ') {
        format!("{fence} {text} {fence}")
    } else {
        format!("{fence}{text}{fence}")
    }
}

/// A text at the start of an item, where more could begin a list or a heading of its own.
fn item(subject: &str) -> String {
    let text = text(subject);
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let begins = match text.as_bytes().get(digits) {
        Some(b'.' | b')') => digits > 0,
        Some(b'-' | b'+' | b'=') => digits == 0,
        _ => false,
    };
    if begins { format!("{}\\{}", &text[..digits], &text[digits..]) } else { text }
}

/// A text as nothing but text (CommonMark 0.31, "Backslash escapes"). An underscore between letters is
/// no emphasis, and stays as it is: code is full of them.
fn text(text: &str) -> String {
    let text = shown(text);
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied().unwrap_or(' ');
        let special = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '#' | '@' => true,
            '_' => !(before.is_alphanumeric() && next.is_alphanumeric()),
            _ => false,
        };
        if special {
            out.push('\\');
        }
        out.push(c);
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_cannot_become_markup() {
        for (subject, expected) in [
            ("LU-1 mdt: rename mdt_open_by_fid", "LU-1 mdt: rename mdt_open_by_fid"),
            ("<script>x</script>", "\\<script\\>x\\</script\\>"),
            ("[x](javascript:y)", "\\[x\\](javascript:y)"),
            ("*a* _b_ `c` ~d~ | &amp;", "\\*a\\* \\_b\\_ \\`c\\` \\~d\\~ \\| \\&amp;"),
            ("- item", "\\- item"),
            ("12. item", "12\\. item"),
            ("2.17.0", "2\\.17.0"),
            ("a\u{1b}[31m\nb", "a\\\\u{1b}\\[31m\\\\u{a}b"),
        ] {
            assert_eq!(item(subject), expected);
        }
    }

    #[test]
    fn code_holds_backticks() {
        assert_eq!(code("a/b.c"), "`a/b.c`");
        assert_eq!(code("a``b"), "``` a``b ```");
    }
}
