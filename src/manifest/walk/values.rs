// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A table's values against the grammar: types, bounds, words, empty and repeating arrays.

use std::collections::HashMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

use super::node::{array, number, text};
use super::{Node, nearest, shown};
use crate::manifest::grammar::{Field, Kind, Text, backticked};
use crate::model::Problem;

impl<'a> Node<'a> {
    pub(super) fn check_values(&self) {
        for (key, value) in self.table {
            if let Some(field) = self.grammar.field(key.get_ref()) {
                self.check_value(field, value);
            }
        }
    }

    fn check_value(&self, field: &'static Field, value: &'a Spanned<DeValue<'a>>) {
        match (&field.kind, value.get_ref()) {
            (Kind::Text(text), DeValue::String(_)) => self.check_text(field, text, value),
            (Kind::List(text), DeValue::Array(_)) => self.check_list(field, field.key, text, value),
            (Kind::Boolean, DeValue::Boolean(_)) => {}
            (&Kind::Integer { least, most }, DeValue::Integer(integer)) => {
                if !number(integer).is_some_and(|number| (least.into()..=most.into()).contains(&number)) {
                    let problem =
                        Problem::new(format!("`{}` is {integer}", field.key)).help(written_like(field));
                    self.walk.report(&value.span(), format!("expected {}", field.expected()), problem);
                }
            }
            (Kind::Table(_), DeValue::Table(_)) => self.table(field.key).iter().for_each(Node::check),
            (Kind::Tables(_) | Kind::TablesOrText(..), DeValue::Array(_)) => self.check_tables(field, value),
            (Kind::Named(_), DeValue::Table(_)) => {
                self.check_names(field, value, |name, value| match value.get_ref() {
                    DeValue::Table(_) => {}
                    _ => self.wrong_type(field, &shown(name), &field.expected(), value),
                });
                self.named(field.key).iter().for_each(Node::check);
            }
            (Kind::NamedLists(text, _), DeValue::Table(_)) => {
                self.check_names(field, value, |name, value| match value.get_ref() {
                    DeValue::Array(_) => self.check_list(field, name, text, value),
                    _ => self.wrong_type(field, &shown(name), "an array of strings", value),
                });
            }
            _ => self.wrong_type(field, &format!("`{}`", field.key), &field.expected(), value),
        }
    }

    fn check_text(&self, field: &Field, kind: &Text, value: &'a Spanned<DeValue<'a>>) {
        let Some(text) = text(value) else {
            let problem = Problem::new(format!("`{}` is blank", field.key)).help(written_like(field));
            return self.walk.report(&value.span(), format!("expected {}", kind.what), problem);
        };
        if kind.words.is_empty() || kind.words.contains(&text.value) {
            return;
        }
        let label = match nearest(text.value, kind.words.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "not a word that is known here".to_owned(),
        };
        let problem = Problem::new(format!("{} is not {}", shown(text.value), kind.what))
            .note(format!("known words: {}", backticked(kind.words)));
        self.walk.report(&text.span, label, problem);
    }

    fn check_list(&self, field: &Field, key: &str, kind: &Text, value: &'a Spanned<DeValue<'a>>) {
        self.check_not_empty(field, key, value);
        let mut seen: HashMap<&str, Range<usize>> = HashMap::new();
        for element in array(value) {
            let Some(string) = element.get_ref().as_str() else {
                self.wrong_type(field, &format!("an element of {}", shown(key)), "a string", element);
                continue;
            };
            if let Some(first) = seen.get(string) {
                let problem = Problem::new(format!("{} is twice in {}", shown(string), shown(key)));
                let label = format!("the first is on line {}", self.walk.line(first.start));
                self.walk.report(&element.span(), label, problem);
            } else {
                self.check_text(field, kind, element);
                seen.insert(string, element.span());
            }
        }
    }

    fn check_tables(&self, field: &'static Field, value: &'a Spanned<DeValue<'a>>) {
        self.check_not_empty(field, field.key, value);
        for element in array(value) {
            match (element.get_ref(), &field.kind) {
                (DeValue::Table(_), _) => {}
                (DeValue::String(_), Kind::TablesOrText(table, key)) => {
                    if let Some(Field { kind: Kind::Text(text), .. }) = table.field(key) {
                        self.check_text(field, text, element);
                    }
                }
                (_, kind) => {
                    let either = matches!(kind, Kind::TablesOrText(..));
                    let expected = if either { "a table or a string" } else { "a table" };
                    self.wrong_type(field, &format!("an element of `{}`", field.key), expected, element);
                }
            }
        }
        self.tables(field.key).iter().for_each(Node::check);
    }

    fn check_names(
        &self,
        field: &Field,
        value: &'a Spanned<DeValue<'a>>,
        check: impl Fn(&'a str, &'a Spanned<DeValue<'a>>),
    ) {
        self.check_not_empty(field, field.key, value);
        for (name, value) in value.get_ref().as_table().into_iter().flatten() {
            check(name.get_ref(), value);
        }
    }

    fn check_not_empty(&self, field: &Field, key: &str, value: &Spanned<DeValue<'a>>) {
        let empty = match value.get_ref() {
            DeValue::Array(array) => array.is_empty(),
            DeValue::Table(table) => table.is_empty(),
            _ => false,
        };
        if empty {
            let instead = if field.required { "" } else { "leave it out, or " };
            let problem = Problem::new(format!("{} is empty", shown(key)))
                .help(format!("{instead}{}", written_like(field)));
            self.walk.report(&value.span(), "expected at least one element", problem);
        }
    }

    fn wrong_type(&self, field: &Field, what: &str, expected: &str, value: &Spanned<DeValue<'a>>) {
        let found = match value.get_ref().type_str() {
            vowel @ ("integer" | "array") => format!("an {vowel}"),
            consonant => format!("a {consonant}"),
        };
        let problem = Problem::new(format!("{what} is {found}")).help(written_like(field));
        self.walk.report(&value.span(), format!("expected {expected}"), problem);
    }
}

/// A string that is not what the key holds.
pub(super) fn not_what(field: &Field, text: &str) -> Problem {
    let what = match field.kind {
        Kind::Text(kind) | Kind::List(kind) | Kind::NamedLists(kind, _) => kind.what,
        _ => "a string",
    };
    Problem::new(format!("{} is not {what}", shown(text))).help(written_like(field))
}

fn written_like(field: &Field) -> String {
    let example = match field.kind {
        Kind::NamedLists(_, example) => example,
        _ => field.example,
    };
    format!("write it like `{example}`")
}
