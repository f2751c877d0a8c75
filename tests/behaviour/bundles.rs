// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Bundle files: the same bytes as the repository, or a refusal.

use std::fs;

use crate::runner::{Sandbox, manifest};

/// A sandbox with the repository's bundle, `lustre.bundle`, as the source.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_lustre();
    sandbox.git("lustre", &["bundle", "create", "--quiet", "../lustre.bundle", "v2_17_57", "master"]);
    sandbox.write("m.toml", from_bundle("lustre.bundle"));
    sandbox
}

fn from_bundle(name: &str) -> String {
    manifest("").replace("git = \"lustre\"", &format!("bundle = \"{name}\""))
}

fn pack_start(bundle: &[u8]) -> usize {
    bundle.windows(2).position(|pair| pair == b"\n\n").expect("the header's end") + 2
}

#[test]
fn a_bundle_gives_the_repositorys_identity() {
    let sandbox = sandbox();
    sandbox.write("r.toml", manifest(""));
    // The manifest itself is in the tarball, so the bundle stands in for the same one.
    let expected = sandbox.run(&["digest", "r.toml"]).success();
    sandbox.git("lustre", &["bundle", "create", "--quiet", "--version=3", "../v3.bundle", "--all"]);
    sandbox.git("lustre", &["gc", "--quiet"]);
    sandbox.git("lustre", &["bundle", "create", "--quiet", "--version=2", "../v2.bundle", "--all", "HEAD"]);
    assert!(sandbox.path("v3.bundle").is_file() && sandbox.path("v2.bundle").is_file());
    for bundle in ["lustre.bundle", "v2.bundle", "v3.bundle"] {
        let again = sandbox.run(&["digest", "r.toml", "--source", &format!("lustre={bundle}")]).success();
        assert_eq!(again, expected, "{bundle}");
    }
    sandbox.run(&["assemble", "m.toml"]).success();
    // Once unpacked, it is there for the next run, and without a network.
    let unpacked = sandbox.list("cache/bundles");
    sandbox.run(&["assemble", "m.toml", "--locked", "--offline"]).success();
    assert_eq!(sandbox.list("cache/bundles"), unpacked);
}

#[test]
fn another_bundle_of_the_same_name_is_not_taken_for_the_old_one() {
    let sandbox = sandbox();
    let first = sandbox.identity(&[]);
    sandbox.commit("lustre", &[("COPYING", "new\n")], "second");
    sandbox.retag("lustre", "v2_17_57", "HEAD");
    sandbox.git("lustre", &["bundle", "create", "--quiet", "../lustre.bundle", "v2_17_57", "master"]);
    assert_ne!(sandbox.identity(&[]), first);
}

#[test]
fn a_bundle_with_prerequisites_is_refused() {
    let sandbox = sandbox();
    sandbox.commit("lustre", &[("COPYING", "new\n")], "LU-2 second");
    sandbox.retag("lustre", "v2_17_57", "HEAD");
    sandbox.git("lustre", &["bundle", "create", "--quiet", "../lustre.bundle", "v2_17_57", "^HEAD^"]);
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: the bundle `lustre.bundle` builds on a commit that it does not hold
      --> m.toml:11:10
       |
    11 | bundle = "lustre.bundle"
       |          ^^^^^^^^^^^^^^^ named here
       = note: prerequisite  9e379b62e9a0888330880ee0f959569a3e4a5e00 LU-1 start: first files
       = help: make one that stands alone: `git bundle create FILE TAG`, without `OLD..` or `--since`
    "#);
}

#[test]
fn a_filtered_bundle_is_refused() {
    let sandbox = sandbox();
    sandbox.git(
        "lustre",
        &["bundle", "create", "--quiet", "--version=3", "../lustre.bundle", "--all", "--filter=blob:none"],
    );
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: `lustre.bundle` is not a git bundle that can be used: it was made with the filter `blob:none` and lacks objects
      --> m.toml:11:10
       |
    11 | bundle = "lustre.bundle"
       |          ^^^^^^^^^^^^^^^ named here
       = help: make it without `--filter`
    "#);
}

#[test]
fn a_bundle_with_sha256_ids_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.git(".", &["init", "--quiet", "--object-format=sha256", "lustre"]);
    sandbox.commit("lustre", &[("COPYING", "GPL\n")], "first");
    sandbox.git("lustre", &["bundle", "create", "--quiet", "../lustre.bundle", "--all"]);
    sandbox.write("m.toml", from_bundle("lustre.bundle"));
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: `lustre.bundle` is not a git bundle that can be used: its object ids are sha256; SHA-1 is read here
      --> m.toml:11:10
       |
    11 | bundle = "lustre.bundle"
       |          ^^^^^^^^^^^^^^^ named here
       = help: make it again with `git bundle create FILE TAG`, in a repository with SHA-1 ids
    "#);
}

