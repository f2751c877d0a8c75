// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! One thing wrong with an input, as data. `cli` draws it; nothing here prints.

use std::ops::Range;
use std::sync::Arc;

/// A text that the user wrote, kept so that problems can quote it.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceText {
    /// The file's name as the user gave it.
    pub name: String,
    /// The whole text.
    pub text: String,
}

impl SourceText {
    /// The bytes of a line, counted from 1, without its newline; the end of the text where it has
    /// fewer lines.
    #[must_use]
    pub fn line(&self, line: usize) -> Range<usize> {
        let start: usize = self.text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let end = self.text[start..].find('\n').map_or(self.text.len(), |length| start + length);
        start..end
    }
}

/// A range of bytes in a [`SourceText`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The text that the range is in.
    pub source: Arc<SourceText>,
    /// Byte offsets, `start..end`.
    pub span: Range<usize>,
}

impl Place {
    /// The line and column of the first byte, both counted from 1; the column counts characters.
    #[must_use]
    pub fn line_column(&self) -> (usize, usize) {
        let text = &self.source.text;
        let mut at = self.span.start.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let before = &text[..at];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        (line, before[line_start..].chars().count() + 1)
    }
}

/// One thing wrong: what, where, what was expected and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, naming the item; one line, no full stop.
    pub title: String,
    /// Where it was written, if it was written in a file that we can quote.
    pub place: Option<Place>,
    /// What stands under the caret.
    pub label: String,
    /// Facts that help to see why: both sides of a disagreement, ids, paths; one line each.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    /// A problem that has no place in a file, or does not have it yet.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), place: None, label: String::new(), notes: Vec::new(), help: None }
    }

    /// Says where it was written and what stands under the caret there.
    #[must_use]
    pub fn at(mut self, source: &Arc<SourceText>, span: Range<usize>, label: impl Into<String>) -> Self {
        self.place = Some(Place { source: Arc::clone(source), span });
        self.label = label.into();
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
