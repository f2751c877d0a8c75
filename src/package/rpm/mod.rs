// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Source RPMs, written by rpmbuild.
//!
//! The spec file is made and judged here; rpm parses it before anything is built from it. What the
//! machine's own settings of rpm say has no part in the package: see [`program`].

mod dates;
mod dist;
mod extras;
mod mend;
mod ours;
mod program;
mod reach;
mod tree;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use super::own_patches::of_users_patches;
use super::templates::{Shipped, shipped};
use super::{Content, Input, Package, Packaging, Request, Templates, Values};
use crate::manifest::Format;
use crate::model::{Class, Failure, Problem};
use crate::release::Aside;
use dist::Dist;
use extras::Extras;
use program::{Asked, Rpm};

/// The tarballs that `%setup` unpacks on every distribution that is still supported, the best
/// compressed first.
pub const FORMATS: [Format; 2] = [Format::Xz, Format::Gzip];

/// Our templates for source RPMs.
pub(super) const SHIPPED: Shipped = Shipped {
    family: "rpm",
    texts: shipped!("rpm", "changelog.j2", "dkms.conf.j2", "rpmlintrc.j2", "spec.j2"),
    sample: |template| match template {
        "changelog.j2" => Values::sample_alone(),
        _ => ours::sample(),
    },
};

/// A source RPM that rpmbuild wrote, ready to be put in its place.
#[derive(Debug)]
#[must_use]
pub struct Made {
    /// The one file of the package.
    pub package: Package,
    /// Where that file is, as long as this lives.
    _aside: Aside,
}

/// A spec file, and the sources that it lists beside the tarball.
struct Spec {
    /// The file's name: `lustre.spec`.
    name: String,
    text: String,
    /// What it was made from, for messages.
    origin: String,
    sources: BTreeMap<String, File>,
}

/// One source.
#[derive(Debug, Clone, PartialEq, Eq)]
struct File {
    bytes: Vec<u8>,
    executable: bool,
}

/// Makes the source RPM of a release, in a folder aside below `out`. `path` is where programs are
/// looked for.
///
/// # Errors
/// A template is at fault, rpm cannot parse the spec file or is not there, or the release cannot be
/// packaged as asked. Nothing is left behind.
pub fn make(
    input: &Input,
    previous: &[Input],
    request: &Request,
    templates: &Templates,
    (out, path): (&Path, &OsStr),
) -> Result<Made, Failure> {
    let dist = Dist::new(request.dist.as_deref())?;
    let values = Values::new(input, previous, request, of_users_patches(templates)?)?;
    let own = reach::own(input)?;
    let packaging = packaging(input, request, own)?;
    reach::only_one(input, packaging, own)?;
    let extras = Extras::gather(input, templates, request.signing_key.as_ref())?;
    let vendor = request.revision.vendor.as_ref();
    let vendor = vendor.map(|vendor| format!("+{}~{}", vendor.name(), vendor.number())).unwrap_or_default();
    let number = request.revision.number;
    let spec = match (packaging, own) {
        (Packaging::Tree, Some(own)) => {
            tree::spec(input, &values, templates, &extras, own, &number.to_string(), &vendor)?
        }
        _ => ours::spec(input, &values, templates, &extras, format!("{number}%{{?dist}}{vendor}"))?,
    };
    let rpm = Rpm::find(path)?;
    let release = format!("{number}{}{vendor}", dist.tag());
    build(input, &rpm, &dist, &spec, (&values.release.rpm, &release), out)
}

/// Whose packaging, where the user did not say: the tree's own, if it has one.
fn packaging(input: &Input, request: &Request, own: Option<&str>) -> Result<Packaging, Failure> {
    match request.packaging {
        Some(Packaging::Tree) if own.is_none() => {
            let problem = Problem::new(format!("{} has no RPM packaging of its own", input.title()))
                .note("it would be a `.spec.in` at its top")
                .help("use ours: `--packaging ours`");
            Err(Failure::new(Class::Usage, problem))
        }
        Some(packaging) => Ok(packaging),
        None if own.is_some() => Ok(Packaging::Tree),
        None => Ok(Packaging::Ours),
    }
}

/// Lets rpm parse the spec file, judges what it read, and lets it write the package.
fn build(
    input: &Input,
    rpm: &Rpm<'_>,
    dist: &Dist,
    spec: &Spec,
    (version, release): (&str, &str),
    out: &Path,
) -> Result<Made, Failure> {
    let aside = Aside::create(&out.join(&spec.name))?;
    let date = input.date();
    aside.write(&spec.name, spec.text.as_bytes())?;
    let asked = rpm.parse(aside.path(), spec, dist, date)?;
    judge(input, spec, &asked, version, release)?;
    for (name, file) in &spec.sources {
        aside.write(name, &file.bytes)?;
        if file.executable {
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            let path = aside.path().join(name);
            std::fs::set_permissions(&path, mode).map_err(|error| Failure::io("write", &path, &error))?;
        }
    }
    let mut tarball = aside.file(&input.tarball.name)?;
    super::out::copy(&input.tarball.path, &input.tarball.sum, &mut tarball)
        .map_err(|fault| fault.unwrap_or_else(|error| Failure::io("write", aside.path(), &error)))?;
    drop(tarball);
    let (path, sum) = rpm.build(aside.path(), spec, dist, date)?;
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let title = file.strip_suffix(".rpm").unwrap_or(&file).to_owned();
    let files = BTreeMap::from([(file, Content::File { path, sum })]);
    Ok(Made { package: Package { title, files }, _aside: aside })
}

/// Holds what rpm read in the spec file against what it must say.
fn judge(input: &Input, spec: &Spec, asked: &Asked, version: &str, release: &str) -> Result<(), Failure> {
    let mut problems = Vec::new();
    for (tag, found, expected) in [("Version", &asked.version, version), ("Release", &asked.release, release)]
    {
        if found != expected {
            problems.push(
                Problem::new(format!("`{}` does not have this package's {tag}", spec.name))
                    .note(format!("expected `{expected}`"))
                    .note(format!("found    `{found}`"))
                    .help(format!("mend `{}`, which it was made from", spec.origin)),
            );
        }
    }
    for name in [&spec.name, &input.tarball.name] {
        if spec.sources.contains_key(name) {
            problems.push(
                Problem::new(format!("the source RPM would hold two files `{name}`"))
                    .help("rename the one in `files/` in the folder of templates"),
            );
        }
    }
    let is_there = |name: &String| *name == input.tarball.name || spec.sources.contains_key(name);
    for name in asked.files.iter().filter(|name| !is_there(name)) {
        problems.push(
            Problem::new(format!("`{}` lists a source that is not there: `{name}`", spec.name))
                .note(format!("it was made from `{}`", spec.origin))
                .help("add the file to `files/` or `patches/` in the folder of templates, or do not list it"),
        );
    }
    if !asked.files.contains(&input.tarball.name) {
        problems.push(
            Problem::new(format!("`{}` does not list the release's tarball", spec.name))
                .note(format!("expected a source `{}`", input.tarball.name))
                .help(format!("mend `{}`, which it was made from", spec.origin)),
        );
    }
    if problems.is_empty() { Ok(()) } else { Err(Failure { class: Class::Manifest, problems }) }
}
