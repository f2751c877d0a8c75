// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The patches that a packager adds to a package's templates.

use std::sync::Arc;

use super::changes::Change;
use super::templates::Templates;
use crate::lock::patch_problem;
use crate::model::{Class, Failure, Problem, SourceText};
use crate::patch;

/// What the user's own patches bring, one change each, in the order of their series.
///
/// # Errors
/// The series or a patch cannot be read, or a patch is named that is not there.
pub(super) fn of_users_patches(templates: &Templates) -> Result<Vec<Change>, Failure> {
    let files = templates.patches();
    let Some(series) = files.get("series") else { return Ok(Vec::new()) };
    let mut problems = Vec::new();
    let mut report = |name: &str, bytes: &[u8], found: Vec<patch::PatchProblem>| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let text = Arc::new(SourceText { name: name.to_owned(), text });
        problems.extend(found.iter().map(|fault| patch_problem(fault, &text)));
    };
    let entries = patch::parse_series("patches/series", series).unwrap_or_else(|found| {
        report("patches/series", series, found);
        Vec::new()
    });
    let mut changes = Vec::new();
    let mut missing = Vec::new();
    for entry in entries {
        let Some(bytes) = files.get(&entry.file) else {
            missing.push(
                Problem::new(format!("there is no patch `{}`", entry.file))
                    .note("`patches/series` in the folder of templates names it"),
            );
            continue;
        };
        match patch::parse_stripping(&entry.file, bytes, entry.strip) {
            Ok(patch) => {
                let subject = patch.header.subject.map(|subject| format!(": {subject}")).unwrap_or_default();
                changes.push(Change::new(&format!("Apply {}{subject}.", entry.file), Vec::new()));
            }
            Err(found) => report(&entry.file, bytes, found),
        }
    }
    problems.extend(missing);
    if problems.is_empty() { Ok(changes) } else { Err(Failure { class: Class::Manifest, problems }) }
}
