// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The manifest: what a release is made of, as a person wrote it and as the tool believes it.
//!
//! [`read`] turns TOML into a [`Manifest`] or into every problem of the file at once. Serde stops
//! at its first error, so the reader walks toml's spanned table itself (`walk`); what it returns
//! is checked as far as one file can be without looking at a source: names, paths, globs,
//! versions, references between tables. Defaults are applied here, once.

mod document;
mod grammar;
mod kernels;
mod read;
mod schema;
mod syntax;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::ops::{Deref, Range};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;

use crate::model::version::{KernelRange, KernelSeries, LustreVersion, TagPattern};
use crate::model::{LayerName, PathGlob, Problem, ReleaseName, SourceName, SourceText, TagId, TarPath};

pub use kernels::{Kernels, Series, read_kernels};
pub use read::read;
pub use schema::json_schema;

/// A value with the place in the manifest that it was written at.
#[derive(Debug, Clone, PartialEq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Its bytes in [`Manifest::text`].
    pub span: Range<usize>,
}

impl<T> Deref for At<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Display> fmt::Display for At<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

/// A checked manifest: `schema = 1`.
#[derive(Debug)]
pub struct Manifest {
    /// The file as it was read; digests and carets refer to it.
    pub text: Arc<SourceText>,
    /// The folder of the manifest, which relative paths in it start from.
    pub folder: PathBuf,
    /// `[release]`.
    pub release: Release,
    /// `[encoding]`: how hard each encoder tries.
    pub encoding: Encoding,
    /// `[line]`, where the release belongs to one.
    pub line: Option<Line>,
    /// `[source.NAME]`.
    pub sources: BTreeMap<SourceName, Source>,
    /// `[[layer]]`, lowest first. Never empty; no two have one name.
    pub layers: Vec<Layer>,
    /// `[[template]]`; no two have one place.
    pub templates: Vec<Template>,
    /// `[coverage]`: per source the paths below which every tracked file is taken or excluded.
    pub coverage: BTreeMap<SourceName, Vec<At<PathGlob>>>,
    /// `[contains]`.
    pub contains: Contains,
    /// `[allow]`.
    pub allow: Allow,
}

impl Manifest {
    /// A problem with something that was written at `span` of this manifest.
    #[must_use]
    pub fn problem(
        &self,
        title: impl Into<String>,
        span: &Range<usize>,
        label: impl Into<String>,
    ) -> Problem {
        Problem::new(title).at(&self.text, span.clone(), label)
    }

    /// The path of the manifest's file, as the user gave it.
    #[must_use]
    pub fn path(&self) -> &Path {
        Path::new(&self.text.name)
    }
}

/// `[release]`.
#[derive(Debug)]
pub struct Release {
    /// `name`.
    pub name: At<ReleaseName>,
    /// `version`: the base, equal to the version of the primary source's tag.
    pub version: At<LustreVersion>,
    /// `respin`: the same inputs packed again for a reason; none for the first.
    pub respin: Option<At<NonZeroU32>>,
    /// `primary`: the source whose commit `git get-tar-commit-id` prints. Always one of
    /// [`Manifest::sources`].
    pub primary: At<SourceName>,
    /// `license`: an SPDX licence expression.
    pub license: At<String>,
    /// `formats`, without repeats, in [`Format`]'s order. Never empty.
    pub formats: Vec<Format>,
    /// `buildable`, true unless the manifest says that the tarball is not a product to build.
    pub buildable: bool,
    /// `note`: why it is not buildable, or what else META is to say.
    pub note: Option<At<String>>,
    /// The primary source's change log, which lists the kernels that it was built and tested on: a
    /// path in that source.
    pub changelog: Option<At<TarPath>>,
}

