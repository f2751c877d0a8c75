// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The templates of a family of packages: ours, and the user's in front of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use minijinja::{Environment, Error, ErrorKind};
use serde::Serialize;

use crate::model::{Class, Failure, Problem};
use crate::plan::{check_names, check_template, render_text};

/// The folders of the families, in a folder of the user's templates.
const FOLDERS: [&str; 3] = ["deb", "rpm", "dkms"];

/// The templates that we have for a family of packages.
#[derive(Debug)]
pub(super) struct Shipped {
    /// The family's word, which its folder is named by: one of [`FOLDERS`].
    pub(super) family: &'static str,
    /// Each by its path in that folder, with its text.
    pub(super) texts: &'static [(&'static str, &'static str)],
    /// What a template sees of a release that has everything that one can have: the fields of
    /// [`Values`](super::Values), and for most templates the family's own beside them.
    pub(super) sample: fn(template: &str) -> serde_json::Value,
}

impl Shipped {
    fn help(&self, template: &str) -> String {
        let sample = (self.sample)(template);
        let names: Vec<&str> =
            sample.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        format!("`{}/{template}` can name {}; see the README", self.family, names.join(", "))
    }
}

/// Reads the texts of [`Shipped`] when the program is built.
macro_rules! shipped {
    ($family:literal, $($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../../templates/", $family, "/", $name)))),+]
    };
}
pub(super) use shipped;

/// Every template of a family.
#[derive(Debug)]
pub struct Templates {
    shipped: &'static Shipped,
    /// By name: where the text comes from, for messages, and the text.
    texts: BTreeMap<String, (String, Vec<u8>)>,
    /// The names of those that are the user's.
    overridden: BTreeSet<String>,
    /// The user's files that go into the package as they are, by path in `files/`.
    files: BTreeMap<String, Vec<u8>>,
    /// The user's patches, by path in `patches/`.
    patches: BTreeMap<String, Vec<u8>>,
}

impl Templates {
    /// Those of a family: see [`Family::templates`](super::Family::templates).
    ///
    /// # Errors
    /// As there.
    pub(super) fn load(shipped: &'static Shipped, folder: Option<&Path>) -> Result<Self, Failure> {
        let texts = shipped.texts.iter().map(|(name, text)| {
            let source = format!("templates/{}/{name}", shipped.family);
            ((*name).to_owned(), (source, text.as_bytes().to_vec()))
        });
        let mut templates = Self {
            shipped,
            texts: texts.collect(),
            overridden: BTreeSet::new(),
            files: BTreeMap::new(),
            patches: BTreeMap::new(),
        };
        if let Some(folder) = folder {
            templates.overlay(&folder.join(shipped.family), folder)?;
        }
        Ok(templates)
    }

    fn overlay(&mut self, folder: &Path, given: &Path) -> Result<(), Failure> {
        let mut problems = Vec::new();
        if !given.is_dir() {
            let problem = Problem::new(format!("there is no folder `{}`", given.display()));
            return Err(Failure::new(Class::Usage, problem.help("name a folder with `--template-dir`")));
        }
        for entry in std::fs::read_dir(given).map_err(|error| Failure::io("read", given, &error))?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !FOLDERS.contains(&name.as_str()) {
                problems.push(unknown(&entry.path(), "deb/, rpm/ and dkms/"));
            }
        }
        let mut paths = Vec::new();
        list(folder, folder, &mut paths)?;
        paths.sort();
        let known: Vec<String> = self.texts.keys().cloned().collect();
        for path in paths {
            let from = folder.join(&path);
            let bytes = std::fs::read(&from).map_err(|error| Failure::io("read", &from, &error))?;
            let name = path.to_string_lossy().into_owned();
            if let Some(file) = name.strip_prefix("files/") {
                self.files.insert(file.to_owned(), bytes);
            } else if let Some(patch) = name.strip_prefix("patches/") {
                self.patches.insert(patch.to_owned(), bytes);
            } else if let Some(text) = self.texts.get_mut(&name) {
                *text = (from.display().to_string(), bytes);
                self.overridden.insert(name);
            } else {
                problems.push(unknown(&from, &format!("{}, patches/ and files/", known.join(", "))));
            }
        }
        if !self.patches.is_empty() && !self.patches.contains_key("series") {
            problems.push(
                Problem::new(format!("`{}` has no `series`", folder.join("patches").display()))
                    .help("name the patches in it in order, a line each, as quilt has it"),
            );
        }
        if problems.is_empty() { Ok(()) } else { Err(Failure { class: Class::Manifest, problems }) }
    }

    /// Whether there is a template of that name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.texts.contains_key(name)
    }

    /// Refuses the user's templates that are not among those that a package is made of, for what `why` says:
    /// they would be left out without a word.
    ///
    /// # Errors
    /// There is one.
    pub(super) fn only(&self, used: &[&str], why: &str, help: &str) -> Result<(), Failure> {
        let idle = self.overridden.iter().filter(|name| !used.contains(&name.as_str()));
        let problems: Vec<Problem> = idle
            .map(|name| Problem::new(format!("`{}` has no use here", self.origin(name))).note(why).help(help))
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(Failure { class: Class::Manifest, problems }) }
    }

    /// The same where the tree's own packaging is followed, which uses few of ours.
    ///
    /// # Errors
    /// There is one.
    pub(super) fn only_beside_a_trees_own(&self, used: &[&str]) -> Result<(), Failure> {
        let help = "use `files/` or `patches/`, or our packaging: `--packaging ours`";
        self.only(used, "the tree's own packaging is followed", help)
    }

    /// Where a template comes from, for messages.
    ///
    /// # Panics
    /// When the family has no such template.
    #[must_use]
    pub fn origin(&self, name: &str) -> String {
        self.texts[name].0.clone()
    }

    /// The user's files that are added as they are, by path.
    #[must_use]
    pub fn files(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.files
    }

    /// The user's patches and their `series`.
    #[must_use]
    pub fn patches(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.patches
    }

    /// Every template that is not well formed, or names what is never there: nothing of that needs a
    /// release.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (name, (source, bytes)) in &self.texts {
            if let Some(problem) = check_template(source, bytes) {
                problems.push(problem);
                continue;
            }
            let (sample, help) = ((self.shipped.sample)(name), self.shipped.help(name));
            let found = check_names(source, bytes, &sample, &help);
            // What a loop runs over is known when it runs.
            let rendered = if found.is_empty() { self.render(name, &sample).err() } else { None };
            problems.extend(found.into_iter().chain(rendered));
        }
        problems
    }

    /// Renders one template. The filter `fill(first, rest)` breaks a text into lines of at most 79
    /// characters, that begin with `first` and then with `rest`.
    ///
    /// # Errors
    /// It is not well formed, or names something that is not there.
    ///
    /// # Panics
    /// When the family has no such template.
    pub fn render(&self, name: &str, values: &impl Serialize) -> Result<String, Problem> {
        let (source, bytes) = &self.texts[name];
        render_text(source, bytes, values, &self.shipped.help(name), &|environment: &mut Environment<'_>| {
            environment.add_filter("fill", fill);
        })
    }
}

