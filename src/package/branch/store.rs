// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The packaging repository as it is written to.

use gix::ObjectId;
use gix::objs::WriteTo;

use crate::model::{Class, Failure, Problem};
use crate::source::{Repository, causes};

/// Where objects go.
pub(super) struct Store {
    pub(super) inner: gix::Repository,
    repository: Repository,
}

impl Store {
    pub(super) fn new(repository: &Repository) -> Self {
        Self { inner: repository.to_gix(), repository: repository.clone() }
    }

    pub(super) fn blob(&self, bytes: &[u8]) -> Result<(), Failure> {
        let written = self.inner.write_blob(bytes);
        written.map(drop).map_err(|error| unwritable("write to", &self.repository, &error))
    }

    pub(super) fn object(&self, object: impl WriteTo) -> Result<ObjectId, Failure> {
        let written = self.inner.write_object(object);
        written.map(gix::Id::detach).map_err(|error| unwritable("write to", &self.repository, &error))
    }
}

/// The repository would not take it.
pub(super) fn unwritable(what: &str, repository: &Repository, error: &gix::Error) -> Failure {
    let problem = Problem::new(format!("cannot {what} the repository `{}`", repository.path().display()))
        .help("nothing was moved there; run again when nothing else writes to it");
    let problem = causes(error).into_iter().fold(problem, Problem::note);
    Failure::new(Class::Environment, problem)
}
