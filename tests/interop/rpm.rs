// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! rpm's own tools on the demo's source package, and rpmlint. What stands in the packages is in
//! `rpm_content`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::debian::{demo, forget, sign};
use crate::runner::Sandbox;
use crate::{Case, Release, dkms_trees, python, run};

pub const CASES: &[Case] = &[
    ("rpm::rpm_accepts_the_package_and_its_signature", &["rpm", "rpmbuild", "rpmsign", "gpg"], accepts),
    ("rpm::rpmspec_parses_for_every_distribution", &["rpmbuild", "rpmspec", "gpg"], parses),
    (
        "rpm::rpmbuild_rebuilds_and_rpmlint_finds_no_error",
        &["rpm", "rpmbuild", "rpmsign", "gpg", "cc", "make", "python:rpm", "python:rpmlint"],
        rebuilds,
    ),
    ("rpm::rpm_takes_a_change_log_whose_releases_crossed", &["rpm", "rpmbuild", "rpmspec", "tar"], crossed),
    ("rpm::rpmbuild_takes_the_tarball_alone", &["rpm", "rpmbuild", "cc", "make"], takes_the_tarball),
    ("rpm::gpgverify_checks_the_tarball", &["rpm", "rpmbuild", "gpg", "gpgv"], verifies),
    ("rpm::everywhere_the_same_bytes", &["rpmbuild", "faketime"], same_bytes),
];

const TITLE: &str = "lustre-demo-2.18.0+k6.12.58";
const WHO: &str = "A. Packager <packager@example.org>";

/// Packages the demo; the source package.
pub fn package(sandbox: &Sandbox, more: &[&str]) -> PathBuf {
    let release = format!("dist/{TITLE}");
    let arguments = ["package", "rpm", &release, "--maintainer", WHO, "--json"];
    let made = sandbox.run(&[&arguments, more].concat()).success();
    let made: serde_json::Value = serde_json::from_str(&made).expect("JSON");
    let name = made["files"][0]["name"].as_str().expect("a name");
    sandbox.path(made["directory"].as_str().expect("a directory")).join(name)
}

/// rpmbuild, with its folders in the sandbox and the requirements of the build left alone: another
/// distribution's packages are none of rpm's here.
pub fn rpmbuild(sandbox: &Sandbox) -> Command {
    let mut command = Command::new("rpmbuild");
    command.arg("--nodeps").arg("--define").arg(format!("_topdir {}", sandbox.path("top").display()));
    command.env("HOME", sandbox.path("")).stdin(Stdio::null());
    command
}

/// What a query of a package gives.
pub fn query(package: &Path, format: &str) -> String {
    let mut command = Command::new("rpm");
    let output = run(command.args(["--query", "--package", "--queryformat", format]).arg(package));
    String::from_utf8(output).expect("UTF-8")
}

