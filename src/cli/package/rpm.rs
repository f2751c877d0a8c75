// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist package rpm`.

use std::path::PathBuf;

use super::{Common, Done, Screen};
use crate::package::{Family, deb, rpm};

/// Make a source RPM; rpmbuild must be there
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    /// The certificate that the tarballs are signed with, in its armour: the package checks the tarball
    /// against it when it is built
    #[arg(long, value_name = "FILE")]
    signing_key: Option<PathBuf>,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let key = args.signing_key.as_deref().map(deb::read_key).transpose()?;
    let read = args.common.read(Family::Rpm, &rpm::FORMATS)?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let aside = (args.common.out.as_path(), path.as_os_str());
    let made = rpm::make(&read.input, &read.previous, &read.request, &read.templates, key.as_ref(), aside)?;
    args.common.write(&made.package, screen)
}
