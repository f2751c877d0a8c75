// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The members' paths together: their order, their parents, and that no two are one.

use std::collections::HashMap;
use std::rc::Rc;

use unicode_normalization::UnicodeNormalization as _;

use super::Kind;
use super::fault::Clash;

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Directory,
    File,
    Link,
}

impl What {
    pub(super) fn of(kind: &Kind) -> Self {
        match kind {
            Kind::Directory => Self::Directory,
            Kind::File { .. } => Self::File,
            Kind::Link { .. } => Self::Link,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Directory => "a directory",
            Self::File => "a file",
            Self::Link => "a symbolic link",
        }
    }
}

/// What is wrong with where a member stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misplaced {
    pub(super) what: String,
    pub(super) expected: String,
    pub(super) clash: Option<Clash>,
}

impl Misplaced {
    fn new(what: String, expected: impl Into<String>) -> Self {
        Self { what, expected: expected.into(), clash: None }
    }
}

/// Every path so far, below the top directory.
#[derive(Debug, Default)]
pub(super) struct Names {
    at: HashMap<Rc<str>, What>,
    /// The latest path of each folded form. Most paths are their own.
    folded: HashMap<Rc<str>, Rc<str>>,
    /// The path before, as it is written in the tar.
    last: String,
    /// The bytes of all paths and of the folded forms that are kept beside them.
    size: usize,
}

impl Names {
    pub(super) fn get(&self, path: &str) -> Option<What> {
        self.at.get(path).copied()
    }

    /// The bytes that all paths take in memory.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Takes in the next path, and tells everything that is wrong with its place.
    pub(super) fn add(&mut self, path: &str, what: What, wrong: &mut Vec<Misplaced>) {
        self.size += path.len();
        if let Some(earlier) = self.get(path) {
            let found = if earlier == what {
                "its path was there before".to_owned()
            } else {
                format!("it is {}, and {} of that path was there before", what.words(), earlier.words())
            };
            wrong.push(Misplaced::new(found, "each path once"));
            return;
        }
        self.in_order(path, what, wrong);
        if !path.is_empty() {
            self.below_its_parent(path, wrong);
        }
        let path: Rc<str> = path.into();
        let folded = fold(&path, || Rc::clone(&path));
        if !Rc::ptr_eq(&folded, &path) {
            // A few bytes can fold to many: one Arabic ligature is eighteen letters.
            self.size += folded.len();
        }
        if let Some(other) = self.folded.insert(folded, Rc::clone(&path)) {
            let clash = Clash {
                unicode: path.nfc().eq(other.nfc()),
                first: other.to_string(),
                second: path.to_string(),
            };
            wrong.push(Misplaced {
                what: format!(
                    "it differs from `{}` in {} alone",
                    super::shown::text(other.as_bytes()),
                    if clash.unicode { "Unicode form" } else { "case" }
                ),
                expected: "paths that no file system takes for one".to_owned(),
                clash: Some(clash),
            });
        }
        self.at.insert(path, what);
    }

    /// Paths ascend by their bytes, a directory's with its slash.
    fn in_order(&mut self, path: &str, what: What, wrong: &mut Vec<Misplaced>) {
        let slash = if what == What::Directory && !path.is_empty() { "/" } else { "" };
        let last = std::mem::take(&mut self.last);
        self.last.push_str(path);
        self.last.push_str(slash);
        if self.last < last {
            let before = super::shown::text(last.as_bytes());
            wrong.push(Misplaced::new(
                format!("it stands behind `{before}`"),
                "members in the order of their paths' bytes",
            ));
            // One that stands too late does not make those behind it stand too early.
            self.last = last;
        }
    }

    fn below_its_parent(&self, path: &str, wrong: &mut Vec<Misplaced>) {
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let found = match self.get(parent) {
            Some(What::Directory) => return,
            Some(other) => format!("it stands below `{parent}`, which is {}", other.words()),
            // A link further up is worth more words than a parent that is not there.
            None => match parent.match_indices('/').find_map(|(at, _)| {
                let above = &parent[..at];
                self.get(above).filter(|what| *what != What::Directory).map(|what| (above, what))
            }) {
                Some((above, what)) => format!("it stands below `{above}`, which is {}", what.words()),
                None => format!("its directory `{parent}` is not there before it"),
            },
        };
        wrong.push(Misplaced::new(found, "every directory as a member before what is in it"));
    }
}

/// What file systems that fold case or Unicode forms make of a path; itself where they leave it alone.
fn fold(path: &str, same: impl Fn() -> Rc<str>) -> Rc<str> {
    if path.is_ascii() {
        return if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
            path.to_ascii_lowercase().into()
        } else {
            same()
        };
    }
    // Compatibility forms first; then up and down again, which joins what going down alone keeps apart
    // (a sharp s and two of them, the sigma at a word's end); and composed, for what that took apart.
    let compatible: String = path.nfkc().collect();
    let folded: String = compatible.to_uppercase().to_lowercase().nfc().collect();
    folded.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(paths: &[&str]) -> Vec<String> {
        let mut names = Names::default();
        names.add("", What::Directory, &mut Vec::new());
        let mut found = Vec::new();
        for path in paths {
            let (path, what) = match (path.strip_suffix('/'), path.strip_suffix('@')) {
                (Some(path), _) => (path, What::Directory),
                (_, Some(path)) => (path, What::Link),
                _ => (*path, What::File),
            };
            let mut wrong = Vec::new();
            names.add(path, what, &mut wrong);
            found.extend(wrong.into_iter().map(|wrong| format!("{path}: {}", wrong.what)));
        }
        found
    }

    #[test]
    fn the_order_of_the_dialect_has_no_fault() {
        assert_eq!(faults(&["a-b", "a.b", "a/", "a/C", "a/b/", "a/b/c", "a0", "ä"]), [""; 0]);
    }

    #[test]
    fn every_misplaced_path_is_told() {
        assert_eq!(faults(&["b", "a", "c"]), ["a: it stands behind `b`"]);
        assert_eq!(faults(&["a", "a"]), ["a: its path was there before"]);
        assert_eq!(faults(&["a", "a/"]), ["a: it is a directory, and a file of that path was there before"]);
        assert_eq!(faults(&["a/b"]), ["a/b: its directory `a` is not there before it"]);
        assert_eq!(faults(&["a@", "a/b"]), ["a/b: it stands below `a`, which is a symbolic link"]);
        assert_eq!(faults(&["a@", "a/b/c"]), ["a/b/c: it stands below `a`, which is a symbolic link"]);
        assert_eq!(faults(&["a", "a/b"]), ["a/b: it stands below `a`, which is a file"]);
    }

    #[test]
    fn clashes_are_told_with_both_paths() {
        assert_eq!(faults(&["README", "readme"]), ["readme: it differs from `README` in case alone"]);
        assert_eq!(faults(&["STRASSE", "stra\u{df}e"]).len(), 1);
        assert_eq!(
            faults(&["A\u{308}", "\u{c4}"]),
            ["\u{c4}: it differs from `A\\u{308}` in Unicode form alone"]
        );
        assert_eq!(faults(&["\u{3c2}", "\u{3c3}"]).len(), 1);
    }
}
