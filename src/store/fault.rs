// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What goes wrong with a store, as problems for people.

use std::error::Error;
use std::io;
use std::path::Path;

use crate::model::{Class, Failure, Problem, Sha256};

/// What was tried.
#[derive(Debug, Clone, Copy)]
pub(super) enum Doing {
    Read,
    Write,
    Sync,
    Lock,
    MakeFolder,
    List,
}

impl Doing {
    fn words(self) -> &'static str {
        match self {
            Self::Read => "cannot read",
            Self::Write => "cannot write",
            Self::Sync => "cannot bring to the disk",
            Self::Lock => "cannot lock",
            Self::MakeFolder => "cannot make the folder",
            Self::List => "cannot list",
        }
    }
}

/// The operating system refused something.
pub(super) fn io(doing: Doing, path: &Path, error: &io::Error) -> Failure {
    let help = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "make room on that file system and run again: what was published before still stands"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "the folder must be one that you may write to"
        }
        io::ErrorKind::CrossesDevices => "all folders of a repository must be on one file system",
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "something that is no folder stands there or above: move it away, or name another place"
        }
        _ => "run again when the disk is well: what was published before still stands",
    };
    let title = format!("{} `{}`", doing.words(), path.display());
    Failure::new(Class::Environment, Problem::new(title).note(error.to_string()).help(help))
}

/// An object is larger than anything of its kind.
pub(super) fn too_large(name: &str, most: u64) -> Failure {
    let problem = Problem::new(format!("`{name}` is too large to be what it should be"))
        .note(format!("it has more than {most} bytes"));
    Failure::new(Class::Verification, problem)
}

/// A file is not what it was when it was checked.
pub(super) fn another(file: &Path, expected: Sha256, found: Sha256) -> Failure {
    let problem = Problem::new(format!("`{}` changed while it was published", file.display()))
        .note(format!("expected sha256 {expected}"))
        .note(format!("found    sha256 {found}"))
        .help("publish a release directory that nothing writes to");
    Failure::new(Class::Verification, problem)
}

/// An S3 store refused something, or cannot be reached.
pub(super) fn s3(doing: Doing, name: &str, error: &object_store::Error) -> Failure {
    use object_store::Error::{NotFound, PermissionDenied, Unauthenticated};
    let help = match error {
        PermissionDenied { .. } | Unauthenticated { .. } => {
            "the credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be allowed to do this"
        }
        NotFound { .. } => "the bucket must be there before anything is published to it",
        _ => {
            "check AWS_ENDPOINT_URL, AWS_REGION and the network, and run again: \
             what was published before still stands"
        }
    };
    let mut problem = Problem::new(format!("{} `{name}`", doing.words()));
    problem.notes = chain(error);
    Failure::new(Class::Source, problem.help(help))
}

/// The causes of an error, innermost last, each said once.
fn chain(error: &object_store::Error) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    let mut next: Option<&dyn Error> = Some(error);
    while let Some(error) = next {
        next = error.source();
        let text = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        // Most causes repeat what caused them.
        while notes.last().is_some_and(|above| above.ends_with(&text) || above.contains(&text)) {
            notes.pop();
        }
        notes.push(text);
    }
    notes
}
