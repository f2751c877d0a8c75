// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist package deb`.

use std::path::PathBuf;

use super::{Common, Done, Screen};
use crate::manifest::Format;
use crate::package::{Family, deb};

/// Make a Debian source package, format 3.0 (quilt)
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    /// The certificate that the tarballs are signed with, in its armour, for those who check them later
    #[arg(long, value_name = "FILE")]
    signing_key: Option<PathBuf>,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let key = args.signing_key.as_deref().map(deb::read_key).transpose()?;
    let read = args.common.read(Family::Deb, &[Format::Xz])?;
    let package = deb::make(&read.input, &read.previous, &read.request, &read.templates, key.as_ref())?;
    args.common.write(&package, screen)
}
