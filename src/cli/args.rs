// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Arguments that several commands share.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::line;
use crate::lock::{Request, Update};
use crate::manifest::{self, Format, Manifest};
use crate::model::{Class, Failure, PathGlob, Problem, SourceDate, SourceName, SourceText};
use crate::record::BuilderId;
use crate::source::{self, Network, Places, Repository, Shelf};

/// Where sources are.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Sources")]
pub(super) struct SourceArgs {
    /// Read a source from a local clone or bundle file, whatever the manifest says
    #[arg(long = "source", value_name = "NAME=PATH", value_parser = source_override)]
    overrides: Vec<(SourceName, PathBuf)>,
    /// Never touch the network
    #[arg(long)]
    offline: bool,
    /// The folder for mirrors and unpacked bundles [default: lustre-dist in the user's cache folder]
    #[arg(long, value_name = "DIR", env = "LUSTRE_DIST_CACHE")]
    cache: Option<PathBuf>,
}

impl SourceArgs {
    /// The places that the arguments name, for a manifest.
    pub(super) fn places(&self, manifest: &Manifest) -> Result<Places, Failure> {
        self.places_of(&[manifest])
    }

    /// The same for several manifests; each source that is named must be one of some of them.
    pub(super) fn places_of(&self, manifests: &[&Manifest]) -> Result<Places, Failure> {
        let places = self.places_alone()?;
        for name in places.overrides.keys() {
            if manifests.iter().all(|manifest| !manifest.sources.contains_key(name)) {
                let title = match manifests {
                    [_] => format!("`--source {name}=...` names a source that the manifest does not have"),
                    _ => format!("`--source {name}=...` names a source that no manifest has"),
                };
                return Err(usage(manifests.iter().fold(Problem::new(title), |problem, manifest| {
                    let known: Vec<&str> = manifest.sources.keys().map(SourceName::as_str).collect();
                    problem.note(format!("{} has {}", manifest.path().display(), known.join(", ")))
                })));
            }
        }
        Ok(places)
    }

    /// The same before it is known which sources there are.
    pub(super) fn places_alone(&self) -> Result<Places, Failure> {
        let overrides: BTreeMap<_, _> = self.overrides.iter().cloned().collect();
        let network = if self.offline { Network::Offline } else { Network::Allowed };
        Ok(Places { cache: self.cache()?, overrides, network, shelf: Shelf::default() })
    }

    fn cache(&self) -> Result<PathBuf, Failure> {
        self.cache.clone().map_or_else(default_cache, Ok)
    }

    /// The one repository that `--source` names, for a command that works without a manifest too.
    pub(super) fn lone(&self) -> Result<Option<(SourceName, Repository)>, Failure> {
        match self.overrides.as_slice() {
            [(name, path)] => Ok(Some((name.clone(), source::open_path(path, &self.cache()?)?))),
            _ => Ok(None),
        }
    }
}

impl SourceArgs {
    /// The paths that stand in for sources.
    pub(super) fn given(&self) -> impl Iterator<Item = (&SourceName, &Path)> {
        self.overrides.iter().map(|(name, path)| (name, path.as_path()))
    }

    /// Whether the network may be used.
    pub(super) fn is_offline(&self) -> bool {
        self.offline
    }
}

pub(super) fn default_cache() -> Result<PathBuf, Failure> {
    use etcetera::BaseStrategy as _;
    etcetera::choose_base_strategy().map(|base| base.cache_dir().join("lustre-dist")).map_err(|error| {
        Failure::new(
            Class::Environment,
            Problem::new("cannot tell where your cache folder is")
                .note(error.to_string())
                .help("give `--cache DIR`"),
        )
    })
}

fn source_override(text: &str) -> Result<(SourceName, PathBuf), String> {
    let (name, path) =
        text.split_once('=').ok_or("expected NAME=PATH, such as `lustre=../lustre-release`")?;
    let name = SourceName::new(name).ok_or_else(|| format!("`{name}` is not the name of a source"))?;
    if path.is_empty() {
        return Err("the path is empty".to_owned());
    }
    Ok((name, PathBuf::from(path)))
}

/// What a run drops from the tarball.
#[derive(Debug, clap::Args)]
pub(super) struct LeaveOutArgs {
    /// Drop a path or glob from this run, for a mirror that lacks objects; marks the release partial
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub(super) leave_out: Vec<PathGlob>,
}

pub(super) fn glob(text: &str) -> Result<PathGlob, String> {
    PathGlob::new(text)
}

/// Who builds.
#[derive(Debug, clap::Args)]
pub(super) struct BuilderArgs {
    /// The URI that the provenance names as the builder
    /// [default: urn:lustre-dist:builder:unspecified-local-build]
    #[arg(long, value_name = "URI", env = "LUSTRE_DIST_BUILDER_ID", value_parser = BuilderId::new)]
    builder_id: Option<BuilderId>,
}

impl BuilderArgs {
    /// The builder that was named.
    pub(super) fn named(&self) -> Option<&BuilderId> {
        self.builder_id.as_ref()
    }
}

/// How many threads.
#[derive(Debug, clap::Args)]
pub(super) struct JobArgs {
    /// How many threads; the bytes do not depend on it [default: the processors]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
}

