// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the headers of a tarball tell about who made it, apart from the members' names and bytes.

use std::collections::BTreeMap;

use serde::Serialize;

use super::pax::Records;
use crate::source::tree;

/// Something that headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// An owner's name other than `root`.
    User,
    /// A group's name other than `root`.
    Group,
    /// An owner's number other than 0.
    Uid,
    /// A group's number other than 0.
    Gid,
    /// A comment of a single member.
    Comment,
    /// A pax record that a source tarball has no use for: the value is its key.
    Record,
}

/// How often something is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// What.
    pub field: Field,
    /// Its value.
    pub value: String,
    /// In how many members.
    pub members: usize,
    /// The first of them.
    pub first: String,
}

/// Everything that the headers say.
#[derive(Debug, Default)]
pub(super) struct Headers {
    said: BTreeMap<(Field, String), (usize, String)>,
    /// Comments of global headers: git puts the commit there.
    pub(super) comments: Vec<String>,
}

/// How many different things are counted; somebody may give each member an owner of its own.
const MOST: usize = 1000;

impl Headers {
    /// Takes in a global header; returns what is wrong with it.
    pub(super) fn global(&mut self, records: &Records) -> Vec<String> {
        let mut faults = Vec::new();
        for (key, value) in records.iter() {
            if key == "comment" {
                if self.comments.len() < MOST {
                    self.comments.push(String::from_utf8_lossy(value).into_owned());
                }
            } else if matches!(key, "path" | "linkpath" | "size") {
                faults.push(format!("a global header gives every member the same `{key}`"));
            } else {
                self.say(Field::Record, key, "the global header");
            }
        }
        faults
    }

    pub(super) fn add(&mut self, header: &tar::Header, records: &Records, path: &str) {
        let name = |key: &str, own: Option<&[u8]>| {
            String::from_utf8_lossy(records.get(key).or(own).unwrap_or_default()).into_owned()
        };
        for (field, name) in [
            (Field::User, name("uname", header.username_bytes())),
            (Field::Group, name("gname", header.groupname_bytes())),
        ] {
            if !matches!(name.as_str(), "" | "root") {
                self.say(field, &name, path);
            }
        }
        for (field, number) in [
            (Field::Uid, records.number("uid").or_else(|| header.uid().ok())),
            (Field::Gid, records.number("gid").or_else(|| header.gid().ok())),
        ] {
            if let Some(number) = number.filter(|number| *number != 0) {
                self.say(field, &number.to_string(), path);
            }
        }
        for (key, value) in records.iter() {
            match key {
                "path" | "linkpath" | "size" | "mtime" | "uid" | "gid" | "uname" | "gname" | "hdrcharset"
                | "charset" => {}
                "comment" => self.say(Field::Comment, &String::from_utf8_lossy(value), path),
                key => self.say(Field::Record, key, path),
            }
        }
    }

    fn say(&mut self, field: Field, value: &str, path: &str) {
        let key = (field, value.to_owned());
        if self.said.len() < MOST || self.said.contains_key(&key) {
            self.said.entry(key).or_insert_with(|| (0, tree::shown(path))).0 += 1;
        }
    }

    pub(super) fn said(&self) -> Vec<Said> {
        self.said
            .iter()
            .map(|((field, value), (members, first))| Said {
                field: *field,
                value: value.clone(),
                members: *members,
                first: first.clone(),
            })
            .collect()
    }
}
