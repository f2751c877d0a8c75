// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist sign`.

use std::path::PathBuf;

use clap::ValueEnum;
use serde::Serialize;
use zeroize::Zeroizing;

use super::Done;
use super::args::usage;
use super::clock::now;
use super::screen::Screen;
use crate::model::{Failure, Problem, SourceDate};
use crate::sign::{self, Added, Holder, Ready, Request, Target, Unpublishable, What};
use crate::signature::{Good, Kind};

/// Sign a release: the tar, each compressed tar, the checksums and the provenance
///
/// The release is read first, all of it; each signature is checked before it is added; nothing that
/// is there is changed. Keys stand in files, or stay with gpg and ssh-keygen and their agents.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The release's directory
    release: PathBuf,
    /// The kind of signatures
    #[arg(long, value_enum, value_name = "KIND", required_unless_present_any = ["digest_only", "attach"])]
    with: Option<With>,
    /// Sign with the secret key in this file: an OpenPGP secret key, or an OpenSSH private key
    #[arg(long, value_name = "FILE", conflicts_with_all = ["gpg", "ssh_keygen"])]
    key: Option<PathBuf>,
    /// The file with the passphrase of `--key`
    #[arg(long, value_name = "FILE", requires = "key")]
    passphrase_file: Option<PathBuf>,
    /// Sign with this key of your gpg, which asks its agent or token
    #[arg(long, value_name = "KEYID", conflicts_with = "ssh_keygen")]
    gpg: Option<String>,
    /// Sign with your ssh-keygen: a private key's file, or a public key that ssh-agent or a token has
    #[arg(long, value_name = "FILE")]
    ssh_keygen: Option<PathBuf>,
    /// The date of OpenPGP signatures made with `--key`, RFC 3339 [default: now]
    #[arg(long, value_name = "DATE", requires = "key", value_parser = date)]
    date: Option<SourceDate>,
    /// Put new signatures in the place of others that are there
    #[arg(long)]
    replace: bool,
    /// Sign nothing; print what to sign elsewhere, and how
    #[arg(long, conflicts_with_all = ["with", "attach"])]
    digest_only: bool,
    /// Add signatures that were made elsewhere, each checked with `--keys`
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "keys", conflicts_with = "with")]
    attach: Vec<PathBuf>,
    /// The public keys that attached signatures are checked with: files, or folders of them
    #[arg(long, value_name = "PATH", num_args = 1.., requires = "attach")]
    keys: Vec<PathBuf>,
    /// Sign a partial release or a development version all the same, for a trial
    #[arg(long)]
    sign_what_cannot_be_published: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum With {
    Openpgp,
    Ssh,
}

#[derive(Serialize)]
struct Row<'a> {
    file: &'a str,
    covers: &'a str,
    outcome: &'static str,
    signature: &'a Good,
}

#[derive(Serialize)]
struct ToSign<'a> {
    file: &'a str,
    sha256: String,
    sha512: String,
    openpgp: String,
    ssh: String,
}

fn date(text: &str) -> Result<SourceDate, String> {
    let at: jiff::Timestamp = text.parse().map_err(|_| "expected a date such as 2026-01-02T03:04:05Z")?;
    u64::try_from(at.as_second()).map(SourceDate).map_err(|_| "a date before 1970".to_owned())
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let unpublishable = match args.sign_what_cannot_be_published {
        true => Unpublishable::Signed,
        false => Unpublishable::Refused,
    };
    if args.digest_only {
        return digests(&Ready::read(&args.release, unpublishable)?, args, screen);
    }
    if !args.attach.is_empty() {
        let keys = sign::read_keys(&args.keys)?;
        let ready = Ready::read(&args.release, unpublishable)?;
        let added = sign::attach(&ready, &args.attach, &keys, now(), args.replace)?;
        return tell(&ready, &added, args, screen);
    }
    let holder = holder(args)?;
    let kind = match args.with {
        Some(With::Ssh) => Kind::Ssh,
        _ => Kind::Openpgp,
    };
    if kind == Kind::Ssh && args.date.is_some() {
        return Err(usage(Problem::new("`--date` is for OpenPGP: an SSH signature bears no date")));
    }
    let ready = Ready::read(&args.release, unpublishable)?;
    let request = Request { kind, holder: &holder, now: now(), date: args.date, replace: args.replace };
    let added = sign::sign(&ready, &request)?;
    tell(&ready, &added, args, screen)?;
    if ready.statement().is_some() && !added.iter().any(|one| one.file == ready.names().envelope()) {
        screen.remark("no signed envelope: that needs a key in a file (`--key`)");
    }
    Ok(())
}

