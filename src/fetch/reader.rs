// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A repository opened for reading.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::How;
use super::cache::Cache;
use super::checked::Chain;
use super::download::{Item, Objects};
use super::metadata::{LARGEST_TARGETS, Versions};
use super::request::{Network, Request, Watch};
use super::update::{Update, Updated};
use super::web::{self, Web};
use crate::model::{Class, Failure, Problem, Sha256};
use crate::record::{Description, Names};
use crate::release::plain::LARGEST_RECORD;
use crate::repository::{Catalog, KernelTables, Listed, from_targets, layout};

/// How fresh the metadata is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Freshness {
    /// The address that gave it.
    pub from: String,
    /// Its versions.
    pub versions: Versions,
    /// When it was read from there.
    pub read: Timestamp,
    /// When the first role expires.
    pub expires: Timestamp,
    /// What has expired; only offline is that let pass.
    pub expired: Vec<String>,
    /// The digest of the root that trust began with.
    pub root: Sha256,
    /// How many bytes of metadata were moved.
    pub moved: u64,
}

/// A repository whose metadata is trusted.
pub struct Reader<'w> {
    pub(super) objects: Objects<'w>,
    catalog: Catalog,
    freshness: Freshness,
}

impl<'w> Reader<'w> {
    /// Reads the newest metadata, or offline what was trusted last.
    ///
    /// # Errors
    /// No address gives metadata that can be trusted, one problem for each; the trusted state is damaged; the
    /// clock went back.
    pub fn open(request: Request, watch: &'w dyn Watch) -> Result<Self, Failure> {
        let runtime = web::runtime()?;
        let web = Arc::new(Web::new(request.pace));
        let cache = Cache::new(&request.cache);
        let mut addresses = request.addresses.clone();
        let (catalog, freshness) = match request.network {
            Network::Offline => held(&request, &cache)?,
            Network::Allowed => {
                let update = Update { web: &web, request: &request, cache: &cache, watch };
                let Updated { chain, catalog, nth, moved } = runtime.block_on(update.run())?;
                addresses[..=nth].rotate_right(1);
                let from = addresses[0].to_string();
                (catalog, freshness(&request, &chain, from, request.now, moved))
            }
        };
        let objects = Objects { runtime, web, cache, watch, addresses, network: request.network };
        Ok(Self { objects, catalog, freshness })
    }

    /// What the repository holds.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// How fresh that is.
    #[must_use]
    pub fn freshness(&self) -> &Freshness {
        &self.freshness
    }

    /// The tables of kernels that releases were tested on, where the repository has some.
    ///
    /// # Errors
    /// They cannot be had, or not be read.
    pub fn kernels(&self) -> Result<Option<KernelTables>, Failure> {
        let Some((length, sha256)) = self.catalog.kernels else { return Ok(None) };
        let path = layout::target(&sha256, layout::KERNELS);
        if length > KernelTables::LARGEST {
            return Err(disagrees(
                layout::KERNELS,
                &format!("it has {length} bytes, which none of ours has"),
            ));
        }
        let (bytes, _) = self.objects.read(&Item::pinned(layout::KERNELS, &path, sha256, length))?;
        KernelTables::parse(&bytes).map(Some)
    }

    /// What a release says of itself. It agrees with the metadata.
    ///
    /// # Errors
    /// It cannot be had, cannot be read, or is another release's.
    pub fn description(&self, listed: &Listed) -> Result<Description, Failure> {
        self.described(listed).map(|(description, _, _)| description)
    }

    /// The same, with the file that says it.
    pub(super) fn described(&self, listed: &Listed) -> Result<(Description, Vec<u8>, How), Failure> {
        let title = listed.entry.title();
        let file = Names::new(&title).description();
        let path = layout::target(&listed.sha256, &file);
        if listed.length > LARGEST_RECORD {
            let why = format!("it has {} bytes; no release of ours has such a file", listed.length);
            return Err(disagrees(&file, &why));
        }
        let (bytes, how) = self.objects.read(&Item::pinned(&file, &path, listed.sha256, listed.length))?;
        let description: Description =
            serde_json::from_slice(&bytes).map_err(|error| disagrees(&file, &error.to_string()))?;
        check(listed, &description).map_err(|why| disagrees(&file, &why))?;
        Ok((description, bytes, how))
    }
}

fn check(listed: &Listed, description: &Description) -> Result<(), String> {
    let entry = &listed.entry;
    let (version, identity) = (entry.version.to_string(), entry.identity);
    let line = description.line.as_ref().map(|line| line.id.as_str());
    let differ = |what: &str, there: &dyn std::fmt::Display, here: &dyn std::fmt::Display| {
        Err(format!("its {what} is {there}, and the metadata says {here}"))
    };
    if description.schema != 1 {
        return Err(format!("it has schema {}; 1 is known: update lustre-dist", description.schema));
    }
    if description.name != entry.name {
        return differ("name", &description.name, &entry.name);
    }
    if description.version != version {
        return differ("version", &description.version, &version);
    }
    if description.identity.sha256 != identity {
        return differ("identity", &description.identity.sha256, &identity);
    }
    if line != entry.line.as_deref() {
        return differ("line", &line.unwrap_or("none"), &entry.line.as_deref().unwrap_or("none"));
    }
    let names = Names::new(&entry.title());
    for artifact in &description.artifacts {
        if names.artifact_format(&artifact.file).is_none_or(|format| format.extension() != artifact.format) {
            return Err(format!("`{}` is no name of a tarball of it", artifact.file));
        }
    }
    Ok(())
}

fn disagrees(file: &str, why: &str) -> Failure {
    let problem = Problem::new(format!("`{file}` does not say what the metadata says"))
        .note(why)
        .help("tell who keeps the repository: it was published wrongly");
    Failure::new(Class::Verification, problem)
}

fn freshness(request: &Request, chain: &Chain, from: String, read: Timestamp, moved: u64) -> Freshness {
    Freshness {
        from,
        versions: chain.versions(),
        read,
        expires: chain.expires(),
        expired: chain.expired(request.now),
        root: request.pin.sha256,
        moved,
    }
}

/// What an earlier run trusted.
fn held(request: &Request, cache: &Cache) -> Result<(Catalog, Freshness), Failure> {
    let away = |why: &str| {
        let problem = Problem::new("nothing is known of this repository offline")
            .note(why)
            .help("run once without `--offline`");
        Failure::new(Class::Source, problem)
    };
    let (identity, state) = request.states.load(&request.pin)?;
    let state = state.ok_or_else(|| away("no earlier run read its metadata"))?;
    state.check_clock(request.now, &request.states.path(&identity))?;
    let seen = state.seen.as_ref().ok_or_else(|| away("no earlier run got its metadata whole"))?;
    let bytes = cache.read(&seen.targets.sha256, LARGEST_TARGETS);
    let bytes = bytes.ok_or_else(|| away("its list of releases is no longer in the cache"))?;
    let chain = Chain::held(&state, &bytes).map_err(|why| {
        Failure::new(
            Class::Verification,
            Problem::new("the metadata that was trusted is not to be trusted any more").note(why),
        )
    })?;
    let catalog = from_targets(&chain.targets.signed)?;
    Ok((catalog, freshness(request, &chain, state.from.clone(), state.time, 0)))
}
