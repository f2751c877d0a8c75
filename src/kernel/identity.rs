// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Whose kernel a release string names, and which line of updates it is part of. The module
//! above has the table for people; [`FORMS`] is the same for the program.

use super::terms::Distribution;
use crate::model::version::KernelRelease;

/// A kernel as one distribution's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    /// Whose list it is looked for in.
    pub(super) distribution: Distribution,
    place: Place,
}

/// Where a kernel stands among those of its distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// Two kernels with one line are updates of one another.
    line: String,
    /// Where a later update counts and an earlier one does not: which one it is.
    floor: Option<u32>,
    /// Two kernels of a line with one build are the same but for architecture and flavour.
    build: String,
}

impl Place {
    fn new(line: String, build: impl Into<String>) -> Self {
        Self { line, floor: None, build: build.into() }
    }
}

/// How near a running kernel is to a listed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Near {
    Line,
    Same,
}

impl Identity {
    /// How near this running kernel is to a listed one, if it is of its line.
    pub(super) fn near(&self, listed: &Self) -> Option<Near> {
        let (own, other) = (&self.place, &listed.place);
        let is_update = own.line == other.line && own.floor >= other.floor;
        (self.distribution == listed.distribution && is_update)
            .then(|| if own.build == other.build { Near::Same } else { Near::Line })
    }
}

/// One distribution's way to write a release.
struct Form {
    /// Whose kernel it is, and whose lists it counts in, the nearest first.
    counts_as: &'static [Distribution],
    /// None where the form is another's.
    read: fn(&KernelRelease) -> Option<Place>,
}

/// The first form that fits decides: ELRepo builds kernel.org's kernels for RHEL, so it comes first.
const FORMS: [Form; 8] = [
    Form { counts_as: &[Distribution::Vanilla], read: elrepo },
    Form { counts_as: &[Distribution::Rhel], read: rhel },
    Form { counts_as: &[Distribution::Fedora, Distribution::Vanilla], read: fedora },
    Form { counts_as: &[Distribution::OpenEuler], read: open_euler },
    Form { counts_as: &[Distribution::Debian, Distribution::Vanilla], read: debian },
    Form { counts_as: &[Distribution::Sles], read: sles },
    Form { counts_as: &[Distribution::Ubuntu], read: ubuntu },
    Form { counts_as: &[Distribution::Vanilla], read: vanilla },
];

/// What a running kernel counts as; nothing where its form is not known.
pub(super) fn of_running(release: &KernelRelease) -> Vec<Identity> {
    let read = |form: &Form| (form.read)(release).map(|place| (form.counts_as, place));
    let Some((counts_as, place)) = FORMS.iter().find_map(read) else { return Vec::new() };
    let of_series = || Place { line: release.version().series().to_string(), ..place.clone() };
    counts_as
        .iter()
        .enumerate()
        .map(|(nth, &distribution)| {
            let place = if nth == 0 { place.clone() } else { of_series() };
            Identity { distribution, place }
        })
        .collect()
}

/// Whose kernel a release string names by its form, the nearest first: Debian's kernels count as
/// kernel.org's too. Empty where the form is not known.
#[must_use]
pub fn recognised(release: &KernelRelease) -> Vec<Distribution> {
    of_running(release).into_iter().map(|identity| identity.distribution).collect()
}

/// What a listed kernel is, which its label has told; none where its text has not that
/// distribution's form.
pub(super) fn of_listed(
    distribution: Distribution,
    release: &KernelRelease,
    label: &str,
) -> Option<Identity> {
    let form = FORMS.iter().rfind(|form| form.counts_as[0] == distribution)?;
    let read = (form.read)(release).or_else(|| match distribution {
        // Listed without its build: the label has the version that the tag is made of.
        Distribution::OpenEuler if release.local().is_empty() => {
            let tag: String = label.split_whitespace().skip(1).filter(|word| *word != "LTS").collect();
            Some(Place::new(with_version(release, &tag.replace('.', "").to_ascii_lowercase()), ""))
        }
        // Series of kernel.org, whichever way they are written.
        Distribution::Debian | Distribution::Vanilla => vanilla(release),
        _ => None,
    });
    read.map(|place| Identity { distribution, place })
}

fn with_version(release: &KernelRelease, rest: &str) -> String {
    let [major, minor, patch] = release.version().numbers();
    format!("{major}.{minor}.{patch}-{rest}")
}

/// The digits that a text begins with.
fn digits(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end).filter(|digits| !digits.is_empty())
}

/// Splits `-BUILDtagREST`; the rest begins with a digit.
fn tagged<'r>(release: &'r KernelRelease, tag: &str) -> Option<(&'r str, &'r str)> {
    let (build, rest) = release.local().strip_prefix('-')?.split_once(tag)?;
    (build.starts_with(|c: char| c.is_ascii_digit()) && digits(rest).is_some()).then_some((build, rest))
}

