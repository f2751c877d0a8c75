// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Signatures, good and hostile, held against pinned keys.

use std::fmt::Write as _;

use lustre_dist::model::SourceDate;
use lustre_dist::signature::{self, Circumstances, KeyFile, Keys};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{RevocationCode, SignatureType, SubpacketData};
use pgp::types::{Duration, RevocationKey, RevocationKeyClass};
use ssh_key::{Algorithm, EcdsaCurve};

use crate::keymaker::{
    CREATED, DAY, How, Make, NOW, Owner, SIGNED, armor, sign_by, ssh_key as make_ssh, ssh_sign,
};

const CONTENT: &[u8] = b"object 0123\ntype commit\ntag v2_17_57\n";

/// RSA keys of 2048 and of 1024 bits, and what ssh-keygen made of [`CONTENT`] with them.
const SSH_RSA: [(&str, &str); 2] = [
    (
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQChytM/TEKeP0CyTk5IJrCmxHu4J2wWNlsOvBqLTZ32IkqP+tiMxucF6xQGR9u7RE9CCZAFg66t/9wqXMLiC0NS01KO9JFH90TsWSdzcJeEnhiTmmzLD6yEx4WchE5kzHQfF2Nm0/VYJz1mYK5x+iI5WbJ/sEHD0b7+JMw28vnjpUVCUYRpgi01UwBVLWFo3rKTg+SXkRsYStgvymFxR22y2W4pAx9M3F3KlII7Mr/PQ8VEmxF4X3ajk+q54CV8ZoFVblR/WPAx9VKg5s9vTYbiHEZmehUkfw9HKC6XXuJesIkodVZmHwxKQv3EwoSGmH8NcLwqTzAVl1gYZqiBW/Kv enough",
        "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAARcAAAAHc3NoLXJzYQAAAAMBAAEAAAEBAKHK0z9MQp4/QLJOTkgmsK
bEe7gnbBY2Ww68GotNnfYiSo/62IzG5wXrFAZH27tET0IJkAWDrq3/3CpcwuILQ1LTUo70
kUf3ROxZJ3Nwl4SeGJOabMsPrITHhZyETmTMdB8XY2bT9VgnPWZgrnH6IjlZsn+wQcPRvv
4kzDby+eOlRUJRhGmCLTVTAFUtYWjespOD5JeRGxhK2C/KYXFHbbLZbikDH0zcXcqUgjsy
v89DxUSbEXhfdqOT6rngJXxmgVVuVH9Y8DH1UqDmz29NhuIcRmZ6FSR/D0coLpde4l6wiS
h1VmYfDEpC/cTChIaYfw1wvCpPMBWXWBhmqIFb8q8AAAADZ2l0AAAAAAAAAAZzaGE1MTIA
AAEUAAAADHJzYS1zaGEyLTUxMgAAAQBwumw5czQ55RdzlpI4gWrGYjxdG0fS0N/DQebF/5
PwDWNo+BNN5TR7KS9Q0OCj2kya+WM8ha0lCxSBtnD7GAS6h7khSj7+MTwfxSqxcGwFjSlp
V42gv1LRem+PMNjmEVRHfHMWJ5CHA/pgF3S5+QBShtqhO1cbi+X5JNTzEsrevX18lIaFtA
V6cjKkI/BXrxslKkU08fnBYI905I4MUhiZog84qIvEbMu3/i1TJGRb3RmmZX9IRslclBUj
3qeW6Ixpnx7R0shVx01TwRrrFI5bX+gX1w5MqqEX9d38Qb1J712DsUl9KqVYCytVd46/uN
OjDAcT/699ee0Bd8nYHTXS
-----END SSH SIGNATURE-----
",
    ),
    (
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQCuq0ThAcp0y5y8UzPAu0JY1pM+wBuHOmFL20L9Tt9ViXGfD/45CHskh8c2bh/HCnfsjmd9ZCRn4okIh9IFrIrBTTDH3hegScS0FcNYJxqd1eexNhmrGej5WxVZBEmY+oVht/Z34jAiETyd75xTaN55d3ej3Lay3cptQYCHI45gqQ== short",
        "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAAJcAAAAHc3NoLXJzYQAAAAMBAAEAAACBAK6rROEBynTLnLxTM8C7Ql
jWkz7AG4c6YUvbQv1O31WJcZ8P/jkIeySHxzZuH8cKd+yOZ31kJGfiiQiH0gWsisFNMMfe
F6BJxLQVw1gnGp3V57E2GasZ6PlbFVkESZj6hWG39nfiMCIRPJ3vnFNo3nl3d6PctrLdym
1BgIcjjmCpAAAAA2dpdAAAAAAAAAAGc2hhNTEyAAAAlAAAAAxyc2Etc2hhMi01MTIAAACA
gUst/y7MYn4z8Y3QkujHsYgjcG0PCOxMFaXpwVJmYCNiZchZedmh1xdpZ/Z802dgYcFN6C
EiRGJ3B9jKMRJCcaiLL/y9AmUHDrqIeCB+sgT4wQWsOyzyTA40+T90MOdrUoL2qF2Mt+wq
r2dxGHNTgce0ASLMAf3wFsxVv7hyC64=
-----END SSH SIGNATURE-----
",
    ),
];

