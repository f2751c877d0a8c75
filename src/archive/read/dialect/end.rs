// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The zeros at the end, and tars that end too soon or not at all.

use super::super::canonical::{BLOCK, Block};
use super::super::fault::{At, Fault, Part};
use super::super::header::Header;
use super::super::links::{self, Link};
use super::super::shown;
use super::{Dialect, Ended, Judgement, State, Whole};
use crate::model::SourceDate;

/// What is told of anything behind the last record.
const BEHIND: &str = "the tar goes on behind its end";

impl Dialect<'_> {
    /// A block of the end, which reaches up to `until`.
    pub(super) fn end(&mut self, block: &Block, until: u64, told: bool) {
        let offset = self.block_offset();
        if offset >= until {
            self.tell_one(offset, BEHIND, format!("{until} bytes in all"));
            self.stop();
            return;
        }
        let first = block.iter().position(|&byte| byte != 0);
        if let Some(first) = first.filter(|_| !told) {
            let head = Header::new(block);
            let what = if head.is_sound() {
                let path = self.relative(&head.path());
                format!("`{path}`, {}, stands behind the end", shown::kind(head.flag()))
            } else {
                format!("it holds {}", shown::byte(block[first]))
            };
            self.tell_one(offset + first as u64, what, "zeros to the end of the last record");
        }
        self.state = State::End { until, told: told || first.is_some() };
    }

    /// Judges how the tar ended.
    pub(in super::super) fn finish(mut self, ended: Ended) -> Judgement {
        let before_end = self.faults.len();
        let whole = match (&self.state, ended) {
            (State::Stopped, _) => None,
            (_, Ended::Limited { what, expected }) => {
                self.tell_one(self.at, what, expected);
                None
            }
            (State::End { until, .. }, _) if *until == self.at => self.whole(),
            // That nothing could be decoded says it all.
            (_, Ended::Broken) if self.at == 0 => None,
            (_, ended) => {
                self.cut_short(ended == Ended::Broken);
                None
            }
        };
        Judgement { faults: self.faults, before_end, whole }
    }

    /// A tar with all its members.
    fn whole(&mut self) -> Option<Whole> {
        let (dangling, wrong) = links::check(&self.links, &self.names, self.limits.faults);
        for (nth, what) in wrong {
            let Link { index, offset, path, target } = &self.links[nth];
            self.faults.push(Fault::new(
                At::Tar(*offset),
                Part::Member { index: *index, path: shown::text(path.as_bytes()) },
                format!("it {what}; its target is `{}`", shown::text(target.as_bytes())),
                "a link to something in the tarball",
            ));
        }
        let (Some(top), Some(date)) = (self.top.take(), self.date) else {
            self.tell_one(self.at, "there is no member", "a top directory and what is in it");
            return None;
        };
        Some(Whole { top, commit: self.commit, date: SourceDate(date), members: self.index, dangling })
    }

    /// Tells where a tar ends that ends too soon.
    fn cut_short(&mut self, broken: bool) {
        let inside = !self.collected.is_empty();
        let (place, expected) = match self.state {
            State::Comment | State::CommentRecords { .. } => {
                ("in its global header", "a whole tar".to_owned())
            }
            State::Header if self.collected.iter().any(|&byte| byte != 0) => {
                let path = Header::new(&header_of(&self.collected)).path();
                self.part = self.next_member(&path);
                ("in a header", "the rest of the header".to_owned())
            }
            State::Header if inside => {
                self.part = Part::End;
                ("too soon", "two blocks of zeros, and more up to the end of the record".to_owned())
            }
            State::Header | State::Records if self.extended.is_some() => {
                self.give_up_records();
                ("before the header behind its pax header", "the rest of the member".to_owned())
            }
            State::Content { left, .. } => ("in its content", format!("{left} more bytes of it")),
            State::Padding { left, .. } => {
                ("in the padding behind its content", format!("{left} more zeros"))
            }
            State::End { until, .. } if until < self.at => {
                self.tell_one(until, BEHIND, format!("{until} bytes in all"));
                return;
            }
            State::End { until, .. } => ("too soon", format!("zeros up to {until}")),
            _ => ("behind it", "another member, or the zeros at the end".to_owned()),
        };
        let what = if broken {
            format!("nothing more can be decoded: the tar ends {place}")
        } else {
            format!("the tar ends {place}")
        };
        self.tell_one(self.at, what, expected);
    }
}

/// The start of a header as a whole block, for what can be read of it.
fn header_of(start: &[u8]) -> Block {
    let mut block = [0; BLOCK];
    let length = start.len().min(BLOCK);
    block[..length].copy_from_slice(&start[..length]);
    block
}
