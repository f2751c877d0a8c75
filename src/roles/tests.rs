// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::*;
use crate::model::{Class, Sha256, SourceDate};
use crate::repository::{Catalog, Entry, Listed, layout};
use crate::store::{Created, Store};

const NOW: &str = "2026-11-23T12:00:00.5Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// An empty repository and its keys.
fn repository() -> (tempfile::TempDir, Store, Keys) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("repo").to_str().unwrap(), &BTreeMap::new()).unwrap();
    let mut keys = Keys::open(&folder.path().join("keys")).unwrap();
    init(&store, &mut keys, &Terms::default(), now()).unwrap();
    (folder, store, keys)
}

fn read(store: &Store, keys: &Keys) -> Head {
    Head::read(store, keys.pinned(), Freshness::At(now())).unwrap()
}

/// A catalog with one more release.
fn with(catalog: &Catalog, version: &str) -> Catalog {
    let entry = Entry {
        name: "lustre".into(),
        version: version.parse().unwrap(),
        line: None,
        date: SourceDate(1_785_662_047),
        identity: Sha256::of(b"tar"),
        supports: None,
        kernels: None,
        sums: None,
        retracted: None,
    };
    let listed = Listed { entry, length: 1, sha256: Sha256::of(version.as_bytes()) };
    let mut catalog = catalog.clone();
    catalog.releases.insert(listed.entry.title(), listed);
    catalog
}

#[test]
fn of_two_publishers_the_second_does_it_again() {
    let (_folder, store, keys) = repository();
    let [one, other] = [read(&store, &keys), read(&store, &keys)];
    let done = one.commit(&store, &with(one.catalog(), "2.17.0"), &keys, now()).unwrap();
    assert_eq!(done, Commit::Done(Versions { root: 1, targets: 2, snapshot: 2, timestamp: 2 }));
    let changed = other.commit(&store, &with(other.catalog(), "2.18.0"), &keys, now()).unwrap();
    assert_eq!(changed, Commit::Changed);
    // What the second wrote is never read; its number is left out.
    let head = read(&store, &keys);
    let done = head.commit(&store, &with(head.catalog(), "2.18.0"), &keys, now()).unwrap();
    assert_eq!(done, Commit::Done(Versions { root: 1, targets: 4, snapshot: 4, timestamp: 3 }));
    assert_eq!(read(&store, &keys).catalog().releases.len(), 2);
}

#[test]
fn the_same_state_has_the_same_bytes() {
    let (folder, store, keys) = repository();
    let head = read(&store, &keys);
    let copy = folder.path().join("copy");
    let again = Store::open(copy.to_str().unwrap(), &BTreeMap::new()).unwrap();
    for (path, length) in store.list("").unwrap() {
        let (bytes, _) = store.read(&path, length).unwrap().unwrap();
        assert_eq!(again.create(&path, &bytes).unwrap(), Created::New);
    }
    let catalog = with(head.catalog(), "2.17.0");
    for store in [&store, &again] {
        read(store, &keys).commit(store, &catalog, &keys, now()).unwrap();
    }
    assert_eq!(store.list("").unwrap(), again.list("").unwrap());
    for (path, length) in store.list("").unwrap() {
        assert_eq!(store.read(&path, length).unwrap(), again.read(&path, length).unwrap(), "{path}");
    }
}

#[test]
fn whatever_was_changed_is_refused() {
    let (_folder, store, keys) = repository();
    let head = read(&store, &keys);
    head.commit(&store, &with(head.catalog(), "2.17.0"), &keys, now()).unwrap();
    for path in
        [layout::TIMESTAMP, "metadata/2.snapshot.json", "metadata/2.targets.json", "metadata/1.root.json"]
    {
        let (bytes, stamp) = store.read(path, 1 << 20).unwrap().unwrap();
        let mut stamp = Some(stamp);
        let mut put = |bytes: &[u8]| {
            store.replace(path, bytes, stamp.as_ref()).unwrap();
            stamp = store.read(path, 1 << 20).unwrap().map(|(_, stamp)| stamp);
        };
        for nth in (0..bytes.len()).step_by(7) {
            let mut flipped = bytes.clone();
            flipped[nth] ^= 1;
            put(&flipped);
            let failure = Head::read(&store, keys.pinned(), Freshness::At(now())).unwrap_err();
            assert_eq!(failure.class, Class::Verification, "{path} {nth}: {failure}");
        }
        put(&bytes);
        read(&store, &keys);
    }
}

#[test]
fn a_gap_in_the_chain_of_roots_is_no_end() {
    let (folder, store, mut keys) = repository();
    let first = keys.pinned().unwrap().to_vec();
    for _ in 0..2 {
        let head = read(&store, &keys);
        let mut draft = Draft::new(&head, &Change::default(), now()).unwrap();
        draft.sign(&head, &keys).unwrap();
        draft.publish(&store, &head, &mut keys, now()).unwrap();
    }
    let read = || Head::read(&store, Some(&first), Freshness::At(now()));
    assert_eq!(read().unwrap().versions().root, 3);
    std::fs::remove_file(folder.path().join("repo/metadata/2.root.json")).unwrap();
    assert_eq!(read().unwrap_err().problems[0].title, "`metadata/2.root.json` is missing");
}

#[test]
fn a_key_counts_once() {
    let (_folder, store, mut keys) = repository();
    let head = read(&store, &keys);
    let roles = [Role::Root].into();
    let change = Change { roles, threshold: Some(2), ..Change::default() };
    assert_eq!(Draft::new(&head, &change, now()).unwrap_err().class, Class::Usage);
    let second = keys.make("root-2").unwrap().key.clone();
    let add = Change { add: vec![second.clone()], ..change };
    let mut draft = Draft::new(&head, &add, now()).unwrap();
    assert_eq!(draft.lacks(&head).len(), 2);
    assert_eq!(draft.sign(&head, &keys).unwrap(), 2);
    assert_eq!(draft.sign(&head, &keys).unwrap(), 0);
    assert_eq!(draft.lacks(&head), []);
    let head = draft.publish(&store, &head, &mut keys, now()).unwrap();
    assert_eq!(head.threshold(Role::Root), 2);
    let again = Change { roles: [Role::Root].into(), add: vec![second], ..Change::default() };
    assert_eq!(Draft::new(&head, &again, now()).unwrap_err().class, Class::Usage);
}
