// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Where the release is that is to be packaged: on this machine, or in a repository.

use std::path::{Path, PathBuf};

use crate::cli::clock;
use crate::cli::config::Config;
use crate::cli::reading::{ChoosingArgs, ReadingArgs};
use crate::cli::screen::Screen;
use crate::cli::transfer::Transfer;
use crate::fetch::Wanted;
use crate::manifest::Format;
use crate::model::Failure;
use crate::release::Aside;
use crate::repository::{Spec, choose};

/// A release that can be read.
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// Where it was fetched to, for as long as it is read.
    _aside: Option<Aside>,
}

/// The release at a path, or else the one that a repository has for that text. It is fetched to a folder
/// aside below `out`, which goes with the value.
///
/// # Errors
/// It cannot be chosen or fetched. What is at no path and in no repository is left to who reads it.
pub(super) fn find(
    given: &Path,
    formats: &[Format],
    (choosing, reading): (&ChoosingArgs, &ReadingArgs),
    out: &Path,
    screen: &Screen,
) -> Result<Found, Failure> {
    let local = || Ok(Found { path: given.to_owned(), _aside: None });
    if given.symlink_metadata().is_ok() {
        return local();
    }
    let config = Config::load()?;
    let spec = given.to_str().and_then(|text| text.parse::<Spec>().ok());
    let Some(spec) = spec.filter(|_| reading.names_one(&config)) else { return local() };
    let transfer = Transfer::new(screen);
    let reader = reading.open(&config, screen, &transfer)?;
    let choice = choose(reader.catalog(), None, &choosing.wish(spec), clock::today()?)?;
    screen.remark(format_args!("{}: {}", choice.title, choice.why));
    let aside = Aside::create(&out.join(&choice.title))?;
    let wanted = Wanted { formats: Vec::new(), preferred: formats.first().copied(), records: true };
    let files = reader.bring(&choice.listed, &wanted, aside.path())?;
    Ok(Found { path: files[0].path.clone(), _aside: Some(aside) })
}
