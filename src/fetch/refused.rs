// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Why one address's metadata is not to be trusted, or cannot be read.

use tough::error::Error;
use tough::schema::RoleType;

use super::channel::Passed;
use super::fault::{Fault, Kind};
use super::{Address, metadata};
use crate::model::{Class, Failure, Problem};
use crate::repository::layout;

/// Why `tough` did not take what it was given.
pub(super) fn refused(address: &Address, error: &Error, passed: &Passed) -> Failure {
    if let Some(problem) = &passed.keys {
        let problem = problem.clone().note(format!("at {address}"));
        let help = "try another mirror; where each says so, tell who keeps the repository: the root must be made \
                    anew with keys that differ";
        return Failure::new(Class::Verification, problem.help(help));
    }
    if let Some((file, fault)) = &passed.fault {
        return unreadable(address, &format!("metadata/{file}"), fault);
    }
    let is_disk = matches!(
        error,
        Error::DatastoreInit { .. }
            | Error::DatastoreCreate { .. }
            | Error::DatastoreOpen { .. }
            | Error::DatastoreRemove { .. }
    );
    if is_disk {
        let problem =
            Problem::new("cannot write the metadata aside while it is checked").note(said(address, error));
        let help = "name a folder with room, that you may write to, in LUSTRE_DIST_STATE";
        return Failure::new(Class::Environment, problem.help(help));
    }
    let mut problem = match error {
        Error::OlderMetadata { role: RoleType::Root, current_version, new_version, .. } => {
            let number = current_version + 1;
            let path = layout::role(number, "root");
            Problem::new(format!("`{path}` of {address} is not root {number}"))
                .note(format!("by what it says it is version {new_version}"))
                .help(
                    "this mirror is put together wrongly, or somebody changed it: try another mirror, and tell who keeps it",
                )
        }
        Error::VerifyMetadata { role, source, .. } if *role != RoleType::Root => {
            let missing = passed.missing_root.unwrap_or(1);
            let newest = missing.saturating_sub(1);
            Problem::new(format!("the {role} role of {address} is not signed by the keys of root {newest}"))
                .note(source.to_string())
                .note(metadata::roots_end(missing))
                .help(
                    "somebody changed it, or this mirror lacks the root that says of other keys: try another mirror, or begin \
                     with the newest `root.json` from who vouches for the repository",
                )
        }
        Error::OlderMetadata { role, current_version, new_version, .. } => {
            metadata::older(&role.to_string(), *current_version, *new_version)
        }
        _ => Problem::new(format!("the metadata of {address} is not to be trusted")).note(said(address, error)).help(
            "somebody between you and the repository may have changed it: try another mirror, and tell who keeps it",
        ),
    };
    if !problem.title.contains(&address.to_string()) {
        problem.notes.push(format!("at {address}"));
    }
    Failure::new(Class::Verification, problem)
}

/// An error with its causes, each once; of a transfer the innermost, which alone is not about the way there.
/// An address may have a password in it.
fn said(address: &Address, error: &Error) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |error| error.source());
    let causes = causes.map(ToString::to_string);
    let text = if let Error::Transport { url, .. } = error {
        let why = causes.last().unwrap_or_else(|| error.to_string());
        let file = url.path().rsplit('/').next().unwrap_or_default();
        if why.contains(file) { why } else { format!("`metadata/{file}`: {why}") }
    } else {
        causes.fold(
            error.to_string(),
            |text, why| if text.contains(&why) { text } else { format!("{text}: {why}") },
        )
    };
    text.replace(address.as_str(), &format!("{address}/"))
}

/// An address that did not give a piece of metadata.
pub(super) fn unreadable(address: &Address, what: &str, fault: &Fault) -> Failure {
    let problem = Problem::new(format!("cannot read `{what}` of {address}")).note(fault.to_string());
    let (class, help) = match fault.kind {
        Kind::Missing => {
            (Class::Source, "the address of a repository is the one that has `metadata/` below it")
        }
        Kind::Wrong => (Class::Verification, "the server gives something else: try another mirror"),
        _ => (Class::Source, "try again later, or another mirror with `--from`"),
    };
    Failure::new(class, problem.help(help))
}
