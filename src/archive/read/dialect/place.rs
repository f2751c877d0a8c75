// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a member says of itself, and where that puts it among the others.

use super::super::canonical::{Node, Said};
use super::super::fault::{At, Fault};
use super::super::links::Link;
use super::super::names::What;
use super::super::{Kind, Limits, Member, Visit, shown};
use super::Dialect;
use crate::model::{Failure, SourceDate, path};

/// A path or target that cannot be believed: what it is, and what was expected.
type Refused = (String, String);

impl Dialect<'_> {
    /// Places the member whose headers start at `start` among those before it. `None` when it is not
    /// one to show, which is told.
    pub(super) fn place(
        &mut self,
        said: Said,
        index: usize,
        start: u64,
        visit: &mut dyn Visit,
    ) -> Result<Option<Member>, Failure> {
        let data = self.at;
        let placed = full_path(&said, self.limits).and_then(|path| Ok((path, kind(said.node, self.limits)?)));
        let (full, kind) = match placed {
            Ok(placed) => placed,
            Err((what, expected)) => {
                self.tell_one(start, what, expected);
                return Ok(None);
            }
        };
        let (top, below) = full.split_once('/').unwrap_or((&full, ""));
        if self.top.is_none() {
            self.top = Some(top.to_owned());
            if !below.is_empty() || kind != Kind::Directory {
                self.tell_one(
                    start,
                    "it is the first member",
                    "the top directory itself before what is in it",
                );
                self.names.add("", What::Directory, &mut Vec::new());
            }
            visit.start(top, self.commit, SourceDate(self.date.unwrap_or_default()))?;
        } else if let Some(expected) = self.top.as_deref().filter(|expected| *expected != top) {
            let expected = format!("a path below `{}/`", shown::text(expected.as_bytes()));
            self.tell_one(start, "it stands outside of the top directory", expected);
            return Ok(None);
        }
        let mut wrong = Vec::new();
        self.names.add(below, What::of(&kind), &mut wrong);
        for wrong in wrong {
            let mut fault = Fault::new(At::Tar(start), self.part.clone(), wrong.what, wrong.expected);
            fault.clash = wrong.clash;
            self.faults.push(fault);
        }
        if let Kind::Link { target } = &kind {
            let (path, target) = (below.to_owned(), target.clone());
            self.targets += target.len();
            self.links.push(Link { index, offset: start, path, target });
        }
        self.within_limits(start);
        Ok(Some(Member { index, offset: start, data, path: below.to_owned(), kind }))
    }

    fn within_limits(&mut self, start: u64) {
        let Limits { members, names, .. } = *self.limits;
        if self.index > members {
            self.tell_one(
                start,
                format!("it is more than the {members} that a tarball may have"),
                "fewer members",
            );
            self.stop();
        }
        if self.names.size() + self.targets > names {
            let what = format!("with it, all paths together have more than {names} bytes");
            self.tell_one(start, what, "shorter paths, or fewer");
            self.stop();
        }
    }
}

/// The whole path without a directory's slash, every component checked.
fn full_path(said: &Said, limits: &Limits) -> Result<String, Refused> {
    let bytes = match said.node {
        Node::Directory => said.path.strip_suffix(b"/").unwrap_or(&said.path),
        _ => &said.path,
    };
    if bytes.len() > limits.path {
        return Err((format!("its path has {} bytes", bytes.len()), format!("at most {}", limits.path)));
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(("its path is not UTF-8".to_owned(), "UTF-8".to_owned()));
    };
    let relative = "a relative path of ordinary names".to_owned();
    if text.starts_with('/') {
        return Err(("its path is absolute".to_owned(), relative));
    }
    if let Some(fault) = text.split('/').find_map(path::component_fault) {
        return Err((format!("its path {fault}"), relative));
    }
    let depth = text.split('/').count();
    if depth > limits.depth {
        return Err((format!("its path is {depth} names deep"), format!("at most {}", limits.depth)));
    }
    Ok(text.to_owned())
}

fn kind(node: Node, limits: &Limits) -> Result<Kind, Refused> {
    let target = match node {
        Node::Directory => return Ok(Kind::Directory),
        Node::File { executable, size } => return Ok(Kind::File { executable, size }),
        Node::Link { target } => target,
    };
    if target.len() > limits.path {
        return Err((format!("its target has {} bytes", target.len()), format!("at most {}", limits.path)));
    }
    let expected = "the path of something in the tarball";
    let what = match String::from_utf8(target) {
        Err(_) => "its target is not UTF-8",
        Ok(target) if target.is_empty() => "its target is empty",
        Ok(target) if target.chars().any(char::is_control) => "its target holds a control character",
        Ok(target) => return Ok(Kind::Link { target }),
    };
    Err((what.to_owned(), expected.to_owned()))
}
