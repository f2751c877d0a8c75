// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The web pages of a repository: plain files that any web server serves, whole without JavaScript.
//!
//! [`index`] has every line, [`line()`] a line's history and kernels, [`release()`] all that is known of one
//! release. What a page shows follows from the catalog, the releases' own records and the [`Site`]; the
//! templates in `templates/pages` say how. Nothing here does I/O.

mod changes;
mod commands;
mod files;
mod index;
mod kernels;
mod line;
mod release;
mod shown;
mod timeline;

use std::num::NonZeroU64;
use std::sync::LazyLock;

use jiff::civil::Date;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use crate::model::Sha256;
use crate::record::Description;
use crate::repository::{Catalog, Listed, layout};

pub use index::index;
pub use line::line;
pub use release::release;

/// A file of the site: its path in the repository, and its bytes.
pub type Page = (String, Vec<u8>);

/// What all pages of a repository share.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    /// Every release and line.
    pub catalog: &'a Catalog,
    /// The version of the `targets` role that the catalog comes from.
    pub version: NonZeroU64,
    /// The day on which the pages are made.
    pub today: Date,
}

/// A published release with what its page shows beyond the catalog.
#[derive(Debug, Clone, Copy)]
pub struct Release<'a> {
    /// What the signed metadata says.
    pub listed: &'a Listed,
    /// Its `release.json`.
    pub description: &'a Description,
    /// Every published file of it.
    pub files: &'a [Published],
    /// Its `changes.md`, where it has one.
    pub changes: Option<&'a str>,
}

/// A published file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its name, without folders.
    pub name: String,
    /// Its length in bytes, where the signed metadata tells it.
    pub size: Option<u64>,
    /// Its digest.
    pub sha256: Sha256,
}

/// The files that the pages refer to.
#[must_use]
pub fn assets() -> [Page; 2] {
    [
        (layout::STYLE.to_owned(), include_bytes!("../../templates/pages/style.css").to_vec()),
        (layout::SCRIPT.to_owned(), include_bytes!("../../templates/pages/site.js").to_vec()),
    ]
}

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("the delimiters are the usual ones"));
    for (name, text) in [
        ("base.html", include_str!("../../templates/pages/base.html")),
        ("parts.html", include_str!("../../templates/pages/parts.html")),
        ("index.html", include_str!("../../templates/pages/index.html")),
        ("line.html", include_str!("../../templates/pages/line.html")),
        ("release.html", include_str!("../../templates/pages/release.html")),
    ] {
        environment.add_template(name, text).expect("our own templates are well formed");
    }
    environment
});

/// What every template can name beside its own values.
#[derive(Serialize)]
struct Around<'a, T: Serialize> {
    /// From the page back to the top of the repository.
    top: &'static str,
    version: NonZeroU64,
    today: Date,
    #[serde(flatten)]
    page: &'a T,
}

/// The day and the version of the metadata that a page says it was made of.
#[must_use]
pub fn made(page: &[u8]) -> Option<(Date, u64)> {
    let text = std::str::from_utf8(page).ok()?;
    let (_, rest) = text.rsplit_once("<p>Made on ")?;
    let (day, rest) = rest.split_once(" from version ")?;
    let (version, _) = rest.split_once(" of the signed metadata")?;
    Some((day.parse().ok()?, version.parse().ok()?))
}

/// Fills a page. `.html` makes MiniJinja escape every value.
fn fill<T: Serialize>(site: &Site, name: &str, top: &'static str, page: &T) -> Vec<u8> {
    let around = Around { top, version: site.version, today: site.today, page };
    let template = TEMPLATES.get_template(name).expect("the template is one of ours");
    let mut html = template.render(Serde(around)).expect("our own templates name only what is there");
    html.push('\n');
    html.into_bytes()
}
