// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What we sign is accepted by gpgv, sqv, gpg, ssh-keygen, dpkg-source and securesystemslib, and what
//! git, gpg and ssh-keygen sign is accepted by us. Each refuses a changed copy.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pgp::ser::Serialize as _;
use pgp::types::{EcdsaPublicParams, EddsaLegacyPublicParams, KeyDetails as _, PublicParams};
use ssh_key::{Algorithm, EcdsaCurve, LineEnding};

use crate::keymaker::{Make, Owner, ssh_key as make_ssh};
use crate::runner::{Sandbox, manifest};
use crate::{Case, Release, python, run};

pub const CASES: &[Case] = &[
    ("gpgv_accepts_our_signatures", &["gpgv"], gpgv),
    ("sqv_accepts_our_signatures", &["sqv"], sqv),
    ("gpg_accepts_our_signatures", &["gpg"], gpg_verifies),
    ("gpg_signs_for_us", &["gpg", "gpgv"], gpg_signs),
    ("ssh_keygen_accepts_our_signatures", &["ssh-keygen"], ssh_verifies),
    ("ssh_keygen_and_its_agent_sign_for_us", &["ssh-keygen", "ssh-agent", "ssh-add"], ssh_signs),
    ("tags_and_commits_that_git_signed_with_gpg", &["git", "gpg"], git_gpg),
    ("tags_and_commits_that_git_signed_with_ssh", &["git", "ssh-keygen"], git_ssh),
    ("dpkg_source_requires_our_signature", &["dpkg-source", "gpg", "gpgv"], dpkg_source),
    ("securesystemslib_accepts_our_envelopes", &["python:securesystemslib"], envelopes),
];

const TITLE: &str = "lustre-2.17.57";
const RELEASE: &str = "dist/lustre-2.17.57";

