// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Path names as patches write them: quoted, dated, prefixed; and what a path must not be.

use super::quote::{show_path, unquote};

/// A name from a `---` or `+++` line.
pub(super) struct Name {
    /// Unquoted, not stripped.
    pub(super) raw: Vec<u8>,
    /// The time stamp behind it says 1970-01-01 00:00:00 UTC: GNU diff's sign for no file.
    pub(super) epoch: bool,
}

impl Name {
    /// Reads what stands behind `--- `. GNU diff puts a tab and a time stamp behind the name, git a
    /// lone tab when the name has blanks.
    pub(super) fn read(text: &[u8]) -> Result<Name, String> {
        let (raw, rest) = match text.first() {
            Some(b'"') => unquote(text).ok_or_else(|| format!("broken quotes in {}", show_path(text)))?,
            _ => match text.iter().position(|&b| b == b'\t') {
                Some(tab) => (text[..tab].to_vec(), &text[tab..]),
                None => (text.to_vec(), &text[text.len()..]),
            },
        };
        Ok(Name { raw, epoch: is_epoch(rest) })
    }

    /// `/dev/null` stands for no file.
    pub(super) fn is_null(&self) -> bool {
        self.raw == b"/dev/null"
    }
}

/// Whether a time stamp is second 0 in any time zone: `1969-12-31 19:00:00.000000000 -0500`, or C's
/// `Thu Jan  1 00:00:00 1970`.
fn is_epoch(stamp: &[u8]) -> bool {
    let Ok(stamp) = std::str::from_utf8(stamp) else {
        return false;
    };
    let fields: Vec<&str> = stamp.split_ascii_whitespace().collect();
    let (days, clock, zone) = match fields[..] {
        ["1970-01-01", clock] => (0, clock, "+0000"),
        ["1970-01-01", clock, zone] => (0, clock, zone),
        ["1969-12-31", clock, zone] => (-1, clock, zone),
        [_, "Jan", "1", clock, "1970"] => (0, clock, "+0000"),
        _ => return false,
    };
    let clock = match clock.split_once('.') {
        Some((clock, fraction)) if fraction.bytes().all(|b| b == b'0') => clock,
        Some(_) => return false,
        None => clock,
    };
    let minutes = |hours: &str, minutes: &str| -> Option<i32> {
        Some(hours.parse::<i32>().ok()? * 60 + minutes.parse::<i32>().ok()?)
    };
    let local = match clock.split(':').collect::<Vec<_>>()[..] {
        [h, m, "00"] => minutes(h, m),
        _ => None,
    };
    let ahead = match (zone.get(..1), zone.get(1..3), zone.get(3..)) {
        (Some("+"), Some(h), Some(m)) => minutes(h, m),
        (Some("-"), Some(h), Some(m)) => minutes(h, m).map(|ahead| -ahead),
        _ => None,
    };
    local.is_some() && local.map(|local| days * 24 * 60 + local) == ahead
}

/// Takes `level` leading components off `raw` and checks what is left.
pub(super) fn strip(raw: &[u8], level: usize) -> Result<Vec<u8>, String> {
    let shown = || show_path(raw);
    if raw.first() == Some(&b'/') {
        return Err(format!("the path {} is absolute", shown()));
    }
    let mut rest = raw;
    for _ in 0..level {
        match rest.iter().position(|&b| b == b'/') {
            Some(slash) => rest = &rest[slash + 1..],
            None => {
                let components = if level == 1 { "component" } else { "components" };
                return Err(format!("the path {} has no {level} leading {components} to strip", shown()));
            }
        }
    }
    if rest.is_empty() || rest.contains(&0) {
        return Err(format!("{} is not the path of a file", shown()));
    }
    for component in rest.split(|&b| b == b'/') {
        let problem = match component {
            b"" => "has an empty component",
            b"." | b".." => "has a component that is . or ..",
            // In any case: a checkout on a file system that folds case must not reach it either.
            name if name.eq_ignore_ascii_case(b".git") => "reaches into .git",
            _ => continue,
        };
        return Err(format!("the path {} {problem}", shown()));
    }
    Ok(rest.to_vec())
}

/// The one path that both names of a `diff --git` line give when stripped, unquoted but not stripped,
/// as the old and the new name write it; `None` where they differ, as in a rename, or where blanks
/// leave more than one way to cut the line.
pub(super) fn split_git_line(text: &[u8], level: usize) -> Option<(Vec<u8>, Vec<u8>)> {
    let same = |old: &[u8], new: &[u8]| {
        let tail = |path: &[u8]| path.splitn(level + 1, |&b| b == b'/').nth(level).map(<[u8]>::to_vec);
        tail(old).is_some_and(|path| !path.is_empty() && tail(new) == Some(path))
    };
    let (old, new) = if text.first() == Some(&b'"') {
        let (old, rest) = unquote(text)?;
        let rest = rest.strip_prefix(b" ")?;
        match rest.first() {
            Some(b'"') => (old, unquote(rest).filter(|(_, rest)| rest.is_empty())?.0),
            _ => (old, rest.to_vec()),
        }
    } else if text.last() == Some(&b'"') {
        let blank = text.windows(2).position(|pair| pair == b" \"")?;
        let (new, rest) = unquote(&text[blank + 1..])?;
        if !rest.is_empty() {
            return None;
        }
        (text[..blank].to_vec(), new)
    } else {
        let cut = |at: usize| (&text[..at], &text[at + 1..]);
        let middle = text.len() / 2;
        let cuts: Vec<_> = (0..text.len())
            .filter(|&at| text[at] == b' ')
            .map(cut)
            .filter(|(old, new)| same(old, new))
            .collect();
        // Prefixes are of one length as a rule; then the middle is right whatever else would do.
        match (text.get(middle), &cuts[..]) {
            (Some(b' '), _) if same(&text[..middle], &text[middle + 1..]) => {
                let (old, new) = cut(middle);
                (old.to_vec(), new.to_vec())
            }
            (_, [(old, new)]) => (old.to_vec(), new.to_vec()),
            _ => return None,
        }
    };
    same(&old, &new).then_some((old, new))
}
