// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A tarball made a folder again.
//!
//! The strict reader judges every byte, so no member has a path that leads out, through a link, or to
//! another member's place. The writing does not rely on it: everything is made beneath the descriptor of a
//! fresh hidden folder, directory by directory without following a link, and nothing that exists is opened.
//! Links come last. Only when the whole tar was read, its digest is the one that was asked for, and all of
//! it is on the disk, does the folder get its name; a folder of that name that exists is never touched.

mod tree;

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::archive::read::{self, Limits, Summary};
use crate::beneath::Beneath;
use crate::model::{Class, Failure, Problem, Sha256};
use crate::record::Names;
use crate::release::Aside;

use tree::Tree;

/// What the tarball must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// `NAME-VERSION`: its top directory, and the name of the folder.
    pub title: &'a str,
    /// The digest of the uncompressed tar, from somebody who is trusted.
    pub identity: Sha256,
    /// The size of the uncompressed tar in bytes, where that one has said it.
    pub size: Option<u64>,
}

/// Unpacks a tarball of any encoding to the folder `into/TITLE`, and gives its path. `file_name` is the
/// tarball's name, whose ending must agree with its encoding; `progress` hears how many more bytes of
/// files were written.
///
/// The modes are those of the dialect whatever the umask, and all times are the release's.
///
/// # Errors
/// Something of that name exists, the tarball is not the one that is wanted or not of the dialect, or the
/// folder cannot be written. Nothing is left of it then.
pub fn unpack(
    tarball: impl Read + Send,
    file_name: &str,
    wanted: &Wanted<'_>,
    into: &Path,
    progress: &dyn Fn(u64),
) -> Result<PathBuf, Failure> {
    if !Names::is_title(wanted.title) {
        let problem = Problem::new(format!("`{}` is not a release's title", wanted.title.escape_debug()));
        return Err(Failure::new(Class::Verification, problem));
    }
    let target = into.join(Names::new(wanted.title).directory());
    if target.symlink_metadata().is_ok() {
        return Err(exists(&target));
    }
    let aside = Aside::create(&target)?;
    let mut tree = Tree::new(Beneath::new(aside.directory()), &target, progress);

    // What is wrong with the tarball counts more than what it kept from being written.
    let limits = wanted.size.map_or_else(Limits::default, Limits::signed);
    let mut outcome = read::read(tarball, file_name, &limits, &mut tree)?;
    // Whoever made the release allowed them, and no two members get one path.
    outcome.allow_clashes(|_| true);
    let summary = outcome.accepted(file_name)?;
    check(&summary, wanted, file_name)?;

    tree.finish(summary.date)?;
    // One call for the thousands of files: each by itself would wait for a commit of its own.
    rustix::fs::syncfs(aside.directory())
        .map_err(|error| Failure::io("write", &target, &io::Error::from(error)))?;
    if aside.reveal()? { Ok(target) } else { Err(exists(&target)) }
}

fn check(summary: &Summary, wanted: &Wanted<'_>, file_name: &str) -> Result<(), Failure> {
    let mut problem = None;
    if summary.identity.sha256 != wanted.identity {
        let found = Problem::new(format!("`{file_name}` is not the tar that was asked for"))
            .note(format!("the digest of its tar is {}", summary.identity.sha256))
            .note(format!("expected {}", wanted.identity));
        problem = Some(found);
    } else if summary.top != wanted.title {
        let found = Problem::new(format!("`{file_name}` is not of the release {}", wanted.title))
            .note(format!("its top directory is `{}`", summary.top));
        problem = Some(found);
    }
    problem.map_or(Ok(()), |problem| {
        let problem = problem.help("nothing was unpacked; fetch it again");
        Err(Failure::new(Class::Verification, problem))
    })
}

fn exists(target: &Path) -> Failure {
    let problem = Problem::new(format!("`{}` exists already", target.display()))
        .note("a release is unpacked into a folder of its own, and nothing is merged into another")
        .help("move it away, or unpack elsewhere with `--out`");
    Failure::new(Class::Environment, problem)
}
