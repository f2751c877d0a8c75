// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Debian's own tools on the demo's source package.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lustre_dist::model::version::{KernelRange, KernelVersion, ReleaseVersion};
use lustre_dist::package::kernel_expression;

use crate::runner::Sandbox;
use crate::{Case, Release, run};

pub const CASES: &[Case] = &[
    ("debian::dpkg_source_unpacks_what_is_signed", &["dpkg-source", "gpg", "gpgv"], unpacks),
    ("debian::dpkg_source_writes_the_same_dsc", &["dpkg-source"], same_dsc),
    ("debian::dpkg_genchanges_writes_the_same_changes", &["dpkg-source", "dpkg-genchanges"], same_changes),
    (
        "debian::dpkg_buildpackage_and_lintian",
        &["dpkg-buildpackage", "dh", "dh_dkms", "fakeroot", "lintian", "cc"],
        builds,
    ),
    ("debian::uscan_finds_the_newest_of_the_line", &["uscan", "python3", "gpg", "gpgv"], watches),
    ("debian::perl_mangles_versions_as_we_spell_them", &["perl"], mangles),
    (
        "debian::gbp_builds_from_the_branch",
        &["git", "gbp", "dpkg-source", "dpkg-buildpackage"],
        builds_from_branch,
    ),
    ("debian::dgit_takes_the_branch", &["git", "dgit", "dpkg-source"], dgit_takes_branch),
    ("debian::dpkg_orders_revisions", &["dpkg"], orders),
    ("debian::dpkg_sorts_the_packages_of_a_line_as_we_do", &["dpkg"], sorts),
    ("debian::bash_searches_kernels_as_dkms_does", &["bash"], kernels),
];

const TITLE: &str = "lustre-demo-2.18.0+k6.12.58";
const PACKAGE: &str = "lustre-demo_2.18.0+k6.12.58-1";

/// The demo, assembled in a sandbox.
pub fn demo() -> Sandbox {
    let sandbox = Sandbox::new();
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/demo.toml");
    let arguments = ["assemble", &manifest.to_string_lossy(), "--locked", "--offline", "--format", "tar.xz"];
    sandbox.run(&arguments).success();
    sandbox
}

/// Packages it; the folder of the package.
fn package(sandbox: &Sandbox, more: &[&str]) -> PathBuf {
    let release = format!("dist/{TITLE}");
    let arguments = ["package", "deb", &release, "--maintainer", "A. Packager <packager@example.org>"];
    sandbox.run(&[&arguments, more].concat()).success();
    sandbox.path(&format!("packages/{PACKAGE}"))
}

/// GnuPG with its home in the sandbox.
pub fn gpg(sandbox: &Sandbox) -> Command {
    let mut command = Command::new("gpg");
    command.env("GNUPGHOME", sandbox.path(".gnupg")).args(["--batch", "--quiet", "--yes"]);
    command
}

/// Makes a key, signs the tarball, and lets every program that looks into the home believe the key.
pub fn sign(sandbox: &Sandbox) {
    use std::os::unix::fs::PermissionsExt as _;
    let home = sandbox.path(".gnupg");
    fs::create_dir(&home).expect("a folder");
    fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).expect("a mode");
    let user = "Demo Signer <signer@example.org>";
    let arguments = ["--passphrase", "", "--quick-generate-key", user, "ed25519", "sign", "never"];
    run(gpg(sandbox).args(arguments));
    let tarball = sandbox.path(&format!("dist/{TITLE}/{TITLE}.tar.xz"));
    run(gpg(sandbox).args(["--armor", "--detach-sign"]).arg(tarball));
    fs::write(sandbox.path("key.asc"), run(gpg(sandbox).args(["--armor", "--export"]))).expect("the key");
    fs::write(home.join("trustedkeys.gpg"), run(gpg(sandbox).arg("--export"))).expect("the key");
}

/// Ends the agent that GnuPG leaves behind.
pub fn forget(sandbox: &Sandbox) {
    let _ = Command::new("gpgconf").env("GNUPGHOME", sandbox.path(".gnupg")).args(["--kill", "all"]).status();
}

