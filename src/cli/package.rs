// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist package`.

mod branch;
mod deb;
mod dkms;
mod release;
mod rpm;

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use serde::Serialize;

use super::Done;
use super::args::usage;
use super::clock;
use super::reading::{ChoosingArgs, ReadingArgs};
use super::screen::{Screen, bytes};
use crate::manifest::Format;
use crate::model::version::Vendor;
use crate::model::{Failure, Problem, Sha256};
use crate::package::{
    self, FORMATS, Family, Input, Key, Maintainer, Package, Request, Revision, Templates, Trust,
};
use release::Found;

/// Make source packages from a release, for the distributions' own tools to build
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    family: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Deb(deb::Args),
    Rpm(rpm::Args),
    Dkms(dkms::Args),
    Branch(branch::Args),
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    match &args.family {
        Command::Deb(args) => deb::run(args, screen),
        Command::Rpm(args) => rpm::run(args, screen),
        Command::Dkms(args) => dkms::run(args, screen),
        Command::Branch(args) => branch::run(args, screen),
    }
}

/// What the packages of all families ask for.
#[derive(Debug, clap::Args)]
struct Common {
    /// The release: its directory, one of its tarballs, or what `fetch` finds in a repository: a version, a
    /// line, `latest`
    release: PathBuf,
    #[command(flatten)]
    how: How,
    /// A release before this one, for the change log; may be given several times
    #[arg(long, value_name = "RELEASE")]
    previous: Vec<PathBuf>,
    /// The folder that the package's directory goes into
    #[arg(long, short, value_name = "DIR", default_value = "packages")]
    out: PathBuf,
    /// Print what was written as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    choosing: ChoosingArgs,
    #[command(flatten)]
    reading: ReadingArgs,
}

/// What a package is to be like, and whom to believe.
#[derive(Debug, clap::Args)]
struct How {
    /// Whose packaging [default: the tree's own where it has one, else ours]
    #[arg(long, value_enum, value_name = "WHOSE")]
    packaging: Option<Whose>,
    /// Who answers for the package, `Name <mail>` [default: DEBFULLNAME and DEBEMAIL]
    #[arg(long, value_name = "NAME <MAIL>")]
    maintainer: Option<String>,
    /// How often this release was packaged
    #[arg(long, value_name = "N", default_value = "1")]
    revision: NonZeroU32,
    /// The vendor whose packaging it is, and its number, such as acme.2: a part of the revision
    #[arg(long, value_name = "VENDOR.N", value_parser = vendor)]
    vendor_suffix: Option<Vendor>,
    /// The distribution that it is for, such as bookworm or el9
    #[arg(long, value_name = "DIST", value_parser = dist)]
    dist: Option<String>,
    /// Where releases are published: those of a line are in URL/LINE/
    #[arg(long, value_name = "URL", value_parser = url)]
    url: Option<String>,
    /// The certificate that the release is signed with, in its armour: its signatures are checked, and the
    /// package has it for those who check them later
    #[arg(long, value_name = "FILE")]
    signing_key: Option<PathBuf>,
    /// Do not look at the release's signatures, and leave them out of the package
    #[arg(long, conflicts_with = "signing_key")]
    ignore_signatures: bool,
    /// A folder with deb/, rpm/ and dkms/ whose files stand in front of our templates
    #[arg(long, value_name = "DIR")]
    template_dir: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Whose {
    /// The tree's own files
    Tree,
    /// Our templates
    Ours,
}

/// Everything that a package is made of.
struct Read {
    input: Input,
    previous: Vec<Input>,
    request: Request,
    templates: Templates,
    /// The release may be fetched to where it is gone after this.
    _found: Found,
}

impl How {
    fn request(&self) -> Result<Request, Failure> {
        Ok(Request {
            packaging: self.packaging.map(|whose| match whose {
                Whose::Tree => package::Packaging::Tree,
                Whose::Ours => package::Packaging::Ours,
            }),
            maintainer: maintainer(self.maintainer.as_deref())?,
            revision: Revision { number: self.revision, vendor: self.vendor_suffix.clone() },
            dist: self.dist.clone(),
            url: self.url.clone(),
            signing_key: self.signing_key.as_deref().map(Key::read).transpose()?,
        })
    }

