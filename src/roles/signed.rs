// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Signatures over metadata: made with the keys at hand, and checked.

use serde::Serialize;
use tough::schema::{self, RoleKeys, Root, Signature, Signed};

use super::{KeyId, Keys, Role, canonical, public};
use crate::model::{Class, Failure, Problem};

/// The keys of a role, and how many of them must sign. A root without the role has none.
pub(super) fn role_keys(root: &Root, role: Role) -> Option<&RoleKeys> {
    root.roles.get(&role.tuf())
}

/// The ids of a role's keys.
pub(super) fn key_ids(root: &Root, role: Role) -> Vec<KeyId> {
    role_keys(root, role).map_or_else(Vec::new, |keys| keys.keyids.iter().cloned().map(KeyId).collect())
}

/// How many keys of a role must sign.
pub(super) fn threshold(root: &Root, role: Role) -> u64 {
    role_keys(root, role).map_or(1, |keys| keys.threshold.get())
}

/// Fails where the keys at hand are too few to sign for a role.
pub(super) fn able(root: &Root, role: Role, keys: &Keys) -> Result<(), Failure> {
    let ids = key_ids(root, role);
    let here = ids.iter().filter(|id| keys.get(id).is_some_and(super::Signer::is_here)).count();
    let needed = threshold(root, role);
    if here as u64 >= needed {
        return Ok(());
    }
    let words = if needed == 1 { "a key".to_owned() } else { format!("{needed} keys") };
    let mut problem =
        Problem::new(format!("cannot sign for the {role} role: it needs {words}, and {here} are at hand"))
            .note(format!("keys: `{}`", keys.folder().display()));
    for id in ids {
        let state = match keys.get(&id) {
            Some(signer) if signer.is_here() => format!("at hand as `{}`", signer.name),
            Some(signer) => format!("only its public part, as `{}.pub`", signer.name),
            None => "not at hand".to_owned(),
        };
        problem = problem.note(format!("{}: {state}", id.short()));
    }
    let help = "name the folder of the keeper's keys with `--keys` or LUSTRE_DIST_KEYS";
    Err(Failure::new(Class::Environment, problem.help(help)))
}

/// Signs with every key at hand that one of these roots gives the role. The first root's threshold must be
/// met.
pub(super) fn sign<T: Serialize>(
    roots: &[&Root],
    role: Role,
    signed: T,
    keys: &Keys,
) -> Result<Signed<T>, Failure> {
    if let Some(root) = roots.first() {
        able(root, role, keys)?;
    }
    let mut done = Signed { signed, signatures: Vec::new() };
    for root in roots {
        add(&mut done, root, role, keys)?;
    }
    Ok(done)
}

/// Adds the signatures of the keys at hand that a root gives the role; says how many were added.
pub(super) fn add<T: Serialize>(
    signed: &mut Signed<T>,
    root: &Root,
    role: Role,
    keys: &Keys,
) -> Result<usize, Failure> {
    let message = canonical::to_sign(&signed.signed);
    let before = signed.signatures.len();
    for id in key_ids(root, role) {
        if signed.signatures.iter().any(|signature| signature.keyid == id.0) {
            continue;
        }
        let Some(made) = keys.get(&id).and_then(|signer| signer.sign(&message)) else { continue };
        signed.signatures.push(Signature { keyid: id.0, sig: made?.into() });
    }
    // The order of the keys in two roots may differ; that of the ids does not.
    signed.signatures.sort_by(|a, b| a.keyid.cmp(&b.keyid));
    Ok(signed.signatures.len() - before)
}

/// How many keys of a role have signed. A key counts once.
pub(super) fn count<T: Serialize>(root: &Root, role: Role, signed: &Signed<T>) -> u64 {
    let message = canonical::to_sign(&signed.signed);
    let mut ids = key_ids(root, role);
    ids.sort();
    ids.dedup();
    let good = ids.iter().filter(|id| {
        root.keys.get(&id.0).is_some_and(|key| {
            let mut made = signed.signatures.iter().filter(|signature| signature.keyid == id.0);
            made.any(|signature| public::verifies(key, &message, &signature.sig))
        })
    });
    good.count() as u64
}

/// Fails unless the role's threshold of keys has signed.
pub(super) fn verify<T: schema::Role>(
    root: &Root,
    role: Role,
    signed: &Signed<T>,
    path: &str,
) -> Result<(), Failure> {
    // The same judgement as the library's, whose canonical form takes longer to make.
    if count(root, role, signed) >= threshold(root, role) {
        return Ok(());
    }
    root.verify_role(signed).map_err(|error| {
        let problem = Problem::new(format!(
            "`{path}` is not signed by the {role} keys of root {}",
            root.version
        ))
        .note(error.to_string())
        .help("somebody without the keys wrote it, or it was damaged: look who can write to the repository");
        Failure::new(Class::Verification, problem)
    })
}
