// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `package deb`: Debian source packages of a release, and everything that refuses to be one.

use std::fs;

use insta::assert_snapshot;

use crate::runner::{Run, Sandbox};

pub const TITLE: &str = "lustre-2.17.57";
const PACKAGE: &str = "packages/lustre_2.17.57-1";
pub const WHO: &str = "A. Packager <packager@example.org>";

/// A tree that our templates can package.
pub const TREE: [(&str, &str); 5] = [
    ("COPYING", "GPL\n"),
    ("Kbuild", "ccflags-y := -I$(src)/include\nobj-y += net/lnet/\n"),
    ("Makefile", "utils:\ncheck:\ninstall:\n"),
    ("include/lnet.h", "#define LNET 1\n"),
    ("net/lnet/Makefile", "obj-m := lnet.o\n"),
];

pub fn manifest(release: &str, more: &str) -> String {
    format!(
        r#"schema = 1

[release]
name = "lustre"
version = "2.17.57"
primary = "lustre"
license = "GPL-2.0-only"
{release}

[line]
id = "lts-6.12"
kernel = "6.12"
supports = ">=6.1, <6.13"

[source.lustre]
git = "lustre"
tag = "v2_17_57"
signature = "none"

[[layer]]
name = "userspace"
source = "lustre"
take = [{{ from = "." }}]
{more}"#
    )
}

/// A sandbox with the release of that tree, in these formats.
fn released_as(release: &str, files: &[(&str, &str)], more: &str, arguments: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository("lustre", files, "v2_17_57");
    sandbox.write(
        "fix.patch",
        "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n\
         From: A. Author <author@example.org>\nDate: Fri, 2 Jan 2026 03:04:05 +0000\n\
         Subject: [PATCH] LU-7 lnet: count from two\n\n---\n\
         --- a/include/lnet.h\n+++ b/include/lnet.h\n@@ -1 +1 @@\n-#define LNET 1\n+#define LNET 2\n",
    );
    sandbox.write("m.toml", manifest(release, more));
    sandbox.run(&[&["assemble", "m.toml"], arguments].concat()).success();
    sandbox
}

