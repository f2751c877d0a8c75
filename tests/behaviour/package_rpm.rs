// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `package rpm`: everything that refuses to be a source RPM, before rpm is asked. What rpm makes of the
//! rest is in tests/interop.

use std::fs;

use insta::assert_snapshot;

use crate::runner::{Run, Sandbox};

const WHO: &str = "A. Packager <packager@example.org>";

/// A tree that our templates can package.
const TREE: [(&str, &str); 4] = [
    ("COPYING", "GPL\n"),
    ("Kbuild", "obj-y += net/lnet/\n"),
    ("Makefile", "utils:\ncheck:\ninstall:\n"),
    ("net/lnet/Makefile", "obj-m := lnet.o\n"),
];

/// Lustre's own packaging, in small.
const OWN: &str = "Name: lustre\nVersion: @VERSION@\nRelease: @RELEASE_ID@%{?dist}\nSource: lustre-%{version}.tar.gz\n\
    %prep\n%setup -qn lustre-%{version}\n%build\n";

/// A sandbox with the release of a tree; `release` stands in its manifest's `[release]`.
fn released(release: &str, files: &[(&str, &str)], arguments: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository("lustre", files, "v2_17_57");
    let manifest = format!(
        r#"schema = 1

[release]
name = "lustre"
version = "2.17.57"
primary = "lustre"
license = "GPL-2.0-only"
formats = ["tar.gz"]
{release}

[source.lustre]
git = "lustre"
tag = "v2_17_57"
signature = "none"

[[layer]]
name = "userspace"
source = "lustre"
take = [{{ from = "." }}]
"#
    );
    sandbox.write("m.toml", manifest);
    sandbox.run(&[&["assemble", "m.toml"], arguments].concat()).success();
    sandbox
}

fn package(sandbox: &Sandbox, more: &[&str]) -> Run {
    let arguments = ["package", "rpm", "dist/lustre-2.17.57", "--maintainer", WHO];
    let mut command = sandbox.command(&[&arguments, more].concat());
    // No program is there.
    sandbox.finish(command.env("PATH", sandbox.path("")))
}

/// What a failed run says.
#[track_caller]
fn refused(sandbox: &Sandbox, code: i32, more: &[&str]) -> String {
    let said = package(sandbox, more).failure(code);
    assert!(!sandbox.path("packages").exists(), "nothing is written");
    said
}

