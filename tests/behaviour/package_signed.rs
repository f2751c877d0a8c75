// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Packages of signed releases: a signature that is not good is refused before anything is written.

use std::fs;

use insta::assert_snapshot;
use ssh_key::{Algorithm, LineEnding};

use crate::keymaker::{How, Owner, armor, ssh_key as make_ssh};
use crate::package_deb::{TITLE, WHO, package, refused, released};
use crate::runner::Sandbox;

/// A signed release, with the certificates of its signer and of a stranger.
fn signed() -> Sandbox {
    let sandbox = released();
    for (name, seed) in [("signer", 1), ("stranger", 2)] {
        sandbox.write(&format!("{name}.secret"), Owner::new(seed).secret_file());
        sandbox.write(&format!("{name}.asc"), Owner::new(seed).file());
    }
    sign(&sandbox, "signer");
    sandbox
}

fn sign(sandbox: &Sandbox, who: &str) {
    let (directory, key) = (format!("dist/{TITLE}"), format!("{who}.secret"));
    let more = ["--with", "openpgp", "--key", &key, "--date", "2026-02-03T04:05:06Z", "--replace"];
    sandbox.run(&[&["sign", directory.as_str()], &more[..]].concat()).success();
}

fn beside(name: &str) -> String {
    format!("dist/{TITLE}/{TITLE}.{name}")
}

const KEY: [&str; 2] = ["--signing-key", "signer.asc"];

