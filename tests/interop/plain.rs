// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What people and their scripts do with a repository who do not have this program.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::debian::{forget, gpg};
use crate::runner::{Sandbox, manifest};
use crate::{Case, Release, run};

pub const CASES: &[Case] = &[
    ("curl_sha256sum_and_gpgv_check_plain_files", &["curl", "sha256sum", "gpg", "gpgv"], checked),
    ("what_the_pages_say_to_run_runs", &["sh", "git", "curl", "sha256sum", "gpg", "gpgv"], said),
    ("uscan_finds_what_was_published", &["uscan", "curl", "gpg", "gpgv", "dpkg-source"], watched),
];

const FIRST: &str = "lustre-demo-2.18.0+k6.12.58";
const SECOND: &str = "lustre-demo-2.18.0+k6.12.58.r1";

/// A served repository, for as long as it lives.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn new(sandbox: &Sandbox) -> Self {
        let mut command = sandbox.command(&["serve", "repo", "--port", "0"]);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program runs");
        let mut url = String::new();
        let mut said = BufReader::new(child.stdout.take().expect("its output"));
        said.read_line(&mut url).expect("its address");
        Self { child, url: url.trim().trim_end_matches('/').to_owned() }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A sandbox with two releases of a line; the first is published, and a key signs what is.
fn published() -> Sandbox {
    let sandbox = Sandbox::new();
    let manifests = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests");
    run(Command::new("cp").arg("-r").arg(manifests).arg(sandbox.path("m")));
    let home = sandbox.path(".gnupg");
    fs::create_dir(&home).expect("a folder");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    fs::set_permissions(&home, mode).expect("a mode");
    let user = "Demo Signer <signer@example.org>";
    // The sandbox has a clock of its own.
    let make = [
        "--faked-system-time",
        "20260101T000000!",
        "--passphrase",
        "",
        "--quick-generate-key",
        user,
        "ed25519",
        "sign",
        "never",
    ];
    run(gpg(&sandbox).args(make));
    let exported = run(gpg(&sandbox).args(["--armor", "--export"]));
    sandbox.write("key.asc", &exported);
    sandbox.write("key.gpg", run(gpg(&sandbox).arg("--export")));
    sandbox.write("secret.asc", run(gpg(&sandbox).args(["--armor", "--export-secret-keys"])));
    assembled(&sandbox, FIRST);
    let manifest = sandbox.read("m/demo.toml");
    assert!(manifest.contains("\n[release]\n"), "{manifest}");
    sandbox.write("m/demo.toml", manifest.replace("\n[release]\n", "\n[release]\nrespin = 1\n"));
    sandbox.run(&["lock", "m/demo.toml", "--offline"]).success();
    assembled(&sandbox, SECOND);
    publish(&sandbox, FIRST, &["--init"]);
    sandbox
}

fn assembled(sandbox: &Sandbox, title: &str) {
    let formats = ["--format", "tar.xz", "--format", "tar.gz"];
    sandbox.run(&[&["assemble", "m/demo.toml", "--locked", "--offline"][..], &formats].concat()).success();
    let release = format!("dist/{title}");
    sandbox.run(&["sign", &release, "--with", "openpgp", "--key", "secret.asc"]).success();
}

fn publish(sandbox: &Sandbox, title: &str, more: &[&str]) {
    let release = format!("dist/{title}");
    let publish = ["publish", &release, "--to", "repo", "--keys", "keys", "--signing-keys", "key.asc"];
    sandbox.run(&[&publish[..], &["--sums-key", "secret.asc"], more].concat()).success();
}

fn checked(_: &Release) {
    let sandbox = published();
    publish(&sandbox, SECOND, &[]);
    let served = Served::new(&sandbox);
    let folder = sandbox.path("fetched");
    fs::create_dir(&folder).expect("a folder");
    let here = |program: &str| {
        let mut command = Command::new(program);
        command.current_dir(&folder).env("HOME", sandbox.path("")).env_remove("http_proxy");
        command
    };
    // The `+` of a version as it is, and escaped.
    let escaped = SECOND.replace('+', "%2B");
    for name in ["SHA256SUMS", "SHA256SUMS.asc", &format!("{SECOND}.tar.xz"), &format!("{SECOND}.tar.sign")] {
        run(here("curl")
            .args(["--silent", "--fail", "--remote-name"])
            .arg(format!("{}/lts-6.12/{name}", served.url)));
    }
    let url = format!("{}/lts-6.12/{escaped}.tar.gz", served.url);
    run(here("curl").args(["--silent", "--fail", "--output", &format!("{SECOND}.tar.gz")]).arg(url));
    let said = run(here("sha256sum").args(["--check", "--ignore-missing", "--strict", "SHA256SUMS"]));
    let said = String::from_utf8(said).expect("UTF-8");
    assert_eq!(said, format!("{SECOND}.tar.gz: OK\n{SECOND}.tar.xz: OK\n"));
    let keyring = sandbox.path("key.gpg");
    run(here("gpgv").arg("--keyring").arg(&keyring).args(["SHA256SUMS.asc", "SHA256SUMS"]));
    // As kernel.org's tarballs are checked.
    run(here("sh")
        .args(["-c", "xz -dc \"$1\".tar.xz | gpgv --keyring \"$2\" \"$1\".tar.sign -", "sh", SECOND])
        .arg(&keyring));
    let feed: serde_json::Value = serde_json::from_slice(&run(here("curl")
        .arg("--silent")
        .arg(format!("{}/releases.json", served.url))))
    .expect("JSON");
    assert_eq!(feed["latest"]["lts-6.12"]["version"], "2.18.0+k6.12.58.r1");
    assert_eq!(feed["releases"].as_array().map(Vec::len), Some(2));
    drop(served);
    forget(&sandbox);
}

