// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The pax global header that a tar begins with: its one record is the commit, where `git
//! get-tar-commit-id` looks for it.

use super::super::canonical::{self, BLOCK, Block, COMMENT, TYPE};
use super::super::found::{self, Found};
use super::super::header::{Header, Overrides, Verdict};
use super::super::{pax, shown};
use super::{Dialect, State};

impl Dialect<'_> {
    /// Judges the first block.
    pub(super) fn comment(&mut self, block: &Block) {
        let header = Header::new(block);
        let date = header.date();
        let canonical = canonical::global(date.unwrap_or_default());
        let mut size = COMMENT;
        match header.against(&canonical) {
            Verdict::Canonical => self.date = date,
            Verdict::Differs(fields) if header.flag() == b'g' || !header.is_sound() => {
                let mut found = Vec::new();
                found::tell(&mut found, &header, &canonical, &fields, &Overrides::default(), 0);
                self.tell(found);
                if header.is_sound() {
                    size = header.size().unwrap_or(COMMENT);
                }
                self.date = date;
            }
            // Damage that may be in the date: the first member's will do.
            Verdict::Lost if header.flag() == b'g' => self.tell(vec![found::checksum(&header, block, 0)]),
            Verdict::Differs(_) | Verdict::Lost => {
                let what = if header.is_sound() {
                    let (path, kind) = (self.relative(&header.path()), shown::kind(header.flag()));
                    format!("the tar begins with `{path}`, {kind}")
                } else {
                    "there is no tar".to_owned()
                };
                self.tell_one(
                    if header.is_sound() { TYPE.at.start as u64 } else { 0 },
                    what,
                    "a pax global header with the commit, as this project's tarballs have it",
                );
                self.stop();
                return;
            }
        }
        match usize::try_from(size) {
            Ok(0) => {
                self.tell_one(BLOCK as u64, "it holds no commit", "one record, `comment`");
                self.state = State::Header;
            }
            Ok(size) if size <= 16 * BLOCK => self.state = State::CommentRecords { size },
            _ => self.stop(),
        }
    }

    /// Judges its records and their padding.
    pub(super) fn comment_records(&mut self, collected: &[u8], size: usize) {
        self.state = State::Header;
        let base = BLOCK as u64;
        let (records, padding) = collected.split_at(size);
        let mut found = Vec::new();
        match pax::parse(records) {
            Err(malformed) => found.push(Found::new(
                base + malformed.at as u64,
                format!("its record {}", malformed.why),
                "`52 comment=`, the commit id in 40 hexadecimal digits, and a newline",
            )),
            Ok(parsed) => {
                for (nth, record) in parsed.iter().enumerate() {
                    let at = base + record.at as u64;
                    let commit = std::str::from_utf8(record.value).ok().and_then(|text| text.parse().ok());
                    if nth > 0 || record.key != b"comment" {
                        let key = shown::text(record.key);
                        found.push(Found::new(
                            at,
                            format!("it has a record `{key}`"),
                            "one record, `comment`",
                        ));
                    } else if commit.is_none() {
                        let value = shown::text(record.value);
                        let expected = "a commit id in 40 lower-case hexadecimal digits";
                        found.push(Found::new(at, format!("its comment is `{value}`"), expected));
                    } else {
                        self.commit = commit;
                    }
                }
            }
        }
        found::zeros(padding, base + size as u64, "the padding behind its record", &mut found);
        self.tell(found);
    }
}
