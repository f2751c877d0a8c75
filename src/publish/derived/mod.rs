// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is made of the metadata for people and their scripts: `releases.json`, the checksums of each line,
//! the web pages, the copy of the root. None of it is trusted by `fetch`.
//!
//! These files are written after the metadata, each under the condition that it still is what it was
//! before the metadata was read. So they never fall behind what they show: whoever wrote meanwhile read
//! newer metadata, and then it is read once more here. A run that is killed before leaves them as they
//! were, and the next publication, retraction or `repo refresh` mends them.
//!
//! What the metadata does not say of a release, such as its files, is taken over from the file that is
//! there, as far as that names the same `release.json`; else it is read from the release's own checksums.

mod facts;
mod feed;
mod site;
mod sums;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Deserialize;

use super::Candidate;
use crate::model::{Failure, Problem};
use crate::repository::{Catalog, layout};
use crate::roles::{Freshness, Head, Keys, Versions};
use crate::store::{Replaced, Stamp, Store};

pub use facts::Published;
pub use sums::SumsKey;

/// How often others may be faster.
const TRIES: usize = 50;
/// The largest derived file that is read back. 2,000 releases have an index of about 2 MB.
const LARGEST: u64 = 1 << 28;

/// What is derived, and with what.
#[derive(Debug, Clone, Copy)]
pub struct Update<'a> {
    /// The repository.
    pub store: &'a Store,
    /// Its keeper's keys, for the root that is pinned with them.
    pub keys: &'a Keys,
    /// What signs the checksums of a line.
    pub sums_key: Option<&'a SumsKey>,
    /// The time of the run.
    pub now: jiff::Timestamp,
    /// The day of it: lines end.
    pub today: Date,
}

/// What was derived.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Derived {
    /// The files that have new bytes.
    pub written: Vec<String>,
    /// The version of the metadata that they show.
    pub version: u64,
    /// The signatures that were taken away, since nobody could make them anew here.
    pub unsigned: Vec<String>,
    /// What is wrong with releases whose files had to be read.
    pub damage: Vec<Problem>,
}

/// Makes everything that is derived anew, for all lines.
///
/// # Errors
/// The store cannot be read or written.
pub fn update(update: &Update<'_>) -> Result<Derived, Failure> {
    update.run_for(&Scope::All, None)
}

/// What changed, and so what is made anew.
pub(super) enum Scope {
    /// These were published.
    Published(Vec<(Published, Option<String>)>),
    /// What the metadata says of this release of a line changed.
    Marked(String, Option<String>),
    /// Whatever is not as it should be.
    All,
}

impl Scope {
    /// The lines that are touched; `None` for all.
    fn lines(&self) -> Option<BTreeSet<Option<String>>> {
        match self {
            Self::Published(releases) => Some(releases.iter().map(|(_, line)| line.clone()).collect()),
            Self::Marked(_, line) => Some([line.clone()].into()),
            Self::All => None,
        }
    }

    /// The paths of those pages, as far as they are known.
    fn pages(&self) -> Vec<String> {
        let page = |title: &str, line: &Option<String>| layout::release_page(line.as_deref(), title);
        match self {
            Self::Published(releases) => releases.iter().map(|(one, line)| page(&one.title, line)).collect(),
            Self::Marked(title, line) => vec![page(title, line)],
            Self::All => Vec::new(),
        }
    }

    /// The releases whose own page changes; `None` for those that have none.
    fn titles(&self) -> Option<BTreeSet<String>> {
        match self {
            Self::Published(releases) => Some(releases.iter().map(|(one, _)| one.title.clone()).collect()),
            Self::Marked(title, _) => Some([title.clone()].into()),
            Self::All => None,
        }
    }

    /// The releases whose files are known.
    fn known(&self) -> Vec<Published> {
        match self {
            Self::Published(releases) => releases.iter().map(|(one, _)| one.clone()).collect(),
            Self::Marked(..) | Self::All => Vec::new(),
        }
    }
}

/// The state of a repository, as it was read or written by this run.
#[derive(Debug)]
pub(super) struct State {
    catalog: Catalog,
    root: Vec<u8>,
    /// The version of the targets.
    version: u64,
    timestamp: u64,
}

/// What is looked at of a timestamp.
#[derive(Deserialize)]
struct Timestamp {
    signed: Version,
}

#[derive(Deserialize)]
struct Version {
    version: u64,
}

impl State {
    fn of(head: &Head) -> Self {
        Self::written(head, head.catalog().clone(), head.versions())
    }

    /// What a commit on top of a head wrote.
    pub(super) fn written(head: &Head, catalog: Catalog, versions: Versions) -> Self {
        let root = head.root_bytes().to_vec();
        Self { catalog, root, version: versions.targets, timestamp: versions.timestamp }
    }

