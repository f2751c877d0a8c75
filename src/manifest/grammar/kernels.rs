// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The table of kernel series, `kernels.toml`, of `schema = 1`.

use super::Kind::{Integer, Named};
use super::texts::{DATE, MONIKER};
use super::{Field, Kind, Rule, Table};

pub(in crate::manifest) static KERNELS: Table = Table {
    header: "the kernel table",
    doc: "The kernel series that lines are keyed to, with the days that people decide.",
    fields: &[
        Field::required("schema", Integer { least: 1, most: 1 }, "schema = 1", "The version of this format."),
        Field::required(
            "series",
            Named(&SERIES),
            r#"[series."6.12"]"#,
            "The kernel series, each under its two numbers.",
        ),
    ],
    rules: &[],
};

static SERIES: Table = Table {
    header: r#"[series."NAME"]"#,
    doc: "A kernel series.",
    fields: &[
        Field::required(
            "moniker",
            Kind::Text(&MONIKER),
            r#"moniker = "longterm""#,
            "What kernel.org calls the series.",
        ),
        Field::required(
            "released",
            Kind::Text(&DATE),
            r#"released = "2024-11-17""#,
            "The day of the series' first release.",
        ),
        Field::optional(
            "eol",
            Kind::Text(&DATE),
            r#"eol = "2028-12-31""#,
            "The projected end of life: the last day on which the series is maintained.",
        ),
    ],
    rules: &[Rule::When { key: "moniker", is: &["longterm"], needs: "eol" }],
};
