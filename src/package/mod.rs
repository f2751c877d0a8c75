// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Source packages from a release, for the distributions' own tools to build.
//!
//! An [`Input`] is a release that was read and may be packaged; [`Values`] are what every template can
//! name; [`Templates`] render them; [`Package`] is a finished set of files, written all or nothing.
//! Every byte follows from the release, the templates and the request: no clock, no environment.

#![allow(clippy::disallowed_methods, reason = "reads releases and templates, and writes packages")]

pub mod branch;
mod changes;
pub mod deb;
pub mod dkms;
mod family;
mod find;
mod input;
mod inside;
mod key;
mod limits;
mod maintainer;
mod modules;
mod out;
mod own_patches;
mod revision;
pub mod rpm;
mod signed;
mod templates;
mod trust;
mod values;

pub use changes::{Change, Entry, entries};
pub use family::{Family, check_folder};
pub use find::FORMATS;
pub use input::{Input, Tarball};
pub use key::Key;
pub use limits::expression as kernel_expression;
pub use maintainer::Maintainer;
pub use modules::{Module, Modules, declared as declared_modules};
pub use out::{Content, Package, Stream, Written};
pub use revision::Revision;
pub use templates::Templates;
pub use trust::{Trust, Vouched};
pub use values::Values;

/// Whose packaging a package is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packaging {
    /// The tree's own files, rendered as its configure and Makefiles would.
    Tree,
    /// Our templates.
    Ours,
}

/// What the user asks for, whatever the family of the package.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whose packaging; the tree's own where it has one, if nothing is said.
    pub packaging: Option<Packaging>,
    /// Who answers for the package.
    pub maintainer: Maintainer,
    /// The packager's own part of the version.
    pub revision: Revision,
    /// The distribution that it is for, as its packages name it: `bookworm`, `el9`.
    pub dist: Option<String>,
    /// Where releases are published, those of a line in the folder `LINE/` of it; without a slash at its
    /// end.
    pub url: Option<String>,
    /// The certificate that the release is signed with, for those who check it later.
    pub signing_key: Option<Key>,
}
