// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is made of the metadata for people and their scripts: `releases.json`, the checksums of each line,
//! the web pages, the copy of the root. None of it is trusted by `fetch`.
//!
//! These files are written after the metadata, each under the condition that it still is what it was
//! before the metadata was read. So they never fall behind what they show: whoever wrote meanwhile read
//! newer metadata, and then it is read once more here. `releases.json` is the last of them: what it lacks, a run
//! left that was killed, and the next publication, retraction or `repo refresh` makes it too.
//!
//! What the metadata does not say of a release, such as its files, is taken over from the file that is
//! there, as far as that agrees with the metadata; else it is read from the release's own checksums.

mod facts;
mod feed;
mod site;
mod sums;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Deserialize;

use super::Candidate;
use crate::model::{Failure, Problem};
use crate::repository::{Catalog, Listed, layout};
use crate::roles::{Head, Keys, Versions};
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
    Published(Vec<Published>),
    /// What the metadata says of this release changed.
    Marked(String),
    /// Whatever is not as it should be.
    All,
}

impl Scope {
    /// The lines and the releases that are made anew: what changed, and what the index does not show yet since
    /// another publisher was killed, or is still under way.
    fn touched(&self, catalog: &Catalog, shown: Option<&feed::Shown>) -> Touched {
        let changed: Vec<&str> = match self {
            Self::Published(releases) => releases.iter().map(|one| one.title.as_str()).collect(),
            Self::Marked(title) => vec![title],
            Self::All => Vec::new(),
        };
        let lacks = |listed: &Listed| shown.is_some_and(|shown| !shown.has(listed));
        let touched = catalog.releases.iter();
        let titles: BTreeMap<String, Option<String>> = touched
            .filter(|(title, listed)| changed.contains(&title.as_str()) || lacks(listed))
            .map(|(title, listed)| (title.clone(), listed.entry.line.clone()))
            .collect();
        // Without an index nobody knows what was made.
        let is_all = matches!(self, Self::All) || shown.is_none();
        let lines = match is_all {
            true => catalog.releases.values().map(|listed| listed.entry.line.clone()).collect(),
            false => titles.values().cloned().collect(),
        };
        Touched { lines, titles, is_all }
    }

    /// The releases whose files are known.
    fn known(&self) -> Vec<Published> {
        match self {
            Self::Published(releases) => releases.clone(),
            Self::Marked(_) | Self::All => Vec::new(),
        }
    }
}

/// What is made anew.
struct Touched {
    lines: BTreeSet<Option<String>>,
    /// The releases whose own page is, with their lines.
    titles: BTreeMap<String, Option<String>>,
    /// Whether it is all lines, with every page that is missing.
    is_all: bool,
}

/// The state of a repository, as it was read or written by this run.
#[derive(Debug)]
pub(super) struct State {
    catalog: Catalog,
    root: Vec<u8>,
    versions: Versions,
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
        Self { catalog, root, versions }
    }

    /// Whether nobody wrote another. The timestamp need not be verified for that: whoever could make it
    /// lie would only keep these files from being newer than what was signed here.
    fn stands(&self, store: &Store) -> Result<bool, Failure> {
        let there = store.read(layout::TIMESTAMP, LARGEST)?;
        let there = there.and_then(|(bytes, _)| serde_json::from_slice::<Timestamp>(&bytes).ok());
        Ok(there.is_some_and(|there| there.signed.version == self.versions.timestamp))
    }
}

/// A file as it was, and as it is to be.
struct Change {
    path: String,
    was: Option<Stamp>,
    bytes: Vec<u8>,
    /// Whether it differs.
    is_new: bool,
    /// The signatures beside it, where it is one that is signed.
    signatures: Option<sums::Standing>,
}

impl Change {
    fn new(path: String, there: Option<(Vec<u8>, Stamp)>, bytes: Vec<u8>) -> Self {
        let is_new = there.as_ref().is_none_or(|(there, _)| *there != bytes);
        Self { path, was: there.map(|(_, stamp)| stamp), bytes, is_new, signatures: None }
    }
}

