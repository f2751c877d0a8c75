// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is near its end, signed anew: what a timer runs.

use jiff::Timestamp;
use serde::Serialize;

use super::commit::{Commit, Renew};
use super::head::{Head, Versions, expired};
use super::init::write_copy;
use super::role::{Lifetimes, days_left};
use super::rotate::{Change, Draft};
use super::{Keys, Role, chain, signed};
use crate::model::{Class, Failure, Problem};
use crate::store::Store;

/// What was signed anew.
#[derive(Debug, Clone)]
pub struct Refreshed {
    /// The roles, the most trusted first.
    pub renewed: Vec<Role>,
    /// Whether the copy of the root at the top was brought up to date.
    pub copied: bool,
    /// What the repository is then.
    pub versions: Versions,
    /// What is near its end and could not be signed, for want of keys.
    pub left: Vec<Problem>,
}

/// How much is signed anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Scope {
    /// The timestamp, and what has less than a third of its time left.
    Near,
    /// Everything but the root, which only when it is near its end.
    All,
}

/// Signs anew what needs it, with the keys at hand.
///
/// # Errors
/// The repository cannot be read or written, or something is expired and its keys are not at hand. What could
/// be signed is signed then all the same.
pub fn refresh(store: &Store, keys: &mut Keys, extent: Scope, now: Timestamp) -> Result<Refreshed, Failure> {
    let mut head = Head::held(store, keys)?;
    let mut left = Vec::new();
    let mut renewed = Vec::new();
    let lifetimes = Lifetimes::of(head.root());
    if lifetimes.is_near(Role::Root, head.expires(Role::Root), now) {
        match signed::able(head.root(), Role::Root, keys) {
            Ok(()) => {
                let mut draft = Draft::new(&head, &Change::default(), now)?;
                draft.sign(&head, keys)?;
                head = draft.publish(store, &head, keys, now)?;
                renewed.push(Role::Root);
            }
            Err(_) => left.push(Role::Root),
        }
    }
    let copied = write_copy(store, head.newest())?;
    let versions = loop {
        let (renew, unable) = what(&head, keys, extent, now);
        match head.renew(store, renew, keys, now)? {
            Commit::Done(versions) => {
                let signed = [
                    (Role::Targets, Renew::Targets),
                    (Role::Snapshot, Renew::Snapshot),
                    (Role::Timestamp, Renew::Timestamp),
                ];
                renewed.extend(signed.iter().filter(|(_, least)| renew >= *least).map(|(role, _)| *role));
                left.extend(unable);
                break versions;
            }
            Commit::Changed => head = Head::held(store, keys)?,
        }
    };
    let (over, near): (Vec<Role>, Vec<Role>) = left.into_iter().partition(|role| head.expires(*role) <= now);
    if !over.is_empty() {
        let problems = over.into_iter().map(|role| lost(store, &head, role, keys, now)).collect();
        return Err(Failure { class: Class::Environment, problems });
    }
    let left = near.into_iter().map(|role| lost(store, &head, role, keys, now)).collect();
    Ok(Refreshed { renewed, copied, versions, left })
}

/// What to sign, and which roles would need it and have no keys at hand.
fn what(head: &Head, keys: &Keys, extent: Scope, now: Timestamp) -> (Renew, Vec<Role>) {
    let lifetimes = Lifetimes::of(head.root());
    let able = |role| signed::able(head.root(), role, keys).is_ok();
    let mut unable = Vec::new();
    let mut renew = Renew::Timestamp;
    for (role, least) in [(Role::Targets, Renew::Targets), (Role::Snapshot, Renew::Snapshot)] {
        let near = lifetimes.is_near(role, head.expires(role), now);
        // New targets need a new snapshot.
        let can = able(role) && able(Role::Snapshot);
        if can && (near || extent == Scope::All) {
            renew = renew.max(least);
        } else if near {
            unable.push(role);
        }
    }
    (renew, unable)
}

/// That a role could not be signed anew.
fn lost(store: &Store, head: &Head, role: Role, keys: &Keys, now: Timestamp) -> Problem {
    let expires = head.expires(role);
    let mut problem = if expires <= now {
        expired(store, role, expires, now)
    } else {
        let days = days_left(expires, now);
        Problem::new(format!(
            "the {role} role expires in {days} days, on {expires}, and its keys are not at hand"
        ))
    };
    if let Err(unable) = signed::able(head.root(), role, keys) {
        problem.notes.extend(unable.problems.into_iter().flat_map(|problem| problem.notes));
    }
    problem.help(match role {
        Role::Root => {
            "sign it where its keys are: `lustre-dist repo refresh` there, or by several holders with \
             `lustre-dist repo rotate-key --draft FILE`"
        }
        _ => "run `lustre-dist repo refresh` where its keys are",
    })
}

/// Signs everything with the keys of the newest root where it is signed by those of the root before it
/// alone: what a change of the root leaves that was killed, and that had to do without the old keys.
///
/// # Errors
/// It is not signed by those either, or a key is not at hand.
pub fn adopt(store: &Store, keys: &Keys, now: Timestamp) -> Result<Versions, Failure> {
    let roots = chain::read(store, Some(keys.trusted()?))?;
    let newest = roots.last().expect("one at least").clone();
    let mut any = vec![&newest.signed.signed];
    let before = chain::before(store, &newest)?;
    any.extend(before.iter().map(|root| &root.signed.signed));
    let newest = [any[0]];
    loop {
        let head = Head::under(store, roots.clone(), &any)?;
        if let Commit::Done(versions) =
            head.write(store, &newest, head.catalog(), Renew::Targets, keys, now)?
        {
            return Ok(versions);
        }
    }
}
