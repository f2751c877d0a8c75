// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The tables of `schema = 1`, in the order in which a manifest has them; `inputs` has the tables
//! that say what the tarball is made of.

use super::Kind::{Boolean, Integer, List, Named, NamedLists, Tables};
use super::inputs::{LAYER, SOURCE};
use super::texts::*;
use super::{Field, Kind, Table};

pub(in crate::manifest) static MANIFEST: Table = Table {
    header: "the manifest",
    doc: "A lustre-dist manifest: what a release tarball of Lustre is made of.",
    fields: &[
        Field::required("schema", Integer { least: 1, most: 1 }, "schema = 1", "The version of this format."),
        Field::required("release", Kind::Table(&RELEASE), "[release]", RELEASE.doc),
        Field::optional("encoding", Kind::Table(&ENCODING), "[encoding]", ENCODING.doc),
        Field::optional("line", Kind::Table(&LINE), "[line]", LINE.doc),
        Field::required("source", Named(&SOURCE), "[source.lustre]", "The sources, each under its name."),
        Field::required("layer", Tables(&LAYER), "[[layer]]", "The layers of the tarball, the lowest first."),
        Field::optional(
            "template",
            Tables(&TEMPLATE),
            "[[template]]",
            "Files rendered from the release's own data.",
        ),
        Field::optional(
            "coverage",
            NamedLists(&GLOB, r#"lustre = ["."]"#),
            "[coverage]",
            "Per source the paths below which every tracked file is taken, or excluded with a reason.",
        ),
        Field::optional("contains", Kind::Table(&CONTAINS), "[contains]", CONTAINS.doc),
        Field::optional("allow", Kind::Table(&ALLOW), "[allow]", ALLOW.doc),
    ],
    rules: &[],
};

static RELEASE: Table = Table {
    header: "[release]",
    doc: "What is released.",
    fields: &[
        Field::required(
            "name",
            Kind::Text(&NAME),
            r#"name = "lustre""#,
            "The name of what is released; with the version it names every file.",
        ),
        Field::required(
            "version",
            Kind::Text(&VERSION),
            r#"version = "2.17.57""#,
            "The base version: that of the primary source's tag. The lock adds the kernel and the respin.",
        ),
        Field::optional(
            "respin",
            Integer { least: 1, most: u32::MAX },
            "respin = 2",
            "Counts further releases of the same version; the first has none.",
        ),
        Field::required(
            "primary",
            Kind::Text(&SOURCE_NAME),
            r#"primary = "lustre""#,
            "The source whose commit `git get-tar-commit-id` prints.",
        ),
        Field::required(
            "license",
            Kind::Text(&LICENSE),
            r#"license = "GPL-2.0-only""#,
            "The licence of the whole, as an SPDX expression.",
        ),
        Field::optional(
            "formats",
            List(&FORMAT),
            r#"formats = ["tar.gz", "tar.zst", "tar.xz"]"#,
            "The forms in which the tarball is written: the three compressed ones unless said otherwise.",
        ),
        Field::optional(
            "buildable",
            Boolean,
            "buildable = false",
            "Whether the tarball is a product to build: true unless said otherwise.",
        ),
        Field::optional(
            "note",
            Kind::Text(&PROSE),
            r#"note = "for a test of the kernel code only""#,
            "Why it is not buildable, or what else META is to say.",
        ),
        Field::optional(
            "changelog",
            Kind::Text(&TAR_PATH),
            r#"changelog = "lustre/ChangeLog""#,
            "The primary source's change log, which lists the kernels that it was built and tested on.",
        ),
    ],
    rules: &[],
};

static ENCODING: Table = Table {
    header: "[encoding]",
    doc: "Compression levels.",
    fields: &[
        Field::optional(
            "gzip",
            Integer { least: 1, most: 9 },
            "gzip = 9",
            "The level of gzip: 9 unless said otherwise.",
        ),
        Field::optional(
            "zstd",
            Integer { least: 1, most: 22 },
            "zstd = 19",
            "The level of zstd: 19 unless said otherwise.",
        ),
        Field::optional(
            "xz",
            Integer { least: 0, most: 9 },
            "xz = 6",
            "The level of xz: 6 unless said otherwise.",
        ),
    ],
    rules: &[],
};

static LINE: Table = Table {
    header: "[line]",
    doc: "The release line that the tarball belongs to.",
    fields: &[
        Field::required(
            "id",
            Kind::Text(&LINE_ID),
            r#"id = "lts-6.12""#,
            "`mainline`, or `lts-` and the series of an LTS kernel.",
        ),
        Field::optional(
            "kernel",
            Kind::Text(&SERIES),
            r#"kernel = "6.12""#,
            "The kernel series that the line is keyed to: its tarballs are made and checked for it.",
        ),
        Field::optional(
            "supports",
            Kind::Text(&RANGE),
            r#"supports = ">=4.18, <7.1""#,
            "The kernels that the compatibility layer covers.",
        ),
        Field::optional(
            "ended",
            Kind::Text(&DATE),
            r#"ended = "2028-12-31""#,
            "The day on which the line ended; nothing is assembled for it any more.",
        ),
    ],
    rules: &[],
};

static TEMPLATE: Table = Table {
    header: "[[template]]",
    doc: "A file rendered from the release's own data.",
    fields: &[
        Field::required(
            "file",
            Kind::Text(&PACKED),
            r#"file = "META.j2""#,
            "A path below the manifest's folder, or the name of a template that the tool carries.",
        ),
        Field::required("to", Kind::Text(&TAR_PATH), r#"to = "META""#, "The file's path in the tarball."),
        Field::optional(
            "executable",
            Boolean,
            "executable = true",
            "Whether its mode is 0755: false unless said otherwise.",
        ),
    ],
    rules: &[],
};

static CONTAINS: Table = Table {
    header: "[contains]",
    doc: "What must and must not be in the tarball.",
    fields: &[
        Field::optional(
            "must",
            List(&GLOB),
            r#"must = ["COPYING", "lustre_compat/Makefile"]"#,
            "Paths and globs, each of which covers at least one file.",
        ),
        Field::optional(
            "must-not",
            List(&GLOB),
            r#"must-not = ["**/*.ko", "**/.git*"]"#,
            "Paths and globs, none of which covers any file.",
        ),
    ],
    rules: &[],
};

static ALLOW: Table = Table {
    header: "[allow]",
    doc: "What is refused unless it is named here.",
    fields: &[
        Field::optional(
            "case-clashes",
            List(&GLOB),
            r#"case-clashes = ["include/uapi/linux/netfilter/"]"#,
            "Paths that may differ from another in case alone.",
        ),
        Field::optional(
            "unicode-clashes",
            List(&GLOB),
            r#"unicode-clashes = ["tests/names/"]"#,
            "Paths that may differ from another in Unicode form alone.",
        ),
        Field::optional(
            "dangling-links",
            List(&GLOB),
            r#"dangling-links = ["tests/link"]"#,
            "Symbolic links whose target need not be in the tarball.",
        ),
    ],
    rules: &[],
};
