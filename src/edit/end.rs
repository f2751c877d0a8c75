// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The end of a line.

use jiff::civil::Date;

use super::text::{Edited, Edits};
use crate::manifest::Manifest;
use crate::model::{Class, Failure, Problem};

/// Marks the manifest's line as ended on that day; none where it has ended already.
///
/// # Errors
/// The manifest has no line, or one that is not written a key a line.
pub fn end(manifest: &Manifest, on: Date) -> Result<Option<Edited>, Failure> {
    let Some(line) = &manifest.line else {
        return Err(Failure::new(
            Class::Manifest,
            Problem::new(format!("`{}` has no `[line]` that could end", manifest.path().display())),
        ));
    };
    if line.ended.is_some() {
        return Ok(None);
    }
    let last = [
        Some(&line.id.span),
        line.kernel.as_ref().map(|at| &at.span),
        line.supports.as_ref().map(|at| &at.span),
    ]
    .into_iter()
    .flatten()
    .max_by_key(|span| span.end)
    .expect("a line has an id");
    let mut edits = Edits::default();
    edits.line_after(&manifest.text.text, last, "ended", &on.to_string());
    let edited = edits.apply(manifest, manifest.path())?;
    match &edited.manifest.line {
        Some(line) if line.ended.as_ref().is_some_and(|ended| ended.value == on) => Ok(Some(edited)),
        _ => Err(super::series::by_hand(manifest, last, &format!("ended = \"{on}\""))),
    }
}
