// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which repository a command reads, and what it trusts.

use std::path::PathBuf;
use std::time::Duration;

use super::args::{default_cache, usage};
use super::clock;
use super::config::{Config, Configured, KnownBy, state_folder};
use super::screen::Screen;
use crate::fetch::{Address, Network, Pace, Pin, Reader, Request, States, Watch};
use crate::kernel::Side;
use crate::model::{Class, Failure, Problem};
use crate::repository::{Spec, Wish};

/// What a release may be that is chosen in a repository.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Choosing a release")]
pub(super) struct ChoosingArgs {
    /// The name of what is released, where the repository has several
    #[arg(long)]
    name: Option<String>,
    /// Candidates and snapshots too
    #[arg(long)]
    pre: bool,
    /// A release that was retracted too
    #[arg(long)]
    fetch_retracted: bool,
    /// A release of a line that is no longer maintained too
    #[arg(long)]
    fetch_past_end_of_life: bool,
}

impl ChoosingArgs {
    /// The wish for a client, whatever the kernel.
    pub(super) fn wish(&self, spec: Spec) -> Wish {
        Wish {
            spec,
            kernel: None,
            side: Side::Client,
            name: self.name.clone(),
            preview: self.pre,
            retracted: self.fetch_retracted,
            past_end: self.fetch_past_end_of_life,
        }
    }
}

/// The repository.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Repository")]
pub(super) struct ReadingArgs {
    /// The repository or a mirror of it: https, http, file, or a folder. Several are asked in turn;
    /// LUSTRE_DIST_FROM has them with blanks between, each with its `://`
    /// [default: the one that is configured, and its mirrors]
    #[arg(long, value_name = "URL", env = "LUSTRE_DIST_FROM")]
    from: Vec<String>,
    /// The root that is trusted [default: the one that is configured for the repository]
    #[arg(long, value_name = "ROOT.JSON", env = "LUSTRE_DIST_ROOT")]
    root: Option<PathBuf>,
    /// Never touch the network: go by what an earlier run trusted and kept
    #[arg(long)]
    offline: bool,
    /// The folder for fetched objects [default: lustre-dist in the user's cache folder]
    #[arg(long, value_name = "DIR", env = "LUSTRE_DIST_CACHE")]
    cache: Option<PathBuf>,
    /// How many seconds a server may be silent [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86400))]
    timeout: Option<u64>,
    /// The fewest bytes a second that a server may give, over the time of `--timeout` [default: 1000]
    #[arg(long, value_name = "BYTES")]
    min_rate: Option<u64>,
}

impl ReadingArgs {
    /// Whether any repository is named or configured.
    pub(super) fn names_one(&self, config: &Config) -> bool {
        !config.repositories.is_empty() || self.given().next().is_some()
    }

    /// The addresses that were named. An address has no blanks in it, and a folder may.
    fn given(&self) -> impl Iterator<Item = &str> {
        let several = self.from.iter().flat_map(|text| {
            let is_address = |part: &str| part.contains("://");
            let parts: Vec<&str> = text.split_whitespace().collect();
            if parts.iter().all(|part| is_address(part)) { parts } else { vec![text.as_str()] }
        });
        several.filter(|text| !text.is_empty())
    }

