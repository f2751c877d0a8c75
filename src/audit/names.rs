// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The paths of members, and where in the sources each belongs.

use std::collections::BTreeSet;

use crate::model::path::component_fault;
use crate::model::{SourceName, TarPath};
use crate::source::tree;

/// A member's path as it was read: tidy, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// Components with one slash between them, `.` left out; what is not UTF-8 is replaced.
    pub(super) path: String,
    /// Why nobody should unpack it; completes "the path".
    pub(super) fault: Option<String>,
    /// As people should see it: as it was written where there is a fault.
    pub(super) shown: String,
}

impl Name {
    pub(super) fn read(raw: &[u8]) -> Self {
        let (text, mut fault) = match std::str::from_utf8(raw) {
            Ok(text) => (text.to_owned(), None),
            Err(_) => (String::from_utf8_lossy(raw).into_owned(), Some("is not UTF-8".to_owned())),
        };
        if text.starts_with('/') {
            fault = Some("is absolute".to_owned());
        }
        // `./a` and `a//b` are what `tar c .` and shell scripts make; every reader agrees on them.
        let components: Vec<&str> = text.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        let wrong = components.iter().find_map(|component| component_fault(component));
        let fault = fault.or_else(|| wrong.map(|wrong| wrong.to_string()));
        let path = components.join("/");
        let shown = tree::shown(if fault.is_some() { &text } else { &path });
        Self { path, fault, shown }
    }
}

/// `--map FROM=TO`: where members stand in the sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map {
    /// The directory or file in the tarball, without the slash at its end; empty for all.
    pub from: String,
    /// The source, where the rule is for one of them.
    pub source: Option<SourceName>,
    /// The directory or file in the source; empty for its top.
    pub to: String,
}

impl Map {
    /// Reads `FROM=TO` or `FROM=SOURCE:TO`, for one of the `sources`.
    ///
    /// # Errors
    /// No `=`, or a path that no tarball or tree can have.
    pub fn parse(text: &str, sources: &[SourceName]) -> Result<Self, String> {
        let (from, to) = text.split_once('=').ok_or("expected FROM=TO, such as `utils/=lustre/utils/`")?;
        let (source, to) = match to.split_once(':') {
            Some((name, rest)) if sources.iter().any(|known| known.as_str() == name) => {
                (SourceName::new(name), rest)
            }
            _ => (None, to),
        };
        let path = |text: &str| -> Result<String, String> {
            let text = text.strip_prefix("./").unwrap_or(text);
            let text = text.strip_suffix('/').unwrap_or(text);
            if !matches!(text, "" | ".") {
                TarPath::new(text).map_err(|fault| format!("the path `{text}` {fault}"))?;
            }
            Ok(if text == "." { String::new() } else { text.to_owned() })
        };
        Ok(Self { from: path(from)?, source, to: path(to)? })
    }

    fn apply(&self, path: &str) -> Option<Place> {
        let rest = below(path, &self.from)?;
        let path = match (self.to.as_str(), rest) {
            ("", rest) => rest.to_owned(),
            (to, "") => to.to_owned(),
            (to, rest) => format!("{to}/{rest}"),
        };
        Some(Place { source: self.source.clone(), path })
    }
}

/// What is left of `path` below `directory`; empty when it is that path.
pub(super) fn below<'p>(path: &'p str, directory: &str) -> Option<&'p str> {
    if directory.is_empty() {
        return Some(path);
    }
    let rest = path.strip_prefix(directory)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

/// Where a member is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// In this source alone; in all where there is none.
    pub(super) source: Option<SourceName>,
    /// The path in the source.
    pub(super) path: String,
}

/// The single directory that everything stands in, if there is one. `paths` come with whether each
/// is a directory.
pub(super) fn top_directory<'p>(paths: impl Iterator<Item = (&'p str, bool)>) -> Option<String> {
    let mut top: Option<&str> = None;
    for (path, is_directory) in paths.filter(|(path, _)| !path.is_empty()) {
        let first = match path.split_once('/') {
            Some((first, _)) => first,
            None if is_directory => path,
            None => return None,
        };
        if *top.get_or_insert(first) != first {
            return None;
        }
    }
    top.map(str::to_owned)
}

/// The way from members' paths to those of the sources.
#[derive(Debug)]
pub(super) struct Maps<'m> {
    maps: &'m [Map],
    top: Option<String>,
}

impl<'m> Maps<'m> {
    pub(super) fn new(maps: &'m [Map], top: Option<String>) -> Self {
        Self { maps, top }
    }

