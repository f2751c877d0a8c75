// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The reference client of The Update Framework, python-tuf's `ngclient`, on a repository of ours behind
//! Python's own web server. openssl signs for some of the roles.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};

use crate::runner::{Sandbox, manifest};
use crate::{Case, Release, python, run};

pub const CASES: &[Case] = &[
    ("python_tuf_reads_a_repository_and_follows_its_keys", &["python:tuf"], follows),
    ("python_tuf_accepts_signatures_of_openssl", &["python:tuf", "openssl"], programs),
    ("python_tuf_signs_the_same_bytes_for_any_text", &["python:tuf"], texts),
    ("python_tuf_refuses_what_is_expired_or_changed", &["python:tuf"], refuses),
];

const TARGET: &str = "lustre-2.17.57.release.json";

/// Reads the repository with the state of earlier runs, and downloads a target.
const CLIENT: &str = r#"
import json, pathlib, sys
from tuf.ngclient import Updater
url, state, root, name = sys.argv[1:]
bootstrap = pathlib.Path(root).read_bytes() if root else None
pathlib.Path(state, "targets").mkdir(parents=True, exist_ok=True)
updater = Updater(metadata_dir=state, metadata_base_url=url + "/metadata/",
                  target_dir=state + "/targets", target_base_url=url + "/targets/", bootstrap=bootstrap)
updater.refresh()
info = updater.get_targetinfo(name)
custom = info.unrecognized_fields["custom"]
path = updater.download_target(info)
trusted = updater._trusted_set
print(json.dumps({"root": trusted.root.version, "targets": trusted.targets.version,
                  "version": custom["version"], "retracted": custom.get("retracted"),
                  "said": json.load(open(path))["version"]}))
"#;

/// A release in the sandbox, and a repository with it when `init` is done.
fn release() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository("lustre", &[("COPYING", "GPL\n")], "v2_17_57");
    sandbox.write("m.toml", manifest(""));
    sandbox.run(&["assemble", "m.toml"]).success();
    sandbox
}

/// Runs the program at the machine's own time, which is the client's too.
fn now(sandbox: &Sandbox, args: &[&str]) {
    let mut command = sandbox.command(args);
    sandbox.finish(command.env_remove("LUSTRE_DIST_TODAY").args(["--keys", "keys"])).success();
}

fn publish(sandbox: &Sandbox) {
    now(sandbox, &["publish", "dist/lustre-2.17.57", "--to", "repo", "--publish-unsigned"]);
}

