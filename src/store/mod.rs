// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Where the objects of a repository are: a directory or an S3 bucket.
//!
//! Objects are created once and never change, but for the few that are replaced under the condition
//! that nobody else was faster: [`Store::replace`] names what it expects to find. On S3 these are the
//! conditional writes of the protocol, `If-None-Match` and `If-Match`
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>). In a directory they
//! are a lock of our own and `rename`, because the local backend of `object_store` has no conditional
//! update and does not sync what it writes.

#![allow(clippy::disallowed_methods, reason = "the files of a repository are read and written here")]

mod aside;
mod bucket;
mod directory;
mod extent;
mod fault;
mod payload;
mod place;
mod probe;
mod settings;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::model::{Failure, Sha256};
use bucket::Bucket;
use directory::Directory;
use place::Place;

pub use extent::Extent;

/// The objects of a repository. Paths are relative and have `/`.
#[derive(Debug, Clone)]
pub struct Store {
    kind: Arc<Kind>,
}

#[derive(Debug)]
enum Kind {
    Directory(Directory),
    Bucket(Bucket),
}

/// The settings of an S3 client by the names of their environment variables: `AWS_REGION`,
/// `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID` and the like.
pub type Settings = BTreeMap<String, String>;

/// What an object was when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp(What);

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// The bytes, in a directory.
    Digest(Sha256),
    /// The entity tag of a bucket's object.
    Tag(String),
}

/// How a write ended that never replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// The object is new.
    New,
    /// It was there with the same bytes.
    Same,
    /// It was there with other bytes, of this digest, and stays as it was.
    Other(Sha256),
}

/// How a write ended that replaces what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// The object has the new bytes.
    Done,
    /// Somebody was faster; the object is theirs.
    Changed,
}

impl Store {
    /// The store at a folder, `file:///folder` or `s3://bucket/prefix`. Nothing is read or made yet.
    ///
    /// # Errors
    /// The address is none of these, or the settings of the S3 client are not usable.
    pub fn open(at: &str, settings: &Settings) -> Result<Self, Failure> {
        let kind = match place::parse(at)? {
            Place::Folder(folder) => Kind::Directory(Directory::new(folder)),
            Place::Bucket { bucket, prefix } => Kind::Bucket(Bucket::new(&bucket, &prefix, settings)?),
        };
        Ok(Self { kind: Arc::new(kind) })
    }

    /// The store's address, for people.
    #[must_use]
    pub fn at(&self) -> String {
        match &*self.kind {
            Kind::Directory(directory) => directory.root().display().to_string(),
            Kind::Bucket(bucket) => bucket.at().to_owned(),
        }
    }

    /// The folder, where it is one.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match &*self.kind {
            Kind::Directory(directory) => Some(directory.root()),
            Kind::Bucket(_) => None,
        }
    }

    /// Reads an object of at most `most` bytes; `None` where there is none.
    ///
    /// # Errors
    /// It cannot be read, or is larger.
    pub fn read(&self, path: &str, most: u64) -> Result<Option<(Vec<u8>, Stamp)>, Failure> {
        place::check(path)?;
        match &*self.kind {
            Kind::Directory(directory) => directory.read(path, most),
            Kind::Bucket(bucket) => bucket.read(path, most),
        }
    }

    /// Reads an object through and measures it; `None` where there is none. It may have any size.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn measure(&self, path: &str, moved: &(dyn Fn(u64) + Sync)) -> Result<Option<Extent>, Failure> {
        place::check(path)?;
        match &*self.kind {
            Kind::Directory(directory) => directory.measure(path, moved),
            Kind::Bucket(bucket) => bucket.measure(path, moved),
        }
    }

    /// Writes an object that must not be there with other bytes.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn create(&self, path: &str, bytes: &[u8]) -> Result<Created, Failure> {
        place::check(path)?;
        match &*self.kind {
            Kind::Directory(directory) => directory.create(path, bytes),
            Kind::Bucket(bucket) => bucket.create(path, bytes),
        }
    }

    /// Gives an object new bytes if it still is what it `was`; `None` says that there was none.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn replace(&self, path: &str, bytes: &[u8], was: Option<&Stamp>) -> Result<Replaced, Failure> {
        place::check(path)?;
        match &*self.kind {
            Kind::Directory(directory) => directory.replace(path, bytes, was),
            Kind::Bucket(bucket) => bucket.replace(path, bytes, was),
        }
    }

    /// Writes a file of this extent as an object that must not be there with other bytes. `moved` is told
    /// how many bytes went over since it was told last.
    ///
    /// # Errors
    /// The file cannot be read or is another, or the object cannot be written.
    pub fn upload(
        &self,
        path: &str,
        file: &Path,
        extent: Extent,
        moved: &(dyn Fn(u64) + Sync),
    ) -> Result<Created, Failure> {
        place::check(path)?;
        match &*self.kind {
            Kind::Directory(directory) => directory.upload(path, file, extent, moved),
            Kind::Bucket(bucket) => bucket.upload(path, file, extent, moved),
        }
    }

    /// Removes an object that is made anew from others; whether it was there.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(&self, path: &str) -> Result<bool, Failure> {
        place::check(path)?;
        match &*self.kind {
            Kind::Directory(directory) => directory.remove(path),
            Kind::Bucket(bucket) => bucket.remove(path),
        }
    }

    /// The paths and lengths of all objects below a folder, `""` for all, sorted.
    ///
    /// # Errors
    /// They cannot be listed.
    pub fn list(&self, below: &str) -> Result<Vec<(String, u64)>, Failure> {
        if !below.is_empty() {
            place::check(below)?;
        }
        let mut found = match &*self.kind {
            Kind::Directory(directory) => directory.list(below)?,
            Kind::Bucket(bucket) => bucket.list(below)?,
        };
        found.sort();
        Ok(found)
    }

    /// Tries whether the store keeps the conditions of writes when several come at once. A directory
    /// does, by our own lock.
    ///
    /// # Errors
    /// It does not, so publishers would overwrite each other's; or it cannot be written to.
    pub fn probe(&self) -> Result<(), Failure> {
        match &*self.kind {
            Kind::Directory(_) => Ok(()),
            Kind::Bucket(bucket) => probe::probe(bucket),
        }
    }
}

#[cfg(test)]
mod tests;
