// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! One slip in the TOML is one problem, and what else is wrong is still told.

use insta::assert_snapshot;

use super::{report, report_with};

#[test]
fn one_slip_is_one_problem() {
    assert_snapshot!(report_with(&[("name     = \"lustre\"", "name = lustre")]), @r#"
    error: not TOML: string values must be quoted
     --> lts-6.12.toml:4:8
      |
    4 | name = lustre
      |        ^^^^^^ expected literal string
      = help: put the value in quotes: `"..."`
    "#);
    assert_snapshot!(report_with(&[("\"compat\"", "\"compat")]), @r#"
    error: not TOML: invalid basic string
      --> lts-6.12.toml:33:17
       |
    33 | name   = "compat
       |                 ^ expected `"`
    "#);
    assert_snapshot!(report_with(&[("[source.linux]", "[source.linux")]), @"
    error: not TOML: unclosed table
      --> lts-6.12.toml:15:14
       |
    15 | [source.linux
       |              ^ expected `]`
    ");
    assert_snapshot!(report_with(&[("[[layer]]", "layer]]")]), @"
    error: not TOML: key with no value
      --> lts-6.12.toml:27:6
       |
    27 | layer]]
       |      ^ expected `=`
    ");
    assert_snapshot!(report_with(&[("\"utils/lustre/\" }, {", "\"utils/lustre/\" } {")]), @r#"
    error: not TOML: missing comma between array elements
      --> lts-6.12.toml:40:61
       |
    40 | take    = [{ from = "lustre/utils/", to = "utils/lustre/" } { from = "lnet/utils/", to = "utils/lnet/" }, { from = "lustre/tests/", ...
       |                                                             ^ expected `,`
    "#);
    assert_snapshot!(report_with(&[("primary  =", "name = \"lustre\"\nprimary =")]), @r#"
    error: not TOML: duplicate key
     --> lts-6.12.toml:6:1
      |
    6 | name = "lustre"
      | ^^^^
      = help: a table has each key once; only tables written `[[...]]` come several times
    "#);
}

#[test]
fn a_bracket_that_is_never_closed() {
    assert_snapshot!(report_with(&[("\"tar.xz\"]", "\"tar.xz\"")]), @r#"
    error: a bracket is opened here and never closed
     --> lts-6.12.toml:8:12
      |
    8 | formats  = ["tar.gz", "tar.zst", "tar.xz"
      |            ^ opened here
      = note: reading stopped making sense on line 10: missing comma between array elements, expected `,`
    "#);
    assert_snapshot!(report_with(&[("{ from = \"net/lnet/\" }, ", "{ from = \"net/lnet/\", ")]), @r#"
    error: a bracket is opened here and never closed
      --> lts-6.12.toml:30:36
       |
    30 | take   = [{ from = "fs/lustre/" }, { from = "net/lnet/", { from = "include/uapi/linux/lustre/" }]
       |                                    ^ opened here
       = note: reading stopped making sense on line 30: missing key for inline table element, expected key
    "#);
    assert_snapshot!(report("contains = { must = [\"COPYING\"]"), @r#"
    error: a bracket is opened here and never closed
     --> lts-6.12.toml:1:12
      |
    1 | contains = { must = ["COPYING"]
      |            ^ opened here
      = note: reading stopped making sense on line 1: unclosed inline table, expected `}`
    "#);
}

#[test]
fn a_table_that_comes_twice() {
    assert_snapshot!(report_with(&[("[[layer]]", "[layer]"), ("[[layer]]", "[layer]"), ("[[layer]]", "[layer]")]), @"
    error: not TOML: duplicate key
      --> lts-6.12.toml:32:2
       |
    32 | [layer]
       |  ^^^^^
       = help: a table has each key once; only tables written `[[...]]` come several times

    error: not TOML: duplicate key
      --> lts-6.12.toml:37:2
       |
    37 | [layer]
       |  ^^^^^
       = help: a table has each key once; only tables written `[[...]]` come several times
    ");
}

#[test]
fn the_rest_is_still_looked_at() {
    assert_snapshot!(
        report_with(&[
            ("name     = \"lustre\"", "name = lustre"),
            ("\"2.17.57\"", "\"2.17\""),
            ("\"v2_17_57\"", "v2_17_57"),
            ("\"required\"", "\"requird\""),
            ("must-not", "must_not"),
        ]),
        @r#"
    error: not TOML: string values must be quoted
     --> lts-6.12.toml:4:8
      |
    4 | name = lustre
      |        ^^^^^^ expected literal string
      = help: put the value in quotes: `"..."`

    error: `2.17` is not a Lustre version
     --> lts-6.12.toml:5:17
      |
    5 | version  = "2.17"                # the base: equals the version of the primary source's tag; the lock appends +k... and the respin
      |                 ^ expected `.` and the patch number
      = help: write it like `version = "2.17.57"`

    error: `requird` is not a signature policy
      --> lts-6.12.toml:18:13
       |
    18 | signature = "requird"
       |             ^^^^^^^^^ did you mean `required`?
       = note: known words: `required`, `warn` and `none`

    error: not TOML: string values must be quoted
      --> lts-6.12.toml:24:13
       |
    24 | tag       = v2_17_57
       |             ^^^^^^^^ expected literal string
       = help: put the value in quotes: `"..."`

    error: unknown key `must_not` in `[contains]`
      --> lts-6.12.toml:52:1
       |
    52 | must_not = ["**/*.ko", "**/.git*"]
       | ^^^^^^^^ did you mean `must-not`?
       = note: known keys: `must` and `must-not`
    "#
    );
}
