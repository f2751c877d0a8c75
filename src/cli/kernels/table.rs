// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The kernels of releases, by side, class and distribution.

use std::fmt::Write as _;

use serde::Serialize;

use super::find::Found;
use crate::cli::screen::Screen;
use crate::kernel::{Class, Side, Support};

#[derive(Serialize)]
struct Row<'a> {
    release: String,
    tag: Option<&'a str>,
    commit: String,
    manifest: Option<&'a str>,
    changelog: &'a str,
    #[serde(flatten)]
    support: &'a Support,
}

pub(super) fn show(found: &[Found], json: bool, screen: &Screen) {
    if json {
        let rows: Vec<Row<'_>> = found
            .iter()
            .map(|one| Row {
                release: one.version.to_string(),
                tag: one.tag.as_deref(),
                commit: one.commit.to_string(),
                manifest: one.manifest.as_deref(),
                changelog: one.changelog.as_str(),
                support: &one.support,
            })
            .collect();
        screen.json(&rows);
        return;
    }
    for (nth, one) in found.iter().enumerate() {
        let gap = if nth == 0 { "" } else { "\n" };
        screen.answer(format_args!("{gap}{}", text(one)));
    }
}

fn text(one: &Found) -> String {
    let mut text = format!("{}  {}", one.version, one.name());
    if let Some(manifest) = &one.manifest {
        let _ = write!(text, "  {manifest}");
    }
    let entry = one.support.entry.map_or("no version".to_owned(), |version| version.to_string());
    let _ = writeln!(text, "  {} of {entry}, {}", one.changelog, one.support.date);
    for side in Side::ALL {
        for class in Class::ALL {
            let kernels = one.support.of(side).of(class);
            let count: usize = kernels.values().map(Vec::len).sum();
            let _ = writeln!(text, "{}, {}: {count}", side.word(), class.words());
            let all = kernels.values().flatten();
            let width = all.map(|kernel| kernel.release.as_str().len()).max().unwrap_or(0);
            for (distribution, kernels) in kernels {
                let mut head = format!("  {:<10}{:>3}", distribution.name(), kernels.len());
                for kernel in kernels {
                    let line = format!("{head}  {:<width$}  {}", kernel.release, kernel.label);
                    let _ = writeln!(text, "{}", line.trim_end());
                    head = " ".repeat(15);
                }
            }
        }
    }
    text
}
