// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The modules that a tree's Kbuild files declare, and what their build reads.
//!
//! Read as Documentation/kbuild/modules.rst and makefiles.rst of the kernel have it, for the forms that
//! need no configure: `obj-m`, `obj-y += folder/`, and `obj-$(CONFIG_X)` where a Kbuild above sets the
//! symbol.

use std::collections::{BTreeMap, BTreeSet};

use super::input::Input;
use crate::model::{Class, Failure, Problem};

/// One module.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Module {
    /// Its name: `lnet`.
    pub name: String,
    /// The folder that it is built in, without a slash at its end: `net/lnet`; empty at the top.
    pub folder: String,
}

impl Module {
    /// The module of an object that a Kbuild file in `folder` names: `lnet`, or `lnet/lnet` below it.
    pub(super) fn of(folder: &str, object: &str) -> Self {
        let (inner, name) = object.rsplit_once('/').unwrap_or(("", object));
        Self { name: name.to_owned(), folder: below(folder, inner) }
    }

    /// One as templates see it.
    pub(super) fn sample() -> Self {
        Self { name: "lnet".to_owned(), folder: "net/lnet".to_owned() }
    }
}

/// What a tree's own Kbuild builds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Modules {
    /// The modules, in the order of their names.
    pub modules: Vec<Module>,
    /// The top-level files and folders that the build reads, sorted.
    pub sources: Vec<String>,
}

/// What the Kbuild at the top of a release declares; nothing where there is none.
///
/// # Errors
/// A file names something that only make could tell. What is found goes into scripts that dkms and rpm run,
/// so that nothing but plain names may pass.
pub fn declared(input: &Input) -> Result<Modules, Failure> {
    let (modules, problems) = read(&|path| input.text(path).map(str::to_owned));
    if problems.is_empty() { Ok(modules) } else { Err(Failure { class: Class::Manifest, problems }) }
}

fn read(text: &dyn Fn(&str) -> Option<String>) -> (Modules, Vec<Problem>) {
    let mut walk = Walk {
        text,
        symbols: BTreeMap::new(),
        modules: BTreeSet::new(),
        sources: BTreeSet::new(),
        seen: BTreeSet::new(),
        problems: Vec::new(),
    };
    walk.folder("");
    let (modules, sources) = (walk.modules.into_iter().collect(), walk.sources.into_iter().collect());
    (Modules { modules, sources }, walk.problems)
}

struct Walk<'t> {
    text: &'t dyn Fn(&str) -> Option<String>,
    symbols: BTreeMap<String, String>,
    modules: BTreeSet<Module>,
    sources: BTreeSet<String>,
    /// The folders that were read: one may name itself, or another twice.
    seen: BTreeSet<String>,
    problems: Vec<Problem>,
}

