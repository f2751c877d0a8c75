// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Sources whose tags and commits are signed, and what the lock says of it.

use ssh_key::Algorithm;

use crate::keymaker::{How, Owner, ssh_key as make_ssh, ssh_sign};
use crate::runner::{Sandbox, manifest};

/// A sandbox whose source asks for a signature, with the keys of these files.
fn asking(policy: &str, files: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::with_lustre();
    ask(&sandbox, policy, files);
    sandbox
}

fn ask(sandbox: &Sandbox, policy: &str, files: &[(&str, &str)]) {
    for (name, content) in files {
        sandbox.write(name, content);
    }
    let names: Vec<String> = files.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let keys = format!("signature = \"{policy}\"\nkeys = [{}]", names.join(", "));
    sandbox.write("m.toml", manifest("").replace("signature = \"none\"", &keys));
}

const TAGGER: &str = "C. Committer <committer@example.org> 1767323045 +0000";

/// The tag object's text without a signature.
fn tag_text(sandbox: &Sandbox, name: &str) -> String {
    let commit = sandbox.git("lustre", &["rev-parse", "HEAD"]);
    format!("object {commit}\ntype commit\ntag {name}\ntagger {TAGGER}\n\nLustre 2.17.57\n")
}

/// Puts a tag object with that signature in place of the tag.
fn put_tag(sandbox: &Sandbox, text: &str, signature: &str) {
    let id = sandbox.object("lustre", "tag", format!("{text}{signature}").as_bytes());
    sandbox.git("lustre", &["update-ref", "refs/tags/v2_17_57", &id]);
}

/// Signs the tag with an OpenPGP key.
fn sign_tag(sandbox: &Sandbox, owner: &Owner) {
    let text = tag_text(sandbox, "v2_17_57");
    put_tag(sandbox, &text, &owner.sign_armored(text.as_bytes(), &How::default()));
}

/// Signs the commit at the head of the branch anew.
fn sign_commit(sandbox: &Sandbox, owner: &Owner) {
    let text = sandbox.git("lustre", &["cat-file", "commit", "HEAD"]) + "\n";
    let signature = owner.sign_armored(text.as_bytes(), &How::default());
    let header = format!("gpgsig {}\n", signature.trim_end().replace('\n', "\n "));
    let (headers, message) = text.split_once("\n\n").expect("a commit");
    let id = sandbox.object("lustre", "commit", format!("{headers}\n{header}\n{message}").as_bytes());
    sandbox.git("lustre", &["reset", "--quiet", "--hard", &id]);
}

/// What the lock says of the signature.
fn locked_signature(sandbox: &Sandbox) -> String {
    let lock = sandbox.read("m.lock");
    let at = lock.find("[source.lustre.signature").or_else(|| lock.find("signature =")).expect("a signature");
    lock[at..].to_owned()
}

