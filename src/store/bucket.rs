// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Objects in an S3 bucket.
//!
//! A write that was answered with an error may have happened: the answer to a retry is then about our own
//! object. So every write that ends in a conflict reads what is there, and goes by the bytes.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use object_store::aws::AmazonS3;
use object_store::{
    Attribute, Attributes, Error, GetResult, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions,
    PutPayload, UpdateVersion, path,
};
use sha2::Digest as _;
use tokio::runtime::Runtime;

use super::fault::{self, Doing};
use super::{Created, Extent, Replaced, Settings, Stamp, What, payload, settings};
use crate::model::{Class, Failure, Problem, Sha256};

/// How often a write is tried whose outcome is not known, or that met another at the same time; each
/// try retries errors of the server by itself.
const TRIES: u32 = 6;
/// One request puts at most this many bytes (S3's limit for one PUT).
const LARGEST: u64 = 5 << 30;
/// How long a small request may take, and one that moves a tarball.
const PATIENCE: Duration = Duration::from_secs(60);
const PATIENCE_FOR_DATA: Duration = Duration::from_secs(3600);

#[derive(Debug)]
pub(super) struct Bucket {
    runtime: Runtime,
    objects: AmazonS3,
    /// The same for what takes long.
    data: AmazonS3,
    prefix: String,
    at: String,
}

