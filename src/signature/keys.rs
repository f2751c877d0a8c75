// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The keys that may sign: files with OpenPGP certificates, SSH public keys or OpenSSH's allowed
//! signers.

use pgp::packet::PacketParser;
use pgp::types::KeyDetails as _;

use super::allowed::{self, SshKey};
use super::armor;
use super::certificate::Certificate;
use crate::model::Problem;

/// The longest key file that is read, in bytes. Certificates with every signature that others ever
/// made on them reach a few hundred thousand.
const LONGEST_FILE: usize = 4 << 20;

/// A file with keys: its name, for messages, and its bytes.
#[derive(Debug, Clone, Copy)]
pub struct KeyFile<'a> {
    /// The name as the user wrote it.
    pub name: &'a str,
    /// The content.
    pub bytes: &'a [u8],
}

/// The pinned keys.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    certificates: Vec<Certificate>,
    ssh: Vec<SshKey>,
}

impl Keys {
    /// Reads key files: OpenPGP certificates, armored or binary, and lines of SSH public keys or of
    /// allowed signers (ssh-keygen(1), "ALLOWED SIGNERS"). A file may hold many.
    ///
    /// # Errors
    /// Every file that cannot be understood, holds no key, or holds a secret one.
    pub fn read<'a>(files: impl IntoIterator<Item = KeyFile<'a>>) -> Result<Self, Vec<Problem>> {
        let mut keys = Self::default();
        let mut problems = Vec::new();
        for file in files {
            if let Err(found) = keys.read_file(file) {
                problems.extend(found);
            }
        }
        if problems.is_empty() { Ok(keys) } else { Err(problems) }
    }

    fn read_file(&mut self, file: KeyFile<'_>) -> Result<(), Vec<Problem>> {
        let KeyFile { name, bytes } = file;
        if bytes.len() > LONGEST_FILE {
            return Err(vec![
                Problem::new(format!("the key file `{name}` is too large"))
                    .note(format!("{} bytes, and {LONGEST_FILE} are the most", bytes.len()))
                    .help("export the keys that may sign, without the signatures of others"),
            ]);
        }
        let text = std::str::from_utf8(bytes).ok();
        if let Some(text) = text.filter(|text| text.contains("PRIVATE KEY-----")) {
            return Err(vec![secret(name, text.lines().next().unwrap_or_default())]);
        }
        if armor::is_armored(bytes) {
            let text = text.ok_or_else(|| vec![unreadable(name, "the armor is not text")])?;
            let armored = armor::read(text).map_err(|fault| vec![unreadable(name, &fault)])?;
            for block in armored.blocks {
                match block.label.as_str() {
                    "PUBLIC KEY BLOCK" => self.read_packets(name, &block.bytes)?,
                    "PRIVATE KEY BLOCK" => return Err(vec![secret(name, "an OpenPGP private key block")]),
                    label => return Err(vec![unreadable(name, &format!("the armor holds a {label}"))]),
                }
            }
            return Ok(());
        }
        // A binary OpenPGP packet begins with its highest bit set, and a text file never does.
        if bytes.first().is_some_and(|byte| byte & 0x80 != 0) {
            return self.read_packets(name, bytes);
        }
        let text = text.ok_or_else(|| vec![unreadable(name, "neither OpenPGP nor text")])?;
        let found = allowed::read(name, text)?;
        if found.is_empty() {
            return Err(vec![unreadable(name, "it holds no key")]);
        }
        self.ssh.extend(found);
        Ok(())
    }

    fn read_packets(&mut self, name: &str, bytes: &[u8]) -> Result<(), Vec<Problem>> {
        let found = Certificate::read(PacketParser::new(bytes)).map_err(|fault| {
            vec![if fault == "a secret key" { secret(name, &fault) } else { unreadable(name, &fault) }]
        })?;
        for certificate in found {
            let fingerprint = certificate.primary.fingerprint();
            match self.certificates.iter_mut().find(|mine| mine.primary.fingerprint() == fingerprint) {
                Some(mine) => mine.merge(certificate),
                None => self.certificates.push(certificate),
            }
        }
        Ok(())
    }

    pub(super) fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.certificates.iter()
    }

    pub(super) fn ssh(&self) -> impl Iterator<Item = &SshKey> {
        self.ssh.iter()
    }

    /// The keys, a line each, for messages: `OpenPGP 1234... (A. Author)`.
    #[must_use]
    pub fn describe(&self) -> Vec<String> {
        let certificates = self.certificates.iter().map(|certificate| {
            let fingerprint = super::hex(certificate.primary.fingerprint().as_bytes());
            format!("OpenPGP {fingerprint} ({})", certificate.owner())
        });
        let ssh = self.ssh.iter().map(|key| format!("SSH {} ({})", key.fingerprint(), key.principal()));
        certificates.chain(ssh).collect()
    }
}

fn unreadable(name: &str, fault: &str) -> Problem {
    Problem::new(format!("the key file `{name}` cannot be read: {fault}")).help(
        "expected OpenPGP public keys (`gpg --armor --export ID`), an SSH public key, or allowed signers as in \
         ssh-keygen(1)",
    )
}

fn secret(name: &str, what: &str) -> Problem {
    Problem::new(format!("the key file `{name}` holds a secret key"))
        .note(format!("found  {what}"))
        .note("the keys of a manifest are packed into the tarball, for everybody to read")
        .help("replace it by the public key; where the file left this machine, the key is compromised")
}