    /// Whether nobody wrote another. The timestamp need not be verified for that: whoever could make it
    /// lie would only keep these files from being newer than what was signed here.
    fn stands(&self, store: &Store) -> Result<bool, Failure> {
        let there = store.read(layout::TIMESTAMP, LARGEST)?;
        let there = there.and_then(|(bytes, _)| serde_json::from_slice::<Timestamp>(&bytes).ok());
        Ok(there.is_some_and(|there| there.signed.version == self.timestamp))
    }
}

/// A file as it was, and as it is to be.
struct Change {
    path: String,
    was: Option<Stamp>,
    bytes: Vec<u8>,
    /// Whether it differs.
    is_new: bool,
}

impl Update<'_> {
    /// After releases were published: their lines are touched.
    pub(super) fn run(&self, published: &[Candidate], written: Option<State>) -> Result<Derived, Failure> {
        let touched =
            published.iter().map(|one| (one.as_published(), one.line_id().map(str::to_owned))).collect();
        self.run_for(&Scope::Published(touched), written)
    }

    /// What a change touches.
    pub(super) fn run_for(&self, scope: &Scope, mut written: Option<State>) -> Result<Derived, Failure> {
        for nth in 0..TRIES {
            if nth > 0 {
                std::thread::sleep(std::time::Duration::from_millis(20 * nth as u64));
            }
            if let Some(derived) = self.once(scope, written.take())? {
                return Ok(derived);
            }
        }
        // Those who were faster wrote what there is to write.
        Ok(Derived::default())
    }

    /// One try; `None` when somebody else wrote meanwhile.
    fn once(&self, scope: &Scope, written: Option<State>) -> Result<Option<Derived>, Failure> {
        // What is there is read before the metadata: see above.
        let index = self.store.read(layout::RELEASES, LARGEST)?;
        let lines: BTreeSet<Option<String>> = match scope.lines() {
            Some(lines) => lines,
            None => {
                let before = Head::read(self.store, self.keys.pinned(), Freshness::ExpiredToo)?;
                before.catalog().releases.values().map(|listed| listed.entry.line.clone()).collect()
            }
        };
        let mut sums = BTreeMap::new();
        for line in &lines {
            let there = self.store.read(&layout::sums(line.as_deref()), LARGEST)?;
            sums.insert(line.clone(), there);
        }
        let root_there = self.store.read(layout::ROOT, LARGEST)?;
        let mut pages = BTreeMap::new();
        for path in site::paths(&lines).into_iter().chain(scope.pages()) {
            let there = self.store.read(&path, LARGEST)?;
            pages.insert(path, there);
        }
        let State { catalog, root, version, .. } = match written {
            Some(written) if written.stands(self.store)? => written,
            _ => State::of(&Head::read(self.store, self.keys.pinned(), Freshness::ExpiredToo)?),
        };

        let mut changes = Vec::new();
        let mut change = |path: &str, there: Option<(Vec<u8>, Stamp)>, bytes: Vec<u8>| {
            let is_new = there.as_ref().is_none_or(|(there, _)| *there != bytes);
            changes.push(Change { path: path.to_owned(), was: there.map(|(_, stamp)| stamp), bytes, is_new });
        };
        let mut facts = facts::Facts::new(self.store, &scope.known());
        let mut files = BTreeMap::new();
        for (line, there) in sums {
            let before = there.as_ref().map(|(there, _)| &**there);
            let sums = sums::of_line(&catalog, line.as_deref(), before, &mut facts)?;
            change(&layout::sums(line.as_deref()), there, sums.to_text().into_bytes());
            files.insert(line, sums);
        }
        let feed =
            feed::text(&catalog, version, self.today, index.as_ref().map(|(there, _)| &**there), &mut facts)?;
        change(layout::RELEASES, index, feed.into_bytes());
        change(layout::ROOT, root_there, root);
        let titles = match scope.titles() {
            Some(titles) => titles,
            None => site::without_page(self.store, &catalog, &lines)?,
        };
        for (path, bytes) in
            site::pages(self.store, &catalog, version, self.today, &files, &titles, &mut facts)?
        {
            // What was not looked at before is a page that is missing.
            let there = pages.remove(&path).flatten();
            change(&path, there, bytes);
        }
        self.write(changes, version, facts.damage)
    }

    fn write(
        &self,
        changes: Vec<Change>,
        version: u64,
        damage: Vec<Problem>,
    ) -> Result<Option<Derived>, Failure> {
        let mut derived = Derived { version, damage, ..Derived::default() };
        for Change { path, was, bytes, is_new } in changes {
            if is_new {
                if self.store.replace(&path, &bytes, was.as_ref())? == Replaced::Changed {
                    return Ok(None);
                }
                derived.written.push(path.clone());
            }
            if path.ends_with(sums::NAME) {
                let signed = sums::sign(self.store, self.sums_key, &path, &bytes, is_new, self.now)?;
                derived.written.extend(signed.written);
                derived.unsigned.extend(signed.removed);
            }
        }
        Ok(Some(derived))
    }
}