/// `-1.el9.elrepo.x86_64`: kernel.org's kernel.
fn elrepo(release: &KernelRelease) -> Option<Place> {
    let (_, rest) = tagged(release, ".el")?;
    rest.contains(".elrepo").then(|| of_series(release))
}

/// `-611.55.1.el9_7.x86_64+debug`, `-553.el8_10_lustre`, `-115.2.2.el7a`. The first number of a
/// build is that of a minor release, and all its updates keep it.
fn rhel(release: &KernelRelease) -> Option<Place> {
    let (build, rest) = tagged(release, ".el")?;
    let major = digits(rest)?;
    // 7a is the line of another kernel for other processors; 9uek is no RHEL kernel.
    let (major, behind) = match rest[major.len()..].strip_prefix('a') {
        Some(behind) => (&rest[..=major.len()], behind),
        None => (major, &rest[major.len()..]),
    };
    if !(behind.is_empty() || behind.starts_with(['.', '_', '+'])) {
        return None;
    }
    let first = digits(build)?;
    Some(Place::new(with_version(release, &format!("{first}.el{major}")), build))
}

/// `-108.fc42.x86_64`.
fn fedora(release: &KernelRelease) -> Option<Place> {
    let (build, rest) = tagged(release, ".fc")?;
    let version = release.version();
    Some(Place::new(format!("{}.fc{}", version.series(), digits(rest)?), format!("{version}-{build}")))
}

/// `-60.94.0.118.oe2203sp1.x86_64`.
fn open_euler(release: &KernelRelease) -> Option<Place> {
    let (build, rest) = tagged(release, ".oe")?;
    let tag = rest.split('.').next()?;
    Some(Place::new(with_version(release, tag), build))
}

/// The architectures that end the names of Debian's kernels.
const DEBIAN: [&str; 9] =
    ["amd64", "arm64", "armmp", "armmp-lpae", "686", "686-pae", "powerpc64le", "riscv64", "s390x"];

/// `+deb12-amd64` behind the real version, `-28-amd64` behind `6.1.0` for all of 6.1.
fn debian(release: &KernelRelease) -> Option<Place> {
    let local = release.local();
    let by_name = local.strip_prefix("+deb").or_else(|| Some(local.split_once(".deb")?.1)).and_then(digits);
    let by_architecture = || {
        let behind = local.strip_prefix('-')?;
        let number = digits(behind)?;
        let flavour = behind[number.len()..].strip_prefix('-')?;
        DEBIAN.iter().find(|name| flavour == **name || flavour.ends_with(&format!("-{name}")))
    };
    if by_name.is_none() && by_architecture().is_none() {
        return None;
    }
    let series = release.version().series().to_string();
    Some(Place::new(series, release.as_str()))
}

/// The flavours of SUSE's kernels.
const SUSE: [&str; 8] = ["default", "default-base", "azure", "preempt", "rt", "kvmsmall", "64kb", "debug"];

/// `-150600.23.78-default`, `-122.91`. The first number is that of a service pack; the third number
/// of the version moves with the updates of some.
fn sles(release: &KernelRelease) -> Option<Place> {
    let behind = release.local().strip_prefix('-')?;
    let (build, flavour) = match behind.split_once('-') {
        Some((build, flavour)) => (build, Some(flavour)),
        None => (behind, None),
    };
    let numbers = build.split('.').all(|number| digits(number) == Some(number));
    // Without a flavour one number alone could as well be Ubuntu's.
    let fits = numbers && flavour.map_or(build.contains('.'), |flavour| SUSE.contains(&flavour));
    let first = digits(build)?;
    let version = release.version();
    fits.then(|| Place::new(format!("{}-{first}", version.series()), format!("{version}-{build}")))
}

/// `-35-generic`, `-35`. The flavours whose ABI numbers are not the generic kernel's are left out.
fn ubuntu(release: &KernelRelease) -> Option<Place> {
    let behind = release.local().strip_prefix('-')?;
    let abi = digits(behind)?;
    let flavour = &behind[abi.len()..];
    let generic = flavour.is_empty() || flavour.starts_with("-generic") || flavour.starts_with("-lowlatency");
    let floor = abi.parse().ok().filter(|_| generic)?;
    Some(Place { floor: Some(floor), ..Place::new(with_version(release, "ubuntu"), abi) })
}

/// Nothing, or the `+` of a build from git, or `-arch1-1`.
fn vanilla(release: &KernelRelease) -> Option<Place> {
    let local = release.local();
    (matches!(local, "" | "+") || local.starts_with("-arch")).then(|| of_series(release))
}

