// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a distribution's own macros say, as far as spec files go by it.

use crate::model::{Class, Failure, Problem};

/// What a package of modules needs to be built. Spec files take it for granted.
const FOR_MODULES: &str = "kernel_module_package_buildreqs";

/// The macros of the distribution that a package is for.
#[derive(Debug)]
pub(super) struct Dist {
    tag: String,
    macros: Vec<(String, String)>,
}

impl Dist {
    /// The distribution of that name: `el9`, `fc42`, `sles15sp6`. Of another one, nothing is known but
    /// the name; without one, the package is for none in particular, as `make srpm` of Lustre has it.
    ///
    /// # Errors
    /// RPM cannot spell it.
    pub(super) fn new(name: Option<&str>) -> Result<Self, Failure> {
        if let Some(name) = name.filter(|name| name.contains('-')) {
            let problem = Problem::new(format!("RPM cannot spell the distribution `{name}`"))
                .note("it becomes a part of `Release`, where `-` cannot stand")
                .help("give it as its packages have it: `el9`, `fc42`");
            return Err(Failure::new(Class::Usage, problem));
        }
        let tag = name.map(|name| format!(".{name}")).unwrap_or_default();
        let mut macros = vec![("dist".to_owned(), or_nil(&tag))];
        let mut define = |name: &str, value: String| macros.push((name.to_owned(), value));
        let name = name.unwrap_or_default();
        if let Some(number) = number(name, "el") {
            define("rhel", number.to_string());
            define(name, "1".to_owned());
            define("_vendor", "redhat".to_owned());
            define(FOR_MODULES, "kernel-rpm-macros".to_owned());
        } else if let Some(number) = number(name, "fc") {
            define("fedora", number.to_string());
            define(name, "1".to_owned());
            define("_vendor", "redhat".to_owned());
            define(FOR_MODULES, "kernel-rpm-macros".to_owned());
        } else if let Some((version, pack)) = suse(name) {
            // As the distribution's own macros have it; of 12 and 11 it is not the product's version.
            let number = match version {
                11 => 1110,
                12 => 1315,
                later => later * 100,
            };
            define("suse_version", number.to_string());
            if version > 11 {
                define("sle_version", (version * 10_000 + pack * 100).to_string());
            }
            define("_vendor", "suse".to_owned());
            define(FOR_MODULES, "kernel-syms".to_owned());
        } else {
            define("_vendor", "pc".to_owned());
            define(FOR_MODULES, "kernel-devel".to_owned());
        }
        Ok(Self { tag, macros })
    }

    /// What `%{?dist}` becomes: `.el9`, or nothing.
    pub(super) fn tag(&self) -> &str {
        &self.tag
    }

    /// The macros by name.
    pub(super) fn macros(&self) -> impl Iterator<Item = (&str, &str)> {
        self.macros.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn or_nil(text: &str) -> String {
    if text.is_empty() { "%{nil}".to_owned() } else { text.to_owned() }
}

fn number(name: &str, before: &str) -> Option<u32> {
    name.strip_prefix(before)?.parse().ok()
}

/// `sles15sp6`, `sle15`: the version and the service pack.
fn suse(name: &str) -> Option<(u32, u32)> {
    let rest = name.strip_prefix("sles").or_else(|| name.strip_prefix("sle"))?;
    let (version, pack) = rest.split_once("sp").unwrap_or((rest, "0"));
    let version = version.parse().ok().filter(|version| (11..100).contains(version))?;
    Some((version, pack.parse().ok().filter(|pack| *pack < 100)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributions_have_their_macros() {
        let macros = |name: Option<&str>| {
            let dist = Dist::new(name).unwrap();
            let words: Vec<String> = dist
                .macros()
                .skip(1)
                .filter(|(name, _)| *name != FOR_MODULES)
                .map(|(name, value)| format!("{name} {value}"))
                .collect();
            format!("{} {}", dist.tag(), words.join(", "))
        };
        assert_eq!(macros(None), " _vendor pc");
        assert_eq!(macros(Some("el9")), ".el9 rhel 9, el9 1, _vendor redhat");
        assert_eq!(macros(Some("fc42")), ".fc42 fedora 42, fc42 1, _vendor redhat");
        assert_eq!(
            macros(Some("sles15sp6")),
            ".sles15sp6 suse_version 1500, sle_version 150600, _vendor suse"
        );
        assert_eq!(macros(Some("sle15")), ".sle15 suse_version 1500, sle_version 150000, _vendor suse");
        assert_eq!(
            macros(Some("sles12sp5")),
            ".sles12sp5 suse_version 1315, sle_version 120500, _vendor suse"
        );
        assert_eq!(macros(Some("sles11sp4")), ".sles11sp4 suse_version 1110, _vendor suse");
        assert_eq!(macros(Some("elx")), ".elx _vendor pc");
        assert!(Dist::new(Some("el-9")).is_err());
    }
}
