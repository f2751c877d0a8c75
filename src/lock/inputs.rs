// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The files beside the manifest that go into a release: patches, series, templates and keys.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use crate::manifest::{At, Manifest, PatchEntry, SignaturePolicy, Source};
use crate::model::{Failure, Problem, Sha256, SourceName, SourceText};
use crate::patch::{self, PatchProblem, SeriesEntry};
use crate::signature::{KeyFile, Keys};

/// The templates that the tool carries, by name. A file of the same name beside the manifest
/// stands in front of them.
const BUILT_IN: [(&str, &str); 2] = [
    ("META.j2", include_str!("../../templates/META.j2")),
    ("LUSTRE-VERSION-FILE.j2", include_str!("../../templates/LUSTRE-VERSION-FILE.j2")),
];

/// Reads one file by its path from the manifest's folder.
type Read<'r> = &'r dyn Fn(&str) -> io::Result<Vec<u8>>;

/// Every patch, series, template and key file of a manifest, by its path from the manifest's folder.
#[derive(Debug, Default)]
pub struct Inputs {
    files: BTreeMap<String, Vec<u8>>,
    series: BTreeMap<String, Vec<(String, SeriesEntry)>>,
}

impl Inputs {
    /// Reads them all from the manifest's folder. Templates that the tool carries need not be there.
    ///
    /// # Errors
    /// Every file that is missing, cannot be read, or is a series that cannot be understood.
    pub fn read(manifest: &Manifest) -> Result<Self, Failure> {
        let read = |path: &str| match std::fs::read(manifest.folder.join(path)) {
            Err(error) if error.kind() == ErrorKind::NotFound => BUILT_IN
                .iter()
                .find(|(name, _)| *name == path)
                .map(|(_, text)| text.as_bytes().to_vec())
                .ok_or(error),
            read => read,
        };
        Self::read_with(manifest, &read)
    }

    /// Reads them all with `read`, which is given their paths from the manifest's folder: a tarball
    /// carries them too.
    ///
    /// # Errors
    /// As for [`Inputs::read`].
    pub fn read_with(manifest: &Manifest, read: Read<'_>) -> Result<Self, Failure> {
        let mut inputs = Self::default();
        let mut problems = Vec::new();
        for entry in manifest.layers.iter().flat_map(|layer| &layer.patches) {
            inputs.take_file(manifest, &entry.path, "patch", read, &mut problems);
            if entry.is_series {
                inputs.take_series(manifest, &entry.path, read, &mut problems);
            }
        }
        for template in &manifest.templates {
            inputs.take_file(manifest, &template.file, "template", read, &mut problems);
        }
        for source in manifest.sources.values().filter(|source| asks_for_signature(source)) {
            for key in &source.keys {
                inputs.take_file(manifest, key, "key file", read, &mut problems);
            }
        }
        if problems.is_empty() { Ok(inputs) } else { Err(Failure::manifest(problems)) }
    }

    /// The keys that may sign each source that asks for signatures.
    ///
    /// # Errors
    /// Every key file that cannot be understood.
    pub(super) fn keys(&self, manifest: &Manifest) -> Result<BTreeMap<SourceName, Keys>, Failure> {
        let mut all = BTreeMap::new();
        let mut problems = Vec::new();
        for (name, source) in manifest.sources.iter().filter(|(_, source)| asks_for_signature(source)) {
            let files =
                source.keys.iter().map(|key| KeyFile { name: &key.value, bytes: self.file(&key.value) });
            match Keys::read(files) {
                Ok(keys) => {
                    all.insert(name.clone(), keys);
                }
                Err(found) => problems.extend(found),
            }
        }
        // Sources often share a file; its faults are told once.
        problems.dedup();
        if problems.is_empty() { Ok(all) } else { Err(Failure::manifest(problems)) }
    }

    fn take_file(
        &mut self,
        manifest: &Manifest,
        path: &At<String>,
        what: &str,
        read: Read<'_>,
        problems: &mut Vec<Problem>,
    ) {
        match read(&path.value) {
            Ok(bytes) => {
                self.files.insert(path.value.clone(), bytes);
            }
            Err(error) => {
                let mut problem = manifest
                    .problem(format!("cannot read the {what} `{path}`"), &path.span, error.to_string())
                    .note(format!("looked for in `{}`", manifest.folder.display()));
                if what == "template" {
                    let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
                    problem = problem.help(format!("templates that need no file: {}", names.join(", ")));
                }
                problems.push(problem);
            }
        }
    }

    fn take_series(
        &mut self,
        manifest: &Manifest,
        series: &At<String>,
        read: Read<'_>,
        problems: &mut Vec<Problem>,
    ) {
        let Some(bytes) = self.files.get(&series.value) else { return };
        let entries = match patch::parse_series(&series.value, bytes) {
            Ok(entries) => entries,
            Err(found) => {
                let text = String::from_utf8_lossy(bytes).into_owned();
                let text = Arc::new(SourceText { name: series.value.clone(), text });
                problems.extend(found.iter().map(|fault| patch_problem(fault, &text)));
                return;
            }
        };
        let folder = Path::new(&series.value).parent().unwrap_or(Path::new(""));
        let mut members = Vec::new();
        for entry in entries {
            let path = folder.join(&entry.file).to_string_lossy().into_owned();
            let named = At { value: path.clone(), span: series.span.clone() };
            self.take_file(manifest, &named, "patch", read, problems);
            members.push((path, entry));
        }
        self.series.insert(series.value.clone(), members);
    }

    /// The bytes of one file.
    ///
    /// # Panics
    /// When the manifest does not name the file.
    #[must_use]
    pub fn file(&self, path: &str) -> &[u8] {
        &self.files[path]
    }

    /// The patch files of an entry, in order, each with its strip level: those of its series, or the
    /// one that it names.
    ///
    /// # Panics
    /// When the entry is of another manifest.
    #[must_use]
    pub fn patches<'a>(&'a self, entry: &'a PatchEntry) -> Vec<(&'a str, usize)> {
        if entry.is_series {
            self.series[&entry.path.value].iter().map(|(path, entry)| (path.as_str(), entry.strip)).collect()
        } else {
            vec![(&entry.path.value, 1)]
        }
    }

    /// Every file with its bytes, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// The digest of every file, by path.
    #[must_use]
    pub fn digests(&self) -> BTreeMap<String, Sha256> {
        self.files.iter().map(|(path, bytes)| (path.clone(), Sha256::of(bytes))).collect()
    }
}

fn asks_for_signature(source: &Source) -> bool {
    source.signature.value != SignaturePolicy::None
}

/// One problem of a patch or series, at its line in the file's text.
#[must_use]
pub fn patch_problem(fault: &PatchProblem, text: &Arc<SourceText>) -> Problem {
    let mut problem = Problem::new(format!("the patch `{}` does not apply: {fault}", fault.patch));
    if let Some(line) = fault.line {
        problem = problem.at(text, text.line(line), "");
    }
    problem.notes.clone_from(&fault.notes);
    problem.help.clone_from(&fault.help);
    problem
}
