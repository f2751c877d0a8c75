// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a user has set once and for all: `config.toml` in the folder `lustre-dist` of the configuration
//! folder, which is `~/.config` mostly, or in the folder that LUSTRE_DIST_CONFIG names.
//!
//! ```toml
//! format   = "zst"                         # the tarball that is fetched: zst, xz, gz or tar
//! cache    = "/scratch/me/lustre-dist"     # where fetched objects are kept: one user's
//! timeout  = 30                            # how many seconds a server may be silent
//! min-rate = 1000                          # the fewest bytes a second that it may give
//!
//! [[repository]]
//! url         = "https://releases.example.org/lustre"
//! mirrors     = ["https://mirror.example.net/lustre"]
//! fingerprint = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
//! # or: root  = "roots/example.root.json"  # a file, from this folder
//! ```
//!
//! A root that is named by its fingerprint is kept in `roots/FINGERPRINT.root.json` beside this file.

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::ops::Range;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;
use toml_edit::{Item, Value};

use super::args::usage;
use crate::fetch::{Address, Pin};
use crate::manifest::Format;
use crate::model::{Class, Failure, Problem, Sha256, SourceText};
use crate::source::without_password;

/// The settings of a user.
#[derive(Debug)]
pub(super) struct Config {
    path: PathBuf,
    text: Arc<SourceText>,
    pub(super) format: Option<Format>,
    pub(super) cache: Option<PathBuf>,
    pub(super) timeout: Option<u64>,
    pub(super) min_rate: Option<u64>,
    pub(super) repositories: Vec<Configured>,
}

/// A repository that is trusted.
#[derive(Debug)]
pub(super) struct Configured {
    /// The repository.
    pub(super) url: Address,
    /// Its mirrors.
    pub(super) mirrors: Vec<Address>,
    /// What its root is known by.
    pub(super) root: KnownBy,
}

/// What a root is known by.
#[derive(Debug)]
pub(super) enum KnownBy {
    /// Its file.
    File(PathBuf),
    /// Its digest.
    Fingerprint(Sha256),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Raw {
    format: Option<Spanned<String>>,
    cache: Option<PathBuf>,
    timeout: Option<Spanned<u64>>,
    min_rate: Option<u64>,
    #[serde(default)]
    repository: Vec<Spanned<RawRepository>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawRepository {
    url: Spanned<String>,
    #[serde(default)]
    mirrors: Vec<Spanned<String>>,
    root: Option<PathBuf>,
    fingerprint: Option<Spanned<String>>,
}

/// The user's folder for settings.
pub(super) fn folder() -> Result<PathBuf, Failure> {
    use etcetera::BaseStrategy as _;
    if let Some(folder) = std::env::var_os("LUSTRE_DIST_CONFIG") {
        return Ok(folder.into());
    }
    etcetera::choose_base_strategy().map(|base| base.config_dir().join("lustre-dist")).map_err(|error| {
        Failure::new(
            Class::Environment,
            Problem::new("cannot tell where your configuration folder is")
                .note(error.to_string())
                .help("name a folder in LUSTRE_DIST_CONFIG"),
        )
    })
}

/// The folder of what was trusted.
pub(super) fn state_folder() -> Result<PathBuf, Failure> {
    use etcetera::BaseStrategy as _;
    if let Some(folder) = std::env::var_os("LUSTRE_DIST_STATE") {
        return Ok(folder.into());
    }
    let folder = etcetera::choose_base_strategy()
        .map(|base| base.state_dir().unwrap_or_else(|| base.data_dir()).join("lustre-dist"));
    folder.map_err(|error| {
        Failure::new(
            Class::Environment,
            Problem::new("cannot tell where your state folder is")
                .note(error.to_string())
                .help("name a folder in LUSTRE_DIST_STATE"),
        )
    })
}

/// A fingerprint as people write one: with capitals, with colons.
pub(super) fn fingerprint(text: &str) -> Result<Sha256, String> {
    let plain = text.strip_prefix("sha256:").unwrap_or(text).replace([':', ' '], "").to_ascii_lowercase();
    plain.parse().map_err(|_| "expected the sha256 of the root's file: 64 hexadecimal digits".to_owned())
}

impl Config {
    /// Reads the settings; there need not be any.
    pub(super) fn load() -> Result<Self, Failure> {
        let path = folder()?.join("config.toml");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Failure::io("read the settings", &path, &error)),
        };
        Self::parse(path, text)
    }

