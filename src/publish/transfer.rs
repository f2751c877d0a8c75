// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The files of releases on their way to the store and back, several at once.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::{Candidate, File, Reader, Request, Step, other_bytes};
use crate::model::{Class, Failure, Problem};
use crate::store::{Created, Store};

/// Who is told how far it is.
pub trait Progress: Sync {
    /// A step begins that moves this much.
    fn begins(&self, step: Step, files: usize, bytes: u64);
    /// Bytes went over.
    fn moved(&self, bytes: u64);
    /// The step is done.
    fn done(&self, step: Step);
}

/// Tells nobody.
#[derive(Debug)]
pub struct Silent;

impl Progress for Silent {
    fn begins(&self, _: Step, _: usize, _: u64) {}
    fn moved(&self, _: u64) {}
    fn done(&self, _: Step) {}
}

/// What was moved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transferred {
    /// The objects that are new, or would be.
    pub new: Vec<String>,
    /// Those that were there already with these bytes.
    pub same: Vec<String>,
    /// The bytes of them all.
    pub bytes: u64,
}

/// Brings the files of releases to the store: those of their lines, then the targets, which the index
/// will name.
pub(super) fn upload(
    request: &Request<'_>,
    candidates: &[Candidate],
    progress: &dyn Progress,
) -> Result<Transferred, Failure> {
    let store = request.store;
    let send = |file: &File| -> Result<bool, Failure> {
        let moved = |bytes| progress.moved(bytes);
        let created = if request.dry_run {
            would(store, file, &moved)?
        } else {
            store.upload(&file.object, &file.path, file.extent, &moved)?
        };
        match created {
            Created::New => Ok(true),
            Created::Same => Ok(false),
            Created::Other(there) => Err(Failure::new(
                Class::Verification,
                other_bytes(&file.object, &store.at(), there, file.extent.sha256, false),
            )),
        }
    };
    let files = all(candidates);
    progress.begins(Step::Upload, files.len(), length(&files));
    // Who sees checksums or a description may fetch what they list, however many threads send it.
    let (listing, rest): (Vec<&File>, Vec<&File>) = files.into_iter().partition(|file| file.is_listing);
    // What is refused is not half sent.
    let mut done = each(&rest, request.jobs, |_| true, send)?;
    let last = each(&listing, request.jobs, |_| true, send)?;
    done.new.extend(last.new);
    done.same.extend(last.same);
    done.bytes += last.bytes;
    progress.done(Step::Upload);
    Ok(done)
}

/// What an upload would do.
fn would(store: &Store, file: &File, moved: &(dyn Fn(u64) + Sync)) -> Result<Created, Failure> {
    Ok(match store.measure(&file.object, moved)? {
        None => Created::New,
        Some(there) if there == file.extent => Created::Same,
        Some(there) => Created::Other(there.sha256),
    })
}

/// Reads everything back.
pub(super) fn verify(
    reader: &Reader,
    jobs: usize,
    candidates: &[Candidate],
    progress: &dyn Progress,
) -> Result<Transferred, Failure> {
    let hold = |file: &File| -> Result<bool, Failure> {
        let found = reader.measure(&file.object, &|bytes| progress.moved(bytes))?;
        let title = match found {
            Some(found) if found == file.extent => return Ok(false),
            Some(_) => format!("`{}` reads back from `{}` with other bytes", file.object, reader.at()),
            None => format!("`{}` is not at `{}`", file.object, reader.at()),
        };
        let problem = Problem::new(title)
            .note(format!("expected  sha256 {}  {} bytes", file.extent.sha256, file.extent.length));
        let problem = match found {
            Some(found) => problem
                .note(format!("found     sha256 {}  {} bytes", found.sha256, found.length))
                .help("find out what changes it on the way; nothing was added to the index"),
            None => problem.help(
                "is that where the store is served? a cache may still say that there is nothing; nothing was \
                 added to the index",
            ),
        };
        Err(Failure::new(Class::Verification, problem))
    };
    let files = all(candidates);
    progress.begins(Step::Verify, files.len(), length(&files));
    // All that is wrong is told, but a server that fails is not asked for the rest.
    let done = each(&files, jobs, |failure| failure.class != Class::Verification, hold)?;
    progress.done(Step::Verify);
    Ok(done)
}

fn all(candidates: &[Candidate]) -> Vec<&File> {
    candidates.iter().flat_map(|candidate| &candidate.files).collect()
}

fn length(files: &[&File]) -> u64 {
    files.iter().map(|file| file.extent.length).sum()
}

/// Does something with each file on several threads; true says that it is new. After a failure that is
/// final nothing new begins; every failure is told.
fn each(
    files: &[&File],
    jobs: usize,
    is_final: impl Fn(&Failure) -> bool + Sync,
    work: impl Fn(&File) -> Result<bool, Failure> + Sync,
) -> Result<Transferred, Failure> {
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let ends: Mutex<Vec<(usize, Result<bool, Failure>)>> = Mutex::default();
    let run = || {
        while !stop.load(Ordering::Relaxed) {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(nth) else { break };
            let end = work(file);
            stop.fetch_or(end.as_ref().is_err_and(&is_final), Ordering::Relaxed);
            ends.lock().expect("no thread panics").push((nth, end));
        }
    };
    if jobs <= 1 {
        run();
    } else {
        std::thread::scope(|scope| {
            for _ in 0..jobs.min(files.len()) {
                scope.spawn(run);
            }
        });
    }
    let mut ends = ends.into_inner().expect("no thread panics");
    ends.sort_by_key(|(nth, _)| *nth);
    let mut done = Transferred { bytes: length(files), ..Transferred::default() };
    let mut failures = Vec::new();
    for (nth, end) in ends {
        match end {
            Ok(true) => done.new.push(files[nth].object.clone()),
            Ok(false) => done.same.push(files[nth].object.clone()),
            Err(failure) => failures.push(failure),
        }
    }
    Failure::all(failures).map_or(Ok(done), Err)
}
