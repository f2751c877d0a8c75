// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The whole story of a release, a stage at a time: a manifest is locked, planned, written as a
//! tar with its encodings, described, and given its name.

use std::path::{Path, PathBuf};

use crate::archive::{self, Output, Watch};
use crate::lock::{self, Outcome, Request};
use crate::manifest::{Format, Manifest};
use crate::model::{Class, Failure, Override, PathGlob, Problem, Sha256};
use crate::plan::{self, Plan};
use crate::record::{self, Description, Names, Sums};
use crate::release::{self, Aside, Existing};

/// What `assemble` is asked for beyond the manifest.
#[derive(Debug)]
pub struct Options<'a> {
    /// How the lock is handled.
    pub lock: Request<'a>,
    /// The folder that the release directory goes into.
    pub out: &'a Path,
    /// The formats; none for those of the manifest.
    pub formats: Option<Vec<Format>>,
    /// What this run drops; not empty makes the release partial.
    pub leave_out: &'a [PathGlob],
    /// The rules that this run overrides; they go into the description.
    pub overrides: Vec<Override>,
    /// How many threads.
    pub jobs: usize,
}

/// What became of an assembly.
#[derive(Debug)]
pub struct Assembled {
    /// The release.
    pub description: Description,
    /// Its directory.
    pub directory: PathBuf,
    /// Whether it was there already, whole and the same.
    pub was_there: bool,
    /// What became of the lock.
    pub lock: Outcome,
}

/// How a long run tells what it does.
pub trait Progress: Watch {
    /// The plan is made and writing begins.
    fn planned(&self, plan: &Plan, formats: &[Format]);
}

/// Makes the release of a manifest, or finds it made.
///
/// # Errors
/// Those of every stage. Whatever happens, the release directory is whole or not there.
pub fn assemble(
    manifest: Manifest,
    options: &Options<'_>,
    progress: &dyn Progress,
) -> Result<Assembled, Failure> {
    // Pin every input.
    let lock_path = lock::path_of(manifest.path());
    let (locked, outcome) = lock::lock(manifest, &options.lock)?;
    let names = Names::new(&format!("{}-{}", locked.manifest.release.name, locked.lock.version));
    let formats = options.formats.clone().unwrap_or_else(|| locked.manifest.release.formats.clone());
    let left_out: Vec<String> = options.leave_out.iter().map(ToString::to_string).collect();
    let directory = options.out.join(names.directory());

    // Made already? Then every file of it is hashed again, and that is all.
    if let Existing::Same(description) = release::look(&directory, &names, &locked.lock, &left_out, &formats)?
    {
        if let Outcome::Changed(_) = outcome {
            locked.lock.save(&lock_path)?;
        }
        return Ok(Assembled { description: *description, directory, was_there: true, lock: outcome });
    }

    // Plan every entry, and make sure that every object is at hand before anything is written.
    let plan = plan::make(locked, options.leave_out)?;
    plan.require_objects()?;
    if let Outcome::Changed(_) = outcome {
        plan.locked.lock.save(&lock_path)?;
    }
    progress.planned(&plan, &formats);

    // Write the tar into all its encodings at once, aside.
    let aside = Aside::create(&directory)?;
    let outputs = formats
        .iter()
        .map(|&format| {
            let name = names.artifact(format);
            Ok(Output { format, file: aside.file(&name)?, name: directory.join(name).display().to_string() })
        })
        .collect::<Result<_, Failure>>()?;
    let written = archive::write(&plan, outputs, options.jobs, progress)?;

    // Describe it, and sum up every file.
    let mut description = record::describe(&plan, &written, &names)?;
    description.overrides.extend(options.overrides.iter().cloned());
    let mut sums = Sums::default();
    for artifact in &description.artifacts {
        sums.0.insert(artifact.file.clone(), artifact.sha256);
    }
    for (name, bytes) in [
        (names.description(), description.to_text().into_bytes()),
        (names.origins(), record::origins(&plan, &written.members)),
    ] {
        aside.write(&name, &bytes)?;
        sums.0.insert(name, Sha256::of(&bytes));
    }
    aside.write(&names.sums(), sums.to_text().as_bytes())?;

    // Give it its name. Another run may have been faster: then what it made must be the same.
    if aside.publish()? {
        return Ok(Assembled { description, directory, was_there: false, lock: outcome });
    }
    match release::look(&directory, &names, &plan.locked.lock, &left_out, &formats)? {
        Existing::Same(there) => {
            Ok(Assembled { description: *there, directory, was_there: true, lock: outcome })
        }
        Existing::Nothing => {
            let problem = Problem::new(format!("`{}` came and went", directory.display()))
                .note("another run made it while this one worked, and then it was removed")
                .help("run again");
            Err(Failure::new(Class::Environment, problem))
        }
    }
}

/// The identity of a plan's tarball, without writing anything.
///
/// # Errors
/// As for [`assemble`].
pub fn digest(plan: &Plan, jobs: usize, watch: &dyn Watch) -> Result<archive::Sum, Failure> {
    plan.require_objects()?;
    Ok(archive::write(plan, Vec::new(), jobs, watch)?.identity)
}