#[test]
fn a_good_tag_is_locked_with_its_signer() {
    let owner = Owner::new(1);
    let sandbox = asking("required", &[("keys/stable.asc", &owner.file())]);
    sign_tag(&sandbox, &owner);
    insta::assert_snapshot!(sandbox.run(&["lock", "m.toml"]).success(), @"
    lustre 2.17.57  2026-01-02T03:04:05Z
      lustre     tag v2_17_57     9e379b62e9a0888330880ee0f959569a3e4a5e00  2026-01-02T03:04:05Z
                 signature good: tag signed by OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>)
    ");
    insta::assert_snapshot!(locked_signature(&sandbox), @r#"
    [source.lustre.signature.good]
    on = "tag"
    kind = "openpgp"
    key = "64C455370E50BE95E680F3FA273F29185579FF0D"
    signer = "Stable Signer <stable@example.org>"
    made = 1767323045
    "#);
    assert!(sandbox.read("m.lock").contains("\"keys/stable.asc\" = "), "the key file is pinned");
    sandbox.run(&["lock", "m.toml", "--check"]).success();
    let told = sandbox.run(&["assemble", "m.toml", "--locked", "--json"]).success();
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    insta::assert_snapshot!(serde_json::to_string_pretty(&told["release"]["sources"]["lustre"]["signature"]).expect("JSON"), @r#"
    {
      "good": {
        "key": "64C455370E50BE95E680F3FA273F29185579FF0D",
        "kind": "openpgp",
        "made": 1767323045,
        "on": "tag",
        "signer": "Stable Signer <stable@example.org>"
      }
    }
    "#);
}

#[test]
fn a_good_ssh_tag_is_locked_with_its_principal() {
    let key = make_ssh(Algorithm::Ed25519, 1);
    let line =
        format!("stable@example.org namespaces=\"git\" {}\n", key.public_key().to_openssh().expect("a line"));
    let sandbox = asking("required", &[("keys/allowed_signers", &line)]);
    let text = tag_text(&sandbox, "v2_17_57");
    put_tag(&sandbox, &text, &ssh_sign(&key, "git", text.as_bytes()));
    sandbox.run(&["lock", "m.toml"]).success();
    insta::assert_snapshot!(locked_signature(&sandbox), @r#"
    [source.lustre.signature.good]
    on = "tag"
    kind = "ssh"
    key = "SHA256:Whkm+jZSg06J6Vv/H2FWi3Qh7wNdySCYtaM3+TVmMjw"
    signer = "stable@example.org"
    "#);
    sandbox.run(&["assemble", "m.toml", "--locked"]).success();
}

#[test]
fn what_is_required_and_not_there_stops_the_run() {
    let (owner, other) = (Owner::new(1), Owner::new(2));
    let sandbox = asking("required", &[("keys/stable.asc", &owner.file())]);
    let mut text = sandbox.refused(&[], 4);
    sign_tag(&sandbox, &other);
    text.push_str("---\n");
    text.push_str(&sandbox.refused(&[], 4));
    // A tag that was changed after it was signed.
    let signed = tag_text(&sandbox, "v2_17_57");
    let signature = owner.sign_armored(signed.as_bytes(), &How::default());
    put_tag(&sandbox, &signed.replace("Lustre 2", "Lustre 3"), &signature);
    text.push_str("---\n");
    text.push_str(&sandbox.refused(&[], 4));
    // Words after the signature: git shows them, and nobody signed them.
    put_tag(&sandbox, &signed, &format!("{signature}Signed-off-by: Nobody\n"));
    text.push_str("---\n");
    text.push_str(&sandbox.refused(&[], 4));
    // Another kind of signature.
    put_tag(&sandbox, &signed, "-----BEGIN SIGNED MESSAGE-----\nAAAA\n-----END SIGNED MESSAGE-----\n");
    text.push_str("---\n");
    text.push_str(&sandbox.refused(&[], 4));
    insta::assert_snapshot!(text, @r#"
    error: tag `v2_17_57` of source `lustre` is not signed
      --> m.toml:13:13
       |
    13 | signature = "required"
       |             ^^^^^^^^^^ required here
       = note: looked for in lustre
       = note: tag object 7006a4dd796ab7298702fe5a6bbde01c16a619a1
       = help: choose a signed tag, or say `signature = "warn"` and be told of it each time
    ---
    error: tag `v2_17_57` of source `lustre` has no good signature
      --> m.toml:13:13
       |
    13 | signature = "required"
       |             ^^^^^^^^^^ required here
       = note: looked for in lustre
       = note: tag object 6615c19ce9967bece7dddb9d128335df27d2bbdb
       = note: unknown-key: the key 011806DF00A870BB0003CA617D011370B5DCD80A made it, dated 2026-01-02T03:04:05Z, which is none of the pinned keys
       = note: pinned: OpenPGP 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>)
       = help: if that key may sign, get it from a place that you trust and add it to the keys
    ---
    error: tag `v2_17_57` of source `lustre` has no good signature
      --> m.toml:13:13
       |
    13 | signature = "required"
       |             ^^^^^^^^^^ required here
       = note: looked for in lustre
       = note: tag object f07b070e588fbd8d0447428673a5d95a16839424
       = note: mismatch: it names the key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>), but is not that key's signature over these bytes
       = note: pinned: OpenPGP 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>)
       = help: the content or the signature was changed: get both again from where they were published
    ---
    error: tag `v2_17_57` of source `lustre` has no good signature
      --> m.toml:13:13
       |
    13 | signature = "required"
       |             ^^^^^^^^^^ required here
       = note: looked for in lustre
       = note: tag object bb7f3740df14c1c9c50f26760ff8dda6593f5a35
       = note: garbage: text stands around the armor, and nothing covers it
       = note: pinned: OpenPGP 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>)
       = help: take the signature from where it was published, unchanged
    ---
    error: tag `v2_17_57` of source `lustre` has no good signature
      --> m.toml:13:13
       |
    13 | signature = "required"
       |             ^^^^^^^^^^ required here
       = note: looked for in lustre
       = note: tag object 273a8552437516a585364a61ad683774ffe67f0e
       = note: unsupported: it is an X.509 signature; OpenPGP and SSH are read
       = note: pinned: OpenPGP 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>)
       = help: ask the signer for an OpenPGP or SSH signature
    "#);
}

