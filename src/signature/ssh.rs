// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! SSH signatures, as OpenSSH's PROTOCOL.sshsig defines them.

use std::io::{self, Read};

use signature::Verifier as _;
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, HashAlg, SshSig};

use super::allowed::SshKey;
use super::verdict::{Checked, Good, Kind, Refusal, SSH_BEGIN, Why};
use super::{Circumstances, Content, Keys, strength};

const END: &str = "-----END SSH SIGNATURE-----";

/// A security key sets this bit when somebody touched it.
const TOUCHED: u8 = 1;

/// Checks one SSH signature.
pub(super) fn check(
    content: &(impl Content + ?Sized),
    bytes: &[u8],
    keys: &Keys,
    circumstances: Circumstances<'_>,
) -> io::Result<Checked> {
    let verdict = match read(bytes) {
        Ok(found) => check_one(content, &found, keys, circumstances)?,
        Err(refusal) => Err(refusal),
    };
    Ok(vec![verdict].into())
}

fn read(bytes: &[u8]) -> Result<SshSig, Refusal> {
    let help = "take the signature from where it was published, unchanged";
    let garbage = |text: String| Refusal::new(Why::Garbage, text, help);
    let text = std::str::from_utf8(bytes).map_err(|_| garbage("it is not text".to_owned()))?.trim();
    if !text.ends_with(END) {
        return Err(garbage(if text.contains(END) {
            "text stands after the signature, and nothing covers it".to_owned()
        } else {
            format!("it is cut off: no `{END}`")
        }));
    }
    if text.matches(SSH_BEGIN).count() != 1 {
        return Err(garbage("it holds more than one SSH signature".to_owned()));
    }
    SshSig::from_pem(format!("{text}\n")).map_err(|error| garbage(format!("it cannot be decoded: {error}")))
}

fn check_one(
    content: &(impl Content + ?Sized),
    found: &SshSig,
    keys: &Keys,
    circumstances: Circumstances<'_>,
) -> io::Result<Result<Good, Refusal>> {
    let fingerprint = found.public_key().fingerprint(HashAlg::Sha256).to_string();
    let refuse =
        |why, text: String, help: &str| Ok(Err(Refusal::new(why, text, help).by(fingerprint.clone())));
    let again = "ask the signer to sign again with a current ssh-keygen";
    if found.namespace() != circumstances.namespace {
        let text = format!(
            "it is of the namespace `{}`, expected `{}` (key {fingerprint})",
            found.namespace(),
            circumstances.namespace
        );
        return refuse(
            Why::WrongType,
            text,
            "it was made for something else; ask the signer for the right one",
        );
    }
    let algorithm = match strength(found.public_key()) {
        Ok(algorithm) => algorithm,
        Err(weak) => {
            return refuse(
                Why::Weak,
                format!("the key {fingerprint} is {weak}"),
                "ask the signer for a stronger key",
            );
        }
    };
    let of_key: Vec<&SshKey> = keys.ssh().filter(|key| key.key.key_data() == found.public_key()).collect();
    let Some(first) = of_key.first() else {
        let text = format!("the key {fingerprint} ({algorithm}) made it, which is none of the pinned keys");
        let help = "if that key may sign, get it from a place that you trust and add it to the keys";
        return refuse(Why::UnknownKey, text, help);
    };
    let digest = match (found.hash_alg(), found.signature().algorithm()) {
        (_, Algorithm::Rsa { hash: None }) => {
            return refuse(Why::Weak, format!("it uses SHA-1 (key {fingerprint})"), again);
        }
        (HashAlg::Sha256, _) => "SHA-256",
        (HashAlg::Sha512, _) => "SHA-512",
        _ => return refuse(Why::Unsupported, format!("its digest is not known (key {fingerprint})"), again),
    };
    let hash = hash(content, found.hash_alg())?;
    let signed = encode(found.namespace(), found.reserved(), found.hash_alg(), &hash);
    if found.public_key().verify(&signed, found.signature()).is_err() {
        let text = format!(
            "it names the key {fingerprint} ({}), but is not that key's signature over these bytes",
            first.principal()
        );
        let help = "the content or the signature was changed: get both again from where they were published";
        return refuse(Why::Mismatch, text, help);
    }
    if matches!(found.algorithm(), Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256) {
        // The flags stand before a counter of four bytes, at the very end.
        let bytes = found.signature_bytes();
        let flags = bytes.len().checked_sub(5).map_or(0, |at| bytes[at]);
        if flags & TOUCHED == 0 {
            let text = format!("nobody touched the security key {fingerprint} when it signed");
            return refuse(Why::Unfit, text, "ask the signer to sign again with a touch");
        }
    }
    let at = circumstances.dated.unwrap_or(circumstances.now);
    let mut refusal = None;
    for key in of_key {
        let name = format!("the key {fingerprint} ({})", key.principal());
        if !key.is_for(circumstances.namespace) {
            let text = format!(
                "{name} may sign in the namespaces {}, not in `{}`",
                key.namespaces(),
                circumstances.namespace
            );
            refusal = Some((Why::WrongType, text));
        } else if key.valid_after.is_some_and(|after| at < after) {
            let after = key.valid_after.unwrap_or(at);
            refusal = Some((Why::TooEarly, format!("{name} is valid after {after}, and this is dated {at}")));
        } else if key.valid_before.is_some_and(|before| at >= before) {
            let before = key.valid_before.unwrap_or(at);
            refusal =
                Some((Why::ExpiredKey, format!("{name} is valid before {before}, and this is dated {at}")));
        } else {
            return Ok(Ok(Good {
                kind: Kind::Ssh,
                key: fingerprint,
                primary: None,
                signer: key.principal(),
                made: None,
                algorithm: format!("{algorithm}, {digest}"),
            }));
        }
    }
    let (why, text) = refusal.expect("the key has a line");
    refuse(why, text, "if this is meant to be good, change the key's options in the key file")
}

