// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `package dkms`: tarballs for dkms of a release, and everything that refuses to be one.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;

use insta::assert_snapshot;

use crate::dkms_trees::{OWN, TREE, released_as};
use crate::runner::{Run, Sandbox};

const WHO: &str = "A. Packager <packager@example.org>";

const SUPPORTS: &str = r#"supports = ">=6.1, <6.13""#;

fn released(files: &[(&str, &str)]) -> Sandbox {
    released_as(files, "", SUPPORTS, &[])
}

/// The same files with one changed, or without it.
fn but(
    files: &[(&'static str, &'static str)],
    name: &str,
    text: Option<&'static str>,
) -> Vec<(&'static str, &'static str)> {
    let mut files = files.to_vec();
    let at = files.iter().position(|(other, _)| *other == name).expect("a file of that name");
    match text {
        Some(text) => files[at].1 = text,
        None => drop(files.remove(at)),
    }
    files
}

fn package(sandbox: &Sandbox, more: &[&str]) -> Run {
    sandbox.run(&[&["package", "dkms", "dist/lustre-2.17.57", "--maintainer", WHO], more].concat())
}

/// What a failed run says.
#[track_caller]
fn refused(sandbox: &Sandbox, code: i32, more: &[&str]) -> String {
    let said = package(sandbox, more).failure(code);
    assert!(!sandbox.path("packages").exists(), "nothing is written");
    said
}

/// The members of a package's tarball, by path: mode and content, or a link's target.
fn members(sandbox: &Sandbox, package: &str) -> BTreeMap<String, (u32, String)> {
    let path = sandbox.path(&format!("packages/{package}.dkms/{package}-source-only.dkms.tar.gz"));
    let gz = fs::read(path).expect("a tarball");
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(gz.as_slice()).read_to_end(&mut tar).expect("gzip");
    let mut archive = tar::Archive::new(tar.as_slice());
    let entries = archive.entries().expect("a tar").map(|entry| {
        let mut entry = entry.expect("an entry");
        let header = entry.header();
        let mode = header.mode().expect("a mode");
        let is_numbered =
            header.uid().expect("a number") == 0 && header.username().expect("a name") == Some("");
        assert!(is_numbered && header.mtime().expect("a date") == 1_767_323_045);
        let path = entry.path().expect("a path").to_str().expect("UTF-8").to_owned();
        let mut text =
            entry.link_name().expect("a link").map_or(String::new(), |to| to.to_string_lossy().into());
        entry.read_to_string(&mut text).expect("text");
        (path, (mode, text))
    });
    entries.collect()
}

/// One file of the source tree.
fn file(sandbox: &Sandbox, package: &str, name: &str) -> String {
    members(sandbox, package).remove(&format!("dkms_source_tree/{name}")).expect(name).1
}

