// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tarballs that are hostile or damaged. Each is made by code, and each has its answer in a snapshot:
//! where the fault is, in which member, what is there and what was expected.

mod bombs;
pub mod encodings;
mod fields;
pub mod make;
mod members;
mod paths;
mod records;
mod sweeps;

use lustre_dist::archive::read::{self, Kind, Limits, Member, Outcome, Visit};
use lustre_dist::model::{CommitId, Failure, SourceDate};

/// What a reading shows, one line a member.
#[derive(Default)]
pub struct Seen {
    pub top: String,
    pub commit: Option<CommitId>,
    pub date: u64,
    pub members: Vec<(Member, Vec<u8>)>,
    /// How much content was shown.
    pub content: u64,
    /// Whether the content is kept.
    pub keep: bool,
    open: bool,
}

impl Visit for Seen {
    fn start(&mut self, top: &str, commit: Option<CommitId>, date: SourceDate) -> Result<(), Failure> {
        assert!(self.top.is_empty(), "one start");
        (self.top, self.commit, self.date) = (top.to_owned(), commit, date.0);
        Ok(())
    }

    fn member(&mut self, member: &Member) -> Result<(), Failure> {
        assert!(!self.open, "each member ends before the next");
        assert!(!member.path.split('/').any(|name| matches!(name, "." | "..")), "{member:?}");
        self.open = true;
        self.members.push((member.clone(), Vec::new()));
        Ok(())
    }

    fn content(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        assert!(self.open, "content belongs to a member");
        self.content += bytes.len() as u64;
        let (member, content) = self.members.last_mut().expect("a member");
        assert!(matches!(member.kind, Kind::File { .. }), "{member:?}");
        if self.keep {
            content.extend_from_slice(bytes);
        }
        Ok(())
    }

    fn end_member(&mut self) -> Result<(), Failure> {
        assert!(std::mem::take(&mut self.open), "an end follows its member");
        Ok(())
    }
}

/// Reads bytes as a file of that name.
#[track_caller]
pub fn read(name: &str, bytes: &[u8], limits: &Limits) -> (Outcome, Seen) {
    let mut seen = Seen { keep: true, ..Seen::default() };
    let outcome = read::read(bytes, name, limits, &mut seen).expect("memory can be read");
    assert_eq!(outcome.file.size, bytes.len() as u64, "the file is digested to its end");
    assert_eq!(outcome.file.sha256, lustre_dist::model::Sha256::of(bytes));
    assert!(outcome.summary.is_some() || !outcome.faults.is_empty(), "an early end has its fault");
    (outcome, seen)
}

/// What is made of a tar: its faults, a line each, and whether they ended the reading.
#[track_caller]
pub fn answer(what: &str, name: &str, bytes: &[u8]) -> String {
    let (outcome, _) = read(name, bytes, &Limits::default());
    assert!(!outcome.faults.is_empty(), "{what}: accepted");
    let mut lines = vec![format!("{what}\n")];
    lines.extend(outcome.faults.iter().map(|fault| format!("  {fault}\n")));
    if outcome.summary.is_none() {
        lines.push("  and stops\n".to_owned());
    }
    lines.concat()
}

/// The answers to many tars.
#[track_caller]
pub fn answers(cases: &[(&str, Vec<u8>)]) -> String {
    cases.iter().map(|(what, tar)| answer(what, "demo-1.tar", tar)).collect()
}

#[test]
fn the_tar_that_others_are_made_from_is_accepted() {
    let tar = make::everything().end();
    let (outcome, seen) = read("demo-1.tar", &tar, &Limits::default());
    assert_eq!(outcome.faults, []);
    let summary = outcome.summary.expect("whole");
    assert_eq!((summary.top.as_str(), summary.members), (make::TOP, 12));
    assert_eq!(summary.identity, outcome.file);
    assert_eq!(seen.members.len(), 12);
    assert_eq!(seen.members[1].1, b"GPL\n");
    let offsets: Vec<_> = seen.members.iter().map(|(member, _)| member.offset as usize).collect();
    assert_eq!(offsets, make::everything().starts);
}

#[test]
fn a_failing_visitor_ends_the_reading() {
    struct Full;
    impl Visit for Full {
        fn start(&mut self, _: &str, _: Option<CommitId>, _: SourceDate) -> Result<(), Failure> {
            Ok(())
        }
        fn member(&mut self, _: &Member) -> Result<(), Failure> {
            Ok(())
        }
        fn content(&mut self, _: &[u8]) -> Result<(), Failure> {
            Err(Failure::interrupted())
        }
        fn end_member(&mut self) -> Result<(), Failure> {
            Ok(())
        }
    }
    let tar = make::Tar::new().file("large", &vec![7; 8 << 20]).end();
    let failure = read::read(&*tar, "demo-1.tar", &Limits::default(), &mut Full);
    assert_eq!(failure, Err(Failure::interrupted()));
}

#[test]
fn a_file_that_cannot_be_read_is_no_fault_of_the_tarball() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let failure = read::read(Broken, "demo-1.tar", &Limits::default(), &mut read::Unseen).unwrap_err();
    assert_eq!(failure.problems[0].title, "cannot read `demo-1.tar`");
    assert_eq!(failure.problems[0].notes, ["the disk is gone"]);
}
