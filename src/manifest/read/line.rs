// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `[line]`, whose keys must tell one story.

use super::super::document::day;
use super::super::walk::{Fault, Node};
use crate::manifest::{At, Line};
use crate::model::Problem;
use crate::model::version::{KernelRange, KernelSeries, KernelVersion};

/// A line's id: none for `mainline`, else the LTS series that it names.
struct LineId {
    text: String,
    series: Option<KernelSeries>,
}

impl LineId {
    fn parse(text: &str) -> Result<Self, Fault> {
        let series = match (text, text.strip_prefix("lts-")) {
            ("mainline", _) => None,
            (_, Some(series)) => Some(KernelSeries::parse(series).map_err(|error| {
                let fault = Fault::from(error);
                Fault { at: fault.at.map(|at| at + "lts-".len()), ..fault }
            })?),
            _ => return Err("expected `mainline`, or `lts-` and a kernel series".into()),
        };
        Ok(Self { text: text.to_owned(), series })
    }
}

pub(super) fn line(table: &Node<'_>) -> Option<Line> {
    let id = table.parsed("id", LineId::parse);
    let kernel = table.parsed("kernel", KernelSeries::parse);
    let supports = table.parsed("supports", KernelRange::parse);

    let ended = table.parsed("ended", day);

    if let Some(id) = &id {
        check_series(table, id, kernel.as_ref());
    }
    if let Some(supports) = &supports {
        check_range(table, supports, kernel.as_ref());
    }
    let id = id?;
    Some(Line { id: At { value: id.value.text, span: id.span }, kernel, supports, ended })
}

fn check_series(table: &Node<'_>, id: &At<LineId>, kernel: Option<&At<KernelSeries>>) {
    let Some(series) = id.series else { return };
    let text = &id.text;
    match kernel {
        Some(kernel) if kernel.value != series => {
            let problem = Problem::new(format!("line `{text}` is keyed to kernel {kernel}"))
                .help(format!("write `kernel = \"{series}\"`, or name the line `lts-{kernel}`"));
            table.walk.report(&kernel.span, format!("expected \"{series}\", as in the line's id"), problem);
        }
        None if table.key("kernel").is_none() => {
            let problem = Problem::new(format!("line `{text}` has no `kernel`"))
                .help(format!("add the line `kernel = \"{series}\"`"));
            table.walk.report_absent(&table.header, "`kernel` is missing", problem);
        }
        _ => {}
    }
}

fn check_range(table: &Node<'_>, supports: &At<KernelRange>, kernel: Option<&At<KernelSeries>>) {
    if supports.is_empty() {
        let problem = Problem::new(format!("no kernel is in the range `{supports}`"));
        return table.walk.report(&supports.span, "holds nothing", problem);
    }
    let Some(kernel) = kernel else { return };
    // The first version of a series, and one behind any that it will ever have.
    let ends = [kernel.to_string(), format!("{kernel}.999999999")];
    let covers = |end: &String| KernelVersion::parse(end).is_ok_and(|end| supports.contains(&end));
    if !ends.iter().all(covers) {
        let problem =
            Problem::new(format!("`supports` does not cover the line's own kernel series {kernel}"))
                .note(format!("`kernel` is on line {}", table.walk.line(kernel.span.start)));
        table.walk.report(&supports.span, format!("{kernel}, or a part of it, is outside"), problem);
    }
}