impl Update<'_> {
    /// After releases were published: their lines are touched.
    pub(super) fn run(&self, published: &[Candidate], written: Option<State>) -> Result<Derived, Failure> {
        let published = published.iter().map(Candidate::as_published).collect();
        self.run_for(&Scope::Published(published), written)
    }

    /// What a change touches.
    pub(super) fn run_for(&self, scope: &Scope, mut written: Option<State>) -> Result<Derived, Failure> {
        let mut derived = Derived::default();
        for nth in 0..TRIES {
            if nth > 0 {
                std::thread::sleep(std::time::Duration::from_millis(20 * nth as u64));
            }
            if self.once(scope, written.take(), &mut derived)? {
                derived.unsigned.retain(|path| !derived.written.contains(path));
                return Ok(derived);
            }
        }
        let problem =
            Problem::new(format!("others changed the files for people {TRIES} times meanwhile, and won"))
                .note("the signed metadata is whole; checksums, releases.json and pages may not show it yet")
                .help(format!("`lustre-dist repo refresh {}` makes them anew", self.store.at()));
        derived.damage.push(problem);
        Ok(derived)
    }

    fn head(&self) -> Result<Head, Failure> {
        Head::held(self.store, self.keys)
    }

    /// One try; `false` when somebody else wrote meanwhile.
    fn once(&self, scope: &Scope, written: Option<State>, derived: &mut Derived) -> Result<bool, Failure> {
        // What is there is read before the metadata: see above.
        let index = self.store.read(layout::RELEASES, LARGEST)?;
        let shown = index.as_ref().and_then(|(there, _)| feed::Shown::read(there));
        let mut touched = match &written {
            Some(written) => scope.touched(&written.catalog, shown.as_ref()),
            None => scope.touched(self.head()?.catalog(), shown.as_ref()),
        };
        let mut sums = BTreeMap::new();
        for line in &touched.lines {
            let path = layout::sums(line.as_deref());
            let there = self.store.read(&path, LARGEST)?;
            sums.insert(line.clone(), (there, sums::Standing::read(self.store, &path)?));
        }
        let root_there = self.store.read(layout::ROOT, LARGEST)?;
        let mut pages = BTreeMap::new();
        let of_releases =
            touched.titles.iter().map(|(title, line)| layout::release_page(line.as_deref(), title));
        for path in site::paths(&touched.lines).into_iter().chain(of_releases) {
            let there = self.store.read(&path, LARGEST)?;
            pages.insert(path, there);
        }
        let State { catalog, root, versions } = match written {
            Some(written) if written.stands(self.store)? => written,
            _ => State::of(&self.head()?),
        };
        let version = versions.targets;

        let mut changes = Vec::new();
        let mut facts = facts::Facts::new(self.store, &scope.known());
        // Whoever cannot note what was seen has published all the same.
        facts
            .damage
            .extend(self.keys.remember(versions).err().into_iter().flat_map(|failure| failure.problems));
        let mut files = BTreeMap::new();
        for (line, (there, signatures)) in sums {
            let before = there.as_ref().map(|(there, _)| &**there);
            let sums = sums::of_line(&catalog, line.as_deref(), before, &mut facts)?;
            let change = Change::new(layout::sums(line.as_deref()), there, sums.to_text().into_bytes());
            changes.push(Change { signatures: Some(signatures), ..change });
            files.insert(line, sums);
        }
        changes.push(Change::new(layout::ROOT.to_owned(), root_there, root));
        if touched.is_all {
            touched.titles.extend(site::without_page(self.store, &catalog, &touched.lines)?);
        }
        let index_page = pages.get(layout::INDEX).and_then(Option::as_ref);
        let day = site::day(&catalog, version, self.today, index_page.map(|(there, _)| &**there));
        for (path, bytes) in
            site::pages(self.store, &catalog, version, day, &files, &touched.titles, &mut facts)?
        {
            // What was not looked at before is a page that is missing.
            let there = pages.remove(&path).flatten();
            changes.push(Change::new(path, there, bytes));
        }
        // The index comes last: what it lacks was not made.
        let feed = feed::text(&catalog, version, self.today, shown.as_ref(), &mut facts)?;
        changes.push(Change::new(layout::RELEASES.to_owned(), index, feed.into_bytes()));
        derived.version = version;
        derived.damage = facts.damage;
        self.write(changes, derived)
    }

    fn write(&self, changes: Vec<Change>, derived: &mut Derived) -> Result<bool, Failure> {
        let tell = |written: &mut Vec<String>, path: String| {
            written.retain(|other| *other != path);
            written.push(path);
        };
        for Change { path, was, bytes, is_new, signatures } in changes {
            let signing = signatures
                .map(|there| sums::Signing::plan(self.sums_key, &there, &bytes, is_new, self.now))
                .transpose()?;
            // Whatever happens, no signature stands beside checksums that it is not over.
            if let Some(signing) = &signing {
                derived.unsigned.extend(signing.take_away(self.store)?);
            }
            if is_new {
                if self.store.replace(&path, &bytes, was.as_ref())? == Replaced::Changed {
                    return Ok(false);
                }
                tell(&mut derived.written, path);
            }
            if let Some((path, signature, was)) = signing.and_then(|signing| signing.made) {
                if self.store.replace(&path, &signature, was.as_ref())? == Replaced::Changed {
                    return Ok(false);
                }
                tell(&mut derived.written, path);
            }
        }
        Ok(true)
    }
}
