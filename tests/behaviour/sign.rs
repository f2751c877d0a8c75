// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Releases that are signed, and those that are not.

use std::collections::BTreeMap;
use std::fs;

use lustre_dist::model::{Sha256, SourceDate};
use lustre_dist::sign::{Ready, Unpublishable, check_beside, check_release, read_keys};
use ssh_key::{Algorithm, LineEnding};

use crate::keymaker::{CREATED, DAY, How, Make, Owner, ssh_key as make_ssh};
use crate::runner::{Sandbox, manifest};

const TITLE: &str = "lustre-2.17.57";
const RELEASE: &str = "dist/lustre-2.17.57";

/// A release in every format but the tar itself, with keys beside it.
fn released() -> Sandbox {
    let sandbox = Sandbox::with_lustre();
    let formats = r#"formats = ["tar.gz", "tar.zst", "tar.xz"]"#;
    sandbox.write("m.toml", manifest("").replace(r#"formats = ["tar.gz"]"#, formats));
    sandbox.run(&["assemble", "m.toml"]).success();
    let owner = Owner::new(1);
    sandbox.write("secret.asc", owner.secret_file());
    sandbox.write("public.asc", owner.file());
    let key = make_ssh(Algorithm::Ed25519, 1);
    sandbox.write("id_ed25519", key.to_openssh(LineEnding::LF).expect("a text").as_bytes());
    sandbox.write("id_ed25519.pub", key.public_key().to_openssh().expect("a line"));
    sandbox
}

fn files(sandbox: &Sandbox) -> BTreeMap<String, Vec<u8>> {
    sandbox
        .list(RELEASE)
        .into_iter()
        .map(|name| {
            let bytes = fs::read(sandbox.path(&format!("{RELEASE}/{name}"))).expect("a file");
            (name, bytes)
        })
        .collect()
}

/// What `check_release` says, a line for each signature.
fn checked(sandbox: &Sandbox, keys: &[&str]) -> String {
    let keys: Vec<_> = keys.iter().map(|name| sandbox.path(name)).collect();
    let keys = read_keys(&keys).expect("keys");
    let ready = Ready::read(&sandbox.path(RELEASE), Unpublishable::Refused).expect("a release");
    let now = SourceDate(u64::from(u32::MAX));
    let all = check_release(&ready, &keys, now).expect("readable files");
    all.into_iter()
        .map(|one| {
            let good = one.checked.good.iter().map(|good| format!("good, {}", good.signer));
            let bad = one.checked.refused.iter().map(|bad| bad.why.to_string());
            let verdicts: Vec<String> = good.chain(bad).collect();
            format!("{}: {} ({})\n", one.file, verdicts.join(", "), one.covers.unwrap_or_default())
        })
        .collect()
}

const OPENPGP: [&str; 5] = ["sign", RELEASE, "--with", "openpgp", "--key"];
const SSH: [&str; 5] = ["sign", RELEASE, "--with", "ssh", "--key"];
const DATED: [&str; 2] = ["--date", "2026-02-03T04:05:06Z"];

fn args<'a>(parts: &[&[&'a str]]) -> Vec<&'a str> {
    parts.concat()
}

