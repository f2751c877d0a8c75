// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `.debian.tar.xz`: the `debian` folder, in the dialect of our own tarballs.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use crate::archive::header::{self, Kind};
use crate::model::{Class, Failure, Problem, SourceDate};

/// One file of the `debian` folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::package) struct File {
    pub(in crate::package) bytes: Vec<u8>,
    pub(in crate::package) executable: bool,
}

impl File {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self { bytes: text.into().into_bytes(), executable: false }
    }
}

/// The files of the `debian` folder, by their path in it.
pub(in crate::package) type Folder = BTreeMap<String, File>;

/// The compressed tar of a `debian` folder; every date is the release's.
pub(super) fn pack(folder: &Folder, date: SourceDate) -> Result<Vec<u8>, Failure> {
    let mut paths: BTreeMap<String, Option<&File>> = BTreeMap::from([("debian/".to_owned(), None)]);
    let mut folders = BTreeSet::new();
    for (path, file) in folder {
        let path = format!("debian/{path}");
        folders.extend(path.match_indices('/').map(|(at, _)| path[..=at].to_owned()));
        paths.insert(path, Some(file));
    }
    paths.extend(folders.into_iter().map(|folder| (folder, None)));
    let mut tar = Vec::new();
    for (path, file) in paths {
        match file {
            None => header::member(&mut tar, &path, Kind::Directory, date),
            Some(file) => {
                let size = file.bytes.len() as u64;
                header::member(&mut tar, &path, Kind::File { size, executable: file.executable }, date);
                tar.extend_from_slice(&file.bytes);
                tar.extend_from_slice(header::padding(size));
            }
        }
    }
    let end = header::end(tar.len() as u64);
    tar.extend_from_slice(&end);
    compress(&tar).map_err(|error| {
        Failure::new(Class::Environment, Problem::new("cannot compress `debian.tar`").note(error.to_string()))
    })
}

fn compress(tar: &[u8]) -> std::io::Result<Vec<u8>> {
    // The same encoder as for releases; with one thread, whatever the machine.
    let stream = liblzma::stream::MtStreamBuilder::new()
        .preset(6)
        .check(liblzma::stream::Check::Crc64)
        .threads(1)
        .encoder()
        .map_err(std::io::Error::other)?;
    let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    encoder.write_all(tar)?;
    encoder.finish()
}
