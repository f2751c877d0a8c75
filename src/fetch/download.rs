// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! An object that somebody vouches for, out of the cache or from the first address that has it.
//!
//! Its bytes are hashed while they come. What came stays when an address fails, and the next one, or the
//! next run, goes on from there; the digest of the whole decides in the end.

use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::Runtime;

use super::cache::{Cache, Partial, Slot};
use super::fault::{Fault, Kind};
use super::reply::Ask;
use super::request::{Network, Watch};
use super::web::{AGAIN, Web};
use super::{Address, How};
use crate::model::{Class, Failure, Problem, Sha256};

/// How often an address may break off and be gone on with.
const MOST_TRIES: usize = 50;

/// What is to be had.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item<'a> {
    /// The file's name, for people.
    pub(super) file: &'a str,
    /// Where it is in the repository.
    pub(super) path: &'a str,
    pub(super) sha256: Sha256,
    /// Its length, where that is vouched for too.
    pub(super) length: Option<u64>,
    /// The most that it may have.
    pub(super) most: u64,
}

impl<'a> Item<'a> {
    /// An object of which everything is known.
    pub(super) fn pinned(file: &'a str, path: &'a str, sha256: Sha256, length: u64) -> Self {
        Self { file, path, sha256, length: Some(length), most: length }
    }
}

/// An object that is there.
#[derive(Debug)]
pub(super) struct Got {
    /// Its file, at the start.
    pub(super) file: File,
    pub(super) how: How,
    /// Whether its bytes were hashed in this run.
    pub(super) is_hashed: bool,
}

/// How an attempt at one address ended.
enum Ended {
    Whole,
    Fault(Fault),
    /// The disk's fault, not the address's.
    Failure(Failure),
}

/// Where objects come from.
pub(super) struct Objects<'w> {
    pub(super) runtime: Runtime,
    pub(super) web: Arc<Web>,
    pub(super) cache: Cache,
    pub(super) watch: &'w dyn Watch,
    /// The addresses as they are asked: first the one that gave the metadata.
    pub(super) addresses: Vec<Address>,
    pub(super) network: Network,
}

