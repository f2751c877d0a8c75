// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Parse, dispatch, print the error, exit code.

use std::process::ExitCode;

/// zstd and xz go through some eighty megabytes of tables each, at random. On pages of 4 KiB the
/// processor looks addresses up more often than data, and a run's first pass over the tables is a fault per
/// page. This allocator asks Linux for huge pages, and stands in for C's as well, which the two use. It is
/// its second line: the third looks at the clock before it can be called again, and faketime, which
/// reproducible builds run under, calls it then.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    lustre_dist::cli::main()
}
