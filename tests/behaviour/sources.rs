// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Repositories of every shape give the same bytes, and nothing but their objects and refs counts.

use std::fs;

use crate::runner::{Sandbox, manifest};

fn url_of(sandbox: &Sandbox, folder: &str) -> String {
    format!("file://{}", sandbox.path(folder).display())
}

#[test]
fn every_shape_of_repository_gives_the_same_identity() {
    let sandbox = Sandbox::with_lustre();
    let url = url_of(&sandbox, "lustre");
    let expected = sandbox.identity(&[]);
    sandbox.git(".", &["clone", "--quiet", "--bare", "lustre", "bare.git"]);
    sandbox.git(".", &["clone", "--quiet", "--shared", "lustre", "shared"]);
    sandbox.git(".", &["clone", "--quiet", "--depth", "1", "--branch", "v2_17_57", &url, "shallow"]);
    sandbox.git(".", &["clone", "--quiet", "lustre", "packed"]);
    sandbox.git("packed", &["gc", "--quiet"]);
    sandbox.git("packed", &["multi-pack-index", "write"]);
    sandbox.git("packed", &["commit-graph", "write", "--reachable"]);
    assert!(!sandbox.path("packed/.git/refs/tags/v2_17_57").exists());
    sandbox.git("lustre", &["worktree", "add", "--quiet", "../linked", "HEAD"]);
    sandbox.git(".", &["clone", "--quiet", "--separate-git-dir=apart.git", "lustre", "separate"]);
    for place in [
        "lustre",
        "lustre/.git",
        "./lustre/",
        "bare.git",
        "shared",
        "shallow",
        "packed",
        "packed/.git",
        "linked",
        "linked/.git",
        "separate",
        "apart.git",
    ] {
        assert_eq!(sandbox.identity(&["--source", &format!("lustre={place}")]), expected, "{place}");
    }
    let absolute = format!("lustre={}", sandbox.path("bare.git").display());
    assert_eq!(sandbox.identity(&["--source", &absolute]), expected);
    std::os::unix::fs::symlink("bare.git", sandbox.path("link")).expect("a link");
    assert_eq!(sandbox.identity(&["--source", "lustre=link"]), expected);
}

#[test]
fn a_reftable_repository_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("m.toml", manifest(""));
    sandbox.git(".", &["init", "--quiet", "--ref-format=reftable", "lustre"]);
    sandbox.commit("lustre", &[("COPYING", "GPL\n")], "first");
    sandbox.git("lustre", &["tag", "v2_17_57"]);
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: the repository `lustre` cannot be used: it keeps its refs in the reftable format; files are read
      --> m.toml:11:7
       |
    11 | git = "lustre"
       |       ^^^^^^^^ named here
       = help: clone it into the files format with SHA-1 ids: `git clone --bare --ref-format=files URL PATH`
    "#);
    sandbox.git("lustre", &["worktree", "add", "--quiet", "../linked", "HEAD"]);
    sandbox.git(".", &["clone", "--quiet", "--bare", "--ref-format=reftable", "lustre", "bare.git"]);
    for place in ["lustre/.git", "linked", "bare.git"] {
        let said = sandbox.refused(&["--source", &format!("lustre={place}")], 4);
        assert!(said.contains("keeps its refs in the reftable format"), "{place}: {said}");
    }
}

#[test]
fn a_repository_with_sha256_ids_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("m.toml", manifest(""));
    sandbox.git(".", &["init", "--quiet", "--object-format=sha256", "lustre"]);
    sandbox.commit("lustre", &[("COPYING", "GPL\n")], "first");
    sandbox.git("lustre", &["tag", "v2_17_57"]);
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: the repository `lustre` cannot be used: its object ids are not SHA-1
      --> m.toml:11:7
       |
    11 | git = "lustre"
       |       ^^^^^^^^ named here
       = help: clone it into the files format with SHA-1 ids: `git clone --bare --ref-format=files URL PATH`
    "#);
}

