// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! From what a manifest asks for to one tag, and tags that are not what they seem.

use crate::runner::{Sandbox, manifest};

/// A second source, `linux`, whose tag is a pattern.
fn with_linux(sandbox: &Sandbox, pattern: &str) {
    let linux = format!(
        r#"
[source.linux]
git = "linux"
tag = "{pattern}"
signature = "none"

[[layer]]
name = "upstream"
source = "linux"
take = [{{ from = "fs/lustre/" }}]
"#
    );
    sandbox.write("m.toml", manifest(&linux));
}

fn linux(sandbox: &Sandbox, tags: &[&str]) {
    sandbox.repository("linux", &[("fs/lustre/Kconfig", "config LUSTRE_FS\n")], "first");
    for (nth, tag) in tags.iter().enumerate() {
        sandbox.commit("linux", &[("Makefile", &nth.to_string())], tag);
        sandbox.git("linux", &["tag", "--annotate", "--message", tag, tag]);
    }
}

#[test]
fn a_lightweight_tag_locks_without_a_tag_object() {
    let sandbox = Sandbox::with_lustre();
    sandbox.run(&["lock", "m.toml"]).success();
    let lock = sandbox.read("m.lock");
    assert!(
        lock.contains(&format!("tag = \"{}\"", sandbox.git("lustre", &["rev-parse", "v2_17_57"]))),
        "{lock}"
    );
    sandbox.git("lustre", &["tag", "--force", "v2_17_57", "HEAD"]);
    let said = sandbox.refused(&[], 4);
    assert!(said.contains("found   no tag object"), "{said}");
    sandbox.run(&["lock", "m.toml", "--update", "lustre"]).success();
    assert!(!sandbox.read("m.lock").contains("\ntag = "), "{lock}");
    sandbox.run(&["assemble", "m.toml", "--locked"]).success();
}

#[test]
fn packed_and_loose_refs_are_one() {
    let sandbox = Sandbox::with_lustre();
    sandbox.run(&["lock", "m.toml"]).success();
    sandbox.git("lustre", &["pack-refs", "--all"]);
    sandbox.run(&["lock", "m.toml", "--check"]).success();
    // A loose ref stands in front of the packed one, as in git.
    sandbox.commit("lustre", &[("COPYING", "new\n")], "second");
    sandbox.retag("lustre", "v2_17_57", "HEAD");
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: tag `v2_17_57` moved since it was locked
      --> m.toml:12:7
       |
    12 | tag = "v2_17_57"
       |       ^^^^^^^^^^ source `lustre`
       = note: locked  tag 7006a4dd796ab7298702fe5a6bbde01c16a619a1  commit 9e379b62e9a0888330880ee0f959569a3e4a5e00  2026-01-02T03:04:05Z
       = note: found   tag 9d38cb26fda01473f82a0533b60e64afb84cfb94  commit ff2314aa5d66025ce6221318f88a6c54fd3e2fb3  2026-01-02T03:04:05Z
       = help: if this is intended, run `lustre-dist lock m.toml --update lustre`; otherwise ask upstream
    "#);
}

