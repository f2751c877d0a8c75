// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist repo`: what the keeper of a release repository does.

mod check;
mod init;
mod refresh;
mod rotate_key;
mod sign_root;
mod status;

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::Done;
use super::args::usage;
use super::keeper::KeysArgs;
use super::screen::Screen;
use crate::model::{Failure, Problem, Sha256};
use crate::roles::{self, Head, Lifetimes};
use crate::store::Store;

/// Make and keep a repository of releases
///
/// A repository is a folder or an S3 bucket (`s3://bucket/folder`, its credentials in the usual AWS_...
/// variables). Its metadata is that of The Update Framework; `publish` puts releases into it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Init(init::Args),
    Status(status::Args),
    Check(check::Args),
    Refresh(refresh::Args),
    RotateKey(rotate_key::Args),
    SignRoot(sign_root::Args),
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    match &args.command {
        Command::Init(args) => init::run(args, screen),
        Command::Status(args) => status::run(args, screen),
        Command::Check(args) => check::run(args, screen),
        Command::Refresh(args) => refresh::run(args, screen),
        Command::RotateKey(args) => rotate_key::run(args, screen),
        Command::SignRoot(args) => sign_root::run(args, screen),
    }
}

/// A role on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Role {
    Root,
    Targets,
    Snapshot,
    Timestamp,
}

impl From<Role> for roles::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Root => Self::Root,
            Role::Targets => Self::Targets,
            Role::Snapshot => Self::Snapshot,
            Role::Timestamp => Self::Timestamp,
        }
    }
}

/// For how long metadata is good.
#[derive(Debug, clap::Args)]
struct DaysArgs {
    /// For how many days a role's metadata is good [default: root=365 targets=90 snapshot=30 timestamp=7]
    #[arg(long, value_name = "ROLE=N", value_parser = days)]
    days: Vec<(Role, u16)>,
}

fn days(text: &str) -> Result<(Role, u16), String> {
    let wrong = || format!("expected a role and a number of days, such as `timestamp=14`, not `{text}`");
    let (role, count) = text.split_once('=').ok_or_else(wrong)?;
    let role = Role::from_str(role, false).map_err(|_| wrong())?;
    let count = count.parse().ok().filter(|count| *count > 0).ok_or_else(wrong)?;
    Ok((role, count))
}

impl DaysArgs {
    /// Those of before with what the arguments say.
    fn over(&self, mut lifetimes: Lifetimes) -> Lifetimes {
        for (role, count) in &self.days {
            *match role {
                Role::Root => &mut lifetimes.root,
                Role::Targets => &mut lifetimes.targets,
                Role::Snapshot => &mut lifetimes.snapshot,
                Role::Timestamp => &mut lifetimes.timestamp,
            } = *count;
        }
        lifetimes
    }
}

/// The root that a look at a repository starts from.
#[derive(Debug, clap::Args)]
struct TrustArgs {
    /// Trust this root [default: the one pinned in the folder of keys, else the repository's first]
    #[arg(long, value_name = "FILE")]
    root: Option<PathBuf>,
    #[command(flatten)]
    keys: KeysArgs,
}

impl TrustArgs {
    /// The trusted root; none where the repository's own first one must do.
    fn trusted(&self, store: &Store, screen: &Screen) -> Result<Option<Vec<u8>>, Failure> {
        if let Some(path) = &self.root {
            return read(path).map(Some);
        }
        let pinned = match self.keys.folder(store) {
            Ok(folder) => folder.join("root.json"),
            // Who only looks needs no keys.
            Err(_) => return Ok(None),
        };
        if !pinned.is_file() {
            screen.remark(
                "no root is pinned here: the repository's own first root is believed (`--root FILE`)",
            );
            return Ok(None);
        }
        read(&pinned).map(Some)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::io("read", path, &error))
}

/// Writes a file of the user's, whole or not at all.
fn write(path: &Path, bytes: &[u8], over: bool) -> Result<(), Failure> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let failed = |error: &std::io::Error| Failure::io("write", path, error);
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|error| failed(&error))?;
    std::io::Write::write_all(&mut file, bytes).map_err(|error| failed(&error))?;
    file.as_file().sync_all().map_err(|error| failed(&error))?;
    let kept = if over { file.persist(path) } else { file.persist_noclobber(path) };
    match kept {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Err(usage(
            Problem::new(format!("`{}` is there already", path.display()))
                .help("sign it with `lustre-dist repo sign-root`, or name another file"),
        )),
        Err(error) => Err(failed(&error.error)),
    }
}

/// What readers pin.
fn fingerprint(head: &Head) -> Sha256 {
    Sha256::of(head.root_bytes())
}
