// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The tag itself, its own name, and its twin in the other spelling.

use super::Subject;
use super::check::Check;
use crate::model::CommitId;
use crate::model::version::LustreVersion;
use crate::source::{Tip, read_tip};

/// How much of a commit id is shown where it only tells two apart.
const SHORT: usize = 12;

impl Subject<'_> {
    /// Which kind of tag it is.
    pub(super) fn tag(&self) -> Check {
        let commit = self.commit.id;
        match &self.object {
            Some(object) => {
                Check::ok("tag", &self.tag, format!("annotated, tag object {}, commit {commit}", object.id))
            }
            None => Check::ok("tag", &self.tag, format!("lightweight, commit {commit}")),
        }
    }

    /// The name inside the tag object.
    pub(super) fn tag_object(&self) -> Check {
        let name = "tag object";
        let Some(object) = &self.object else {
            return Check::not_applicable(name, "a lightweight tag has none");
        };
        let renamed = self.source.tag_object_name.as_ref().filter(|_| self.is_manifests);
        let expected = renamed.map_or(self.tag.as_str(), |name| name.value.as_str());
        if object.name == expected {
            Check::ok(name, expected, &object.name)
        } else {
            let help = format!(
                "a renamed tag can be an attack; if you know why, write `tag-object-name = \"{}\"`",
                object.name
            );
            Check::problem(name, expected, &object.name, help)
        }
    }

    /// The tags of the same version in other spellings: Lustre writes each one twice.
    pub(super) fn twin(&self) -> Check {
        let name = "twin";
        let is_dotted = |tag: &str| !tag.starts_with('v');
        let twins: Vec<_> = self
            .tags
            .iter()
            .filter(|(tag, _)| *tag != self.tag && LustreVersion::from_tag(tag) == Some(self.version))
            .collect();
        let sides = |tag: &str, commit: CommitId| format!("{tag} on {}", &commit.to_string()[..SHORT]);
        let expected = sides(&self.tag, self.commit.id);
        let has_other_spelling = self
            .tags
            .iter()
            .any(|(tag, _)| is_dotted(tag) != is_dotted(&self.tag) && LustreVersion::from_tag(tag).is_some());
        if twins.is_empty() {
            let twin = if is_dotted(&self.tag) { self.version.tag() } else { self.version.to_string() };
            return if has_other_spelling {
                Check::problem(
                    name,
                    expected,
                    format!("no tag `{twin}`"),
                    format!("tag the commit as `{twin}` too"),
                )
            } else {
                Check::not_applicable(name, "this repository writes its tags in one spelling")
            };
        }
        let mut found = Vec::new();
        let mut agree = true;
        for (tag, id) in twins {
            match read_tip(&self.objects, *id) {
                Ok(Tip::Commit(commit) | Tip::Tagged(_, commit)) => {
                    agree &= commit.id == self.commit.id;
                    found.push(sides(tag, commit.id));
                }
                Err(fault) => {
                    agree = false;
                    found.push(format!("{tag} cannot be used: {fault}"));
                }
            }
        }
        let found = found.join(", ");
        if agree {
            Check::ok(name, expected, found)
        } else {
            Check::problem(
                name,
                expected,
                found,
                "one version is one commit: ask upstream which of the tags is right",
            )
        }
    }
}
