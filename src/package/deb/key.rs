// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `debian/upstream/signing-key.asc`, against which dpkg-source and uscan check the tarball's signature.

use pgp::composed::{Deserializable as _, SignedPublicKey};

use crate::model::{Class, Failure, Problem};

/// An OpenPGP certificate in its armour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    text: String,
}

impl Key {
    /// Checks that the bytes are certificates in their armour; `name` is for messages.
    ///
    /// # Errors
    /// They are not, or hold a secret key.
    pub fn new(name: &str, bytes: &[u8]) -> Result<Self, Failure> {
        let refuse = |why: &str, help: &str| {
            let problem = Problem::new(format!("`{name}` is no certificate to ship")).note(why.to_owned());
            Failure::new(Class::Usage, problem.help(help.to_owned()))
        };
        let export = "export the public key: `gpg --armor --export-options export-minimal --export KEY`";
        let text = std::str::from_utf8(bytes).map_err(|_| refuse("it is not in its armour", export))?;
        if text.contains("PRIVATE KEY BLOCK") {
            return Err(refuse("it holds a secret key", export));
        }
        let (keys, _) =
            SignedPublicKey::from_string_many(text).map_err(|error| refuse(&error.to_string(), export))?;
        let mut count = 0;
        for key in keys {
            key.map_err(|error| refuse(&error.to_string(), export))?;
            count += 1;
        }
        if count == 0 {
            return Err(refuse("it holds no key", export));
        }
        Ok(Self { text: text.to_owned() })
    }

    /// The armour.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}
