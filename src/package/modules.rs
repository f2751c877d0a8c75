// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The modules that a tree's Kbuild files declare, and what their build reads.
//!
//! Read as Documentation/kbuild/modules.rst and makefiles.rst of the kernel have it, for the forms that
//! need no configure: `obj-m`, `obj-y += folder/`, and `obj-$(CONFIG_X)` where a Kbuild above sets the
//! symbol.

use std::collections::{BTreeMap, BTreeSet};

use super::input::Input;

/// One module.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Module {
    /// Its name: `lnet`.
    pub name: String,
    /// The folder that it is built in, without a slash at its end: `net/lnet`; empty at the top.
    pub folder: String,
}

impl Module {
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
#[must_use]
pub fn declared(input: &Input) -> Modules {
    read(&|path| input.text(path).map(str::to_owned))
}

fn read(text: &dyn Fn(&str) -> Option<String>) -> Modules {
    let mut walk =
        Walk { text, symbols: BTreeMap::new(), modules: BTreeSet::new(), sources: BTreeSet::new() };
    walk.folder("");
    Modules { modules: walk.modules.into_iter().collect(), sources: walk.sources.into_iter().collect() }
}

struct Walk<'t> {
    text: &'t dyn Fn(&str) -> Option<String>,
    symbols: BTreeMap<String, String>,
    modules: BTreeSet<Module>,
    sources: BTreeSet<String>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &str) {
        let at = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        // Kbuild goes first where both are there; the top Makefile of a tree is for people.
        let names: &[&str] = if folder.is_empty() { &["Kbuild"] } else { &["Kbuild", "Makefile"] };
        let Some((path, text)) = names.iter().find_map(|name| Some((at(name), (self.text)(&at(name))?)))
        else {
            return;
        };
        self.source(&path);
        // For each conditional that is open: whether its lines count, and those around it.
        let mut open: Vec<(bool, bool)> = Vec::new();
        for line in joined(&text) {
            let around = open.last().is_none_or(|(holds, around)| *holds && *around);
            let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((&line, ""));
            match word {
                "ifdef" | "ifndef" | "ifeq" | "ifneq" => open.push((self.holds(word, rest.trim()), around)),
                "else" => {
                    if let Some((holds, _)) = open.last_mut() {
                        *holds = !*holds;
                    }
                }
                "endif" => drop(open.pop()),
                _ if around => self.line(folder, &line),
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

    fn line(&mut self, folder: &str, line: &str) {
        if folder.is_empty() {
            // What is named from `$(src)` is read from there: headers, and files that are included.
            for (at, _) in line.match_indices("$(src)/") {
                let rest = &line[at + "$(src)/".len()..];
                let end = rest.find(|c: char| c.is_whitespace() || matches!(c, ')' | ':'));
                self.source(&rest[..end.unwrap_or(rest.len())]);
            }
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = line.split_once('=') else { return };
        let name = name.trim_end_matches([':', '+', '?', ' ', '\t']).trim();
        let Some(how) = name.strip_prefix("obj-") else {
            self.symbols.insert(name.to_owned(), value.trim().to_owned());
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
            let below = |name: &str| {
                if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
            };
            if let Some(inner) = word.strip_suffix('/') {
                self.folder(&below(inner));
            } else if let (Some(object), "m") = (word.strip_suffix(".o"), how.as_str()) {
                self.modules.insert(Module { name: object.to_owned(), folder: folder.to_owned() });
            }
        }
    }

    fn source(&mut self, path: &str) {
        self.sources.insert(path.split('/').next().unwrap_or(path).to_owned());
    }
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
        let found = read(&|path| files.get(path).map(|text| (*text).to_owned()));
        let names: Vec<_> = found.modules.iter().map(|m| format!("{}/{}", m.folder, m.name)).collect();
        assert_eq!(names, ["net/a/a", "fs/b/b", "fs/b/c", "/top"]);
        assert_eq!(found.sources, ["Kbuild", "VERSION", "fs", "include", "net"]);
    }
}
