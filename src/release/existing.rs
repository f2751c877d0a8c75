// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A release that is there already: the same one, damaged, or another under its name.
//!
//! It is the same when its lock and its overrides are those wanted and every file has its digest. Who
//! built it does not count: the provenance names the builder that made the directory, and a published
//! version never changes, so that a run by another builder finds it, leaves it, and learns the name.

use std::io::{ErrorKind, Read as _};
use std::path::Path;

use sha2::Digest as _;

use super::plain;
use crate::lock::Lock;
use crate::manifest::Format;
use crate::model::{Class, Failure, Override, Problem, Sha256};
use crate::record::{self, BuilderId, Description, Names, Sums};

/// What stands where a release is to go.
#[derive(Debug)]
pub enum Existing {
    /// Nothing.
    Nothing,
    /// The release of the same lock, whole: every file has the digest that its sums say.
    Same {
        /// Its description.
        description: Box<Description>,
        /// Who made it, by its provenance.
        builder: BuilderId,
    },
}

/// Looks at the release directory `target`.
///
/// # Errors
/// It is damaged, it holds other formats, it is another release of that version, or no release.
pub fn look(
    target: &Path,
    names: &Names,
    lock: &Lock,
    overrides: &[Override],
    formats: &[Format],
) -> Result<Existing, Failure> {
    match std::fs::symlink_metadata(target) {
        Ok(_) => {}
        // Below a file nothing can stand; that the folder cannot be made is told in time.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Existing::Nothing);
        }
        Err(error) => return Err(Failure::io("look at", target, &error)),
    }
    let path = target.join(names.description());
    let text = plain::read(&path, plain::LARGEST_RECORD).map_err(|error| {
        if target.join(names.sums()).exists() {
            return damaged(vec![unreadable(&path, &error)]);
        }
        verification(vec![
            Problem::new(format!("`{}` is there and is no release", target.display()))
                .note(format!("cannot read {} in it: {error}", names.description()))
                .help("move it away, or write elsewhere with `--out`"),
        ])
    })?;
    // First the description against its digest: what it says of the lock must be believed next.
    let sums = read_sums(&target.join(names.sums()))?;
    let here = |name: &String| target.join(name);
    let problems = check_digest(&path, sums.0.get(&names.description()), Sha256::of(&text));
    if let Some(problem) = problems {
        return Err(damaged(vec![problem]));
    }
    let description: Description = serde_json::from_slice(&text).map_err(|error| {
        verification(vec![
            Problem::new(format!("`{}` is not a description that this version reads", path.display()))
                .note(error.to_string())
                .help("use the lustre-dist that wrote it, or move the directory away and run again"),
        ])
    })?;
    let wanted = Sha256::of(lock.to_text().as_bytes());
    if description.lock != wanted || description.overrides != overrides {
        return Err(another(target, &description, lock, wanted, overrides));
    }
    let lacking: Vec<&str> = formats
        .iter()
        .map(|format| format.extension())
        .filter(|format| !description.artifacts.iter().any(|artifact| artifact.format == *format))
        .collect();
    if !lacking.is_empty() {
        let there: Vec<&str> =
            description.artifacts.iter().map(|artifact| artifact.format.as_str()).collect();
        return Err(verification(vec![
            Problem::new(format!("`{}` is there without {}", target.display(), lacking.join(", ")))
                .note(format!("it has {}", there.join(", ")))
                .note("a release is written once, with all its formats")
                .help("move it away and run again, or write elsewhere with `--out`"),
        ]));
    }

    // The sums must name every file of the release, or they prove nothing.
    let mut problems = Vec::new();
    for artifact in &description.artifacts {
        problems.extend(check_digest(&here(&artifact.file), sums.0.get(&artifact.file), artifact.sha256));
    }
    let changes = lock.source.values().any(|pin| pin.since.is_some()).then(|| names.changes());
    for record in [names.origins(), names.sbom(), names.provenance()].into_iter().chain(changes) {
        if !sums.0.contains_key(&record) {
            problems.push(unnamed(&here(&record)));
        }
    }
    if problems.is_empty() {
        problems = check_files(target, &sums);
    }
    if !problems.is_empty() {
        return Err(damaged(problems));
    }
    let builder = builder(&here(&names.provenance()))?;
    Ok(Existing::Same { description: Box::new(description), builder })
}

