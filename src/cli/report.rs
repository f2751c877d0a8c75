// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Problems as a reader sees them: the line, the caret, the facts and the fix, in rustc's layout.

use std::collections::HashMap;
use std::ops::Range;

use annotate_snippets::{
    AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str,
};
use anstream::adapter::strip_str;

use crate::model::{Place, Problem, SourceText};

/// The longest line that is quoted. Nobody wrote a longer one by hand, or finds a caret in it.
const LONGEST_LINE: usize = 4096;

/// How a report is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Text alone.
    Plain,
    /// With ANSI colours.
    Colour,
}

/// Draws every problem, with a blank line between two. Ends with a newline unless there is none.
#[must_use]
pub fn render(problems: &[Problem], style: Style) -> String {
    draw(problems, &Level::ERROR, style)
}

/// The same for what the work goes on in spite of.
#[must_use]
pub fn render_warnings(problems: &[Problem], style: Style) -> String {
    draw(problems, &Level::WARNING, style)
}

fn draw<'p>(problems: &'p [Problem], level: &Level<'p>, style: Style) -> String {
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Colour => Renderer::styled(),
    };
    let mut texts = Texts::default();
    let mut report = String::new();
    for problem in problems {
        if !report.is_empty() {
            report.push('\n');
        }
        push_drawn(&mut report, &renderer.render(&[group(problem, level, &mut texts)]));
    }
    report
}

/// Leaves out the bar with nothing beside it that the crate draws above the facts.
fn push_drawn(report: &mut String, drawn: &str) {
    let mut lines = drawn.lines().peekable();
    while let Some(line) = lines.next() {
        let is_bar = strip_str(line).to_string().trim() == "|";
        let above_facts =
            lines.peek().is_some_and(|next| strip_str(next).to_string().trim_start().starts_with("= "));
        if !(is_bar && above_facts) {
            report.push_str(line);
            report.push('\n');
        }
    }
}

fn group<'p>(problem: &'p Problem, level: &Level<'p>, texts: &mut Texts<'p>) -> Group<'p> {
    let mut group = Group::with_title(level.clone().primary_title(safe(&problem.title)));
    if let Some(place) = &problem.place {
        group = group.elements(quote(place, &problem.label, &texts.line(place)));
    }
    let notes = problem.notes.iter().map(|note| Level::NOTE.message(safe(note)));
    let help = problem.help.iter().map(|help| Level::HELP.message(safe(help)));
    group.elements(notes.chain(help))
}

/// The crate draws titles and lines with control characters replaced, but not messages and labels; and
/// nowhere those from U+0080 on, which some terminals obey too.
fn safe(message: &str) -> String {
    let is_late = |c: char| matches!(c, '\u{80}'..='\u{9f}');
    normalize_untrusted_str(message).replace(is_late, "\u{fffd}")
}

fn quote<'p>(place: &'p Place, label: &str, line: &Line<'p>) -> Vec<Element<'p>> {
    let path = safe(&place.source.name);
    let label = (!label.is_empty()).then(|| safe(label));
    if line.text.len() > LONGEST_LINE {
        let column = line.text[..line.span.start].chars().count() + 1;
        let origin = Origin::path(path).line(line.number).char_column(column).into();
        let label = label.map(|label| Level::NOTE.message(label).into());
        return std::iter::once(origin).chain(label).collect();
    }
    let caret = AnnotationKind::Primary.span(line.span.clone()).label(label);
    vec![Snippet::source(line.text).path(path).line_start(line.number).annotation(caret).into()]
}

/// Where each line of the quoted texts begins.
///
/// A snippet is one line: given the whole text, the crate would split it into lines once for each
/// problem, and a span of many lines would be drawn in full.
#[derive(Default)]
struct Texts<'p>(HashMap<*const SourceText, (&'p str, Vec<usize>)>);

struct Line<'p> {
    text: &'p str,
    number: usize,
    /// What the caret covers, from the line's first byte on.
    span: Range<usize>,
}