/// Checks a signature with the keys of these files; gives the verdicts as text.
fn verdicts(files: &[&[u8]], signature: impl AsRef<[u8]>) -> String {
    verdicts_over(CONTENT, files, signature)
}

fn verdicts_over(content: &[u8], files: &[&[u8]], signature: impl AsRef<[u8]>) -> String {
    let names: Vec<String> = (0..files.len()).map(|nth| format!("keys/{nth}")).collect();
    let files = names.iter().zip(files).map(|(name, bytes)| KeyFile { name, bytes });
    let keys = Keys::read(files).expect("keys");
    let circumstances = Circumstances {
        now: SourceDate(u64::from(NOW)),
        dated: Some(SourceDate(u64::from(SIGNED))),
        namespace: "git",
    };
    let checked = signature::check(content, signature.as_ref(), &keys, circumstances).expect("bytes");
    let mut text = String::new();
    for good in &checked.good {
        writeln!(text, "good: {good} [{}]", good.algorithm).expect("text");
    }
    for refusal in &checked.refused {
        writeln!(text, "{}: {}\n  {}", refusal.why, refusal.text, refusal.help).expect("text");
    }
    text
}

/// A key file's problem.
fn unreadable(bytes: &[u8]) -> String {
    let problems = Keys::read([KeyFile { name: "keys/k", bytes }]).expect_err("a bad key file");
    problems.iter().map(|problem| format!("{}\n", problem.title)).collect()
}

fn by(owner: &Owner, how: How) -> String {
    verdicts(&[&owner.certificate()], owner.sign(CONTENT, &how))
}

