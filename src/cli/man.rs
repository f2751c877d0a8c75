// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist man`.

use std::path::PathBuf;

use super::Done;
use super::screen::Screen;
use crate::model::Failure;

/// Write the manual pages into a folder
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder, such as /usr/local/share/man/man1
    #[arg(default_value = ".")]
    folder: PathBuf,
}

pub(super) fn run(args: &Args, command: clap::Command, screen: &Screen) -> Done {
    std::fs::create_dir_all(&args.folder)
        .map_err(|error| Failure::io("create the folder", &args.folder, &error))?;
    clap_mangen::generate_to(command, &args.folder)
        .map_err(|error| Failure::io("write manual pages into", &args.folder, &error))?;
    screen.answer(format_args!("{}\n", args.folder.join("lustre-dist.1").display()));
    Ok(())
}