#[test]
fn what_is_no_repository_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("m.toml", manifest(""));
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: there is nothing at `lustre`
      --> m.toml:11:7
       |
    11 | git = "lustre"
       |       ^^^^^^^^ named here
       = help: expected a git repository or a bundle; a path in a manifest starts from its folder
    "#);
    sandbox.write("lustre/COPYING", "GPL\n");
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: cannot open a git repository at `lustre`
      --> m.toml:11:7
       |
    11 | git = "lustre"
       |       ^^^^^^^^ named here
       = note: "lustre" does not appear to be a git repository
       = note: Missing HEAD at ".git/HEAD"
       = help: expected the top folder of a work tree, its `.git`, a bare repository or a bundle
    "#);
    insta::assert_snapshot!(sandbox.refused(&["--source", "lustre=lustre/COPYING"], 4), @r"
    error: `lustre/COPYING` is not a git bundle that can be used: it begins neither with `# v2 git bundle` nor `# v3 git bundle`
     = note: given by `--source lustre=lustre/COPYING`
     = help: make it again with `git bundle create FILE TAG`, in a repository with SHA-1 ids
    ");
    insta::assert_snapshot!(sandbox.refused(&["--source", "lustre=nowhere"], 4), @r"
    error: there is nothing at `nowhere`
     = note: given by `--source lustre=nowhere`
     = help: expected a git repository or a bundle; a path in a manifest starts from its folder
    ");
    insta::assert_snapshot!(sandbox.refused(&["--source", "linux=lustre"], 2), @r"
    error: `--source linux=...` names a source that the manifest does not have
     = note: m.toml has lustre
    ");
}

#[test]
fn a_folder_inside_a_work_tree_is_not_its_repository() {
    let sandbox = Sandbox::with_lustre();
    let said = sandbox.refused(&["--source", "lustre=lustre/lustre"], 4);
    assert!(said.contains("cannot open a git repository at `lustre/lustre`"), "{said}");
}

#[test]
fn replace_refs_and_grafts_have_no_effect() {
    let sandbox = Sandbox::with_lustre();
    let expected = sandbox.identity(&[]);
    let other = sandbox.object("lustre", "blob", b"replaced\n");
    let blob = sandbox.git("lustre", &["rev-parse", "HEAD:COPYING"]);
    sandbox.git("lustre", &["replace", &blob, &other]);
    assert_eq!(sandbox.identity(&[]), expected);

    sandbox.commit("lustre", &[("COPYING", "another\n")], "second");
    sandbox.git("lustre", &["replace", "v2_17_57^{tree}", "HEAD^{tree}"]);
    assert_eq!(sandbox.identity(&[]), expected);
    sandbox.git("lustre", &["replace", "v2_17_57^{commit}", "HEAD"]);
    sandbox.git("lustre", &["config", "core.useReplaceRefs", "true"]);
    assert_eq!(sandbox.git("lustre", &["show", "v2_17_57:COPYING"]), "another");
    assert_eq!(sandbox.identity(&[]), expected);
    sandbox.git("lustre", &["pack-refs", "--all"]);
    assert_eq!(sandbox.identity(&[]), expected);

    let head = sandbox.git("lustre", &["--no-replace-objects", "rev-parse", "HEAD"]);
    sandbox.write("lustre/.git/info/grafts", format!("{head}\n"));
    assert_eq!(sandbox.identity(&[]), expected);
}

#[test]
fn attributes_and_filters_have_no_effect() {
    let files = [("COPYING", "GPL $Format:%H$ $Id$\n"), ("secret", "export-ignored\n")];
    let plain = Sandbox::new();
    plain.repository("lustre", &files, "v2_17_57");
    // The tree holds the file; only its say about the others is on trial.
    let with_file = Sandbox::new();
    let attributes = "* text eol=crlf filter=evil ident\nsecret export-ignore\nCOPYING export-subst\n";
    with_file.repository("lustre", &[files[0], files[1], (".gitattributes", attributes)], "v2_17_57");
    for sandbox in [&plain, &with_file] {
        sandbox.write("m.toml", manifest("").replace("tar.gz", "tar"));
        let expected = sandbox.identity(&[]);
        sandbox.write("lustre/.git/info/attributes", format!("{attributes}* working-tree-encoding=UTF-16\n"));
        sandbox.git("lustre", &["config", "filter.evil.smudge", "touch ../ran"]);
        sandbox.git("lustre", &["config", "filter.evil.required", "true"]);
        assert_eq!(sandbox.identity(&[]), expected);
        sandbox.run(&["assemble", "m.toml"]).success();
        assert!(!sandbox.path("ran").exists());
        let tar = fs::read(sandbox.path("dist/lustre-2.17.57/lustre-2.17.57.tar")).expect("the tar");
        let holds = |text: &[u8]| tar.windows(text.len()).any(|window| window == text);
        assert!(holds(b"GPL $Format:%H$ $Id$\n"));
        assert!(holds(b"export-ignored\n"));
    }
}

#[test]
fn hooks_and_configuration_have_no_effect() {
    let sandbox = Sandbox::with_lustre();
    let expected = sandbox.identity(&[]);
    let script = format!("#!/bin/sh\ntouch {}\n", sandbox.path("ran").display());
    for hook in ["post-checkout", "reference-transaction", "pre-auto-gc", "fsmonitor-watchman"] {
        let path = format!("lustre/.git/hooks/{hook}");
        sandbox.write(&path, &script);
        let executable: fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(sandbox.path(&path), executable).expect("executable");
    }
    let fsmonitor = sandbox.path("lustre/.git/hooks/fsmonitor-watchman");
    let included = sandbox.path("included");
    sandbox.write(
        "included",
        "[core]\n\tuseReplaceRefs = true\n\tbare = true\n[extensions]\n\tobjectFormat = sha256\n",
    );
    let config = sandbox.read("lustre/.git/config");
    for more in [
        "[core]\n\tautocrlf = true\n\tsafecrlf = true\n\teol = crlf\n",
        "[core]\n\tworktree = /nonexistent\n",
        "[core]\n\tbare = true\n",
        "[core]\n\tignoreCase = true\n\tprecomposeUnicode = true\n\tprotectNTFS = false\n",
        &format!("[core]\n\tfsmonitor = {}\n", fsmonitor.display()),
        &format!(
            "[include]\n\tpath = {}\n[includeIf \"gitdir:**\"]\n\tpath = {}\n",
            included.display(),
            included.display()
        ),
        "[extensions]\n\tworktreeConfig = true\n",
        "[extensions]\n\tpartialClone = origin\n[remote \"origin\"]\n\turl = ext::sh -c touch% ../ran\n\tpromisor = true\n",
        "[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\tpreciousObjects = true\n",
        "[alias]\n\tfetch = !touch ../ran\n[tar]\n\tumask = 077\n[gc]\n\tauto = 1\n",
        "[core]\n\tbigFileThreshold = 1\n\tcompression = 0\n\tlooseCompression = 0\n[pack]\n\tthreads = 9\n",
        "[core]\n\tcommitGraph = true\n\tmultiPackIndex = true\n[gitoxide \"objects\"]\n\tcacheLimit = 1\n\tnoReplace = false\n",
        "[gitoxide \"core\"]\n\tuseReplaceRefs = true\n\tfilterProcessDelay = true\n[gitoxide \"objects\"]\n\treplaceRefBase = refs/heads\n",
        "[lustre-dist]\n\tanything = true\n",
    ] {
        sandbox.write("lustre/.git/config", format!("{config}{more}"));
        assert_eq!(sandbox.identity(&[]), expected, "{more}");
    }
    assert!(!sandbox.path("ran").exists());
}

#[test]
fn the_environment_has_no_effect() {
    let sandbox = Sandbox::with_lustre();
    let expected = sandbox.identity(&[]);
    sandbox.repository("other", &[("COPYING", "another\n")], "v2_17_57");
    let replacement = sandbox.object("lustre", "blob", b"replaced\n");
    let blob = sandbox.git("lustre", &["rev-parse", "HEAD:COPYING"]);
    sandbox.git("lustre", &["update-ref", &format!("refs/mine/{blob}"), &replacement]);
    let other = sandbox.path("other/.git");
    let other = other.to_str().expect("UTF-8");
    let objects = format!("{other}/objects");
    sandbox.write("elsewhere/.gitconfig", "[core]\n\tuseReplaceRefs = true\n\tautocrlf = true\n");
    let elsewhere = sandbox.path("elsewhere");
    let elsewhere = elsewhere.to_str().expect("UTF-8");
    for variables in [
        &[("GIT_DIR", other)][..],
        &[("GIT_WORK_TREE", elsewhere)],
        &[("GIT_COMMON_DIR", other)],
        &[("GIT_OBJECT_DIRECTORY", &objects)],
        &[("GIT_ALTERNATE_OBJECT_DIRECTORIES", &objects)],
        &[("GIT_REPLACE_REF_BASE", "refs/mine/")],
        &[("GIT_NAMESPACE", "nowhere")],
        &[("GIT_INDEX_FILE", "/nonexistent"), ("GIT_SHALLOW_FILE", "/nonexistent")],
        &[
            ("GIT_CONFIG_COUNT", "1"),
            ("GIT_CONFIG_KEY_0", "core.worktree"),
            ("GIT_CONFIG_VALUE_0", "/nonexistent"),
        ],
        &[("GIT_CONFIG_PARAMETERS", "'core.usereplacerefs'='true'")],
        &[("GIT_CEILING_DIRECTORIES", "/"), ("GIT_DEFAULT_HASH", "sha256")],
        &[("HOME", elsewhere), ("XDG_CONFIG_HOME", elsewhere)],
        &[("TZ", "Pacific/Chatham"), ("LC_ALL", "tr_TR.UTF-8"), ("LANG", "C")],
        &[("SOURCE_DATE_EPOCH_", "1"), ("GIT_PREFIX", "lustre/")],
    ] {
        let mut command = sandbox.command(&["digest", "m.toml"]);
        command.envs(variables.iter().copied());
        assert_eq!(sandbox.finish(&mut command).success(), expected, "{variables:?}");
    }
    for jobs in ["1", "2", "7", "64"] {
        assert_eq!(sandbox.identity(&["-j", jobs]), expected, "-j {jobs}");
    }
    let mut command = sandbox.command(&["digest", "../m.toml"]);
    command.current_dir(elsewhere);
    assert_eq!(sandbox.finish(&mut command).success(), expected);
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "umask 077; exec \"$0\" digest m.toml", env!("CARGO_BIN_EXE_lustre-dist")]);
    command.current_dir(sandbox.path(".")).env("LUSTRE_DIST_CACHE", sandbox.path("cache"));
    assert_eq!(sandbox.finish(&mut command).success(), expected);
}

