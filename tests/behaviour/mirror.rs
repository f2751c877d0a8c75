// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Sources with a URL: fetched by the user's git into the cache, and only when the lock needs it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::runner::{Run, Sandbox, manifest};

/// A sandbox whose `git` in the program's path writes down each call in `calls`.
struct Logged(Sandbox);

impl Logged {
    fn new() -> Self {
        let sandbox = Sandbox::with_lustre();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let real = std::env::split_paths(&path)
            .map(|folder| folder.join("git"))
            .find(|git| git.is_file())
            .expect("git");
        let log = sandbox.path("calls");
        let script =
            format!("#!/bin/sh\necho \"$*\" >>'{}'\nexec '{}' \"$@\"\n", log.display(), real.display());
        sandbox.write("bin/git", script);
        fs::set_permissions(sandbox.path("bin/git"), PermissionsExt::from_mode(0o755)).expect("executable");
        let logged = Self(sandbox);
        logged.use_urls(&["lustre"]);
        logged
    }

    fn url(&self, folder: &str) -> String {
        format!("file://{}", self.0.path(folder).display())
    }

    /// Writes a manifest whose source is at these folders, the first one and then its mirrors.
    fn use_urls(&self, folders: &[&str]) {
        let urls: Vec<String> = folders.iter().map(|folder| self.url(folder)).collect();
        self.write(&urls);
    }

    fn write(&self, urls: &[String]) {
        let mut location = format!("git = {:?}", urls[0]);
        if urls.len() > 1 {
            location.push_str(&format!("\nmirrors = {:?}", &urls[1..]));
        }
        self.0.write("m.toml", manifest("").replace("git = \"lustre\"", &location));
    }

    fn run(&self, args: &[&str]) -> Run {
        let mut command = self.0.command(args);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = [self.0.path("bin")].into_iter().chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(path).expect("a path"));
        self.0.finish(&mut command)
    }

    /// How many times git fetched since the last question.
    fn fetches(&self) -> usize {
        let calls = fs::read_to_string(self.0.path("calls")).unwrap_or_default();
        let _ = fs::remove_file(self.0.path("calls"));
        calls.lines().filter(|line| line.contains(" fetch ")).count()
    }
}

/// Git's own words are other ones with each version of it.
fn without_gits_words(said: &str) -> String {
    let cut = |line: &str| {
        line.find("fatal: ").map_or(line.to_owned(), |at| format!("{}[git's words]", &line[..at]))
    };
    said.lines().filter(|line| !line.contains("cache/mirrors")).map(|line| cut(line) + "\n").collect()
}

#[test]
fn a_mirror_is_fetched_once_and_then_only_when_the_lock_needs_it() {
    let logged = Logged::new();
    logged.0.write("local.toml", manifest(""));
    let first = logged.run(&["lock", "m.toml"]).success();
    assert_eq!(logged.fetches(), 1);
    let identity = logged.run(&["digest", "m.toml"]).success();
    logged.run(&["assemble", "m.toml"]).success();
    logged.run(&["plan", "m.toml"]).success();
    assert_eq!(logged.run(&["lock", "m.toml"]).success(), first);
    logged.run(&["lock", "m.toml", "--check"]).success();
    assert_eq!(logged.fetches(), 0);
    logged.run(&["lock", "m.toml", "--update", "lustre"]).success();
    assert_eq!(logged.fetches(), 1);
    // Without a network what was fetched is enough, with a lock or without.
    fs::remove_file(logged.0.path("m.lock")).expect("removed");
    assert_eq!(logged.run(&["digest", "m.toml", "--offline"]).success(), identity);
    assert_eq!(logged.fetches(), 0);
    // A clone gives the same bytes.
    assert_eq!(logged.run(&["digest", "m.toml", "--source", "lustre=lustre"]).success(), identity);
}

