// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist package dkms`.

use clap::ValueEnum;

use super::{Common, Done, Screen};
use crate::package::{FORMATS, Family, dkms};

/// What the packager's users have to know.
const NOTES: &str = "\
Load it with `dkms ldtarball FILE`, then build with `dkms install NAME/VERSION -k KERNEL`.

dkms signs the modules that it builds with the key and the certificate that /etc/dkms/framework.conf
names as mok_signing_key and mok_certificate, else with its own below /var/lib/dkms. Under Secure
Boot they load once that certificate is enrolled: `mokutil --import CERTIFICATE`, and a reboot.

A tree with packaging of its own builds clients. Its servers need OpenZFS that dkms built before, or
the sources of a kernel that it has ldiskfs patches for.";

/// Make a tarball for `dkms ldtarball`
#[derive(Debug, clap::Args)]
#[command(after_help = NOTES)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    /// Build the servers too, on that back end, as the tree's own packaging does [default: clients alone]
    #[arg(long, value_enum, value_name = "BACKEND")]
    servers: Option<Servers>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Servers {
    /// OpenZFS, built by dkms before
    Zfs,
    /// ldiskfs, from the kernel's own sources
    Ldiskfs,
    /// Both
    All,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let read = args.common.read(Family::Dkms, &FORMATS, screen)?;
    let servers = args.servers.map(|servers| match servers {
        Servers::Zfs => dkms::Servers::Zfs,
        Servers::Ldiskfs => dkms::Servers::Ldiskfs,
        Servers::All => dkms::Servers::All,
    });
    let package = dkms::make(&read.input, &read.previous, &read.request, &read.templates, servers)?;
    args.common.write(&package, &read, screen)
}
