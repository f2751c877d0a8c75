// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! An OpenPGP certificate: what its owner says of its keys, and whether one of them may sign.
//!
//! The packets are read here and not by rpgp's own composed keys: those drop the revocations of user
//! ids on the way.

use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Packet, PublicKey, PublicSubkey, Signature, SignatureType, SubpacketData, UserId};
use pgp::types::{KeyDetails, SignatureBytes, Tag, VerifyingKey};

use super::fields::{date, hex};
use super::standing::{Standing, check_life, check_revocation, flags};
use super::strength;
use super::verdict::{Refusal, Why};
use crate::model::SourceDate;

/// A primary key with what belongs to it.
#[derive(Debug, Clone)]
pub(super) struct Certificate {
    pub(super) primary: PublicKey,
    /// Signatures on the primary key itself: direct ones and revocations.
    own: Vec<Signature>,
    users: Vec<User>,
    subkeys: Vec<Subkey>,
}

#[derive(Debug, Clone)]
struct User {
    id: UserId,
    signatures: Vec<Signature>,
}

#[derive(Debug, Clone)]
pub(super) struct Subkey {
    pub(super) key: PublicSubkey,
    signatures: Vec<Signature>,
}

/// One of a certificate's keys.
#[derive(Debug, Clone, Copy)]
pub(super) enum Member<'c> {
    Primary(&'c PublicKey),
    Subkey(&'c Subkey),
}

impl Member<'_> {
    pub(super) fn details(&self) -> &dyn KeyDetails {
        match self {
            Self::Primary(key) => *key,
            Self::Subkey(subkey) => &subkey.key,
        }
    }

    pub(super) fn fingerprint(&self) -> String {
        hex(self.details().fingerprint().as_bytes())
    }

    /// Whether these numbers are the key's signature over a digest.
    pub(super) fn verify_digest(
        &self,
        hash: HashAlgorithm,
        digest: &[u8],
        signature: &SignatureBytes,
    ) -> bool {
        match self {
            Self::Primary(key) => key.verify(hash, digest, signature).is_ok(),
            Self::Subkey(subkey) => subkey.key.verify(hash, digest, signature).is_ok(),
        }
    }
}

/// What the packets after a user id, a subkey or the primary key belong to.
enum Above {
    Primary,
    User,
    Subkey,
    /// Something that is not looked at: a photo, a subkey of an unknown kind.
    Other,
}

impl Certificate {
    pub(super) fn new(primary: PublicKey) -> Self {
        Self { primary, own: Vec::new(), users: Vec::new(), subkeys: Vec::new() }
    }

    /// Reads the certificates out of a row of packets. A packet that cannot be read is passed over
    /// with what hangs on it; a secret key is an error.
    pub(super) fn read(
        packets: impl Iterator<Item = pgp::errors::Result<Packet>>,
    ) -> Result<Vec<Self>, String> {
        let mut found: Vec<Self> = Vec::new();
        let mut above = Above::Other;
        let mut unread = None;
        for packet in packets {
            match packet {
                Ok(Packet::PublicKey(primary)) => {
                    found.push(Self::new(primary));
                    above = Above::Primary;
                }
                Ok(Packet::SecretKey(_) | Packet::SecretSubkey(_)) => return Err("a secret key".to_owned()),
                Ok(packet) => match found.last_mut() {
                    Some(last) => last.take(packet, &mut above),
                    None => unread = Some("no key comes first".to_owned()),
                },
                Err(error) => {
                    // Signatures of unknown forms are common in old certificates; a key is another matter.
                    unread = Some(error.to_string());
                    above = Above::Other;
                }
            }
        }
        if found.is_empty() { Err(unread.unwrap_or_else(|| "no packets".to_owned())) } else { Ok(found) }
    }

