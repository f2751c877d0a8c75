// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Paths inside a tarball, and globs over paths.

use std::fmt;
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};
use serde::{Serialize, Serializer};

/// The path of one member below the tarball's top directory: UTF-8, relative, `/` between its
/// components, and free of every component that a reader could trip over. Copies share the text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TarPath(Arc<str>);

/// Why a text cannot be a [`TarPath`]; [`fmt::Display`] completes "the path ...".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathFault {
    /// No text at all.
    Empty,
    /// It starts with `/`.
    Absolute,
    /// A component is empty: `a//b`, or a `/` at the end.
    EmptyComponent,
    /// A component is `.` or `..`.
    Dots,
    /// A component is `.git`, in any case, or a name that a file system folds into it.
    DotGit,
    /// It holds a control character: a NUL, a newline, an escape.
    Control,
    /// It holds a backslash, a separator to some readers.
    Backslash,
}

impl fmt::Display for PathFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty",
            Self::Absolute => "is absolute",
            Self::EmptyComponent => "has an empty component",
            Self::Dots => "has a `.` or `..` component",
            Self::DotGit => "has a `.git` component",
            Self::Control => "holds a control character",
            Self::Backslash => "holds a backslash",
        })
    }
}

impl std::error::Error for PathFault {}

impl TarPath {
    /// Checks every component.
    ///
    /// # Errors
    /// The first [`PathFault`].
    pub fn new(text: impl Into<Arc<str>>) -> Result<Self, PathFault> {
        let text = text.into();
        if text.is_empty() {
            return Err(PathFault::Empty);
        }
        if text.starts_with('/') {
            return Err(PathFault::Absolute);
        }
        for component in text.split('/') {
            if let Some(fault) = component_fault(component) {
                return Err(fault);
            }
        }
        Ok(Self(text))
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Every directory above it, the outermost first: `a`, `a/b` for `a/b/c`.
    pub fn parents(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').map(|(at, _)| &self.0[..at])
    }
}

/// Why `component` may not stand between two slashes, if it may not.
#[must_use]
pub fn component_fault(component: &str) -> Option<PathFault> {
    match component {
        "" => Some(PathFault::EmptyComponent),
        "." | ".." => Some(PathFault::Dots),
        _ if is_dot_git(component) => Some(PathFault::DotGit),
        _ if component.chars().any(char::is_control) => Some(PathFault::Control),
        _ if component.contains('\\') => Some(PathFault::Backslash),
        _ => None,
    }
}

/// `.git` as file systems may see it: any case, NTFS's short name and trailing dots and spaces,
/// HFS+'s ignored code points (git's own `fsck` list, `utf8.c: is_hfs_dotgit`).
fn is_dot_git(component: &str) -> bool {
    let is = |name: &str| {
        let trimmed = name.trim_end_matches(['.', ' ']);
        trimmed.eq_ignore_ascii_case(".git") || trimmed.eq_ignore_ascii_case("git~1")
    };
    // A tree of many files asks this of every component, and nearly all of them are ASCII.
    if component.is_ascii() {
        return is(component);
    }
    let ignored = |c: char| matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    is(&component.chars().filter(|&c| !ignored(c)).collect::<String>())
}

impl fmt::Display for TarPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for TarPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for TarPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A path or glob of the manifest, and what it covers.
///
/// Without a wildcard it covers the file of that path, or everything below the directory of that
/// path; `.` covers everything. With wildcards (`*` and `?` within a component, `**` across
/// components, `[...]`, `{a,b}`) it covers the paths that match whole, and everything below a
/// directory when it ends in `/`.
#[derive(Debug, Clone)]
pub struct PathGlob {
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Everything,
    Literal(String),
    Glob { base: String, matcher: Box<GlobMatcher> },
}

impl PathGlob {
    /// Reads a path or glob as the manifest has it.
    ///
    /// # Errors
    /// What is wrong with it: a path fault, or globset's words on a malformed glob.
    pub fn new(text: &str) -> Result<Self, String> {
        let path = text.strip_prefix("./").unwrap_or(text);
        let kind = if path == "." || path.is_empty() && text == "./" {
            Kind::Everything
        } else if path.contains(['*', '?', '[', '{']) {
            if path.starts_with('/') || path.split('/').any(|component| component == "..") {
                return Err("a glob is relative and has no `..`".to_owned());
            }
            let pattern = if path.ends_with('/') { format!("{path}**") } else { path.to_owned() };
            let glob = GlobBuilder::new(&pattern)
                .literal_separator(true)
                .backslash_escape(true)
                .build()
                .map_err(|error| error.kind().to_string())?;
            let fixed = path.find(['*', '?', '[', '{']).expect("a wildcard was found above");
            let base = path[..fixed].rfind('/').map_or("", |slash| &path[..slash]);
            Kind::Glob { base: base.to_owned(), matcher: Box::new(glob.compile_matcher()) }
        } else {
            let literal = path.strip_suffix('/').unwrap_or(path);
            TarPath::new(literal).map_err(|fault| format!("the path {fault}"))?;
            Kind::Literal(literal.to_owned())
        };
        Ok(Self { text: text.to_owned(), kind })
    }

