// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The dialect as a machine that is fed the bytes of a tar, in pieces of any size.

use super::canonical::{BLOCK, Block, Node, RECORD, TYPE};
use super::fault::{At, Fault, Part};
use super::found::{self, Found};
use super::group::{self, Extended};
use super::header::{self, Header};
use super::links::Link;
use super::names::Names;
use super::{Dangling, Limits, Visit, shown};
use crate::model::{CommitId, Failure, SourceDate};

mod comment;
mod end;
mod place;
mod records;

/// How the stream of bytes ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// The file was decoded to its end.
    Whole,
    /// The encoding was damaged or cut short, which is told already.
    Broken,
    /// A limit ended it.
    Limited {
        /// Which, in words.
        what: String,
        /// What would be within it.
        expected: String,
    },
}

/// What stands at the next byte.
#[derive(Debug)]
enum State {
    /// The block of the global header.
    Comment,
    /// Its records, of that many bytes.
    CommentRecords { size: usize },
    /// The header of a member, or the end.
    Header,
    /// The records of a pax header.
    Records,
    /// The content of a file.
    Content { left: u64, padding: usize, shown: bool },
    /// The padding behind it.
    Padding { left: usize, told: bool },
    /// The zeros at the end, up to that offset.
    End { until: u64, told: bool },
    /// Nothing that could be told from what came before.
    Stopped,
}

/// The machine.
pub(super) struct Dialect<'l> {
    limits: &'l Limits,
    state: State,
    /// How many bytes were fed.
    at: u64,
    /// The blocks that are being collected.
    collected: Vec<u8>,
    extended: Option<Extended>,
    commit: Option<CommitId>,
    date: Option<u64>,
    top: Option<String>,
    /// The next member's index.
    index: usize,
    /// What the bytes belong to.
    part: Part,
    /// Whether the header before could not be believed, so that this may be no header.
    suspect: bool,
    names: Names,
    links: Vec<Link>,
    targets: usize,
    faults: Vec<Fault>,
}

/// What a tar came to.
#[derive(Debug)]
pub(super) struct Judgement {
    pub(super) faults: Vec<Fault>,
    /// How many of them were found before the end.
    pub(super) before_end: usize,
    /// `None` where the reading ended before the end.
    pub(super) whole: Option<Whole>,
}

/// A tar that was read to its end.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) top: String,
    pub(super) commit: Option<CommitId>,
    pub(super) date: SourceDate,
    pub(super) members: usize,
    pub(super) dangling: Vec<Dangling>,
}

