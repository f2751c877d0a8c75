// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `kernels.toml`: the kernel series that lines are keyed to, as people edit them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use super::At;
use super::document::{day, document};
use super::grammar::KERNELS;
use super::walk::{Fault, Node};
use crate::model::version::KernelSeries;
use crate::model::{Moniker, Problem, SourceText};

/// A checked table of kernel series: `schema = 1`.
#[derive(Debug)]
pub struct Kernels {
    /// The file as it was read.
    pub text: Arc<SourceText>,
    /// Its series. Never empty.
    pub series: BTreeMap<KernelSeries, Series>,
}

/// `[series."6.12"]`.
#[derive(Debug)]
pub struct Series {
    /// `moniker`.
    pub moniker: Moniker,
    /// `released`: the day of the series' first release.
    pub released: Date,
    /// `eol`: the last day on which the series is maintained, as far as anybody knows. Every longterm
    /// series has one.
    pub eol: Option<At<Date>>,
}

/// Reads a table of kernel series.
///
/// # Errors
/// Every problem of the file, in the file's order; never none.
pub fn read_kernels(text: SourceText) -> Result<Kernels, Vec<Problem>> {
    let text = Arc::new(text);
    let series = document(&text, &KERNELS, |root| {
        root.integer::<u32>("schema");
        let series: Vec<_> = root.named("series").iter().map(series).collect();
        series.into_iter().collect::<Option<BTreeMap<_, _>>>()
    })?;
    Ok(Kernels { text, series })
}

fn series(table: &Node<'_>) -> Option<(KernelSeries, Series)> {
    let name = table.name?;
    let number = KernelSeries::parse(name.get_ref()).map_err(|error| {
        let problem = Problem::new(format!("{} is not a kernel series", table.shown()))
            .help("write it like `[series.\"6.12\"]`, with the quotes");
        table.walk.report(&name.span(), Fault::from(error).label, problem);
    });
    let moniker = table.word("moniker", Moniker::from_word);
    let released = table.parsed("released", day);
    let eol = table.parsed("eol", day);
    if let (Some(released), Some(eol)) = (&released, &eol)
        && eol.value < released.value
    {
        let problem = Problem::new(format!("{} ends before its first release", table.shown()));
        let line = table.walk.line(released.span.start);
        table.walk.report(&eol.span, format!("`released` on line {line} is {released}"), problem);
    }
    Some((number.ok()?, Series { moniker: moniker?.value, released: released?.value, eol }))
}
