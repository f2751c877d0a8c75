// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist schema`.

use super::Done;
use super::screen::Screen;
use crate::manifest;

/// Print the JSON Schema of the manifest, for editors
///
/// With `#:schema lustre-dist.schema.json` in a manifest's first line, editors with a TOML language
/// server complete and check it as it is written.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_: &Args, screen: &Screen) -> Done {
    screen.json(&manifest::json_schema());
    Ok(())
}
