// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What earlier runs trusted of a repository, so that nothing older is accepted again.
//!
//! One file for each repository, named by the digest of the root that was pinned first:
//!
//! ```text
//! sha256 DIGEST OF THE REST
//! { the state as JSON }
//! ```
//!
//! It is written aside, synced and renamed under a lock, and never by something older. A file that is
//! damaged is an error: to go on without it would be to accept a rollback.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};
use tough::schema::{Root, Signed};

use super::metadata::{self, Versions};
use super::{Pin, keys};
use crate::model::{Class, Failure, Problem, Sha256};
use crate::release::plain;

/// More than any state has: it is a root, a timestamp and a snapshot.
const LARGEST: u64 = 8 << 20;

/// How long the same metadata is good for before the time is noted again.
const NOTE_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// How far a clock may step back: machines that are set by the network do.
const STEP: SignedDuration = SignedDuration::from_mins(5);

/// The trusted state of one repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    pub(super) schema: u32,
    /// The address that it was last read from, for people.
    pub(super) from: String,
    /// The latest time at which it was known to be good.
    pub(super) time: Timestamp,
    /// The digests of the roots that led here, by version.
    pub(super) roots: BTreeMap<u64, Sha256>,
    /// The version of the newest root.
    pub(super) version: u64,
    /// The newest root.
    pub(super) root: String,
    /// The metadata that it vouches for, where some was ever whole.
    pub(super) seen: Option<Seen>,
}

/// The newest metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seen {
    pub(super) timestamp: Held,
    pub(super) snapshot: Held,
    /// The targets role; its bytes are in the cache.
    pub(super) targets: Targets,
}

/// A role as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Held {
    pub(super) version: u64,
    pub(super) text: String,
}

/// Which targets role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Targets {
    pub(super) version: u64,
    pub(super) length: u64,
    pub(super) sha256: Sha256,
}

impl State {
    /// The versions of every role; 0 where there is none.
    pub(super) fn versions(&self) -> Versions {
        let seen = self.seen.as_ref();
        Versions {
            root: self.version,
            timestamp: seen.map_or(0, |seen| seen.timestamp.version),
            snapshot: seen.map_or(0, |seen| seen.snapshot.version),
            targets: seen.map_or(0, |seen| seen.targets.version),
        }
    }

    /// Whether it says more than another state of the same repository. A newer root goes before
    /// everything else: with other keys the versions may begin anew.
    fn is_news_to(&self, old: &Self) -> bool {
        let (new, was) = (self.versions(), old.versions());
        new > was || new == was && self.time.duration_since(old.time) > NOTE_EVERY
    }

    /// Holds the clock against the latest time that is known.
    pub(super) fn check_clock(&self, now: Timestamp, path: &Path) -> Result<(), Failure> {
        if self.time.duration_since(now) <= STEP {
            return Ok(());
        }
        let problem = Problem::new("this machine's clock went back")
            .note(format!("it says {now:.0}, and {} was read at {:.0}", self.from, self.time))
            .note("with a clock that is behind, metadata that has expired would pass for fresh")
            .help(format!(
                "set the clock; if it was ahead before, remove `{}`, and what the repository says now is believed \
                 as at first",
                path.display()
            ));
        Err(Failure::new(Class::Environment, problem))
    }
}

/// The folder of the trusted states.
#[derive(Debug, Clone)]
pub struct States(PathBuf);

