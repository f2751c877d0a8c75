// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! How `tough` gets at metadata.
//!
//! It takes every error on the next root for the end of the chain of roots. So the channel gives it an
//! error at once only for an object that is not there, and every other one as the content of the object,
//! which it must hand on.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use tough::schema::{Root, Signed};
use tough::{Transport, TransportError, TransportErrorKind, TransportStream};
use url::Url;

use super::fault::{Fault, Kind};
use super::metadata::{LARGEST_ROOT, LARGEST_SNAPSHOT, LARGEST_TARGETS, LARGEST_TIMESTAMP};
use super::web::Web;
use super::{keys, metadata};
use crate::model::{Problem, Sha256};

/// How much metadata is read in one run.
const MOST_METADATA: u64 = 64 << 20;

/// One address's metadata.
#[derive(Debug, Clone)]
pub(super) struct Channel(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    web: Arc<Web>,
    /// Files that an earlier run has verified, by name. They are verified again all the same.
    held: HashMap<String, Bytes>,
    passed: Mutex<Passed>,
}

/// What came through.
#[derive(Debug, Default)]
pub(super) struct Passed {
    /// Whether a file of an earlier run was taken.
    pub(super) used_held: bool,
    /// How many bytes came from the address.
    pub(super) moved: u64,
    /// The digests of the roots, by version.
    pub(super) roots: BTreeMap<u64, Sha256>,
    /// The bytes of the last timestamp, snapshot and targets role.
    pub(super) timestamp: Bytes,
    pub(super) snapshot: Bytes,
    pub(super) targets: Bytes,
    /// The fault that was handed on, with the file that it was on.
    pub(super) fault: Option<(String, Fault)>,
    /// What is against the keys of a root that came.
    pub(super) keys: Option<Problem>,
    /// The version of the first root that was not there.
    pub(super) missing_root: Option<u64>,
}

impl Channel {
    pub(super) fn new(web: Arc<Web>, held: HashMap<String, Bytes>) -> Self {
        Self(Arc::new(Shared { web, held, passed: Mutex::default() }))
    }

    pub(super) fn passed(&self) -> MutexGuard<'_, Passed> {
        self.0.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read(&self, name: &str, url: &Url) -> Result<Bytes, Fault> {
        let bytes = match self.0.held.get(name) {
            Some(held) => {
                self.passed().used_held = true;
                held.clone()
            }
            None => {
                let left = MOST_METADATA.saturating_sub(self.passed().moved);
                let bytes = self.0.web.read(url, most(name).min(left)).await?;
                self.passed().moved += bytes.len() as u64;
                Bytes::from(bytes)
            }
        };
        match role(name) {
            ("root", Some(version)) => {
                let root: Option<Signed<Root>> = metadata::read(&bytes).ok();
                if let Some(problem) = root.and_then(|root| keys::problem(&root.signed)) {
                    self.passed().keys = Some(problem);
                    return Err(Fault::refused("its keys are not to be counted on"));
                }
                self.passed().roots.insert(version, Sha256::of(&bytes));
            }
            ("timestamp", _) => self.passed().timestamp = bytes.clone(),
            ("snapshot", _) => self.passed().snapshot = bytes.clone(),
            ("targets", _) => self.passed().targets = bytes.clone(),
            _ => {}
        }
        Ok(bytes)
    }
}

#[async_trait]
impl Transport for Channel {
    async fn fetch(&self, url: Url) -> Result<TransportStream, TransportError> {
        let name = url.path().rsplit('/').next().unwrap_or_default().to_owned();
        let fault = match self.read(&name, &url).await {
            Ok(bytes) => return Ok(Box::pin(futures::stream::iter([Ok(bytes)]))),
            Err(fault) => fault,
        };
        // The next root mostly is not there. S3 says 403 of it to readers who may not list; to hide a root
        // a server could as well say 404, so no more is lost than that.
        if fault.kind == Kind::Missing || fault.kind == Kind::Forbidden && role(&name).0 == "root" {
            let error = TransportError::new(TransportErrorKind::FileNotFound, url.as_str());
            match role(&name) {
                ("root", version) => self.passed().missing_root = version,
                _ => self.passed().fault = Some((name, fault)),
            }
            return Err(error);
        }
        let error = TransportError::new_with_cause(TransportErrorKind::Other, url.as_str(), fault.clone());
        self.passed().fault = Some((name, fault));
        Ok(Box::pin(futures::stream::iter([Err(error)])))
    }
}

/// The role of `7.targets.json`, and its version.
fn role(name: &str) -> (&str, Option<u64>) {
    let stem = name.strip_suffix(".json").unwrap_or(name);
    match stem.split_once('.') {
        Some((version, role)) => (role, version.parse().ok()),
        None => (stem, None),
    }
}

fn most(name: &str) -> u64 {
    match role(name).0 {
        "root" => LARGEST_ROOT,
        "timestamp" => LARGEST_TIMESTAMP,
        "snapshot" => LARGEST_SNAPSHOT,
        _ => LARGEST_TARGETS,
    }
}
