// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The plan: every entry of a tarball, where it comes from, and everything that is left out and
//! why, before any file's content is read.
//!
//! [`make`] tells the story: each source's tree is listed, each layer takes its files (`select`),
//! patches change them (`patched`), the layers are laid over one another (`overlay`), templates are
//! rendered (`render`), the tool's own records join (`records`), and the whole is checked (`links`,
//! `check`). Trees are read, and of the blobs only those of links, of files that patches touch, and the
//! change log that lists kernels (`kernels`).

mod by_path;
mod check;
mod kernels;
mod links;
mod overlay;
mod patched;
mod records;
mod render;
mod select;

pub use render::{check_names, check_template, render_template, render_text};

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::kernel::Support;
use crate::lock::Locked;
use crate::model::{
    BlobId, Class, CommitId, Failure, LayerName, PathGlob, Problem, SourceDate, SourceName, TarPath,
};
use crate::patch::Applied;
use crate::source::Objects;

/// The folder in the tarball that holds the tool's own records. Nothing else may land there.
pub const RECORDS: &str = ".lustre-dist";

/// A tarball, before it is written.
#[derive(Debug)]
#[must_use]
pub struct Plan {
    /// What the plan was made from.
    pub locked: Locked,
    /// The release's full name, which is the top directory: `lustre-2.17.57`.
    pub title: String,
    /// Every member below the top directory, sorted as the tarball has them.
    pub entries: Vec<Entry>,
    /// Every file of a covered or taken place that is not in the tarball, with its reason.
    pub excluded: Vec<Excluded>,
    /// Where hunks were applied off their stated line.
    pub offsets: Vec<Offset>,
    /// Taken files whose content is not in the source's repository.
    pub missing: Vec<Missing>,
    /// `--leave-out`: what this run drops. Not empty makes the release partial.
    pub left_out: Vec<String>,
    /// The kernels that the primary source's change log lists, where the manifest names one.
    pub kernels: Option<Support>,
}

/// How many entries are worth a second thread; a whole kernel tree has eighty thousand.
const MANY: usize = 1000;

/// One member of the tarball.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its path below the top directory.
    pub path: TarPath,
    /// What it is.
    pub node: Node,
    /// Where it comes from.
    pub origin: Origin,
}

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink {
        /// Its target, relative to the link's own directory.
        target: String,
    },
    /// A regular file.
    File {
        /// Mode 0755 and not 0644.
        executable: bool,
        /// Its bytes.
        content: Content,
    },
}

/// The bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Those of a git blob of the source.
    Blob(SourceName, BlobId),
    /// These, made while planning: patched, rendered or recorded.
    Bytes(Arc<[u8]>),
}

/// Where a member comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A directory on the way to other members.
    Parent,
    /// A git blob, as it is.
    Blob {
        /// The layer that takes it.
        layer: LayerName,
        /// The source.
        source: SourceName,
        /// The path in the source.
        path: Arc<str>,
        /// The blob.
        blob: BlobId,
    },
    /// A git blob that patches changed, or a file that a patch created.
    Patched {
        /// The layer that takes it.
        layer: LayerName,
        /// The source.
        source: SourceName,
        /// The path in the source, after renames.
        path: Arc<str>,
        /// The blob before the patches; none for a file that a patch created.
        blob: Option<BlobId>,
        /// The patches that changed it, in order.
        patches: Vec<String>,
    },
    /// A rendered template.
    Template {
        /// The template's file.
        file: String,
    },
    /// A record that the tool writes.
    Record {
        /// Which one.
        what: RecordKind,
    },
}

/// The tool's own members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// The manifest, byte for byte.
    Manifest,
    /// The lock.
    Lock,
    /// A patch, series or template that the manifest names.
    Input,
    /// The table of origins.
    Origins,
    /// What `--leave-out` dropped from a partial release.
    LeftOut,
}

impl RecordKind {
    /// The word for it in records.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Lock => "lock",
            Self::Input => "input",
            Self::Origins => "origins",
            Self::LeftOut => "left-out",
        }
    }
}

/// A file that is not in the tarball.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Excluded {
    /// The source.
    pub source: SourceName,
    /// The path in the source.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// A hunk that was applied off its stated line, as its manifest entry allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offset {
    /// The patch.
    pub patch: String,
    /// The file in the source.
    pub path: String,
    /// Which hunk of the file, from 1.
    pub hunk: usize,
    /// By how many lines.
    pub lines: i64,
}

/// A taken file without content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The source.
    pub source: SourceName,
    /// The path in the source.
    pub path: String,
    /// The blob that is not there.
    pub blob: BlobId,
}

impl Plan {
    /// The commit that `git get-tar-commit-id` prints.
    #[must_use]
    pub fn primary_commit(&self) -> CommitId {
        self.locked.lock.pin(&self.locked.manifest.release.primary).commit
    }

