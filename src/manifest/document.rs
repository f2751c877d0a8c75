// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A TOML file held against its grammar.

use std::sync::Arc;

use jiff::civil::Date;
use toml::de::{DeTable, DeValue};

use super::grammar::Table;
use super::syntax;
use super::walk::{Fault, Node, Walk};
use crate::model::{Problem, SourceText};

/// The newest `schema` that this reader knows.
const SCHEMA: u32 = 1;

/// Holds a file against its grammar and reads it.
pub(super) fn document<T>(
    text: &Arc<SourceText>,
    grammar: &'static Table,
    read: impl FnOnce(&Node<'_>) -> Option<T>,
) -> Result<T, Vec<Problem>> {
    let (document, errors) = DeTable::parse_recoverable(&text.text);
    let (torn, mut problems) = syntax::problems(text, errors);
    if let Some(problem) = from_the_future(text, grammar, document.get_ref()) {
        return Err(vec![problem]);
    }
    let walk = Walk::new(Arc::clone(text), torn);
    let root = Node::root(&walk, grammar, document.get_ref());
    root.check();
    let value = read(&root);
    problems.extend(walk.into_problems());
    match value {
        Some(value) if problems.is_empty() => Ok(value),
        _ => {
            problems.sort_by_key(|problem| problem.place.as_ref().map(|place| place.span.start));
            Err(problems)
        }
    }
}

/// A file of a later schema may have anything in it: that it is one is all there is to say.
fn from_the_future(
    text: &Arc<SourceText>,
    grammar: &'static Table,
    document: &DeTable<'_>,
) -> Option<Problem> {
    let value = document.get("schema")?;
    let DeValue::Integer(schema) = value.get_ref() else { return None };
    let newer = schema.as_str().parse::<u64>().is_ok_and(|schema| schema > u64::from(SCHEMA));
    newer.then(|| {
        Problem::new(format!("{} has schema {schema}", grammar.header))
            .at(text, value.span(), format!("this lustre-dist reads schema {SCHEMA}"))
            .help("it was written for a newer lustre-dist: update the tool")
    })
}

/// A day of the calendar.
pub(super) fn day(text: &str) -> Result<Date, Fault> {
    // `parse` takes other forms of ISO 8601 too.
    let form = text.len() == 10;
    text.parse()
        .ok()
        .filter(|_| form)
        .ok_or_else(|| "expected a day of the calendar, as in 2028-12-31".into())
}
