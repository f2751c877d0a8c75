// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A manifest moved to newer tags.

use super::text::{Edited, Edits};
use crate::manifest::{Manifest, Since, Source, Wanted};
use crate::model::version::{KernelVersion, LustreVersion};
use crate::model::{Class, Failure, Problem, SourceName, TagId};
use crate::source::{self, OpenSource, Places, Tip, read_tip};

/// A newer tag of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newer {
    /// The source.
    pub source: SourceName,
    /// The tag that the manifest names now.
    pub from: String,
    /// The newer one.
    pub to: String,
    /// The newer tag's own object, where it has one: its id, and the name in it.
    pub object: Option<(TagId, String)>,
}

/// A manifest that names newer tags.
#[derive(Debug)]
pub struct Bump {
    /// What moved.
    pub moved: Vec<Newer>,
    /// The base version that the manifest had.
    pub from: LustreVersion,
    /// The text, and what differs in it.
    pub edited: Edited,
}

/// Looks for newer tags: of every source that says where (`tags`), or the tag `to` alone.
///
/// # Errors
/// A source cannot be read; no source says where to look; there is no tag `to`, or it is not newer.
pub fn newer(manifest: &Manifest, places: &Places, to: Option<&str>) -> Result<Vec<Newer>, Failure> {
    if let Some(to) = to {
        return named(manifest, places, to).map(|found| vec![found]);
    }
    let mut found = Vec::new();
    let mut looked = false;
    for source in manifest.sources.values() {
        let (Wanted::Tag(tag), Some(pattern)) = (&source.wanted.value, &source.tags) else { continue };
        looked = true;
        let open = open(manifest, source, places)?;
        let tags = open.repository.tags()?;
        // A tag that is newer than all releases of its series, a snapshot perhaps, stays.
        let newest = pattern.newest(tags.iter().map(|(name, _)| name.as_str()));
        if let Some(newest) = newest.filter(|newest| is_newer(newest, tag)) {
            found.push(describe(manifest, source, &open, tag, newest)?);
        }
    }
    if !looked {
        let problem =
            Problem::new(format!("`{}` does not say where newer tags are", manifest.path().display()))
                .note("none of its sources has one `tag` and the pattern `tags`")
                .help("name the tag: `--to TAG`; or add `tags = \"v2_17_*\"` to the source");
        return Err(Failure::new(Class::Manifest, problem));
    }
    Ok(found)
}

/// The tag that the user named.
fn named(manifest: &Manifest, places: &Places, to: &str) -> Result<Newer, Failure> {
    let kernel = KernelVersion::from_tag(to).is_some();
    if !kernel && LustreVersion::from_tag(to).is_none() {
        let problem = Problem::new(format!("`{to}` is not a version's tag"))
            .help("give a tag such as `v2_17_1`, `2.17.1` or `v6.12.58`");
        return Err(Failure::new(Class::Usage, problem));
    }
    let primary = &manifest.sources[&manifest.release.primary.value];
    let candidates = std::iter::once(primary).chain(manifest.sources.values());
    let same_kind = candidates.clone().find_map(|source| match &source.wanted.value {
        Wanted::Tag(tag) if KernelVersion::from_tag(tag).is_some() == kernel => Some((source, tag)),
        _ => None,
    });
    let Some((source, from)) = same_kind else {
        let what = if kernel { "a kernel" } else { "Lustre" };
        let mut problem = Problem::new(format!("no source of the manifest stands at a tag of {what}"));
        for source in manifest.sources.values() {
            if let Wanted::Pattern(pattern) = &source.wanted.value
                && pattern.matches(to)
            {
                problem = problem
                    .note(format!("source `{}` follows the pattern `{pattern}`", source.name))
                    .help(format!("its lock moves: `lustre-dist lock --update {}`", source.name));
            }
        }
        return Err(Failure::new(Class::Usage, problem));
    };
    let open = open(manifest, source, places)?;
    if !is_newer(to, from) {
        let problem = manifest
            .problem(
                format!("`{to}` is not newer than `{from}`"),
                &source.wanted.span,
                "the tag that stands here",
            )
            .help("a release never goes back; to start from an older tag, edit the manifest by hand");
        return Err(Failure::new(Class::Manifest, problem));
    }
    describe(manifest, source, &open, from, to)
}

