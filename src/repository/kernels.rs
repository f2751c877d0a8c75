// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The tables of kernels that releases were tested on and are known to build on: `kernels.json`.
//!
//! ```text
//! {"schema":1,"tables":{"0123456789abcdef":{"entry":"2.17.0","date":"2025-12-29","server":{...},"client":{...}}}}
//! ```
//!
//! A release's own description has its table too. Here they stand once each, so that a choice by kernel
//! among 2,000 releases reads one file of some hundred kilobytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Entry, KernelsKey, layout};
use crate::kernel::Support;
use crate::model::{Class, Failure, Problem, Sha256};

const SCHEMA: u32 = 1;

/// How many digits of a table's digest name it. The tables are covered by the signatures whole, so the
/// digits only have to tell some hundred tables apart.
const KEY_DIGITS: usize = 16;

/// Every table of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KernelTables {
    tables: BTreeMap<KernelsKey, Support>,
}

#[derive(Deserialize)]
struct Stamped {
    schema: u32,
}

#[derive(Serialize)]
struct Written<'a> {
    schema: u32,
    tables: &'a BTreeMap<KernelsKey, Support>,
}

#[derive(Deserialize)]
struct Read {
    tables: BTreeMap<KernelsKey, Support>,
}

impl KernelsKey {
    /// The key of a table: a part of the digest of its JSON, which is compact and has its fields in one
    /// order.
    #[must_use]
    pub fn of(table: &Support) -> Self {
        let json = serde_json::to_vec(table).expect("a table is plain data");
        let mut digits = Sha256::of(&json).to_string();
        digits.truncate(KEY_DIGITS);
        Self(digits)
    }

    fn is_sound(&self) -> bool {
        self.0.len() == KEY_DIGITS && self.0.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    }
}

impl KernelTables {
    /// The largest file that is read, in bytes. Lustre's longest change logs give 5 kB a table.
    pub const LARGEST: u64 = 16 << 20;

    /// Reads `kernels.json`, whose bytes the metadata vouches for.
    ///
    /// # Errors
    /// It is too large, of a later schema, or no such file.
    pub fn parse(bytes: &[u8]) -> Result<Self, Failure> {
        if bytes.len() as u64 > Self::LARGEST {
            return Err(wrong(format!("it has more than {} bytes", Self::LARGEST)));
        }
        let stamped: Stamped = serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
        if stamped.schema != SCHEMA {
            return Err(wrong(format!("its schema is {}, and this program reads {SCHEMA}", stamped.schema)));
        }
        let Read { tables } = serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
        if let Some(key) = tables.keys().find(|key| !key.is_sound()) {
            let shown: String = key.0.chars().take(2 * KEY_DIGITS).collect();
            return Err(wrong(format!("`{}` is no key of a table", shown.escape_debug())));
        }
        Ok(Self { tables })
    }

    /// The file. The same tables give the same bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let written = Written { schema: SCHEMA, tables: &self.tables };
        serde_json::to_vec(&written).expect("tables are plain data")
    }

    /// Adds a table, where it is not there yet, and gives its key.
    pub fn add(&mut self, table: Support) -> KernelsKey {
        let key = KernelsKey::of(&table);
        self.tables.entry(key.clone()).or_insert(table);
        key
    }

    /// The table with that key.
    #[must_use]
    pub fn get(&self, key: &KernelsKey) -> Option<&Support> {
        self.tables.get(key)
    }

    /// The table of a release, where it has one.
    #[must_use]
    pub fn of(&self, entry: &Entry) -> Option<&Support> {
        self.get(entry.kernels.as_ref()?)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tables.len()
    }
}

fn wrong(why: String) -> Failure {
    Failure::new(
        Class::Verification,
        Problem::new(format!("the repository's `{}` is not one of this tool", layout::KERNELS))
            .note(why)
            .help("a newer `lustre-dist` may have written it: update yours"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::top_entry;

    fn table(version: &str) -> Support {
        let log = format!(
            "2025-12-29 Example\n * version {version}\n * Client primary kernels built and tested during \
             release cycle:\n   5.14.0-611.13.1.el9 (RHEL9.7)\n"
        );
        top_entry(&log).unwrap().into()
    }

    #[test]
    fn tables_come_back_in_the_same_bytes_whatever_the_order() {
        let mut one = KernelTables::default();
        let keys = [one.add(table("2.17.0")), one.add(table("2.16.1")), one.add(table("2.17.0"))];
        assert_eq!((one.len(), &keys[0]), (2, &keys[2]));
        assert_ne!(keys[0], keys[1]);
        let mut other = KernelTables::default();
        other.add(table("2.16.1"));
        other.add(table("2.17.0"));
        assert_eq!(one.to_bytes(), other.to_bytes());
        let read = KernelTables::parse(&one.to_bytes()).unwrap();
        assert_eq!(read, one);
        assert_eq!(read.get(&keys[0]), Some(&table("2.17.0")));
        assert!(!read.is_empty());
    }

    /// Old metadata names tables by these digits: a table's JSON must stay as it is.
    #[test]
    fn a_key_does_not_move() {
        assert_eq!(KernelsKey::of(&table("2.17.0")).0, "6233fe1ae7c00bcf");
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        let notes =
            |text: &str| KernelTables::parse(text.as_bytes()).unwrap_err().problems[0].notes.join("; ");
        for (text, why) in [
            ("", "EOF while parsing a value at line 1 column 0"),
            (r#"{"tables":{}}"#, "missing field `schema` at line 1 column 13"),
            (r#"{"schema":2,"tables":[]}"#, "its schema is 2, and this program reads 1"),
            (r#"{"schema":1}"#, "missing field `tables` at line 1 column 12"),
            (r#"{"schema":1,"tables":{"0123456789abcdef":{}}}"#, "missing field `date` at line 1 column 43"),
        ] {
            assert_eq!(notes(text), why, "{text}");
        }
        let sound = KernelTables { tables: [(KernelsKey("../x\n".into()), table("2.17.0"))].into() };
        let failure = KernelTables::parse(&sound.to_bytes()).unwrap_err();
        assert_eq!(failure.problems[0].notes, [r"`../x\n` is no key of a table"]);
        let large = vec![b' '; KernelTables::LARGEST as usize + 1];
        assert!(
            KernelTables::parse(&large).unwrap_err().problems[0].notes[0].starts_with("it has more than")
        );
    }
}
