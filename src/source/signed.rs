// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tags and commits as their signers saw them: the bytes that a signature is over, and the signature.
//! The forms are git's own (gitformat-signature(5)).

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::objs::{CommitRef, Kind, TagRef};

use super::object::{ObjectFault, Objects};
use crate::model::SourceDate;

/// What a tag's or commit's signature is over, and the signature where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The bytes that were signed.
    pub payload: Vec<u8>,
    /// The armored signature.
    pub signature: Option<Vec<u8>>,
    /// The tagger's or committer's date; none where an old tag has no tagger.
    pub date: Option<SourceDate>,
}

/// The first lines of the signatures that git may find at the end of a tag.
const BEGINNINGS: [&[u8]; 4] = [
    b"-----BEGIN PGP SIGNATURE-----",
    b"-----BEGIN PGP MESSAGE-----",
    b"-----BEGIN SIGNED MESSAGE-----",
    b"-----BEGIN SSH SIGNATURE-----",
];

/// Reads the tag object `id` with its signature.
///
/// # Errors
/// It is not here, or not what its id says.
pub fn read_signed_tag(objects: &Objects, id: ObjectId) -> Result<Signed, ObjectFault> {
    let mut bytes = Vec::new();
    objects.read(id, Kind::Tag, &mut bytes)?;
    let date = TagRef::from_bytes(&bytes, id.kind())
        .ok()
        .and_then(|tag| tag.tagger().ok().flatten().and_then(|tagger| tagger.time().ok()))
        .map(|time| date(time.seconds));
    // As git does: the signature is what follows the last such line.
    let mut start = None;
    let mut at = 0;
    for line in bytes.lines_with_terminator() {
        if BEGINNINGS.iter().any(|beginning| line.starts_with(beginning)) {
            start = Some(at);
        }
        at += line.len();
    }
    let signature = start.map(|start| bytes[start..].to_vec());
    let (payload, _) = without_headers(&bytes[..start.unwrap_or(bytes.len())])?;
    Ok(Signed { payload, signature, date })
}

/// Reads the commit `id` with its signature.
///
/// # Errors
/// It is not here, not what its id says, or has two signatures.
pub fn read_signed_commit(objects: &Objects, id: ObjectId) -> Result<Signed, ObjectFault> {
    let mut bytes = Vec::new();
    objects.read(id, Kind::Commit, &mut bytes)?;
    let date = CommitRef::from_bytes(&bytes, id.kind())
        .ok()
        .and_then(|commit| commit.committer().ok().and_then(|committer| committer.time().ok()))
        .map(|time| date(time.seconds));
    let (payload, signature) = without_headers(&bytes)?;
    Ok(Signed { payload, signature, date })
}

fn date(seconds: i64) -> SourceDate {
    SourceDate(u64::try_from(seconds).unwrap_or(0)).min(SourceDate::MAX)
}

/// Takes the headers `gpgsig` and `gpgsig-sha256` out of an object, as git does before it signs. Gives
/// what is left, and the former's value with the indent of its lines removed.
fn without_headers(bytes: &[u8]) -> Result<(Vec<u8>, Option<Vec<u8>>), ObjectFault> {
    let mut payload = Vec::with_capacity(bytes.len());
    let mut signature: Option<Vec<u8>> = None;
    let mut rest = bytes;
    // What the current header's further lines belong to.
    #[derive(PartialEq)]
    enum Header {
        Kept,
        Signature,
        Dropped,
    }
    let mut header = Header::Kept;
    for line in bytes.lines_with_terminator() {
        if line == b"\n" {
            break;
        }
        rest = &rest[line.len()..];
        if let Some(further) = line.strip_prefix(b" ").filter(|_| header != Header::Kept) {
            if let (Header::Signature, Some(signature)) = (&header, &mut signature) {
                signature.extend(further);
            }
            continue;
        }
        header = Header::Kept;
        if let Some(value) = line.strip_prefix(b"gpgsig ") {
            if signature.is_some() {
                return Err(ObjectFault::Corrupt("it has two `gpgsig` headers".to_owned()));
            }
            signature = Some(value.to_vec());
            header = Header::Signature;
        } else if line.starts_with(b"gpgsig-sha256 ") {
            header = Header::Dropped;
        } else {
            payload.extend(line);
        }
    }
    payload.extend(rest);
    Ok((payload, signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commits_signature_is_taken_out() {
        let commit = b"tree 1\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n\
            gpgsig-sha256 x\n y\nencoding UTF-8\n\ngpgsig not a header\n";
        let (payload, signature) = without_headers(commit).expect("a commit");
        assert_eq!(payload, b"tree 1\nencoding UTF-8\n\ngpgsig not a header\n");
        assert_eq!(
            signature.as_deref(),
            Some(&b"-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n"[..])
        );
    }

    #[test]
    fn two_signatures_are_refused() {
        assert!(without_headers(b"gpgsig a\ngpgsig b\n\n").is_err());
        let merged = b"mergetag object 1\n gpgsig x\n\nmessage\n";
        assert_eq!(without_headers(merged), Ok((merged.to_vec(), None)));
    }
}
