// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! dkms on the demo's package: it is loaded, built, signed and installed, for the headers that are there.
//!
//! Everything happens in the sandbox: the trees of dkms, the keys, and what is installed. dkms wants to
//! be root, which fakeroot is enough for.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::runner::Sandbox;
use crate::{Case, Release, dkms_trees, headers, run};

pub const CASES: &[Case] = &[
    (
        "dkms::installs_what_it_lists_on_both_kernels",
        &["dkms", "fakeroot", "modinfo", "make", "cc", "openssl", "headers:6.1", "headers:6.12"],
        installs,
    ),
    ("dkms::refuses_kernels_out_of_range", &["dkms", "fakeroot"], refuses),
    ("dkms::adds_an_unpacked_tree", &["dkms", "fakeroot", "tar"], adds),
    (
        "dkms::applies_the_packagers_patches",
        &["dkms", "fakeroot", "make", "cc", "patch", "modinfo", "headers:6.12"],
        patches,
    ),
    ("dkms::bash_writes_the_same_conf", &["bash"], same_conf),
    ("dkms::bash_lists_the_same_modules", &["bash"], same_list),
    ("dkms::dpkg_and_rpm_order_versions", &["dpkg", "rpm"], orders),
];

const TITLE: &str = "lustre-demo-2.18.0+k6.12.58";
const VERSION: &str = "2.18.0+k6.12.58";
const WHO: &str = "A. Packager <packager@example.org>";

/// A sandbox with the demo's release.
fn demo() -> Sandbox {
    let sandbox = Sandbox::new();
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/demo.toml");
    let arguments = ["assemble", &manifest.to_string_lossy(), "--locked", "--offline", "--format", "tar.gz"];
    sandbox.run(&arguments).success();
    sandbox
}

/// Packages it; the tarball.
fn package(sandbox: &Sandbox, more: &[&str]) -> PathBuf {
    let release = format!("dist/{TITLE}");
    sandbox.run(&[&["package", "dkms", &release, "--maintainer", WHO], more].concat()).success();
    let mut found = files_below(&sandbox.path("packages"));
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// dkms with its trees in the sandbox. What `framework.conf` of the machine does not set, it takes from the
/// environment: the keys, so that none of the machine's is made or used.
fn dkms(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    let mut command = Command::new("fakeroot");
    command.arg("dkms").args(arguments).current_dir(sandbox.path(""));
    for tree in ["dkmstree", "sourcetree", "installtree", "tmp"] {
        fs::create_dir_all(sandbox.path(tree)).expect("a folder");
        if tree != "tmp" {
            command.arg(format!("--{tree}")).arg(sandbox.path(tree));
        }
    }
    command.env("TMPDIR", sandbox.path("tmp")).env("LC_ALL", "C.UTF-8");
    command.env("mok_signing_key", sandbox.path("mok.key")).env("mok_certificate", sandbox.path("mok.pub"));
    command.output().expect("dkms runs")
}

#[track_caller]
fn dkms_does(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let output = dkms(sandbox, arguments);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "dkms {arguments:?}: {said}");
    said
}

fn modinfo(module: &Path, field: &str) -> String {
    let output = run(Command::new("modinfo").args(["-F", field]).arg(module));
    String::from_utf8(output).expect("UTF-8").trim_end().to_owned()
}

/// The module that a file is, however it is compressed.
fn name_of(path: &Path) -> String {
    let name = path.file_name().expect("a name").to_string_lossy();
    name.split_once(".ko").expect("a module").0.to_owned()
}

fn installs(_: &Release) {
    let sandbox = demo();
    let tarball = package(&sandbox, &[]);
    dkms_does(&sandbox, &["ldtarball", &tarball.to_string_lossy()]);
    let source = sandbox.path(&format!("sourcetree/lustre-demo-{VERSION}"));
    let conf = fs::read_to_string(source.join("dkms.conf")).expect("dkms.conf");
    let listed: BTreeSet<String> = conf
        .lines()
        .filter_map(|line| line.strip_prefix("BUILT_MODULE_NAME[")?.split('"').nth(1))
        .map(str::to_owned)
        .collect();
    assert_eq!(listed.len(), 2, "{listed:?}");
    let package = format!("lustre-demo/{VERSION}");
    for series in ["6.1", "6.12"] {
        let kernel = headers(series).expect("they were asked for");
        fs::create_dir_all(sandbox.path(&format!("installtree/{kernel}"))).expect("a folder");
        dkms_does(&sandbox, &["build", &package, "-k", &kernel]);
        dkms_does(&sandbox, &["install", &package, "-k", &kernel, "--no-depmod"]);
        let installed = files_below(&sandbox.path(&format!("installtree/{kernel}")));
        assert_eq!(installed.iter().map(|path| name_of(path)).collect::<BTreeSet<_>>(), listed, "{kernel}");
        for module in &installed {
            assert_eq!(modinfo(module, "version"), VERSION, "{}", module.display());
            assert!(modinfo(module, "vermagic").starts_with(&format!("{kernel} ")), "{}", module.display());
            // By the key that was made for this sandbox.
            assert_eq!(modinfo(module, "signer"), "DKMS module signing key", "{}", module.display());
        }
        let status = dkms_does(&sandbox, &["status", &package]);
        assert!(status.contains(&format!("lustre-demo/{VERSION}, {kernel}, ")), "{status}");
        assert!(!status.contains("WARNING"), "{status}");
    }
    assert!(sandbox.path("mok.key").is_file());
    dkms_does(&sandbox, &["remove", &package, "--all", "--no-depmod"]);
    assert_eq!(files_below(&sandbox.path("installtree")), Vec::<PathBuf>::new());
}

