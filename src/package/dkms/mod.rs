// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tarballs of source for `dkms ldtarball` and `dkms add` (dkms(8)).

mod files;
mod listed;
mod mkconf;
mod ours;
mod tarball;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::own_patches::of_users_patches;
use super::templates::{Shipped, shipped};
use super::{Content, Input, Module, Package, Packaging, Request, Templates, Values, kernel_expression};
use crate::model::{Class, Failure, Problem};
use tarball::SourceTree;

/// The back ends of servers that a tree's own packaging knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Servers {
    /// OpenZFS, which dkms must have built before.
    Zfs,
    /// ldiskfs, the kernel's ext4 with patches: needs the kernel's sources.
    Ldiskfs,
    /// Both.
    All,
}

impl Servers {
    fn word(self) -> &'static str {
        match self {
            Self::Zfs => "zfs",
            Self::Ldiskfs => "ldiskfs",
            Self::All => "all",
        }
    }
}

/// Everything that the templates can name.
#[derive(Serialize)]
struct Context<'a> {
    #[serde(flatten)]
    values: &'a Values,
    /// `PACKAGE_NAME` and `PACKAGE_VERSION`.
    package: &'a str,
    package_version: &'a str,
    /// Below `/lib/modules/KERNEL/`, on distributions that dkms does not know.
    location: &'a str,
    /// The modules that are always built, those that a condition lists, and those that nothing lists.
    modules: &'a [Module],
    sometimes: &'a [Module],
    unlisted: &'a [Module],
    /// What dkms searches in a kernel's release, where the range of kernels has an end.
    kernel_expression: Option<String>,
    /// The user's patches, in their order.
    patches: &'a [String],
    /// What runs before the tree's own PRE_BUILD, where it has one.
    prepare: Option<&'a str>,
    /// Whether that runs `autogen.sh` by itself.
    hook_runs_autogen: bool,
}

/// Our templates for DKMS packages.
pub(super) const SHIPPED: Shipped = Shipped {
    family: "dkms",
    texts: shipped!("dkms", "behind.conf.j2", "dkms.conf.j2", "prepare.sh.j2"),
    sample: |_| sample(),
};

/// What templates see of a release that has everything that one can have.
fn sample() -> serde_json::Value {
    let module = [Module::sample()];
    let context = Context {
        values: &Values::sample(),
        package: "lustre-client",
        package_version: "2.18.0~rc2",
        location: "updates",
        modules: &module,
        sometimes: &module,
        unlisted: &module,
        kernel_expression: Some(r"^(6\.12)([^0-9]|$)".to_owned()),
        patches: &["fix.patch".to_owned()],
        prepare: Some(files::PREPARE),
        hook_runs_autogen: false,
    };
    serde_json::to_value(context).expect("texts and numbers")
}

/// Makes the package of a release.
///
/// # Errors
/// A template or the tree's own packaging is at fault, or the release cannot be packaged as asked.
pub fn make(
    input: &Input,
    previous: &[Input],
    request: &Request,
    templates: &Templates,
    servers: Option<Servers>,
) -> Result<Package, Failure> {
    let values = Values::new(input, previous, request, of_users_patches(templates)?)?;
    let version = package_version(&values);
    let location = location(request);
    let patches = files::patches(templates)?;
    let own = match packaging(input, request)? {
        Packaging::Tree => {
            tree::find(input).map(|path| tree::conf(input, path, &version, location, servers)).transpose()?
        }
        Packaging::Ours => None,
    };
    let (kept, listed) = match &own {
        Some(conf) => (None, listed::read(&conf.text)),
        None => ours::listed(input, servers)?,
    };
    let declared = listed::declared(input);
    if let Some(conf) = &own {
        let problems = listed::check(&conf.path, &listed, &declared);
        if !problems.is_empty() {
            return Err(Failure { class: Class::Manifest, problems });
        }
    }
    let all: BTreeSet<&Module> = listed.always.union(&listed.sometimes).collect();
    let list = |modules: &BTreeSet<Module>| modules.iter().cloned().collect::<Vec<Module>>();
    let (modules, sometimes) = (list(&listed.always), list(&listed.sometimes));
    let unlisted: Vec<Module> = declared.iter().filter(|module| !all.contains(module)).cloned().collect();
    let hook = own.as_ref().and_then(|conf| conf.pre_build.as_deref());
    let context = Context {
        values: &values,
        package: own.as_ref().map_or(input.name(), |conf| &conf.package),
        package_version: &version,
        location,
        modules: &modules,
        sometimes: &sometimes,
        unlisted: &unlisted,
        kernel_expression: input.supports().as_ref().and_then(kernel_expression),
        patches: &patches,
        prepare: hook.map(|_| files::PREPARE),
        // Lustre's does for clients alone.
        hook_runs_autogen: servers.is_none()
            && hook.and_then(|hook| input.text(hook)).is_some_and(|text| text.contains("autogen.sh")),
    };
    let added = files::rendered(&context, templates, own.as_ref().map(|conf| conf.text.as_str()))?;
    let tree = SourceTree { tarball: input.tarball.clone(), keep: kept, added };
    files::check(input, &tree, &context)?;
    let title = format!("{}-{version}", context.package);
    // As `dkms mktarball --source-only` names it.
    let name = format!("{title}-source-only.dkms.tar.gz");
    Ok(Package {
        title: format!("{title}.dkms"),
        files: BTreeMap::from([(name, Content::Made(Arc::new(tree)))]),
    })
}

/// The release's version as packages spell it. dkms has no revision: a packager's own stands behind `-`,
/// where Debian and RPM have it, unless the package is the first of the release and nobody's.
fn package_version(values: &Values) -> String {
    match values.revision.as_str() {
        "1" => values.release.debian.clone(),
        revision => format!("{}-{revision}", values.release.debian),
    }
}

/// Where modules go, as Lustre's `lustre-dkms.spec.in` decides; dkms itself does for the distributions
/// that it knows.
fn location(request: &Request) -> &'static str {
    match request.dist.as_deref() {
        Some(dist) if dist.starts_with("el") || dist.starts_with("fc") || dist.starts_with("fedora") => {
            "extra"
        }
        _ => "updates",
    }
}

/// Whose packaging, where the user did not say: the tree's own, if it has one.
fn packaging(input: &Input, request: &Request) -> Result<Packaging, Failure> {
    let in_tree = tree::find(input).is_some();
    match request.packaging {
        Some(Packaging::Tree) if !in_tree => {
            let problem = Problem::new(format!("{} has no DKMS packaging of its own", input.title()))
                .note("it would be a `dkms.mkconf`, or a `dkms.conf.in`")
                .help("use ours: `--packaging ours`");
            Err(Failure::new(Class::Usage, problem))
        }
        Some(packaging) => Ok(packaging),
        None if in_tree => Ok(Packaging::Tree),
        None => Ok(Packaging::Ours),
    }
}
