// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the commands of a repository's keeper share: its store, and the folder of keys.

use std::path::{Path, PathBuf};

use super::args::usage;
use crate::model::{Class, Failure, Problem};
use crate::roles::Keys;
use crate::store::{Settings, Store};

/// Where the keeper's keys are.
#[derive(Debug, clap::Args)]
pub(super) struct KeysArgs {
    /// The folder of the repository's private keys [default: keys/NAME in lustre-dist's folder of the
    /// user's configuration, NAME being the last part of the repository's address]
    #[arg(long, value_name = "DIR", env = "LUSTRE_DIST_KEYS")]
    keys: Option<PathBuf>,
}

impl KeysArgs {
    /// The folder for a repository.
    pub(super) fn folder(&self, store: &Store) -> Result<PathBuf, Failure> {
        let folder = match &self.keys {
            Some(folder) => folder.clone(),
            None => default_folder(&store.at())?,
        };
        if let Some(repository) = store.folder()
            && resolved(&folder).starts_with(resolved(repository))
        {
            let problem = Problem::new("the keys would lie in the repository, for everybody to fetch")
                .note(format!("keys: `{}`", folder.display()))
                .help("name another folder with `--keys`");
            return Err(usage(problem));
        }
        Ok(folder)
    }

    /// The keys themselves.
    pub(super) fn open(&self, store: &Store) -> Result<Keys, Failure> {
        Keys::open(&self.folder(store)?)
    }
}

/// Opens a store; the credentials and the endpoint of S3 come from the environment.
pub(super) fn open(at: &str) -> Result<Store, Failure> {
    Store::open(at, &settings())
}

/// The settings of an S3 client.
pub(super) fn settings() -> Settings {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("AWS_"))
        .collect()
}

fn default_folder(at: &str) -> Result<PathBuf, Failure> {
    use etcetera::BaseStrategy as _;
    let unknown = |problem: Problem| {
        Failure::new(Class::Environment, problem.help("name the folder of keys with `--keys`"))
    };
    let base = etcetera::choose_base_strategy().map_err(|error| {
        unknown(Problem::new("cannot tell where your folder of configuration is").note(error.to_string()))
    })?;
    let name = match at.split_once("://") {
        Some((_, rest)) => rest.trim_end_matches('/').rsplit('/').next().map(str::to_owned),
        // `repo init .` is named for the folder that one stands in.
        None => resolved(Path::new(at)).file_name().map(|name| name.to_string_lossy().into_owned()),
    };
    let name = name.filter(|name| !name.is_empty() && !name.starts_with('.'));
    let name =
        name.ok_or_else(|| unknown(Problem::new(format!("cannot tell a name for the keys of `{at}`"))))?;
    Ok(base.config_dir().join("lustre-dist/keys").join(name))
}

/// The path from the root on, through links as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = path.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    match there {
        Some((above, resolved)) => resolved.join(path.strip_prefix(above).unwrap_or(Path::new(""))),
        None => path,
    }
}
