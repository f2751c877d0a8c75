// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The small tables.

use insta::assert_snapshot;

use super::{SAMPLE, report, report_with};

#[test]
fn releases() {
    assert_snapshot!(report_with(&[("name     = \"lustre\"", "name = \"Lustre FS\"")]), @r#"
    error: `Lustre FS` is not a name
     --> lts-6.12.toml:4:8
      |
    4 | name = "Lustre FS"
      |        ^^^^^^^^^^^ a name has 1 to 64 characters of `a-z`, `0-9`, `-`, `.` and `+`, and starts with a letter or digit
      = help: write it like `name = "lustre"`
    "#);
    assert_snapshot!(report_with(&[("\"2.17.57\"", "\"2.17\"")]), @r#"
    error: `2.17` is not a Lustre version
     --> lts-6.12.toml:5:17
      |
    5 | version  = "2.17"                # the base: equals the version of the primary source's tag; the lock appends +k... and the respin
      |                 ^ expected `.` and the patch number
      = help: write it like `version = "2.17.57"`
    "#);
    assert_snapshot!(report_with(&[("\"2.17.57\"", "\"2.17.57+k6.12\"")]), @r#"
    error: `2.17.57+k6.12` is not a Lustre version
     --> lts-6.12.toml:5:20
      |
    5 | version  = "2.17.57+k6.12"                # the base: equals the version of the primary source's tag; the lock appends +k... and the ...
      |                    ^^^^^^ expected `-RC` and a number, or the end
      = help: write it like `version = "2.17.57"`
    "#);
    assert_snapshot!(report_with(&[("\"GPL-2.0-only\"", "\"\"")]), @r#"
    error: `license` is blank
     --> lts-6.12.toml:7:12
      |
    7 | license  = ""
      |            ^^ expected an SPDX licence expression
      = help: write it like `license = "GPL-2.0-only"`
    "#);
    assert_snapshot!(report_with(&[("\"GPL-2.0-only\"", "\"GPL-2.0 only\"")]), @r#"
    error: `GPL-2.0 only` is not an SPDX licence expression
     --> lts-6.12.toml:7:12
      |
    7 | license  = "GPL-2.0 only"
      |            ^^^^^^^^^^^^^^ `only` is out of place; licences are joined by `AND`, `OR` and `WITH`
      = help: write it like `license = "GPL-2.0-only"`
    "#);
    assert_snapshot!(report_with(&[("\"GPL-2.0-only\"", "\"(GPL-2.0-only OR MIT\"")]), @r#"
    error: `(GPL-2.0-only OR MIT` is not an SPDX licence expression
     --> lts-6.12.toml:7:12
      |
    7 | license  = "(GPL-2.0-only OR MIT"
      |            ^^^^^^^^^^^^^^^^^^^^^^ a `)` is missing
      = help: write it like `license = "GPL-2.0-only"`
    "#);
    assert_snapshot!(report_with(&[("\"GPL-2.0-only\"", "\"GPL-2.0-only, MIT\"")]), @r#"
    error: `GPL-2.0-only, MIT` is not an SPDX licence expression
     --> lts-6.12.toml:7:25
      |
    7 | license  = "GPL-2.0-only, MIT"
      |                         ^^^^^ this cannot be in an SPDX expression
      = help: write it like `license = "GPL-2.0-only"`
    "#);
    assert_snapshot!(report_with(&[("\"tar.zst\"", "\"tar.zstd\"")]), @r#"
    error: `tar.zstd` is not a format
     --> lts-6.12.toml:8:23
      |
    8 | formats  = ["tar.gz", "tar.zstd", "tar.xz"]
      |                       ^^^^^^^^^^ did you mean `tar.zst`?
      = note: known words: `tar`, `tar.gz`, `tar.zst` and `tar.xz`
    "#);
    assert_snapshot!(report_with(&[("license ", "respin = 0\nbuildable = 1\nlicense ")]), @"
    error: `respin` is 0
     --> lts-6.12.toml:7:10
      |
    7 | respin = 0
      |          ^ expected an integer, 1 or more
      = help: write it like `respin = 2`

    error: `buildable` is an integer
     --> lts-6.12.toml:8:13
      |
    8 | buildable = 1
      |             ^ expected `true` or `false`
      = help: write it like `buildable = false`
    ");
    let good = "(GPL-2.0-only WITH Linux-syscall-note OR LGPL-2.1+) AND LicenseRef-acme";
    assert_snapshot!(report_with(&[("GPL-2.0-only", good)]), @"ok");
}

#[test]
fn levels() {
    let with = |levels: &str| report(&format!("{SAMPLE}[encoding]\n{levels}\n"));
    assert_snapshot!(with("gzip = 0\nzstd = 23\nxz = -1"), @"
    error: `gzip` is 0
      --> lts-6.12.toml:54:8
       |
    54 | gzip = 0
       |        ^ expected an integer from 1 to 9
       = help: write it like `gzip = 9`

    error: `zstd` is 23
      --> lts-6.12.toml:55:8
       |
    55 | zstd = 23
       |        ^^ expected an integer from 1 to 22
       = help: write it like `zstd = 19`

    error: `xz` is -1
      --> lts-6.12.toml:56:6
       |
    56 | xz = -1
       |      ^^ expected an integer from 0 to 9
       = help: write it like `xz = 6`
    ");
    assert_snapshot!(with("gzip = 0xFF\nxz = 99999999999999999999999999999999999999999"), @"
    error: `gzip` is 0xFF
      --> lts-6.12.toml:54:8
       |
    54 | gzip = 0xFF
       |        ^^^^ expected an integer from 1 to 9
       = help: write it like `gzip = 9`

    error: `xz` is 99999999999999999999999999999999999999999
      --> lts-6.12.toml:55:6
       |
    55 | xz = 99999999999999999999999999999999999999999
       |      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected an integer from 0 to 9
       = help: write it like `xz = 6`
    ");
    assert_snapshot!(with("gzip = 1\nzstd = 22\nxz = 0"), @"ok");
}

#[test]
fn lines() {
    assert_snapshot!(report_with(&[("\"lts-6.12\"", "\"longterm-6.12\"")]), @r#"
    error: `longterm-6.12` is not the id of a line
      --> lts-6.12.toml:11:10
       |
    11 | id     = "longterm-6.12"
       |          ^^^^^^^^^^^^^^^ expected `mainline`, or `lts-` and a kernel series
       = help: write it like `id = "lts-6.12"`
    "#);
    assert_snapshot!(report_with(&[("\"lts-6.12\"", "\"lts-6.12.58\"")]), @r#"
    error: `lts-6.12.58` is not the id of a line
      --> lts-6.12.toml:11:19
       |
    11 | id     = "lts-6.12.58"
       |                   ^^^ expected the end after two numbers
       = help: write it like `id = "lts-6.12"`
    "#);
    assert_snapshot!(report_with(&[("kernel = \"6.12\"", "kernel = \"6.18\"")]), @r#"
    error: line `lts-6.12` is keyed to kernel 6.18
      --> lts-6.12.toml:12:10
       |
    12 | kernel = "6.18"                     # the LTS series that the line is keyed to: its target
       |          ^^^^^^ expected "6.12", as in the line's id
       = help: write `kernel = "6.12"`, or name the line `lts-6.18`
    "#);
    assert_snapshot!(report_with(&[("kernel = \"6.12\"", "")]), @r#"
    error: line `lts-6.12` has no `kernel`
      --> lts-6.12.toml:10:1
       |
    10 | [line]
       | ^^^^^^ `kernel` is missing
       = help: add the line `kernel = "6.12"`
    "#);
    assert_snapshot!(report_with(&[("\">=4.18, <7.1\"", "\">=4.18 <7.1\"")]), @r#"
    error: `>=4.18 <7.1` is not a range of kernels
      --> lts-6.12.toml:13:20
       |
    13 | supports = ">=4.18 <7.1"           # kernels that the compatibility layer covers
       |                    ^^^^ expected `,` and another comparator, or the end
       = help: write it like `supports = ">=4.18, <7.1"`
    "#);
    assert_snapshot!(report_with(&[("\">=4.18, <7.1\"", "\">=7.1, <4.18\"")]), @r#"
    error: no kernel is in the range `>=7.1, <4.18`
      --> lts-6.12.toml:13:12
       |
    13 | supports = ">=7.1, <4.18"           # kernels that the compatibility layer covers
       |            ^^^^^^^^^^^^^^ holds nothing
    "#);
    assert_snapshot!(report_with(&[("\">=4.18, <7.1\"", "\">=4.18, <6.12\"")]), @r#"
    error: `supports` does not cover the line's own kernel series 6.12
      --> lts-6.12.toml:13:12
       |
    13 | supports = ">=4.18, <6.12"           # kernels that the compatibility layer covers
       |            ^^^^^^^^^^^^^^^ 6.12, or a part of it, is outside
       = note: `kernel` is on line 12
    "#);
    assert_snapshot!(report_with(&[("lts-6.12", "mainline"), ("kernel = \"6.12\"", "")]), @"ok");
}

#[test]
fn templates_and_globs() {
    assert_snapshot!(report_with(&[("\"META\"", "\".Lustre-Dist/META\"")]), @r#"
    error: `.Lustre-Dist/META` is not a path that a file can have
      --> lts-6.12.toml:45:8
       |
    45 | to   = ".Lustre-Dist/META"
       |        ^^^^^^^^^^^^^^^^^^^ `.lustre-dist/` is for the tool's own records
       = help: write it like `to = "META"`
    "#);
    assert_snapshot!(report_with(&[("\"META\"", "\"/META\"")]), @r#"
    error: `/META` is not a path that a file can have
      --> lts-6.12.toml:45:8
       |
    45 | to   = "/META"
       |        ^^^^^^^ the path is absolute
       = help: write it like `to = "META"`
    "#);
    assert_snapshot!(report_with(&[("\"META.j2\"", "\"../META.j2\"")]), @r#"
    error: `../META.j2` is not a path that a patch or template can have
      --> lts-6.12.toml:44:8
       |
    44 | file = "../META.j2"
       |        ^^^^^^^^^^^^ the path has a `.` or `..` component
       = help: write it like `file = "META.j2"`
    "#);
    assert_snapshot!(report_with(&[("\"META.j2\"", "\"origins.jsonl\"")]), @r#"
    error: `origins.jsonl` is not a path that a patch or template can have
      --> lts-6.12.toml:44:8
       |
    44 | file = "origins.jsonl"
       |        ^^^^^^^^^^^^^^^ `origins.jsonl` is the name of a record in `.lustre-dist/`, where this file goes too
       = help: write it like `file = "META.j2"`
    "#);
    assert_snapshot!(report_with(&[("[coverage]", "[[template]]\nfile = \"META.j2\"\nto = \"META\"\n[coverage]")]), @r#"
    error: two templates go to `META`
      --> lts-6.12.toml:49:6
       |
    49 | to = "META"
       |      ^^^^^^ the first is on line 45
    "#);
    assert_snapshot!(report_with(&[("\"**/*.ko\"", "\"**/*.{ko\"")]), @r#"
    error: `**/*.{ko` is not a path or glob
      --> lts-6.12.toml:52:13
       |
    52 | must-not = ["**/*.{ko", "**/.git*"]
       |             ^^^^^^^^^^ unclosed alternate group; missing '}' (maybe escape '{' with '[{]'?)
       = help: write it like `must-not = ["**/*.ko", "**/.git*"]`
    "#);
    assert_snapshot!(report_with(&[("[\".\"]", "[\"../lustre\"]")]), @r#"
    error: `../lustre` is not a path or glob
      --> lts-6.12.toml:48:11
       |
    48 | lustre = ["../lustre"]
       |           ^^^^^^^^^^^ the path has a `.` or `..` component
       = help: write it like `lustre = ["."]`
    "#);
}
