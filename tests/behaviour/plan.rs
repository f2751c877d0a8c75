// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The plan's rules: what matches nothing, collides, clashes, is not covered, cannot be patched or
//! rendered. Every refusal is shown as the user sees it, and leaves nothing behind.

use insta::assert_snapshot;

use crate::runner::{Sandbox, manifest};

/// A Lustre tree and a kernel tree, and a manifest of both.
fn sandbox(more: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let lustre = [
        ("COPYING", "GPL\n"),
        ("lustre/utils/lfs.c", "int main(void)\n{\n\treturn 0;\n}\n"),
        ("lustre/utils/Makefile", "all: lfs\n"),
        ("lustre/doc/lfs.1", ".TH lfs 1\n"),
        ("contrib/notes", "for developers\n"),
    ];
    sandbox.repository("lustre", &lustre, "v2_17_57");
    sandbox.repository("linux", &[("fs/lustre/dir.c", "/* dir */\n"), ("COPYING", "Linux\n")], "v6.12.58");
    sandbox.write("m.toml", manifest(more));
    sandbox
}

/// The same, taking two folders of `lustre` and nothing else.
fn narrow(take: &str, more: &str) -> Sandbox {
    let sandbox = sandbox("");
    sandbox.write("m.toml", manifest(more).replace("{ from = \".\" }", take));
    sandbox
}

/// What `assemble` says of a manifest that it refuses; nothing was written.
#[track_caller]
fn refused(sandbox: &Sandbox) -> String {
    let said = sandbox.run(&["assemble", "m.toml"]).failure(3);
    assert_eq!(sandbox.list("dist"), [""; 0], "a refused run writes nothing");
    assert!(!sandbox.path("m.lock").exists(), "a refused run locks nothing");
    said
}

/// The paths in the plan.
fn paths(sandbox: &Sandbox) -> Vec<String> {
    let plan = sandbox.run(&["plan", "m.toml", "--json"]).success();
    let plan: serde_json::Value = serde_json::from_str(&plan).expect("JSON");
    let entries = plan["entries"].as_array().expect("entries");
    let path = |entry: &serde_json::Value| entry["path"].as_str().expect("a path").to_owned();
    entries
        .iter()
        .filter(|entry| entry["type"] != "directory")
        .map(path)
        .filter(|path| !path.starts_with(".lustre-dist/"))
        .collect()
}

const LINUX: &str = r#"
[source.linux]
git = "linux"
tag = "v6.12.*"
signature = "none"
"#;