    fn take(&mut self, packet: Packet, above: &mut Above) {
        match (packet, &above) {
            (Packet::UserId(id), _) => {
                self.users.push(User { id, signatures: Vec::new() });
                *above = Above::User;
            }
            (Packet::PublicSubkey(key), _) => {
                self.subkeys.push(Subkey { key, signatures: Vec::new() });
                *above = Above::Subkey;
            }
            (Packet::UserAttribute(_), _) => *above = Above::Other,
            (Packet::Signature(signature), Above::Primary) => self.own.push(signature),
            (Packet::Signature(signature), Above::User) => {
                self.users.last_mut().expect("just pushed").signatures.push(signature);
            }
            (Packet::Signature(signature), Above::Subkey) => {
                self.subkeys.last_mut().expect("just pushed").signatures.push(signature);
            }
            _ => {}
        }
    }

    /// Adds what another copy of the same certificate says: a revocation in either counts.
    pub(super) fn merge(&mut self, other: Self) {
        self.own.extend(other.own);
        for user in other.users {
            match self.users.iter_mut().find(|mine| mine.id.id() == user.id.id()) {
                Some(mine) => mine.signatures.extend(user.signatures),
                None => self.users.push(user),
            }
        }
        for subkey in other.subkeys {
            let fingerprint = subkey.key.fingerprint();
            match self.subkeys.iter_mut().find(|mine| mine.key.fingerprint() == fingerprint) {
                Some(mine) => mine.signatures.extend(subkey.signatures),
                None => self.subkeys.push(subkey),
            }
        }
    }