    /// The path without the top directory; `None` for the top directory itself.
    pub(super) fn inner<'p>(&self, path: &'p str) -> Option<&'p str> {
        match &self.top {
            Some(top) => below(path, top).filter(|rest| !rest.is_empty()),
            None => Some(path).filter(|path| !path.is_empty()),
        }
    }

    /// Where the member `path` is looked for. The longest rule wins; one that is written with the
    /// top directory stands before one without.
    pub(super) fn place(&self, path: &str) -> Option<Place> {
        let longest = |path: &str, anything: bool| {
            self.maps
                .iter()
                .filter(|map| anything || !map.from.is_empty())
                .filter_map(|map| Some((map.from.len(), map.apply(path)?)))
                .max_by_key(|(length, _)| *length)
                .map(|(_, place)| place)
        };
        let inner = self.inner(path);
        let whole = self.top.as_ref().and_then(|_| longest(path, false));
        let place = whole.or_else(|| inner.and_then(|inner| longest(inner, true)));
        place
            .or_else(|| inner.map(|inner| Place { source: None, path: inner.to_owned() }))
            .filter(|place| !place.path.is_empty())
    }

    /// The rules that none of the `paths` is under.
    pub(super) fn unused<'p>(&self, paths: impl Iterator<Item = &'p str>) -> Vec<&'m Map> {
        let paths: BTreeSet<&str> = paths.collect();
        let covers = |map: &Map, path: &str| {
            below(path, &map.from).is_some()
                || self.inner(path).is_some_and(|inner| below(inner, &map.from).is_some())
        };
        self.maps.iter().filter(|map| !paths.iter().any(|path| covers(map, path))).collect()
    }

    /// Whether a tracked file of the source is expected in the tarball: all are, but of a source with
    /// rules of its own only what these name.
    pub(super) fn expects(&self, source: &SourceName, path: &str) -> bool {
        let mut own = self.maps.iter().filter(|map| map.source.as_ref() == Some(source)).peekable();
        own.peek().is_none() || own.any(|map| below(path, &map.to).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_tidied_and_judged() {
        for (raw, path, fault) in [
            (&b"./a//b/"[..], "a/b", None),
            (b"/etc/passwd", "etc/passwd", Some("is absolute")),
            (b"a/../b", "a/../b", Some("has a `.` or `..` component")),
            (b"a\xff", "a\u{fffd}", Some("is not UTF-8")),
            (b"a/.git/hooks/post-merge", "a/.git/hooks/post-merge", Some("has a `.git` component")),
            (b"./", "", None),
        ] {
            let name = Name::read(raw);
            assert_eq!((name.path.as_str(), name.fault.as_deref()), (path, fault), "{}", raw.escape_ascii());
        }
    }

    #[test]
    fn a_top_directory_holds_everything() {
        let top = |paths: &[&str]| top_directory(paths.iter().map(|path| (*path, !path.contains('.'))));
        assert_eq!(top(&["l-1", "l-1/a.c", "l-1/b/c.c"]).as_deref(), Some("l-1"));
        assert_eq!(top(&["l-1/a.c", "other/b.c"]), None);
        assert_eq!(top(&["l-1/a.c", "b.c"]), None);
        assert_eq!(top(&["a.c"]), None);
        assert_eq!(top(&[]), None);
    }

    #[test]
    fn the_longest_map_wins() {
        let lustre = SourceName::new("lustre").unwrap();
        let read = |text| Map::parse(text, std::slice::from_ref(&lustre)).unwrap();
        let rules =
            [read("utils/=lustre/utils/"), read("l-1/utils/lnet=lustre:lnet/utils"), read("META=META.in")];
        let maps = Maps::new(&rules, Some("l-1".to_owned()));
        let place = |path| maps.place(path).map(|place| (place.path, place.source.is_some()));
        assert_eq!(place("l-1/utils/lfs.c"), Some(("lustre/utils/lfs.c".to_owned(), false)));
        assert_eq!(place("l-1/utils/lnet/a.c"), Some(("lnet/utils/a.c".to_owned(), true)));
        assert_eq!(place("l-1/META"), Some(("META.in".to_owned(), false)));
        assert_eq!(place("l-1/METAL"), Some(("METAL".to_owned(), false)));
        assert_eq!(place("l-1"), None);
        assert_eq!(maps.unused(["l-1/META", "l-1/utils/a"].into_iter()), [&rules[1]]);
        assert!(maps.expects(&lustre, "lnet/utils/x") && !maps.expects(&lustre, "COPYING"));
        assert!(Map::parse("a", &[]).is_err() && Map::parse("a=../b", &[]).is_err());
    }
}
