// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What verification finds, as data: steps, each with its outcome, and findings, each in its place.

use serde::{Serialize, Serializer};

use crate::model::Problem;

/// One step of a verification, in the order in which a reader wants to hear of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Every file beside the tarball is there with its digest, and nothing else is.
    Files,
    /// Every encoding holds the same tar, and that is our dialect.
    Tar,
    /// The manifest, lock, patches and templates that the tarball carries agree with one another.
    Carried,
    /// The sources hold what the lock pins.
    Sources,
    /// Every member is what the manifest and the sources say.
    Members,
    /// The tables of origins say where each member comes from.
    Origins,
    /// The release's description says what the tarball holds.
    Description,
    /// The statement of provenance says how it was made.
    Provenance,
    /// Signatures by the keys that the user trusts.
    Signatures,
    /// Records and signatures that this command does not check.
    Others,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 10] = [
        Self::Files,
        Self::Tar,
        Self::Carried,
        Self::Sources,
        Self::Members,
        Self::Origins,
        Self::Description,
        Self::Provenance,
        Self::Signatures,
        Self::Others,
    ];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Tar => "tar",
            Self::Carried => "manifest",
            Self::Sources => "sources",
            Self::Members => "members",
            Self::Origins => "origins",
            Self::Description => "description",
            Self::Provenance => "provenance",
            Self::Signatures => "signatures",
            Self::Others => "not checked",
        }
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Others => "others",
            step => step.word(),
        })
    }
}

/// One thing that is not as it should be, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The step that found it.
    pub step: Step,
    /// The file of the release that it is in.
    pub file: Option<String>,
    /// The member that it is in, by its path below the top directory.
    pub member: Option<String>,
    /// The first byte at fault: of the tar where there is a member, of the file otherwise.
    pub offset: Option<u64>,
    /// What it is.
    pub problem: Problem,
}

impl Finding {
    /// A finding without a place yet.
    #[must_use]
    pub fn new(step: Step, problem: Problem) -> Self {
        Self { step, file: None, member: None, offset: None, problem }
    }

    /// In that file of the release.
    #[must_use]
    pub fn file(mut self, name: impl Into<String>) -> Self {
        self.file = Some(name.into());
        self
    }

    /// In that member.
    #[must_use]
    pub fn member(mut self, path: impl Into<String>) -> Self {
        self.member = Some(path.into());
        self
    }

    /// At that byte.
    #[must_use]
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }
}

/// How a step ended that found nothing wrong. Its findings say how it failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "says")]
pub enum Outcome {
    /// It was checked; what was seen.
    Checked(String),
    /// Nothing was there to check it against; why.
    NotChecked(String),
}

/// What a verification says, a line each, and everything that it found wrong.
#[derive(Debug, Default)]
pub struct Findings {
    /// What is wrong, in the order of the steps once [`Findings::sort`] was called.
    pub all: Vec<Finding>,
    /// What each step saw.
    pub says: Vec<(Step, Outcome)>,
}

impl Findings {
    /// Adds a finding.
    pub fn push(&mut self, finding: Finding) {
        self.all.push(finding);
    }

    /// A step saw this.
    pub fn checked(&mut self, step: Step, says: impl Into<String>) {
        self.says.push((step, Outcome::Checked(says.into())));
    }

    /// A step could not check this.
    pub fn not_checked(&mut self, step: Step, why: impl Into<String>) {
        self.says.push((step, Outcome::NotChecked(why.into())));
    }

    /// Takes over what another part of the work found.
    pub fn extend(&mut self, other: Self) {
        self.all.extend(other.all);
        self.says.extend(other.says);
    }

    /// The order in which people read them: step by step, then as they stand in the tar.
    pub fn sort(&mut self) {
        self.all.sort_by_key(|finding| (finding.step, finding.offset.unwrap_or(0)));
        self.says.sort_by_key(|(step, _)| *step);
    }
}