#[test]
fn a_take_that_matches_nothing_is_refused_with_what_is_near() {
    let sandbox = narrow(r#"{ from = "lustre/utls/" }, { from = "lustre/doc/*.8" }"#, "");
    assert_snapshot!(refused(&sandbox), @r#"
    error: `lustre/utls/` of layer `userspace` matches nothing
      --> m.toml:18:18
       |
    18 | take = [{ from = "lustre/utls/" }, { from = "lustre/doc/*.8" }]
       |                  ^^^^^^^^^^^^^^ no such file in source `lustre`

    error: `lustre/doc/*.8` of layer `userspace` matches nothing
      --> m.toml:18:45
       |
    18 | take = [{ from = "lustre/utls/" }, { from = "lustre/doc/*.8" }]
       |                                             ^^^^^^^^^^^^^^^^ no such file in source `lustre`

    2 problems
    "#);
}

#[test]
fn an_exclude_that_matches_nothing_is_refused() {
    let sandbox = sandbox("exclude = [{ glob = \"**/.gitignore\", reason = \"for a work tree only\" }]");
    assert_snapshot!(refused(&sandbox), @r#"
    error: the exclude `**/.gitignore` of layer `userspace` matches nothing
      --> m.toml:19:21
       |
    19 | exclude = [{ glob = "**/.gitignore", reason = "for a work tree only" }]
       |                     ^^^^^^^^^^^^^^^ no such file in source `lustre`
       = help: remove it, or mend the glob: an exclude that matches nothing hides a renamed file
    "#);
}

#[test]
fn two_files_on_one_path_are_refused_unless_the_later_layer_replaces() {
    let layer = |more: &str| {
        format!(
            "{LINUX}\n[[layer]]\nname = \"upstream\"\nsource = \"linux\"\n\
             take = [{{ from = \"fs/\" }}, {{ from = \"COPYING\" }}]\n{more}"
        )
    };
    let clash = sandbox(&layer(""));
    assert_snapshot!(refused(&clash), @r#"
    error: two files land on `COPYING`
      --> m.toml:26:8
       |
    26 | name = "upstream"
       |        ^^^^^^^^^^ the later layer
       = note: first   layer `userspace`, `COPYING` of source `lustre`
       = note: second  layer `upstream`, `COPYING` of source `linux`
       = help: exclude one of them, or say `replaces = ["COPYING"]` in layer `upstream`
    "#);

    let replaces = sandbox(&layer("replaces = [\"COPYING\"]\n"));
    let plan = replaces.run(&["plan", "m.toml"]).success();
    assert!(plan.contains("upstream   COPYING  linux:COPYING"), "{plan}");

    let idle = sandbox(&layer("replaces = [\"COPYING\", \"fs/lustre/dir.c\"]\n"));
    assert_snapshot!(refused(&idle), @r#"
    error: `replaces` of layer `upstream` names `fs/lustre/dir.c`, where nothing is replaced
      --> m.toml:29:24
       |
    29 | replaces = ["COPYING", "fs/lustre/dir.c"]
       |                        ^^^^^^^^^^^^^^^^^ no earlier layer has it, or this one does not
    "#);
}

#[test]
fn one_layer_cannot_put_two_files_on_one_path() {
    let sandbox = narrow(r#"{ from = "COPYING", to = "a" }, { from = "contrib/notes", to = "a" }"#, "");
    assert_snapshot!(refused(&sandbox), @"
    error: two files land on `a`
     = note: first   layer `userspace`, `COPYING` of source `lustre`
     = note: second  layer `userspace`, `contrib/notes` of source `lustre`
     = help: one layer takes both: give one of the takes another `to`, or exclude one of the files
    ");
}

#[test]
fn takes_land_where_they_say() {
    let sandbox = narrow(
        r#"{ from = "lustre/doc/*.1", to = "man/" }, { from = "lustre/utils/", to = "utils/lustre/" },
           { from = "COPYING", to = "LICENSES/" }, { from = "contrib/notes", to = "NOTES" }"#,
        "",
    );
    assert_eq!(
        paths(&sandbox),
        ["LICENSES/COPYING", "NOTES", "man/lfs.1", "utils/lustre/Makefile", "utils/lustre/lfs.c"]
    );
}

#[test]
fn the_first_take_that_covers_a_file_takes_it() {
    let sandbox = narrow(r#"{ from = "lustre/doc/", to = "doc/" }, { from = "lustre/" }"#, "");
    assert_eq!(paths(&sandbox), ["doc/lfs.1", "lustre/utils/Makefile", "lustre/utils/lfs.c"]);
}

#[test]
fn covered_files_are_taken_or_excluded_with_a_reason() {
    let coverage = "\n[coverage]\nlustre = [\".\"]\n";
    let uncovered = narrow(r#"{ from = "lustre/" }"#, coverage);
    assert_snapshot!(refused(&uncovered), @r#"
    error: `COPYING` of source `lustre` is neither taken nor excluded
      --> m.toml:21:11
       |
    21 | lustre = ["."]
       |           ^^^ the coverage asks for it
       = help: take it in a layer, or exclude it there with a reason

    error: `contrib/notes` of source `lustre` is neither taken nor excluded
      --> m.toml:21:11
       |
    21 | lustre = ["."]
       |           ^^^ the coverage asks for it
       = help: take it in a layer, or exclude it there with a reason

    2 problems
    "#);

    let exclude = "exclude = [{ glob = \"contrib/\", reason = \"for developers\" }, \
                   { glob = \"COPYING\", reason = \"another licence\" }]\n";
    let covered = narrow(r#"{ from = "lustre/" }"#, &format!("{exclude}{coverage}"));
    assert_snapshot!(covered.run(&["plan", "m.toml", "--excluded"]).success(), @"
    lustre:COPYING  another licence
    lustre:contrib/notes  for developers
      userspace  lustre     v2_17_57     ed73f6e845177c5e7e32398b73b7ca1715036646
    -> lustre-2.17.57  6 files, 0 links, 4 directories, 1.3 kB  mtime 2026-01-02T03:04:05Z
       excluded 2 (each with a reason), unexplained 0
    ");
}

#[test]
fn what_must_and_must_not_be_there_is_checked() {
    let sandbox = sandbox("\n[contains]\nmust = [\"configure\"]\nmust-not = [\"contrib/\"]\n");
    assert_snapshot!(refused(&sandbox), @r#"
    error: the tarball must contain `configure`, and does not
      --> m.toml:21:9
       |
    21 | must = ["configure"]
       |         ^^^^^^^^^^^ required here

    error: the tarball must not contain `contrib/notes`
      --> m.toml:22:13
       |
    22 | must-not = ["contrib/"]
       |             ^^^^^^^^^^ forbidden here
       = note: layer `userspace`, `contrib/notes` of source `lustre`
       = help: exclude it with a reason

    2 problems
    "#);
}

#[test]
fn paths_that_some_file_system_takes_for_one_are_refused() {
    let make = |more: &str| {
        let sandbox = Sandbox::new();
        let files = [("Makefile", "a\n"), ("makefile", "b\n"), ("caf\u{e9}", "c\n"), ("cafe\u{301}", "d\n")];
        sandbox.repository("lustre", &files, "v2_17_57");
        sandbox.write("m.toml", manifest(more));
        sandbox
    };
    assert_snapshot!(refused(&make("")), @r#"
    error: `café` and `café` differ in Unicode form alone
     = help: exclude one of them, or name it in `[allow] unicode-clashes = ["café"]`

    error: `Makefile` and `makefile` differ in case alone
     = help: exclude one of them, or name it in `[allow] case-clashes = ["makefile"]`

    2 problems
    "#);
    let allowed = make("\n[allow]\ncase-clashes = [\"makefile\"]\nunicode-clashes = [\"caf*\"]\n");
    assert_eq!(paths(&allowed).len(), 4);
}

#[test]
fn a_file_cannot_stand_where_a_folder_stands() {
    let sandbox = narrow(r#"{ from = "lustre/utils/", to = "a/" }, { from = "COPYING", to = "a" }"#, "");
    assert_snapshot!(refused(&sandbox), @"
    error: `a` is a file and a directory at once
     = note: the file is layer `userspace`, `COPYING` of source `lustre`
     = help: give one of the takes another `to`, or exclude one of them
    ");
}

#[test]
fn the_records_folder_is_the_tools_own() {
    let sandbox = Sandbox::new();
    sandbox.repository("lustre", &[(".lustre-dist/manifest.toml", "mine\n")], "v2_17_57");
    sandbox.write("m.toml", manifest(""));
    assert_snapshot!(refused(&sandbox), @"
    error: `.lustre-dist/manifest.toml` of layer `userspace` lands in `.lustre-dist/`
     = help: `.lustre-dist/` holds the tool's own records: take it elsewhere, or exclude it
    ");
}

#[test]
fn ten_problems_are_ten_problems() {
    let takes: Vec<String> = (0..10).map(|nth| format!("{{ from = \"gone{nth}/\" }}")).collect();
    let sandbox = narrow(&format!("{{ from = \".\" }}, {}", takes.join(", ")), "");
    let said = refused(&sandbox);
    assert_eq!(said.matches("matches nothing").count(), 10, "{said}");
    assert!(said.ends_with("10 problems\n"), "{said}");
}

const PATCH: &str = "\
From: A. Author <author@example.org>
Subject: [PATCH] LU-1 utils: fail on purpose

--- a/lustre/utils/lfs.c
+++ b/lustre/utils/lfs.c
@@ -1,4 +1,4 @@
 int main(void)
 {
-\treturn 0;
+\treturn 1;
 }
";

const PATCHED: &str = "\n[[layer.patch]]\nfile = \"fix.patch\"\nreason = \"a test\"\n";

#[test]
fn a_patch_changes_what_the_layer_takes_and_is_recorded() {
    let sandbox = sandbox(PATCHED);
    sandbox.write("fix.patch", PATCH);
    sandbox.run(&["assemble", "m.toml"]).success();
    let origins = sandbox.read("dist/lustre-2.17.57/lustre-2.17.57.origins.jsonl");
    let line = origins.lines().find(|line| line.contains("\"lustre/utils/lfs.c\"")).expect("the member");
    let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
    assert_eq!(line["origin"], "patched");
    assert_eq!(line["patches"], serde_json::json!(["fix.patch"]));
    assert_eq!(line["size"], 30);
}

#[test]
fn patches_create_delete_rename_and_change_modes() {
    let sandbox = sandbox(PATCHED);
    sandbox.write(
        "fix.patch",
        "diff --git a/lustre/utils/new.sh b/lustre/utils/new.sh\nnew file mode 100755\n--- /dev/null\n\
         +++ b/lustre/utils/new.sh\n@@ -0,0 +1 @@\n+#!/bin/sh\n\
         diff --git a/contrib/notes b/contrib/notes\ndeleted file mode 100644\n--- a/contrib/notes\n+++ /dev/null\n\
         @@ -1 +0,0 @@\n-for developers\n\
         diff --git a/lustre/doc/lfs.1 b/lustre/doc/lfs.8\nsimilarity index 100%\nrename from lustre/doc/lfs.1\n\
         rename to lustre/doc/lfs.8\n\
         diff --git a/COPYING b/COPYING\nold mode 100644\nnew mode 100755\n",
    );
    let plan = sandbox.run(&["plan", "m.toml"]).success();
    let lines: Vec<&str> =
        plan.lines().filter(|line| line.contains("fix.patch") && !line.contains("record")).collect();
    assert_snapshot!(lines.join("\n"), @"
    -0755         4  userspace  COPYING  lustre:COPYING + fix.patch
    -0644        10  userspace  lustre/doc/lfs.8  lustre:lustre/doc/lfs.8 + fix.patch
    -0755        10  userspace  lustre/utils/new.sh  lustre:lustre/utils/new.sh + fix.patch
    ");
    assert_snapshot!(sandbox.run(&["plan", "m.toml", "--excluded"]).success(), @"
    lustre:contrib/notes  moved or deleted by a patch
    lustre:lustre/doc/lfs.1  moved or deleted by a patch
      userspace  lustre     v2_17_57     ed73f6e845177c5e7e32398b73b7ca1715036646
    -> lustre-2.17.57  9 files, 0 links, 4 directories, 1.9 kB  mtime 2026-01-02T03:04:05Z
       excluded 2 (each with a reason), unexplained 0
    ");
}

#[test]
fn a_patch_that_does_not_fit_says_why() {
    let other = |from: &str, to: &str| {
        let sandbox = sandbox(PATCHED);
        sandbox.write("fix.patch", PATCH.replace(from, to));
        refused(&sandbox)
    };
    // Another line in the file.
    assert_snapshot!(other("-\treturn 0;", "-\treturn 2;"), @r#"
    error: the patch `fix.patch` does not apply: lustre/utils/lfs.c: hunk 1 of 1 does not fit at line 1
     --> fix.patch:9:1
      |
    9 | -    return 2;
      | ^^^^^^^^^^^^^^
      = note: @@ -1,4 +1,4 @@
      = note: line 3: the patch expects "\treturn 2;" (patch line 9), but there is "\treturn 0;"
      = help: Refresh the patch against this source.
    "#);
    // Another place in the file.
    assert_snapshot!(other("@@ -1,4 +1,4 @@\n int main(void)\n {", "@@ -3,3 +3,3 @@\n {"), @"
    error: the patch `fix.patch` does not apply: lustre/utils/lfs.c: hunk 1 of 1 fits at line 2, not at line 3 where the patch puts it (offset -1)
     --> fix.patch:6:1
      |
    6 | @@ -3,3 +3,3 @@
      | ^^^^^^^^^^^^^^^
      = note: @@ -3,3 +3,3 @@
      = help: Refresh the patch, or allow offsets for it; the offset used is then recorded.
    ");
    // Another file.
    assert_snapshot!(other("lustre/utils/lfs.c", "lustre/utils/lctl.c"), @"
    error: the patch `fix.patch` does not apply: lustre/utils/lctl.c: there is no such file
     --> fix.patch:4:1
      |
    4 | --- a/lustre/utils/lctl.c
      | ^^^^^^^^^^^^^^^^^^^^^^^^^
    ");
    // Applied before.
    let applied = sandbox(PATCHED);
    applied.write("fix.patch", PATCH.replace("-\treturn 0;\n+\treturn 1;", "-\treturn 9;\n+\treturn 0;"));
    assert_snapshot!(refused(&applied), @"
    error: the patch `fix.patch` does not apply: the patch is already applied: its one change is there
     = help: Drop the patch: the source has it.
    ");
    // Outside of the layer.
    let outside = narrow(r#"{ from = "lustre/doc/" }"#, PATCHED);
    outside.write("fix.patch", PATCH);
    assert_snapshot!(refused(&outside), @"
    error: the patch `fix.patch` does not apply: lustre/utils/lfs.c: the path is outside the layer
     --> fix.patch:4:1
      |
    4 | --- a/lustre/utils/lfs.c
      | ^^^^^^^^^^^^^^^^^^^^^^^^
      = note: layer `userspace` takes no `lustre/utils/lfs.c` from source `lustre`
    ");
}

#[test]
fn offsets_are_used_where_they_are_allowed_and_recorded() {
    let sandbox = sandbox(&format!("{PATCHED}offsets = true\n"));
    sandbox.write("fix.patch", PATCH.replace("@@ -1,4 +1,4 @@\n int main(void)\n {", "@@ -3,3 +3,3 @@\n {"));
    let plan = sandbox.run(&["plan", "m.toml"]).success();
    assert!(plan.contains("offset -1 lines: lustre/utils/lfs.c hunk 1 of `fix.patch`"), "{plan}");
    sandbox.run(&["assemble", "m.toml"]).success();
    let release = sandbox.read("dist/lustre-2.17.57/lustre-2.17.57.release.json");
    let release: serde_json::Value = serde_json::from_str(&release).expect("JSON");
    assert_eq!(release["layers"][0]["patches"][0]["offsets"][0]["lines"], -1);
}

#[test]
fn a_series_applies_in_its_order() {
    let sandbox = sandbox("\n[[layer.patch]]\nseries = \"patches/series\"\nreason = \"a test\"\n");
    sandbox.write("patches/series", "# first\none.patch\ntwo.patch -p1\n");
    sandbox.write("patches/one.patch", PATCH);
    sandbox.write(
        "patches/two.patch",
        PATCH.replace("return 1;", "return 2;").replace("return 0;", "return 1;"),
    );
    let plan = sandbox.run(&["plan", "m.toml"]).success();
    assert!(plan.contains("lustre:lustre/utils/lfs.c + patches/one.patch + patches/two.patch"), "{plan}");

    sandbox.write("patches/series", "two.patch\none.patch\nthree.patch\n");
    assert_snapshot!(sandbox.run(&["plan", "m.toml"]).failure(3), @r#"
    error: cannot read the patch `patches/three.patch`
      --> m.toml:21:10
       |
    21 | series = "patches/series"
       |          ^^^^^^^^^^^^^^^^ No such file or directory (os error 2)
       = note: looked for in `.`
    "#);
}

#[test]
fn a_template_with_a_name_that_is_not_there_is_refused() {
    let sandbox = sandbox("\n[[template]]\nfile = \"VERSION.j2\"\nto = \"VERSION\"\n");
    sandbox.write("VERSION.j2", "first\nversion {{ release.verison }}\n");
    assert_snapshot!(refused(&sandbox), @"
    error: the template `VERSION.j2` names something that is not there
     --> VERSION.j2:2:12
      |
    2 | version {{ release.verison }}
      |            ^^^^^^^^^^^^^^^ `release.verison` is undefined
      = help: a template can name `release`, `line`, `sources` and `layers`; see the README for their fields
    ");
    sandbox.write("VERSION.j2", "{% if %}\n");
    assert_snapshot!(refused(&sandbox), @"
    error: the template `VERSION.j2` is not a well-formed template
     --> VERSION.j2:1:7
      |
    1 | {% if %}
      |       ^^ unexpected end of block
      = help: a template can name `release`, `line`, `sources` and `layers`; see the README for their fields
    ");
}

#[test]
fn a_template_renders_the_releases_data() {
    let sandbox = sandbox(&format!(
        "{LINUX}\n[[layer]]\nname = \"upstream\"\nsource = \"linux\"\ntake = [{{ from = \"fs/\" }}]\n\
         [[template]]\nfile = \"V.j2\"\nto = \"V\"\n[[template]]\nfile = \"META.j2\"\nto = \"META\"\n"
    ));
    sandbox
        .write("V.j2", "{{ release.version }} {{ sources.linux.commit | length }} {{ layers | length }}\n");
    sandbox.run(&["assemble", "m.toml", "--format", "tar"]).success();
    let title = "lustre-2.17.57+k6.12.58";
    let mut archive = tar::Archive::new(
        std::fs::File::open(sandbox.path(&format!("dist/{title}/{title}.tar"))).expect("the tar"),
    );
    let mut member = archive
        .entries()
        .expect("members")
        .map(|entry| entry.expect("a member"))
        .find(|entry| entry.path().is_ok_and(|path| path.ends_with("V")))
        .expect("V");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut member, &mut text).expect("text");
    assert_eq!(text, "2.17.57+k6.12.58 40 2\n");
}

#[test]
fn files_that_the_manifest_names_and_that_are_not_there_are_all_told() {
    let sandbox = sandbox(&format!("{PATCHED}\n[[template]]\nfile = \"GONE.j2\"\nto = \"GONE\"\n"));
    assert_snapshot!(refused(&sandbox), @r#"
    error: cannot read the patch `fix.patch`
      --> m.toml:21:8
       |
    21 | file = "fix.patch"
       |        ^^^^^^^^^^^ No such file or directory (os error 2)
       = note: looked for in `.`

    error: cannot read the template `GONE.j2`
      --> m.toml:25:8
       |
    25 | file = "GONE.j2"
       |        ^^^^^^^^^ No such file or directory (os error 2)
       = note: looked for in `.`
       = help: templates that need no file: META.j2, LUSTRE-VERSION-FILE.j2

    2 problems
    "#);
}

#[test]
fn a_git_lfs_pointer_is_not_released() {
    let sandbox = Sandbox::new();
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    sandbox.repository("lustre", &[("disk.img", pointer)], "v2_17_57");
    sandbox.write("m.toml", manifest(""));
    assert_snapshot!(sandbox.run(&["assemble", "m.toml"]).failure(4), @"
    planned lustre-2.17.57: 5 members, 0 excluded
    error: `disk.img` cannot be released
     = note: it is a Git LFS pointer, not the file itself
     = note: source `lustre` (lustre)
     = help: exclude it, or commit the file to the source
    ");
    assert_eq!(sandbox.list("dist"), [""; 0]);
}
