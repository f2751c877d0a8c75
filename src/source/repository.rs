// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A git repository as a place where objects and refs are, and nothing else.
//!
//! What a repository says about itself beyond that has no say here: configuration, attributes,
//! hooks, replace refs, grafts and the environment. gix's isolated options leave replace refs on,
//! so these are switched off by an override.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use super::causes;
use super::object::{Objects, Walked};
use crate::model::{Class, Failure, Problem};

/// An open repository. Cheap to share between threads; each takes its own [`Objects`]. Copies share
/// the packs.
#[derive(Debug, Clone)]
pub struct Repository {
    path: PathBuf,
    /// What gix opens.
    folder: PathBuf,
    inner: Arc<RwLock<gix::ThreadSafeRepository>>,
}

impl Repository {
    /// Opens the repository at `path`: a work tree, a linked work tree or a bare repository.
    ///
    /// # Errors
    /// No repository there, or one whose refs or objects are in a format that is not read here:
    /// reftable, SHA-256.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        if !path.exists() {
            return Err(Problem::new(format!("there is nothing at `{}`", path.display()))
                .help("expected a git repository or a bundle; a path in a manifest starts from its folder")
                .into_source());
        }
        // A linked work tree's `.git` is a file that gix follows from the folder around it.
        let folder = if path.is_file() {
            path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."))
        } else {
            path
        };
        // gix does not see a repository in a reftable folder at all, so this comes first.
        for marker in [path.join("reftable"), path.join(".git/reftable")] {
            if marker.is_dir() {
                return Err(unsupported(path, "it keeps its refs in the reftable format; files are read")
                    .into_source());
            }
        }
        let inner = gix::ThreadSafeRepository::open_opts(folder, options()).map_err(|error| {
            let causes = causes(&error);
            if causes.iter().any(|cause| cause.contains("extensions.objectFormat")) {
                return unsupported(path, "its object ids are not SHA-1").into_source();
            }
            let problem = Problem::new(format!("cannot open a git repository at `{}`", path.display()))
                .help("expected the top folder of a work tree, its `.git`, a bare repository or a bundle");
            causes.into_iter().fold(problem, Problem::note).into_source()
        })?;
        let repository = inner.to_thread_local();
        if repository.common_dir().join("reftable").is_dir() {
            return Err(
                unsupported(path, "it keeps its refs in the reftable format; files are read").into_source()
            );
        }
        let storage = repository.config_snapshot().string("extensions.refStorage");
        if storage.is_some_and(|storage| !storage.eq_ignore_ascii_case(b"files")) {
            return Err(
                unsupported(path, "it keeps its refs in the reftable format; files are read").into_source()
            );
        }
        if repository.object_hash() != gix::hash::Kind::Sha1 {
            return Err(unsupported(path, "its object ids are not SHA-1").into_source());
        }
        Ok(Self { path: path.to_owned(), folder: folder.to_owned(), inner: Arc::new(RwLock::new(inner)) })
    }

    /// Gives back what is mapped of the packs: whoever asks for a reader from now on has them mapped
    /// anew, page by page, and the old ones go with the last reader that was taken before. A mapped
    /// page that was looked at once counts as memory of this process until then.
    pub fn give_back(&self) {
        // Where it cannot be opened again, the one that is open is as good.
        if let Ok(anew) = gix::ThreadSafeRepository::open_opts(&self.folder, options()) {
            *self.inner.write().unwrap_or_else(PoisonError::into_inner) = anew;
        }
    }

    /// Where it was opened.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The repository as gix has it, for those who write to it.
    pub(crate) fn to_gix(&self) -> gix::Repository {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).to_thread_local()
    }

    /// A reader of its objects for one thread.
    #[must_use]
    pub fn objects(&self) -> Objects {
        Objects::new(self.to_gix().objects)
    }

    /// A reader for one thread of what follows one another in history: commits, and the trees of
    /// neighbours.
    #[must_use]
    pub fn history_objects(&self) -> Objects {
        Objects::for_history(self.to_gix().objects)
    }

    /// The object that the ref of that full name (`refs/tags/v2_17_57`) points at, symbolic refs
    /// followed, tags not peeled. `None` when there is no such ref.
    ///
    /// # Errors
    /// The ref store cannot be read.
    pub fn find_ref(&self, full_name: &str) -> Result<Option<ObjectId>, Failure> {
        let repository = self.to_gix();
        let Some(mut reference) =
            repository.try_find_reference(full_name).map_err(|error| self.refs_fault(full_name, &error))?
        else {
            return Ok(None);
        };
        // gix looks a name up as git does, below `refs/` and elsewhere too; only the very ref will do.
        if reference.name().as_bstr() != full_name {
            return Ok(None);
        }
        let id = reference.follow_to_object().map_err(|error| self.refs_fault(full_name, &error))?;
        Ok(Some(id.detach()))
    }

    /// Every tag by its short name, with the object that it points at, sorted by name.
    ///
    /// # Errors
    /// The ref store cannot be read.
    pub fn tags(&self) -> Result<Vec<(String, ObjectId)>, Failure> {
        let repository = self.to_gix();
        let fault = |error: &gix::Error| self.refs_fault("refs/tags/", error);
        let platform = repository.references().map_err(|error| fault(&error))?;
        let mut tags = Vec::new();
        for reference in platform.tags().map_err(|error| fault(&error))? {
            let reference = reference.map_err(|error| fault(&error))?;
            // A name that is not UTF-8 cannot be asked for by a manifest.
            let (Ok(name), Some(id)) = (reference.name().shorten().to_str(), reference.try_id()) else {
                continue;
            };
            tags.push((name.to_owned(), id.detach()));
        }
        tags.sort();
        Ok(tags)
    }

    /// Where the branch of that short name is: here, and as each remote had it. Full ref names with
    /// the objects that they point at, sorted.
    ///
    /// # Errors
    /// The ref store cannot be read.
    pub fn branches(&self, name: &str) -> Result<Vec<(String, ObjectId)>, Failure> {
        let local = format!("refs/heads/{name}");
        let mut branches: Vec<_> = self.find_ref(&local)?.map(|id| (local, id)).into_iter().collect();
        let repository = self.to_gix();
        let fault = |error: &gix::Error| self.refs_fault("refs/remotes/", error);
        let platform = repository.references().map_err(|error| fault(&error))?;
        for reference in platform.remote_branches().map_err(|error| fault(&error))? {
            let reference = reference.map_err(|error| fault(&error))?;
            let (Ok(full), Some(id)) = (reference.name().as_bstr().to_str(), reference.try_id()) else {
                continue;
            };
            let behind_remote = full.strip_prefix("refs/remotes/").and_then(|rest| rest.split_once('/'));
            if behind_remote.is_some_and(|(_, branch)| branch == name) {
                branches.push((full.to_owned(), id.detach()));
            }
        }
        branches.sort();
        Ok(branches)
    }

    /// The nearest of the `named` commits that `commit` descends from, and how many commits lie
    /// between: what `git describe` looks for.
    ///
    /// # Errors
    /// A commit on the way cannot be read.
    pub fn nearest(
        &self,
        commit: ObjectId,
        named: &[(ObjectId, String)],
    ) -> Result<Option<(String, u32)>, Failure> {
        use gix::revision::plumbing::describe;
        let objects = self.objects();
        let missing = RefCell::default();
        // A commit-graph file is a cache that anybody may have written; the commits are the truth.
        let walked = Walked { objects: &objects, missing: &missing };
        let mut graph = gix::revision::plumbing::Graph::new(walked, None);
        let options = describe::Options {
            name_by_oid: named
                .iter()
                .map(|(id, name)| (*id, gix::bstr::BString::from(name.as_str()).into()))
                .collect(),
            ..describe::Options::default()
        };
        let outcome = gix::revision::plumbing::describe(&commit, &mut graph, options).map_err(|error| {
            let problem = Problem::new(format!(
                "cannot find the version tag that {commit} descends from in `{}`",
                self.path.display()
            ))
            .help("the repository is damaged: `git fsck` tells more, a fresh clone mends it");
            causes(&error).into_iter().fold(problem, Problem::note).into_source()
        })?;
        // Where history is cut off, fewer commits are counted, or another tag is found.
        if let Some(missing) = missing.borrow().first() {
            return Err(Problem::new(format!(
                "the history of {commit} is not whole in `{}`, and a development version counts its commits",
                self.path.display()
            ))
            .note(format!("the commit {missing} is not in the repository"))
            .help("fetch all of it: `git fetch --unshallow --tags`; or release a tag, which needs no history")
            .into_source());
        }
        Ok(outcome.and_then(|found| Some((found.name?.to_string(), found.depth))))
    }

    fn refs_fault(&self, what: &str, error: &gix::Error) -> Failure {
        let problem =
            Problem::new(format!("cannot read `{what}` in the repository `{}`", self.path.display()))
                .help("mend or remove that ref in the repository; `git fsck` tells more");
        causes(error).into_iter().fold(problem, Problem::note).into_source()
    }
}

/// What a repository says of itself has no say.
fn options() -> gix::open::Options {
    gix::open::Options::isolated().config_overrides(["core.useReplaceRefs=false"]).with(gix::sec::Trust::Full)
}

fn unsupported(path: &Path, what: &str) -> Problem {
    Problem::new(format!("the repository `{}` cannot be used: {what}", path.display()))
        .help("clone it into the files format with SHA-1 ids: `git clone --bare --ref-format=files URL PATH`")
}

impl Problem {
    /// This problem as the failure of a source.
    #[must_use]
    pub fn into_source(self) -> Failure {
        Failure::new(Class::Source, self)
    }
}
