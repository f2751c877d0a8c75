// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Damaged records of a release: with the digests of before nothing passes; with checksums that agree
//! a record that is read passes only where it says the same.

use std::collections::BTreeMap;
use std::fs;

use lustre_dist::record::Sums;
use lustre_dist::source::{Network, Places, Shelf};
use lustre_dist::{compare, verify};

use super::fuzz;
use crate::runner::Sandbox;
use crate::tamper::{TITLE, file, release, sums};

fn is_good(sandbox: &Sandbox) -> bool {
    let places = Places {
        cache: sandbox.path("cache"),
        overrides: BTreeMap::new(),
        network: Network::Offline,
        shelf: Shelf::default(),
    };
    let path = sandbox.path(&format!("dist/{TITLE}"));
    let request = verify::Request {
        path: &path,
        places: &places,
        trusted: None,
        signers: None,
        require_proof: false,
        jobs: 1,
    };
    verify::verify(&request).is_ok_and(|report| report.is_good())
}

/// Damages one record of a release in turn. `agrees`: what passes with checksums made anew.
fn damage(seed: u64, end: &str, agrees: impl Fn(&[u8], &[u8]) -> bool) {
    let sandbox = release(r#""tar""#);
    let sound = fs::read(sandbox.path(&file(end))).expect("a record");
    // What is made anew with the checksums.
    let others = ["intoto.json", "SHA256SUMS"].map(|end| (file(end), sandbox.read(&file(end))));
    assert!(is_good(&sandbox));
    fuzz(seed, 150, &[&sound], |bytes| {
        sandbox.write(&file(end), bytes);
        // The order of the checksums is free.
        let listing = |bytes: &[u8]| std::str::from_utf8(bytes).ok().and_then(|text| Sums::parse(text).ok());
        let same = match end {
            "SHA256SUMS" => listing(bytes) == listing(&sound),
            _ => bytes == sound,
        };
        assert_eq!(is_good(&sandbox), same, "{}", String::from_utf8_lossy(bytes));
        if end != "SHA256SUMS" {
            sums(&sandbox);
            assert_eq!(is_good(&sandbox), agrees(bytes, &sound), "{}", String::from_utf8_lossy(bytes));
            _ = compare::open_directory(&sandbox.path(&format!("dist/{TITLE}")));
            others.iter().for_each(|(name, text)| sandbox.write(name, text));
        }
    });
}

#[test]
fn descriptions() {
    // Blanks between its values are free.
    let value = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).ok();
    damage(31, "release.json", |bytes, sound| value(bytes) == value(sound));
}

#[test]
fn tables_of_origins() {
    damage(32, "origins.jsonl", |bytes, sound| bytes == sound);
}

#[test]
fn checksums() {
    damage(33, "SHA256SUMS", |_, _| unreachable!("it has no digest"));
}
