// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What changed between two releases: commits and files, layer by layer.
//!
//! [`between`] tells the story: the commits of `FROM..TO` as `git log` lists them, the paths that each
//! touches (`touched`), the layers that take these paths (`place`), and what a commit carries from
//! another branch (`message`, `backport`). [`since`] does this for every source of a locked release
//! that counts its changes from somewhere; `markdown` makes the release's record of it. `patches`
//! compares what two manifests add of their own.
//!
//! All numbers are git's: a merge touches nothing, a root touches all that it has, and a file that was
//! renamed is one removed and one added (`--no-renames`).

mod backport;
mod markdown;
mod message;
mod patches;
mod place;
mod since;
mod touched;

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};

use crate::model::{Class, CommitId, Failure, Problem, SourceDate};
use crate::source::{self, Cut, ObjectFault, Repository, Revision, Status};

pub use backport::main_branches;
pub use markdown::record;
pub use message::{Carries, Means};
pub use patches::{AppliedPatch, PatchChange, compare_patches, patches_of};
pub use place::Layers;
pub use since::{SourceChanges, since};

/// What is asked for.
#[derive(Debug)]
pub struct Query<'a> {
    /// Where the commits are.
    pub repository: &'a Repository,
    /// The older end, which is not in the range.
    pub from: Revision,
    /// The newer end, which is.
    pub to: Revision,
    /// How paths are sorted.
    pub layers: Layers<'a>,
    /// Commits on whose history the originals of backports are looked for by their `Change-Id`; none
    /// to believe trailers alone.
    pub main: &'a [CommitId],
    /// How many threads.
    pub jobs: usize,
}

/// All that changed between two commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// The older end.
    pub from: Revision,
    /// The newer end.
    pub to: Revision,
    /// Whether the older end is not in the history of the newer one, so that the files show what the
    /// older one alone has as undone.
    pub diverged: bool,
    /// The numbers of the whole range.
    pub totals: Totals,
    /// The numbers of each layer.
    pub layers: Vec<LayerTotals>,
    /// The commits, the newest first.
    pub commits: Vec<Change>,
    /// The files that differ between the two ends, in the order of the trees.
    pub files: Vec<FileChange>,
}

/// The numbers of a range.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// All commits, merges too.
    pub commits: usize,
    /// Commits with several parents, which touch nothing of their own.
    pub merges: usize,
    /// Commits that are no merges and touch nothing.
    pub empty: usize,
    /// Commits that touch files, none of which a layer takes.
    pub outside: usize,
    /// All files that differ.
    pub files: Counts,
    /// The files among them that no layer takes.
    pub outside_files: Counts,
}

/// The numbers of one layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LayerTotals {
    /// Its name; without a manifest the top-level directory, `.` for the files beside these.
    pub name: String,
    /// Commits that touch it. One that touches two layers counts in both.
    pub commits: usize,
    /// Its files that differ.
    pub files: Counts,
}

/// Numbers of files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// New paths.
    pub added: usize,
    /// Paths with another content or mode.
    pub changed: usize,
    /// Paths that are gone.
    pub removed: usize,
}

impl Counts {
    fn count(&mut self, status: Status) {
        match status {
            Status::Added => self.added += 1,
            Status::Changed => self.changed += 1,
            Status::Removed => self.removed += 1,
        }
    }
}

/// One commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Its id.
    pub commit: CommitId,
    /// The first paragraph of its message, on one line.
    pub subject: String,
    /// The tickets that the subject begins with.
    pub tickets: Vec<String>,
    /// The author's name.
    pub author: String,
    /// The author's address.
    pub email: String,
    /// When it was written; RFC 3339 in JSON.
    #[serde(serialize_with = "as_text")]
    pub authored: SourceDate,
    /// When it was committed; RFC 3339 in JSON.
    #[serde(serialize_with = "as_text")]
    pub committed: SourceDate,
    /// Whether it has several parents.
    pub merge: bool,
    /// The layers that it touches, in their order.
    pub layers: Vec<String>,
    /// How many files it touches, in layers or not.
    pub files: usize,
    /// What it carries from another branch.
    pub carries: Vec<Carries>,
}

/// One file that differs between the two ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileChange {
    /// Its path in the source.
    pub path: String,
    /// What became of it.
    pub status: Status,
    /// The layers that take it; none where it is not in the tarball.
    pub layers: Vec<String>,
}

fn as_text<S: Serializer>(date: &SourceDate, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(date)
}

/// Seconds of a commit as a date; what is before 1970 counts as 1970.
fn date(seconds: i64) -> SourceDate {
    SourceDate(u64::try_from(seconds).unwrap_or(0)).min(SourceDate::MAX)
}

