// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What stands in source RPMs, ours and those of a tree's own packaging, and which of two is newer.

use std::fs;
use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;
use lustre_dist::model::version::ReleaseVersion;

use crate::rpm::{DISTRIBUTIONS, parsed, query, unpack};
use crate::runner::Sandbox;
use crate::{Case, Release, run};

pub const CASES: &[Case] = &[
    ("rpm::content_is_of_the_release_and_the_templates", &["rpm", "rpmbuild"], of_ours),
    ("rpm::content_of_a_tree_is_its_own", &["rpm", "rpmbuild", "rpmspec"], of_a_tree),
    ("rpm::a_spec_file_that_is_wrong_is_refused", &["rpmbuild", "rpmspec"], wrong_specs),
    ("rpm::rpm_and_dpkg_order_a_line_as_our_types_do", &["rpm", "rpmbuild", "dpkg"], orders),
];

const WHO: &str = "A. Packager <packager@example.org>";

/// A tree that our templates can package.
const TREE: [(&str, &str); 4] = [
    ("COPYING", "GPL\n"),
    ("Kbuild", "obj-y += net/lnet/\n"),
    ("Makefile", "utils:\ncheck:\ninstall:\n"),
    ("net/lnet/Makefile", "obj-m := lnet.o\n"),
];

/// Lustre's own packaging, in small.
const OWN: [(&str, &str); 5] = [
    (
        "lustre.spec.in",
        "%bcond_without servers\n%{!?version: %global version @VERSION@}\n\
         %{!?kver:    %global kver    @LINUXRELEASE@}\n%{!?release_id: %global release_id @RELEASE_ID@}\n\n\
         %if %{with servers}\n%global lustre_name lustre\n%else\n%global lustre_name lustre-client\n%endif\n\n\
         Summary: Lustre File System\nName: %{lustre_name}\nVersion: %{version}\n\
         Release: %{release_id}%{?dist}\nLicense: GPL-2.0-only\nSource: lustre-%{version}.tar.gz\n\
         Source1: kmp-lustre.preamble\nSource2: find-provides\nBuildRequires: libtool\n\
         BuildRequires: %kernel_module_package_buildreqs\n\n\
         %description\nUserspace tools and files for the Lustre file system.\n\n\
         %kernel_module_package -n %{name} -p %SOURCE1\n\n\
         %prep\n%setup -qn lustre-%{version}\nln lustre/ChangeLog ChangeLog-lustre-%{version}\n\n\
         %build\ncd $RPM_BUILD_DIR/lustre-%{version}\n./configure\n\n\
         %files\n%{_libdir}/@PACKAGE@\n@BASH_COMPLETION_DIR@\n\n\
         %changelog\n* Tue Jun 12 2007 O. Old <old@example.org>\n- Write to <a@b.example>.\n",
    ),
    ("lustre-dkms.spec.in", "Name: lustre-dkms\n"),
    ("rpm/kmp-lustre.preamble", "Requires: lustre\n"),
    ("rpm/find-provides", "#!/bin/sh\n"),
    ("autogen.sh", "#!/bin/sh\n"),
];

/// Releases a tag of the repository; `release` stands in the manifest's `[release]`. Gives the title.
fn release(sandbox: &Sandbox, tag: &str, release: &str) -> String {
    let version = tag.trim_start_matches('v').replace('_', ".");
    let manifest = format!(
        r#"schema = 1

[release]
name = "lustre"
version = "{version}"
primary = "lustre"
license = "GPL-2.0-only"
formats = ["tar.gz", "tar.xz"]
{release}

[source.lustre]
git = "lustre"
tag = "{tag}"
signature = "none"

[[layer]]
name = "userspace"
source = "lustre"
take = [{{ from = "." }}]
"#
    );
    sandbox.write("m.toml", manifest);
    let made = sandbox.run(&["assemble", "m.toml", "--json"]).success();
    let made: serde_json::Value = serde_json::from_str(&made).expect("JSON");
    format!("lustre-{}", made["release"]["version"].as_str().expect("a version"))
}

