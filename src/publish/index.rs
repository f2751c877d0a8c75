// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Releases become a part of the metadata: the moment of publication.

use std::time::Duration;

use super::derived::State;
use super::{Candidate, Request, other_bytes};
use crate::kernel::Support;
use crate::model::{Class, Failure, Problem};
use crate::repository::{Catalog, KernelTables, LineEntry, layout};
use crate::roles::{Commit, Head, Keys, Versions};
use crate::store::{Created, Store};

/// How often others may be faster. Each time somebody did publish.
const TRIES: u32 = 200;

/// What became of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indexed {
    /// The releases that are new in it, or would be.
    pub new: Vec<String>,
    /// Those that were in it.
    pub same: Vec<String>,
    /// The metadata that has them all, where it was written.
    pub versions: Option<Versions>,
    /// How often somebody else was faster.
    pub retries: u32,
    /// Lines that end earlier than was known.
    pub shortened: Vec<Problem>,
}

/// Refuses a release that the metadata has with other bytes.
pub(super) fn refuse_other(store: &Store, head: &Head, candidate: &Candidate) -> Result<(), Failure> {
    match head.catalog().releases.get(&candidate.title) {
        Some(there) if there.sha256 != candidate.listed.sha256 => {
            let problem =
                other_bytes(&candidate.title, &store.at(), there.sha256, candidate.listed.sha256, true);
            Err(Failure::new(Class::Verification, problem))
        }
        _ => Ok(()),
    }
}

/// What the index would be given.
pub(super) fn foresee(head: &Head, candidates: &[Candidate]) -> Indexed {
    let mut catalog = head.catalog().clone();
    let Merged { new, same, shortened } = merge(&mut catalog, candidates);
    Indexed { new, same, versions: None, retries: 0, shortened }
}

/// Adds releases to the metadata, on top of whatever others have added.
pub(super) fn index(
    head: Head,
    request: &Request<'_>,
    candidates: &[Candidate],
) -> Result<(Indexed, State), Failure> {
    let mut head = head;
    for retries in 0..TRIES {
        if retries > 0 {
            head = Head::held(request.store, request.keys)?;
        }
        for candidate in candidates {
            refuse_other(request.store, &head, candidate)?;
        }
        let mut catalog = head.catalog().clone();
        let Merged { new, same, shortened } = merge(&mut catalog, candidates);
        if let Some(url) = request.public_url {
            catalog.public_url = Some(url.trim_end_matches('/').to_owned());
        }
        tables(request.store, &mut catalog, candidates)?;
        if catalog == *head.catalog() {
            let versions = head.versions();
            let indexed = Indexed { new, same, versions: Some(versions), retries, shortened };
            return Ok((indexed, State::written(&head, catalog, versions)));
        }
        match head.commit(request.store, &catalog, request.keys, request.now)? {
            Commit::Done(versions) => {
                let indexed = Indexed { new, same, versions: Some(versions), retries, shortened };
                return Ok((indexed, State::written(&head, catalog, versions)));
            }
            Commit::Changed => give_way(retries),
        }
    }
    Err(crowded(request.store))
}

/// Changes the metadata as `change` says, on top of whatever others did. Nothing is written where it
/// changes nothing.
pub(super) fn change(
    store: &Store,
    keys: &Keys,
    now: jiff::Timestamp,
    change: impl Fn(&mut Catalog) -> Result<(), Failure>,
) -> Result<(Catalog, Option<Versions>), Failure> {
    for retries in 0..TRIES {
        let head = Head::held(store, keys)?;
        let mut catalog = head.catalog().clone();
        change(&mut catalog)?;
        if catalog == *head.catalog() {
            return Ok((catalog, None));
        }
        head.able(keys)?;
        head.readable(store, now)?;
        match head.commit(store, &catalog, keys, now)? {
            Commit::Done(versions) => return Ok((catalog, Some(versions))),
            Commit::Changed => give_way(retries),
        }
    }
    Err(crowded(store))
}

/// Waits a little, the longer the more there are, and not all equally long.
fn give_way(retries: u32) {
    let spread = u64::from(std::process::id()) % 17 + 3;
    std::thread::sleep(Duration::from_millis(spread * u64::from(retries.min(10) + 1)));
}

fn crowded(store: &Store) -> Failure {
    let problem =
        Problem::new(format!("others changed the index of `{}` {TRIES} times meanwhile", store.at()))
            .note("the files are there, and nothing is lost")
            .help("run again");
    Failure::new(Class::Source, problem)
}

/// What became of a catalog.
struct Merged {
    new: Vec<String>,
    same: Vec<String>,
    shortened: Vec<Problem>,
}

/// Adds the releases, with what is known of their lines.
fn merge(catalog: &mut Catalog, candidates: &[Candidate]) -> Merged {
    let mut merged = Merged { new: Vec::new(), same: Vec::new(), shortened: Vec::new() };
    for candidate in candidates {
        let title = candidate.title.clone();
        if catalog.releases.contains_key(&title) {
            // Whoever publishes it once more may know less of its line than the last one did.
            merged.same.push(title);
            continue;
        }
        catalog.releases.insert(title.clone(), candidate.listed.clone());
        merged.new.push(title);
        if let Some((id, known)) = &candidate.line {
            let there = catalog.lines.entry(id.clone()).or_insert_with(|| known.clone());
            // What is not known here may be known there.
            let LineEntry { kernel, moniker, eol } = known.clone();
            if let (Some(was), Some(now)) = (there.eol, eol)
                && now < was
            {
                let problem = Problem::new(format!("the line {id} ends on {now} from now on, and not on {was}"))
                    .note("so says the table of kernel series that was used here")
                    .help("if that table is the older one, publish the next release with the newer: `--kernels FILE`");
                merged.shortened.push(problem);
            }
            there.kernel = kernel.or(there.kernel);
            there.moniker = moniker.or(there.moniker);
            there.eol = eol.or(there.eol);
        }
    }
    merged
}

/// Adds the tables of kernels that the repository does not have yet.
fn tables(store: &Store, catalog: &mut Catalog, candidates: &[Candidate]) -> Result<(), Failure> {
    let wanted: Vec<&Support> = candidates.iter().filter_map(|candidate| candidate.table.as_ref()).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let mut tables = KernelTables::default();
    if let Some((length, sha256)) = catalog.kernels {
        let path = layout::target(&sha256, layout::KERNELS);
        let found = store
            .read(&path, length)?
            .filter(|(bytes, _)| bytes.len() as u64 == length && crate::model::Sha256::of(bytes) == sha256);
        let Some((bytes, _)) = found else {
            let problem = Problem::new(format!("`{path}` is not what the metadata says"))
                .help(format!("`lustre-dist repo check {}` tells what else is damaged", store.at()));
            return Err(Failure::new(Class::Verification, problem));
        };
        tables = KernelTables::parse(&bytes)?;
    }
    let before = tables.len();
    for table in wanted {
        tables.add(table.clone());
    }
    if tables.len() == before {
        return Ok(());
    }
    let bytes = tables.to_bytes();
    let sha256 = crate::model::Sha256::of(&bytes);
    let path = layout::target(&sha256, layout::KERNELS);
    if let Created::Other(there) = store.create(&path, &bytes)? {
        let problem = other_bytes(&path, &store.at(), there, sha256, false);
        return Err(Failure::new(Class::Verification, problem));
    }
    catalog.kernels = Some((bytes.len() as u64, sha256));
    Ok(())
}