fn strength(key: &KeyData) -> Result<String, String> {
    match key {
        KeyData::Rsa(rsa) => {
            let modulus = rsa.n.as_positive_bytes().unwrap_or_default();
            let spare = modulus.first().map_or(0, |byte| byte.leading_zeros());
            let bits = u32::try_from(modulus.len() * 8).unwrap_or(u32::MAX);
            strength::rsa_bits(bits.saturating_sub(spare))
        }
        KeyData::Ed25519(_) => Ok("Ed25519".to_owned()),
        KeyData::Ecdsa(key) => Ok(key.algorithm().to_string()),
        KeyData::SkEd25519(_) => Ok("Ed25519 on a security key".to_owned()),
        KeyData::SkEcdsaSha2NistP256(_) => Ok("ECDSA P-256 on a security key".to_owned()),
        KeyData::Dsa(_) => Err("DSA, which is not accepted any more".to_owned()),
        _ => Err("of an algorithm that is not read here".to_owned()),
    }
}

/// The bytes that an SSH signature over `content` is made of.
///
/// # Errors
/// The content cannot be read.
pub(crate) fn signed_data(
    content: &(impl Content + ?Sized),
    namespace: &str,
    digest: HashAlg,
) -> io::Result<Vec<u8>> {
    Ok(encode(namespace, &[], digest, &hash(content, digest)?))
}

fn hash(content: &(impl Content + ?Sized), digest: HashAlg) -> io::Result<Vec<u8>> {
    fn all<D: sha2::Digest>(mut reader: Box<dyn Read + '_>) -> io::Result<Vec<u8>> {
        let mut hasher = D::new();
        let mut chunk = vec![0; 256 << 10];
        loop {
            match reader.read(&mut chunk)? {
                0 => return Ok(hasher.finalize().to_vec()),
                n => hasher.update(&chunk[..n]),
            }
        }
    }
    match digest {
        HashAlg::Sha256 => all::<sha2::Sha256>(content.open()?),
        _ => all::<sha2::Sha512>(content.open()?),
    }
}

fn encode(namespace: &str, reserved: &[u8], digest: HashAlg, hash: &[u8]) -> Vec<u8> {
    let mut out = b"SSHSIG".to_vec();
    for field in [namespace.as_bytes(), reserved, digest.as_str().as_bytes(), hash] {
        out.extend(u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend(field);
    }
    out
}
