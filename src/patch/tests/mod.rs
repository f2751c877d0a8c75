// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tests of the patch module, a file for each subject, and what they share.

mod already;
mod change;
mod header;
mod malformed;
mod misfit;
mod property;
mod random;
mod read;
mod series;

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Applied, Failure, File, Offsets, PatchProblem, REGULAR, Tree, apply, parse};

/// A layer in memory.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
struct Files {
    files: BTreeMap<Vec<u8>, File>,
    /// The layer's only folder, where it has not everything.
    only: Option<&'static str>,
}

impl Files {
    fn new<P: AsRef<[u8]>, B: AsRef<[u8]>>(files: impl IntoIterator<Item = (P, B)>) -> Files {
        let mut tree = Files::default();
        for (path, bytes) in files {
            tree.put(path.as_ref(), file(REGULAR, bytes.as_ref()));
        }
        tree
    }

    fn with(mut self, path: &str, mode: u32, bytes: impl AsRef<[u8]>) -> Files {
        self.put(path.as_bytes(), file(mode, bytes.as_ref()));
        self
    }

    fn text(&self, path: &str) -> String {
        let file = self.files.get(path.as_bytes()).expect("the file is there");
        String::from_utf8(file.bytes.to_vec()).expect("it is UTF-8")
    }

    fn paths(&self) -> Vec<String> {
        self.files.keys().map(|path| super::show_path(path)).collect()
    }
}

fn file(mode: u32, bytes: &[u8]) -> File {
    File { mode, bytes: bytes.into() }
}

impl Tree for Files {
    type Error = String;

    fn read(&self, path: &[u8]) -> Result<Option<File>, String> {
        if path == b"unreadable" {
            Err("an object is missing".to_owned())
        } else {
            Ok(self.files.get(path).cloned())
        }
    }

    fn below(&self, path: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        let folder = [path, b"/"].concat();
        Ok(self.files.keys().filter(|path| path.starts_with(&folder)).cloned().collect())
    }

    fn outside(&self, path: &[u8]) -> Option<String> {
        let only = self.only?;
        (!path.starts_with(only.as_bytes())).then(|| format!("the layer holds {only} alone"))
    }

    fn put(&mut self, path: &[u8], file: File) {
        self.files.insert(path.to_vec(), file);
    }

    fn remove(&mut self, path: &[u8]) {
        self.files.remove(path);
    }
}

/// A file of the given number of lines, `line 1` and so on.
fn numbered(count: usize) -> String {
    (1..=count).map(|number| format!("line {number}\n")).collect()
}

/// Problems as a reader would see them.
fn told(problems: &[PatchProblem]) -> String {
    let mut told = String::new();
    for problem in problems {
        let line = problem.line.map_or_else(String::new, |line| format!(":{line}"));
        writeln!(told, "{problem}\n  --> {}{line}", problem.patch).unwrap();
        for note in &problem.notes {
            writeln!(told, "  note: {note}").unwrap();
        }
        if let Some(help) = &problem.help {
            writeln!(told, "  help: {help}").unwrap();
        }
    }
    told
}

/// Applies a patch that must apply.
fn applied(tree: &mut Files, patch: impl AsRef<[u8]>, offsets: Offsets) -> Vec<Applied> {
    let patch = parse("fix.patch", patch.as_ref()).unwrap_or_else(|found| panic!("{}", told(&found)));
    match apply(&patch, tree, offsets) {
        Ok(applied) => applied,
        Err(Failure::Problems(found)) => panic!("{}", told(&found)),
        Err(Failure::Tree(error)) => panic!("{error}"),
    }
}

/// The problems of a patch that must not apply. The tree must stay as it is.
fn refused(tree: &Files, patch: impl AsRef<[u8]>, offsets: Offsets) -> String {
    let patch = parse("fix.patch", patch.as_ref()).unwrap_or_else(|found| panic!("{}", told(&found)));
    let mut changed = tree.clone();
    let result = apply(&patch, &mut changed, offsets);
    assert_eq!(&changed, tree, "a patch with problems changes nothing");
    match result {
        Ok(applied) => panic!("it applies: {applied:?}"),
        Err(Failure::Problems(found)) => told(&found),
        Err(Failure::Tree(error)) => panic!("{error}"),
    }
}

/// The problems of a file that is no good patch.
fn unreadable(patch: impl AsRef<[u8]>) -> String {
    match parse("fix.patch", patch.as_ref()) {
        Ok(patch) => panic!("it parses: {patch:?}"),
        Err(found) => told(&found),
    }
}