fn holder(args: &Args) -> Result<Holder, Failure> {
    let passphrase = match &args.passphrase_file {
        None => None,
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map(Zeroizing::new)
                .map_err(|error| Failure::io("read the passphrase", path, &error))?;
            Some(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
        }
    };
    match (&args.key, &args.gpg, &args.ssh_keygen) {
        (Some(path), ..) => Ok(Holder::File { path: path.clone(), passphrase }),
        (_, Some(id), _) => Ok(Holder::Gpg(id.clone())),
        (.., Some(path)) => Ok(Holder::SshKeygen(path.clone())),
        _ => Err(usage(
            Problem::new("no key is named")
                .help("give `--key FILE`, `--gpg KEYID` with `--with openpgp`, or `--ssh-keygen FILE` with `--with ssh`"),
        )),
    }
}

fn tell(ready: &Ready, added: &[Added], args: &Args, screen: &Screen) -> Done {
    let outcome = |what| match what {
        What::Made => "made",
        What::WasThere => "was there",
        What::Replaced => "replaced",
        What::Joined => "joined",
    };
    if args.json {
        let rows: Vec<Row<'_>> = added
            .iter()
            .map(|one| Row {
                file: &one.file,
                covers: &one.covers,
                outcome: outcome(one.what),
                signature: &one.good,
            })
            .collect();
        screen.json(&rows);
        return Ok(());
    }
    screen.answer(format_args!("{}\n", ready.directory().display()));
    let width = added.iter().map(|one| one.file.len()).max().unwrap_or(0);
    for one in added {
        screen.answer(format_args!("  {:<width$}  {:<9}  {}\n", one.file, outcome(one.what), one.good));
    }
    Ok(())
}

/// What to sign on another machine, and the commands for it.
fn digests(ready: &Ready, args: &Args, screen: &Screen) -> Done {
    let mut rows = Vec::new();
    for target in ready.targets() {
        let (sha256, sha512) = target.digests()?;
        rows.push(ToSign {
            file: &target.name,
            sha256: sha256.to_string(),
            sha512,
            openpgp: command(ready, target, Kind::Openpgp),
            ssh: command(ready, target, Kind::Ssh),
        });
    }
    if args.json {
        screen.json(&rows);
        return Ok(());
    }
    for row in &rows {
        screen.answer(format_args!("{}\n  sha256   {}\n  sha512   {}\n", row.file, row.sha256, row.sha512));
        screen.answer(format_args!("  openpgp  {}\n  ssh      {}\n", row.openpgp, row.ssh));
    }
    screen.remark("take the results back with `--attach FILE... --keys PATH`");
    Ok(())
}

fn command(ready: &Ready, target: &Target, kind: Kind) -> String {
    let output = ready.names().signature(&target.name, kind);
    let file = target.path.file_name().unwrap_or_default().to_string_lossy();
    let decoder = target.decoder();
    match (kind, decoder) {
        (Kind::Openpgp, None) => format!("gpg --armor --detach-sign --output {output} {file}"),
        (Kind::Openpgp, Some(decoder)) => {
            format!("{decoder} {file} | gpg --armor --detach-sign --output {output}")
        }
        (Kind::Ssh, None) => format!("ssh-keygen -Y sign -n file -f KEY {file}"),
        (Kind::Ssh, Some(decoder)) => {
            format!("{decoder} {file} | ssh-keygen -Y sign -n file -f KEY > {output}")
        }
    }
}
