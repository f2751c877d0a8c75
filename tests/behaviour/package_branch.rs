// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `package branch`: a line's packaging in a packaging repository, and the packager's own work on it.

use std::fs;

use insta::assert_snapshot;

use crate::keymaker::Owner;
use crate::package_deb::{WHO, manifest, own, released};
use crate::runner::{Run, Sandbox};

const BRANCH: &str = "debian/lts-6.12";

/// The next release of the same line.
fn release_next(sandbox: &Sandbox) {
    sandbox.commit("lustre", &[("COPYING", "GPL 2\n"), ("net/lnet/new.h", "")], "LU-2 start: more");
    sandbox.git("lustre", &["tag", "--annotate", "--message", "2.17.58", "v2_17_58"]);
    let next = manifest(r#"formats = ["tar.xz"]"#, "");
    sandbox.write("n.toml", next.replace("2.17.57", "2.17.58").replace("v2_17_57", "v2_17_58"));
    sandbox.run(&["assemble", "n.toml"]).success();
}

/// Another one of it.
fn release_after(sandbox: &Sandbox) {
    sandbox.commit("lustre", &[("COPYING", "GPL 3\n")], "LU-3 start: much more");
    sandbox.git("lustre", &["tag", "--annotate", "--message", "2.17.59", "v2_17_59"]);
    sandbox
        .write("o.toml", sandbox.read("n.toml").replace("2.17.58", "2.17.59").replace("2_17_58", "2_17_59"));
    sandbox.run(&["assemble", "o.toml"]).success();
}

/// One release, and an empty bare repository.
fn prepared() -> Sandbox {
    let sandbox = released();
    sandbox.git(".", &["init", "--quiet", "--bare", "--initial-branch=master", "pkg.git"]);
    sandbox
}

fn branch(sandbox: &Sandbox, more: &[&str]) -> Run {
    branch_in(sandbox, "pkg.git", more)
}

fn branch_in(sandbox: &Sandbox, repository: &str, more: &[&str]) -> Run {
    let arguments = ["package", "branch", "lts-6.12", "--repo", repository, "--maintainer", WHO];
    sandbox.run(&[&arguments, more].concat())
}

/// What a refused run says; it must not move anything.
#[track_caller]
fn refused(sandbox: &Sandbox, code: i32, more: &[&str]) -> String {
    let refs = sandbox.git("pkg.git", &["for-each-ref"]);
    let said = branch(sandbox, more).failure(code);
    assert_eq!(sandbox.git("pkg.git", &["for-each-ref"]), refs);
    said
}

/// A clone that somebody works in, with these files committed on the branch and pushed.
fn packager_commits(sandbox: &Sandbox, files: &[(&str, &str)], message: &str) {
    if !sandbox.path("work").exists() {
        sandbox.git(".", &["clone", "--quiet", "--branch", BRANCH, "pkg.git", "work"]);
    }
    sandbox.git("work", &["pull", "--quiet"]);
    sandbox.commit("work", files, message);
    sandbox.git("work", &["push", "--quiet"]);
}

fn show(sandbox: &Sandbox, what: &str) -> String {
    sandbox.git("pkg.git", &["show", what])
}

#[test]
fn every_release_of_the_line_gets_a_commit() {
    let sandbox = prepared();
    release_next(&sandbox);
    assert_snapshot!(branch(&sandbox, &["--dist", "bookworm"]).success(), @"
    debian/lts-6.12 is at 2.17.58-1
      2.17.57-1  b5dd82afffc3  upstream/2.17.57
      2.17.58-1  e0159b5d0a76  upstream/2.17.58
    ");
    assert_snapshot!(sandbox.git("pkg.git", &["log", "--format=%an <%ae> %aI%n%cn %cI%n%n%B", BRANCH]), @"
    A. Packager <packager@example.org> 2026-01-02T03:04:05Z
    A. Packager 2026-01-02T03:04:05Z

    lustre 2.17.58-1

    * New release 2.17.58 of the line lts-6.12.
    * Source lustre: v2_17_58, commit 4401d8755c69.

    Lustre-Dist-Release: lustre 2.17.58
    Lustre-Dist-Revision: 1
    Lustre-Dist-Identity: 0cd2fb103d7fbce930ce82bb7719deebc25c6a89a3150f47e57950ec36f7b135
    Lustre-Dist-Tree: 919dc4dfce2ec187de58522404c151626f143a2f

    A. Packager <packager@example.org> 2026-01-02T03:04:05Z
    A. Packager 2026-01-02T03:04:05Z

    lustre 2.17.57-1

    * New release 2.17.57 of the line lts-6.12.
    * Source lustre: v2_17_57, commit e6ec4839012a.
    * Backport LU-7 lnet: count from two (upstream commit 012345678901).

    Lustre-Dist-Release: lustre 2.17.57
    Lustre-Dist-Revision: 1
    Lustre-Dist-Identity: 8a0f94cdc2ecb3a9e11263fe5eeb811f8856ad5785ff5fa54c240483f7a2c1dd
    Lustre-Dist-Tree: 5ee29a10d380efe62685a10e19d114799c1d3739
    ");
    assert_snapshot!(sandbox.git("pkg.git", &["for-each-ref", "--format=%(refname) %(objecttype)"]), @"
    refs/heads/debian/lts-6.12 commit
    refs/heads/upstream/lts-6.12 commit
    refs/tags/upstream/2.17.57 tag
    refs/tags/upstream/2.17.58 tag
    ");
    sandbox.git("pkg.git", &["fsck", "--strict", "--no-dangling"]);
    assert_snapshot!(sandbox.git("pkg.git", &["ls-tree", "-r", "--name-only", BRANCH]), @"
    .lustre-dist/manifest.lock
    .lustre-dist/manifest.toml
    .lustre-dist/origins.jsonl
    COPYING
    Kbuild
    Makefile
    debian/changelog
    debian/control
    debian/copyright
    debian/gbp.conf
    debian/lustre-dkms.dkms
    debian/lustre-dkms.install
    debian/lustre-dkms.lintian-overrides
    debian/lustre-utils.install
    debian/lustre-utils.lintian-overrides
    debian/rules
    debian/source/format
    debian/source/lintian-overrides
    include/lnet.h
    net/lnet/Makefile
    net/lnet/new.h
    ");
    assert_snapshot!(show(&sandbox, &format!("{BRANCH}:debian/gbp.conf")), @"
    [DEFAULT]
    debian-branch = debian/lts-6.12
    upstream-branch = upstream/lts-6.12
    upstream-tag = upstream/%(version)s
    pristine-tar = False
    compression = xz
    ");
    // The tag has the tarball's tree, all of it.
    let upstream = sandbox.git("pkg.git", &["ls-tree", "-r", "upstream/2.17.58"]);
    let own = sandbox.git("lustre", &["ls-tree", "-r", "v2_17_58"]);
    assert!(own.lines().all(|line| upstream.contains(line)), "{upstream}");
    // The packaging is that of `package deb`.
    let deb = ["package", "deb", "dist/lustre-2.17.58", "--previous", "dist/lustre-2.17.57"];
    sandbox.run(&[&deb[..], &["--maintainer", WHO, "--dist", "bookworm"]].concat()).success();
    for name in ["changelog", "control", "rules", "copyright", "lustre-dkms.lintian-overrides"] {
        assert_eq!(
            show(&sandbox, &format!("{BRANCH}:debian/{name}")),
            crate::package_deb::debian_of(&sandbox, "lustre_2.17.58-1", name).trim_end(),
            "{name}"
        );
    }
    // Nothing new, nothing done.
    let refs = sandbox.git("pkg.git", &["for-each-ref"]);
    assert_snapshot!(branch(&sandbox, &["--dist", "bookworm"]).success(), @"debian/lts-6.12 is at 2.17.58-1, and nothing is newer");
    assert_eq!(sandbox.git("pkg.git", &["for-each-ref"]), refs);
}

#[test]
fn the_same_releases_give_the_same_commits() {
    let sandbox = prepared();
    branch(&sandbox, &[]).success();
    release_next(&sandbox);
    let second = branch(&sandbox, &["--json"]).success();
    let second: serde_json::Value = serde_json::from_str(&second).expect("JSON");
    assert_eq!(second["commits"].as_array().expect("commits").len(), 1);
    assert_eq!(second["package"], "2.17.58-1");
    assert_eq!(second["passed_over"][0]["why"], "is on the branch");
    // In one go, in another repository, with a work tree, from elsewhere and under another umask.
    sandbox.git(".", &["init", "--quiet", "--initial-branch=master", "other"]);
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", "umask 077 && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_lustre-dist")])
        .args(["package", "branch", "lustre/lts-6.12", "--repo", ".", "--releases", "../dist"])
        .current_dir(sandbox.path("other"))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs([("TZ", "Pacific/Chatham"), ("LC_ALL", "tr_TR.UTF-8"), ("SOURCE_DATE_EPOCH", "1")])
        .envs([("GIT_AUTHOR_NAME", "Nobody"), ("GIT_DIR", "/nowhere")])
        .envs([("DEBFULLNAME", "A. Packager"), ("DEBEMAIL", "packager@example.org")]);
    sandbox.finish(&mut command).success();
    let refs = |repository: &str| sandbox.git(repository, &["for-each-ref"]);
    assert_eq!(refs("other"), refs("pkg.git"));
    assert_eq!(sandbox.list("other").iter().filter(|path| !path.starts_with(".git")).count(), 0);
}

#[test]
fn the_packagers_work_stays() {
    let sandbox = prepared();
    branch(&sandbox, &[]).success();
    let old = show(&sandbox, &format!("{BRANCH}:debian/changelog"));
    let entry = "lustre (2.17.57-2) UNRELEASED; urgency=medium\n\n  * By hand.\n\n -- A. Packager <packager@example.org>  \
                 Sat, 03 Jan 2026 03:04:05 +0000\n\n";
    packager_commits(
        &sandbox,
        &[
            ("debian/rules", "#!/usr/bin/make -f\n%:\n\tdh $@ --with me\n"),
            ("debian/NEWS", "news\n"),
            ("debian/changelog", &format!("{entry}{old}\n")),
        ],
        "Build with me",
    );
    release_next(&sandbox);
    branch(&sandbox, &[]).success();
    assert!(show(&sandbox, &format!("{BRANCH}:debian/rules")).contains("--with me"));
    assert_eq!(show(&sandbox, &format!("{BRANCH}:debian/NEWS")), "news");
    assert_eq!(show(&sandbox, &format!("{BRANCH}:COPYING")), "GPL 2");
    let changelog = show(&sandbox, &format!("{BRANCH}:debian/changelog"));
    let heads: Vec<&str> = changelog.lines().filter(|line| line.starts_with("lustre (")).collect();
    assert_eq!(
        heads,
        [
            "lustre (2.17.58-1) unstable; urgency=medium",
            "lustre (2.17.57-2) UNRELEASED; urgency=medium",
            "lustre (2.17.57-1) unstable; urgency=medium",
        ]
    );
    assert_eq!(
        sandbox.git("pkg.git", &["log", "--format=%s", BRANCH]),
        "lustre 2.17.58-1\nBuild with me\nlustre 2.17.57-1"
    );
    let trailers =
        sandbox.git("pkg.git", &["log", "-1", "--format=%(trailers:key=Lustre-Dist-Kept)", BRANCH]);
    assert_snapshot!(trailers.replace(&sandbox.git("pkg.git", &["rev-parse", "debian/lts-6.12~2:debian/rules"]), "[OURS]"), @"
    Lustre-Dist-Kept: absent debian/NEWS
    Lustre-Dist-Kept: 100755 [OURS] debian/rules
    ");
    // With the next one, too: what was kept is not taken for ours.
    release_after(&sandbox);
    branch(&sandbox, &[]).success();
    assert!(show(&sandbox, &format!("{BRANCH}:debian/rules")).contains("--with me"));
    assert_eq!(show(&sandbox, &format!("{BRANCH}:debian/NEWS")), "news");
    assert_eq!(show(&sandbox, &format!("{BRANCH}:COPYING")), "GPL 3");
    sandbox.git("pkg.git", &["fsck", "--strict", "--no-dangling"]);
}

#[test]
fn what_both_changed_is_not_written_over() {
    let sandbox = prepared();
    branch(&sandbox, &[]).success();
    let mine = [
        ("debian/control", "Source: lustre\nMaintainer: M <m@example.org>\n"),
        ("debian/lustre-dkms.dkms", "mine\n"),
        ("debian/watch.in", "mine\n"),
        ("include/lnet.h", "#define LNET 3\n"),
    ];
    packager_commits(&sandbox, &mine, "My own");
    sandbox.git("work", &["rm", "--quiet", "debian/copyright"]);
    packager_commits(&sandbox, &[], "No licence");
    release_next(&sandbox);
    sandbox.write("t/deb/files/watch.in", "theirs\n");
    assert_snapshot!(refused(&sandbox, 6, &["--template-dir", "t"]), @"
    error: `debian/copyright` was removed on `debian/lts-6.12`, and lustre-2.17.58 changes it too
     = help: keep the branch's: `--keep debian/copyright`; or bring both together in a folder of `--template-dir`, and commit the result on the branch first

    error: `debian/lustre-dkms.dkms` was changed on `debian/lts-6.12`, and lustre-2.17.58 changes it too
     = help: keep the branch's: `--keep debian/lustre-dkms.dkms`; or bring both together in a folder of `--template-dir`, and commit the result on the branch first

    error: `debian/watch.in` was added on `debian/lts-6.12`, and lustre-2.17.58 changes it too
     = help: keep the branch's: `--keep debian/watch.in`; or bring both together in a folder of `--template-dir`, and commit the result on the branch first

    error: `include/lnet.h` was changed on `debian/lts-6.12`, outside of `debian/`
     = note: lustre-2.17.58 would undo that: there the branch has what the tarball has
     = help: make it a patch in `debian/patches` and put the file back (see gbp-pq(1))

    4 problems
    ");
    packager_commits(&sandbox, &[("include/lnet.h", "#define LNET 2\n")], "A patch is better");
    let keep =
        ["--keep", "debian/lustre-dkms.dkms", "--keep", "debian/copyright", "--keep", "debian/watch.in"];
    branch(&sandbox, &[&["--template-dir", "t"], &keep[..]].concat()).success();
    assert_eq!(show(&sandbox, &format!("{BRANCH}:debian/watch.in")), "mine");
    assert!(show(&sandbox, &format!("{BRANCH}:debian/control")).contains("m@example.org"));
    assert!(!sandbox.git("pkg.git", &["ls-tree", "-r", "--name-only", BRANCH]).contains("copyright"));
    // What was kept once is theirs from then on: the next change to it is asked about again.
    release_after(&sandbox);
    assert_snapshot!(refused(&sandbox, 6, &["--template-dir", "t"]), @"
    error: `debian/copyright` was removed on `debian/lts-6.12`, and lustre-2.17.59 changes it too
     = help: keep the branch's: `--keep debian/copyright`; or bring both together in a folder of `--template-dir`, and commit the result on the branch first

    error: `debian/lustre-dkms.dkms` was changed on `debian/lts-6.12`, and lustre-2.17.59 changes it too
     = help: keep the branch's: `--keep debian/lustre-dkms.dkms`; or bring both together in a folder of `--template-dir`, and commit the result on the branch first

    2 problems
    ");
}

#[test]
fn an_amended_commit_is_known_for_what_was_changed_in_it() {
    let sandbox = prepared();
    branch(&sandbox, &[]).success();
    sandbox.git(".", &["clone", "--quiet", "--branch", BRANCH, "pkg.git", "work"]);
    sandbox.write("work/debian/lustre-dkms.dkms", "mine\n");
    sandbox.git("work", &["commit", "--quiet", "--all", "--amend", "--no-edit"]);
    sandbox.git("work", &["push", "--quiet", "--force"]);
    release_next(&sandbox);
    assert_snapshot!(refused(&sandbox, 6, &[]), @"
    error: `debian/lustre-dkms.dkms` was changed on `debian/lts-6.12`, and lustre-2.17.58 changes it too
     = help: keep the branch's: `--keep debian/lustre-dkms.dkms`; or bring both together in a folder of `--template-dir`, and commit the result on the branch first
    ");
    // What was written at first is needed to tell; where it is gone, that is said.
    sandbox.git("pkg.git", &["reflog", "expire", "--expire=now", "--all"]);
    sandbox.git("pkg.git", &["gc", "--quiet", "--prune=now"]);
    let said = refused(&sandbox, 4, &[]);
    assert!(said.contains("that 2.17.57-1 was committed with cannot be read"), "{said}");
}

#[test]
fn a_branch_in_use_or_of_others_is_left_alone() {
    let sandbox = prepared();
    sandbox.git(".", &["init", "--quiet", "--initial-branch", BRANCH, "mine"]);
    assert_snapshot!(branch_in(&sandbox, "mine", &[]).failure(2), @"
    error: `debian/lts-6.12` is checked out in `[SANDBOX]/mine`
     = note: a commit that others make on it would look like changes of yours there
     = help: check out another branch there (`git switch --detach`), or name a bare clone with `--repo`
    ");
    sandbox.commit("mine", &[("debian/control", "")], "By hand");
    let id = sandbox.git("mine", &["rev-parse", "HEAD"]);
    sandbox.git("mine", &["switch", "--quiet", "--create", "elsewhere"]);
    assert_snapshot!(branch_in(&sandbox, "mine", &[]).failure(6), @"
    error: `debian/lts-6.12` in `mine` is not of this tool
     = note: no commit on it has the trailers of one, such as `Lustre-Dist-Release`
     = help: rename it: `git branch --move debian/lts-6.12 debian/lts-6.12-before`
    ");
    sandbox.git("mine", &["branch", "--move", BRANCH, "debian/before"]);
    branch_in(&sandbox, "mine", &[]).success();
    assert_eq!(sandbox.git("mine", &["rev-parse", "HEAD"]), id);
    assert_eq!(sandbox.git("mine", &["status", "--porcelain"]), "");
    // In a work tree beside, too.
    sandbox.git("mine", &["worktree", "add", "--quiet", "../beside", BRANCH]);
    release_next(&sandbox);
    assert_snapshot!(branch_in(&sandbox, "mine", &[]).failure(2), @"
    error: `debian/lts-6.12` is checked out in `[SANDBOX]/beside`
     = note: a commit that others make on it would look like changes of yours there
     = help: check out another branch there (`git switch --detach`), or name a bare clone with `--repo`
    ");
    sandbox.git("beside", &["switch", "--quiet", "--detach"]);
    branch_in(&sandbox, "beside", &[]).success();
    // A tag of that name with another tree.
    sandbox.git("pkg.git", &["fetch", "--quiet", "../mine", "elsewhere"]);
    sandbox.git("pkg.git", &["tag", "upstream/2.17.57", "FETCH_HEAD"]);
    assert_snapshot!(refused(&sandbox, 6, &[]), @"
    error: the tag `upstream/2.17.57` is there and has another tree
     = note: expected that of lustre-2.17.57.tar.xz
     = help: rename or delete the tag if nobody built on it
    ");
    sandbox.git("pkg.git", &["tag", "--delete", "upstream/2.17.57"]);
    branch(&sandbox, &[]).success();
}

#[test]
fn a_request_that_no_branch_can_meet_is_refused() {
    let sandbox = prepared();
    assert_snapshot!(branch_in(&sandbox, "no-such", &[]).failure(2), @"
    error: there is no repository `no-such`
     = help: make one: `git init --bare PATH`
    ");
    assert_snapshot!(refused(&sandbox, 2, &["--releases", "nowhere"]), @"
    error: there is no release of the line `lts-6.12` in `nowhere`
     = note: there: no release at all
     = help: name a line of these, another folder with `--releases`, or the releases themselves
    ");
    let arguments = ["package", "branch", "lts-6.18", "--repo", "pkg.git", "--maintainer", WHO];
    assert_snapshot!(sandbox.run(&arguments).failure(2), @"
    error: there is no release of the line `lts-6.18` in `dist`
     = note: there: lustre/lts-6.12
     = help: name a line of these, another folder with `--releases`, or the releases themselves
    ");
    assert_snapshot!(sandbox.run(&[&arguments[..], &["dist/lustre-2.17.57"]].concat()).failure(2), @"
    error: lustre-2.17.57 is not of the line `lts-6.18`
     = note: it is of lustre/lts-6.12
     = help: name its own line, or another release
    ");
    let bad = ["package", "branch", "a b", "--repo", "pkg.git", "--maintainer", WHO];
    assert_snapshot!(sandbox.run(&bad).failure(2), @"
    error: `a b` is no line: no branch can have that name
     = help: lines have ids such as `lts-6.12`
    ");
    // Older than the branch, and the same version with another content.
    release_next(&sandbox);
    branch(&sandbox, &["dist/lustre-2.17.58"]).success();
    assert_snapshot!(branch(&sandbox, &[]).success(), @"
    debian/lts-6.12 is at 2.17.58-1, and nothing is newer
      passed over: lustre-2.17.57 is older than 2.17.58-1, which is on the branch
    ");
    fs::rename(sandbox.path("dist"), sandbox.path("first")).expect("a folder");
    sandbox.write("n.toml", sandbox.read("n.toml").replace("[line]", "[line]\n# another"));
    sandbox.run(&["assemble", "n.toml"]).success();
    assert_snapshot!(refused(&sandbox, 6, &[]), @"
    error: 2.17.58 is on `debian/lts-6.12` as another release
     = note: there  sha256 0cd2fb103d7fbce930ce82bb7719deebc25c6a89a3150f47e57950ec36f7b135
     = note: here   sha256 8501cf1711ad9402a81b2c14e09572ff096cd11f522c2df9329949e2ed58fd94
     = help: verify both: a version is never released twice
    ");
}

#[test]
fn a_vendors_next_packaging_is_a_commit_of_its_own() {
    let sandbox = prepared();
    branch(&sandbox, &["--vendor-suffix", "acme.1"]).success();
    branch(&sandbox, &["--vendor-suffix", "acme.1"]).success();
    sandbox.write("t/deb/files/NEWS", "news\n");
    let more = ["--vendor-suffix", "acme.2", "--template-dir", "t"];
    assert!(branch(&sandbox, &more).success().contains("2.17.57-1+acme~2"));
    assert_eq!(
        sandbox.git("pkg.git", &["log", "--format=%s", BRANCH]),
        "lustre 2.17.57-1+acme~2\nlustre 2.17.57-1+acme~1"
    );
    assert_eq!(sandbox.git("pkg.git", &["rev-list", "--count", "upstream/lts-6.12"]), "1");
}

#[test]
fn a_tree_with_packaging_of_its_own_keeps_it_on_the_branch() {
    let sandbox = own();
    sandbox.write("m.toml", manifest(r#"formats = ["tar.xz"]"#, ""));
    sandbox.run(&["assemble", "m.toml"]).success();
    sandbox.git(".", &["init", "--quiet", "--bare", "--initial-branch=master", "pkg.git"]);
    branch(&sandbox, &[]).success();
    release_next(&sandbox);
    branch(&sandbox, &[]).success();
    let changelog = show(&sandbox, &format!("{BRANCH}:debian/changelog"));
    let heads: Vec<&str> = changelog.lines().filter(|line| line.starts_with("lustre (")).collect();
    assert_eq!(
        heads,
        [
            "lustre (2.17.58-1) unstable; urgency=medium",
            "lustre (2.17.57-1) unstable; urgency=medium",
            "lustre (1.0-1) unstable; urgency=low",
        ]
    );
    // Its own folder is in the tarball's tree, and not on the branch beside what is made of it.
    let upstream = sandbox.git("pkg.git", &["ls-tree", "-r", "--name-only", "upstream/2.17.58"]);
    assert!(upstream.contains("debian/changelog.in") && upstream.contains("debian/.gitignore"), "{upstream}");
    let listed = sandbox.git("pkg.git", &["ls-tree", "-r", "--name-only", BRANCH, "debian/"]);
    assert_snapshot!(listed, @"
    debian/changelog
    debian/control
    debian/control.main
    debian/gbp.conf
    debian/rules
    debian/source/format
    ");
    sandbox.git("pkg.git", &["fsck", "--strict", "--no-dangling"]);
}

#[test]
fn a_release_whose_signature_fails_gets_no_commit() {
    let sandbox = prepared();
    for (name, seed) in [("signer", 1), ("stranger", 2)] {
        sandbox.write(&format!("{name}.secret"), Owner::new(seed).secret_file());
        sandbox.write(&format!("{name}.asc"), Owner::new(seed).file());
    }
    release_next(&sandbox);
    let sign = |release: &str, who: &str| {
        let date = ["--date", "2026-02-03T04:05:06Z"];
        sandbox.run(&[&["sign", release, "--with", "openpgp", "--key", who], &date[..]].concat()).success();
    };
    sign("dist/lustre-2.17.57", "signer.secret");
    sign("dist/lustre-2.17.58", "stranger.secret");
    let said = refused(&sandbox, 2, &[]);
    assert!(said.contains("lustre-2.17.57 is signed"), "{said}");
    let said = refused(&sandbox, 6, &["--signing-key", "signer.asc"]);
    assert!(said.contains("`lustre-2.17.58.tar.xz.asc` is not a good signature"), "{said}");
    fs::remove_dir_all(sandbox.path("dist/lustre-2.17.58")).expect("a release");
    let made = branch(&sandbox, &["--signing-key", "signer.asc"]).success();
    assert!(made.contains("good signature: lustre-2.17.57.tar.xz.asc"), "{made}");
    assert!(show(&sandbox, &format!("{BRANCH}:debian/upstream/signing-key.asc")).contains("PUBLIC KEY"));
}
