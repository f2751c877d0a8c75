// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Small trees with modules, for dkms: one that our templates package, one with packaging of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::runner::Sandbox;

/// A tree that our templates can package.
pub const TREE: [(&str, &str); 6] = [
    ("COPYING", "GPL\n"),
    ("Kbuild", "ccflags-y := -I$(src)/include\nobj-y += net/lnet/ fs/lustre/\n"),
    ("Makefile", "utils:\n"),
    ("include/lnet.h", "#define LNET 1\n"),
    ("net/lnet/Makefile", "obj-m := lnet.o\n"),
    ("fs/lustre/Makefile", "obj-m := lustre.o\nobj-$(CONFIG_LUSTRE_TESTS) += lustre_test.o\n"),
];

/// Lustre's own packaging, in small: the form of the script and of the list is theirs.
pub const MKCONF: &str = r#"#!/usr/bin/bash

PROG=$0

kmoddir=extra

while getopts "n:v:f:k:" opt; do
	case $opt in
		n) pkgname=$OPTARG ;;
		v) pkgver=$OPTARG  ;;
		f) filename=$OPTARG ;;
		k) kmoddir=$OPTARG ;;
	esac
done

if [ -z "${pkgname}" -o -z "${pkgver}" -o -z "${filename}" ]; then
	echo "Usage: $PROG -n <pkgname> -v <pkgver> [-k <kmoddir> ] -f <filename>"
	exit 1
fi

cat >${filename} <<EOF
PACKAGE_NAME="${pkgname}"
PACKAGE_VERSION="${pkgver}"
# depends on what is there
PRE_BUILD="lustre-dkms_pre-build.sh \$module \$module_version \
	 \$arch"
EOF
if [ $pkgname = "lustre-zfs" -o $pkgname = "lustre-all" ] ; then
	cat >>${filename} <<EOF
BUILD_DEPENDS[\${#BUILD_DEPENDS[@]}]="zfs"
EOF
fi
cat >>${filename} <<EOF
AUTOINSTALL="yes"
MAKE[0]="make -j \`nproc\`"
flavor=\$(echo \$kernelver | tr '-' '\\n' | tail -1)

module() {
  BUILT_MODULE_NAME[\${#BUILT_MODULE_NAME[@]}]="\$1"
  BUILT_MODULE_LOCATION[\${#BUILT_MODULE_LOCATION[@]}]="\$2/"
  DEST_MODULE_LOCATION[\${#DEST_MODULE_LOCATION[@]}]="/${kmoddir}/\$3/"
}
# Common modules for both Client & Server
module lnet    lnet/lnet    lnet
if [ -d /usr/src/ofa_kernel/\${flavor} ] ; then
    module ko2iblnd lnet/o2iblnd lnet
fi
module lustre  lustre/llite lustre
EOF
if [ $pkgname != "lustre-client" ] ; then
	cat >>${filename} <<EOF
module mdt     lustre/mdt   lustre
EOF
fi
if [ $pkgname = "lustre-zfs" -o $pkgname = "lustre-all" ] ; then
	cat >>${filename} <<EOF
module osd_zfs lustre/osd-zfs lustre
EOF
fi
"#;

/// A tree with that packaging.
pub const OWN: [(&str, &str); 11] = [
    ("COPYING", "GPL\n"),
    ("Kbuild", "obj-m += lnet/ lustre/\n"),
    ("configure.ac", "AC_INIT\n"),
    ("autogen.sh", "#!/bin/sh\n"),
    ("scripts/dkms.mkconf", MKCONF),
    ("lustre-dkms_pre-build.sh", "#!/bin/bash\n./configure\n"),
    ("lnet/lnet/Makefile", "obj-m += lnet.o\n"),
    ("lnet/o2iblnd/Makefile.in", "MODULES := ko2iblnd\n"),
    ("lustre/llite/Makefile", "obj-m += lustre.o\n"),
    ("lustre/mdt/Makefile", "obj-m += mdt.o\n"),
    ("lustre/osd-zfs/Makefile", "obj-m += osd_zfs.o\n"),
];

pub fn manifest(version: &str, tag: &str, release: &str, supports: &str) -> String {
    format!(
        r#"schema = 1

[release]
name = "lustre"
version = "{version}"
primary = "lustre"
license = "GPL-2.0-only"
formats = ["tar.gz", "tar.zst"]
{release}

[line]
id = "lts-6.12"
kernel = "6.12"
{supports}

[source.lustre]
git = "lustre"
tag = "{tag}"
signature = "none"

[[layer]]
name = "userspace"
source = "lustre"
take = [{{ from = "." }}]
"#
    )
}

/// A sandbox with a release of these files; a script among them is executable.
pub fn released_as(files: &[(&str, &str)], release: &str, supports: &str, arguments: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, _) in files.iter().filter(|(_, text)| text.starts_with("#!")) {
        let path = format!("lustre/{name}");
        sandbox.write(&path, "");
        fs::set_permissions(sandbox.path(&path), fs::Permissions::from_mode(0o755)).expect("a mode");
    }
    sandbox.repository("lustre", files, "v2_17_57");
    sandbox.write("m.toml", manifest("2.17.57", "v2_17_57", release, supports));
    sandbox.run(&[&["assemble", "m.toml"], arguments].concat()).success();
    sandbox
}
