// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::model::Class;

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("repo").to_str().unwrap(), &Settings::new()).unwrap();
    (folder, store)
}

fn other(store: &Store) -> Store {
    Store::open(&store.at(), &Settings::new()).unwrap()
}

#[test]
fn what_is_created_stays() {
    let (_folder, store) = store();
    assert_eq!(store.read("a/b.json", 10).unwrap(), None);
    assert_eq!(store.create("a/b.json", b"one").unwrap(), Created::New);
    assert_eq!(store.create("a/b.json", b"one").unwrap(), Created::Same);
    assert_eq!(store.create("a/b.json", b"two").unwrap(), Created::Other(Sha256::of(b"one")));
    assert_eq!(store.read("a/b.json", 3).unwrap().unwrap().0, b"one");
    assert_eq!(store.read("a/b.json", 2).unwrap_err().class, Class::Verification);
    assert_eq!(store.list("").unwrap(), [("a/b.json".to_owned(), 3)]);
    assert_eq!(store.list("nowhere").unwrap(), []);
}

#[test]
fn a_file_is_replaced_only_if_it_is_what_it_was() {
    let (_folder, store) = store();
    assert_eq!(store.replace("x", b"1", None).unwrap(), Replaced::Done);
    assert_eq!(store.replace("x", b"2", None).unwrap(), Replaced::Changed);
    let (_, first) = store.read("x", 9).unwrap().unwrap();
    assert_eq!(store.replace("x", b"2", Some(&first)).unwrap(), Replaced::Done);
    assert_eq!(store.replace("x", b"3", Some(&first)).unwrap(), Replaced::Changed);
    // Whoever finds its own bytes need not write them.
    assert_eq!(store.replace("x", b"2", Some(&first)).unwrap(), Replaced::Done);
    assert_eq!(store.read("x", 9).unwrap().unwrap().0, b"2");
}

#[test]
fn an_upload_is_held_against_its_digest() {
    let (folder, store) = store();
    let file = folder.path().join("tarball");
    std::fs::write(&file, b"bytes").unwrap();
    let extent = Extent { length: 5, sha256: Sha256::of(b"bytes") };
    let moved = AtomicU64::new(0);
    let tell = |count| {
        moved.fetch_add(count, Ordering::Relaxed);
    };
    assert_eq!(store.upload("l/t", &file, extent, &tell).unwrap(), Created::New);
    assert_eq!(store.upload("l/t", &file, extent, &tell).unwrap(), Created::Same);
    assert_eq!(moved.into_inner(), 10);
    assert_eq!(store.measure("l/t", &|_| ()).unwrap(), Some(extent));
    let wrong = Extent { sha256: Sha256::of(b"other"), ..extent };
    assert_eq!(store.upload("l/t", &file, wrong, &|_| ()).unwrap(), Created::Other(extent.sha256));
    assert_eq!(store.upload("l/u", &file, wrong, &|_| ()).unwrap_err().class, Class::Verification);
    assert_eq!(store.list("").unwrap().len(), 1);
}

#[test]
fn what_a_killed_run_left_goes_and_what_is_under_way_stays() {
    let (_folder, store) = store();
    store.create("a", b"a").unwrap();
    let aside = store.folder().unwrap().join(".aside");
    std::fs::write(aside.join("part-dead"), b"half").unwrap();
    let live = std::fs::File::create(aside.join("part-live")).unwrap();
    rustix::fs::flock(&live, rustix::fs::FlockOperation::LockExclusive).unwrap();
    other(&store).create("b", b"b").unwrap();
    let left: Vec<_> = std::fs::read_dir(&aside).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["part-live"]);
    assert_eq!(store.list("").unwrap().len(), 2);
}

#[test]
fn of_many_at_once_exactly_one_wins() {
    let (_folder, store) = store();
    let at_once = |write: &(dyn Fn(&Store, &[u8]) -> bool + Sync)| {
        std::thread::scope(|scope| {
            let runs: Vec<_> = (0..8_u8)
                .map(|nth| {
                    let store = other(&store);
                    scope.spawn(move || write(&store, &[nth]))
                })
                .collect();
            runs.into_iter().map(|run| run.join().unwrap()).filter(|won| *won).count()
        })
    };
    for round in 0..20 {
        let path = format!("f/{round}");
        assert_eq!(at_once(&|store, bytes| store.create(&path, bytes).unwrap() == Created::New), 1);
        let (_, stamp) = store.read(&path, 9).unwrap().unwrap();
        let replaced = at_once(&|store, bytes| {
            let bytes = [bytes, b"+"].concat();
            store.replace(&path, &bytes, Some(&stamp)).unwrap() == Replaced::Done
        });
        assert_eq!(replaced, 1);
    }
}
