// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! OpenPGP signatures, one packet after the other.

use std::cell::RefCell;
use std::io::{self, Read};

use pgp::packet::{Packet, PacketParser, Signature, SignatureType, SignatureVersion};
use pgp::types::Timestamp;

use super::certificate::{self, Certificate, Member};
use super::fields::{date, hex};
use super::verdict::{Checked, Good, Kind, Refusal, Why};
use super::{CLOCK_SKEW, Circumstances, Content, Keys, MOST_SIGNATURES, armor, standing, strength};
use crate::model::SourceDate;

/// Checks every signature of an armored or binary file.
pub(super) fn check(
    content: &(impl Content + ?Sized),
    bytes: &[u8],
    keys: &Keys,
    circumstances: Circumstances<'_>,
) -> io::Result<Checked> {
    let signatures = match read(bytes) {
        Ok(signatures) => signatures,
        Err(refusal) => return Ok(Checked::refused(refusal)),
    };
    let mut verdicts = Vec::new();
    for signature in &signatures {
        verdicts.push(check_one(content, signature, keys, circumstances)?);
    }
    Ok(verdicts.into())
}

/// Reads the signature packets of a file, and makes sure that there is nothing else.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Signature>, Refusal> {
    let garbage = |text: String| {
        Refusal::new(Why::Garbage, text, "take the signature from where it was published, unchanged")
    };
    if bytes.trim_ascii_start().starts_with(b"-----BEGIN SIGNED MESSAGE-----") {
        let text = "it is an X.509 signature; OpenPGP and SSH are read";
        return Err(Refusal::new(Why::Unsupported, text, "ask the signer for an OpenPGP or SSH signature"));
    }
    let packets = if armor::is_armored(bytes) {
        let text = std::str::from_utf8(bytes).map_err(|_| garbage("the armor is not text".to_owned()))?;
        let armored = armor::read(text).map_err(garbage)?;
        if armored.has_more {
            return Err(garbage("text stands around the armor, and nothing covers it".to_owned()));
        }
        if let Some(block) = armored.blocks.iter().find(|block| block.label != "SIGNATURE") {
            return Err(garbage(format!("the armor holds a {}, not a signature", block.label)));
        }
        armored.blocks.into_iter().flat_map(|block| block.bytes).collect()
    } else {
        bytes.to_vec()
    };
    let mut signatures = Vec::new();
    for packet in PacketParser::new(packets.as_slice()) {
        match packet {
            Ok(Packet::Signature(signature)) => signatures.push(signature),
            Ok(Packet::Marker(_) | Packet::Padding(_)) => {}
            Ok(_) => return Err(garbage("it holds something else than signatures".to_owned())),
            Err(error) => return Err(garbage(format!("it cannot be decoded: {error}"))),
        }
    }
    match signatures.len() {
        0 => Err(garbage("it holds no signature".to_owned())),
        1..=MOST_SIGNATURES => Ok(signatures),
        many => Err(garbage(format!("it holds {many} signatures, and {MOST_SIGNATURES} are the most"))),
    }
}

/// A reader that keeps its error: rpgp would report it as a bad signature.
struct Kept<'f, R> {
    inner: R,
    fault: &'f RefCell<Option<io::Error>>,
}

impl<R: Read> Read for Kept<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|error| {
            let again = io::Error::from(error.kind());
            *self.fault.borrow_mut() = Some(error);
            again
        })
    }
}

