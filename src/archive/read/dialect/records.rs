// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The pax header before a member: its records are collected until the member's own header can say
//! whether they are right.

use super::super::canonical::{BLOCK, SIZE};
use super::super::group::Extended;
use super::super::pax::{self, Extent};
use super::{Dialect, State};

/// A member whose name is not known yet.
const UNNAMED: &[u8] = b"(its name cannot be read)";

impl Dialect<'_> {
    /// Begins a pax header, whose own block was judged.
    pub(super) fn begin_records(&mut self, extended: Extended) {
        self.part = self.next_member(UNNAMED);
        let most = 2 * self.limits.path + BLOCK;
        match extended.size {
            Some(size) if size > most => {
                self.tell(extended.found);
                self.tell_one(
                    extended.offset + SIZE.at.start as u64,
                    format!("its pax header has {size} bytes"),
                    format!("at most {most}"),
                );
                self.stop();
            }
            Some(0) => self.extended = Some(extended),
            _ => {
                self.extended = Some(extended);
                self.state = State::Records;
            }
        }
    }

    /// Another block of a pax header's records was collected.
    pub(super) fn records(&mut self) {
        let most = 2 * self.limits.path + BLOCK;
        let Some(extended) = &mut self.extended else { return };
        if extended.size.is_none() {
            match pax::extent(&self.collected) {
                Extent::Known(size) => extended.size = Some(size),
                Extent::More if self.collected.len() < most => return,
                Extent::More | Extent::Unknown => {
                    self.give_up_records();
                    self.stop();
                    return;
                }
            }
        }
        if extended.size.is_some_and(|size| self.collected.len() >= size) {
            extended.records = std::mem::take(&mut self.collected);
            self.state = State::Header;
        }
    }

    /// Tells what is wrong with a pax header whose member never came.
    pub(super) fn give_up_records(&mut self) {
        let Some(extended) = self.extended.take() else { return };
        let records = if extended.records.is_empty() { &self.collected } else { &extended.records };
        let path = records.windows(6).position(|bytes| bytes == b" path=").map(|at| &records[at + 6..]);
        let path = path.and_then(|rest| rest.split(|byte| matches!(byte, b'\n' | 0)).next());
        self.part = self.next_member(path.unwrap_or(UNNAMED));
        self.tell(extended.found);
    }
}
