// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A place to try the program in: a temporary folder, git with a fixed identity, and the program
//! with an environment that holds nothing of the machine's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The date of every commit and tag, unless a test says otherwise.
pub const DATE: &str = "2026-01-02T03:04:05Z";

/// A temporary folder with everything that a test makes.
pub struct Sandbox {
    folder: TempDir,
}

/// How a run of the program ended.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// The standard output of a run that must have succeeded.
    #[track_caller]
    pub fn success(self) -> String {
        assert_eq!(self.code, 0, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self.stdout
    }

    /// The standard error of a run that must have failed with that exit code.
    #[track_caller]
    pub fn failure(self, code: i32) -> String {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self.stderr
    }
}

impl Sandbox {
    pub fn new() -> Self {
        Self { folder: TempDir::new().expect("a temporary folder") }
    }

    /// A path in the sandbox.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, with the folders above it.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a path below the sandbox")).expect("folders");
        fs::write(path, content).expect("a file");
    }

    /// Writes templates that the tool carries for a kind of package into the template folder `t`.
    pub fn own_templates(&self, kind: &str, names: &[&str]) {
        for name in names {
            let ours = format!("{}/templates/{kind}/{name}.j2", env!("CARGO_MANIFEST_DIR"));
            self.write(&format!("t/{kind}/{name}.j2"), fs::read(ours).expect("a template"));
        }
    }

    /// Reads a file as text.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect(name)
    }

    /// Runs git in a folder of the sandbox; it must succeed. Returns its output, trimmed.
    #[track_caller]
    pub fn git(&self, folder: &str, args: &[&str]) -> String {
        self.git_at(DATE, folder, args)
    }

    /// The same at another date.
    #[track_caller]
    pub fn git_at(&self, date: &str, folder: &str, args: &[&str]) -> String {
        let output = self.git_command(date, folder).args(args).output().expect("git runs");
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("git speaks UTF-8").trim_end().to_owned()
    }

    /// Git, ready to run in a folder of the sandbox.
    pub fn git_command(&self, date: &str, folder: &str) -> Command {
        let mut command = Command::new("git");
        command
            .current_dir(self.path(folder))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_AUTHOR_NAME", "A. Author")
            .env("GIT_AUTHOR_EMAIL", "author@example.org")
            .env("GIT_AUTHOR_DATE", date)
            .env("GIT_COMMITTER_NAME", "C. Committer")
            .env("GIT_COMMITTER_EMAIL", "committer@example.org")
            .env("GIT_COMMITTER_DATE", date);
        command
    }

    /// Makes a repository with these files, committed and tagged.
    pub fn repository(&self, folder: &str, files: &[(&str, &str)], tag: &str) {
        fs::create_dir_all(self.path(folder)).expect("a folder");
        self.git(folder, &["init", "--quiet", "--initial-branch=master", "."]);
        self.commit(folder, files, "LU-1 start: first files");
        self.git(folder, &["tag", "--annotate", "--message", tag, tag]);
    }

    /// Writes these files into the work tree and commits all of it.
    pub fn commit(&self, folder: &str, files: &[(&str, &str)], message: &str) {
        for (name, content) in files {
            self.write(&format!("{folder}/{name}"), content);
        }
        self.git(folder, &["add", "--all", "--force", "."]);
        self.git(folder, &["commit", "--quiet", "--allow-empty", "--message", message]);
    }

    /// The program, ready to run in the sandbox with its cache in `cache/`.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lustre-dist"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LUSTRE_DIST_CACHE", self.path("cache"))
            // Lines end some day; tests do not.
            .env("LUSTRE_DIST_TODAY", "2026-11-23");
        command
    }

    /// Runs the program in the sandbox. What it prints has the sandbox's path replaced by
    /// `[SANDBOX]`, so that it can be held against a snapshot.
    pub fn run(&self, args: &[&str]) -> Run {
        self.finish(&mut self.command(args))
    }

    /// Runs a prepared command and reads what it printed.
    pub fn finish(&self, command: &mut Command) -> Run {
        let output = command.output().expect("the program runs");
        let text = |bytes: Vec<u8>| {
            String::from_utf8(bytes)
                .expect("UTF-8")
                .replace(&*self.folder.path().to_string_lossy(), "[SANDBOX]")
        };
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Every path below a folder of the sandbox, sorted; nothing when it does not exist.
    pub fn list(&self, folder: &str) -> Vec<String> {
        fn walk(at: &Path, root: &Path, paths: &mut Vec<String>) {
            let Ok(entries) = fs::read_dir(at) else { return };
            for entry in entries.flatten() {
                let path = entry.path();
                paths.push(path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned());
                if path.is_dir() && !path.is_symlink() {
                    walk(&path, root, paths);
                }
            }
        }
        let root = self.path(folder);
        let mut paths = Vec::new();
        walk(&root, &root, &mut paths);
        paths.sort();
        paths
    }
}

/// A manifest that takes all of the repository `lustre`, with more text behind it.
pub fn manifest(more: &str) -> String {
    format!(
        r#"schema = 1

[release]
name = "lustre"
version = "2.17.57"
primary = "lustre"
license = "GPL-2.0-only"
formats = ["tar.gz"]

[source.lustre]
git = "lustre"
tag = "v2_17_57"
signature = "none"

[[layer]]
name = "userspace"
source = "lustre"
take = [{{ from = "." }}]
{more}"#
    )
}