#[test]
fn a_tarball_is_made() {
    let sandbox = released(&TREE);
    assert_snapshot!(package(&sandbox, &[]).success(), @"
    packages/lustre-2.17.57.dkms
      lustre-2.17.57-source-only.dkms.tar.gz     954 B
    ");
    let members = members(&sandbox, "lustre-2.17.57");
    let list: String = members.iter().map(|(path, (mode, _))| format!("{mode:o} {path}\n")).collect();
    assert_snapshot!(list, @"
    755 dkms_main_tree/
    755 dkms_source_tree/
    644 dkms_source_tree/COPYING
    644 dkms_source_tree/Kbuild
    644 dkms_source_tree/dkms.conf
    755 dkms_source_tree/fs/
    755 dkms_source_tree/fs/lustre/
    644 dkms_source_tree/fs/lustre/Makefile
    755 dkms_source_tree/include/
    644 dkms_source_tree/include/lnet.h
    755 dkms_source_tree/net/
    755 dkms_source_tree/net/lnet/
    644 dkms_source_tree/net/lnet/Makefile
    644 pax_global_header
    ");
    assert_eq!(members["dkms_source_tree/include/lnet.h"].1, "#define LNET 1\n");
    assert_snapshot!(file(&sandbox, "lustre-2.17.57", "dkms.conf"), @r#"
    # lustre 2.17.57, packaged by A. Packager <packager@example.org>
    PACKAGE_NAME="lustre"
    PACKAGE_VERSION="2.17.57"
    AUTOINSTALL="yes"
    MAKE[0]="make -j$(nproc) -C $kernel_source_dir M=$dkms_tree/$PACKAGE_NAME/$PACKAGE_VERSION/build modules"
    CLEAN="make -C $kernel_source_dir M=$dkms_tree/$PACKAGE_NAME/$PACKAGE_VERSION/build clean"
    BUILT_MODULE_NAME[0]="lnet"
    BUILT_MODULE_LOCATION[0]="net/lnet"
    DEST_MODULE_LOCATION[0]="/updates"
    BUILT_MODULE_NAME[1]="lustre"
    BUILT_MODULE_LOCATION[1]="fs/lustre"
    DEST_MODULE_LOCATION[1]="/updates"

    # Kernels >=6.1, <6.13. dkms 3.0.10 knows the expression alone, newer ones the ends too.
    BUILD_EXCLUSIVE_KERNEL='^(6\.([1-9]|1[0-2]))([^0-9]|$)'
    BUILD_EXCLUSIVE_KERNEL_MIN="6.1"
    BUILD_EXCLUSIVE_KERNEL_MAX="6.13"

    # Not listed, although a Kbuild file names them:
    #   lustre_test
    "#);
}

#[test]
fn the_same_release_gives_the_same_bytes() {
    let sandbox = released(&TREE);
    let name = "lustre-2.17.57.dkms/lustre-2.17.57-source-only.dkms.tar.gz";
    package(&sandbox, &[]).success();
    let first = fs::read(sandbox.path(&format!("packages/{name}"))).expect("a tarball");
    for tarball in ["tar.gz", "tar.zst"] {
        let release = format!("dist/lustre-2.17.57/lustre-2.17.57.{tarball}");
        let arguments = ["package", "dkms", &release, "--maintainer", WHO];
        assert!(sandbox.run(&arguments).success().contains("was there, the same"), "{tarball}");
    }
    assert!(package(&sandbox, &[]).success().contains("was there, the same"));
    sandbox.write("else/where/note", "");
    let release = sandbox.path("dist/lustre-2.17.57").to_string_lossy().into_owned();
    let arguments = ["package", "dkms", &release, "--maintainer", WHO, "--out", "out"];
    let inner = sandbox.command(&arguments);
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "umask 077 && exec \"$0\" \"$@\""]).arg(inner.get_program()).args(arguments);
    command.current_dir(sandbox.path("else/where")).env_clear();
    command.envs([
        ("TZ", "Asia/Kathmandu"),
        ("LC_ALL", "tr_TR.UTF-8"),
        ("HOME", "/nonexistent"),
        ("GZIP", "-1"),
    ]);
    sandbox.finish(&mut command).success();
    assert!(fs::read(sandbox.path(&format!("else/where/out/{name}"))).expect("a tarball") == first);

    let mut damaged = first;
    damaged[20] ^= 1;
    sandbox.write(&format!("packages/{name}"), damaged);
    assert_snapshot!(package(&sandbox, &[]).failure(6), @"
    error: `packages/lustre-2.17.57.dkms` is there and is another package
     = note: `lustre-2.17.57-source-only.dkms.tar.gz` differs
     = help: raise `--revision`, or move the directory away if it was never published
    ");
}

#[test]
fn a_packagers_revision_is_a_part_of_the_version() {
    let sandbox = released(&TREE);
    package(&sandbox, &["--vendor-suffix", "acme.2"]).success();
    let conf = file(&sandbox, "lustre-2.17.57-1+acme~2", "dkms.conf");
    assert!(conf.contains("\nPACKAGE_VERSION=\"2.17.57-1+acme~2\"\n"), "{conf}");
    package(&sandbox, &["--revision", "2", "--dist", "el9"]).success();
    let conf = file(&sandbox, "lustre-2.17.57-2", "dkms.conf");
    assert!(conf.contains("DEST_MODULE_LOCATION[0]=\"/extra\"\n"), "{conf}");
}

#[test]
fn kernels_are_limited_where_the_release_says_so() {
    for (supports, expected) in [
        ("", ""),
        (
            r#"supports = ">=5.14""#,
            "BUILD_EXCLUSIVE_KERNEL='^(5\\.(1[4-9]|[2-9][0-9]|[1-9][0-9]{2,})|([6-9]|[1-9][0-9]{1,}))([^0-9]|$)'\n\
             BUILD_EXCLUSIVE_KERNEL_MIN=\"5.14\"\n",
        ),
        (
            r#"supports = "<6.13""#,
            "BUILD_EXCLUSIVE_KERNEL='^([0-5]|6\\.([0-9]|1[0-2]))([^0-9]|$)'\nBUILD_EXCLUSIVE_KERNEL_MAX=\"6.13\"\n",
        ),
    ] {
        let sandbox = released_as(&TREE, "", supports, &[]);
        package(&sandbox, &[]).success();
        let conf = file(&sandbox, "lustre-2.17.57", "dkms.conf");
        let found: String =
            conf.lines().filter(|line| line.contains("EXCLUSIVE")).map(|line| format!("{line}\n")).collect();
        assert_eq!(found, expected, "{supports}");
    }
}

#[test]
fn a_trees_own_packaging_is_followed() {
    let sandbox = released(&OWN);
    package(&sandbox, &[]).success();
    let members = members(&sandbox, "lustre-client-2.17.57");
    let list: String = members.iter().map(|(path, (mode, _))| format!("{mode:o} {path}\n")).collect();
    assert_snapshot!(list, @"
    755 dkms_main_tree/
    755 dkms_source_tree/
    644 dkms_source_tree/COPYING
    644 dkms_source_tree/Kbuild
    755 dkms_source_tree/autogen.sh
    644 dkms_source_tree/configure.ac
    755 dkms_source_tree/dkms-prepare.sh
    644 dkms_source_tree/dkms.conf
    755 dkms_source_tree/lnet/
    755 dkms_source_tree/lnet/lnet/
    644 dkms_source_tree/lnet/lnet/Makefile
    755 dkms_source_tree/lnet/o2iblnd/
    644 dkms_source_tree/lnet/o2iblnd/Makefile.in
    755 dkms_source_tree/lustre-dkms_pre-build.sh
    755 dkms_source_tree/lustre/
    755 dkms_source_tree/lustre/llite/
    644 dkms_source_tree/lustre/llite/Makefile
    755 dkms_source_tree/lustre/mdt/
    644 dkms_source_tree/lustre/mdt/Makefile
    755 dkms_source_tree/lustre/osd-zfs/
    644 dkms_source_tree/lustre/osd-zfs/Makefile
    755 dkms_source_tree/scripts/
    755 dkms_source_tree/scripts/dkms.mkconf
    644 pax_global_header
    ");
    assert_snapshot!(file(&sandbox, "lustre-client-2.17.57", "dkms.conf"), @r#"
    PACKAGE_NAME="lustre-client"
    PACKAGE_VERSION="2.17.57"
    # depends on what is there
    PRE_BUILD="lustre-dkms_pre-build.sh $module $module_version 	 $arch"
    AUTOINSTALL="yes"
    MAKE[0]="make -j `nproc`"
    flavor=$(echo $kernelver | tr '-' '\n' | tail -1)

    module() {
      BUILT_MODULE_NAME[${#BUILT_MODULE_NAME[@]}]="$1"
      BUILT_MODULE_LOCATION[${#BUILT_MODULE_LOCATION[@]}]="$2/"
      DEST_MODULE_LOCATION[${#DEST_MODULE_LOCATION[@]}]="/updates/$3/"
    }
    # Common modules for both Client & Server
    module lnet    lnet/lnet    lnet
    if [ -d /usr/src/ofa_kernel/${flavor} ] ; then
        module ko2iblnd lnet/o2iblnd lnet
    fi
    module lustre  lustre/llite lustre

    # Kernels >=6.1, <6.13. dkms 3.0.10 knows the expression alone, newer ones the ends too.
    BUILD_EXCLUSIVE_KERNEL='^(6\.([1-9]|1[0-2]))([^0-9]|$)'
    BUILD_EXCLUSIVE_KERNEL_MIN="6.1"
    BUILD_EXCLUSIVE_KERNEL_MAX="6.13"

    # Before the tree's own script: what that takes for granted.
    PRE_BUILD="dkms-prepare.sh $PRE_BUILD"

    # Listed above where a condition holds, and built where configure finds what they need:
    #   ko2iblnd

    # Not listed, although a Kbuild file names them:
    #   mdt osd_zfs
    "#);
    assert_snapshot!(file(&sandbox, "lustre-client-2.17.57", "dkms-prepare.sh"), @r#"
    #!/bin/sh
    # lustre 2.17.57: a release's tarball has no generated configure.

    missing=
    for program in autoconf automake libtoolize bison flex gcc make; do
    	command -v "$program" >/dev/null || missing="$missing $program"
    done
    if [ -n "$missing" ]; then
    	echo "install what the build needs first:$missing" >&2
    	exit 1
    fi
    [ -e configure ] || sh ./autogen.sh || exit
    hook=$1
    shift
    exec "./$hook" "$@"
    "#);
}

#[test]
fn servers_are_built_on_request() {
    let sandbox = released(&OWN);
    package(&sandbox, &["--servers", "zfs", "--dist", "el9"]).success();
    let conf = file(&sandbox, "lustre-zfs-2.17.57", "dkms.conf");
    assert!(conf.contains("BUILD_DEPENDS[${#BUILD_DEPENDS[@]}]=\"zfs\"\n"), "{conf}");
    assert!(conf.contains("=\"/extra/$3/\"\n"), "{conf}");
    assert!(
        conf.contains("\nmodule mdt     lustre/mdt   lustre\nmodule osd_zfs lustre/osd-zfs lustre\n"),
        "{conf}"
    );
    package(&sandbox, &["--servers", "ldiskfs"]).success();
    let conf = file(&sandbox, "lustre-ldiskfs-2.17.57", "dkms.conf");
    assert!(conf.contains("module mdt ") && !conf.contains("module osd_zfs"), "{conf}");

    let sandbox = released(&TREE);
    assert_snapshot!(refused(&sandbox, 2, &["--servers", "zfs"]), @"
    error: our templates build whatever the tree's Kbuild declares
     = help: leave out `--servers`, which is for a tree's own packaging
    ");
}

#[test]
fn autogen_is_run_once() {
    let hook = "#!/bin/bash\nsh ./autogen.sh\n./configure\n";
    let sandbox = released(&but(&OWN, "lustre-dkms_pre-build.sh", Some(hook)));
    package(&sandbox, &[]).success();
    let prepare = file(&sandbox, "lustre-client-2.17.57", "dkms-prepare.sh");
    assert!(!prepare.contains("autogen.sh"), "{prepare}");
    // Lustre's hook runs it for clients alone.
    package(&sandbox, &["--servers", "all"]).success();
    let prepare = file(&sandbox, "lustre-all-2.17.57", "dkms-prepare.sh");
    assert!(prepare.contains("\n[ -e configure ] || sh ./autogen.sh || exit\n"), "{prepare}");
}

#[test]
fn a_conf_with_marks_is_filled_in() {
    let conf = "PACKAGE_NAME=\"lustre-client-modules\"\nPACKAGE_VERSION=\"@UPVERSION@\"\n\
        MAKE=\"sh autogen.sh && ./configure && make\"\nAUTOINSTALL=\"yes\"\n\
        BUILT_MODULE_NAME[0]=\"lnet\"\nBUILT_MODULE_NAME[1]=\"lustre\"\n\
        BUILT_MODULE_LOCATION[0]=\"lnet/lnet\"\nBUILT_MODULE_LOCATION[1]=\"lustre/llite\"\n\
        DEST_MODULE_LOCATION[0]=\"/updates/kernel\"\nDEST_MODULE_LOCATION[1]=\"/updates/kernel\"\n";
    let mut files = but(&OWN, "scripts/dkms.mkconf", None);
    files.push(("debian/dkms.conf.in", conf));
    let sandbox = released(&files);
    package(&sandbox, &[]).success();
    let found = file(&sandbox, "lustre-client-modules-2.17.57", "dkms.conf");
    assert!(found.starts_with(&conf.replace("@UPVERSION@", "2.17.57")), "{found}");
    assert_snapshot!(package(&sandbox, &["--servers", "zfs"]).failure(2), @"
    error: `debian/dkms.conf.in` has no modules of servers
     = help: package the client's, without `--servers`
    ");

    let files = but(&files, "debian/dkms.conf.in", Some("PACKAGE_NAME=\"a/b\"\nPACKAGE_VERSION=1\n"));
    assert_snapshot!(refused(&released(&files), 3, &[]), @r#"
    error: dkms cannot name a package `a/b`
     = note: `debian/dkms.conf.in` makes it so

    error: `debian/dkms.conf.in` does not take this package's version
     = note: expected `PACKAGE_VERSION="2.17.57"`
     = help: mend it with a patch in the manifest

    2 problems
    "#);
}

#[test]
fn a_list_is_held_against_what_is_built() {
    let files = but(&OWN, "lustre/llite/Makefile", Some("obj-m += llite.o\n"));
    assert_snapshot!(refused(&released(&files), 3, &[]), @"
    error: `scripts/dkms.mkconf` lists the module `lustre`, which nothing builds
     = note: no Kbuild file in `lustre/llite/` declares `lustre.o`
     = note: dkms fails on a module that is listed and not built
     = help: take that folder into the release, or mend the list with a patch in the manifest
    ");
    // What stands under a condition may be missing.
    let sandbox = released(&but(&OWN, "lnet/o2iblnd/Makefile.in", None));
    package(&sandbox, &[]).success();

    let files = but(&OWN, "lustre-dkms_pre-build.sh", Some("./configure\n"));
    assert_snapshot!(refused(&released(&files), 3, &[]), @"
    error: `scripts/dkms.mkconf` names `lustre-dkms_pre-build.sh`, which is no program of the release
     = note: PRE_BUILD of dkms(8) wants an executable file
     = help: take that file into the release, as the tree has it
    ");
    let files = but(
        &OWN,
        "scripts/dkms.mkconf",
        Some("cat >${filename} <<EOF\nPACKAGE_NAME=\"${pkgname}\"\nPACKAGE_VERSION=\"${pkgver}\"\nEOF\n"),
    );
    assert_snapshot!(refused(&released(&files), 3, &[]), @"
    error: the package would have no kernel module
     = note: `scripts/dkms.mkconf` lists none
     = help: package a release that has modules
    ");
    let files =
        but(&OWN, "scripts/dkms.mkconf", Some("cat >${filename} <<EOF\nHOST=$(hostname)\nEOF\nexport A\n"));
    assert_snapshot!(refused(&released(&files), 3, &[]), @"
    error: the tree's script for `dkms.conf` cannot be followed
     --> scripts/dkms.mkconf:2:1
      |
    2 | HOST=$(hostname)
      | ^^^^^^^^^^^^^^^^ runs a program when `dkms.conf` is made
      = help: use ours: `--packaging ours`, where the tree builds without configure

    error: the tree's script for `dkms.conf` cannot be followed
     --> scripts/dkms.mkconf:4:1
      |
    4 | export A
      | ^^^^^^^^ is more than a here-document, an `if` or a variable
      = help: use ours: `--packaging ours`, where the tree builds without configure

    2 problems
    ");
}

#[test]
fn only_a_whole_product_with_modules_is_packaged() {
    let sandbox = released(&but(&TREE, "Kbuild", Some("obj-y += other/\n")));
    assert_snapshot!(refused(&sandbox, 2, &[]), @"
    error: lustre-2.17.57 declares no kernel module
     = note: looked from `Kbuild` at its top on, for `obj-m`, and `obj-y` with a folder
     = help: where the tree has packaging of its own, use it: `--packaging tree`
    ");
    let mut files = TREE.to_vec();
    files.push(("configure.ac", "AC_INIT\n"));
    let sandbox = released(&files);
    assert_snapshot!(refused(&sandbox, 2, &[]), @"
    error: lustre-2.17.57 is built after its configure has run, which our templates do not do
     = note: it has a `configure.ac`, and what its modules are depends on what that finds
     = help: where the tree has packaging of its own, use it: `--packaging tree`
    ");
    assert_snapshot!(refused(&sandbox, 2, &["--packaging", "tree"]), @"
    error: lustre-2.17.57 has no DKMS packaging of its own
     = note: it would be a `dkms.mkconf`, or a `dkms.conf.in`
     = help: use ours: `--packaging ours`
    ");

    let sandbox = released_as(&TREE, "buildable = false\nnote = \"a preview\"", SUPPORTS, &[]);
    assert_snapshot!(refused(&sandbox, 2, &[]), @"
    error: lustre-2.17.57 is not a product to build
     = note: its manifest says `buildable = false`
     = note: a preview
    ");
    let sandbox = released_as(&TREE, "", SUPPORTS, &["--leave-out", "COPYING"]);
    let mut command = sandbox.command(&["package", "dkms", "dist/lustre-2.17.57", "--maintainer", WHO]);
    let said = sandbox.finish(&mut command);
    assert!(said.code == 2 && said.stderr.contains("is a partial release"), "{}", said.stderr);
    let sandbox = released(&TREE);
    assert_snapshot!(sandbox.run(&["package", "dkms", "dist/lustre-2.17.57"]).failure(2), @r#"
    error: nobody answers for the package
     = help: give `--maintainer "Name <mail>"`, or set DEBFULLNAME and DEBEMAIL
    "#);
}

#[test]
fn templates_and_patches_of_the_user() {
    let sandbox = released(&TREE);
    let conf = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/dkms/dkms.conf.j2"))
        .expect("ours");
    sandbox.write("t/dkms/dkms.conf.j2", format!("{conf}STRIP[0]=\"no\"\n"));
    sandbox.write("t/dkms/files/acme/notes", "Notes.\n");
    sandbox.write("t/dkms/patches/series", "fix.patch\n");
    sandbox.write(
        "t/dkms/patches/fix.patch",
        "Subject: count from two\n\n--- a/include/lnet.h\n+++ b/include/lnet.h\n@@ -1 +1 @@\n-#define LNET 1\n+#define LNET 2\n",
    );
    sandbox.run(&["check", "--templates", "t"]).success();
    package(&sandbox, &["--template-dir", "t", "--vendor-suffix", "acme.1"]).success();
    let name = "lustre-2.17.57-1+acme~1";
    let found = file(&sandbox, name, "dkms.conf");
    assert!(found.contains("STRIP[0]=\"no\"\n") && found.contains("PATCH[0]=\"fix.patch\"\n"), "{found}");
    assert_eq!(file(&sandbox, name, "acme/notes"), "Notes.\n");
    assert!(file(&sandbox, name, "patches/fix.patch").contains("LNET 2"));

    sandbox.write("t/dkms/patches/series", "fix.patch -p0\n");
    sandbox.write(
        "t/dkms/patches/fix.patch",
        "--- include/lnet.h\n+++ include/lnet.h\n@@ -1 +1 @@\n-#define LNET 1\n+#define LNET 2\n",
    );
    let again = |more: &[&str]| package(&sandbox, &[&["--revision", "2"], more].concat()).failure(3);
    assert_snapshot!(again(&["--template-dir", "t"]), @"
    error: dkms cannot apply `fix.patch`
     = note: `patches/series` has `-p0`, dkms has `-p1`
     = help: write the patch with paths that begin `a/` and `b/`
    ");

    fs::remove_dir_all(sandbox.path("t/dkms/patches")).expect("a folder");
    sandbox.write("t/dkms/files/COPYING", "mine\n");
    sandbox.write("t/dkms/files/Kbuild/extra", "mine\n");
    sandbox.write("t/dkms/dkms.conf.j2", "PACKAGE_NAME=\"other\"\n");
    assert_snapshot!(again(&["--template-dir", "t"]), @r#"
    error: the package's `COPYING` is a file of the release
     = help: a release's files are changed by patches alone; name yours otherwise

    error: the package's `Kbuild/extra` is a file of the release
     = help: a release's files are changed by patches alone; name yours otherwise

    error: `dkms.conf` does not say what the package is
     = note: expected a line `PACKAGE_NAME="lustre"`
     = help: mend the template that it was rendered from

    error: `dkms.conf` does not say what the package is
     = note: expected a line `PACKAGE_VERSION="2.17.57-2"`
     = help: mend the template that it was rendered from

    error: `dkms.conf` does not list the module `lnet`
     = note: it is built in `net/lnet/`
     = help: mend the template that it was rendered from

    error: `dkms.conf` does not list the module `lustre`
     = note: it is built in `fs/lustre/`
     = help: mend the template that it was rendered from

    6 problems
    "#);
    sandbox.write("t/dkms/dkms.conf.j2", "{{ kernel }}\n");
    assert_snapshot!(again(&["--template-dir", "t"]), @"
    error: the template `t/dkms/dkms.conf.j2` names something that is not there
     --> t/dkms/dkms.conf.j2:1:4
      |
    1 | {{ kernel }}
      |    ^^^^^^ `kernel` is undefined
      = help: `dkms/dkms.conf.j2` can name branch, changes, dist, first, folder, hook_runs_autogen, kernel_expression, kernels, line, location, maintainer, modules, package, package_version, patches, prepare, release, revision, sometimes, sources, unlisted, url, vendor; see the README
    ");
}

#[test]
fn a_template_that_has_no_use_is_refused() {
    let with = ["--template-dir", "t"];
    let sandbox = released(&OWN);
    sandbox.own_templates("dkms", &["behind.conf", "dkms.conf", "prepare.sh"]);
    assert_snapshot!(refused(&sandbox, 3, &with), @"
    error: `t/dkms/dkms.conf.j2` has no use here
     = note: the tree's own packaging is followed
     = help: use `files/` or `patches/`, or our packaging: `--packaging ours`
    ");
    fs::remove_file(sandbox.path("t/dkms/dkms.conf.j2")).expect("a template");
    package(&sandbox, &with).success();

    let sandbox = released(&TREE);
    sandbox.write("t/dkms/prepare.sh.j2", "#!/bin/sh\n");
    assert_snapshot!(refused(&sandbox, 3, &with), @"
    error: `t/dkms/prepare.sh.j2` has no use here
     = note: it goes in front of a tree's own PRE_BUILD, and our packaging has none
     = help: write `PRE_BUILD` into `dkms.conf.j2`, with a program in `files/`
    ");
}

#[test]
fn names_that_a_shell_would_run_are_refused() {
    let kbuild =
        "TARGET := $(shell id)\nccflags-y := -I$(src)/../include\nobj-y += net/lnet/ fs/$(TARGET)/\n";
    let files = but(&TREE, "Kbuild", Some(kbuild));
    let files = but(&files, "net/lnet/Makefile", Some("obj-m := lnet.o $(TARGET).o %(id>/tmp/x).o\n"));
    assert_snapshot!(refused(&released(&files), 3, &[]), @"
    error: `Kbuild` cannot be followed
     = note: it names `../include`, which is no plain path inside of the release
     = help: write out the names with a patch in the manifest; where the tree has packaging of its own, use it: `--packaging tree`

    error: `net/lnet/Makefile` cannot be followed
     = note: it names `$(TARGET).o`, which is no plain path inside of the release
     = help: write out the names with a patch in the manifest; where the tree has packaging of its own, use it: `--packaging tree`

    error: `net/lnet/Makefile` cannot be followed
     = note: it names `%(id>/tmp/x).o`, which is no plain path inside of the release
     = help: write out the names with a patch in the manifest; where the tree has packaging of its own, use it: `--packaging tree`

    error: `Kbuild` cannot be followed
     = note: it names `fs/$(TARGET)/`, which is no plain path inside of the release
     = help: write out the names with a patch in the manifest; where the tree has packaging of its own, use it: `--packaging tree`

    4 problems
    ");
}
