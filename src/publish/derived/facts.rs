// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which files a release has: what the metadata does not say, since a choice does not need it.

use std::collections::BTreeMap;

use crate::manifest::Format;
use crate::model::{Class, Failure, Problem, Sha256};
use crate::record::{Names, Sums};
use crate::release::plain;
use crate::repository::{Listed, layout};
use crate::signature::Kind;
use crate::store::Store;

/// A release with its files as they are in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// `NAME-VERSION`.
    pub title: String,
    /// Its files' digests by name, signatures included.
    pub files: BTreeMap<String, Sha256>,
}

/// What is known of files, and what is read from the store when it is asked for.
pub(super) struct Facts<'a> {
    store: &'a Store,
    known: BTreeMap<String, Published>,
    /// What is wrong with releases that others published: no reason to stop, but to be told.
    pub damage: Vec<Problem>,
}

impl<'a> Facts<'a> {
    pub fn new(store: &'a Store, known: &[Published]) -> Self {
        let known = known.iter().map(|one| (one.title.clone(), one.clone())).collect();
        Self { store, known, damage: Vec::new() }
    }

    /// Whether it is known without reading anything.
    pub fn knows(&self, title: &str) -> bool {
        self.known.contains_key(title)
    }

    /// The files of a release that the metadata lists; none where they cannot be told.
    pub fn of(&mut self, title: &str, listed: &Listed) -> Result<&Published, Failure> {
        if !self.known.contains_key(title) {
            let published = self.read(title, listed).or_else(|failure| {
                if failure.class != Class::Verification {
                    return Err(failure);
                }
                self.damage.extend(failure.problems);
                Ok(Published { title: title.to_owned(), files: BTreeMap::new() })
            })?;
            self.known.insert(title.to_owned(), published);
        }
        Ok(&self.known[title])
    }

    /// Reads the release's own checksums, which must name the description that the metadata names.
    fn read(&self, title: &str, listed: &Listed) -> Result<Published, Failure> {
        let names = Names::new(title);
        let line = listed.entry.line.as_deref();
        let path = layout::file(line, &names.sums());
        let damaged = |why: &str| {
            let problem = Problem::new(format!("`{path}` is not the one of the release that is published"))
                .note(why)
                .help("publish the release's directory again: what is missing is uploaded");
            Failure::new(Class::Verification, problem)
        };
        let found = self.store.read(&path, plain::LARGEST_SUMS)?;
        let (bytes, _) = found.ok_or_else(|| damaged("it is missing"))?;
        let there = Sha256::of(&bytes);
        if let Some(pinned) = listed.entry.sums
            && pinned != there
        {
            return Err(damaged(&format!("its sha256 is {there}, and the metadata has {pinned}")));
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| damaged("it is not text"))?;
        let Sums(mut files) = Sums::parse(text).map_err(|fault| damaged(&fault.to_string()))?;
        if files.get(&names.description()) != Some(&listed.sha256) {
            return Err(damaged(&format!("it does not name the release.json {}", listed.sha256)));
        }
        files.insert(names.sums(), there);
        for kind in [Kind::Openpgp, Kind::Ssh] {
            let signature = names.signature(&names.artifact(Format::Tar), kind);
            if let Some(there) = self.store.measure(&layout::file(line, &signature), &|_| ())? {
                files.insert(signature, there.sha256);
            }
        }
        Ok(Published { title: title.to_owned(), files })
    }
}
