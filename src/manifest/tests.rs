// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a user sees of a manifest that is not right, and that a right one is read as it stands.

mod bytes;
mod everything;
mod grammar;
mod layers;
mod release;
mod sources;
mod syntax;
mod tables;

use super::{Manifest, read};
use crate::cli::report::{Style, render};
use crate::model::SourceText;

/// The sample of the design.
const SAMPLE: &str = r#"schema = 1

[release]
name     = "lustre"
version  = "2.17.57"                # the base: equals the version of the primary source's tag; the lock appends +k... and the respin
primary  = "lustre"                 # the source whose commit `git get-tar-commit-id` prints
license  = "GPL-2.0-only"
formats  = ["tar.gz", "tar.zst", "tar.xz"]

[line]
id     = "lts-6.12"
kernel = "6.12"                     # the LTS series that the line is keyed to: its target
supports = ">=4.18, <7.1"           # kernels that the compatibility layer covers

[source.linux]
git       = "https://example.org/lustre-linux.git"   # Lustre's kernel tree
tag       = "v6.12.*"               # the newest of the series when locked; snapshots and RCs never match a pattern
signature = "required"
keys      = ["keys/stable.asc"]

[source.lustre]
git       = "https://git.whamcloud.com/fs/lustre-release.git"
mirrors   = ["https://github.com/lustre/lustre-release.git"]
tag       = "v2_17_57"
signature = "none"                  # the project does not sign its tags

[[layer]]
name   = "upstream"
source = "linux"
take   = [{ from = "fs/lustre/" }, { from = "net/lnet/" }, { from = "include/uapi/linux/lustre/" }]

[[layer]]
name   = "compat"
source = "lustre"
take   = [{ from = "lustre_compat/" }, { from = "include/lustre_compat/" }]

[[layer]]
name    = "userspace"
source  = "lustre"
take    = [{ from = "lustre/utils/", to = "utils/lustre/" }, { from = "lnet/utils/", to = "utils/lnet/" }, { from = "lustre/tests/", to = "tests/" }]
exclude = [{ glob = "**/.gitignore", reason = "for a work tree only" }]

[[template]]
file = "META.j2"
to   = "META"

[coverage]                          # every tracked file under these is taken or excluded with a reason
lustre = ["."]

[contains]
must     = ["COPYING", "lustre_compat/Makefile"]
must-not = ["**/*.ko", "**/.git*"]
"#;

fn read_text(text: &str) -> Result<Manifest, Vec<crate::model::Problem>> {
    read(SourceText { name: "lts-6.12.toml".into(), text: text.into() }, "lines".into())
}

/// The report on a text; `ok` where there is nothing to report.
fn report(text: &str) -> String {
    match read_text(text) {
        Ok(_) => "ok".to_owned(),
        Err(problems) => render(&problems, Style::Plain),
    }
}

/// The sample with some of its text replaced, each piece where it stands first.
fn sample_with(edits: &[(&str, &str)]) -> String {
    edits.iter().fold(SAMPLE.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "the sample has no {old:?}");
        text.replacen(old, new, 1)
    })
}

fn report_with(edits: &[(&str, &str)]) -> String {
    report(&sample_with(edits))
}
