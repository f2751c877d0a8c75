// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A release that should no longer be used: marked, never deleted.

use super::derived::{Derived, Scope, Update};
use super::index;
use crate::model::{Class, Failure, Problem};
use crate::repository::{Catalog, Retraction};
use crate::roles::Versions;

/// What was marked.
#[derive(Debug)]
pub struct Retracted {
    /// The release.
    pub title: String,
    /// What the metadata says of it now.
    pub retraction: Retraction,
    /// The metadata that says so first; `None` where it was retracted already.
    pub versions: Option<Versions>,
    /// What was derived from it.
    pub derived: Derived,
}

/// Marks the release of a version, or of a title `NAME-VERSION`, as one not to use.
///
/// # Errors
/// There is no such release, or several; a key is missing; the store fails.
pub fn retract(update: &Update<'_>, wanted: &str, reason: &str) -> Result<Retracted, Failure> {
    let mark = |catalog: &mut Catalog| {
        let title = find(catalog, wanted)?;
        let listed = catalog.releases.get_mut(&title).expect("it was found");
        let was = listed.entry.retracted.take();
        listed.entry.retracted = match was {
            // The day of the first mark stays, as does the mark that says the same.
            Some(was) => Some(Retraction { on: was.on, reason: reason.to_owned() }),
            None => Some(Retraction { on: update.today, reason: reason.to_owned() }),
        };
        Ok(())
    };
    let (catalog, versions) = index::change(update.store, update.keys, update.now, mark)?;
    let title = find(&catalog, wanted)?;
    let entry = &catalog.releases[&title].entry;
    let retraction = entry.retracted.clone().expect("it was marked");
    let derived = update.run_for(&Scope::Marked(title.clone()), None)?;
    Ok(Retracted { title, retraction, versions, derived })
}

/// The title that the user means.
fn find(catalog: &Catalog, wanted: &str) -> Result<String, Failure> {
    let matches =
        |title: &&String| **title == *wanted || catalog.releases[*title].entry.version.to_string() == *wanted;
    let found: Vec<&String> = catalog.releases.keys().filter(matches).collect();
    match found.as_slice() {
        [title] => Ok((*title).clone()),
        [] => {
            let problem = Problem::new(format!("there is no release `{wanted}`"));
            let help = match near(catalog, wanted).as_slice() {
                [] => "`lustre-dist ls` shows what there is".to_owned(),
                near => format!("did you mean {}?", near.join(" or ")),
            };
            Err(Failure::new(Class::Usage, problem.help(help)))
        }
        several => {
            let titles: Vec<&str> = several.iter().map(|title| title.as_str()).collect();
            let problem = Problem::new(format!("several releases are of version `{wanted}`"));
            Err(Failure::new(Class::Usage, problem.help(format!("name one: {}", titles.join(", ")))))
        }
    }
}

/// The versions that are written much like it, the nearest first.
fn near(catalog: &Catalog, wanted: &str) -> Vec<String> {
    let mut near: Vec<(usize, String)> = catalog
        .releases
        .values()
        .map(|listed| listed.entry.version.to_string())
        .map(|version| {
            // `2.18.0` for `2.18.0+k6.12.58` is no slip of the pen, but as near.
            let far =
                if version.starts_with(wanted) { 1 } else { strsim::damerau_levenshtein(&version, wanted) };
            (far, version)
        })
        .filter(|(far, _)| *far <= 2)
        .collect();
    near.sort();
    near.dedup();
    near.into_iter().take(3).map(|(_, version)| format!("`{version}`")).collect()
}
