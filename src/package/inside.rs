// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What packaging needs of a tarball, kept while it is read once.

use std::collections::BTreeMap;

use crate::archive::read::{Kind, Member, Visit};
use crate::model::{CommitId, Failure, SourceDate};
use crate::plan::RECORDS;

/// A file that is larger is not one that people write.
const LARGEST: u64 = 2 << 20;

/// Folders of which every file is kept: packaging, and the texts of licences.
const FOLDERS: [&str; 4] = ["debian/", "rpm/", "config/", "LICENSES/"];

/// Names of files that are kept wherever they are: what declares modules, and what tells people.
const NAMES: [&str; 13] = [
    "Kbuild",
    "Makefile",
    "Makefile.in",
    "Makefile.am",
    "autoMakefile.am",
    "Rules.in",
    "META",
    "LUSTRE-VERSION-FILE",
    "ChangeLog",
    "configure.ac",
    "autogen.sh",
    "COPYING",
    "dkms.mkconf",
];

/// Every member, and the content of the files that packaging looks into.
#[derive(Debug, Default)]
pub(super) struct Inside {
    pub(super) members: BTreeMap<String, Kind>,
    pub(super) contents: BTreeMap<String, Vec<u8>>,
    now: Option<(String, Vec<u8>)>,
}

fn is_wanted(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    // The table of origins is as long as the tarball.
    path.strip_prefix(RECORDS).is_some_and(|rest| rest.starts_with('/') && rest != "/origins.jsonl")
        || FOLDERS.iter().any(|folder| path.starts_with(folder))
        || NAMES.contains(&name)
        || name.ends_with(".spec.in")
        || name.ends_with(".spec")
        || folder.is_empty() && (name.starts_with("lustre-dkms") || name.starts_with("dkms"))
}

impl Visit for Inside {
    fn start(&mut self, _: &str, _: Option<CommitId>, _: SourceDate) -> Result<(), Failure> {
        Ok(())
    }

    fn member(&mut self, member: &Member) -> Result<(), Failure> {
        if member.path.is_empty() {
            return Ok(());
        }
        if let Kind::File { size, .. } = &member.kind
            && *size <= LARGEST
            && is_wanted(&member.path)
        {
            self.now = Some((member.path.clone(), Vec::new()));
        }
        self.members.insert(member.path.clone(), member.kind.clone());
        Ok(())
    }

    fn content(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if let Some((_, content)) = &mut self.now {
            content.extend_from_slice(bytes);
        }
        Ok(())
    }

    fn end_member(&mut self) -> Result<(), Failure> {
        self.contents.extend(self.now.take());
        Ok(())
    }
}
