// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The signatures beside a release, held against the keys that the user trusts.

use std::path::Path;

use super::files::Place;
use super::finding::{Finding, Findings, Step};
use crate::model::{Failure, Problem, SourceDate};
use crate::sign::{self, CheckedSignature, Ready, Unpublishable};
use crate::signature::Keys;

/// Who may have signed, and what time it is.
#[derive(Debug)]
pub struct Signers<'a> {
    /// The keys that are trusted.
    pub keys: &'a Keys,
    /// The time of the check, for signatures and keys that expire.
    pub now: SourceDate,
}

/// Checks every signature: each must be good by one of the keys, or made by a key that was not given, and
/// a good one must vouch for the whole, by being over the checksums or over the tar.
///
/// # Errors
/// A signature file cannot be read.
pub(super) fn check(
    path: &Path,
    place: &Place,
    signers: &Signers<'_>,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let found = if place.is_directory {
        match Ready::read(path, Unpublishable::Signed) {
            Ok(ready) => sign::check_release(&ready, signers.keys, signers.now)?,
            // What is wrong with the files is told already, each in its place.
            Err(_) if !findings.all.is_empty() => {
                findings.not_checked(
                    Step::Signatures,
                    "signatures, since the files are not what they should be".to_owned(),
                );
                return Ok(());
            }
            Err(failure) => {
                findings.all.extend(
                    failure.problems.into_iter().map(|problem| Finding::new(Step::Signatures, problem)),
                );
                return Ok(());
            }
        }
    } else {
        sign::check_beside(path, signers.keys, signers.now)?
    };
    judge(place, &found, findings);
    Ok(())
}

fn judge(place: &Place, found: &[CheckedSignature], findings: &mut Findings) {
    let sums = place.names.sums();
    let tar = place.names.artifact(crate::manifest::Format::Tar);
    let mut vouched = false;
    let mut others = Vec::new();
    for CheckedSignature { file, covers, checked } in found {
        if !checked.has_no_fault() {
            findings.push(Finding::new(Step::Signatures, checked.problem(file)).file(file));
        }
        let Some(good) = checked.good.first() else {
            // Others may sign too; what they say is for those who know their keys.
            if let (Some(refusal), true) = (checked.refused.first(), checked.has_no_fault()) {
                findings.not_checked(Step::Signatures, format!("{file}: {}", refusal.text));
                others.push(format!("{file}: {}", refusal.text));
            }
            continue;
        };
        let covers = covers.as_deref().unwrap_or_default();
        // A tarball that was named alone is vouched for by a signature over itself too.
        vouched |= covers == sums || covers == tar || !place.is_directory && covers == place.main();
        findings.checked(Step::Signatures, format!("{covers}: {good}"));
    }
    if !vouched {
        let (what, wanted) = if place.is_directory {
            ("the release", format!("{sums} or {tar}"))
        } else {
            ("the tarball", format!("{tar} or {}", place.main()))
        };
        let help =
            "fetch the signatures that were published with it; without `--keys` they are not looked at";
        let problem = Problem::new(format!("none of the keys vouches for {what}"))
            .note(format!("no good signature over {wanted}"));
        let problem = others.into_iter().fold(problem, Problem::note);
        findings.push(Finding::new(Step::Signatures, problem.help(help)));
    }
}