    fn parse(path: PathBuf, text: String) -> Result<Self, Failure> {
        let text = Arc::new(SourceText { name: path.display().to_string(), text });
        let wrong = |title: String, span: Range<usize>, label: &str| {
            usage(Problem::new(title).at(&text, span, label))
        };
        let raw: Raw = toml::from_str(&text.text).map_err(|error| {
            let problem = Problem::new("the settings cannot be read");
            let problem = match error.span() {
                Some(span) => problem.at(&text, span, error.message()),
                None => problem.note(error.message()),
            };
            usage(problem.help("`lustre-dist fetch --help` lists what can be set"))
        })?;
        let format = match &raw.format {
            None => None,
            Some(word) => Some(Format::from_extension(word.get_ref()).ok_or_else(|| {
                wrong(
                    format!("`{}` is no format", word.get_ref()),
                    word.span(),
                    "expected zst, xz, gz or tar",
                )
            })?),
        };
        if let Some(timeout) = raw.timeout.as_ref().filter(|timeout| *timeout.get_ref() == 0) {
            return Err(wrong("no server answers in no time".to_owned(), timeout.span(), "expected seconds"));
        }
        let address = |url: &Spanned<String>| {
            Address::parse(url.get_ref()).map_err(|mut failure| {
                failure.problems[0].place =
                    Some(crate::model::Place { source: Arc::clone(&text), span: url.span() });
                failure
            })
        };
        let mut repositories: Vec<Configured> = Vec::new();
        for repository in &raw.repository {
            let RawRepository { url, mirrors, root, fingerprint: print } = repository.get_ref();
            let root = match (root, print) {
                (Some(root), None) => KnownBy::File(folder_of(&path).join(root)),
                (None, Some(print)) => {
                    KnownBy::Fingerprint(fingerprint(print.get_ref()).map_err(|why| {
                        wrong("the fingerprint cannot be read".to_owned(), print.span(), &why)
                    })?)
                }
                (None, None) => {
                    let title = format!("nothing says which root `{}` has", without_password(url.get_ref()));
                    return Err(wrong(title, url.span(), "add `fingerprint` or `root`"));
                }
                (Some(_), Some(print)) => {
                    let title =
                        format!("`{}` has both `root` and `fingerprint`", without_password(url.get_ref()));
                    return Err(wrong(title, print.span(), "leave one of them away"));
                }
            };
            let at = url.span();
            let url = address(url)?;
            if repositories.iter().any(|other| other.url == url) {
                return Err(wrong(format!("`{url}` stands twice"), at, "leave one of them away"));
            }
            let mirrors = mirrors.iter().map(address).collect::<Result<_, _>>()?;
            repositories.push(Configured { url, mirrors, root });
        }
        let (cache, timeout) = (raw.cache, raw.timeout.map(Spanned::into_inner));
        Ok(Self { path, text, format, cache, timeout, min_rate: raw.min_rate, repositories })
    }

    /// Where the settings are.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The repository that an address is, or is a mirror of.
    pub(super) fn find(&self, address: &Address) -> Option<&Configured> {
        let is_own = |one: &&Configured| one.url == *address;
        let is_mirror = |one: &&Configured| one.mirrors.contains(address);
        self.repositories.iter().find(is_own).or_else(|| self.repositories.iter().find(is_mirror))
    }

    /// The repository with an address of its own, which may be written without its password.
    pub(super) fn own(&self, address: &Address) -> Option<&Configured> {
        let is_just = |one: &&Configured| one.url == *address;
        let is_shown = |one: &&Configured| one.url.to_string() == address.to_string();
        self.repositories.iter().find(is_just).or_else(|| self.repositories.iter().find(is_shown))
    }

    /// Where a root is kept that is known by its fingerprint.
    pub(super) fn kept_root(&self, fingerprint: &Sha256) -> PathBuf {
        folder_of(&self.path).join("roots").join(format!("{fingerprint}.root.json"))
    }

    /// Keeps a root.
    pub(super) fn keep_root(&self, pin: &Pin) -> Result<(), Failure> {
        write(&self.kept_root(&pin.sha256), pin.bytes(), 0o644)
    }

    /// Adds a repository behind the others.
    pub(super) fn add(
        &self,
        url: &Address,
        mirrors: &[Address],
        fingerprint: &Sha256,
    ) -> Result<(), Failure> {
        let mut document = self.document()?;
        let mut table = toml_edit::Table::new();
        // With its password, which every fetch needs.
        let written = |address: &Address| address.as_str().trim_end_matches('/').to_owned();
        table["url"] = toml_edit::value(written(url));
        if !mirrors.is_empty() {
            let mirrors: toml_edit::Array = mirrors.iter().map(written).collect();
            table["mirrors"] = toml_edit::value(mirrors);
        }
        table["fingerprint"] = toml_edit::value(fingerprint.to_string());
        let item = document.entry("repository").or_insert(toml_edit::Item::ArrayOfTables(Default::default()));
        match item {
            Item::ArrayOfTables(tables) => tables.push(table),
            Item::Value(Value::Array(inline)) => inline.push(table.into_inline_table()),
            _ => unreachable!("the settings were read"),
        }
        self.write_checked(&document.to_string())
    }

    /// Removes one of the repositories.
    pub(super) fn remove(&self, one: &Configured) -> Result<(), Failure> {
        let mut document = self.document()?;
        let nth = self.repositories.iter().position(|other| other.url == one.url);
        match (document.get_mut("repository"), nth) {
            (Some(Item::ArrayOfTables(tables)), Some(nth)) => drop(tables.remove(nth)),
            (Some(Item::Value(Value::Array(inline))), Some(nth)) => drop(inline.remove(nth)),
            _ => unreachable!("the settings were read, and have it"),
        }
        self.write_checked(&document.to_string())
    }

    fn document(&self) -> Result<toml_edit::DocumentMut, Failure> {
        self.text.text.parse().map_err(|error: toml_edit::TomlError| {
            usage(Problem::new(format!("cannot change `{}`", self.path.display())).note(error.to_string()))
        })
    }

    /// Writes settings that can be read again. Who may read them stays, but for passwords.
    fn write_checked(&self, text: &str) -> Result<(), Failure> {
        let new = Self::parse(self.path.clone(), text.to_owned())?;
        let mode = std::fs::metadata(&self.path).map_or(0o644, |there| there.permissions().mode() & 0o777);
        let mut addresses =
            new.repositories.iter().flat_map(|one| std::iter::once(&one.url).chain(&one.mirrors));
        let is_secret = addresses.any(Address::has_password);
        write(&self.path, text.as_bytes(), if is_secret { mode & 0o700 } else { mode })
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}

/// Writes a file aside, and renames it when it is on the disk.
fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Failure> {
    let folder = folder_of(path);
    let written = || -> io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new()
            .prefix(".config-")
            .permissions(Permissions::from_mode(mode))
            .tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        std::fs::File::open(folder)?.sync_all()
    };
    written().map_err(|error| Failure::io("write", path, &error))
}
