// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a commit of ours says of itself, as trailers (git-interpret-trailers(1)):
//!
//! ```text
//! Lustre-Dist-Release: lustre 2.17.57
//! Lustre-Dist-Revision: 1 acme.2
//! Lustre-Dist-Identity: sha256 of the uncompressed tarball
//! Lustre-Dist-Tree: the tree that was written
//! Lustre-Dist-Kept: 100755 the blob that the release has debian/rules
//! Lustre-Dist-Kept: absent debian/NEWS
//! ```
//!
//! The tree is there because a commit can be amended or rebased with its message: what was changed in it
//! is then still known from what we wrote. What was kept of others is named with what the release has
//! instead, so that the next release does not take their files for ours.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use gix::ObjectId;

use crate::model::version::{ReleaseVersion, Vendor};
use crate::model::{Sha256, TreeId};
use crate::package::Revision;
use crate::source::tree::BlobMode;

use super::trees::{File, Files};

const KEPT: &str = "Lustre-Dist-Kept: ";

/// The trailers of one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) name: String,
    pub(super) version: ReleaseVersion,
    pub(super) revision: Revision,
    pub(super) identity: Sha256,
    pub(super) tree: TreeId,
    /// The files of others in that tree, each with what the release has there.
    pub(super) kept: BTreeMap<String, Option<File>>,
}

impl Mark {
    /// The version of the package: `2.17.57-1`.
    pub(super) fn package(&self) -> String {
        format!("{}-{}", self.version.debian_upstream(), self.revision)
    }

    /// Whether it is of a newer package than the other, of the same release or of a newer one.
    pub(super) fn place(&self) -> (&ReleaseVersion, &Revision) {
        (&self.version, &self.revision)
    }

    /// What is kept of others where `written` is committed for a release that has `release`.
    pub(super) fn kept(written: &Files, release: &Files) -> BTreeMap<String, Option<File>> {
        let paths = written.keys().chain(release.keys());
        let kept = paths.filter(|path| written.get(*path) != release.get(*path));
        kept.map(|path| (path.clone(), release.get(path).copied())).collect()
    }

    /// The tree that the release has, from the one that was written.
    pub(super) fn release(&self, mut written: Files) -> Files {
        for (path, file) in &self.kept {
            match file {
                Some(file) => written.insert(path.clone(), *file),
                None => written.remove(path),
            };
        }
        written
    }

    /// The message of the commit: what the newest entry of the change log says.
    pub(super) fn message(&self, source: &str, package: &str, changelog: &str) -> String {
        let mut message = format!("{source} {package}\n\n");
        let lines = changelog.lines().skip(1).take_while(|line| !line.starts_with(" -- "));
        let text: Vec<&str> = lines.map(|line| line.strip_prefix("  ").unwrap_or(line)).collect();
        message.push_str(text.join("\n").trim());
        let revision = match &self.revision.vendor {
            Some(vendor) => format!("{} {vendor}", self.revision.number),
            None => self.revision.number.to_string(),
        };
        message.push_str(&format!(
            "\n\nLustre-Dist-Release: {} {}\nLustre-Dist-Revision: {revision}\n\
             Lustre-Dist-Identity: {}\nLustre-Dist-Tree: {}\n",
            self.name, self.version, self.identity, self.tree
        ));
        for (path, file) in &self.kept {
            let what = file.map_or("absent".to_owned(), |file| format!("{:o} {}", file.mode.git(), file.id));
            message.push_str(&format!("{KEPT}{what} {path}\n"));
        }
        message
    }

    /// Reads the trailers of a message; none where it is not of this tool.
    pub(super) fn read(message: &str) -> Option<Self> {
        let find = |key: &str| {
            let mut values = message.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
            values.next_back().map(str::trim)
        };
        let (name, version) = find("Lustre-Dist-Release")?.split_once(' ')?;
        let revision = find("Lustre-Dist-Revision")?;
        let (number, vendor) = match revision.split_once(' ') {
            Some((number, vendor)) => {
                let (name, nth) = vendor.rsplit_once('.')?;
                (number, Some(Vendor::new(name, nth.parse().ok()?).ok()?))
            }
            None => (revision, None),
        };
        Some(Self {
            name: name.to_owned(),
            version: ReleaseVersion::parse(version).ok()?,
            revision: Revision { number: number.parse::<NonZeroU32>().ok()?, vendor },
            identity: find("Lustre-Dist-Identity")?.parse().ok()?,
            tree: TreeId(ObjectId::from_hex(find("Lustre-Dist-Tree")?.as_bytes()).ok()?),
            kept: message
                .lines()
                .filter_map(|line| line.strip_prefix(KEPT))
                .map(kept)
                .collect::<Option<_>>()?,
        })
    }
}

fn kept(text: &str) -> Option<(String, Option<File>)> {
    if let Some(path) = text.strip_prefix("absent ") {
        return Some((path.to_owned(), None));
    }
    let (mode, rest) = text.split_once(' ')?;
    let (id, path) = rest.split_once(' ')?;
    let mode = BlobMode::from_git(u32::from_str_radix(mode, 8).ok()?)?;
    let id = ObjectId::from_hex(id.as_bytes()).ok()?;
    Some((path.to_owned(), Some(File { mode, id })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_the_change_log_and_says_what_it_is_of() {
        let mark = Mark {
            name: "lustre".to_owned(),
            version: ReleaseVersion::parse("2.18.0-RC2+k6.12.58").unwrap(),
            revision: Revision {
                number: NonZeroU32::MIN.saturating_add(2),
                vendor: Some(Vendor::new("acme", 2).unwrap()),
            },
            identity: Sha256([7; 32]),
            tree: TreeId(ObjectId::from_bytes_or_panic(&[9; 20])),
            kept: BTreeMap::from([
                ("debian/NEWS".to_owned(), None),
                (
                    "debian/a file".to_owned(),
                    Some(File { mode: BlobMode::Executable, id: ObjectId::from_bytes_or_panic(&[8; 20]) }),
                ),
            ]),
        };
        let log =
            "lustre (1-1) x; urgency=medium\n\n  * One,\n    more.\n\n -- A <a@b.c>  Mon\n\nlustre (0-1)\n";
        let message = mark.message("lustre", "1-1", log);
        assert!(
            message.starts_with("lustre 1-1\n\n* One,\n  more.\n\nLustre-Dist-Release: lustre 2.18.0-RC2")
        );
        assert_eq!(Mark::read(&message), Some(mark));
        assert_eq!(Mark::read("something else\n\nLustre-Dist-Release: lustre 2.17.57\n"), None);
    }
}