#[test]
fn rpmbuild_must_be_there() {
    assert_snapshot!(refused(&released("", &TREE, &[]), 8, &[]), @"
    error: cannot run `rpmbuild`
     = note: No such file or directory (os error 2)
     = help: install it: it is in the package rpm-build of Fedora, RHEL and SUSE, and in rpm of Debian
    ");
}

#[test]
fn only_a_whole_product_is_packaged() {
    let partial = released("", &TREE, &["--leave-out", "COPYING"]);
    assert_snapshot!(refused(&partial, 2, &[]), @"
    error: lustre-2.17.57 is a partial release
     = note: left out: COPYING
     = help: package a release that was made without `--leave-out`
    ");
    let unbuildable = released("buildable = false", &TREE, &[]);
    assert_snapshot!(refused(&unbuildable, 2, &[]), @"
    error: lustre-2.17.57 is not a product to build
     = note: its manifest says `buildable = false`
    ");
    let empty = released("", &[("COPYING", "GPL\n")], &[]);
    assert!(refused(&empty, 2, &[]).contains("declares no kernel module"));
    assert_snapshot!(refused(&empty, 2, &["--packaging", "tree"]), @"
    error: lustre-2.17.57 has no RPM packaging of its own
     = note: it would be a `.spec.in` at its top
     = help: use ours: `--packaging ours`
    ");
    let run = empty.run(&["package", "rpm", "dist/lustre-2.17.57"]);
    assert!(run.failure(2).contains("nobody answers for the package"));
}

#[test]
fn a_second_spec_file_is_refused() {
    let another = ("contrib/other.spec", "Name: other\n");
    let sandbox = released("", &[&TREE[..], &[another]].concat(), &[]);
    assert_snapshot!(refused(&sandbox, 2, &[]), @"
    error: lustre-2.17.57 has a spec file in reach that is not the package's own
     = note: `contrib/other.spec`
     = note: `rpmbuild -ts` would build the wrong package of its tarball, or none
     = help: exclude all but one in the manifest, as `make dist` of Lustre does
    ");
    let own = ("lustre.spec.in", OWN);
    let sandbox = released("", &[&TREE[..], &[own, another]].concat(), &[]);
    assert_snapshot!(refused(&sandbox, 2, &[]), @"
    error: lustre-2.17.57 has a spec file in reach that is not the package's own
     = note: `contrib/other.spec`
     = note: `lustre.spec.in`
     = note: `rpmbuild -ts` would build the wrong package of its tarball, or none
     = help: exclude all but one in the manifest, as `make dist` of Lustre does
    ");
    let client = ("lustre-client.spec.in", OWN);
    let sandbox = released("", &[&TREE[..], &[own, client, ("lustre-dkms.spec.in", OWN)]].concat(), &[]);
    assert_snapshot!(refused(&sandbox, 2, &[]), @"
    error: lustre-2.17.57 has a spec file in reach that is not the package's own
     = note: `lustre-client.spec.in`
     = note: `lustre.spec.in`
     = note: `rpmbuild -ts` would build the wrong package of its tarball, or none
     = help: exclude all but one in the manifest, as `make dist` of Lustre does
    ");
    // Rendered by the manifest, with our packaging: its own.
    let sandbox = released("", &[&TREE[..], &[("lustre.spec", "Name: lustre\n")]].concat(), &[]);
    refused(&sandbox, 8, &[]);
}

#[test]
fn rpm_must_be_able_to_spell_it() {
    let sandbox = released("", &TREE, &[]);
    assert_snapshot!(refused(&sandbox, 2, &["--dist", "el-9"]), @"
    error: RPM cannot spell the distribution `el-9`
     = note: it becomes a part of `Release`, where `-` cannot stand
     = help: give it as its packages have it: `el9`, `fc42`
    ");
    refused(&sandbox, 2, &["--vendor-suffix", "a-b.1"]);
    refused(&sandbox, 8, &["--dist", "el9", "--vendor-suffix", "acme.1"]);
}

#[test]
fn the_trees_spec_file_must_be_one_that_can_be_mended() {
    let unknown = OWN.replace("%build\n", "%build\nmake ARCH=@TARGET_CPU@\n");
    let sandbox = released("", &[("lustre.spec.in", &unknown)], &[]);
    assert_snapshot!(refused(&sandbox, 3, &[]), @"
    error: `lustre.spec.in` needs a value of configure that is not known here
     --> lustre.spec.in:8:11
      |
    8 | make ARCH=@TARGET_CPU@
      |           ^^^^^^^^^^^^ what would configure put for `TARGET_CPU`?
      = help: patch the file in the manifest, or use ours: `--packaging ours`
    ");
    let sandbox = released("", &[("lustre.spec.in", "Name: lustre\nVersion: @VERSION@\n%prep\n")], &[]);
    assert_snapshot!(refused(&sandbox, 3, &[]), @"
    error: `lustre.spec.in` has no line `Source:` to mend
     = note: a release's tarball has a name of its own, and no generated configure
     = help: patch the file in the manifest, or use ours: `--packaging ours`

    error: `lustre.spec.in` has no line `Release:` to mend
     = note: a release's tarball has a name of its own, and no generated configure
     = help: patch the file in the manifest, or use ours: `--packaging ours`

    error: `lustre.spec.in` has no line `%setup -n` to mend
     = note: a release's tarball has a name of its own, and no generated configure
     = help: patch the file in the manifest, or use ours: `--packaging ours`

    error: `lustre.spec.in` has no line `%build` to mend
     = note: a release's tarball has a name of its own, and no generated configure
     = help: patch the file in the manifest, or use ours: `--packaging ours`

    4 problems
    ");
}

#[test]
fn what_stands_beside_the_tarball_has_plain_names_of_its_own() {
    let sandbox = released("", &TREE, &[]);
    sandbox.write("t/rpm/files/a folder/file", "");
    sandbox.write("t/rpm/files/lustre-dkms.conf", "");
    sandbox.write("t/rpm/files/fix.patch", "");
    sandbox.write("t/rpm/patches/series", "fix.patch\n");
    sandbox.write("t/rpm/patches/fix.patch", "--- a/COPYING\n+++ b/COPYING\n@@ -1 +1 @@\n-GPL\n+GPL 2\n");
    assert_snapshot!(refused(&sandbox, 2, &["--template-dir", "t"]), @"
    error: a source RPM cannot hold a file `a folder/file`
     = note: its files stand in one folder, and have `A-Z`, `a-z`, `0-9` and `._-+~` in their names
     = help: give it another name

    error: the source RPM would hold two files `fix.patch`
     = help: give one of them another name

    2 problems
    ");
    fs::remove_dir_all(sandbox.path("t/rpm/files/a folder")).expect("a folder");
    fs::remove_file(sandbox.path("t/rpm/files/fix.patch")).expect("a file");
    assert_snapshot!(refused(&sandbox, 3, &["--template-dir", "t"]), @"
    error: the source RPM would hold two files `lustre-dkms.conf`
     = help: override its template instead
    ");
}

#[test]
fn a_template_is_checked() {
    let sandbox = released("", &TREE, &[]);
    sandbox.write("t/rpm/spec.j2", "Name: {{ release.name }}\nVersion: {{ relase.rpm }}\n");
    assert_snapshot!(refused(&sandbox, 3, &["--template-dir", "t"]), @"
    error: the template `t/rpm/spec.j2` names something that is not there
     --> t/rpm/spec.j2:2:13
      |
    2 | Version: {{ relase.rpm }}
      |             ^^^^^^^^^^ `relase` is undefined
      = help: `rpm/spec.j2` can name branch, changelog, changes, dist, dkms_conf, docs, first, folder, homepage, kernel_expression, kernels, keyring, license_files, line, maintainer, modules, release, revision, rpm_patches, rpm_release, rpm_sources, signature, sources, url, vendor; see the README
    ");
    assert!(sandbox.run(&["check", "--templates", "t"]).failure(3).contains("there is no `relase`"));
    sandbox.write("t/rpm/lustre.spec.j2", "");
    assert_snapshot!(refused(&sandbox, 3, &["--template-dir", "t"]), @"
    error: `t/rpm/lustre.spec.j2` overrides no template
     = note: there are changelog.j2, dkms.conf.j2, rpmlintrc.j2, spec.j2, patches/ and files/
     = help: name it as the template that it is to replace, or remove it
    ");
}

#[test]
fn a_certificate_needs_a_signature() {
    let sandbox = released("", &TREE, &[]);
    let key = crate::keymaker::Owner::new(3).file();
    sandbox.write("key.asc", key);
    assert_snapshot!(refused(&sandbox, 6, &["--signing-key", "key.asc"]), @"
    error: nobody vouches for `lustre-2.17.57.tar.gz`
     = note: no signature is there by OpenPGP 123771724BA84F8383FDE6A1516D74A59FE914B9 (Stable Signer <stable@example.org>)
     = help: fetch the signatures that were published with the release; without `--signing-key` an unsigned release is packaged as one
    ");
}

#[test]
fn a_template_that_has_no_use_is_refused() {
    let sandbox = released("", &[("lustre.spec.in", OWN)], &[]);
    sandbox.own_templates("rpm", &["changelog", "spec", "dkms.conf"]);
    assert_snapshot!(refused(&sandbox, 3, &["--template-dir", "t"]), @"
    error: `t/rpm/dkms.conf.j2` has no use here
     = note: the tree's own packaging is followed
     = help: use `files/` or `patches/`, or our packaging: `--packaging ours`

    error: `t/rpm/spec.j2` has no use here
     = note: the tree's own packaging is followed
     = help: use `files/` or `patches/`, or our packaging: `--packaging ours`

    2 problems
    ");
}

#[test]
fn a_change_log_that_would_go_up_in_time_is_told() {
    let own = format!("{OWN}%changelog\n* Sat Jan 03 2026 O. Old <old@example.org>\n- Old.\n");
    let sandbox = released("", &[("lustre.spec.in", &own)], &[]);
    assert_snapshot!(refused(&sandbox, 3, &[]), @"
    error: the change log of `lustre.spec` would go up in time
     --> lustre.spec.in:9:1
      |
    9 | * Sat Jan 03 2026 O. Old <old@example.org>
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ is later than the entry that goes above it
      = note: `Sat Jan 03 2026` stands below `Fri Jan 02 2026`, which rpm refuses
      = help: leave out a `--previous` that is older than that; or mend the date with a patch in the manifest; or use ours: `--packaging ours`
    ");
}

#[test]
fn names_that_rpm_would_run_are_refused() {
    let mut files = TREE.to_vec();
    files[3] = ("net/lnet/Makefile", "obj-m := lnet.o %(id>/tmp/x).o\n");
    assert_snapshot!(refused(&released("", &files, &[]), 3, &[]), @"
    error: `net/lnet/Makefile` cannot be followed
     = note: it names `%(id>/tmp/x).o`, which is no plain path inside of the release
     = help: write out the names with a patch in the manifest; where the tree has packaging of its own, use it: `--packaging tree`
    ");
}
