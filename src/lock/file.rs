// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The lock file: TOML, written by the tool and read by it, canonical.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{CommitId, Failure, Problem, Sha256, SourceDate, SourceName, SourceText, TagId, TreeId};
use crate::signature::{Kind, Why};

const HEADER: &str = "# Written by `lustre-dist lock`. Commit it beside its manifest; do not edit it.\n";

/// Every pinned input of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Lock {
    /// The format of this file: 1.
    pub schema: u32,
    /// The release's full version.
    pub version: String,
    /// Whether a source is at no tag, so that this can never be published as a release.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub development: bool,
    /// The one date of the release, in seconds: the newest pinned commit's, or SOURCE_DATE_EPOCH as
    /// it was when the lock was made.
    pub source_date: SourceDate,
    /// The digest of the manifest's file.
    pub manifest: Sha256,
    /// The digests of the patches and templates that the manifest names, by path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub file: BTreeMap<String, Sha256>,
    /// The pins, by the source's name.
    pub source: BTreeMap<String, Pin>,
}

/// One source, pinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Pin {
    /// What the manifest asked for: `tag v6.12.*`, `branch b2_17`.
    pub wanted: String,
    /// The full name of the ref that answered; none for a commit that was named by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#ref: Option<String>,
    /// The annotated tag's own object; none for a lightweight tag or no tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<TagId>,
    /// The commit.
    pub commit: CommitId,
    /// Its tree.
    pub tree: TreeId,
    /// When it was committed, in seconds.
    pub date: SourceDate,
    /// What `git describe` says of a commit that no tag names: the nearest version tag and how
    /// many commits lie between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest: Option<Nearest>,
    /// What the changes of the release are counted from, where the manifest asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Since>,
    /// What is known of the signature.
    pub signature: SignatureState,
}

/// What a source's changes are counted from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Since {
    /// The tag; none for an earlier commit that had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Its commit.
    pub commit: CommitId,
}

/// The nearest version tag behind a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Nearest {
    /// The tag's name.
    pub tag: String,
    /// How many commits stand between.
    pub commits: u32,
}

/// What is known of a source's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureState {
    /// The manifest asks for none, and none was looked at.
    NotAsked,
    /// One of the manifest's keys made it.
    Good(GoodSignature),
    /// The manifest wants a warning where it is missing, and there is none.
    Missing,
    /// The manifest wants a warning, and the signature is not good.
    Bad(BadSignature),
}

/// The object that bears the signature: the annotated tag where there is one, or else the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignedObject {
    /// The annotated tag.
    Tag,
    /// The commit.
    Commit,
}

impl fmt::Display for SignedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tag => "tag",
            Self::Commit => "commit",
        })
    }
}

/// A signature by one of the manifest's keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoodSignature {
    /// What bears it.
    pub on: SignedObject,
    /// OpenPGP or SSH.
    pub kind: Kind,
    /// The fingerprint of the key that made it.
    pub key: String,
    /// The fingerprint of the primary key, where a subkey made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<String>,
    /// The user id or principal.
    pub signer: String,
    /// When it was made, in seconds, as it says itself; an SSH signature does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<SourceDate>,
}

/// A signature that is not good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BadSignature {
    /// What bears it.
    pub on: SignedObject,
    /// Why, in one word.
    pub why: Why,
    /// The key that it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// `good: tag signed by OpenPGP key 1234... (A. Author)`
impl fmt::Display for SignatureState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked => f.write_str("not asked for"),
            Self::Missing => f.write_str("missing"),
            Self::Good(good) => {
                write!(f, "good: {} signed by {} key {} ({})", good.on, good.kind, good.key, good.signer)
            }
            Self::Bad(bad) => {
                write!(f, "bad: {} of the {}", bad.why, bad.on)?;
                bad.key.as_ref().map_or(Ok(()), |key| write!(f, ", key {key}"))
            }
        }
    }
}

impl Pin {
    /// The tag's short name, where the ref is a tag.
    #[must_use]
    pub fn tag_name(&self) -> Option<&str> {
        self.r#ref.as_deref()?.strip_prefix("refs/tags/")
    }

    /// The ref and ids on one line, for messages: both sides of a disagreement look alike.
    #[must_use]
    pub fn one_line(&self) -> String {
        let tag = self.tag.map_or_else(|| "no tag object".to_owned(), |tag| format!("tag {tag}"));
        format!("{tag}  commit {}  {}", self.commit, self.date)
    }
}

impl Since {
    /// The tag and the commit on one line, for messages.
    #[must_use]
    pub fn one_line(&self) -> String {
        format!("{}  commit {}", self.tag.as_deref().unwrap_or("no tag"), self.commit)
    }
}

