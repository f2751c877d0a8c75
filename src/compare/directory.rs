// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A release directory: its description and its table of origins.

use std::path::Path;

use super::side::{Member, Side, SourceAt, Store, origin_lines};
use crate::manifest::Format;
use crate::model::{Class, Failure, Problem};
use crate::record::{Description, Names};
use crate::release::plain;

/// Reads the release in the folder `path`.
///
/// # Errors
/// No release, or several, are in it; a record is missing or damaged.
pub fn open_directory(path: &Path) -> Result<Side, Failure> {
    let damaged = |problem: Problem| Failure::new(Class::Verification, problem);
    let title = title_in(path)?;
    let names = Names::new(&title);
    let read = |name: &str, most: u64| {
        let file = path.join(name);
        plain::read(&file, most).map_err(|error| {
            damaged(Problem::new(format!("`{}` cannot be read", file.display())).note(error.to_string()))
        })
    };
    let description: Description =
        serde_json::from_slice(&read(&names.description(), plain::LARGEST_RECORD)?).map_err(|error| {
            damaged(
                Problem::new(format!(
                    "`{}` is not a description that this version reads",
                    names.description()
                ))
                .note(error.to_string())
                .help("use the lustre-dist that wrote it"),
            )
        })?;
    let table = read(&names.origins(), plain::LARGEST_TABLE)?;
    let mut members = std::collections::BTreeMap::new();
    for line in origin_lines(&names.origins(), &table)? {
        if line.r#type.as_deref() == Some("directory") {
            continue;
        }
        // Of a patched file, the table has the blob before the patches.
        let blob = line.blob.filter(|_| line.origin.as_deref() == Some("blob"));
        members.insert(
            line.path,
            Member {
                mode: line.mode.unwrap_or_default(),
                target: line.target,
                sha256: line.sha256,
                blob,
                layer: line.layer,
                template: line.template,
                record: line.record,
            },
        );
    }
    // Any of the tarballs has the bytes; the first is the one that is read the fastest.
    let Some(tarball) = description.artifacts.first() else {
        return Err(damaged(Problem::new(format!("`{}` names no tarball", names.description()))));
    };
    // Whoever wrote the description does not choose which file of this machine is opened.
    if Format::from_extension(&tarball.format).is_none_or(|format| tarball.file != names.artifact(format)) {
        return Err(damaged(
            Problem::new(format!("`{}` names another's tarball", names.description()))
                .note(format!("`{}` is not named as a tarball of this release is", tarball.file)),
        ));
    }
    Ok(Side {
        given: path.display().to_string(),
        title,
        sources: description
            .sources
            .iter()
            .map(|(name, source)| {
                let at = source.r#ref.as_deref().and_then(|name| name.strip_prefix("refs/tags/"));
                let at = SourceAt { name: at.unwrap_or(&source.wanted).to_owned(), commit: source.commit };
                (name.clone(), at)
            })
            .collect(),
        version: Some(description.version),
        has_layers: true,
        members,
        store: Store::Tarball(path.join(&tarball.file)),
    })
}

fn title_in(path: &Path) -> Result<String, Failure> {
    let entries = std::fs::read_dir(path).map_err(|error| Failure::io("read the folder", path, &error))?;
    let mut titles: Vec<String> = entries
        .flatten()
        .filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".release.json")?.to_owned()))
        .collect();
    titles.sort();
    match titles.as_slice() {
        [title] => Ok(title.clone()),
        [] => Err(Failure::new(
            Class::Usage,
            Problem::new(format!("`{}` is not a release directory", path.display()))
                .note("no `NAME-VERSION.release.json` is in it")
                .help("give the folder that `assemble` made, a tarball, or a manifest"),
        )),
        several => {
            let problem = Problem::new(format!("`{}` holds {} releases", path.display(), several.len()));
            Err(Failure::new(
                Class::Usage,
                several.iter().fold(problem, Problem::note).help("give one of them"),
            ))
        }
    }
}