pub fn released() -> Sandbox {
    let patch =
        "[[layer.patch]]\nfile = \"fix.patch\"\nupstream = \"0123456789012345678901234567890123456789\"\n";
    released_as(r#"formats = ["tar.xz", "tar.gz"]"#, &TREE, patch, &[])
}

/// Packages the release in `dist`.
pub fn package(sandbox: &Sandbox, more: &[&str]) -> Run {
    sandbox.run(&[&["package", "deb", "dist/lustre-2.17.57", "--maintainer", WHO], more].concat())
}

/// What a failed run says, which has written nothing.
#[track_caller]
pub fn refused(sandbox: &Sandbox, code: i32, more: &[&str]) -> String {
    let said = package(sandbox, more).failure(code);
    assert!(!sandbox.path("packages").exists(), "nothing is written");
    said
}

/// One file of the package's `debian.tar.xz`.
fn debian(sandbox: &Sandbox, name: &str) -> String {
    debian_of(sandbox, "lustre_2.17.57-1", name)
}

pub fn debian_of(sandbox: &Sandbox, package: &str, name: &str) -> String {
    let path = sandbox.path(&format!("packages/{package}/{package}.debian.tar.xz"));
    let bytes = fs::read(path).expect("a tar");
    let mut tar = Vec::new();
    std::io::Read::read_to_end(&mut liblzma::read::XzDecoder::new(bytes.as_slice()), &mut tar).expect("xz");
    for entry in tar::Archive::new(tar.as_slice()).entries().expect("a tar") {
        let mut entry = entry.expect("an entry");
        if entry.path().expect("a path").to_str() == Some(&format!("debian/{name}")) {
            let mut text = String::new();
            std::io::Read::read_to_string(&mut entry, &mut text).expect("text");
            return text;
        }
    }
    panic!("no debian/{name}");
}

#[test]
fn a_source_package_is_made() {
    let sandbox = released();
    assert_snapshot!(package(&sandbox, &["--dist", "bookworm"]).success(), @"
    packages/lustre_2.17.57-1
      lustre_2.17.57-1.debian.tar.xz     2.1 kB
      lustre_2.17.57-1.dsc                878 B
      lustre_2.17.57-1_source.changes    1.3 kB
      lustre_2.17.57.orig.tar.xz         1.4 kB
    ");
    assert_snapshot!(debian(&sandbox, "changelog"), @"
    lustre (2.17.57-1) bookworm; urgency=medium

      * New release 2.17.57 of the line lts-6.12.
      * Source lustre: v2_17_57, commit e6ec4839012a.
      * Backport LU-7 lnet: count from two (upstream commit 012345678901).

     -- A. Packager <packager@example.org>  Fri, 02 Jan 2026 03:04:05 +0000
    ");
    assert_snapshot!(debian(&sandbox, "control"), @"
    Source: lustre
    Section: admin
    Priority: optional
    Maintainer: A. Packager <packager@example.org>
    Build-Depends: debhelper-compat (= 13), dh-sequence-dkms
    Standards-Version: 4.6.2
    Rules-Requires-Root: no

    Package: lustre-utils
    Architecture: linux-any
    Depends: ${misc:Depends}, ${shlibs:Depends}
    Suggests: lustre-dkms
    Description: programs for the Lustre file system
     Lustre is a parallel file system for large clusters.
     .
     This package has its programs, which run on any kernel.

    Package: lustre-dkms
    Section: kernel
    Architecture: all
    Depends: ${misc:Depends}
    Recommends: lustre-utils
    Description: kernel modules of the Lustre file system, for DKMS
     Lustre is a parallel file system for large clusters.
     .
     This package has the source of the modules lnet. DKMS builds them for each
     kernel that is installed with its headers, as far as it is in the range >=6.1,
     <6.13.
    ");
    assert_snapshot!(debian(&sandbox, "lustre-dkms.dkms"), @r#"
    PACKAGE_NAME="lustre"
    PACKAGE_VERSION="2.17.57"
    AUTOINSTALL="yes"
    # >=6.1, <6.13
    BUILD_EXCLUSIVE_KERNEL='^(6\.([1-9]|1[0-2]))([^0-9]|$)'
    BUILD_EXCLUSIVE_KERNEL_MIN="6.1"
    BUILD_EXCLUSIVE_KERNEL_MAX="6.13"
    MAKE[0]="make -j$(nproc) -C $kernel_source_dir M=$dkms_tree/$PACKAGE_NAME/$PACKAGE_VERSION/build modules"
    CLEAN="make -C $kernel_source_dir M=$dkms_tree/$PACKAGE_NAME/$PACKAGE_VERSION/build clean"
    BUILT_MODULE_NAME[0]="lnet"
    BUILT_MODULE_LOCATION[0]="net/lnet"
    DEST_MODULE_LOCATION[0]="/updates/dkms"
    "#);
    assert_snapshot!(debian(&sandbox, "lustre-dkms.install"), @"
    Kbuild usr/src/lustre-2.17.57
    include usr/src/lustre-2.17.57
    net usr/src/lustre-2.17.57
    ");
    let dsc = sandbox.read(&format!("{PACKAGE}/lustre_2.17.57-1.dsc"));
    assert_snapshot!(dsc.split("Checksums").next().expect("a start"), @"
    Format: 3.0 (quilt)
    Source: lustre
    Binary: lustre-utils, lustre-dkms
    Architecture: linux-any all
    Version: 2.17.57-1
    Maintainer: A. Packager <packager@example.org>
    Standards-Version: 4.6.2
    Build-Depends: debhelper-compat (= 13), dh-sequence-dkms
    Package-List:
     lustre-dkms deb kernel optional arch=all
     lustre-utils deb admin optional arch=linux-any
    ");
    let tarball = fs::read(sandbox.path(&format!("dist/{TITLE}/{TITLE}.tar.xz"))).expect("the tarball");
    let orig = fs::read(sandbox.path(&format!("{PACKAGE}/lustre_2.17.57.orig.tar.xz"))).expect("the tarball");
    assert!(tarball == orig, "unchanged");
}

#[test]
fn the_same_release_gives_the_same_bytes() {
    let sandbox = released();
    package(&sandbox, &[]).success();
    let read = |folder: &str| -> Vec<(String, Vec<u8>)> {
        let names = sandbox.list(folder);
        names
            .into_iter()
            .map(|name| (name.clone(), fs::read(sandbox.path(&format!("{folder}/{name}"))).expect("a file")))
            .collect()
    };
    let first = read(PACKAGE);
    assert_eq!(first.len(), 4);

    // From another folder and the bare tarball alone, with another locale, zone, umask and date.
    sandbox.write("elsewhere/here", "");
    let name = format!("{TITLE}.tar.xz");
    fs::copy(sandbox.path(&format!("dist/{TITLE}/{name}")), sandbox.path(&format!("elsewhere/{name}")))
        .expect("a copy");
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", "umask 077 && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_lustre-dist")])
        .args(["package", "deb", &name, "--out", "out"])
        .current_dir(sandbox.path("elsewhere"))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs([("TZ", "Pacific/Chatham"), ("LC_ALL", "tr_TR.UTF-8"), ("SOURCE_DATE_EPOCH", "1")])
        .envs([("DEBFULLNAME", "A. Packager"), ("DEBEMAIL", "packager@example.org")]);
    sandbox.finish(&mut command).success();
    assert!(first == read("elsewhere/out/lustre_2.17.57-1"));

    // Again: the same is there. Another is not written over it.
    let again = package(&sandbox, &["--json"]).success();
    let again: serde_json::Value = serde_json::from_str(&again).expect("JSON");
    assert_eq!(again["was_there"], true);
    assert_eq!(again["files"].as_array().expect("files").len(), 4);
    assert_snapshot!(package(&sandbox, &["--dist", "trixie"]).failure(6), @"
    error: `packages/lustre_2.17.57-1` is there and is another package
     = note: `lustre_2.17.57-1.debian.tar.xz` differs
     = note: `lustre_2.17.57-1.dsc` differs
     = note: `lustre_2.17.57-1_source.changes` differs
     = help: raise `--revision`, or move the directory away if it was never published
    ");
}

#[test]
fn a_vendor_is_a_part_of_the_revision() {
    let sandbox = released();
    let made = package(&sandbox, &["--vendor-suffix", "acme.2", "--revision", "3"]).success();
    assert!(made.contains("lustre_2.17.57-3+acme~2.dsc"), "{made}");
    assert!(made.contains("lustre_2.17.57.orig.tar.xz"), "{made}");
    for (suffix, code) in [("Acme.1", 2), ("acme", 2), ("acme.0", 2), ("a_b.1", 2), ("k6.1", 2)] {
        package(&sandbox, &["--vendor-suffix", suffix]).failure(code);
    }
    assert_snapshot!(package(&sandbox, &["--vendor-suffix", "Acme.1"]).failure(2), @"
    error: invalid value 'Acme.1' for '--vendor-suffix <VENDOR.N>': `Acme.1` is not a vendor's version: expected a vendor's name of `a-z` and `0-9` that starts with a letter, has no zero at the start of a longer number, and does not start with `git`, nor with `k`, `r` or `rc` and a digit at character 1 (`Acme.1`)

    For more information, try '--help'.
    ");
}

#[test]
fn somebody_must_answer_for_the_package() {
    let sandbox = released();
    assert_snapshot!(sandbox.run(&["package", "deb", "dist/lustre-2.17.57"]).failure(2), @r#"
    error: nobody answers for the package
     = help: give `--maintainer "Name <mail>"`, or set DEBFULLNAME and DEBEMAIL
    "#);
    let run = sandbox.run(&["package", "deb", "dist/lustre-2.17.57", "--maintainer", "A. Packager"]);
    assert_snapshot!(run.failure(2), @"
    error: the maintainer cannot be used
     = note: `A. Packager` is not of the form `Name <mail@example.org>`
    ");
}

#[test]
fn only_a_whole_product_is_packaged() {
    let xz = r#"formats = ["tar.xz"]"#;
    let partial = released_as(xz, &TREE, "", &["--leave-out", "COPYING"]);
    assert_snapshot!(refused(&partial, 2, &[]), @"
    error: lustre-2.17.57 is a partial release
     = note: left out: COPYING
     = help: package a release that was made without `--leave-out`
    ");
    let unbuildable = released_as(&format!("{xz}\nbuildable = false\nnote = \"a preview\""), &TREE, "", &[]);
    assert_snapshot!(refused(&unbuildable, 2, &[]), @"
    error: lustre-2.17.57 is not a product to build
     = note: its manifest says `buildable = false`
     = note: a preview
    ");
    let empty = released_as(xz, &[("COPYING", "GPL\n")], "", &[]);
    assert_snapshot!(refused(&empty, 2, &[]), @"
    error: lustre-2.17.57 declares no kernel module
     = note: looked from `Kbuild` at its top on, for `obj-m`, and `obj-y` with a folder
     = help: where the tree has packaging of its own, use it: `--packaging tree`

    error: lustre-2.17.57 has no `Makefile` at its top
     = note: our templates build the programs with its goals `utils`, `check` and `install`
     = help: where the tree has packaging of its own, use it: `--packaging tree`

    2 problems
    ");
    assert_snapshot!(refused(&empty, 2, &["--packaging", "tree"]), @"
    error: lustre-2.17.57 has no Debian packaging of its own
     = note: it would be `debian/rules`, and `debian/control` or `debian/control.main`
     = help: use ours: `--packaging ours`
    ");
}

#[test]
fn the_tarball_must_be_there_as_xz() {
    let sandbox = released_as(r#"formats = ["tar.gz"]"#, &TREE, "", &[]);
    assert_snapshot!(refused(&sandbox, 2, &[]), @"
    error: `dist/lustre-2.17.57` has no tar.xz tarball
     = note: there: tar.gz
     = note: the package holds the release's own tarball, byte for byte
     = help: make the release with `assemble --format tar.xz` among its formats, or name that file
    ");
    let tarball = format!("dist/{TITLE}/{TITLE}.tar.gz");
    let run = sandbox.run(&["package", "deb", &tarball, "--maintainer", WHO]);
    assert_snapshot!(run.failure(2), @"
    error: `lustre-2.17.57.tar.gz` is no tar.xz tarball
     = note: there: tar.gz
     = note: the package holds the release's own tarball, byte for byte
     = help: make the release with `assemble --format tar.xz` among its formats, or name that file
    ");
    let run = sandbox.run(&["package", "deb", "no-such", "--maintainer", WHO]);
    assert_snapshot!(run.failure(2), @"
    error: there is no release `no-such`
     = help: give a release's directory, or one of its tarballs; or say with `--from` which repository has it
    ");
    let run = sandbox.run(&["package", "deb", "lustre", "--maintainer", WHO]);
    assert_snapshot!(run.failure(2), @"
    error: `lustre` is no release directory
     = note: it has no NAME-VERSION.release.json
     = help: give a release's directory, or one of its tarballs
    ");
}

#[test]
fn what_was_changed_after_its_release_is_refused() {
    let sandbox = released();
    let path = sandbox.path(&format!("dist/{TITLE}/{TITLE}.tar.xz"));
    let whole = fs::read(&path).expect("the tarball");
    let mut damaged = whole.clone();
    damaged[100] ^= 1;
    fs::write(&path, &damaged).expect("a file");
    let said = refused(&sandbox, 6, &[]);
    assert!(said.contains("is not the file that was released"), "{said}");
    // Without its records the reader sees it.
    let name = format!("{TITLE}.tar.xz");
    fs::write(sandbox.path(&name), &damaged).expect("a file");
    let run = sandbox.run(&["package", "deb", &name, "--maintainer", WHO]);
    assert!(run.failure(6).contains(&format!("`{name}`")));
    fs::write(&path, &whole).expect("a file");
    // A description of something else.
    let description = format!("dist/{TITLE}/{TITLE}.release.json");
    let text = sandbox.read(&description);
    sandbox.write(&description, text.replace("2.17.57", "2.17.58"));
    assert!(refused(&sandbox, 6, &[]).contains("cannot be believed"));
    fs::remove_file(sandbox.path(&format!("dist/{TITLE}/{TITLE}.SHA256SUMS"))).expect("a file");
    sandbox.write(&description, text.replace("\"version\": \"2.17.57\"", "\"version\": \"2.17.58\""));
    assert_snapshot!(refused(&sandbox, 6, &[]), @"
    error: `dist/lustre-2.17.57/lustre-2.17.57.tar.xz` is not the release that it claims to be
     = note: version  expected 2.17.58  found 2.17.57
     = help: run `lustre-dist verify` on the release
    ");
}

#[test]
fn templates_of_the_user_stand_in_front_of_ours() {
    let sandbox = released();
    let with = ["--template-dir", "t"];
    assert_snapshot!(refused(&sandbox, 2, &with), @"
    error: there is no folder `t`
     = help: name a folder with `--template-dir`
    ");
    sandbox.write("t/deb/contrl.j2", "");
    sandbox.write("t/dep/control.j2", "");
    assert_snapshot!(refused(&sandbox, 3, &with), @"
    error: `t/dep` overrides no template
     = note: there are deb/, rpm/ and dkms/
     = help: name it as the template that it is to replace, or remove it

    error: `t/deb/contrl.j2` overrides no template
     = note: there are changelog.j2, control.j2, copyright.j2, dkms.dkms.j2, dkms.install.j2, dkms.lintian-overrides.j2, gbp.conf.j2, rules.j2, source/format.j2, source/lintian-overrides.j2, utils.install.j2, utils.lintian-overrides.j2, watch.j2, patches/ and files/
     = help: name it as the template that it is to replace, or remove it

    2 problems
    ");
    assert_eq!(sandbox.run(&["check", "--templates", "t"]).failure(3).matches("overrides no").count(), 2);
    fs::remove_dir_all(sandbox.path("t")).expect("a folder");

    sandbox.write("t/deb/control.j2", "Source: {{ release.name }}\nMaintainer: {{ maintaner.name }}\n");
    assert_snapshot!(refused(&sandbox, 3, &with), @"
    error: the template `t/deb/control.j2` names something that is not there
     --> t/deb/control.j2:2:16
      |
    2 | Maintainer: {{ maintaner.name }}
      |                ^^^^^^^^^^^^^^ `maintaner` is undefined
      = help: `deb/control.j2` can name branch, changes, copyright, dist, dkms, first, folder, has_key, kernel_expression, kernels, line, maintainer, modules, release, revision, sources, url, utils, vendor, watch_mangle, watch_name, watch_version; see the README
    ");
    assert_snapshot!(sandbox.run(&["check", "--templates", "t"]).failure(3), @"
    error: the template `t/deb/control.j2` names something that is not there
     --> t/deb/control.j2:2:16
      |
    2 | Maintainer: {{ maintaner.name }}
      |                ^^^^^^^^^^^^^^ there is no `maintaner`
    ");
    sandbox.write("t/deb/control.j2", "Source: {{ release.nam }}\n");
    let said = refused(&sandbox, 3, &with);
    assert!(said.contains("names something that is not there"), "{said}");
    sandbox.write("t/deb/control.j2", "Source: {{ release.name }\n");
    assert!(sandbox.run(&["check", "--templates", "t"]).failure(3).contains("t/deb/control.j2:1"));

    sandbox
        .write("t/deb/control.j2", "Source: Lustre\nStandards-Version: 4.6.2\n\nPackage: lustre-utils\nhm\n");
    assert_snapshot!(refused(&sandbox, 3, &with), @"
    error: `debian/control` is no valid control file
     --> debian/control:5:1
      |
    5 | hm
      | ^^ is no `Field: value`
      = help: mend the template that it was rendered from; Debian Policy 5 has the form

    error: `debian/control` is no valid control file
     --> debian/control:1:1
      |
    1 | Source: Lustre
      | ^^^^^^^^^^^^^^ its paragraph has no `Maintainer`
      = help: mend the template that it was rendered from; Debian Policy 5 has the form

    error: `debian/control` is no valid control file
     --> debian/control:4:1
      |
    4 | Package: lustre-utils
      | ^^^^^^^^^^^^^^^^^^^^^ its paragraph has no `Architecture`
      = help: mend the template that it was rendered from; Debian Policy 5 has the form

    error: `debian/control` is no valid control file
     --> debian/control:4:1
      |
    4 | Package: lustre-utils
      | ^^^^^^^^^^^^^^^^^^^^^ its paragraph has no `Description`
      = help: mend the template that it was rendered from; Debian Policy 5 has the form

    error: `debian/control` is no valid control file
     --> debian/control:1:1
      |
    1 | Source: Lustre
      | ^^^^^^^^^^^^^^ expected two or more of `a-z`, `0-9`, `+`, `-` and `.`, the first a letter or digit
      = help: mend the template that it was rendered from; Debian Policy 5 has the form

    5 problems
    ");
    fs::remove_file(sandbox.path("t/deb/control.j2")).expect("a file");
    sandbox.write("t/deb/changelog.j2", "lustre (1.0-1) unstable; urgency=low\n");
    assert_snapshot!(refused(&sandbox, 3, &with), @"
    error: `debian/changelog` does not begin with this package's entry
     = note: expected `lustre (2.17.57-1) `
     = note: found    `lustre (1.0-1) unstable; urgency=low`
     = help: mend the template that it was rendered from
    ");
    fs::remove_file(sandbox.path("t/deb/changelog.j2")).expect("a file");
    sandbox.write("t/deb/patches/one.patch", "");
    assert_snapshot!(refused(&sandbox, 3, &with), @"
    error: `t/deb/patches` has no `series`
     = help: name the patches in it in order, a line each, as quilt has it
    ");

    sandbox.write("t/deb/patches/series", "one.patch\ntwo.patch\n");
    assert_snapshot!(refused(&sandbox, 3, &with), @"
    error: the patch `one.patch` does not apply: the file holds no change in unified diff format

    error: there is no patch `two.patch`
     = note: `patches/series` in the folder of templates names it

    2 problems
    ");
    sandbox.write("t/deb/patches/series", "one.patch\n");
    sandbox.write(
        "t/deb/patches/one.patch",
        "Description: count from three\n\n--- a/include/lnet.h\n+++ b/include/lnet.h\n\
         @@ -1 +1 @@\n-#define LNET 2\n+#define LNET 3\n",
    );
    sandbox.write("t/deb/files/NEWS", "news\n");
    sandbox.write("t/deb/rules.j2", "#!/usr/bin/make -f\n# for {{ release.name }}\n%:\n\tdh $@\n");
    assert_eq!(sandbox.run(&["check", "--templates", "t"]).success(), "t: templates, ok\n");
    package(&sandbox, &with).success();
    assert_eq!(debian(&sandbox, "patches/series"), "one.patch\n");
    assert!(debian(&sandbox, "changelog").contains("\n  * Apply one.patch: count from three.\n"));
    assert_eq!(debian(&sandbox, "NEWS"), "news\n");
    assert!(debian(&sandbox, "rules").contains("# for lustre"));
}

#[test]
fn every_name_that_is_not_there_is_found_without_a_release() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "t/deb/control.j2",
        "{% if url %}\nSource: {{ release.nam }}\n{% else %}\n# {{ release.name.first }}\n{% endif %}\n\
         {{ sources.any.commit }} {{ sources.any.ref }} {{ maintainer.name }}\n{{ maintaner }}\n",
    );
    sandbox.write("t/deb/changelog.j2", "{% for entry in changes %}\n{{ entry.debain }}\n{% endfor %}\n");
    sandbox.write(
        "t/deb/watch.j2",
        "{% set here = url %}{{ here }} {{ range(3) | join }}\n{% for x in y %}{% endfor %}",
    );
    assert_snapshot!(sandbox.run(&["check", "--templates", "t"]).failure(3), @"
    error: the template `t/deb/changelog.j2` names something that is not there
     --> t/deb/changelog.j2:2:4
      |
    2 | {{ entry.debain }}
      |    ^^^^^^^^^^^^ `entry.debain` is undefined
      = help: `deb/changelog.j2` can name branch, changes, dist, first, folder, kernels, line, maintainer, release, revision, sources, url, vendor; see the README

    error: the template `t/deb/control.j2` names something that is not there
     --> t/deb/control.j2:2:12
      |
    2 | Source: {{ release.nam }}
      |            ^^^^^^^^^^^ `release` has no `nam`; it has base, date, date_debian, debian, identity, kernel, license, name, note, respin, rpm, source_date, tarball, title, version, version_file, year

    error: the template `t/deb/control.j2` names something that is not there
     --> t/deb/control.j2:4:6
      |
    4 | # {{ release.name.first }}
      |      ^^^^^^^^^^^^^^^^^^ `release.name` has no `first`; it has no fields

    error: the template `t/deb/control.j2` names something that is not there
     --> t/deb/control.j2:6:29
      |
    6 | {{ sources.any.commit }} {{ sources.any.ref }} {{ maintainer.name }}
      |                             ^^^^^^^^^^^^^^^ `sources.any` has no `ref`; it has commit, tag

    error: the template `t/deb/control.j2` names something that is not there
     --> t/deb/control.j2:7:4
      |
    7 | {{ maintaner }}
      |    ^^^^^^^^^ there is no `maintaner`
      = help: `deb/control.j2` can name branch, changes, copyright, dist, dkms, first, folder, has_key, kernel_expression, kernels, line, maintainer, modules, release, revision, sources, url, utils, vendor, watch_mangle, watch_name, watch_version; see the README

    error: the template `t/deb/watch.j2` names something that is not there
     --> t/deb/watch.j2:2:13
      |
    2 | {% for x in y %}{% endfor %}
      |             ^ there is no `y`
      = help: `deb/watch.j2` can name branch, changes, dist, first, folder, has_key, kernels, line, maintainer, release, revision, sources, url, vendor, watch_mangle, watch_name, watch_version; see the README

    6 problems
    ");
}

#[test]
fn relations_that_dpkg_cannot_read_are_refused() {
    let sandbox = released();
    let control = "Source: lustre\nMaintainer: A <a@example.org>\nStandards-Version: 4.6.2\n\
        Build-Depends: debhelper-compat (= 13), make (> 1\n\nPackage: lustre-utils\nArchitecture: any\n\
        Depends: ${misc:Depends}, Lib\nDescription: programs\n";
    sandbox.write("t/deb/control.j2", control);
    assert_snapshot!(refused(&sandbox, 3, &["--template-dir", "t"]), @"
    error: `debian/control` is no valid control file
     --> debian/control:4:1
      |
    4 | Build-Depends: debhelper-compat (= 13), make (> 1
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `make (> 1` is no relation to a package
      = help: mend the template that it was rendered from; Debian Policy 5 has the form

    error: `debian/control` is no valid control file
     --> debian/control:8:1
      |
    8 | Depends: ${misc:Depends}, Lib
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `Lib` is no relation to a package
      = help: mend the template that it was rendered from; Debian Policy 5 has the form

    2 problems
    ");
}

#[test]
fn a_range_without_kernels_is_refused_before_there_is_a_release() {
    let sandbox = released();
    let empty = sandbox.read("m.toml").replace(">=6.1, <6.13", ">=6.13, <6.1");
    sandbox.write("e.toml", empty);
    assert_snapshot!(sandbox.run(&["assemble", "e.toml"]).failure(3), @r#"
    error: no kernel is in the range `>=6.13, <6.1`
      --> e.toml:13:12
       |
    13 | supports = ">=6.13, <6.1"
       |            ^^^^^^^^^^^^^^ holds nothing
    "#);
}

#[test]
fn a_development_version_is_not_packaged() {
    let sandbox = released();
    sandbox.commit("lustre", &[("COPYING", "GPL 2\n")], "LU-2 start: more");
    let head = sandbox.git("lustre", &["rev-parse", "HEAD"]);
    let manifest = sandbox.read("m.toml").replace("tag = \"v2_17_57\"", &format!("commit = \"{head}\""));
    sandbox.write("d.toml", manifest);
    let answer = sandbox.run(&["assemble", "d.toml", "--json"]).success();
    let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
    let directory = answer["directory"].as_str().expect("a directory").to_owned();
    let run = sandbox.run(&["package", "deb", &directory, "--maintainer", WHO]);
    assert_snapshot!(run.failure(2).replace(&directory, "[RELEASE]"), @"
    error: lustre-2.17.57+git1.gc1d89f989184 is a development version
     = note: one of its sources is at no tag
     = help: package a release that was made of tags
    ");
}

#[test]
fn only_a_certificate_is_shipped() {
    let sandbox = released();
    let with = ["--signing-key", "key.asc"];
    for (text, why) in [
        ("nonsense", "no certificate"),
        (
            "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nAAAA\n-----END PGP PRIVATE KEY BLOCK-----\n",
            "secret key",
        ),
    ] {
        sandbox.write("key.asc", text);
        let said = refused(&sandbox, 2, &with);
        assert!(said.contains(why), "{said}");
    }
    fs::remove_file(sandbox.path("key.asc")).expect("a file");
    refused(&sandbox, 8, &with);
}

#[test]
fn the_change_log_goes_back_to_previous_releases() {
    let sandbox = released();
    sandbox.commit("lustre", &[("COPYING", "GPL 2\n")], "LU-2 start: more");
    sandbox.git("lustre", &["tag", "--annotate", "--message", "2.17.58", "v2_17_58"]);
    let next =
        manifest(r#"formats = ["tar.xz"]"#, "").replace("2.17.57", "2.17.58").replace("v2_17_57", "v2_17_58");
    sandbox.write("n.toml", next);
    sandbox.run(&["assemble", "n.toml"]).success();
    let arguments = ["package", "deb", "dist/lustre-2.17.58", "--maintainer", WHO, "--previous"];
    sandbox.run(&[&arguments[..], &["dist/lustre-2.17.57"]].concat()).success();
    assert_snapshot!(debian_of(&sandbox, "lustre_2.17.58-1", "changelog"), @"
    lustre (2.17.58-1) unstable; urgency=medium

      * New release 2.17.58 of the line lts-6.12.
      * Source lustre: v2_17_58, commit c1d89f989184.

     -- A. Packager <packager@example.org>  Fri, 02 Jan 2026 03:04:05 +0000

    lustre (2.17.57-1) unstable; urgency=medium

      * New release 2.17.57 of the line lts-6.12.
      * Source lustre: v2_17_57, commit e6ec4839012a.
      * Backport LU-7 lnet: count from two (upstream commit 012345678901).

     -- A. Packager <packager@example.org>  Fri, 02 Jan 2026 03:04:05 +0000
    ");
    assert_snapshot!(refused(&released(), 2, &["--previous", "dist/lustre-2.17.57"]), @"
    error: lustre-2.17.57 is not before lustre-2.17.57
     = help: give releases that came before with `--previous`
    ");
}

#[test]
fn licences_come_from_the_bill_of_materials() {
    let sandbox = released();
    let description = sandbox.read(&format!("dist/{TITLE}/{TITLE}.release.json"));
    let description: serde_json::Value = serde_json::from_str(&description).expect("JSON");
    let identity = description["identity"]["sha256"].as_str().expect("a digest");
    // REUSE-IgnoreStart
    sandbox.write(
        &format!("dist/{TITLE}/{TITLE}.spdx.json"),
        r#"{ "packages": [{ "checksums": [{ "algorithm": "SHA256", "checksumValue": "IDENTITY" }] }],
          "files": [
            { "fileName": "./COPYING", "licenseInfoInFiles": ["NOASSERTION"] },
            { "fileName": "./Kbuild", "licenseInfoInFiles": ["GPL-2.0-only"] },
            { "fileName": "./include/lnet.h", "licenseInfoInFiles": ["LGPL-2.1-or-later", "MIT"],
              "licenseComments": "SPDX-License-Identifier: LGPL-2.1-or-later OR MIT" },
            { "fileName": "./a b*.c", "licenseInfoInFiles": ["GPL-2.0-only WITH Linux-syscall-note"] },
            { "fileName": "./both.c", "licenseInfoInFiles": ["GPL-2.0-only", "MIT", "BSD-3-Clause"],
              "licenseComments": "SPDX-License-Identifier: (GPL-2.0-only OR MIT) AND BSD-3-Clause" },
            { "fileName": "./odd.c", "licenseInfoInFiles": ["NOASSERTION"],
              "licenseComments": "SPDX-License-Identifier: GPL v2  (not a licence expression)" }
        ] }"#
            .replace("IDENTITY", identity),
    );
    // REUSE-IgnoreEnd
    // Another bill than the release's own, which the sums would tell.
    let sums = format!("dist/{TITLE}/{TITLE}.SHA256SUMS");
    let others: Vec<String> = sandbox.read(&sums).lines().map(str::to_owned).collect();
    let others = others.into_iter().filter(|line| !line.ends_with(".spdx.json"));
    sandbox.write(&sums, others.map(|line| line + "\n").collect::<String>());
    package(&sandbox, &[]).success();
    let copyright = debian(&sandbox, "copyright");
    assert_snapshot!(&copyright[copyright.find("Files: *").expect("the rest")..], @r#"
    Files: *
    Copyright: the authors of lustre, as its files and the histories of its sources name them
    License: GPL-2

    Files:
     both.c
    Copyright: the authors of lustre, as its files and the histories of its sources name them
    License: GPL-2 or Expat, and BSD-3-clause

    Files:
     a?b\*.c
    Copyright: the authors of lustre, as its files and the histories of its sources name them
    License: GPL-2 with Linux-syscall-note exception

    Files:
     include/lnet.h
    Copyright: the authors of lustre, as its files and the histories of its sources name them
    License: LGPL-2.1+ or Expat

    Files: debian/*
    Copyright: 2026 A. Packager <packager@example.org>
    License: GPL-2

    License: BSD-3-clause
     The text of BSD-3-Clause is not part of this source;
     see https://spdx.org/licenses/BSD-3-Clause.html.

    License: Expat
     MIT License
     .
     Copyright (c) <year> <copyright holders>
     .
     Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:
     .
     The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.
     .
     THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.

    License: GPL-2
     On every Debian system the full text is in
     /usr/share/common-licenses/GPL-2.

    License: GPL-2 with Linux-syscall-note exception
     On every Debian system the full text is in
     /usr/share/common-licenses/GPL-2.
     The exception is at https://spdx.org/licenses/Linux-syscall-note.html.

    License: LGPL-2.1+
     On every Debian system the full text is in
     /usr/share/common-licenses/LGPL-2.1.
     Any later version of the licence will do, too.
    "#);
}

/// Lustre's own packaging, in small.
pub const OWN: [(&str, &str); 10] = [
    ("COPYING", "GPL\n"),
    ("Kbuild", "obj-m += a.o\n"),
    ("Makefile", "all:\n"),
    ("configure.ac", "AC_INIT\n"),
    ("autogen.sh", "#!/bin/sh\n"),
    ("debian/.gitignore", "/changelog\n"),
    (
        "debian/changelog.in",
        "lustre (1.0-1) unstable; urgency=low\n\n  * Old.\n\n -- O. Old <old@example.org>  Fri, 02 Jan 2015 03:04:05 +0000\n",
    ),
    (
        "debian/control.main",
        "Source: lustre\nSection: admin\nPriority: optional\nMaintainer: Lustre Developers <devel@example.org>\n\
         Uploaders: Lustre Developers <devel@example.org>,\n O. Old <old@example.org>\nStandards-Version: 3.8.3\n\
         Build-Depends: debhelper (>= 11), automake (>=1.7) | automake1.7,\n libtool\n\n\
         Package: lustre-client-utils\nArchitecture: amd64 arm64\nDescription: utilities\n\n\
         Package: lustre-source\nArchitecture: all\nDescription: source\n",
    ),
    ("debian/rules", "#!/usr/bin/make -f\nautogen-stamp:\n\ttouch $@\n"),
    ("debian/source/format", "1.0\n"),
];

/// A sandbox with a tree that has packaging of its own; `debian/rules` is a program there.
pub fn own() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("lustre/debian/rules", "");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(sandbox.path("lustre/debian/rules"), mode).expect("a mode");
    sandbox.repository("lustre", &OWN, "v2_17_57");
    sandbox
}

#[test]
fn a_tree_with_packaging_of_its_own_keeps_it() {
    let sandbox = own();
    sandbox.write("m.toml", manifest(r#"formats = ["tar.xz"]"#, ""));
    sandbox.run(&["assemble", "m.toml"]).success();
    assert_snapshot!(refused(&sandbox, 2, &["--packaging", "ours"]), @"
    error: lustre-2.17.57 is built after its configure has run, which our templates do not do
     = note: it has a `configure.ac`, and what its modules are depends on what that finds
     = help: use the tree's own packaging: `--packaging tree`
    ");
    package(&sandbox, &[]).success();
    assert_snapshot!(debian(&sandbox, "control"), @"
    Source: lustre
    Section: admin
    Priority: optional
    Maintainer: A. Packager <packager@example.org>
    XSBC-Original-Maintainer: Lustre Developers <devel@example.org>
    Standards-Version: 3.8.3
    Build-Depends: debhelper (>= 11), automake (>=1.7) | automake1.7,
     libtool, autoconf, bison, flex, libkeyutils-dev, m4, pkg-config, zlib1g-dev

    Package: lustre-client-utils
    Architecture: amd64 arm64
    Description: utilities

    Package: lustre-source
    Architecture: all
    Description: source
    ");
    assert_eq!(debian(&sandbox, "control"), debian(&sandbox, "control.main"));
    assert_snapshot!(debian(&sandbox, "changelog"), @"
    lustre (2.17.57-1) unstable; urgency=medium

      * New release 2.17.57 of the line lts-6.12.
      * Source lustre: v2_17_57, commit 4400bc0789c2.

     -- A. Packager <packager@example.org>  Fri, 02 Jan 2026 03:04:05 +0000

    lustre (1.0-1) unstable; urgency=low

      * Old.

     -- O. Old <old@example.org>  Fri, 02 Jan 2015 03:04:05 +0000
    ");
    assert_snapshot!(debian(&sandbox, "rules"), @"
    #!/usr/bin/make -f
    autogen-stamp:
    	touch $@

    # What follows is not of the tree: a release's tarball has no generated configure, and no git.
    export SRC_GIT_HASH ?= 4400bc0789

    autogen-stamp: patch-stamp
    	sh ./autogen.sh
    	touch $@
    ");
    assert_eq!(debian(&sandbox, "source/format"), "3.0 (quilt)\n");
    let dsc = sandbox.read(&format!("{PACKAGE}/lustre_2.17.57-1.dsc"));
    assert_snapshot!(dsc.split("Checksums").next().expect("a start"), @"
    Format: 3.0 (quilt)
    Source: lustre
    Binary: lustre-client-utils, lustre-source
    Architecture: amd64 arm64 all
    Version: 2.17.57-1
    Maintainer: A. Packager <packager@example.org>
    Standards-Version: 3.8.3
    Build-Depends: debhelper (>= 11), automake (>= 1.7) | automake1.7, libtool, autoconf, bison, flex, libkeyutils-dev, m4, pkg-config, zlib1g-dev
    Package-List:
     lustre-client-utils deb admin optional arch=amd64,arm64
     lustre-source deb admin optional arch=all
    ");
    assert!(dsc.ends_with("Original-Maintainer: Lustre Developers <devel@example.org>\n"), "{dsc}");
}