#[test]
fn every_accepted_kind_of_key_signs() {
    let mut text = String::new();
    for make in [Make::Ed25519, Make::P256, Make::Rsa(2048), Make::V6] {
        let owner = Owner::of(make, 1);
        // Version 6 salts are as long as half the digest.
        let hash = if matches!(make, Make::V6) { HashAlgorithm::Sha512 } else { HashAlgorithm::Sha256 };
        text.push_str(&by(&owner, How::default().hash(hash)));
    }
    let owner = Owner::new(2);
    text.push_str(&verdicts(&[owner.file().as_bytes()], owner.sign_armored(CONTENT, &How::default())));
    let subkey = owner.subkey(Make::Ed25519, 3);
    let owner = owner.bind(&subkey, How::at(CREATED).flags(true, false), Some(How::at(CREATED)));
    text.push_str(&verdicts(&[&owner.certificate()], sign_by(&subkey, CONTENT, &How::default())));
    insta::assert_snapshot!(text, @"
    good: OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-01-02T03:04:05Z [Ed25519, SHA-256]
    good: OpenPGP key 5370DBBFA299165FFDE26A65E00C33A83223A922 (Stable Signer <stable@example.org>), made 2026-01-02T03:04:05Z [ECDSA P-256, SHA-256]
    good: OpenPGP key 340BA45B0383FECD1F5A8986989265C33681F12D (Stable Signer <stable@example.org>), made 2026-01-02T03:04:05Z [RSA 2048, SHA-256]
    good: OpenPGP key 073B82EF68FEAAB6EE44005CAA078E21F46778689362E8EB80B1CECA08658469 (Stable Signer <stable@example.org>), made 2026-01-02T03:04:05Z [Ed25519, SHA-512]
    good: OpenPGP key 011806DF00A870BB0003CA617D011370B5DCD80A (Stable Signer <stable@example.org>), made 2026-01-02T03:04:05Z [Ed25519, SHA-512]
    good: OpenPGP key 123771724BA84F8383FDE6A1516D74A59FE914B9 (Stable Signer <stable@example.org>), subkey of 011806DF00A870BB0003CA617D011370B5DCD80A, made 2026-01-02T03:04:05Z [Ed25519, SHA-512]
    ");
}

#[test]
fn what_a_signature_is_over_counts() {
    let owner = Owner::new(1);
    let file = owner.certificate();
    let mut text = verdicts_over(b"another tag", &[&file], owner.sign(CONTENT, &How::default()));
    for typ in [
        SignatureType::Text,
        SignatureType::Standalone,
        SignatureType::Timestamp,
        SignatureType::CertGeneric,
        SignatureType::KeyRevocation,
    ] {
        let mut signature = owner.sign(CONTENT, &How::default());
        // Two octets of header, then the version.
        signature[3] = typ.into();
        text.push_str(&verdicts(&[&file], signature));
    }
    insta::assert_snapshot!(text, @"
    mismatch: it names the key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), but is not that key's signature over these bytes
      the content or the signature was changed: get both again from where they were published
    wrong-type: it is a signature over a text, which does not tell line endings apart, not over bytes (key 64C455370E50BE95E680F3FA273F29185579FF0D)
      ask the signer for a detached binary signature
    wrong-type: it is a signature over nothing but itself, not over bytes (key 64C455370E50BE95E680F3FA273F29185579FF0D)
      ask the signer for a detached binary signature
    wrong-type: it is a signature over a moment in time, not over bytes (key 64C455370E50BE95E680F3FA273F29185579FF0D)
      ask the signer for a detached binary signature
    wrong-type: it is a signature over a key or a user id, not over bytes (key 64C455370E50BE95E680F3FA273F29185579FF0D)
      ask the signer for a detached binary signature
    wrong-type: it is a signature over a key or a user id, not over bytes (key 64C455370E50BE95E680F3FA273F29185579FF0D)
      ask the signer for a detached binary signature
    ");
}

#[test]
fn unknown_keys_are_named() {
    let (owner, other) = (Owner::new(1), Owner::new(2));
    let mut text = verdicts(&[&owner.certificate()], other.sign(CONTENT, &How::default()));
    let nameless = How { names_issuer: false, ..How::default() };
    text.push_str(&verdicts(&[&owner.certificate()], owner.sign(CONTENT, &nameless)));
    // Somebody else's signature under the pinned key's name.
    let claims = How {
        names_issuer: false,
        more: vec![SubpacketData::IssuerFingerprint(pgp::types::KeyDetails::fingerprint(owner.public()))],
        ..How::default()
    };
    text.push_str(&verdicts(&[&owner.certificate()], other.sign(CONTENT, &claims)));
    // Only SSH keys are pinned.
    let ssh = make_ssh(Algorithm::Ed25519, 1).public_key().to_openssh().expect("a line");
    text.push_str(&verdicts(&[ssh.as_bytes()], owner.sign(CONTENT, &How::default())));
    insta::assert_snapshot!(text, @"
    unknown-key: the key 011806DF00A870BB0003CA617D011370B5DCD80A made it, dated 2026-01-02T03:04:05Z, which is none of the pinned keys
      if that key may sign, get it from a place that you trust and add it to the keys
    unsupported: it does not say which key made it
      ask the signer to sign with a current program
    mismatch: it names the key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), but is not that key's signature over these bytes
      the content or the signature was changed: get both again from where they were published
    unknown-key: the key 64C455370E50BE95E680F3FA273F29185579FF0D made it, dated 2026-01-02T03:04:05Z, which is none of the pinned keys
      if that key may sign, get it from a place that you trust and add it to the keys
    ");
}

#[test]
fn weak_digests_are_refused() {
    let owner = Owner::of(Make::Rsa(2048), 1);
    let mut text = String::new();
    for hash in [HashAlgorithm::Md5, HashAlgorithm::Sha1, HashAlgorithm::Ripemd160, HashAlgorithm::Sha224] {
        text.push_str(&by(&owner, How::default().hash(hash)));
    }
    // The signature is strong, what the key stands on is not.
    let flags = How::at(CREATED).flags(true, true);
    let weak = Owner::bare(Make::Rsa(2048), 1)
        .user("Weak <weak@example.org>", flags.clone().hash(HashAlgorithm::Sha1));
    text.push_str(&by(&weak, How::default()));
    // One strong self-signature beside it is enough.
    text.push_str(&by(&weak.certify(flags.typ(SignatureType::CertPositive)), How::default()));
    let owner = Owner::of(Make::Rsa(2048), 1);
    let subkey = owner.subkey(Make::Rsa(2048), 4);
    let sign = How::at(CREATED).flags(true, false);
    let weak_binding = Owner::of(Make::Rsa(2048), 1).bind(
        &subkey,
        sign.clone().hash(HashAlgorithm::Sha1),
        Some(How::at(CREATED)),
    );
    let weak_back = owner.bind(&subkey, sign, Some(How::at(CREATED).hash(HashAlgorithm::Sha1)));
    for owner in [weak_binding, weak_back] {
        text.push_str(&verdicts(&[&owner.certificate()], sign_by(&subkey, CONTENT, &How::default())));
    }
    insta::assert_snapshot!(text, @"
    weak: it uses MD5, which is too weak (key 340BA45B0383FECD1F5A8986989265C33681F12D)
      ask the signer to sign again with a current program
    weak: it uses SHA-1, which is too weak (key 340BA45B0383FECD1F5A8986989265C33681F12D)
      ask the signer to sign again with a current program
    weak: it uses RIPEMD-160, which is too weak (key 340BA45B0383FECD1F5A8986989265C33681F12D)
      ask the signer to sign again with a current program
    weak: it uses SHA-224, which is too weak (key 340BA45B0383FECD1F5A8986989265C33681F12D)
      ask the signer to sign again with a current program
    weak: key 340BA45B0383FECD1F5A8986989265C33681F12D (Weak <weak@example.org>) stands on a self-signature with SHA-1
      ask the owner to sign the key anew with a current program, and pin the result
    good: OpenPGP key 340BA45B0383FECD1F5A8986989265C33681F12D (Weak <weak@example.org>), made 2026-01-02T03:04:05Z [RSA 2048, SHA-512]
    weak: the subkey 33E341114993C73E4EEEBA803C6856027FB79E70 of key 340BA45B0383FECD1F5A8986989265C33681F12D (Stable Signer <stable@example.org>) is bound by a signature with SHA-1
      ask the owner to sign the key anew with a current program, and pin the result
    weak: the back-signature of the subkey 33E341114993C73E4EEEBA803C6856027FB79E70 of key 340BA45B0383FECD1F5A8986989265C33681F12D (Stable Signer <stable@example.org>) uses SHA-1
      ask the owner to sign the key anew with a current program, and pin the result
    ");
}

#[test]
fn weak_keys_are_refused() {
    let mut text = String::new();
    for make in [Make::Rsa(1024), Make::Dsa, Make::Secp256k1] {
        text.push_str(&by(&Owner::of(make, 1), How::default().hash(HashAlgorithm::Sha256)));
    }
    let owner = Owner::new(1);
    let subkey = owner.subkey(Make::Rsa(1024), 4);
    let owner = owner.bind(&subkey, How::at(CREATED).flags(true, false), Some(How::at(CREATED)));
    text.push_str(&verdicts(&[&owner.certificate()], sign_by(&subkey, CONTENT, &How::default())));
    insta::assert_snapshot!(text, @"
    weak: key 48C12AB1712DC9FAD41233FF31291F3548EBD5FF (Stable Signer <stable@example.org>) is RSA with 1024 bits, and 2048 is the least
      ask the owner for a stronger key
    weak: key 7FCCFCFF103F505CCAB7D2D039293A34F9A5CE89 (Stable Signer <stable@example.org>) is DSA, which is not accepted any more
      ask the owner for a stronger key
    weak: key BF261548AD9EB73EB275AEA8642B40299ACC5AB5 (Stable Signer <stable@example.org>) is ECDSA on the curve secp256k1
      ask the owner for a stronger key
    weak: the subkey 45057C7658DF21A05D5D6F253CFF17DABB572F33 of key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>) is RSA with 1024 bits, and 2048 is the least
      ask the owner for a stronger subkey
    ");
}

#[test]
fn expiry_is_judged_when_it_was_signed() {
    let lives = |life| {
        Owner::bare(Make::Ed25519, 1)
            .user("Mortal <mortal@example.org>", How::at(CREATED).flags(true, true).life(life))
    };
    let mut text = by(&lives(30 * DAY), How::default());
    // It has expired since, and was valid then.
    text.push_str(&by(&lives(SIGNED - CREATED + DAY), How::default()));
    // The owner prolonged it later: the newest word counts.
    let prolonged = lives(30 * DAY)
        .certify(How::at(NOW - DAY).flags(true, true).life(4000 * DAY).typ(SignatureType::CertPositive));
    text.push_str(&by(&prolonged, How::default()));
    let owner = Owner::new(1);
    let subkey = owner.subkey(Make::Ed25519, 4);
    let owner = owner.bind(&subkey, How::at(CREATED).flags(true, false).life(DAY), Some(How::at(CREATED)));
    text.push_str(&verdicts(&[&owner.certificate()], sign_by(&subkey, CONTENT, &How::default())));
    // The signature's own last day.
    let short = SubpacketData::SignatureExpirationTime(Duration::from_secs(DAY));
    text.push_str(&by(&Owner::new(1), How::default().with(short)));
    insta::assert_snapshot!(text, @"
    expired-key: key 64C455370E50BE95E680F3FA273F29185579FF0D (Mortal <mortal@example.org>) expired on 2025-01-31T00:00:00Z, before the signature, 2026-01-02T03:04:05Z
      if the owner prolonged the key, get its current form and pin that
    good: OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Mortal <mortal@example.org>), made 2026-01-02T03:04:05Z [Ed25519, SHA-512]
    good: OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Mortal <mortal@example.org>), made 2026-01-02T03:04:05Z [Ed25519, SHA-512]
    expired-key: the subkey 0CEDA35DC81915315643B50F0B8363F3A9BB643F of key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>) expired on 2025-01-02T00:00:00Z, before the signature, 2026-01-02T03:04:05Z
      if the owner prolonged the key, get its current form and pin that
    expired: it was to hold until 2026-01-03T03:04:05Z (key 64C455370E50BE95E680F3FA273F29185579FF0D)
      ask the signer to sign again
    ");
}