/// Python's web server, for as long as this lives.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(sandbox: &Sandbox) -> Self {
        let mut child = Command::new(python())
            .args(["-I", "-u", "-m", "http.server", "--bind", "127.0.0.1", "0", "--directory"])
            .arg(sandbox.path("repo"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Python runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        // Serving HTTP on 127.0.0.1 port 40000 (http://127.0.0.1:40000/) ...
        let url = line.split(['(', ')']).nth(1).expect(&line).trim_end_matches('/').to_owned();
        Self { child, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn client(sandbox: &Sandbox, server: &Server, state: &str, root: Option<&str>) -> Command {
    let mut command = Command::new(python());
    command.args(["-I", "-c", CLIENT, &server.url]).arg(sandbox.path(state));
    match root {
        Some(root) => command.arg(sandbox.path(root)),
        None => command.arg(""),
    };
    command.arg(TARGET);
    command
}

/// What the client read.
#[track_caller]
fn read(sandbox: &Sandbox, server: &Server, state: &str, root: Option<&str>) -> serde_json::Value {
    let output = run(&mut client(sandbox, server, state, root));
    let read: serde_json::Value = serde_json::from_slice(&output).expect("JSON");
    assert_eq!(read["version"], "2.17.57");
    assert_eq!(read["said"], "2.17.57");
    read
}

const FIRST: &str = "repo/metadata/1.root.json";

fn follows(_: &Release) {
    let sandbox = release();
    now(&sandbox, &["repo", "init", "repo", "--root-keys", "3", "--threshold", "2", "--separate-keys"]);
    publish(&sandbox);
    let server = Server::start(&sandbox);
    assert_eq!(read(&sandbox, &server, "state", Some(FIRST))["root"], 1);
    for role in ["timestamp", "snapshot", "targets"] {
        now(&sandbox, &["repo", "rotate-key", "repo", "--role", role]);
        // Who was here before, who comes anew, and who never left.
        assert_eq!(read(&sandbox, &server, &format!("state-{role}"), Some(FIRST))["version"], "2.17.57");
    }
    assert_eq!(read(&sandbox, &server, "state", None)["root"], 4);
    for old in ["root-1", "root-2"] {
        now(&sandbox, &["repo", "rotate-key", "repo", "--role", "root", "--old", old]);
    }
    now(&sandbox, &["repo", "rotate-key", "repo", "--threshold", "3"]);
    now(&sandbox, &["repo", "refresh", "repo", "--all"]);
    assert_eq!(read(&sandbox, &server, "state", None)["root"], 7);
    assert_eq!(read(&sandbox, &server, "fresh", Some(FIRST))["root"], 7);
    assert_eq!(read(&sandbox, &server, "pinned", Some("keys/root.json"))["root"], 7);
}

/// Keys of other kinds, with openssl as the program that signs.
fn programs(_: &Release) {
    let sandbox = release();
    sandbox.write("keys/nothing", "");
    fs::set_permissions(sandbox.path("keys"), fs::Permissions::from_mode(0o700)).expect("modes");
    let pss = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest";
    let dgst = "exec openssl dgst -sha256";
    let kinds = [
        (
            "root-1",
            "-algorithm ed25519",
            "f=$(mktemp); trap 'rm \"$f\"' EXIT; cat > \"$f\"; \
            openssl pkeyutl -sign -rawin -in \"$f\" -inkey"
                .to_owned(),
        ),
        ("targets", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256", format!("{dgst} -sign")),
        ("online", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048", format!("{dgst} {pss} -sign")),
    ];
    for (name, make, sign) in kinds {
        let key = sandbox.path(&format!("keys/{name}.key"));
        run(Command::new("openssl").arg("genpkey").args(make.split(' ')).arg("-quiet").arg("-out").arg(&key));
        let public = run(Command::new("openssl").args(["pkey", "-pubout", "-in"]).arg(&key));
        let public = String::from_utf8(public).expect("PEM");
        let toml = format!("command = [\"./sign-{name}\"]\npublic = \"\"\"\n{public}\"\"\"\n");
        sandbox.write(&format!("keys/{name}.toml"), toml);
        let script = format!("keys/sign-{name}");
        sandbox.write(&script, format!("#!/bin/sh\nkey=$(dirname \"$0\")/{name}.key\n{sign} \"$key\"\n"));
        fs::set_permissions(sandbox.path(&script), fs::Permissions::from_mode(0o755)).expect("modes");
    }
    now(&sandbox, &["repo", "init", "repo"]);
    publish(&sandbox);
    now(&sandbox, &["repo", "refresh", "repo", "--all"]);
    now(&sandbox, &["repo", "check", "repo", "--deep"]);
    assert!(sandbox.list("keys").iter().all(|name| !name.ends_with(".pem")));
    let server = Server::start(&sandbox);
    assert_eq!(read(&sandbox, &server, "state", Some(FIRST))["targets"], 3);
}

/// Canonical JSON, which has its own ideas of what to escape and, in one library, of composed texts.
fn texts(_: &Release) {
    let sandbox = release();
    now(&sandbox, &["repo", "init", "repo"]);
    publish(&sandbox);
    let reason = "Zu\u{308}rich said \"no\", C:\\new and \u{1f600} < \u{338}";
    now(&sandbox, &["retract", "2.17.57", "--from", "repo", "--reason", reason]);
    now(&sandbox, &["repo", "check", "repo"]);
    let server = Server::start(&sandbox);
    let read = read(&sandbox, &server, "state", Some(FIRST));
    let said = read["retracted"]["reason"].as_str().expect("a reason").to_owned();
    assert!(said.starts_with("Z\u{fc}rich said \"no\""), "{said}");
}

fn refuses(_: &Release) {
    let sandbox = release();
    now(&sandbox, &["repo", "init", "repo"]);
    publish(&sandbox);
    let server = Server::start(&sandbox);
    read(&sandbox, &server, "state", Some(FIRST));
    let timestamp = sandbox.read("repo/metadata/timestamp.json");
    let refuse = |state: &str, why: &str| {
        let output = client(&sandbox, &server, state, Some(FIRST)).output().expect("Python runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(why), "{said}");
    };
    // An older state, for who saw the newer one.
    now(&sandbox, &["repo", "refresh", "repo", "--all"]);
    read(&sandbox, &server, "state", None);
    let newer = sandbox.read("repo/metadata/timestamp.json");
    sandbox.write("repo/metadata/timestamp.json", timestamp);
    refuse("state", "BadVersionNumberError");
    // A date that nobody signed.
    sandbox.write("repo/metadata/timestamp.json", newer.replace("\"expires\":\"20", "\"expires\":\"21"));
    refuse("other", "UnsignedMetadataError");
    sandbox.write("repo/metadata/timestamp.json", newer);
    read(&sandbox, &server, "other", Some(FIRST));
    // What was signed a year ago.
    fs::remove_dir_all(sandbox.path("repo")).expect("it is there");
    fs::remove_dir_all(sandbox.path("keys")).expect("they are there");
    let mut old = sandbox.command(&["repo", "init", "repo", "--keys", "keys", "--days", "root=60000"]);
    sandbox.finish(old.env("LUSTRE_DIST_TODAY", "2025-01-01")).success();
    refuse("late", "ExpiredMetadataError");
}
