// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Signatures of other people: OpenPGP (RFC 9580, RFC 4880) and SSH (OpenSSH's PROTOCOL.sshsig), held
//! against the keys that somebody pinned. Bytes in, verdicts out; no file and no clock.
//!
//! The crates check the mathematics. The policy is ours:
//!
//! - **Who.** Only the given keys count; there is no keyring, no web of trust and no key server. Of
//!   several signatures one good one is enough, and the others are reported with their reasons.
//! - **When.** An OpenPGP signature is judged at the time that it says it was made: the key must have
//!   been valid then. A key that expired since does not spoil what it signed before. Nothing may be
//!   made later than the time of the check, up to [`CLOCK_SKEW`], and a signature that has a last day
//!   of its own must not be past it. An SSH signature bears no time; `valid-after` and
//!   `valid-before` of its key are held against the date that the signed object bears (a tag's or a
//!   commit's), or else against the time of the check.
//! - **Revoked.** A key that was revoked because it was compromised, or for no stated reason, makes no
//!   good signature whatever its date. One that was superseded or retired still vouches for what it
//!   signed before. A revocation counts even where its own digest is weak.
//! - **Weak.** No digest below 256 bits (MD5, SHA-1, RIPEMD-160, SHA-224), in the signature itself or
//!   in the self-signature that the key stands on; RSA from [`RSA_BITS`] on; no DSA, no Elgamal; NIST
//!   curves, Ed25519 and Ed448.
//! - **For signing.** The key must be marked for signing; a subkey must be bound by the primary key and
//!   must itself vouch for it (the back-signature), or anybody could claim another's signatures.
//! - **Over these bytes.** Binary signatures alone: a text signature does not tell line endings apart.
//!   An SSH signature must be of the expected namespace. Nothing may stand around the armor.
//!
//! The newest self-signature decides about a key's expiry and its purpose, as in GnuPG, so that a
//! key whose life was prolonged is judged by what its owner says today.

mod allowed;
pub(crate) mod armor;
mod certificate;
mod fields;
mod keys;
mod openpgp;
pub(crate) mod raw;
mod ssh;
mod standing;
mod strength;
mod verdict;

use std::io::{self, Read};

use crate::model::SourceDate;

pub use keys::{KeyFile, Keys};
pub use strength::RSA_BITS;
pub use verdict::{Checked, Good, Kind, Refusal, Why};

pub(crate) use fields::hex;
pub(crate) use ssh::signed_data;

/// How far a signature may be dated ahead of the time of the check, in seconds: two machines never
/// agree to the second.
pub const CLOCK_SKEW: u64 = 300;

/// The longest signature file that is read, in bytes. A signature has a few hundred.
pub const LONGEST_SIGNATURE: usize = 64 << 10;

/// How many signatures one file may hold.
pub const MOST_SIGNATURES: usize = 16;

/// The namespace of git's SSH signatures.
pub const GIT_NAMESPACE: &str = "git";

/// The namespace of SSH signatures over files.
pub const FILE_NAMESPACE: &str = "file";

/// What a signature is over; read once for each key that may have made it.
pub trait Content {
    /// The bytes from their beginning.
    ///
    /// # Errors
    /// They cannot be had.
    fn open(&self) -> io::Result<Box<dyn Read + '_>>;
}

impl Content for [u8] {
    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(self))
    }
}

impl<const N: usize> Content for [u8; N] {
    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(self.as_slice()))
    }
}

/// The circumstances of a check.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// The time of the check.
    pub now: SourceDate,
    /// The date that the signed content itself bears, where it has one.
    pub dated: Option<SourceDate>,
    /// The namespace that an SSH signature must be of.
    pub namespace: &'a str,
}

/// Checks every signature in `signature`, of either kind, over `content`.
///
/// # Errors
/// The content cannot be read. What is wrong with the signature is no error but a verdict.
pub fn check(
    content: &(impl Content + ?Sized),
    signature: &[u8],
    keys: &Keys,
    circumstances: Circumstances<'_>,
) -> io::Result<Checked> {
    if signature.len() > LONGEST_SIGNATURE {
        return Ok(Checked::refused(Refusal::new(
            Why::Garbage,
            format!("it has {} bytes, and no signature has more than {LONGEST_SIGNATURE}", signature.len()),
            "take the signature from where it was published",
        )));
    }
    if Kind::of(signature) == Kind::Ssh {
        ssh::check(content, signature, keys, circumstances)
    } else {
        openpgp::check(content, signature, keys, circumstances)
    }
}