/// The commands that a page has for copying.
fn commands(sandbox: &Sandbox, page: &str) -> Vec<String> {
    let html = sandbox.read(&format!("repo/{page}"));
    let blocks = html.split("<div class=\"command\"><pre tabindex=\"0\"><code>").skip(1);
    let plain = |text: &str| {
        let pairs = [
            ("&#x27;", "'"),
            ("&#x2f;", "/"),
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&quot;", "\""),
            ("&amp;", "&"),
        ];
        pairs.iter().fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
    };
    blocks.map(|block| plain(block.split("</code>").next().expect("an end"))).collect()
}

/// A release, a candidate and a retracted release, each by the commands of its own page.
fn said(_: &Release) {
    const CANDIDATE: &str = "lustre-2.18.1-RC1";
    let sandbox = published();
    sandbox.repository("lustre", &[("COPYING", "GPL\n")], "v2_18_1_RC1");
    let text = manifest("").replace("2.17.57", "2.18.1-RC1").replace("v2_17_57", "v2_18_1_RC1");
    sandbox.write("rc.toml", text);
    sandbox.run(&["assemble", "rc.toml"]).success();
    let served = Served::new(&sandbox);
    publish(&sandbox, SECOND, &["--public-url", &served.url]);
    let to = ["publish", &format!("dist/{CANDIDATE}"), "--to", "repo", "--keys", "keys"];
    sandbox.run(&[&to[..], &["--publish-unsigned", "--public-url", &served.url]].concat()).success();
    let retract = ["retract", FIRST, "--reason", "a trial", "--from", "repo", "--keys", "keys"];
    sandbox.run(&retract).success();

    let program = Path::new(env!("CARGO_BIN_EXE_lustre-dist"));
    let bin = program.parent().expect("a folder").display();
    let path = format!("{bin}:{}", std::env::var("PATH").expect("a PATH"));
    let follow = |nth: usize, page: &str, today: &str, expected: usize| {
        let folder = format!("followed-{nth}");
        fs::create_dir(sandbox.path(&folder)).expect("a folder");
        fs::copy(sandbox.path("key.gpg"), sandbox.path(&folder).join("KEYS.gpg")).expect("keys");
        let commands = commands(&sandbox, page);
        assert_eq!(commands.len(), expected, "{commands:?}");
        for command in commands {
            let command = command.replace("=CLONE", "=../lustre");
            let mut shell = Command::new("sh");
            shell.args(["-e", "-c", &command]).current_dir(sandbox.path(&folder)).env_clear();
            shell.env("PATH", &path).env("HOME", sandbox.path("")).env("LUSTRE_DIST_TODAY", today);
            shell.env("LUSTRE_DIST_ROOT", sandbox.path("repo/root.json"));
            // The demo's sources are bundles of one branch each, and nobody has clones of them.
            if !command.contains("--require-proof") || page.contains(CANDIDATE) {
                run(&mut shell);
            }
        }
    };
    let today = "2026-11-23";
    follow(1, &format!("lts-6.12/{SECOND}.html"), today, 3);
    follow(2, &format!("lts-6.12/{FIRST}.html"), today, 3);
    follow(3, &format!("other/{CANDIDATE}.html"), today, 3);
    follow(4, "lts-6.12/index.html", today, 1);
    follow(5, "index.html", today, 1);
    // The line is over.
    let refresh = ["repo", "refresh", "repo", "--keys", "keys"];
    sandbox.finish(sandbox.command(&refresh).env("LUSTRE_DIST_TODAY", "2029-01-01")).success();
    follow(6, "lts-6.12/index.html", "2029-01-01", 1);
    follow(7, "index.html", "2029-01-01", 1);
    drop(served);
    forget(&sandbox);
}

fn watched(_: &Release) {
    let sandbox = published();
    let served = Served::new(&sandbox);
    let release = format!("dist/{FIRST}");
    let package = ["package", "deb", &release, "--maintainer", "A. Packager <packager@example.org>"];
    sandbox.run(&[&package[..], &["--signing-key", "key.asc", "--url", &served.url]].concat()).success();
    let folder = sandbox.path("packages/lustre-demo_2.18.0+k6.12.58-1");
    let dsc = "lustre-demo_2.18.0+k6.12.58-1.dsc";
    run(Command::new("dpkg-source").current_dir(&folder).args(["--extract", dsc, "tree"]));
    let uscan = |arguments: &[&str]| {
        let mut command = Command::new("uscan");
        command.current_dir(folder.join("tree")).env("HOME", sandbox.path("")).args(arguments);
        command.env_remove("http_proxy").env("no_proxy", "127.0.0.1");
        let output = command.output().expect("it runs");
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    let nothing = uscan(&["--no-conf", "--report", "--verbose"]);
    assert!(nothing.contains("is 2.18.0+k6.12.58, local version is 2.18.0+k6.12.58"), "{nothing}");
    publish(&sandbox, SECOND, &[]);
    let report = uscan(&["--no-conf", "--report", "--verbose"]);
    assert!(report.contains("is 2.18.0+k6.12.58+r1, local version is 2.18.0+k6.12.58"), "{report}");
    let fetched = uscan(&["--no-conf", "--destdir", ".."]);
    assert!(fetched.contains("Good signature from \"Demo Signer"), "{fetched}");
    assert!(folder.join("lustre-demo_2.18.0+k6.12.58+r1.orig.tar.xz").exists(), "{fetched}");
    drop(served);
    forget(&sandbox);
}
