// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The first byte that differs, for members whose content is not what it should be. They are few, so
//! the tarball is read a second time for them and nothing is kept in the first.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Place;
use super::finding::Finding;
use super::pass::Held;
use super::sources::{Sources, Standing};
use crate::archive::read::{self, Kind, Limits, Member, Visit};
use crate::model::{BlobId, CommitId, Failure, SourceDate, SourceName};

/// A member that differs: what is to be said of it, and what it should hold.
pub struct Wanted {
    /// The finding so far.
    pub finding: Finding,
    /// The original.
    pub original: Original,
}

/// Where the bytes are that a member should have.
pub enum Original {
    /// A blob of a source.
    Blob(SourceName, BlobId),
    /// At hand.
    Bytes(Arc<[u8]>),
}

/// Completes the findings of differing members, by their indices among `members`, with the first byte
/// that differs, where the original can be had.
pub fn locate(
    place: &Place,
    members: &[Held],
    differing: BTreeMap<usize, Wanted>,
    sources: &Sources,
) -> Vec<Finding> {
    if differing.is_empty() {
        return Vec::new();
    }
    let by_offset = differing.into_iter().map(|(nth, wanted)| (members[nth].offset, wanted)).collect();
    let mut compare = Compare { wanted: by_offset, sources, current: None, done: Vec::new() };
    // Whatever ends this reading ended the first one too, and was told.
    let again = place
        .open(place.main())
        .and_then(|file| read::read(file, place.main(), &Limits::default(), &mut compare));
    drop(again);
    let Compare { wanted, mut done, .. } = compare;
    done.extend(wanted.into_values().map(|wanted| wanted.finding));
    done
}

struct Current {
    finding: Finding,
    /// What should be there; none where the source cannot give it.
    original: Option<Vec<u8>>,
    data: u64,
    at: usize,
    first: Option<usize>,
}

struct Compare<'s> {
    wanted: BTreeMap<u64, Wanted>,
    sources: &'s Sources,
    current: Option<Current>,
    done: Vec<Finding>,
}

impl Compare<'_> {
    fn original(&self, original: Original) -> Option<Vec<u8>> {
        match original {
            Original::Bytes(bytes) => Some(bytes.to_vec()),
            Original::Blob(source, blob) => {
                let Some(Standing::Here(open, _)) = self.sources.get(&source) else { return None };
                let mut buffer = Vec::new();
                let read = open.repository.objects().read(blob.0, gix::objs::Kind::Blob, &mut buffer);
                read.ok().map(|()| buffer)
            }
        }
    }
}

impl Visit for Compare<'_> {
    fn start(&mut self, _: &str, _: Option<CommitId>, _: SourceDate) -> Result<(), Failure> {
        Ok(())
    }

    fn member(&mut self, member: &Member) -> Result<(), Failure> {
        if let Some(wanted) = self.wanted.remove(&member.offset) {
            let original = self.original(wanted.original);
            let finding = wanted.finding;
            self.current = Some(Current { finding, original, data: member.data, at: 0, first: None });
            if let Kind::Link { target } = &member.kind {
                self.content(target.as_bytes())?;
            }
        }
        Ok(())
    }

    fn content(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if let Some(current) = &mut self.current {
            if let (Some(original), None) = (&current.original, current.first) {
                let rest = original.get(current.at..).unwrap_or_default();
                let same = rest.iter().zip(bytes).take_while(|(a, b)| a == b).count();
                if same < bytes.len() {
                    current.first = Some(current.at + same);
                }
            }
            current.at += bytes.len();
        }
        Ok(())
    }

    fn end_member(&mut self) -> Result<(), Failure> {
        let Some(current) = self.current.take() else { return Ok(()) };
        let Current { mut finding, original, data, at, first } = current;
        match (original, first) {
            (Some(_), Some(first)) => {
                let in_tar = data + first as u64;
                finding.offset = Some(in_tar);
                finding
                    .problem
                    .notes
                    .push(format!("first difference: byte {first} of the member, byte {in_tar} of the tar"));
            }
            (Some(original), None) => finding
                .problem
                .notes
                .push(format!("it ends after {at} bytes; the original has {}", original.len())),
            (None, _) => finding.problem.notes.push(format!(
                "bytes {data} to {} of the tar; the original is not in the source to compare",
                data + at as u64
            )),
        }
        self.done.push(finding);
        Ok(())
    }
}
