// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! How a command ends when it does not succeed.

use std::fmt;
use std::path::Path;

use super::Problem;

/// What kind of thing went wrong. Each class has its own exit code, so that scripts can tell a
/// manifest to mend from a mirror to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The command line asks for something that makes no sense: exit code 2.
    Usage,
    /// The manifest, a patch, a template or the lock is at fault: exit code 3.
    Manifest,
    /// A source cannot be read, reached or believed: exit code 4.
    Source,
    /// The question was answered, and there is nothing to do or to use: exit code 5.
    NothingToDo,
    /// What exists is not what it claims to be: exit code 6.
    Verification,
    /// Made again, a release has other bytes: exit code 7.
    NotReproducible,
    /// The disk, permissions or a missing program: exit code 8.
    Environment,
    /// The user or the system stopped the run: exit code 130.
    Interrupted,
}

impl Class {
    /// The exit code of the process.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::Manifest => 3,
            Self::Source => 4,
            Self::NothingToDo => 5,
            Self::Verification => 6,
            Self::NotReproducible => 7,
            Self::Environment => 8,
            Self::Interrupted => 130,
        }
    }
}

/// Every problem that stopped a stage, and their class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind of thing went wrong.
    pub class: Class,
    /// At least one problem, in the order of the input.
    pub problems: Vec<Problem>,
}

impl Failure {
    /// One problem of a class.
    #[must_use]
    pub fn new(class: Class, problem: Problem) -> Self {
        Self { class, problems: vec![problem] }
    }

    /// Problems with the manifest and what it names.
    #[must_use]
    pub fn manifest(problems: Vec<Problem>) -> Self {
        Self { class: Class::Manifest, problems }
    }

    /// Several failures as one: of the class with the highest exit code. None where there are none.
    #[must_use]
    pub fn all(failures: Vec<Self>) -> Option<Self> {
        let class = failures.iter().map(|failure| failure.class).max_by_key(|class| class.exit_code())?;
        let problems = failures.into_iter().flat_map(|failure| failure.problems).collect();
        Some(Self { class, problems })
    }

    /// The operating system refused something on `path`; `doing` completes "cannot".
    #[must_use]
    pub fn io(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        let mut problem =
            Problem::new(format!("cannot {doing} `{}`", path.display())).note(error.to_string());
        problem.help = match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Some(
                "make room on that file system, or write elsewhere with `--out`; nothing half-done was left"
                    .into(),
            ),
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                Some("the folder must be one that you may write to; nothing half-done was left".into())
            }
            std::io::ErrorKind::FileTooLarge => {
                Some("raise your limit on the size of files (`ulimit -f`); nothing half-done was left".into())
            }
            std::io::ErrorKind::AlreadyExists | std::io::ErrorKind::NotADirectory => Some(
                "something that is no folder stands there or above: move it away, or name another place"
                    .into(),
            ),
            _ => None,
        };
        Self::new(Class::Environment, problem)
    }

    /// The run was stopped from outside.
    #[must_use]
    pub fn interrupted() -> Self {
        Self::new(Class::Interrupted, Problem::new("interrupted; nothing half-done was left"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, problem) in self.problems.iter().enumerate() {
            if nth > 0 {
                f.write_str("; ")?;
            }
            f.write_str(&problem.title)?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::manifest(vec![problem])
    }
}