#[test]
fn dates_that_cannot_be_are_refused() {
    let owner = Owner::new(1);
    let mut text = by(&owner, How::at(CREATED - DAY));
    text.push_str(&by(&owner, How::at(NOW + DAY)));
    // Two machines never agree to the second.
    text.push_str(&by(&owner, How::at(NOW + 60)));
    insta::assert_snapshot!(text, @"
    too-early: key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>) was created on 2025-01-01T00:00:00Z, after the signature, 2024-12-31T00:00:00Z
      no honest clock makes this; do not use it
    future: it is dated 2026-06-02T00:00:00Z, and now is 2026-06-01T00:00:00Z (key 64C455370E50BE95E680F3FA273F29185579FF0D)
      set this machine's clock, or ask the signer about theirs
    good: OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-06-01T00:01:00Z [Ed25519, SHA-512]
    ");
}

#[test]
fn revoked_keys_are_refused() {
    let revoked = |code, at| Owner::new(1).on_key(How::at(at).typ(SignatureType::KeyRevocation).reason(code));
    let mut text = by(&revoked(RevocationCode::KeyCompromised, NOW - DAY), How::default());
    text.push_str(&by(&revoked(RevocationCode::NoReason, NOW - DAY), How::default()));
    // Retired later: what it signed before still holds.
    text.push_str(&by(&revoked(RevocationCode::KeyRetired, NOW - DAY), How::default()));
    text.push_str(&by(&revoked(RevocationCode::KeySuperseded, SIGNED - DAY), How::default()));
    // A weak digest does not save a revoked key.
    let weakly = Owner::of(Make::Rsa(2048), 1).on_key(
        How::at(NOW - DAY)
            .typ(SignatureType::KeyRevocation)
            .reason(RevocationCode::KeyCompromised)
            .hash(HashAlgorithm::Sha1),
    );
    text.push_str(&by(&weakly, How::default()));
    // The revocation stands in another copy of the key.
    let (whole, copy) = (Owner::new(1), revoked(RevocationCode::KeyCompromised, NOW - DAY));
    text.push_str(&verdicts(
        &[&whole.certificate(), &copy.certificate()],
        whole.sign(CONTENT, &How::default()),
    ));
    // By a key that the owner appointed.
    let appointed = Owner::new(7);
    let fingerprint = pgp::types::KeyDetails::fingerprint(appointed.public());
    let may_revoke = SubpacketData::RevocationKey(RevocationKey::new(
        RevocationKeyClass::Default,
        pgp::crypto::public_key::PublicKeyAlgorithm::EdDSALegacy,
        fingerprint.as_bytes(),
    ));
    let owner = Owner::new(1)
        .on_key(How::at(CREATED).typ(SignatureType::Key).with(may_revoke))
        .on_key_by(&appointed, How::at(NOW - DAY).typ(SignatureType::KeyRevocation));
    text.push_str(&by(&owner, How::default()));
    // By a stranger: no revocation at all.
    let owner = Owner::new(1).on_key_by(&appointed, How::at(NOW - DAY).typ(SignatureType::KeyRevocation));
    text.push_str(&by(&owner, How::default()));
    insta::assert_snapshot!(text, @"
    revoked: key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>) was revoked on 2026-05-31T00:00:00Z (compromised)
      nothing that this key signed can be trusted, whatever its date; ask the owner for another
    revoked: key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>) was revoked on 2026-05-31T00:00:00Z (no reason given)
      nothing that this key signed can be trusted, whatever its date; ask the owner for another
    good: OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-01-02T03:04:05Z [Ed25519, SHA-512]
    revoked: key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>) was revoked on 2026-01-01T03:04:05Z (superseded)
      ask the owner for the key that took its place, and pin that
    revoked: key 340BA45B0383FECD1F5A8986989265C33681F12D (Stable Signer <stable@example.org>) was revoked on 2026-05-31T00:00:00Z (compromised)
      nothing that this key signed can be trusted, whatever its date; ask the owner for another
    revoked: key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>) was revoked on 2026-05-31T00:00:00Z (compromised)
      nothing that this key signed can be trusted, whatever its date; ask the owner for another
    revoked: key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>) was revoked by the key 10FEC64BA2E7E8C38246D82E5A98B5DF02970FB1 that its owner appointed for that
      get the owner's current key, and pin that
    good: OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-01-02T03:04:05Z [Ed25519, SHA-512]
    ");
}

