// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! One key under two ids. An id is the digest of how a key is written down, and signers are counted by
//! their ids: a key that is written in two ways would count twice towards a threshold.

use std::collections::HashSet;

use tough::schema::key::Key;
use tough::schema::{RoleType, Root};

use crate::model::Problem;

/// What to do about it where the root is the one that the repository's keeper made.
pub(super) const TELL: &str =
    "tell who keeps the repository: the root must be made anew with keys that differ; no mirror can mend it";

/// What is against the keys of a root; the caller knows what to do about it.
pub(super) fn problem(root: &Root) -> Option<Problem> {
    let version = root.version;
    for role in [RoleType::Root, RoleType::Targets, RoleType::Snapshot, RoleType::Timestamp] {
        // An id that stands twice is counted once.
        let ids: HashSet<_> = root.roles.get(&role).into_iter().flat_map(|role| &role.keyids).collect();
        let mut points = HashSet::new();
        for key in ids.into_iter().filter_map(|id| root.keys.get(id)) {
            let Some(point) = point(key) else {
                return Some(Problem::new(format!(
                    "root {version} has a key for the {role} role in a form that is not known"
                )));
            };
            if points.insert(point) {
                continue;
            }
            return Some(Problem::new(format!(
                "root {version} has one key under two ids for the {role} role, which would count as two signers"
            )));
        }
    }
    None
}

/// The bytes that tell one key from another, however it is written down.
fn point(key: &Key) -> Option<&[u8]> {
    match key {
        Key::Ed25519 { keyval, .. } => Some(&*keyval.public).filter(|bytes| bytes.len() == 32),
        // A point has 33 bytes, or 65 with both of its coordinates. Whoever has the key of one point has that
        // of the other with the same first coordinate.
        Key::Ecdsa { keyval, .. } | Key::EcdsaOld { keyval, .. } => {
            Some(&*keyval.public).filter(|bytes| matches!(bytes.len(), 33 | 65)).map(|bytes| &bytes[1..33])
        }
        Key::Rsa { keyval, .. } => Some(&keyval.public),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::Sha256;

    fn key(keytype: &str, scheme: &str, public: &str, more: bool) -> Value {
        let mut keyval = json!({ "public": public });
        if more {
            keyval["private"] = "".into();
        }
        json!({ "keytype": keytype, "scheme": scheme, "keyval": keyval })
    }

    fn root(keys: &[Value]) -> Root {
        let mut all = serde_json::Map::new();
        for key in keys {
            let mut bytes = Vec::new();
            let formatter = olpc_cjson::CanonicalFormatter::new();
            let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
            serde::Serialize::serialize(key, &mut serializer).unwrap();
            all.insert(Sha256::of(&bytes).to_string(), key.clone());
        }
        let ids: Vec<&String> = all.keys().collect();
        let role = json!({ "keyids": ids, "threshold": 2 });
        serde_json::from_value(json!({
            "_type": "root", "spec_version": "1.0.0", "version": 7, "expires": "2030-01-01T00:00:00Z",
            "consistent_snapshot": true, "keys": all, "roles": { "root": role },
        }))
        .unwrap()
    }

    #[test]
    fn a_key_is_the_same_however_it_is_written() {
        let ed = |public: &str, more| key("ed25519", "ed25519", public, more);
        let ec = |keytype: &str, public: &str| key(keytype, "ecdsa-sha2-nistp256", public, false);
        let (small, capital) = ("ab".repeat(32), "AB".repeat(32));
        let (x, y) = ("1c".repeat(32), "2d".repeat(32));
        let (whole, short) = (format!("04{x}{y}"), format!("02{x}"));
        for same in [
            [ed(&small, false), ed(&capital, false)],
            [ed(&small, false), ed(&small, true)],
            [ec("ecdsa", &whole), ec("ecdsa", &short)],
            [ec("ecdsa", &whole), ec("ecdsa-sha2-nistp256", &whole)],
        ] {
            let title = problem(&root(&same)).unwrap().title;
            assert!(title.starts_with("root 7 has one key under two ids for the root role"), "{title}");
        }
        let others = [ed(&small, false), ed(&"ac".repeat(32), false), ec("ecdsa", &whole)];
        assert_eq!(problem(&root(&others)), None);
        // With its header before it the same key would pass for another one.
        let headed = format!("302a300506032b6570032100{small}");
        let title = problem(&root(&[ed(&small, false), ed(&headed, false)])).unwrap().title;
        assert_eq!(title, "root 7 has a key for the root role in a form that is not known");
    }
}