impl Bucket {
    pub(super) fn new(bucket: &str, prefix: &str, settings: &Settings) -> Result<Self, Failure> {
        let at = if prefix.is_empty() { format!("s3://{bucket}") } else { format!("s3://{bucket}/{prefix}") };
        let client = |patience| settings::client(bucket, settings, patience, &at);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| fault::io(Doing::Read, Path::new(&at), &error))?;
        let (objects, data) = (client(PATIENCE)?, client(PATIENCE_FOR_DATA)?);
        Ok(Self { runtime, objects, data, prefix: prefix.to_owned(), at })
    }

    pub(super) fn at(&self) -> &str {
        &self.at
    }

    fn key(&self, path: &str) -> path::Path {
        let parts = self.prefix.split('/').chain(path.split('/')).filter(|part| !part.is_empty());
        parts.collect()
    }

    fn name(&self, path: &str) -> String {
        format!("{}/{path}", self.at)
    }

    pub(super) fn read(&self, path: &str, most: u64) -> Result<Option<(Vec<u8>, Stamp)>, Failure> {
        self.runtime.block_on(self.get(path, most))
    }

    async fn get(&self, path: &str, most: u64) -> Result<Option<(Vec<u8>, Stamp)>, Failure> {
        let fault = |error| fault::s3(Doing::Read, &self.name(path), &error);
        let Some(found) = self.found(path, self.objects.get(&self.key(path)).await)? else { return Ok(None) };
        let Some(tag) = found.meta.e_tag.clone() else {
            return Err(self.unsuited("an object has no ETag, so that nothing can be replaced safely"));
        };
        let mut bytes = Vec::new();
        let mut pieces = found.into_stream();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(fault)?;
            if (bytes.len() + piece.len()) as u64 > most {
                return Err(fault::too_large(&self.name(path), most));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(Some((bytes, Stamp(What::Tag(tag)))))
    }

    /// Tells an object that is not there from a bucket that is not.
    fn found(&self, path: &str, got: object_store::Result<GetResult>) -> Result<Option<GetResult>, Failure> {
        match got {
            Ok(found) => Ok(Some(found)),
            Err(error @ Error::NotFound { .. }) if says(&error, "NoSuchBucket") => {
                Err(fault::s3(Doing::Read, &self.at, &error))
            }
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(fault::s3(Doing::Read, &self.name(path), &error)),
        }
    }

    pub(super) fn measure(&self, path: &str, moved: &dyn Fn(u64)) -> Result<Option<Extent>, Failure> {
        self.runtime.block_on(async {
            let Some(found) = self.found(path, self.data.get(&self.key(path)).await)? else {
                return Ok(None);
            };
            let mut pieces = found.into_stream();
            let (mut length, mut hasher) = (0, sha2::Sha256::new());
            while let Some(piece) = pieces.next().await {
                let piece = piece.map_err(|error| fault::s3(Doing::Read, &self.name(path), &error))?;
                hasher.update(&piece);
                length += piece.len() as u64;
                moved(piece.len() as u64);
            }
            Ok(Some(Extent { length, sha256: Sha256(hasher.finalize().into()) }))
        })
    }

    pub(super) fn create(&self, path: &str, bytes: &[u8]) -> Result<Created, Failure> {
        self.create_as(path, bytes, Stays::Forever)
    }

    fn create_as(&self, path: &str, bytes: &[u8], stays: Stays) -> Result<Created, Failure> {
        let extent = Extent { length: bytes.len() as u64, sha256: Sha256::of(bytes) };
        self.put_new(&self.objects, path, Bytes::copy_from_slice(bytes).into(), extent, stays)
    }

    pub(super) fn upload(
        &self,
        path: &str,
        file: &Path,
        extent: Extent,
        moved: &dyn Fn(u64),
    ) -> Result<Created, Failure> {
        if extent.length > LARGEST {
            let problem = Problem::new(format!("`{}` is too large for one S3 request", file.display()))
                .note(format!("it has {} bytes, and the most is {LARGEST}", extent.length));
            return Err(Failure::new(Class::Environment, problem));
        }
        // What is there is looked at first: a whole tarball is dear to send in vain.
        let head = self.runtime.block_on(self.objects.head(&self.key(path)));
        match head {
            Ok(_) => {
                if let Some(there) = self.measure(path, &|_| ())? {
                    moved(extent.length);
                    return Ok(if there == extent { Created::Same } else { Created::Other(there.sha256) });
                }
            }
            Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(fault::s3(Doing::Read, &self.name(path), &error)),
        }
        let payload = payload::load(file, extent)?;
        let created = self.put_new(&self.data, path, payload, extent, Stays::Forever)?;
        moved(extent.length);
        Ok(created)
    }

    fn put_new(
        &self,
        client: &AmazonS3,
        path: &str,
        payload: PutPayload,
        extent: Extent,
        stays: Stays,
    ) -> Result<Created, Failure> {
        let mut last = None;
        for nth in 0..TRIES {
            self.pause(nth);
            let options = options(path, PutMode::Create, stays);
            match self.runtime.block_on(client.put_opts(&self.key(path), payload.clone(), options)) {
                Ok(_) => return Ok(Created::New),
                Err(error) if is_final(&error) => return Err(self.refused(path, &error)),
                Err(error) => last = Some(error),
            }
            match self.measure(path, &|_| ())? {
                Some(there) if there == extent => return Ok(Created::Same),
                Some(there) => return Ok(Created::Other(there.sha256)),
                // Another write was under way, or the request never arrived.
                None => {}
            }
        }
        Err(self.refused(path, &last.expect("it was tried")))
    }

    pub(super) fn replace(&self, path: &str, bytes: &[u8], was: Option<&Stamp>) -> Result<Replaced, Failure> {
        let tag = match was.map(|stamp| &stamp.0) {
            None => {
                return Ok(match self.create_as(path, bytes, Stays::ForNow)? {
                    Created::New | Created::Same => Replaced::Done,
                    Created::Other(_) => Replaced::Changed,
                });
            }
            Some(What::Tag(tag)) => tag,
            Some(What::Digest(_)) => return Ok(Replaced::Changed),
        };
        let mut last = None;
        for nth in 0..TRIES {
            self.pause(nth);
            let version = UpdateVersion { e_tag: Some(tag.clone()), version: None };
            let options = options(path, PutMode::Update(version), Stays::ForNow);
            let payload = Bytes::copy_from_slice(bytes).into();
            match self.runtime.block_on(self.objects.put_opts(&self.key(path), payload, options)) {
                Ok(_) => return Ok(Replaced::Done),
                Err(error) if is_final(&error) => return Err(self.refused(path, &error)),
                Err(error) => last = Some(error),
            }
            let now = self.read(path, bytes.len().max(1 << 24) as u64)?;
            match now {
                Some((there, _)) if there == bytes => return Ok(Replaced::Done),
                Some((_, Stamp(What::Tag(now)))) if now == *tag => {}
                _ => return Ok(Replaced::Changed),
            }
        }
        Err(self.refused(path, &last.expect("it was tried")))
    }

    pub(super) fn list(&self, below: &str) -> Result<Vec<(String, u64)>, Failure> {
        let root = self.key("");
        self.runtime.block_on(async {
            let below = self.key(below);
            let mut found = Vec::new();
            let mut objects = self.objects.list(Some(&below));
            while let Some(object) = objects.next().await {
                let object = object.map_err(|error| fault::s3(Doing::List, &self.at, &error))?;
                let path = object.location.as_ref().strip_prefix(root.as_ref());
                let path = path.map(|path| path.trim_start_matches('/'));
                if let Some(path) = path.filter(|path| super::place::check(path).is_ok()) {
                    found.push((path.to_owned(), object.size));
                }
            }
            Ok(found)
        })
    }

    pub(super) fn remove(&self, path: &str) -> Result<bool, Failure> {
        let there = match self.runtime.block_on(self.objects.head(&self.key(path))) {
            Ok(_) => self.runtime.block_on(self.objects.delete(&self.key(path))),
            Err(error) => Err(error),
        };
        match there {
            Ok(()) => Ok(true),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(fault::s3(Doing::Write, &self.name(path), &error)),
        }
    }

    /// The store cannot keep a repository.
    pub(super) fn unsuited(&self, why: &str) -> Failure {
        let problem = Problem::new(format!("`{}` cannot keep a repository safely", self.at)).note(why).help(
            "use a store that honours If-None-Match and If-Match when requests come at once, \
                 such as Amazon S3, Cloudflare R2 or MinIO, or a folder",
        );
        Failure::new(Class::Environment, problem)
    }

    fn refused(&self, path: &str, error: &Error) -> Failure {
        if says(error, "NotImplemented") {
            return self.unsuited(&format!("it does not know conditional writes: {error}"));
        }
        fault::s3(Doing::Write, &self.name(path), error)
    }

    fn pause(&self, nth: u32) {
        if nth > 0 {
            self.runtime.block_on(tokio::time::sleep(Duration::from_millis(50 << nth)));
        }
    }
}

