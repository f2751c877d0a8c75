// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `[[layer]]`: takes, excludes and patches.

use insta::assert_snapshot;

use super::{read_text, report_with, sample_with};
use crate::manifest::Carries;

const NET: &str = "{ from = \"net/lnet/\" }";
const EXCLUDE: &str = "{ glob = \"**/.gitignore\", reason = \"for a work tree only\" }";

fn with_patch(patch: &str) -> [(&'static str, String); 1] {
    [("[[template]]", format!("[[layer.patch]]\n{patch}\n[[template]]"))]
}

fn report_patch(patch: &str) -> String {
    let [(old, new)] = with_patch(patch);
    report_with(&[(old, &new)])
}

#[test]
fn takes_are_read_as_they_stand() {
    let take = |text: &str| {
        let manifest = read_text(&sample_with(&[(NET, text)])).unwrap();
        let take = &manifest.layers[0].take[1];
        format!("{} -> {:?}", take.from, take.to.as_ref().map(|to| &to.value))
    };
    assert_snapshot!(take("\"net/lnet/\""), @"net/lnet/ -> None");
    assert_snapshot!(take("{ from = \"net/\", to = \".\" }"), @"net/ -> Some(Top)");
    assert_snapshot!(take("{ from = \"net/*/\", to = \"lnet/\" }"), @r#"net/*/ -> Some(Directory(TarPath("lnet")))"#);
    assert_snapshot!(take("{ from = \"net/Kbuild\", to = \"net/Makefile\" }"), @r#"net/Kbuild -> Some(Name(TarPath("net/Makefile")))"#);
    assert_snapshot!(take("{ from = \"net/\", to = \"./\" }"), @"net/ -> Some(Top)");
}

#[test]
fn takes() {
    assert_snapshot!(report_with(&[(NET, "{ form = \"net/lnet/\" }")]), @r#"
    error: unknown key `form` in `take`
      --> lts-6.12.toml:30:38
       |
    30 | take   = [{ from = "fs/lustre/" }, { form = "net/lnet/" }, { from = "include/uapi/linux/lustre/" }]
       |                                      ^^^^ did you mean `from`?
       = note: known keys: `from` and `to`
    "#);
    assert_snapshot!(report_with(&[(NET, "{ from = \"/net/lnet/\" }")]), @r#"
    error: `/net/lnet/` is not a path or glob
      --> lts-6.12.toml:30:45
       |
    30 | take   = [{ from = "fs/lustre/" }, { from = "/net/lnet/" }, { from = "include/uapi/linux/lustre/" }]
       |                                             ^^^^^^^^^^^^ the path is absolute
       = help: write it like `from = "lustre/utils/"`
    "#);
    assert_snapshot!(report_with(&[(NET, "\"net/[lnet/\"")]), @r#"
    error: `net/[lnet/` is not a path or glob
      --> lts-6.12.toml:30:36
       |
    30 | take   = [{ from = "fs/lustre/" }, "net/[lnet/", { from = "include/uapi/linux/lustre/" }]
       |                                    ^^^^^^^^^^^^ unclosed character class; missing ']'
       = help: write it like `from = "lustre/utils/"`
    "#);
    assert_snapshot!(report_with(&[(NET, "\"\", 7")]), @r#"
    error: `take` is blank
      --> lts-6.12.toml:30:36
       |
    30 | take   = [{ from = "fs/lustre/" }, "", 7, { from = "include/uapi/linux/lustre/" }]
       |                                    ^^ expected a path or glob
       = help: write it like `take = [{ from = "lustre/utils/", to = "utils/lustre/" }]`

    error: an element of `take` is an integer
      --> lts-6.12.toml:30:40
       |
    30 | take   = [{ from = "fs/lustre/" }, "", 7, { from = "include/uapi/linux/lustre/" }]
       |                                        ^ expected a table or a string
       = help: write it like `take = [{ from = "lustre/utils/", to = "utils/lustre/" }]`
    "#);
    assert_snapshot!(report_with(&[(NET, "{ from = \"net/lnet/\", to = \"../lnet/\" }")]), @r#"
    error: `../lnet/` is not a place that files can go to
      --> lts-6.12.toml:30:63
       |
    30 | take   = [{ from = "fs/lustre/" }, { from = "net/lnet/", to = "../lnet/" }, { from = "include/uapi/linux/lustre/" }]
       |                                                               ^^^^^^^^^^ the path has a `.` or `..` component
       = help: write it like `to = "utils/lustre/"`
    "#);
    assert_snapshot!(report_with(&[(NET, "{ from = \"net/lnet/\", to = \".lustre-dist/lnet/\" }")]), @r#"
    error: `.lustre-dist/lnet/` is not a place that files can go to
      --> lts-6.12.toml:30:63
       |
    30 | take   = [{ from = "fs/lustre/" }, { from = "net/lnet/", to = ".lustre-dist/lnet/" }, { from = "include/uapi/linux/lustre/" }]
       |                                                               ^^^^^^^^^^^^^^^^^^^^ `.lustre-dist/` is for the tool's own records
       = help: write it like `to = "utils/lustre/"`
    "#);
    assert_snapshot!(report_with(&[(NET, "\".lustre-dist/\"")]), @r#"
    error: `.lustre-dist/` would land among the tool's own records
      --> lts-6.12.toml:30:36
       |
    30 | take   = [{ from = "fs/lustre/" }, ".lustre-dist/", { from = "include/uapi/linux/lustre/" }]
       |                                    ^^^^^^^^^^^^^^^ reserved in the tarball
       = help: give it another place with `to`, or leave it out
    "#);
    assert_snapshot!(report_with(&[(NET, "{ from = \"net/**/*.h\", to = \"include\" }")]), @r#"
    error: `net/**/*.h` can match many files, and `include` names one
      --> lts-6.12.toml:30:64
       |
    30 | take   = [{ from = "fs/lustre/" }, { from = "net/**/*.h", to = "include" }, { from = "include/uapi/linux/lustre/" }]
       |                                                                ^^^^^^^^^ expected a directory, with `/` at its end
       = help: write `to = "include/"` for a directory
    "#);
    assert_snapshot!(report_with(&[(NET, "{ from = \"fs/lustre/\", to = \"fs/\" }")]), @r#"
    error: `fs/lustre/` is taken twice in one layer
      --> lts-6.12.toml:30:45
       |
    30 | take   = [{ from = "fs/lustre/" }, { from = "fs/lustre/", to = "fs/" }, { from = "include/uapi/linux/lustre/" }]
       |                                             ^^^^^^^^^^^^ the first is on line 30
    "#);
}

#[test]
fn names_and_arrays() {
    assert_snapshot!(report_with(&[("\"userspace\"", "\"compat\"")]), @r#"
    error: two layers are called `compat`
      --> lts-6.12.toml:38:11
       |
    38 | name    = "compat"
       |           ^^^^^^^^ the first is on line 33
    "#);
    assert_snapshot!(report_with(&[("\"userspace\"", "\"User Space\"")]), @r#"
    error: `User Space` is not a name
      --> lts-6.12.toml:38:11
       |
    38 | name    = "User Space"
       |           ^^^^^^^^^^^^ a name has 1 to 64 characters of `a-z`, `0-9`, `-`, `.` and `+`, and starts with a letter or digit
       = help: write it like `name = "userspace"`
    "#);
    assert_snapshot!(report_with(&[("[{ from = \"lustre_compat/\" }, { from = \"include/lustre_compat/\" }]", "[]")]), @r#"
    error: `take` is empty
      --> lts-6.12.toml:35:10
       |
    35 | take   = []
       |          ^^ expected at least one element
       = help: write it like `take = [{ from = "lustre/utils/", to = "utils/lustre/" }]`
    "#);
    assert_snapshot!(report_with(&[("exclude = ", "replaces = [\"a\\\\b\"]\nexclude = ")]), @r#"
    error: `a\b` is not a path or glob
      --> lts-6.12.toml:41:13
       |
    41 | replaces = ["a\\b"]
       |             ^^^^^^ the path holds a backslash
       = help: write it like `replaces = ["include/uapi/linux/lustre/"]`
    "#);
}

#[test]
fn excludes() {
    assert_snapshot!(report_with(&[(EXCLUDE, "{ glob = \"**/.gitignore\" }")]), @r#"
    error: `exclude` has no `reason`
      --> lts-6.12.toml:41:12
       |
    41 | exclude = [{ glob = "**/.gitignore" }]
       |            ^^^^^^^^^^^^^^^^^^^^^^^^^^ `reason` is missing
       = help: for example `reason = "for a work tree only"`
    "#);
    assert_snapshot!(report_with(&[(EXCLUDE, "{ glob = \"**/.gitignore\", reason = \" \" }")]), @r#"
    error: `reason` is blank
      --> lts-6.12.toml:41:47
       |
    41 | exclude = [{ glob = "**/.gitignore", reason = " " }]
       |                                               ^^^ expected a text
       = help: write it like `reason = "for a work tree only"`
    "#);
    assert_snapshot!(report_with(&[(EXCLUDE, "\"**/.gitignore\"")]), @r#"
    error: an element of `exclude` is a string
      --> lts-6.12.toml:41:12
       |
    41 | exclude = ["**/.gitignore"]
       |            ^^^^^^^^^^^^^^^ expected a table
       = help: write it like `exclude = [{ glob = "**/.gitignore", reason = "for a work tree only" }]`
    "#);
}

#[test]
fn patches_are_read_as_they_stand() {
    let [(old, new)] = with_patch("series = \"patches/series\"\nupstream = \"9c1d44e7b0f2\"\noffsets = true");
    let manifest = read_text(&sample_with(&[(old, &new)])).unwrap();
    let patch = &manifest.layers[2].patches[0];
    assert_eq!((patch.path.as_str(), patch.is_series, patch.offsets), ("patches/series", true, true));
    assert_eq!(patch.carries, Carries::Upstream("9c1d44e7b0f2".into()));
}

#[test]
fn patches() {
    assert_snapshot!(report_patch("file = \"a.patch\""), @"
    error: `[[layer.patch]]` has none of `upstream` and `reason`
      --> lts-6.12.toml:43:1
       |
    43 | [[layer.patch]]
       | ^^^^^^^^^^^^^^^ one of them is missing
       = help: add one of `upstream` and `reason`
    ");
    assert_snapshot!(report_patch("file = \"a.patch\"\nreason = \"x\"\nupstream = \"9c1d44e\""), @r#"
    error: `[[layer.patch]]` has both `reason` and `upstream`
      --> lts-6.12.toml:46:1
       |
    46 | upstream = "9c1d44e"
       | ^^^^^^^^ `reason` is on line 45
       = help: keep one of `upstream` and `reason`
    "#);
    assert_snapshot!(report_patch("file = \"a.patch\"\nseries = \"series\"\nreason = \"x\""), @r#"
    error: `[[layer.patch]]` has both `file` and `series`
      --> lts-6.12.toml:45:1
       |
    45 | series = "series"
       | ^^^^^^ `file` is on line 44
       = help: keep one of `file` and `series`
    "#);
    assert_snapshot!(report_patch("reason = \"x\""), @"
    error: `[[layer.patch]]` has none of `file` and `series`
      --> lts-6.12.toml:43:1
       |
    43 | [[layer.patch]]
       | ^^^^^^^^^^^^^^^ one of them is missing
       = help: add one of `file` and `series`
    ");
    assert_snapshot!(report_patch("file = \"a.patch\"\nupstream = \"HEAD\""), @r#"
    error: `HEAD` is not a commit id
      --> lts-6.12.toml:45:12
       |
    45 | upstream = "HEAD"
       |            ^^^^^^ expected 7 to 40 lower-case hexadecimal digits
       = help: write it like `upstream = "9c1d44e7b0f2"`
    "#);
    assert_snapshot!(report_patch("file = \"patches/../../a.patch\"\nreason = \"x\""), @r#"
    error: `patches/../../a.patch` is not a path that a patch or template can have
      --> lts-6.12.toml:44:8
       |
    44 | file = "patches/../../a.patch"
       |        ^^^^^^^^^^^^^^^^^^^^^^^ the path has a `.` or `..` component
       = help: write it like `file = "patches/0001-build.patch"`
    "#);
    assert_snapshot!(report_patch("file = \"manifest.lock\"\nreason = \"x\""), @r#"
    error: `manifest.lock` is not a path that a patch or template can have
      --> lts-6.12.toml:44:8
       |
    44 | file = "manifest.lock"
       |        ^^^^^^^^^^^^^^^ `manifest.lock` is the name of a record in `.lustre-dist/`, where this file goes too
       = help: write it like `file = "patches/0001-build.patch"`
    "#);
    assert_snapshot!(report_patch("file = \"manifest.toml/a.patch\"\nreason = \"x\""), @r#"
    error: `manifest.toml/a.patch` is not a path that a patch or template can have
      --> lts-6.12.toml:44:8
       |
    44 | file = "manifest.toml/a.patch"
       |        ^^^^^^^^^^^^^^^^^^^^^^^ `manifest.toml` is the name of a record in `.lustre-dist/`, where this file goes too
       = help: write it like `file = "patches/0001-build.patch"`
    "#);
    assert_snapshot!(report_patch("file = \"patches/manifest.toml\"\nreason = \"x\""), @"ok");
}