#[test]
fn what_is_no_bundle_is_refused() {
    let sandbox = sandbox();
    insta::assert_snapshot!({
        fs::remove_file(sandbox.path("lustre.bundle")).expect("removed");
        sandbox.refused(&[], 4)
    }, @r#"
    error: there is no bundle `lustre.bundle`
      --> m.toml:11:10
       |
    11 | bundle = "lustre.bundle"
       |          ^^^^^^^^^^^^^^^ named here
       = help: a bundle is a file that `git bundle create` wrote; its path starts from the manifest's folder
    "#);
    for content in [
        "",
        "# v2 git bundle",
        "# v4 git bundle\n",
        "# v2 git bundle\n",
        "PK\x03\x04",
        "# v2 git bundle\nx refs/heads/a\n\n",
    ] {
        sandbox.write("lustre.bundle", content);
        let said = sandbox.refused(&[], 4);
        assert!(said.contains("`lustre.bundle` is not a git bundle that can be used"), "{content}: {said}");
    }
    sandbox.write("lustre.bundle", "no bundle\n");
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: `lustre.bundle` is not a git bundle that can be used: it begins neither with `# v2 git bundle` nor `# v3 git bundle`
      --> m.toml:11:10
       |
    11 | bundle = "lustre.bundle"
       |          ^^^^^^^^^^^^^^^ named here
       = help: make it again with `git bundle create FILE TAG`, in a repository with SHA-1 ids
    "#);
    // A folder is no bundle, even where it is a repository.
    sandbox.write("m.toml", from_bundle("lustre"));
    let said = sandbox.refused(&[], 4);
    assert!(said.contains("there is no bundle `lustre`"), "{said}");
}

#[test]
fn a_bundle_that_lost_or_gained_bytes_is_refused() {
    let sandbox = sandbox();
    let whole = fs::read(sandbox.path("lustre.bundle")).expect("the bundle");
    let start = pack_start(&whole);
    sandbox.write("lustre.bundle", [&whole[..], b"\0"].concat());
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: `lustre.bundle` is not a git bundle that can be used: the file does not end with its pack's checksum: bytes were added, lost or changed
      --> m.toml:11:10
       |
    11 | bundle = "lustre.bundle"
       |          ^^^^^^^^^^^^^^^ named here
       = help: copy the bundle again; `git bundle verify FILE` does not notice bytes behind the pack
    "#);
    for extra in [&b"\n"[..], b"PACK", &whole, &whole[start..]] {
        sandbox.write("lustre.bundle", [&whole[..], extra].concat());
        sandbox.refused(&[], 4);
    }
    for length in [
        0,
        10,
        16,
        start / 2,
        start - 1,
        start,
        start + 4,
        start + 12,
        start + 20,
        start + 40,
        whole.len() - 20,
        whole.len() - 1,
    ] {
        sandbox.write("lustre.bundle", &whole[..length]);
        let said = sandbox.refused(&[], 4);
        assert!(said.contains("`lustre.bundle` is not a git bundle that can be used"), "{length}: {said}");
    }
    assert_eq!(sandbox.list("cache/bundles"), [""; 0], "nothing half-done is in the cache");
}

#[test]
fn bytes_behind_the_pack_with_their_own_checksum_are_refused() {
    let sandbox = sandbox();
    let mut bundle = fs::read(sandbox.path("lustre.bundle")).expect("the bundle");
    let start = pack_start(&bundle);
    bundle.extend_from_slice(b"hidden");
    let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
    hasher.update(&bundle[start..]);
    bundle.extend_from_slice(hasher.try_finalize().expect("no attack").as_slice());
    sandbox.write("lustre.bundle", bundle);
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: `lustre.bundle` is not a git bundle that can be used: there are bytes behind its pack, with a checksum of their own
      --> m.toml:11:10
       |
    11 | bundle = "lustre.bundle"
       |          ^^^^^^^^^^^^^^^ named here
       = help: make it again with `git bundle create FILE TAG`, in a repository with SHA-1 ids
    "#);
    assert_eq!(sandbox.list("cache/bundles"), [""; 0]);
}

#[test]
fn a_flipped_byte_in_a_bundle_is_never_released() {
    let sandbox = sandbox();
    let expected = sandbox.identity(&[]);
    let whole = fs::read(sandbox.path("lustre.bundle")).expect("the bundle");
    for at in (0..whole.len()).step_by(7) {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x01;
        sandbox.write("lustre.bundle", flipped);
        let run = sandbox.run(&["digest", "m.toml"]);
        // The branch of the header is not asked for; its name and id may be anything.
        let harmless = run.code == 0 && run.stdout == expected && at < pack_start(&whole);
        assert!(run.code == 4 || harmless, "byte {at}: {} {}", run.code, run.stderr);
    }
}

#[test]
fn hostile_headers_are_refused() {
    let sandbox = sandbox();
    let whole = fs::read(sandbox.path("lustre.bundle")).expect("the bundle");
    let pack = &whole[pack_start(&whole)..];
    let id = sandbox.git("lustre", &["rev-parse", "v2_17_57"]);
    let other = sandbox.git("lustre", &["rev-parse", "HEAD"]);
    let mut said = String::new();
    for header in [
        format!("# v2 git bundle\n{id} refs/tags/v2_17_57\n{other} refs/tags/v2_17_57\n"),
        format!("# v2 git bundle\n{id} refs/tags/../../x\n"),
        format!("# v2 git bundle\n{id} refs/tags/v2_17_57.lock\n"),
        format!("# v2 git bundle\n{id} tags/v2_17_57\n"),
        format!("# v2 git bundle\n{} refs/tags/v2_17_57\n", &id[1..]),
        format!("# v2 git bundle\n@object-format=sha1\n{id} refs/tags/v2_17_57\n"),
        format!("# v3 git bundle\n@object-format=sha1\n@bigger=yes\n{id} refs/tags/v2_17_57\n"),
        format!("# v3 git bundle\n@object-format=sha1\n@filter\n{id} refs/tags/v2_17_57\n"),
        format!("# v2 git bundle\r\n{id} refs/tags/v2_17_57\r\n"),
    ] {
        sandbox.write("lustre.bundle", [header.as_bytes(), b"\n", pack].concat());
        let text = sandbox.refused(&[], 4);
        said.push_str(text.lines().next().expect("a line"));
        said.push('\n');
    }
    insta::assert_snapshot!(said, @r"
    error: `lustre.bundle` is not a git bundle that can be used: its header has the ref `refs/tags/v2_17_57` twice
    error: `lustre.bundle` is not a git bundle that can be used: its header has the line `7006a4dd796ab7298702fe5a6bbde01c16a619a1 refs/tags/../../x`, which is not a ref
    error: `lustre.bundle` is not a git bundle that can be used: its header has the line `7006a4dd796ab7298702fe5a6bbde01c16a619a1 refs/tags/v2_17_57.lock`, which is not a ref
    error: `lustre.bundle` is not a git bundle that can be used: its header has the line `7006a4dd796ab7298702fe5a6bbde01c16a619a1 tags/v2_17_57`, which is not a ref
    error: `lustre.bundle` is not a git bundle that can be used: its header has the line `006a4dd796ab7298702fe5a6bbde01c16a619a1 refs/tags/v2_17_57`, which is not a ref
    error: `lustre.bundle` is not a git bundle that can be used: a version 2 header has a capability
    error: `lustre.bundle` is not a git bundle that can be used: its capability `bigger=yes` is not known
    error: `lustre.bundle` is not a git bundle that can be used: its capability `filter` is not known
    error: `lustre.bundle` is not a git bundle that can be used: it begins neither with `# v2 git bundle` nor `# v3 git bundle`
    ");
}

#[test]
fn a_bundle_without_the_tag_or_its_object_is_refused() {
    let sandbox = sandbox();
    sandbox.git("lustre", &["bundle", "create", "--quiet", "../lustre.bundle", "master"]);
    let said = sandbox.refused(&[], 4);
    assert!(said.contains("source `lustre` has no tag `v2_17_57`"), "{said}");
    // The header promises a tag that the pack does not have.
    let whole = fs::read(sandbox.path("lustre.bundle")).expect("the bundle");
    let tag = sandbox.git("lustre", &["rev-parse", "v2_17_57"]);
    let header = format!("# v2 git bundle\n{tag} refs/tags/v2_17_57\n\n");
    sandbox.write("lustre.bundle", [header.as_bytes(), &whole[pack_start(&whole)..]].concat());
    let said = sandbox.refused(&[], 4);
    assert!(said.contains(&format!("its object {tag} is not in the repository")), "{said}");
}