/// One conditional that is open.
struct Conditional {
    /// Whether the lines around it count.
    around: bool,
    /// Whether the branch that is open now holds.
    holds: bool,
    /// Whether one of its branches held, so that no other one does.
    taken: bool,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &str) {
        if !self.seen.insert(folder.to_owned()) {
            return;
        }
        // Kbuild goes first where both are there; the top Makefile of a tree is for people.
        let names: &[&str] = if folder.is_empty() { &["Kbuild"] } else { &["Kbuild", "Makefile"] };
        let found = names.iter().map(|name| below(folder, name));
        let Some((path, text)) = found.into_iter().find_map(|path| Some((path.clone(), (self.text)(&path)?)))
        else {
            return;
        };
        self.source(&path);
        let mut open: Vec<Conditional> = Vec::new();
        for line in joined(&text) {
            let counts = open.last().is_none_or(|one| one.around && one.holds);
            let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((&line, ""));
            match word {
                "ifdef" | "ifndef" | "ifeq" | "ifneq" => {
                    let holds = self.holds(word, rest.trim());
                    open.push(Conditional { around: counts, holds, taken: holds });
                }
                "else" => {
                    let (word, rest) =
                        rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
                    let holds = word.is_empty() || self.holds(word, rest.trim());
                    if let Some(one) = open.last_mut() {
                        one.holds = holds && !one.taken;
                        one.taken |= one.holds;
                    }
                }
                "endif" => drop(open.pop()),
                _ if counts => self.line(folder, &path, &line),
                _ => {}
            }
        }
    }

    /// Whether a conditional holds: `ifdef NAME`, `ifeq ($(NAME),m)`. A symbol that nobody sets is
    /// not there, as in a build without configure.
    fn holds(&self, word: &str, rest: &str) -> bool {
        if matches!(word, "ifdef" | "ifndef") {
            return self.symbols.get(rest).is_some_and(|value| !value.is_empty()) == (word == "ifdef");
        }
        let inner = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(rest);
        let value = |text: &str| match text.trim().strip_prefix("$(").and_then(|rest| rest.strip_suffix(')'))
        {
            Some(symbol) => self.symbols.get(symbol).cloned().unwrap_or_default(),
            None => text.trim().to_owned(),
        };
        let (left, right) = inner.split_once(',').unwrap_or((inner, ""));
        (value(left) == value(right)) == (word == "ifeq")
    }

    fn line(&mut self, folder: &str, path: &str, line: &str) {
        if folder.is_empty() {
            // What is named from `$(src)` is read from there: headers, and files that are included.
            for (at, _) in line.match_indices("$(src)/") {
                let rest = &line[at + "$(src)/".len()..];
                let end = rest.find(|c: char| c.is_whitespace() || matches!(c, ')' | ':'));
                let rest = &rest[..end.unwrap_or(rest.len())];
                if let Some(named) = self.plain(path, rest) {
                    self.source(&named);
                }
            }
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = line.split_once('=') else { return };
        let (is_default, value) = (name.ends_with('?'), value.trim());
        let name = name.trim_end_matches([':', '+', '?', ' ', '\t']).trim();
        let Some(how) = name.strip_prefix("obj-") else {
            if !(is_default && self.symbols.contains_key(name)) {
                self.symbols.insert(name.to_owned(), value.to_owned());
            }
            return;
        };
        let how = match how.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')')) {
            Some(symbol) => self.symbols.get(symbol).cloned().unwrap_or_default(),
            None => how.to_owned(),
        };
        if how != "m" && how != "y" {
            return;
        }
        for word in value.split_whitespace() {
            let Some(named) = self.plain(path, word) else { continue };
            if word.ends_with('/') {
                self.folder(&below(folder, &named));
            } else if let (Some(object), "m") = (named.strip_suffix(".o"), how.as_str()) {
                self.modules.insert(Module::of(folder, object));
            }
        }
    }

    /// A path of plain names, without empty ones and `.`; a problem where it has others.
    fn plain(&mut self, file: &str, path: &str) -> Option<String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '.' | '/' | '-');
        let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        // A name that begins with `-` would be an option of the program that it is given to.
        if path.chars().all(is_plain) && !parts.iter().any(|part| *part == ".." || part.starts_with('-')) {
            return Some(parts.join("/"));
        }
        self.problems.push(
            Problem::new(format!("`{file}` cannot be followed"))
                .note(format!("it names `{path}`, which is no plain path inside of the release"))
                .help(
                    "write out the names with a patch in the manifest; where the tree has packaging of its \
                     own, use it: `--packaging tree`",
                ),
        );
        None
    }

    fn source(&mut self, path: &str) {
        self.sources.extend(path.split('/').next().filter(|top| !top.is_empty()).map(str::to_owned));
    }
}

fn below(folder: &str, name: &str) -> String {
    let parts = [folder, name].into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("/")
}

/// The modules that one Kbuild file names, whatever their conditions: `obj-m += lnet.o`,
/// `obj-$(CONFIG_X) += x.o`, and `MODULES := lnet`, from which Lustre's configure made the first form until
/// 2.16.
pub(super) fn mentioned(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for line in joined(text) {
        let Some((name, value)) = line.split_once('=') else { continue };
        let name = name.trim_end_matches([':', '+', '?', ' ', '\t']).trim();
        if name == "obj-m" || name.starts_with("obj-$(") {
            names.extend(
                value.split_whitespace().filter_map(|word| word.strip_suffix(".o")).map(str::to_owned),
            );
        } else if name == "MODULES" {
            names.extend(value.split_whitespace().filter(|word| !word.contains('$')).map(str::to_owned));
        }
    }
    names
}

