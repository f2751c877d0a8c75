// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is in a file instead of the lines that a patch expects. For messages only: nothing here has a
//! say in whether or where a hunk is applied.

use std::cmp::Reverse;
use std::fmt;

use super::place::Block;
use super::quote::show_line;

/// The first line that is not what a hunk expects.
pub(super) struct Difference<'a> {
    /// In the file, from 1.
    line: usize,
    /// `None` for the end of the file.
    expected: Option<&'a [u8]>,
    /// Where the expected line stands in the patch file, from 1.
    pub(super) patch_line: Option<usize>,
    /// `None` for the end of the file.
    found: Option<&'a [u8]>,
    /// How many lines the file has.
    count: usize,
}

impl<'a> Difference<'a> {
    /// The first difference when the block is laid over the file with `at` lines before it.
    pub(super) fn find(block: &Block<'a>, lines: &[&'a [u8]], at: usize) -> Option<Difference<'a>> {
        let count = lines.len();
        let rest = lines.get(at..).unwrap_or_default();
        for (index, line) in block.before.iter().enumerate() {
            let found = rest.get(index).copied();
            if found != Some(&line.text) {
                let (expected, patch_line) = (Some(&line.text[..]), Some(line.line));
                return Some(Difference { line: at + index + 1, expected, patch_line, found, count });
            }
        }
        let found = rest.get(block.before.len()).filter(|_| block.trailing == 0)?;
        let line = at + block.before.len() + 1;
        Some(Difference { line, expected: None, patch_line: None, found: Some(found), count })
    }
}

impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: the patch expects ", self.line)?;
        match self.expected {
            Some(line) => f.write_str(&show_line(line))?,
            None => f.write_str("the end of the file")?,
        }
        if let Some(line) = self.patch_line {
            write!(f, " (patch line {line})")?;
        }
        match (self.found, self.count) {
            (Some(line), _) => write!(f, ", but there is {}", show_line(line)),
            (None, 0) => f.write_str(", but the file is empty"),
            (None, 1) => f.write_str(", but the file has only 1 line"),
            (None, count) => write!(f, ", but the file has only {count} lines"),
        }
    }
}

/// The least fuzz, in the sense of GNU patch, with which the block would fit, and how many lines would be
/// before it. What is left of the block must still say something.
pub(super) fn fuzz(block: &Block<'_>, lines: &[&[u8]], near: usize) -> Option<(usize, usize)> {
    for fuzz in 1..=block.leading.max(block.trailing) {
        let head = fuzz.min(block.leading);
        let core = &block.before[head..block.before.len() - fuzz.min(block.trailing)];
        if !core.iter().any(|line| line.text.iter().any(u8::is_ascii_alphanumeric)) {
            return None;
        }
        let equal =
            |at: &usize| core.iter().zip(&lines[at + head..]).all(|(line, there)| line.text == *there);
        let end = (lines.len() + 1).saturating_sub(head + core.len());
        if let Some(at) = (0..end).filter(equal).min_by_key(|at| at.abs_diff(near)) {
            return Some((fuzz, at));
        }
    }
    None
}

/// The nearest place where the lines are equal once `reduce` has taken something out of both sides.
pub(super) fn alike(
    block: &Block<'_>,
    lines: &[&[u8]],
    near: usize,
    reduce: fn(&[u8]) -> Vec<u8>,
) -> Option<usize> {
    let wanted: Vec<_> = block.before.iter().map(|line| reduce(&line.text)).collect();
    let there: Vec<_> = lines.iter().map(|line| reduce(line)).collect();
    if wanted.iter().all(Vec::is_empty) {
        return None;
    }
    let equal = |at: &usize| there[*at..].starts_with(&wanted);
    (0..there.len()).filter(equal).min_by_key(|at| at.abs_diff(near))
}

/// A line with a plain line feed where it ends in CR LF.
pub(super) fn without_cr(line: &[u8]) -> Vec<u8> {
    match line.strip_suffix(b"\r\n") {
        Some(text) => [text, b"\n"].concat(),
        None => line.to_vec(),
    }
}

/// A line without its white space.
pub(super) fn without_blanks(line: &[u8]) -> Vec<u8> {
    line.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect()
}

/// Where most of the lines are, when that is more than half of them and more than at `near`.
pub(super) fn likeliest(block: &Block<'_>, lines: &[&[u8]], near: usize) -> Option<String> {
    let equal = |at: usize| {
        let rest = lines.get(at..).unwrap_or_default();
        rest.iter().zip(&block.before).filter(|(there, line)| **there == line.text).count()
    };
    let best = (0..lines.len()).max_by_key(|&at| (equal(at), Reverse(at.abs_diff(near))))?;
    let (count, of) = (equal(best), block.before.len());
    if best == near || count * 2 <= of || count <= equal(near) {
        return None;
    }
    let difference = Difference::find(block, lines, best)?;
    Some(format!("most alike is line {}, with {count} of {of} lines equal; {difference}", best + 1))
}

/// Where a file differs from the one that a patch makes.
pub(super) fn first_difference(wanted: &[&[u8]], there: &[&[u8]]) -> Option<String> {
    let longest = wanted.len().max(there.len());
    let at = (0..longest).find(|&at| wanted.get(at) != there.get(at))?;
    let show = |lines: &[&[u8]]| lines.get(at).map_or("nothing".to_owned(), |line| show_line(line));
    Some(format!("line {}: the patch makes {}, but there is {}", at + 1, show(wanted), show(there)))
}
