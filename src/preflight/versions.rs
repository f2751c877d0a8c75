// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the tree and the manifest say of the version, and what the release changed in its last
//! candidate.

use std::collections::BTreeMap;

use gix::objs::Kind;

use super::Subject;
use super::check::Check;
use crate::kernel::{self, EntryDate};
use crate::model::version::LustreVersion;
use crate::model::{Failure, Problem, TreeId};
use crate::source::{BlobMode, Tip, read_tip, tree};

/// The file that gives a tree without `.git` its version.
const VERSION_GEN: &str = "LUSTRE-VERSION-GEN";

/// The files in which a release may differ from its last candidate, beside the manifest's change
/// log.
pub const VERSION_FILES: [&str; 6] = [
    "ChangeLog",
    VERSION_GEN,
    "LUSTRE-VERSION-FILE",
    "lustre/ChangeLog",
    "lnet/ChangeLog",
    "lustre/autoconf/lustre-version.ac",
];

impl Subject<'_> {
    /// DEFAULT_VERSION.
    pub(super) fn version_file(&self) -> Result<Check, Failure> {
        let name = VERSION_GEN;
        let found = tree::find(&self.objects, self.commit.tree, VERSION_GEN)
            .map_err(|fault| self.unreadable(&format!("`{}` {}", fault.path, fault.what)))?;
        let Some(file) = found.filter(|file| file.mode != BlobMode::Symlink) else {
            return Ok(Check::not_applicable(name, format!("the tree has no {VERSION_GEN}")));
        };
        let mut buffer = Vec::new();
        self.objects
            .read(file.blob.0, Kind::Blob, &mut buffer)
            .map_err(|fault| self.unreadable(&format!("`{VERSION_GEN}`: blob {} {fault}", file.blob)))?;
        let text = String::from_utf8_lossy(&buffer);
        let expected = self.version.to_string();
        let stated = text.lines().find_map(|line| line.trim().strip_prefix("DEFAULT_VERSION="));
        let help = format!(
            "set DEFAULT_VERSION={expected} in {VERSION_GEN}: a tree without .git takes its version from it"
        );
        Ok(match stated.map(|stated| stated.trim_matches(['"', '\'', ' '])) {
            Some(stated) if LustreVersion::parse(stated) == Ok(self.version) => {
                Check::ok(name, expected, stated)
            }
            Some(stated) => Check::problem(name, expected, stated, help),
            None => Check::problem(name, expected, format!("no DEFAULT_VERSION in {VERSION_GEN}"), help),
        })
    }

    /// `[release] version`.
    pub(super) fn manifest(&self) -> Check {
        let name = "manifest version";
        let stated = &self.manifest.release.version;
        let expected = self.version.to_string();
        if !self.is_manifests {
            Check::not_applicable(name, "another tag than the manifest's was asked for")
        } else if stated.value == self.version {
            Check::ok(name, expected, stated.to_string())
        } else {
            let help = format!("write `version = \"{expected}\"`, or choose the tag of {stated}");
            Check::problem(name, expected, stated.to_string(), help)
        }
    }

    /// The first entry of the change log: its version and its date.
    pub(super) fn change_log(&self) -> Result<[Check; 2], Failure> {
        let (name, dated) = ("change log", "release date");
        let Some(path) = &self.manifest.release.changelog else {
            let why = "the manifest names no `changelog`";
            return Ok([Check::not_applicable(name, why), Check::not_applicable(dated, why)]);
        };
        let due = entry_version(self.version);
        let entry = match kernel::entry_at(&self.objects, self.commit.tree, path) {
            Ok(entry) => entry,
            Err(fault) if fault.is_of_source() => {
                return Err(self.unreadable(&format!("the change log `{path}` {fault}", path = path.value)));
            }
            Err(fault) => {
                let found = format!("`{}` {fault}", path.value);
                let first = Check::problem(name, due.to_string(), found, fault.help());
                return Ok([first, Check::not_applicable(dated, "there is no entry")]);
            }
        };
        let place = format!("{} line {}", path.value, entry.line);
        let written = entry.version_text.as_deref().unwrap_or("no `* version`");
        let found = format!("{written} in {place}");
        let version = if entry.version() == Some(due) {
            Check::ok(name, due.to_string(), found)
        } else {
            Check::problem(
                name,
                due.to_string(),
                found,
                format!("begin the entry of {due}, or tag a commit that has it"),
            )
        };
        let found = format!("{} in {place}", entry.date);
        let date = match (&entry.date, self.version.is_stable()) {
            (EntryDate::Day(_), true) => Check::ok(dated, "a day", found),
            (_, true) => {
                Check::problem(dated, "a day", found, "write the day of the release into the change log")
            }
            (_, false) => Check::not_applicable(dated, format!("{found}; a day is written for a release")),
        };
        Ok([version, date])
    }

    /// What the release changed in the last candidate.
    pub(super) fn candidate(&self) -> Result<Check, Failure> {
        let name = "last candidate";
        if !self.version.is_stable() {
            return Ok(Check::not_applicable(name, "not a release"));
        }
        let last = self
            .tags
            .iter()
            .filter_map(|(tag, id)| Some((LustreVersion::from_tag(tag)?, tag, id)))
            .filter(|(version, ..)| version.is_candidate() && base(*version) == base(self.version))
            .max_by_key(|(version, tag, _)| (*version, tag.starts_with('v')));
        let Some((_, tag, id)) = last else {
            return Ok(Check::not_applicable(name, "no tag of a candidate"));
        };
        let commit = match read_tip(&self.objects, *id) {
            Ok(Tip::Commit(commit) | Tip::Tagged(_, commit)) => commit,
            Err(fault) => return Err(self.unreadable(&format!("the tag `{tag}` cannot be used: {fault}"))),
        };
        let allowed = |path: &str| {
            VERSION_FILES.contains(&path)
                || self.manifest.release.changelog.as_ref().is_some_and(|log| log.value.as_str() == path)
        };
        let (versions, others): (Vec<String>, Vec<String>) =
            self.differences(commit.tree)?.into_iter().partition(|path| allowed(path));
        let expected = format!("{tag}, but for version files");
        let listed = match &versions[..] {
            [] => "the same tree".to_owned(),
            paths => format!("differs in {}", paths.join(", ")),
        };
        if others.is_empty() {
            return Ok(Check::ok(name, expected, listed));
        }
        let count = match others.len() {
            1 => "1 other file".to_owned(),
            count => format!("{count} other files"),
        };
        let found =
            if versions.is_empty() { format!("differs in {count}") } else { format!("{listed} and {count}") };
        let help = "tag another candidate with these changes first: nobody has tested the release as it is";
        Ok(Check { files: others, ..Check::problem(name, expected, found, help) })
    }

    /// The paths in which the tag's tree differs from another one.
    fn differences(&self, other: TreeId) -> Result<Vec<String>, Failure> {
        let list = |root| -> Result<BTreeMap<_, _>, Failure> {
            let listing = tree::list(&self.objects, root, &|_| true);
            if let Some(fault) = listing.faults.iter().find(|fault| fault.structural) {
                return Err(self.unreadable(&format!("`{}` {}", fault.path, fault.what)));
            }
            Ok(listing
                .files
                .into_iter()
                .map(|file| (file.path.to_string(), (file.mode.git(), file.blob.0)))
                .collect())
        };
        let mut ours = list(self.commit.tree)?;
        let mut paths = Vec::new();
        for (path, theirs) in list(other)? {
            if ours.remove(&path) != Some(theirs) {
                paths.push(path);
            }
        }
        paths.extend(ours.into_keys());
        paths.sort();
        Ok(paths)
    }

    fn unreadable(&self, what: &str) -> Failure {
        Problem::new(format!("the tag `{}` cannot be checked: {what}", self.tag))
            .note(self.open.describe())
            .help("the repository is damaged or not whole: `git fsck` tells more, a fresh clone mends it")
            .into_source()
    }
}

