// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Signatures over bytes with nothing around them, as DSSE envelopes hold them: Ed25519 (RFC 8032),
//! ECDSA with its two numbers in DER (RFC 3279), RSA with PKCS #1 v1.5 and SHA-256 (RFC 8017). Keys
//! are those of OpenPGP and SSH, found by their fingerprints.

use pgp::crypto::hash::HashAlgorithm;
use pgp::types::{
    EddsaLegacyPublicParams, KeyDetails as _, Mpi, Password, PlainSecretParams, PublicParams, SignatureBytes,
    SigningKey,
};
use sha2::Digest as _;
use signature::{Signer as _, Verifier as _};
use ssh_key::private::Ed25519Keypair;
use ssh_key::public::{Ed25519PublicKey, KeyData};
use ssh_key::{Algorithm, EcdsaCurve, HashAlg};

use super::allowed::SshKey;
use super::certificate::Member;
use super::verdict::{Good, Kind, Refusal, Why};
use super::{Circumstances, Keys, hex, strength};

/// Signs a message with an OpenPGP key that is open; `None` where its algorithm is not one of these.
pub(crate) fn sign_openpgp<K>(key: &K, secret: &PlainSecretParams, message: &[u8]) -> Option<Vec<u8>>
where
    K: SigningKey,
{
    use pgp::crypto::eddsa_legacy;
    match secret {
        PlainSecretParams::EdDSALegacy(eddsa_legacy::SecretKey::Ed25519(seed))
        | PlainSecretParams::Ed25519(seed) => {
            let signature = Ed25519Keypair::from_seed(seed.as_bytes()).try_sign(message).ok()?;
            Some(signature.as_bytes().to_vec())
        }
        PlainSecretParams::ECDSA(_) | PlainSecretParams::RSA(_) => {
            let digest = sha2::Sha256::digest(message);
            let signature = key.sign(&Password::empty(), HashAlgorithm::Sha256, &digest).ok()?;
            match (signature, key.algorithm()) {
                (SignatureBytes::Mpis(numbers), pgp::crypto::public_key::PublicKeyAlgorithm::ECDSA)
                    if numbers.len() == 2 =>
                {
                    Some(der::encode(numbers[0].as_ref(), numbers[1].as_ref()))
                }
                (SignatureBytes::Mpis(numbers), _) if numbers.len() == 1 => {
                    // As long as the modulus, RFC 8017 section 8.2.1; OpenPGP leaves zeros in front out.
                    let PublicParams::RSA(rsa) = key.public_params() else { return None };
                    let length = usize::try_from(strength::modulus_bits(rsa).div_ceil(8)).ok()?;
                    let mut padded = vec![0; length.checked_sub(numbers[0].len())?];
                    padded.extend(numbers[0].as_ref());
                    Some(padded)
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// Signs a message with an SSH key; `None` where its algorithm is not one of these.
pub(crate) fn sign_ssh(key: &ssh_key::PrivateKey, message: &[u8]) -> Option<Vec<u8>> {
    let signature = key.try_sign(message).ok()?;
    match signature.algorithm() {
        Algorithm::Ed25519 => Some(signature.as_bytes().to_vec()),
        Algorithm::Ecdsa { .. } => {
            let (first, rest) = ssh_number(signature.as_bytes())?;
            let (second, _) = ssh_number(rest)?;
            Some(der::encode(first, second))
        }
        _ => None,
    }
}

/// A number with its length in front, as SSH writes it.
fn ssh_number(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_at_checked(4)?;
    let length = u32::from_be_bytes(length.try_into().ok()?);
    rest.split_at_checked(usize::try_from(length).ok()?)
}

/// Checks a signature over a message by the key of that fingerprint.
pub(crate) fn check(
    message: &[u8],
    signature: &[u8],
    key: &str,
    keys: &Keys,
    circumstances: Circumstances<'_>,
) -> Result<Good, Refusal> {
    let mismatch = |owner: &str| {
        let text =
            format!("it names the key {key} ({owner}), but is not that key's signature over these bytes");
        let help = "the content or the signature was changed: get both again from where they were published";
        Refusal::new(Why::Mismatch, text, help).by(key)
    };
    for certificate in keys.certificates() {
        let Some(member) = certificate.members().find(|member| member.fingerprint() == key) else { continue };
        if !verify_openpgp(member, message, signature) {
            return Err(mismatch(&certificate.owner()));
        }
        // It bears no date, so the key must be good now.
        let signer = certificate.judge(member, circumstances.now.0, None)?;
        return Ok(Good {
            kind: Kind::Openpgp,
            key: key.to_owned(),
            primary: matches!(member, Member::Subkey(_))
                .then(|| hex(certificate.primary.fingerprint().as_bytes())),
            signer,
            made: None,
            algorithm: strength::key(member.details().public_params()).unwrap_or_default(),
        });
    }
    let is_it = |found: &&SshKey| found.fingerprint() == key && found.is_for(circumstances.namespace);
    if let Some(found) = keys.ssh().find(is_it) {
        let now = circumstances.now;
        let early = found.valid_after.is_some_and(|after| now < after);
        if early || found.valid_before.is_some_and(|before| now >= before) {
            let why = if early { Why::TooEarly } else { Why::ExpiredKey };
            let text = format!("the key {key} ({}) is not valid on {now}", found.principal());
            return Err(Refusal::new(why, text, "sign with a key that is valid").by(key));
        }
        if !verify_ssh(found.key.key_data(), message, signature) {
            return Err(mismatch(&found.principal()));
        }
        return Ok(Good {
            kind: Kind::Ssh,
            key: key.to_owned(),
            primary: None,
            signer: found.principal(),
            made: None,
            algorithm: found.key.algorithm().to_string(),
        });
    }
    let help = "if that key may sign, get it from a place that you trust and add it to the keys";
    Err(Refusal::new(Why::UnknownKey, format!("the key `{key}` is none of the given keys"), help).by(key))
}

fn verify_openpgp(member: Member<'_>, message: &[u8], signature: &[u8]) -> bool {
    let ed25519 = |key: &[u8; 32]| verify_ssh(&KeyData::Ed25519(Ed25519PublicKey(*key)), message, signature);
    let numbers = match member.details().public_params() {
        PublicParams::EdDSALegacy(EddsaLegacyPublicParams::Ed25519 { key }) => {
            return ed25519(key.as_bytes());
        }
        PublicParams::Ed25519(parameters) => return ed25519(parameters.key.as_bytes()),
        PublicParams::ECDSA(_) => match der::decode(signature) {
            Some((first, second)) => vec![Mpi::from_slice(first), Mpi::from_slice(second)],
            None => return false,
        },
        PublicParams::RSA(_) => vec![Mpi::from_slice(signature)],
        _ => return false,
    };
    let digest = sha2::Sha256::digest(message);
    member.verify_digest(HashAlgorithm::Sha256, &digest, &SignatureBytes::Mpis(numbers))
}

fn verify_ssh(key: &KeyData, message: &[u8], signature: &[u8]) -> bool {
    let (algorithm, bytes) = match key {
        KeyData::Ed25519(_) => (Algorithm::Ed25519, signature.to_vec()),
        KeyData::Ecdsa(ecdsa) if ecdsa.curve() != EcdsaCurve::NistP521 => {
            let Some((first, second)) = der::decode(signature) else { return false };
            let mut bytes = Vec::new();
            for number in [first, second] {
                bytes.extend(u32::try_from(number.len()).unwrap_or(u32::MAX).to_be_bytes());
                bytes.extend(number);
            }
            (ecdsa.algorithm(), bytes)
        }
        KeyData::Rsa(_) => (Algorithm::Rsa { hash: Some(HashAlg::Sha256) }, signature.to_vec()),
        _ => return false,
    };
    ssh_key::Signature::new(algorithm, bytes).is_ok_and(|signature| key.verify(message, &signature).is_ok())
}

/// Two positive numbers as a DER sequence (X.690), which is how ECDSA signatures travel.
mod der {
    const SEQUENCE: u8 = 0x30;
    const INTEGER: u8 = 0x02;

    pub(super) fn encode(first: &[u8], second: &[u8]) -> Vec<u8> {
        let mut body = Vec::new();
        for number in [first, second] {
            let digits = number.iter().position(|byte| *byte != 0).map_or(&[][..], |at| &number[at..]);
            // The highest bit is the sign.
            let sign = digits.first().is_none_or(|byte| byte & 0x80 != 0);
            body.push(INTEGER);
            push_length(&mut body, digits.len() + usize::from(sign));
            if sign {
                body.push(0);
            }
            body.extend(digits);
        }
        let mut out = vec![SEQUENCE];
        push_length(&mut out, body.len());
        out.extend(body);
        out
    }

    fn push_length(out: &mut Vec<u8>, length: usize) {
        // Two numbers of at most 66 bytes: never more than one byte of length follows.
        if length > 127 {
            out.push(0x81);
        }
        out.push(u8::try_from(length).unwrap_or(u8::MAX));
    }

    /// The numbers with their sign octets.
    pub(super) fn decode(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
        let (body, rest) = take(bytes, SEQUENCE)?;
        let (first, second) = take(body, INTEGER)?;
        let (second, more) = take(second, INTEGER)?;
        (rest.is_empty() && more.is_empty()).then_some((first, second))
    }

    fn take(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
        let (found, rest) = bytes.split_first()?;
        let (length, rest) = rest.split_first()?;
        let (length, rest) = match length {
            0x81 => rest.split_first()?,
            _ => (length, rest),
        };
        if *found != tag || (bytes[1] != 0x81 && *length > 127) {
            return None;
        }
        rest.split_at_checked(usize::from(*length))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn numbers_survive() {
            let long = [0x80; 66];
            assert_eq!(encode(&[0, 1], &[0x80]), [0x30, 7, 2, 1, 1, 2, 2, 0, 0x80]);
            let text = encode(&long, &[7]);
            let (first, second) = decode(&text).expect("a sequence");
            assert_eq!((&first[1..], second), (&long[..], &[7][..]));
            assert_eq!(decode(&text[..text.len() - 1]), None);
            assert_eq!(decode(&[&text[..], &[0]].concat()), None);
            assert_eq!(decode(&[]), None);
        }
    }
}
