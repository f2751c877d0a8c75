// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a user asks a repository for.

use std::fmt;
use std::str::FromStr;

use super::Entry;
use crate::kernel::Side;
use crate::model::version::{KernelRelease, LustreVersion, ReleaseVersion, Requirement, VersionError};

/// One word for a release.
///
/// | word | releases |
/// | --- | --- |
/// | `latest` | all |
/// | `lts-6.12`, `mainline` | those of the line |
/// | `2.17.0`, `v2_17_0` | that version; where there is none of just that text, those of that base |
/// | `2.18.0+k6.12.58.r1` | that version |
/// | `lustre-2.17.0` | that release |
/// | `^2.17`, `~2.15.7`, `>=2.15, <2.17`, `2.15` | those whose base a [`Requirement`] allows |
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Spec {
    /// Every release.
    #[default]
    Latest,
    /// The releases of a line.
    Line(String),
    /// A version. Without build metadata it may stand for the releases of that base too.
    Version(ReleaseVersion),
    /// A release by its title, `NAME-VERSION`.
    Title(String),
    /// The releases whose base fits.
    Requirement(Requirement),
}

/// A text that is no [`Spec`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecError {
    text: String,
    /// What was wrong with it as the kind that it looks like.
    why: Option<VersionError>,
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Some(why) => why.fmt(f),
            None => write!(
                f,
                "`{}` names no release: expected a version (`2.17.0`), a requirement (`^2.17`), a line \
                 (`lts-6.12`) or `latest`",
                self.text.escape_debug()
            ),
        }
    }
}

impl std::error::Error for SpecError {}

impl FromStr for Spec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        let text = text.trim();
        let fault = |why| SpecError { text: text.to_owned(), why };
        if text == "latest" {
            return Ok(Self::Latest);
        }
        if let Ok(version) = ReleaseVersion::parse(text) {
            return Ok(Self::Version(version));
        }
        if let Some(version) = LustreVersion::from_tag(text) {
            return Ok(Self::Version(version.into()));
        }
        let Some(first) = text.chars().next() else { return Err(fault(None)) };
        if !first.is_ascii_alphabetic() {
            // What looks like a full version is told what is wrong with it as one.
            let requirement = Requirement::parse(text).map(Self::Requirement);
            return requirement.map_err(|why| {
                let is_full = first.is_ascii_digit() && text.contains('+');
                fault(if is_full { ReleaseVersion::parse(text).err() } else { Some(why) })
            });
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '+' | '_' | '~');
        if !text.chars().all(is_plain) {
            return Err(fault(None));
        }
        let is_title = text.match_indices('-').any(|(at, _)| ReleaseVersion::parse(&text[at + 1..]).is_ok());
        Ok(if is_title { Self::Title(text.to_owned()) } else { Self::Line(text.to_owned()) })
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.pad("latest"),
            Self::Line(text) | Self::Title(text) => f.pad(text),
            Self::Version(version) => version.fmt(f),
            Self::Requirement(requirement) => requirement.fmt(f),
        }
    }
}

impl Spec {
    /// Whether it speaks of a release. A bare version speaks of every release of its base.
    #[must_use]
    pub fn fits(&self, entry: &Entry) -> bool {
        match self {
            Self::Latest => true,
            Self::Line(line) => entry.line.as_ref() == Some(line),
            Self::Title(title) => entry.title() == *title,
            Self::Version(version) if self.is_base() => entry.version.base == version.base,
            Self::Version(version) => entry.version == *version,
            Self::Requirement(requirement) => requirement.allows(&entry.version.base),
        }
    }

    /// Whether it is a version without build metadata.
    pub(super) fn is_base(&self) -> bool {
        matches!(self, Self::Version(version) if *version == ReleaseVersion::from(version.base))
    }
}

/// What a user asks for, and what he puts up with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Which releases.
    pub spec: Spec,
    /// The kernel that it is to run on.
    pub kernel: Option<KernelRelease>,
    /// What is to run on that kernel.
    pub side: Side,
    /// The name of what is released, where a repository has several.
    pub name: Option<String>,
    /// That candidates and snapshots will do: `--pre`.
    pub preview: bool,
    /// That a retracted release will do: `--fetch-retracted`.
    pub retracted: bool,
    /// That a release of a line past its end will do: `--fetch-past-end-of-life`.
    pub past_end: bool,
}

impl Wish {
    /// The flag behind [`Wish::preview`].
    pub const PREVIEW: &str = "--pre";
    /// The flag behind [`Wish::retracted`].
    pub const RETRACTED: &str = "--fetch-retracted";
    /// The flag behind [`Wish::past_end`].
    pub const PAST_END: &str = "--fetch-past-end-of-life";
}

impl Default for Wish {
    /// The latest that a client can use.
    fn default() -> Self {
        Self {
            spec: Spec::Latest,
            kernel: None,
            side: Side::Client,
            name: None,
            preview: false,
            retracted: false,
            past_end: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_known() {
        for (text, kind) in [
            ("latest", "Latest"),
            ("lts-6.12", "Line"),
            ("mainline", "Line"),
            ("2.17.0", "Version"),
            ("v2_17_0", "Version"),
            ("2.17.0-RC4", "Version"),
            ("2.8.59.0", "Version"),
            ("2.18.0+k6.12.58.r1.acme.2", "Version"),
            ("lustre-2.17.0", "Title"),
            ("lustre-demo-2.18.0+k6.12.58", "Title"),
            ("^2.17", "Requirement"),
            ("~2.15.7", "Requirement"),
            ("2.15", "Requirement"),
            (" >=2.15, <2.17 ", "Requirement"),
            ("*", "Requirement"),
        ] {
            let spec: Spec = text.parse().unwrap();
            let found = match spec {
                Spec::Latest => "Latest",
                Spec::Line(_) => "Line",
                Spec::Version(_) => "Version",
                Spec::Title(_) => "Title",
                Spec::Requirement(_) => "Requirement",
            };
            assert_eq!(found, kind, "{text}");
        }
        assert_eq!("v2_17_0-RC4".parse::<Spec>().unwrap().to_string(), "2.17.0-RC4");
        assert_eq!(" ~2.15 ".parse::<Spec>().unwrap().to_string(), "~2.15");
    }

    #[test]
    fn other_texts_are_told_what_is_expected() {
        let told = |text: &str| text.parse::<Spec>().unwrap_err().to_string();
        assert_eq!(
            told(""),
            "`` names no release: expected a version (`2.17.0`), a requirement (`^2.17`), a line \
             (`lts-6.12`) or `latest`"
        );
        assert!(told("lts 6.12").starts_with("`lts 6.12` names no release"));
        assert!(told("a\x1b[2J/..").starts_with("`a\\u{1b}[2J/..` names no release"));
        assert!(told("2.18.0+r2.k6.12").starts_with(
            "`2.18.0+r2.k6.12` is not a release version: expected a vendor's name of `a-z` and `0-9`"
        ));
        assert!(told("^2.x").starts_with("`^2.x` is not a release requirement"));
    }
}