#[test]
fn the_work_tree_and_the_index_have_no_effect() {
    let sandbox = Sandbox::with_lustre();
    let expected = sandbox.identity(&[]);
    sandbox.write("lustre/COPYING", "edited\n");
    sandbox.write("lustre/untracked", "new\n");
    fs::remove_file(sandbox.path("lustre/lustre/utils/README")).expect("removed");
    assert_eq!(sandbox.identity(&[]), expected);
    sandbox.git("lustre", &["add", "--all"]);
    assert_eq!(sandbox.identity(&[]), expected);
    sandbox.write("lustre/.git/index", "garbage");
    sandbox.write("lustre/.git/HEAD", "ref: refs/heads/unborn\n");
    assert_eq!(sandbox.identity(&[]), expected);
}

#[test]
fn an_object_that_holds_anothers_content_is_refused() {
    let sandbox = Sandbox::with_lustre();
    sandbox.impostor("lustre", "v2_17_57:COPYING", "v2_17_57:lustre/utils/lfs.c");
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r"
    error: `COPYING` cannot be released
     = note: blob 505faa142ba50b9b926378192bdb76f46d68742d holds the content of another object, f7fb5910a6050ac2cd2cc4563a8651c523a2c526
     = note: source `lustre` (lustre)
    ");

    let sandbox = Sandbox::with_lustre();
    sandbox.impostor("lustre", "v2_17_57:lustre/utils", "v2_17_57:lustre");
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r"
    error: the entry `lustre/utils` is the tree 749af8a2abf695e706eb0f02d44886ac95d632b1, which holds the content of another object, 862c94a09fff304d4689a02f142c862008c23b7b
     = note: object 749af8a2abf695e706eb0f02d44886ac95d632b1
     = note: source `lustre` (lustre)
    ");

    let sandbox = Sandbox::with_lustre();
    sandbox.commit("lustre", &[], "second");
    sandbox.impostor("lustre", "v2_17_57^{commit}", "HEAD");
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: tag `v2_17_57` of source `lustre` cannot be used: its object 9e379b62e9a0888330880ee0f959569a3e4a5e00 holds the content of another object, 46dbfaaa59a859b4c565dc15051fd72c26b7fd14
      --> m.toml:12:7
       |
    12 | tag = "v2_17_57"
       |       ^^^^^^^^^^ source `lustre`
       = note: looked for in lustre
       = note: tag object 7006a4dd796ab7298702fe5a6bbde01c16a619a1
       = help: the repository is damaged: `git fsck` tells more, a fresh clone mends it
    "#);

    let sandbox = Sandbox::with_lustre();
    sandbox.git("lustre", &["tag", "--annotate", "--message", "other", "other"]);
    sandbox.impostor("lustre", "v2_17_57", "other");
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: tag `v2_17_57` of source `lustre` cannot be used: its object 7006a4dd796ab7298702fe5a6bbde01c16a619a1 holds the content of another object, 89c80a022ed96b355474f3177ffeca05f5eb43b5
      --> m.toml:12:7
       |
    12 | tag = "v2_17_57"
       |       ^^^^^^^^^^ source `lustre`
       = note: looked for in lustre
       = help: the repository is damaged: `git fsck` tells more, a fresh clone mends it
    "#);

    // A content of another kind is an impostor too, and not "a blob".
    let sandbox = Sandbox::with_lustre();
    sandbox.impostor("lustre", "v2_17_57^{tree}", "v2_17_57:COPYING");
    let said = sandbox.refused(&[], 4);
    assert!(said.contains("holds the content of another object"), "{said}");
}

