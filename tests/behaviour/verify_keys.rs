// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `verify --keys`: every signature beside a release against the keys that the user trusts.

use std::fs;

use insta::assert_snapshot;
use ssh_key::{Algorithm, LineEnding};

use crate::keymaker::{How, Owner, armor, ssh_key as make_ssh};
use crate::runner::Sandbox;
use crate::tamper::{TITLE, file, release, verify};

/// A release with keys beside it: the signer's, their SSH key, and a stranger's.
fn released() -> Sandbox {
    let sandbox = release(r#""tar.gz", "tar.xz""#);
    for (name, seed) in [("signer", 1), ("stranger", 2)] {
        sandbox.write(&format!("{name}.secret"), Owner::new(seed).secret_file());
        sandbox.write(&format!("keys/{name}.asc"), Owner::new(seed).file());
    }
    let key = make_ssh(Algorithm::Ed25519, 1);
    sandbox.write("id", key.to_openssh(LineEnding::LF).expect("a text").as_bytes());
    sandbox.write("keys/id.pub", key.public_key().to_openssh().expect("a line"));
    sandbox
}

fn sign(sandbox: &Sandbox, with: &str, key: &str) {
    let directory = format!("dist/{TITLE}");
    let mut args = vec!["sign", directory.as_str(), "--with", with, "--key", key];
    if with == "openpgp" {
        args.extend(["--date", "2026-02-03T04:05:06Z"]);
    }
    sandbox.run(&args).success();
}

/// The lines of what `verify` said that are about signatures.
fn of_signatures(said: &str) -> String {
    let about = |line: &&str| line.contains("signatures ") || line.contains("not checked");
    said.lines().filter(about).map(|line| format!("{line}\n")).collect()
}

#[test]
fn good_signatures_of_both_kinds_are_named_with_their_signers() {
    let sandbox = released();
    sign(&sandbox, "openpgp", "signer.secret");
    sign(&sandbox, "ssh", "id");
    let said = verify(&sandbox, &["--keys", "keys"]).success();
    assert_snapshot!(of_signatures(&said), @"
    signatures   lustre-2.17.57.SHA256SUMS: OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-02-03T04:05:06Z
    signatures   lustre-2.17.57.SHA256SUMS: SSH key SHA256:Whkm+jZSg06J6Vv/H2FWi3Qh7wNdySCYtaM3+TVmMjw (ssh signer)
    signatures   lustre-2.17.57.intoto.json: OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>)
    signatures   lustre-2.17.57.tar.gz: OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-02-03T04:05:06Z
    signatures   lustre-2.17.57.tar.gz: SSH key SHA256:Whkm+jZSg06J6Vv/H2FWi3Qh7wNdySCYtaM3+TVmMjw (ssh signer)
    signatures   lustre-2.17.57.tar: SSH key SHA256:Whkm+jZSg06J6Vv/H2FWi3Qh7wNdySCYtaM3+TVmMjw (ssh signer)
    signatures   lustre-2.17.57.tar: OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-02-03T04:05:06Z
    signatures   lustre-2.17.57.tar.xz: OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-02-03T04:05:06Z
    signatures   lustre-2.17.57.tar.xz: SSH key SHA256:Whkm+jZSg06J6Vv/H2FWi3Qh7wNdySCYtaM3+TVmMjw (ssh signer)
    not checked  the digest alone, not the content: lustre-2.17.57.spdx.json
    ");
    // Who has one of the keys is content with its signatures, and hears of the others.
    let one = verify(&sandbox, &["--keys", "keys/signer.asc"]).success();
    assert!(one.contains("not checked  lustre-2.17.57.SHA256SUMS.sig: "), "{one}");
    let unlooked = verify(&sandbox, &[]).success();
    assert_snapshot!(of_signatures(&unlooked), @"
    not checked  the digest alone, not the content: lustre-2.17.57.spdx.json
    not checked  signatures, for want of `--keys`: lustre-2.17.57.SHA256SUMS.asc, lustre-2.17.57.SHA256SUMS.sig, lustre-2.17.57.intoto.dsse.json, lustre-2.17.57.tar.gz.asc, lustre-2.17.57.tar.gz.sig, lustre-2.17.57.tar.sig, lustre-2.17.57.tar.sign, lustre-2.17.57.tar.xz.asc, lustre-2.17.57.tar.xz.sig
    ");
}

#[test]
fn a_release_that_nobody_signed_is_not_vouched_for() {
    let sandbox = released();
    assert_snapshot!(verify(&sandbox, &["--keys", "keys"]).failure(6), @"
    error: none of the keys vouches for the release
     = note: no good signature over lustre-2.17.57.SHA256SUMS or lustre-2.17.57.tar
     = help: fetch the signatures that were published with it; without `--keys` they are not looked at
    ");
    // A signature over one compressed tarball does not vouch for the records.
    sign(&sandbox, "openpgp", "signer.secret");
    for name in ["tar.sign", "SHA256SUMS.asc"] {
        fs::remove_file(sandbox.path(&file(name))).expect("a signature");
    }
    let error = verify(&sandbox, &["--keys", "keys"]).failure(6);
    assert!(error.contains("none of the keys vouches for the release"), "{error}");
}

#[test]
fn anothers_signature_is_none() {
    let sandbox = released();
    sign(&sandbox, "openpgp", "stranger.secret");
    assert_snapshot!(verify(&sandbox, &["--keys", "keys/signer.asc"]).failure(6), @"
    error: none of the keys vouches for the release
     = note: no good signature over lustre-2.17.57.SHA256SUMS or lustre-2.17.57.tar
     = note: lustre-2.17.57.SHA256SUMS.asc: the key 011806DF00A870BB0003CA617D011370B5DCD80A made it, dated 2026-02-03T04:05:06Z, which is none of the pinned keys
     = note: lustre-2.17.57.intoto.dsse.json: the key `011806DF00A870BB0003CA617D011370B5DCD80A` is none of the given keys
     = note: lustre-2.17.57.tar.gz.asc: the key 011806DF00A870BB0003CA617D011370B5DCD80A made it, dated 2026-02-03T04:05:06Z, which is none of the pinned keys
     = note: lustre-2.17.57.tar.sign: the key 011806DF00A870BB0003CA617D011370B5DCD80A made it, dated 2026-02-03T04:05:06Z, which is none of the pinned keys
     = note: lustre-2.17.57.tar.xz.asc: the key 011806DF00A870BB0003CA617D011370B5DCD80A made it, dated 2026-02-03T04:05:06Z, which is none of the pinned keys
     = help: fetch the signatures that were published with it; without `--keys` they are not looked at
    ");
}

#[test]
fn a_bad_signature_beside_good_ones_is_told() {
    let sandbox = released();
    sign(&sandbox, "openpgp", "signer.secret");
    let from = sandbox.path(&file("tar.xz.asc"));
    fs::copy(from, sandbox.path(&file("tar.gz.asc"))).expect("a copy");
    assert_snapshot!(verify(&sandbox, &["--keys", "keys"]).failure(6), @"
    error: `lustre-2.17.57.tar.gz.asc` is not a good signature
     = note: mismatch: it names the key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), but is not that key's signature over these bytes
     = help: the content or the signature was changed: get both again from where they were published
    ");
}

#[test]
fn a_good_signature_does_not_hide_a_wrong_one_in_its_file() {
    let sandbox = released();
    sign(&sandbox, "openpgp", "signer.secret");
    let sums = fs::read(sandbox.path(&file("SHA256SUMS"))).expect("the sums");
    let made = |seed: u64, bytes: &[u8]| Owner::new(seed).sign(bytes, &How::at(1_770_091_506));
    let write = |packets: [Vec<u8>; 2]| {
        sandbox.write(&file("SHA256SUMS.asc"), armor("SIGNATURE", &packets.concat()));
    };
    write([made(1, &sums), made(1, b"other sums")]);
    assert_snapshot!(verify(&sandbox, &["--keys", "keys/signer.asc"]).failure(6), @"
    error: `lustre-2.17.57.SHA256SUMS.asc` is not a good signature
     = note: mismatch: it names the key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), but is not that key's signature over these bytes
     = help: the content or the signature was changed: get both again from where they were published
    ");
    write([made(1, &sums), made(2, b"other sums")]);
    verify(&sandbox, &["--keys", "keys/signer.asc"]).success();
}

#[test]
fn a_tampered_tarball_with_the_good_old_signatures_is_told() {
    let sandbox = released();
    sign(&sandbox, "openpgp", "signer.secret");
    let path = sandbox.path(&file("tar.gz"));
    let mut bytes = fs::read(&path).expect("the tarball");
    let last = bytes.len() - 12;
    bytes[last] ^= 1;
    fs::write(&path, bytes).expect("the tarball");
    let run = verify(&sandbox, &["--keys", "keys"]);
    assert!(run.stdout.contains("5 of the 6 files that"), "{}", run.stdout);
    assert!(run.stdout.contains("signatures, since the files are not"), "{}", run.stdout);
    let error = run.failure(6);
    assert!(error.contains("`lustre-2.17.57.tar.gz` is not the file that was released"), "{error}");
    // Without anything else beside it, its own signature tells.
    let alone = |name: &str| {
        sandbox.write(&format!("alone/{TITLE}.{name}"), fs::read(sandbox.path(&file(name))).expect("a file"));
    };
    alone("tar.gz");
    alone("tar.gz.asc");
    let args = ["verify", &format!("alone/{TITLE}.tar.gz"), "--keys", "keys/signer.asc"];
    let error = sandbox.run(&args).failure(6);
    assert!(error.contains("`lustre-2.17.57.tar.gz.asc` is not a good signature"), "{error}");
}

#[test]
fn one_tarball_is_vouched_for_by_what_stands_beside_it() {
    let sandbox = released();
    sign(&sandbox, "openpgp", "signer.secret");
    for signature in ["tar.xz.asc", "tar.sign"] {
        for name in ["tar.xz", signature] {
            let bytes = fs::read(sandbox.path(&file(name))).expect("a file");
            sandbox.write(&format!("alone/{TITLE}.{name}"), bytes);
        }
        let tarball = format!("alone/{TITLE}.tar.xz");
        let said = sandbox.run(&["verify", &tarball, "--keys", "keys/signer.asc"]).success();
        let covers = signature.trim_end_matches(".asc").replace(".sign", "");
        assert!(said.contains(&format!("{TITLE}.{covers}: OpenPGP")), "{said}");
        fs::remove_dir_all(sandbox.path("alone")).expect("the folder");
    }
    // And by nothing where nothing stands there.
    sandbox.write(&format!("alone/{TITLE}.tar.xz"), fs::read(sandbox.path(&file("tar.xz"))).expect("a file"));
    let tarball = format!("alone/{TITLE}.tar.xz");
    assert_snapshot!(sandbox.run(&["verify", &tarball, "--keys", "keys/signer.asc"]).failure(6), @"
    error: none of the keys vouches for the tarball
     = note: no good signature over lustre-2.17.57.tar or lustre-2.17.57.tar.xz
     = help: fetch the signatures that were published with it; without `--keys` they are not looked at
    ");
}

#[test]
fn the_envelope_is_held_against_its_statement() {
    let sandbox = released();
    sign(&sandbox, "openpgp", "signer.secret");
    let envelope = sandbox.read(&file("intoto.dsse.json"));
    sandbox.write(&file("intoto.dsse.json"), envelope.replace("\"payload\": \"", "\"payload\": \"AAAA"));
    assert_snapshot!(verify(&sandbox, &["--keys", "keys"]).failure(6), @"
    error: `lustre-2.17.57.intoto.dsse.json` is not a good signature
     = note: mismatch: it holds another statement than the one beside it
     = help: take the envelope from where it was published, unchanged
    ");
}

#[test]
fn keys_that_are_none_are_told() {
    let sandbox = released();
    sign(&sandbox, "openpgp", "signer.secret");
    let missing = verify(&sandbox, &["--keys", "nowhere"]);
    assert_ne!(missing.code, 0);
    assert!(missing.stderr.contains("nowhere"), "{}", missing.stderr);
    let none = verify(&sandbox, &["--keys", "m.toml"]);
    assert_ne!(none.code, 0);
    assert!(none.stderr.contains("m.toml"), "{}", none.stderr);
}