fn unpacks(_: &Release) {
    let sandbox = demo();
    sign(&sandbox);
    let folder = package(&sandbox, &["--signing-key", "key.asc"]);
    let dsc = folder.join(format!("{PACKAGE}.dsc"));
    let signed = folder.join("signed.dsc");
    run(gpg(&sandbox).args(["--clearsign", "--output"]).arg(&signed).arg(&dsc));
    let unpack = |into: &str| {
        let mut command = Command::new("dpkg-source");
        command.args(["--extract", "--require-valid-signature"]).arg(&signed).arg(sandbox.path(into));
        command.env("HOME", sandbox.path("")).env_remove("GNUPGHOME").env("LC_ALL", "C.UTF-8");
        command
    };
    run(&mut unpack("good"));
    assert_eq!(sandbox.read("good/debian/upstream/signing-key.asc"), sandbox.read("key.asc"));
    assert!(folder.join("lustre-demo_2.18.0+k6.12.58.orig.tar.xz.asc").is_file());
    // The tarball in it is the release's, byte for byte, and its signature is good.
    let orig = folder.join("lustre-demo_2.18.0+k6.12.58.orig.tar.xz");
    let released = sandbox.path(&format!("dist/{TITLE}/{TITLE}.tar.xz"));
    assert!(fs::read(&orig).expect("a file") == fs::read(released).expect("a file"));
    let mut verify = Command::new("gpgv");
    verify.arg("--keyring").arg(sandbox.path(".gnupg/trustedkeys.gpg"));
    run(verify.arg(orig.with_extension("xz.asc")).arg(&orig));

    let mut damaged = fs::read(&orig).expect("a file");
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(&orig, damaged).expect("a file");
    let output = unpack("damaged").output().expect("it runs");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("orig.tar.xz has checksum"), "{output:?}");
    forget(&sandbox);
}

/// The fields of a `.dsc`, without those that hold checksums.
fn fields(text: &str) -> BTreeMap<String, String> {
    let mut fields: BTreeMap<String, String> = BTreeMap::new();
    let mut last = String::new();
    for line in text.lines() {
        match line.split_once(':') {
            Some((name, value)) if !line.starts_with(' ') => {
                last = name.to_owned();
                fields.insert(last.clone(), value.trim().to_owned());
            }
            _ => *fields.get_mut(&last).expect("a field goes on") += line,
        }
    }
    fields.retain(|name, _| !name.starts_with("Checksums") && name != "Files");
    fields
}

fn same_dsc(_: &Release) {
    let sandbox = demo();
    let folder = package(&sandbox, &["--url", "https://example.org/lustre"]);
    let ours = fs::read_to_string(folder.join(format!("{PACKAGE}.dsc"))).expect("a .dsc");
    let mut unpack = Command::new("dpkg-source");
    run(unpack.current_dir(&folder).arg("--extract").arg(format!("{PACKAGE}.dsc")).arg("tree"));
    let mut build = Command::new("dpkg-source");
    run(build.current_dir(&folder).args(["--build", "tree"]));
    let theirs = fs::read_to_string(folder.join(format!("{PACKAGE}.dsc"))).expect("a .dsc");
    assert_ne!(ours, theirs, "theirs has another debian.tar.xz");
    assert_eq!(fields(&ours), fields(&theirs));
}

fn same_changes(_: &Release) {
    let sandbox = demo();
    let folder = package(&sandbox, &["--dist", "bookworm"]);
    let ours = fs::read_to_string(folder.join(format!("{PACKAGE}_source.changes"))).expect("a .changes");
    let mut unpack = Command::new("dpkg-source");
    run(unpack.current_dir(&folder).arg("--extract").arg(format!("{PACKAGE}.dsc")).arg("tree"));
    let mut make = Command::new("dpkg-genchanges");
    let theirs = run(make.current_dir(folder.join("tree")).args(["-S", "-sa"]));
    // Down to the checksums.
    assert_eq!(ours, String::from_utf8(theirs).expect("UTF-8"));
}

