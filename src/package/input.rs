// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A release that may be packaged.
//!
//! What a package says comes from inside the tarball, where the manifest and the lock are; the records
//! beside it are held against that. So a bare tarball and a release directory give the same package, but for
//! `debian/copyright`, which is made from the bill of materials where that is there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::find::{self, Found, refuse};
use super::inside::Inside;
use super::trust::{Trust, Vouched};
use crate::archive::read::{self, Digested, Kind, Limits};
use crate::line;
use crate::lock::Lock;
use crate::manifest::{self, Format, Manifest};
use crate::model::version::{KernelRange, ReleaseVersion};
use crate::model::{Class, Failure, Problem, Sha256, SourceDate, SourceText};
use crate::plan::RECORDS;
use crate::record::{Names, Sums};
use crate::release::plain;

/// The file that a package holds unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tarball {
    /// Where it is.
    pub path: PathBuf,
    /// Its name, without folders.
    pub name: String,
    /// How it is encoded.
    pub format: Format,
    /// Its length and digest, as it was read.
    pub sum: Digested,
}

/// A release that was read to its end and is fit to be packaged.
#[derive(Debug)]
pub struct Input {
    /// The version.
    pub version: ReleaseVersion,
    /// The manifest that it was made from.
    pub manifest: Manifest,
    /// The lock that it was made from.
    pub lock: Lock,
    /// The tarball that was read.
    pub tarball: Tarball,
    /// The uncompressed tar: the release's identity.
    pub identity: Digested,
    /// The top directory: `lustre-2.17.57`.
    pub top: String,
    /// Every member below the top directory, by path.
    pub members: BTreeMap<String, Kind>,
    folder: PathBuf,
    names: Names,
    sums: Option<Sums>,
    contents: BTreeMap<String, Vec<u8>>,
    vouched: Option<Vouched>,
}

impl Input {
    /// Reads the release at `path`, a directory or a tarball, from the first of `formats` that is
    /// there.
    ///
    /// # Errors
    /// There is no such release or format; the tarball is not of our dialect, or not the file that
    /// its records describe; it is partial, unbuildable or a development version.
    pub fn read(path: &Path, formats: &[Format]) -> Result<Self, Failure> {
        let found = find::find(path, formats)?;
        let path = found.folder.join(&found.file);
        let file = plain::open(&path).map_err(|error| Failure::io("read", &path, &error))?;
        let mut inside = Inside::default();
        let mut outcome = read::read(file, &found.file, &Limits::default(), &mut inside)?;
        let sum = outcome.file;
        check_file(&found, sum)?;
        let manifest = manifest_of(&inside);
        if let Some(Ok(manifest)) = &manifest {
            let allow = &manifest.allow;
            outcome.allow_clashes(|clash| {
                let globs = if clash.unicode { &allow.unicode_clashes } else { &allow.case_clashes };
                globs.iter().any(|glob| glob.covers(&clash.first) || glob.covers(&clash.second))
            });
        }
        let summary = outcome.accepted(&found.file)?;
        let (Some(manifest), Some(lock)) = (manifest, lock_of(&inside)) else {
            let problem = Problem::new(format!("`{}` is no tarball of this tool", path.display()))
                .note(format!("it has no `{RECORDS}/manifest.toml`, or no `{RECORDS}/manifest.lock`"));
            return Err(refuse(problem.help("package a release that `lustre-dist assemble` made")));
        };
        let (manifest, lock) = (manifest?, lock?);
        let version = ReleaseVersion::parse(&lock.version)
            .map_err(|error| Problem::new(format!("the lock's version cannot be read: {error}")))?;
        let input = Self {
            version,
            manifest,
            lock,
            tarball: Tarball { path, name: found.file.clone(), format: found.format, sum },
            identity: summary.identity,
            top: summary.top,
            members: inside.members,
            contents: inside.contents,
            folder: found.folder.clone(),
            names: found.names.clone(),
            sums: found.sums.clone(),
            vouched: None,
        };
        input.agrees(&found)?;
        input.is_fit()?;
        Ok(input)
    }