impl Objects<'_> {
    /// Reads an object into memory.
    pub(super) fn read(&self, item: &Item<'_>) -> Result<(Vec<u8>, How), Failure> {
        // Once more where another run made it whole meanwhile, and somebody damaged it.
        for _ in 0..2 {
            if let Some(bytes) = self.cache.read(&item.sha256, item.most) {
                return Ok((bytes, How::Cached));
            }
            let got = self.bring(item)?;
            let mut bytes = Vec::new();
            let read = got.file.take(item.most.saturating_add(1)).read_to_end(&mut bytes);
            read.map_err(|error| Failure::io("read", item.file.as_ref(), &error))?;
            if Sha256::of(&bytes) == item.sha256 {
                return Ok((bytes, got.how));
            }
            self.forget(item);
        }
        Err(changes(item.file))
    }

    /// Brings an object into the cache.
    pub(super) fn bring(&self, item: &Item<'_>) -> Result<Got, Failure> {
        match self.cache.open(&item.sha256, || self.watch.waits(item.file))? {
            Slot::Whole(file) => Ok(Got { file, how: How::Cached, is_hashed: false }),
            Slot::Open(partial) => self.fetch(item, partial),
        }
    }

    fn fetch(&self, item: &Item<'_>, mut partial: Partial) -> Result<Got, Failure> {
        let is_whole = |partial: &Partial| {
            item.length.is_none_or(|length| partial.length == length) && partial.sha256() == item.sha256
        };
        if is_whole(&partial) {
            return Ok(Got { file: partial.finish()?, how: How::Cached, is_hashed: true });
        }
        if self.network == Network::Offline {
            return Err(Failure::new(
                Class::Source,
                Problem::new(format!("`{}` is not in the cache", item.file))
                    .note(format!("its digest is {}", item.sha256))
                    .help("run once without `--offline`"),
            ));
        }
        if item.length.is_some_and(|length| partial.length >= length) {
            partial.restart()?;
        }
        let began = Instant::now();
        self.watch.begins(item.file, item.length, partial.length);
        let mut faults: Vec<(&Address, Fault)> = Vec::new();
        for (nth, address) in self.addresses.iter().enumerate() {
            match self.runtime.block_on(self.ask_address(item, &mut partial, address)) {
                Ended::Whole => {
                    self.watch.ends(item.file);
                    let (length, resumed) = (partial.length, partial.kept);
                    let seconds = began.elapsed().as_secs_f64();
                    let how = How::Downloaded { from: address.to_string(), resumed, length, seconds };
                    return Ok(Got { file: partial.finish()?, how, is_hashed: true });
                }
                Ended::Fault(fault) => {
                    if nth + 1 < self.addresses.len() {
                        self.watch.passed_over(address, item.file, &fault.why);
                    }
                    faults.push((address, fault));
                }
                Ended::Failure(failure) => return Err(failure),
            }
        }
        Err(nowhere(item, &faults, partial.length))
    }

    /// Asks one address, again where its fault may pass.
    async fn ask_address(&self, item: &Item<'_>, partial: &mut Partial, address: &Address) -> Ended {
        let Some(url) = address.of(item.path) else {
            return Ended::Fault(Fault::refused("it has no address for that name"));
        };
        // What came before may be of another object; whether it is shows in the digest of the whole.
        let mut is_mixed = partial.length > 0;
        let mut wants_all = false;
        let mut tag: Option<String> = None;
        let mut tries = 0;
        let mut idle = 0;
        loop {
            tries += 1;
            let had = partial.length;
            let from = if wants_all { 0 } else { had };
            let same_as = tag.clone();
            let ask = Ask { from, same_as: same_as.as_deref(), length: item.length, most: item.most };
            let fault = match self.pull(item, partial, &url, ask, &mut tag).await {
                Ended::Whole if partial.sha256() == item.sha256 => return Ended::Whole,
                Ended::Whole => {
                    let why =
                        format!("its bytes have the sha256 {}, and not {}", partial.sha256(), item.sha256);
                    if let Err(failure) = partial.restart() {
                        return Ended::Failure(failure);
                    }
                    Fault::new(Kind::Wrong, why)
                }
                Ended::Fault(fault) => fault,
                failure => return failure,
            };
            match fault.kind {
                // The part that was there may be to blame, or the server's way with parts.
                Kind::Wrong | Kind::Refused if is_mixed && !wants_all => wants_all = true,
                Kind::Passing if tries < MOST_TRIES => {
                    wants_all = false;
                    idle = if partial.length > had { 0 } else { idle + 1 };
                    let Some(pause) = AGAIN.get(idle.max(1) - 1).filter(|_| idle <= AGAIN.len()) else {
                        return Ended::Fault(fault);
                    };
                    tokio::time::sleep(*pause).await;
                }
                _ => return Ended::Fault(fault),
            }
            is_mixed |= partial.length > 0;
        }
    }

    /// Adds what one answer brings.
    async fn pull(
        &self,
        item: &Item<'_>,
        partial: &mut Partial,
        url: &url::Url,
        ask: Ask<'_>,
        tag: &mut Option<String>,
    ) -> Ended {
        let mut body = match self.web.get(url, ask).await {
            Ok(body) => body,
            Err(fault) => return Ended::Fault(fault),
        };
        if body.from != partial.length {
            // The server gives all of it.
            if let Err(failure) = partial.restart() {
                return Ended::Failure(failure);
            }
            self.watch.begins(item.file, item.length, 0);
        }
        tag.clone_from(&body.tag);
        loop {
            match body.next().await {
                Ok(Some(bytes)) => {
                    if let Err(failure) = partial.push(&bytes) {
                        return Ended::Failure(failure);
                    }
                    self.watch.moved(bytes.len() as u64);
                }
                Ok(None) => break,
                Err(fault) => return Ended::Fault(fault),
            }
        }
        match item.length {
            Some(length) if partial.length < length => {
                let why = format!("it broke off after {} of {length} bytes", partial.length);
                Ended::Fault(Fault::passing(why))
            }
            _ => Ended::Whole,
        }
    }

    /// Reads small objects that nobody vouches for, such as signatures, all at once; none where no address
    /// has one. Each comes with the address that it is from.
    pub(super) fn read_unvouched(&self, paths: &[String], most: u64) -> Vec<Option<(Vec<u8>, &Address)>> {
        let read = async |path: &String| {
            for address in &self.addresses {
                if let Some(url) = address.of(path)
                    && let Ok(bytes) = self.web.read(&url, most).await
                {
                    return Some((bytes, address));
                }
            }
            None
        };
        self.runtime.block_on(futures::future::join_all(paths.iter().map(read)))
    }

    /// Throws away a damaged object of the cache.
    pub(super) fn forget(&self, item: &Item<'_>) {
        self.cache.remove(&item.sha256);
    }

    pub(super) fn is_offline(&self) -> bool {
        self.network == Network::Offline
    }
}

/// Two reads of the same object gave other bytes each.
pub(super) fn changes(file: &str) -> Failure {
    let problem = Problem::new(format!("`{file}` changes in the cache while it is read"));
    Failure::new(Class::Environment, problem.help("give another folder with LUSTRE_DIST_CACHE"))
}

/// No address gave it.
fn nowhere(item: &Item<'_>, faults: &[(&Address, Fault)], have: u64) -> Failure {
    let mut problem = Problem::new(format!("cannot fetch `{}`", item.file));
    for (address, fault) in faults {
        problem = problem.note(format!("{address}: {fault}"));
    }
    let is_wrong = !faults.is_empty() && faults.iter().all(|(_, fault)| fault.kind == Kind::Wrong);
    if have > 0 && !is_wrong {
        problem =
            problem.note(format!("{have} bytes are kept in the cache, and the next run goes on from there"));
    }
    let (class, help) = if is_wrong {
        (Class::Verification, "what is there is not what was published: try another mirror with `--from`")
    } else {
        (Class::Source, "try again later, or another mirror with `--from`")
    };
    Failure::new(class, problem.help(help))
}
