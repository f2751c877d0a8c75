// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which algorithms are strong enough.

use pgp::crypto::ecc_curve::ECCCurve;
use pgp::crypto::hash::HashAlgorithm;
use pgp::ser::Serialize as _;
use pgp::types::{EcdsaPublicParams, EddsaLegacyPublicParams, PublicParams, RsaPublicParams};

/// The shortest RSA modulus that is accepted, in bits: NIST SP 800-131A allows none below 2048.
pub const RSA_BITS: u32 = 2048;

/// The digest's usual name, or why it is too weak.
pub(super) fn digest(hash: HashAlgorithm) -> Result<&'static str, String> {
    match hash {
        HashAlgorithm::Sha256 => Ok("SHA-256"),
        HashAlgorithm::Sha384 => Ok("SHA-384"),
        HashAlgorithm::Sha512 => Ok("SHA-512"),
        HashAlgorithm::Sha3_256 => Ok("SHA3-256"),
        HashAlgorithm::Sha3_512 => Ok("SHA3-512"),
        HashAlgorithm::Md5 => Err("MD5".to_owned()),
        HashAlgorithm::Sha1 => Err("SHA-1".to_owned()),
        HashAlgorithm::Ripemd160 => Err("RIPEMD-160".to_owned()),
        HashAlgorithm::Sha224 => Err("SHA-224".to_owned()),
        other => Err(format!("digest number {}", u8::from(other))),
    }
}

/// The key's algorithm, or why it is not accepted, after "it is".
pub(super) fn key(parameters: &PublicParams) -> Result<String, String> {
    match parameters {
        PublicParams::RSA(rsa) => rsa_bits(modulus_bits(rsa)),
        PublicParams::EdDSALegacy(EddsaLegacyPublicParams::Ed25519 { .. }) | PublicParams::Ed25519(_) => {
            Ok("Ed25519".to_owned())
        }
        PublicParams::Ed448(_) => Ok("Ed448".to_owned()),
        PublicParams::ECDSA(ecdsa) => match ecdsa.curve() {
            ECCCurve::P256 => Ok("ECDSA P-256".to_owned()),
            ECCCurve::P384 => Ok("ECDSA P-384".to_owned()),
            ECCCurve::P521 => Ok("ECDSA P-521".to_owned()),
            _ if matches!(ecdsa, EcdsaPublicParams::Unsupported { .. }) => {
                Err("ECDSA on a curve that is not read here".to_owned())
            }
            curve => Err(format!("ECDSA on the curve {curve}")),
        },
        PublicParams::DSA(_) => Err("DSA, which is not accepted any more".to_owned()),
        PublicParams::Elgamal(_) => Err("Elgamal, which is not accepted".to_owned()),
        _ => Err("of an algorithm that does not sign or is not read here".to_owned()),
    }
}

/// The length of an RSA modulus in bits. It comes first in the key's own form, as a multiprecision
/// integer: its length in two octets.
pub(super) fn modulus_bits(rsa: &RsaPublicParams) -> u32 {
    let mut encoded = Vec::new();
    match rsa.to_writer(&mut encoded) {
        Ok(()) => u32::from(u16::from_be_bytes([encoded[0], encoded[1]])),
        Err(_) => 0,
    }
}

/// The name of an RSA key of that many bits, or why it is not accepted.
pub(super) fn rsa_bits(bits: u32) -> Result<String, String> {
    if bits >= RSA_BITS {
        Ok(format!("RSA {bits}"))
    } else {
        Err(format!("RSA with {bits} bits, and {RSA_BITS} is the least"))
    }
}
