// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What releases say of one kernel.

use std::fmt::Write as _;

use serde::Serialize;

use super::find::Found;
use crate::cli::Done;
use crate::cli::screen::Screen;
use crate::kernel::{self, Answer, Answers, Distribution, Side};
use crate::model::version::KernelRelease;
use crate::model::{Class, Failure, Problem};

#[derive(Serialize)]
struct Json<'a> {
    kernel: &'a KernelRelease,
    /// Whose kernel it counts as, by its form.
    counts_as: Vec<Distribution>,
    releases: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    release: String,
    tag: Option<&'a str>,
    commit: String,
    manifest: Option<&'a str>,
    #[serde(flatten)]
    answers: &'a Answers,
}

/// Prints the answers. Where every one is "unknown" the exit code says so too: a script that asks
/// has nothing to install then.
pub(super) fn show(kernel: &KernelRelease, found: &[Found], json: bool, screen: &Screen) -> Done {
    let answers: Vec<Answers> =
        found.iter().map(|one| one.support.answer(kernel, one.supports.as_ref())).collect();
    let counts_as = kernel::recognised(kernel);
    if json {
        let releases = found
            .iter()
            .zip(&answers)
            .map(|(one, answers)| Row {
                release: one.version.to_string(),
                tag: one.tag.as_deref(),
                commit: one.commit.to_string(),
                manifest: one.manifest.as_deref(),
                answers,
            })
            .collect();
        screen.json(&Json { kernel, counts_as, releases });
    } else {
        screen.answer(text(kernel, &counts_as, found, &answers));
    }
    let is_unknown =
        |answers: &Answers| Side::ALL.into_iter().all(|side| *answers.of(side) == Answer::Unknown);
    if answers.iter().all(is_unknown) {
        let problem = Problem::new(format!("no release that was asked knows the kernel `{kernel}`"))
            .help("a release that nobody has listed it for may still build: try it");
        return Err(Failure::new(Class::NothingToDo, problem));
    }
    Ok(())
}

fn text(kernel: &KernelRelease, counts_as: &[Distribution], found: &[Found], answers: &[Answers]) -> String {
    let names: Vec<&str> = counts_as.iter().map(|distribution| distribution.name()).collect();
    let whose = if names.is_empty() {
        "of no form that is known: only the very same text counts as listed".to_owned()
    } else {
        format!("counts as {}", names.join(" and "))
    };
    let mut text = format!("{kernel}  {whose}\n");
    let width = found.iter().map(|one| one.version.to_string().len()).max().unwrap_or(0);
    for (one, answers) in found.iter().zip(answers) {
        let mut release = one.version.to_string();
        for side in Side::ALL {
            let answer = answers.of(side);
            let by = match answer {
                Answer::Tested(matched) | Answer::Known(matched) => matched.to_string(),
                Answer::WithinRange { range } => format!("a guess: {range}"),
                Answer::Unknown => String::new(),
            };
            let line = format!("{release:<width$}  {:<6}  {:<14}  {by}", side.word(), answer.words());
            let _ = writeln!(text, "{}", line.trim_end());
            release = String::new();
        }
    }
    text
}