#[test]
fn revoked_parts_are_refused() {
    let subkeys = |how: How| {
        let owner = Owner::new(1);
        let subkey = owner.subkey(Make::Ed25519, 4);
        let owner = owner
            .bind(&subkey, How::at(CREATED).flags(true, false), Some(How::at(CREATED)))
            .revoke_subkey(&subkey, how);
        verdicts(&[&owner.certificate()], sign_by(&subkey, CONTENT, &How::default()))
    };
    let mut text = subkeys(How::at(NOW - DAY));
    text.push_str(&subkeys(How::at(NOW - DAY).reason(RevocationCode::KeyRetired)));
    // The only user id.
    let user = |at| {
        Owner::new(1)
            .certify(How::at(at).typ(SignatureType::CertRevocation).reason(RevocationCode::CertUserIdInvalid))
    };
    text.push_str(&by(&user(SIGNED - DAY), How::default()));
    text.push_str(&by(&user(SIGNED + DAY), How::default()));
    // One of two, and the one that the signature names.
    let two = user(SIGNED - DAY).user("New Name <new@example.org>", How::at(CREATED).flags(true, true));
    text.push_str(&by(&two, How::default()));
    let named = SubpacketData::SignersUserID("Stable Signer <stable@example.org>".into());
    text.push_str(&by(&two, How::default().with(named)));
    insta::assert_snapshot!(text, @"
    revoked: the subkey 0CEDA35DC81915315643B50F0B8363F3A9BB643F of key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>) was revoked on 2026-05-31T00:00:00Z (no reason given)
      nothing that this key signed can be trusted, whatever its date; ask the owner for another
    good: OpenPGP key 0CEDA35DC81915315643B50F0B8363F3A9BB643F (Stable Signer <stable@example.org>), subkey of 64C455370E50BE95E680F3FA273F29185579FF0D, made 2026-01-02T03:04:05Z [Ed25519, SHA-512]
    revoked: every user id of key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>) is revoked, the first on 2026-01-01T03:04:05Z
      get the owner's current key, and pin that
    good: OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-01-02T03:04:05Z [Ed25519, SHA-512]
    good: OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (New Name <new@example.org>), made 2026-01-02T03:04:05Z [Ed25519, SHA-512]
    revoked: the user id `Stable Signer <stable@example.org>` of key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>) was revoked on 2026-01-01T03:04:05Z
      get the owner's current key, and pin that
    ");
}