    /// Its keys, the primary first.
    pub(super) fn members(&self) -> impl Iterator<Item = Member<'_>> {
        std::iter::once(Member::Primary(&self.primary)).chain(self.subkeys.iter().map(Member::Subkey))
    }

    /// Whose it is, for messages: the first user id, whatever holds it.
    pub(super) fn owner(&self) -> String {
        match self.users.first() {
            Some(user) => String::from_utf8_lossy(user.id.id()).into_owned(),
            None => "no user id".to_owned(),
        }
    }

    /// Whether `member` may have made a signature at that time; the owner's name if so. `claimed` is
    /// the user id that the signature itself names.
    pub(super) fn judge(
        &self,
        member: Member<'_>,
        made: u64,
        claimed: Option<&[u8]>,
    ) -> Result<String, Refusal> {
        let primary = hex(self.primary.fingerprint().as_bytes());
        let refuse =
            |why, text: String, help: &str| Err(Refusal::new(why, text, help).by(member.fingerprint()));
        let name = format!("key {primary} ({})", self.owner());
        let newer = "get the owner's current key, and pin that";

        if let Err(weak) = strength::key(self.primary.public_params()) {
            return refuse(Why::Weak, format!("{name} is {weak}"), "ask the owner for a stronger key");
        }
        if u64::from(self.primary.created_at().as_secs()) > made {
            let text = format!(
                "{name} was created on {}, after the signature, {}",
                date(self.primary.created_at()),
                SourceDate(made)
            );
            return refuse(Why::TooEarly, text, "no honest clock makes this; do not use it");
        }
        self.not_revoked(member, made, &name)?;

        // What the owner says of the primary key: on the key itself and on each user id.
        let direct: Vec<&Signature> = self
            .own
            .iter()
            .filter(|s| s.typ() == Some(SignatureType::Key) && s.verify_key(&self.primary).is_ok())
            .collect();
        let users: Vec<(&User, Standing<'_>)> = self
            .users
            .iter()
            .map(|user| {
                let own: Vec<&Signature> = user
                    .signatures
                    .iter()
                    .filter(|s| s.verify_certification(&self.primary, Tag::UserId, &user.id).is_ok())
                    .collect();
                (user, Standing::of(&own, SignatureType::CertRevocation, made))
            })
            .collect();
        let direct_standing = Standing::of(&direct, SignatureType::KeyRevocation, made);
        let live: Vec<&(&User, Standing<'_>)> =
            users.iter().filter(|(_, standing)| matches!(standing, Standing::Bound(_))).collect();
        let newest_user =
            live.iter().filter_map(|(_, standing)| standing.bound()).max_by_key(|s| s.created());
        let newest_direct = direct_standing.bound();
        if newest_user.is_none() && newest_direct.is_none() {
            let standings = || users.iter().map(|(_, standing)| standing).chain([&direct_standing]);
            if let Some(revoked) = standings().find_map(|standing| match standing {
                Standing::Revoked(at) => Some(*at),
                _ => None,
            }) {
                let text =
                    format!("every user id of {name} is revoked, the first on {}", SourceDate(revoked));
                return refuse(Why::Revoked, text, newer);
            }
            if let Some(weak) = standings().find_map(|standing| match standing {
                Standing::Weak(weak) => Some(weak.clone()),
                _ => None,
            }) {
                let text = format!("{name} stands on a self-signature with {weak}");
                let help = "ask the owner to sign the key anew with a current program, and pin the result";
                return refuse(Why::Weak, text, help);
            }
            let text = format!("{name} has no valid self-signature");
            return refuse(Why::Unfit, text, "the file is damaged or forged: get the key again");
        }
        if let Some(claimed) = claimed
            && let Some((_, Standing::Revoked(at))) = users.iter().find(|(user, _)| user.id.id() == claimed)
        {
            let claimed = String::from_utf8_lossy(claimed);
            let text = format!("the user id `{claimed}` of {name} was revoked on {}", SourceDate(*at));
            return refuse(Why::Revoked, text, newer);
        }

        // Both may limit the key's life, and the shorter counts.
        for signature in [newest_direct, newest_user].into_iter().flatten() {
            check_life(self.primary.created_at(), signature, made, &name)
                .map_err(|refusal| refusal.by(member.fingerprint()))?;
        }
        match member {
            Member::Primary(_) => {
                let flags = [newest_user, newest_direct].into_iter().flatten().find_map(flags);
                if flags.is_some_and(|flags| !flags.sign()) {
                    let text = format!("{name} is not for signing by itself; its subkeys may be");
                    return refuse(Why::Unfit, text, "ask the signer to sign with a signing subkey");
                }
            }
            Member::Subkey(subkey) => self.judge_subkey(subkey, made, &name)?,
        }
        let by_claim = live.iter().find(|(user, _)| claimed == Some(user.id.id()));
        let by_mark = live.iter().find(|(_, standing)| standing.bound().is_some_and(Signature::is_primary));
        let user = by_claim.or(by_mark).or(live.first());
        Ok(user.map_or_else(
            || "no user id".to_owned(),
            |(user, _)| String::from_utf8_lossy(user.id.id()).into_owned(),
        ))
    }

    /// Holds the revocations of the whole key against the signature's date.
    fn not_revoked(&self, member: Member<'_>, made: u64, name: &str) -> Result<(), Refusal> {
        let revocations = self.own.iter().filter(|s| s.typ() == Some(SignatureType::KeyRevocation));
        let appointed = self.appointed();
        for revocation in revocations {
            if revocation.verify_key(&self.primary).is_ok() {
                check_revocation(revocation, made, name)
                    .map_err(|refusal| refusal.by(member.fingerprint()))?;
                continue;
            }
            // Another key may have been appointed to revoke this one. It is not at hand to check with,
            // and to pass over a revocation is the worse mistake.
            let issuers = revocation.issuer_fingerprint();
            let ids = revocation.issuer_key_id();
            if let Some(by) = appointed.iter().find(|by| {
                issuers.iter().any(|issuer| issuer.as_bytes() == by.as_slice())
                    || ids.iter().any(|id| by.ends_with(id.as_ref()))
            }) {
                let text =
                    format!("{name} was revoked by the key {} that its owner appointed for that", hex(by));
                let help = "get the owner's current key, and pin that";
                return Err(Refusal::new(Why::Revoked, text, help).by(member.fingerprint()));
            }
        }
        Ok(())
    }

    /// The keys that the owner appointed to revoke this one.
    fn appointed(&self) -> Vec<Vec<u8>> {
        let named = |signature: &Signature| -> Vec<Vec<u8>> {
            let Some(config) = signature.config() else { return Vec::new() };
            config
                .hashed_subpackets()
                .filter_map(|subpacket| match &subpacket.data {
                    SubpacketData::RevocationKey(key) => Some(key.fingerprint.to_vec()),
                    _ => None,
                })
                .collect()
        };
        let direct = self.own.iter().filter(|s| s.typ() == Some(SignatureType::Key));
        direct.filter(|s| s.verify_key(&self.primary).is_ok()).flat_map(named).collect()
    }

    fn judge_subkey(&self, subkey: &Subkey, made: u64, name: &str) -> Result<(), Refusal> {
        let fingerprint = hex(subkey.key.fingerprint().as_bytes());
        let name = format!("the subkey {fingerprint} of {name}");
        let refuse =
            |why, text: String, help: &str| Err(Refusal::new(why, text, help).by(fingerprint.clone()));
        if let Err(weak) = strength::key(subkey.key.public_params()) {
            return refuse(Why::Weak, format!("{name} is {weak}"), "ask the owner for a stronger subkey");
        }
        if u64::from(subkey.key.created_at().as_secs()) > made {
            let text =
                format!("{name} was created on {}, after the signature", date(subkey.key.created_at()));
            return refuse(Why::TooEarly, text, "no honest clock makes this; do not use it");
        }
        let own: Vec<&Signature> = subkey
            .signatures
            .iter()
            .filter(|s| s.verify_subkey_binding(&self.primary, &subkey.key).is_ok())
            .collect();
        for revocation in own.iter().filter(|s| s.typ() == Some(SignatureType::SubkeyRevocation)) {
            check_revocation(revocation, made, &name).map_err(|refusal| refusal.by(fingerprint.clone()))?;
        }
        let bindings: Vec<&Signature> =
            own.into_iter().filter(|s| s.typ() == Some(SignatureType::SubkeyBinding)).collect();
        let binding = match Standing::of(&bindings, SignatureType::SubkeyRevocation, made) {
            Standing::Bound(binding) => binding,
            Standing::Weak(weak) => {
                let text = format!("{name} is bound by a signature with {weak}");
                let help = "ask the owner to sign the key anew with a current program, and pin the result";
                return refuse(Why::Weak, text, help);
            }
            Standing::Revoked(_) | Standing::Unbound => {
                let text = format!("{name} is not bound by its primary key");
                return refuse(Why::Unfit, text, "the file is damaged or forged: get the key again");
            }
        };
        check_life(subkey.key.created_at(), binding, made, &name)
            .map_err(|refusal| refusal.by(fingerprint.clone()))?;
        if !flags(binding).is_some_and(|flags| flags.sign()) {
            let text = format!("{name} is not for signing");
            return refuse(Why::Unfit, text, "ask the signer to sign with the key that is marked for it");
        }
        let Some(back) = binding.embedded_signature() else {
            let text = format!("{name} does not vouch for its primary key (no back-signature)");
            return refuse(
                Why::Unfit,
                text,
                "anybody can claim another's subkey so; ask the owner to mend the key",
            );
        };
        if back.verify_primary_key_binding(&subkey.key, &self.primary).is_err() {
            let text = format!("the back-signature of {name} is wrong");
            return refuse(
                Why::Unfit,
                text,
                "anybody can claim another's subkey so; ask the owner to mend the key",
            );
        }
        if let Some(Err(weak)) = back.hash_alg().map(strength::digest) {
            let text = format!("the back-signature of {name} uses {weak}");
            let help = "ask the owner to sign the key anew with a current program, and pin the result";
            return refuse(Why::Weak, text, help);
        }
        Ok(())
    }
}

/// Checks the mathematics of a signature over content by one key.
pub(super) fn verify(
    signature: &Signature,
    member: Member<'_>,
    content: impl std::io::Read,
) -> pgp::errors::Result<()> {
    fn with<R: std::io::Read>(
        signature: &Signature,
        key: &impl VerifyingKey,
        content: R,
    ) -> pgp::errors::Result<()> {
        signature.verify(key, content)
    }
    match member {
        Member::Primary(key) => with(signature, key, content),
        Member::Subkey(subkey) => with(signature, &subkey.key, content),
    }
}
