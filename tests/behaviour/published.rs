// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Releases to publish, and whether what is published is whole.

use std::collections::{BTreeMap, BTreeSet};

use lustre_dist::model::Sha256;
use lustre_dist::record::{Description, Names, Sums};
use lustre_dist::repository::layout;
use lustre_dist::roles::{Freshness, Head};
use lustre_dist::store::{Settings, Store};

use crate::runner::{Sandbox, manifest};

/// The release that the others are made after.
pub const TITLE: &str = "lustre-2.17.57";

/// A sandbox with one release of the line lts-6.12, in `dist/`, in two formats.
pub fn released() -> Sandbox {
    let sandbox = Sandbox::new();
    let files = [("COPYING", "GPL\n"), ("lustre/utils/lfs.c", "int main;\n")];
    sandbox.repository("lustre", &files, "v2_17_57");
    let line = "\n[line]\nid = \"lts-6.12\"\nkernel = \"6.12\"\nsupports = \">=4.18, <7.1\"\n";
    let formats = r#"formats = ["tar.gz", "tar.xz"]"#;
    sandbox.write("m.toml", manifest(line).replace(r#"formats = ["tar.gz"]"#, formats));
    sandbox.run(&["assemble", "m.toml"]).success();
    sandbox
}

/// Makes a release directory of another version after the one that is there. `check` would find it out.
pub fn fake(sandbox: &Sandbox, version: &str) -> String {
    fake_in(sandbox, version, "lts-6.12")
}

/// The same of another line.
pub fn fake_in(sandbox: &Sandbox, version: &str, line: &str) -> String {
    let title = format!("lustre-{version}");
    let (from, to) = (Names::new(TITLE), Names::new(&title));
    let folder = format!("dist/{TITLE}");
    let renamed = |text: String| {
        text.replace(TITLE, &title)
            .replace("\"lts-6.12\"", &format!("\"{line}\""))
            .replace("\"version\": \"2.17.57\"", &format!("\"version\": \"{version}\""))
    };
    let mut sums = Sums::default();
    for name in sandbox.list(&folder) {
        if name == from.sums() {
            continue;
        }
        let bytes = std::fs::read(sandbox.path(&format!("{folder}/{name}"))).expect("a file");
        let bytes = match String::from_utf8(bytes) {
            Ok(text) => renamed(text).into_bytes(),
            Err(error) => error.into_bytes(),
        };
        let name = name.replace(TITLE, &title);
        sums.0.insert(name.clone(), Sha256::of(&bytes));
        sandbox.write(&format!("dist/{title}/{name}"), bytes);
    }
    sandbox.write(&format!("dist/{title}/{}", to.sums()), sums.to_text());
    format!("dist/{title}")
}

/// The store of a folder.
pub fn store(sandbox: &Sandbox, folder: &str) -> Store {
    Store::open(&sandbox.path(folder).to_string_lossy(), &Settings::new()).expect("a store")
}

/// The titles that the signed metadata has, each of whose files must be there and right. Those of `seen`
/// were looked at before.
pub fn whole(store: &Store, root: &[u8], seen: &mut BTreeSet<String>) -> BTreeSet<String> {
    let head = Head::read(store, Some(root), Freshness::ExpiredToo).expect("good metadata");
    let measure = |path: &str| store.measure(path, &|_| ()).expect("readable").map(|there| there.sha256);
    for (title, listed) in &head.catalog().releases {
        if !seen.insert(title.clone()) {
            continue;
        }
        let names = Names::new(title);
        let target = layout::target(&listed.sha256, &names.description());
        let (bytes, _) = store.read(&target, listed.length).expect("readable").expect("the target is there");
        assert_eq!(Sha256::of(&bytes), listed.sha256, "{target}");
        let line = listed.entry.line.as_deref();
        let description: Description = serde_json::from_slice(&bytes).expect("a description");
        for artifact in description.artifacts {
            let path = layout::file(line, &artifact.file);
            if title == TITLE {
                assert_eq!(measure(&path), Some(artifact.sha256), "{path}");
            }
        }
        let path = layout::file(line, &names.sums());
        let (text, _) = store.read(&path, 1 << 20).expect("readable").expect("the sums are there");
        let sums = Sums::parse(std::str::from_utf8(&text).expect("text")).expect("sums");
        assert!(sums.0.contains_key(&names.description()), "{path}");
        for (name, sha256) in sums.0 {
            let path = layout::file(line, &name);
            assert_eq!(measure(&path), Some(sha256), "{path}");
        }
    }
    head.catalog().releases.keys().cloned().collect()
}

/// The files derived from the metadata agree with it: each release with its files, and nothing more.
pub fn derived(store: &Store, root: &[u8]) {
    let head = Head::read(store, Some(root), Freshness::ExpiredToo).expect("good metadata");
    let (text, _) = store.read(layout::RELEASES, 1 << 24).expect("readable").expect("an index");
    let feed: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    let listed = |release: &serde_json::Value| {
        format!(
            "{}-{}",
            release["name"].as_str().expect("a name"),
            release["version"].as_str().expect("a version")
        )
    };
    let titles: BTreeSet<String> =
        feed["releases"].as_array().expect("releases").iter().map(listed).collect();
    assert_eq!(titles, head.catalog().releases.keys().cloned().collect());
    let mut lines: BTreeMap<Option<&str>, BTreeSet<String>> = BTreeMap::new();
    for (title, listed) in &head.catalog().releases {
        lines.entry(listed.entry.line.as_deref()).or_default().insert(Names::new(title).description());
    }
    for (line, descriptions) in lines {
        let path = layout::sums(line);
        let (text, _) = store.read(&path, 1 << 24).expect("readable").expect("sums");
        let sums = Sums::parse(std::str::from_utf8(&text).expect("text")).expect("sums");
        for (name, sha256) in &sums.0 {
            let path = layout::file(line, name);
            let there = store.measure(&path, &|_| ()).expect("readable").map(|there| there.sha256);
            assert_eq!(there, Some(*sha256), "{path}");
        }
        let there: BTreeSet<String> =
            sums.0.into_keys().filter(|name| name.ends_with(".release.json")).collect();
        assert_eq!(there, descriptions, "{path}");
    }
}
