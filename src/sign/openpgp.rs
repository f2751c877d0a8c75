// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! An OpenPGP secret key in a file.

use std::path::Path;

use pgp::crypto::hash::HashAlgorithm;
use pgp::crypto::public_key::PublicKeyAlgorithm;
use pgp::packet::{
    Packet, PacketParser, PacketTrait as _, SecretKey, SecretSubkey, SignatureConfig, SignatureType,
    Subpacket, SubpacketData,
};
use pgp::ser::Serialize as _;
use pgp::types::{KeyDetails, KeyVersion, Password, SigningKey, Timestamp};

use super::{Signer, circumstances};
use crate::model::{Class, Failure, Problem, SourceDate};
use crate::signature::{self, Content, KeyFile, Keys, armor, hex, raw};

/// A secret key with its certificate, and the one of its keys that signs.
pub(super) struct KeyInFile {
    name: String,
    secret: Secret,
    keys: Keys,
}

#[derive(Clone)]
enum Secret {
    Primary(SecretKey),
    Subkey(SecretSubkey),
}

impl KeyInFile {
    /// Reads the key and chooses what signs: the newest subkey that the policy for signatures accepts,
    /// or the primary key.
    pub(super) fn open(path: &Path, passphrase: Option<&String>, now: SourceDate) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| Failure::io("read the key", path, &error))?;
        let usage =
            |title: String, help: &str| Failure::new(Class::Usage, Problem::new(title).help(help.to_owned()));
        let export = "expected one OpenPGP secret key: `gpg --armor --export-secret-keys ID`";
        let unreadable = |why: &str| usage(format!("the key `{name}` cannot be read: {why}"), export);
        let packets = match std::str::from_utf8(&bytes).ok().filter(|_| armor::is_armored(&bytes)) {
            Some(text) => {
                let armored = armor::read(text).map_err(|fault| unreadable(&fault))?;
                armored.blocks.into_iter().flat_map(|block| block.bytes).collect()
            }
            None => bytes,
        };
        let (mut certificate, mut secrets) = (Vec::new(), Vec::new());
        for packet in PacketParser::new(packets.as_slice()) {
            let packet = packet.map_err(|error| unreadable(&error.to_string()))?;
            let written = match packet {
                Packet::SecretKey(secret) => {
                    let written = secret.public_key().to_writer_with_header(&mut certificate);
                    secrets.push(Secret::Primary(secret));
                    written
                }
                Packet::SecretSubkey(secret) => {
                    let written = secret.public_key().to_writer_with_header(&mut certificate);
                    secrets.push(Secret::Subkey(secret));
                    written
                }
                Packet::PublicKey(_) => return Err(unreadable("it is a public key")),
                other => other.to_writer(&mut certificate),
            };
            written.map_err(|error| unreadable(&error.to_string()))?;
        }
        if secrets.iter().filter(|secret| matches!(secret, Secret::Primary(_))).count() != 1 {
            return Err(unreadable("it does not hold one secret key"));
        }
        let keys = Keys::read([KeyFile { name: &name, bytes: &certificate }])
            .map_err(|problems| Failure { class: Class::Usage, problems })?;
        secrets.sort_by_key(|secret| match secret {
            Secret::Subkey(key) => (0, u32::MAX - key.created_at().as_secs()),
            Secret::Primary(_) => (1, 0),
        });
        let password = || passphrase.map_or_else(Password::empty, |text| Password::from(text.as_str()));
        let mut refused = Vec::new();
        for mut secret in secrets {
            // Opened once: deriving a key from a passphrase is made to be slow.
            let opened = match &mut secret {
                Secret::Primary(key) => key.remove_password(&password()),
                Secret::Subkey(key) => key.remove_password(&password()),
            };
            let key = Self { name: name.clone(), secret, keys: keys.clone() };
            match opened.map_err(|error| key.closed(&error)).and_then(|()| key.try_out(now)) {
                Ok(()) => return Ok(key),
                Err(why) => refused.push(why),
            }
        }
        let problem = Problem::new(format!("the key `{name}` cannot sign"));
        let problem = refused.into_iter().fold(problem, Problem::note);
        Err(Failure::new(
            Class::Usage,
            problem.help("give a key that may sign, and its passphrase with `--passphrase-file`"),
        ))
    }

    fn closed(&self, error: &pgp::errors::Error) -> String {
        let key = hex(self.details().fingerprint().as_bytes());
        format!("the key {key} cannot be opened: another passphrase, or its secret is elsewhere ({error})")
    }

    /// Signs nothing at all, and holds it against the policy for signatures.
    fn try_out(&self, now: SourceDate) -> Result<(), String> {
        let key = hex(self.details().fingerprint().as_bytes());
        if self.details().version() != KeyVersion::V4 {
            return Err(format!("the key {key} is not of version 4, and gpgv and sqv refuse others"));
        }
        if !matches!(
            self.details().algorithm(),
            PublicKeyAlgorithm::EdDSALegacy | PublicKeyAlgorithm::ECDSA | PublicKeyAlgorithm::RSA
        ) {
            return Err(format!("the key {key} is not Ed25519 (in its older form), ECDSA or RSA"));
        }
        let signature =
            self.signature(&[][..], now).map_err(|error| format!("the key {key} cannot sign: {error}"))?;
        let checked = signature::check(&[][..], signature.as_bytes(), &self.keys, circumstances(now))
            .expect("bytes in memory can be read");
        match checked.refused.into_iter().next() {
            Some(refusal) => Err(refusal.text),
            None => Ok(()),
        }
    }

    fn details(&self) -> &dyn KeyDetails {
        match &self.secret {
            Secret::Primary(key) => key,
            Secret::Subkey(key) => key,
        }
    }

    fn signature(&self, content: impl std::io::Read, date: SourceDate) -> pgp::errors::Result<String> {
        match &self.secret {
            Secret::Primary(key) => sign(key, content, date),
            Secret::Subkey(key) => sign(key, content, date),
        }
    }
}

