// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Several releases in one process: each is [`assemble`]'s own story, told at the same time as the
//! others'.
//!
//! What they share comes with their requests: the [`Shelf`](crate::source::Shelf) of the places, on
//! which each repository is opened and each bundle unpacked once. As many run at once as there
//! are threads, so that one reads and plans while another waits for the disk, and they take [`Turns`]
//! at writing; one release that fails does not stop the others.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::archive::Turns;
use crate::assemble::{Assembled, Options, Progress, assemble};
use crate::manifest::Manifest;
use crate::model::Failure;

/// One release to make.
#[derive(Debug)]
pub struct Work<'a> {
    /// Its manifest.
    pub manifest: Manifest,
    /// What is asked for. Its `jobs` do not count: the works share theirs.
    pub options: Options<'a>,
}

/// Makes every release on `jobs` threads. What became of each is in the order of `works`; `progress`
/// gives each its own teller, and `done` is called as each ends.
///
/// # Panics
/// When a release panicked.
pub fn assemble_all<'p>(
    works: Vec<Work<'_>>,
    jobs: NonZeroUsize,
    progress: &(dyn Fn(usize) -> Box<dyn Progress + 'p> + Sync),
    done: &(dyn Fn(usize, &Result<Assembled, Failure>) + Sync),
) -> Vec<Result<Assembled, Failure>> {
    // Two at least: one waits for the disk while the other works.
    let at_once = jobs.get().max(2).min(works.len());
    let turns = Turns::for_threads(jobs.get());
    let slots: Vec<Mutex<Option<Work<'_>>>> = works.into_iter().map(|work| Mutex::new(Some(work))).collect();
    let results: Vec<Mutex<Option<Result<Assembled, Failure>>>> =
        slots.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some((nth, slot)) = {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    slots.get(nth).map(|slot| (nth, slot))
                } {
                    let work = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
                    let Some(Work { manifest, options }) = work else { continue };
                    let options = Options { jobs: turns.threads(), turns: Some(&turns), ..options };
                    let result = assemble(manifest, &options, &*progress(nth));
                    done(nth, &result);
                    *results[nth].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                }
            });
        }
    });
    let result = |slot: Mutex<Option<_>>| {
        slot.into_inner().unwrap_or_else(PoisonError::into_inner).expect("every release came to its end")
    };
    results.into_iter().map(result).collect()
}
