// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Metadata as an attacker who has keys would sign it, made without the program's own code.

use std::fs;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use lustre_dist::model::Sha256;
use serde::Serialize as _;
use serde_json::{Value, json};

use crate::runner::Sandbox;

/// A key of the sandbox's folder `keys/`, or one that nobody trusts.
pub struct Key {
    pair: Ed25519KeyPair,
    /// Whether it is written in capitals, which gives it another id.
    capitals: bool,
}

impl Key {
    /// Reads a private key that the program made.
    pub fn read(sandbox: &Sandbox, name: &str) -> Self {
        let pem = sandbox.read(&format!("keys/{name}.pem"));
        let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let der = base64::engine::general_purpose::STANDARD.decode(text).expect("base64");
        Self { pair: Ed25519KeyPair::from_pkcs8(&der).expect("a key"), capitals: false }
    }

    /// A key of nobody's.
    pub fn foreign(seed: u8) -> Self {
        Self { pair: Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a key"), capitals: false }
    }

    /// The same key, written in another way.
    pub fn in_capitals(self) -> Self {
        Self { capitals: true, ..self }
    }

    /// The key as it stands in a root.
    pub fn public(&self) -> Value {
        let public = hex(self.pair.public_key().as_ref());
        let public = if self.capitals { public.to_ascii_uppercase() } else { public };
        json!({ "keytype": "ed25519", "scheme": "ed25519", "keyval": { "public": public } })
    }

    pub fn id(&self) -> String {
        Sha256::of(&canonical(&self.public())).to_string()
    }

    fn sign(&self, message: &[u8]) -> Value {
        json!({ "keyid": self.id(), "sig": hex(self.pair.sign(message).as_ref()) })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn canonical(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    let formatter = olpc_cjson::CanonicalFormatter::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, formatter)).expect("JSON");
    bytes
}

/// A document with the signatures of these keys.
pub fn signed(role: &Value, keys: &[&Key]) -> Vec<u8> {
    let message = canonical(role);
    let signatures: Vec<Value> = keys.iter().map(|key| key.sign(&message)).collect();
    json!({ "signatures": signatures, "signed": role }).to_string().into_bytes()
}

/// What a piece of metadata in `repo/metadata/` says.
pub fn role(sandbox: &Sandbox, file: &str) -> Value {
    let document: Value =
        serde_json::from_str(&sandbox.read(&format!("repo/metadata/{file}"))).expect("JSON");
    document["signed"].clone()
}

/// The version of the newest state of a role.
pub fn version(sandbox: &Sandbox, of: &str) -> u64 {
    let timestamp = role(sandbox, "timestamp.json");
    let snapshot = timestamp["meta"]["snapshot.json"]["version"].as_u64().expect("a version");
    match of {
        "timestamp" => timestamp["version"].as_u64().expect("a version"),
        "snapshot" => snapshot,
        _ => {
            let snapshot = role(sandbox, &format!("{snapshot}.snapshot.json"));
            snapshot["meta"]["targets.json"]["version"].as_u64().expect("a version")
        }
    }
}

/// How a role names a document.
fn meta(bytes: &[u8], version: u64) -> Value {
    json!({ "length": bytes.len(), "version": version, "hashes": { "sha256": Sha256::of(bytes).to_string() } })
}

/// Puts targets in place, and signs a snapshot and a timestamp for them, with these versions.
pub fn state(sandbox: &Sandbox, targets: (u64, &[u8]), snapshot: u64, timestamp: u64, online: &Key) {
    let newest = version(sandbox, "snapshot");
    let mut role_of_snapshot = role(sandbox, &format!("{newest}.snapshot.json"));
    role_of_snapshot["version"] = snapshot.into();
    role_of_snapshot["meta"]["targets.json"] = meta(targets.1, targets.0);
    let snapshot_bytes = signed(&role_of_snapshot, &[online]);
    let mut role_of_timestamp = role(sandbox, "timestamp.json");
    role_of_timestamp["version"] = timestamp.into();
    role_of_timestamp["meta"]["snapshot.json"] = meta(&snapshot_bytes, snapshot);
    sandbox.write(&format!("repo/metadata/{}.targets.json", targets.0), targets.1);
    sandbox.write(&format!("repo/metadata/{snapshot}.snapshot.json"), &snapshot_bytes);
    sandbox.write("repo/metadata/timestamp.json", signed(&role_of_timestamp, &[online]));
}

/// The newest targets' bytes.
pub fn targets(sandbox: &Sandbox) -> (u64, Vec<u8>) {
    let version = version(sandbox, "targets");
    let path = sandbox.path(&format!("repo/metadata/{version}.targets.json"));
    (version, fs::read(path).expect("targets"))
}