#[test]
fn keys_must_be_for_signing_and_bound() {
    let certify_only = Owner::bare(Make::Ed25519, 1)
        .user("Only Certifies <c@example.org>", How::at(CREATED).flags(false, true));
    let mut text = by(&certify_only, How::default());
    // A key without a word about its purpose may sign, as keys of old do.
    text.push_str(&by(
        &Owner::bare(Make::Ed25519, 1).user("Old <o@example.org>", How::at(CREATED)),
        How::default(),
    ));
    text.push_str(&by(&Owner::bare(Make::Ed25519, 1), How::default()));
    let subkeys = |how: How, back: Option<How>| {
        let owner = Owner::new(1);
        let subkey = owner.subkey(Make::Ed25519, 4);
        let owner = owner.bind(&subkey, how, back);
        verdicts(&[&owner.certificate()], sign_by(&subkey, CONTENT, &How::default()))
    };
    let sign = || How::at(CREATED).flags(true, false);
    text.push_str(&subkeys(How::at(CREATED).flags(false, false), Some(How::at(CREATED))));
    text.push_str(&subkeys(How::at(CREATED), Some(How::at(CREATED))));
    text.push_str(&subkeys(sign(), None));
    // An attacker claims another's signing subkey for their own, pinned key.
    let (victim, attacker) = (Owner::new(1), Owner::new(2));
    let subkey = victim.subkey(Make::Ed25519, 4);
    let stolen = victim.back(&subkey, How::at(CREATED));
    let attacker =
        attacker.bind(&subkey, sign().with(SubpacketData::EmbeddedSignature(Box::new(stolen))), None);
    text.push_str(&verdicts(&[&attacker.certificate()], sign_by(&subkey, CONTENT, &How::default())));
    // A binding that another key made.
    let (owner, other) = (Owner::new(1), Owner::new(2));
    let subkey = owner.subkey(Make::Ed25519, 4);
    let foreign = other.bind(&subkey, sign(), Some(How::at(CREATED))).certificate();
    let own_length = Owner::new(2).certificate().len();
    let mut mixed = owner.certificate();
    mixed.extend(&foreign[own_length..]);
    text.push_str(&verdicts(&[&mixed], sign_by(&subkey, CONTENT, &How::default())));
    insta::assert_snapshot!(text, @"
    unfit: key 64C455370E50BE95E680F3FA273F29185579FF0D (Only Certifies <c@example.org>) is not for signing by itself; its subkeys may be
      ask the signer to sign with a signing subkey
    good: OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Old <o@example.org>), made 2026-01-02T03:04:05Z [Ed25519, SHA-512]
    unfit: key 64C455370E50BE95E680F3FA273F29185579FF0D (no user id) has no valid self-signature
      the file is damaged or forged: get the key again
    unfit: the subkey 0CEDA35DC81915315643B50F0B8363F3A9BB643F of key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>) is not for signing
      ask the signer to sign with the key that is marked for it
    unfit: the subkey 0CEDA35DC81915315643B50F0B8363F3A9BB643F of key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>) is not for signing
      ask the signer to sign with the key that is marked for it
    unfit: the subkey 0CEDA35DC81915315643B50F0B8363F3A9BB643F of key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>) does not vouch for its primary key (no back-signature)
      anybody can claim another's subkey so; ask the owner to mend the key
    unfit: the back-signature of the subkey 0CEDA35DC81915315643B50F0B8363F3A9BB643F of key 011806DF00A870BB0003CA617D011370B5DCD80A (Stable Signer <stable@example.org>) is wrong
      anybody can claim another's subkey so; ask the owner to mend the key
    unfit: the subkey 0CEDA35DC81915315643B50F0B8363F3A9BB643F of key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>) is not bound by its primary key
      the file is damaged or forged: get the key again
    ");
}

#[test]
fn several_signatures_need_one_good_one() {
    let (owner, other) = (Owner::new(1), Owner::new(2));
    let mut both = other.sign(CONTENT, &How::default());
    both.extend(owner.sign(CONTENT, &How::default()));
    both.extend(owner.sign(b"something else", &How::default()));
    let mut text = verdicts(&[&owner.certificate()], armor("SIGNATURE", &both));
    let many = owner.sign(CONTENT, &How::default()).repeat(17);
    text.push_str(&verdicts(&[&owner.certificate()], many));
    insta::assert_snapshot!(text, @"
    good: OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-01-02T03:04:05Z [Ed25519, SHA-512]
    unknown-key: the key 011806DF00A870BB0003CA617D011370B5DCD80A made it, dated 2026-01-02T03:04:05Z, which is none of the pinned keys
      if that key may sign, get it from a place that you trust and add it to the keys
    mismatch: it names the key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), but is not that key's signature over these bytes
      the content or the signature was changed: get both again from where they were published
    garbage: it holds 17 signatures, and 16 are the most
      take the signature from where it was published, unchanged
    ");
}

