// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Debian source packages, format 3.0 (quilt) (dpkg-source(1)).

mod changelog;
mod control;
mod copyright;
mod dep5;
mod dsc;
pub(super) mod ours;
mod sums;
mod tarball;
mod tree;
mod watch;

use std::collections::BTreeMap;

use super::own_patches::of_users_patches;
use super::templates::{Shipped, shipped};
use super::{Content, Input, Package, Packaging, Request, Templates, Values};
use crate::model::{Class, Failure, Problem};
use changelog::Newest;
use tarball::File;
pub(super) use tarball::Folder;

/// Our templates for Debian packages.
pub(super) const SHIPPED: Shipped = Shipped {
    family: "deb",
    texts: shipped!(
        "deb",
        "changelog.j2",
        "control.j2",
        "copyright.j2",
        "gbp.conf.j2",
        "rules.j2",
        "source/format.j2",
        "source/lintian-overrides.j2",
        "utils.install.j2",
        "utils.lintian-overrides.j2",
        "dkms.lintian-overrides.j2",
        "dkms.install.j2",
        "dkms.dkms.j2",
        "watch.j2",
    ),
    sample: |template| match template {
        "changelog.j2" | "gbp.conf.j2" => Values::sample_alone(),
        // Used with a tree's own packaging, too, which has nothing of what ours knows.
        "watch.j2" => watch::sample(),
        _ => ours::sample(),
    },
};

/// The change log, from the tree's root.
pub(super) const CHANGELOG: &str = "debian/changelog";

/// Makes the source package of a release.
///
/// # Errors
/// A template is at fault, or the release cannot be packaged as asked.
pub fn make(
    input: &Input,
    previous: &[Input],
    request: &Request,
    templates: &Templates,
) -> Result<Package, Failure> {
    let Rendered { folder, control, newest, values } = render(input, previous, request, templates, None)?;
    let source = input.name();
    let version = &values.changes[0].debian;
    let stem = format!("{source}_{version}");
    let orig = format!("{source}_{}.orig.tar.xz", values.release.debian);
    let debian = format!("{stem}.debian.tar.xz");
    let packed = tarball::pack(&folder, input.date())?;
    let mut listed = vec![sums::of_tarball(&orig, &input.tarball)?];
    let mut files = BTreeMap::from([(orig.clone(), Content::Tarball(input.tarball.clone()))]);
    if let Some(signature) = input.signature() {
        let name = format!("{orig}.asc");
        listed.push(sums::of(&name, signature));
        files.insert(name, Content::Bytes(signature.to_vec()));
    }
    listed.push(sums::of(&debian, &packed));
    files.insert(debian, Content::Bytes(packed));
    let has_tests = folder.contains_key("tests/control");
    let dsc = dsc::dsc(&control, version, has_tests, &listed).into_bytes();
    let dsc_name = format!("{stem}.dsc");
    listed.insert(0, sums::of(&dsc_name, &dsc));
    files.insert(dsc_name, Content::Bytes(dsc));
    let changes = dsc::changes(&control, version, &newest, &listed);
    files.insert(format!("{stem}_source.changes"), Content::Bytes(changes.into_bytes()));
    Ok(Package { title: stem, files })
}

/// A `debian` folder that dpkg would take.
pub(super) struct Rendered {
    pub(super) folder: Folder,
    control: control::Control,
    newest: Newest,
    pub(super) values: Values,
}

/// Renders the `debian` folder of a release. `before` is the change log that goes on below its entry,
/// where one is there already.
///
/// # Errors
/// As [`make`].
pub(super) fn render(
    input: &Input,
    previous: &[Input],
    request: &Request,
    templates: &Templates,
    before: Option<&str>,
) -> Result<Rendered, Failure> {
    let source = input.name();
    if !control::is_package_name(source) {
        let problem = Problem::new(format!("Debian cannot name a package `{source}`"))
            .note("Debian Policy 5.6.1: two or more of `a-z`, `0-9`, `+`, `-` and `.`");
        return Err(Failure::new(Class::Usage, problem));
    }
    let mut values = Values::new(input, previous, request, of_users_patches(templates)?)?;
    values.first &= before.is_none();
    let whose = packaging(input, request)?;
    let has_key = request.signing_key.is_some();
    let mut folder = match whose {
        Packaging::Tree => tree::folder(input, &values, templates, before, has_key)?,
        Packaging::Ours => ours::folder(input, &values, templates, has_key)?,
    };
    if let (Packaging::Ours, Some(before), Some(changelog)) = (whose, before, folder.get_mut("changelog")) {
        changelog.bytes.extend_from_slice(b"\n");
        changelog.bytes.extend_from_slice(before.as_bytes());
    }
    if let Some(key) = &request.signing_key {
        folder.insert("upstream/signing-key.asc".to_owned(), File::text(key.text()));
    }
    add_users_files(&mut folder, templates);
    let version = &values.changes[0].debian;
    let (control, newest) = judge(&folder, whose, source, version)?;
    Ok(Rendered { folder, control, newest, values })
}