impl States {
    /// The states in a folder, which is made when the first one is.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.0
    }

    /// The file of a repository, whose first pinned root has this digest.
    #[must_use]
    pub fn path(&self, identity: &Sha256) -> PathBuf {
        self.0.join(format!("{identity}.state"))
    }

    /// The state of the repository that a root belongs to, and its identity: the digest of the root that
    /// was pinned first. A root that an earlier run came by is one of that repository.
    pub(super) fn load(&self, pin: &Pin) -> Result<(Sha256, Option<State>), Failure> {
        let found = self.find(&pin.sha256)?;
        if let Some((identity, state)) = &found {
            self.check_keys(identity, state)?;
        }
        Ok(found.map_or((pin.sha256, None), |(identity, state)| (identity, Some(state))))
    }

    /// The state whose chain of roots has one with this digest, and its identity.
    fn find(&self, root: &Sha256) -> Result<Option<(Sha256, State)>, Failure> {
        if let Some(state) = self.read(root)? {
            return Ok(Some((*root, state)));
        }
        // What is wrong with another repository's state is told when that one is read.
        let others = self.identities().into_iter().filter_map(|one| Some((one, self.read(&one).ok()??)));
        Ok(others.into_iter().find(|(_, state)| state.roots.values().any(|one| one == root)))
    }

    /// An older lustre-dist took roots that are refused today.
    fn check_keys(&self, identity: &Sha256, state: &State) -> Result<(), Failure> {
        let root: Option<Signed<Root>> = metadata::read(state.root.as_bytes()).ok();
        let Some(problem) = root.and_then(|root| keys::problem(&root.signed)) else { return Ok(()) };
        let path = self.path(identity);
        let problem = problem
            .note(format!("it is the newest root that was trusted, in `{}`", path.display()))
            .help(format!("{}; then remove that file", keys::TELL));
        Err(Failure::new(Class::Verification, problem))
    }

    fn identities(&self) -> Vec<Sha256> {
        let Ok(entries) = std::fs::read_dir(&self.0) else { return Vec::new() };
        let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut all: Vec<Sha256> =
            names.filter_map(|name| name.strip_suffix(".state")?.parse().ok()).collect();
        all.sort();
        all
    }

    fn read(&self, identity: &Sha256) -> Result<Option<State>, Failure> {
        let path = self.path(identity);
        let bytes = match plain::read(&path, LARGEST) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::io("read the trusted state", &path, &error)),
        };
        parse(&bytes).map(Some).map_err(|why| damaged(&path, &why))
    }

    /// Notes what was trusted, unless something newer was noted meanwhile.
    pub(super) fn commit(&self, identity: &Sha256, state: &State) -> Result<(), Failure> {
        let path = self.path(identity);
        let fault = |error: io::Error| {
            let mut failure = Failure::io("write the trusted state", &path, &error);
            failure.problems[0]
                .notes
                .push("without it an older state of the repository would pass".to_owned());
            failure.problems[0].help =
                Some("name a folder that you may write to in LUSTRE_DIST_STATE".to_owned());
            failure
        };
        std::fs::create_dir_all(&self.0).map_err(fault)?;
        // The folder itself is the lock: there is no file that somebody could remove.
        let lock = File::open(&self.0).map_err(fault)?;
        rustix::fs::flock(&lock, FlockOperation::LockExclusive).map_err(|error| fault(error.into()))?;
        if let Some(old) = self.read(identity)?
            && !state.is_news_to(&old)
        {
            return Ok(());
        }
        self.sweep();
        let mut file = tempfile::Builder::new().prefix(ASIDE).tempfile_in(&self.0).map_err(fault)?;
        file.write_all(text(state).as_bytes()).map_err(fault)?;
        file.as_file().sync_all().map_err(fault)?;
        file.persist(&path).map_err(|error| fault(error.error))?;
        lock.sync_all().map_err(fault)
    }

    /// Removes what killed runs left; the caller holds the lock.
    fn sweep(&self) {
        let Ok(entries) = std::fs::read_dir(&self.0) else { return };
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with(ASIDE) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    /// The identity of the repository that a root belongs to: the digest of the root that was pinned first.
    /// Of a root that nothing is known of it is the root's own.
    #[must_use]
    pub fn identity(&self, root: &Sha256) -> Sha256 {
        // A damaged state is one too.
        self.find(root).ok().flatten().map_or(*root, |(identity, _)| identity)
    }

    /// Forgets what was trusted of the repository that a root belongs to; whether there was anything.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn forget(&self, root: &Sha256) -> Result<bool, Failure> {
        let path = self.path(&self.identity(root));
        match std::fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Failure::io("remove the trusted state", &path, &error)),
        }
    }

    /// What is noted of the repository that a root belongs to: the versions, and when they were read.
    ///
    /// # Errors
    /// The state is damaged or cannot be read.
    pub fn known(&self, root: &Sha256) -> Result<Option<(Versions, Timestamp)>, Failure> {
        Ok(self.find(root)?.map(|(_, state)| (state.versions(), state.time)))
    }
}