fn builds(_: &Release) {
    let sandbox = demo();
    sign(&sandbox);
    let folder = package(&sandbox, &["--url", "https://example.org/lustre", "--signing-key", "key.asc"]);
    forget(&sandbox);
    let lint = |changes: &str| {
        let mut command = Command::new("lintian");
        command.current_dir(&folder).env("HOME", sandbox.path("")).arg(changes);
        let output =
            run(command.args(["--pedantic", "--info", "--display-info", "--allow-root", "--no-cfg"]));
        String::from_utf8(output).expect("UTF-8")
    };
    assert_eq!(lint(&format!("{PACKAGE}_source.changes")), "");
    let mut unpack = Command::new("dpkg-source");
    run(unpack.current_dir(&folder).arg("--extract").arg(format!("{PACKAGE}.dsc")).arg("tree"));
    let mut build = Command::new("dpkg-buildpackage");
    build.current_dir(folder.join("tree")).env("HOME", sandbox.path(""));
    run(build.args(["--no-sign", "--build=binary"]).stdin(Stdio::null()));
    let list = |package: &str| {
        let mut command = Command::new("dpkg-deb");
        let listed = run(command.current_dir(&folder).arg("--contents").arg(package));
        String::from_utf8(listed).expect("UTF-8")
    };
    let architecture = run(Command::new("dpkg").arg("--print-architecture"));
    let architecture = String::from_utf8(architecture).expect("UTF-8");
    let architecture = architecture.trim();
    let version = "2.18.0+k6.12.58";
    let utils = list(&format!("lustre-demo-utils_{version}-1_{architecture}.deb"));
    for file in ["./usr/sbin/lnetnid", "./usr/sbin/lustre_target", "./usr/share/man/man8/lnetnid.8.gz"] {
        assert!(utils.contains(file), "{file} in {utils}");
    }
    let dkms = list(&format!("lustre-demo-dkms_{version}-1_all.deb"));
    for file in ["dkms.conf", "Kbuild", "fs/lustre/super.c", "net/lnet/module.c", "lustre_compat/Makefile"] {
        assert!(dkms.contains(&format!("./usr/src/lustre-demo-{version}/{file}")), "{file} in {dkms}");
    }
    assert_eq!(lint(&format!("{PACKAGE}_{architecture}.changes")), "");
}