/// Lines without comments, those that end in a backslash joined with the next.
fn joined(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut open = String::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        match line.strip_suffix('\\') {
            Some(start) => {
                open.push_str(start);
                open.push(' ');
            }
            None => {
                open.push_str(line);
                lines.push(std::mem::take(&mut open));
            }
        }
    }
    lines.push(open);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_names_modules() {
        let text = "obj-m += lnet.o sub/ # no.o\nobj-$(CONFIG_X) += x.o \\\n y.o\nMODULES := old older\nobj-y += z.o\n";
        assert_eq!(mentioned(text).into_iter().collect::<Vec<_>>(), ["lnet", "old", "older", "x", "y"]);
    }

    #[test]
    fn modules_are_found_where_kbuild_builds_them() {
        let files = BTreeMap::from([
            (
                "Kbuild",
                "include $(src)/VERSION\nexport CONFIG_A := m\nccflags-y := -I$(src)/include/uapi\nobj-y += net/a/ \\\n fs/b/\nobj-m += top.o # obj-m += no.o\n",
            ),
            ("net/a/Makefile", "obj-$(CONFIG_A) += a.o\nobj-$(CONFIG_OFF) += off.o\na-y := x.o y.o\n"),
            (
                "fs/b/Kbuild",
                "ifdef CONFIG_OFF\nobj-m += off1.o\nifndef CONFIG_OFF\nobj-m += off2.o\nendif\nelse\n\
                 obj-m := b.o\nendif\nifeq ($(CONFIG_A),m)\nobj-m += c.o\nelse\nobj-m += off3.o\nendif\n",
            ),
            ("fs/b/Makefile", "obj-m := never.o\n"),
            ("Makefile", "obj-m := never.o\n"),
        ]);
        let (found, problems) = read(&|path| files.get(path).map(|text| (*text).to_owned()));
        assert_eq!(problems, []);
        let names: Vec<_> = found.modules.iter().map(|m| format!("{}/{}", m.folder, m.name)).collect();
        assert_eq!(names, ["net/a/a", "fs/b/b", "fs/b/c", "/top"]);
        assert_eq!(found.sources, ["Kbuild", "VERSION", "fs", "include", "net"]);
    }

    /// What one Kbuild file at the top declares: the modules, and what the problems are about.
    fn one(kbuild: &str) -> (String, Vec<String>) {
        let (found, problems) = read(&|path| (path == "Kbuild").then(|| kbuild.to_owned()));
        let names: Vec<String> = found.modules.iter().map(|m| below(&m.folder, &m.name)).collect();
        (names.join(" "), problems.into_iter().flat_map(|problem| problem.notes).collect())
    }

    #[test]
    fn one_branch_of_a_conditional_holds() {
        let branches = "ifeq ($(A),1)\nobj-m += a.o\nelse ifeq ($(A),2)\nobj-m += b.o\n\
            else ifdef A\nobj-m += c.o\nelse\nobj-m += d.o\nendif\n";
        for (setting, module) in [("A := 1", "a"), ("A := 2", "b"), ("A := 3", "c"), ("B := 1", "d")] {
            assert_eq!(one(&format!("{setting}\n{branches}")).0, module, "{setting}");
        }
        // A branch inside of one that does not hold.
        let inner = "ifdef A\nifdef A\nelse\nobj-m += a.o\nendif\nobj-m += b.o\nelse\nobj-m += c.o\nendif\n";
        assert_eq!(one(inner).0, "c");
    }

    #[test]
    fn a_default_does_not_set_again() {
        let text =
            "CONFIG_A = n\nCONFIG_A ?= m\nCONFIG_B ?= m\nobj-$(CONFIG_A) += a.o\nobj-$(CONFIG_B) += b.o\n";
        assert_eq!(one(text).0, "b");
    }

    #[test]
    fn a_folder_is_read_once() {
        assert_eq!(one("obj-y += / ./ .//\nobj-m += a.o ./sub//b.o\n"), ("a sub/b".to_owned(), Vec::new()));
    }

    #[test]
    fn only_plain_names_pass() {
        for bad in [
            "obj-m += $(TARGET).o",
            "obj-m += %(id>/tmp/x).o",
            "obj-m += a\"b.o",
            "obj-m += -rf.o",
            "obj-m += $(addsuffix .o,a)",
            "obj-y += ../up/",
            "obj-y += `id`/",
            "ccflags-y += -I$(src)/../include",
            "ccflags-y += -I$(src)/$(WHERE)/include",
        ] {
            let (modules, problems) = one(&format!("{bad}\nobj-m += good.o\n"));
            assert_eq!(modules, "good", "{bad}");
            assert!(!problems.is_empty(), "{bad}");
        }
        // What is not built names nothing.
        assert_eq!(one("obj-$(CONFIG_OFF) += $(TARGET).o\nobj-y += core.o\n"), (String::new(), Vec::new()));
    }
}