    /// Opens the repository.
    pub(super) fn open<'w>(
        &self,
        config: &Config,
        screen: &Screen,
        watch: &'w dyn Watch,
    ) -> Result<Reader<'w>, Failure> {
        let pace = self.pace(config);
        let (addresses, pin) = self.repository(config, pace)?;
        let network = if self.offline { Network::Offline } else { Network::Allowed };
        let cache = self.cache.clone().or_else(|| config.cache.clone());
        let reader = Reader::open(
            Request {
                addresses,
                pin,
                states: states()?,
                cache: cache.map_or_else(default_cache, Ok)?,
                now: clock::moment()?,
                pace,
                network,
            },
            watch,
        )?;
        let expired = &reader.freshness().expired;
        if !expired.is_empty() {
            let mut problem = Problem::new("the metadata in the cache has expired");
            problem.notes.clone_from(expired);
            screen.warnings(&[problem.note("newer releases and retractions are not known offline")]);
        }
        Ok(reader)
    }

    fn pace(&self, config: &Config) -> Pace {
        let usual = Pace::USUAL;
        let seconds = self.timeout.or(config.timeout);
        Pace {
            silence: seconds.map_or(usual.silence, Duration::from_secs),
            least: self.min_rate.or(config.min_rate).unwrap_or(usual.least),
        }
    }

    /// The addresses to ask, and the root.
    fn repository(&self, config: &Config, pace: Pace) -> Result<(Vec<Address>, Pin), Failure> {
        let given: Vec<Address> = self.given().map(Address::parse).collect::<Result<_, _>>()?;
        let configured = match (&given[..], &config.repositories[..]) {
            ([], []) => return Err(no_repository()),
            ([], [one]) => Some(one),
            ([], several) => return Err(which(several)),
            (given, _) => given.iter().find_map(|address| config.find(address)),
        };
        let pin = match (&self.root, configured) {
            (Some(root), _) => Pin::read(root)?,
            (None, Some(one)) => self.root_of(one, config, pace)?,
            (None, None) => return Err(no_root(&given[0])),
        };
        let addresses = match configured {
            Some(one) if given.is_empty() => std::iter::once(&one.url).chain(&one.mirrors).cloned().collect(),
            _ => given,
        };
        Ok((addresses, pin))
    }

    fn root_of(&self, one: &Configured, config: &Config, pace: Pace) -> Result<Pin, Failure> {
        let fingerprint = match &one.root {
            KnownBy::File(path) => return Pin::read(path),
            KnownBy::Fingerprint(fingerprint) => fingerprint,
        };
        let path = config.kept_root(fingerprint);
        if path.exists() {
            let pin = Pin::read(&path)?;
            if pin.sha256 == *fingerprint {
                return Ok(pin);
            }
            let problem = Problem::new(format!("the kept root `{}` was changed", path.display()))
                .note(format!("its sha256 is {}", pin.sha256))
                .help("remove it: it is fetched again and held against its fingerprint");
            return Err(Failure::new(Class::Verification, problem));
        }
        if self.offline {
            let problem = Problem::new(format!("the root of {} is not here yet", one.url));
            return Err(Failure::new(Class::Source, problem.help("run once without `--offline`")));
        }
        // The fingerprint decides, so any mirror will do.
        let mut failures = Vec::new();
        for address in std::iter::once(&one.url).chain(&one.mirrors) {
            match Pin::fetch(address, fingerprint, pace) {
                Ok((pin, _)) => {
                    config.keep_root(&pin)?;
                    return Ok(pin);
                }
                Err(failure) => failures.push(failure),
            }
        }
        Err(Failure::all(failures).expect("there is one address at least"))
    }
}

/// The trusted states of this user.
pub(super) fn states() -> Result<States, Failure> {
    Ok(States::new(state_folder()?.join("trusted")))
}

fn no_repository() -> Failure {
    usage(Problem::new("no repository is configured, and none is named").help(
        "name one with `--from URL --root root.json`, or `lustre-dist trust add URL --fingerprint SHA256`",
    ))
}

fn which(several: &[Configured]) -> Failure {
    let mut problem = Problem::new("several repositories are configured");
    for one in several {
        problem = problem.note(one.url.to_string());
    }
    usage(problem.help("say which with `--from URL`"))
}

fn no_root(address: &Address) -> Failure {
    usage(
        Problem::new(format!("nothing says which root of {address} is to be trusted"))
            .note("trust begins with a root, or with its fingerprint, from who vouches for the repository")
            .help(format!(
                "once: `lustre-dist trust add {address} --fingerprint SHA256`; or add `--root root.json` to this command"
            )),
    )
}
