// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Metadata as bytes: what is signed, and what is stored.
//!
//! Signed is canonical JSON as OLPC has it (<http://wiki.laptop.org/go/Canonical_JSON>), which writes control
//! characters as they are and so is not always JSON. Stored is JSON, as short, with sorted keys and with
//! escapes. Both are a function of the metadata alone.

use std::any::type_name;
use std::borrow::Cow;

use olpc_cjson::CanonicalFormatter;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tough::schema::{Signed, Targets};
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

use super::Role;
use crate::model::{Class, Failure, Problem};

/// The bytes that a role's keys sign.
pub(super) fn to_sign<T: Serialize>(role: &T) -> Vec<u8> {
    // Where no text is escaped or composed, both forms are the same, and one is made in half the time.
    let stored = sorted(role);
    if stored.iter().all(|byte| byte.is_ascii() && *byte != b'\\') {
        return stored;
    }
    canonical(role)
}

fn canonical<T: Serialize>(role: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, CanonicalFormatter::new());
    // Only a fraction could not be written, and no role of ours has one.
    role.serialize(&mut serializer).unwrap_or_else(|error| unreachable!("{}: {error}", type_name::<T>()));
    bytes
}

/// The object that is stored.
pub(super) fn document<T: Serialize>(signed: &Signed<T>) -> Vec<u8> {
    sorted(signed)
}

fn sorted<T: Serialize>(data: &T) -> Vec<u8> {
    // A `Value` sorts its keys; the maps of the schema have no order.
    let value = serde_json::to_value(data).expect("metadata is plain data");
    serde_json::to_vec(&value).expect("a value is JSON")
}

/// What every role has.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    signed: Kind<'a>,
}

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(rename = "_type", borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    spec_version: Option<Cow<'a, str>>,
}

/// Reads a stored object. Nothing is believed of it yet.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8], role: Role, path: &str) -> Result<Signed<T>, Failure> {
    let wrong = |why: String| {
        let problem = Problem::new(format!("`{path}` is not metadata of the {role} role")).note(why);
        Failure::new(Class::Verification, problem)
    };
    let head: Head<'_> = serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
    let kind = head.signed.kind.unwrap_or_default();
    if kind != role.word() {
        return Err(wrong(format!("its `_type` is `{}`", kind.escape_debug())));
    }
    let spec = head.signed.spec_version.unwrap_or_default();
    if !spec.starts_with("1.") {
        return Err(wrong(format!("it follows version `{}` of the specification", spec.escape_debug())));
    }
    serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))
}

/// The same releases with every text composed (Unicode NFC). The library that signs composes texts and
/// others do not, so that they would see another message under the same signature.
pub(super) fn composed(targets: Targets) -> Targets {
    fn compose(value: &mut Value) {
        match value {
            Value::String(text) => *text = text.nfc().collect(),
            Value::Array(items) => items.iter_mut().for_each(compose),
            Value::Object(items) => items.iter_mut().for_each(|(_, item)| compose(item)),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(&targets).expect("metadata is plain data");
    let text = value.to_string();
    if text.is_ascii() || is_nfc(&text) {
        return targets;
    }
    compose(&mut value);
    serde_json::from_value(value).expect("only texts were changed")
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use tough::schema::Timestamp;

    use super::*;

    #[test]
    fn stored_is_json_where_signed_is_not() {
        let expires = "2026-12-01T00:00:00Z".parse().unwrap();
        let mut role = Timestamp::new("1.0.31".to_owned(), NonZeroU64::MIN, expires);
        role._extra.insert("note".to_owned(), "two\nlines".into());
        let signed = to_sign(&role);
        assert!(serde_json::from_slice::<Value>(&signed).is_err());
        let stored = document(&Signed { signed: role, signatures: Vec::new() });
        assert_eq!(
            String::from_utf8(stored.clone()).unwrap(),
            r#"{"signatures":[],"signed":{"_type":"timestamp","expires":"2026-12-01T00:00:00Z","meta":{},"note":"two\nlines","spec_version":"1.0.31","version":1}}"#
        );
        let back: Signed<Timestamp> = read(&stored, Role::Timestamp, "timestamp.json").unwrap();
        assert_eq!(to_sign(&back.signed), signed);
        let wrong = read::<Timestamp>(&stored, Role::Snapshot, "timestamp.json").unwrap_err();
        assert!(wrong.problems[0].notes[0].contains("`timestamp`"));
    }

    #[test]
    fn the_short_way_gives_the_same_bytes() {
        let expires = "2026-12-01T00:00:00Z".parse().unwrap();
        for note in
            ["plain / text & <all>", "a \"quote\"", "a \\", "a \u{7f}", "\u{fc}", "u\u{308}", "\u{1}", ""]
        {
            let mut role = Timestamp::new("1.0.31".to_owned(), NonZeroU64::MAX, expires);
            role._extra
                .insert(note.to_owned(), serde_json::json!({ "b": [note, null, true], "a": -1, "B": {} }));
            assert_eq!(to_sign(&role), canonical(&role), "{note:?}");
        }
    }

    #[test]
    fn texts_are_composed() {
        let expires = "2026-12-01T00:00:00Z".parse().unwrap();
        let mut targets = Targets::new("1.0.31".to_owned(), NonZeroU64::MIN, expires);
        targets._extra.insert("note".to_owned(), "Zu\u{308}rich".into());
        assert_eq!(composed(targets)._extra["note"], "Z\u{fc}rich");
    }
}