    /// The release with its signatures judged. Before that it has none, as far as packages go.
    ///
    /// # Errors
    /// A signature is not good, is by another key alone, is missing, or cannot be checked for want of
    /// the certificate.
    pub fn vouched(mut self, trust: Trust<'_>) -> Result<Self, Failure> {
        self.vouched = self.judge_signatures(trust)?;
        Ok(self)
    }

    /// The same for a release that only the change log names. One that nobody signed is older than the key, and
    /// passes without a certificate's signature.
    ///
    /// # Errors
    /// As [`vouched`](Self::vouched).
    pub fn vouched_if_signed(self, trust: Trust<'_>) -> Result<Self, Failure> {
        if self.has_signature()? { self.vouched(trust) } else { Ok(self) }
    }

    /// The good signature over the tarball, in its armour, where there is one.
    #[must_use]
    pub fn signature(&self) -> Option<&[u8]> {
        self.vouched.as_ref()?.signature.as_deref()
    }

    /// What the good signatures say, a line each: `NAME.tar.xz.asc: OpenPGP key ...`.
    #[must_use]
    pub fn signed_by(&self) -> &[String] {
        self.vouched.as_ref().map_or(&[], |vouched| &vouched.by)
    }

    /// The release's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.manifest.release.name.as_str()
    }

    /// `NAME-VERSION`.
    #[must_use]
    pub fn title(&self) -> String {
        self.version.tar_name(self.name())
    }

    /// The one date of the release.
    #[must_use]
    pub fn date(&self) -> SourceDate {
        self.lock.source_date
    }

    /// The line that it is of: its manifest's, or without one its version's branch, such as `2.15`.
    #[must_use]
    pub fn line(&self) -> String {
        self.line_id().map_or_else(|| line::of_version(&self.version.base), str::to_owned)
    }

    /// The line that its manifest states.
    #[must_use]
    pub fn line_id(&self) -> Option<&str> {
        self.manifest.line.as_ref().map(|line| line.id.value.as_str())
    }

    /// The kernels that the modules build on, where the release says so.
    #[must_use]
    pub fn supports(&self) -> Option<KernelRange> {
        self.manifest.line.as_ref()?.supports.as_ref().map(|range| range.value)
    }

    /// The content of a small file that packaging looks into; `None` where there is no such file, or
    /// it is not one of those.
    #[must_use]
    pub fn content(&self, path: &str) -> Option<&[u8]> {
        self.contents.get(path).map(Vec::as_slice)
    }

    /// The same as text.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        std::str::from_utf8(self.content(path)?).ok()
    }

    /// The files that were kept, with their content, sorted by path.
    pub fn contents(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.contents.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// A file beside the tarball, named as the tarball or the release and an ending, if it is there.
    ///
    /// # Errors
    /// It cannot be read, or the release's checksums name another.
    pub fn beside(&self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        let path = self.folder.join(name);
        let bytes = match plain::read(&path, plain::LARGEST_TABLE) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::io("read", &path, &error)),
        };
        match self.sums.as_ref().and_then(|sums| sums.0.get(name)) {
            Some(expected) if *expected != Sha256::of(&bytes) => {
                Err(differs(&path, expected, &Sha256::of(&bytes)))
            }
            _ => Ok(Some(bytes)),
        }
    }

    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    pub(super) fn sums(&self) -> Option<&Sums> {
        self.sums.as_ref()
    }

    /// The name of the release's bill of materials, beside the tarball.
    #[must_use]
    pub fn sbom_name(&self) -> String {
        self.names.sbom()
    }

    /// Holds the records beside the tarball against what is inside.
    fn agrees(&self, found: &Found) -> Result<(), Failure> {
        let mut wrong = Vec::new();
        let mut hold = |what: &str, is: String, should: String| {
            if is != should {
                wrong.push(format!("{what}  expected {should}  found {is}"));
            }
        };
        hold("top directory", self.top.clone(), self.title());
        hold("title", self.names.directory().to_owned(), self.title());
        if let Some(description) = &found.description {
            let lock = Sha256::of(self.content(&format!("{RECORDS}/manifest.lock")).unwrap_or_default());
            hold("version", self.lock.version.clone(), description.version.clone());
            hold("lock", lock.to_string(), description.lock.to_string());
            hold("identity", self.identity.sha256.to_string(), description.identity.sha256.to_string());
        }
        if wrong.is_empty() {
            return Ok(());
        }
        let title = format!("`{}` is not the release that it claims to be", self.tarball.path.display());
        let problem = wrong.into_iter().fold(Problem::new(title), Problem::note);
        Err(Failure::new(Class::Verification, problem.help("run `lustre-dist verify` on the release")))
    }

    /// Refuses what must not be packaged, with every reason.
    fn is_fit(&self) -> Result<(), Failure> {
        let mut problems = Vec::new();
        let title = self.title();
        if let Some(left_out) = self.text(&format!("{RECORDS}/left-out")) {
            problems.push(
                Problem::new(format!("{title} is a partial release"))
                    .note(format!("left out: {}", left_out.lines().collect::<Vec<_>>().join(", ")))
                    .help("package a release that was made without `--leave-out`"),
            );
        }
        if !self.manifest.release.buildable {
            let problem = Problem::new(format!("{title} is not a product to build"));
            let note = self.manifest.release.note.as_ref();
            let problem = problem.note("its manifest says `buildable = false`");
            problems.push(match note {
                Some(note) => problem.note(note.value.clone()),
                None => problem,
            });
        }
        if self.lock.development {
            problems.push(
                Problem::new(format!("{title} is a development version"))
                    .note("one of its sources is at no tag")
                    .help("package a release that was made of tags"),
            );
        }
        if self.supports().is_some_and(|range| range.is_empty()) {
            problems.push(
                Problem::new(format!("{title} supports no kernel at all"))
                    .note("`supports` in the `[line]` of its manifest holds no version"),
            );
        }
        if problems.is_empty() { Ok(()) } else { Err(Failure { class: Class::Usage, problems }) }
    }
}

