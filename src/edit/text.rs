// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Edits as pieces of text for ranges of bytes.

use std::io::Write as _;
use std::ops::Range;
use std::path::Path;

use serde::Serialize;

use crate::manifest::{self, Manifest};
use crate::model::{Class, Failure, Problem, SourceText};

/// What to write in place of which bytes.
#[derive(Debug, Default)]
pub(super) struct Edits(Vec<(Range<usize>, String)>);

/// A line that an edit changes, adds or takes away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The line's number in the manifest as it was, counted from 1.
    pub line: usize,
    /// The line as it was; none where it is new.
    pub old: Option<String>,
    /// The line as it is now; none where it went away.
    pub new: Option<String>,
}

/// A manifest's new text, read and found right.
#[derive(Debug)]
#[must_use]
pub struct Edited {
    /// The manifest that the new text says.
    pub manifest: Manifest,
    /// What differs, line by line.
    pub changes: Vec<Change>,
}

impl Edits {
    /// Replaces a value, quotes included, by another string.
    pub fn string(&mut self, span: &Range<usize>, value: &str) {
        debug_assert!(!value.contains(['"', '\\', '\n']), "needs no escape");
        self.0.push((span.clone(), format!("\"{value}\"")));
    }

    /// Adds a line of the same table behind the one that `after` is a part of, its `=` below the
    /// other's.
    pub fn line_after(&mut self, text: &str, after: &Range<usize>, key: &str, value: &str) {
        let start = text[..after.start].rfind('\n').map_or(0, |at| at + 1);
        let end = text[after.end..].find('\n').map_or(text.len(), |at| after.end + at);
        let line = &text[start..end];
        let key_end = line.find('=').unwrap_or(0);
        let indent = &line[..line.len() - line.trim_start().len()];
        let width = key_end.saturating_sub(indent.len() + 1);
        let newline = if line.ends_with('\r') { "\r\n" } else { "\n" };
        let end = end - usize::from(line.ends_with('\r'));
        self.0.push((end..end, format!("{newline}{indent}{key:<width$} = \"{value}\"")));
    }

    /// Takes a key away with its value: the whole line, or all of it but a comment.
    pub fn remove_key(&mut self, text: &str, value: &Range<usize>) {
        let start = text[..value.start].rfind('\n').map_or(0, |at| at + 1);
        let end = text[value.end..].find('\n').map_or(text.len(), |at| value.end + at + 1);
        let comment = text[value.end..end].find('#').map(|at| value.end + at);
        self.0.push((start..comment.unwrap_or(end), String::new()));
    }

    /// The text with every edit in it, read again.
    ///
    /// # Errors
    /// The new text is not a manifest: its problems are told as those of the file it will be.
    pub fn apply(self, manifest: &Manifest, name: &Path) -> Result<Edited, Failure> {
        let old = &manifest.text.text;
        let mut edits = self.0;
        edits.sort_by_key(|(range, _)| (range.start, range.end));
        let mut new = String::with_capacity(old.len() + 64);
        let mut at = 0;
        for (range, piece) in &edits {
            new.push_str(&old[at..range.start]);
            new.push_str(piece);
            at = range.end;
        }
        new.push_str(&old[at..]);

        let changes = changes(old, &new);
        let text = SourceText { name: name.display().to_string(), text: new };
        let manifest = manifest::read(text, manifest.folder.clone()).map_err(|problems| {
            let problems = problems
                .into_iter()
                .map(|problem| {
                    problem.note("the edit would make the manifest say this; the file is as it was")
                })
                .collect();
            Failure::manifest(problems)
        })?;
        Ok(Edited { manifest, changes })
    }
}

impl Edited {
    /// Puts the new text in the manifest's place: written aside, synced and renamed, with the mode
    /// that the file had.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn replace(&self) -> Result<(), Failure> {
        let path = self.manifest.path();
        let fault = |error: std::io::Error| Failure::io("write the manifest", path, &error);
        let mode = std::fs::metadata(path).map_err(fault)?.permissions();
        let file = self.aside(mode)?;
        file.persist(path).map_err(|error| fault(error.error))?;
        Ok(())
    }

    /// Writes the text as a new file.
    ///
    /// # Errors
    /// There is such a file already, or the folder cannot be written.
    pub fn create(&self) -> Result<(), Failure> {
        let path = self.manifest.path();
        let file = self.aside(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
        file.persist_noclobber(path).map_err(|error| match error.error.kind() {
            std::io::ErrorKind::AlreadyExists => Failure::new(
                Class::Usage,
                Problem::new(format!("`{}` is there already", path.display()))
                    .help("give another file with `--out FILE`, or remove that one first"),
            ),
            _ => Failure::io("write the manifest", path, &error.error),
        })?;
        Ok(())
    }

    fn aside(&self, mode: std::fs::Permissions) -> Result<tempfile::NamedTempFile, Failure> {
        let path = self.manifest.path();
        let fault = |error: std::io::Error| Failure::io("write the manifest", path, &error);
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut file = tempfile::Builder::new()
            .prefix(".manifest-")
            .permissions(mode)
            .tempfile_in(folder)
            .map_err(fault)?;
        file.write_all(self.manifest.text.text.as_bytes()).map_err(fault)?;
        file.as_file().sync_all().map_err(fault)?;
        Ok(file)
    }
}

/// What differs between two texts that share most of their lines.
fn changes(old: &str, new: &str) -> Vec<Change> {
    use imara_diff::{Algorithm, Diff, InternedInput};
    let input = InternedInput::new(old, new);
    let diff = Diff::compute(Algorithm::Myers, &input);
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut changes = Vec::new();
    for hunk in diff.hunks() {
        let (before, after) = (hunk.before.len(), hunk.after.len());
        for nth in 0..before.max(after) {
            let line = hunk.before.start as usize + nth.min(before);
            changes.push(Change {
                line: line + 1,
                old: (nth < before).then(|| old[line].to_owned()),
                new: (nth < after).then(|| new[hunk.after.start as usize + nth].to_owned()),
            });
        }
    }
    changes
}
