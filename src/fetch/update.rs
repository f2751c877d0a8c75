// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! From the root that was trusted last to the newest metadata, at the first address that has it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tough::schema::{Root, Signed};
use tough::{ExpirationEnforcement, Limits, RepositoryLoader};

use super::cache::Cache;
use super::channel::Channel;
use super::checked::Chain;
use super::fault::Fault;
use super::metadata::{self, LARGEST_ROOT, LARGEST_SNAPSHOT, LARGEST_TARGETS, LARGEST_TIMESTAMP, MOST_ROOTS};
use super::refused::{refused, unreadable};
use super::request::{Request, Watch};
use super::state::{Held, Seen, State, Targets};
use super::web::Web;
use super::{Address, Pin};
use crate::model::{Class, Failure, Problem, Sha256};
use crate::release::Aside;
use crate::repository::{Catalog, from_targets, layout};

/// How long reading all the metadata from one address may take.
const IN_ALL: Duration = Duration::from_secs(600);

/// The newest metadata that could be had.
#[derive(Debug)]
pub(super) struct Updated {
    pub(super) chain: Chain,
    pub(super) catalog: Catalog,
    /// Which of the addresses gave it.
    pub(super) nth: usize,
    /// How many bytes were read for it.
    pub(super) moved: u64,
}

/// One run's way to the newest metadata.
pub(super) struct Update<'a> {
    pub(super) web: &'a Arc<Web>,
    pub(super) request: &'a Request,
    pub(super) cache: &'a Cache,
    pub(super) watch: &'a dyn Watch,
}

/// What an attempt begins with.
struct Start<'a> {
    pin: &'a Pin,
    identity: Sha256,
    old: Option<State>,
}

impl Start<'_> {
    fn root(&self) -> &[u8] {
        self.old.as_ref().map_or(&self.pin.bytes, |old| old.root.as_bytes())
    }
}

