// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The certificate that a release is signed with: its signatures are held against it here, and packages
//! carry it for those who check them later (dpkg-source, uscan, gpgverify).

use std::path::Path;

use pgp::composed::{Deserializable as _, SignedPublicKey};

use crate::model::{Class, Failure, Problem};
use crate::signature::{KeyFile, Keys};

/// An OpenPGP certificate in its armour.
#[derive(Debug, Clone)]
pub struct Key {
    text: String,
    keys: Keys,
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
        let keys = Keys::read([KeyFile { name, bytes }]).map_err(|problems| {
            let problems = problems.into_iter().map(|problem| problem.help(export)).collect();
            Failure { class: Class::Usage, problems }
        })?;
        Ok(Self { text: text.to_owned(), keys })
    }

    /// Reads such a file.
    ///
    /// # Errors
    /// It cannot be read, or is no certificate.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = std::fs::read(path).map_err(|error| Failure::io("read", path, &error))?;
        Self::new(&path.display().to_string(), &bytes)
    }

    /// The armour.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The keys in it.
    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The keys, a line each, for messages.
    pub(super) fn describe(&self) -> Vec<String> {
        self.keys.describe()
    }
}