/// The forms in which a tarball is written. The tar itself is the identity; the others encode it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// `tar`: the uncompressed tarball.
    Tar,
    /// `tar.gz`: gzip (RFC 1952).
    Gzip,
    /// `tar.zst`: Zstandard (RFC 8878).
    Zstd,
    /// `tar.xz`: the .xz format, version 1.2.1.
    Xz,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Tar, Self::Gzip, Self::Zstd, Self::Xz];

    /// The file name's ending, and the word for it in manifests and on the command line.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Tar => "tar",
            Self::Gzip => "tar.gz",
            Self::Zstd => "tar.zst",
            Self::Xz => "tar.xz",
        }
    }

    /// The format of that ending; the part after `tar.` alone will do.
    #[must_use]
    pub fn from_extension(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| {
            format.extension() == text || format.extension().strip_prefix("tar.") == Some(text)
        })
    }
}

/// `[encoding]`: compression levels. The bytes of an encoding follow from the tar and these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding {
    /// `gzip`, 1 to 9; 9 unless said.
    pub gzip: u8,
    /// `zstd`, 1 to 22; 19 unless said.
    pub zstd: u8,
    /// `xz`, 0 to 9; 6 unless said.
    pub xz: u8,
}

impl Default for Encoding {
    fn default() -> Self {
        Self { gzip: 9, zstd: 19, xz: 6 }
    }
}

/// `[line]`: the release line that the tarball belongs to.
#[derive(Debug)]
pub struct Line {
    /// `id`: `mainline`, `lts-6.12`.
    pub id: At<String>,
    /// `kernel`: the series that the line is keyed to, its target.
    pub kernel: Option<At<KernelSeries>>,
    /// `supports`: the kernels that the compatibility layer covers.
    pub supports: Option<At<KernelRange>>,
    /// The day on which the line ended.
    pub ended: Option<At<Date>>,
}

/// `[source.NAME]`.
#[derive(Debug)]
pub struct Source {
    /// The table's key, which is the name.
    pub name: At<SourceName>,
    /// `git` and `mirrors`, or `bundle`.
    pub location: Location,
    /// `tag`, `commit`, `branch` or `ref`: exactly one of them.
    pub wanted: At<Wanted>,
    /// `tag-object-name`: the name inside the tag object, where an old tag was renamed. Beside
    /// [`Wanted::Tag`] only.
    pub tag_object_name: Option<At<String>>,
    /// `tag-object`: the tag object's id, where the manifest itself pins it. Beside
    /// [`Wanted::Tag`] only.
    pub tag_object: Option<At<TagId>>,
    /// Beside one tag, the pattern in which a newer one is looked for.
    pub tags: Option<At<TagPattern>>,
    /// The branch that the tag must be on.
    pub on_branch: Option<At<String>>,
    /// What the release's changes are counted from.
    pub since: Option<At<Since>>,
    /// `signature`: `required`, `warn` or `none`.
    pub signature: At<SignaturePolicy>,
    /// `keys`: files with the keys that may sign, below the manifest's folder. Empty only where
    /// signatures are not looked at.
    pub keys: Vec<At<String>>,
}

impl Source {
    /// Whether the manifest leaves it to the source's tags which one is taken, or looks for newer ones.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.wanted.value, Wanted::Pattern(_)) || self.tags.is_some()
    }
}

/// Where a source's objects are.
#[derive(Debug)]
pub enum Location {
    /// A git repository: a URL that git understands, or a path relative to the manifest's folder.
    Git {
        /// `git`.
        url: At<String>,
        /// `mirrors`: tried in turn when `git` cannot be reached.
        mirrors: Vec<At<String>>,
    },
    /// A git bundle file, relative to the manifest's folder.
    Bundle {
        /// `bundle`.
        path: At<String>,
    },
}

/// Which commit of a source.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// `tag = "v2_17_57"`: that tag.
    Tag(String),
    /// `tag = "v6.12.*"`: the newest release that matches.
    Pattern(TagPattern),
    /// `commit = "..."`: 40 hexadecimal digits; a development version.
    Commit(String),
    /// `branch = "b2_17"`: its tip; a development version.
    Branch(String),
    /// `ref = "refs/changes/45/61245/3"`: any ref by its full name; a development version.
    Ref(String),
}

