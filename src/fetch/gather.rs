// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The files of a release on their way: into the cache first, then all of them under their names.

use std::path::Path;

use super::address::Address;
use super::brought::{Brought, How, Vouched};
use super::download::{Item, Objects};
use super::place::{From, Ready, Stand, place};
use crate::model::{Class, Failure, Problem, Sha256};
use crate::record::{Description, Names, Sums};
use crate::release::Aside;
use crate::release::plain::{LARGEST_SUMS, LARGEST_TABLE};
use crate::repository::{Listed, layout};
use crate::signature::Kind;

/// A signature with many signers has some kilobytes, and so has a signed statement.
const LARGEST_UNVOUCHED: u64 = 1 << 20;

/// Files on their way.
pub(super) struct Gather<'a, 'w> {
    objects: &'a Objects<'w>,
    listed: &'a Listed,
    names: &'a Names,
    stand: Stand<'a>,
    ready: Vec<Ready>,
    stood: Vec<Brought>,
    /// Files that nobody vouches for: names, and how they begin.
    unvouched: Vec<(String, &'static [u8])>,
}

impl<'a, 'w> Gather<'a, 'w> {
    pub(super) fn new(objects: &'a Objects<'w>, listed: &'a Listed, names: &'a Names, out: &'a Path) -> Self {
        let stand = Stand { out, problems: Vec::new() };
        Self { objects, listed, names, stand, ready: Vec::new(), stood: Vec::new(), unvouched: Vec::new() }
    }
}

impl Gather<'_, '_> {
    fn path(&self, name: &str) -> String {
        layout::file(self.listed.entry.line.as_deref(), name)
    }

    /// Takes bytes that are here.
    pub(super) fn bytes(&mut self, name: String, bytes: Vec<u8>, how: How, vouched: Vouched) {
        let (size, sha256) = (bytes.len() as u64, Sha256::of(&bytes));
        if self.stand.has(&name, &sha256) {
            self.stands(name, size, sha256, vouched);
        } else {
            self.ready.push(Ready { name, size, sha256, from: From::Bytes(bytes), how, vouched });
        }
    }

    fn stands(&mut self, name: String, size: u64, sha256: Sha256, vouched: Vouched) {
        let path = self.stand.out.join(&name);
        self.stood.push(Brought { file: name, path, size, sha256, how: How::Stood, vouched });
    }

    /// Brings an object into the cache.
    pub(super) fn object(
        &mut self,
        name: &str,
        sha256: Sha256,
        length: Option<u64>,
        most: u64,
        vouched: Vouched,
    ) -> Result<(), Failure> {
        if self.stand.has(name, &sha256) {
            let size = std::fs::metadata(self.stand.out.join(name)).map_or(0, |metadata| metadata.len());
            self.stands(name.to_owned(), size, sha256, vouched);
            return Ok(());
        }
        if !self.stand.problems.is_empty() {
            // There is no use in fetching what will not get its name.
            return Ok(());
        }
        let path = self.path(name);
        let got = self.objects.bring(&Item { file: name, path: &path, sha256, length, most })?;
        let size = got.file.metadata().map_err(|error| Failure::io("read", name.as_ref(), &error))?.len();
        let (name, how) = (name.to_owned(), got.how.clone());
        self.ready.push(Ready { name, size, sha256, from: From::Object { path, length, got }, how, vouched });
        Ok(())
    }

    /// The checksums, and what they alone vouch for.
    pub(super) fn sums(&mut self, description: &Description, records: bool) -> Result<(), Failure> {
        let name = self.names.sums();
        let path = self.path(&name);
        let objects = self.objects;
        let (got, vouched) = match self.listed.entry.sums {
            Some(sha256) => {
                let item = Item { file: &name, path: &path, sha256, length: None, most: LARGEST_SUMS };
                (Some(objects.read(&item)?), Vouched::Metadata)
            }
            None if objects.is_offline() => (None, Vouched::Agreement),
            None => {
                let mut read = objects.read_unvouched(&[path], LARGEST_SUMS);
                let got = read.remove(0).map(|(bytes, from)| {
                    let how = loose(from, &bytes);
                    (bytes, how)
                });
                (got, Vouched::Agreement)
            }
        };
        let Some((bytes, how)) = got else {
            return if records { Err(without_sums(&name)) } else { Ok(()) };
        };
        let sums = agree(&bytes, self.listed, description, self.names).map_err(|why| {
            let problem = Problem::new(format!("`{name}` does not say what the release's description says"));
            Failure::new(Class::Verification, problem.note(why).help("try another mirror with `--from`"))
        })?;
        self.bytes(name.clone(), bytes, how, vouched);
        self.signatures(&name);
        if !records {
            return Ok(());
        }
        let known = [self.names.origins(), self.names.sbom(), self.names.provenance(), self.names.changes()];
        for file in known {
            if let Some(sha256) = sums.0.get(&file) {
                self.object(&file, *sha256, None, LARGEST_TABLE, Vouched::Sums)?;
                self.signatures(&file);
            }
        }
        self.unvouched.push((self.names.envelope(), b"{"));
        Ok(())
    }

