// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What was checked, and what came out.

use serde::Serialize;

use crate::model::version::LustreVersion;
use crate::model::{Class, CommitId, Failure, Problem};

/// Every check of a tag.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The tag.
    pub tag: String,
    /// The version that it names.
    pub version: LustreVersion,
    /// Its commit.
    pub commit: CommitId,
    /// Where it was read.
    pub source: String,
    /// The manifest.
    pub manifest: String,
    /// The checks, in the order of the table in the module above.
    pub checks: Vec<Check>,
}

/// One check, with the two sides of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What is checked, in a word or two.
    pub name: String,
    /// What came out.
    pub state: State,
    /// The one side: what was expected.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub expected: String,
    /// The other side: what was found, or why there is nothing to check.
    pub found: String,
    /// Files, where they are what disagrees.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// What to do about a disagreement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// What came out of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Both sides agree.
    Ok,
    /// They do not.
    Problem,
    /// One side is not there.
    NotApplicable,
}

impl State {
    /// The words for it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Problem => "problem",
            Self::NotApplicable => "not applicable",
        }
    }
}

impl Check {
    pub(super) fn ok(name: &str, expected: impl Into<String>, found: impl Into<String>) -> Self {
        let (expected, found) = (expected.into(), found.into());
        Self { name: name.to_owned(), state: State::Ok, expected, found, files: Vec::new(), help: None }
    }

    pub(super) fn problem(
        name: &str,
        expected: impl Into<String>,
        found: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { state: State::Problem, help: Some(help.into()), ..Self::ok(name, expected, found) }
    }

    pub(super) fn not_applicable(name: &str, why: impl Into<String>) -> Self {
        Self { state: State::NotApplicable, ..Self::ok(name, "", why) }
    }
}

impl Report {
    /// Whether nothing disagrees.
    ///
    /// # Errors
    /// A problem per check whose sides do not agree, with both.
    pub fn verdict(&self) -> Result<(), Failure> {
        let problems: Vec<Problem> = self
            .checks
            .iter()
            .filter(|check| check.state == State::Problem)
            .map(|check| {
                let problem = Problem::new(format!("`{}` is not ready: {} disagrees", self.tag, check.name))
                    .note(format!("expected  {}", check.expected))
                    .note(format!("found     {}", check.found));
                let mut problem =
                    check.files.iter().fold(problem, |problem, file| problem.note(file.as_str()));
                problem.help.clone_from(&check.help);
                problem
            })
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(Failure { class: Class::Verification, problems }) }
    }
}