/// Whether an object is ever replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stays {
    Forever,
    ForNow,
}

/// What browsers must be told to show a page and its style sheet; a bucket knows no types of files.
const TYPES: [(&str, &str); 6] = [
    (".html", "text/html; charset=utf-8"),
    (".css", "text/css; charset=utf-8"),
    (".js", "text/javascript; charset=utf-8"),
    (".json", "application/json"),
    (".md", "text/plain; charset=utf-8"),
    ("SHA256SUMS", "text/plain; charset=utf-8"),
];

fn options(path: &str, mode: PutMode, stays: Stays) -> PutOptions {
    let mut attributes = Attributes::new();
    if let Some((_, kind)) = TYPES.iter().find(|(ending, _)| path.ends_with(ending)) {
        attributes.insert(Attribute::ContentType, (*kind).into());
    }
    if stays == Stays::ForNow {
        // A cache on the way would show readers an old state.
        attributes.insert(Attribute::CacheControl, "no-cache".into());
    }
    PutOptions { mode, attributes, ..PutOptions::default() }
}

/// Whether trying again would end the same way, and nothing was written.
fn is_final(error: &Error) -> bool {
    match error {
        Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotModified { .. } => false,
        Error::Generic { .. } => says(error, "NotImplemented"),
        _ => true,
    }
}

/// Whether the server's answer has this code; the codes are in the text of the answer alone.
fn says(error: &Error, code: &str) -> bool {
    error.to_string().contains(&format!("<Code>{code}</Code>"))
}
