// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Why no release could be chosen, and what there is instead.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::passed::against;
use super::{Fitting, Wish};
use crate::model::version::ReleaseVersion;
use crate::model::{Class, Failure, Problem};
use crate::repository::{Catalog, Entry, Listed, Spec};

/// How many releases are named in a message.
const SHOWN: usize = 5;

/// No release is of the kind that was asked for.
pub(super) fn none_fits(catalog: &Catalog, wish: &Wish) -> Failure {
    let Wish { spec, name, .. } = wish;
    if catalog.releases.is_empty() {
        let problem = Problem::new("the repository has no release yet")
            .help("ask its keeper, or name another one with `--from`");
        return Failure::new(Class::Usage, problem);
    }
    let names: BTreeSet<&str> = catalog.releases.values().map(|listed| &*listed.entry.name).collect();
    if let Some(name) = name.as_deref().filter(|name| !names.contains(name)) {
        let names: Vec<&str> = names.into_iter().collect();
        let problem = Problem::new(format!("the repository has nothing of the name `{name}`"))
            .help(format!("it has {}", names.join(", ")));
        return Failure::new(Class::Usage, problem);
    }
    let title = match spec {
        Spec::Line(line) => format!("the repository has no release of a line `{line}`"),
        Spec::Title(title) => format!("the repository has no release `{title}`"),
        _ => format!("the repository has no release that fits `{spec}`"),
    };
    let problem = Problem::new(title).note(instead(catalog, wish));
    let problem = match nearest(catalog, &spec.to_string()) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem.help("`lustre-dist ls` shows what there is"),
    };
    Failure::new(Class::Usage, problem)
}

/// What there is of the kind that was asked for: the nearest kin of a version, the newest first.
fn instead(catalog: &Catalog, wish: &Wish) -> String {
    if let Spec::Line(_) = wish.spec {
        let lines: Vec<String> = lines(catalog).into_iter().map(str::to_owned).collect();
        if lines.is_empty() {
            return "its releases belong to no line".to_owned();
        }
        return format!("its lines are {}", joined(&lines));
    }
    let kin = |of: &dyn Fn(&ReleaseVersion) -> bool| -> Vec<String> {
        let named = |listed: &&Listed| wish.name.as_ref().is_none_or(|name| listed.entry.name == *name);
        let releases = catalog.all().into_iter().rev().filter(named).map(|listed| &listed.entry.version);
        releases.filter(|version| of(version)).map(ToString::to_string).collect()
    };
    if let Spec::Version(wanted) = &wish.spec {
        let [major, minor, ..] = wanted.base.numbers();
        let of_base = kin(&|version| version.base == wanted.base);
        let of_branch = kin(&|version| version.base.numbers()[..2] == [major, minor]);
        for (whose, kin) in [(wanted.base.to_string(), of_base), (format!("{major}.{minor}"), of_branch)] {
            if !kin.is_empty() {
                return format!("of {whose} it has {}", joined(&kin));
            }
        }
    }
    format!("it has {}", joined(&kin(&|_| true)))
}

fn lines(catalog: &Catalog) -> BTreeSet<&str> {
    catalog.releases.values().filter_map(|listed| listed.entry.line.as_deref()).collect()
}

fn joined(all: &[String]) -> String {
    match all.len() {
        0 => "none".to_owned(),
        1..=SHOWN => all.join(", "),
        count => format!("{} and {} more", all[..SHOWN].join(", "), count - SHOWN),
    }
}

/// The line or title that was probably meant. All of them look alike but for their numbers: where these
/// differ, it was no slip of the keyboard.
fn nearest(catalog: &Catalog, wanted: &str) -> Option<String> {
    const SLIPS: usize = 4;
    if wanted.len() > 80 {
        return None;
    }
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let known = lines(catalog).into_iter().map(str::to_owned).chain(catalog.releases.keys().cloned());
    known
        .filter(|one| digits(one) == digits(wanted))
        .map(|one| (strsim::damerau_levenshtein(wanted, &one), one))
        .filter(|(distance, _)| *distance <= SLIPS)
        .min()
        .map(|(_, one)| one)
}

