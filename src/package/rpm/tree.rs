// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The tree's own spec file, rendered as its configure would, and its sources out of `rpm/`.
//!
//! What `make srpm` of Lustre does (config/Makefile.pkg-rpm), without a configured tree. What
//! configure decides for one machine (modules, servers, back ends) stays with the conditionals of the
//! spec file: `rpmbuild --without servers`. Beside, the file is mended where a release differs from
//! `make dist`: its tarball has no generated configure, and a directory of its own name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::extras::{Extras, address};
use super::mend::{Mend, source_number};
use super::{File, Spec, dates};
use crate::archive::read::Kind;
use crate::model::{Class, Failure, Problem, SourceText};
use crate::package::{Input, Templates, Values};

/// What `autogen.sh` and a build need beside what the tree asks for: the tree's own list is for a
/// tarball that has been through `autogen.sh`.
const FOR_AUTOGEN: &str = "autoconf automake bison flex gcc libtool m4 make pkgconfig";

/// The folder whose files `make srpm` puts beside the spec file.
const FOLDER: &str = "rpm/";

pub(super) fn spec(
    input: &Input,
    values: &Values,
    templates: &Templates,
    extras: &Extras,
    own: &str,
    number: &str,
    vendor: &str,
) -> Result<Spec, Failure> {
    templates.only_beside_a_trees_own(&["changelog.j2"])?;
    let text = input.text(own).unwrap_or_default();
    let source = Arc::new(SourceText { name: own.to_owned(), text: text.to_owned() });
    let stem = own.strip_suffix(".spec.in").unwrap_or(own);
    let mut problems = Vec::new();
    let rendered = render(&source, stem, &values.release.rpm, number, &mut problems);
    let changelog = templates.render("changelog.j2", values).unwrap_or_else(|problem| {
        problems.push(problem);
        String::new()
    });
    let mut sources = in_folder(input, &mut problems);
    let mut mend = Mend {
        stem,
        title: &values.release.title,
        source: address(values),
        number,
        vendor,
        listed: vec![format!("BuildRequires: {FOR_AUTOGEN}")],
        verify: Vec::new(),
        patch: Vec::new(),
        changelog: &changelog,
    };
    let mut next = rendered.lines().filter_map(source_number).max().unwrap_or_default() + 1;
    let mut list = |listed: &mut Vec<String>, name: &str| {
        listed.push(format!("Source{next}: {name}"));
        next += 1;
        next - 1
    };
    if extras.signature.is_some() {
        let signature = list(&mut mend.listed, &format!("{}.asc", address(values)));
        if let Some(keyring) = &extras.keyring {
            let keyring = list(&mut mend.listed, keyring);
            mend.verify(keyring, signature);
        }
    }
    // A file of the user's stands in for one of the tree's, which is listed.
    for name in extras.users.iter().filter(|name| !sources.contains_key(*name)) {
        list(&mut mend.listed, name);
    }
    for patch in &extras.patches {
        mend.listed.push(format!("Patch{}: {}", patch.number, patch.file));
        mend.patch.push(format!("%patch -P {} -p{}", patch.number, patch.strip));
    }
    sources.extend(extras.files.clone());
    let text = mend.text(&rendered, &source, &mut problems);
    let name = format!("{stem}.spec");
    problems.extend(dates::rises(&text, &name, &source));
    if problems.is_empty() {
        Ok(Spec { name, text, origin: own.to_owned(), sources })
    } else {
        Err(Failure { class: Class::Manifest, problems })
    }
}

/// Puts in what configure would, with the defaults of `configure --enable-dist`: no kernel.
fn render(
    source: &Arc<SourceText>,
    stem: &str,
    version: &str,
    number: &str,
    problems: &mut Vec<Problem>,
) -> String {
    let text = &source.text;
    let mut out = String::new();
    let mut at = 0;
    while let Some(start) = text[at..].find('@').map(|offset| at + offset) {
        let name_end = text[start + 1..].find(|c: char| !(c.is_ascii_uppercase() || c == '_'));
        let end = name_end.map_or(text.len(), |length| start + 1 + length);
        let is_name = end > start + 1 && text[end..].starts_with('@');
        out.push_str(&text[at..start]);
        if !is_name {
            out.push_str(&text[start..end]);
            at = end;
            continue;
        }
        at = end + 1;
        match &text[start + 1..end] {
            "PACKAGE" | "PACKAGE_TARNAME" => out.push_str(stem),
            "VERSION" | "PACKAGE_VERSION" => out.push_str(version),
            "RELEASE_ID" => out.push_str(number),
            "LINUXRELEASE" => out.push_str("%{nil}"),
            "BASH_COMPLETION_DIR" => out.push_str("%{_datadir}/bash-completion/completions"),
            name => problems.push(
                Problem::new(format!("`{}` needs a value of configure that is not known here", source.name))
                    .at(source, start..at, format!("what would configure put for `{name}`?"))
                    .help("patch the file in the manifest, or use ours: `--packaging ours`"),
            ),
        }
    }
    out.push_str(&text[at..]);
    out
}

/// The files that `make srpm` copies beside the spec file.
fn in_folder(input: &Input, problems: &mut Vec<Problem>) -> BTreeMap<String, File> {
    let mut sources = BTreeMap::new();
    for (path, kind) in &input.members {
        let Some(name) = path.strip_prefix(FOLDER).filter(|name| !name.contains('/')) else { continue };
        let Kind::File { executable, .. } = kind else { continue };
        match input.content(path) {
            Some(bytes) => {
                let file = File { bytes: bytes.to_vec(), executable: *executable };
                sources.insert(name.to_owned(), file);
            }
            None => problems.push(
                Problem::new(format!("`{path}` is too large for a file of packaging"))
                    .help("exclude it in the manifest, or use ours: `--packaging ours`"),
            ),
        }
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_configure_are_put_in() {
        let text = "A: @VERSION@-@RELEASE_ID@ <a@b.example> @ @PACKAGE@@x@ 50%@";
        let source = Arc::new(SourceText { name: "a.spec.in".to_owned(), text: text.to_owned() });
        let mut problems = Vec::new();
        let rendered = render(&source, "lustre", "2.18.0~rc2", "3", &mut problems);
        assert_eq!(rendered, "A: 2.18.0~rc2-3 <a@b.example> @ lustre@x@ 50%@");
        assert_eq!(problems, []);
        let source = Arc::new(SourceText { name: "a.spec.in".to_owned(), text: "x @OTHER@ y".to_owned() });
        assert_eq!(render(&source, "lustre", "1", "1", &mut problems), "x  y");
        assert_eq!(problems[0].place.as_ref().map(|place| place.span.clone()), Some(2..9));
    }
}
