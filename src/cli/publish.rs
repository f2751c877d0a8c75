// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist publish`.

mod answer;

use std::path::{Path, PathBuf};

use answer::Done;
use zeroize::Zeroizing;

use super::args::{JobArgs, SourceArgs, usage};
use super::clock;
use super::keeper::{self, KeysArgs};
use super::progress::Transfers;
use super::screen::Screen;
use crate::line::{Calendar, Feeding};
use crate::model::{Class, Failure, Problem};
use crate::publish::{self, Candidate, Checks, Derived, Outcome, Reader, Request, Step, SumsKey};
use crate::repository::layout;
use crate::roles::{self, Head, Keys, Role};
use crate::sign::{self, Holder};
use crate::signature::Kind;
use crate::store::Store;

/// Publish releases: check them, upload their files, read them back, and add them to the signed index
///
/// Data goes first and the index last. A run that was stopped is finished by running it again; what is there
/// with the same bytes is not sent again, and what is there with others is refused. Several may publish
/// at once.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The directories that `assemble` made
    #[arg(value_name = "RELEASE_DIR", required = true)]
    releases: Vec<PathBuf>,
    /// The repository: a folder, or `s3://bucket/folder`
    #[arg(long, value_name = "URL")]
    to: String,
    /// What to do, of check, upload, verify and index
    #[arg(long, value_name = "STEPS", value_delimiter = ',', value_parser = step, default_value = "check,upload,verify,index")]
    steps: Vec<Step>,
    /// Check, and tell what would be uploaded and published; write nothing
    #[arg(long)]
    dry_run: bool,
    /// Where readers find the repository, read back from here and named on the pages: `https://`, `http://` or `file://` [default: the repository]
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Make the repository and its keys where there are none
    #[arg(long)]
    init: bool,
    /// Publish a release that nobody signed
    #[arg(long)]
    publish_unsigned: bool,
    /// The public keys that may have signed releases: files, or folders of them
    #[arg(long, value_name = "FILE|DIR")]
    signing_keys: Vec<PathBuf>,
    /// Sign the SHA256SUMS of the line with this secret key: OpenPGP, or OpenSSH
    #[arg(long, value_name = "FILE", conflicts_with = "sums_gpg")]
    sums_key: Option<PathBuf>,
    /// The file with the passphrase of `--sums-key`
    #[arg(long, value_name = "FILE", requires = "sums_key")]
    sums_passphrase_file: Option<PathBuf>,
    /// Sign the SHA256SUMS of the line with this key of your gpg
    #[arg(long, value_name = "KEYID")]
    sums_gpg: Option<String>,
    /// What is known of kernel series, for the ends of lines [default: manifests/kernels.toml, else the
    /// table that lustre-dist carries]
    #[arg(long, value_name = "FILE")]
    kernels: Option<PathBuf>,
    #[command(flatten)]
    keys: KeysArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    jobs: JobArgs,
    #[command(flatten)]
    sources: SourceArgs,
}

fn step(word: &str) -> Result<Step, String> {
    Step::from_word(word).ok_or_else(|| "expected `check`, `upload`, `verify` or `index`".to_owned())
}