const ASIDE: &str = ".state-";

fn text(state: &State) -> String {
    let body = serde_json::to_string(state).expect("a state is plain data");
    format!("sha256 {}\n{body}\n", Sha256::of(format!("{body}\n").as_bytes()))
}

fn parse(bytes: &[u8]) -> Result<State, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not text".to_owned())?;
    let (head, body) = text.split_once('\n').ok_or("it has no first line")?;
    let sha256: Sha256 = head
        .strip_prefix("sha256 ")
        .and_then(|digest| digest.parse().ok())
        .ok_or("its first line is no checksum")?;
    if Sha256::of(body.as_bytes()) != sha256 {
        return Err("its checksum is another".to_owned());
    }
    let state: State = serde_json::from_str(body).map_err(|error| error.to_string())?;
    if state.schema != 1 {
        return Err(format!("it has schema {}; 1 is known: a newer lustre-dist wrote it", state.schema));
    }
    Ok(state)
}

fn damaged(path: &Path, why: &str) -> Failure {
    let problem = Problem::new(format!("the trusted state `{}` is damaged", path.display()))
        .note(why)
        .note("it says which versions of the repository were seen; without it an older one would pass")
        .help("restore it from a backup; or remove it, and what the repository says now is believed as at first");
    Failure::new(Class::Verification, problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(root: u64, timestamp: u64, second: i64) -> State {
        let held = |version| Held { version, text: "{}".into() };
        State {
            schema: 1,
            from: "https://example.org".into(),
            time: Timestamp::from_second(second).unwrap(),
            roots: BTreeMap::from([(1, Sha256::of(b"root"))]),
            version: root,
            root: "{}".into(),
            seen: Some(Seen {
                timestamp: held(timestamp),
                snapshot: held(1),
                targets: Targets { version: 1, length: 1, sha256: Sha256::of(b"x") },
            }),
        }
    }

    #[test]
    fn a_state_comes_back_and_damage_is_seen() {
        let whole = text(&state(1, 2, 3));
        assert_eq!(parse(whole.as_bytes()), Ok(state(1, 2, 3)));
        for length in 0..whole.len() {
            assert!(parse(&whole.as_bytes()[..length]).is_err(), "{length}");
        }
        for nth in 0..whole.len() {
            let mut bytes = whole.clone().into_bytes();
            bytes[nth] ^= 1;
            assert!(parse(&bytes).is_err(), "{nth}");
        }
    }

    #[test]
    fn only_news_are_committed() {
        let folder = tempfile::tempdir().unwrap();
        let states = States::new(folder.path().join("trusted"));
        let identity = Sha256::of(b"root");
        let stands = || states.read(&identity).unwrap().unwrap();
        states.commit(&identity, &state(1, 7, 0)).unwrap();
        states.commit(&identity, &state(1, 6, 9)).unwrap();
        assert_eq!(stands(), state(1, 7, 0));
        states.commit(&identity, &state(1, 7, 60)).unwrap();
        assert_eq!(stands(), state(1, 7, 0), "the time is not noted all the time");
        states.commit(&identity, &state(1, 7, 4000)).unwrap();
        assert_eq!(stands(), state(1, 7, 4000));
        states.commit(&identity, &state(2, 1, 0)).unwrap();
        assert_eq!(stands(), state(2, 1, 0), "a new root begins anew");
        std::fs::write(states.path(&identity), "sha256 ").unwrap();
        let failure = states.commit(&identity, &state(3, 1, 0)).unwrap_err();
        assert_eq!(failure.class, Class::Verification, "a damaged state is never written over");
        assert!(states.forget(&identity).unwrap());
        assert_eq!(std::fs::read_dir(folder.path().join("trusted")).unwrap().count(), 0);
    }

    #[test]
    fn a_clock_may_not_step_back() {
        let held = state(1, 1, 10_000);
        let at = |second| held.check_clock(Timestamp::from_second(second).unwrap(), Path::new("x"));
        assert!(at(10_000).is_ok() && at(9_900).is_ok());
        assert_eq!(at(9_000).unwrap_err().class, Class::Environment);
    }
}