impl<'l> Dialect<'l> {
    pub(super) fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            state: State::Comment,
            at: 0,
            collected: Vec::with_capacity(BLOCK),
            extended: None,
            commit: None,
            date: None,
            top: None,
            index: 0,
            part: Part::Comment,
            suspect: false,
            names: Names::default(),
            links: Vec::new(),
            targets: 0,
            faults: Vec::new(),
        }
    }

    /// Takes the next bytes. `false` when the reading has stopped and more bytes make no difference.
    pub(super) fn feed(&mut self, mut bytes: &[u8], visit: &mut dyn Visit) -> Result<bool, Failure> {
        while !bytes.is_empty() {
            let taken = match &mut self.state {
                State::Stopped => return Ok(false),
                State::Content { left, shown, .. } => {
                    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    *left -= taken as u64;
                    if *shown {
                        visit.content(&bytes[..taken])?;
                    }
                    taken
                }
                State::Padding { left, told } => {
                    let taken = (*left).min(bytes.len());
                    *left -= taken;
                    let mut found = Vec::new();
                    found::zeros(&bytes[..taken], self.at, "the padding behind its content", &mut found);
                    if !std::mem::replace(told, *told || !found.is_empty()) {
                        self.tell(found);
                    }
                    taken
                }
                _ => {
                    let taken = (BLOCK - self.collected.len() % BLOCK).min(bytes.len());
                    self.collected.extend_from_slice(&bytes[..taken]);
                    taken
                }
            };
            self.at += taken as u64;
            bytes = &bytes[taken..];
            self.advance(visit)?;
            if self.faults.len() >= self.limits.faults {
                self.stop();
            }
        }
        Ok(!matches!(self.state, State::Stopped))
    }

    /// Goes on to what follows, once what stands here is whole.
    fn advance(&mut self, visit: &mut dyn Visit) -> Result<(), Failure> {
        match self.state {
            State::Content { left: 0, padding, shown } => {
                if shown {
                    visit.end_member()?;
                }
                self.state = State::Padding { left: padding, told: false };
                self.advance(visit)
            }
            State::Padding { left: 0, .. } => {
                self.state = State::Header;
                Ok(())
            }
            State::Content { .. } | State::Padding { .. } | State::Stopped => Ok(()),
            _ if self.collected.is_empty() || !self.collected.len().is_multiple_of(BLOCK) => Ok(()),
            State::CommentRecords { size } => {
                if self.collected.len() >= size {
                    let records = std::mem::take(&mut self.collected);
                    self.comment_records(&records, size);
                }
                Ok(())
            }
            State::Records => {
                self.records();
                Ok(())
            }
            State::Comment | State::Header | State::End { .. } => {
                let collected = std::mem::take(&mut self.collected);
                let block = header::block(&collected);
                let done = match self.state {
                    State::Comment => {
                        self.comment(block);
                        Ok(())
                    }
                    State::End { until, told } => {
                        self.end(block, until, told);
                        Ok(())
                    }
                    _ => self.header(block, visit),
                };
                self.collected = collected;
                self.collected.clear();
                done
            }
        }
    }

    /// Where the block that was just collected starts.
    fn block_offset(&self) -> u64 {
        self.at - BLOCK as u64
    }

    fn tell(&mut self, found: Vec<Found>) {
        for Found { offset, what, expected } in found {
            self.faults.push(Fault::new(At::Tar(offset), self.part.clone(), what, expected));
        }
    }

    fn tell_one(&mut self, offset: u64, what: impl Into<String>, expected: impl Into<String>) {
        self.tell(vec![Found::new(offset, what, expected)]);
    }

    fn stop(&mut self) {
        self.state = State::Stopped;
    }

    /// The next member, for messages, before its name is known.
    fn next_member(&self, path: &[u8]) -> Part {
        Part::Member { index: self.index, path: self.relative(path) }
    }

    /// A path below the top directory, for people.
    fn relative(&self, path: &[u8]) -> String {
        let below = self.top.as_ref().and_then(|top| {
            let rest = path.strip_prefix(top.as_bytes())?.strip_prefix(b"/")?;
            (!rest.is_empty()).then_some(rest)
        });
        let path = below.unwrap_or(path);
        shown::text(path)
    }

    /// A block where a header stands, or the end begins.
    fn header(&mut self, block: &Block, visit: &mut dyn Visit) -> Result<(), Failure> {
        let offset = self.block_offset();
        if self.extended.is_none() {
            if !self.suspect && !Header::new(block).is_header() {
                self.part = Part::End;
                self.end(block, (offset + 2 * BLOCK as u64).next_multiple_of(RECORD), false);
                return Ok(());
            }
            if let Some(extended) = group::extended(block, offset, self.date) {
                self.begin_records(extended);
                return Ok(());
            }
        }
        if self.extended.is_some() && block.iter().all(|&byte| byte == 0) {
            self.give_up_records();
            self.tell_one(offset, "zeros stand behind its pax header", "its header");
            self.stop();
            return Ok(());
        }
        let extended = self.extended.take();
        let start = extended.as_ref().map_or(offset, |extended| extended.offset);
        let judged = group::judge(extended, block, offset, self.date);
        if judged.lost && self.suspect {
            // The header before could not be believed, so that this may be anything.
            self.stop();
            return Ok(());
        }
        let path = match &judged.said {
            Some(said) if said.node == Node::Directory => judged.path.strip_suffix(b"/"),
            _ => None,
        };
        self.part = self.next_member(path.unwrap_or(&judged.path));
        self.suspect = judged.lost;
        self.date = self.date.or(judged.date);
        self.tell(judged.found);
        if let Some(flag) = judged.foreign {
            self.foreign(flag, judged.size, offset);
            return Ok(());
        }
        let Some(size) = judged.size else {
            self.stop();
            return Ok(());
        };
        let index = self.index;
        self.index += 1;
        let mut shown = false;
        if let Some(said) = judged.said
            && let Some(member) = self.place(said, index, start, visit)?
        {
            visit.member(&member)?;
            shown = true;
        }
        if !matches!(self.state, State::Stopped) {
            self.begin_content(size, shown);
        }
        // A member without content ends here, and not only when another byte comes.
        self.advance(visit)
    }

    fn begin_content(&mut self, size: u64, shown: bool) {
        if size > self.limits.tar.saturating_sub(self.at) {
            self.tell_one(
                self.at,
                format!(
                    "its content of {size} bytes goes beyond the {} that the tar may have",
                    self.limits.tar
                ),
                "a tar within its limits",
            );
            self.stop();
            return;
        }
        let padding = usize::try_from(size.next_multiple_of(BLOCK as u64) - size).expect("less than a block");
        self.state = State::Content { left: size, padding, shown };
    }

    /// A member of a type that the dialect does not have.
    fn foreign(&mut self, flag: u8, size: Option<u64>, offset: u64) {
        self.index += 1;
        self.tell_one(
            offset + TYPE.at.start as u64,
            format!("it is {}", shown::kind(flag)),
            "a regular file, a directory or a symbolic link",
        );
        match (flag, size) {
            // These have no content, so that what follows is the next header.
            (b'1' | b'3' | b'4' | b'6', Some(0)) => {}
            // How far others reach, and whether they rename what follows, no two readers agree on.
            _ => self.stop(),
        }
    }
}