#[test]
fn a_good_signature_is_told_and_packaged() {
    let sandbox = signed();
    assert_snapshot!(package(&sandbox, &KEY).success(), @"
    packages/lustre_2.17.57-1
      lustre_2.17.57-1.debian.tar.xz     2.5 kB
      lustre_2.17.57-1.dsc               1.1 kB
      lustre_2.17.57-1_source.changes    1.5 kB
      lustre_2.17.57.orig.tar.xz         1.4 kB
      lustre_2.17.57.orig.tar.xz.asc      228 B
      good signature: lustre-2.17.57.tar.xz.asc: OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-02-03T04:05:06Z
      good signature: lustre-2.17.57.tar.sign: OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-02-03T04:05:06Z
      good signature: lustre-2.17.57.SHA256SUMS.asc: OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-02-03T04:05:06Z
    ");
    let packaged = sandbox.read("packages/lustre_2.17.57-1/lustre_2.17.57.orig.tar.xz.asc");
    assert_eq!(packaged, sandbox.read(&beside("tar.xz.asc")));
    let dsc = sandbox.read("packages/lustre_2.17.57-1/lustre_2.17.57-1.dsc");
    assert!(dsc.contains(" lustre_2.17.57.orig.tar.xz.asc\n"), "{dsc}");
    let again: serde_json::Value =
        serde_json::from_str(&package(&sandbox, &[&KEY[..], &["--json"]].concat()).success()).expect("JSON");
    assert_eq!(again["signed_by"].as_array().expect("lines").len(), 3);
    // The bare tarball and its own signature are enough.
    for name in ["tar.xz", "tar.xz.asc"] {
        fs::copy(sandbox.path(&beside(name)), sandbox.path(&format!("{TITLE}.{name}"))).expect("a copy");
    }
    let bare = ["package", "deb", "lustre-2.17.57.tar.xz", "--maintainer", WHO, "--out", "bare"];
    sandbox.run(&[&bare[..], &KEY].concat()).success();
    let read = |out: &str| fs::read(sandbox.path(&format!("{out}/lustre_2.17.57-1/lustre_2.17.57-1.dsc")));
    assert_eq!(read("bare").expect("a file"), read("packages").expect("a file"));
}

#[test]
fn a_signature_that_nobody_can_check_is_not_packaged() {
    let sandbox = signed();
    assert_snapshot!(refused(&sandbox, 2, &[]), @"
    error: lustre-2.17.57 is signed, and there is no certificate to check that with
     = note: there: lustre-2.17.57.tar.xz.asc, lustre-2.17.57.tar.sign, lustre-2.17.57.SHA256SUMS.asc
     = help: give the signer's certificate: `--signing-key FILE`; or leave the signatures out, unchecked: `--ignore-signatures`
    ");
    assert_snapshot!(refused(&sandbox, 2, &[&KEY[..], &["--ignore-signatures"]].concat()), @"
    error: the argument '--signing-key <FILE>' cannot be used with '--ignore-signatures'

    Usage: lustre-dist package deb --maintainer <NAME <MAIL>> --signing-key <FILE> --cache <DIR> <RELEASE>

    For more information, try '--help'.
    ");
    let made = package(&sandbox, &["--ignore-signatures"]).success();
    assert!(!made.contains(".asc") && !made.contains("signature"), "{made}");
}

#[test]
fn a_signature_that_fails_is_refused() {
    let sandbox = signed();
    // Over other bytes: another file's.
    let good = fs::read(sandbox.path(&beside("tar.xz.asc"))).expect("a signature");
    fs::copy(sandbox.path(&beside("tar.gz.asc")), sandbox.path(&beside("tar.xz.asc"))).expect("a copy");
    assert_snapshot!(refused(&sandbox, 6, &KEY), @"
    error: `lustre-2.17.57.tar.xz.asc` is not a good signature
     = note: mismatch: it names the key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), but is not that key's signature over these bytes
     = help: the content or the signature was changed: get both again from where they were published
    ");
    sandbox
        .write(&beside("tar.xz.asc"), "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n");
    assert_snapshot!(refused(&sandbox, 6, &KEY), @"
    error: `lustre-2.17.57.tar.xz.asc` is not a good signature
     = note: garbage: it cannot be decoded: IO error: unknown packet header version 0
     = help: take the signature from where it was published, unchanged
    ");
    sandbox.write(&beside("tar.xz.asc"), &good);
    // Over the checksums, and over the tar: each is looked at.
    fs::copy(sandbox.path(&beside("tar.gz.asc")), sandbox.path(&beside("SHA256SUMS.asc"))).expect("a copy");
    fs::copy(sandbox.path(&beside("tar.gz.asc")), sandbox.path(&beside("tar.sign"))).expect("a copy");
    assert_snapshot!(refused(&sandbox, 6, &KEY), @"
    error: `lustre-2.17.57.tar.sign` is not a good signature
     = note: mismatch: it names the key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), but is not that key's signature over these bytes
     = help: the content or the signature was changed: get both again from where they were published

    error: `lustre-2.17.57.SHA256SUMS.asc` is not a good signature
     = note: mismatch: it names the key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), but is not that key's signature over these bytes
     = help: the content or the signature was changed: get both again from where they were published

    2 problems
    ");
}

#[test]
fn anothers_signature_is_none() {
    let sandbox = signed();
    assert_snapshot!(refused(&sandbox, 6, &["--signing-key", "stranger.asc"]), @"
    error: `lustre-2.17.57.tar.xz.asc` is not a good signature
     = note: unknown-key: the key 64C455370E50BE95E680F3FA273F29185579FF0D made it, dated 2026-02-03T04:05:06Z, which is none of the pinned keys
     = help: if that key may sign, get it from a place that you trust and add it to the keys
    ");
    // Somebody may have signed the checksums too, whom the packager does not know.
    let own = fs::read(sandbox.path(&beside("SHA256SUMS.asc"))).expect("a signature");
    sign(&sandbox, "stranger");
    let theirs = fs::read(sandbox.path(&beside("SHA256SUMS.asc"))).expect("a signature");
    assert_ne!(own, theirs);
    sign(&sandbox, "signer");
    sandbox.write(&beside("SHA256SUMS.asc"), theirs);
    package(&sandbox, &KEY).success();
}

#[test]
fn a_release_without_the_signature_that_was_promised_is_refused() {
    let sandbox = signed();
    for name in ["tar.xz.asc", "tar.sign", "SHA256SUMS.asc"] {
        fs::remove_file(sandbox.path(&beside(name))).expect("a signature");
    }
    assert_snapshot!(refused(&sandbox, 6, &KEY), @"
    error: nobody vouches for `lustre-2.17.57.tar.xz`
     = note: no signature is there by OpenPGP 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>)
     = help: fetch the signatures that were published with the release; without `--signing-key` an unsigned release is packaged as one
    ");
    // The checksums name the tarball, so a signature over them vouches for it.
    sign(&sandbox, "signer");
    for name in ["tar.xz.asc", "tar.sign"] {
        fs::remove_file(sandbox.path(&beside(name))).expect("a signature");
    }
    let made = package(&sandbox, &KEY).success();
    assert!(made.contains("good signature: lustre-2.17.57.SHA256SUMS.asc"), "{made}");
    assert!(!made.contains("orig.tar.xz.asc"), "{made}");
}

/// Two signatures in one file: over these bytes and over those.
fn both(owners: [u64; 2], these: &[u8], those: &[u8]) -> String {
    let sign = |seed: u64, bytes: &[u8]| Owner::new(seed).sign(bytes, &How::at(1_770_091_506));
    armor("SIGNATURE", &[sign(owners[0], these), sign(owners[1], those)].concat())
}

#[test]
fn a_good_signature_does_not_hide_a_wrong_one_in_its_file() {
    let sandbox = signed();
    let tarball = fs::read(sandbox.path(&beside("tar.xz"))).expect("the tarball");
    for owners in [[1, 1], [2, 1]] {
        sandbox.write(&beside("tar.xz.asc"), both(owners, &tarball, b"another file"));
        let said = refused(&sandbox, 6, &KEY);
        assert!(said.contains("`lustre-2.17.57.tar.xz.asc` is not a good signature"), "{said}");
        assert!(said.contains("mismatch: it names the key"), "{said}");
    }
    sandbox.write(&beside("tar.xz.asc"), both([1, 1], b"another file", &tarball));
    refused(&sandbox, 6, &KEY);
    // A stranger's beside it is theirs to check.
    sandbox.write(&beside("tar.xz.asc"), both([2, 1], b"another file", &tarball));
    package(&sandbox, &KEY).success();
}

#[test]
fn a_release_that_is_signed_with_ssh_alone_is_not_packaged_as_unsigned() {
    let sandbox = released();
    let key = make_ssh(Algorithm::Ed25519, 1);
    sandbox.write("id", key.to_openssh(LineEnding::LF).expect("a text").as_bytes());
    let directory = format!("dist/{TITLE}");
    sandbox.run(&["sign", &directory, "--with", "ssh", "--key", "id"]).success();
    assert_snapshot!(refused(&sandbox, 2, &[]), @"
    error: lustre-2.17.57 is signed with SSH alone, which no package can carry
     = note: there: lustre-2.17.57.tar.xz.sig, lustre-2.17.57.tar.sig, lustre-2.17.57.SHA256SUMS.sig
     = help: check them yourself: `lustre-dist verify RELEASE --keys KEYS`; then leave them out: `--ignore-signatures`
    ");
    assert!(package(&sandbox, &["--ignore-signatures"]).success().contains("lustre_2.17.57-1.dsc"));
}

#[test]
fn a_previous_release_must_be_vouched_for_too() {
    let sandbox = signed();
    sandbox.commit("lustre", &[("COPYING", "GPL 2\n")], "LU-2 start: more");
    sandbox.git("lustre", &["tag", "--annotate", "--message", "2.17.58", "v2_17_58"]);
    let next = crate::package_deb::manifest(r#"formats = ["tar.xz"]"#, "");
    sandbox.write("n.toml", next.replace("2.17.57", "2.17.58").replace("v2_17_57", "v2_17_58"));
    sandbox.run(&["assemble", "n.toml"]).success();
    let next =
        ["package", "deb", "dist/lustre-2.17.58", "--maintainer", WHO, "--previous", "dist/lustre-2.17.57"];
    // Nobody can say whether the old one's signatures are good.
    assert_snapshot!(sandbox.run(&next).failure(2), @"
    error: lustre-2.17.57 is signed, and there is no certificate to check that with
     = note: there: lustre-2.17.57.tar.xz.asc, lustre-2.17.57.tar.sign, lustre-2.17.57.SHA256SUMS.asc
     = help: give the signer's certificate: `--signing-key FILE`; or leave the signatures out, unchecked: `--ignore-signatures`
    ");
    let newer = "dist/lustre-2.17.58";
    let more = ["--with", "openpgp", "--key", "signer.secret", "--date", "2026-02-03T04:05:06Z"];
    sandbox.run(&[&["sign", newer], &more[..]].concat()).success();
    let with_key = [&next[..], &KEY].concat();
    sandbox.run(&with_key).success();
    fs::remove_dir_all(sandbox.path("packages")).expect("the packages");
    let good = fs::read(sandbox.path(&beside("tar.xz.asc"))).expect("a signature");
    fs::copy(sandbox.path(&beside("tar.gz.asc")), sandbox.path(&beside("tar.xz.asc"))).expect("a copy");
    let said = sandbox.run(&with_key).failure(6);
    assert!(said.contains("`lustre-2.17.57.tar.xz.asc` is not a good signature"), "{said}");
    assert!(!sandbox.path("packages").exists(), "nothing is written");
    sandbox.run(&[&next[..], &["--ignore-signatures"]].concat()).success();
    fs::remove_dir_all(sandbox.path("packages")).expect("the packages");
    sandbox.write(&beside("tar.xz.asc"), good);
    // One from before there was a key.
    let tarball = fs::read(sandbox.path(&beside("tar.xz"))).expect("the tarball");
    sandbox.write(&format!("old/{TITLE}.tar.xz"), tarball);
    let old = format!("old/{TITLE}.tar.xz");
    let with_old = ["package", "deb", newer, "--maintainer", WHO, "--previous", &old];
    sandbox.run(&[&with_old[..], &KEY].concat()).success();
}
