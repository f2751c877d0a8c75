// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The root that a user pins: all trust in a repository begins with it.

use std::path::Path;

use tough::schema::{Root, Signed};

use super::fault::{Fault, Kind};
use super::metadata::LARGEST_ROOT;
use super::pace::Pace;
use super::web::{self, Web};
use super::{Address, keys};
use crate::model::{Class, Failure, Problem, Sha256};
use crate::release::plain;
use crate::repository::layout;

/// A root that somebody vouches for who is not the repository.
#[derive(Debug, Clone)]
pub struct Pin {
    pub(super) bytes: Vec<u8>,
    pub(super) root: Signed<Root>,
    /// The digest of its bytes.
    pub sha256: Sha256,
}

impl Pin {
    /// Takes the bytes of a root; `name` says where they are from.
    ///
    /// # Errors
    /// They are no root, or one that its own keys did not sign.
    pub fn new(bytes: Vec<u8>, name: &str) -> Result<Self, Failure> {
        let wrong = |why: &dyn std::fmt::Display| {
            Failure::new(
                Class::Verification,
                Problem::new(format!("`{name}` is no root of a repository"))
                    .note(why.to_string())
                    .help("it is the file `root.json` or `metadata/N.root.json` of a repository: take it from who vouches for it"),
            )
        };
        let root: Signed<Root> = serde_json::from_slice(&bytes).map_err(|error| wrong(&error))?;
        if let Some(problem) = keys::problem(&root.signed) {
            let problem = problem.note(format!("it is `{name}`"));
            return Err(Failure::new(Class::Verification, problem.help(keys::TELL)));
        }
        root.signed.verify_role(&root).map_err(|error| wrong(&error))?;
        Ok(Self { sha256: Sha256::of(&bytes), bytes, root })
    }

    /// Reads a root from a file.
    ///
    /// # Errors
    /// It cannot be read, or is no root.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let bytes =
            plain::read(path, LARGEST_ROOT).map_err(|error| Failure::io("read the root", path, &error))?;
        Self::new(bytes, &path.display().to_string())
    }

    /// Fetches the root with this digest: the first of the repository, or its newest.
    ///
    /// # Errors
    /// The repository cannot be reached, or neither has that digest.
    pub fn fetch(address: &Address, sha256: &Sha256, pace: Pace) -> Result<(Self, String), Failure> {
        let web = Web::new(pace);
        let runtime = web::runtime()?;
        let mut notes = vec![format!("you gave                     {sha256}")];
        let mut faults: Vec<Fault> = Vec::new();
        for path in [layout::role(1, "root"), layout::ROOT.to_owned()] {
            let Some(url) = address.of(&path) else { continue };
            match runtime.block_on(web.read(&url, LARGEST_ROOT)) {
                Ok(bytes) if Sha256::of(&bytes) == *sha256 => {
                    return Self::new(bytes, &path).map(|pin| (pin, path));
                }
                Ok(bytes) => notes.push(format!("{path:<20} has    {}", Sha256::of(&bytes))),
                Err(fault) => {
                    notes.push(format!("{path}: {fault}"));
                    faults.push(fault);
                }
            }
        }
        // What could not be read may have that digest.
        let is_away = faults.iter().any(|fault| fault.kind != Kind::Missing);
        let (class, title) = if is_away {
            (Class::Source, format!("cannot fetch the root of {address}"))
        } else if faults.len() == 2 {
            (Class::Source, format!("there is no repository at {address}"))
        } else {
            (Class::Verification, format!("no root of {address} has the fingerprint that you gave"))
        };
        let mut problem = Problem::new(title);
        problem.notes = if faults.len() == 2 { notes.split_off(1) } else { notes };
        problem.help = Some(match class {
            _ if is_away => "look at the address, and try again later".to_owned(),
            Class::Source => "look at the address; it is the one that has `metadata/` below it".to_owned(),
            _ => "a fingerprint is the sha256 of the root's file; ask who vouches for the repository, not its server".to_owned(),
        });
        Err(Failure::new(class, problem))
    }

    /// The root's file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.root.signed.version.get()
    }
}
