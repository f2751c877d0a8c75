// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What patches are applied to, and what became of it.

use std::sync::Arc;

use super::error::PatchProblem;

/// A file's mode and content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// One of [`REGULAR`](super::REGULAR), [`EXECUTABLE`](super::EXECUTABLE) and [`LINK`](super::LINK).
    pub mode: u32,
    /// The content; of a link, the target.
    pub bytes: Arc<[u8]>,
}

/// The files that patches read and change: a layer's, by their paths in the layer's source.
pub trait Tree {
    /// Why a file cannot be read, such as an object that the repository lacks.
    type Error;

    /// The file at `path`, with what earlier patches made of it; `None` where there is none.
    fn read(&self, path: &[u8]) -> Result<Option<File>, Self::Error>;

    /// The paths of all files inside the folder `path`, at any depth.
    fn below(&self, path: &[u8]) -> Result<Vec<Vec<u8>>, Self::Error>;

    /// Why `path` is none of the layer's, as a sentence for the user; `None` where a patch may have it.
    fn outside(&self, path: &[u8]) -> Option<String>;

    /// Holds `file` at `path`. This cannot fail: results stay in memory until the tarball is written.
    fn put(&mut self, path: &[u8], file: File);

    /// Takes the file at `path` away.
    fn remove(&mut self, path: &[u8]);
}

/// Whether hunks may fit at another line than the one stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offsets {
    /// A hunk elsewhere is a problem that names the line.
    Refused,
    /// The nearest place is taken, counted from where the hunk before it makes expect it; two places
    /// equally near are a problem.
    Allowed,
}

/// What a patch did to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Where the result is, or where the deleted file was.
    pub path: Vec<u8>,
    /// What happened.
    pub action: Action,
    /// The mode before and after, where it changed.
    pub mode: Option<(u32, u32)>,
    /// For each hunk, how many lines further down it was applied than stated: 0 unless offsets are
    /// allowed.
    pub offsets: Vec<i64>,
}

/// What happened to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It is new.
    Created,
    /// It is gone.
    Deleted,
    /// Its content or mode changed.
    Modified,
    /// It was at another path.
    Renamed {
        /// The path before.
        from: Vec<u8>,
    },
    /// It was made from another file, which stays.
    Copied {
        /// The path of the other file.
        from: Vec<u8>,
    },
}

/// Why a patch was not applied. The tree is as it was.
#[derive(Debug)]
pub enum Failure<E> {
    /// What is wrong with the patch: all of it.
    Problems(Vec<PatchProblem>),
    /// The tree could not be read.
    Tree(E),
}
