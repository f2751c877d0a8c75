// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Git objects made and broken by hand, and runs that must leave nothing behind.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;

use crate::runner::{DATE, Run, Sandbox, manifest};

impl Sandbox {
    /// A sandbox with the repository `lustre`, tagged `v2_17_57`, and the manifest `m.toml`.
    pub fn with_lustre() -> Self {
        let sandbox = Self::new();
        sandbox.repository(
            "lustre",
            &[("COPYING", "GPL\n"), ("lustre/utils/lfs.c", "int main;\n"), ("lustre/utils/README", "read\n")],
            "v2_17_57",
        );
        sandbox.write("m.toml", manifest(""));
        sandbox
    }

    /// Runs git with something on its standard input; it must succeed.
    #[track_caller]
    pub fn git_input(&self, folder: &str, args: &[&str], input: &[u8]) -> String {
        let mut child = self
            .git_command(DATE, folder)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("git runs");
        child.stdin.take().expect("a pipe").write_all(input).expect("git reads");
        let output = child.wait_with_output().expect("git ends");
        assert!(output.status.success(), "git {args:?}");
        String::from_utf8(output.stdout).expect("git speaks UTF-8").trim_end().to_owned()
    }

    /// Writes an object as it stands, however odd, and returns its id.
    #[track_caller]
    pub fn object(&self, folder: &str, kind: &str, content: &[u8]) -> String {
        self.git_input(folder, &["hash-object", "-t", kind, "-w", "--literally", "--stdin"], content)
    }

    /// Writes a tree with these entries in this order: mode, name, id.
    #[track_caller]
    pub fn tree(&self, folder: &str, entries: &[(&str, &[u8], &str)]) -> String {
        let mut content = Vec::new();
        for (mode, name, id) in entries {
            content.extend_from_slice(mode.as_bytes());
            content.push(b' ');
            content.extend_from_slice(name);
            content.push(0);
            for pair in id.as_bytes().chunks_exact(2) {
                let pair = std::str::from_utf8(pair).expect("ASCII");
                content.push(u8::from_str_radix(pair, 16).expect("hexadecimal"));
            }
        }
        self.object(folder, "tree", &content)
    }

    /// Makes a tree the tagged one: a commit of it, and the annotated tag on that.
    #[track_caller]
    pub fn tag_tree(&self, folder: &str, tree: &str) {
        let commit = self.git(folder, &["commit-tree", "-m", "by hand", tree]);
        self.retag(folder, "v2_17_57", &commit);
    }

    /// Moves an annotated tag.
    #[track_caller]
    pub fn retag(&self, folder: &str, tag: &str, target: &str) {
        self.git(folder, &["tag", "--force", "--annotate", "--message", tag, tag, target]);
    }

    /// The loose file of an object.
    #[track_caller]
    pub fn loose(&self, folder: &str, name: &str) -> PathBuf {
        let id = self.git(folder, &["rev-parse", name]);
        let path = self.path(folder).join(".git/objects").join(&id[..2]).join(&id[2..]);
        assert!(path.is_file(), "{name} is loose");
        path
    }

    /// Puts the content of `other` into the file of the object `name`.
    #[track_caller]
    pub fn impostor(&self, folder: &str, name: &str, other: &str) {
        let (path, other) = (self.loose(folder, name), self.loose(folder, other));
        fs::remove_file(&path).expect("removed");
        fs::copy(other, path).expect("copied");
    }

    /// Replaces the bytes of a file of the sandbox that may be read-only.
    #[track_caller]
    pub fn replace(&self, path: &std::path::Path, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = fs::read(path).expect("read");
        change(&mut bytes);
        fs::remove_file(path).expect("removed");
        fs::write(path, bytes).expect("written");
    }

    /// The identity of `m.toml`, without a lock, with more arguments behind.
    #[track_caller]
    pub fn identity(&self, more: &[&str]) -> String {
        let args: Vec<&str> = ["digest", "m.toml"].iter().chain(more).copied().collect();
        self.run(&args).success()
    }

    /// Runs `assemble m.toml`, which must fail with that exit code and leave neither a release nor
    /// a stale lock. Returns what it said.
    #[track_caller]
    pub fn refused(&self, more: &[&str], code: i32) -> String {
        let args: Vec<&str> = ["assemble", "m.toml", "--quiet"].iter().chain(more).copied().collect();
        self.refusal(&args, code)
    }

    /// The same for any command.
    #[track_caller]
    pub fn refusal(&self, args: &[&str], code: i32) -> String {
        let before = fs::read(self.path("m.lock")).ok();
        let run: Run = self.run(args);
        let said = run.failure(code);
        assert_eq!(self.list("dist"), [""; 0], "{said}");
        if fs::read(self.path("m.lock")).ok() != before {
            // Written when the plan was made: whatever stopped the run later, the lock is right.
            assert_eq!(args[0], "assemble", "the lock changed: {said}");
            self.run(&["lock", "m.toml", "--check"]).success();
            match &before {
                Some(lock) => fs::write(self.path("m.lock"), lock),
                None => fs::remove_file(self.path("m.lock")),
            }
            .expect("the lock as before");
        }
        said
    }
}
