// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A plan as a tar stream, and its encodings.
//!
//! The tarball is never held whole: objects are decoded and hashed in parallel, in the order of the
//! tarball; the finished pieces pass to the digest of the tar and to one encoder per format at once,
//! each of which holds a few pieces. What is slowest sets the pace, and memory stays
//! bounded whatever the tree's size.
//!
//! The way back is [`read`], the strict reader, which shares nothing with the writer.

mod backlog;
mod digest;
mod encode;
mod fan;
pub(crate) mod gzip;
pub(crate) mod header;
mod order;
mod pieces;
mod pool;
pub mod read;
mod room;
mod turns;

use std::fs::File;

use self::fan::Threads;
use crate::manifest::Format;
use crate::model::Failure;
use crate::plan::{Entry, Plan};

pub use digest::Second;
pub use encode::{Sum, parameters};
pub use turns::{Turn, Turns};

/// What was written, and what the caller learned of each file on the way.
#[derive(Debug)]
pub struct Written<S, F> {
    /// The digest and length of the uncompressed tar: the release's identity.
    pub identity: Sum,
    /// Each entry's length and digest, in the order of [`Plan::entries`]; zero and the digest of
    /// nothing for directories and links.
    pub members: Vec<Sum>,
    /// The other digest of each entry, in the same order.
    pub seconds: Vec<S>,
    /// What `look` said of each entry's bytes, in the same order; none for directories and links.
    pub seen: Vec<Option<F>>,
    /// Each output in the order it was asked for.
    pub outputs: Vec<(Format, Sum)>,
}

/// One file to write.
#[derive(Debug)]
pub struct Output {
    /// How it is encoded.
    pub format: Format,
    /// Where it goes: open for writing, empty.
    pub file: File,
    /// Its name, for messages.
    pub name: String,
}

/// How a long run tells what it does. Called from several threads.
pub trait Watch: Sync {
    /// That many more members and bytes of the tar were made.
    fn made(&self, members: usize, bytes: u64);
    /// The encoder of a format has taken in that many more bytes of the tar.
    fn encoded(&self, format: Format, bytes: u64);
    /// A format's file is whole.
    fn finished(&self, format: Format, sum: Sum);
}

/// Says nothing.
#[derive(Debug)]
pub struct Quiet;

impl Watch for Quiet {
    fn made(&self, _: usize, _: u64) {}
    fn encoded(&self, _: Format, _: u64) {}
    fn finished(&self, _: Format, _: Sum) {}
}

/// Writes the tarball of a plan into every output at once, on about `jobs` threads. The bytes do
/// not depend on `jobs`. With no outputs it computes the identity alone.
///
/// Each file gets a digest of the kind `S` beside its SHA-256. `look` is shown every file's bytes, by the
/// thread that has them at hand: what else a record needs of them is cheapest there, and a caller that needs
/// nothing passes `|_, _| ()`. Of the `turns` of releases that are made at once, a tar that is not short takes
/// one for as long as it is written.
///
/// # Errors
/// An object is missing, is not what its id says or cannot be decoded; a Git LFS pointer; an
/// output cannot be written.
pub fn write<S: Second, F: Send>(
    plan: &Plan,
    outputs: Vec<Output>,
    jobs: usize,
    turns: Option<&Turns>,
    look: impl Fn(&Entry, &[u8]) -> F + Sync,
    watch: &dyn Watch,
) -> Result<Written<S, F>, Failure> {
    let jobs = jobs.max(1);
    let heavy = outputs.iter().filter(|output| output.format != Format::Tar).count();
    // Several heavy encoders with two workers each fight over the caches: measured on two cores,
    // one worker each takes 20 s where two take 26 s.
    let workers = if heavy == 0 { 1 } else { jobs.div_ceil(heavy) };
    fan::run(plan, outputs, Threads { makers: jobs, workers, turns }, &look, watch)
}