    /// As it is written in the manifest.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `path` is covered.
    #[must_use]
    pub fn covers(&self, path: &str) -> bool {
        match &self.kind {
            Kind::Everything => true,
            Kind::Literal(literal) => is_at_or_below(path, literal),
            Kind::Glob { base, matcher } => {
                (base.is_empty() || is_at_or_below(path, base)) && matcher.is_match(path)
            }
        }
    }

    /// Whether something below the directory `dir` can be covered: the question that a tree walk
    /// asks before it descends. `true` may be wrong, `false` never is.
    #[must_use]
    pub fn may_cover_below(&self, dir: &str) -> bool {
        let below = |outer: &str, inner: &str| outer.is_empty() || is_at_or_below(inner, outer);
        match &self.kind {
            Kind::Everything => true,
            Kind::Literal(fixed) | Kind::Glob { base: fixed, .. } => below(fixed, dir) || below(dir, fixed),
        }
    }

    /// The path of `path` below what the glob fixes: what `to` of a take stands in front of.
    /// `None` when the glob names that very file.
    #[must_use]
    pub fn rest<'p>(&self, path: &'p str) -> Option<&'p str> {
        match &self.kind {
            Kind::Everything => Some(path),
            Kind::Literal(fixed) | Kind::Glob { base: fixed, .. } if fixed.is_empty() => Some(path),
            Kind::Literal(fixed) | Kind::Glob { base: fixed, .. } => {
                path.strip_prefix(fixed.as_str()).and_then(|rest| rest.strip_prefix('/'))
            }
        }
    }
}

/// Whether `path` is `directory` or below it. A plan asks this for every file and every rule, so the
/// byte where the name must end is looked at first: it settles nearly every case.
fn is_at_or_below(path: &str, directory: &str) -> bool {
    let (path, directory) = (path.as_bytes(), directory.as_bytes());
    matches!(path.get(directory.len()), Some(b'/') | None) && path.starts_with(directory)
}

impl PartialEq for PathGlob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Display for PathGlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_a_reader_could_trip_over_are_refused() {
        for (text, fault) in [
            ("", PathFault::Empty),
            ("/etc/passwd", PathFault::Absolute),
            ("a//b", PathFault::EmptyComponent),
            ("a/", PathFault::EmptyComponent),
            ("a/../b", PathFault::Dots),
            ("./a", PathFault::Dots),
            ("a/.GIT/config", PathFault::DotGit),
            ("a/.g\u{200c}it", PathFault::DotGit),
            ("a/GIT~1", PathFault::DotGit),
            ("a\nb", PathFault::Control),
            ("a\\b", PathFault::Backslash),
        ] {
            assert_eq!(TarPath::new(text), Err(fault), "{text:?}");
        }
        assert!(TarPath::new(".gitignore").is_ok());
    }

    #[test]
    fn a_literal_covers_a_file_or_all_below_a_directory() {
        let glob = PathGlob::new("fs/lustre/").unwrap();
        assert!(glob.covers("fs/lustre/llite/dir.c"));
        assert!(!glob.covers("fs/lustre2/dir.c"));
        assert_eq!(glob.rest("fs/lustre/llite/dir.c"), Some("llite/dir.c"));
        assert!(glob.may_cover_below("fs") && glob.may_cover_below("fs/lustre/llite"));
        assert!(!glob.may_cover_below("fs/nfs"));
        assert_eq!(PathGlob::new("COPYING").unwrap().rest("COPYING"), None);
    }

    #[test]
    fn stars_stay_within_a_component() {
        let glob = PathGlob::new("lustre/doc/*.8").unwrap();
        assert!(glob.covers("lustre/doc/lfs.8"));
        assert!(!glob.covers("lustre/doc/man/lfs.8"));
        assert_eq!(glob.rest("lustre/doc/lfs.8"), Some("lfs.8"));
        assert!(PathGlob::new("**/.gitignore").unwrap().covers(".gitignore"));
        assert!(PathGlob::new("**/.gitignore").unwrap().covers("a/b/.gitignore"));
        assert!(PathGlob::new("a/*/").unwrap().covers("a/b/c/d"));
    }
}