#[test]
fn a_symbolic_links_target_is_re_hashed_too() {
    let sandbox = Sandbox::with_lustre();
    std::os::unix::fs::symlink("COPYING", sandbox.path("lustre/LICENSE")).expect("a link");
    sandbox.commit("lustre", &[], "a link");
    sandbox.retag("lustre", "v2_17_57", "HEAD");
    sandbox.impostor("lustre", "HEAD:LICENSE", "HEAD:COPYING");
    let said = sandbox.run(&["assemble", "m.toml"]);
    assert!(
        said.stderr.contains("`LICENSE`") && said.stderr.contains("holds the content of another object"),
        "{}",
        said.stderr
    );
    assert_eq!(sandbox.list("dist"), [""; 0]);
}

#[test]
fn damaged_objects_are_refused() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 4] = [
        ("truncated", |bytes| bytes.truncate(bytes.len() / 2)),
        ("empty", Vec::clear),
        ("garbage", |bytes| bytes.fill(b'x')),
        ("flipped", |bytes| {
            let middle = bytes.len() - 3;
            bytes[middle] ^= 0x10;
        }),
    ];
    for object in ["v2_17_57:lustre/utils/lfs.c", "v2_17_57:lustre/utils", "v2_17_57^{commit}", "v2_17_57"] {
        for (what, damage) in damages {
            let sandbox = Sandbox::with_lustre();
            let id = sandbox.git("lustre", &["rev-parse", object]);
            sandbox.replace(&sandbox.loose("lustre", object), damage);
            let run = sandbox.run(&["assemble", "m.toml"]);
            assert!([3, 4].contains(&run.code), "{what} {object}: {}", run.stderr);
            assert!(run.stderr.contains(&id), "{what} {object}: {}", run.stderr);
            assert_eq!(sandbox.list("dist"), [""; 0]);
        }
    }
    let sandbox = Sandbox::with_lustre();
    sandbox.replace(&sandbox.loose("lustre", "v2_17_57:COPYING"), |bytes| bytes.truncate(8));
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: `COPYING` cannot be released
     = note: blob 505faa142ba50b9b926378192bdb76f46d68742d cannot be decoded: Could not read loose object, path="lustre/.git/objects/50/5faa142ba50b9b926378192bdb76f46d68742d": Did not find 0 byte in header
     = note: source `lustre` (lustre)
    "#);
}