fn refuses(_: &Release) {
    let sandbox = demo();
    let tarball = package(&sandbox, &[]);
    dkms_does(&sandbox, &["ldtarball", &tarball.to_string_lossy()]);
    for kernel in ["5.10.0-30-amd64", "6.0.19", "6.13.0-1-amd64", "6.120.1", "61.2.0", "7.1.0-rc1"] {
        let output = dkms(&sandbox, &["build", &format!("lustre-demo/{VERSION}"), "-k", kernel]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(77) && said.contains("BUILD_EXCLUSIVE"), "{kernel}: {output:?}");
    }
}

fn adds(_: &Release) {
    let sandbox = demo();
    let tarball = package(&sandbox, &["--vendor-suffix", "acme.2"]);
    fs::create_dir(sandbox.path("unpacked")).expect("a folder");
    run(Command::new("tar").arg("-xaf").arg(&tarball).arg("-C").arg(sandbox.path("unpacked")));
    dkms_does(&sandbox, &["add", "unpacked/dkms_source_tree"]);
    let status = dkms_does(&sandbox, &["status"]);
    assert_eq!(status.trim(), format!("lustre-demo/{VERSION}-1+acme~2: added"));
    // dkms copies what `*` names, and every file of the source is among it.
    let below = |folder: &str| -> BTreeSet<String> {
        let root = sandbox.path(folder);
        let relative =
            |path: &PathBuf| path.strip_prefix(&root).expect("below").to_string_lossy().into_owned();
        files_below(&root).iter().map(relative).collect()
    };
    assert_eq!(
        below("unpacked/dkms_source_tree"),
        below(&format!("sourcetree/lustre-demo-{VERSION}-1+acme~2"))
    );
}

fn patches(_: &Release) {
    let sandbox = demo();
    sandbox.write("t/dkms/patches/series", "name.patch\n");
    sandbox.write(
        "t/dkms/patches/name.patch",
        "Subject: say whose it is\n\n--- a/LUSTRE-VERSION-FILE\n+++ b/LUSTRE-VERSION-FILE\n@@ -1 +1 @@\n\
         -LUSTRE_VERSION = 2.18.0+k6.12.58\n+LUSTRE_VERSION = 2.18.0_3.acme+k6.12.58\n",
    );
    let tarball = package(&sandbox, &["--template-dir", "t", "--vendor-suffix", "acme.3"]);
    dkms_does(&sandbox, &["ldtarball", &tarball.to_string_lossy()]);
    let kernel = headers("6.12").expect("they were asked for");
    dkms_does(&sandbox, &["build", &format!("lustre-demo/{VERSION}-1+acme~3"), "-k", &kernel]);
    let built = files_below(&sandbox.path("dkmstree"));
    let modules: Vec<_> =
        built.iter().filter(|path| path.parent().is_some_and(|p| p.ends_with("module"))).collect();
    assert_eq!(modules.len(), 2, "{built:?}");
    for module in modules {
        assert_eq!(modinfo(module, "version"), "2.18.0_3.acme+k6.12.58");
    }
}

/// The packages that a tree's own script knows: the argument that asks for each, and its name.
const OWN: [(&[&str], &str); 4] = [
    (&[], "lustre-client"),
    (&["--servers", "zfs"], "lustre-zfs"),
    (&["--servers", "ldiskfs"], "lustre-ldiskfs"),
    (&["--servers", "all"], "lustre-all"),
];

/// A sandbox with the packages of a small tree that has Lustre's own packaging.
fn own() -> Sandbox {
    let sandbox = dkms_trees::released_as(&dkms_trees::OWN, "", "", &[]);
    for (arguments, package) in OWN {
        let all = [&["package", "dkms", "dist/lustre-2.17.57", "--maintainer", WHO], arguments].concat();
        sandbox.run(&all).success();
        let tarball = sandbox
            .path(&format!("packages/{package}-2.17.57.dkms/{package}-2.17.57-source-only.dkms.tar.gz"));
        fs::create_dir(sandbox.path(package)).expect("a folder");
        run(Command::new("tar").arg("-xaf").arg(tarball).arg("-C").arg(sandbox.path(package)));
    }
    sandbox
}