impl Pin {
    /// What changes from this pin to `new`, both sides of each.
    fn differences(&self, new: &Self) -> Vec<String> {
        let or_none = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
        let nearest =
            |pin: &Self| or_none(pin.nearest.as_ref().map(|near| format!("{}-{}", near.tag, near.commits)));
        let since = |pin: &Self| or_none(pin.since.as_ref().map(|since| since.one_line()));
        let tag = |pin: &Self| or_none(pin.tag.map(|tag| tag.to_string()));
        [
            ("wanted", self.wanted.clone(), new.wanted.clone()),
            ("ref", or_none(self.r#ref.clone()), or_none(new.r#ref.clone())),
            ("tag object", tag(self), tag(new)),
            ("commit", self.commit.to_string(), new.commit.to_string()),
            ("tree", self.tree.to_string(), new.tree.to_string()),
            ("date", self.date.to_string(), new.date.to_string()),
            ("nearest tag", nearest(self), nearest(new)),
            ("changes since", since(self), since(new)),
            ("signature", self.signature.to_string(), new.signature.to_string()),
        ]
        .into_iter()
        .filter(|(_, old, new)| old != new)
        .map(|(what, old, new)| format!("{what}  locked {old}  now {new}"))
        .collect()
    }
}

impl Lock {
    /// The pin of a source of the manifest.
    ///
    /// # Panics
    /// When the lock was made for another manifest, which [`super::lock`] rules out.
    #[must_use]
    pub fn pin(&self, source: &SourceName) -> &Pin {
        &self.source[source.as_str()]
    }

    /// The file's text. One lock has one text.
    ///
    /// # Panics
    /// Never: every value has a form in TOML.
    #[must_use]
    pub fn to_text(&self) -> String {
        let body = toml::to_string(self).expect("a lock has a form in TOML");
        format!("{HEADER}{body}")
    }

    /// Reads the lock at `path`; `None` when there is none.
    ///
    /// # Errors
    /// It cannot be read, is not a lock, or is of a newer schema.
    pub fn load(path: &Path) -> Result<Option<Self>, Failure> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::io("read the lock", path, &error)),
        };
        Self::parse(path, &bytes).map(Some)
    }

    /// Reads a lock's bytes, which stood at `path`.
    ///
    /// # Errors
    /// They are not a lock, or one of a newer schema.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, Failure> {
        // What is not UTF-8 is not TOML either; the reader below says where.
        Self::from_text(path, String::from_utf8_lossy(bytes).into_owned())
    }

    /// Reads the text of a lock; `path` is for messages.
    ///
    /// # Errors
    /// As for [`Lock::load`].
    pub fn from_text(path: &Path, text: String) -> Result<Self, Failure> {
        let source = Arc::new(SourceText { name: path.display().to_string(), text });
        let damaged = |span: Option<Range<usize>>, why: String| {
            let problem = Problem::new(format!("the lock `{}` is damaged", path.display()));
            let problem = match span {
                Some(span) => problem.at(&source, span, why),
                None => problem.note(why),
            };
            problem.help("take it from your version control again, or remove it and run `lustre-dist lock`")
        };
        // The schema first: what a newer one holds would look like damage.
        let schema = toml::from_str::<toml::Table>(&source.text)
            .map_err(|error| damaged(error.span(), error.message().to_owned()))?
            .get("schema")
            .and_then(toml::Value::as_integer);
        if let Some(newer @ 2..) = schema {
            return Err(Problem::new(format!(
                "the lock `{}` has schema {newer}; 1 is known",
                path.display()
            ))
            .help("it was written by a newer lustre-dist: use that one")
            .into());
        }
        let lock: Self = toml::from_str(&source.text)
            .map_err(|error| damaged(error.span(), error.message().to_owned()))?;
        if lock.schema != 1 {
            return Err(damaged(None, format!("schema {} was never written", lock.schema)).into());
        }
        if lock.source_date > SourceDate::MAX {
            return Err(damaged(None, format!("no date is {} seconds from 1970", lock.source_date.0)).into());
        }
        Ok(lock)
    }

    /// Writes the lock to `path`: aside first, then renamed, so that a reader sees the old or the
    /// new one.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), Failure> {
        use std::io::Write as _;
        let fault = |error: std::io::Error| Failure::io("write the lock", path, &error);
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut file = tempfile::Builder::new()
            .prefix(".lock-")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .tempfile_in(folder)
            .map_err(fault)?;
        file.write_all(self.to_text().as_bytes()).map_err(fault)?;
        file.as_file().sync_all().map_err(fault)?;
        file.persist(path).map_err(|error| fault(error.error))?;
        Ok(())
    }

    /// What changes from this lock to `new`, a line each.
    #[must_use]
    pub fn differences(&self, new: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.version != new.version {
            lines.push(format!("version  locked {}  now {}", self.version, new.version));
        }
        if self.manifest != new.manifest {
            lines.push(format!(
                "manifest  locked sha256 {}  now {}",
                short(&self.manifest),
                short(&new.manifest)
            ));
        }
        for name in
            self.source.keys().chain(new.source.keys().filter(|name| !self.source.contains_key(*name)))
        {
            match (self.source.get(name), new.source.get(name)) {
                (Some(old), Some(new)) => lines
                    .extend(old.differences(new).into_iter().map(|line| format!("source `{name}`: {line}"))),
                (Some(_), None) => lines.push(format!("source `{name}`  locked, no longer in the manifest")),
                (None, Some(new)) => {
                    lines.push(format!("source `{name}`  not locked, now {}", new.one_line()))
                }
                (None, None) => {}
            }
        }
        for path in self.file.keys().chain(new.file.keys().filter(|path| !self.file.contains_key(*path))) {
            match (self.file.get(path), new.file.get(path)) {
                (Some(old), Some(new)) if old != new => {
                    lines.push(format!("file `{path}`  locked sha256 {}  now {}", short(old), short(new)));
                }
                (Some(_), None) => lines.push(format!("file `{path}`  locked, no longer used")),
                (None, Some(_)) => lines.push(format!("file `{path}`  not locked")),
                _ => {}
            }
        }
        if self.development != new.development {
            lines.push(format!("development  locked {}  now {}", self.development, new.development));
        }
        if self.source_date != new.source_date {
            lines.push(format!("source date  locked {}  now {}", self.source_date, new.source_date));
        }
        lines
    }
}

fn short(digest: &Sha256) -> String {
    digest.to_string()[..12].to_owned()
}
