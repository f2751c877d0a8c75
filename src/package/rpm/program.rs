// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! rpm's own programs, cut off from the machine: the same version of rpm writes the same bytes,
//! whoever runs it, where and when.
//!
//! rpm puts the spec file into the package's header as it expanded it (`RPMTAG_SPEC`, since 4.17), so
//! every macro that has to do with a machine shows. Only the macros that come with rpm itself are
//! read; folders are named from the one that it runs in; what is known of the distribution comes from
//! [`Dist`].
//!
//! Reading a spec file runs what stands in `%(...)` in it, with the user's rights.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use super::Spec;
use super::dist::Dist;
use crate::archive::read::Digested;
use crate::model::{Class, Failure, Problem, SourceDate, SourceText};

/// Where rpmbuild puts the package.
const WRITTEN: &str = "SRPMS";

/// What is the same for every package.
const MACROS: [(&str, &str); 15] = [
    ("_topdir", "."),
    ("_sourcedir", "."),
    ("_specdir", "."),
    ("_builddir", "BUILD"),
    ("_buildrootdir", "BUILDROOT"),
    ("_rpmdir", "RPMS"),
    ("_srcrpmdir", WRITTEN),
    ("_buildhost", "localhost"),
    ("_smp_mflags", "%{nil}"),
    ("use_source_date_epoch_as_buildtime", "1"),
    ("clamp_mtime_to_source_date_epoch", "1"),
    ("source_date_epoch_from_changelog", "0"),
    // The tarball is compressed, and gzip of one zlib differs from that of another.
    ("_source_payload", "w.ufdio"),
    ("_srcdefattr", "(-,root,root)"),
    // The packages of modules. The programs of kernel-rpm-macros ask for a kernel to make them, which
    // has no say in a source package.
    ("kernel_module_package(n:v:r:s:f:xp:b:o:)", "%{nil}"),
];

/// rpm, where it was found.
pub(super) struct Rpm<'p> {
    path: &'p OsStr,
    /// The folder of what comes with it: `/usr/lib/rpm`.
    folder: PathBuf,
}

/// What rpm read in a spec file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) version: String,
    pub(super) release: String,
    /// The names of sources and patches.
    pub(super) files: Vec<String>,
}

impl<'p> Rpm<'p> {
    /// Looks for rpm in the folders of `path`.
    pub(super) fn find(path: &'p OsStr) -> Result<Self, Failure> {
        let mut command = bare("rpmbuild", path);
        let output = run(command.args(["--eval", "%{_rpmconfigdir}"]), "rpmbuild")?;
        let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        if output.status.success() && folder.join("macros").is_file() {
            return Ok(Self { path, folder });
        }
        let problem = Problem::new("cannot find the macros that come with rpm")
            .note(format!("`rpmbuild --eval %{{_rpmconfigdir}}` says `{}`", folder.display()));
        Err(Failure::new(Class::Environment, problem.help("install rpm again")))
    }

    fn command(&self, program: &str, folder: &Path, dist: &Dist, date: SourceDate) -> Command {
        let mut command = bare(program, self.path);
        command.current_dir(folder).env("SOURCE_DATE_EPOCH", date.0.to_string());
        for (option, file) in [("--macros", "macros"), ("--rcfile", "rpmrc")] {
            command.arg(option).arg(self.folder.join(file));
        }
        // The machine's own would be in the header of the source package, too.
        command.args(["--target", "x86_64-linux"]);
        for (name, value) in MACROS.into_iter().chain(dist.macros()) {
            command.arg("--define").arg(format!("{name} {value}"));
        }
        command
    }

