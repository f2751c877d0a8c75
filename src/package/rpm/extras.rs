// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What goes into a source RPM beside its spec file and the tarball.

use std::collections::BTreeMap;

use serde::Serialize;

use super::File;
use crate::model::{Class, Failure, Problem};
use crate::package::{Input, Key, Templates, Values};
use crate::patch;

/// The tarball's signature and the certificate, the user's files and patches.
pub(super) struct Extras {
    /// The name of the good signature over the tarball as it is, where the release has one.
    pub(super) signature: Option<String>,
    /// The name of the certificate that it is held against.
    pub(super) keyring: Option<String>,
    /// The user's own files, by name.
    pub(super) users: Vec<String>,
    /// The user's patches, in the order of their series.
    pub(super) patches: Vec<Patch>,
    /// The content of all of these.
    pub(super) files: BTreeMap<String, File>,
}

/// A patch on the release.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Patch {
    /// From 1.
    pub(super) number: usize,
    /// The file's name.
    pub(super) file: String,
    /// How many leading components to take off the paths in it.
    pub(super) strip: usize,
}

impl Extras {
    pub(super) fn gather(input: &Input, templates: &Templates, key: Option<&Key>) -> Result<Self, Failure> {
        let mut extras = Self {
            signature: None,
            keyring: None,
            users: Vec::new(),
            patches: Vec::new(),
            files: BTreeMap::new(),
        };
        let mut problems = Vec::new();
        if let Some(bytes) = input.signature() {
            if let Some(key) = key {
                let keyring = format!("{}.keyring", input.name());
                extras.put(&keyring, key.text().as_bytes(), &mut problems);
                extras.keyring = Some(keyring);
            }
            let signature = format!("{}.asc", input.tarball.name);
            extras.put(&signature, bytes, &mut problems);
            extras.signature = Some(signature);
        }
        for (name, bytes) in templates.files() {
            extras.put(name, bytes, &mut problems);
            extras.users.push(name.clone());
        }
        // The series was read before, for the change log.
        let series = templates.patches().get("series").map(Vec::as_slice).unwrap_or_default();
        for (index, entry) in patch::parse_series("series", series).unwrap_or_default().iter().enumerate() {
            let bytes = templates.patches().get(&entry.file).map(Vec::as_slice).unwrap_or_default();
            extras.put(&entry.file, bytes, &mut problems);
            extras.patches.push(Patch { number: index + 1, file: entry.file.clone(), strip: entry.strip });
        }
        if problems.is_empty() { Ok(extras) } else { Err(Failure { class: Class::Usage, problems }) }
    }

    fn put(&mut self, name: &str, bytes: &[u8], problems: &mut Vec<Problem>) {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '~');
        if !name.chars().all(plain) {
            problems.push(
                Problem::new(format!("a source RPM cannot hold a file `{name}`"))
                    .note("its files stand in one folder, and have `A-Z`, `a-z`, `0-9` and `._-+~` in their names")
                    .help("give it another name"),
            );
        }
        // A script is one by its first line; the mode of the user's file may be lost in a checkout.
        let file = File { bytes: bytes.to_vec(), executable: bytes.starts_with(b"#!") };
        if self.files.insert(name.to_owned(), file).is_some() {
            problems.push(
                Problem::new(format!("the source RPM would hold two files `{name}`"))
                    .help("give one of them another name"),
            );
        }
    }
}

/// A text with nothing in it that rpm would expand.
pub(super) fn plain(text: &str) -> String {
    text.replace('%', "%%")
}

/// What `Source0` is: the address of the tarball where releases are published, or its name.
pub(super) fn address(values: &Values) -> String {
    let name = &values.release.tarball;
    let at = |url: &str| format!("{}/{}/{name}", plain(url), values.folder);
    values.url.as_deref().map_or_else(|| name.clone(), at)
}
