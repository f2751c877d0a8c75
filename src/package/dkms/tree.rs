// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The tree's own `dkms.conf`: what its `dkms.mkconf` writes, or its `dkms.conf.in` with the version.
//!
//! Where a tree has both, as Lustre has, the first is taken: it knows clients and servers, finds the
//! kernel's InfiniBand where Debian has it, and has hooks that keep the log of configure.

use super::{Servers, mkconf};
use crate::archive::read::Kind;
use crate::model::{Class, Failure, Problem};
use crate::package::Input;

/// The script and its hooks know packages by names that begin so, whatever the release is called.
const LUSTRE: &str = "lustre";

/// A tree's own configuration of dkms.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Conf {
    /// What it was made from.
    pub(super) path: String,
    /// The text.
    pub(super) text: String,
    /// `PACKAGE_NAME`.
    pub(super) package: String,
    /// The script of `PRE_BUILD`, where there is one.
    pub(super) pre_build: Option<String>,
}

/// Where a tree has its configuration of dkms.
pub(super) fn find(input: &Input) -> Option<&str> {
    let named = |name: &str| {
        let is = move |path: &str| path.rsplit('/').next() == Some(name);
        input.contents().map(|(path, _)| path).find(move |path| is(path))
    };
    named("dkms.mkconf").or_else(|| named("dkms.conf.in"))
}

/// Renders it.
pub(super) fn conf(
    input: &Input,
    path: &str,
    version: &str,
    location: &str,
    servers: Option<Servers>,
) -> Result<Conf, Failure> {
    let text = input.text(path).ok_or_else(|| {
        Failure::new(Class::Manifest, Problem::new(format!("`{path}` is no text in UTF-8")))
    })?;
    let text = if path.ends_with(".mkconf") {
        let package = format!("{LUSTRE}-{}", servers.map_or("client", Servers::word));
        let options = [
            ("pkgname", package),
            ("pkgver", version.to_owned()),
            ("filename", "dkms.conf".to_owned()),
            ("kmoddir", location.to_owned()),
        ];
        mkconf::render(path, text, &options)
            .map_err(|problems| Failure { class: Class::Manifest, problems })?
    } else {
        if servers.is_some() {
            let problem = Problem::new(format!("`{path}` has no modules of servers"))
                .help("package the client's, without `--servers`");
            return Err(Failure::new(Class::Usage, problem));
        }
        let package = input.name();
        ["@UPVERSION@", "@VERSION@"]
            .iter()
            .fold(text.replace("@PACKAGE@", package), |text, mark| text.replace(mark, version))
    };
    let mut problems = Vec::new();
    let package = value(&text, "PACKAGE_NAME").unwrap_or_default().to_owned();
    if !is_package_name(&package) {
        problems.push(
            Problem::new(format!("dkms cannot name a package `{package}`"))
                .note(format!("`{path}` makes it so")),
        );
    }
    if value(&text, "PACKAGE_VERSION") != Some(version) {
        problems.push(
            Problem::new(format!("`{path}` does not take this package's version"))
                .note(format!("expected `PACKAGE_VERSION=\"{version}\"`"))
                .help("mend it with a patch in the manifest"),
        );
    }
    let mut pre_build = None;
    for hook in ["PRE_BUILD", "POST_BUILD", "PRE_INSTALL", "POST_INSTALL", "POST_ADD", "POST_REMOVE"] {
        let Some(script) = value(&text, hook).and_then(|value| value.split_whitespace().next()) else {
            continue;
        };
        if !matches!(input.members.get(script), Some(Kind::File { executable: true, .. })) {
            let problem =
                Problem::new(format!("`{path}` names `{script}`, which is no program of the release"))
                    .note(format!("{hook} of dkms(8) wants an executable file"));
            problems.push(problem.help("take that file into the release, as the tree has it"));
        }
        if hook == "PRE_BUILD" {
            pre_build = Some(script.to_owned());
        }
    }
    if !problems.is_empty() {
        return Err(Failure { class: Class::Manifest, problems });
    }
    Ok(Conf { path: path.to_owned(), text, package, pre_build })
}

/// What is assigned to a variable at the start of a line, up to the quote that ends it; quotes may be left
/// out.
fn value<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let assigned = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
    let quoted = assigned.strip_prefix('"').map(|rest| rest.split('"').next().unwrap_or(rest));
    Some(quoted.unwrap_or(assigned).trim())
}

/// dkms makes folders of it, and splits `NAME/VERSION` at the slash.
pub(super) fn is_package_name(name: &str) -> bool {
    !name.is_empty()
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_'))
}
