// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a check says of a signature.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{Problem, SourceDate};

/// The first line of an SSH signature.
pub(super) const SSH_BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";

/// The kind of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// OpenPGP, RFC 9580.
    Openpgp,
    /// SSHSIG, as `ssh-keygen -Y sign` writes it.
    Ssh,
}

impl Kind {
    /// What a signature claims to be by its first line.
    #[must_use]
    pub fn of(signature: &[u8]) -> Self {
        if signature.trim_ascii_start().starts_with(SSH_BEGIN.as_bytes()) { Self::Ssh } else { Self::Openpgp }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Openpgp => "OpenPGP",
            Self::Ssh => "SSH",
        })
    }
}

/// A good signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Good {
    /// Its kind.
    pub kind: Kind,
    /// The fingerprint of the key that made it: upper-case hexadecimal digits, or `SHA256:...`.
    pub key: String,
    /// The fingerprint of the primary key, where a subkey made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary: Option<String>,
    /// Whose key it is: the user id, the principal or the key's comment.
    pub signer: String,
    /// When it was made, as it says itself; an SSH signature does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made: Option<SourceDate>,
    /// The algorithms: `Ed25519, SHA-512`.
    pub algorithm: String,
}

/// `OpenPGP key 1234... (A. Author <author@example.org>), made 2026-01-02T03:04:05Z`
impl fmt::Display for Good {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} key {} ({})", self.kind, self.key, self.signer)?;
        if let Some(primary) = &self.primary {
            write!(f, ", subkey of {primary}")?;
        }
        match self.made {
            Some(made) => write!(f, ", made {made}"),
            None => Ok(()),
        }
    }
}

/// Why a signature is not good, in one word. The words stand in locks and records, so they stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// It cannot be decoded, or is too large.
    Garbage,
    /// It is of a version or kind that is not read here.
    Unsupported,
    /// No pinned key made it.
    UnknownKey,
    /// It is not over these bytes, or was altered.
    Mismatch,
    /// A digest or a key is too weak.
    Weak,
    /// Its key had expired when it was made.
    ExpiredKey,
    /// It is past its own last day.
    Expired,
    /// Its key or user id was revoked.
    Revoked,
    /// Its key is not valid yet, or the signature is older than its key.
    TooEarly,
    /// It is dated after the check.
    Future,
    /// Its key is not for signing, or nothing binds it to its owner.
    Unfit,
    /// It is over something else than files: a text, a certificate, another namespace.
    WrongType,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Garbage => "garbage",
            Self::Unsupported => "unsupported",
            Self::UnknownKey => "unknown-key",
            Self::Mismatch => "mismatch",
            Self::Weak => "weak",
            Self::ExpiredKey => "expired-key",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::TooEarly => "too-early",
            Self::Future => "future",
            Self::Unfit => "unfit",
            Self::WrongType => "wrong-type",
        })
    }
}

/// A signature that is not good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// In one word.
    pub why: Why,
    /// The key that it names, as far as it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// In one sentence, naming the key.
    pub text: String,
    /// What to do.
    pub help: String,
}

impl Refusal {
    pub(crate) fn new(why: Why, text: impl Into<String>, help: impl Into<String>) -> Self {
        Self { why, key: None, text: text.into(), help: help.into() }
    }

    pub(crate) fn by(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }
}

/// Every signature over one content.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Checked {
    /// The good ones.
    pub good: Vec<Good>,
    /// The others.
    pub refused: Vec<Refusal>,
}

impl Checked {
    pub(crate) fn refused(refusal: Refusal) -> Self {
        Self { good: Vec::new(), refused: vec![refusal] }
    }

    /// Whether at least one signature is good.
    #[must_use]
    pub fn is_good(&self) -> bool {
        !self.good.is_empty()
    }

    /// Whether nothing is wrong with any of them: those that are not good were made by keys that nobody gave.
    /// A good one does not make up for a wrong one in the same file.
    #[must_use]
    pub fn has_no_fault(&self) -> bool {
        self.refused.iter().all(|refusal| refusal.why == Why::UnknownKey)
    }

    /// What is wrong with the signatures in that file.
    #[must_use]
    pub fn problem(&self, file: &str) -> Problem {
        let notes = self.refused.iter().map(|refusal| format!("{}: {}", refusal.why, refusal.text));
        let mut problem =
            notes.fold(Problem::new(format!("`{file}` is not a good signature")), Problem::note);
        problem.help = self.refused.first().map(|refusal| refusal.help.clone());
        problem
    }
}

impl From<Vec<Result<Good, Refusal>>> for Checked {
    fn from(verdicts: Vec<Result<Good, Refusal>>) -> Self {
        let mut checked = Self::default();
        for verdict in verdicts {
            match verdict {
                Ok(good) => checked.good.push(good),
                Err(refusal) => checked.refused.push(refusal),
            }
        }
        checked
    }
}