#[test]
fn a_release_is_signed_with_both_kinds() {
    let sandbox = released();
    let before = files(&sandbox);
    insta::assert_snapshot!(sandbox.run(&args(&[&OPENPGP, &["secret.asc"], &DATED])).success(), @"
    dist/lustre-2.17.57
      lustre-2.17.57.tar.sign          made       OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-02-03T04:05:06Z
      lustre-2.17.57.tar.gz.asc        made       OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-02-03T04:05:06Z
      lustre-2.17.57.tar.zst.asc       made       OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-02-03T04:05:06Z
      lustre-2.17.57.tar.xz.asc        made       OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-02-03T04:05:06Z
      lustre-2.17.57.SHA256SUMS.asc    made       OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-02-03T04:05:06Z
      lustre-2.17.57.intoto.dsse.json  made       OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>)
    ");
    insta::assert_snapshot!(sandbox.run(&args(&[&SSH, &["id_ed25519"]])).success(), @"
    dist/lustre-2.17.57
      lustre-2.17.57.tar.sig           made       SSH key SHA256:Whkm+jZSg06J6Vv/H2FWi3Qh7wNdySCYtaM3+TVmMjw (ssh signer)
      lustre-2.17.57.tar.gz.sig        made       SSH key SHA256:Whkm+jZSg06J6Vv/H2FWi3Qh7wNdySCYtaM3+TVmMjw (ssh signer)
      lustre-2.17.57.tar.zst.sig       made       SSH key SHA256:Whkm+jZSg06J6Vv/H2FWi3Qh7wNdySCYtaM3+TVmMjw (ssh signer)
      lustre-2.17.57.tar.xz.sig        made       SSH key SHA256:Whkm+jZSg06J6Vv/H2FWi3Qh7wNdySCYtaM3+TVmMjw (ssh signer)
      lustre-2.17.57.SHA256SUMS.sig    made       SSH key SHA256:Whkm+jZSg06J6Vv/H2FWi3Qh7wNdySCYtaM3+TVmMjw (ssh signer)
      lustre-2.17.57.intoto.dsse.json  joined     SSH key SHA256:Whkm+jZSg06J6Vv/H2FWi3Qh7wNdySCYtaM3+TVmMjw (ssh signer)
    ");
    let after = files(&sandbox);
    assert!(before.iter().all(|(name, bytes)| after[name] == *bytes), "what was there is as it was");
    insta::assert_snapshot!(checked(&sandbox, &["public.asc", "id_ed25519.pub"]), @"
    lustre-2.17.57.SHA256SUMS.asc: good, Stable Signer <stable@example.org> (lustre-2.17.57.SHA256SUMS)
    lustre-2.17.57.SHA256SUMS.sig: good, ssh signer (lustre-2.17.57.SHA256SUMS)
    lustre-2.17.57.intoto.dsse.json: good, Stable Signer <stable@example.org>, good, ssh signer (lustre-2.17.57.intoto.json)
    lustre-2.17.57.tar.gz.asc: good, Stable Signer <stable@example.org> (lustre-2.17.57.tar.gz)
    lustre-2.17.57.tar.gz.sig: good, ssh signer (lustre-2.17.57.tar.gz)
    lustre-2.17.57.tar.sig: good, ssh signer (lustre-2.17.57.tar)
    lustre-2.17.57.tar.sign: good, Stable Signer <stable@example.org> (lustre-2.17.57.tar)
    lustre-2.17.57.tar.xz.asc: good, Stable Signer <stable@example.org> (lustre-2.17.57.tar.xz)
    lustre-2.17.57.tar.xz.sig: good, ssh signer (lustre-2.17.57.tar.xz)
    lustre-2.17.57.tar.zst.asc: good, Stable Signer <stable@example.org> (lustre-2.17.57.tar.zst)
    lustre-2.17.57.tar.zst.sig: good, ssh signer (lustre-2.17.57.tar.zst)
    ");
    insta::assert_snapshot!(checked(&sandbox, &["public.asc"]), @"
    lustre-2.17.57.SHA256SUMS.asc: good, Stable Signer <stable@example.org> (lustre-2.17.57.SHA256SUMS)
    lustre-2.17.57.SHA256SUMS.sig: unknown-key (lustre-2.17.57.SHA256SUMS)
    lustre-2.17.57.intoto.dsse.json: good, Stable Signer <stable@example.org>, unknown-key (lustre-2.17.57.intoto.json)
    lustre-2.17.57.tar.gz.asc: good, Stable Signer <stable@example.org> (lustre-2.17.57.tar.gz)
    lustre-2.17.57.tar.gz.sig: unknown-key (lustre-2.17.57.tar.gz)
    lustre-2.17.57.tar.sig: unknown-key (lustre-2.17.57.tar)
    lustre-2.17.57.tar.sign: good, Stable Signer <stable@example.org> (lustre-2.17.57.tar)
    lustre-2.17.57.tar.xz.asc: good, Stable Signer <stable@example.org> (lustre-2.17.57.tar.xz)
    lustre-2.17.57.tar.xz.sig: unknown-key (lustre-2.17.57.tar.xz)
    lustre-2.17.57.tar.zst.asc: good, Stable Signer <stable@example.org> (lustre-2.17.57.tar.zst)
    lustre-2.17.57.tar.zst.sig: unknown-key (lustre-2.17.57.tar.zst)
    ");
    // The release is still the same to `assemble`.
    sandbox.run(&["assemble", "m.toml", "--locked"]).success();
}

#[test]
fn what_was_signed_is_told_as_json() {
    let sandbox = released();
    let told = sandbox.run(&args(&[&OPENPGP, &["secret.asc"], &DATED, &["--json"]])).success();
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told.as_array().map(Vec::len), Some(6));
    assert_eq!(told[1]["file"], "lustre-2.17.57.tar.gz.asc");
    assert_eq!(told[1]["covers"], "lustre-2.17.57.tar.gz");
    assert_eq!(told[1]["outcome"], "made");
    assert_eq!(told[1]["signature"]["key"], Owner::new(1).fingerprint());
    assert_eq!(told[1]["signature"]["made"], 1_770_091_506);
}

#[test]
fn one_tarball_is_checked_with_what_stands_beside_it() {
    let sandbox = released();
    sandbox.run(&args(&[&OPENPGP, &["secret.asc"], &DATED])).success();
    sandbox.run(&args(&[&SSH, &["id_ed25519"]])).success();
    let keys = read_keys(&[sandbox.path("public.asc"), sandbox.path("id_ed25519.pub")]).expect("keys");
    let told = |ending: &str| {
        let path = sandbox.path(&format!("{RELEASE}/{TITLE}.{ending}"));
        let all = check_beside(&path, &keys, SourceDate(u64::from(u32::MAX))).expect("readable files");
        let line = |one: lustre_dist::sign::CheckedSignature| {
            let verdict = if one.checked.is_good() { "good" } else { "bad" };
            format!("{}: {verdict} ({})\n", one.file, one.covers.unwrap_or_default())
        };
        all.into_iter().map(line).collect::<String>()
    };
    insta::assert_snapshot!(told("tar.xz"), @"
    lustre-2.17.57.tar.sig: good (lustre-2.17.57.tar)
    lustre-2.17.57.tar.sign: good (lustre-2.17.57.tar)
    lustre-2.17.57.tar.xz.asc: good (lustre-2.17.57.tar.xz)
    lustre-2.17.57.tar.xz.sig: good (lustre-2.17.57.tar.xz)
    ");
    // A copy that was changed, with everything that stands beside it.
    let path = sandbox.path(&format!("{RELEASE}/{TITLE}.tar.gz"));
    let mut bytes = fs::read(&path).expect("a file");
    bytes.extend(b"more");
    fs::write(&path, bytes).expect("a file");
    insta::assert_snapshot!(told("tar.gz"), @"
    lustre-2.17.57.tar.gz.asc: bad (lustre-2.17.57.tar.gz)
    lustre-2.17.57.tar.gz.sig: bad (lustre-2.17.57.tar.gz)
    lustre-2.17.57.tar.sig: bad (lustre-2.17.57.tar)
    lustre-2.17.57.tar.sign: bad (lustre-2.17.57.tar)
    ");
}

#[test]
fn signing_again_changes_nothing() {
    let sandbox = released();
    sandbox.run(&args(&[&OPENPGP, &["secret.asc"], &DATED])).success();
    sandbox.run(&args(&[&SSH, &["id_ed25519"]])).success();
    let once = files(&sandbox);
    // A signature that was lost is made again; with the same date it is the same.
    fs::remove_file(sandbox.path(&format!("{RELEASE}/{TITLE}.tar.sign"))).expect("a file");
    insta::assert_snapshot!(sandbox.run(&args(&[&OPENPGP, &["secret.asc"], &DATED])).success(), @"
    dist/lustre-2.17.57
      lustre-2.17.57.tar.sign          made       OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-02-03T04:05:06Z
      lustre-2.17.57.tar.gz.asc        was there  OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-02-03T04:05:06Z
      lustre-2.17.57.tar.zst.asc       was there  OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-02-03T04:05:06Z
      lustre-2.17.57.tar.xz.asc        was there  OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-02-03T04:05:06Z
      lustre-2.17.57.SHA256SUMS.asc    was there  OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-02-03T04:05:06Z
      lustre-2.17.57.intoto.dsse.json  was there  OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>)
    ");
    sandbox.run(&args(&[&SSH, &["id_ed25519"]])).success();
    assert!(files(&sandbox) == once);
}

#[test]
fn anothers_signature_stays_unless_it_is_to_go() {
    let sandbox = released();
    sandbox.run(&args(&[&OPENPGP, &["secret.asc"], &DATED])).success();
    let once = files(&sandbox);
    sandbox.write("other.asc", Owner::new(2).secret_file());
    sandbox.write("other-public.asc", Owner::new(2).file());
    insta::assert_snapshot!(sandbox.run(&args(&[&OPENPGP, &["other.asc"]])).failure(6), @"
    error: `dist/lustre-2.17.57/lustre-2.17.57.tar.sign` is there, and is another signature
     = note: it is not a good OpenPGP signature by this key
     = help: look at it with `lustre-dist verify`; `--replace` puts the new one in its place

    error: `dist/lustre-2.17.57/lustre-2.17.57.tar.gz.asc` is there, and is another signature
     = note: it is not a good OpenPGP signature by this key
     = help: look at it with `lustre-dist verify`; `--replace` puts the new one in its place

    error: `dist/lustre-2.17.57/lustre-2.17.57.tar.zst.asc` is there, and is another signature
     = note: it is not a good OpenPGP signature by this key
     = help: look at it with `lustre-dist verify`; `--replace` puts the new one in its place

    error: `dist/lustre-2.17.57/lustre-2.17.57.tar.xz.asc` is there, and is another signature
     = note: it is not a good OpenPGP signature by this key
     = help: look at it with `lustre-dist verify`; `--replace` puts the new one in its place

    error: `dist/lustre-2.17.57/lustre-2.17.57.SHA256SUMS.asc` is there, and is another signature
     = note: it is not a good OpenPGP signature by this key
     = help: look at it with `lustre-dist verify`; `--replace` puts the new one in its place

    5 problems
    ");
    assert!(files(&sandbox) == once);
    sandbox.run(&args(&[&OPENPGP, &["other.asc"], &["--replace"], &DATED])).success();
    // The envelope holds the signatures of both.
    insta::assert_snapshot!(checked(&sandbox, &["public.asc", "other-public.asc"]), @"
    lustre-2.17.57.SHA256SUMS.asc: good, Stable Signer <stable@example.org> (lustre-2.17.57.SHA256SUMS)
    lustre-2.17.57.intoto.dsse.json: good, Stable Signer <stable@example.org>, good, Stable Signer <stable@example.org> (lustre-2.17.57.intoto.json)
    lustre-2.17.57.tar.gz.asc: good, Stable Signer <stable@example.org> (lustre-2.17.57.tar.gz)
    lustre-2.17.57.tar.sign: good, Stable Signer <stable@example.org> (lustre-2.17.57.tar)
    lustre-2.17.57.tar.xz.asc: good, Stable Signer <stable@example.org> (lustre-2.17.57.tar.xz)
    lustre-2.17.57.tar.zst.asc: good, Stable Signer <stable@example.org> (lustre-2.17.57.tar.zst)
    ");
    insta::assert_snapshot!(checked(&sandbox, &["public.asc"]), @"
    lustre-2.17.57.SHA256SUMS.asc: unknown-key (lustre-2.17.57.SHA256SUMS)
    lustre-2.17.57.intoto.dsse.json: good, Stable Signer <stable@example.org>, unknown-key (lustre-2.17.57.intoto.json)
    lustre-2.17.57.tar.gz.asc: unknown-key (lustre-2.17.57.tar.gz)
    lustre-2.17.57.tar.sign: unknown-key (lustre-2.17.57.tar)
    lustre-2.17.57.tar.xz.asc: unknown-key (lustre-2.17.57.tar.xz)
    lustre-2.17.57.tar.zst.asc: unknown-key (lustre-2.17.57.tar.zst)
    ");
}

#[test]
fn a_damaged_release_is_not_signed() {
    let break_file = |ending: &str, how: fn(&mut Vec<u8>)| {
        let sandbox = released();
        let path = sandbox.path(&format!("{RELEASE}/{TITLE}.{ending}"));
        let mut bytes = fs::read(&path).expect("a file");
        how(&mut bytes);
        fs::write(&path, bytes).expect("a file");
        let before = files(&sandbox);
        let said = sandbox.run(&args(&[&OPENPGP, &["secret.asc"]])).failure(6);
        assert!(files(&sandbox) == before, "nothing was added");
        said
    };
    let mut text = break_file("tar.zst", |bytes| bytes[40] ^= 1);
    text.push_str(&break_file("SHA256SUMS", |bytes| bytes[3] = b'x'));
    text.push_str(&break_file("intoto.json", |bytes| bytes.push(b' ')));
    text.push_str(&break_file("release.json", |bytes| bytes.truncate(100)));
    let text: String =
        text.lines().filter(|line| !line.contains("  sha256 ")).map(|line| format!("{line}\n")).collect();
    insta::assert_snapshot!(text, @"
    error: `dist/lustre-2.17.57/lustre-2.17.57.tar.zst` is not the file that was released
     = help: a damaged release is not signed: make it again, byte for byte
    error: `dist/lustre-2.17.57/lustre-2.17.57.SHA256SUMS` is damaged
     = note: line 1 is not a sha256 digest, two spaces and a file name that stands once
     = help: a damaged release is not signed: make it again, byte for byte
    error: `dist/lustre-2.17.57/lustre-2.17.57.intoto.json` is not the file that was released
     = help: a damaged release is not signed: make it again, byte for byte
    error: `dist/lustre-2.17.57/lustre-2.17.57.release.json` is not the file that was released
     = help: a damaged release is not signed: make it again, byte for byte
    ");
    // The checksums agree, and the compressed file does not hold the tar that it is to hold.
    let sandbox = released();
    let file = sandbox.path(&format!("{RELEASE}/{TITLE}.tar.gz"));
    let mut bytes = fs::read(&file).expect("a file");
    let old = Sha256::of(&bytes).to_string();
    bytes.extend(b"more");
    let new = Sha256::of(&bytes).to_string();
    fs::write(&file, bytes).expect("a file");
    let description = format!("{RELEASE}/{TITLE}.release.json");
    let sums = format!("{RELEASE}/{TITLE}.SHA256SUMS");
    let old_description = Sha256::of(sandbox.read(&description).as_bytes()).to_string();
    sandbox.write(&description, sandbox.read(&description).replace(&old, &new));
    let new_description = Sha256::of(sandbox.read(&description).as_bytes()).to_string();
    let text = sandbox.read(&sums).replace(&old, &new).replace(&old_description, &new_description);
    sandbox.write(&sums, text);
    insta::assert_snapshot!(sandbox.run(&args(&[&OPENPGP, &["secret.asc"]])).failure(6), @"
    error: `dist/lustre-2.17.57/lustre-2.17.57.tar.gz` does not hold the tar of its release
     = note: more follows the compressed stream
     = note: expected  sha256 4c7df7fa7b7401d7cdda383d4037d6c7e718b87bef025c052b156b2cb8e43827  10240 bytes
     = help: a damaged release is not signed: make it again, byte for byte
    ");
}

#[test]
fn what_cannot_be_published_is_not_signed() {
    let sandbox = released();
    fs::remove_dir_all(sandbox.path("dist")).expect("a folder");
    sandbox.run(&["assemble", "m.toml", "--leave-out", "lustre/utils/README"]).success();
    insta::assert_snapshot!(sandbox.run(&args(&[&OPENPGP, &["secret.asc"]])).failure(6), @"
    error: `dist/lustre-2.17.57` cannot be published, and is not signed
     = note: it is partial: without lustre/utils/README
     = help: a signature says that this is a release, and stays when the directory is passed on; to try signing with a key that nobody trusts, add `--sign-what-cannot-be-published`
    ");
    sandbox.run(&args(&[&OPENPGP, &["secret.asc", "--sign-what-cannot-be-published"]])).success();
    insta::assert_snapshot!(sandbox.run(&["sign", "lustre", "--with", "ssh", "--key", "id_ed25519"]).failure(6), @"
    error: `lustre` is no release
     = note: there is no file with the ending `.release.json` in it
     = help: give the directory that `lustre-dist assemble` printed
    ");
    sandbox.run(&["sign", "nowhere", "--with", "ssh", "--key", "id_ed25519"]).failure(8);
}

/// A text without the time of the run.
fn without_now(text: &str) -> String {
    let mut text = text.to_owned();
    for before in ["before the signature, ", "and now is "] {
        if let Some(at) = text.find(before).map(|at| at + before.len()) {
            text.replace_range(at..at + "2026-01-02T03:04:05Z".len(), "[NOW]");
        }
    }
    text
}

#[test]
fn keys_that_cannot_sign_are_told() {
    let sandbox = released();
    let expired = Owner::bare(Make::Ed25519, 1)
        .user("Mortal <m@example.org>", How::at(CREATED).flags(true, true).life(DAY));
    sandbox.write("expired.asc", expired.secret_file());
    sandbox.write("v6.asc", Owner::of(Make::V6, 1).secret_file());
    let locked = make_ssh(Algorithm::Ed25519, 1);
    let rng = &mut <rand_chacha::ChaCha20Rng as rand_chacha::rand_core::SeedableRng>::seed_from_u64(5);
    let locked = locked.encrypt(rng, "correct horse").expect("a key");
    sandbox.write("locked", locked.to_openssh(LineEnding::LF).expect("a text").as_bytes());
    sandbox.write("passphrase", "correct horse\n");
    sandbox.write("wrong", "battery staple\n");
    let mut text = String::new();
    for arguments in [
        args(&[&OPENPGP, &["expired.asc"]]),
        args(&[&OPENPGP, &["v6.asc"]]),
        args(&[&OPENPGP, &["public.asc"]]),
        args(&[&OPENPGP, &["m.toml"]]),
        args(&[&OPENPGP, &["secret.asc", "--date", "2020-01-01T00:00:00Z"]]),
        args(&[&OPENPGP, &["secret.asc", "--date", "2099-01-01T00:00:00Z"]]),
        args(&[&SSH, &["secret.asc"]]),
        args(&[&SSH, &["locked"]]),
        args(&[&SSH, &["locked", "--passphrase-file", "wrong"]]),
        args(&[&SSH, &["id_ed25519"], &DATED]),
        vec!["sign", RELEASE, "--with", "ssh", "--gpg", "1234"],
        vec!["sign", RELEASE, "--with", "openpgp"],
    ] {
        let run = sandbox.run(&arguments);
        let said = without_now(&run.stderr);
        text.push_str(&format!("--- {} (exit code {})\n{said}", arguments[4..].join(" "), run.code));
    }
    insta::assert_snapshot!(text, @"
    --- --key expired.asc (exit code 2)
    error: the key `expired.asc` cannot sign
     = note: key 64C455370E50BE95E680F3FA273F29185579FF0D (Mortal <m@example.org>) expired on 2025-01-02T00:00:00Z, before the signature, [NOW]
     = help: give a key that may sign, and its passphrase with `--passphrase-file`
    --- --key v6.asc (exit code 2)
    error: the key `v6.asc` cannot sign
     = note: the key 073B82EF68FEAAB6EE44005CAA078E21F46778689362E8EB80B1CECA08658469 is not of version 4, and gpgv and sqv refuse others
     = help: give a key that may sign, and its passphrase with `--passphrase-file`
    --- --key public.asc (exit code 2)
    error: the key `public.asc` cannot be read: it is a public key
     = help: expected one OpenPGP secret key: `gpg --armor --export-secret-keys ID`
    --- --key m.toml (exit code 2)
    error: the key `m.toml` cannot be read: IO error: unknown packet header version 1110011
     = help: expected one OpenPGP secret key: `gpg --armor --export-secret-keys ID`
    --- --key secret.asc --date 2020-01-01T00:00:00Z (exit code 6)
    error: the signature `lustre-2.17.57.tar.sign` is not good, and was not added
     = note: too-early: key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>) was created on 2025-01-01T00:00:00Z, after the signature, 2020-01-01T00:00:00Z
     = help: no honest clock makes this; do not use it
    --- --key secret.asc --date 2099-01-01T00:00:00Z (exit code 6)
    error: the signature `lustre-2.17.57.tar.sign` is not good, and was not added
     = note: future: it is dated 2099-01-01T00:00:00Z, and now is [NOW] (key 64C455370E50BE95E680F3FA273F29185579FF0D)
     = help: set this machine's clock, or ask the signer about theirs
    --- --key secret.asc (exit code 2)
    error: the key `secret.asc` cannot be read: PEM Base64 error: invalid Base64 encoding
     = help: expected an OpenSSH private key: `ssh-keygen -t ed25519`
    --- --key locked (exit code 2)
    error: the key `locked` has a passphrase
     = help: give it with `--passphrase-file`, or let ssh-keygen ask for it: `--ssh-keygen`
    --- --key locked --passphrase-file wrong (exit code 2)
    error: the passphrase does not open the key `locked`
     = help: give that key's own passphrase
    --- --key id_ed25519 --date 2026-02-03T04:05:06Z (exit code 2)
    error: `--date` is for OpenPGP: an SSH signature bears no date
    --- --gpg 1234 (exit code 2)
    error: that key does not make SSH signatures
     = help: `--gpg` goes with `--with openpgp`, `--ssh-keygen` with `--with ssh`
    ---  (exit code 2)
    error: no key is named
     = help: give `--key FILE`, `--gpg KEYID` with `--with openpgp`, or `--ssh-keygen FILE` with `--with ssh`
    ");
    sandbox.run(&args(&[&SSH, &["locked", "--passphrase-file", "passphrase"]])).success();
}

#[test]
fn every_accepted_kind_of_key_signs_a_release() {
    let sandbox = released();
    let mut keys = Vec::new();
    for (nth, make) in [Make::P256, Make::Rsa(2048), Make::Ed25519].into_iter().enumerate() {
        let owner = Owner::of(make, 3);
        let subkey = owner.subkey(Make::Ed25519, 9);
        // The last one signs with a subkey whose secret is not in the file: the primary key steps in.
        let owner = match nth {
            2 => owner.bind(&subkey, How::at(CREATED).flags(true, false), Some(How::at(CREATED))),
            _ => owner,
        };
        sandbox.write(&format!("k{nth}"), owner.secret_file());
        keys.push((format!("k{nth}"), owner.file()));
    }
    for (name, public) in &keys {
        sandbox.run(&args(&[&OPENPGP, &[name, "--replace"], &DATED])).success();
        sandbox.write("public.asc", public);
        let said = checked(&sandbox, &["public.asc"]);
        assert_eq!(said.matches("good").count(), 6, "{name}: {said}");
    }
    for (nth, curve) in [ssh_key::EcdsaCurve::NistP256, ssh_key::EcdsaCurve::NistP384].into_iter().enumerate()
    {
        let key = make_ssh(Algorithm::Ecdsa { curve }, nth as u64);
        sandbox.write("id", key.to_openssh(LineEnding::LF).expect("a text").as_bytes());
        sandbox.write("id.pub", key.public_key().to_openssh().expect("a line"));
        sandbox.run(&args(&[&SSH, &["id", "--replace"]])).success();
        let said = checked(&sandbox, &["id.pub"]);
        assert_eq!(said.matches("good").count(), 6, "{curve:?}: {said}");
    }
}

#[test]
fn signatures_come_from_elsewhere() {
    let sandbox = released();
    let told = sandbox.run(&["sign", RELEASE, "--digest-only"]).success();
    let commands: String =
        told.lines().filter(|line| !line.starts_with("  sha")).map(|line| format!("{line}\n")).collect();
    insta::assert_snapshot!(commands, @"
    lustre-2.17.57.tar
      openpgp  zstd -dc lustre-2.17.57.tar.zst | gpg --armor --detach-sign --output lustre-2.17.57.tar.sign
      ssh      zstd -dc lustre-2.17.57.tar.zst | ssh-keygen -Y sign -n file -f KEY > lustre-2.17.57.tar.sig
    lustre-2.17.57.tar.gz
      openpgp  gpg --armor --detach-sign --output lustre-2.17.57.tar.gz.asc lustre-2.17.57.tar.gz
      ssh      ssh-keygen -Y sign -n file -f KEY lustre-2.17.57.tar.gz
    lustre-2.17.57.tar.zst
      openpgp  gpg --armor --detach-sign --output lustre-2.17.57.tar.zst.asc lustre-2.17.57.tar.zst
      ssh      ssh-keygen -Y sign -n file -f KEY lustre-2.17.57.tar.zst
    lustre-2.17.57.tar.xz
      openpgp  gpg --armor --detach-sign --output lustre-2.17.57.tar.xz.asc lustre-2.17.57.tar.xz
      ssh      ssh-keygen -Y sign -n file -f KEY lustre-2.17.57.tar.xz
    lustre-2.17.57.SHA256SUMS
      openpgp  gpg --armor --detach-sign --output lustre-2.17.57.SHA256SUMS.asc lustre-2.17.57.SHA256SUMS
      ssh      ssh-keygen -Y sign -n file -f KEY lustre-2.17.57.SHA256SUMS
    ");
    let told = sandbox.run(&["sign", RELEASE, "--digest-only", "--json"]).success();
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told.as_array().map(Vec::len), Some(5));
    let sums = fs::read(sandbox.path(&format!("{RELEASE}/{TITLE}.SHA256SUMS"))).expect("a file");
    assert_eq!(told[4]["sha256"], Sha256::of(&sums).to_string());
    // Made on another machine.
    let owner = Owner::new(1);
    let xz = fs::read(sandbox.path(&format!("{RELEASE}/{TITLE}.tar.xz"))).expect("a file");
    sandbox.write(&format!("back/{TITLE}.tar.xz.asc"), owner.sign_armored(&xz, &How::default()));
    let sums = fs::read(sandbox.path(&format!("{RELEASE}/{TITLE}.SHA256SUMS"))).expect("a file");
    sandbox.write(&format!("back/{TITLE}.SHA256SUMS.asc"), owner.sign_armored(&sums, &How::default()));
    let attach = |files: &[&str]| {
        sandbox.run(&args(&[&["sign", RELEASE, "--attach"], files, &["--keys", "public.asc"]]))
    };
    let back = [format!("back/{TITLE}.tar.xz.asc"), format!("back/{TITLE}.SHA256SUMS.asc")];
    let back: Vec<&str> = back.iter().map(String::as_str).collect();
    insta::assert_snapshot!(attach(&back).success(), @"
    dist/lustre-2.17.57
      lustre-2.17.57.tar.xz.asc      made       OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-01-02T03:04:05Z
      lustre-2.17.57.SHA256SUMS.asc  made       OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), made 2026-01-02T03:04:05Z
    ");
    attach(&back).success();
    insta::assert_snapshot!(checked(&sandbox, &["public.asc"]), @"
    lustre-2.17.57.SHA256SUMS.asc: good, Stable Signer <stable@example.org> (lustre-2.17.57.SHA256SUMS)
    lustre-2.17.57.tar.xz.asc: good, Stable Signer <stable@example.org> (lustre-2.17.57.tar.xz)
    ");
    // Over another file, by another key, under no known name, of another kind.
    sandbox.write(&format!("bad/{TITLE}.tar.gz.asc"), owner.sign_armored(&xz, &How::default()));
    sandbox.write(&format!("bad/{TITLE}.tar.zst.asc"), Owner::new(2).sign_armored(&xz, &How::default()));
    sandbox.write("bad/hello.asc", owner.sign_armored(&xz, &How::default()));
    sandbox.write(&format!("bad/{TITLE}.tar.sig"), owner.sign_armored(&xz, &How::default()));
    let before = files(&sandbox);
    let bad = ["tar.gz.asc", "tar.zst.asc", "tar.sig"].map(|ending| format!("bad/{TITLE}.{ending}"));
    let mut bad: Vec<&str> = bad.iter().map(String::as_str).collect();
    bad.push("bad/hello.asc");
    insta::assert_snapshot!(attach(&bad).failure(6), @"
    error: the signature `bad/lustre-2.17.57.tar.gz.asc` is not good, and was not added
     = note: mismatch: it names the key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), but is not that key's signature over these bytes
     = help: the content or the signature was changed: get both again from where they were published

    error: the signature `bad/lustre-2.17.57.tar.zst.asc` is not good, and was not added
     = note: unknown-key: the key 011806DF00A870BB0003CA617D011370B5DCD80A made it, dated 2026-01-02T03:04:05Z, which is none of the pinned keys
     = help: if that key may sign, get it from a place that you trust and add it to the keys

    error: `bad/lustre-2.17.57.tar.sig` is not an SSH signature
     = help: its name is that of an SSH signature: rename it

    error: `bad/hello.asc` has not the name of a signature of this release
     = note: these are: lustre-2.17.57.tar.sign, lustre-2.17.57.tar.sig, lustre-2.17.57.tar.gz.asc, lustre-2.17.57.tar.gz.sig, lustre-2.17.57.tar.zst.asc, lustre-2.17.57.tar.zst.sig, lustre-2.17.57.tar.xz.asc, lustre-2.17.57.tar.xz.sig, lustre-2.17.57.SHA256SUMS.asc, lustre-2.17.57.SHA256SUMS.sig
     = help: rename it after the file that it is over

    4 problems
    ");
    assert!(files(&sandbox) == before);
}

#[test]
fn hostile_signatures_beside_a_release_are_told() {
    let sandbox = released();
    sandbox.run(&args(&[&OPENPGP, &["secret.asc"], &DATED])).success();
    sandbox.run(&args(&[&SSH, &["id_ed25519"]])).success();
    let rename = |from: &str, to: &str| {
        fs::copy(
            sandbox.path(&format!("{RELEASE}/{TITLE}.{from}")),
            sandbox.path(&format!("{RELEASE}/{TITLE}.{to}")),
        )
        .expect("a copy");
    };
    // Signatures of one file under the name of another, and what no file of the release has.
    rename("tar.xz.asc", "tar.gz.asc");
    rename("tar.xz.sig", "tar.zst.sig");
    rename("tar.sign", "tar.gz.sig");
    rename("tar.sign", "origins.jsonl.asc");
    sandbox.write(&format!("{RELEASE}/{TITLE}.SHA256SUMS.asc"), "");
    let envelope = format!("{RELEASE}/{TITLE}.intoto.dsse.json");
    sandbox.write(&envelope, sandbox.read(&envelope).replace("\"sig\": \"", "\"sig\": \"AAAA"));
    insta::assert_snapshot!(checked(&sandbox, &["public.asc", "id_ed25519.pub"]), @"
    lustre-2.17.57.SHA256SUMS.asc: garbage (lustre-2.17.57.SHA256SUMS)
    lustre-2.17.57.SHA256SUMS.sig: good, ssh signer (lustre-2.17.57.SHA256SUMS)
    lustre-2.17.57.intoto.dsse.json: mismatch, mismatch (lustre-2.17.57.intoto.json)
    lustre-2.17.57.origins.jsonl.asc: mismatch ()
    lustre-2.17.57.tar.gz.asc: mismatch (lustre-2.17.57.tar.gz)
    lustre-2.17.57.tar.gz.sig: wrong-type (lustre-2.17.57.tar.gz)
    lustre-2.17.57.tar.sig: good, ssh signer (lustre-2.17.57.tar)
    lustre-2.17.57.tar.sign: good, Stable Signer <stable@example.org> (lustre-2.17.57.tar)
    lustre-2.17.57.tar.xz.asc: good, Stable Signer <stable@example.org> (lustre-2.17.57.tar.xz)
    lustre-2.17.57.tar.xz.sig: good, ssh signer (lustre-2.17.57.tar.xz)
    lustre-2.17.57.tar.zst.asc: good, Stable Signer <stable@example.org> (lustre-2.17.57.tar.zst)
    lustre-2.17.57.tar.zst.sig: mismatch (lustre-2.17.57.tar.zst)
    ");
    for (from, to) in [
        ("vnd.in-toto+json", "json"),
        ("\"payload\": \"", "\"payload\": \"AAAA"),
        ("\"signatures\"", "\"signature\""),
    ] {
        let text = sandbox.read(&envelope);
        sandbox.write(&envelope, text.replace(from, to));
        let said = checked(&sandbox, &["public.asc", "id_ed25519.pub"]);
        assert!(said.lines().any(|line| line.contains("dsse.json: ") && !line.contains("good")), "{said}");
        sandbox.write(&envelope, text);
    }
}