impl Update<'_> {
    /// Asks each address in turn.
    pub(super) async fn run(&self) -> Result<Updated, Failure> {
        let Request { addresses, pin, states, now, .. } = self.request;
        let mut failures = Vec::new();
        for (nth, address) in addresses.iter().enumerate() {
            // Read anew for each: the one before may have shown a newer root.
            let (identity, old) = states.load(pin)?;
            if let Some(old) = &old {
                old.check_clock(*now, &states.path(&identity))?;
            }
            let start = Start { pin, identity, old };
            let channel = Channel::new(Arc::clone(self.web), self.held(start.old.as_ref()));
            let mut done = self.attempt(address, &start, &channel).await;
            if channel.passed().used_held && done.is_err() {
                // A repository that was made anew may use numbers again.
                let channel = Channel::new(Arc::clone(self.web), HashMap::new());
                done = self.attempt(address, &start, &channel).await;
            }
            match done {
                Ok((chain, catalog, moved)) => return Ok(Updated { chain, catalog, nth, moved }),
                Err(failure) if failure.class == Class::Environment => return Err(failure),
                Err(failure) => {
                    if nth + 1 < addresses.len() {
                        self.watch.passed_over(address, "the metadata", &failure.to_string());
                    }
                    failures.push(failure);
                }
            }
        }
        Err(Failure::all(failures).unwrap_or_else(|| {
            Failure::new(Class::Usage, Problem::new("no address of the repository was given"))
        }))
    }

    /// The files that an earlier run verified, as long as they are the newest.
    fn held(&self, old: Option<&State>) -> HashMap<String, Bytes> {
        let mut held = HashMap::new();
        if let Some(seen) = old.and_then(|old| old.seen.as_ref()) {
            let name = |version, role| layout::role(version, role).rsplit('/').next().map(str::to_owned);
            let snapshot = Bytes::from(seen.snapshot.text.clone());
            held.extend(name(seen.snapshot.version, "snapshot").map(|name| (name, snapshot)));
            if let Some(targets) = self.cache.read(&seen.targets.sha256, LARGEST_TARGETS) {
                held.extend(name(seen.targets.version, "targets").map(|name| (name, Bytes::from(targets))));
            }
        }
        held
    }

    async fn attempt(
        &self,
        address: &Address,
        start: &Start<'_>,
        channel: &Channel,
    ) -> Result<(Chain, Catalog, u64), Failure> {
        let states = &self.request.states;
        let scratch = Aside::create(&states.folder().join("load"))?;
        if let Some(seen) = start.old.as_ref().and_then(|old| old.seen.as_ref()) {
            scratch.write("timestamp.json", seen.timestamp.text.as_bytes())?;
            scratch.write("snapshot.json", seen.snapshot.text.as_bytes())?;
        }
        let base = |path: &str| {
            address.of(path).ok_or_else(|| Failure::new(Class::Usage, Problem::new("the address is no base")))
        };
        let root = start.root();
        let loader = RepositoryLoader::new(&root, base("metadata/")?, base("targets/")?)
            .transport(channel.clone())
            .limits(Limits {
                max_root_size: LARGEST_ROOT,
                max_targets_size: LARGEST_TARGETS,
                max_timestamp_size: LARGEST_TIMESTAMP,
                max_snapshot_size: LARGEST_SNAPSHOT,
                max_root_updates: MOST_ROOTS,
            })
            .datastore(scratch.path())
            // Held against the time of the run instead, in `Chain::problems`: `tough` has a clock of its own.
            .expiration_enforcement(ExpirationEnforcement::Unsafe);
        let loaded = tokio::time::timeout(IN_ALL, loader.load()).await;
        let failure = match loaded {
            Ok(Ok(repository)) => match self.accept(address, start, channel, &repository) {
                Ok(whole) => return Ok(whole),
                Err(failure) => failure,
            },
            Ok(Err(error)) => refused(address, &error, &channel.passed()),
            Err(_) => {
                let why = format!("reading the metadata took more than {} s", IN_ALL.as_secs());
                unreadable(address, "metadata", &Fault::slow(why))
            }
        };
        if let Some(root) = std::fs::read(scratch.path().join("root.json")).ok().and_then(|bytes| {
            let root: Signed<Root> = metadata::read(&bytes).ok()?;
            Some(root)
        }) {
            self.keep_root(address, start, channel, &root)?;
        }
        Err(failure)
    }

    /// Checks what was loaded, and notes it as trusted.
    fn accept(
        &self,
        address: &Address,
        start: &Start<'_>,
        channel: &Channel,
        repository: &tough::Repository,
    ) -> Result<(Chain, Catalog, u64), Failure> {
        let chain = Chain::loaded(repository);
        let mut problems = chain.problems(start.old.as_ref(), self.request.now);
        if !problems.is_empty() {
            problems.iter_mut().for_each(|problem| problem.notes.push(format!("at {address}")));
            return Err(Failure { class: Class::Verification, problems });
        }
        let catalog = from_targets(&chain.targets.signed)?;
        let (moved, timestamp, snapshot, targets) = {
            let passed = channel.passed();
            let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
            (passed.moved, text(&passed.timestamp), text(&passed.snapshot), passed.targets.clone())
        };
        let sha256 = Sha256::of(&targets);
        let versions = chain.versions();
        let mut state = self.state(address, start, channel, &chain.root);
        // As they came: what vouches for them has their digests.
        state.seen = Some(Seen {
            timestamp: Held { version: versions.timestamp, text: timestamp },
            snapshot: Held { version: versions.snapshot, text: snapshot },
            targets: Targets { version: versions.targets, length: targets.len() as u64, sha256 },
        });
        let old = start.old.as_ref().and_then(|old| old.seen.as_ref()).map(|seen| seen.targets.sha256);
        if old != Some(sha256) || self.cache.read(&sha256, LARGEST_TARGETS).is_none() {
            self.cache.put(&targets);
        }
        self.request.states.commit(&start.identity, &state)?;
        if let Some(old) = old.filter(|old| *old != sha256) {
            self.cache.remove(&old);
        }
        Ok((chain, catalog, moved))
    }

    /// Notes a newer root even where what it vouches for could not be had: whoever hides it later, and
    /// signs with keys that it took back, is refused.
    fn keep_root(
        &self,
        address: &Address,
        start: &Start<'_>,
        channel: &Channel,
        root: &Signed<Root>,
    ) -> Result<(), Failure> {
        let version = start.old.as_ref().map_or(start.pin.version(), |old| old.version);
        if root.signed.version.get() <= version {
            return Ok(());
        }
        let mut state = self.state(address, start, channel, root);
        let begin = std::str::from_utf8(start.root()).unwrap_or_default();
        if let Some(old) = start.old.as_ref() {
            state.time = old.time;
            state.seen = old.seen.clone().filter(|_| !metadata::rotated(begin, &root.signed));
        } else {
            // Nothing vouches for this clock.
            state.time = Timestamp::UNIX_EPOCH;
        }
        self.request.states.commit(&start.identity, &state)
    }

    fn state(&self, address: &Address, start: &Start<'_>, channel: &Channel, root: &Signed<Root>) -> State {
        let version = root.signed.version.get();
        let mut roots: BTreeMap<u64, Sha256> =
            start.old.as_ref().map(|old| old.roots.clone()).unwrap_or_default();
        roots.insert(start.pin.version(), start.pin.sha256);
        for (nth, sha256) in &channel.passed().roots {
            if *nth <= version {
                roots.entry(*nth).or_insert(*sha256);
            }
        }
        State {
            schema: 1,
            from: address.to_string(),
            time: self.request.now,
            roots,
            version,
            root: as_text(root),
            seen: None,
        }
    }
}

fn as_text(role: &impl serde::Serialize) -> String {
    serde_json::to_string(role).expect("a role that was read is plain data")
}
