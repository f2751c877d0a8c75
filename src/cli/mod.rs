// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The command line: one file per command. The only room that knows clap, prints, draws progress,
//! reads the environment for the user's sake, and ends the process.

#![allow(clippy::disallowed_methods, reason = "the command line reads the environment and the user's files")]

mod args;
mod assemble;
mod audit;
mod bump;
mod changes;
mod check;
mod clock;
mod completions;
mod config;
mod diff;
mod digest;
mod due;
mod fetch;
mod info;
mod keeper;
mod kernels;
mod line;
mod line_args;
mod lines;
mod lock;
mod ls;
mod man;
mod origin;
mod package;
mod plan;
mod preflight;
mod progress;
mod publish;
mod reading;
mod rebuild;
mod repo;
pub mod report;
mod retract;
mod schema;
mod screen;
mod serve;
mod sign;
mod table;
mod transfer;
mod trust;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::model::Failure;
use screen::Screen;

/// Assembles release tarballs of the Lustre file system in which every byte can be traced to its
/// origin.
#[derive(Debug, Parser)]
#[command(name = "lustre-dist", version, max_term_width = 100, after_help = EXIT_CODES)]
struct Cli {
    #[command(flatten)]
    screen: screen::Args,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 bug, 2 usage, 3 manifest, 4 source or network, 5 nothing to do,
6 verification failed, 7 not reproducible, 8 environment (disk, permissions, missing tool),
130 interrupted.";

#[derive(Debug, Subcommand)]
#[command(defer = true)]
enum Command {
    Assemble(assemble::Args),
    Plan(plan::Args),
    Check(check::Args),
    Lock(lock::Args),
    Digest(digest::Args),
    Bump(bump::Args),
    Line(line::Args),
    Kernels(kernels::Args),
    Preflight(preflight::Args),
    Lines(lines::Args),
    Due(due::Args),
    Audit(audit::Args),
    Sign(sign::Args),
    Publish(publish::Args),
    Retract(retract::Args),
    Verify(verify::Args),
    Rebuild(rebuild::Args),
    Origin(origin::Args),
    Changes(changes::Args),
    Diff(diff::Args),
    Package(package::Args),
    Fetch(fetch::Args),
    Ls(ls::Args),
    Info(info::Args),
    Trust(trust::Args),
    Repo(repo::Args),
    Serve(serve::Args),
    Schema(schema::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// How a command ends that did not fail.
type Done = Result<(), Failure>;

/// Reads the command line. To describe the arguments of every command takes a twentieth of a short run, so at
/// first only those of the command that is named are. What is not right, or asks for help, is read again with the
/// whole at hand, since messages and lists of commands are made of that.
fn parse() -> Cli {
    Cli::try_parse().unwrap_or_else(|_| {
        let mut command = Cli::command();
        command.build();
        Cli::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
    })
}

/// The program: everything from the arguments to the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let cli = parse();
    let screen = Screen::new(&cli.screen);
    screen::end_on_signals();
    let done = match &cli.command {
        Command::Assemble(args) => assemble::run(args, &screen),
        Command::Plan(args) => plan::run(args, &screen),
        Command::Check(args) => check::run(args, &screen),
        Command::Lock(args) => lock::run(args, &screen),
        Command::Digest(args) => digest::run(args, &screen),
        Command::Bump(args) => bump::run(args, &screen),
        Command::Line(args) => line::run(args, &screen),
        Command::Kernels(args) => kernels::run(args, &screen),
        Command::Preflight(args) => preflight::run(args, &screen),
        Command::Lines(args) => lines::run(args, &screen),
        Command::Due(args) => due::run(args, &screen),
        Command::Audit(args) => audit::run(args, &screen),
        Command::Sign(args) => sign::run(args, &screen),
        Command::Publish(args) => publish::run(args, &screen),
        Command::Retract(args) => retract::run(args, &screen),
        Command::Verify(args) => verify::run(args, &screen),
        Command::Rebuild(args) => rebuild::run(args, &screen),
        Command::Origin(args) => origin::run(args, &screen),
        Command::Changes(args) => changes::run(args, &screen),
        Command::Diff(args) => diff::run(args, &screen),
        Command::Package(args) => package::run(args, &screen),
        Command::Repo(args) => repo::run(args, &screen),
        Command::Fetch(args) => fetch::run(args, &screen),
        Command::Ls(args) => ls::run(args, &screen),
        Command::Info(args) => info::run(args, &screen),
        Command::Trust(args) => trust::run(args, &screen),
        Command::Serve(args) => serve::run(args, &screen),
        Command::Schema(args) => schema::run(args, &screen),
        Command::Completions(args) => completions::run(args, &mut Cli::command(), &screen),
        Command::Man(args) => man::run(args, Cli::command(), &screen),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            screen::wait_for_the_end();
            screen.failure(&failure);
            ExitCode::from(failure.class.exit_code())
        }
    }
}