fn sign(key: &impl SigningKey, content: impl std::io::Read, date: SourceDate) -> pgp::errors::Result<String> {
    let hash = match key.algorithm() {
        PublicKeyAlgorithm::ECDSA => key.hash_alg(),
        _ => HashAlgorithm::Sha512,
    };
    let mut config = SignatureConfig::v4(SignatureType::Binary, key.algorithm(), hash);
    let date = Timestamp::from_secs(u32::try_from(date.0).unwrap_or(u32::MAX));
    config.hashed_subpackets = vec![
        Subpacket::regular(SubpacketData::IssuerFingerprint(key.fingerprint()))?,
        Subpacket::critical(SubpacketData::SignatureCreationTime(date))?,
    ];
    config.unhashed_subpackets = vec![Subpacket::regular(SubpacketData::IssuerKeyId(key.legacy_key_id()))?];
    let signature = config.sign(key, &Password::empty(), content)?;
    let mut bytes = Vec::new();
    signature.to_writer_with_header(&mut bytes)?;
    Ok(armor::write("SIGNATURE", &bytes))
}

impl Signer for KeyInFile {
    fn sign(&self, content: &dyn Content, date: SourceDate) -> Result<Vec<u8>, Failure> {
        let fault = |why: String| {
            Failure::new(
                Class::Environment,
                Problem::new(format!("cannot sign with `{}`", self.name)).note(why),
            )
        };
        let reader = content.open().map_err(|error| fault(error.to_string()))?;
        self.signature(reader, date).map(String::into_bytes).map_err(|error| fault(error.to_string()))
    }

    fn sign_raw(&self, message: &[u8]) -> Option<(String, Vec<u8>)> {
        let signature = match &self.secret {
            Secret::Primary(key) => {
                let sign = |_: &_, secret: &_| Ok(raw::sign_openpgp(key, secret, message));
                key.unlock(&Password::empty(), sign)
            }
            Secret::Subkey(key) => {
                let sign = |_: &_, secret: &_| Ok(raw::sign_openpgp(key, secret, message));
                key.unlock(&Password::empty(), sign)
            }
        };
        Some((hex(self.details().fingerprint().as_bytes()), signature.ok()?.ok()??))
    }

    fn keys(&self) -> &Keys {
        &self.keys
    }
}
