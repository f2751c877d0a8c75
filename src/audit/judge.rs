// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Holds each member against the sources.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use gix::objs::Kind as ObjectKind;

use super::against::Against;
use super::change::Change;
use super::content::{Content, WHOLE};
use super::members::{Kind, Member, by_path, content};
use super::names::{Maps, Place};
use super::verdict::{Judged, Origin, Verdict};
use crate::model::{BlobId, PathGlob, SourceDate, SourceName};
use crate::source::{BlobMode, Objects, tree};

/// Everything that a verdict depends on.
pub(super) struct Judge<'j> {
    pub(super) members: &'j [Member],
    pub(super) maps: &'j Maps<'j>,
    pub(super) against: &'j [Against],
    /// The objects of each of them.
    pub(super) objects: &'j [Objects],
    pub(super) generated: &'j [PathGlob],
}

/// The verdicts, and what came to light on the way.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    pub(super) judged: Vec<Judged>,
    /// By source and number of the file: those that are in the tarball in some way.
    pub(super) present: HashSet<(usize, usize)>,
    /// The `--generated` globs that cover a member.
    pub(super) used: HashSet<usize>,
}

/// A file of a source: the number of the source and that of the file.
type Found = (usize, usize);

impl Judge<'_> {
    pub(super) fn judge(&self) -> Judgement {
        let names = by_path(self.members);
        let links: BTreeSet<&str> = self
            .members
            .iter()
            .filter(|member| matches!(member.kind, Kind::Symlink { .. }))
            .map(|member| member.name.path.as_str())
            .collect();
        let newest = self.against.iter().map(|against| against.commit.date).max();
        let mut judgement = Judgement::default();
        let mut seen: BTreeMap<&str, bool> = BTreeMap::new();
        for member in self.members {
            let path = member.name.path.as_str();
            let is_directory = matches!(member.kind, Kind::Directory);
            let twice = seen.insert(path, is_directory).is_some_and(|before| !(before && is_directory));
            let content = content(self.members, member, &names);
            let hostile = self.hostile(member, twice, &links, content.is_some());
            let verdict = match hostile {
                Some(why) => Verdict::Hostile { why },
                None => self.verdict(member, content, &mut judgement),
            };
            let date = SourceDate(member.mtime);
            let hard_link = match &member.kind {
                Kind::HardLink { target } => Some(target.shown.clone()),
                _ => None,
            };
            let settled = matches!(
                verdict,
                Verdict::Identical { .. } | Verdict::Followed { .. } | Verdict::Moved { .. }
            );
            judgement.judged.push(Judged {
                path: member.name.shown.clone(),
                mode: self.mode_difference(member, &verdict),
                size: content.map(|content| content.size),
                hard_link,
                late: newest.filter(|newest| date > *newest).map(|_| date),
                traces: Vec::new(),
                unsearched: !settled && content.is_some_and(|content| !content.searched),
                verdict,
            });
        }
        self.trace(&mut judgement.judged, &names);
        judgement
    }

    fn hostile(
        &self,
        member: &Member,
        twice: bool,
        links: &BTreeSet<&str>,
        has_content: bool,
    ) -> Option<String> {
        let path = member.name.path.as_str();
        if let Some(fault) = &member.name.fault {
            return Some(format!("its path {fault}"));
        }
        if twice {
            return Some("its path is there twice".to_owned());
        }
        let above = path.match_indices('/').map(|(at, _)| &path[..at]).find(|above| links.contains(above));
        if let Some(above) = above {
            return Some(format!("it stands below `{above}`, which is a symbolic link"));
        }
        match &member.kind {
            Kind::File(Content { id: None, .. }) => {
                return Some("its content bears the marks of a SHA-1 collision attack".to_owned());
            }
            Kind::Other(what) => return Some(format!("it is {what}")),
            Kind::HardLink { target } if !has_content => {
                return Some(format!(
                    "it is a hard link to `{}`, which is no file of the tarball",
                    target.shown
                ));
            }
            _ => {}
        }
        // Directories with the setgid bit come from shared folders and harm nobody.
        let special =
            member.mode & 0o6000 != 0 && !matches!(member.kind, Kind::Directory | Kind::Symlink { .. });
        special.then(|| format!("its mode {:04o} has the setuid or setgid bit", member.mode))
    }

    fn verdict(&self, member: &Member, content: Option<&Content>, judgement: &mut Judgement) -> Verdict {
        let path = member.name.path.as_str();
        let link_id = |target: &[u8]| Content::of(target).id;
        let (id, is_link) = match &member.kind {
            Kind::Directory => return Verdict::Directory,
            Kind::Symlink { target } => (link_id(target), true),
            _ => (content.and_then(|content| content.id), false),
        };
        let Some(id) = id else {
            return Verdict::Hostile { why: "it bears the marks of a SHA-1 collision attack".to_owned() };
        };
        let Some(place) = self.maps.place(path) else {
            return self.unexplained(member, content);
        };
        let tracked: Vec<Found> =
            self.sources(&place).filter_map(|nth| Some((nth, self.against[nth].at(&place.path)?))).collect();
        let same = |(source, file): &Found| {
            let file = &self.against[*source].files[*file];
            file.blob == id && (file.mode == BlobMode::Symlink) == is_link
        };
        if let Some(found) = tracked.iter().find(|found| same(found)) {
            judgement.present.insert(*found);
            return Verdict::Identical { origin: self.origin(*found) };
        }
        for source in self.sources(&place) {
            let Some((file, link)) = self.against[source].follow(&place.path) else { continue };
            if !is_link && self.against[source].files[file].blob == id {
                judgement.present.insert((source, link));
                return Verdict::Followed {
                    link: self.origin((source, link)),
                    origin: self.origin((source, file)),
                };
            }
        }
        let elsewhere = self.elsewhere(&place, id, is_link, content);
        let glob = self.glob(path, tracked.is_empty());
        if let Some(found) = tracked.first() {
            judgement.present.insert(*found);
            if let Some(glob) = glob {
                return self.generated(glob, judgement);
            }
            return Verdict::Changed {
                origin: self.origin(*found),
                change: self.change(*found, member, content),
                content_of: elsewhere.map(|found| self.origin(found)),
            };
        }
        if let Some(found) = elsewhere {
            judgement.present.insert(found);
            return Verdict::Moved { origin: self.origin(found) };
        }
        if let Kind::Symlink { target } = &member.kind
            && let Some(fault) = leaves(self.maps.inner(path).unwrap_or(path), target)
        {
            return Verdict::Hostile { why: format!("it is a symbolic link whose target {fault}") };
        }
        match glob {
            Some(glob) => self.generated(glob, judgement),
            None => self.unexplained(member, content),
        }
    }

    fn sources<'s>(&'s self, place: &'s Place) -> impl Iterator<Item = usize> + 's {
        let named = move |name: &SourceName| place.source.as_ref().is_none_or(|source| source == name);
        self.against.iter().enumerate().filter(move |(_, against)| named(&against.name)).map(|(nth, _)| nth)
    }

    fn origin(&self, (source, file): Found) -> Origin {
        let against = &self.against[source];
        let file = &against.files[file];
        Origin {
            source: against.name.clone(),
            commit: against.commit.id,
            path: file.path.to_string(),
            blob: file.blob,
        }
    }

    /// Where git has that content. Nothing is everywhere, so an empty file comes from nowhere.
    fn elsewhere(
        &self,
        place: &Place,
        id: BlobId,
        is_link: bool,
        content: Option<&Content>,
    ) -> Option<Found> {
        if content.is_some_and(|content| content.size == 0) {
            return None;
        }
        (0..self.against.len())
            .find_map(|nth| Some((nth, self.against[nth].with_content(id, is_link, &place.path)?)))
    }

    /// The glob that declares the member generated. A pattern says nothing of a file that git
    /// tracks: somebody who allows `**/*.m4` does not mean a change to one of git's.
    fn glob(&self, path: &str, untracked: bool) -> Option<usize> {
        let inner = self.maps.inner(path).unwrap_or(path);
        self.generated.iter().position(|glob| {
            [path, inner]
                .into_iter()
                .any(|path| if untracked { glob.covers(path) } else { glob.as_str() == path })
        })
    }

    fn generated(&self, glob: usize, judgement: &mut Judgement) -> Verdict {
        judgement.used.insert(glob);
        Verdict::Generated { glob: self.generated[glob].as_str().to_owned() }
    }

    fn unexplained(&self, member: &Member, content: Option<&Content>) -> Verdict {
        let what = match (&member.kind, content) {
            (Kind::Symlink { target }, _) => {
                format!("link to {}", tree::shown(&String::from_utf8_lossy(target)))
            }
            (_, Some(content)) if content.size == 0 => "empty".to_owned(),
            (_, Some(content)) if content.size > WHOLE => "too long to look at".to_owned(),
            (_, Some(content)) if !content.text => "binary".to_owned(),
            _ => "text".to_owned(),
        };
        let executable = if member.mode & 0o111 != 0 && content.is_some() { ", executable" } else { "" };
        Verdict::Unexplained { what: format!("{what}{executable}") }
    }

    fn change(&self, found: Found, member: &Member, content: Option<&Content>) -> Change {
        let (source, nth) = found;
        let against = &self.against[source];
        let file = &against.files[nth];
        let git = match (file.mode, against.link_target(nth)) {
            (BlobMode::Symlink, Some(target)) => format!("a link to {}", tree::shown(target)),
            (BlobMode::Symlink, None) => "a link".to_owned(),
            _ => "a file".to_owned(),
        };
        if let Kind::Symlink { target } = &member.kind {
            let target = tree::shown(&String::from_utf8_lossy(target));
            return Change::Type { from: git, to: format!("a link to {target}") };
        }
        if file.mode == BlobMode::Symlink {
            return Change::Type { from: git, to: "a file with other content than it leads to".to_owned() };
        }
        let why = |why: &str| Change::NotCompared { why: why.to_owned() };
        let Some(content) = content else { return why("it has no content") };
        let mut before = Vec::new();
        if let Err(fault) = self.objects[source].read(file.blob.0, ObjectKind::Blob, &mut before) {
            return Change::NotCompared { why: format!("git's blob {} {fault}", file.blob) };
        }
        match self.bytes(content) {
            Some(after) if before.len() as u64 <= WHOLE => Change::between(&before, &after),
            _ => Change::NotCompared {
                why: format!("too long: {} bytes in git, {} in the tarball", before.len(), content.size),
            },
        }
    }

    /// The bytes of a member: kept, or read from git, which has the same.
    fn bytes<'c>(&self, content: &'c Content) -> Option<std::borrow::Cow<'c, [u8]>> {
        if let Some(kept) = &content.kept {
            return Some(kept.into());
        }
        let id = content.id.filter(|_| content.size <= WHOLE)?;
        let mut bytes = Vec::new();
        let read = |objects: &Objects| objects.read(id.0, ObjectKind::Blob, &mut bytes).is_ok();
        self.objects.iter().any(read).then_some(bytes.into())
    }

    /// How the mode differs from git's in what git tracks, and where everybody may write.
    fn mode_difference(&self, member: &Member, verdict: &Verdict) -> Option<String> {
        let tracked = match verdict {
            Verdict::Identical { origin }
            | Verdict::Changed { origin, .. }
            | Verdict::Followed { origin, .. } => {
                let against = self.against.iter().find(|against| against.name == origin.source)?;
                Some(against.files[against.at(&origin.path)?].mode)
            }
            _ => None,
        };
        if !matches!(member.kind, Kind::File(_)) {
            return None;
        }
        let mode = member.mode & 0o7777;
        let is_executable = mode & 0o100 != 0;
        match tracked {
            Some(BlobMode::Executable) if !is_executable => Some(format!("{mode:04o}, executable in git")),
            Some(BlobMode::File) if is_executable => Some(format!("{mode:04o}, not executable in git")),
            _ if mode & 0o002 != 0 && mode & 0o1000 == 0 => Some(format!("{mode:04o}, anybody may write")),
            _ => None,
        }
    }
}

/// How the target of a link at `path` leaves the tarball, if it does.
fn leaves(path: &str, target: &[u8]) -> Option<&'static str> {
    if target.starts_with(b"/") {
        return Some("is absolute");
    }
    let mut depth = path.matches('/').count();
    for component in target.split(|&byte| byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." if depth == 0 => return Some("leads out of the tarball"),
            b".." => depth -= 1,
            _ => depth += 1,
        }
    }
    None
}