pub(super) fn run(args: &Args, screen: &Screen) -> super::Done {
    let store = keeper::open(&args.to)?;
    let reader = match &args.public_url {
        Some(url) => Reader::open(url, &keeper::settings())?,
        None => Reader::of(&store),
    };
    let calendar = calendar(args.kernels.as_deref())?;
    let sums_key = sums_key(args)?;
    let candidates = candidates(&args.releases, &calendar)?;
    let mut keys = args.keys.open(&store)?;
    let now = clock::moment()?;
    let (checked, head) = std::thread::scope(|scope| {
        // With thousands of releases, what is there takes a while too.
        let head = scope.spawn(|| head(&store, &keys));
        let checked = if args.steps.contains(&Step::Check) { check(args, &candidates) } else { Ok(()) };
        (checked, head.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    checked?;
    let (head, made) = match head? {
        Some(head) => (Some(head), false),
        None => (make(args, &store, &mut keys, now)?, true),
    };
    let Some(head) = head else {
        let outcome = Outcome::default();
        return answer::tell(
            args,
            screen,
            &Done { candidates: &candidates, outcome: &outcome, store: &store, made, keys: keys.folder() },
        );
    };

    let near = head.near(&store, now).into_iter().filter(|(role, _)| *role == Role::Root);
    let near: Vec<Problem> = near.map(|(_, problem)| problem).collect();
    let transfers = Transfers::new(screen);
    let request = Request {
        store: &store,
        reader: &reader,
        public_url: args.public_url.as_deref(),
        keys: &keys,
        steps: &args.steps,
        dry_run: args.dry_run,
        sums_key: sums_key.as_ref(),
        jobs: args.jobs.count(),
        now,
        today: clock::today()?,
    };
    let outcome = publish::publish(&request, head, &candidates, &transfers);
    transfers.end();
    let outcome = outcome?;
    // The other roles are signed anew here; the root is not.
    screen.warnings(&near);
    if let Some(indexed) = &outcome.indexed {
        screen.warnings(&indexed.shortened);
    }
    if let Some(derived) = &outcome.derived {
        warn(derived, screen);
    }
    answer::tell(
        args,
        screen,
        &Done { candidates: &candidates, outcome: &outcome, store: &store, made, keys: keys.folder() },
    )
}

/// A timestamp of more bytes is none of ours.
const LARGEST_TIMESTAMP: u64 = 1 << 16;

/// Makes the repository that is not there, or would.
fn make(args: &Args, store: &Store, keys: &mut Keys, now: jiff::Timestamp) -> Result<Option<Head>, Failure> {
    if !args.init {
        let problem = Problem::new(format!("there is no repository at `{}`", store.at())).help(
            "make one with `lustre-dist repo init`, or add `--init` to make one with fresh keys right away",
        );
        return Err(usage(problem));
    }
    if args.dry_run {
        return Ok(None);
    }
    roles::init(store, keys, &roles::Terms::default(), now).map(Some)
}

/// The state of the repository; nothing where there is none, or no more than the beginning of one.
fn head(store: &Store, keys: &Keys) -> Result<Option<Head>, Failure> {
    if store.read(layout::TIMESTAMP, LARGEST_TIMESTAMP)?.is_none() {
        return roles::lost(store)?.map_or(Ok(None), Err);
    }
    if keys.pinned().is_none() {
        return Err(no_root(keys, store));
    }
    Head::held(store, keys).map(Some)
}

/// Whoever writes to a store could choose what is signed.
pub(super) fn no_root(keys: &Keys, store: &Store) -> Failure {
    let problem = Problem::new(format!("there is no root of `{}` among the keys", store.at()))
        .note(format!("no root.json in `{}`", keys.folder().display()))
        .help("name the folder that `repo init` made the keys in, with `--keys` or LUSTRE_DIST_KEYS");
    Failure::new(Class::Usage, problem)
}

fn candidates(paths: &[PathBuf], calendar: &Calendar) -> Result<Vec<Candidate>, Failure> {
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut failures = Vec::new();
    for path in paths {
        match Candidate::read(path, calendar) {
            Ok(candidate) => {
                if let Some(first) = candidates.iter().find(|first| first.title == candidate.title) {
                    let problem = Problem::new(format!("{} is named twice", candidate.title))
                        .note(first.directory.display().to_string())
                        .note(candidate.directory.display().to_string());
                    failures.push(usage(problem));
                }
                candidates.push(candidate);
            }
            Err(failure) => failures.push(failure),
        }
    }
    Failure::all(failures).map_or(Ok(candidates), Err)
}

fn check(args: &Args, candidates: &[Candidate]) -> Result<(), Failure> {
    let places = args.sources.places_alone()?;
    let keys = (!args.signing_keys.is_empty()).then(|| sign::read_keys(&args.signing_keys)).transpose()?;
    let checks = Checks {
        places: &places,
        signing_keys: keys.as_ref(),
        unsigned: args.publish_unsigned,
        jobs: args.jobs.count(),
        now: clock::now(),
    };
    publish::check(&checks, candidates)
}

/// What is known of kernel series.
fn calendar(file: Option<&Path>) -> Result<Calendar, Failure> {
    match file {
        Some(file) => Calendar::read(file, &Feeding::Held),
        None => Calendar::load(Path::new("manifests"), &Feeding::Held),
    }
}

fn sums_key(args: &Args) -> Result<Option<SumsKey>, Failure> {
    if let Some(id) = &args.sums_gpg {
        return Ok(Some(SumsKey { kind: Kind::Openpgp, holder: Holder::Gpg(id.clone()) }));
    }
    let Some(path) = &args.sums_key else { return Ok(None) };
    let text =
        std::fs::read(path).map(Zeroizing::new).map_err(|error| Failure::io("read the key", path, &error))?;
    let is_ssh = text.windows(SSH.len()).any(|window| window == SSH);
    let passphrase = match &args.sums_passphrase_file {
        None => None,
        Some(path) => {
            let text = std::fs::read_to_string(path).map(Zeroizing::new);
            let text = text.map_err(|error| Failure::io("read the passphrase", path, &error))?;
            Some(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
        }
    };
    let kind = if is_ssh { Kind::Ssh } else { Kind::Openpgp };
    Ok(Some(SumsKey { kind, holder: Holder::File { path: path.clone(), passphrase } }))
}

const SSH: &[u8] = b"BEGIN OPENSSH PRIVATE KEY";

/// What became of derived files that somebody may miss.
pub(super) fn warn(derived: &Derived, screen: &Screen) {
    screen.warnings(&derived.damage);
    for path in &derived.unsigned {
        let problem = Problem::new(format!("`{path}` was taken away"))
            .note("it was over the checksums as they were, and no key was given to sign the new ones")
            .help("`lustre-dist publish RELEASE_DIR --sums-key FILE` signs them, with any release of the line; each release's own signatures are as they were");
        screen.warnings(&[problem]);
    }
}