fn manifest_of(inside: &Inside) -> Option<Result<Manifest, Failure>> {
    let name = format!("{RECORDS}/manifest.toml");
    let text = String::from_utf8_lossy(inside.contents.get(&name)?).into_owned();
    Some(manifest::read(SourceText { name, text }, PathBuf::from(RECORDS)).map_err(Failure::manifest))
}

fn lock_of(inside: &Inside) -> Option<Result<Lock, Failure>> {
    let name = format!("{RECORDS}/manifest.lock");
    let text = String::from_utf8_lossy(inside.contents.get(&name)?).into_owned();
    Some(Lock::from_text(Path::new(&name), text))
}

/// Holds the file against the records beside it.
fn check_file(found: &Found, sum: Digested) -> Result<(), Failure> {
    let path = found.folder.join(&found.file);
    let listed = found.description.iter().flat_map(|description| &description.artifacts);
    let expected = listed
        .filter(|artifact| artifact.file == found.file)
        .map(|artifact| artifact.sha256)
        .chain(found.sums.iter().filter_map(|sums| sums.0.get(&found.file).copied()))
        .find(|expected| *expected != sum.sha256);
    expected.map_or(Ok(()), |expected| Err(differs(&path, &expected, &sum.sha256)))
}

fn differs(path: &Path, expected: &Sha256, found: &Sha256) -> Failure {
    let problem = Problem::new(format!("`{}` is not the file that was released", path.display()))
        .note(format!("expected  sha256 {expected}"))
        .note(format!("found     sha256 {found}"));
    Failure::new(Class::Verification, problem.help("take the release again from where it was published"))
}
