// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the headers above a file's hunks mean, and whether they agree.

use super::change::{FileChange, Hunk, Kind, LINK};
use super::error::Cause;
use super::extended::Extended;
use super::path::{Name, split_git_line, strip};
use super::quote::{show_path, unquote};

/// The blob id of an empty file, in SHA-1 and SHA-256: a file with it has no hunks.
const EMPTY: [&[u8]; 2] = [
    b"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    b"473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
];

/// Puts headers, names and hunks together, and refuses what does not agree.
pub(super) fn resolve(
    level: usize,
    extended: &Extended<'_>,
    names: Option<[Name; 2]>,
    hunks: Vec<Hunk>,
    line: usize,
) -> Result<FileChange, Cause> {
    let malformed = |what: &str| Err(Cause::Malformed(what.to_owned()));
    let stripped = |raw: &[u8], level| strip(raw, level).map_err(Cause::UnsafePath);
    let git = extended.git_line.and_then(|text| split_git_line(text, level));
    if names.is_none() && !hunks.is_empty() {
        return malformed("the hunks have no --- and +++ lines above them");
    }
    let only = match &hunks[..] {
        [only] => Some(only),
        _ => None,
    };
    let (mut created, mut deleted) = (extended.created, extended.deleted);
    if let Some([old, new]) = &names {
        // GNU diff -N names the missing side like the other, and gives it the epoch as its time.
        created |= old.is_null() || (old.epoch && only.is_some_and(|hunk| hunk.old.len == 0));
        deleted |= new.is_null() || (new.epoch && only.is_some_and(|hunk| hunk.new.len == 0));
        // Without git's own line on it, the mode of a new file would be a guess.
        let agrees = [(extended.created, old), (extended.deleted, new)];
        if extended.git_line.is_some() && agrees.iter().any(|(says, name)| *says != name.is_null()) {
            return malformed(
                "git's header and the --- and +++ lines do not agree on whether the file exists",
            );
        }
    }
    let [renamed, copied] = [extended.renamed, extended.copied].map(|[old, new]| old.zip(new));
    let moved = match (renamed, copied) {
        (Some(paths), None) => Some((Kind::Rename, paths)),
        (None, Some(paths)) => Some((Kind::Copy, paths)),
        (None, None) if extended.renamed == [None; 2] && extended.copied == [None; 2] => None,
        _ => return malformed("the headers name only one side of a rename or copy"),
    };
    // The names of both sides as written. Those of a rename have no a/ and b/: one level less to strip.
    let (kind, raw, depth) = match (moved, &names, git) {
        (Some((kind, (old, new))), _, _) => {
            let plain = |text: &[u8]| unquote(text).map_or_else(|| text.to_vec(), |(raw, _)| raw);
            (kind, (plain(old), plain(new)), level.saturating_sub(1))
        }
        (None, Some([old, new]), git) => {
            let kind = match (created, deleted) {
                (true, true) => return malformed("neither side of the change has a file"),
                (true, false) => Kind::Create,
                (false, true) => Kind::Delete,
                (false, false) => Kind::Modify,
            };
            let named = if created { new } else { old };
            if let Some((_, of_git)) = git
                && stripped(&of_git, level)? != stripped(&named.raw, level)?
            {
                return malformed("the `diff --git` line and the --- and +++ lines name different files");
            }
            (kind, (old.raw.clone(), new.raw.clone()), level)
        }
        (None, None, Some(raw)) => {
            let kind = if created {
                Kind::Create
            } else if deleted {
                Kind::Delete
            } else {
                Kind::Modify
            };
            (kind, raw, level)
        }
        (None, None, None) => {
            return malformed(
                "the file's name cannot be read from the `diff --git` line, and no other line has it",
            );
        }
    };
    let old_path = (kind != Kind::Create).then(|| stripped(&raw.0, depth)).transpose()?;
    let new_path = (kind != Kind::Delete).then(|| stripped(&raw.1, depth)).transpose()?;
    if let (Some(_), Some([old, new])) = (moved, &names) {
        let agree = |name: &Name, path: &Option<Vec<u8>>| strip(&name.raw, level).ok() == *path;
        if !agree(old, &old_path) || !agree(new, &new_path) {
            return malformed(
                "the headers of the rename or copy and the --- and +++ lines name different files",
            );
        }
    }
    let change = FileChange {
        kind,
        written: (kind != Kind::Create).then_some(raw.0),
        old_path,
        new_path,
        old_mode: extended.old_mode,
        new_mode: extended.new_mode,
        hunks,
        line,
    };
    check(&change, extended).map(|()| change)
}

/// What a change of one kind must have, and must not.
fn check(change: &FileChange, extended: &Extended<'_>) -> Result<(), Cause> {
    let malformed = |what: String| Err(Cause::Malformed(what));
    let same_path = change.old_path == change.new_path;
    let is_link = |mode| mode == Some(LINK);
    match change.kind {
        Kind::Create | Kind::Delete => {
            let len = |hunk: &Hunk| {
                if change.kind == Kind::Create { hunk.old.len } else { hunk.new.len }
            };
            if change.hunks.len() > 1 || change.hunks.iter().any(|hunk| len(hunk) > 0) {
                let verb = if change.kind == Kind::Create { "creates" } else { "deletes" };
                return malformed(format!(
                    "the patch {verb} the file, but its hunks change lines of one that stays"
                ));
            }
        }
        Kind::Modify if !same_path => {
            let shown = |path: &Option<Vec<u8>>| show_path(path.as_deref().unwrap_or_default());
            let (old, new) = (shown(&change.old_path), shown(&change.new_path));
            return malformed(format!(
                "the --- line names {old} and the +++ line {new}; only git's headers rename"
            ));
        }
        Kind::Rename | Kind::Copy if same_path => {
            return malformed("the rename or copy has one path on both sides".to_owned());
        }
        Kind::Modify
            if change.hunks.is_empty() && change.old_mode == change.new_mode && !content(extended) =>
        {
            return malformed("the change changes nothing".to_owned());
        }
        Kind::Modify | Kind::Rename | Kind::Copy => {
            if change.old_mode.is_some() != change.new_mode.is_some() {
                return malformed("the headers name only one side of a mode change".to_owned());
            }
            if is_link(change.old_mode) != is_link(change.new_mode) {
                return malformed("a file becomes a link only by a deletion and a creation".to_owned());
            }
        }
    }
    if change.hunks.is_empty() && content(extended) {
        return malformed("the content changes, but the hunks are missing: the patch is cut off".to_owned());
    }
    Ok(())
}

/// Whether the `index` line says that there must be hunks.
fn content(extended: &Extended<'_>) -> bool {
    let Some((old, new)) = extended.ids else {
        return false;
    };
    let empty = |id: &[u8]| id.iter().all(|&b| b == b'0') || EMPTY.iter().any(|empty| empty.starts_with(id));
    old != new && !(empty(old) && empty(new))
}
