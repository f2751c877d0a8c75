// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Where the hunks of one file fit.

use super::change::{Hunk, Line, Side, reversed};

/// A file's bytes as lines, each with its line feed.
pub(super) fn split(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|&b| b == b'\n').collect()
}

/// A hunk as the two blocks of lines that it stands for.
pub(super) struct Block<'a> {
    /// The lines to find, with their places in the patch file.
    pub(super) before: Vec<&'a Line>,
    /// The lines to put there.
    pub(super) after: Vec<&'a [u8]>,
    /// How many lines of the file the header says stand before it.
    pub(super) at: usize,
    /// Context lines in front of the first change.
    pub(super) leading: usize,
    /// Context lines behind the last change.
    pub(super) trailing: usize,
}

impl<'a> Block<'a> {
    pub(super) fn new(hunk: &'a Hunk) -> Block<'a> {
        let context = |line: &&Line| line.side == Side::Context;
        Block {
            before: hunk.lines.iter().filter(|line| line.side != Side::Add).collect(),
            after: hunk
                .lines
                .iter()
                .filter(|line| line.side != Side::Remove)
                .map(|line| &line.text[..])
                .collect(),
            at: hunk.old.before(),
            leading: hunk.lines.iter().take_while(context).count(),
            trailing: hunk.lines.iter().rev().take_while(context).count(),
        }
    }

    pub(super) fn all(hunks: &'a [Hunk]) -> Vec<Block<'a>> {
        hunks.iter().map(Block::new).collect()
    }

    /// Whether the lines from `at` on are the block's.
    pub(super) fn equals(&self, lines: &[&[u8]], at: usize) -> bool {
        let there = lines.get(at..).and_then(|rest| rest.get(..self.before.len()));
        there.is_some_and(|there| there.iter().zip(&self.before).all(|(there, line)| *there == line.text))
    }

    /// Whether the block fits with `at` lines before it. A hunk that the patch puts at line 1 fits at the
    /// start only, one that ends in a change at the end only: there would be context otherwise. These are
    /// `git apply`'s rules; they also keep a line without a line feed from being joined with the next.
    pub(super) fn fits(&self, lines: &[&[u8]], at: usize) -> bool {
        (self.at > 0 || at == 0)
            && (self.trailing > 0 || at + self.before.len() == lines.len())
            && self.equals(lines, at)
    }

    /// All places from `floor` on where the block fits, the nearest to `near` first.
    pub(super) fn places(&self, lines: &[&[u8]], floor: usize, near: usize) -> Vec<usize> {
        let mut places: Vec<usize> = (floor..=lines.len()).filter(|&at| self.fits(lines, at)).collect();
        places.sort_by_key(|&at| at.abs_diff(near));
        places
    }

    /// Whether finding `after` in a file says anything: it holds a line that the hunk adds, and not only
    /// a blank one or a brace.
    pub(super) fn is_telling(hunk: &Hunk) -> bool {
        let word = |line: &Line| line.side == Side::Add && line.text.iter().any(u8::is_ascii_alphanumeric);
        hunk.lines.iter().any(word)
    }
}

/// What became of all hunks of one file.
pub(super) enum Settled {
    /// Each fits, with this many lines of the file before it.
    Fits(Vec<usize>),
    /// The result of each is there.
    Already,
    /// At least one fits nowhere, or in two places equally well.
    Open,
}

/// Finds places for all hunks. Those that the headers state come first; then the state after the patch
/// at its own lines; then, of moved hunks before the patch and after it, what is nearer. So a patch that
/// is in the file already is not applied a second time to lines that look alike.
pub(super) fn settle(hunks: &[Hunk], lines: &[&[u8]]) -> Settled {
    let stated = |blocks: &[Block<'_>]| {
        let mut floor = 0;
        blocks.iter().all(|block| {
            let fits = block.at >= floor && block.fits(lines, block.at);
            floor = block.at + block.before.len();
            fits
        })
    };
    let blocks = Block::all(hunks);
    if stated(&blocks) {
        return Settled::Fits(blocks.iter().map(|block| block.at).collect());
    }
    let undone = reversed(hunks);
    let undoing = Block::all(&undone);
    if stated(&undoing) {
        return Settled::Already;
    }
    let distance = |blocks: &[Block<'_>], places: &[usize]| -> usize {
        blocks.iter().zip(places).map(|(block, &at)| block.at.abs_diff(at)).sum()
    };
    let forward = moved(&blocks, lines);
    let back = moved(&undoing, lines).filter(|_| hunks.iter().any(Block::is_telling));
    match (forward, back) {
        (Some(places), Some(back)) if distance(&blocks, &places) < distance(&undoing, &back) => {
            Settled::Fits(places)
        }
        (_, Some(_)) => Settled::Already,
        (Some(places), None) => Settled::Fits(places),
        (None, None) => Settled::Open,
    }
}

/// Places for all blocks, in order, each the nearest to where the one before it makes expect it.
fn moved(blocks: &[Block<'_>], lines: &[&[u8]]) -> Option<Vec<usize>> {
    let (mut floor, mut drift) = (0, 0);
    let mut found = Vec::with_capacity(blocks.len());
    for block in blocks {
        let near = block.at.saturating_add_signed(drift);
        let at = match block.places(lines, floor, near)[..] {
            [at] => at,
            [at, next, ..] if at.abs_diff(near) < next.abs_diff(near) => at,
            _ => return None,
        };
        floor = at + block.before.len();
        drift = at.cast_signed() - block.at.cast_signed();
        found.push(at);
    }
    Some(found)
}

/// The file with each block put in its place.
pub(super) fn rebuild(blocks: &[Block<'_>], places: &[usize], lines: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut next = 0;
    for (block, &at) in blocks.iter().zip(places) {
        bytes.extend(lines[next..at].concat());
        bytes.extend(block.after.concat());
        next = at + block.before.len();
    }
    bytes.extend(lines[next..].concat());
    bytes
}