fn of_series(release: &KernelRelease) -> Place {
    let version = release.version();
    Place::new(version.series().to_string(), version.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::version::KernelRelease;

    fn release(text: &str) -> KernelRelease {
        KernelRelease::parse(text).expect(text)
    }

    /// What `uname -r` prints, and whose kernel it is.
    #[test]
    fn running_kernels_are_recognised() {
        use Distribution::{Debian, Fedora, OpenEuler, Rhel, Sles, Ubuntu, Vanilla};
        for (text, expected) in [
            ("5.14.0-611.55.1.el9_7.x86_64", &[Rhel][..]),
            ("5.14.0-611.55.1.el9_7.x86_64+debug", &[Rhel]),
            ("5.14.0-611.55.1.el9_7.aarch64+64k", &[Rhel]),
            ("4.18.0-553.155.1.el8_10.x86_64", &[Rhel]),
            ("4.18.0-553.82.1.el8_lustre.x86_64", &[Rhel]),
            ("4.18.0-553.rt7.342.el8_10.x86_64", &[Rhel]),
            ("3.10.0-1160.119.1.el7.x86_64", &[Rhel]),
            ("4.14.0-115.2.2.el7a.ppc64le", &[Rhel]),
            ("2.6.32-754.35.1.el6.x86_64", &[Rhel]),
            ("5.15.0-300.163.18.6.el9uek.x86_64", &[]),
            ("6.12.1-1.el9.elrepo.x86_64", &[Vanilla]),
            ("6.8.0-35-generic", &[Ubuntu]),
            ("6.8.0-35-generic-64k", &[Ubuntu]),
            ("6.8.0-35-lowlatency", &[Ubuntu]),
            ("6.8.0-1012-aws", &[]),
            ("6.4.0-150600.23.78-default", &[Sles]),
            ("6.4.0-150600.8.17-azure", &[Sles]),
            ("4.12.14-120-default", &[Sles]),
            ("5.3.18-24.96", &[Sles]),
            ("6.12.117+deb12-amd64", &[Debian, Vanilla]),
            ("6.12.57+deb13-cloud-arm64", &[Debian, Vanilla]),
            ("6.1.0-28-amd64", &[Debian, Vanilla]),
            ("6.1.0-28-rt-amd64", &[Debian, Vanilla]),
            ("6.1.0-0.deb11.28-amd64", &[Debian, Vanilla]),
            ("6.19.14-108.fc42.x86_64", &[Fedora, Vanilla]),
            ("6.18.0-0.rc6.51.fc44.x86_64", &[Fedora, Vanilla]),
            ("5.10.0-60.94.0.118.oe2203.x86_64", &[OpenEuler]),
            ("6.12.58", &[Vanilla]),
            ("6.18.0-rc6+", &[Vanilla]),
            ("6.12.1-arch1-1", &[Vanilla]),
            ("6.8.12-4-pve", &[]),
            ("6.1.140-154.222.amzn2023.x86_64", &[]),
            ("6.6.87.2-microsoft-standard-WSL2", &[]),
            ("6.12.58-ourcluster", &[]),
        ] {
            assert_eq!(recognised(&release(text)), expected, "{text}");
        }
    }

    fn near(distribution: Distribution, listed: &str, label: &str, running: &str) -> Option<Near> {
        let listed = of_listed(distribution, &release(listed), label).expect(listed);
        of_running(&release(running)).iter().find_map(|identity| identity.near(&listed))
    }

    /// Listed, running, and how near: `=` the same, `~` the same line, `!` neither.
    #[test]
    fn updates_of_a_line_are_told_from_other_lines() {
        use Distribution::{Debian, Fedora, OpenEuler, Rhel, Sles, Ubuntu, Vanilla};
        for (distribution, listed, running) in [
            (
                Rhel,
                "5.14.0-611.13.1.el9 (RHEL9.7)",
                "= 5.14.0-611.13.1.el9_7 = 5.14.0-611.13.1.el9_7.x86_64+debug ~ 5.14.0-611.55.1.el9_7.x86_64 \
                 ~ 5.14.0-611.5.1.el9_7.x86_64 ~ 5.14.0-611.el9 ! 5.14.0-570.62.1.el9_6.x86_64 \
                 ! 5.14.0-611.13.1.el10.x86_64 ! 5.14.0-61.13.1.el9.x86_64 ! 5.14.0-611.13.1.el9uek.x86_64",
            ),
            (
                Rhel,
                "4.18.0-553.82.1.el8 (RHEL8.10)",
                "= 4.18.0-553.82.1.el8_lustre.x86_64 = 4.18.0-553.82.1.el8_10_lustre.x86_64 \
                 ~ 4.18.0-553.155.1.el8_10.x86_64 ~ 4.18.0-553.rt7.342.el8_10.x86_64",
            ),
            (
                Rhel,
                "4.14.0-115.2.2.el7a (RHEL7.6)",
                "= 4.14.0-115.2.2.el7a.ppc64le ! 4.14.0-115.2.2.el7.x86_64",
            ),
            (
                Ubuntu,
                "6.8.0-35 (Ubuntu 24.04)",
                "= 6.8.0-35-generic = 6.8.0-35-lowlatency = 6.8.0-35 ~ 6.8.0-101-generic \
                 ! 6.8.0-31-generic ! 6.8.0-1012-aws ! 6.8.1-40-generic ! 6.10.0-35-generic",
            ),
            (
                Sles,
                "6.4.0-150600.23.73 (SLES15 SP6)",
                "= 6.4.0-150600.23.73-default ~ 6.4.0-150600.23.78-default ~ 6.4.0-150600.23.7 \
                 ! 6.4.0-150700.53.22-default ! 6.4.0-35-generic",
            ),
            (
                Sles,
                "4.12.14-122.91 (SLES12 SP5)",
                "= 4.12.14-122.91-default ~ 4.12.14-122.250-default ! 4.12.14-95.48-default",
            ),
            (Sles, "4.4.120-92.70 (SLES12 SP2)", "~ 4.4.121-92.80-default ! 4.4.180-94.97-default"),
            (
                Vanilla,
                "6.12.58 (vanilla kernel.org)",
                "= 6.12.58 ~ 6.12.117 ~ 6.12-rc3 ~ 6.12.117+deb12-amd64 ~ 6.12.58-200.fc42.x86_64 \
                 = 6.12.58-1.el9.elrepo.x86_64 ! 6.1.58 ! 6.12.0-55.43.1.el10_0.x86_64",
            ),
            (Vanilla, "6.1.36 (ZFS + ldiskfs)", "~ 6.1.0-28-amd64 ! 6.12.0-28-amd64"),
            (Debian, "6.12.57 (Debian 13)", "~ 6.12.117+deb13-amd64 ! 6.12.57"),
            (Debian, "6.1.0-28-amd64 (Debian 12)", "= 6.1.0-28-amd64 ~ 6.1.0-31-amd64"),
            (
                Fedora,
                "6.19.14-108.fc42 (Fedora 42)",
                "= 6.19.14-108.fc42.x86_64 ~ 6.19.20-200.fc42.x86_64 ! 6.19.14-108.fc43.x86_64 ! 6.19.14",
            ),
            (
                OpenEuler,
                "5.10.0-136.32.0.108.oe2203sp1 (openEuler 22.03 LTS SP1)",
                "= 5.10.0-136.32.0.108.oe2203sp1.x86_64 ~ 5.10.0-136.99.0.1.oe2203sp1.x86_64 \
                 ! 5.10.0-136.32.0.108.oe2203.x86_64",
            ),
            (
                OpenEuler,
                "5.10.0 (openEuler 22.03 LTS)",
                "~ 5.10.0-60.94.0.118.oe2203.x86_64 ! 5.10.0-1.oe2203sp1.x86_64",
            ),
        ] {
            let (kernel, label) = listed.trim_end_matches(')').split_once(" (").unwrap();
            let words: Vec<&str> = running.split_whitespace().collect();
            for pair in words.chunks(2) {
                let expected = match pair[0] {
                    "=" => Some(Near::Same),
                    "~" => Some(Near::Line),
                    _ => None,
                };
                assert_eq!(near(distribution, kernel, label, pair[1]), expected, "{listed}: {}", pair[1]);
            }
        }
    }

    /// The examples in the module's table for people.
    #[test]
    fn the_documented_examples_hold() {
        let table = include_str!("mod.rs");
        let names = [
            ("RHEL", Distribution::Rhel),
            ("SLES", Distribution::Sles),
            ("Ubuntu", Distribution::Ubuntu),
            ("Debian", Distribution::Vanilla),
            ("Fedora", Distribution::Fedora),
            ("openEuler", Distribution::OpenEuler),
            ("kernel.org", Distribution::Vanilla),
        ];
        let rows: Vec<Vec<&str>> = table
            .lines()
            .filter_map(|line| line.strip_prefix("//! | "))
            .map(|row| row.split(" | ").map(|cell| cell.trim_matches([' ', '|', '`'])).collect())
            .skip(2)
            .collect();
        assert_eq!(rows.len(), names.len());
        for (row, (name, distribution)) in rows.iter().zip(names) {
            assert!(row[0].starts_with(name), "{row:?}");
            assert_eq!(near(distribution, row[3], "", row[4]), Some(Near::Line), "{row:?}");
        }
    }
}