/// Every release that fits is one that nobody gets who did not ask for it.
pub(super) fn all_passed_over(
    catalog: &Catalog,
    wish: &Wish,
    fitting: &[Fitting<'_>],
    today: Date,
) -> Failure {
    let working = match &wish.kernel {
        Some(running) => format!(" and may work on {running}"),
        None => String::new(),
    };
    let title = match fitting {
        [one] if wish.kernel.is_none() => format!("{} is passed over", one.listed.entry.title()),
        [_] => format!("the one release that fits `{}`{working} is passed over", wish.spec),
        all => format!("all {} releases that fit `{}`{working} are passed over", all.len(), wish.spec),
    };
    let mut problem = Problem::new(title);
    for one in fitting.iter().take(SHOWN) {
        let reasons: Vec<String> = one
            .against
            .iter()
            .filter(|reason| !reason.is_accepted(wish))
            .map(|reason| format!("is {reason}"))
            .collect();
        problem = problem.note(format!("{} {}", one.listed.entry.title(), reasons.join(", and ")));
    }
    if fitting.len() > SHOWN {
        problem = problem.note(format!("and {} more", fitting.len() - SHOWN));
    }
    let best = fitting.first().map_or(&[][..], |one| &one.against[..]);
    let flags: BTreeSet<String> = best
        .iter()
        .filter(|reason| !reason.is_accepted(wish))
        .map(|reason| format!("`{}`", reason.flag()))
        .collect();
    let flags: Vec<String> = flags.into_iter().collect();
    let whom = match fitting {
        [_] => "it".to_owned(),
        all => all[0].listed.entry.title(),
    };
    let flags = flags.join(" and ");
    let help = match fitting.first().and_then(|one| respin(catalog, wish, &one.listed.entry, today)) {
        Some(better) => {
            let title = fitting[0].listed.entry.title();
            format!(
                "fetch {}, which nothing speaks against; to get {title} all the same, add {flags}",
                better.entry.title()
            )
        }
        None => format!("to get {whom} all the same, add {flags}"),
    };
    Failure::new(Class::Usage, problem.help(help))
}

/// The newest release of the same base and line that the wish would put up with: of just what was named
/// by its version there is one alone.
fn respin<'a>(catalog: &'a Catalog, wish: &Wish, named: &Entry, today: Date) -> Option<&'a Listed> {
    let is_kin = |entry: &Entry| {
        (&entry.name, &entry.line, entry.version.base) == (&named.name, &named.line, named.version.base)
    };
    let is_good =
        |entry: &Entry| against(catalog, entry, today).iter().all(|reason| reason.is_accepted(wish));
    let mut kin = catalog.all().into_iter().rev().filter(|_| wish.kernel.is_none());
    kin.find(|listed| is_kin(&listed.entry) && is_good(&listed.entry))
}

/// The repository has releases of several names.
pub(super) fn several_names(wish: &Wish, accepted: &[&Fitting<'_>]) -> Failure {
    let mut newest = BTreeMap::new();
    for one in accepted.iter().rev() {
        newest.insert(&one.listed.entry.name, one.listed.entry.title());
    }
    let titles: Vec<String> = newest.values().cloned().collect();
    let first = newest.keys().next().map_or("", |name| name.as_str());
    let problem = Problem::new(format!("`{}` fits releases of several names", wish.spec))
        .note(format!("the newest of each: {}", joined(&titles)))
        .help(format!("say which with `--name`, such as `--name {first}`, or give a whole title"));
    Failure::new(Class::Usage, problem)
}

/// A bare version was released on several lines.
pub(super) fn several_lines(wish: &Wish, accepted: &[&Fitting<'_>]) -> Failure {
    let mut newest = BTreeMap::new();
    for one in accepted.iter().rev() {
        newest.insert(one.listed.entry.line.as_deref(), &one.listed.entry.version);
    }
    let mut problem = Problem::new(format!("{} was released on {} lines", wish.spec, newest.len()));
    for (line, version) in &newest {
        let line = line.unwrap_or("no line");
        problem = problem.note(format!("{version}  {line}"));
    }
    Failure::new(
        Class::Usage,
        problem.help(
            "they carry the code of different kernels: give one of these versions, or the kernel with `--kernel`",
        ),
    )
}

/// No release says anything good of the kernel. This class shows no notes.
pub(super) fn none_works(wish: &Wish, named: &[&Listed]) -> Failure {
    let running = wish.kernel.as_ref().map(ToString::to_string).unwrap_or_default();
    let side = wish.side.word();
    let title = match named {
        [one] => format!("{} is not known to work on {running} as a {side}", one.entry.title()),
        all if wish.spec == Spec::Latest => {
            format!("none of the {} releases is known to work on {running} as a {side}", all.len())
        }
        all => format!(
            "none of the {} releases that fit `{}` is known to work on {running} as a {side}",
            all.len(),
            wish.spec
        ),
    };
    let ranges: Vec<String> = named
        .iter()
        .max_by_key(|listed| &listed.entry.version)
        .and_then(|newest| {
            Some(format!("{} is for kernels {}; ", newest.entry.title(), newest.entry.supports?))
        })
        .into_iter()
        .collect();
    let problem = Problem::new(title).help(format!(
        "{}a release that nobody has listed it for may still build: fetch one by its version",
        ranges.concat()
    ));
    Failure::new(Class::NothingToDo, problem)
}
