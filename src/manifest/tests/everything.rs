// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A manifest in which hardly a line is right: one run tells all of it.

use insta::assert_snapshot;

use super::report;

const WRONG: &str = r#"# hardly a line is right
shema = 1
extra = 3

[release]
nmae     = "lustre"
version  = "2.17"
primary  = "lustr"
license  = "GPL 2"
formats  = ["tar.gz", "tar.bz2", "tar.gz"]
respin   = 0
changelog = "/lustre/ChangeLog"

[encoding]
gzip = 12
zstd = "high"

[line]
id       = "lts-6.12"
kernel   = "6.18"
supports = ">=4.18 <7.1"
ended    = "2026-02-30"

[source.linux]
git       = "https://example.org/lustre-linux.git"
bundle    = "lustre-linux.bundle"
tag       = "v6.*.12"
signature = "requird"

[source.lustre]
mirrors    = ["https://github.com/lustre/lustre-release.git"]
tag        = "v2_17_*"
tag-object = "abc"
tags       = "v2_17_57"
since      = "refs/tags/v2_16_0"
signature  = "required"

[source."Bad Name"]
git       = ""
commit    = "xyz"
signature = 'none'
keys      = []

[[layer]]
name   = "upstream"
source = "linus"
take   = [
    { from = "/fs/lustre/" }, { form = "net/lnet/" }, 7, "x/[",
    { from = "*.c", to = "x" }, { from = "a", to = "../b" }, { from = "c", to = ".lustre-dist/x" },
]

[[layer]]
name    = "upstream"
source  = "lustre"
take    = []
exclude = [{ glob = "**/.gitignore", reason = " " }]
[[layer.patch]]
file   = "../x.patch"
series = "manifest.toml/x"

[template]
file = "META.j2"

[coverage]
lustre = "."
nope   = ["."]

[contains]
must     = ["COPYING", 3]
must_not = ["**/*.ko", "**/.git*"]
"#;

