// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The members of a tarball as they become files.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use crate::archive::read::{Kind, Member, Visit};
use crate::beneath::{self, Beneath};
use crate::model::{CommitId, Failure, SourceDate};

pub(super) struct Tree<'a> {
    beneath: Beneath<'a>,
    /// What the folder will be called, for errors.
    target: &'a Path,
    progress: &'a dyn Fn(u64),
    date: SourceDate,
    open: Option<Open>,
    directories: Vec<String>,
    links: Vec<(String, String)>,
    /// The first thing that could not be made. Nothing is made after it, but the reading goes on: where the
    /// tarball is at fault, that is what the user must hear.
    failed: Option<Failure>,
}

struct Open {
    file: File,
    path: String,
    mode: u32,
}

impl<'a> Tree<'a> {
    pub(super) fn new(beneath: Beneath<'a>, target: &'a Path, progress: &'a dyn Fn(u64)) -> Self {
        Self {
            beneath,
            target,
            progress,
            date: SourceDate(0),
            open: None,
            directories: Vec::new(),
            links: Vec::new(),
            failed: None,
        }
    }

    /// Makes the links, and gives the directories their modes and dates, the inner ones first.
    pub(super) fn finish(mut self, date: SourceDate) -> Result<(), Failure> {
        if let Some(failure) = self.failed {
            return Err(failure);
        }
        for (path, target) in &self.links {
            let made = self.beneath.link(path, target, date);
            made.map_err(|error| Failure::io("create the link", &self.target.join(path), &error))?;
        }
        for path in self.directories.iter().rev().map(String::as_str).chain([""]) {
            let settled = self.beneath.settle_directory(path, date);
            settled.map_err(|error| Failure::io("finish the folder", &self.target.join(path), &error))?;
        }
        Ok(())
    }

    /// Does something that is to make the member at `path`, where nothing failed before.
    fn make(&mut self, path: &str, make: impl FnOnce(&mut Beneath<'a>) -> io::Result<()>) -> bool {
        if self.failed.is_some() {
            return false;
        }
        let made = make(&mut self.beneath);
        self.failed = made.err().map(|error| Failure::io("write", &self.target.join(path), &error));
        self.failed.is_none()
    }
}

impl Visit for Tree<'_> {
    fn start(&mut self, _: &str, _: Option<CommitId>, date: SourceDate) -> Result<(), Failure> {
        self.date = date;
        Ok(())
    }

    fn member(&mut self, member: &Member) -> Result<(), Failure> {
        // The top directory is the fresh folder itself.
        if member.index == 0 {
            return Ok(());
        }
        let path = &member.path;
        match &member.kind {
            Kind::Directory => {
                self.make(path, |beneath| beneath.directory(path));
                self.directories.push(path.clone());
            }
            Kind::File { executable, .. } => {
                let mode = if *executable { 0o755 } else { 0o644 };
                let mut open = None;
                self.make(path, |beneath| {
                    open = Some(Open { file: beneath.file(path)?, path: path.clone(), mode });
                    Ok(())
                });
                self.open = open;
            }
            Kind::Link { target } => self.links.push((path.clone(), target.clone())),
        }
        Ok(())
    }

    fn content(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if let Some(mut open) = self.open.take()
            && self.make(&open.path, |_| open.file.write_all(bytes))
        {
            self.open = Some(open);
            (self.progress)(bytes.len() as u64);
        }
        Ok(())
    }

    fn end_member(&mut self) -> Result<(), Failure> {
        if let Some(open) = self.open.take() {
            let date = self.date;
            self.make(&open.path, |_| beneath::settle(&open.file, open.mode, date));
        }
        Ok(())
    }
}