fn watches(_: &Release) {
    let sandbox = demo();
    sign(&sandbox);
    let tarball = fs::read(sandbox.path(&format!("dist/{TITLE}/{TITLE}.tar.xz"))).expect("the tarball");
    let signature =
        fs::read(sandbox.path(&format!("dist/{TITLE}/{TITLE}.tar.xz.asc"))).expect("its signature");
    for version in [
        "2.18.0+k6.12.58",
        "2.18.0+k6.12.60",
        "2.18.0+k6.12.60.r2",
        "2.18.1-RC1+k6.12.61",
        "2.18.50+k6.12.61",
        "2.18.0+k6.12.61.acme.2",
        "2.18.1+k6.18.1",
    ] {
        let name = format!("lustre-demo-{version}");
        sandbox.write(&format!("served/lts-6.12/{name}.tar.xz"), &tarball);
        sandbox.write(&format!("served/lts-6.12/{name}.tar.xz.asc"), &signature);
    }
    let script = "import functools, http.server as h\n\
        s = h.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(h.SimpleHTTPRequestHandler, directory='served'))\n\
        print(s.server_port, flush=True)\n\
        s.serve_forever()\n";
    let mut server = Command::new("python3")
        .args(["-I", "-c", script])
        .current_dir(sandbox.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a server");
    let mut port = String::new();
    let mut out = std::io::BufReader::new(server.stdout.take().expect("its output"));
    std::io::BufRead::read_line(&mut out, &mut port).expect("its port");
    let url = format!("http://127.0.0.1:{}", port.trim());
    let folder = package(&sandbox, &["--signing-key", "key.asc", "--url", &url]);
    let mut unpack = Command::new("dpkg-source");
    run(unpack.current_dir(&folder).arg("--extract").arg(format!("{PACKAGE}.dsc")).arg("tree"));
    let uscan = |arguments: &[&str]| {
        let mut command = Command::new("uscan");
        command.current_dir(folder.join("tree")).env("HOME", sandbox.path("")).args(arguments);
        command.env_remove("http_proxy").env("no_proxy", "127.0.0.1");
        let output = command.output().expect("it runs");
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    let report = uscan(&["--no-conf", "--report", "--verbose"]);
    let fetched = uscan(&["--no-conf", "--destdir", ".."]);
    server.kill().expect("the server ends");
    server.wait().expect("the server ended");
    forget(&sandbox);
    assert!(report.contains("is 2.18.0+k6.12.60+r2, local version is 2.18.0+k6.12.58"), "{report}");
    assert!(fetched.contains("Good signature from \"Demo Signer"), "{fetched}");
    assert!(folder.join("lustre-demo_2.18.0+k6.12.60+r2.orig.tar.xz").exists(), "{fetched}");
}

/// `debian/watch`, as it is packaged.
fn watch(sandbox: &Sandbox) -> String {
    let folder = package(sandbox, &["--url", "https://example.org/lustre"]);
    let mut unpack = Command::new("dpkg-source");
    run(unpack.current_dir(&folder).arg("--extract").arg(format!("{PACKAGE}.dsc")).arg("tree"));
    fs::read_to_string(folder.join("tree/debian/watch")).expect("it is there")
}

fn mangles(_: &Release) {
    let watch = watch(&demo());
    let (_, rest) = watch.split_once("uversionmangle=").expect("rules");
    let (rules, _) = rest.split_once('"').expect("their end");
    let versions = [
        "2.15.8-RC1",
        "2.15.8",
        "2.15.8+acme.1",
        "2.15.8+kite.1",
        "2.15.8+r1.acme.2",
        "2.15.8+r2",
        "2.17.57+k6.18.8",
        "2.18.0-RC9+k6.18.rc6",
        "2.18.0-RC9+k6.18.rc6.r1.acme.2",
        "2.18.0-RC10+k6.18.rc6.acme.2",
        "2.18.0+k6.12",
        "2.18.0+k6.12.r2",
        "2.18.0+k6.12.58",
        "2.18.0+k6.12.58.r1",
        "2.18.0+k6.12.58.acme.2",
        "2.18.0+k6.12.58.kite.2",
        "2.18.0+k6.12.58.r1.acme2.10",
        "2.18.0.1+k6.12.58.r1.rcs.2",
    ];
    // As uscan has it: each rule in turn, on each version.
    let script = format!("for (@ARGV) {{ {rules}; print \"$_\\n\" }}");
    let mangled = run(Command::new("perl").args(["-e", &script]).args(versions));
    let spelled: String = versions
        .iter()
        .map(|version| ReleaseVersion::parse(version).expect("a version").debian_upstream() + "\n")
        .collect();
    assert_eq!(String::from_utf8(mangled).expect("UTF-8"), spelled);
}

/// A clone of a packaging repository that has the demo.
fn branch(sandbox: &Sandbox) {
    sandbox.git(".", &["init", "--quiet", "--bare", "pkg.git"]);
    let arguments = ["package", "branch", "lts-6.12", "--repo", "pkg.git", "--maintainer"];
    sandbox.run(&[&arguments[..], &["A. Packager <packager@example.org>"]].concat()).success();
    sandbox.git("pkg.git", &["fsck", "--strict", "--no-dangling"]);
    sandbox.git(".", &["clone", "--quiet", "--branch", "debian/lts-6.12", "pkg.git", "work"]);
}

/// A program that works on the clone.
fn in_clone(sandbox: &Sandbox, program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(sandbox.path("work"))
        .env("HOME", sandbox.path(""))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .envs([("DEBFULLNAME", "A. Packager"), ("DEBEMAIL", "packager@example.org")])
        .stdin(Stdio::null());
    command
}

fn builds_from_branch(_: &Release) {
    let sandbox = demo();
    let folder = package(&sandbox, &[]);
    branch(&sandbox);
    // What is on the branch is what the package unpacks to.
    let mut unpack = Command::new("dpkg-source");
    let dsc = folder.join(format!("{PACKAGE}.dsc"));
    run(unpack.args(["--skip-patches", "--extract"]).arg(&dsc).arg(sandbox.path("tree")));
    let status = ["--git-dir=../work/.git", "--work-tree=.", "status", "--porcelain"];
    assert_eq!(sandbox.git("tree", &status), "");
    // gbp finds its branches and tags by `debian/gbp.conf`, and builds around the very tarball.
    fs::create_dir(sandbox.path("other")).expect("a folder");
    run(in_clone(&sandbox, "gbp").args(["export-orig", "--tarball-dir=../other"]));
    let tarballs = format!("--git-tarball-dir={}", folder.display());
    let builder = "--git-builder=dpkg-buildpackage -S -us -uc -d -nc";
    run(in_clone(&sandbox, "gbp").args(["buildpackage", &tarballs, "--git-export-dir=../area", builder]));
    let read = |path: &Path| fs::read_to_string(path).expect("a .dsc");
    let (ours, theirs) = (read(&dsc), read(&sandbox.path(&format!("area/{PACKAGE}.dsc"))));
    assert_eq!(fields(&ours), fields(&theirs));
    let orig = |text: &str| -> Vec<String> {
        text.lines().filter(|line| line.ends_with(".orig.tar.xz")).map(str::to_owned).collect()
    };
    assert_eq!(orig(&ours).len(), 3);
    assert_eq!(orig(&ours), orig(&theirs));
}

fn dgit_takes_branch(_: &Release) {
    let sandbox = demo();
    let folder = package(&sandbox, &[]);
    branch(&sandbox);
    let orig = "lustre-demo_2.18.0+k6.12.58.orig.tar.xz";
    fs::copy(folder.join(orig), sandbox.path(orig)).expect("a copy");
    for (name, value) in [("user.name", "A. Packager"), ("user.email", "packager@example.org")] {
        sandbox.git("work", &["config", name, value]);
    }
    // Without the network: does the tree agree with the tarball, as a push would ask?
    let output =
        in_clone(&sandbox, "dgit").args(["--quilt=gbp", "-wn", "quilt-fixup"]).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("HEAD == o+d/p"), "{output:?}");
}

fn orders(_: &Release) {
    let revisions = ["1", "1+acme~1", "1+acme~2", "1+acme~10", "1+acmelabs~1", "2", "2+acme~1", "10"];
    for pair in revisions.windows(2) {
        let full = |revision: &str| format!("2.18.0+k6.12.58-{revision}");
        run(Command::new("dpkg").args(["--compare-versions", &full(pair[0]), "lt", &full(pair[1])]));
    }
}

/// Five releases of a line and their packages, in our order: a candidate, a respin, and a vendor's
/// packaging among them.
fn sorts(_: &Release) {
    let files = [
        ("Kbuild", "obj-y += net/lnet/\n"),
        ("Makefile", "utils:\n"),
        ("net/lnet/Makefile", "obj-m := lnet.o\n"),
    ];
    let sandbox = Sandbox::new();
    sandbox.repository("lustre", &files, "2.18.0-RC2");
    let releases = [
        ("2.18.0-RC2", None, None),
        ("2.18.0-RC10", None, None),
        ("2.18.0", None, None),
        ("2.18.0", None, Some("acme.2")),
        ("2.18.0", None, Some("acme.10")),
        ("2.18.0", Some(2), None),
        ("2.18.1", None, None),
        ("2.18.10", None, Some("acme.1")),
    ];
    let mut packages = Vec::new();
    for (base, respin, vendor) in releases {
        if sandbox.git("lustre", &["tag", "--list", base]).is_empty() {
            sandbox.git("lustre", &["tag", base]);
        }
        let respin_line = respin.map(|respin: u32| format!("respin = {respin}\n")).unwrap_or_default();
        sandbox.write(
            "m.toml",
            format!(
                "schema = 1\n[release]\nname = \"lustre\"\nversion = \"{base}\"\n{respin_line}primary = \"lustre\"\n\
                 license = \"GPL-2.0-only\"\nformats = [\"tar.xz\"]\n[line]\nid = \"lts-6.12\"\nkernel = \"6.12\"\n\
                 [source.lustre]\ngit = \"lustre\"\ntag = \"{base}\"\nsignature = \"none\"\n\
                 [[layer]]\nname = \"userspace\"\nsource = \"lustre\"\ntake = [{{ from = \".\" }}]\n"
            ),
        );
        let _ = fs::remove_file(sandbox.path("m.lock"));
        let made = sandbox.run(&["assemble", "m.toml", "--json"]).success();
        let made: serde_json::Value = serde_json::from_str(&made).expect("JSON");
        let directory = made["directory"].as_str().expect("a directory");
        let mut arguments =
            vec!["package", "deb", directory, "--maintainer", "A. Packager <packager@example.org>", "--json"];
        arguments.extend(vendor.iter().flat_map(|vendor| ["--vendor-suffix", vendor]));
        let packaged = sandbox.run(&arguments).success();
        let packaged: serde_json::Value = serde_json::from_str(&packaged).expect("JSON");
        let folder = sandbox.path(packaged["directory"].as_str().expect("a directory"));
        let dsc = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
        let dsc = dsc.filter(|path| path.extension().is_some_and(|ending| ending == "dsc")).last();
        let text = fs::read_to_string(dsc.expect("a .dsc")).expect("text");
        let (_, title) = directory.rsplit_once("/lustre-").expect("a title");
        packages.push((ReleaseVersion::parse(title).expect("a version"), fields(&text)["Version"].clone()));
    }
    assert!(packages.windows(2).all(|pair| pair[0].0 <= pair[1].0), "{packages:?}");
    for pair in packages.windows(2) {
        run(Command::new("dpkg").args(["--compare-versions", &pair[0].1, "lt", &pair[1].1]));
    }
}

fn kernels(_: &Release) {
    let ranges = [
        ">=6.1, <6.13",
        ">=4.18, <7.1",
        "=6.12",
        ">=6.12.5, <6.12.70",
        ">=5.14.9",
        "<6.2.10",
        ">=4.18.3, <6.0.1",
        "=6.18-rc2",
        ">=6.1, <=6.18-rc6",
        ">=6.17, <6.18-rc1",
        ">6.9-rc3, <6.12.5-rc4",
    ];
    let mut versions = Vec::new();
    for major in [3, 4, 5, 6, 7, 10] {
        for minor in [0, 1, 2, 3, 9, 10, 12, 13, 14, 17, 18, 19, 20, 60] {
            for patch in [0, 1, 3, 4, 5, 8, 9, 10, 69, 70, 117] {
                versions.push(format!("{major}.{minor}.{patch}"));
            }
        }
    }
    for text in ranges {
        let range = KernelRange::parse(text).expect("a range");
        let expression = kernel_expression(&range).expect("it has an end");
        // As dkms has it: `$1 =~ $BUILD_EXCLUSIVE_KERNEL`.
        let script = "e=$1; shift; for k; do [[ $k =~ $e ]] && echo \"$k\"; done; true";
        for ending in ["", "-56-amd64", "+deb12-amd64", ".el9.x86_64", "-rc3"] {
            let releases = versions.iter().map(|version| format!("{version}{ending}"));
            let mut command = Command::new("bash");
            let found = run(command.args(["-c", script, "-", &expression]).args(releases));
            // A candidate counts as its release, which is inside as soon as one of them is.
            let holds = |version: &str| range.contains(&KernelVersion::parse(version).expect("a version"));
            let inside = versions.iter().filter(|version| {
                holds(version) || (1..=9).any(|candidate| holds(&format!("{version}-rc{candidate}")))
            });
            let expected: String = inside.map(|version| format!("{version}{ending}\n")).collect();
            assert_eq!(String::from_utf8(found).expect("UTF-8"), expected, "{text}: {expression}");
        }
    }
}
