// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist package deb`.

use super::{Common, Done, Screen};
use crate::manifest::Format;
use crate::package::{Family, deb};

/// Make a Debian source package, format 3.0 (quilt)
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let read = args.common.read(Family::Deb, &[Format::Xz], screen)?;
    let package = deb::make(&read.input, &read.previous, &read.request, &read.templates)?;
    args.common.write(&package, &read, screen)
}
