// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The spec file of our own templates: the userspace programs, and the modules for DKMS.

use serde::Serialize;

use super::extras::{Extras, Patch, address, plain};
use super::{File, Spec};
use crate::model::{Class, Failure, Problem};
use crate::package::deb::ours::{Shown, lacks};
use crate::package::{Input, Templates, Values, declared_modules, kernel_expression};

/// Everything that our templates can name.
#[derive(Serialize)]
struct Context<'a> {
    #[serde(flatten)]
    values: &'a Values,
    modules: Shown<'a>,
    /// What dkms searches in a kernel's release, where the range of kernels has an end.
    kernel_expression: Option<String>,
    /// The packager's number, what the distribution adds, and the vendor behind it: in front of it, a
    /// vendor's package would be older than the one without a vendor.
    rpm_release: String,
    homepage: Option<String>,
    rpm_sources: Vec<Source>,
    rpm_patches: &'a [Patch],
    /// The numbers of sources.
    signature: Option<usize>,
    keyring: Option<usize>,
    dkms_conf: usize,
    license_files: Vec<&'a str>,
    docs: Vec<&'a str>,
    /// What stands below `%changelog`.
    changelog: String,
}

/// One `Source` of a spec file.
#[derive(Serialize)]
struct Source {
    number: usize,
    /// The file's name or address.
    name: String,
}

/// What of a tree's top is documentation, and what are its licences.
const DOCS: [&str; 3] = ["README", "README.md", "ChangeLog"];
const LICENSES: [&str; 3] = ["COPYING", "LICENSE", "LICENSES"];

/// What templates see of a release that has everything that one can have.
pub(in crate::package) fn sample() -> serde_json::Value {
    let values = Values::sample();
    let context = Context {
        modules: Shown::sample(),
        kernel_expression: Some(r"^(6\.12)([^0-9]|$)".to_owned()),
        rpm_release: format!("{}%{{?dist}}", values.revision),
        homepage: values.url.clone(),
        rpm_sources: vec![Source { number: 0, name: address(&values) }],
        rpm_patches: &[Patch { number: 1, file: "fix.patch".to_owned(), strip: 1 }],
        signature: Some(1),
        keyring: Some(2),
        dkms_conf: 3,
        license_files: vec!["COPYING"],
        docs: vec!["README"],
        changelog: "* Fri Jan 02 2026 A. Packager <packager@example.org> - 1".to_owned(),
        values: &values,
    };
    serde_json::to_value(context).expect("texts and numbers")
}

pub(super) fn spec(
    input: &Input,
    values: &Values,
    templates: &Templates,
    extras: &Extras,
    rpm_release: String,
) -> Result<Spec, Failure> {
    let modules = declared_modules(input)?;
    lacks(input, &modules)?;
    let manifest = |problem| Failure::new(Class::Manifest, problem);
    let dkms_conf = format!("{}-dkms.conf", input.name());
    let rpmlintrc = format!("{}-rpmlintrc", input.name());
    let mut rpm_sources = vec![Source { number: 0, name: address(values) }];
    let mut list = |name: &str| {
        let number = rpm_sources.len();
        rpm_sources.push(Source { number, name: name.to_owned() });
        number
    };
    let signature = extras.signature.as_ref();
    let signature = signature.map(|_| list(&format!("{}.asc", address(values))));
    let keyring = extras.keyring.as_deref().map(&mut list);
    let dkms_number = list(&dkms_conf);
    list(&rpmlintrc);
    for name in &extras.users {
        list(name);
    }
    let there = |names: [&'static str; 3]| -> Vec<&str> {
        names.into_iter().filter(|name| input.members.contains_key(*name)).collect()
    };
    let context = Context {
        values,
        modules: Shown::new(&modules),
        kernel_expression: input.supports().as_ref().and_then(kernel_expression),
        rpm_release,
        homepage: values.url.as_deref().map(|url| format!("{}/", plain(url))),
        rpm_sources,
        rpm_patches: &extras.patches,
        signature,
        keyring,
        dkms_conf: dkms_number,
        license_files: there(LICENSES),
        docs: there(DOCS),
        changelog: templates.render("changelog.j2", values).map_err(manifest)?,
    };
    let mut problems = Vec::new();
    let mut render = |name: &str| {
        templates.render(name, &context).unwrap_or_else(|problem| {
            problems.push(problem);
            String::new()
        })
    };
    let text = render("spec.j2");
    let rendered = [(dkms_conf, render("dkms.conf.j2")), (rpmlintrc, render("rpmlintrc.j2"))];
    let mut sources = extras.files.clone();
    for (name, text) in rendered {
        let file = File { bytes: text.into_bytes(), executable: false };
        if sources.insert(name.clone(), file).is_some() {
            problems.push(
                Problem::new(format!("the source RPM would hold two files `{name}`"))
                    .help("override its template instead"),
            );
        }
    }
    if !problems.is_empty() {
        return Err(Failure { class: Class::Manifest, problems });
    }
    Ok(Spec { name: format!("{}.spec", input.name()), text, origin: templates.origin("spec.j2"), sources })
}
