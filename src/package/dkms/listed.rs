// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The modules that a `dkms.conf` lists, held against those that the tree's Kbuild files declare.
//!
//! dkms fails on a module that is listed and not built, and installs none that is built and not listed.

use std::collections::BTreeSet;

use crate::model::Problem;
use crate::package::modules::mentioned;
use crate::package::{Input, Module};

/// What a `dkms.conf` lists.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listed {
    /// Those that are always built.
    pub(super) always: BTreeSet<Module>,
    /// Those that stand under a condition.
    pub(super) sometimes: BTreeSet<Module>,
}

/// Reads a list in either of the forms that Lustre has had: the arrays of dkms(8), or calls of a function
/// `module NAME FOLDER` that fills them.
pub(super) fn read(conf: &str) -> Listed {
    let mut names = Vec::new();
    let mut folders = Vec::new();
    let mut depth = 0_usize;
    for line in conf.lines().map(code) {
        let word = line.split_whitespace().next().unwrap_or_default();
        match word {
            "if" => depth += 1,
            "fi" => depth = depth.saturating_sub(1),
            "module" => {
                let mut words = line.split_whitespace().skip(1);
                names.extend(words.next().map(|name| (name.to_owned(), depth > 0)));
                folders.extend(words.next().map(str::to_owned));
            }
            _ => {
                let Some((array, value)) = line.split_once('=') else { continue };
                let value = value.trim_matches(['"', '\'']).to_owned();
                // The function's own body.
                if value.contains('$') {
                } else if array.starts_with("BUILT_MODULE_NAME[") {
                    names.push((value, depth > 0));
                } else if array.starts_with("BUILT_MODULE_LOCATION[") {
                    folders.push(value);
                }
            }
        }
    }
    let mut listed = Listed::default();
    for ((name, conditional), folder) in names.into_iter().zip(folders) {
        let module = Module { name, folder: folder.trim_end_matches('/').to_owned() };
        if conditional {
            listed.sometimes.insert(module)
        } else {
            listed.always.insert(module)
        };
    }
    listed
}

/// A line of a shell script without its comment: `${#LIST[@]}` holds none.
fn code(line: &str) -> &str {
    let start = line
        .match_indices('#')
        .find(|(at, _)| line[..*at].chars().next_back().is_none_or(char::is_whitespace));
    line[..start.map_or(line.len(), |(at, _)| at)].trim()
}

/// Every module that some Kbuild file of the release mentions, whether or not it is ever built.
pub(super) fn declared(input: &Input) -> BTreeSet<Module> {
    let mut modules = BTreeSet::new();
    for (path, bytes) in input.contents() {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        // Until Lustre 2.16 configure made the Kbuild files of `Makefile.in`. In `config/` it has its own trials.
        if folder != "config" && matches!(name, "Kbuild" | "Makefile" | "Makefile.in") {
            let names = mentioned(&String::from_utf8_lossy(bytes));
            modules.extend(names.iter().map(|name| Module::of(folder, name)));
        }
    }
    modules
}

/// Every module that is always listed and that nothing builds; and a list without any.
pub(super) fn check(path: &str, listed: &Listed, declared: &BTreeSet<Module>) -> Vec<Problem> {
    if listed.always.is_empty() {
        let problem = Problem::new("the package would have no kernel module")
            .note(format!("`{path}` lists none"))
            .help("package a release that has modules");
        return vec![problem];
    }
    let missing = listed.always.difference(declared);
    missing
        .map(|module| {
            Problem::new(format!("`{path}` lists the module `{}`, which nothing builds", module.name))
                .note(format!("no Kbuild file in `{}/` declares `{}.o`", module.folder, module.name))
                .note("dkms fails on a module that is listed and not built")
                .help("take that folder into the release, or mend the list with a patch in the manifest")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modules(list: &[(&str, &str)]) -> BTreeSet<Module> {
        list.iter().map(|(name, folder)| Module { name: (*name).into(), folder: (*folder).into() }).collect()
    }

    #[test]
    fn both_forms_are_read() {
        let calls = read(
            "module() {\n  BUILT_MODULE_NAME[${#BUILT_MODULE_NAME[@]}]=\"${built_name}\"\n\
             \tBUILT_MODULE_LOCATION[${#BUILT_MODULE_LOCATION[@]}]=${built_loc}/\n}\n\
             module lnet  lnet/lnet  lnet\nif [ x ] ; then\n  module kfi lnet/kfi lnet\nelse\n\
             module gni lnet/gni lnet\nfi\nmodule fid lustre/fid x # one\n",
        );
        assert_eq!(calls.always, modules(&[("lnet", "lnet/lnet"), ("fid", "lustre/fid")]));
        assert_eq!(calls.sometimes, modules(&[("kfi", "lnet/kfi"), ("gni", "lnet/gni")]));
        let arrays = read(
            "BUILT_MODULE_NAME[${#BUILT_MODULE_NAME[@]}]=\"fid\"\nBUILT_MODULE_NAME[1]=\"top\"\n\
             BUILT_MODULE_LOCATION[0]=\"lustre/fid/\"\nBUILT_MODULE_LOCATION[1]=\"\"\n",
        );
        assert_eq!(arrays.always, modules(&[("fid", "lustre/fid"), ("top", "")]));
    }
}