    /// The mtime of every member.
    #[must_use]
    pub fn date(&self) -> SourceDate {
        self.locked.lock.source_date
    }

    /// Refuses a plan whose files are not all at hand, naming each.
    ///
    /// # Errors
    /// One problem per missing object: its path, its id, its source, and what to do.
    pub fn require_objects(&self) -> Result<(), Failure> {
        if self.missing.is_empty() {
            return Ok(());
        }
        let problems = self
            .missing
            .iter()
            .map(|missing| {
                let open = &self.locked.sources[&missing.source];
                Problem::new(format!("`{}` cannot be read: its object is missing", missing.path))
                    .note(format!("blob {}", missing.blob))
                    .note(open.describe())
                    .help(format!(
                        "fetch from a repository that has it, or drop it from this run with \
                         `--leave-out '{}'`, which makes the release partial",
                        missing.path
                    ))
            })
            .collect();
        Err(Failure { class: Class::Source, problems })
    }
}

/// Makes the plan of a locked release, without the paths that `leave_out` covers.
///
/// # Errors
/// Every problem of every rule: what matches nothing, collides, clashes, is not covered, cannot be
/// patched or rendered, or must not be there.
pub fn make(locked: Locked, leave_out: &[PathGlob]) -> Result<Plan, Failure> {
    let mut problems = Vec::new();
    let manifest = &locked.manifest;

    // One reader for each source, and one listing of its tree where somebody may want it.
    let objects = readers(&locked);
    let listings = select::listings(&locked, &objects, &mut problems);
    // A tree that cannot be believed is the source's fault, whatever else is wrong.
    let mut class = if problems.is_empty() { Class::Manifest } else { Class::Source };

    // Each layer's files by their source paths, then patched there.
    let mut leave = select::LeaveOut { globs: leave_out, dropped: std::collections::BTreeSet::new() };
    let mut excluded = Vec::new();
    let mut offsets = Vec::new();
    let mut layers = Vec::new();
    for layer in &manifest.layers {
        let mut files =
            select::layer(manifest, layer, &listings[&layer.source.value], &mut leave, &mut problems);
        offsets.extend(patched::apply(
            &locked,
            layer,
            &mut files,
            &objects[&layer.source.value],
            &mut problems,
        ));
        layers.push(files);
    }
    select::unmatched(manifest, &leave, &listings, &mut problems);
    check::coverage(manifest, &listings, &layers, &leave, &mut excluded, &mut problems);
    // A whole kernel's listing is large, and what follows needs the memory.
    drop(listings);

    // The layers over one another, then what is rendered and recorded.
    let (mut entries, mut missing) = overlay::lay(manifest, layers, &objects, &mut problems);
    let title = format!("{}-{}", manifest.release.name, locked.lock.version);
    let left_out: Vec<String> = leave_out.iter().map(ToString::to_string).collect();
    render::templates(&locked, &mut entries, &left_out, &mut problems);
    records::add(&locked, &mut entries, &left_out);

    let kernels = kernels::support(&locked, &objects, leave_out).unwrap_or_else(|failure| {
        if problems.is_empty() {
            class = failure.class;
        }
        problems.extend(failure.problems);
        None
    });

    // What only reads is done at once where there is much of it.
    let there = || {
        // A reader of objects belongs to one thread.
        let objects = readers(&locked);
        (overlay::missing(&entries, &objects), records::table(&entries))
    };
    let check = |problems: &mut Vec<Problem>| {
        overlay::clashes(manifest, &entries, problems);
        links::check(manifest, &entries, &leave.dropped, problems);
        check::contains(manifest, &entries, &leave.dropped, problems);
    };
    let (found, table) = if entries.iter().nth(MANY).is_none() {
        check(&mut problems);
        there()
    } else {
        std::thread::scope(|scope| {
            let there = scope.spawn(there);
            check(&mut problems);
            there.join().expect("looking for objects does not panic")
        })
    };
    missing.extend(found);
    records::add_table(&mut entries, table);
    let entries = overlay::with_directories(entries, &mut problems);
    if !problems.is_empty() {
        return Err(Failure { class, problems });
    }
    excluded.sort();
    excluded.dedup();
    Ok(Plan { title, entries, excluded, offsets, missing, left_out, kernels, locked })
}

/// A reader for each source, for one thread.
fn readers(locked: &Locked) -> BTreeMap<SourceName, Objects> {
    locked.sources.iter().map(|(name, open)| (name.clone(), open.repository.objects())).collect()
}

/// Keeps the offsets of an applied patch that are not zero.
fn offsets_of(patch: &str, applied: &[Applied]) -> Vec<Offset> {
    let mut offsets = Vec::new();
    for file in applied {
        for (nth, &lines) in file.offsets.iter().enumerate() {
            if lines != 0 {
                let path = String::from_utf8_lossy(&file.path).into_owned();
                offsets.push(Offset { patch: patch.to_owned(), path, hunk: nth + 1, lines });
            }
        }
    }
    offsets
}