/// Packages a release; the path of the one file that ends so.
fn package(sandbox: &Sandbox, family: &str, title: &str, more: &[&str], ending: &str) -> std::path::PathBuf {
    let release = format!("dist/{title}");
    let arguments = ["package", family, &release, "--maintainer", WHO, "--json"];
    let made = sandbox.run(&[&arguments, more].concat()).success();
    let made: serde_json::Value = serde_json::from_str(&made).expect("JSON");
    let files = made["files"].as_array().expect("files").iter();
    let name = files.filter_map(|file| file["name"].as_str()).find(|name| name.ends_with(ending));
    sandbox.path(made["directory"].as_str().expect("a directory")).join(name.expect("such a file"))
}

/// The files of a source package, and everything that could tell where it was made.
const SHOWN: &str = "[%{FILEMODES:perms} %{FILEUSERNAME} %{FILEGROUPNAME} %{FILEMTIMES} %{FILENAMES}\n]\
    %{NAME} %{VERSION} %{RELEASE} %{ARCH} %{BUILDHOST} %{BUILDTIME} %{PACKAGER} %{VENDOR}\n[%{REQUIRENEVRS}\n]";

/// Signs a release with a key whose certificate is `key.asc` then.
fn sign(sandbox: &Sandbox, title: &str) {
    let owner = crate::keymaker::Owner::new(3);
    sandbox.write("key.asc", owner.file());
    sandbox.write("secret.asc", owner.secret_file());
    let directory = format!("dist/{title}");
    let more = ["--with", "openpgp", "--key", "secret.asc", "--date", "2026-02-03T04:05:06Z"];
    sandbox.run(&[&["sign", directory.as_str()], &more[..]].concat()).success();
}

