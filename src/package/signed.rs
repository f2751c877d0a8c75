// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The signatures beside a release, held against the certificate that the packager gives, before
//! anything is packaged. What they say of each other is as in `verify --keys`: a stranger's signature is
//! no fault where the certificate's own vouches, but a package never carries one that was not found good.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::Digest as _;

use super::input::Input;
use super::key::Key;
use super::trust::{Trust, Vouched};
use crate::archive::read::Digested;
use crate::manifest::Format;
use crate::model::{Class, Failure, Problem, Sha256, SourceDate};
use crate::record::Sums;
use crate::sign::Decoded;
use crate::signature::{self, Checked, Circumstances, Content, FILE_NAMESPACE, Kind};

/// What a signature file is over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    Tarball,
    Tar,
    Sums,
}

/// A signature file beside the tarball.
struct Standing {
    file: String,
    over: Over,
    bytes: Vec<u8>,
}

fn names_of(found: Vec<Standing>) -> Vec<String> {
    found.into_iter().map(|one| one.file).collect()
}

impl Input {
    /// Judges the OpenPGP signatures beside the tarball: over it, over the tar inside it, and over the
    /// checksums. SSH signatures are for `verify`, since no packaging checks them later; where they are alone
    /// the packager must say that they are left out. Nothing where nobody signed and nobody says so, or where
    /// they are not to be looked at.
    ///
    /// # Errors
    /// A signature is not good, is by another key alone, is missing, or cannot be checked for want of
    /// the certificate.
    pub(super) fn judge_signatures(&self, trust: Trust<'_>) -> Result<Option<Vouched>, Failure> {
        let (key, now) = match trust {
            Trust::Unchecked => return Ok(None),
            Trust::Unsaid => {
                let there = [Kind::Openpgp, Kind::Ssh].map(|kind| self.signatures(kind));
                let [openpgp, ssh] = there.map(|found| found.map(names_of));
                return match (openpgp?, ssh?) {
                    (openpgp, _) if !openpgp.is_empty() => Err(unchecked(&self.title(), &openpgp)),
                    (_, ssh) if !ssh.is_empty() => Err(ssh_alone(&self.title(), &ssh)),
                    _ => Ok(None),
                };
            }
            Trust::Key(key, now) => (key, now),
        };
        self.judge(self.signatures(Kind::Openpgp)?, key, now).map(Some)
    }

    /// Whether a signature of any kind stands beside the tarball.
    ///
    /// # Errors
    /// One cannot be read.
    pub(super) fn has_signature(&self) -> Result<bool, Failure> {
        Ok(!self.signatures(Kind::Openpgp)?.is_empty() || !self.signatures(Kind::Ssh)?.is_empty())
    }

    /// The signatures of a kind that stand beside the tarball.
    fn signatures(&self, kind: Kind) -> Result<Vec<Standing>, Failure> {
        let names = self.names();
        let tarball = &self.tarball.name;
        let tar = names.artifact(Format::Tar);
        let mut wanted = vec![(names.signature(tarball, kind), Over::Tarball)];
        if *tarball != tar {
            wanted.push((names.signature(&tar, kind), Over::Tar));
        }
        wanted.push((names.signature(&names.sums(), kind), Over::Sums));
        let mut found = Vec::new();
        for (file, over) in wanted {
            found.extend(self.beside(&file)?.map(|bytes| Standing { file, over, bytes }));
        }
        Ok(found)
    }

    fn judge(&self, found: Vec<Standing>, key: &Key, now: SourceDate) -> Result<Vouched, Failure> {
        let mut vouched = Vouched { signature: None, by: Vec::new() };
        let mut vouches = false;
        let mut problems = Vec::new();
        let mut strangers = Vec::new();
        for Standing { file, over, bytes } in found {
            let checked = self.check(over, &bytes, key, now)?;
            if checked.has_no_fault()
                && let Some(good) = checked.good.first()
            {
                vouched.by.push(format!("{file}: {good}"));
                vouches |= over != Over::Sums || self.is_in_sums();
                if over == Over::Tarball {
                    vouched.signature = Some(bytes);
                }
                continue;
            }
            if checked.has_no_fault() && over != Over::Tarball {
                strangers.extend(checked.refused.iter().map(|refusal| format!("{file}: {}", refusal.text)));
                continue;
            }
            problems.push(checked.problem(&file));
        }
        if problems.is_empty() && !vouches {
            let title = format!("nobody vouches for `{}`", self.tarball.name);
            let problem = key.describe().into_iter().fold(Problem::new(title), |problem, key| {
                problem.note(format!("no signature is there by {key}"))
            });
            let problem = strangers.into_iter().fold(problem, Problem::note);
            problems.push(problem.help(
                "fetch the signatures that were published with the release; without `--signing-key` an \
                 unsigned release is packaged as one",
            ));
        }
        if problems.is_empty() { Ok(vouched) } else { Err(Failure { class: Class::Verification, problems }) }
    }

