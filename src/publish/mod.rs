// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Releases brought into a repository, and marked as retracted.
//!
//! [`publish`] tells the story: `check` holds the release directory against everything that it says,
//! `upload` brings its files to the store, `verify` reads them back as readers will, and `index` makes them a
//! part of the signed metadata. Data comes first and the index last, so a run that is killed anywhere
//! leaves the repository as it was before or whole, and another run goes on where it stopped: what is there
//! with the same bytes is not written again, and what is there with others is never touched.
//!
//! Publishers at the same time do not wait for each other. The index is one conditional write; who
//! comes second reads what the first one wrote and adds to it. What is derived from the metadata for people
//! and their scripts (`derived`) is written after it, by whoever comes last.
//!
//! Releases that are there already are not read again: a publication costs the same whether there are
//! ten of them or two thousand.

#![allow(clippy::disallowed_methods, reason = "the files of a release are read here")]

mod candidate;
mod check;
mod derived;
mod index;
mod reader;
mod released;
mod retract;
mod transfer;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::model::{Failure, Problem, Sha256};
use crate::roles::{Head, Keys};
use crate::store::Store;

pub use candidate::{Candidate, File};
pub use check::{Checks, check};
pub use derived::{Derived, SumsKey, Update, update};
pub use index::Indexed;
pub use reader::Reader;
pub use released::released;
pub use retract::{Retracted, retract};
pub use transfer::{Progress, Silent, Transferred};

/// A part of a publication, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The release directory is held against everything that it says.
    Check,
    /// Its files are brought to the store.
    Upload,
    /// They are read back as readers will.
    Verify,
    /// They become a part of the metadata.
    Index,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 4] = [Self::Check, Self::Upload, Self::Verify, Self::Index];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Upload => "upload",
            Self::Verify => "verify",
            Self::Index => "index",
        }
    }

    /// The step of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.word() == word)
    }
}

/// What is published, and how.
#[derive(Debug)]
pub struct Request<'a> {
    /// The repository.
    pub store: &'a Store,
    /// Where readers find it.
    pub reader: &'a Reader,
    /// The address that the metadata will name for readers, where one was given.
    pub public_url: Option<&'a str>,
    /// The keeper's keys.
    pub keys: &'a Keys,
    /// What is done, in their order.
    pub steps: &'a [Step],
    /// Whether nothing is written.
    pub dry_run: bool,
    /// What signs the checksums of a line.
    pub sums_key: Option<&'a SumsKey>,
    /// How many files are moved at once.
    pub jobs: usize,
    /// The time of the run.
    pub now: Timestamp,
    /// The day of it.
    pub today: Date,
}

impl Request<'_> {
    fn does(&self, step: Step) -> bool {
        self.steps.contains(&step)
    }
}

/// What was done.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What the upload did with each file, where there was one.
    pub uploaded: Option<Transferred>,
    /// How much was read back, where it was, and from where.
    pub verified: Option<(Transferred, String)>,
    /// What became of the index, where it was written.
    pub indexed: Option<Indexed>,
    /// What was derived from it.
    pub derived: Option<Derived>,
}

/// Publishes releases that [`check`] found good, on top of what is published, the `head`.
///
/// # Errors
/// One is there with other bytes, the store or the public address fails, what is read back is not what was
/// sent, or a key is missing. What was published before stands in any case.
pub fn publish(
    request: &Request<'_>,
    head: Head,
    candidates: &[Candidate],
    progress: &dyn Progress,
) -> Result<Outcome, Failure> {
    // What cannot come to an end does not begin.
    if request.does(Step::Index) && !request.dry_run {
        head.able(request.keys)?;
        head.readable(request.store, request.now)?;
    }
    for candidate in candidates {
        index::refuse_other(request.store, &head, candidate)?;
    }

    let mut outcome = Outcome::default();
    if request.does(Step::Upload) {
        outcome.uploaded = Some(transfer::upload(request, candidates, progress)?);
    }
    if request.dry_run {
        if request.does(Step::Index) {
            outcome.indexed = Some(index::foresee(&head, candidates));
        }
        return Ok(outcome);
    }
    if request.does(Step::Verify) {
        outcome.verified = Some(read_back(request, request.reader, candidates, progress)?);
    } else if request.does(Step::Index) && !request.does(Step::Upload) {
        // Nothing enters the index that is not there, whoever uploaded it.
        outcome.verified = Some(read_back(request, &Reader::of(request.store), candidates, progress)?);
    }
    if request.does(Step::Index) {
        let (indexed, state) = index::index(head, request, candidates)?;
        outcome.indexed = Some(indexed);
        let update = derived::Update {
            store: request.store,
            keys: request.keys,
            sums_key: request.sums_key,
            now: request.now,
            today: request.today,
        };
        outcome.derived = Some(update.run(candidates, Some(state))?);
    }
    Ok(outcome)
}

fn read_back(
    request: &Request<'_>,
    reader: &Reader,
    candidates: &[Candidate],
    progress: &dyn Progress,
) -> Result<(Transferred, String), Failure> {
    let verified = transfer::verify(reader, request.jobs, candidates, progress)?;
    Ok((verified, reader.at()))
}

/// Other bytes are there under a name that is to be published.
fn other_bytes(path: &str, at: &str, there: Sha256, ours: Sha256, is_published: bool) -> Problem {
    let word = if is_published { "is published" } else { "is there" };
    Problem::new(format!("`{path}` {word} in `{at}` with other bytes"))
        .note(format!("there  sha256 {there}"))
        .note(format!("yours  sha256 {ours}"))
        .help(
            "what is published never changes: publish the directory that was published first, or make the \
             release anew with a respin",
        )
}