#[test]
fn garbage_is_refused() {
    let owner = Owner::new(1);
    let file = owner.certificate();
    let good = owner.sign_armored(CONTENT, &How::default());
    let binary = owner.sign(CONTENT, &How::default());
    let mut text = String::new();
    let unknown = How { critical: vec![SubpacketData::Experimental(101, "x".into())], ..How::default() };
    for signature in [
        b"".to_vec(),
        b"hello\n".to_vec(),
        vec![0xff; 100],
        vec![b'A'; 70 << 10],
        binary[..binary.len() - 9].to_vec(),
        good.as_bytes()[..good.len() / 2].to_vec(),
        good.replace("\n-----END PGP SIGNATURE-----", "").into_bytes(),
        format!("{good}and this I did not sign\n").into_bytes(),
        armor("MESSAGE", &binary).into_bytes(),
        armor("SIGNATURE", &file).into_bytes(),
        owner.sign(CONTENT, &unknown),
    ] {
        text.push_str(&verdicts(&[&file], signature));
    }
    insta::assert_snapshot!(text, @"
    garbage: it holds no signature
      take the signature from where it was published, unchanged
    garbage: it cannot be decoded: IO error: unknown packet header version 1101000
      take the signature from where it was published, unchanged
    garbage: it cannot be decoded: IO error: Fixed chunk was shorter than expected
      take the signature from where it was published, unchanged
    garbage: it has 71680 bytes, and no signature has more than 65536
      take the signature from where it was published
    garbage: it cannot be decoded: IO error: PacketBodyReader errored
      take the signature from where it was published, unchanged
    garbage: the armor is cut off: no `-----END PGP SIGNATURE-----`
      take the signature from where it was published, unchanged
    garbage: the armor is cut off: no `-----END PGP SIGNATURE-----`
      take the signature from where it was published, unchanged
    garbage: text stands around the armor, and nothing covers it
      take the signature from where it was published, unchanged
    garbage: the armor holds a MESSAGE, not a signature
      take the signature from where it was published, unchanged
    garbage: it holds something else than signatures
      take the signature from where it was published, unchanged
    unsupported: it has a critical part of kind 101 that is not understood here (key 64C455370E50BE95E680F3FA273F29185579FF0D)
      ask the signer to sign again with a current program
    ");
    // No change of a byte makes another signature good, or crashes.
    for at in 0..binary.len() {
        for bit in [1, 0x80] {
            let mut changed = binary.clone();
            changed[at] ^= bit;
            let verdict = verdicts(&[&file], changed);
            // The lengths in bits of the two numbers say no more than their octets do.
            let is_length = at == binary.len() - 67 || at == binary.len() - 33;
            assert!(is_length || !verdict.contains("good: "), "byte {at}: {verdict}");
        }
    }
    for length in 0..binary.len() {
        assert!(!verdicts(&[&file], &binary[..length]).contains("good: "));
        let _ = Keys::read([KeyFile { name: "k", bytes: &file[..length.min(file.len())] }]);
    }
}

#[test]
fn ssh_signatures_are_checked() {
    let key = make_ssh(Algorithm::Ed25519, 1);
    let line = key.public_key().to_openssh().expect("a line");
    let check = |front: &str, signature: &str| verdicts(&[format!("{front}{line}\n").as_bytes()], signature);
    let good = ssh_sign(&key, "git", CONTENT);
    let mut text = check("", &good);
    text.push_str(&check("me@example.org ", &good));
    text.push_str(&check("me@example.org namespaces=\"git\",valid-before=\"20270101Z\" ", &good));
    for algorithm in
        [Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 }, Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 }]
    {
        let key = make_ssh(algorithm, 2);
        let line = key.public_key().to_openssh().expect("a line");
        text.push_str(&verdicts(&[line.as_bytes()], ssh_sign(&key, "git", CONTENT)));
    }
    text.push_str(&verdicts(&[SSH_RSA[0].0.as_bytes()], SSH_RSA[0].1));
    insta::assert_snapshot!(text, @"
    good: SSH key SHA256:Whkm+jZSg06J6Vv/H2FWi3Qh7wNdySCYtaM3+TVmMjw (ssh signer) [Ed25519, SHA-512]
    good: SSH key SHA256:Whkm+jZSg06J6Vv/H2FWi3Qh7wNdySCYtaM3+TVmMjw (me@example.org) [Ed25519, SHA-512]
    good: SSH key SHA256:Whkm+jZSg06J6Vv/H2FWi3Qh7wNdySCYtaM3+TVmMjw (me@example.org) [Ed25519, SHA-512]
    good: SSH key SHA256:Nw77GG9Ksoa7HIYVZ4/dCiMLdlwyELGEIzp/v+Saay8 (ssh signer) [ecdsa-sha2-nistp256, SHA-512]
    good: SSH key SHA256:VRzQhnG2TVth6MY6/Qc3u2LeUlHpBZV9N4XwYjPYFEI (ssh signer) [ecdsa-sha2-nistp384, SHA-512]
    good: SSH key SHA256:5Aob1absfMmEz9UrwtvCC/6oK2aKUAqB0KOfSQsqCyg (enough) [RSA 2048, SHA-512]
    ");
}

