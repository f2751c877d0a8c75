// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist package rpm`.

use super::{Common, Done, Screen};
use crate::package::{Family, rpm};

/// Make a source RPM; rpmbuild must be there
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let read = args.common.read(Family::Rpm, &rpm::FORMATS, screen)?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let aside = (args.common.out.as_path(), path.as_os_str());
    let made = rpm::make(&read.input, &read.previous, &read.request, &read.templates, aside)?;
    args.common.write(&made.package, &read, screen)
}
