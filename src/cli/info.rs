// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist info`.

use std::fmt::Write as _;

use serde::Serialize;

use super::Done;
use super::clock;
use super::config::Config;
use super::ls::plain;
use super::reading::ReadingArgs;
use super::screen::{Screen, bytes};
use super::transfer::Transfer;
use crate::fetch::Freshness;
use crate::kernel::Lists;
use crate::lock::SignatureState;
use crate::model::Sha256;
use crate::record::{Description, Names};
use crate::repository::{Choice, LineEntry, Retraction, Spec, Wish, choose, layout};

/// Show everything that a repository says of one release
///
/// Candidates, snapshots, and what was retracted or is past its end of life are shown too.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A version, a line, a requirement or `latest`, as for `lustre-dist fetch`
    spec: Spec,
    /// The name of what is released, where the repository has several
    #[arg(long)]
    name: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reading: ReadingArgs,
}

#[derive(Serialize)]
struct Answer<'a> {
    title: &'a str,
    line: Option<&'a LineEntry>,
    retracted: Option<&'a Retraction>,
    /// The digest of the description's file.
    sha256: Sha256,
    description: &'a Description,
    files: Vec<String>,
    metadata: &'a Freshness,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let config = Config::load()?;
    let today = clock::today()?;
    let transfer = Transfer::new(screen);
    let reader = args.reading.open(&config, screen, &transfer)?;
    // `latest` and lines mean what fetch would give, where it would give something.
    let mut wish = Wish { spec: args.spec.clone(), name: args.name.clone(), ..Wish::default() };
    let choice = choose(reader.catalog(), None, &wish, today).or_else(|_| {
        (wish.preview, wish.retracted, wish.past_end) = (true, true, true);
        choose(reader.catalog(), None, &wish, today)
    })?;
    let description = reader.description(&choice.listed)?;
    let entry = &choice.listed.entry;
    let line = entry.line.as_ref().and_then(|id| reader.catalog().lines.get(id));
    if args.json {
        let path = |file: &str| layout::file(entry.line.as_deref(), file);
        screen.json(&Answer {
            title: &choice.title,
            line,
            retracted: entry.retracted.as_ref(),
            sha256: choice.listed.sha256,
            description: &description,
            files: description.artifacts.iter().map(|artifact| path(&artifact.file)).collect(),
            metadata: reader.freshness(),
        });
    } else {
        screen.answer(people(&choice, &description, line, reader.freshness(), screen));
    }
    Ok(())
}

/// Lines of two columns, below heads.
#[derive(Default)]
struct Page(String);

impl Page {
    fn head(&mut self, text: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{text}");
    }

    fn row(&mut self, name: &str, text: impl std::fmt::Display) {
        let _ = writeln!(self.0, "  {name:<11} {text}");
    }
}

fn people(
    choice: &Choice,
    description: &Description,
    line: Option<&LineEntry>,
    freshness: &Freshness,
    screen: &Screen,
) -> String {
    let entry = &choice.listed.entry;
    let mut page = Page::default();
    page.head(&choice.title);
    if let Some(Retraction { on, reason }) = &entry.retracted {
        page.row("RETRACTED", screen.warning(&format!("on {on}: {}", plain(reason))));
    }
    for reason in choice.in_spite_of.iter().filter(|_| entry.retracted.is_none()) {
        page.row("NOTE", screen.warning(&format!("it is {reason}")));
    }
    page.row("date", &description.date);
    if let Some(id) = &entry.line {
        page.row("line", format!("{id}{}", line.map(of_line).unwrap_or_default()));
    }
    if let Some(kernel) = &description.kernel {
        page.row("kernel", format!("{kernel}, the origin of its kernel code"));
    }
    if let Some(supports) = &entry.supports {
        page.row("supports", format!("kernels {supports}"));
    }
    page.row("licence", &description.license);
    page.row("identity", format!("sha256 {}", description.identity.sha256));
    let members = &description.members;
    let tar = bytes(description.identity.size);
    page.row("tar", format!("{tar}, {} files, {} links", members.files, members.links));
    for flag in &description.overrides {
        page.row("override", serde_json::to_string(flag).unwrap_or_default());
    }
    if let Some(note) = &description.note {
        page.row("note", plain(note));
    }
    page.head("sources");
    for (name, source) in &description.sources {
        page.row(name, format!("{} of {}", source.wanted, source.date));
        page.row("", format!("commit {}", source.commit));
        page.row("", signature(&source.signature));
    }
    page.head("tarballs");
    for artifact in &description.artifacts {
        page.row(&artifact.format, format!("{:>8}  sha256 {}", bytes(artifact.size), artifact.sha256));
    }
    if let Some(kernels) = &description.kernels {
        page.head("kernels");
        for (side, lists) in [("server", &kernels.server), ("client", &kernels.client)] {
            listed(&mut page, side, lists);
        }
    }
    page.head("verified by");
    let versions = &freshness.versions;
    page.row(
        "metadata",
        format!("root {}, timestamp {}, targets {}", versions.root, versions.timestamp, versions.targets),
    );
    page.row(
        "read",
        format!("{:.0} from {}; fresh until {:.0}", freshness.read, freshness.from, freshness.expires),
    );
    page.row("described in", format!("release.json, sha256 {}", choice.listed.sha256));
    page.head("to get it, and to check it once more");
    let names = Names::new(&choice.title);
    let flags: Vec<&str> = choice.in_spite_of.iter().map(|reason| reason.flag()).collect();
    let flags = if flags.is_empty() { String::new() } else { format!(" {}", flags.join(" ")) };
    let _ = writeln!(page.0, "  lustre-dist fetch {}{flags}", choice.title);
    let _ = writeln!(page.0, "  sha256sum --check --ignore-missing {}", names.sums());
    let usual = ["tar.zst", "tar.xz", "tar.gz", "tar"];
    let usual =
        usual.into_iter().find_map(|format| description.artifacts.iter().find(|one| one.format == format));
    if let Some(artifact) = usual {
        let _ = writeln!(page.0, "  lustre-dist verify {}", artifact.file);
    }
    page.0
}

fn of_line(line: &LineEntry) -> String {
    let mut text = String::new();
    if let Some(kernel) = line.kernel {
        let _ = write!(text, ", for kernel {kernel}");
    }
    if let Some(moniker) = line.moniker {
        let _ = write!(text, " ({moniker})");
    }
    if let Some(eol) = line.eol {
        let _ = write!(text, ", maintained until {eol}");
    }
    text
}

fn signature(state: &SignatureState) -> String {
    match state {
        SignatureState::NotAsked => "its signature was not asked for".to_owned(),
        SignatureState::Good(good) => format!("signed with the key {}", good.key),
        SignatureState::Missing => "not signed".to_owned(),
        SignatureState::Bad(_) => "its signature was not good".to_owned(),
    }
}

fn listed(page: &mut Page, side: &str, lists: &Lists) {
    for (word, kernels) in [("tested", &lists.tested), ("known", &lists.known)] {
        let all: Vec<String> = kernels.values().flatten().map(ToString::to_string).collect();
        if !all.is_empty() {
            page.row(side, format!("{word}: {}", all.join(", ")));
        }
    }
}