#[test]
fn hostile_ssh_signatures_are_refused() {
    let key = make_ssh(Algorithm::Ed25519, 1);
    let line = key.public_key().to_openssh().expect("a line");
    let check = |front: &str, signature: &str| verdicts(&[format!("{front}{line}\n").as_bytes()], signature);
    let good = ssh_sign(&key, "git", CONTENT);
    let mut text = check("", &ssh_sign(&key, "file", CONTENT));
    text.push_str(&check("", &ssh_sign(&key, "git", b"something else")));
    text.push_str(&check("", &ssh_sign(&make_ssh(Algorithm::Ed25519, 2), "git", CONTENT)));
    text.push_str(&check("me namespaces=\"file\" ", &good));
    text.push_str(&check("me valid-before=20250101 ", &good));
    text.push_str(&check("me valid-after=20260201 ", &good));
    text.push_str(&check("", &good.replace("-----END SSH SIGNATURE-----", "")));
    text.push_str(&check("", &format!("{good}and this I did not sign\n")));
    text.push_str(&check("", &format!("{good}{good}")));
    text.push_str(&check("", "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"));
    text.push_str(&verdicts(&[SSH_RSA[1].0.as_bytes()], SSH_RSA[1].1));
    // Only OpenPGP keys are pinned.
    text.push_str(&verdicts(&[&Owner::new(1).certificate()], &good));
    insta::assert_snapshot!(text, @"
    wrong-type: it is of the namespace `file`, expected `git` (key SHA256:Whkm+jZSg06J6Vv/H2FWi3Qh7wNdySCYtaM3+TVmMjw)
      it was made for something else; ask the signer for the right one
    mismatch: it names the key SHA256:Whkm+jZSg06J6Vv/H2FWi3Qh7wNdySCYtaM3+TVmMjw (ssh signer), but is not that key's signature over these bytes
      the content or the signature was changed: get both again from where they were published
    unknown-key: the key SHA256:eC7tOCoyYH+kiPcnWBLIhOpVQkZqQiXO9c6mP3SjA8Q (Ed25519) made it, which is none of the pinned keys
      if that key may sign, get it from a place that you trust and add it to the keys
    wrong-type: the key SHA256:Whkm+jZSg06J6Vv/H2FWi3Qh7wNdySCYtaM3+TVmMjw (me) may sign in the namespaces file, not in `git`
      if this is meant to be good, change the key's options in the key file
    expired-key: the key SHA256:Whkm+jZSg06J6Vv/H2FWi3Qh7wNdySCYtaM3+TVmMjw (me) is valid before 2025-01-01T00:00:00Z, and this is dated 2026-01-02T03:04:05Z
      if this is meant to be good, change the key's options in the key file
    too-early: the key SHA256:Whkm+jZSg06J6Vv/H2FWi3Qh7wNdySCYtaM3+TVmMjw (me) is valid after 2026-02-01T00:00:00Z, and this is dated 2026-01-02T03:04:05Z
      if this is meant to be good, change the key's options in the key file
    garbage: it is cut off: no `-----END SSH SIGNATURE-----`
      take the signature from where it was published, unchanged
    garbage: text stands after the signature, and nothing covers it
      take the signature from where it was published, unchanged
    garbage: it holds more than one SSH signature
      take the signature from where it was published, unchanged
    garbage: it cannot be decoded: PEM Base64 error: invalid Base64 length
      take the signature from where it was published, unchanged
    weak: the key SHA256:42+foJfo2P1CpdHxZHuUqkYe7zHR9d436GcANcTXZVY is RSA with 1024 bits, and 2048 is the least
      ask the signer for a stronger key
    unknown-key: the key SHA256:Whkm+jZSg06J6Vv/H2FWi3Qh7wNdySCYtaM3+TVmMjw (Ed25519) made it, which is none of the pinned keys
      if that key may sign, get it from a place that you trust and add it to the keys
    ");
}

#[test]
fn key_files_are_read_strictly() {
    let owner = Owner::new(1);
    let ssh = make_ssh(Algorithm::Ed25519, 1);
    let secret_ssh = ssh.to_openssh(ssh_key::LineEnding::LF).expect("a text");
    let mut text = String::new();
    for bytes in [
        b"".to_vec(),
        b"hello\n".to_vec(),
        vec![0xff; 64],
        owner.secret_file().into_bytes(),
        secret_ssh.as_bytes().to_vec(),
        owner.file().as_bytes()[..200].to_vec(),
        owner.sign_armored(CONTENT, &How::default()).into_bytes(),
        format!("me cert-authority {}\n", ssh.public_key().to_openssh().expect("a line")).into_bytes(),
        vec![b'#'; 5 << 20],
    ] {
        text.push_str(&unreadable(&bytes));
    }
    insta::assert_snapshot!(text, @"
    the key file `keys/k` cannot be read: it holds no key
    the key file `keys/k` cannot be read: no SSH key stands here
    the key file `keys/k` cannot be read: IO error: Fixed chunk was shorter than expected
    the key file `keys/k` holds a secret key
    the key file `keys/k` holds a secret key
    the key file `keys/k` cannot be read: the armor is cut off: no `-----END PGP PUBLIC KEY BLOCK-----`
    the key file `keys/k` cannot be read: the armor holds a SIGNATURE
    the key file `keys/k` cannot be read: `cert-authority` is not supported: whoever holds that key could name any signer; name the signers' own keys
    the key file `keys/k` is too large
    ");
}