/// Whose packaging, where the user did not say: the tree's own, if it has one.
fn packaging(input: &Input, request: &Request) -> Result<Packaging, Failure> {
    let in_tree = input.content("debian/rules").is_some()
        && (input.content("debian/control.main").is_some() || input.content("debian/control").is_some());
    match request.packaging {
        Some(Packaging::Tree) if !in_tree => {
            let problem = Problem::new(format!("{} has no Debian packaging of its own", input.title()))
                .note("it would be `debian/rules`, and `debian/control` or `debian/control.main`")
                .help("use ours: `--packaging ours`");
            Err(Failure::new(Class::Usage, problem))
        }
        Some(packaging) => Ok(packaging),
        None if in_tree => Ok(Packaging::Tree),
        None => Ok(Packaging::Ours),
    }
}

/// The user's own files, and patches on the release.
fn add_users_files(folder: &mut Folder, templates: &Templates) {
    for (path, bytes) in templates.files() {
        // A script is one by its first line; the mode of the user's file may be lost in a checkout.
        let executable = bytes.starts_with(b"#!");
        folder.insert(path.clone(), File { bytes: bytes.clone(), executable });
    }
    for (path, bytes) in templates.patches() {
        folder.insert(format!("patches/{path}"), File { bytes: bytes.clone(), executable: false });
    }
}

/// Judges the `debian` folder of a source package as far as dpkg would refuse it.
fn judge(
    folder: &Folder,
    whose: Packaging,
    source: &str,
    version: &str,
) -> Result<(control::Control, Newest), Failure> {
    let mut problems = Vec::new();
    for needed in ["changelog", "control", "rules", "source/format"] {
        if !folder.contains_key(needed) {
            problems.push(Problem::new(format!("the package would have no `debian/{needed}`")));
        }
    }
    let template = "mend the template that it was rendered from";
    let text = |name: &str| folder.get(name).map(|file| String::from_utf8_lossy(&file.bytes).into_owned());
    let mut newest = None;
    if let Some(changelog) = text("changelog") {
        let entry = format!("{source} ({version}) ");
        if !changelog.starts_with(&entry) {
            problems.push(
                Problem::new("`debian/changelog` does not begin with this package's entry")
                    .note(format!("expected `{entry}`"))
                    .note(format!("found    `{}`", changelog.lines().next().unwrap_or_default()))
                    .help(template),
            );
        } else {
            match changelog::newest(&changelog) {
                Ok(entry) => newest = Some(entry),
                Err(why) => problems.push(
                    Problem::new("`debian/changelog` begins with no entry that dpkg can read")
                        .note(why)
                        .help(format!("{template}; Debian Policy 4.4 has the form")),
                ),
            }
        }
    }
    let control = match control::parse("debian/control", &text("control").unwrap_or_default()) {
        Ok(control) => Some(control),
        Err(found) => {
            problems.extend(found);
            None
        }
    };
    let named = control.as_ref().and_then(|control| control.source.get("Source")).unwrap_or(source);
    if named != source {
        problems.push(
            Problem::new("`debian/control` is not of this source package")
                .note(format!("expected `Source: {source}`"))
                .note(format!("found    `Source: {named}`"))
                .help(match whose {
                    Packaging::Tree => {
                        "name the release in the manifest as the tree's package is, or use ours: \
                         `--packaging ours`"
                    }
                    Packaging::Ours => template,
                }),
        );
    }
    if let Some(rules) = folder.get("rules") {
        let problem = |why: &str| Problem::new(format!("`debian/rules` is no program: {why}"));
        if !rules.bytes.starts_with(b"#!") {
            problems.push(problem("its first line must name `make`, as `#!/usr/bin/make -f` does"));
        } else if !rules.executable {
            problems
                .push(problem("it is not executable").help(
                    "commit it with the mode 100755 where it is from, or use ours: `--packaging ours`",
                ));
        }
    }
    match (control, newest) {
        (Some(control), Some(newest)) if problems.is_empty() => Ok((control, newest)),
        _ => Err(Failure { class: Class::Manifest, problems }),
    }
}