fn of_ours(_: &Release) {
    let sandbox = Sandbox::new();
    sandbox.repository("lustre", &TREE, "v2_18_0-RC2");
    let title = release(&sandbox, "v2_18_0-RC2", "");
    assert_eq!(title, "lustre-2.18.0-RC2");
    sandbox.write("t/rpm/files/lustre.sysusers", "u lustre -\n");
    sandbox.write("t/rpm/patches/series", "fix.patch -p0\n");
    sandbox.write(
        "t/rpm/patches/fix.patch",
        "Subject: 100% more\n\n--- COPYING\n+++ COPYING\n@@ -1 +1 @@\n-GPL\n+GPL 2\n",
    );
    sign(&sandbox, &title);
    let more = [
        "--template-dir",
        "t",
        "--signing-key",
        "key.asc",
        "--url",
        "https://example.org/50%",
        "--vendor-suffix",
        "acme.2",
        "--dist",
        "el9",
    ];
    let package = package(&sandbox, "rpm", &title, &more, ".src.rpm");
    assert_eq!(package.file_name().expect("a name"), "lustre-2.18.0~rc2-1.el9+acme~2.src.rpm");
    assert_snapshot!(query(&package, SHOWN), @"
    -rw-r--r-- root root 1767323045 fix.patch
    -rw-r--r-- root root 1767323045 lustre-2.18.0-RC2.tar.xz
    -rw-r--r-- root root 1767323045 lustre-2.18.0-RC2.tar.xz.asc
    -rw-r--r-- root root 1767323045 lustre-dkms.conf
    -rw-r--r-- root root 1767323045 lustre-rpmlintrc
    -rw-r--r-- root root 1767323045 lustre.keyring
    -rw-r--r-- root root 1767323045 lustre.spec
    -rw-r--r-- root root 1767323045 lustre.sysusers
    lustre 2.18.0~rc2 1.el9+acme~2 x86_64 localhost 1767323045 A. Packager <packager@example.org> (none)
    gcc
    gnupg2
    make
    rpmlib(CompressedFileNames) <= 3.0.4-1
    rpmlib(FileDigests) <= 4.6.0-1
    ");
    let folder = unpack(&sandbox, &package);
    let spec = fs::read_to_string(folder.join("lustre.spec")).expect("a spec file");
    assert_snapshot!(&spec[..spec.find("%install").expect("a section")], @r#"
    # The modules' source for DKMS; --without dkms leaves it out.
    %bcond_without dkms

    Name:           lustre
    Version:        2.18.0~rc2
    Release:        1%{?dist}+acme~2
    Summary:        Programs for the Lustre file system
    License:        GPL-2.0-only
    Packager:       A. Packager <packager@example.org>
    URL:            https://example.org/50%%/
    Source0:        https://example.org/50%%/other/lustre-2.18.0-RC2.tar.xz
    Source1:        https://example.org/50%%/other/lustre-2.18.0-RC2.tar.xz.asc
    Source2:        lustre.keyring
    Source3:        lustre-dkms.conf
    Source4:        lustre-rpmlintrc
    Source5:        lustre.sysusers
    Patch1:         fix.patch
    BuildRequires:  gcc
    BuildRequires:  make
    %if 0%{?fedora} || 0%{?rhel}
    BuildRequires:  gnupg2
    %endif
    %if %{with dkms}
    Suggests:       %{name}-dkms
    %endif

    %description
    Lustre is a parallel file system for large clusters.

    This package has the programs of lustre 2.18.0-RC2. They run on any kernel.

    %if %{with dkms}
    %package dkms
    Summary:        Kernel modules of the Lustre file system, for DKMS
    BuildArch:      noarch
    Requires:       dkms
    Requires:       gcc
    Requires:       make
    Recommends:     %{name} = %{version}-%{release}

    %description dkms
    Lustre is a parallel file system for large clusters.

    This package has the source of the modules lnet of lustre 2.18.0-RC2. DKMS
    builds them for each kernel that is installed with its headers.
    %endif

    %prep
    # Where the distribution has no such macro, its build service looks at signatures.
    %if %{defined gpgverify}
    %{gpgverify} --keyring='%{SOURCE2}' --signature='%{SOURCE1}' --data='%{SOURCE0}'
    %endif
    %setup -q -n lustre-2.18.0-RC2
    %patch -P 1 -p0

    %build
    # The programs alone: dkms builds the modules, on the machines that they are for.
    export CFLAGS="%{?build_cflags}%{!?build_cflags:%{optflags}}"
    export LDFLAGS="%{?build_ldflags}"
    make %{?_smp_mflags} utils
    "#);
    assert_snapshot!(&spec[spec.find("%changelog").expect("a section")..], @"
    %changelog
    * Fri Jan 02 2026 A. Packager <packager@example.org> - 2.18.0~rc2-1+acme~2
    - New release 2.18.0-RC2.
    - Source lustre: v2_18_0-RC2, commit 5d867990862f.
    - Apply fix.patch: 100%% more.
    ");
    let read = |path: &Path| fs::read(path).expect("a file");
    let tarball = format!("{title}.tar.xz");
    assert!(read(&folder.join(&tarball)) == read(&sandbox.path(&format!("dist/{title}/{tarball}"))));
    // It unpacks, and the patch applies.
    let mut prepare = crate::rpm::rpmbuild(&sandbox);
    prepare.arg("--define").arg(format!("_sourcedir {}", folder.display()));
    run(prepare.arg("-bp").arg(folder.join("lustre.spec")));
    assert_eq!(sandbox.read(&format!("top/BUILD/{title}/COPYING")), "GPL 2\n");
}

fn of_a_tree(_: &Release) {
    let sandbox = Sandbox::new();
    sandbox.write("lustre/rpm/find-provides", "");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(sandbox.path("lustre/rpm/find-provides"), mode).expect("a mode");
    sandbox.repository("lustre", &OWN, "v2_18_0-RC2");
    let title = release(&sandbox, "v2_18_0-RC2", "");
    let tarball = format!("dist/{title}/{title}.tar.gz");
    sign(&sandbox, &title);
    fs::remove_file(sandbox.path(&tarball.replace(".gz", ".xz"))).expect("a file");
    let plain = package(&sandbox, "rpm", &title, &["--ignore-signatures"], ".src.rpm");
    assert_eq!(plain.file_name().expect("a name"), "lustre-2.18.0~rc2-1.src.rpm");
    sandbox.write("t/rpm/files/kmp-lustre.preamble", "Requires: more\n");
    sandbox.write("t/rpm/files/note", "a note\n");
    sandbox.write("t/rpm/patches/series", "fix.patch\n");
    sandbox.write(
        "t/rpm/patches/fix.patch",
        "Subject: fix\n\n--- a/autogen.sh\n+++ b/autogen.sh\n@@ -1 +1,2 @@\n #!/bin/sh\n+true\n",
    );
    let more = ["--template-dir", "t", "--signing-key", "key.asc", "--dist", "el9"];
    let more = [&more[..], &["--vendor-suffix", "acme.2", "--revision", "3", "--url", "https://example.org"]];
    let package = package(&sandbox, "rpm", &title, &more.concat(), ".src.rpm");
    assert_eq!(package.file_name().expect("a name"), "lustre-2.18.0~rc2-3.el9+acme~2.src.rpm");
    assert_snapshot!(query(&package, SHOWN), @"
    -rwxr-xr-x root root 1767323045 find-provides
    -rw-r--r-- root root 1767323045 fix.patch
    -rw-r--r-- root root 1767323045 kmp-lustre.preamble
    -rw-r--r-- root root 1767323045 lustre-2.18.0-RC2.tar.gz
    -rw-r--r-- root root 1767323045 lustre-2.18.0-RC2.tar.gz.asc
    -rw-r--r-- root root 1767323045 lustre.keyring
    -rw-r--r-- root root 1767323045 lustre.spec
    -rw-r--r-- root root 1767323045 note
    lustre 2.18.0~rc2 3.el9+acme~2 x86_64 localhost 1767323045 (none) (none)
    autoconf
    automake
    bison
    flex
    gcc
    gnupg2
    kernel-rpm-macros
    libtool
    m4
    make
    pkgconfig
    rpmlib(CompressedFileNames) <= 3.0.4-1
    rpmlib(FileDigests) <= 4.6.0-1
    ");
    let folder = unpack(&sandbox, &package);
    assert_eq!(fs::read_to_string(folder.join("kmp-lustre.preamble")).expect("a file"), "Requires: more\n");
    let spec = folder.join("lustre.spec");
    assert_snapshot!(fs::read_to_string(&spec).expect("a spec file"), @"
    %bcond_without servers
    %{!?version: %global version 2.18.0~rc2}
    %{!?kver:    %global kver    %{nil}}
    %{!?release_id: %global release_id 3}

    %if %{with servers}
    %global lustre_name lustre
    %else
    %global lustre_name lustre-client
    %endif

    Summary: Lustre File System
    Name: %{lustre_name}
    Version: %{version}
    Release: %{release_id}%{?dist}+acme~2
    License: GPL-2.0-only
    Source: https://example.org/other/lustre-2.18.0-RC2.tar.gz
    BuildRequires: autoconf automake bison flex gcc libtool m4 make pkgconfig
    Source3: https://example.org/other/lustre-2.18.0-RC2.tar.gz.asc
    Source4: lustre.keyring
    %if 0%{?fedora} || 0%{?rhel}
    BuildRequires: gnupg2
    %endif
    Source5: note
    Patch1: fix.patch
    Source1: kmp-lustre.preamble
    Source2: find-provides
    BuildRequires: libtool
    BuildRequires: %kernel_module_package_buildreqs

    %description
    Userspace tools and files for the Lustre file system.

    %kernel_module_package -n %{name} -p %SOURCE1

    %prep
    # Where the distribution has no such macro, its build service looks at signatures.
    %if %{defined gpgverify}
    %{gpgverify} --keyring='%{SOURCE4}' --signature='%{SOURCE3}' --data='%{SOURCE0}'
    %endif
    %setup -qn lustre-2.18.0-RC2
    %patch -P 1 -p1
    ln lustre/ChangeLog ChangeLog-lustre-%{version}

    %build
    # A release's tarball has no generated configure.
    bash ./autogen.sh
    cd $RPM_BUILD_DIR/lustre-2.18.0-RC2
    ./configure

    %files
    %{_libdir}/lustre
    %{_datadir}/bash-completion/completions

    %changelog
    * Fri Jan 02 2026 A. Packager <packager@example.org> - 2.18.0~rc2-3+acme~2
    - New release 2.18.0-RC2.
    - Source lustre: v2_18_0-RC2, commit 7d22f47faf85.
    - Apply fix.patch: fix.

    * Tue Jun 12 2007 O. Old <old@example.org>
    - Write to <a@b.example>.
    ");
    for distribution in DISTRIBUTIONS {
        let macros = format!(
            "{}%kernel_module_package(n:p:) %{{nil}}\n%kernel_module_package_buildreqs kernel-devel\n",
            distribution.1
        );
        let text = parsed(&sandbox, &spec, (distribution.0, &macros));
        assert!(text.contains("\nVersion: 2.18.0~rc2\n"), "{text}");
    }
}

fn wrong_specs(_: &Release) {
    let sandbox = Sandbox::new();
    sandbox.repository("lustre", &TREE, "v2_17_57");
    let title = release(&sandbox, "v2_17_57", "");
    let refused = |spec: &str| {
        sandbox.write("t/rpm/spec.j2", spec);
        let release = format!("dist/{title}");
        let arguments = ["package", "rpm", &release, "--maintainer", WHO, "--template-dir", "t"];
        let said = sandbox.run(&arguments).failure(3);
        assert!(!sandbox.path("packages").exists(), "nothing is left");
        said
    };
    sandbox.write("t/rpm/files/lustre.spec", "");
    let head = "Name: lustre\nSummary: x\nLicense: GPL\n";
    assert_snapshot!(refused(&format!("{head}Version: {{{{ release.rpm }}}}\nColour: green\n%if 1\n")), @"
    error: rpm cannot parse `lustre.spec`
     --> lustre.spec:5:1
      |
    5 | Colour: green
      | ^^^^^^^^^^^^^ Unknown tag: Colour: green
      = help: mend `t/rpm/spec.j2`, which it was made from
    ");
    assert_snapshot!(refused("Name: lustre\n%description\nx\n"), @"
    error: rpm cannot parse `lustre.spec`
     = note: rpm: Version field must be present in package: (main package)
     = help: mend `t/rpm/spec.j2`, which it was made from

    error: rpm cannot parse `lustre.spec`
     = note: rpm: Release field must be present in package: (main package)
     = help: mend `t/rpm/spec.j2`, which it was made from

    error: rpm cannot parse `lustre.spec`
     = note: rpm: Summary field must be present in package: (main package)
     = help: mend `t/rpm/spec.j2`, which it was made from

    error: rpm cannot parse `lustre.spec`
     = note: rpm: License field must be present in package: (main package)
     = help: mend `t/rpm/spec.j2`, which it was made from

    4 problems
    ");
    assert_snapshot!(refused(&format!(
        "{head}Version: 2.0\nRelease: {{{{ release.kernel or \"6.12\" }}}}\nSource0: other.tar.gz\nPatch1: some.patch\n%description\nx\n"
    )), @"
    error: `lustre.spec` does not have this package's Version
     = note: expected `2.17.57`
     = note: found    `2.0`
     = help: mend `t/rpm/spec.j2`, which it was made from

    error: `lustre.spec` does not have this package's Release
     = note: expected `1`
     = note: found    `6.12`
     = help: mend `t/rpm/spec.j2`, which it was made from

    error: the source RPM would hold two files `lustre.spec`
     = help: rename the one in `files/` in the folder of templates

    error: `lustre.spec` lists a source that is not there: `other.tar.gz`
     = note: it was made from `t/rpm/spec.j2`
     = help: add the file to `files/` or `patches/` in the folder of templates, or do not list it

    error: `lustre.spec` lists a source that is not there: `some.patch`
     = note: it was made from `t/rpm/spec.j2`
     = help: add the file to `files/` or `patches/` in the folder of templates, or do not list it

    error: `lustre.spec` does not list the release's tarball
     = note: expected a source `lustre-2.17.57.tar.xz`
     = help: mend `t/rpm/spec.j2`, which it was made from

    6 problems
    ");
}

/// One package of a line: what our types say it is, and both tools' versions of it; 0 where it is no vendor's.
struct Step {
    version: ReleaseVersion,
    vendor: u32,
    dpkg: String,
    rpm: (String, String),
}

/// A line over time: a candidate, its release, a vendor's packages of it, a respin, and what comes after.
fn line(sandbox: &Sandbox, dist: &[&str]) -> Vec<Step> {
    sandbox.repository("lustre", &TREE, "v2_17_0-RC2");
    for tag in ["v2_17_0-RC10", "v2_17_0", "v2_17_1"] {
        sandbox.git("lustre", &["tag", "--annotate", "--message", tag, tag]);
    }
    // The tag, what the manifest says beside, and the vendor's number.
    let steps = [
        ("v2_17_0-RC2", "", 0),
        ("v2_17_0-RC10", "", 0),
        ("v2_17_0", "", 0),
        ("v2_17_0", "", 2),
        ("v2_17_0", "", 10),
        ("v2_17_0", "respin = 2", 0),
        ("v2_17_1", "", 0),
    ];
    let mut line = Vec::new();
    for (tag, more, number) in steps {
        let title = release(sandbox, tag, more);
        let suffix = format!("acme.{number}");
        let vendor: &[&str] = if number == 0 { &[] } else { &["--vendor-suffix", &suffix] };
        let dsc = package(sandbox, "deb", &title, vendor, ".dsc");
        let dsc = fs::read_to_string(dsc).expect("a .dsc");
        let dpkg = dsc.lines().find_map(|line| line.strip_prefix("Version: ")).expect("a version");
        let source = package(sandbox, "rpm", &title, &[vendor, dist].concat(), ".src.rpm");
        line.push(Step {
            version: ReleaseVersion::parse(title.trim_start_matches("lustre-")).expect("a version"),
            vendor: number,
            dpkg: dpkg.to_owned(),
            rpm: (query(&source, "%{VERSION}"), query(&source, "%{RELEASE}")),
        });
    }
    line
}

fn orders(_: &Release) {
    for dist in [&[][..], &["--dist", "el9"][..]] {
        let line = line(&Sandbox::new(), dist);
        for (index, one) in line.iter().enumerate() {
            for other in &line[index + 1..] {
                assert!((&one.version, one.vendor) < (&other.version, other.vendor));
                run(Command::new("dpkg").args(["--compare-versions", &one.dpkg, "lt", &other.dpkg]));
                let vercmp = |one: &str, other: &str| {
                    let lua = format!("%{{lua: print(rpm.vercmp('{one}', '{other}'))}}");
                    let said = run(Command::new("rpm").args(["--eval", &lua]));
                    String::from_utf8(said).expect("UTF-8").trim().parse::<i32>().expect("a number")
                };
                let versions = vercmp(&one.rpm.0, &other.rpm.0);
                let older = versions < 0 || versions == 0 && vercmp(&one.rpm.1, &other.rpm.1) < 0;
                assert!(older, "{:?} is not before {:?}", one.rpm, other.rpm);
            }
        }
    }
}
