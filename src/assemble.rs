// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The whole story of a release, a stage at a time: a manifest is locked, planned, written as a
//! tar with its encodings, described, and given its name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::archive::{self, Output, Turns, Watch};
use crate::changes;
use crate::lock::{self, Outcome, Request};
use crate::manifest::{Format, Manifest};
use crate::model::{Class, Failure, Flag, Override, PathGlob, Problem, Sha1};
use crate::plan::{self, Plan};
use crate::record::{self, BuilderId, Description, Names, Sbom, Sums};
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
    /// The other flags that made a stage do what it would refuse, each already obeyed.
    pub overrides: Vec<Override>,
    /// Who builds, for the provenance.
    pub builder: BuilderId,
    /// How many threads.
    pub jobs: usize,
    /// The turns that releases take which are made at once.
    pub turns: Option<&'a Turns>,
}

impl Options<'_> {
    /// Every override, for the records.
    fn overrides(&self) -> Vec<Override> {
        let values: Vec<String> = self.leave_out.iter().map(ToString::to_string).collect();
        let left_out = (!values.is_empty()).then_some(Override { flag: Flag::LeaveOut, values });
        let mut all: Vec<Override> = left_out.into_iter().chain(self.overrides.iter().cloned()).collect();
        all.sort();
        all
    }
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
    /// Who made it. Of a release that was there, that is not always who asked.
    pub builder: BuilderId,
    /// What became of the lock.
    pub lock: Outcome,
}

/// How a long run tells what it does.
pub trait Progress: Watch {
    /// What the user is to be warned of, though the work goes on.
    fn warn(&self, warnings: &[Problem]);

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
    progress.warn(&locked.warnings);
    let names = Names::new(&format!("{}-{}", locked.manifest.release.name, locked.lock.version));
    let formats = options.formats.clone().unwrap_or_else(|| locked.manifest.release.formats.clone());
    let overrides = options.overrides();
    let directory = options.out.join(names.directory());

    // Made already? Then every file of it is hashed again, and that is all.
    let existing = release::look(&directory, &names, &locked.lock, &overrides, &formats)?;
    if let Existing::Same { description, builder } = existing {
        if let Outcome::Changed(_) = outcome {
            locked.lock.save(&lock_path)?;
        }
        return Ok(Assembled {
            description: *description,
            directory,
            was_there: true,
            builder,
            lock: outcome,
        });
    }

    // Plan every entry, and make sure that every object and the history is at hand before anything is
    // written.
    let plan = plan::make(locked, options.leave_out)?;
    plan.require_objects()?;
    let changes = changes::since(&plan.locked, options.jobs)?;
    if let Outcome::Changed(_) = outcome {
        plan.locked.lock.save(&lock_path)?;
    }
    progress.planned(&plan, &formats);

    // Write the tar into all its encodings at once, aside, and look at each file on the way.
    let aside = Aside::create(&directory)?;
    let outputs = formats
        .iter()
        .map(|&format| {
            let name = names.artifact(format);
            Ok(Output { format, file: aside.file(&name)?, name: directory.join(name).display().to_string() })
        })
        .collect::<Result<_, Failure>>()?;
    let (jobs, turns) = (options.jobs, options.turns);
    let written = archive::write::<Sha1, _>(&plan, outputs, jobs, turns, record::look(), progress)?;

    // Describe it, and sum up every file. The two long records are written at once; the provenance comes
    // last, since it names the others.
    let description = record::describe(&plan, &written, &names, overrides.clone())?;
    let mut records = BTreeMap::new();
    let text = description.to_text();
    records.insert(
        names.description(),
        aside.stream(&names.description(), |out| out.write_all(text.as_bytes()))?,
    );
    let sbom = Sbom { plan: &plan, written: &written, description: &description, names: &names };
    let (origins, sbom) = std::thread::scope(|scope| {
        let sbom = scope.spawn(|| aside.stream(&names.sbom(), |out| sbom.write(out)));
        let table = record::origins(&plan, &written.members);
        let origins = aside.stream(&names.origins(), |out| out.write_all(&table));
        (origins, sbom.join().expect("writing a record does not panic"))
    });
    records.insert(names.origins(), origins?);
    records.insert(names.sbom(), sbom?);
    if !changes.is_empty() {
        let text = changes::record(&plan.locked, &changes);
        records
            .insert(names.changes(), aside.stream(&names.changes(), |out| out.write_all(text.as_bytes()))?);
    }
    let statement = record::statement(&plan, &description, &names, &options.builder, &records);
    let digest = aside.stream(&names.provenance(), |out| out.write_all(statement.as_bytes()))?;
    records.insert(names.provenance(), digest);
    let mut sums = Sums(records);
    sums.0.extend(description.artifacts.iter().map(|artifact| (artifact.file.clone(), artifact.sha256)));
    aside.write(&names.sums(), sums.to_text().as_bytes())?;

    // Give it its name. Another run may have been faster: then what it made must be the same.
    if aside.publish()? {
        let builder = options.builder.clone();
        return Ok(Assembled { description, directory, was_there: false, builder, lock: outcome });
    }
    match release::look(&directory, &names, &plan.locked.lock, &overrides, &formats)? {
        Existing::Same { description, builder } => {
            Ok(Assembled { description: *description, directory, was_there: true, builder, lock: outcome })
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
    Ok(archive::write::<(), _>(plan, Vec::new(), jobs, None, |_, _| (), watch)?.identity)
}
