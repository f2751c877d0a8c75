// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist completions`.

use clap_complete::Shell;

use super::Done;
use super::screen::Screen;

/// Print the completions of a shell
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &Args, command: &mut clap::Command, screen: &Screen) -> Done {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "lustre-dist", &mut script);
    screen.answer(String::from_utf8_lossy(&script));
    Ok(())
}
