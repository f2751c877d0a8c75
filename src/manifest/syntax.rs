// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Errors of the TOML itself, and what may still be believed of a file that has them.

mod brackets;

use std::ops::Range;
use std::sync::Arc;

use toml::de::Error;

use crate::model::{Problem, SourceText};
use brackets::first_unclosed;

/// The parts of a file that did not read: the lines of each syntax error, and from a bracket that
/// is never closed everything that it swallowed. In the order of the file.
#[derive(Default)]
pub(in crate::manifest) struct Torn(Vec<Range<usize>>);

impl Torn {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any of `span` did not read.
    pub fn touches(&self, span: &Range<usize>) -> bool {
        let next = self.0.partition_point(|torn| torn.end <= span.start);
        self.0.get(next).is_some_and(|torn| torn.start < span.end.max(span.start + 1))
    }
}

/// The parser's errors as problems, without those that only follow from an earlier one.
pub(super) fn problems(text: &Arc<SourceText>, errors: Vec<Error>) -> (Torn, Vec<Problem>) {
    let mut errors: Vec<(Range<usize>, String)> =
        errors.into_iter().map(|error| (error.span().unwrap_or(0..0), error.message().to_owned())).collect();
    errors.sort_by_key(|(span, _)| span.start);
    let is_unclosed = |message: &str| {
        message.starts_with("unclosed array,") || message.starts_with("unclosed inline table,")
    };
    let open =
        errors.iter().any(|(_, message)| is_unclosed(message)).then(|| first_unclosed(&text.text)).flatten();

    let mut problems = Vec::new();
    let mut torn = Vec::new();
    let mut doubled = 0..0;
    let mut lost = 0..0;
    for (span, message) in errors {
        if message == DUPLICATE {
            if doubled.contains(&span.start) {
                continue;
            }
            doubled = doubled_table(&text.text, &span);
        }
        if let Some(open) = open.filter(|&open| open <= span.start) {
            // What follows is read as if it stood in the bracket, and hardly a line of it fits.
            let problem = Problem::new("a bracket is opened here and never closed")
                .at(text, open..open + 1, "opened here")
                .note(format!(
                    "reading stopped making sense on line {}: {message}",
                    line(&text.text, span.start)
                ));
            problems.push(problem);
            torn.push(line_start(&text.text, open)..text.text.len());
            break;
        }
        let lines = line_start(&text.text, span.start)..line_end(&text.text, span.end);
        if lost.contains(&span.start) {
            continue;
        }
        if message != DUPLICATE && !message.starts_with(UNQUOTED) {
            // The parser guesses where it is, mostly wrongly, until the line is over.
            lost = lines.clone();
        }
        torn.push(lines);
        problems.push(problem(text, span, &message));
    }
    (Torn(torn), problems)
}

fn problem(text: &Arc<SourceText>, span: Range<usize>, message: &str) -> Problem {
    let (title, expected) = match message.split_once(", expected ") {
        Some((title, expected)) => (title, format!("expected {expected}")),
        None => (message, String::new()),
    };
    let problem = Problem::new(format!("not TOML: {title}")).at(text, span, expected);
    match title {
        UNQUOTED => problem.help("put the value in quotes: `\"...\"`"),
        DUPLICATE => {
            problem.help("a table has each key once; only tables written `[[...]]` come several times")
        }
        _ => problem,
    }
}

/// The parser's words for a value that is a bare word.
const UNQUOTED: &str = "string values must be quoted";

/// The parser's words for a key, or the last name of a header, that was there before.
const DUPLICATE: &str = "duplicate key";

/// What stands below a header that was there before: its keys were probably there as well.
fn doubled_table(text: &str, header: &Range<usize>) -> Range<usize> {
    let is_header = text.as_bytes().get(line_start(text, header.start)) == Some(&b'[');
    let next = |body: usize| text.get(body..)?.find("\n[").map(|at| body + at + 1);
    if is_header { header.end..next(header.end).unwrap_or(text.len()) } else { 0..0 }
}

// The parser's spans may end within a character, which bytes do not mind.

fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|&byte| byte == b'\n').count() + 1
}

fn line_start(text: &str, at: usize) -> usize {
    let before = &text.as_bytes()[..at.min(text.len())];
    before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    let behind = &text.as_bytes()[at.min(text.len())..];
    behind.iter().position(|&byte| byte == b'\n').map_or(text.len(), |newline| at + newline + 1)
}