#[test]
fn an_object_that_claims_to_be_huge_is_refused() {
    let sandbox = Sandbox::with_lustre();
    let path = sandbox.loose("lustre", "v2_17_57:COPYING");
    for size in
        ["5", "1099511627776", "9223372036854775807", "18446744073709551615", "99999999999999999999999", "-1"]
    {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, format!("blob {size}\0GPL\n").as_bytes()).expect("packed");
        let packed = encoder.finish().expect("packed");
        sandbox.replace(&path, |bytes| *bytes = packed);
        let said = sandbox.refused(&[], 4);
        assert!(said.contains("`COPYING`"), "{size}: {said}");
    }
}

#[test]
fn a_flipped_byte_in_a_pack_is_never_released() {
    let sandbox = Sandbox::with_lustre();
    let expected = sandbox.identity(&[]);
    sandbox.git("lustre", &["gc", "--quiet"]);
    let name = sandbox
        .list("lustre/.git/objects/pack")
        .into_iter()
        .find(|name| name.ends_with(".pack"))
        .expect("a pack");
    let pack = sandbox.path(&format!("lustre/.git/objects/pack/{name}"));
    let whole = fs::read(&pack).expect("the pack");
    let mut refused = 0;
    for at in 12..whole.len() - 20 {
        if at % 5 != 0 {
            continue;
        }
        sandbox.replace(&pack, |bytes| {
            bytes.clone_from(&whole);
            bytes[at] ^= 0x04;
        });
        let run = sandbox.run(&["digest", "m.toml"]);
        // A bit that zlib does not look at may change nothing; anything else is refused.
        match run.code {
            0 => assert_eq!(run.stdout, expected, "byte {at}"),
            3 | 4 => refused += 1,
            code => panic!("byte {at}: {code}: {}", run.stderr),
        }
    }
    assert!(refused > 20, "{refused}");
}

