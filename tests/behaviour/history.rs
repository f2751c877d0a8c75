// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Ranges of histories that nobody would draw, held against git's own.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;

use lustre_dist::model::CommitId;
use lustre_dist::source::{Differ, Repository, Status, walk};

use crate::runner::{DATE, Sandbox};

/// Numbers without a pattern, the same every time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("below the limit")
    }
}

/// Makes a repository of `count` commits with up to three parents each, some with dates that lie,
/// which write, delete and move files of one letter in folders of one letter.
fn weave(sandbox: &Sandbox, seed: u64, count: usize) {
    let mut random = Random(seed);
    let mut stream = String::new();
    for nth in 1..=count {
        let skew = if random.below(8) == 0 { random.below(2000) as i64 - 1000 } else { 0 };
        let date = 1_700_000_000 + 60 * nth as i64 + 60 * skew;
        let _ = writeln!(stream, "commit refs/heads/c{nth}\nmark :{nth}");
        let _ = writeln!(stream, "author A <a@example.org> {date} +0000");
        let _ = writeln!(stream, "committer C <c@example.org> {date} +0000");
        let _ = writeln!(stream, "data 2\nx\n");
        let mut parents = BTreeSet::new();
        for _ in 0..[1, 1, 1, 2, 2, 3][random.below(6)] {
            let back = 1 + random.below(10);
            if back < nth {
                parents.insert(nth - back);
            }
        }
        for (place, parent) in parents.iter().rev().enumerate() {
            let _ = writeln!(stream, "{} :{parent}", if place == 0 { "from" } else { "merge" });
        }
        for _ in 0..random.below(4) {
            let letter = |random: &mut Random| char::from(b'a' + u8::try_from(random.below(4)).unwrap());
            let (a, b) = (letter(&mut random), letter(&mut random));
            match random.below(5) {
                0 => {
                    let _ = writeln!(stream, "D {a}");
                }
                // A file where a folder may be, and the other way round.
                1 => {
                    let _ = writeln!(stream, "M 100644 inline {a}\ndata 4\n{nth:03}\n");
                }
                2 => {
                    let _ = writeln!(stream, "M 100755 inline {a}/{b}\ndata 1\n{}", nth % 3);
                }
                3 => {
                    let _ = writeln!(stream, "M 120000 inline {a}/{b}.x\ndata 1\n{}", nth % 3);
                }
                _ => {
                    let _ = writeln!(stream, "M 100644 inline {a}/{b}/{}\ndata 1\n{}", nth % 5, nth % 3);
                }
            }
        }
        stream.push('\n');
    }
    std::fs::create_dir_all(sandbox.path("woven")).expect("a folder");
    sandbox.git("woven", &["init", "--quiet", "--bare", "."]);
    let mut import = sandbox
        .git_command(DATE, "woven")
        .args(["fast-import", "--quiet", "--force"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("git runs");
    import.stdin.take().expect("a pipe").write_all(stream.as_bytes()).expect("git reads");
    assert!(import.wait().expect("git ends").success(), "{stream}");
}

#[test]
fn every_range_is_that_of_git() {
    for seed in 1..=6 {
        let sandbox = Sandbox::new();
        weave(&sandbox, seed * 7919, 60);
        let repository = Repository::open(&sandbox.path("woven")).expect("a repository");
        let objects = repository.objects();
        let id = |nth: usize| -> CommitId {
            sandbox.git("woven", &["rev-parse", &format!("c{nth}")]).parse().expect("an id")
        };
        let ancestors = |nth: usize| -> BTreeSet<String> {
            sandbox.git("woven", &["rev-list", &format!("c{nth}")]).lines().map(str::to_owned).collect()
        };
        let mut random = Random(seed);
        for _ in 0..12 {
            let (from, to) = (1 + random.below(60), 1 + random.below(60));
            let expected: BTreeSet<String> = ancestors(to).difference(&ancestors(from)).cloned().collect();
            let range = walk(&objects, id(to), &[id(from)]).expect("a whole history");
            let found: BTreeSet<String> = range.commits.iter().map(|commit| commit.id.to_string()).collect();
            assert_eq!(found, expected, "seed {seed}, c{from}..c{to}");
            assert_eq!(found.len(), range.commits.len());
        }
    }
}

#[test]
fn every_difference_is_that_of_git() {
    for seed in 1..=6 {
        let sandbox = Sandbox::new();
        weave(&sandbox, seed * 104_729, 60);
        let repository = Repository::open(&sandbox.path("woven")).expect("a repository");
        let mut differ = Differ::new(repository.history_objects());
        let mut random = Random(seed);
        for _ in 0..15 {
            let (from, to) = (format!("c{}", 1 + random.below(60)), format!("c{}", 1 + random.below(60)));
            let tree = |name: &str| {
                sandbox.git("woven", &["rev-parse", &format!("{name}^{{tree}}")]).parse().expect("an id")
            };
            let mut found = Vec::new();
            differ
                .compare(Some(tree(&from)), Some(tree(&to)), &mut |path, status| {
                    let letter = match status {
                        Status::Added => 'A',
                        Status::Changed => 'M',
                        Status::Removed => 'D',
                    };
                    found.push(format!("{letter}\t{path}"));
                })
                .expect("whole trees");
            let status = sandbox.git("woven", &["diff", "--name-status", "--no-renames", &from, &to]);
            // A link where a file was is a change of type to git.
            let expected: Vec<String> = status.lines().map(|line| line.replacen('T', "M", 1)).collect();
            found.sort();
            let mut expected = expected;
            expected.sort();
            assert_eq!(found, expected, "seed {seed}, {from}..{to}");
        }
    }
}
