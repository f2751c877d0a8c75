// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tree objects, entry by entry. They are decoded here, and which entries may be believed is
//! decided here: gix walks through `..`, `.git`, names with slashes, duplicates and odd modes.

use std::cmp::Ordering;
use std::sync::Arc;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::objs::Kind;

use super::object::{ObjectFault, Objects};
use crate::model::path::component_fault;
use crate::model::{BlobId, TreeId};

/// What git says an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlobMode {
    /// 100644.
    File,
    /// 100755.
    Executable,
    /// 120000: the blob is the link's target.
    Symlink,
}

impl BlobMode {
    /// The mode as git writes it.
    #[must_use]
    pub fn git(self) -> u32 {
        match self {
            Self::File => 0o100_644,
            Self::Executable => 0o100_755,
            Self::Symlink => 0o120_000,
        }
    }

    /// The entry kind of that git mode, if a tarball can hold it.
    #[must_use]
    pub fn from_git(mode: u32) -> Option<Self> {
        [Self::File, Self::Executable, Self::Symlink].into_iter().find(|kind| kind.git() == mode)
    }
}

/// One file or link of a source's tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeFile {
    /// The path from the tree's root.
    pub path: Arc<str>,
    /// What it is.
    pub mode: BlobMode,
    /// Its content.
    pub blob: BlobId,
}

/// Something in a tree that cannot go into a tarball.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeFault {
    /// The path, with what is not UTF-8 replaced and what cannot be seen escaped.
    pub path: String,
    /// The object that is at fault, and in.
    pub id: ObjectId,
    /// What is wrong; completes "the entry".
    pub what: String,
    /// Whether the tree itself is at fault, so that what it says of other entries is in doubt too.
    /// Otherwise the fault matters only where the entry is taken.
    pub structural: bool,
}

/// The files of a tree, and all that is wrong with it.
#[derive(Debug, Default)]
pub struct Listing {
    /// The files and links in the order of their paths, each path once.
    pub files: Vec<TreeFile>,
    /// What is wrong.
    pub faults: Vec<TreeFault>,
}

/// The bits of a mode that say what an entry is, and their value for a directory.
const FORMAT: u32 = 0o7_770_000;
const DIRECTORY: u32 = 0o40_000;

/// How deep a tree may nest: far beyond any source tree, far below a stack's end.
pub(super) const DEPTH: usize = 512;

/// How many entries a tree may have, with all below it. A few small trees that name each other
/// many times are billions of files.
pub(super) const MOST: usize = 1_000_000;

/// Lists the tree `root`. Descends only where `wanted` says that something below may be of use; it
/// is asked with each directory's path.
#[must_use]
pub fn list(objects: &Objects, root: TreeId, wanted: &dyn Fn(&str) -> bool) -> Listing {
    let mut walk = Walk { objects, wanted, listing: Listing::default(), entries: 0 };
    walk.descend(root.0, "", 0);
    let Listing { mut files, faults } = walk.listing;
    if faults.iter().any(|fault| fault.structural) {
        // Git's order of entries is that of the whole paths; a broken tree may have any.
        files.sort_by(|one, other| one.path.cmp(&other.path));
        files.dedup_by(|second, first| second.path == first.path);
    }
    Listing { files, faults }
}

/// Finds the file or link at `path`; reads the directories on the way to it and no others.
///
/// # Errors
/// A directory on the way cannot be believed.
pub fn find(objects: &Objects, root: TreeId, path: &str) -> Result<Option<TreeFile>, TreeFault> {
    let is_above = |dir: &str| path.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'));
    let listing = list(objects, root, &is_above);
    match listing.faults.into_iter().find(|fault| fault.structural || fault.path == path) {
        Some(fault) => Err(fault),
        None => Ok(listing.files.into_iter().find(|file| &*file.path == path)),
    }
}

/// One entry of a tree object as it stands there; nothing about it has been judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelEntry {
    /// The name, which may be anything.
    pub name: Vec<u8>,
    /// Whether git descends into it.
    pub is_directory: bool,
    /// The object.
    pub id: ObjectId,
}

/// The entries of one tree object, without what is below: to compare many trees that share most of
/// their subtrees, each of which needs to be read once. What is released or believed comes from
/// [`list`].
///
/// # Errors
/// It is not here, not a tree, or not what its id says.
pub fn level(objects: &Objects, tree: TreeId) -> Result<Vec<LevelEntry>, ObjectFault> {
    let mut buffer = Vec::new();
    objects.read(tree.0, Kind::Tree, &mut buffer)?;
    let mut rest = buffer.as_slice();
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let entry = RawEntry::split(&mut rest)
            .ok_or_else(|| ObjectFault::Corrupt("not the form of a tree".to_owned()))?;
        let is_directory = entry.is_directory();
        entries.push(LevelEntry { name: entry.name.to_vec(), is_directory, id: entry.id });
    }
    Ok(entries)
}

struct Walk<'w> {
    objects: &'w Objects,
    wanted: &'w dyn Fn(&str) -> bool,
    listing: Listing,
    /// How many entries were met.
    entries: usize,
}

