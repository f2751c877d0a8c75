// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Damaged signatures, keys and signed bytes: never good over other bytes, nor by another's key.

use lustre_dist::model::SourceDate;
use lustre_dist::signature::{self, Checked, Circumstances, KeyFile, Keys};

use super::fuzz;
use crate::keymaker::{How, Make, NOW, Owner, ssh_key, ssh_sign};

const CONTENT: &[u8] = b"object 0123\ntype commit\ntag v2_17_57\n";

fn check(content: &[u8], signature: &[u8], keys: &Keys) -> Checked {
    let circumstances = Circumstances { now: SourceDate(u64::from(NOW)), dated: None, namespace: "git" };
    let checked = signature::check(content, signature, keys, circumstances).expect("bytes in memory");
    assert!(!checked.good.is_empty() || !checked.refused.is_empty(), "no verdict");
    checked
}

fn read(bytes: &[u8]) -> Option<Keys> {
    match Keys::read([KeyFile { name: "keys/k", bytes }]) {
        Ok(keys) => Some(keys),
        Err(problems) => {
            assert!(!problems.is_empty());
            None
        }
    }
}

/// What was signed, by whom: key files and signatures of every form.
fn made() -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let owner = Owner::new(5);
    let ssh = ssh_key(ssh_key::Algorithm::Ed25519, 6);
    let public = ssh.public_key().to_openssh().expect("a text");
    let allowed =
        format!("# who\nsigner@example.org,*@x.org namespaces=\"git\",valid-after=\"20200101\" {public}\n");
    let keys =
        vec![owner.certificate(), owner.file().into_bytes(), public.into_bytes(), allowed.into_bytes()];
    let signatures = vec![
        owner.sign(CONTENT, &How::default()),
        owner.sign_armored(CONTENT, &How::default()).into_bytes(),
        ssh_sign(&ssh, "git", CONTENT).into_bytes(),
    ];
    (keys, signatures)
}

#[test]
fn signatures() {
    let (keys, signatures) = made();
    let files = [KeyFile { name: "a", bytes: &keys[0] }, KeyFile { name: "b", bytes: &keys[2] }];
    let (keys, others) =
        (Keys::read(files).expect("keys"), read(&Owner::of(Make::Ed25519, 9).file().into_bytes()));
    let mut good = 0;
    fuzz(21, 2500, &signatures, |bytes| {
        good += usize::from(check(CONTENT, bytes, &keys).is_good());
        assert!(!check(b"object 0124\n", bytes, &keys).is_good());
        if let Some(others) = &others {
            assert!(!check(CONTENT, bytes, others).is_good());
        }
    });
    assert!(good >= 3, "{good}");
}

#[test]
fn keys() {
    let (keys, signatures) = made();
    let mut accepted = 0;
    fuzz(22, 2000, &keys, |bytes| {
        if let Some(keys) = read(bytes) {
            accepted += 1;
            for signature in &signatures {
                assert!(!check(b"object 0124\n", signature, &keys).is_good());
            }
        }
    });
    assert!(accepted >= 4, "{accepted}");
}

#[test]
fn signed_bytes() {
    let (keys, signatures) = made();
    let files = [KeyFile { name: "a", bytes: &keys[0] }, KeyFile { name: "b", bytes: &keys[2] }];
    let keys = Keys::read(files).expect("keys");
    fuzz(23, 1500, &[CONTENT], |bytes| {
        for signature in &signatures {
            assert_eq!(check(bytes, signature, &keys).is_good(), bytes == CONTENT);
        }
    });
}
