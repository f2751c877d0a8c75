// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Keys, types, defaults and schemas.

use insta::assert_snapshot;

use super::{SAMPLE, read_text, report, report_with, sample_with};
use crate::manifest::{Encoding, Format};

#[test]
fn the_sample_is_read_as_it_stands() {
    let manifest = read_text(SAMPLE).unwrap();
    assert_eq!(manifest.release.name.as_str(), "lustre");
    assert_eq!(manifest.release.version.to_string(), "2.17.57");
    assert_eq!(&SAMPLE[manifest.release.version.span.clone()], r#""2.17.57""#);
    assert_eq!(manifest.release.formats, [Format::Gzip, Format::Zstd, Format::Xz]);
    assert!(manifest.release.buildable);
    assert_eq!(manifest.encoding, Encoding { gzip: 9, zstd: 19, xz: 6 });
    let line = manifest.line.unwrap();
    assert_eq!(
        (line.id.as_str(), line.supports.unwrap().to_string()),
        ("lts-6.12", ">=4.18, <7.1".to_owned())
    );
    let names: Vec<&str> = manifest.layers.iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!(names, ["upstream", "compat", "userspace"]);
    assert_eq!(manifest.contains.must_not[0].as_str(), "**/*.ko");
    assert_eq!(manifest.coverage["lustre"][0].as_str(), ".");
}

#[test]
fn what_is_not_said_has_a_default() {
    let text = sample_with(&[("formats  = [\"tar.gz\", \"tar.zst\", \"tar.xz\"]", "")]);
    let manifest = read_text(&format!("{text}[encoding]\nxz = 9\n")).unwrap();
    assert_eq!(manifest.release.formats, [Format::Gzip, Format::Zstd, Format::Xz]);
    assert_eq!(manifest.encoding, Encoding { gzip: 9, zstd: 19, xz: 9 });
    let text = sample_with(&[("[\"tar.gz\", \"tar.zst\", \"tar.xz\"]", "[\"tar.xz\", \"tar\"]")]);
    assert_eq!(read_text(&text).unwrap().release.formats, [Format::Tar, Format::Xz]);
}

#[test]
fn unknown_keys() {
    assert_snapshot!(report_with(&[("license ", "licence ")]), @r#"
    error: unknown key `licence` in `[release]`
     --> lts-6.12.toml:7:1
      |
    7 | licence  = "GPL-2.0-only"
      | ^^^^^^^ did you mean `license`?
      = note: known keys: `name`, `version`, `respin`, `primary`, `license`, `formats`, `buildable`, `note` and `changelog`
    "#);
    assert_snapshot!(report_with(&[("[contains]", "[contain]")]), @"
    error: unknown key `contain` in the manifest
      --> lts-6.12.toml:50:2
       |
    50 | [contain]
       |  ^^^^^^^ did you mean `contains`?
       = note: known keys: `schema`, `release`, `encoding`, `line`, `source`, `layer`, `template`, `coverage`, `contains` and `allow`
    ");
    assert_snapshot!(report_with(&[("must-not", "must_not")]), @r#"
    error: unknown key `must_not` in `[contains]`
      --> lts-6.12.toml:52:1
       |
    52 | must_not = ["**/*.ko", "**/.git*"]
       | ^^^^^^^^ did you mean `must-not`?
       = note: known keys: `must` and `must-not`
    "#);
    assert_snapshot!(report_with(&[("license ", "signature = \"none\"\nlicense ")]), @r#"
    error: unknown key `signature` in `[release]`
     --> lts-6.12.toml:7:1
      |
    7 | signature = "none"
      | ^^^^^^^^^ not a key that is known here
      = note: known keys: `name`, `version`, `respin`, `primary`, `license`, `formats`, `buildable`, `note` and `changelog`
      = help: `signature` is a key of `[source.NAME]`
    "#);
    assert_snapshot!(report_with(&[("schema = 1", "schema = 1\n\"a\\u001b[2J\" = 1")]), @r#"
    error: unknown key `a\u{1b}[2J` in the manifest
     --> lts-6.12.toml:2:1
      |
    2 | "a\u001b[2J" = 1
      | ^^^^^^^^^^^^ not a key that is known here
      = note: known keys: `schema`, `release`, `encoding`, `line`, `source`, `layer`, `template`, `coverage`, `contains` and `allow`
    "#);
}

#[test]
fn missing_keys() {
    assert_snapshot!(report_with(&[("signature = \"none\" ", "# ")]), @r#"
    error: `[source.lustre]` has no `signature`
      --> lts-6.12.toml:21:1
       |
    21 | [source.lustre]
       | ^^^^^^^^^^^^^^^ `signature` is missing
       = note: known words: `required`, `warn` and `none`
       = help: for example `signature = "required"`
    "#);
    assert_snapshot!(report_with(&[("{ from = \"net/lnet/\" }", "{}")]), @r#"
    error: `take` has no `from`
      --> lts-6.12.toml:30:36
       |
    30 | take   = [{ from = "fs/lustre/" }, {}, { from = "include/uapi/linux/lustre/" }]
       |                                    ^^ `from` is missing
       = help: for example `from = "lustre/utils/"`
    "#);
    assert_snapshot!(report(""), @"
    error: the manifest has no `schema`
     --> lts-6.12.toml:1:1
      |
    1 |
      | ^ `schema` is missing
      = help: for example `schema = 1`

    error: the manifest has no `[release]`
     --> lts-6.12.toml:1:1
      |
    1 |
      | ^ `[release]` is missing
      = help: for example `[release]`

    error: the manifest has no `[source.NAME]`
     --> lts-6.12.toml:1:1
      |
    1 |
      | ^ `[source.NAME]` is missing
      = help: for example `[source.lustre]`

    error: the manifest has no `[[layer]]`
     --> lts-6.12.toml:1:1
      |
    1 |
      | ^ `[[layer]]` is missing
      = help: for example `[[layer]]`
    ");
}

#[test]
fn wrong_types() {
    assert_snapshot!(report_with(&[("\"2.17.57\"", "2.17")]), @r#"
    error: `version` is a float
     --> lts-6.12.toml:5:12
      |
    5 | version  = 2.17                # the base: equals the version of the primary source's tag; the lock appends +k... and the respin
      |            ^^^^ expected a string, a Lustre version
      = help: write it like `version = "2.17.57"`
    "#);
    assert_snapshot!(report_with(&[("[\"tar.gz\", \"tar.zst\", \"tar.xz\"]", "\"tar.gz\"")]), @r#"
    error: `formats` is a string
     --> lts-6.12.toml:8:12
      |
    8 | formats  = "tar.gz"
      |            ^^^^^^^^ expected an array of strings
      = help: write it like `formats = ["tar.gz", "tar.zst", "tar.xz"]`
    "#);
    assert_snapshot!(report_with(&[("[[template]]", "[template]")]), @"
    error: `template` is a table
      --> lts-6.12.toml:43:1
       |
    43 | [template]
       | ^^^^^^^^^^ expected an array of tables, `[[template]]`
       = help: write it like `[[template]]`
    ");
    assert_snapshot!(report_with(&[("[\".\"]", "true")]), @r#"
    error: `lustre` is a boolean
      --> lts-6.12.toml:48:10
       |
    48 | lustre = true
       |          ^^^^ expected an array of strings
       = help: write it like `lustre = ["."]`
    "#);
    assert_snapshot!(report_with(&[("schema = 1", "schema = 1\ncontains = 2026-08-02"), ("[contains]", "[allow]"), ("must ", "case-clashes "), ("must-not", "dangling-links")]), @"
    error: `contains` is a datetime
     --> lts-6.12.toml:2:12
      |
    2 | contains = 2026-08-02
      |            ^^^^^^^^^^ expected a table, `[contains]`
      = help: write it like `[contains]`
    ");
}

#[test]
fn arrays_that_are_empty_or_repeat_themselves() {
    assert_snapshot!(report_with(&[("[\"**/*.ko\", \"**/.git*\"]", "[]")]), @r#"
    error: `must-not` is empty
      --> lts-6.12.toml:52:12
       |
    52 | must-not = []
       |            ^^ expected at least one element
       = help: leave it out, or write it like `must-not = ["**/*.ko", "**/.git*"]`
    "#);
    assert_snapshot!(report_with(&[("\"tar.zst\"", "\"tar.gz\"")]), @r#"
    error: `tar.gz` is twice in `formats`
     --> lts-6.12.toml:8:23
      |
    8 | formats  = ["tar.gz", "tar.gz", "tar.xz"]
      |                       ^^^^^^^^ the first is on line 8
    "#);
    assert_snapshot!(report_with(&[("[\"COPYING\", \"lustre_compat/Makefile\"]", "[\"COPYING\", 1, \" \"]")]), @r#"
    error: an element of `must` is an integer
      --> lts-6.12.toml:51:24
       |
    51 | must     = ["COPYING", 1, " "]
       |                        ^ expected a string
       = help: write it like `must = ["COPYING", "lustre_compat/Makefile"]`

    error: `must` is blank
      --> lts-6.12.toml:51:27
       |
    51 | must     = ["COPYING", 1, " "]
       |                           ^^^ expected a path or glob
       = help: write it like `must = ["COPYING", "lustre_compat/Makefile"]`
    "#);
}

#[test]
fn schemas_of_other_times() {
    assert_snapshot!(report_with(&[("schema = 1", "schema = 2"), ("[release]", "[product]")]), @"
    error: the manifest has schema 2
     --> lts-6.12.toml:1:10
      |
    1 | schema = 2
      |          ^ this lustre-dist reads schema 1
      = help: it was written for a newer lustre-dist: update the tool
    ");
    assert_snapshot!(report_with(&[("schema = 1", "schema = 0")]), @"
    error: `schema` is 0
     --> lts-6.12.toml:1:10
      |
    1 | schema = 0
      |          ^ expected the integer 1
      = help: write it like `schema = 1`
    ");
    assert_snapshot!(report_with(&[("schema = 1", "schema = \"1\"")]), @r#"
    error: `schema` is a string
     --> lts-6.12.toml:1:10
      |
    1 | schema = "1"
      |          ^^^ expected the integer 1
      = help: write it like `schema = 1`
    "#);
}