impl Walk<'_> {
    fn descend(&mut self, tree: ObjectId, dir: &str, depth: usize) {
        let here = if dir.is_empty() { "." } else { dir };
        if depth > DEPTH {
            self.broken(here, tree, format!("nests deeper than {DEPTH} directories"));
            return;
        }
        let mut buffer = Vec::new();
        if let Err(found) = self.objects.read(tree, Kind::Tree, &mut buffer) {
            self.broken(here, tree, format!("is the tree {tree}, which {found}"));
            return;
        }
        let mut order = Order::default();
        let mut path = String::new();
        let mut rest = buffer.as_slice();
        while !rest.is_empty() {
            let Some(entry) = RawEntry::split(&mut rest) else {
                self.broken(here, tree, format!("is the tree {tree}, which cannot be decoded"));
                return;
            };
            self.entries += 1;
            if self.entries > MOST {
                if self.entries == MOST + 1 {
                    self.broken(
                        here,
                        tree,
                        format!("is one entry more than {MOST}, which no source tree has"),
                    );
                }
                return;
            }
            path.clear();
            if !dir.is_empty() {
                path.push_str(dir);
                path.push('/');
            }
            path.push_str(&entry.name.to_str_lossy());
            if let Some(fault) = order.next(entry.name, entry.is_directory()) {
                self.broken(&path, entry.id, format!("is {fault} in the tree {tree}"));
            }
            self.entry(&entry, &path, depth);
        }
    }

    fn entry(&mut self, entry: &RawEntry<'_>, path: &str, depth: usize) {
        let id = entry.id;
        // Git descends into every directory, whatever else its mode says. No glob covers what lies
        // below one that we do not descend into, and it would be lost without a word.
        let hides_files = entry.is_directory() && (self.wanted)(path);
        let Ok(name) = entry.name.to_str() else {
            self.fault(path, id, "has a name that is not UTF-8".to_owned(), hides_files);
            return;
        };
        if name.contains('/') {
            self.broken(path, id, "has a `/` in its name".to_owned());
            return;
        }
        if let Some(wrong) = component_fault(name) {
            self.broken(path, id, wrong.to_string());
            return;
        }
        match (entry.mode, BlobMode::from_git(entry.mode)) {
            (_, Some(mode)) => {
                self.listing.files.push(TreeFile { path: Arc::from(path), mode, blob: BlobId(id) });
            }
            (DIRECTORY, _) if hides_files => self.descend(id, path, depth + 1),
            (DIRECTORY, _) => {}
            (0o160_000, _) => {
                let what = "is a submodule, whose files are in another repository: give that its own source";
                self.fault(path, id, what.to_owned(), false);
            }
            _ => {
                let what =
                    format!("has the mode {:06o}; 100644, 100755 and 120000 can be released", entry.mode);
                self.fault(path, id, what, hides_files);
            }
        }
    }

    fn broken(&mut self, path: &str, id: ObjectId, what: String) {
        self.fault(path, id, what, true);
    }

    fn fault(&mut self, path: &str, id: ObjectId, what: String, structural: bool) {
        self.listing.faults.push(TreeFault { path: shown(path), id, what, structural });
    }
}

/// A path, subject or name for people: what breaks a line, steers a terminal, or is not to be seen, as
/// its number.
#[must_use]
pub fn shown(path: &str) -> String {
    let hidden = |c: &char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    path.chars().map(|c| if hidden(&c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}

/// One entry as it stands in the tree object: the mode in octal, a space, the name, a zero, the id.
pub(super) struct RawEntry<'t> {
    pub(super) mode: u32,
    pub(super) name: &'t [u8],
    pub(super) id: ObjectId,
}

impl<'t> RawEntry<'t> {
    /// Splits the first entry off. The octal digits are read here: gix drops those that do not fit
    /// into sixteen bits, and takes 1100644 for 100644.
    pub(super) fn split(rest: &mut &'t [u8]) -> Option<Self> {
        let (mode, behind) = rest.split_once_str(" ")?;
        let (name, behind) = behind.split_once_str("\0")?;
        let (id, behind) = behind.split_at_checked(20)?;
        if !(1..=7).contains(&mode.len()) {
            return None;
        }
        let mode = mode.iter().try_fold(0, |mode, digit| match digit {
            b'0'..=b'7' => Some(mode << 3 | u32::from(digit - b'0')),
            _ => None,
        })?;
        *rest = behind;
        Some(Self { mode, name, id: ObjectId::try_from(id).ok()? })
    }

    pub(super) fn is_directory(&self) -> bool {
        self.mode & FORMAT == DIRECTORY
    }
}

/// The order of a tree's entries. Out of order or twice, an entry may be seen by one reader and
/// missed by another.
#[derive(Default)]
struct Order<'t> {
    previous: Option<(&'t [u8], bool)>,
    files: Vec<&'t [u8]>,
}

impl<'t> Order<'t> {
    /// What is wrong with the place of the next entry, if anything.
    fn next(&mut self, name: &'t [u8], is_directory: bool) -> Option<&'static str> {
        // Git's order: a directory counts as if its name ended in a slash. So `a`, `a-b` and `a/`
        // are in order, and a file and a directory of one name need not be neighbours.
        let key =
            |(name, is_directory): (&'t [u8], bool)| name.iter().copied().chain(is_directory.then_some(b'/'));
        let entry = (name, is_directory);
        let after = self.previous.map_or(Ordering::Greater, |previous| key(entry).cmp(key(previous)));
        let fault = match after {
            _ if is_directory && self.files.binary_search(&name).is_ok() => Some("twice"),
            Ordering::Equal => Some("twice"),
            Ordering::Less => Some("out of order"),
            Ordering::Greater => None,
        };
        self.previous = Some(entry);
        if !is_directory {
            self.files.push(name);
        }
        fault
    }
}