fn unknown(path: &Path, known: &str) -> Problem {
    Problem::new(format!("`{}` overrides no template", path.display()))
        .note(format!("there are {known}"))
        .help("name it as the template that it is to replace, or remove it")
}

/// Every file below a folder, as paths from `root`; nothing where there is no folder.
fn list(folder: &Path, root: &Path, paths: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if !folder.exists() {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder).map_err(|error| Failure::io("read", folder, &error))? {
        let path = entry.map_err(|error| Failure::io("read", folder, &error))?.path();
        if path.is_dir() {
            list(&path, root, paths)?;
        } else {
            paths.push(path.strip_prefix(root).expect("below the root").to_owned());
        }
    }
    Ok(())
}

/// Breaks a text into lines at its blanks.
fn fill(text: &str, first: &str, rest: &str) -> Result<String, Error> {
    const WIDTH: usize = 79;
    if text.chars().any(|c| c.is_control() && !c.is_whitespace()) {
        return Err(Error::new(ErrorKind::InvalidOperation, "the text has control characters"));
    }
    let mut out = first.to_owned();
    let mut length = first.chars().count();
    let mut fresh = true;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if !fresh && length + 1 + width > WIDTH {
            out.push('\n');
            out.push_str(rest);
            length = rest.chars().count();
            fresh = true;
        }
        if !fresh {
            out.push(' ');
            length += 1;
        }
        out.push_str(word);
        length += width;
        fresh = false;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_filled() {
        let text = "word ".repeat(20);
        let filled = fill(&text, "  * ", "    ").unwrap();
        assert_eq!(filled.lines().count(), 2);
        assert!(filled.starts_with("  * word word") && filled.contains("\n    word"));
        assert!(filled.lines().all(|line| line.len() <= 79));
    }
}