impl JobArgs {
    pub(super) fn count(&self) -> usize {
        self.jobs.map_or_else(|| std::thread::available_parallelism().map_or(2, usize::from), usize::from)
    }
}

/// A format on the command line: `tar.gz`, or `gz` for short.
pub(super) fn format(text: &str) -> Result<Format, String> {
    Format::from_extension(text).ok_or_else(|| {
        let known: Vec<&str> = Format::ALL.iter().map(|format| format.extension()).collect();
        format!("expected one of {}", known.join(", "))
    })
}

/// Reads and checks a manifest.
pub(super) fn read_manifest(path: &Path) -> Result<Manifest, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let mut problem =
            Problem::new(format!("cannot read the manifest `{}`", path.display())).note(error.to_string());
        if error.kind() == std::io::ErrorKind::NotFound {
            problem = problem.help("give the path of a manifest, such as `manifests/demo.toml`");
        }
        Failure::from(problem)
    })?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let text = SourceText { name: path.display().to_string(), text };
    manifest::read(text, folder.to_owned()).map_err(Failure::manifest)
}

/// The manifest that a path names, or the line of one in `manifests/`.
pub(super) fn find_manifest(wanted: &str) -> Result<Manifest, Failure> {
    if wanted.ends_with(".toml") || Path::new(wanted).is_file() {
        return read_manifest(Path::new(wanted));
    }
    let mut all = manifests_of(Path::new("manifests"))?;
    let nth = line::find(&all.iter().collect::<Vec<_>>(), wanted).map_err(usage)?;
    Ok(all.swap_remove(nth))
}

/// Every manifest of a folder, in the order of their names.
pub(super) fn manifests_of(folder: &Path) -> Result<Vec<Manifest>, Failure> {
    let paths = manifest_paths(folder)?;
    let mut problems = Vec::new();
    let mut manifests = Vec::new();
    for path in paths {
        match read_manifest(&path) {
            Ok(manifest) => manifests.push(manifest),
            Err(failure) => problems.extend(failure.problems),
        }
    }
    if problems.is_empty() { Ok(manifests) } else { Err(Failure::manifest(problems)) }
}

/// The paths of the manifests of a folder, sorted.
pub(super) fn manifest_paths(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = std::fs::read_dir(folder).map_err(|error| {
        usage(
            Problem::new(format!("cannot read the folder `{}`", folder.display()))
                .note(error.to_string())
                .help("name a manifest, or run where there is a folder `manifests`"),
        )
    })?;
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .filter(|path| path.file_name().is_some_and(|name| name != "kernels.toml"))
        .collect();
    paths.sort();
    Ok(paths)
}

/// The manifests at these paths, with those of the folders among them; of `manifests/` where there
/// are none.
pub(super) fn manifests_at(paths: &[PathBuf]) -> Result<Vec<Manifest>, Failure> {
    let usual = [PathBuf::from("manifests")];
    if paths.is_empty() && !usual[0].is_dir() {
        return Err(usage(
            Problem::new("there is no folder `manifests` here").help("name manifests, or folders of them"),
        ));
    }
    let mut problems = Vec::new();
    let mut manifests: Vec<Manifest> = Vec::new();
    for path in if paths.is_empty() { &usual } else { paths } {
        let read = if path.is_dir() { manifests_of(path) } else { read_manifest(path).map(|one| vec![one]) };
        match read {
            // A path may be given twice: in its folder and by itself.
            Ok(found) => manifests.extend(found),
            Err(failure) if failure.class == Class::Manifest => problems.extend(failure.problems),
            Err(failure) => return Err(failure),
        }
    }
    manifests.sort_by(|a, b| a.path().cmp(b.path()));
    manifests.dedup_by(|a, b| a.path() == b.path());
    if !problems.is_empty() {
        return Err(Failure::manifest(problems));
    }
    if manifests.is_empty() {
        return Err(usage(Problem::new("there is no manifest").help("name a manifest or a folder of them")));
    }
    Ok(manifests)
}

/// A request for a lock that stands where it can.
pub(super) fn request(places: &Places, frozen: bool) -> Result<Request<'_>, Failure> {
    Ok(Request {
        places,
        update: Update::Nothing,
        tags: BTreeMap::new(),
        frozen,
        source_date_epoch: source_date_epoch()?,
        now: super::clock::now(),
    })
}

/// SOURCE_DATE_EPOCH, as <https://reproducible-builds.org/specs/source-date-epoch/> defines it. It
/// reaches the lock and nothing else.
pub(super) fn source_date_epoch() -> Result<Option<SourceDate>, Failure> {
    let Some(text) = std::env::var_os("SOURCE_DATE_EPOCH") else { return Ok(None) };
    let seconds = text
        .to_str()
        // `parse` takes a sign too.
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .map(SourceDate)
        .filter(|date| *date <= SourceDate::MAX);
    seconds.map(Some).ok_or_else(|| {
        usage(
            Problem::new(format!("SOURCE_DATE_EPOCH is `{}`", text.to_string_lossy()))
                .help("expected seconds since 1970 in decimal digits, or no such variable"),
        )
    })
}

/// A problem with the command line.
pub(super) fn usage(problem: Problem) -> Failure {
    Failure::new(Class::Usage, problem)
}