    fn templates(&self, family: Family) -> Result<Templates, Failure> {
        family.templates(self.template_dir.as_deref())
    }

    fn trust<'r>(&self, request: &'r Request) -> Trust<'r> {
        match &request.signing_key {
            Some(key) => Trust::Key(key, clock::now()),
            None if self.ignore_signatures => Trust::Unchecked,
            None => Trust::Unsaid,
        }
    }
}

impl Common {
    /// Reads the releases and checks the request. `formats` are those that the package can hold.
    fn read(&self, family: Family, formats: &[Format], screen: &Screen) -> Result<Read, Failure> {
        let request = self.how.request()?;
        let templates = self.how.templates(family)?;
        let found =
            release::find(&self.release, formats, (&self.choosing, &self.reading), &self.out, screen)?;
        let input = Input::read(&found.path, formats)?.vouched(self.how.trust(&request))?;
        let previous = self
            .previous
            .iter()
            .map(|path| Input::read(path, &FORMATS)?.vouched_if_signed(self.how.trust(&request)));
        let previous = previous.collect::<Result<_, _>>()?;
        Ok(Read { input, previous, request, templates, _found: found })
    }

    /// Writes a package and tells of it.
    fn write(&self, package: &Package, read: &Read, screen: &Screen) -> Done {
        let written = package.write(&self.out)?;
        if self.json {
            let files = written.files.iter().map(|(name, (size, sha256))| File {
                name,
                size: *size,
                sha256: *sha256,
            });
            screen.json(&Answer {
                directory: written.directory.display().to_string(),
                was_there: written.was_there,
                signed_by: read.input.signed_by(),
                files: files.collect(),
            });
            return Ok(());
        }
        let how = if written.was_there { "  was there, the same" } else { "" };
        screen.answer(format_args!("{}{how}\n", written.directory.display()));
        let width = written.files.keys().map(String::len).max().unwrap_or(0);
        for (name, (size, _)) in &written.files {
            screen.answer(format_args!("  {name:<width$}  {:>8}\n", bytes(*size)));
        }
        for signed in read.input.signed_by() {
            screen.answer(format_args!("  good signature: {signed}\n"));
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    directory: String,
    was_there: bool,
    signed_by: &'a [String],
    files: Vec<File<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    name: &'a str,
    size: u64,
    sha256: Sha256,
}

/// Who answers for the package: the argument, or what Debian's own tools take from the environment
/// (debchange(1)): DEBEMAIL may have a name, too, which DEBFULLNAME stands in front of. There is no name of ours to fall back to.
fn maintainer(given: Option<&str>) -> Result<Maintainer, Failure> {
    let bad = |why: String| usage(Problem::new("the maintainer cannot be used").note(why));
    if let Some(text) = given {
        return Maintainer::parse(text).map_err(bad);
    }
    match (std::env::var("DEBFULLNAME"), std::env::var("DEBEMAIL")) {
        (Ok(name), Ok(mail)) => {
            let inner = mail.trim().strip_suffix('>').and_then(|rest| rest.split_once('<'));
            Maintainer::new(&name, inner.map_or(mail.as_str(), |(_, inner)| inner)).map_err(bad)
        }
        (_, Ok(both)) if both.contains('<') => Maintainer::parse(&both).map_err(bad),
        _ => Err(usage(
            Problem::new("nobody answers for the package")
                .help("give `--maintainer \"Name <mail>\"`, or set DEBFULLNAME and DEBEMAIL"),
        )),
    }
}

fn vendor(text: &str) -> Result<Vendor, String> {
    let (name, number) = text.rsplit_once('.').ok_or("expected a name and a number, such as `acme.2`")?;
    let number = number.parse().map_err(|_| format!("`{number}` is no number"))?;
    Vendor::new(name, number).map_err(|error| error.to_string())
}

fn dist(text: &str) -> Result<String, String> {
    let good = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.'));
    if good { Ok(text.to_owned()) } else { Err("a distribution has `a-z`, `0-9`, `-` and `.`".to_owned()) }
}

fn url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() && rest.chars().all(|c| c.is_ascii_graphic()) => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err("expected an address that begins with `https://`".to_owned()),
    }
}
