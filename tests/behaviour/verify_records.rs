// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `verify` on records that somebody changed, with checksums that agree.

use serde_json::Value;

use crate::runner::Sandbox;
use crate::tamper::{self, file, problems, release, verify};

/// What `verify` finds once `from` stands as `to` in one of the records, and the checksums agree.
#[track_caller]
fn after(sandbox: &Sandbox, record: &str, from: &str, to: &str) -> Vec<Value> {
    let was = sandbox.read(&file(record));
    assert!(was.contains(from), "{record} has no `{from}`:\n{was}");
    let others = ["SHA256SUMS", "intoto.json"].map(|name| (name, sandbox.read(&file(name))));
    sandbox.write(&file(record), was.replacen(from, to, 1));
    tamper::sums(sandbox);
    let found = problems(&verify(sandbox, &["--json"]));
    sandbox.write(&file(record), was);
    others.into_iter().filter(|(name, _)| *name != record).for_each(|(name, text)| {
        sandbox.write(&file(name), text);
    });
    found
}

#[track_caller]
fn says(found: &[Value], words: &str) {
    assert!(found.iter().any(|problem| problem.to_string().contains(words)), "no `{words}` in {found:#?}");
}

#[test]
fn what_the_description_says_of_overrides_and_records_is_held() {
    let sandbox = release(r#""tar""#);
    let found = after(
        &sandbox,
        "release.json",
        "\"overrides\": []",
        "\"overrides\": [{\"flag\": \"leave-out\", \"values\": [\"a\"]}]",
    );
    says(&found, "/overrides  is []  in the description");
    let found = after(&sandbox, "release.json", "\"sbom\": \"lustre-2.17.57.spdx", "\"sbom\": \"other.spdx");
    says(&found, "/records/sbom  is \\\"lustre-2.17.57.spdx.json\\\"");
    let found = after(
        &sandbox,
        "release.json",
        "\"development\"",
        "\"kernels\": {\"entry\": null, \"date\": \"TBD\", \"server\": {\"tested\": {}, \"known\": {}}, \
         \"client\": {\"tested\": {}, \"known\": {}}}, \"development\"",
    );
    says(&found, "/kernels  is null  in the description");
}

#[test]
fn every_value_of_the_statement_is_held() {
    let sandbox = release(r#""tar", "tar.gz""#);
    for (from, to, words) in [
        (
            "\"version\": \"2.17.57\"",
            "\"version\": \"2.17.58\"",
            "/predicate/buildDefinition/externalParameters/release/version  is",
        ),
        (
            "\"gitCommit\": \"",
            "\"gitCommit\": \"0",
            "/predicate/buildDefinition/resolvedDependencies/0/digest/gitCommit  is",
        ),
        ("\"gzip\": 9", "\"gzip\": 1", "/externalParameters/encoding/gzip  is 9"),
        ("\"overrides\": []", "\"overrides\": [{}]", "/externalParameters/overrides  is []"),
        ("\"name\": \"lustre-2.17.57.tar.gz\"", "\"name\": \"other.tar.gz\"", "/subject/1/name  is"),
        ("\"kind\": \"patch\"", "\"kind\": \"template\"", "annotations/kind  is"),
        (
            "\"name\": \"lustre-2.17.57.spdx.json\"",
            "\"name\": \"x.spdx.json\"",
            "/runDetails/byproducts/2/name  is",
        ),
        ("\"subject\"", "\"more\": 1, \"subject\"", "/more  is null"),
        ("\"subject\"", "\"_type\": 1, \"subject\"", "stands there twice"),
    ] {
        let found = after(&sandbox, "intoto.json", from, to);
        says(&found, words);
        assert!(found.iter().all(|problem| problem["step"] == "provenance"), "{found:#?}");
    }
}
