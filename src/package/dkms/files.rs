// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The files that a package adds to the release's: `dkms.conf`, and what the packager brings.

use std::collections::BTreeMap;

use super::tarball::{Added, SourceTree};
use super::{Context, listed};
use crate::archive::read::Kind;
use crate::model::{Class, Failure, Problem};
use crate::package::{Input, Templates};
use crate::patch;

/// The file that dkms reads first.
const CONF: &str = "dkms.conf";

/// What is put in front of a tree's own PRE_BUILD.
pub(super) const PREPARE: &str = "dkms-prepare.sh";

/// The names of the user's patches. dkms applies each with `patch -p1`.
pub(super) fn patches(templates: &Templates) -> Result<Vec<String>, Failure> {
    let Some(series) = templates.patches().get("series") else { return Ok(Vec::new()) };
    // The change log has read it before, and found nothing wrong.
    let entries = patch::parse_series("patches/series", series).unwrap_or_default();
    let problems: Vec<Problem> = entries
        .iter()
        .filter(|entry| entry.strip != 1)
        .map(|entry| {
            Problem::new(format!("dkms cannot apply `{}`", entry.file))
                .note(format!("`patches/series` has `-p{}`, dkms has `-p1`", entry.strip))
                .help("write the patch with paths that begin `a/` and `b/`")
        })
        .collect();
    if !problems.is_empty() {
        return Err(Failure { class: Class::Manifest, problems });
    }
    Ok(entries.into_iter().map(|entry| entry.file).collect())
}

/// The files that the package adds to the release's. `own` is the tree's configuration of dkms.
pub(super) fn rendered(
    context: &Context<'_>,
    templates: &Templates,
    own: Option<&str>,
) -> Result<BTreeMap<String, Added>, Failure> {
    let mut used = vec!["behind.conf.j2"];
    used.extend(context.prepare.map(|_| "prepare.sh.j2"));
    match own {
        Some(_) => templates.only_beside_a_trees_own(&used)?,
        None => {
            used.push("dkms.conf.j2");
            let why = "it goes in front of a tree's own PRE_BUILD, and our packaging has none";
            templates.only(
                &used,
                why,
                "write `PRE_BUILD` into `dkms.conf.j2`, with a program in `files/`",
            )?;
        }
    }
    let mut problems = Vec::new();
    let mut render = |name: &str| {
        templates.render(name, context).unwrap_or_else(|problem| {
            problems.push(problem);
            String::new()
        })
    };
    let mut conf = own.map_or_else(|| render("dkms.conf.j2"), str::to_owned);
    conf.push_str(&render("behind.conf.j2"));
    let mut texts = vec![(CONF, conf, false)];
    if let Some(prepare) = context.prepare {
        texts.push((prepare, render("prepare.sh.j2"), true));
    }
    if !problems.is_empty() {
        return Err(Failure { class: Class::Manifest, problems });
    }
    let mut added: BTreeMap<String, Added> = texts
        .into_iter()
        .map(|(path, text, executable)| (path.to_owned(), Added { bytes: text.into_bytes(), executable }))
        .collect();
    for (path, bytes) in templates.files() {
        // A script is one by its first line; the mode of the user's file may be lost in a checkout.
        added.insert(path.clone(), Added { bytes: bytes.clone(), executable: bytes.starts_with(b"#!") });
    }
    for (path, bytes) in templates.patches() {
        added.insert(format!("patches/{path}"), Added { bytes: bytes.clone(), executable: false });
    }
    Ok(added)
}

/// Judges the package as far as dkms would refuse it.
pub(super) fn check(input: &Input, tree: &SourceTree, context: &Context<'_>) -> Result<(), Failure> {
    let mut problems = Vec::new();
    for path in tree.added.keys() {
        let above = path.match_indices('/').map(|(at, _)| &path[..at]);
        let taken = input.members.contains_key(path)
            || above
                .clone()
                .any(|folder| input.members.get(folder).is_some_and(|kind| *kind != Kind::Directory));
        if taken && tree.keeps(path) {
            problems.push(
                Problem::new(format!("the package's `{path}` is a file of the release"))
                    .help("a release's files are changed by patches alone; name yours otherwise"),
            );
        }
    }
    let conf = String::from_utf8_lossy(&tree.added[CONF].bytes).into_owned();
    for (variable, expected) in
        [("PACKAGE_NAME", context.package), ("PACKAGE_VERSION", context.package_version)]
    {
        let line = format!("{variable}=\"{expected}\"");
        if !conf.lines().any(|found| found == line) {
            problems.push(
                Problem::new(format!("`{CONF}` does not say what the package is"))
                    .note(format!("expected a line `{line}`"))
                    .help("mend the template that it was rendered from"),
            );
        }
    }
    let listed = listed::read(&conf);
    for module in context.modules {
        if !listed.always.contains(module) {
            problems.push(
                Problem::new(format!("`{CONF}` does not list the module `{}`", module.name))
                    .note(format!("it is built in `{}/`", module.folder))
                    .help("mend the template that it was rendered from"),
            );
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Failure { class: Class::Manifest, problems }) }
}
