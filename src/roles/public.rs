// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Public keys: read from PEM files, named by their ids.

use std::collections::HashMap;
use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ED25519_PUBLIC_KEY_LEN, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey,
    VerificationAlgorithm,
};
use serde::{Serialize, Serializer};
use tough::schema::decoded::{Decoded, Hex};
use tough::schema::key::{Ed25519Key, Ed25519Scheme, Key};

/// The id of a key: the SHA-256 of its canonical form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub(super) Decoded<Hex>);

impl KeyId {
    /// The id of a key.
    #[must_use]
    pub fn of(key: &Key) -> Self {
        Self(key.key_id().expect("a key is plain data"))
    }

    /// Its first 12 digits, which are enough for people.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string().chars().take(12).collect()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for KeyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What stands before the 32 bytes of an Ed25519 key in its `SubjectPublicKeyInfo` (RFC 8410).
const ED25519_SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Reads a public key as `openssl pkey -pubout` writes it: Ed25519, ECDSA P-256 or RSA. None where it is
/// something else.
pub(super) fn from_pem(text: &str) -> Option<Key> {
    let der = pem::parse(text).ok().filter(|pem| pem.tag() == "PUBLIC KEY")?;
    if let Some(raw) = der.contents().strip_prefix(&ED25519_SPKI) {
        return (raw.len() == ED25519_PUBLIC_KEY_LEN).then(|| ed25519(raw));
    }
    // The text becomes a part of the key and so of its id.
    let text = text.replace("\r\n", "\n");
    let key: Key = text.trim().parse().ok()?;
    matches!(key, Key::Ecdsa { .. } | Key::Rsa { .. }).then_some(key)
}

/// An Ed25519 key of 32 bytes.
pub(super) fn ed25519(raw: &[u8]) -> Key {
    Key::Ed25519 {
        keyval: Ed25519Key { public: raw.to_vec().into(), _extra: HashMap::new() },
        scheme: Ed25519Scheme::Ed25519,
        _extra: HashMap::new(),
    }
}

/// The kind of a key, for people.
pub(super) fn kind(key: &Key) -> &'static str {
    match key {
        Key::Ed25519 { .. } => "ed25519",
        Key::Ecdsa { .. } | Key::EcdsaOld { .. } => "ecdsa-p256",
        Key::Rsa { .. } => "rsa-pss",
    }
}

/// Whether this key made this signature.
pub(super) fn verifies(key: &Key, message: &[u8], signature: &[u8]) -> bool {
    fn check<A: VerificationAlgorithm + 'static>(
        algorithm: &'static A,
        public: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        UnparsedPublicKey::new(algorithm, public).verify(message, signature).is_ok()
    }
    match key {
        Key::Ed25519 { keyval, .. } => check(&ED25519, &keyval.public, message, signature),
        Key::Ecdsa { keyval, .. } | Key::EcdsaOld { keyval, .. } => {
            check(&ECDSA_P256_SHA256_ASN1, &keyval.public, message, signature)
        }
        Key::Rsa { keyval, .. } => check(&RSA_PSS_2048_8192_SHA256, &keyval.public, message, signature),
    }
}
