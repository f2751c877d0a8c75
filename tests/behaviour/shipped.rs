// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The manifests that come with the tool, and the demo, as a newcomer runs it.

use std::path::Path;

use crate::runner::Sandbox;

fn shipped(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests").join(name).to_string_lossy().into_owned()
}

#[test]
fn every_manifest_is_valid() {
    let sandbox = Sandbox::new();
    for entry in std::fs::read_dir(shipped("")).expect("the manifests").flatten() {
        if entry.path().extension().is_some_and(|end| end == "toml") {
            sandbox.run(&["check", &entry.path().to_string_lossy()]).success();
        }
    }
}

#[test]
fn every_lock_is_of_its_manifest_and_templates() {
    for name in ["demo", "lustre-2.15", "lustre-2.17", "lustre-master", "lustre-split"] {
        let read = |name: String| std::fs::read(shipped(&name)).expect("a shipped file");
        let lock = String::from_utf8(read(format!("{name}.lock"))).expect("text");
        let sha256 = |bytes: &[u8]| lustre_dist::model::Sha256::of(bytes).to_string();
        assert!(lock.contains(&sha256(&read(format!("{name}.toml")))), "{name}.lock is stale: run `lock`");
        for template in ["META.j2", "LUSTRE-VERSION-FILE.j2"] {
            let bytes = read(format!("../templates/{template}"));
            let current = !lock.contains(template) || lock.contains(&sha256(&bytes));
            assert!(current, "{name}.lock has another {template}: run `lock`");
        }
    }
}

#[test]
fn the_demo_is_made_from_its_bundles_without_a_network() {
    let sandbox = Sandbox::new();
    let made = sandbox.run(&["assemble", &shipped("demo.toml"), "--locked", "--offline"]).success();
    assert!(made.contains("lustre-demo-2.18.0+k6.12.58"), "{made}");
    let title = "lustre-demo-2.18.0+k6.12.58";
    for ending in ["tar.gz", "tar.zst", "tar.xz", "release.json", "origins.jsonl", "changes.md", "SHA256SUMS"]
    {
        assert!(sandbox.path(&format!("dist/{title}/{title}.{ending}")).is_file(), "{ending}");
    }
}