    /// Notes the signatures over a file.
    pub(super) fn signatures(&mut self, file: &str) {
        for (kind, head) in [
            (Kind::Openpgp, &b"-----BEGIN PGP SIGNATURE-----"[..]),
            (Kind::Ssh, &b"-----BEGIN SSH SIGNATURE-----"[..]),
        ] {
            self.unvouched.push((self.names.signature(file, kind), head));
        }
    }

    /// Reads the files that vouch for themselves, as far as they are there and look like what they are.
    pub(super) fn unvouched(&mut self) {
        let mut wanted = std::mem::take(&mut self.unvouched);
        wanted.sort();
        wanted.dedup();
        if self.objects.is_offline() || !self.stand.problems.is_empty() {
            return;
        }
        let paths: Vec<String> = wanted.iter().map(|(name, _)| self.path(name)).collect();
        let read = self.objects.read_unvouched(&paths, LARGEST_UNVOUCHED);
        for ((name, head), read) in wanted.into_iter().zip(read) {
            if let Some((bytes, from)) = read.filter(|(bytes, _)| bytes.starts_with(head)) {
                let how = loose(from, &bytes);
                self.bytes(name, bytes, how, Vouched::Itself);
            }
        }
    }

    /// Gives every file its name.
    pub(super) fn finish(self, title: &str) -> Result<Vec<Brought>, Failure> {
        let Self { objects, stand, mut ready, stood, names, .. } = self;
        if !stand.problems.is_empty() {
            return Err(Failure { class: Class::Environment, problems: stand.problems });
        }
        // Who sees the tarball finds the rest beside it.
        ready.sort_by_key(|one| (names.artifact_format(&one.name).is_some(), one.name.clone()));
        let mut brought = stood;
        let target = stand.out.join(title);
        if ready.is_empty() {
            Aside::sweep(&target);
        } else {
            let aside = Aside::create(&target)?;
            for one in &mut ready {
                place(objects, &aside, one)?;
            }
            let order: Vec<&str> = ready.iter().map(|one| one.name.as_str()).collect();
            aside.scatter(&order)?;
        }
        brought.extend(ready.into_iter().map(|Ready { name, size, sha256, how, vouched, .. }| Brought {
            path: stand.out.join(&name),
            file: name,
            size,
            sha256,
            how,
            vouched,
        }));
        brought.sort_by_key(|one| (names.artifact_format(&one.file).is_none(), one.file.clone()));
        Ok(brought)
    }
}

fn loose(from: &Address, bytes: &[u8]) -> How {
    How::Downloaded { from: from.to_string(), resumed: 0, length: bytes.len() as u64, seconds: 0.0 }
}

fn without_sums(name: &str) -> Failure {
    let problem = Problem::new(format!("cannot fetch `{name}`"))
        .note("the records of the release are named there with their digests")
        .help("leave `--all` away to get what the description vouches for, or try another mirror");
    Failure::new(Class::Source, problem)
}

/// Checksums that say the same as the description of the files that both know.
fn agree(bytes: &[u8], listed: &Listed, description: &Description, names: &Names) -> Result<Sums, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not text".to_owned())?;
    let sums = Sums::parse(text).map_err(|fault| fault.to_string())?;
    let known = description.artifacts.iter().map(|one| (one.file.clone(), one.sha256));
    for (file, sha256) in known.chain([(names.description(), listed.sha256)]) {
        match sums.0.get(&file) {
            Some(there) if *there == sha256 => {}
            Some(there) => return Err(format!("it gives {there} for `{file}`, and {sha256} is vouched for")),
            None => return Err(format!("it lacks `{file}`")),
        }
    }
    Ok(sums)
}
