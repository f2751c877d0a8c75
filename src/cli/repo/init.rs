// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist repo init`.

use serde::Serialize;

use super::{DaysArgs, fingerprint, status};
use crate::cli::Done;
use crate::cli::clock;
use crate::cli::keeper::{self, KeysArgs};
use crate::cli::screen::Screen;
use crate::model::Sha256;
use crate::repository::layout;
use crate::roles::{self, Keys, Lifetimes, Role, Terms};

/// Make an empty repository, and the keys that sign it
///
/// Keys that are in the folder already are taken by their names: `root-1` and so on, `targets`, and `online`
/// or `snapshot` and `timestamp`. `NAME.pem` is a private Ed25519 key (PKCS#8); `NAME.pub` is a public key
/// (PEM) whose holder signs elsewhere; `NAME.toml` is one that a program signs with:
///
///   public = """PEM"""
///   command = ["PROGRAM", "ARGUMENT"]
///
/// The program gets the bytes to sign on its standard input and prints the signature, raw or in
/// hexadecimal. A `/` in its name makes it a path from the folder of keys.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Args {
    /// The repository: a folder, or `s3://bucket/folder`
    #[arg(value_name = "URL")]
    at: String,
    /// How many keys the root has
    #[arg(long, value_name = "N", default_value_t = 1)]
    root_keys: usize,
    /// How many of them must sign a change of keys
    #[arg(long, value_name = "M", default_value_t = 1)]
    threshold: u64,
    /// Give snapshot and timestamp keys of their own; they share one otherwise
    #[arg(long)]
    separate_keys: bool,
    #[command(flatten)]
    days: DaysArgs,
    #[command(flatten)]
    keys: KeysArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer<'a> {
    repository: &'a str,
    root: &'a str,
    root_sha256: Sha256,
    keys: String,
    roles: Vec<status::RoleRow>,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let store = keeper::open(&args.at)?;
    let folder = args.keys.folder(&store)?;
    let mut keys = Keys::open(&folder)?;
    let terms = Terms {
        root_keys: args.root_keys,
        threshold: args.threshold,
        separate: args.separate_keys,
        lifetimes: args.days.over(Lifetimes::default()),
    };
    let now = clock::moment()?;
    let head = roles::init(&store, &mut keys, &terms, now)?;
    super::refresh::derive(&store, &keys, now, screen)?;
    let at = store.at();
    if args.json {
        screen.json(&Answer {
            repository: &at,
            root: layout::ROOT,
            root_sha256: fingerprint(&head),
            keys: folder.display().to_string(),
            roles: status::rows(&head, now),
        });
        return Ok(());
    }
    screen.answer(format_args!("{at}\n"));
    status::table(screen, &head, Some(&keys), now);
    screen.answer(format_args!("keys  {}\n", folder.display()));
    screen.answer(format_args!("root  {} sha256:{}\n", layout::ROOT, fingerprint(&head)));
    let roots = keys
        .iter()
        .filter(|signer| signer.is_here() && head.keys(Role::Root).iter().any(|(id, _)| *id == signer.id));
    if roots.count() > 0 {
        screen
            .remark("move the root's private keys to where no network is: only a change of keys needs them");
    }
    Ok(())
}
