// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Git objects, each re-hashed before it is believed.

use std::cell::RefCell;

use gix::ObjectId;
use gix::objs::{Exists as _, Find as _, FindHeader as _, Kind};

/// Why an object cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectFault {
    /// No object of that id is here.
    Missing,
    /// There is one, of another kind.
    WrongKind {
        /// The kind that it has.
        found: Kind,
    },
    /// What is stored under that id has another hash.
    Impostor {
        /// The hash of the content.
        found: ObjectId,
    },
    /// The content bears the marks of a SHA-1 collision attack.
    Collision,
    /// It cannot be decoded.
    Corrupt(String),
}

impl std::fmt::Display for ObjectFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("is not in the repository"),
            Self::WrongKind { found } => write!(f, "is a {found}"),
            Self::Impostor { found } => write!(f, "holds the content of another object, {found}"),
            Self::Collision => f.write_str("bears the marks of a SHA-1 collision attack"),
            Self::Corrupt(why) => write!(f, "cannot be decoded: {why}"),
        }
    }
}

/// Makes sure that a content of that kind has that id. What is stored under an id has its own kind
/// too, so that comes after: of an impostor, the kind says nothing.
fn verify(id: ObjectId, kind: Kind, content: &[u8]) -> Result<(), ObjectFault> {
    match gix::objs::compute_hash(id.kind(), kind, content) {
        Ok(hash) if hash == id => Ok(()),
        Ok(hash) => Err(ObjectFault::Impostor { found: hash }),
        // The hasher has one way to fail: it saw an attack.
        Err(_) => Err(ObjectFault::Collision),
    }
}

/// How many bytes of delta bases a reader of history keeps.
const BASES: usize = 4 << 20;

/// A reader of objects for one thread, with its own cache of delta bases.
pub struct Objects {
    handle: gix::OdbHandle,
}

impl Objects {
    pub(super) fn new(mut handle: gix::OdbHandle) -> Self {
        // Files in path order share few delta bases: measured on Lustre and on a kernel, any cache of
        // them costs more in copies than it saves.
        handle.unset_pack_cache();
        handle.unset_object_cache();
        Self { handle }
    }

    /// The same with a cache of delta bases: commits and trees that follow one another in history are
    /// deltas of their neighbours, and each base is wanted many times.
    pub(super) fn for_history(mut handle: gix::OdbHandle) -> Self {
        handle.set_pack_cache(|| Box::new(gix_pack::cache::lru::MemoryCappedHashmap::new(BASES)));
        handle.unset_object_cache();
        Self { handle }
    }

    /// The objects whose ids start with these 4 to 40 hexadecimal digits: at most `most` of them.
    pub(super) fn starting_with(&self, digits: &str, most: usize) -> Vec<ObjectId> {
        let Ok(prefix) = gix::hash::Prefix::from_hex(digits) else { return Vec::new() };
        let mut found = std::collections::HashSet::new();
        if self.handle.lookup_prefix(prefix, Some(&mut found)).is_err() {
            return Vec::new();
        }
        let mut found: Vec<ObjectId> = found.into_iter().collect();
        found.sort_unstable();
        found.truncate(most);
        found
    }

    /// Reads the object `id` of the given kind into `buffer`, which holds its content and nothing
    /// else afterwards, and makes sure that the content has that id.
    ///
    /// # Errors
    /// See [`ObjectFault`].
    pub fn read(&self, id: ObjectId, kind: Kind, buffer: &mut Vec<u8>) -> Result<(), ObjectFault> {
        let found = match self.handle.try_find(&id, buffer) {
            Ok(Some(data)) => data.kind,
            Ok(None) => return Err(ObjectFault::Missing),
            Err(error) => return Err(ObjectFault::Corrupt(super::causes(&error).join(": "))),
        };
        verify(id, found, buffer)?;
        if found == kind { Ok(()) } else { Err(ObjectFault::WrongKind { found }) }
    }

    /// Whether an object of that id is here; its content is not looked at.
    #[must_use]
    pub fn contains(&self, id: ObjectId) -> bool {
        self.handle.exists(&id)
    }

    /// The kind and the length in bytes of the object `id`, without reading it: a hint for plans,
    /// not something to believe. `None` when it is not here or cannot be decoded.
    #[must_use]
    pub fn header(&self, id: ObjectId) -> Option<(Kind, u64)> {
        let header = self.handle.try_header(&id).ok()??;
        Some((header.kind, header.size))
    }
}

/// Commits for gix's walks, each re-hashed, with a note of those that are not here: gix takes a
/// missing parent for the end of history.
pub(super) struct Walked<'o> {
    pub(super) objects: &'o Objects,
    pub(super) missing: &'o RefCell<Vec<ObjectId>>,
}

impl gix::objs::Find for Walked<'_> {
    fn try_find<'a>(
        &self,
        id: &gix::oid,
        buffer: &'a mut Vec<u8>,
    ) -> gix::error::Result<Option<gix::objs::Data<'a>>> {
        match self.objects.read(id.to_owned(), Kind::Commit, buffer) {
            Ok(()) => Ok(Some(gix::objs::Data::new(buffer, Kind::Commit, id.kind()))),
            Err(ObjectFault::Missing) => {
                self.missing.borrow_mut().push(id.to_owned());
                Ok(None)
            }
            Err(fault) => Err(gix::error::message!("the commit {id} {fault}").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    /// The first 320 bytes of `shattered-1.pdf` (<https://shattered.io>): the blocks that collide.
    const SHATTERED: &str = "\
        255044462d312e330a25e2e3cfd30a0a0a312030206f626a0a3c3c2f57696474682032203020522f4865696768742033\
        203020522f547970652034203020522f537562747970652035203020522f46696c7465722036203020522f436f6c6f72\
        53706163652037203020522f4c656e6774682038203020522f42697473506572436f6d706f6e656e7420383e3e0a7374\
        7265616d0affd8fffe00245348412d3120697320646561642121212121852fec092339759c39b1a1c63c4c97e1fffe01\
        7346dc9166b67e118f029ab621b2560ff9ca67cca8c7f85ba84c79030c2b3de218f86db3a90901d5df45c14f26fedfb3\
        dc38e96ac22fe7bd728f0e45bce046d23c570feb141398bb552ef5a0a82be331fea48037b8b5d71f0e332edf93ac3500\
        eb4ddc0decc1a864790c782c76215660dd309791d06bd0af3f98cda4bc4629b1";

    #[test]
    fn the_hasher_sees_the_published_collision() {
        let digit = |byte: u8| (byte as char).to_digit(16).expect("a hexadecimal digit");
        let bytes: Vec<u8> = SHATTERED
            .as_bytes()
            .chunks_exact(2)
            .map(|pair| u8::try_from(digit(pair[0]) * 16 + digit(pair[1])).expect("two digits"))
            .collect();
        assert_eq!(bytes.len(), 320);
        assert!(bytes.starts_with(b"%PDF-1.3"));
        // A git object has a header in front, so the PDF itself does not collide as a blob; what
        // counts is that the hasher of all objects and packs looks for attacks.
        let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
        hasher.update(&bytes);
        assert!(hasher.try_finalize().is_err());
        let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
        hasher.update(&bytes[..192]);
        assert!(hasher.try_finalize().is_ok());
    }
}