#[test]
fn a_missing_blob_matters_only_where_it_is_taken() {
    let sandbox = Sandbox::with_lustre();
    fs::remove_file(sandbox.loose("lustre", "v2_17_57:lustre/utils/lfs.c")).expect("removed");
    let said = sandbox.refused(&[], 4);
    insta::assert_snapshot!(said, @r"
    error: `lustre/utils/lfs.c` cannot be read: its object is missing
     = note: blob f7fb5910a6050ac2cd2cc4563a8651c523a2c526
     = note: source `lustre` (lustre)
     = help: fetch from a repository that has it, or drop it from this run with `--leave-out 'lustre/utils/lfs.c'`, which makes the release partial
    ");
    assert!(sandbox.refusal(&["digest", "m.toml", "--quiet"], 4).ends_with(&said));

    sandbox.write("m.toml", manifest("").replace("from = \".\"", "from = \"COPYING\""));
    sandbox.run(&["assemble", "m.toml", "--out", "without"]).success();
    let exclude = r#"exclude = [{ glob = "lustre/utils/lfs.c", reason = "not here" }]"#;
    sandbox.write("m.toml", manifest(exclude));
    sandbox.run(&["assemble", "m.toml", "--out", "excluded"]).success();

    sandbox.write("m.toml", manifest(""));
    let said = sandbox.run(&["assemble", "m.toml", "--leave-out", "lustre/utils/lfs.c"]).success();
    assert!(said.contains("PARTIAL: without lustre/utils/lfs.c; cannot be published"), "{said}");
    assert!(
        sandbox.read("dist/lustre-2.17.57/lustre-2.17.57.release.json").contains("\"lustre/utils/lfs.c\"")
    );
}

#[test]
fn a_missing_tree_commit_or_tag_object_is_named() {
    for object in ["v2_17_57:lustre/utils", "v2_17_57^{tree}", "v2_17_57^{commit}", "v2_17_57"] {
        let sandbox = Sandbox::with_lustre();
        let id = sandbox.git("lustre", &["rev-parse", object]);
        fs::remove_file(sandbox.loose("lustre", object)).expect("removed");
        let run = sandbox.run(&["assemble", "m.toml"]);
        assert!([3, 4].contains(&run.code), "{object}: {}", run.stderr);
        assert!(
            run.stderr.contains(&id) && run.stderr.contains("is not in the repository"),
            "{object}: {}",
            run.stderr
        );
        assert_eq!(sandbox.list("dist"), [""; 0]);
    }
    let sandbox = Sandbox::with_lustre();
    fs::remove_file(sandbox.loose("lustre", "v2_17_57^{commit}")).expect("removed");
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r#"
    error: tag `v2_17_57` of source `lustre` cannot be used: its object 9e379b62e9a0888330880ee0f959569a3e4a5e00 is not in the repository
      --> m.toml:12:7
       |
    12 | tag = "v2_17_57"
       |       ^^^^^^^^^^ source `lustre`
       = note: looked for in lustre
       = note: tag object 7006a4dd796ab7298702fe5a6bbde01c16a619a1
       = help: fetch it there, or read the source elsewhere with `--source NAME=PATH`
    "#);
    let sandbox = Sandbox::with_lustre();
    fs::remove_file(sandbox.loose("lustre", "v2_17_57:lustre")).expect("removed");
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r"
    error: the entry `lustre` is the tree 862c94a09fff304d4689a02f142c862008c23b7b, which is not in the repository
     = note: object 862c94a09fff304d4689a02f142c862008c23b7b
     = note: source `lustre` (lustre)
    ");
    // Where nothing of it is taken, a tree need not be there.
    sandbox.write("m.toml", manifest("").replace("from = \".\"", "from = \"COPYING\""));
    sandbox.run(&["assemble", "m.toml"]).success();
}
