// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist assemble --all` and `--due`.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;

use super::super::args::usage;
use super::super::line_args;
use super::super::progress::Lot;
use super::super::screen::Screen;
use super::super::{Done, due};
use super::{Answer, Args, tell_lock};
use crate::assemble::{Assembled, Options, Progress};
use crate::assemble_all::{Work, assemble_all};
use crate::line::{Action, Calendars, Feeding, Line, Verdict};
use crate::manifest::Wanted;
use crate::model::{Class, Failure, Problem, SourceName};

/// A manifest to make a release of, and the tags that its sources are to be at.
struct Chosen {
    line: Line,
    tags: BTreeMap<SourceName, String>,
}

/// What became of one manifest, in JSON.
#[derive(Serialize)]
struct Row<'a> {
    line: String,
    name: String,
    manifest: String,
    release: Option<Answer<'a>>,
    problems: Vec<&'a str>,
    exit_code: u8,
}

/// Where a release comes from, for people and for JSON.
struct Named {
    line: String,
    name: String,
    manifest: PathBuf,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let started = Instant::now();
    let manifests = line_args::manifests(&args.manifests)?;
    let places = args.sources.places_of(&manifests.iter().collect::<Vec<_>>())?;
    let (chosen, mut failures) = if args.due {
        choose_due(args, manifests, screen)?
    } else {
        (choose_all(args, manifests, screen)?, Vec::new())
    };
    if chosen.is_empty() {
        return Err(Failure::all(failures).unwrap_or_else(|| nothing(args.due)));
    }