/// Every file below a folder whose name ends so.
fn find(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(find(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Signs packages with the key in the sandbox.
fn add_signatures(sandbox: &Sandbox, packages: &[PathBuf]) {
    let gpg = run(Command::new("sh").args(["-c", "command -v gpg"]));
    let gpg = String::from_utf8(gpg).expect("UTF-8");
    let mut command = Command::new("rpmsign");
    command.arg("--define").arg(format!("__gpg {}", gpg.trim()));
    command.args(["--define", "_gpg_name signer@example.org", "--define"]);
    command.arg(format!("_gpg_path {}", sandbox.path(".gnupg").display()));
    run(command.env("GNUPGHOME", sandbox.path(".gnupg")).arg("--addsign").args(packages));
}

/// Lets rpm believe the key in the sandbox, in a database of its own.
fn import(sandbox: &Sandbox) {
    let mut command = Command::new("rpm");
    command.arg("--dbpath").arg(sandbox.path("db")).arg("--import").arg(sandbox.path("key.asc"));
    run(&mut command);
}

fn accepts(_: &Release) {
    let sandbox = demo();
    let package = package(&sandbox, &[]);
    let check = |dbpath: &str| {
        let mut command = Command::new("rpm");
        command.arg("--dbpath").arg(sandbox.path(dbpath)).args(["--checksig", "--verbose"]).arg(&package);
        command
    };
    let said = String::from_utf8(run(&mut check("none"))).expect("UTF-8");
    assert!(said.contains("Payload SHA256 digest: OK"), "{said}");
    assert_eq!(said.matches(": OK").count(), said.lines().count() - 1, "{said}");

    sign(&sandbox);
    add_signatures(&sandbox, std::slice::from_ref(&package));
    import(&sandbox);
    let said = String::from_utf8(run(&mut check("db"))).expect("UTF-8");
    assert!(said.contains("Signature, key ID"), "{said}");
    assert_eq!(said.matches(": OK").count(), said.lines().count() - 1, "{said}");
    forget(&sandbox);
}

/// What the distributions' own macros say, as far as spec files go by it (redhat-rpm-config, epel-rpm-macros,
/// suse-rpm-macros): the name, and the macros.
pub const DISTRIBUTIONS: [(&str, &str); 5] = [
    ("el8", "%rhel 8\n%el8 1\n%dist .el8\n%_vendor redhat\n"),
    ("el9", "%rhel 9\n%el9 1\n%dist .el9\n%_vendor redhat\n%_configure ./configure\n"),
    ("el10", "%rhel 10\n%el10 1\n%dist .el10\n%_vendor redhat\n%_configure ./configure\n"),
    ("sles15", "%suse_version 1500\n%sle_version 150600\n%_vendor suse\n"),
    ("fedora", "%fedora 42\n%fc42 1\n%dist .fc42\n%_vendor redhat\n%_sbindir %{_bindir}\n"),
];

/// What those of Red Hat's family have beside.
const REDHAT: &str = "%gpgverify %{_rpmconfigdir}/redhat/gpgverify\n\
    %build_cflags %{optflags} -Wp,-D_FORTIFY_SOURCE=2\n%build_ldflags -Wl,-z,relro\n";

/// A spec file as rpm reads it with the macros of a distribution.
pub fn parsed(sandbox: &Sandbox, spec: &Path, (name, macros): (&str, &str)) -> String {
    let redhat = if name == "sles15" { "" } else { REDHAT };
    sandbox.write(&format!("macros.{name}"), format!("{macros}{redhat}"));
    let mut files = run(Command::new("rpmbuild").args(["--eval", "%{_rpmconfigdir}"]));
    files.truncate(files.trim_ascii_end().len());
    let folder = String::from_utf8(files).expect("UTF-8");
    let own = sandbox.path(&format!("macros.{name}"));
    let mut command = Command::new("rpmspec");
    command.arg("--macros").arg(format!("{folder}/macros:{}", own.display()));
    let output = command.arg("--parse").arg(spec).env("HOME", sandbox.path("")).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && !said.contains("warning: "), "{name}: {said}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Takes a source package apart; the folder with its files.
pub fn unpack(sandbox: &Sandbox, package: &Path) -> PathBuf {
    let mut command = Command::new("rpm");
    command.arg("--dbpath").arg(sandbox.path("none")).arg("--define");
    command.arg(format!("_topdir {}", sandbox.path("sources").display()));
    command.args(["--define", "_sourcedir %{_topdir}", "--define", "_specdir %{_topdir}"]);
    run(command.args(["--install", "--nodeps"]).arg(package));
    sandbox.path("sources")
}

fn parses(_: &Release) {
    let sandbox = demo();
    sign(&sandbox);
    let package = package(&sandbox, &["--signing-key", "key.asc", "--url", "https://example.org/lustre"]);
    let folder = unpack(&sandbox, &package);
    let mut tar = Command::new("tar");
    tar.current_dir(sandbox.path("")).arg("--extract").arg("--file");
    run(tar.arg(format!("dist/{TITLE}/{TITLE}.tar.xz")).arg(format!("{TITLE}/lustre-demo.spec")));
    for (name, macros) in DISTRIBUTIONS {
        let text = parsed(&sandbox, &folder.join("lustre-demo.spec"), (name, macros));
        let dist = macros.lines().find_map(|line| line.strip_prefix("%dist ")).unwrap_or_default();
        assert!(text.contains(&format!("\nRelease:        1{dist}\n")), "{name}: {text}");
        assert!(text.contains("\n%package dkms\n"), "{name}: {text}");
        assert_eq!(text.contains("redhat/gpgverify --keyring="), name != "sles15", "{name}: {text}");
        assert_eq!(text.contains("BuildRequires:  gnupg2"), name != "sles15", "{name}: {text}");
        parsed(&sandbox, &sandbox.path(&format!("{TITLE}/lustre-demo.spec")), (name, macros));
    }
    forget(&sandbox);
}

fn rebuilds(_: &Release) {
    let sandbox = demo();
    let source = package(&sandbox, &["--url", "https://example.org/lustre", "--dist", "el9"]);
    run(rpmbuild(&sandbox).args(["--define", "dist .el9", "--rebuild"]).arg(&source));
    let mut packages = find(&sandbox.path("top/RPMS"), ".rpm");
    packages.retain(|path| !path.to_string_lossy().contains("-debug"));
    let names: Vec<String> = packages.iter().map(|path| query(path, "%{NAME} %{EVR}")).collect();
    let version = "2.18.0+k6.12.58-1.el9";
    assert_eq!(names, [format!("lustre-demo-dkms {version}"), format!("lustre-demo {version}")]);
    let files: Vec<String> = packages.iter().map(|path| query(path, "[%{FILENAMES}\n]")).collect();
    for file in ["/usr/sbin/lnetnid", "/usr/sbin/lustre_target", "/usr/share/man/man8/lnetnid.8"] {
        assert!(files[1].contains(file), "{file} in {}", files[1]);
    }
    for file in ["dkms.conf", "Kbuild", "fs/lustre/super.c", "net/lnet/module.c", "lustre_compat/Makefile"] {
        assert!(files[0].contains(&format!("/usr/src/lustre-demo-2.18.0+k6.12.58/{file}\n")), "{file}");
    }
    // Limits of kernels stand on the package of modules alone.
    let text = query(&packages[1], "[%{REQUIRENEVRS}\n][%{CONFLICTNEVRS}\n]%{DESCRIPTION}");
    assert!(!text.contains("kernel-") && !text.contains("6.13"), "{text}");

    sign(&sandbox);
    packages.push(source.clone());
    add_signatures(&sandbox, &packages);
    forget(&sandbox);
    // Where rpmlint looks for the key.
    import(&sandbox);
    sandbox.write(".rpmmacros", format!("%_dbpath {}\n", sandbox.path("db").display()));
    let settings = unpack(&sandbox, &source).join("lustre-demo-rpmlintrc");
    let mut command = Command::new(python());
    command.args(["-I", "-c", "import sys; from rpmlint.cli import lint; sys.exit(lint())", "--rpmlintrc"]);
    let output = command.arg(settings).args(&packages).env("HOME", sandbox.path("")).output();
    let output = output.expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("3 packages and 0 specfiles checked; 0 errors"), "{said}");
    assert!(output.status.success() && !said.contains(": E: "), "{said}");
}

/// A release whose commits are older than those of the one before it, as where a line is cut from a branch.
fn crossed(_: &Release) {
    let sandbox = Sandbox::new();
    sandbox.repository("lustre", &dkms_trees::TREE, "v2_17_57");
    let git = |arguments: &[&str]| sandbox.git_at("2025-12-01T00:00:00Z", "lustre", arguments);
    git(&["commit", "--quiet", "--allow-empty", "--message", "LU-2 start: earlier"]);
    git(&["tag", "--annotate", "--message", "2.17.58", "v2_17_58"]);
    for (version, tag) in [("2.17.57", "v2_17_57"), ("2.17.58", "v2_17_58")] {
        let name = format!("{tag}.toml");
        sandbox.write(&name, dkms_trees::manifest(version, tag, "", ""));
        sandbox.run(&["assemble", &name]).success();
    }
    let previous = ["--previous", "dist/lustre-2.17.57", "--maintainer", WHO];
    sandbox.run(&[&["package", "rpm", "dist/lustre-2.17.58"], &previous[..]].concat()).success();
    let package = sandbox.path("packages/lustre-2.17.58-1.src/lustre-2.17.58-1.src.rpm");
    let days = query(&package, "[%{CHANGELOGTIME:day} %{CHANGELOGNAME}\n]");
    let days: Vec<&str> = days.lines().map(|line| line.split(" A. ").next().unwrap_or(line)).collect();
    assert_eq!(days, ["Mon Dec 01 2025", "Mon Dec 01 2025"]);
    let spec = unpack(&sandbox, &package).join("lustre.spec");
    parsed(&sandbox, &spec, DISTRIBUTIONS[1]);
}

fn takes_the_tarball(_: &Release) {
    let sandbox = demo();
    run(rpmbuild(&sandbox).arg("-ta").arg(sandbox.path(&format!("dist/{TITLE}/{TITLE}.tar.xz"))));
    assert_eq!(find(&sandbox.path("top/SRPMS"), "lustre-demo-2.18.0+k6.12.58-1.src.rpm").len(), 1);
    let packages = find(&sandbox.path("top/RPMS"), ".rpm");
    assert!(query(&packages[0], "[%{FILENAMES}\n]").contains("/usr/sbin/lnetnid\n"));
}

fn verifies(_: &Release) {
    let sandbox = demo();
    sign(&sandbox);
    forget(&sandbox);
    let package = package(&sandbox, &["--signing-key", "key.asc"]);
    let folder = unpack(&sandbox, &package);
    // What redhat-rpm-config has as `gpgverify`, in short.
    sandbox.write(
        "gpgverify",
        "set -eu\nfor a; do case $a in --keyring=*) k=${a#*=};; --signature=*) s=${a#*=};; --data=*) d=${a#*=};; esac; done\n\
         gpg --homedir \"$HOME\" --batch --yes --output \"$HOME/ring.gpg\" --dearmor \"$k\"\n\
         gpgv --keyring \"$HOME/ring.gpg\" \"$s\" \"$d\"\n",
    );
    let prepare = || {
        let mut command = rpmbuild(&sandbox);
        command.arg("--define").arg(format!("_sourcedir {}", folder.display()));
        command.arg("--define").arg(format!("gpgverify sh {}", sandbox.path("gpgverify").display()));
        let output = command.arg("-bp").arg(folder.join("lustre-demo.spec")).output().expect("it runs");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (good, said) = prepare();
    assert!(good && said.contains("Good signature from \"Demo Signer"), "{said}");
    let tarball = folder.join(format!("{TITLE}.tar.xz"));
    let mut damaged = fs::read(&tarball).expect("a file");
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(&tarball, damaged).expect("a file");
    let (good, said) = prepare();
    assert!(!good && said.contains("BAD signature"), "{said}");
}

fn same_bytes(_: &Release) {
    let sandbox = demo();
    let first = fs::read(package(&sandbox, &["--dist", "el9"])).expect("a package");

    // From another folder and the bare tarball alone, with another locale, zone, umask, home, user's
    // settings of rpm, and clock: rpmbuild's too, whose environment is not handed on.
    let name = format!("{TITLE}.tar.xz");
    sandbox.write(
        "else where/.rpmmacros",
        "%packager Somebody\n%_source_payload w1.gzdio\n%vendor V\n%dist .x\n",
    );
    fs::copy(sandbox.path(&format!("dist/{TITLE}/{name}")), sandbox.path(&format!("else where/{name}")))
        .expect("a copy");
    let path = std::env::var("PATH").expect("programs");
    for program in ["rpmbuild", "rpmspec"] {
        let real = run(Command::new("sh").args(["-c", &format!("command -v {program}")]));
        let real = String::from_utf8(real).expect("UTF-8");
        let script = format!("#!/bin/sh\nexec faketime '2031-05-06 07:08:09' {} \"$@\"\n", real.trim());
        sandbox.write(&format!("bin/{program}"), script);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(sandbox.path(&format!("bin/{program}")), mode).expect("a mode");
    }
    let mut command = Command::new("sh");
    command
        .args(["-c", "umask 077 && exec \"$0\" \"$@\"", "faketime", "2031-05-06 07:08:09"])
        .args([env!("CARGO_BIN_EXE_lustre-dist"), "package", "rpm", &name, "--dist", "el9", "--out", "out"])
        .current_dir(sandbox.path("else where"))
        .env_clear()
        .env("PATH", format!("{}:{path}", sandbox.path("bin").display()))
        .env("HOME", sandbox.path("else where"))
        .envs([("TZ", "Pacific/Chatham"), ("LC_ALL", "tr_TR.UTF-8"), ("SOURCE_DATE_EPOCH", "1")])
        .envs([("USER", "abuild"), ("RPM_CONFIGDIR", "/nonexistent")])
        .envs([("DEBFULLNAME", "A. Packager"), ("DEBEMAIL", "packager@example.org")]);
    sandbox.finish(&mut command).success();
    let second = find(&sandbox.path("else where/out"), ".src.rpm");
    assert!(first == fs::read(&second[0]).expect("a package"), "{second:?}");
    assert_eq!(sandbox.list("else where/out").len(), 2, "nothing stays but the package");
}
