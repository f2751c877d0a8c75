// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A tree's spec file, mended line by line where a release differs from `make dist`.

use std::sync::Arc;

use crate::model::{Problem, SourceText};

/// What is put into the file, made once.
pub(super) struct Mend<'a> {
    /// The name of the package in the tree: `lustre`.
    pub(super) stem: &'a str,
    /// The directory in the tarball.
    pub(super) title: &'a str,
    pub(super) source: String,
    pub(super) number: &'a str,
    pub(super) vendor: &'a str,
    /// Lines below `Source`.
    pub(super) listed: Vec<String>,
    /// The command that checks the signature.
    pub(super) verify: Vec<String>,
    /// The commands that apply the user's patches.
    pub(super) patch: Vec<String>,
    pub(super) changelog: &'a str,
}

/// The number of a `Source` line; a line without one has 0.
pub(super) fn source_number(line: &str) -> Option<usize> {
    let (number, _) = line.strip_prefix("Source")?.split_once(':')?;
    if number.is_empty() { Some(0) } else { number.parse().ok() }
}

impl Mend<'_> {
    /// Lets `%prep` check the tarball; the numbers are those of the sources.
    pub(super) fn verify(&mut self, keyring: usize, signature: usize) {
        self.listed.push("%if 0%{?fedora} || 0%{?rhel}\nBuildRequires: gnupg2\n%endif".to_owned());
        self.verify = vec![
            "# Where the distribution has no such macro, its build service looks at signatures.".to_owned(),
            "%if %{defined gpgverify}".to_owned(),
            format!(
                "%{{gpgverify}} --keyring='%{{SOURCE{keyring}}}' --signature='%{{SOURCE{signature}}}' \
                 --data='%{{SOURCE0}}'"
            ),
            "%endif".to_owned(),
        ];
    }

    /// Mends the file line by line. What must be found in it and is not is a problem.
    pub(super) fn text(
        &self,
        rendered: &str,
        source: &Arc<SourceText>,
        problems: &mut Vec<Problem>,
    ) -> String {
        let mut out: Vec<String> = Vec::new();
        let mut missing = vec!["Source:", "Release:", "%setup -n", "%build"];
        let mut found = |what: &str| missing.retain(|one| *one != what);
        let mut has_changelog = false;
        let unpacked = format!("{}-%{{version}}", self.stem);
        for line in rendered.lines() {
            if source_number(line) == Some(0) {
                found("Source:");
                out.push(format!("Source: {}", self.source));
                out.extend(self.listed.iter().cloned());
            } else if line.starts_with("Release:") {
                found("Release:");
                out.push(self.release(line));
            } else if line.starts_with("%setup") {
                if line.contains(&unpacked) {
                    found("%setup -n");
                }
                out.extend(self.verify.iter().cloned());
                out.push(line.replace(&unpacked, self.title));
                out.extend(self.patch.iter().cloned());
            } else if line.starts_with("cd $RPM_BUILD_DIR/") {
                out.push(line.replace(&unpacked, self.title));
            } else if line.trim_end() == "%build" {
                found("%build");
                out.push(line.to_owned());
                out.push("# A release's tarball has no generated configure.".to_owned());
                out.push("bash ./autogen.sh".to_owned());
            } else if line.trim_end() == "%changelog" {
                has_changelog = true;
                out.push(line.to_owned());
                out.push(self.changelog.to_owned());
            } else {
                out.push(line.to_owned());
            }
        }
        if !has_changelog {
            out.push(format!("\n%changelog\n{}", self.changelog.trim_end()));
        }
        for what in missing {
            problems.push(
                Problem::new(format!("`{}` has no line `{what}` to mend", source.name))
                    .note("a release's tarball has a name of its own, and no generated configure")
                    .help("patch the file in the manifest, or use ours: `--packaging ours`"),
            );
        }
        out.join("\n") + "\n"
    }

    /// `Release` with the packager's number and the vendor behind the distribution: in front of it, a
    /// vendor's package would be older than the one without a vendor. `rpmbuild --define 'release_id 7'`
    /// still counts where the tree has that.
    fn release(&self, line: &str) -> String {
        if line.contains("%{release_id}") {
            return format!("{}{}", line.trim_end(), self.vendor);
        }
        format!("Release: {}%{{?dist}}{}", self.number, self.vendor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_have_numbers() {
        for (line, number) in [
            ("Source: a", Some(0)),
            ("Source0: a", Some(0)),
            ("Source12: a", Some(12)),
            ("SourceX: a", None),
            ("# Source: a", None),
        ] {
            assert_eq!(source_number(line), number, "{line}");
        }
    }

    #[test]
    fn a_vendor_stands_behind_the_distribution() {
        let mend = |vendor| Mend {
            stem: "lustre",
            title: "lustre-2.18.0",
            source: String::new(),
            number: "3",
            vendor,
            listed: Vec::new(),
            verify: Vec::new(),
            patch: Vec::new(),
            changelog: "",
        };
        assert_eq!(mend("").release("Release: 1%{?dist}"), "Release: 3%{?dist}");
        assert_eq!(mend("+acme~2").release("Release: 1%{?dist}"), "Release: 3%{?dist}+acme~2");
        let line = "Release: %{release_id}%{?dist}";
        assert_eq!(mend("+acme~2").release(line), format!("{line}+acme~2"));
    }
}
