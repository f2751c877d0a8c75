// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `[source.NAME]`, and the places that name a source.

use insta::assert_snapshot;

use super::{read_text, report_with, sample_with};
use crate::manifest::{Location, SignaturePolicy, Wanted};

#[test]
fn a_source_is_read_as_it_stands() {
    let text = sample_with(&[("tag       = \"v2_17_57\"", "branch = \"b2_17\"")]);
    let sources = read_text(&text).unwrap().sources;
    let (linux, lustre) = (&sources["linux"], &sources["lustre"]);
    assert!(matches!(&linux.wanted.value, Wanted::Pattern(pattern) if pattern.to_string() == "v6.12.*"));
    assert_eq!(
        (linux.signature.value, linux.keys[0].as_str()),
        (SignaturePolicy::Required, "keys/stable.asc")
    );
    assert_eq!(lustre.wanted.value, Wanted::Branch("b2_17".into()));
    assert!(matches!(&lustre.location, Location::Git { mirrors, .. } if mirrors.len() == 1));
}

#[test]
fn names() {
    assert_snapshot!(report_with(&[("[source.linux]", "[source.\"Linux 6\"]"), ("\"linux\"", "\"Linux 6\"")]), @r#"
    error: `[source.Linux 6]` is not the name of a source
      --> lts-6.12.toml:15:9
       |
    15 | [source."Linux 6"]
       |         ^^^^^^^^^ a name has 1 to 64 characters of `a-z`, `0-9`, `-`, `.` and `+`, and starts with a letter or digit

    error: `Linux 6` is not the name of a source
      --> lts-6.12.toml:29:10
       |
    29 | source = "Linux 6"
       |          ^^^^^^^^^ a name has 1 to 64 characters of `a-z`, `0-9`, `-`, `.` and `+`, and starts with a letter or digit
       = help: write it like `source = "lustre"`
    "#);
    assert_snapshot!(report_with(&[("source = \"linux\"", "source = \"linx\"")]), @r#"
    error: unknown source `linx`
      --> lts-6.12.toml:29:10
       |
    29 | source = "linx"
       |          ^^^^^^ did you mean `linux`?
       = note: known sources: `linux` and `lustre`
    "#);
    assert_snapshot!(report_with(&[("primary  = \"lustre\"", "primary = \"zfs\"")]), @r#"
    error: unknown source `zfs`
     --> lts-6.12.toml:6:11
      |
    6 | primary = "zfs"                 # the source whose commit `git get-tar-commit-id` prints
      |           ^^^^^ there is no `[source.zfs]`
      = note: known sources: `linux` and `lustre`
    "#);
    assert_snapshot!(report_with(&[("lustre = [\".\"]", "luster = [\".\"]")]), @r#"
    error: unknown source `luster`
      --> lts-6.12.toml:48:1
       |
    48 | luster = ["."]
       | ^^^^^^ did you mean `lustre`?
       = note: known sources: `linux` and `lustre`
    "#);
    assert_snapshot!(report_with(&[("source = \"linux\"", "source = \"lustre\"")]), @"
    error: no layer uses the source `linux`
      --> lts-6.12.toml:15:9
       |
    15 | [source.linux]
       |         ^^^^^ not used
       = help: take something from it, or remove it
    ");
    assert_snapshot!(report_with(&[("[source.linux]", "[source]\nlinux = 1\n[source.linus]")]), @"
    error: `linux` is an integer
      --> lts-6.12.toml:16:9
       |
    16 | linux = 1
       |         ^ expected a table, `[source.lustre]`
       = help: write it like `[source.lustre]`

    error: no layer uses the source `linus`
      --> lts-6.12.toml:17:9
       |
    17 | [source.linus]
       |         ^^^^^ not used
       = help: take something from it, or remove it
    ");
}

#[test]
fn places() {
    let git = "git       = \"https://git.whamcloud.com/fs/lustre-release.git\"";
    assert_snapshot!(report_with(&[(git, "bundle = \"lustre.bundle\"\ngit = \"lustre\"")]), @r#"
    error: `[source.lustre]` has both `bundle` and `git`
      --> lts-6.12.toml:23:1
       |
    23 | git = "lustre"
       | ^^^ `bundle` is on line 22
       = help: keep one of `git` and `bundle`
    "#);
    assert_snapshot!(report_with(&[(git, "bundle = \"../lustre.bundle\"")]), @r#"
    error: `mirrors` without `git`
      --> lts-6.12.toml:23:1
       |
    23 | mirrors   = ["https://github.com/lustre/lustre-release.git"]
       | ^^^^^^^ has a meaning beside `git` only
    "#);
    assert_snapshot!(report_with(&[(git, "")]), @r#"
    error: `[source.lustre]` has none of `git` and `bundle`
      --> lts-6.12.toml:21:1
       |
    21 | [source.lustre]
       | ^^^^^^^^^^^^^^^ one of them is missing
       = help: add one of `git` and `bundle`

    error: `mirrors` without `git`
      --> lts-6.12.toml:23:1
       |
    23 | mirrors   = ["https://github.com/lustre/lustre-release.git"]
       | ^^^^^^^ has a meaning beside `git` only
    "#);
    assert_snapshot!(report_with(&[(git, "git = \"--upload-pack=x\"")]), @r#"
    error: `--upload-pack=x` is not a git repository
      --> lts-6.12.toml:22:7
       |
    22 | git = "--upload-pack=x"
       |       ^^^^^^^^^^^^^^^^^ git takes a repository that starts with `-` for an option
       = help: write it like `git = "https://git.whamcloud.com/fs/lustre-release.git"`
    "#);
    assert_snapshot!(report_with(&[("https://github.com/", "https://git.whamcloud.com/"), ("/lustre/", "/fs/")]), @r#"
    error: a mirror is the same repository as `git`
      --> lts-6.12.toml:23:14
       |
    23 | mirrors   = ["https://git.whamcloud.com/fs/lustre-release.git"]
       |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ not tried a second time
       = help: remove it from `mirrors`
    "#);
    assert_snapshot!(report_with(&[(git, "git = \"../clones/lustre\"")]), @"ok");
}

#[test]
fn tags_and_other_refs() {
    let tag = "tag       = \"v2_17_57\"";
    assert_snapshot!(report_with(&[(tag, "tag = \"v2_17_57\"\nbranch = \"master\"\nref = \"refs/heads/master\"")]), @r#"
    error: `[source.lustre]` has both `tag` and `branch`
      --> lts-6.12.toml:25:1
       |
    25 | branch = "master"
       | ^^^^^^ `tag` is on line 24
       = help: keep one of `tag`, `commit`, `branch` and `ref`

    error: `[source.lustre]` has both `tag` and `ref`
      --> lts-6.12.toml:26:1
       |
    26 | ref = "refs/heads/master"
       | ^^^ `tag` is on line 24
       = help: keep one of `tag`, `commit`, `branch` and `ref`
    "#);
    assert_snapshot!(report_with(&[(tag, "")]), @"
    error: `[source.lustre]` has none of `tag`, `commit`, `branch` and `ref`
      --> lts-6.12.toml:21:1
       |
    21 | [source.lustre]
       | ^^^^^^^^^^^^^^^ one of them is missing
       = help: add one of `tag`, `commit`, `branch` and `ref`
    ");
    assert_snapshot!(report_with(&[(tag, "tag = \"v2_*_57\"")]), @r#"
    error: `v2_*_57` is not a tag or a pattern of tags
      --> lts-6.12.toml:24:12
       |
    24 | tag = "v2_*_57"
       |            ^^^ expected the end after `*`
       = help: write it like `tag = "v2_17_57"`
    "#);
    assert_snapshot!(report_with(&[(tag, "tag = \"refs/tags/v2_17_57\"")]), @r#"
    error: `refs/tags/v2_17_57` is not a tag or a pattern of tags
      --> lts-6.12.toml:24:7
       |
    24 | tag = "refs/tags/v2_17_57"
       |       ^^^^^^^^^^^^^^^^^^^^ expected the short name, without `refs/heads/` or `refs/tags/`
       = help: write it like `tag = "v2_17_57"`
    "#);
    assert_snapshot!(report_with(&[(tag, "tag = \"v2..17\"")]), @r#"
    error: `v2..17` is not a tag or a pattern of tags
      --> lts-6.12.toml:24:7
       |
    24 | tag = "v2..17"
       |       ^^^^^^^^ git does not allow that name: Reference name cannot contain repeated dots
       = help: write it like `tag = "v2_17_57"`
    "#);
    assert_snapshot!(report_with(&[(tag, "commit = \"9C1D44E7\"")]), @r#"
    error: `9C1D44E7` is not a full object id
      --> lts-6.12.toml:24:10
       |
    24 | commit = "9C1D44E7"
       |          ^^^^^^^^^^ expected 40 lower-case hexadecimal digits
       = help: write it like `commit = "9c1d44e7b0f2a5d6c3e8f1029384756afbecdd01"`
    "#);
    assert_snapshot!(report_with(&[(tag, "branch = \"-x\"")]), @r#"
    error: `-x` is not the name of a ref
      --> lts-6.12.toml:24:10
       |
    24 | branch = "-x"
       |          ^^^^ git takes names that start with `-` for options
       = help: write it like `branch = "b2_17"`
    "#);
    assert_snapshot!(report_with(&[(tag, "ref = \"changes/45/61245/3\"")]), @r#"
    error: `changes/45/61245/3` is not the full name of a ref
      --> lts-6.12.toml:24:7
       |
    24 | ref = "changes/45/61245/3"
       |       ^^^^^^^^^^^^^^^^^^^^ a full name starts with `refs/`
       = help: write it like `ref = "refs/changes/45/61245/3"`
    "#);
    assert_snapshot!(report_with(&[(tag, "ref = \"refs/changes/45/61245/3\"")]), @"ok");
    assert_snapshot!(report_with(&[(tag, "branch = \"b2_17\"\ntag-object-name = \"b2_12_1\"")]), @r#"
    error: `tag-object-name` without `tag`
      --> lts-6.12.toml:25:1
       |
    25 | tag-object-name = "b2_12_1"
       | ^^^^^^^^^^^^^^^ has a meaning beside `tag` only
    "#);
    assert_snapshot!(report_with(&[(tag, "tag = \"v2_17_*\"\ntag-object = \"77be0012\"")]), @r#"
    error: `tag-object` beside a pattern of tags
      --> lts-6.12.toml:25:1
       |
    25 | tag-object = "77be0012"
       | ^^^^^^^^^^ says something about one tag, and a pattern may choose another
       = help: name the tag itself, or leave the key out

    error: `77be0012` is not a full object id
      --> lts-6.12.toml:25:14
       |
    25 | tag-object = "77be0012"
       |              ^^^^^^^^^^ expected 40 lower-case hexadecimal digits
       = help: write it like `tag-object = "3f2a91c0b0f2a5d6c3e8f1029384756afbecdd02"`
    "#);
}

#[test]
fn signatures() {
    assert_snapshot!(report_with(&[("\"required\"", "\"require\"")]), @r#"
    error: `require` is not a signature policy
      --> lts-6.12.toml:18:13
       |
    18 | signature = "require"
       |             ^^^^^^^^^ did you mean `required`?
       = note: known words: `required`, `warn` and `none`
    "#);
    assert_snapshot!(report_with(&[("\"required\"", "\"never\"")]), @r#"
    error: `never` is not a signature policy
      --> lts-6.12.toml:18:13
       |
    18 | signature = "never"
       |             ^^^^^^^ not a word that is known here
       = note: known words: `required`, `warn` and `none`
    "#);
    assert_snapshot!(report_with(&[("keys      = [\"keys/stable.asc\"]", "")]), @r#"
    error: `signature = "required"` without `keys`
      --> lts-6.12.toml:18:13
       |
    18 | signature = "required"
       |             ^^^^^^^^^^ needs `keys` beside it
       = help: for example `keys = ["keys/stable.asc"]`
    "#);
    assert_snapshot!(report_with(&[("\"none\" ", "\"warn\"")]), @r#"
    error: `signature = "warn"` without `keys`
      --> lts-6.12.toml:25:13
       |
    25 | signature = "warn"                 # the project does not sign its tags
       |             ^^^^^^ needs `keys` beside it
       = help: for example `keys = ["keys/stable.asc"]`
    "#);
    assert_snapshot!(report_with(&[("\"keys/stable.asc\"", "\"/etc/keys/stable.asc\", \"keys//a.asc\"")]), @r#"
    error: `/etc/keys/stable.asc` is not a path below the manifest's folder
      --> lts-6.12.toml:19:14
       |
    19 | keys      = ["/etc/keys/stable.asc", "keys//a.asc"]
       |              ^^^^^^^^^^^^^^^^^^^^^^ the path is absolute
       = help: write it like `keys = ["keys/stable.asc"]`

    error: `keys//a.asc` is not a path below the manifest's folder
      --> lts-6.12.toml:19:38
       |
    19 | keys      = ["/etc/keys/stable.asc", "keys//a.asc"]
       |                                      ^^^^^^^^^^^^^ the path has an empty component
       = help: write it like `keys = ["keys/stable.asc"]`
    "#);
}