#[test]
fn everything_at_once() {
    assert_snapshot!(report(WRONG), @r#"
    error: unknown key `shema` in the manifest
     --> lts-6.12.toml:2:1
      |
    2 | shema = 1
      | ^^^^^ did you mean `schema`?
      = note: known keys: `schema`, `release`, `encoding`, `line`, `source`, `layer`, `template`, `coverage`, `contains` and `allow`

    error: unknown key `extra` in the manifest
     --> lts-6.12.toml:3:1
      |
    3 | extra = 3
      | ^^^^^ not a key that is known here
      = note: known keys: `schema`, `release`, `encoding`, `line`, `source`, `layer`, `template`, `coverage`, `contains` and `allow`

    error: unknown key `nmae` in `[release]`
     --> lts-6.12.toml:6:1
      |
    6 | nmae     = "lustre"
      | ^^^^ did you mean `name`?
      = note: known keys: `name`, `version`, `respin`, `primary`, `license`, `formats`, `buildable`, `note` and `changelog`

    error: `2.17` is not a Lustre version
     --> lts-6.12.toml:7:17
      |
    7 | version  = "2.17"
      |                 ^ expected `.` and the patch number
      = help: write it like `version = "2.17.57"`

    error: unknown source `lustr`
     --> lts-6.12.toml:8:12
      |
    8 | primary  = "lustr"
      |            ^^^^^^^ did you mean `lustre`?
      = note: known sources: `Bad Name`, `linux` and `lustre`

    error: `GPL 2` is not an SPDX licence expression
     --> lts-6.12.toml:9:12
      |
    9 | license  = "GPL 2"
      |            ^^^^^^^ `2` is out of place; licences are joined by `AND`, `OR` and `WITH`
      = help: write it like `license = "GPL-2.0-only"`

    error: `tar.bz2` is not a format
      --> lts-6.12.toml:10:23
       |
    10 | formats  = ["tar.gz", "tar.bz2", "tar.gz"]
       |                       ^^^^^^^^^ did you mean `tar.gz`?
       = note: known words: `tar`, `tar.gz`, `tar.zst` and `tar.xz`

    error: `tar.gz` is twice in `formats`
      --> lts-6.12.toml:10:34
       |
    10 | formats  = ["tar.gz", "tar.bz2", "tar.gz"]
       |                                  ^^^^^^^^ the first is on line 10

    error: `respin` is 0
      --> lts-6.12.toml:11:12
       |
    11 | respin   = 0
       |            ^ expected an integer, 1 or more
       = help: write it like `respin = 2`

    error: `/lustre/ChangeLog` is not a path that a file can have
      --> lts-6.12.toml:12:13
       |
    12 | changelog = "/lustre/ChangeLog"
       |             ^^^^^^^^^^^^^^^^^^^ the path is absolute
       = help: write it like `changelog = "lustre/ChangeLog"`

    error: `gzip` is 12
      --> lts-6.12.toml:15:8
       |
    15 | gzip = 12
       |        ^^ expected an integer from 1 to 9
       = help: write it like `gzip = 9`

    error: `zstd` is a string
      --> lts-6.12.toml:16:8
       |
    16 | zstd = "high"
       |        ^^^^^^ expected an integer from 1 to 22
       = help: write it like `zstd = 19`

    error: line `lts-6.12` is keyed to kernel 6.18
      --> lts-6.12.toml:20:12
       |
    20 | kernel   = "6.18"
       |            ^^^^^^ expected "6.12", as in the line's id
       = help: write `kernel = "6.12"`, or name the line `lts-6.18`

    error: `>=4.18 <7.1` is not a range of kernels
      --> lts-6.12.toml:21:20
       |
    21 | supports = ">=4.18 <7.1"
       |                    ^^^^ expected `,` and another comparator, or the end
       = help: write it like `supports = ">=4.18, <7.1"`

    error: `2026-02-30` is not a date
      --> lts-6.12.toml:22:12
       |
    22 | ended    = "2026-02-30"
       |            ^^^^^^^^^^^^ expected a day of the calendar, as in 2028-12-31
       = help: write it like `ended = "2028-12-31"`

    error: `[source.linux]` has both `git` and `bundle`
      --> lts-6.12.toml:26:1
       |
    26 | bundle    = "lustre-linux.bundle"
       | ^^^^^^ `git` is on line 25
       = help: keep one of `git` and `bundle`

    error: `v6.*.12` is not a tag or a pattern of tags
      --> lts-6.12.toml:27:18
       |
    27 | tag       = "v6.*.12"
       |                  ^^^ expected the end after `*`
       = help: write it like `tag = "v2_17_57"`

    error: `requird` is not a signature policy
      --> lts-6.12.toml:28:13
       |
    28 | signature = "requird"
       |             ^^^^^^^^^ did you mean `required`?
       = note: known words: `required`, `warn` and `none`

    error: `[source.lustre]` has none of `git` and `bundle`
      --> lts-6.12.toml:30:1
       |
    30 | [source.lustre]
       | ^^^^^^^^^^^^^^^ one of them is missing
       = help: add one of `git` and `bundle`

    error: `mirrors` without `git`
      --> lts-6.12.toml:31:1
       |
    31 | mirrors    = ["https://github.com/lustre/lustre-release.git"]
       | ^^^^^^^ has a meaning beside `git` only

    error: `tag-object` beside a pattern of tags
      --> lts-6.12.toml:33:1
       |
    33 | tag-object = "abc"
       | ^^^^^^^^^^ says something about one tag, and a pattern may choose another
       = help: name the tag itself, or leave the key out

    error: `abc` is not a full object id
      --> lts-6.12.toml:33:14
       |
    33 | tag-object = "abc"
       |              ^^^^^ expected 40 lower-case hexadecimal digits
       = help: write it like `tag-object = "3f2a91c0b0f2a5d6c3e8f1029384756afbecdd02"`

    error: `tags` beside a pattern of tags
      --> lts-6.12.toml:34:1
       |
    34 | tags       = "v2_17_57"
       | ^^^^ says something about one tag, and a pattern may choose another
       = help: name the tag itself, or leave the key out

    error: `v2_17_57` is not a pattern of tags
      --> lts-6.12.toml:34:23
       |
    34 | tags       = "v2_17_57"
       |                       ^ expected a separator as before, and `*` as the last component
       = help: write it like `tags = "v2_17_*"`

    error: `refs/tags/v2_16_0` is not the name of a ref
      --> lts-6.12.toml:35:14
       |
    35 | since      = "refs/tags/v2_16_0"
       |              ^^^^^^^^^^^^^^^^^^^ expected the short name, without `refs/heads/` or `refs/tags/`
       = help: write it like `since = "v2_16_0"`

    error: `signature = "required"` without `keys`
      --> lts-6.12.toml:36:14
       |
    36 | signature  = "required"
       |              ^^^^^^^^^^ needs `keys` beside it
       = help: for example `keys = ["keys/stable.asc"]`

    error: `[source.Bad Name]` is not the name of a source
      --> lts-6.12.toml:38:9
       |
    38 | [source."Bad Name"]
       |         ^^^^^^^^^^ a name has 1 to 64 characters of `a-z`, `0-9`, `-`, `.` and `+`, and starts with a letter or digit

    error: `git` is blank
      --> lts-6.12.toml:39:13
       |
    39 | git       = ""
       |             ^^ expected a git repository
       = help: write it like `git = "https://git.whamcloud.com/fs/lustre-release.git"`

    error: `xyz` is not a full object id
      --> lts-6.12.toml:40:13
       |
    40 | commit    = "xyz"
       |             ^^^^^ expected 40 lower-case hexadecimal digits
       = help: write it like `commit = "9c1d44e7b0f2a5d6c3e8f1029384756afbecdd01"`

    error: `keys` is empty
      --> lts-6.12.toml:42:13
       |
    42 | keys      = []
       |             ^^ expected at least one element
       = help: leave it out, or write it like `keys = ["keys/stable.asc"]`

    error: unknown source `linus`
      --> lts-6.12.toml:46:10
       |
    46 | source = "linus"
       |          ^^^^^^^ did you mean `linux`?
       = note: known sources: `Bad Name`, `linux` and `lustre`

    error: `/fs/lustre/` is not a path or glob
      --> lts-6.12.toml:48:14
       |
    48 |     { from = "/fs/lustre/" }, { form = "net/lnet/" }, 7, "x/[",
       |              ^^^^^^^^^^^^^ the path is absolute
       = help: write it like `from = "lustre/utils/"`

    error: unknown key `form` in `take`
      --> lts-6.12.toml:48:33
       |
    48 |     { from = "/fs/lustre/" }, { form = "net/lnet/" }, 7, "x/[",
       |                                 ^^^^ did you mean `from`?
       = note: known keys: `from` and `to`

    error: an element of `take` is an integer
      --> lts-6.12.toml:48:55
       |
    48 |     { from = "/fs/lustre/" }, { form = "net/lnet/" }, 7, "x/[",
       |                                                       ^ expected a table or a string
       = help: write it like `take = [{ from = "lustre/utils/", to = "utils/lustre/" }]`

    error: `x/[` is not a path or glob
      --> lts-6.12.toml:48:58
       |
    48 |     { from = "/fs/lustre/" }, { form = "net/lnet/" }, 7, "x/[",
       |                                                          ^^^^^ unclosed character class; missing ']'
       = help: write it like `from = "lustre/utils/"`

    error: `*.c` can match many files, and `x` names one
      --> lts-6.12.toml:49:26
       |
    49 |     { from = "*.c", to = "x" }, { from = "a", to = "../b" }, { from = "c", to = ".lustre-dist/x" },
       |                          ^^^ expected a directory, with `/` at its end
       = help: write `to = "x/"` for a directory

    error: `../b` is not a place that files can go to
      --> lts-6.12.toml:49:52
       |
    49 |     { from = "*.c", to = "x" }, { from = "a", to = "../b" }, { from = "c", to = ".lustre-dist/x" },
       |                                                    ^^^^^^ the path has a `.` or `..` component
       = help: write it like `to = "utils/lustre/"`

    error: `.lustre-dist/x` is not a place that files can go to
      --> lts-6.12.toml:49:81
       |
    49 |     { from = "*.c", to = "x" }, { from = "a", to = "../b" }, { from = "c", to = ".lustre-dist/x" },
       |                                                                                 ^^^^^^^^^^^^^^^^ `.lustre-dist/` is for the tool's own records
       = help: write it like `to = "utils/lustre/"`

    error: two layers are called `upstream`
      --> lts-6.12.toml:53:11
       |
    53 | name    = "upstream"
       |           ^^^^^^^^^^ the first is on line 45

    error: `take` is empty
      --> lts-6.12.toml:55:11
       |
    55 | take    = []
       |           ^^ expected at least one element
       = help: write it like `take = [{ from = "lustre/utils/", to = "utils/lustre/" }]`

    error: `reason` is blank
      --> lts-6.12.toml:56:47
       |
    56 | exclude = [{ glob = "**/.gitignore", reason = " " }]
       |                                               ^^^ expected a text
       = help: write it like `reason = "for a work tree only"`

    error: `[[layer.patch]]` has none of `upstream` and `reason`
      --> lts-6.12.toml:57:1
       |
    57 | [[layer.patch]]
       | ^^^^^^^^^^^^^^^ one of them is missing
       = help: add one of `upstream` and `reason`

    error: `../x.patch` is not a path that a patch or template can have
      --> lts-6.12.toml:58:10
       |
    58 | file   = "../x.patch"
       |          ^^^^^^^^^^^^ the path has a `.` or `..` component
       = help: write it like `file = "patches/0001-build.patch"`

    error: `[[layer.patch]]` has both `file` and `series`
      --> lts-6.12.toml:59:1
       |
    59 | series = "manifest.toml/x"
       | ^^^^^^ `file` is on line 58
       = help: keep one of `file` and `series`

    error: `manifest.toml/x` is not a path that a patch or template can have
      --> lts-6.12.toml:59:10
       |
    59 | series = "manifest.toml/x"
       |          ^^^^^^^^^^^^^^^^^ `manifest.toml` is the name of a record in `.lustre-dist/`, where this file goes too
       = help: write it like `series = "patches/series"`

    error: `template` is a table
      --> lts-6.12.toml:61:1
       |
    61 | [template]
       | ^^^^^^^^^^ expected an array of tables, `[[template]]`
       = help: write it like `[[template]]`

    error: `lustre` is a string
      --> lts-6.12.toml:65:10
       |
    65 | lustre = "."
       |          ^^^ expected an array of strings
       = help: write it like `lustre = ["."]`

    error: unknown source `nope`
      --> lts-6.12.toml:66:1
       |
    66 | nope   = ["."]
       | ^^^^ there is no `[source.nope]`
       = note: known sources: `Bad Name`, `linux` and `lustre`

    error: an element of `must` is an integer
      --> lts-6.12.toml:69:24
       |
    69 | must     = ["COPYING", 3]
       |                        ^ expected a string
       = help: write it like `must = ["COPYING", "lustre_compat/Makefile"]`

    error: unknown key `must_not` in `[contains]`
      --> lts-6.12.toml:70:1
       |
    70 | must_not = ["**/*.ko", "**/.git*"]
       | ^^^^^^^^ did you mean `must-not`?
       = note: known keys: `must` and `must-not`
    "#);
}