/// A release with a statement beside it, in every format.
fn released() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository("lustre", &[("COPYING", "GPL\n"), ("lustre/utils/lfs.c", "int main;\n")], "v2_17_57");
    let formats = r#"formats = ["tar", "tar.gz", "tar.zst", "tar.xz"]"#;
    sandbox.write("m.toml", manifest("").replace(r#"formats = ["tar.gz"]"#, formats));
    sandbox.run(&["assemble", "m.toml"]).success();
    sandbox
}

/// The files that are signed, each with the ending of its OpenPGP signature.
const SIGNED: [(&str, &str); 5] =
    [("tar", "sign"), ("tar.gz", "asc"), ("tar.zst", "asc"), ("tar.xz", "asc"), ("SHA256SUMS", "asc")];

fn path(sandbox: &Sandbox, ending: &str) -> PathBuf {
    sandbox.path(&format!("{RELEASE}/{TITLE}.{ending}"))
}

/// The keys that sign in this process.
fn owners() -> Vec<Owner> {
    [Make::Ed25519, Make::P256, Make::Rsa(3072)].map(|make| Owner::of(make, 1)).into()
}

/// Signs a release with each kind of key, and asks `verify` about each signature and a changed copy.
fn each_signature(verify: impl Fn(&Sandbox, &Path, &Path) -> bool) {
    let sandbox = released();
    for owner in owners() {
        sandbox.write("secret.asc", owner.secret_file());
        sandbox.write("public.pgp", owner.certificate());
        sandbox.run(&["sign", RELEASE, "--with", "openpgp", "--key", "secret.asc", "--replace"]).success();
        for (ending, signature) in SIGNED {
            let file = path(&sandbox, ending);
            let signature = path(&sandbox, &format!("{ending}.{signature}"));
            assert!(verify(&sandbox, &signature, &file), "{ending} by {}", owner.fingerprint());
            let mut changed = fs::read(&file).expect("a file");
            changed[100] ^= 1;
            sandbox.write("changed", changed);
            assert!(!verify(&sandbox, &signature, &sandbox.path("changed")), "{ending}, changed");
        }
    }
}

fn succeeds(command: &mut Command) -> bool {
    command.output().expect("the program runs").status.success()
}

fn gpgv(_: &Release) {
    each_signature(|sandbox, signature, file| {
        let keyring = sandbox.path("public.pgp");
        succeeds(Command::new("gpgv").arg("--keyring").arg(keyring).arg(signature).arg(file))
    });
}

fn sqv(_: &Release) {
    each_signature(|sandbox, signature, file| {
        let keyring = sandbox.path("public.pgp");
        succeeds(Command::new("sqv").arg("--keyring").arg(keyring).arg(signature).arg(file))
    });
}

/// A folder for gpg's keys; its agent ends with it.
struct Home(PathBuf);

impl Home {
    fn new(sandbox: &Sandbox, name: &str) -> Self {
        let home = Self(sandbox.path(name));
        fs::create_dir_all(&home.0).expect("a folder");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(&home.0, mode).expect("a mode");
        home
    }

    fn gpg(&self, args: &[&str]) -> Command {
        let mut command = Command::new("gpg");
        command.env("GNUPGHOME", &self.0).args(["--batch", "--quiet"]).args(args);
        command
    }

    /// Makes a key without a passphrase; its public part.
    fn generate(&self, kind: &str) -> Vec<u8> {
        let user = "Stable Signer <stable@example.org>";
        run(&mut self.gpg(&["--passphrase", "", "--quick-generate-key", user, kind, "sign", "never"]));
        run(&mut self.gpg(&["--armor", "--export"]))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf").env("GNUPGHOME", &self.0).args(["--kill", "all"]).output();
    }
}

fn gpg_verifies(_: &Release) {
    let homes = std::cell::Cell::new(0);
    each_signature(|sandbox, signature, file| {
        homes.set(homes.get() + 1);
        let home = Home::new(sandbox, &format!("gpg{}", homes.get()));
        run(home.gpg(&["--import"]).arg(sandbox.path("public.pgp")));
        succeeds(home.gpg(&["--verify"]).arg(signature).arg(file))
    });
}

fn gpg_signs(_: &Release) {
    let sandbox = released();
    let home = Home::new(&sandbox, "gnupg");
    for kind in ["ed25519", "rsa2048", "nistp256"] {
        let user = format!("{kind} <{kind}@example.org>");
        run(&mut home.gpg(&["--passphrase", "", "--quick-generate-key", &user, kind, "sign", "never"]));
        let args = ["sign", RELEASE, "--with", "openpgp", "--gpg", &user, "--replace"];
        sandbox.finish(sandbox.command(&args).env("GNUPGHOME", &home.0)).success();
        fs::write(sandbox.path("public.pgp"), run(&mut home.gpg(&["--export", &user]))).expect("a file");
        for (ending, signature) in SIGNED {
            let (file, signature) =
                (path(&sandbox, ending), path(&sandbox, &format!("{ending}.{signature}")));
            run(Command::new("gpgv")
                .arg("--keyring")
                .arg(sandbox.path("public.pgp"))
                .arg(signature)
                .arg(file));
        }
        // And the same again is nothing new.
        let again = sandbox.finish(sandbox.command(&args[..6]).env("GNUPGHOME", &home.0)).success();
        assert_eq!(again.matches("was there").count(), 5, "{again}");
    }
    // Keys that gpg gave out: with a passphrase, and with the primary key's secret left at home.
    let user = "Careful <careful@example.org>";
    run(&mut home.gpg(&["--passphrase", "secret", "--quick-generate-key", user, "ed25519", "cert", "never"]));
    let listed =
        String::from_utf8(run(&mut home.gpg(&["--with-colons", "--list-keys", user]))).expect("text");
    let fingerprint = listed.lines().find_map(|line| line.strip_prefix("fpr:::::::::")).expect("a key");
    let loopback = ["--pinentry-mode", "loopback", "--passphrase", "secret"];
    let add = ["--quick-add-key", fingerprint.trim_end_matches(':'), "ed25519", "sign", "never"];
    run(home.gpg(&loopback).args(add));
    fs::write(sandbox.path("public.pgp"), run(&mut home.gpg(&["--export", user]))).expect("a file");
    sandbox.write("passphrase", "secret\n");
    for export in ["--export-secret-keys", "--export-secret-subkeys"] {
        let secret = run(home.gpg(&loopback).args(["--armor", export, user]));
        sandbox.write("careful.asc", secret);
        let args = ["sign", RELEASE, "--with", "openpgp", "--key", "careful.asc", "--replace"];
        let args: Vec<&str> = args.into_iter().chain(["--passphrase-file", "passphrase"]).collect();
        sandbox.run(&args).success();
        let (file, signature) = (path(&sandbox, "tar.xz"), path(&sandbox, "tar.xz.asc"));
        run(Command::new("gpgv").arg("--keyring").arg(sandbox.path("public.pgp")).arg(&signature).arg(file));
        for (ending, signature) in SIGNED {
            fs::remove_file(path(&sandbox, &format!("{ending}.{signature}"))).expect("a signature");
        }
        let said = sandbox.run(&args[..6]).failure(2);
        assert!(said.contains("the key `careful.asc` cannot sign"), "{said}");
    }
    let args = ["sign", RELEASE, "--with", "openpgp", "--gpg", "nobody@example.org"];
    let said = sandbox.finish(sandbox.command(&args).env("GNUPGHOME", &home.0)).failure(2);
    assert!(said.contains("gpg has no key `nobody@example.org`"), "{said}");
}

/// Whether ssh-keygen accepts a signature by the key of that line over the file.
fn ssh_accepts(sandbox: &Sandbox, line: &str, signature: &Path, file: &Path) -> bool {
    sandbox.write("allowed", format!("me@example.org namespaces=\"file\" {line}\n"));
    let mut command = Command::new("ssh-keygen");
    command
        .args(["-Y", "verify", "-n", "file", "-I", "me@example.org", "-f"])
        .arg(sandbox.path("allowed"))
        .arg("-s")
        .arg(signature)
        .stdin(fs::File::open(file).expect("a file"));
    succeeds(&mut command)
}

fn ssh_verifies(_: &Release) {
    let sandbox = released();
    let ecdsa = |curve| Algorithm::Ecdsa { curve };
    for algorithm in [Algorithm::Ed25519, ecdsa(EcdsaCurve::NistP256), ecdsa(EcdsaCurve::NistP384)] {
        let key = make_ssh(algorithm, 1);
        sandbox.write("id", key.to_openssh(LineEnding::LF).expect("a text").as_bytes());
        sandbox.run(&["sign", RELEASE, "--with", "ssh", "--key", "id", "--replace"]).success();
        let line = key.public_key().to_openssh().expect("a line");
        let other = make_ssh(Algorithm::Ed25519, 9).public_key().to_openssh().expect("a line");
        for (ending, _) in SIGNED {
            let (file, signature) = (path(&sandbox, ending), path(&sandbox, &format!("{ending}.sig")));
            assert!(ssh_accepts(&sandbox, &line, &signature, &file), "{ending}");
            assert!(!ssh_accepts(&sandbox, &other, &signature, &file), "{ending}, another key");
            let mut changed = fs::read(&file).expect("a file");
            changed[100] ^= 1;
            sandbox.write("changed", changed);
            assert!(!ssh_accepts(&sandbox, &line, &signature, &sandbox.path("changed")), "{ending}, changed");
        }
    }
}

/// An ssh-agent that ends with its value.
struct Agent(std::process::Child, PathBuf);

impl Agent {
    fn new(sandbox: &Sandbox) -> Self {
        let socket = sandbox.path("agent");
        let child = Command::new("ssh-agent").args(["-D", "-a"]).arg(&socket).spawn().expect("an agent");
        for _ in 0..200 {
            if socket.exists() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        Self(child, socket)
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn ssh_signs(_: &Release) {
    let sandbox = released();
    let agent = Agent::new(&sandbox);
    for kind in ["ed25519", "rsa", "ecdsa"] {
        let id = sandbox.path(&format!("id_{kind}"));
        run(Command::new("ssh-keygen").args(["-q", "-N", "", "-C", "me", "-t", kind, "-f"]).arg(&id));
        let name = format!("id_{kind}");
        sandbox.run(&["sign", RELEASE, "--with", "ssh", "--ssh-keygen", &name, "--replace"]).success();
        let line = sandbox.read(&format!("{name}.pub"));
        let signature = path(&sandbox, "tar.xz.sig");
        assert!(ssh_accepts(&sandbox, line.trim(), &signature, &path(&sandbox, "tar.xz")), "{kind}");
        // The private part in the agent alone.
        run(Command::new("ssh-add").env("SSH_AUTH_SOCK", &agent.1).arg("-q").arg(&id));
        fs::remove_file(&id).expect("a key");
        for (ending, _) in SIGNED {
            fs::remove_file(path(&sandbox, &format!("{ending}.sig"))).expect("a signature");
        }
        let public = format!("{name}.pub");
        let args = ["sign", RELEASE, "--with", "ssh", "--ssh-keygen", &public];
        sandbox.finish(sandbox.command(&args).env("SSH_AUTH_SOCK", &agent.1)).success();
        assert!(ssh_accepts(&sandbox, line.trim(), &signature, &path(&sandbox, "tar.xz")), "{kind}, agent");
        // And without the agent.
        fs::remove_file(&signature).expect("a signature");
        let said = sandbox.run(&args).failure(8);
        assert!(said.contains("`ssh-keygen` did not sign"), "{said}");
    }
}

/// A source that requires signatures by the key in `keys/k`.
fn source(sandbox: &Sandbox) {
    sandbox.repository("lustre", &[("COPYING", "GPL\n"), ("more", "more\n")], "v2_17_50");
    let keys = "signature = \"required\"\nkeys = [\"keys/k\"]";
    sandbox.write("m.toml", manifest("").replace("signature = \"none\"", keys));
}

/// Locks a tag and a commit that git signs with this configuration.
fn git_signs(sandbox: &Sandbox, home: &Path, config: &[String]) {
    // Signatures are of now, and so are tags.
    let git = |args: &[&str]| {
        let now = format!("@{} +0000", std::process::id().max(1_767_323_045));
        let mut command = sandbox.git_command(&now, "lustre");
        command.env("GNUPGHOME", home);
        for setting in config {
            command.arg("-c").arg(setting);
        }
        run(command.args(args));
    };
    git(&["tag", "--sign", "--message", "Lustre 2.17.57", "v2_17_57"]);
    let said = sandbox.run(&["lock", "m.toml"]).success();
    assert!(said.contains("signature good: tag signed by"), "{said}");
    // A tag on a signed commit, without one of its own.
    git(&["commit", "--quiet", "--allow-empty", "--gpg-sign", "--message", "signed\n\nwith a body"]);
    git(&["tag", "--force", "v2_17_57"]);
    let said = sandbox.run(&["lock", "m.toml", "--update", "lustre"]).success();
    assert!(said.contains("signature good: commit signed by"), "{said}");
    sandbox.run(&["assemble", "m.toml", "--locked"]).success();
    // A tag that says something else than what was signed.
    git(&["tag", "--sign", "--force", "--message", "Lustre 2.17.57", "v2_17_57"]);
    let mut text = sandbox.git("lustre", &["cat-file", "tag", "v2_17_57"]);
    text = text.replace("Lustre 2", "Lustre 3") + "\n";
    sandbox.write("tag", &text);
    let id = sandbox.git("lustre", &["hash-object", "-t", "tag", "-w", "../tag"]);
    sandbox.git("lustre", &["update-ref", "refs/tags/v2_17_57", &id]);
    let said = sandbox.run(&["lock", "m.toml", "--update", "lustre"]).failure(4);
    assert!(said.contains("mismatch: "), "{said}");
}

fn git_gpg(_: &Release) {
    for kind in ["ed25519", "rsa3072"] {
        let sandbox = Sandbox::new();
        source(&sandbox);
        let home = Home::new(&sandbox, "gnupg");
        sandbox.write("keys/k", home.generate(kind));
        git_signs(&sandbox, &home.0, &["user.signingKey=stable@example.org".to_owned()]);
    }
}

fn git_ssh(_: &Release) {
    for kind in ["ed25519", "rsa", "ecdsa"] {
        let sandbox = Sandbox::new();
        source(&sandbox);
        let id = sandbox.path("id");
        run(Command::new("ssh-keygen").args(["-q", "-N", "", "-C", "me", "-t", kind, "-f"]).arg(&id));
        sandbox.write("keys/k", format!("me@example.org {}", sandbox.read("id.pub")));
        let config = ["gpg.format=ssh".to_owned(), format!("user.signingKey={}", id.display())];
        git_signs(&sandbox, &sandbox.path(""), &config);
    }
}

/// A small source package in the format 3.0 (quilt) whose original is our tarball.
fn dpkg_source(_: &Release) {
    let sandbox = released();
    let owner = Owner::of(Make::Rsa(3072), 1);
    sandbox.write("secret.asc", owner.secret_file());
    sandbox.run(&["sign", RELEASE, "--with", "openpgp", "--key", "secret.asc"]).success();
    let tree = format!("package/{TITLE}");
    fs::create_dir_all(sandbox.path("package")).expect("a folder");
    let original = sandbox.path("package/lustre_2.17.57.orig.tar.xz");
    fs::copy(path(&sandbox, "tar.xz"), &original).expect("a copy");
    run(Command::new("tar").arg("-xf").arg(&original).current_dir(sandbox.path("package")));
    sandbox.write(
        &format!("{tree}/debian/control"),
        "Source: lustre\nMaintainer: A. Author <author@example.org>\nStandards-Version: 4.6.2\n\n\
         Package: lustre\nArchitecture: any\nDescription: file system\n",
    );
    sandbox.write(
        &format!("{tree}/debian/changelog"),
        "lustre (2.17.57-1) unstable; urgency=medium\n\n  * First.\n\n \
         -- A. Author <author@example.org>  Fri, 02 Jan 2026 03:04:05 +0000\n",
    );
    sandbox.write(&format!("{tree}/debian/source/format"), "3.0 (quilt)\n");
    sandbox.write(&format!("{tree}/debian/upstream/signing-key.asc"), owner.file());
    sandbox.write(&format!("{tree}/debian/rules"), "#!/usr/bin/make -f\n");
    let home = Home::new(&sandbox, "gnupg");
    run(home.gpg(&["--import"]).arg(sandbox.path("secret.asc")));
    // The original's signature is checked when the package is built, the author's when it is extracted.
    let build = |signature: &str| -> bool {
        let asc = sandbox.path("package/lustre_2.17.57.orig.tar.xz.asc");
        fs::copy(path(&sandbox, signature), asc).expect("a copy");
        let package = sandbox.path("package");
        let source = || {
            let mut command = Command::new("dpkg-source");
            command.current_dir(&package).env("GNUPGHOME", &home.0).env("HOME", sandbox.path(""));
            command
        };
        if !succeeds(source().args(["--require-valid-signature", "-b", TITLE])) {
            return false;
        }
        let dsc = sandbox.path("package/lustre_2.17.57-1.dsc");
        let signed = run(home.gpg(&["--clearsign", "--output", "-"]).arg(&dsc));
        fs::write(&dsc, signed).expect("a file");
        let keyrings = sandbox.path(".gnupg");
        fs::create_dir_all(&keyrings).expect("a folder");
        fs::write(keyrings.join("trustedkeys.gpg"), owner.certificate()).expect("a keyring");
        let _ = fs::remove_dir_all(sandbox.path("package/out"));
        let extract = |dsc: &Path| {
            let mut command = source();
            command.env("GNUPGHOME", &keyrings).args(["--require-valid-signature", "-x"]).arg(dsc).arg("out");
            succeeds(&mut command)
        };
        let text = fs::read_to_string(&dsc).expect("a source package");
        let whole = extract(&dsc);
        fs::write(&dsc, text.replace("Maintainer: A", "Maintainer: B")).expect("a file");
        assert!(!extract(&dsc), "a changed source package");
        whole
    };
    assert!(build("tar.xz.asc"), "the signature over the compressed file");
    assert!(!build("tar.sign"), "the signature over the tar in its place");
    assert!(!build("tar.gz.asc"), "the signature over another file in its place");
}

/// A public key for the Python program.
fn public_key(owner: &Owner) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    match owner.public().public_params() {
        PublicParams::EdDSALegacy(EddsaLegacyPublicParams::Ed25519 { key }) => {
            format!("ed25519:{}", hex(key.as_bytes()))
        }
        PublicParams::ECDSA(parameters @ EcdsaPublicParams::P256 { .. }) => {
            // The curve's id, then the point as a number with its length in front.
            let encoded = parameters.to_bytes().expect("a key");
            format!("p256:{}", hex(&encoded[encoded.len() - 65..]))
        }
        PublicParams::RSA(parameters) => {
            let encoded = parameters.to_bytes().expect("a key");
            let length = usize::from(u16::from_be_bytes([encoded[0], encoded[1]])).div_ceil(8);
            format!("rsa:{}:{}", hex(&encoded[2..2 + length]), hex(&encoded[4 + length..]))
        }
        _ => panic!("no such key here"),
    }
}

fn envelopes(_: &Release) {
    let python = python();
    let sandbox = released();
    let mut keys = Vec::new();
    for owner in [Make::Ed25519, Make::P256, Make::Rsa(2048)].map(|make| Owner::of(make, 1)) {
        sandbox.write("secret.asc", owner.secret_file());
        sandbox.run(&["sign", RELEASE, "--with", "openpgp", "--key", "secret.asc", "--replace"]).success();
        keys.extend([owner.fingerprint(), public_key(&owner)]);
    }
    let ecdsa = |curve| Algorithm::Ecdsa { curve };
    for algorithm in [Algorithm::Ed25519, ecdsa(EcdsaCurve::NistP256), ecdsa(EcdsaCurve::NistP384)] {
        let key = make_ssh(algorithm, 1);
        sandbox.write("id", key.to_openssh(LineEnding::LF).expect("a text").as_bytes());
        sandbox.run(&["sign", RELEASE, "--with", "ssh", "--key", "id", "--replace"]).success();
        let line = key.public_key().to_openssh().expect("a line");
        keys.extend([key.fingerprint(ssh_key::HashAlg::Sha256).to_string(), line]);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/envelope.py");
    let envelope = path(&sandbox, "intoto.dsse.json");
    let verify = |envelope: &Path| {
        let mut command = Command::new(&python);
        command.arg(&script).arg(envelope).arg(path(&sandbox, "intoto.json")).args(&keys);
        command
    };
    // All six at once.
    run(&mut verify(&envelope));
    let text = fs::read_to_string(&envelope).expect("an envelope");
    let at = text.rfind("\"sig\": \"").expect("a signature") + 20;
    let mut changed = text.into_bytes();
    changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
    sandbox.write("changed.json", changed);
    assert!(!succeeds(&mut verify(&sandbox.path("changed.json"))), "a changed signature");
}
