// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A table's keys against the grammar: unknown, missing, and what they ask of each other.

use std::ops::Range;

use super::node::Name;
use super::{Node, nearest, shown};
use crate::manifest::grammar::{Field, Kind, Rule, Table, Text, backticked};
use crate::model::Problem;

impl Node<'_> {
    pub(super) fn check_keys(&self) {
        let meant = self.check_unknown();
        self.check_missing(&meant);
        for rule in self.grammar.rules {
            self.check_rule(rule, &meant);
        }
    }

    /// Reports unknown keys; returns the known ones that were probably meant, so that nobody is
    /// told that they are missing as well.
    fn check_unknown(&self) -> Vec<&'static str> {
        let known: Vec<&str> = self.grammar.fields.iter().map(|field| field.key).collect();
        let mut meant = Vec::new();
        for key in self.unknown() {
            let span = key.span();
            // Below a broken header stand the keys of another table.
            if self.walk.torn.touches(&(self.header.start..span.end)) {
                continue;
            }
            let near = self.meant_by(key.get_ref());
            meant.extend(near);
            let label = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "not a key that is known here".to_owned(),
            };
            let mut problem =
                Problem::new(format!("unknown key {} in {}", shown(key.get_ref()), self.shown()))
                    .note(format!("known keys: {}", backticked(&known)));
            if near.is_none() {
                problem.help = belongs_to(self.root, key.get_ref());
            }
            self.walk.report(&span, label, problem);
        }
        meant
    }

    fn unknown(&self) -> impl Iterator<Item = &Name<'_>> {
        self.table.keys().filter(|key| self.grammar.field(key.get_ref()).is_none())
    }

    /// The key that was probably meant: one that is not there, or whose header can come again.
    fn meant_by(&self, unknown: &str) -> Option<&'static str> {
        let again = |kind: &Kind| matches!(kind, Kind::Named(_) | Kind::Tables(_));
        let free = |field: &&Field| again(&field.kind) || !self.table.contains_key(field.key);
        nearest(unknown, self.grammar.fields.iter().filter(free).map(|field| field.key))
    }

    /// Whether some of what belongs under `key` probably stands under an unknown one.
    pub fn is_misspelled(&self, key: &str) -> bool {
        self.unknown().any(|unknown| self.meant_by(unknown.get_ref()) == Some(key))
    }

    fn check_missing(&self, meant: &[&str]) {
        for field in self.grammar.fields {
            if !field.required || self.table.contains_key(field.key) || meant.contains(&field.key) {
                continue;
            }
            let name = field.table().filter(|_| field.is_headed()).map_or(field.key, |table| table.header);
            let mut problem =
                Problem::new(format!("{} has no `{name}`", self.shown())).help(for_example(field));
            if let Kind::Text(Text { words: words @ [_, ..], .. }) = field.kind {
                problem = problem.note(format!("known words: {}", backticked(words)));
            }
            self.walk.report_absent(&self.header, format!("`{name}` is missing"), problem);
        }
    }

    fn check_rule(&self, rule: &Rule, meant: &[&str]) {
        let absent = |key: &str| self.key(key).is_none() && !meant.contains(&key);
        match *rule {
            Rule::OneOf(keys) if keys.iter().any(|key| meant.contains(key)) => {}
            Rule::OneOf(keys) => self.check_one_of(keys),
            Rule::Needs(key, needs) => {
                if let Some(span) = self.key(key).filter(|_| absent(needs)) {
                    let problem = Problem::new(format!("`{key}` without `{needs}`"));
                    self.walk.report_absent(&span, format!("has a meaning beside `{needs}` only"), problem);
                }
            }
            Rule::When { key, is, needs } => {
                let Some(value) = self.text(key).filter(|value| is.contains(&value.value)) else { return };
                if absent(needs) {
                    let problem = Problem::new(format!("`{key} = \"{}\"` without `{needs}`", *value))
                        .help(for_example(self.field(needs)));
                    self.walk.report_absent(&value.span, format!("needs `{needs}` beside it"), problem);
                }
            }
        }
    }

    fn check_one_of(&self, keys: &[&str]) {
        let all = backticked(keys);
        let mut there: Vec<(Range<usize>, &str)> =
            keys.iter().filter_map(|key| Some((self.key(key)?, *key))).collect();
        there.sort_by_key(|(span, _)| span.start);
        let Some(((first, key), others)) = there.split_first() else {
            let problem =
                Problem::new(format!("{} has none of {all}", self.shown())).help(format!("add one of {all}"));
            return self.walk.report_absent(&self.header, "one of them is missing", problem);
        };
        for (span, other) in others {
            let problem = Problem::new(format!("{} has both `{key}` and `{other}`", self.shown()))
                .help(format!("keep one of {all}"));
            self.walk.report(span, format!("`{key}` is on line {}", self.walk.line(first.start)), problem);
        }
    }
}

fn for_example(field: &Field) -> String {
    format!("for example `{}`", field.example)
}

/// The tables that know `key`, for a key that was written in another one.
fn belongs_to(root: &'static Table, key: &str) -> Option<String> {
    let knows = root.each().into_iter().filter(|table| table.field(key).is_some());
    let tables: Vec<&str> = knows.map(|table| table.header).collect();
    (!tables.is_empty()).then(|| format!("`{key}` is a key of {}", backticked(&tables)))
}
