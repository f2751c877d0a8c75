// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The tables of `schema = 1` that say what the tarball is made of: sources and layers.

use super::Kind::{Boolean, List, Tables, TablesOrText};
use super::texts::*;
use super::{Field, Kind, Rule, Table};

pub(super) static SOURCE: Table = Table {
    header: "[source.NAME]",
    doc: "An origin of files: a git repository at a tag, commit, branch or ref.",
    fields: &[
        Field::optional(
            "git",
            Kind::Text(&REPOSITORY),
            r#"git = "https://git.whamcloud.com/fs/lustre-release.git""#,
            "A git repository: a URL that git understands, or a path from the manifest's folder.",
        ),
        Field::optional(
            "mirrors",
            List(&REPOSITORY),
            r#"mirrors = ["https://github.com/lustre/lustre-release.git"]"#,
            "Copies of the repository, tried in turn when `git` cannot be reached.",
        ),
        Field::optional(
            "bundle",
            Kind::Text(&LOCAL),
            r#"bundle = "lustre.bundle""#,
            "A git bundle file in place of a repository: a path from the manifest's folder.",
        ),
        Field::optional(
            "tag",
            Kind::Text(&TAG),
            r#"tag = "v2_17_57""#,
            "A tag, or a pattern such as `v6.12.*` for the newest release that it matches.",
        ),
        Field::optional(
            "commit",
            Kind::Text(&OBJECT),
            r#"commit = "9c1d44e7b0f2a5d6c3e8f1029384756afbecdd01""#,
            "A commit; gives a development version.",
        ),
        Field::optional(
            "branch",
            Kind::Text(&REF_NAME),
            r#"branch = "b2_17""#,
            "A branch, whose tip is taken; gives a development version.",
        ),
        Field::optional(
            "ref",
            Kind::Text(&REF),
            r#"ref = "refs/changes/45/61245/3""#,
            "A ref by its full name, such as a Gerrit change; gives a development version.",
        ),
        Field::optional(
            "tag-object-name",
            Kind::Text(&REF_NAME),
            r#"tag-object-name = "b2_12_1""#,
            "The name inside the tag object, where it is not the tag's.",
        ),
        Field::optional(
            "tag-object",
            Kind::Text(&OBJECT),
            r#"tag-object = "3f2a91c0b0f2a5d6c3e8f1029384756afbecdd02""#,
            "The id of the tag object, where the manifest itself pins it.",
        ),
        Field::optional(
            "tags",
            Kind::Text(&PATTERN),
            r#"tags = "v2_17_*""#,
            "A pattern of tags beside one `tag`: where `due` and `bump` look for a newer one.",
        ),
        Field::optional(
            "on-branch",
            Kind::Text(&REF_NAME),
            r#"on-branch = "b2_17""#,
            "The branch that the tag must be on; `preflight` checks it.",
        ),
        Field::optional(
            "since",
            Kind::Text(&REF_NAME),
            r#"since = "v2_16_0""#,
            "The tag that the release's changes are counted from, or `previous` for the last pin.",
        ),
        Field::required(
            "signature",
            Kind::Text(&SIGNATURE),
            r#"signature = "required""#,
            "Whether a good signature is required, its lack reported, or signatures not looked at.",
        ),
        Field::optional(
            "keys",
            List(&BESIDE),
            r#"keys = ["keys/stable.asc"]"#,
            "Files with the keys that may sign: paths below the manifest's folder.",
        ),
    ],
    rules: &[
        Rule::OneOf(&["git", "bundle"]),
        Rule::OneOf(&["tag", "commit", "branch", "ref"]),
        Rule::Needs("mirrors", "git"),
        Rule::Needs("tag-object-name", "tag"),
        Rule::Needs("tag-object", "tag"),
        Rule::Needs("tags", "tag"),
        Rule::Needs("on-branch", "tag"),
        Rule::When { key: "signature", is: &["required", "warn"], needs: "keys" },
    ],
};

pub(super) static LAYER: Table = Table {
    header: "[[layer]]",
    doc: "A part of the tarball that is taken from one source.",
    fields: &[
        Field::required(
            "name",
            Kind::Text(&NAME),
            r#"name = "userspace""#,
            "The layer's name; no two share one.",
        ),
        Field::required(
            "source",
            Kind::Text(&SOURCE_NAME),
            r#"source = "lustre""#,
            "The source that the layer is taken from.",
        ),
        Field::required(
            "take",
            TablesOrText(&TAKE, "from"),
            r#"take = [{ from = "lustre/utils/", to = "utils/lustre/" }]"#,
            "What is taken. A string alone keeps the source's paths.",
        ),
        Field::optional(
            "exclude",
            Tables(&EXCLUDE),
            r#"exclude = [{ glob = "**/.gitignore", reason = "for a work tree only" }]"#,
            "What is left out of that, and why.",
        ),
        Field::optional(
            "replaces",
            List(&GLOB),
            r#"replaces = ["include/uapi/linux/lustre/"]"#,
            "Paths of the tarball at which this layer may stand in front of an earlier one.",
        ),
        Field::optional(
            "patch",
            Tables(&PATCH),
            "[[layer.patch]]",
            "Patches on the layer's source paths, in the order in which they apply.",
        ),
    ],
    rules: &[],
};

static TAKE: Table = Table {
    header: "take",
    doc: "One rule of a layer: what is taken from the source and where it lands.",
    fields: &[
        Field::required(
            "from",
            Kind::Text(&GLOB),
            r#"from = "lustre/utils/""#,
            "A path or glob in the source.",
        ),
        Field::optional(
            "to",
            Kind::Text(&DESTINATION),
            r#"to = "utils/lustre/""#,
            "Where it lands: with a `/` at the end a directory, without it a new name, `.` the top.",
        ),
    ],
    rules: &[],
};

static EXCLUDE: Table = Table {
    header: "exclude",
    doc: "What is left out, and why.",
    fields: &[
        Field::required(
            "glob",
            Kind::Text(&GLOB),
            r#"glob = "**/.gitignore""#,
            "A path or glob in the source.",
        ),
        Field::required(
            "reason",
            Kind::Text(&PROSE),
            r#"reason = "for a work tree only""#,
            "Why, for people.",
        ),
    ],
    rules: &[],
};

static PATCH: Table = Table {
    header: "[[layer.patch]]",
    doc: "A patch, or a quilt series of them.",
    fields: &[
        Field::optional(
            "file",
            Kind::Text(&PACKED),
            r#"file = "patches/0001-build.patch""#,
            "A patch: a path below the manifest's folder.",
        ),
        Field::optional(
            "series",
            Kind::Text(&PACKED),
            r#"series = "patches/series""#,
            "A quilt series: a path below the manifest's folder.",
        ),
        Field::optional(
            "upstream",
            Kind::Text(&ABBREVIATED),
            r#"upstream = "9c1d44e7b0f2""#,
            "The upstream commit that the patch carries.",
        ),
        Field::optional(
            "reason",
            Kind::Text(&PROSE),
            r#"reason = "for el8 only; not for upstream""#,
            "Why there is no upstream commit.",
        ),
        Field::optional(
            "offsets",
            Boolean,
            "offsets = true",
            "Whether hunks may sit at another line than they say: false unless said otherwise.",
        ),
    ],
    rules: &[Rule::OneOf(&["file", "series"]), Rule::OneOf(&["upstream", "reason"])],
};