#[test]
fn a_moved_tag_shows_both_sides_until_it_is_updated() {
    let sandbox = Sandbox::with_lustre();
    sandbox.run(&["lock", "m.toml"]).success();
    // The same commit, another tag object.
    sandbox.git_at(
        "2026-02-03T04:05:06Z",
        "lustre",
        &["tag", "--force", "--annotate", "--message", "again", "v2_17_57"],
    );
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: tag `v2_17_57` moved since it was locked
      --> m.toml:12:7
       |
    12 | tag = "v2_17_57"
       |       ^^^^^^^^^^ source `lustre`
       = note: locked  tag 7006a4dd796ab7298702fe5a6bbde01c16a619a1  commit 9e379b62e9a0888330880ee0f959569a3e4a5e00  2026-01-02T03:04:05Z
       = note: found   tag e980ee752a78dc58418906527a5005609bb54c19  commit 9e379b62e9a0888330880ee0f959569a3e4a5e00  2026-01-02T03:04:05Z
       = help: if this is intended, run `lustre-dist lock m.toml --update lustre`; otherwise ask upstream
    "#);
    for args in
        [&["lock", "m.toml"][..], &["lock", "m.toml", "--check"], &["plan", "m.toml"], &["digest", "m.toml"]]
    {
        assert!(sandbox.refusal(args, 4).contains("moved since it was locked"), "{args:?}");
    }
    let updated = sandbox.run(&["lock", "m.toml", "--update", "lustre"]);
    insta::assert_snapshot!(updated.stderr, @r"
    wrote m.lock
      source `lustre`: tag object  locked 7006a4dd796ab7298702fe5a6bbde01c16a619a1  now e980ee752a78dc58418906527a5005609bb54c19
    ");
    sandbox.run(&["assemble", "m.toml", "--locked"]).success();
}

#[test]
fn a_missing_tag_is_looked_for_among_its_likes() {
    let sandbox = Sandbox::with_lustre();
    sandbox.write("m.toml", manifest("").replace("v2_17_57", "v2_17_75"));
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: source `lustre` has no tag `v2_17_75`
      --> m.toml:12:7
       |
    12 | tag = "v2_17_75"
       |       ^^^^^^^^^^ source `lustre`
       = note: looked for in lustre
       = help: did you mean `v2_17_57`?
    "#);
    sandbox.write("m.toml", manifest("").replace("v2_17_57", "nothing-like-it"));
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: source `lustre` has no tag `nothing-like-it`
      --> m.toml:12:7
       |
    12 | tag = "nothing-like-it"
       |       ^^^^^^^^^^^^^^^^^ source `lustre`
       = note: looked for in lustre
       = help: fetch the tag into that repository: `git fetch --tags`
    "#);
}

#[test]
fn only_the_tag_of_that_very_name_will_do() {
    let sandbox = Sandbox::with_lustre();
    let expected = sandbox.identity(&[]);
    // A branch of that name does not matter, nor does a ref below another folder.
    sandbox.commit("lustre", &[("COPYING", "other\n")], "other");
    for other in
        ["refs/heads/v2_17_57", "refs/v2_17_57", "refs/remotes/v2_17_57", "refs/tags/refs/tags/v2_17_57"]
    {
        sandbox.git("lustre", &["update-ref", other, "HEAD"]);
    }
    assert_eq!(sandbox.identity(&[]), expected);
    sandbox.git("lustre", &["update-ref", "-d", "refs/tags/v2_17_57"]);
    let said = sandbox.refused(&[], 4);
    assert!(said.contains("source `lustre` has no tag `v2_17_57`"), "{said}");
}

#[test]
fn a_tag_by_another_name_needs_the_manifests_word() {
    let sandbox = Sandbox::with_lustre();
    sandbox.git("lustre", &["tag", "--annotate", "--message", "b2_17_57", "b2_17_57"]);
    let renamed = sandbox.git("lustre", &["rev-parse", "b2_17_57"]);
    sandbox.git("lustre", &["update-ref", "refs/tags/v2_17_57", &renamed]);
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: the tag `v2_17_57` is another tag by its own name, `b2_17_57`
      --> m.toml:12:7
       |
    12 | tag = "v2_17_57"
       |       ^^^^^^^^^^ source `lustre`
       = note: expected  v2_17_57  the name of the ref, or `tag-object-name`
       = note: found     b2_17_57  in the tag object fe6c08d54b443f8e306b78df7248591f8bd7f9c4
       = help: a renamed tag can be an attack; if you know why, write `tag-object-name = "b2_17_57"` in this source
    "#);
    let stated = |name: &str| {
        let tag = format!("tag = \"v2_17_57\"\ntag-object-name = \"{name}\"");
        sandbox.write("m.toml", manifest("").replace("tag = \"v2_17_57\"", &tag));
    };
    stated("b2_17_75");
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: the tag `v2_17_57` is another tag by its own name, `b2_17_57`
      --> m.toml:12:7
       |
    12 | tag = "v2_17_57"
       |       ^^^^^^^^^^ source `lustre`
       = note: expected  b2_17_75  the name of the ref, or `tag-object-name`
       = note: found     b2_17_57  in the tag object fe6c08d54b443f8e306b78df7248591f8bd7f9c4
       = help: a renamed tag can be an attack; if you know why, write `tag-object-name = "b2_17_57"` in this source
    "#);
    stated("b2_17_57");
    sandbox.run(&["assemble", "m.toml"]).success();
    sandbox.run(&["assemble", "m.toml", "--locked"]).success();
}

#[test]
fn a_pinned_tag_object_must_be_the_one() {
    let sandbox = Sandbox::with_lustre();
    let id = sandbox.git("lustre", &["rev-parse", "v2_17_57"]);
    let pinned = |id: &str| {
        let tag = format!("tag = \"v2_17_57\"\ntag-object = \"{id}\"");
        sandbox.write("m.toml", manifest("").replace("tag = \"v2_17_57\"", &tag));
    };
    pinned(&id);
    sandbox.run(&["lock", "m.toml"]).success();
    pinned(&"1".repeat(40));
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: the tag object is not the one that the manifest pins
      --> m.toml:13:14
       |
    13 | tag-object = "1111111111111111111111111111111111111111"
       |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ pinned here
       = note: pinned  1111111111111111111111111111111111111111
       = note: found   7006a4dd796ab7298702fe5a6bbde01c16a619a1
       = help: ask upstream why the tag changed; a tag that moved can be an attack
    "#);
    // Where the clone has no tag at all, the lock's own must be the one.
    sandbox.git("lustre", &["tag", "--delete", "v2_17_57"]);
    let said = sandbox.refused(&[], 4);
    assert!(said.contains("the tag object is not the one that the manifest pins"), "{said}");
    pinned(&id);
    sandbox.run(&["assemble", "m.toml"]).success();
}

#[test]
fn a_tag_must_be_on_a_commit() {
    let sandbox = Sandbox::with_lustre();
    let mut said = String::new();
    sandbox.retag("lustre", "inner", "HEAD");
    for (what, target) in [("tag", "inner"), ("tree", "HEAD^{tree}"), ("blob", "HEAD:COPYING")] {
        sandbox.retag("lustre", "v2_17_57", target);
        said.push_str(&format!("--- annotated, on a {what}\n{}", sandbox.refused(&[], 4)));
    }
    for (what, target) in [("tree", "HEAD^{tree}"), ("blob", "HEAD:COPYING")] {
        sandbox.git(
            "lustre",
            &["update-ref", "refs/tags/v2_17_57", &sandbox.git("lustre", &["rev-parse", target])],
        );
        said.push_str(&format!("--- lightweight, on a {what}\n{}", sandbox.refused(&[], 4)));
    }
    insta::assert_snapshot!(said, @r#"
    --- annotated, on a tag
    error: tag `v2_17_57` of source `lustre` cannot be used: it tags another tag, 56d06cac99960daa4a6ff34805f62d77ec565857
      --> m.toml:12:7
       |
    12 | tag = "v2_17_57"
       |       ^^^^^^^^^^ source `lustre`
       = note: looked for in lustre
       = note: tag object 1532611239ffbe8dccf4f75dd892ab73152c927f
       = help: expected an annotated tag on a commit; name the inner tag, if that is what you mean
    --- annotated, on a tree
    error: tag `v2_17_57` of source `lustre` cannot be used: it tags the tree 128b6df43ece21020a3c49e24d181a47cc8a9ae6, not a commit
      --> m.toml:12:7
       |
    12 | tag = "v2_17_57"
       |       ^^^^^^^^^^ source `lustre`
       = note: looked for in lustre
       = note: tag object dd8ab84fa275fb8871ee3cbe84aeb04531ca29ad
       = help: expected an annotated tag on a commit; name the inner tag, if that is what you mean
    --- annotated, on a blob
    error: tag `v2_17_57` of source `lustre` cannot be used: it tags the blob 505faa142ba50b9b926378192bdb76f46d68742d, not a commit
      --> m.toml:12:7
       |
    12 | tag = "v2_17_57"
       |       ^^^^^^^^^^ source `lustre`
       = note: looked for in lustre
       = note: tag object d1c24100d09091ac6a3c6894d6cfde474d9e5ebe
       = help: expected an annotated tag on a commit; name the inner tag, if that is what you mean
    --- lightweight, on a tree
    error: tag `v2_17_57` of source `lustre` cannot be used: it is the tree 128b6df43ece21020a3c49e24d181a47cc8a9ae6, not a commit
      --> m.toml:12:7
       |
    12 | tag = "v2_17_57"
       |       ^^^^^^^^^^ source `lustre`
       = note: looked for in lustre
       = help: expected a commit, or a tag on a commit
    --- lightweight, on a blob
    error: tag `v2_17_57` of source `lustre` cannot be used: it is the blob 505faa142ba50b9b926378192bdb76f46d68742d, not a commit
      --> m.toml:12:7
       |
    12 | tag = "v2_17_57"
       |       ^^^^^^^^^^ source `lustre`
       = note: looked for in lustre
       = help: expected a commit, or a tag on a commit
    "#);
}

#[test]
fn malformed_tags_and_commits_are_refused() {
    let sandbox = Sandbox::with_lustre();
    let commit = sandbox.git("lustre", &["rev-parse", "HEAD"]);
    let tree = sandbox.git("lustre", &["rev-parse", "HEAD^{tree}"]);
    let person = "A. Author <author@example.org> 1767323045 +0000";
    for (kind, content) in [
        ("tag", "nonsense\n".to_owned()),
        ("tag", format!("object {commit}\ntype tree\ntag v2_17_57\ntagger {person}\n\nlies\n")),
        ("tag", format!("object {commit}\ntype commit\n\nno name\n")),
        ("commit", "nonsense\n".to_owned()),
        ("commit", format!("tree {tree}\nauthor {person}\n\nno committer\n")),
        ("commit", format!("tree {tree}\ntree {tree}\nauthor {person}\ncommitter {person}\n\ntwo trees\n")),
    ] {
        let id = sandbox.object("lustre", kind, content.as_bytes());
        sandbox.write("lustre/.git/refs/tags/v2_17_57", format!("{id}\n"));
        let run = sandbox.run(&["assemble", "m.toml"]);
        // Git itself believes the object's own kind where a tag lies about it; so may we.
        let lies = content.contains("type tree") && run.code == 0;
        assert!(run.code == 4 || lies, "{content}: {} {}", run.code, run.stderr);
    }
    sandbox.write("lustre/.git/refs/tags/v2_17_57", "garbage\n");
    insta::assert_snapshot!(sandbox.run(&["lock", "m.toml"]).failure(4), @r#"
    error: cannot read `refs/tags/v2_17_57` in the repository `lustre`
     = note: The reference at "refs/tags/v2_17_57" could not be decoded
     = note: Reference content could not be parsed, input="garbage\n"
     = help: mend or remove that ref in the repository; `git fsck` tells more
    "#);
}

#[test]
fn a_pattern_takes_the_newest_version_of_its_series() {
    let sandbox = Sandbox::with_lustre();
    linux(
        &sandbox,
        &[
            "v6.12.10",
            "v6.12.9",
            "v6.12.11-rc1",
            "v6.13",
            "v6.1.200",
            "v6.12",
            "6.12.99",
            "v6_12_99",
            "v6.12.100-lustre",
        ],
    );
    with_linux(&sandbox, "v6.12.*");
    let said = sandbox.run(&["lock", "m.toml"]).success();
    assert!(said.contains("lustre 2.17.57+k6.12.10 "), "{said}");
    assert!(sandbox.read("m.lock").contains("ref = \"refs/tags/v6.12.10\""));
    // A newer one does not move the pin; an update does.
    sandbox.git("linux", &["tag", "--annotate", "--message", "v6.12.11", "v6.12.11"]);
    sandbox.run(&["lock", "m.toml", "--check"]).success();
    insta::assert_snapshot!(sandbox.run(&["lock", "m.toml", "--update", "linux"]).stderr, @r"
    wrote m.lock
      version  locked 2.17.57+k6.12.10  now 2.17.57+k6.12.11
      source `linux`: ref  locked refs/tags/v6.12.10  now refs/tags/v6.12.11
      source `linux`: tag object  locked a215cbb8d71ea46b5214ea47327b19da777a9931  now d31b4314e44f36cb35549a5d2dd691a125f4677b
      source `linux`: commit  locked 1746057c52e8939aab3bfd30bfe56f813e015d5e  now a407031d98519f9a4df85b07b28a63b0fa359e15
      source `linux`: tree  locked ffbaff985409b7079aba5976062cc59fe2499362  now 9e056b5ef4bd7618d1a242b5a587b36b0b1b7653
    ");
}

#[test]
fn snapshots_and_candidates_never_match_a_pattern() {
    let sandbox = Sandbox::with_lustre();
    let pattern = |text: &str, version: &str| {
        let text = manifest("").replace("tag = \"v2_17_57\"", &format!("tag = \"{text}\""));
        sandbox.write("m.toml", text.replace("version = \"2.17.57\"", &format!("version = \"{version}\"")));
    };
    for tag in
        ["v2_17_0", "v2_17_0-RC4", "v2_17_2-RC1", "2.17.1", "v2_17_1", "v2_17_10", "v2_17_9", "v2_17_58"]
    {
        sandbox.retag("lustre", tag, "HEAD");
    }
    pattern("v2_17_*", "2.17.10");
    let said = sandbox.run(&["lock", "m.toml"]).success();
    assert!(said.contains("lustre 2.17.10 "), "{said}");
    pattern("v2_18_*", "2.18.0");
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: no release tag of source `lustre` matches `v2_18_*`
      --> m.toml:12:7
       |
    12 | tag = "v2_18_*"
       |       ^^^^^^^^^ source `lustre`
       = note: 9 tags in lustre
       = help: snapshots and candidates never match a pattern; name one to release it
    "#);
}

#[test]
fn the_manifests_version_must_be_the_tags() {
    let sandbox = Sandbox::with_lustre();
    sandbox.write("m.toml", manifest("").replace("version = \"2.17.57\"", "version = \"2.17.58\""));
    insta::assert_snapshot!(sandbox.refused(&[], 3), @r#"
    error: the manifest says version 2.17.58, the tag says 2.17.57
     --> m.toml:5:11
      |
    5 | version = "2.17.58"
      |           ^^^^^^^^^ stated here
      = note: tag `v2_17_57` of source `lustre` (lustre)
      = help: write `version = "2.17.57"`, or choose the tag of 2.17.58
    "#);
    sandbox.retag("lustre", "release-day", "HEAD");
    sandbox.write("m.toml", manifest("").replace("tag = \"v2_17_57\"", "tag = \"release-day\""));
    insta::assert_snapshot!(sandbox.refused(&[], 3), @r#"
    error: the tag `release-day` is not a version of Lustre
     --> m.toml:5:11
      |
    5 | version = "2.17.57"
      |           ^^^^^^^^^ to be equal to the tag's
      = help: expected a tag such as `v2_17_57` or `2.17.0-RC4`; a branch or commit gives a development version
    "#);
    // Another spelling of the version is the version.
    sandbox.retag("lustre", "2.17.57", "HEAD");
    sandbox.write("m.toml", manifest("").replace("tag = \"v2_17_57\"", "tag = \"2.17.57\""));
    sandbox.identity(&[]);
}

#[test]
fn every_source_at_fault_is_told() {
    let sandbox = Sandbox::with_lustre();
    linux(&sandbox, &["v6.12.10"]);
    with_linux(&sandbox, "v6.18.*");
    let text = sandbox.read("m.toml").replace("tag = \"v2_17_57\"", "tag = \"v2_17_75\"");
    sandbox.write("m.toml", text);
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: no release tag of source `linux` matches `v6.18.*`
      --> m.toml:22:7
       |
    22 | tag = "v6.18.*"
       |       ^^^^^^^^^ source `linux`
       = note: 2 tags in linux
       = help: snapshots and candidates never match a pattern; name one to release it

    error: source `lustre` has no tag `v2_17_75`
      --> m.toml:12:7
       |
    12 | tag = "v2_17_75"
       |       ^^^^^^^^^^ source `lustre`
       = note: looked for in lustre
       = help: did you mean `v2_17_57`?

    2 problems
    "#);
}
