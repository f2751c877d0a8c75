// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! One key of a folder of keys.

use std::fmt;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use serde::Deserialize;
use tough::schema::key::Key;

use super::program;
use super::public::{self, KeyId};
use crate::model::{Failure, Problem};

/// A key, and who can sign with it.
pub struct Signer {
    /// The name of its file without the ending: `root-1`.
    pub name: String,
    /// The public key.
    pub key: Key,
    /// Its id.
    pub id: KeyId,
    how: How,
}

enum How {
    /// The private key is here.
    Pair(Ed25519KeyPair),
    /// A program signs.
    Program(Vec<String>),
    /// Somebody else signs.
    Elsewhere,
}

/// `NAME.toml`: a key that a program signs with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// The public key, PEM.
    public: String,
    /// The program and its arguments.
    command: Vec<String>,
}

impl fmt::Debug for Signer {
    // A private key is never shown, not even in a panic.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({}, {})", self.name, self.id.short())
    }
}

impl Signer {
    fn new(name: &str, key: Key, how: How) -> Self {
        Self { name: name.to_owned(), id: KeyId::of(&key), key, how }
    }

    /// A fresh Ed25519 key, and its private part as PEM (PKCS#8, which openssl reads).
    pub(super) fn generate(name: &str) -> Option<(Self, String)> {
        let pair = Ed25519KeyPair::generate().ok()?;
        let document = pair.to_pkcs8v1().ok()?;
        let pem = pem::Pem::new("PRIVATE KEY", document.as_ref());
        let text = pem::encode_config(&pem, pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF));
        Some((Self::of_pair(name, pair), text))
    }

    fn of_pair(name: &str, pair: Ed25519KeyPair) -> Self {
        Self::new(name, public::ed25519(pair.public_key().as_ref()), How::Pair(pair))
    }

    /// Reads `NAME.pem`, a private key.
    pub(super) fn private(name: &str, text: &str) -> Result<Self, Problem> {
        let pem = pem::parse(text).map_err(|error| Problem::new("it is not PEM").note(error.to_string()))?;
        if pem.tag() == "ENCRYPTED PRIVATE KEY" {
            return Err(Problem::new("it has a passphrase").help(
                "let a program sign with it, by a `.toml` file, or take the passphrase away: `openssl pkey`",
            ));
        }
        let pair = Ed25519KeyPair::from_pkcs8(pem.contents());
        pair.map(|pair| Self::of_pair(name, pair)).map_err(|_| {
            Problem::new(format!("it is a `{}` and no Ed25519 key", pem.tag().escape_debug()))
                .help("`openssl genpkey -algorithm ed25519` makes one; a program can sign with other kinds")
        })
    }

    /// Reads `NAME.pub`, a public key whose holder signs elsewhere.
    pub(super) fn public(name: &str, text: &str) -> Result<Self, Problem> {
        let key = public::from_pem(text).ok_or_else(not_public)?;
        Ok(Self::new(name, key, How::Elsewhere))
    }

    /// Reads `NAME.toml`, a key that a program signs with.
    pub(super) fn program(name: &str, text: &str, folder: &std::path::Path) -> Result<Self, Problem> {
        let mut written: Written = toml::from_str(text).map_err(|error| {
            Problem::new("it does not say how to sign")
                .note(error.to_string().trim_end().to_owned())
                .help("expected `command = [\"PROGRAM\", \"ARGUMENT\"]` and `public = \"\"\"`, the key as PEM, `\"\"\"`")
        })?;
        let program = written.command.first_mut().ok_or_else(|| Problem::new("its `command` is empty"))?;
        if program.contains('/') {
            // Beside the file that names it, wherever the tool is run.
            let beside = folder.join(program.strip_prefix("./").unwrap_or(program));
            *program = beside.to_string_lossy().into_owned();
        }
        let key = public::from_pem(&written.public).ok_or_else(not_public)?;
        Ok(Self::new(name, key, How::Program(written.command)))
    }

    /// Whether it can sign from here.
    #[must_use]
    pub fn is_here(&self) -> bool {
        !matches!(self.how, How::Elsewhere)
    }

    /// Signs a message; none where the key is elsewhere.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Result<Vec<u8>, Failure>> {
        match &self.how {
            How::Pair(pair) => Some(Ok(pair.sign(message).as_ref().to_vec())),
            How::Program(command) => Some(program::sign(command, &self.key, message)),
            How::Elsewhere => None,
        }
    }
}

fn not_public() -> Problem {
    Problem::new("it has no public key that a role can have").help(
        "expected PEM as `openssl pkey -pubout` writes it: Ed25519, ECDSA P-256, or RSA of 2048 to 8192 bits",
    )
}
