// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Other people's programs on what the tool writes. Each trial says which programs it needs; where
//! one is missing the trial is ignored and says so by its kind, `[needs bsdtar]`. With
//! `LUSTRE_DIST_REQUIRE_TOOLS=1` a missing program is a failure.

#![allow(clippy::disallowed_methods, reason = "tests make files and run programs")]

#[allow(dead_code, reason = "shared with the behaviour tests")]
#[path = "../behaviour/dkms_trees.rs"]
mod dkms_trees;
#[allow(dead_code, reason = "shared with the behaviour tests")]
#[path = "../behaviour/fixture.rs"]
mod fixture;
#[allow(dead_code, reason = "shared with the behaviour tests")]
#[path = "../behaviour/keymaker.rs"]
mod keymaker;
#[allow(dead_code, reason = "shared with the behaviour tests")]
#[path = "../behaviour/published.rs"]
mod published;
#[allow(dead_code, reason = "shared with the behaviour tests")]
#[path = "../behaviour/runner.rs"]
mod runner;
#[allow(dead_code, reason = "shared with the behaviour tests")]
#[path = "../behaviour/tarball.rs"]
mod tarball;
#[allow(dead_code, reason = "shared with the behaviour tests")]
#[path = "../behaviour/vendor.rs"]
mod vendor;

mod debian;
mod dkms;
mod encodings;
mod extract;
mod faults;
mod fetch_faults;
mod list;
mod manuals;
mod pages;
mod plain;
mod publish_faults;
mod records;
mod rpm;
mod rpm_content;
mod s3;
mod signatures;
mod tls;
mod tuf;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Failed, Trial};

use fixture::{TITLE, noise};
use runner::Sandbox;
use tarball::Archive;

/// One trial: its name, the programs that it needs, what it does.
type Case = (&'static str, &'static [&'static str], fn(&Release));

/// A release of the fixture in every format, with a file of 30 MB, made when first asked for.
#[derive(Default)]
pub struct Release {
    made: OnceLock<Made>,
}

struct Made {
    sandbox: Sandbox,
    tar: Vec<u8>,
    archive: Archive,
}

impl Release {
    fn made(&self) -> &Made {
        self.made.get_or_init(|| {
            let sandbox = Sandbox::new();
            let levels = "\n[encoding]\ngzip = 6\nzstd = 3\nxz = 0\n";
            fixture::make_with(&sandbox, &[("large/noise", &noise(30_000_001, 4))], levels);
            sandbox.run(&["assemble", "m.toml"]).success();
            let tar = std::fs::read(sandbox.path(&format!("dist/{TITLE}/{TITLE}.tar"))).expect("the tar");
            let archive = tarball::read(&tar);
            Made { sandbox, tar, archive }
        })
    }

    pub fn sandbox(&self) -> &Sandbox {
        &self.made().sandbox
    }

    /// The uncompressed tar.
    pub fn tar(&self) -> &[u8] {
        &self.made().tar
    }

    /// The same, read by our own strict reader.
    pub fn archive(&self) -> &Archive {
        &self.made().archive
    }

    /// The path of one of the release's files.
    pub fn file(&self, ending: &str) -> PathBuf {
        self.sandbox().path(&format!("dist/{TITLE}/{TITLE}.{ending}"))
    }
}

/// Runs a program in the C locale and in UTC; it must succeed. Gives its output.
#[track_caller]
pub fn run(command: &mut Command) -> Vec<u8> {
    let output = command.envs([("LC_ALL", "C.UTF-8"), ("TZ", "UTC")]).output().expect("the program runs");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// What a trial needs that is no program, and that nobody can install: it is never required.
pub const MOUNTING: &str = "permission to mount";

fn may_mount() -> bool {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mount = Command::new("mount").args(["-t", "tmpfs", "none"]).arg(folder.path()).output();
    mount.is_ok_and(|output| output.status.success())
        && Command::new("umount").arg(folder.path()).status().is_ok_and(|status| status.success())
}

/// The Python that has the packages of `requirements.txt`: `LUSTRE_DIST_PYTHON`, or that of the virtual
/// environment which `tests/run` makes. A trial needs `python:MODULE`.
pub fn python() -> PathBuf {
    std::env::var_os("LUSTRE_DIST_PYTHON").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/python/bin/python3"),
        PathBuf::from,
    )
}

fn has_module(module: &str) -> bool {
    let import = Command::new(python()).args(["-I", "-c", &format!("import {module}")]).output();
    import.is_ok_and(|output| output.status.success())
}

/// The release of a kernel of the series whose headers are installed, so that modules can be built for it.
/// A trial needs `headers:SERIES`.
pub fn headers(series: &str) -> Option<String> {
    let kernels = std::fs::read_dir("/lib/modules").ok()?.flatten();
    let mut releases: Vec<String> = kernels
        .filter(|kernel| kernel.path().join("build/Makefile").is_file())
        .map(|kernel| kernel.file_name().to_string_lossy().into_owned())
        .filter(|release| release.starts_with(&format!("{series}.")))
        .collect();
    releases.sort();
    releases.pop()
}

fn is_there(program: &str) -> bool {
    if program == MOUNTING {
        return may_mount();
    }
    if let Some(module) = program.strip_prefix("python:") {
        return has_module(module);
    }
    if let Some(package) = program.strip_prefix("node:") {
        return has_program("node") && pages::packages().join("node_modules").join(package).is_dir();
    }
    if let Some(series) = program.strip_prefix("headers:") {
        return headers(series).is_some();
    }
    has_program(program)
}

fn has_program(program: &str) -> bool {
    find(program).is_some()
}

/// Where a program is.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let required = std::env::var_os("LUSTRE_DIST_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    let release = Arc::new(Release::default());
    let cases = [
        list::CASES,
        extract::CASES,
        encodings::CASES,
        manuals::CASES,
        faults::CASES,
        fetch_faults::CASES,
        records::CASES,
        signatures::CASES,
        tls::CASES,
        debian::CASES,
        dkms::CASES,
        pages::CASES,
        plain::CASES,
        rpm::CASES,
        rpm_content::CASES,
        tuf::CASES,
        publish_faults::CASES,
        s3::CASES,
    ]
    .concat();
    let trials = cases
        .into_iter()
        .map(|(name, needs, test): Case| {
            let missing: Vec<_> = needs.iter().copied().filter(|program| !is_there(program)).collect();
            let release = Arc::clone(&release);
            let words = missing.join(", ");
            let required = required && missing != [MOUNTING];
            let trial = Trial::test(name, move || {
                if !missing.is_empty() {
                    return Err(Failed::from(format!("not installed: {}", missing.join(", "))));
                }
                test(&release);
                Ok(())
            });
            if words.is_empty() {
                trial
            } else {
                trial.with_kind(format!("needs {words}")).with_ignored_flag(!required)
            }
        })
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    // Its temporary folder goes with it; leaving by `exit` would keep that.
    drop(release);
    conclusion.exit_code()
}
