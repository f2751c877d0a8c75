// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Why it is that release, in a line for people.

use super::{Choice, OnKernel, PassedOver, Reason, Wish};
use crate::kernel::Answer;
use crate::repository::Spec;

pub(super) fn tell(wish: &Wish, choice: &Choice) -> String {
    let mut why = match &choice.kernel {
        Some(kernel) => on_kernel(kernel, choice, &wish.spec),
        None => newest(choice, &wish.spec),
    };
    for reason in &choice.in_spite_of {
        why.push_str(&format!("; it is {reason}"));
    }
    why + &passed_over(&choice.passed_over)
}

fn newest(choice: &Choice, spec: &Spec) -> String {
    let of = match spec {
        Spec::Version(version) if *version == choice.version => {
            return "the version that was asked for".into();
        }
        Spec::Title(_) => return "the release that was asked for".into(),
        Spec::Latest => match choice.fitting {
            1 => return "the only release".into(),
            count => format!("all {count} releases"),
        },
        _ if choice.fitting == 1 => return format!("the only release {}", which(spec)),
        _ => format!("{} releases {}", choice.fitting, which(spec)),
    };
    format!("the newest of {of}")
}

/// Completes "a release".
fn which(spec: &Spec) -> String {
    match spec {
        Spec::Line(line) => format!("of the line {line}"),
        Spec::Version(version) => format!("of {version}"),
        Spec::Requirement(requirement) => format!("that `{requirement}` allows"),
        Spec::Latest | Spec::Title(_) => String::new(),
    }
}

fn on_kernel(kernel: &OnKernel, choice: &Choice, spec: &Spec) -> String {
    let OnKernel { running, side, answer, of_its_line } = kernel;
    let asked = match spec {
        Spec::Version(version) if *version == choice.version => "the version that was asked for,".to_owned(),
        Spec::Title(_) => "the release that was asked for,".to_owned(),
        Spec::Latest => "the newest release".to_owned(),
        _ => format!("the newest release {},", which(spec)),
    };
    let side = side.word();
    let mut why = match answer {
        Answer::Tested(matched) => format!("{asked} tested on {running} as a {side} ({matched})"),
        Answer::Known(matched) => format!("{asked} known to build on {running} as a {side} ({matched})"),
        Answer::WithinRange { range } => {
            format!("a guess: {asked} that may work on {running} as a {side}, since {range}")
        }
        Answer::Unknown => format!("{asked} about which nothing is known on {running}"),
    };
    if *of_its_line && let Some(line) = &choice.line {
        why.push_str(&format!("; {line} is that kernel's own line"));
    }
    why
}

/// Retractions and ends of life concern who gets an older release for them; of previews a word is
/// enough.
fn passed_over(passed: &[PassedOver]) -> String {
    const SHOWN: usize = 2;
    let is_preview = |reason: &Reason| matches!(reason, Reason::Snapshot | Reason::Candidate);
    let (previews, others): (Vec<_>, Vec<_>) =
        passed.iter().partition(|one| one.reasons.iter().any(is_preview));
    let mut told: Vec<String> = others
        .iter()
        .take(SHOWN)
        .map(|one| {
            let reasons: Vec<String> = one.reasons.iter().map(ToString::to_string).collect();
            format!("passed over: {}, {}", one.title, reasons.join(", "))
        })
        .collect();
    if others.len() > SHOWN {
        told.push(format!("passed over too: {} more", others.len() - SHOWN));
    }
    match &previews[..] {
        [] => {}
        [one] => told.push(format!("{} is newer ({})", one.title, Wish::PREVIEW)),
        all => told.push(format!("{} snapshots and candidates are newer ({})", all.len(), Wish::PREVIEW)),
    }
    told.iter().map(|one| format!("; {one}")).collect()
}
