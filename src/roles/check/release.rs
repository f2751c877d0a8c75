// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! One release: its target, and its files under their plain names.

use super::{Look, missing};
use crate::model::{Failure, Problem, Sha256};
use crate::record::{Description, Names, Sums};
use crate::repository::{Listed, layout};
use crate::signature::Kind;

/// Checksums of a release of more bytes are none of ours.
const LARGEST_SUMS: u64 = 1 << 20;

/// Looks at a release; gives the checksums of the files that it must have, as far as they can be told.
pub(super) fn check(look: &mut Look<'_>, title: &str, listed: &Listed) -> Result<Sums, Failure> {
    let names = Names::new(title);
    let line = listed.entry.line.as_deref();
    let target = layout::target(&listed.sha256, &names.description());
    if let Some(bytes) = look.pinned(&target, listed.length, listed.sha256)? {
        match serde_json::from_slice::<Description>(&bytes) {
            Ok(description) => {
                agree(look, &target, listed, &description);
                for artifact in &description.artifacts {
                    look.file(&layout::file(line, &artifact.file), Some(artifact.size), artifact.sha256)?;
                }
            }
            Err(error) => {
                let problem = Problem::new(format!("`{target}` is no description of a release"));
                look.wrong(&target, problem.note(error.to_string()));
            }
        }
    }
    look.file(&layout::file(line, &names.description()), Some(listed.length), listed.sha256)?;
    files(look, listed, &names)
}

/// The metadata and the description that it pins must say the same.
fn agree(look: &mut Look<'_>, target: &str, listed: &Listed, description: &Description) {
    let entry = &listed.entry;
    let line = description.line.as_ref().map(|line| line.id.as_str());
    let pairs = [
        ("name", entry.name.clone(), description.name.clone()),
        ("version", entry.version.to_string(), description.version.clone()),
        ("identity", entry.identity.to_string(), description.identity.sha256.to_string()),
        ("line", entry.line.clone().unwrap_or_default(), line.unwrap_or_default().to_owned()),
    ];
    for (what, signed, said) in pairs {
        if signed != said {
            let problem = Problem::new(format!("`{target}` has another {what} than the metadata"))
                .note(format!("metadata     {signed}"))
                .note(format!("description  {said}"));
            look.wrong(target, problem);
        }
    }
}

/// The files of the release's own checksums, and the signatures beside them.
fn files(look: &mut Look<'_>, listed: &Listed, names: &Names) -> Result<Sums, Failure> {
    let line = listed.entry.line.as_deref();
    let path = layout::file(line, &names.sums());
    look.seen.insert(path.clone());
    let Some((bytes, _)) = look.store.read(&path, LARGEST_SUMS)? else {
        look.wrong(&path, missing(&path));
        return Ok(Sums::default());
    };
    look.report.files += 1;
    look.report.bytes += bytes.len() as u64;
    if let Some(expected) = listed.entry.sums
        && expected != Sha256::of(&bytes)
    {
        look.wrong(&path, super::wrong_digest(&path, Sha256::of(&bytes), expected));
        return Ok(Sums::default());
    }
    let parsed = std::str::from_utf8(&bytes).map_err(|error| error.to_string());
    let parsed = parsed.and_then(|text| Sums::parse(text).map_err(|fault| fault.to_string()));
    let mut sums = match parsed {
        Ok(sums) => sums,
        Err(why) => {
            look.wrong(&path, Problem::new(format!("`{path}` cannot be read")).note(why));
            return Ok(Sums::default());
        }
    };
    if sums.0.get(&names.description()) != Some(&listed.sha256) {
        let problem = Problem::new(format!("`{path}` names another release.json than the metadata"));
        look.wrong(&path, problem.note(format!("metadata  sha256 {}", listed.sha256)));
    }
    for (name, sha256) in &sums.0 {
        look.file(&layout::file(line, name), None, *sha256)?;
    }
    sums.0.insert(names.sums(), Sha256::of(&bytes));
    super::derived::page(look, &layout::release_page(line, names.directory()));
    let mut beside = vec![names.envelope()];
    let tar = names.artifact(crate::manifest::Format::Tar);
    for file in sums.0.keys().chain([&tar]) {
        beside.extend([Kind::Openpgp, Kind::Ssh].map(|kind| names.signature(file, kind)));
    }
    for name in beside {
        // Signatures vouch for themselves; here they only are no orphans.
        look.seen.insert(layout::file(line, &name));
    }
    Ok(sums)
}