/// The numbers without the candidate; a fix number that is 0 counts as none.
fn base(version: LustreVersion) -> [u32; 4] {
    version.numbers()
}

/// The version that the first entry of the change log must have: of a candidate its release's, of
/// a snapshot that of the release it leads to.
fn entry_version(version: LustreVersion) -> LustreVersion {
    let [major, minor, patch, fix] = version.numbers();
    let text = if !version.is_snapshot() {
        match version.fix() {
            Some(fix) => format!("{major}.{minor}.{patch}.{fix}"),
            None => format!("{major}.{minor}.{patch}"),
        }
    } else if fix > 0 && patch < 50 {
        format!("{major}.{minor}.{}", patch + 1)
    } else {
        format!("{major}.{}.0", minor + 1)
    };
    LustreVersion::parse(&text).expect("three or four numbers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_lead_to_a_release() {
        for (version, due) in [
            ("2.17.0", "2.17.0"),
            ("2.17.0-RC4", "2.17.0"),
            ("2.15.8", "2.15.8"),
            ("2.17.57", "2.18.0"),
            ("2.15.91", "2.16.0"),
            ("2.5.3.90", "2.5.4"),
            ("2.8.59.0", "2.9.0"),
            ("2.8.59.40-RC1", "2.9.0"),
            ("1.6.7.2", "1.6.7.2"),
        ] {
            assert_eq!(entry_version(LustreVersion::parse(version).unwrap()).to_string(), due, "{version}");
        }
    }
}