/// Tells what changed.
///
/// # Errors
/// The ends are the wrong way round; commits or trees in between are missing or damaged.
pub fn between(query: &Query<'_>) -> Result<Changes, Failure> {
    let objects = query.repository.history_objects();
    let range = source::walk(&objects, query.to.commit, &[query.from.commit])
        .map_err(|cut| cut_off(query.repository, &query.from, &query.to, &cut))?;
    let ends = |id: CommitId| id == query.from.commit;
    let descends = ends(query.to.commit) || range.commits.iter().any(|c| c.parents.iter().any(|p| ends(*p)));
    if range.commits.is_empty() && !descends {
        return Err(reversed(query));
    }

    // What each commit touches, and meanwhile where backports come from.
    let said: Vec<_> = range.commits.iter().map(|commit| message::sayings(&commit.message)).collect();
    let (touched, originals) = std::thread::scope(|scope| {
        let originals = scope.spawn(|| backport::originals(query, &said));
        let touched = touched::all(query, &range);
        (touched, originals.join())
    });
    let touched = touched.map_err(|problem| {
        problem
            .note(format!("looked for in {}", query.repository.path().display()))
            .help("fetch it there: `git fetch --refetch`, or give a whole clone with `--source NAME=PATH`")
            .into_source()
    })?;
    let originals = originals.unwrap_or_default();

    let commits: Vec<Change> = range
        .commits
        .into_iter()
        .zip(touched.commits.into_iter().zip(said))
        .map(|(commit, (touched, said))| {
            let subject = message::subject(&commit.message);
            Change {
                tickets: message::tickets(&subject),
                carries: backport::carried(commit.id, said, &originals),
                merge: commit.parents.len() > 1,
                commit: commit.id,
                subject,
                author: commit.author,
                email: commit.email,
                authored: date(commit.authored),
                committed: date(commit.committed),
                layers: query.layers.in_order(touched.layers),
                files: touched.files,
            }
        })
        .collect();
    let (totals, layers) = totals(&query.layers, &commits, &touched.files);
    Ok(Changes {
        from: query.from.clone(),
        to: query.to.clone(),
        diverged: !descends,
        totals,
        layers,
        commits,
        files: touched.files,
    })
}

fn totals(layers: &Layers<'_>, commits: &[Change], files: &[FileChange]) -> (Totals, Vec<LayerTotals>) {
    let mut totals = Totals { commits: commits.len(), ..Totals::default() };
    for commit in commits {
        match () {
            () if commit.merge => totals.merges += 1,
            () if commit.files == 0 => totals.empty += 1,
            () if commit.layers.is_empty() => totals.outside += 1,
            () => {}
        }
    }
    for file in files {
        totals.files.count(file.status);
        if file.layers.is_empty() {
            totals.outside_files.count(file.status);
        }
    }
    let met: BTreeSet<String> = commits
        .iter()
        .flat_map(|commit| &commit.layers)
        .chain(files.iter().flat_map(|file| &file.layers))
        .cloned()
        .collect();
    let names = layers.names().unwrap_or_else(|| met.into_iter().collect());
    let of = |name: String| {
        let mut counts = Counts::default();
        for file in files.iter().filter(|file| file.layers.contains(&name)) {
            counts.count(file.status);
        }
        let commits = commits.iter().filter(|commit| commit.layers.contains(&name)).count();
        LayerTotals { name, commits, files: counts }
    };
    (totals, names.into_iter().map(of).collect())
}

fn reversed(query: &Query<'_>) -> Failure {
    let (from, to) = (query.from.name(), query.to.name());
    let problem = Problem::new(format!("no commit is in `{from}..{to}`: `{to}` is the older one"))
        .note(format!("from  {}", query.from.commit))
        .note(format!("to    {}, which the former descends from", query.to.commit))
        .help(format!("did you mean `{to}..{from}`?"));
    Failure::new(Class::Usage, problem)
}

/// History that ends before the range does.
fn cut_off(repository: &Repository, from: &Revision, to: &Revision, cut: &Cut) -> Failure {
    let missing = cut.fault == ObjectFault::Missing;
    let title = if missing {
        format!(
            "the history of `{}..{}` is not whole: the commit {} is missing",
            from.name(),
            to.name(),
            cut.id
        )
    } else {
        format!("the commit {} {}", cut.id, cut.fault)
    };
    let mut problem = Problem::new(title);
    if let Some(child) = cut.child {
        problem = problem.note(format!("it is a parent of {child}"));
    }
    problem = problem.note(format!("looked for in {}", repository.path().display()));
    let help = if missing {
        "a shallow clone has no history: `git fetch --unshallow --tags` there, or give a whole clone with \
         `--source NAME=PATH`"
    } else {
        "the repository is damaged: `git fsck` tells more, a fresh clone mends it"
    };
    problem.help(help).into_source()
}