#[test]
fn a_good_signature_does_not_mend_a_wrong_name() {
    let owner = Owner::new(1);
    let sandbox = asking("required", &[("keys/stable.asc", &owner.file())]);
    // An old release's tag, well signed, under the name of a new one.
    let text = tag_text(&sandbox, "v2_17_50");
    put_tag(&sandbox, &text, &owner.sign_armored(text.as_bytes(), &How::default()));
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: the tag `v2_17_57` is another tag by its own name, `v2_17_50`
      --> m.toml:12:7
       |
    12 | tag = "v2_17_57"
       |       ^^^^^^^^^^ source `lustre`
       = note: expected  v2_17_57  the name of the ref, or `tag-object-name`
       = note: found     v2_17_50  in the tag object 6043ce3ec2bdfbe730ab658a79734e6d6f320147
       = help: a renamed tag can be an attack; if you know why, write `tag-object-name = "v2_17_50"` in this source
    "#);
}

#[test]
fn of_a_tag_the_tags_signature_counts_and_else_the_commits() {
    let owner = Owner::new(1);
    let sandbox = asking("required", &[("keys/stable.asc", &owner.file())]);
    sign_commit(&sandbox, &owner);
    sandbox.retag("lustre", "v2_17_57", "HEAD");
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: tag `v2_17_57` of source `lustre` is not signed
      --> m.toml:13:13
       |
    13 | signature = "required"
       |             ^^^^^^^^^^ required here
       = note: looked for in lustre
       = note: tag object 871edabb379775d4f8f08faace796f6f96d9b94b
       = note: its commit is signed, but that does not say which release it is
       = help: choose a signed tag, or say `signature = "warn"` and be told of it each time
    "#);
    sandbox.git("lustre", &["tag", "--force", "v2_17_57", "HEAD"]);
    sandbox.run(&["lock", "m.toml"]).success();
    insta::assert_snapshot!(locked_signature(&sandbox), @r#"
    [source.lustre.signature.good]
    on = "commit"
    kind = "openpgp"
    key = "64C455370E50BE95E680F3FA273F29185579FF0D"
    signer = "Stable Signer <stable@example.org>"
    made = 1767323045
    "#);
    std::fs::remove_file(sandbox.path("m.lock")).expect("a lock");
    // A branch is at a commit too.
    sandbox.git("lustre", &["tag", "--annotate", "--message", "v2_17_50", "v2_17_50", "HEAD"]);
    let text = sandbox.read("m.toml").replace("tag = \"v2_17_57\"", "branch = \"master\"");
    sandbox.write("m.toml", text);
    sandbox.git("lustre", &["tag", "--delete", "v2_17_57"]);
    sandbox.commit("lustre", &[("more", "more\n")], "unsigned");
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: commit `6b0935f43cbb` of source `lustre` is not signed
      --> m.toml:13:13
       |
    13 | signature = "required"
       |             ^^^^^^^^^^ required here
       = note: looked for in lustre
       = note: commit 6b0935f43cbb586f2b26ef1d85a4006c344628b9
       = help: choose a signed tag, or say `signature = "warn"` and be told of it each time
    "#);
    sign_commit(&sandbox, &owner);
    sandbox.run(&["lock", "m.toml"]).success();
}

#[test]
fn a_warning_is_given_and_recorded() {
    let (owner, other) = (Owner::new(1), Owner::new(2));
    let sandbox = asking("warn", &[("keys/stable.asc", &owner.file())]);
    let run = sandbox.run(&["lock", "m.toml"]);
    assert_eq!(run.code, 0);
    insta::assert_snapshot!(run.stderr, @r#"
    warning: tag `v2_17_57` of source `lustre` is not signed
      --> m.toml:13:13
       |
    13 | signature = "warn"
       |             ^^^^^^ wished for here
       = note: looked for in lustre
       = note: tag object 7006a4dd796ab7298702fe5a6bbde01c16a619a1
       = help: choose a signed tag, or say `signature = "warn"` and be told of it each time
    wrote m.lock
      made anew
    "#);
    insta::assert_snapshot!(locked_signature(&sandbox), @r#"signature = "missing""#);
    sign_tag(&sandbox, &other);
    let run = sandbox.run(&["lock", "m.toml", "--update", "lustre"]);
    assert_eq!(run.code, 0);
    insta::assert_snapshot!(run.stderr, @r#"
    warning: tag `v2_17_57` of source `lustre` has no good signature
      --> m.toml:13:13
       |
    13 | signature = "warn"
       |             ^^^^^^ wished for here
       = note: looked for in lustre
       = note: tag object 6615c19ce9967bece7dddb9d128335df27d2bbdb
       = note: unknown-key: the key 011806DF00A870BB0003CA617D011370B5DCD80A made it, dated 2026-01-02T03:04:05Z, which is none of the pinned keys
       = note: pinned: OpenPGP 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>)
       = help: if that key may sign, get it from a place that you trust and add it to the keys
    wrote m.lock
      source `lustre`: tag object  locked 7006a4dd796ab7298702fe5a6bbde01c16a619a1  now 6615c19ce9967bece7dddb9d128335df27d2bbdb
      source `lustre`: signature  locked missing  now bad: unknown-key of the tag, key 011806DF00A870BB0003CA617D011370B5DCD80A
    "#);
    insta::assert_snapshot!(locked_signature(&sandbox), @r#"
    [source.lustre.signature.bad]
    on = "tag"
    why = "unknown-key"
    key = "011806DF00A870BB0003CA617D011370B5DCD80A"
    "#);
    // It is told again each time, and the lock stands.
    let run = sandbox.run(&["assemble", "m.toml", "--locked"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("warning: tag `v2_17_57` of source `lustre` has no good signature"),
        "{}",
        run.stderr
    );
    let run = sandbox.run(&["digest", "m.toml", "--locked", "--log-style", "json"]);
    assert!(run.stderr.contains(r#"{"warning":{"#), "{}", run.stderr);
    assert_eq!(sandbox.run(&["digest", "m.toml", "--locked", "--quiet"]).stderr, "");
}

#[test]
fn other_keys_make_the_lock_stale() {
    let (owner, other) = (Owner::new(1), Owner::new(2));
    let both = owner.file() + &other.file();
    let sandbox = asking("required", &[("keys/stable.asc", &owner.file())]);
    sign_tag(&sandbox, &owner);
    sandbox.run(&["lock", "m.toml"]).success();
    sandbox.write("keys/stable.asc", &both);
    insta::assert_snapshot!(sandbox.refusal(&["lock", "m.toml", "--check"], 3), @"
    error: the lock `m.lock` is stale, and this run may not change it
     = note: file `keys/stable.asc`  locked sha256 14a2df7e47d8  now 5087665cd9b2
     = help: run `lustre-dist lock m.toml` and look at what changes
    ");
    sandbox.run(&["lock", "m.toml"]).success();
    // Without the signer's key the lock's own word is worth nothing.
    sandbox.write("keys/stable.asc", other.file());
    let said = sandbox.refusal(&["lock", "m.toml"], 4);
    assert!(said.contains("unknown-key"), "{said}");
    sandbox.write("m.toml", manifest(""));
    let said = sandbox.refusal(&["lock", "m.toml", "--check"], 3);
    assert!(said.contains("now not asked for"), "{said}");
}

#[test]
fn a_clone_without_the_tag_cannot_tell_who_signed_it() {
    let owner = Owner::new(1);
    let sandbox = asking("required", &[("keys/stable.asc", &owner.file())]);
    sign_tag(&sandbox, &owner);
    sandbox.run(&["lock", "m.toml"]).success();
    sandbox.git(".", &["clone", "--quiet", "--bare", "--no-local", "--no-tags", "lustre", "clone.git"]);
    insta::assert_snapshot!(sandbox.refused(&["--locked", "--source", "lustre=clone.git"], 4), @r#"
    error: tag `v2_17_57` of source `lustre` cannot be checked: its object is not in the repository
      --> m.toml:13:13
       |
    13 | signature = "required"
       |             ^^^^^^^^^^ required here
       = note: looked for in clone.git
       = note: tag object 5ad0aa8f7388e565886013335344353fa7610dd3
       = note: the lock says: good: tag signed by OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>)
       = help: fetch it there: `git fetch --tags`; the commit alone does not tell who signed the tag
    "#);
    // Where a warning will do, the lock's word is passed on.
    ask(&sandbox, "warn", &[("keys/stable.asc", &owner.file())]);
    sandbox.run(&["lock", "m.toml"]).success();
    let run = sandbox.run(&["digest", "m.toml", "--locked", "--source", "lustre=clone.git"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    insta::assert_snapshot!(run.stderr, @r#"
    warning: tag `v2_17_57` of source `lustre` cannot be checked: its object is not in the repository
      --> m.toml:13:13
       |
    13 | signature = "warn"
       |             ^^^^^^ wished for here
       = note: looked for in clone.git
       = note: tag object 5ad0aa8f7388e565886013335344353fa7610dd3
       = note: the lock says: good: tag signed by OpenPGP key 64C455370E50BE95E680F3FA273F29185579FF0D (Stable Signer <stable@example.org>)
       = help: fetch it there: `git fetch --tags`; the commit alone does not tell who signed the tag
    planned lustre-2.17.57: 11 members, 0 excluded
    "#);
}

#[test]
fn the_tarball_carries_the_keys() {
    let owner = Owner::new(1);
    let sandbox = asking("required", &[("keys/stable.asc", &owner.file())]);
    sign_tag(&sandbox, &owner);
    sandbox.run(&["assemble", "m.toml", "--format", "tar"]).success();
    let identity = sandbox.identity(&["--locked"]);
    let status = std::process::Command::new("tar")
        .args(["-xf", "dist/lustre-2.17.57/lustre-2.17.57.tar"])
        .current_dir(sandbox.path(""))
        .status()
        .expect("tar runs");
    assert!(status.success());
    let manifest = "lustre-2.17.57/.lustre-dist/manifest.toml";
    let again = sandbox.run(&["digest", manifest, "--locked", "--source", "lustre=lustre"]).success();
    assert_eq!(again, identity, "the tarball can be made again from what it carries");
}

#[test]
fn key_files_at_fault_are_told() {
    let owner = Owner::new(1);
    let sandbox =
        asking("required", &[("keys/secret.asc", &owner.secret_file()), ("keys/broken", "hello\n")]);
    insta::assert_snapshot!(sandbox.refused(&[], 3), @"
    error: the key file `keys/secret.asc` holds a secret key
     = note: found  an OpenPGP private key block
     = note: the keys of a manifest are packed into the tarball, for everybody to read
     = help: replace it by the public key; where the file left this machine, the key is compromised

    error: the key file `keys/broken` cannot be read: no SSH key stands here
     --> keys/broken:1:1
      |
    1 | hello
      | ^^^^^
      = help: expected `[PRINCIPALS [OPTIONS]] TYPE BASE64 [COMMENT]`, as in ssh-keygen(1), or OpenPGP public keys

    2 problems
    ");
    let keys = "signature = \"warn\"\nkeys = [\"keys/missing.asc\", \"manifest.lock\"]";
    sandbox.write("m.toml", manifest("").replace("signature = \"none\"", keys));
    insta::assert_snapshot!(sandbox.refused(&[], 3), @r#"
    error: `manifest.lock` is not a path below the manifest's folder
      --> m.toml:14:29
       |
    14 | keys = ["keys/missing.asc", "manifest.lock"]
       |                             ^^^^^^^^^^^^^^^ `manifest.lock` is the name of a record in `.lustre-dist/`, where this file goes too
       = help: write it like `keys = ["keys/stable.asc"]`
    "#);
    sandbox.write("m.toml", sandbox.read("m.toml").replace(", \"manifest.lock\"", ""));
    insta::assert_snapshot!(sandbox.refused(&[], 3), @r#"
    error: cannot read the key file `keys/missing.asc`
      --> m.toml:14:9
       |
    14 | keys = ["keys/missing.asc"]
       |         ^^^^^^^^^^^^^^^^^^ No such file or directory (os error 2)
       = note: looked for in `.`
    "#);
}