    fn check(&self, over: Over, bytes: &[u8], key: &Key, now: SourceDate) -> Result<Checked, Failure> {
        let circumstances = Circumstances { now, dated: None, namespace: FILE_NAMESPACE };
        let path = self.tarball.path.clone();
        let unreadable = |error: io::Error| Failure::io("read", &path, &error);
        match over {
            Over::Tarball => {
                let content = Pinned { path: path.clone(), decode: Format::Tar, sum: self.tarball.sum };
                signature::check(&content, bytes, key.keys(), circumstances).map_err(unreadable)
            }
            Over::Tar => {
                let content = Pinned { path: path.clone(), decode: self.tarball.format, sum: self.identity };
                signature::check(&content, bytes, key.keys(), circumstances).map_err(unreadable)
            }
            Over::Sums => {
                let name = self.names().sums();
                let sums = self.beside(&name)?.unwrap_or_default();
                // The very sums that the tarball was held against.
                let parsed = Sums::parse(&String::from_utf8_lossy(&sums)).ok();
                if parsed.as_ref() != self.sums() {
                    let problem = Problem::new(format!("`{name}` changed while the release was read"));
                    let problem = problem.help("run again when nothing writes to it");
                    return Err(Failure::new(Class::Verification, problem));
                }
                signature::check(sums.as_slice(), bytes, key.keys(), circumstances).map_err(unreadable)
            }
        }
    }

    fn is_in_sums(&self) -> bool {
        self.sums().is_some_and(|sums| sums.0.contains_key(&self.tarball.name))
    }
}

fn unchecked(title: &str, files: &[String]) -> Failure {
    let problem = Problem::new(format!("{title} is signed, and there is no certificate to check that with"))
        .note(format!("there: {}", files.join(", ")))
        .help(
            "give the signer's certificate: `--signing-key FILE`; or leave the signatures out, unchecked: \
             `--ignore-signatures`",
        );
    Failure::new(Class::Usage, problem)
}

fn ssh_alone(title: &str, files: &[String]) -> Failure {
    let problem = Problem::new(format!("{title} is signed with SSH alone, which no package can carry"))
        .note(format!("there: {}", files.join(", ")))
        .help(
            "check them yourself: `lustre-dist verify RELEASE --keys KEYS`; then leave them out: \
             `--ignore-signatures`",
        );
    Failure::new(Class::Usage, problem)
}

/// A file that is still the one that was read before, or cannot be read.
struct Pinned {
    path: PathBuf,
    /// What is inside: `Tar` for the file as it stands.
    decode: Format,
    sum: Digested,
}

impl Content for Pinned {
    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(Held::open(&self.path, self.decode, self.sum)?))
    }
}

struct Held {
    inner: Decoded,
    hasher: sha2::Sha256,
    size: u64,
    sum: Digested,
}

impl Held {
    fn open(path: &Path, decode: Format, sum: Digested) -> io::Result<Self> {
        let inner = Decoded::open(path, decode)?;
        Ok(Self { inner, hasher: sha2::Sha256::new(), size: 0, sum })
    }
}

impl Read for Held {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        self.size += read as u64;
        let ended = read == 0 && !buffer.is_empty();
        let found = || Sha256(self.hasher.clone().finalize().into());
        if ended && (self.size, found()) != (self.sum.size, self.sum.sha256) {
            return Err(io::Error::other("it changed while it was packaged"));
        }
        Ok(read)
    }
}
