// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which releases a branch is to get.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::on_branch::Branch;
use crate::line::{self, Released};
use crate::model::version::ReleaseVersion;
use crate::model::{Class, Failure, Problem, Sha256};
use crate::package::{FORMATS, Input, Revision};
use crate::record::{Description, Names};
use crate::release::plain;

/// Why a release is passed over that needs nothing.
pub const ON_BRANCH: &str = "is on the branch";

/// Where releases are.
#[derive(Debug, Clone)]
pub enum From {
    /// All of one folder.
    Folder(PathBuf),
    /// These: directories or tarballs.
    Named(Vec<PathBuf>),
}

/// A release of the line that is not committed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Passed {
    /// `NAME-VERSION`.
    pub release: String,
    /// Why; completes "it".
    pub why: String,
}

/// The releases for a branch.
pub(super) struct Picked {
    /// Those to commit, in the order of their versions.
    pub(super) inputs: Vec<Input>,
    pub(super) passed: Vec<Passed>,
}

/// What is to be done with a release.
enum Verdict {
    Commit,
    Pass(String),
}

pub(super) fn pick(from: &From, line: &str, revision: &Revision, branch: &Branch) -> Result<Picked, Failure> {
    let mut picked = Picked { inputs: Vec::new(), passed: Vec::new() };
    match from {
        From::Folder(folder) => {
            for release in of_line(folder, line, branch)? {
                let described = described(&release.directory)?;
                let title = release.version.tar_name(&release.name);
                let verdict = if described.buildable {
                    judge(&release.version, described.identity.sha256, revision, branch)?
                } else {
                    Verdict::Pass("is not a product to build".to_owned())
                };
                match verdict {
                    Verdict::Commit => picked.inputs.push(Input::read(&release.directory, &FORMATS)?),
                    Verdict::Pass(why) => picked.passed.push(Passed { release: title, why }),
                }
            }
        }
        From::Named(paths) => {
            for path in paths {
                let input = Input::read(path, &FORMATS)?;
                belongs(&input, line, branch)?;
                match judge(&input.version, input.identity.sha256, revision, branch)? {
                    Verdict::Commit => picked.inputs.push(input),
                    Verdict::Pass(why) => picked.passed.push(Passed { release: input.title(), why }),
                }
            }
        }
    }
    picked.inputs.sort_by(|a, b| a.version.cmp(&b.version));
    for pair in picked.inputs.windows(2) {
        if pair[0].version == pair[1].version && pair[0].identity != pair[1].identity {
            let problem = Problem::new(format!("there are two releases {}", pair[0].title()))
                .note(format!("`{}`", pair[0].tarball.path.display()))
                .note(format!("`{}`", pair[1].tarball.path.display()))
                .help("verify both: one version has one tarball");
            return Err(Failure::new(Class::Verification, problem));
        }
    }
    picked.inputs.dedup_by(|a, b| a.version == b.version);
    Ok(picked)
}

/// The releases of a line in a folder. A branch is of one name.
fn of_line(folder: &Path, wanted: &str, branch: &Branch) -> Result<Vec<Released>, Failure> {
    let all = line::released(folder)?;
    let id =
        |release: &Released| release.line.clone().unwrap_or_else(|| line::of_version(&release.version.base));
    let key = |release: &Released| format!("{}/{}", release.name, id(release));
    let keys: BTreeSet<String> = all.iter().map(key).collect();
    let keys: Vec<String> = keys.into_iter().collect();
    let of_line: Vec<Released> =
        all.into_iter().filter(|release| id(release) == wanted || key(release) == wanted).collect();
    let names: BTreeSet<&str> = of_line.iter().map(|release| release.name.as_str()).collect();
    match names.len() {
        0 => {
            let title = format!("there is no release of the line `{wanted}` in `{}`", folder.display());
            let there = if keys.is_empty() { "no release at all".to_owned() } else { keys.join(", ") };
            let problem = Problem::new(title).note(format!("there: {there}"));
            let help = "name a line of these, another folder with `--releases`, or the releases themselves";
            Err(Failure::new(Class::Usage, problem.help(help)))
        }
        1 => {
            one_name(&of_line[0].name, branch)?;
            Ok(of_line)
        }
        _ => {
            let of_these = keys.iter().filter(|key| key.ends_with(&format!("/{wanted}")));
            let of_these: Vec<&str> = of_these.map(String::as_str).collect();
            let problem = Problem::new(format!("several products have a line `{wanted}`"))
                .note(of_these.join(", "))
                .help("name one in full");
            Err(Failure::new(Class::Usage, problem))
        }
    }
}

/// A release that the user named must be of the line.
fn belongs(input: &Input, wanted: &str, branch: &Branch) -> Result<(), Failure> {
    let key = format!("{}/{}", input.name(), input.line());
    if input.line() != wanted && key != wanted {
        let problem = Problem::new(format!("{} is not of the line `{wanted}`", input.title()))
            .note(format!("it is of {key}"))
            .help("name its own line, or another release");
        return Err(Failure::new(Class::Usage, problem));
    }
    one_name(input.name(), branch)
}

fn one_name(name: &str, branch: &Branch) -> Result<(), Failure> {
    match &branch.newest {
        Some(newest) if newest.name != name => {
            let title =
                format!("`{}` is of {}, and these releases are of {name}", branch.debian(), newest.name);
            let problem = Problem::new(title).help("use a packaging repository for each");
            Err(Failure::new(Class::Usage, problem))
        }
        _ => Ok(()),
    }
}

fn judge(
    version: &ReleaseVersion,
    identity: Sha256,
    revision: &Revision,
    branch: &Branch,
) -> Result<Verdict, Failure> {
    if let Some(there) = branch.releases.get(&version.to_string())
        && *there != identity
    {
        let title = format!("{version} is on `{}` as another release", branch.debian());
        let problem = Problem::new(title)
            .note(format!("there  sha256 {there}"))
            .note(format!("here   sha256 {identity}"))
            .help("verify both: a version is never released twice");
        return Err(Failure::new(Class::Verification, problem));
    }
    let Some(newest) = &branch.newest else { return Ok(Verdict::Commit) };
    if (version, revision) > newest.place() {
        return Ok(Verdict::Commit);
    }
    Ok(Verdict::Pass(if branch.releases.contains_key(&version.to_string()) {
        ON_BRANCH.to_owned()
    } else {
        format!("is older than {}, which is on the branch", newest.package())
    }))
}

fn described(directory: &Path) -> Result<Description, Failure> {
    let title = directory.file_name().unwrap_or_default().to_string_lossy();
    let path = directory.join(Names::new(&title).description());
    let bytes =
        plain::read(&path, plain::LARGEST_RECORD).map_err(|error| Failure::io("read", &path, &error))?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let problem = Problem::new(format!("`{}` is not the description of a release", path.display()));
        Failure::new(Class::Verification, problem.note(error.to_string()))
    })
}
