// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Whether a pin is signed as the manifest wants it.
//!
//! Of an annotated tag the tag's own signature counts, and the commit's does not stand in for it: who
//! signed a commit did not say that it is that release. Of a lightweight tag, a branch or a commit, the
//! commit's signature counts.

use super::file::{BadSignature, GoodSignature, Pin, SignatureState, SignedObject};
use crate::manifest::{Manifest, SignaturePolicy, Source};
use crate::model::{Failure, Problem, SourceDate};
use crate::signature::{self, Checked, Circumstances, GIT_NAMESPACE, Good, Keys};
use crate::source::{ObjectFault, OpenSource, Signed, read_signed_commit, read_signed_tag};

/// How many pinned keys a message lists.
const KEYS_SHOWN: usize = 6;

/// Checks the signature of a pin. `standing` is what the lock says of a pin that stands: what was good
/// when the lock was made stays good, so that a lock gives the same bytes on a machine with another
/// clock.
///
/// # Errors
/// The signature is required and not good, or the object that bears it is not at hand.
pub(super) fn check(
    manifest: &Manifest,
    source: &Source,
    open: &mut OpenSource,
    pin: &Pin,
    keys: Option<&Keys>,
    standing: Option<&SignatureState>,
    now: SourceDate,
) -> Result<(SignatureState, Option<Problem>), Failure> {
    let Some(keys) = keys else { return Ok((SignatureState::NotAsked, None)) };
    let (on, mut read) = bearer(open, pin);
    if read == Err(ObjectFault::Missing) && open.refresh(&[])? {
        read = bearer(open, pin).1;
    }
    let open = &*open;
    let place = Place { manifest, source, open, pin, on };
    let signed = match read {
        Ok(signed) => signed,
        Err(fault) => return place.without_object(&fault, standing),
    };
    let Some(armor) = &signed.signature else {
        let mut problem = place.problem("is not signed");
        if pin.tag.is_some()
            && read_signed_commit(&open.repository.objects(), pin.commit.0)
                .is_ok_and(|commit| commit.signature.is_some())
        {
            problem = problem.note("its commit is signed, but that does not say which release it is");
        }
        let help = "choose a signed tag, or say `signature = \"warn\"` and be told of it each time";
        return place.end(SignatureState::Missing, problem.help(help));
    };
    let now = match standing {
        Some(SignatureState::Good(good)) => good.made.unwrap_or(now),
        _ => now,
    };
    let circumstances = Circumstances { now, dated: signed.date, namespace: GIT_NAMESPACE };
    let checked = signature::check(signed.payload.as_slice(), armor, keys, circumstances)
        .expect("bytes in memory can be read");
    match checked.good.first() {
        Some(good) => Ok((SignatureState::Good(record(on, good)), None)),
        None => {
            let (state, problem) = place.bad(&checked, keys);
            place.end(state, problem)
        }
    }
}

/// The object that bears the signature.
fn bearer(open: &OpenSource, pin: &Pin) -> (SignedObject, Result<Signed, ObjectFault>) {
    let objects = open.repository.objects();
    match pin.tag {
        Some(tag) => (SignedObject::Tag, read_signed_tag(&objects, tag.0)),
        None => (SignedObject::Commit, read_signed_commit(&objects, pin.commit.0)),
    }
}

fn record(on: SignedObject, good: &Good) -> GoodSignature {
    GoodSignature {
        on,
        kind: good.kind,
        key: good.key.clone(),
        primary: good.primary.clone(),
        signer: good.signer.clone(),
        made: good.made,
    }
}

/// What a message is about.
struct Place<'a> {
    manifest: &'a Manifest,
    source: &'a Source,
    open: &'a OpenSource,
    pin: &'a Pin,
    on: SignedObject,
}

impl Place<'_> {
    /// `tag v6.12.58 of source linux` with what is wrong about it.
    fn problem(&self, what: &str) -> Problem {
        let Self { manifest, source, open, pin, on } = self;
        let name = match (on, pin.tag_name()) {
            (SignedObject::Tag, Some(name)) => format!("tag `{name}`"),
            _ => format!("commit `{}`", super::pin::short(pin.commit)),
        };
        let wish = match source.signature.value {
            SignaturePolicy::Required => "required here",
            _ => "wished for here",
        };
        let problem = manifest
            .problem(format!("{name} of source `{}` {what}", source.name), &source.signature.span, wish)
            .note(format!("looked for in {}", open.repository.path().display()));
        match pin.tag {
            Some(tag) => problem.note(format!("tag object {tag}")),
            None => problem.note(format!("commit {}", pin.commit)),
        }
    }

    /// An error where the signature is required, or else a state and a warning.
    fn end(
        &self,
        state: SignatureState,
        problem: Problem,
    ) -> Result<(SignatureState, Option<Problem>), Failure> {
        match self.source.signature.value {
            SignaturePolicy::Required => Err(problem.into_source()),
            _ => Ok((state, Some(problem))),
        }
    }

    fn bad(&self, checked: &Checked, keys: &Keys) -> (SignatureState, Problem) {
        let mut problem = self.problem("has no good signature");
        for refusal in &checked.refused {
            problem = problem.note(format!("{}: {}", refusal.why, refusal.text));
        }
        let known = keys.describe();
        for key in known.iter().take(KEYS_SHOWN) {
            problem = problem.note(format!("pinned: {key}"));
        }
        if known.len() > KEYS_SHOWN {
            problem = problem.note(format!("and {} more keys", known.len() - KEYS_SHOWN));
        }
        let first = checked.refused.first().expect("what is not good has a reason");
        let bad = BadSignature { on: self.on, why: first.why, key: first.key.clone() };
        (SignatureState::Bad(bad), problem.help(first.help.clone()))
    }

    /// The object that bears the signature is not here: a clone may have the commit alone.
    fn without_object(
        &self,
        fault: &ObjectFault,
        standing: Option<&SignatureState>,
    ) -> Result<(SignatureState, Option<Problem>), Failure> {
        let problem = self
            .problem(&format!("cannot be checked: its object {fault}"))
            .help("fetch it there: `git fetch --tags`; the commit alone does not tell who signed the tag");
        match standing {
            // What the lock says of it is all that is known, and the release's bytes do not change.
            Some(state) if *state != SignatureState::NotAsked && *fault == ObjectFault::Missing => {
                let told = problem.note(format!("the lock says: {state}"));
                self.end(state.clone(), told)
            }
            _ => Err(problem.into_source()),
        }
    }
}