fn check_one(
    content: &(impl Content + ?Sized),
    signature: &Signature,
    keys: &Keys,
    circumstances: Circumstances<'_>,
) -> io::Result<Result<Good, Refusal>> {
    let (made, digest) = match examine(signature) {
        Ok(found) => found,
        Err(mut refusal) => {
            refusal.key = issuer(signature);
            if let Some(key) = &refusal.key {
                refusal.text.push_str(&format!(" (key {key})"));
            }
            return Ok(Err(refusal));
        }
    };
    let issuer = match issuer(signature) {
        Some(issuer) => issuer,
        None => {
            let text = "it does not say which key made it";
            return Ok(Err(Refusal::new(
                Why::Unsupported,
                text,
                "ask the signer to sign with a current program",
            )));
        }
    };
    let candidates: Vec<(&Certificate, Member<'_>)> = keys
        .certificates()
        .flat_map(|certificate| certificate.members().map(move |member| (certificate, member)))
        .filter(|(_, member)| is_named(signature, *member))
        .collect();
    if candidates.is_empty() {
        let text =
            format!("the key {issuer} made it, dated {}, which is none of the pinned keys", date(made));
        let help = "if that key may sign, get it from a place that you trust and add it to the keys";
        return Ok(Err(Refusal::new(Why::UnknownKey, text, help).by(issuer)));
    }
    let mut verdict = None;
    for (certificate, member) in candidates {
        let fault = RefCell::new(None);
        let verified = certificate::verify(signature, member, Kept { inner: content.open()?, fault: &fault });
        if let Some(error) = fault.into_inner() {
            return Err(error);
        }
        if verified.is_err() {
            let text = format!(
                "it names the key {} ({}), but is not that key's signature over these bytes",
                member.fingerprint(),
                certificate.owner()
            );
            let help =
                "the content or the signature was changed: get both again from where they were published";
            verdict = Some(Err(Refusal::new(Why::Mismatch, text, help).by(member.fingerprint())));
            continue;
        }
        return Ok(good(signature, certificate, member, date(made), circumstances.now, digest));
    }
    Ok(verdict.expect("there was a candidate"))
}

/// What a signature says of itself: its date and its digest, if it is of a kind that counts.
fn examine(signature: &Signature) -> Result<(Timestamp, &'static str), Refusal> {
    let again = "ask the signer to sign again with a current program";
    if !matches!(signature.version(), SignatureVersion::V4 | SignatureVersion::V6) {
        let text = format!("it is of version {:?}; 4 and 6 are read", signature.version());
        return Err(Refusal::new(Why::Unsupported, text, again));
    }
    let wrong = |what: &str| {
        let text = format!("it is a signature over {what}, not over bytes");
        Err(Refusal::new(Why::WrongType, text, "ask the signer for a detached binary signature"))
    };
    match signature.typ() {
        Some(SignatureType::Binary) => {}
        Some(SignatureType::Text) => return wrong("a text, which does not tell line endings apart"),
        Some(SignatureType::Standalone) => return wrong("nothing but itself"),
        Some(SignatureType::Timestamp) => return wrong("a moment in time"),
        _ => return wrong("a key or a user id"),
    }
    let digest = match signature.hash_alg().map(strength::digest) {
        Some(Ok(digest)) => digest,
        Some(Err(weak)) => {
            return Err(Refusal::new(Why::Weak, format!("it uses {weak}, which is too weak"), again));
        }
        None => return Err(Refusal::new(Why::Unsupported, "it names no digest", again)),
    };
    if let Err(kind) = standing::understands(signature) {
        let text = format!("it has a critical part of kind {kind} that is not understood here");
        return Err(Refusal::new(Why::Unsupported, text, again));
    }
    let Some(made) = signature.created() else {
        return Err(Refusal::new(Why::Unsupported, "it has no date", again));
    };
    Ok((made, digest))
}

/// The policy, for a signature whose mathematics is right.
fn good(
    signature: &Signature,
    certificate: &Certificate,
    member: Member<'_>,
    made: SourceDate,
    now: SourceDate,
    digest: &str,
) -> Result<Good, Refusal> {
    let key = member.fingerprint();
    if made.0 > now.0.saturating_add(CLOCK_SKEW) {
        let text = format!("it is dated {made}, and now is {now} (key {key})");
        return Err(Refusal::new(
            Why::Future,
            text,
            "set this machine's clock, or ask the signer about theirs",
        )
        .by(key));
    }
    let life = signature.signature_expiration_time().map_or(0, |life| u64::from(life.as_secs()));
    if life != 0 && made.0 + life <= now.0 {
        let text = format!("it was to hold until {} (key {key})", SourceDate(made.0 + life));
        return Err(Refusal::new(Why::Expired, text, "ask the signer to sign again").by(key));
    }
    let claimed = signature.signers_userid().map(|id| id.as_ref());
    let signer = certificate.judge(member, made.0, claimed)?;
    let algorithm = strength::key(member.details().public_params()).unwrap_or_default();
    Ok(Good {
        kind: Kind::Openpgp,
        primary: matches!(member, Member::Subkey(_))
            .then(|| Member::Primary(&certificate.primary).fingerprint()),
        key,
        signer,
        made: Some(made),
        algorithm: format!("{algorithm}, {digest}"),
    })
}

/// The key that a signature names, as exactly as it does.
fn issuer(signature: &Signature) -> Option<String> {
    let fingerprint = signature.issuer_fingerprint().first().map(|fingerprint| hex(fingerprint.as_bytes()));
    fingerprint.or_else(|| signature.issuer_key_id().first().map(|id| hex(id.as_ref())))
}

fn is_named(signature: &Signature, member: Member<'_>) -> bool {
    let details = member.details();
    let fingerprints = signature.issuer_fingerprint();
    if fingerprints.is_empty() {
        signature.issuer_key_id().iter().any(|id| **id == details.legacy_key_id())
    } else {
        fingerprints.iter().any(|fingerprint| **fingerprint == details.fingerprint())
    }
}