fn builder(path: &Path) -> Result<BuilderId, Failure> {
    let statement =
        plain::read(path, plain::LARGEST_RECORD).map_err(|error| damaged(vec![unreadable(path, &error)]))?;
    record::builder_of(&statement).ok_or_else(|| {
        let problem =
            Problem::new(format!("`{}` is not a statement that this version reads", path.display()));
        damaged(vec![problem])
    })
}

fn verification(problems: Vec<Problem>) -> Failure {
    Failure { class: Class::Verification, problems }
}

fn damaged(mut problems: Vec<Problem>) -> Failure {
    if let Some(last) = problems.last_mut() {
        last.help = Some(
            "move the directory away and run again: the release can be made anew, byte for byte".to_owned(),
        );
    }
    verification(problems)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::new(format!("`{}` cannot be read", path.display())).note(error.to_string())
}

fn unnamed(path: &Path) -> Problem {
    Problem::new(format!("`{}` is not named in the checksums of its release", path.display()))
}

fn read_sums(path: &Path) -> Result<Sums, Failure> {
    let text = plain::read(path, plain::LARGEST_SUMS)
        .and_then(|bytes| String::from_utf8(bytes).map_err(std::io::Error::other))
        .map_err(|error| damaged(vec![unreadable(path, &error)]))?;
    Sums::parse(&text).map_err(|fault| {
        damaged(vec![Problem::new(format!("`{}` is damaged", path.display())).note(fault.to_string())])
    })
}

fn another(
    target: &Path,
    there: &Description,
    lock: &Lock,
    wanted: Sha256,
    overrides: &[Override],
) -> Failure {
    let mut problem =
        Problem::new(format!("`{}` is another release of version {}", target.display(), lock.version))
            .note(format!("there   lock sha256 {}", there.lock))
            .note(format!("wanted  lock sha256 {wanted}"));
    if there.manifest != lock.manifest {
        problem =
            problem.note(format!("manifest  there sha256 {}  wanted {}", there.manifest, lock.manifest));
    }
    if there.source_date != lock.source_date {
        problem = problem.note(format!("source date  there {}  wanted {}", there.date, lock.source_date));
    }
    for (name, pin) in &lock.source {
        match there.sources.get(name) {
            Some(source) if source.commit == pin.commit => {}
            Some(source) => {
                problem =
                    problem.note(format!("source `{name}`  there {}  wanted {}", source.commit, pin.commit));
            }
            None => problem = problem.note(format!("source `{name}` is not in it")),
        }
    }
    if there.overrides != overrides {
        let words = |used: &[Override]| match used {
            [] => "none".to_owned(),
            used => used.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        };
        problem = problem.note(format!(
            "overrides  there {}  wanted {}",
            words(&there.overrides),
            words(overrides)
        ));
    }
    verification(vec![problem.help(
        "a version never changes: raise `respin` in `[release]`, or move the directory away if it was never published",
    )])
}

/// Hashes every file that the sums name, on as many threads as there are files. Gives a problem for
/// each that is not what the sums say.
#[must_use]
pub fn check_files(target: &Path, sums: &Sums) -> Vec<Problem> {
    std::thread::scope(|scope| {
        let checks: Vec<_> = sums
            .0
            .iter()
            .map(|(name, expected)| {
                scope.spawn(move || {
                    let path = target.join(name);
                    match digest(&path) {
                        Ok(found) => check_digest(&path, Some(expected), found),
                        Err(error) => Some(unreadable(&path, &error)),
                    }
                })
            })
            .collect();
        checks
            .into_iter()
            .filter_map(|check| check.join().unwrap_or_else(|_| Some(Problem::new("a check ended early"))))
            .collect()
    })
}

fn check_digest(path: &Path, expected: Option<&Sha256>, found: Sha256) -> Option<Problem> {
    match expected {
        None => Some(unnamed(path)),
        Some(expected) if *expected == found => None,
        Some(expected) => Some(
            Problem::new(format!("`{}` is not the file that was released", path.display()))
                .note(format!("expected  sha256 {expected}"))
                .note(format!("found     sha256 {found}")),
        ),
    }
}

fn digest(path: &Path) -> std::io::Result<Sha256> {
    let mut file = plain::open(path)?;
    let mut hasher = sha2::Sha256::new();
    let mut chunk = vec![0; 256 << 10];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(Sha256(hasher.finalize().into())),
            n => hasher.update(&chunk[..n]),
        }
    }
}
