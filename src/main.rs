// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Parse, dispatch, print the error, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    lustre_dist::cli::main()
}
