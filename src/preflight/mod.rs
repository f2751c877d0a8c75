// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A tag, checked before it is released: what Lustre's tree says of its own version in several
//! places, held against one another.
//!
//! | check | one side | other side |
//! | --- | --- | --- |
//! | tag | the ref | annotated or lightweight; either will do |
//! | tag object | the name of the ref, or `tag-object-name` | the name inside the tag object |
//! | twin | `v2_17_57` | `2.17.57`, where the repository writes its tags twice |
//! | LUSTRE-VERSION-GEN | the tag's version | its DEFAULT_VERSION |
//! | change log | the tag's version; of a snapshot, the next release's | the first entry of the change log |
//! | release date | a day | that of the entry; `TBD` will do until there is a release |
//! | manifest version | the tag's version | `[release] version` |
//! | branch | the tag's commit | the history of `on-branch`, here or as a remote had it |
//! | last candidate | the last release candidate's tree | the release's, the same but for [`VERSION_FILES`] |
//!
//! What a tree or a manifest does not have cannot disagree: it is reported as not applicable, with
//! the reason.

mod branch;
mod check;
mod tags;
mod versions;

pub use check::{Check, Report, State};
pub use versions::VERSION_FILES;

use crate::manifest::{Manifest, Source, Wanted};
use crate::model::version::LustreVersion;
use crate::model::{Class, Failure, Problem};
use crate::source::{self, Commit, Objects, OpenSource, Places, Tag, Tip, read_tip};

/// The tag that is checked.
struct Subject<'m> {
    manifest: &'m Manifest,
    source: &'m Source,
    open: OpenSource,
    objects: Objects,
    /// Its short name.
    tag: String,
    version: LustreVersion,
    /// Its own object; none for a lightweight tag.
    object: Option<Tag>,
    commit: Commit,
    /// Every tag with what it points at.
    tags: Vec<(String, gix::ObjectId)>,
    /// Whether the tag is the manifest's own.
    is_manifests: bool,
}

/// Checks the tag of the manifest's primary source, or another tag of it.
///
/// # Errors
/// There is no such tag, it names no version of Lustre, or the source cannot be read. What
/// disagrees is in the report.
pub fn preflight(manifest: &Manifest, tag: Option<&str>, places: &Places) -> Result<Report, Failure> {
    let source = &manifest.sources[&manifest.release.primary.value];
    let subject = Subject::find(manifest, source, tag, places)?;
    let mut checks = vec![subject.tag(), subject.tag_object(), subject.twin()];
    checks.extend([subject.version_file()?, subject.manifest()]);
    checks.extend(subject.change_log()?);
    checks.push(branch::check(source, &subject.open, &subject.tag, subject.commit.id)?);
    for other in manifest.sources.values().filter(|other| other.name != source.name) {
        checks.extend(branch::of_other_source(manifest, other, places)?);
    }
    checks.push(subject.candidate()?);
    Ok(Report {
        tag: subject.tag,
        version: subject.version,
        commit: subject.commit.id,
        source: subject.open.describe(),
        manifest: manifest.path().display().to_string(),
        checks,
    })
}

impl<'m> Subject<'m> {
    fn find(
        manifest: &'m Manifest,
        source: &'m Source,
        asked: Option<&str>,
        places: &Places,
    ) -> Result<Self, Failure> {
        let mut open = source::open(manifest, source, places)?;
        // What is checked is what others see.
        open.refresh(&[])?;
        let tags = open.repository.tags()?;
        let (tag, is_manifests) = match asked {
            Some(tag) => (tag.to_owned(), is_wanted(&source.wanted, tag)),
            None => (wanted_tag(manifest, source, &tags)?, true),
        };
        let Some((_, id)) = tags.iter().find(|(name, _)| *name == tag) else {
            return Err(no_such_tag(&open, &tag, &tags).into_source());
        };
        let unusable = |why: String| Problem::new(why).note(open.describe()).into_source();
        let objects = open.repository.objects();
        let (object, commit) = match read_tip(&objects, *id) {
            Ok(Tip::Commit(commit)) => (None, commit),
            Ok(Tip::Tagged(tag, commit)) => (Some(tag), commit),
            Err(fault) => return Err(unusable(format!("the tag `{tag}` cannot be used: {fault}"))),
        };
        let Some(version) = LustreVersion::from_tag(&tag) else {
            let problem = Problem::new(format!("the tag `{tag}` is not a version of Lustre"))
                .note(open.describe())
                .help("expected a tag such as `v2_17_57` or `2.17.0-RC4`");
            return Err(Failure::new(if asked.is_some() { Class::Usage } else { Class::Manifest }, problem));
        };
        Ok(Self { manifest, source, open, objects, tag, version, object, commit, tags, is_manifests })
    }
}

fn is_wanted(wanted: &Wanted, tag: &str) -> bool {
    match wanted {
        Wanted::Tag(name) => name == tag,
        Wanted::Pattern(pattern) => pattern.matches(tag),
        Wanted::Branch(_) | Wanted::Commit(_) | Wanted::Ref(_) => false,
    }
}

/// The tag that a source asks for by name or pattern.
fn wanted_tag(
    manifest: &Manifest,
    source: &Source,
    tags: &[(String, gix::ObjectId)],
) -> Result<String, Failure> {
    match &source.wanted.value {
        Wanted::Tag(name) => Ok(name.clone()),
        Wanted::Pattern(pattern) => {
            let newest = pattern.newest(tags.iter().map(|(name, _)| name.as_str()));
            newest.map(str::to_owned).ok_or_else(|| {
                let title = format!("no release tag of source `{}` matches `{pattern}`", source.name);
                manifest
                    .problem(title, &source.wanted.span, "asked for here")
                    .help("snapshots and candidates never match a pattern; name one with `--tag`")
                    .into_source()
            })
        }
        Wanted::Branch(_) | Wanted::Commit(_) | Wanted::Ref(_) => Err(manifest
            .problem(
                format!("source `{}` is at no tag, and a tag is what is checked", source.name),
                &source.wanted.span,
                "asked for here",
            )
            .help("name the tag to check with `--tag`")
            .into()),
    }
}

fn no_such_tag(open: &OpenSource, tag: &str, tags: &[(String, gix::ObjectId)]) -> Problem {
    let problem = Problem::new(format!("there is no tag `{tag}`")).note(open.describe());
    let near = tags
        .iter()
        .map(|(name, _)| (strsim::damerau_levenshtein(name, tag), name))
        .filter(|(distance, _)| *distance <= 3)
        .min();
    match near {
        Some((_, name)) => problem.help(format!("did you mean `{name}`?")),
        None => problem.help("fetch the tag into that repository, or name another"),
    }
}
