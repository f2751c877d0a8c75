// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `package deb`: what a source package says of itself is what its files say, or it is none.

use std::fs;
use std::process::Command;

use insta::assert_snapshot;

use crate::keymaker::Owner;
use crate::package_deb::{OWN, TITLE, TREE, WHO, debian_of, manifest, own, package, refused, released};
use crate::runner::Sandbox;

const XZ: &str = r#"formats = ["tar.xz"]"#;
const PACKAGE: &str = "lustre_2.17.57-1";

fn assemble(sandbox: &Sandbox, manifest: &str) {
    sandbox.write("m.toml", manifest);
    sandbox.run(&["assemble", "m.toml"]).success();
}

/// Makes the release anew, from a tree with one file more.
fn assemble_with(sandbox: &Sandbox, file: (&str, &str)) {
    sandbox.commit("lustre", &[file], "LU-3 build: packaging");
    sandbox.git("lustre", &["tag", "--force", "--annotate", "--message", "2.17.57", "v2_17_57"]);
    for folder in ["dist", "packages"] {
        fs::remove_dir_all(sandbox.path(folder)).expect("a folder");
    }
    fs::remove_file(sandbox.path("m.lock")).expect("a lock");
    assemble(sandbox, &manifest(XZ, ""));
}

#[test]
fn a_control_file_of_another_package_is_refused() {
    let sandbox = own();
    assemble(
        &sandbox,
        &manifest(XZ, "").replace("name = \"lustre\"\nversion", "name = \"lustre-acme\"\nversion"),
    );
    let said = sandbox.run(&["package", "deb", "dist/lustre-acme-2.17.57", "--maintainer", WHO]).failure(3);
    assert!(!sandbox.path("packages").exists(), "nothing is written");
    assert_snapshot!(said, @"
    error: `debian/control` is not of this source package
     = note: expected `Source: lustre-acme`
     = note: found    `Source: lustre`
     = help: name the release in the manifest as the tree's package is, or use ours: `--packaging ours`
    ");

    let sandbox = released();
    let ours = include_str!("../../templates/deb/control.j2");
    sandbox.write("t/deb/control.j2", ours.replace("Source: {{ release.name }}", "Source: lustre-fs"));
    assert_snapshot!(refused(&sandbox, 3, &["--template-dir", "t"]), @"
    error: `debian/control` is not of this source package
     = note: expected `Source: lustre`
     = note: found    `Source: lustre-fs`
     = help: mend the template that it was rendered from
    ");
}

#[test]
fn rules_without_their_mode_are_told_so() {
    let sandbox = Sandbox::new();
    sandbox.repository("lustre", &OWN, "v2_17_57");
    assemble(&sandbox, &manifest(XZ, ""));
    assert_snapshot!(refused(&sandbox, 3, &[]), @"
    error: `debian/rules` is no program: it is not executable
     = help: commit it with the mode 100755 where it is from, or use ours: `--packaging ours`
    ");
    sandbox.write("t/deb/files/rules", "all:\n");
    assert_snapshot!(refused(&sandbox, 3, &["--template-dir", "t"]), @"error: `debian/rules` is no program: its first line must name `make`, as `#!/usr/bin/make -f` does");
}

#[test]
fn templates_that_a_trees_own_packaging_has_no_use_for_are_refused() {
    let sandbox = own();
    assemble(&sandbox, &manifest(XZ, ""));
    sandbox.own_templates("deb", &["changelog", "control", "copyright", "gbp.conf", "watch"]);
    let with = ["--template-dir", "t"];
    assert_snapshot!(refused(&sandbox, 3, &with), @"
    error: `t/deb/control.j2` has no use here
     = note: the tree's own packaging is followed
     = help: use `files/` or `patches/`, or our packaging: `--packaging ours`

    error: `t/deb/copyright.j2` has no use here
     = note: the tree's own packaging is followed
     = help: use `files/` or `patches/`, or our packaging: `--packaging ours`

    2 problems
    ");
    for name in ["control", "copyright"] {
        fs::remove_file(sandbox.path(&format!("t/deb/{name}.j2"))).expect("a template");
    }
    package(&sandbox, &with).success();
    // Where the tree has one of its own, that stays.
    assemble_with(&sandbox, ("debian/gbp.conf", "[DEFAULT]\n"));
    let said = refused(&sandbox, 3, &with);
    assert!(said.contains("`t/deb/gbp.conf.j2` has no use here"), "{said}");
}

#[test]
fn a_tree_without_a_watch_file_gets_one() {
    let sandbox = own();
    assemble(&sandbox, &manifest(XZ, ""));
    sandbox.write("key.secret", Owner::new(1).secret_file());
    sandbox.write("key.asc", Owner::new(1).file());
    let directory = format!("dist/{TITLE}");
    let key = ["--with", "openpgp", "--key", "key.secret", "--date", "2026-02-03T04:05:06Z"];
    sandbox.run(&[&["sign", directory.as_str()], &key[..]].concat()).success();
    package(&sandbox, &["--url", "https://example.org/lustre", "--signing-key", "key.asc"]).success();
    let watch = debian_of(&sandbox, PACKAGE, "watch");
    let shown: Vec<&str> = watch.lines().filter(|line| !line.starts_with("uversionmangle")).collect();
    assert_snapshot!(shown.join("\n"), @r#"
    version=4
    opts="hrefdecode=percent-encoding,\
    pgpsigurlmangle=s/$/.asc/,\
     https://example.org/lustre/lts-6.12/ \
     lustre-(\d+\.\d+\.\d+(?:\.\d+)?(?:\+r\d+)?)\.tar\.xz
    "#);
    assert_eq!(debian_of(&sandbox, PACKAGE, "upstream/signing-key.asc"), sandbox.read("key.asc"));
    // The tree's own says more than we know.
    assemble_with(&sandbox, ("debian/watch", "version=4\n"));
    package(&sandbox, &["--url", "https://example.org/lustre"]).success();
    assert_eq!(debian_of(&sandbox, PACKAGE, "watch"), "version=4\n");
}

/// The `.changes`, up to its checksums.
fn changes(sandbox: &Sandbox) -> String {
    let text = sandbox.read(&format!("packages/{PACKAGE}/{PACKAGE}_source.changes"));
    text.split("Checksums").next().expect("a start").to_owned()
}

#[test]
fn an_upload_says_what_the_change_log_says() {
    let sandbox = Sandbox::new();
    sandbox.repository("lustre", &TREE, "v2_17_57");
    // A reason of several lines, and a subject that has one when it is decoded (RFC 2047).
    sandbox.write(
        "fix.patch",
        "From: A. Author <author@example.org>\nSubject: =?utf-8?q?lnet:_two=0A_--_F._Orged_<f@example.org>?=\n\n---\n\
         --- a/include/lnet.h\n+++ b/include/lnet.h\n@@ -1 +1 @@\n-#define LNET 1\n+#define LNET 2\n",
    );
    let reason = "first\\nDistribution: elsewhere\\n\\n -- F. Orged <f@example.org>  Thu, 01 Jan 2026";
    let patch = format!("[[layer.patch]]\nfile = \"fix.patch\"\nreason = \"{reason}\"\n");
    assemble(&sandbox, &manifest(XZ, &patch));
    package(&sandbox, &["--dist", "bookworm"]).success();
    assert_snapshot!(changes(&sandbox), @"
    Format: 1.8
    Date: Fri, 02 Jan 2026 03:04:05 +0000
    Source: lustre
    Architecture: source
    Version: 2.17.57-1
    Distribution: bookworm
    Urgency: medium
    Maintainer: A. Packager <packager@example.org>
    Changed-By: A. Packager <packager@example.org>
    Changes:
     lustre (2.17.57-1) bookworm; urgency=medium
     .
       * New release 2.17.57 of the line lts-6.12.
       * Source lustre: v2_17_57, commit e6ec4839012a.
       * Patch lnet: two -- F. Orged <f@example.org>: first Distribution: elsewhere
         -- F. Orged <f@example.org> Thu, 01 Jan 2026.
    ");
    fs::remove_dir_all(sandbox.path("packages")).expect("the packages");

    // What a template of the user's makes of it counts.
    sandbox.write(
        "t/deb/changelog.j2",
        "lustre ({{ changes[0].debian }}) stable-security; urgency=HIGH (for all)\n\n\
         {% for change in changes[0].changes %}  * {{ change.text }}\n{% endfor %}\n  [ More ]\n  * Another.\n\n \
         -- U. Ploader <uploader@example.org>  Sat, 03 Jan 2026 00:00:00 +0000\n",
    );
    package(&sandbox, &["--template-dir", "t"]).success();
    assert_snapshot!(changes(&sandbox), @"
    Format: 1.8
    Date: Sat, 03 Jan 2026 00:00:00 +0000
    Source: lustre
    Architecture: source
    Version: 2.17.57-1
    Distribution: stable-security
    Urgency: high
    Maintainer: A. Packager <packager@example.org>
    Changed-By: U. Ploader <uploader@example.org>
    Changes:
     lustre (2.17.57-1) stable-security; urgency=HIGH (for all)
     .
       * New release 2.17.57 of the line lts-6.12.
       * Source lustre: v2_17_57, commit e6ec4839012a.
       * Patch lnet: two -- F. Orged <f@example.org>: first Distribution: elsewhere -- F. Orged <f@example.org> Thu, 01 Jan 2026.
     .
       [ More ]
       * Another.
    ");
    fs::remove_dir_all(sandbox.path("packages")).expect("the packages");
    sandbox.write("t/deb/changelog.j2", "lustre (2.17.57-1) unstable\n\n  * One.\n");
    assert_snapshot!(refused(&sandbox, 3, &["--template-dir", "t"]), @"
    error: `debian/changelog` begins with no entry that dpkg can read
     = note: its first line has no `;`
     = help: mend the template that it was rendered from; Debian Policy 4.4 has the form
    ");
}

#[test]
fn a_lines_own_commits_are_named_by_their_record() {
    let sandbox = Sandbox::new();
    sandbox.repository("lustre", &TREE, "v2_17_56");
    sandbox.commit("lustre", &[("COPYING", "GPL 2\n")], "LU-2 start: a backport");
    sandbox.git("lustre", &["tag", "--annotate", "--message", "2.17.57", "v2_17_57"]);
    let since =
        manifest(XZ, "").replace("signature = \"none\"", "signature = \"none\"\nsince = \"v2_17_56\"");
    assemble(&sandbox, &since);
    package(&sandbox, &[]).success();
    let changelog = debian_of(&sandbox, PACKAGE, "changelog");
    assert!(
        changelog
            .contains("\n  * Commits of lustre since v2_17_56: see lustre-2.17.57.changes.md beside the\n"),
        "{changelog}"
    );
    assert!(sandbox.path("dist/lustre-2.17.57/lustre-2.17.57.changes.md").is_file());
}

#[test]
fn a_bill_of_another_tarball_is_refused() {
    let sandbox = released();
    let bill = format!("dist/{TITLE}/{TITLE}.spdx.json");
    let text = sandbox.read(&bill);
    let description: serde_json::Value =
        serde_json::from_str(&sandbox.read(&format!("dist/{TITLE}/{TITLE}.release.json"))).expect("JSON");
    let identity = description["identity"]["sha256"].as_str().expect("a digest");
    assert!(text.contains(identity));
    // With nothing that would tell.
    fs::remove_file(sandbox.path(&format!("dist/{TITLE}/{TITLE}.SHA256SUMS"))).expect("the sums");
    sandbox.write(&bill, text.replace(identity, &"0".repeat(64)));
    assert_snapshot!(refused(&sandbox, 6, &[]).replace(identity, "[IDENTITY]"), @"
    error: `lustre-2.17.57.spdx.json` is not of this tarball
     = note: expected  sha256 [IDENTITY] of the uncompressed tar
     = note: found     sha256 0000000000000000000000000000000000000000000000000000000000000000
     = help: take the release again from where it was published, or package the bare tarball
    ");
    sandbox.write(&bill, r#"{ "files": [] }"#);
    assert!(refused(&sandbox, 6, &[]).contains("found     sha256 none"));
    sandbox.write(&bill, text);
    package(&sandbox, &["--url", "https://example.org/lustre"]).success();
    let copyright = debian_of(&sandbox, PACKAGE, "copyright");
    let source = "\nSource: https://example.org/lustre/lts-6.12/lustre-2.17.57.tar.xz\n";
    assert!(copyright.contains(source), "{copyright}");
}

#[test]
fn a_release_without_a_line_is_in_the_folder_that_watch_looks_at() {
    let sandbox = Sandbox::new();
    sandbox.repository("lustre", &TREE, "v2_17_57");
    let whole = manifest(XZ, "");
    let (before, rest) = whole.split_once("[line]").expect("a line");
    let (_, after) = rest.split_once("[source").expect("a source");
    assemble(&sandbox, &format!("{before}[source{after}"));
    package(&sandbox, &["--url", "https://example.org/lustre"]).success();
    let copyright = debian_of(&sandbox, PACKAGE, "copyright");
    let watch = debian_of(&sandbox, PACKAGE, "watch");
    let folder = watch.lines().find_map(|line| line.trim().strip_prefix("https://")?.strip_suffix(" \\"));
    let source = format!("\nSource: https://{}lustre-2.17.57.tar.xz\n", folder.expect("an address"));
    assert!(copyright.contains(&source), "{source} in {copyright}");
}

#[test]
fn a_pipe_beside_a_tarball_is_not_waited_for() {
    let sandbox = released();
    for ending in ["SHA256SUMS", "release.json", "tar.xz"] {
        let name = format!("{TITLE}.{ending}");
        sandbox.write("alone/note", "");
        let tarball = fs::read(sandbox.path(&format!("dist/{TITLE}/{TITLE}.tar.xz"))).expect("a tarball");
        sandbox.write(&format!("alone/{TITLE}.tar.xz"), tarball);
        let pipe = sandbox.path(&format!("alone/{name}"));
        _ = fs::remove_file(&pipe);
        assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
        let tarball = format!("alone/{TITLE}.tar.xz");
        let said = sandbox.run(&["package", "deb", &tarball, "--maintainer", WHO]).failure(8);
        assert!(said.contains(&name) && said.contains("it is not a plain file"), "{said}");
        fs::remove_dir_all(sandbox.path("alone")).expect("a folder");
    }
}

#[test]
fn the_environments_maintainer_is_read_as_debchange_does() {
    let sandbox = released();
    for (name, mail, expected) in [
        ("A. Packager", "packager@example.org", "A. Packager <packager@example.org>"),
        ("A. Packager", "Another <packager@example.org>", "A. Packager <packager@example.org>"),
        ("", "Another <packager@example.org>", "Another <packager@example.org>"),
    ] {
        let mut command = sandbox.command(&["package", "deb", "dist/lustre-2.17.57"]);
        command.env("DEBEMAIL", mail);
        if !name.is_empty() {
            command.env("DEBFULLNAME", name);
        }
        sandbox.finish(&mut command).success();
        let control = debian_of(&sandbox, PACKAGE, "control");
        assert!(control.contains(&format!("\nMaintainer: {expected}\n")), "{control}");
        fs::remove_dir_all(sandbox.path("packages")).expect("the packages");
    }
}

#[test]
fn templates_that_trees_use_too_are_checked_against_what_is_there_then() {
    let sandbox = Sandbox::new();
    sandbox.write("t/deb/changelog.j2", "{{ utils }} {{ url }}\n");
    sandbox.write("t/deb/gbp.conf.j2", "{{ modules }} {{ branch }}\n");
    sandbox.write("t/deb/watch.j2", "{{ copyright }} {{ watch_name }}\n");
    sandbox.write("t/rpm/changelog.j2", "{{ rpm_release }} {{ url }}\n");
    let said = sandbox.run(&["check", "--templates", "t"]).failure(3);
    let titles: String =
        said.lines().filter(|line| line.contains("there is no")).map(|line| format!("{line}\n")).collect();
    assert_snapshot!(titles, @"
    |    ^^^^^ there is no `utils`
    |    ^^^^^^^ there is no `modules`
    |    ^^^^^^^^^ there is no `copyright`
    |    ^^^^^^^^^^^ there is no `rpm_release`
    ");
}