impl<'p> Texts<'p> {
    fn line(&mut self, place: &'p Place) -> Line<'p> {
        let (text, starts) = self.0.entry(std::sync::Arc::as_ptr(&place.source)).or_insert_with(|| {
            let text = place.source.text.as_str();
            let starts = text.match_indices('\n').map(|(newline, _)| newline + 1);
            (text, std::iter::once(0).chain(starts).collect())
        });
        let number = starts.partition_point(|&start| start <= place.span.start);
        let start = starts[number - 1];
        let end = starts.get(number).map_or(text.len(), |next| next - 1);
        let line = &text[start..end];
        let line = line.strip_suffix('\r').unwrap_or(line);
        let within = |at: usize| {
            let mut at = at.saturating_sub(start).min(line.len());
            while !line.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        Line { text: line, number, span: within(place.span.start)..within(place.span.end) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use insta::assert_snapshot;

    use super::*;

    fn problem(text: &str, span: Range<usize>, label: &str) -> Problem {
        let source = Arc::new(SourceText { name: "lts-6.12.toml".into(), text: text.into() });
        Problem::new("tag `v6.12.41` moved since it was locked").at(&source, span, label)
    }

    fn plain(problems: &[Problem]) -> String {
        render(problems, Style::Plain)
    }

    #[test]
    fn a_problem_has_a_line_facts_and_a_fix() {
        let text = format!("{}tag = \"v6.12.41\"\n", "\n".repeat(13));
        let moved = problem(&text, 19..29, "it was another object")
            .note("locked  tag 3f2a91c0  commit 9c1d44e7  2026-08-02")
            .note("found   tag 77be0012  commit 0e44d1aa")
            .help("if this is intended, run `lustre-dist lock lts-6.12.toml --update linux`");
        let placeless = Problem::new("nothing is locked").note("looked here").help("run `lustre-dist lock`");
        assert_snapshot!(plain(&[moved, placeless, Problem::new("no more")]), @r#"
        error: tag `v6.12.41` moved since it was locked
          --> lts-6.12.toml:14:7
           |
        14 | tag = "v6.12.41"
           |       ^^^^^^^^^^ it was another object
           = note: locked  tag 3f2a91c0  commit 9c1d44e7  2026-08-02
           = note: found   tag 77be0012  commit 0e44d1aa
           = help: if this is intended, run `lustre-dist lock lts-6.12.toml --update linux`

        error: nothing is locked
         = note: looked here
         = help: run `lustre-dist lock`

        error: no more
        "#);
    }

    #[test]
    fn one_line_is_quoted_whatever_the_span() {
        assert_snapshot!(plain(&[problem("a = [\r\n  1,\r\n]\r\n", 4..16, "these")]), @"
        error: tag `v6.12.41` moved since it was locked
         --> lts-6.12.toml:1:5
          |
        1 | a = [
          |     ^ these
        ");
        assert_snapshot!(plain(&[problem("a = 1\n", 6..6, "the end")]), @"
        error: tag `v6.12.41` moved since it was locked
         --> lts-6.12.toml:2:1
          |
        2 |
          | ^ the end
        ");
        assert_snapshot!(plain(&[problem("\tname = \"é\" # ü\n", 9..12, "")]), @r#"
        error: tag `v6.12.41` moved since it was locked
         --> lts-6.12.toml:1:10
          |
        1 |     name = "é" # ü
          |             ^^
        "#);
        assert_snapshot!(plain(&[problem("é", 1..90, "within a character")]), @"
        error: tag `v6.12.41` moved since it was locked
         --> lts-6.12.toml:1:1
          |
        1 | é
          | ^ within a character
        ");
    }

    #[test]
    fn endless_lines_are_not_quoted() {
        let text = format!("a = 1\nb = \"{}\"", "x".repeat(LONGEST_LINE));
        assert_snapshot!(plain(&[problem(&text, 10..20, "too long").note("a fact")]), @"
        error: tag `v6.12.41` moved since it was locked
        --> lts-6.12.toml:2:5
         = note: too long
         = note: a fact
        ");
    }

    #[test]
    fn control_characters_are_not_passed_on() {
        let problem = problem("a = \"\u{1b}[2J\"", 4..10, "\u{1b}[2J").note("\u{1b}[2J").help("\u{1b}[2J");
        assert!(!plain(&[problem]).contains('\u{1b}'));
        let text = "\u{9b}2J\u{85}";
        let drawn = plain(&[Problem::new(text).note(text).help(text)]);
        assert!(!drawn.chars().any(|c| c.is_control() && c != '\n'), "{drawn:?}");
    }

    #[test]
    fn colours_change_nothing_else() {
        let problems = [problem("a = 1", 4..5, "one").note("a fact"), Problem::new("no more").help("a fix")];
        let coloured = render(&problems, Style::Colour);
        assert_ne!(coloured, plain(&problems));
        assert_eq!(strip_str(&coloured).to_string(), plain(&problems));
    }
}
