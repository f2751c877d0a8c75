// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! An OpenSSH private key in a file.

use std::path::Path;

use signature::Signer as _;
use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey, SshSig};

use super::Signer;
use crate::model::{Class, Failure, Problem, SourceDate};
use crate::signature::{Content, FILE_NAMESPACE, KeyFile, Keys, raw, signed_data};

/// A private key.
pub(super) struct KeyInFile {
    name: String,
    key: PrivateKey,
    keys: Keys,
}

impl KeyInFile {
    pub(super) fn open(path: &Path, passphrase: Option<&String>) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let usage =
            |title: String, help: &str| Failure::new(Class::Usage, Problem::new(title).help(help.to_owned()));
        let bytes = std::fs::read(path).map_err(|error| Failure::io("read the key", path, &error))?;
        let key = PrivateKey::from_openssh(&bytes).map_err(|error| {
            usage(
                format!("the key `{name}` cannot be read: {error}"),
                "expected an OpenSSH private key: `ssh-keygen -t ed25519`",
            )
        })?;
        let key = match (key.is_encrypted(), passphrase) {
            (false, _) => key,
            (true, None) => {
                return Err(usage(
                    format!("the key `{name}` has a passphrase"),
                    "give it with `--passphrase-file`, or let ssh-keygen ask for it: `--ssh-keygen`",
                ));
            }
            (true, Some(passphrase)) => key.decrypt(passphrase.as_bytes()).map_err(|_| {
                usage(
                    format!("the passphrase does not open the key `{name}`"),
                    "give that key's own passphrase",
                )
            })?,
        };
        if !matches!(key.algorithm(), Algorithm::Ed25519 | Algorithm::Ecdsa { .. }) {
            return Err(usage(
                format!("{} keys do not sign in this process", key.algorithm()),
                "let ssh-keygen sign with it: `--ssh-keygen FILE`",
            ));
        }
        let line =
            key.public_key().to_openssh().map_err(|error| usage(error.to_string(), "make another key"))?;
        let keys = Keys::read([KeyFile { name: &name, bytes: line.as_bytes() }])
            .map_err(|problems| Failure { class: Class::Usage, problems })?;
        Ok(Self { name, key, keys })
    }
}

impl Signer for KeyInFile {
    fn sign(&self, content: &dyn Content, _: SourceDate) -> Result<Vec<u8>, Failure> {
        let fault = |why: String| {
            Failure::new(
                Class::Environment,
                Problem::new(format!("cannot sign with `{}`", self.name)).note(why),
            )
        };
        let digest = HashAlg::Sha512;
        let signed =
            signed_data(content, FILE_NAMESPACE, digest).map_err(|error| fault(error.to_string()))?;
        let signature = self.key.try_sign(&signed).map_err(|error| fault(error.to_string()))?;
        SshSig::new(self.key.public_key().key_data().clone(), FILE_NAMESPACE, digest, signature)
            .and_then(|signature| signature.to_pem(LineEnding::LF))
            .map(|text| format!("{}\n", text.trim_end()).into_bytes())
            .map_err(|error| fault(error.to_string()))
    }

    fn sign_raw(&self, message: &[u8]) -> Option<(String, Vec<u8>)> {
        let signature = raw::sign_ssh(&self.key, message)?;
        Some((self.key.fingerprint(HashAlg::Sha256).to_string(), signature))
    }

    fn keys(&self) -> &Keys {
        &self.keys
    }
}
