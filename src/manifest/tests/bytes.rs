// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Whatever the bytes are, the reader answers, and its answer can be drawn.

use super::{SAMPLE, read_text};
use crate::cli::report::{Style, render};

fn answers(text: &str) {
    let Err(problems) = read_text(text) else { return };
    assert!(!problems.is_empty(), "refused without a reason:\n{text}");
    let starts: Vec<usize> = problems
        .iter()
        .map(|problem| problem.place.as_ref().expect("every problem has a place").span.start)
        .collect();
    assert!(starts.is_sorted() && starts.iter().all(|&start| start <= text.len()), "{starts:?}:\n{text}");
    for style in [Style::Plain, Style::Colour] {
        assert_eq!(render(&problems, style).matches("error").count().min(1), 1);
    }
}

/// Knuth's MMIX generator: the same edits on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits fit") % end
    }
}

#[test]
fn edited_at_random() {
    const INSERTS: &[u8] = b"[]{}=\"'\\.,#\n\r\t *-0aZ\0\x7f\xc3\xff";
    let mut random = Random(42);
    for _ in 0..1500 {
        let mut bytes = SAMPLE.as_bytes().to_vec();
        for _ in 0..=random.below(8) {
            let at = random.below(bytes.len());
            match random.below(3) {
                0 => drop(bytes.remove(at)),
                1 => bytes.insert(at, INSERTS[random.below(INSERTS.len())]),
                _ => bytes[at] = INSERTS[random.below(INSERTS.len())],
            }
        }
        answers(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn cut_off_anywhere() {
    for end in 0..SAMPLE.len() {
        answers(&SAMPLE[..end]);
    }
}

#[test]
fn nothing_but_brackets() {
    for text in [
        "",
        "\u{feff}",
        "[",
        "[[",
        "[]",
        "[[]]",
        "{",
        "=",
        "\"",
        "\"\"\"",
        "a={",
        "a=[",
        "a.b",
        "[a",
        "'''\n'''=1",
    ] {
        answers(text);
    }
    answers(&"a=[".repeat(500));
    answers(&format!("a = {}", "[".repeat(500)));
    answers(&format!("a = {}", "{b = ".repeat(500)));
    answers(&format!("[{}]", vec!["a"; 500].join(".")));
}

#[test]
fn ten_thousand_problems_are_all_told() {
    let lines: String = (0..10_000).map(|nth| format!("odd-{nth} = 1\n")).collect();
    let problems = read_text(&format!("{SAMPLE}{lines}")).unwrap_err();
    assert_eq!(problems.len(), 10_000);
    let report = render(&problems, Style::Plain);
    assert_eq!(report.matches("error: unknown key `odd-").count(), 10_000);
}