fn open(manifest: &Manifest, source: &Source, places: &Places) -> Result<OpenSource, Failure> {
    let mut open = source::open(manifest, source, places)?;
    open.refresh(&[])?;
    Ok(open)
}

/// Whether one tag is of a newer version than another of its kind.
fn is_newer(to: &str, from: &str) -> bool {
    match (KernelVersion::from_tag(to), KernelVersion::from_tag(from)) {
        (Some(to), Some(from)) => to > from,
        _ => LustreVersion::from_tag(to) > LustreVersion::from_tag(from),
    }
}

fn describe(
    manifest: &Manifest,
    source: &Source,
    open: &OpenSource,
    from: &str,
    to: &str,
) -> Result<Newer, Failure> {
    let fault = |title: String| {
        manifest
            .problem(title, &source.wanted.span, format!("source `{}`", source.name))
            .note(format!("looked for in {}", open.repository.path().display()))
    };
    let Some(id) = open.repository.find_ref(&format!("refs/tags/{to}"))? else {
        return Err(fault(format!("source `{}` has no tag `{to}`", source.name)).into_source());
    };
    let tip = read_tip(&open.repository.objects(), id)
        .map_err(|found| fault(format!("the tag `{to}` cannot be used: {found}")).into_source())?;
    let object = match tip {
        Tip::Tagged(tag, _) => Some((tag.id, tag.name)),
        Tip::Commit(_) => None,
    };
    Ok(Newer { source: source.name.value.clone(), from: from.to_owned(), to: to.to_owned(), object })
}

impl Bump {
    /// Moves the manifest to these tags: the tags themselves, the release's version with the
    /// primary source's, and what counts from the old ones. A respin counts releases of one
    /// version, so it goes.
    ///
    /// # Errors
    /// The manifest pins the tag object, and the newer tag has none; or what the edit gives is not
    /// a manifest.
    pub fn new(manifest: &Manifest, moved: Vec<Newer>) -> Result<Self, Failure> {
        let text = &manifest.text.text;
        let mut edits = Edits::default();
        for newer in &moved {
            let source = &manifest.sources[&newer.source];
            edits.string(&source.wanted.span, &newer.to);
            if let Some(since) = &source.since
                && matches!(since.value, Since::Tag(_))
            {
                edits.string(&since.span, &newer.from);
            }
            let pinned = source.tag_object.as_ref().map(|at| &at.span);
            let named = source.tag_object_name.as_ref().map(|at| &at.span);
            match (&newer.object, pinned.or(named)) {
                (Some((id, name)), _) => {
                    pinned.inspect(|span| edits.string(span, &id.to_string()));
                    named.inspect(|span| edits.string(span, name));
                }
                (None, Some(span)) => {
                    let problem = manifest
                        .problem(format!("the tag `{}` is lightweight", newer.to), span, "pins a tag object")
                        .help("remove this key by hand, if a tag without an object of its own will do");
                    return Err(Failure::new(Class::Manifest, problem));
                }
                (None, None) => {}
            }
            if newer.source == manifest.release.primary.value {
                let version = LustreVersion::from_tag(&newer.to).expect("newer than a version's tag");
                edits.string(&manifest.release.version.span, &version.to_string());
            }
        }
        if let Some(respin) = &manifest.release.respin {
            edits.remove_key(text, &respin.span);
        }
        let edited = edits.apply(manifest, manifest.path())?;
        Ok(Self { moved, from: manifest.release.version.value, edited })
    }
}