fn same_conf(_: &Release) {
    let sandbox = own();
    for (_, package) in OWN {
        let mut script = Command::new("bash");
        script
            .arg("lustre/scripts/dkms.mkconf")
            .args(["-n", package, "-v", "2.17.57", "-f", "theirs", "-k", "updates"]);
        run(script.current_dir(sandbox.path("")));
        let theirs = sandbox.read("theirs");
        let ours = sandbox.read(&format!("{package}/dkms_source_tree/dkms.conf"));
        assert!(theirs.contains("AUTOINSTALL=") && ours.starts_with(&theirs), "{package}: {ours}");
    }
}

fn same_list(_: &Release) {
    let sandbox = own();
    let script = ". \"$1\"; for i in \"${!BUILT_MODULE_NAME[@]}\"; do\n\
        echo \"${BUILT_MODULE_LOCATION[i]}${BUILT_MODULE_NAME[i]}\"; done; echo $PRE_BUILD";
    for (package, expected) in [
        ("lustre-client", "lnet/lnet/lnet\nlustre/llite/lustre\n"),
        ("lustre-all", "lnet/lnet/lnet\nlustre/llite/lustre\nlustre/mdt/mdt\nlustre/osd-zfs/osd_zfs\n"),
    ] {
        let conf = sandbox.path(&format!("{package}/dkms_source_tree/dkms.conf"));
        let mut bash = Command::new("bash");
        bash.args(["-c", script, "-"]).arg(conf).env("module", package).env("arch", "x86_64");
        let said = String::from_utf8(run(bash.env("module_version", "2.17.57"))).expect("UTF-8");
        let hook = format!("dkms-prepare.sh lustre-dkms_pre-build.sh {package} 2.17.57 x86_64\n");
        assert_eq!(said, format!("{expected}{hook}"));
    }
}

/// Five releases of a line, with a candidate, a respin, and a vendor's package of one.
fn orders(_: &Release) {
    let sandbox = Sandbox::new();
    sandbox.repository("lustre", &dkms_trees::TREE, "v2_18_0-RC9");
    for tag in ["v2_18_0-RC10", "v2_18_0", "v2_18_1"] {
        sandbox.commit("lustre", &[], tag);
        sandbox.git("lustre", &["tag", "--annotate", "--message", tag, tag]);
    }
    let mut versions = Vec::new();
    for (version, tag, release, arguments) in [
        ("2.18.0-RC9", "v2_18_0-RC9", "", &[] as &[&str]),
        ("2.18.0-RC10", "v2_18_0-RC10", "", &[]),
        ("2.18.0", "v2_18_0", "", &[]),
        ("2.18.0", "v2_18_0", "", &["--vendor-suffix", "acme.2"]),
        ("2.18.0", "v2_18_0", "", &["--vendor-suffix", "acme.10"]),
        ("2.18.0", "v2_18_0", "", &["--revision", "2"]),
        ("2.18.0", "v2_18_0", "respin = 2", &[]),
        ("2.18.1", "v2_18_1", "", &[]),
    ] {
        sandbox.write("m.toml", dkms_trees::manifest(version, tag, release, ""));
        let _ = fs::remove_file(sandbox.path("m.lock"));
        let _ = fs::remove_dir_all(sandbox.path("packages"));
        sandbox.run(&["assemble", "m.toml"]).success();
        let title = if release.is_empty() { version.to_owned() } else { format!("{version}+r2") };
        let release = format!("dist/lustre-{title}");
        sandbox.run(&[&["package", "dkms", &release, "--maintainer", WHO], arguments].concat()).success();
        let tarball = files_below(&sandbox.path("packages")).remove(0);
        let mut tar = Command::new("tar");
        tar.arg("-xOaf").arg(tarball).arg("dkms_source_tree/dkms.conf");
        let conf = String::from_utf8(run(&mut tar)).expect("UTF-8");
        let line = conf.lines().find_map(|line| line.strip_prefix("PACKAGE_VERSION=")).expect("a version");
        versions.push(line.trim_matches('"').to_owned());
    }
    assert_eq!(
        versions.join(" "),
        "2.18.0~rc9 2.18.0~rc10 2.18.0 2.18.0-1+acme~2 2.18.0-1+acme~10 2.18.0-2 2.18.0+build2 2.18.1"
    );
    for pair in versions.windows(2) {
        run(Command::new("dpkg").args(["--compare-versions", &pair[0], "lt", &pair[1]]));
        let script = format!("%{{lua: print(rpm.ver('{}') < rpm.ver('{}'))}}", pair[0], pair[1]);
        assert_eq!(run(Command::new("rpm").args(["--eval", &script])), b"true\n", "{pair:?}");
    }
}