/// What a source's changes are counted from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// What the lock pinned before it moved to another commit.
    Previous,
    /// A tag of the source.
    Tag(String),
}

impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Previous => f.write_str("previous"),
            Self::Tag(tag) => f.write_str(tag),
        }
    }
}

/// What a source's signature must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignaturePolicy {
    /// The tag must carry a signature by one of the keys.
    Required,
    /// A missing or bad signature is reported, and the work goes on.
    Warn,
    /// Signatures are not looked at.
    None,
}

/// `[[layer]]`: an ordered part of the tarball that is taken from one source.
#[derive(Debug)]
pub struct Layer {
    /// `name`, unique.
    pub name: At<LayerName>,
    /// `source`, one of [`Manifest::sources`].
    pub source: At<SourceName>,
    /// `take`. Never empty.
    pub take: Vec<Take>,
    /// `exclude`.
    pub exclude: Vec<Exclude>,
    /// `replaces`: paths of the tarball at which this layer may stand in front of an earlier one.
    pub replaces: Vec<At<PathGlob>>,
    /// `patch`.
    pub patches: Vec<PatchEntry>,
}

/// One rule of a layer: what is taken from the source and where it lands.
#[derive(Debug)]
pub struct Take {
    /// `from`.
    pub from: At<PathGlob>,
    /// `to`: the place in the tarball of what `from` fixes; none to keep the source's path.
    pub to: Option<At<Destination>>,
}

/// Where a take lands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// `to = "."`: the top directory.
    Top,
    /// `to = "utils/"`: that directory; a single file keeps its name in it.
    Directory(TarPath),
    /// `to = "utils/lnet"` without a slash: the new name of the file or directory that `from`
    /// names. Never beside a `from` with wildcards.
    Name(TarPath),
}

/// A glob over source paths that are left out, and why.
#[derive(Debug)]
pub struct Exclude {
    /// `glob`.
    pub glob: At<PathGlob>,
    /// `reason`, for people. Never empty.
    pub reason: String,
}

/// `[[layer.patch]]`: a patch file or a quilt series on a layer's source paths.
#[derive(Debug)]
pub struct PatchEntry {
    /// `file` or `series`, below the manifest's folder, in the form of a [`TarPath`].
    pub path: At<String>,
    /// Whether the path names a quilt series.
    pub is_series: bool,
    /// `upstream`, the commit that the patch carries, or `reason`, why there is none.
    pub carries: Carries,
    /// `offsets = true`: hunks may sit at another line, and the record says by how much.
    pub offsets: bool,
}

/// What stands behind a patch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carries {
    /// The upstream commit, 7 to 40 hexadecimal digits.
    Upstream(String),
    /// Why there is no upstream commit.
    Reason(String),
}

/// `[[template]]`: a file rendered from the release's own data.
#[derive(Debug)]
pub struct Template {
    /// `file`: below the manifest's folder, in the form of a [`TarPath`], or the name of a template
    /// that the tool carries.
    pub file: At<String>,
    /// `to`.
    pub to: At<TarPath>,
    /// `executable = true`.
    pub executable: bool,
}

/// `[contains]`: what must and must not be in the tarball.
#[derive(Debug, Default)]
pub struct Contains {
    /// `must`: each covers at least one member.
    pub must: Vec<At<PathGlob>>,
    /// `must-not`: none covers any member.
    pub must_not: Vec<At<PathGlob>>,
}

/// `[allow]`: things that are refused unless the manifest names them.
#[derive(Debug, Default)]
pub struct Allow {
    /// `case-clashes`: paths that may differ from another in case alone.
    pub case_clashes: Vec<At<PathGlob>>,
    /// `unicode-clashes`: paths that may differ from another in Unicode form alone.
    pub unicode_clashes: Vec<At<PathGlob>>,
    /// `dangling-links`: symbolic links whose target need not be in the tarball.
    pub dangling_links: Vec<At<PathGlob>>,
}
