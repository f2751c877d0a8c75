// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which traces of build machines are findings: those in what is not git's, but not those that git's
//! own files have too.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use gix::objs::Kind as ObjectKind;

use super::baked::{self, Hit};
use super::content::Content;
use super::judge::Judge;
use super::members::content;
use super::verdict::{Judged, Origin, Verdict};

/// How many folders of builds are looked for in all texts. An honest tarball has one.
const FOLDERS: usize = 64;

impl Judge<'_> {
    /// Adds the traces of build machines to what is not git's, but not those that git has too.
    pub(super) fn trace(&self, judged: &mut [Judged], names: &BTreeMap<&str, usize>) {
        let is_foreign = |judged: &Judged| {
            matches!(
                judged.verdict,
                Verdict::Changed { .. } | Verdict::Generated { .. } | Verdict::Unexplained { .. }
            )
        };
        let is_gits = |judged: &Judged| {
            matches!(
                judged.verdict,
                Verdict::Identical { .. } | Verdict::Followed { .. } | Verdict::Moved { .. }
            )
        };
        let mut in_git: HashSet<String> = HashSet::new();
        let mut folders: BTreeSet<String> = BTreeSet::new();
        for (member, judged) in self.members.iter().zip(&*judged) {
            let Some(content) = content(self.members, member, names) else { continue };
            if let Verdict::Changed { origin, .. } = &judged.verdict {
                in_git.extend(self.original(origin).hits.into_iter().map(|hit| hit.text));
            }
            if is_gits(judged) {
                in_git.extend(content.hits.iter().map(|hit| hit.text.clone()));
            } else if let Some(bytes) = content.kept.as_ref().filter(|_| content.text && is_foreign(judged)) {
                folders.extend(baked::own_folders(bytes));
            }
        }
        // The folder of the whole build is the start of those of its parts.
        let folders: Vec<&String> = folders.iter().take(FOLDERS).collect();
        let is_root = |folder: &&&String| !folders.iter().any(|other| is_below(folder, other));
        let roots: Vec<&String> = folders.iter().filter(is_root).copied().collect();
        for (member, judged) in self.members.iter().zip(judged) {
            let Some(content) = content(self.members, member, names).filter(|_| is_foreign(judged)) else {
                continue;
            };
            let mut traces: Vec<Hit> =
                content.hits.iter().filter(|hit| !in_git.contains(&hit.text)).cloned().collect();
            if let Some(bytes) = content.kept.as_ref().filter(|_| content.text) {
                for root in &roots {
                    if !traces.iter().any(|hit| hit.text == **root || is_below(&hit.text, root)) {
                        traces.extend(baked::search_folder(bytes, root));
                    }
                }
            }
            judged.traces = traces;
        }
    }

    fn original(&self, origin: &Origin) -> Content {
        let mut bytes = Vec::new();
        let source = self.against.iter().position(|against| against.name == origin.source);
        let read = source.map(|nth| self.objects[nth].read(origin.blob.0, ObjectKind::Blob, &mut bytes));
        match read {
            Some(Ok(())) => Content::of(&bytes),
            _ => Content::unsearched(None, 0),
        }
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}
