// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The kernels that were pinned, held against the line: a line takes kernels of its own series
//! alone, and none that its compatibility layer does not cover.

use std::collections::BTreeMap;

use super::file::Pin;
use super::pin::source_problem;
use crate::manifest::Manifest;
use crate::model::version::KernelVersion;
use crate::model::{Class, Failure};

pub(super) fn check(manifest: &Manifest, pins: &BTreeMap<String, Pin>) -> Result<(), Failure> {
    let Some(line) = &manifest.line else { return Ok(()) };
    let mut problems = Vec::new();
    for (name, source) in &manifest.sources {
        let pin = &pins[name.as_str()];
        let tag = pin.tag_name().or(pin.nearest.as_ref().map(|near| near.tag.as_str()));
        let Some((tag, kernel)) = tag.and_then(|tag| Some((tag, KernelVersion::from_tag(tag)?))) else {
            continue;
        };
        if let Some(series) = line.kernel.as_ref().filter(|series| !series.contains(&kernel)) {
            let problem = source_problem(
                manifest,
                source,
                format!("line `{}` takes kernels of {series} alone, and `{tag}` is not one", line.id),
            );
            problems
                .push(problem.help(format!("write `tag = \"v{series}.*\"`, or make a line for that kernel")));
        }
        if let Some(range) = line.supports.as_ref().filter(|range| !range.contains(&kernel)) {
            let problem = manifest.problem(
                format!("the compatibility layer does not cover kernel {kernel}"),
                &range.span,
                format!("covers {range}"),
            );
            problems.push(problem.note(format!("source `{name}` is at `{tag}`")).help(
                "take a compatibility layer that covers it, and say so in `supports`; or choose another kernel",
            ));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Failure { class: Class::Manifest, problems }) }
}
