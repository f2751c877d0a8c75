// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A walk over toml's spanned tables that knows where everything was written and keeps every
//! problem.
//!
//! [`Node::check`] holds a table and all below it against the grammar, once. After that the
//! accessors hand out the values that have the right shape and stay silent about the others,
//! which have been reported.

mod keys;
mod near;
mod node;
mod values;

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use super::At;
use super::grammar::Field;
use super::syntax::Torn;
use crate::model::version::VersionError;
use crate::model::{Problem, SourceText};

pub(super) use near::{nearest, shown};
pub(super) use node::{Element, Node};
use values::not_what;

/// The file that is walked, and what was found wrong with it so far.
pub(super) struct Walk {
    text: Arc<SourceText>,
    /// Where the TOML itself is broken; what is said about those places is not to be believed.
    torn: Torn,
    newlines: Vec<usize>,
    problems: RefCell<Vec<Problem>>,
    #[cfg(test)]
    asked: RefCell<std::collections::BTreeSet<(&'static str, String)>>,
}

impl Walk {
    pub fn new(text: Arc<SourceText>, torn: Torn) -> Self {
        let newlines = text.text.match_indices('\n').map(|(at, _)| at).collect();
        Self {
            text,
            torn,
            newlines,
            problems: RefCell::default(),
            #[cfg(test)]
            asked: RefCell::default(),
        }
    }

    /// Keeps a problem with what stands at `span`.
    pub fn report(&self, span: &Range<usize>, label: impl Into<String>, problem: Problem) {
        if !self.torn.touches(span) {
            self.problems.borrow_mut().push(problem.at(&self.text, span.clone(), label));
        }
    }

    /// Keeps a problem with what is not there; in a torn file it may just have got lost.
    pub fn report_absent(&self, span: &Range<usize>, label: impl Into<String>, problem: Problem) {
        if self.torn.is_empty() {
            self.report(span, label, problem);
        }
    }

    /// The line of a byte, counted from 1.
    pub fn line(&self, at: usize) -> usize {
        self.newlines.partition_point(|&newline| newline < at) + 1
    }

    /// What a string means; `parse` says why it means nothing.
    pub fn meaning<T, F: Into<Fault>>(
        &self,
        field: &Field,
        text: At<&str>,
        parse: impl Fn(&str) -> Result<T, F>,
    ) -> Option<At<T>> {
        match parse(text.value) {
            Ok(value) => Some(At { value, span: text.span }),
            Err(fault) => {
                let fault = fault.into();
                let span = fault.at.and_then(|at| self.inside(&text, at)).unwrap_or(text.span);
                self.report(&span, fault.label, not_what(field, text.value));
                None
            }
        }
    }

    /// From the byte `at` of a string to its end, where the string stands in the file as it is.
    fn inside(&self, text: &At<&str>, at: usize) -> Option<Range<usize>> {
        let (open, close) = (text.span.start + 1, text.span.end - 1);
        let plain = self.text.text.get(open..close) == Some(text.value);
        // The end of a string is its closing quote.
        plain.then(|| open + at..close.max(open + at + 1))
    }

    /// The keys that a reader has asked for, with their tables.
    #[cfg(test)]
    pub fn asked(&self) -> std::collections::BTreeSet<(&'static str, String)> {
        self.asked.borrow().clone()
    }

    pub fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }
}

/// Why a string means nothing.
pub(super) struct Fault {
    /// What stands under the caret.
    pub label: String,
    /// The byte of the string that the caret points to; none for the whole of it.
    pub at: Option<usize>,
}

impl From<String> for Fault {
    fn from(label: String) -> Self {
        Self { label, at: None }
    }
}

impl From<&str> for Fault {
    fn from(label: &str) -> Self {
        label.to_owned().into()
    }
}

impl From<VersionError> for Fault {
    fn from(error: VersionError) -> Self {
        Self { label: format!("expected {}", error.expected()), at: Some(error.position()) }
    }
}
