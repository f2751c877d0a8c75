// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the records say of a file's bytes, learned while they are written.

use sha1::Digest as _;

use super::identifier::Tags;
use crate::model::BlobId;
use crate::plan::{Content, Entry, Node};

/// What is known of one regular file beyond its length and digests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The id that git gives its bytes as they are in the tarball: its gitoid.
    pub blob: BlobId,
    /// What stands behind each `SPDX-License-Identifier` in its first lines, as written.
    pub licenses: Vec<Box<str>>,
}

/// How [`archive::write`](crate::archive::write) learns the facts of each file.
pub fn look() -> impl Fn(&Entry, &[u8]) -> Facts + Sync {
    let tags = Tags::new();
    move |entry, bytes| Facts {
        blob: match &entry.node {
            // Read under this id, and hashed when it was.
            Node::File { content: Content::Blob(_, blob), .. } => *blob,
            _ => blob_id(bytes),
        },
        licenses: tags.find(bytes),
    }
}

/// The id of a blob with these bytes (gitformat-loose: a header, then the bytes).
fn blob_id(bytes: &[u8]) -> BlobId {
    let mut hasher = sha1::Sha1::new();
    hasher.update(format!("blob {}\0", bytes.len()));
    hasher.update(bytes);
    let id: [u8; 20] = hasher.finalize().into();
    BlobId(id.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blob_ids_are_gits() {
        // `git hash-object` of an empty file, and of `hello`.
        assert_eq!(blob_id(b"").to_string(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(blob_id(b"hello\n").to_string(), "ce013625030ba8dba906f756967f9e9ca394464a");
    }
}
