// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What an owner's signatures on their own key say of it: bound or not, for what, how long, revoked.

use pgp::packet::{KeyFlags, RevocationCode, Signature, SignatureType, SubpacketData};

use super::strength;
use super::verdict::{Refusal, Why};
use crate::model::SourceDate;

/// How something stands that a self-signature may hold: a user id, a subkey, the key itself.
pub(super) enum Standing<'s> {
    Bound(&'s Signature),
    Revoked(u64),
    Weak(String),
    Unbound,
}

impl<'s> Standing<'s> {
    /// The newest strong self-signature among verified ones counts, unless a later revocation does.
    pub(super) fn of(own: &[&'s Signature], revocation: SignatureType, made: u64) -> Self {
        let created = |signature: &Signature| signature.created().map(|at| u64::from(at.as_secs()));
        let revoked = own.iter().filter(|s| s.typ() == Some(revocation)).filter_map(|s| created(s)).max();
        let bindings = own.iter().filter(|s| s.typ() != Some(revocation));
        let mut weak = None;
        let mut newest: Option<&'s Signature> = None;
        for binding in bindings {
            let Some(at) = created(binding) else { continue };
            if understands(binding).is_err() {
                continue;
            }
            let life = binding.signature_expiration_time().map_or(0, |life| u64::from(life.as_secs()));
            if life != 0 && at + life <= made {
                continue;
            }
            match binding.hash_alg().map(strength::digest) {
                Some(Ok(_)) if newest.is_none_or(|found| found.created() <= binding.created()) => {
                    newest = Some(binding);
                }
                Some(Err(fault)) => weak = Some(fault),
                _ => {}
            }
        }
        match (newest, revoked) {
            (Some(found), Some(at)) if created(found).is_some_and(|bound| bound <= at) && at <= made => {
                Self::Revoked(at)
            }
            (Some(found), _) => Self::Bound(found),
            (None, Some(at)) => Self::Revoked(at),
            (None, None) => weak.map_or(Self::Unbound, Self::Weak),
        }
    }

    pub(super) fn bound(&self) -> Option<&'s Signature> {
        match self {
            Self::Bound(signature) => Some(signature),
            _ => None,
        }
    }
}

/// A critical part of a signature that is not known here makes it void, RFC 9580 section 5.2.3.7.
pub(super) fn understands(signature: &Signature) -> Result<(), u8> {
    let Some(config) = signature.config() else { return Ok(()) };
    for subpacket in config.hashed_subpackets().filter(|subpacket| subpacket.is_critical) {
        match &subpacket.data {
            SubpacketData::Other(kind, _) | SubpacketData::Experimental(kind, _) => return Err(*kind),
            SubpacketData::Notation(_) => return Err(20),
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn flags(signature: &Signature) -> Option<KeyFlags> {
    let config = signature.config()?;
    config.hashed_subpackets().find_map(|subpacket| match &subpacket.data {
        SubpacketData::KeyFlags(flags) => Some(flags.clone()),
        _ => None,
    })
}

pub(super) fn check_life(
    created: pgp::types::Timestamp,
    binding: &Signature,
    made: u64,
    name: &str,
) -> Result<(), Refusal> {
    let life = binding.key_expiration_time().map_or(0, |life| u64::from(life.as_secs()));
    let end = u64::from(created.as_secs()) + life;
    if life == 0 || made < end {
        return Ok(());
    }
    let text = format!("{name} expired on {}, before the signature, {}", SourceDate(end), SourceDate(made));
    Err(Refusal::new(
        Why::ExpiredKey,
        text,
        "if the owner prolonged the key, get its current form and pin that",
    ))
}

pub(super) fn check_revocation(revocation: &Signature, made: u64, name: &str) -> Result<(), Refusal> {
    let at = revocation.created().map_or(0, |at| u64::from(at.as_secs()));
    let (reason, is_soft) = match revocation.revocation_reason_code() {
        Some(RevocationCode::KeySuperseded) => ("superseded", true),
        Some(RevocationCode::KeyRetired) => ("retired", true),
        Some(RevocationCode::KeyCompromised) => ("compromised", false),
        _ => ("no reason given", false),
    };
    if is_soft && made < at {
        return Ok(());
    }
    let text = format!("{name} was revoked on {} ({reason})", SourceDate(at));
    let help = if is_soft {
        "ask the owner for the key that took its place, and pin that"
    } else {
        "nothing that this key signed can be trusted, whatever its date; ask the owner for another"
    };
    Err(Refusal::new(Why::Revoked, text, help))
}
