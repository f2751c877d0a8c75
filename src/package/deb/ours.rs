// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The `debian` folder of our own templates: the userspace programs, and the modules for DKMS.

use std::borrow::Cow;

use serde::Serialize;

use super::copyright::{self, Copyright};
use super::tarball::{File, Folder};
use super::watch::Watch;
use crate::model::{Class, Failure, Problem};
use crate::package::{Input, Module, Modules, Templates, Values, declared_modules, kernel_expression};

/// Everything that our templates can name.
#[derive(Serialize)]
struct Context<'a> {
    #[serde(flatten)]
    values: &'a Values,
    /// The names of the binary packages.
    utils: String,
    dkms: String,
    modules: Shown<'a>,
    /// What dkms searches in a kernel's release, where the range of kernels has an end.
    kernel_expression: Option<String>,
    copyright: Copyright,
    #[serde(flatten)]
    watch: &'a Watch,
}

/// [`Modules`], as templates see them.
#[derive(Serialize)]
pub(in crate::package) struct Shown<'a> {
    modules: Cow<'a, [Module]>,
    sources: Cow<'a, [String]>,
}

impl<'a> Shown<'a> {
    pub(in crate::package) fn new(modules: &'a Modules) -> Self {
        Self { modules: (&modules.modules).into(), sources: (&modules.sources).into() }
    }

    /// One with an entry of everything.
    pub(in crate::package) fn sample() -> Self {
        Self { modules: vec![Module::sample()].into(), sources: vec!["net".to_owned()].into() }
    }
}

/// The template of every file, `{utils}` and `{dkms}` standing for the names of the packages; and
/// whether it is a program.
const FILES: [(&str, &str, bool); 13] = [
    ("changelog.j2", "changelog", false),
    ("control.j2", "control", false),
    ("copyright.j2", "copyright", false),
    ("gbp.conf.j2", "gbp.conf", false),
    ("rules.j2", "rules", true),
    ("source/format.j2", "source/format", false),
    ("source/lintian-overrides.j2", "source/lintian-overrides", false),
    ("utils.install.j2", "{utils}.install", false),
    ("utils.lintian-overrides.j2", "{utils}.lintian-overrides", false),
    ("dkms.lintian-overrides.j2", "{dkms}.lintian-overrides", false),
    ("dkms.install.j2", "{dkms}.install", false),
    ("dkms.dkms.j2", "{dkms}.dkms", false),
    ("watch.j2", "watch", false),
];

/// Renders the folder. A template that renders to nothing but blanks makes no file.
pub(super) fn folder(
    input: &Input,
    values: &Values,
    templates: &Templates,
    has_key: bool,
) -> Result<Folder, Failure> {
    let modules = declared_modules(input)?;
    lacks(input, &modules)?;
    let watch = Watch::new(input, has_key);
    let context = Context {
        values,
        utils: format!("{}-utils", input.name()),
        dkms: format!("{}-dkms", input.name()),
        modules: Shown::new(&modules),
        kernel_expression: input.supports().as_ref().and_then(kernel_expression),
        copyright: copyright::of(input)?,
        watch: &watch,
    };

    let mut folder = Folder::new();
    let mut problems = Vec::new();
    for (template, path, executable) in FILES {
        let rendered = match template {
            // These are used with a tree's own packaging, too, and name the same things there.
            "changelog.j2" | "gbp.conf.j2" => templates.render(template, values),
            "watch.j2" => templates.render(template, &watch.with(values)),
            _ => templates.render(template, &context),
        };
        match rendered {
            Ok(text) if text.trim().is_empty() => {}
            Ok(text) => {
                let path = path.replace("{utils}", &context.utils).replace("{dkms}", &context.dkms);
                folder.insert(path, File { bytes: text.into_bytes(), executable });
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(folder) } else { Err(Failure { class: Class::Manifest, problems }) }
}

/// What templates see of a release that has everything that one can have.
pub(in crate::package) fn sample() -> serde_json::Value {
    let values = Values::sample();
    let context = Context {
        values: &values,
        utils: "lustre-utils".to_owned(),
        dkms: "lustre-dkms".to_owned(),
        modules: Shown::sample(),
        kernel_expression: Some(r"^(6\.12)([^0-9]|$)".to_owned()),
        copyright: Copyright::sample(),
        watch: &Watch::sample(),
    };
    serde_json::to_value(context).expect("texts and numbers")
}

/// What our templates need of a tree.
pub(in crate::package) fn lacks(input: &Input, modules: &Modules) -> Result<(), Failure> {
    let mut problems = Vec::new();
    let title = input.title();
    if modules.modules.is_empty() {
        problems.push(
            Problem::new(format!("{title} declares no kernel module"))
                .note("looked from `Kbuild` at its top on, for `obj-m`, and `obj-y` with a folder")
                .help("where the tree has packaging of its own, use it: `--packaging tree`"),
        );
    }
    if input.content("Makefile").is_none() {
        problems.push(
            Problem::new(format!("{title} has no `Makefile` at its top"))
                .note("our templates build the programs with its goals `utils`, `check` and `install`")
                .help("where the tree has packaging of its own, use it: `--packaging tree`"),
        );
    }
    if input.content("configure.ac").is_some() {
        problems.push(
            Problem::new(format!(
                "{title} is built after its configure has run, which our templates do not do"
            ))
            .note("it has a `configure.ac`, and what its modules are depends on what that finds")
            .help("use the tree's own packaging: `--packaging tree`"),
        );
    }
    if problems.is_empty() { Ok(()) } else { Err(Failure { class: Class::Usage, problems }) }
}
