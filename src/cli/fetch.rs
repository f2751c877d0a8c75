// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist fetch`.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::Serialize;

use super::Done;
use super::args;
use super::clock;
use super::config::Config;
use super::progress::Spinner;
use super::reading::{ChoosingArgs, ReadingArgs};
use super::screen::{Screen, bytes};
use super::transfer::Transfer;
use crate::fetch::{Brought, Freshness, How, Vouched, Wanted};
use crate::kernel::Side;
use crate::manifest::Format;
use crate::model::version::KernelRelease;
use crate::model::{Class, Failure, Problem, SourceDate};
use crate::repository::{Choice, Listed, Spec, Wish, choose};
use crate::unpack;

const SETTINGS: &str = "\
Settings are read from config.toml in the folder lustre-dist of your configuration folder (~/.config):

  format   = \"zst\"                      which tarball: zst, xz, gz or tar
  cache    = \"/scratch/me/lustre-dist\"  where fetched objects are kept: one user's; may be removed
  timeout  = 30                         how many seconds a server may be silent
  min-rate = 1000                       the fewest bytes a second that it may give

  [[repository]]                        as `lustre-dist trust add` writes it
  url         = \"https://releases.example.org/lustre\"
  mirrors     = [\"https://mirror.example.net/lustre\"]
  fingerprint = \"SHA256\"                of the root's file; or root = \"FILE\"

Environment: LUSTRE_DIST_CONFIG and LUSTRE_DIST_STATE name the folders of the settings and of what
was trusted before (~/.local/state/lustre-dist), LUSTRE_DIST_CACHE that of the cache; LUSTRE_DIST_FROM
stands for --from, LUSTRE_DIST_ROOT for --root. HTTP_PROXY, HTTPS_PROXY and NO_PROXY are honoured.";

/// Fetch a release from a repository, proven genuine whatever the server or the network does
///
/// The release is chosen inside signed metadata, and every byte is held against it. Trust begins with
/// a root: `--root root.json`, or `lustre-dist trust add` once. Files get their names when they are
/// whole and verified; what was fetched of them before is gone on with.
#[derive(Debug, clap::Args)]
#[command(after_long_help = SETTINGS)]
pub(super) struct Args {
    /// A version (2.17.0), a requirement (^2.17, ~2.15.7), a line (lts-6.12), or `latest`
    #[arg(default_value = "latest")]
    spec: Spec,
    /// The newest release tested on a kernel, else known to build, else within range: "$(uname -r)"
    #[arg(long, value_name = "RELEASE", value_parser = kernel)]
    kernel: Option<KernelRelease>,
    /// With --kernel: what is to run there
    #[arg(long, value_enum, default_value_t = SideWord::Client, requires = "kernel")]
    side: SideWord,
    /// The folder that the files go to
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// Unpack the tarball too, to a folder of its own
    #[arg(long)]
    unpack: bool,
    /// Which tarballs; may be repeated [default: the first of zst, xz, gz and tar that there is]
    #[arg(long, value_parser = args::format)]
    format: Vec<Format>,
    /// The records too: origins, bill of materials, provenance, changes
    #[arg(long)]
    all: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    choosing: ChoosingArgs,
    #[command(flatten)]
    reading: ReadingArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SideWord {
    Client,
    Server,
}

impl From<SideWord> for Side {
    fn from(word: SideWord) -> Self {
        match word {
            SideWord::Client => Self::Client,
            SideWord::Server => Self::Server,
        }
    }
}

fn kernel(text: &str) -> Result<KernelRelease, String> {
    KernelRelease::parse(text.trim()).map_err(|error| error.to_string())
}

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    choice: &'a Choice,
    identity: crate::model::Sha256,
    date: SourceDate,
    files: &'a [Brought],
    unpacked: Option<&'a Path>,
    metadata: &'a Freshness,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let config = Config::load()?;
    let today = clock::today()?;
    let transfer = Transfer::new(screen);
    let reader = args.reading.open(&config, screen, &transfer)?;
    let tables = if args.kernel.is_some() { reader.kernels()? } else { None };
    let choice = choose(reader.catalog(), tables.as_ref(), &wish(args), today)?;
    screen.remark(format_args!("{}: {}", choice.title, choice.why));
    let folder = args.out.join(&choice.title);
    if args.unpack && folder.symlink_metadata().is_ok() {
        let problem = Problem::new(format!("`{}` exists already", folder.display()))
            .note("a release is unpacked into a folder of its own, and nothing is merged into another")
            .help("move it away, or fetch to elsewhere with `--out`");
        return Err(Failure::new(Class::Environment, problem));
    }
    let preferred = config.format.filter(|_| args.format.is_empty());
    let wanted = Wanted { formats: args.format.clone(), preferred, records: args.all };
    let files = reader.bring(&choice.listed, &wanted, &args.out)?;
    let unpacked = if args.unpack {
        let size = reader.description(&choice.listed)?.identity.size;
        Some(unpack(&choice.listed, size, &files[0], &args.out, screen)?)
    } else {
        None
    };
    if args.json {
        let entry = &choice.listed.entry;
        screen.json(&Answer {
            choice: &choice,
            identity: entry.identity,
            date: entry.date,
            files: &files,
            unpacked: unpacked.as_deref(),
            metadata: reader.freshness(),
        });
    } else {
        screen.answer(people(&choice, &files, unpacked.as_deref(), reader.freshness(), screen.quiet));
    }
    Ok(())
}

fn wish(args: &Args) -> Wish {
    Wish { kernel: args.kernel.clone(), side: args.side.into(), ..args.choosing.wish(args.spec.clone()) }
}

/// Unpacks a tarball. Its file is read again: what is unpacked is what stands there.
fn unpack(
    listed: &Listed,
    size: u64,
    tarball: &Brought,
    out: &Path,
    screen: &Screen,
) -> Result<PathBuf, Failure> {
    let title = listed.entry.title();
    let _spinner = Spinner::start(screen, format!("unpacking {title}"));
    let file = crate::release::plain::open(&tarball.path)
        .map_err(|error| Failure::io("read", &tarball.path, &error))?;
    let wanted = unpack::Wanted { title: &title, identity: listed.entry.identity, size: Some(size) };
    unpack::unpack(file, &tarball.file, &wanted, out, &|_| {})
}

fn people(
    choice: &Choice,
    files: &[Brought],
    unpacked: Option<&Path>,
    freshness: &Freshness,
    quiet: bool,
) -> String {
    let mut text = String::new();
    if quiet {
        for path in files.iter().map(|file| file.path.as_path()).chain(unpacked) {
            text.push_str(&format!("{}\n", path.display()));
        }
        return text;
    }
    let width = files.iter().map(|file| file.file.chars().count()).max().unwrap_or(0);
    text.push_str(&format!("{}\n", choice.title));
    for file in files {
        let (size, how) = (bytes(file.size), how(&file.how));
        let vouched = match file.vouched {
            Vouched::Metadata | Vouched::Description => "verified",
            Vouched::Agreement => "agrees with what is verified",
            Vouched::Sums => "listed in SHA256SUMS",
            Vouched::Itself => "not checked here",
        };
        text.push_str(&format!("  {:<width$}  {size:>8}  {vouched}, {how}\n", file.file));
    }
    let tarball = &files[0];
    text.push_str(&format!("  sha256 {}\n", tarball.sha256));
    let versions = &freshness.versions;
    text.push_str(&format!(
        "verified by signed metadata: root {} (pinned {:.12}), timestamp {}, targets {} > release.json > tarball\n",
        versions.root, freshness.root.to_string(), versions.timestamp, versions.targets,
    ));
    text.push_str(&format!("that metadata is good until {:.0}\n", freshness.expires));
    if files.iter().any(|file| file.vouched == Vouched::Itself) {
        text.push_str("the signatures say something with the signer's key alone: `lustre-dist verify TARBALL --keys FILE`\n");
    }
    text.push_str(&format!("fetched to {}\n", tarball.path.display()));
    if let Some(unpacked) = unpacked {
        text.push_str(&format!("unpacked to {}\n", unpacked.display()));
    }
    text
}

fn how(how: &How) -> String {
    match how {
        How::Cached => "from the cache".to_owned(),
        How::Stood => "was there".to_owned(),
        How::Downloaded { from, resumed, length, seconds } => {
            let moved = length.saturating_sub(*resumed);
            let rate = if *seconds > 0.001 && moved >= 1 << 20 {
                format!(" at {}/s", bytes((moved as f64 / seconds) as u64))
            } else {
                String::new()
            };
            let resumed =
                if *resumed > 0 { format!(", {} came before", bytes(*resumed)) } else { String::new() };
            format!("from {from}{rate}{resumed}")
        }
    }
}