    /// Lets rpm read the spec file in `folder`.
    pub(super) fn parse(
        &self,
        folder: &Path,
        spec: &Spec,
        dist: &Dist,
        date: SourceDate,
    ) -> Result<Asked, Failure> {
        let mut command = self.command("rpmspec", folder, dist, date);
        command.args(["--query", "--srpm", "--queryformat"]);
        command.arg("%{VERSION}\n%{RELEASE}\n[%{SOURCE}\n][%{PATCH}\n]").arg(&spec.name);
        let output = run(&mut command, "rpmspec")?;
        if !output.status.success() {
            return Err(unreadable(spec, &String::from_utf8_lossy(&output.stderr)));
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut lines = text.lines().map(str::to_owned);
        let mut next = || lines.next().unwrap_or_default();
        let (version, release) = (next(), next());
        // Where there is no patch, rpm says `(none)`.
        let files = lines.filter(|name| !name.is_empty() && name != "(none)").collect();
        Ok(Asked { version, release, files })
    }

    /// Lets rpmbuild write the source package of what stands in `folder`; gives its path.
    pub(super) fn build(
        &self,
        folder: &Path,
        spec: &Spec,
        dist: &Dist,
        date: SourceDate,
    ) -> Result<(PathBuf, Digested), Failure> {
        let mut command = self.command("rpmbuild", folder, dist, date);
        let output = run(command.args(["--nodeps", "-bs"]).arg(&spec.name), "rpmbuild")?;
        if !output.status.success() {
            let problem = Problem::new(format!("rpmbuild did not write a package of `{}`", spec.name));
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let problem =
                errors(&said).fold(problem, |problem, line| problem.note(format!("rpmbuild: {line}")));
            return Err(Failure::new(Class::Environment, problem));
        }
        let written = folder.join(WRITTEN);
        let fault = |error: std::io::Error| Failure::io("read", &written, &error);
        let mut entries = std::fs::read_dir(&written).map_err(fault)?;
        let path = entries.next().ok_or_else(|| fault(std::io::ErrorKind::NotFound.into()))?;
        let path = path.map_err(fault)?.path();
        let sum = crate::package::out::sum_of_file(&path);
        let (size, sha256) = sum.map_err(|error| Failure::io("read", &path, &error))?;
        Ok((path, Digested { size, sha256 }))
    }
}

/// A program with an environment of nothing but where programs are.
fn bare(program: &str, path: &OsStr) -> Command {
    let mut command = Command::new(program);
    let fixed = [("HOME", "/nonexistent"), ("LC_ALL", "C.UTF-8"), ("TZ", "UTC")];
    command.env_clear().env("PATH", path).envs(fixed).stdin(std::process::Stdio::null());
    command
}

fn run(command: &mut Command, program: &str) -> Result<Output, Failure> {
    command.output().map_err(|error| {
        let problem = Problem::new(format!("cannot run `{program}`")).note(error.to_string()).help(
            "install it: it is in the package rpm-build of Fedora, RHEL and SUSE, and in rpm of Debian",
        );
        Failure::new(Class::Environment, problem)
    })
}

/// The errors among what one of rpm's programs said, without the one that sums up the others.
fn errors(said: &str) -> impl Iterator<Item = &str> {
    let is_noise = |line: &&str| {
        line.trim().is_empty() || line.starts_with("warning:") || line.ends_with(" failed, can't parse")
    };
    said.lines().filter(move |line| !is_noise(line)).map(|line| line.strip_prefix("error: ").unwrap_or(line))
}

/// The spec file is one that rpm cannot parse: each error at its line, as far as rpm names one.
fn unreadable(spec: &Spec, said: &str) -> Failure {
    let source = Arc::new(SourceText { name: spec.name.clone(), text: spec.text.clone() });
    let mut problems = Vec::new();
    for error in errors(said) {
        let problem = Problem::new(format!("rpm cannot parse `{}`", spec.name))
            .help(format!("mend `{}`, which it was made from", spec.origin));
        problems.push(match line(error) {
            Some((line, what)) => problem.at(&source, source.line(line), what),
            None => problem.note(format!("rpm: {error}")),
        });
    }
    if problems.is_empty() {
        problems.push(Problem::new(format!("rpm cannot parse `{}`, and does not say why", spec.name)));
    }
    Failure { class: Class::Manifest, problems }
}

/// The line's number and the rest of `line 12: Unknown tag: Foo`; newer versions have the file's name in
/// front of it.
fn line(error: &str) -> Option<(usize, &str)> {
    let (_, rest) =
        error.split_once("line ").filter(|(before, _)| before.is_empty() || before.ends_with(".spec: "))?;
    let (number, what) = rest.split_once(": ")?;
    Some((number.parse().ok()?, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_their_lines() {
        assert_eq!(line("line 12: Unknown tag: Foo"), Some((12, "Unknown tag: Foo")));
        assert_eq!(line("./a.spec: line 3: No %endif"), Some((3, "No %endif")));
        assert_eq!(line("Name field must be present"), None);
        assert_eq!(line("in line two: what"), None);
        let said =
            "warning: line 2: x\nerror: line 3: y\n\nerror: query of specfile a.spec failed, can't parse\n";
        assert_eq!(errors(said).collect::<Vec<_>>(), ["line 3: y"]);
    }
}