#[test]
fn offline_with_nothing_in_the_cache_says_so() {
    let logged = Logged::new();
    let run = logged.run(&["assemble", "m.toml", "--offline"]);
    assert_eq!(logged.fetches(), 0);
    insta::assert_snapshot!(run.failure(4), @r#"
    error: source `lustre` was never fetched
      --> m.toml:11:7
       |
    11 | git = "file://[SANDBOX]/lustre"
       |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ not in the cache
       = help: run once without `--offline`, or add `--source lustre=PATH`
    "#);
    // A first fetch that failed leaves nothing that looks like a mirror.
    logged.use_urls(&["nowhere"]);
    logged.run(&["lock", "m.toml"]).failure(4);
    let said = logged.run(&["lock", "m.toml", "--offline"]).failure(4);
    assert!(said.contains("source `lustre` was never fetched"), "{said}");
}

#[test]
fn sites_are_tried_in_turn() {
    let logged = Logged::new();
    logged.use_urls(&["nowhere", "lustre"]);
    logged.run(&["assemble", "m.toml"]).success();
    assert_eq!(logged.fetches(), 2);
    logged.use_urls(&["nowhere"]);
    let run = logged.run(&["lock", "m.toml", "--update", "lustre"]);
    insta::assert_snapshot!(without_gits_words(&run.failure(4)), @r"
    error: cannot fetch from file://[SANDBOX]/nowhere
     = note: file://[SANDBOX]/nowhere: [git's words]
     = help: check the address and your access with `git ls-remote URL`, use what was fetched before with `--offline`, or point the source at a clone with `--source NAME=PATH`
    ");
}

#[test]
fn when_no_site_answers_each_is_named() {
    let logged = Logged::new();
    logged.write(&[logged.url("nowhere"), "http://127.0.0.1:1/lustre.git".into(), logged.url("bin")]);
    let said = logged.run(&["assemble", "m.toml"]).failure(4);
    insta::assert_snapshot!(without_gits_words(&said), @r#"
    error: cannot fetch from any of 3 sites
      --> m.toml:11:7
       |
    11 | git = "file://[SANDBOX]/nowhere"
       |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ named here
       = note: file://[SANDBOX]/nowhere: [git's words]
       = note: http://127.0.0.1:1/lustre.git: [git's words]
       = note: file://[SANDBOX]/bin: [git's words]
       = help: check the address and your access with `git ls-remote URL` or point the source at a clone with `--source NAME=PATH`
    "#);
    assert_eq!(logged.0.list("dist"), [""; 0]);
    assert!(!logged.0.path("m.lock").exists());
}

#[test]
fn a_password_in_an_address_is_not_printed() {
    let logged = Logged::new();
    logged.write(&["http://me:secret@127.0.0.1:1/lustre.git".into()]);
    let run = logged.run(&["assemble", "m.toml"]);
    let facts: Vec<&str> = run.stderr.lines().filter(|line| !line.contains("git = ")).collect();
    assert!(!facts.concat().contains("secret"), "{}", run.stderr);
    assert!(run.stderr.contains("http://me:***@127.0.0.1:1/lustre.git"), "{}", run.stderr);
}

#[test]
fn without_git_the_missing_tool_is_named() {
    let logged = Logged::new();
    let mut command = logged.0.command(&["lock", "m.toml"]);
    command.env("PATH", "/nonexistent");
    insta::assert_snapshot!(logged.0.finish(&mut command).failure(8), @r#"
    error: cannot run `git`, which fetches from other sites
      --> m.toml:11:7
       |
    11 | git = "file://[SANDBOX]/lustre"
       |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ named here
       = note: No such file or directory (os error 2)
       = help: install git, or point the source at a clone or bundle with `--source NAME=PATH`
    "#);
}

#[test]
fn two_runs_at_once_share_one_cache() {
    let logged = Logged::new();
    logged.0.git("lustre", &["bundle", "create", "--quiet", "../lustre.bundle", "--all"]);
    logged.0.write("b.toml", manifest("").replace("git = \"lustre\"", "bundle = \"lustre.bundle\""));
    for file in ["m.toml", "b.toml"] {
        let runs: Vec<_> = (0..4)
            .map(|_| {
                let mut command = logged.0.command(&["digest", file]);
                command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
                command.spawn().expect("the program runs")
            })
            .collect();
        let outputs: Vec<_> = runs.into_iter().map(|run| run.wait_with_output().expect("an end")).collect();
        for output in &outputs {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(output.stdout, outputs[0].stdout);
        }
    }
}

#[test]
fn a_fetch_brings_back_what_upstream_rewrote() {
    let logged = Logged::new();
    logged.0.git("lustre", &["config", "uploadpack.allowAnySHA1InWant", "true"]);
    logged.0.git("lustre", &["branch", "a"]);
    let branch = |name: &str| {
        let url = logged.url("lustre");
        let text = manifest("").replace("git = \"lustre\"", &format!("git = {url:?}"));
        logged.0.write("m.toml", text.replace("tag = \"v2_17_57\"", &format!("branch = {name:?}")));
    };
    branch("master");
    logged.0.commit("lustre", &[("COPYING", "one\n")], "one");
    logged.run(&["lock", "m.toml"]).success();
    let identity = logged.run(&["digest", "m.toml"]).success();
    // Rewritten upstream, and a branch became a folder of branches.
    logged.0.git("lustre", &["reset", "--quiet", "--hard", "HEAD^"]);
    logged.0.git("lustre", &["branch", "-D", "a"]);
    logged.0.git("lustre", &["branch", "a/b"]);
    logged.0.commit("lustre", &[("COPYING", "two\n")], "two");
    // Another machine, with the lock: the commit is on no branch any more.
    fs::remove_dir_all(logged.0.path("cache")).expect("removed");
    assert_eq!(logged.run(&["digest", "m.toml", "--locked"]).success(), identity);
    logged.run(&["lock", "m.toml", "--update", "lustre"]).success();
    assert_ne!(logged.run(&["digest", "m.toml", "--locked"]).success(), identity);
    branch("a/b");
    logged.run(&["lock", "m.toml"]).success();
    // Where upstream does not give commits out by their ids, that is said.
    let lock = logged.0.read("m.lock");
    let commit = logged.0.git("lustre", &["rev-parse", "a/b"]);
    assert!(lock.contains(&commit));
    logged.0.write("m.lock", lock.replace(&commit, &"1".repeat(40)));
    let said = logged.run(&["digest", "m.toml"]).failure(4);
    insta::assert_snapshot!(without_gits_words(&said), @r#"
    error: the locked commit 1111111111111111111111111111111111111111 of source `lustre` is not in the repository
      --> m.toml:12:10
       |
    12 | branch = "a/b"
       |          ^^^^^ source `lustre`
       = note: file://[SANDBOX]/lustre: [git's words]
       = help: give a clone that has it with `--source`, or run `lustre-dist lock m.toml --update lustre`
    "#);
}

#[test]
fn a_change_of_gerrit_is_fetched_by_its_ref() {
    let logged = Logged::new();
    logged.0.commit("lustre", &[("COPYING", "a change\n")], "LU-3 change");
    logged.0.git("lustre", &["update-ref", "refs/changes/45/61245/3", "HEAD"]);
    logged.0.git("lustre", &["reset", "--quiet", "--hard", "HEAD^"]);
    let text = logged.0.read("m.toml").replace("tag = \"v2_17_57\"", "ref = \"refs/changes/45/61245/3\"");
    logged.0.write("m.toml", &text);
    let identity = logged.run(&["assemble", "m.toml"]).success();
    assert!(identity.contains("lustre-2.17.57+git1.g"), "{identity}");
    fs::remove_dir_all(logged.0.path("cache")).expect("removed");
    logged.run(&["assemble", "m.toml", "--locked"]).success();
}

#[test]
fn a_users_own_git_settings_and_hooks_do_not_reach_the_mirror() {
    let logged = Logged::new();
    let ran = logged.0.path("ran");
    logged.0.write("template/hooks/reference-transaction", format!("#!/bin/sh\ntouch '{}'\n", ran.display()));
    let hook = logged.0.path("template/hooks/reference-transaction");
    fs::set_permissions(&hook, PermissionsExt::from_mode(0o755)).expect("executable");
    let (template, hooks) = (logged.0.path("template"), logged.0.path("template/hooks"));
    logged.0.write(
        ".gitconfig",
        format!(
            "[init]\n\ttemplateDir = {}\n\tdefaultRefFormat = reftable\n\tdefaultObjectFormat = sha256\n\
             [core]\n\thooksPath = {}\n[fetch]\n\tprune = false\n\tfsckObjects = true\n",
            template.display(),
            hooks.display()
        ),
    );
    let mut command = logged.0.command(&["digest", "m.toml"]);
    let elsewhere = logged.0.path("lustre/.git");
    command
        .env("GIT_DEFAULT_HASH", "sha256")
        .env("GIT_DEFAULT_REF_FORMAT", "reftable")
        .env("GIT_DIR", &elsewhere);
    command.env("GIT_OBJECT_DIRECTORY", elsewhere.join("objects")).env("GIT_TEMPLATE_DIR", &template);
    logged.0.finish(&mut command).success();
    assert!(!ran.exists());
}

#[test]
fn a_moved_tag_is_found_on_a_fresh_machine() {
    let logged = Logged::new();
    logged.run(&["lock", "m.toml"]).success();
    logged.0.commit("lustre", &[("COPYING", "new\n")], "second");
    logged.0.retag("lustre", "v2_17_57", "HEAD");
    fs::remove_dir_all(logged.0.path("cache")).expect("removed");
    let said = logged.run(&["assemble", "m.toml", "--locked"]).failure(4);
    assert!(said.contains("tag `v2_17_57` moved since it was locked"), "{said}");
    logged.run(&["lock", "m.toml", "--update", "lustre"]).success();
    logged.run(&["assemble", "m.toml", "--locked"]).success();
}

#[test]
fn a_damaged_mirror_is_named() {
    let logged = Logged::new();
    logged.run(&["lock", "m.toml"]).success();
    let mirror =
        logged.0.list("cache/mirrors").into_iter().find(|name| name.ends_with(".git")).expect("the mirror");
    fs::remove_file(logged.0.path(&format!("cache/mirrors/{mirror}/HEAD"))).expect("removed");
    let said = logged.run(&["assemble", "m.toml"]).failure(4);
    assert!(said.contains("the cache is damaged: remove that folder"), "{said}");
}