    // What may not be made is told with the rest, and does not stop it.
    let (mut names, mut works, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for Chosen { line, tags } in chosen {
        let named = Named {
            line: line.id(),
            name: line.name().to_owned(),
            manifest: line.manifest.path().to_owned(),
        };
        match args.alive(&line.manifest, &line.calendar) {
            Ok(overrides) => {
                let mut options = Options { overrides, ..args.options(&places)? };
                options.lock.tags = tags;
                names.push(named);
                works.push(Work { manifest: line.manifest, options });
            }
            Err(failure) => refused.push((named, Err(failure))),
        }
    }
    let lot = Lot::new(screen);
    let jobs = NonZeroUsize::new(args.jobs.count()).unwrap_or(NonZeroUsize::MIN);
    let results = assemble_all(
        works,
        jobs,
        &|nth| Box::new(lot.teller(&names[nth].key())) as Box<dyn Progress>,
        &|nth, result| {
            lot.ended(&names[nth].key(), result.as_ref().map(|assembled| assembled.was_there).ok())
        },
    );
    lot.end();
    let results: Vec<_> = names.into_iter().zip(results).chain(refused).collect();
    if args.json {
        screen.json(&results.iter().map(|(named, result)| row(named, result)).collect::<Vec<_>>());
    }
    for (named, result) in &results {
        if let Ok(assembled) = result {
            tell_lock(assembled, &named.manifest, screen);
        }
        if !args.json {
            tell(named, result, screen);
        }
    }
    let (count, seconds) = (results.len() + failures.len(), started.elapsed().as_secs_f64());
    let done = results.iter().filter(|(_, result)| result.is_ok()).count();
    screen.remark(format_args!("{done} of {count} releases are there ({seconds:.1} s)"));
    failures.extend(results.into_iter().filter_map(|(named, result)| Some(of_line(&named, result.err()?))));
    Failure::all(failures).map_or(Ok(()), Err)
}

/// Exit code 5.
fn nothing(due: bool) -> Failure {
    let title = if due { "nothing is due that could be assembled" } else { "there is nothing to assemble" };
    Failure::new(Class::NothingToDo, Problem::new(title))
}

impl Named {
    fn key(&self) -> String {
        format!("{}/{}", self.name, self.line)
    }
}

/// Every manifest, as `assemble` would make it by itself.
fn choose_all(
    args: &Args,
    manifests: Vec<crate::manifest::Manifest>,
    screen: &Screen,
) -> Result<Vec<Chosen>, Failure> {
    let lines = crate::line::lines(manifests, &mut Calendars::new(Feeding::Held))?;
    let (lines, previews): (Vec<_>, Vec<_>) =
        lines.into_iter().partition(|line| args.previews || !line.is_preview());
    for line in &previews {
        screen.remark(format_args!(
            "{}: left out, a preview: {}",
            line.key(),
            line.manifest.path().display()
        ));
    }
    Ok(lines.into_iter().map(|line| Chosen { line, tags: BTreeMap::new() }).collect())
}

/// What is due and can be made as the manifests stand; and why some lines could not be looked at.
fn choose_due(
    args: &Args,
    manifests: Vec<crate::manifest::Manifest>,
    screen: &Screen,
) -> Result<(Vec<Chosen>, Vec<Failure>), Failure> {
    if args.locked {
        return Err(usage(
            Problem::new("`--locked` and `--due` contradict each other")
                .help("what is due is newer than the locks: leave one of them out"),
        ));
    }
    let looked = args.lines.look(manifests, &args.sources, Some(&args.out))?;
    let lines: Vec<&Line> = looked.lines.iter().collect();
    let (lines, mut failures) = match args.sources.is_offline() {
        true => (lines, Vec::new()),
        false => due::fetch(&looked, &lines, args.previews),
    };
    let (found, unknown) = due::judge_all(&looked, &lines, args.previews, screen);
    failures.extend(unknown);
    let mut tags: Vec<Option<BTreeMap<SourceName, String>>> = Vec::new();
    for line in &looked.lines {
        let verdict = found.iter().find(|(other, _)| std::ptr::eq(*other, line)).map(|(_, verdict)| verdict);
        tags.push(match verdict {
            Some(Verdict::Due(due)) if due.action == Action::Assemble => {
                let by_pattern = line.manifest.sources.iter().filter_map(|(name, source)| {
                    let open = matches!(source.wanted.value, Wanted::Pattern(_));
                    open.then(|| Some((name.clone(), due.target.tags.get(name)?.clone()))).flatten()
                });
                Some(by_pattern.collect())
            }
            Some(Verdict::Due(due)) => {
                let version = &due.target.version;
                let needs = match due.action {
                    Action::Respin => "raise `respin` in its manifest".to_owned(),
                    _ => format!("edit its manifest: `lustre-dist bump {}`", line.manifest.path().display()),
                };
                screen.remark(format_args!("{}: {version} is due, but first {needs}", line.key()));
                None
            }
            _ => None,
        });
    }
    drop(found);
    let chosen =
        looked.lines.into_iter().zip(tags).filter_map(|(line, tags)| Some(Chosen { line, tags: tags? }));
    Ok((chosen.collect(), failures))
}

fn tell(named: &Named, result: &Result<Assembled, Failure>, screen: &Screen) {
    match result {
        Ok(assembled) => {
            let was = if assembled.was_there { "was there" } else { "done" };
            let directory = assembled.directory.display();
            screen.answer(format_args!("{was:<9}  {directory}  {}\n", assembled.description.identity.sha256));
        }
        Err(failure) => screen.answer(format_args!("{:<9}  {}  {failure}\n", "FAILED", named.key())),
    }
}

fn row<'a>(named: &Named, result: &'a Result<Assembled, Failure>) -> Row<'a> {
    let failure = result.as_ref().err();
    Row {
        line: named.line.clone(),
        name: named.name.clone(),
        manifest: named.manifest.display().to_string(),
        release: result.as_ref().ok().map(Answer::of),
        problems: failure.map_or_else(Vec::new, |failure| {
            failure.problems.iter().map(|problem| &*problem.title).collect()
        }),
        exit_code: failure.map_or(0, |failure| failure.class.exit_code()),
    }
}

/// A failure with the manifest that it is of.
fn of_line(named: &Named, mut failure: Failure) -> Failure {
    if failure.class != Class::Interrupted {
        for problem in &mut failure.problems {
            problem.notes.push(format!("while making {} of {}", named.key(), named.manifest.display()));
        }
    }
    failure
}
