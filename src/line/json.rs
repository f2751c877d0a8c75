// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! JSON that knows where each of its values was written, so that a problem with one can show it.
//!
//! serde_json finds the values and holds the text against the grammar of JSON; what a value means,
//! and that no key comes twice, which serde_json does not mind, is said here.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::model::{Problem, SourceText};

/// A value, and how messages call it: `releases[3].version`.
#[derive(Clone)]
pub(super) struct Value<'a> {
    text: &'a Arc<SourceText>,
    raw: &'a RawValue,
    pub name: String,
    whole: bool,
}

/// An object's members, each key once.
pub(super) struct Members<'a> {
    /// The object itself.
    object: Value<'a>,
    members: Vec<(String, Value<'a>)>,
}

impl<'a> Value<'a> {
    /// The value that is the whole text, which messages call `name`.
    ///
    /// # Errors
    /// The text is not JSON.
    pub fn whole(text: &'a Arc<SourceText>, name: &str) -> Result<Self, Problem> {
        match serde_json::from_str(&text.text) {
            Ok(raw) => Ok(Self { text, raw, name: name.to_owned(), whole: true }),
            Err(error) => Err(syntax(text, name, &error)),
        }
    }

    /// Its bytes in the text.
    pub fn span(&self) -> Range<usize> {
        // Everything that was borrowed is a part of the text.
        let start = self.raw.get().as_ptr() as usize - self.text.text.as_ptr() as usize;
        start..start + self.raw.get().len()
    }

    /// What messages call something in it; of the whole text they say the place alone.
    fn inside(&self, place: &str) -> String {
        if self.whole { place.trim_start_matches('.').to_owned() } else { format!("{}{place}", self.name) }
    }

    /// The value as messages call it.
    fn shown(&self) -> String {
        if self.whole { self.name.clone() } else { format!("`{}`", self.name) }
    }

    /// A problem with this value.
    pub fn problem(&self, title: impl Into<String>, label: impl Into<String>) -> Problem {
        Problem::new(title).at(self.text, self.span(), label)
    }

    fn line(&self) -> usize {
        self.text.text[..self.span().start].matches('\n').count() + 1
    }

    fn kind(&self) -> &'static str {
        match self.raw.get().as_bytes().first() {
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b'"') => "a string",
            Some(b't' | b'f') => "a boolean",
            Some(b'n') => "null",
            _ => "a number",
        }
    }

    pub fn is_null(&self) -> bool {
        self.kind() == "null"
    }

    fn parse<T: Deserialize<'a>>(&self, expected: &str) -> Result<T, Problem> {
        serde_json::from_str(self.raw.get()).map_err(|_| {
            self.problem(format!("{} is {}", self.shown(), self.kind()), format!("expected {expected}"))
        })
    }

    /// The members of an object.
    pub fn members(&self) -> Result<Members<'a>, Problem> {
        let Pairs(pairs) = self.parse("an object")?;
        let mut members: Vec<(String, Self)> = Vec::new();
        for (key, raw) in pairs {
            let name = self.inside(&format!(".{key}"));
            let value = Self { text: self.text, raw, name, whole: false };
            if let Some((_, first)) = members.iter().find(|(other, _)| *other == key) {
                return Err(value.problem(
                    format!("{} has the key `{key}` twice", self.shown()),
                    format!("the first is on line {}", first.line()),
                ));
            }
            members.push((key, value));
        }
        Ok(Members { object: self.clone(), members })
    }

    /// The elements of an array.
    pub fn elements(&self) -> Result<Vec<Self>, Problem> {
        let raw: Vec<&'a RawValue> = self.parse("an array")?;
        let value = |(nth, raw)| {
            let name = self.inside(&format!("[{nth}]"));
            Self { text: self.text, raw, name, whole: false }
        };
        Ok(raw.into_iter().enumerate().map(value).collect())
    }

    pub fn text(&self) -> Result<String, Problem> {
        self.parse("a string")
    }

    /// A string, or null.
    pub fn text_or_null(&self) -> Result<Option<String>, Problem> {
        self.parse("a string or null")
    }

    pub fn boolean(&self) -> Result<bool, Problem> {
        self.parse("`true` or `false`")
    }

    pub fn integer(&self) -> Result<i64, Problem> {
        self.parse("an integer")
    }
}

impl<'a> Members<'a> {
    /// The member of that key.
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.members.iter().find(|(other, _)| other == key).map(|(_, value)| value)
    }

    /// The member of that key, which must be there.
    pub fn need(&self, key: &str) -> Result<&Value<'a>, Problem> {
        self.get(key).ok_or_else(|| {
            let span = self.object.span();
            Problem::new(format!("{} has no `{key}`", self.object.shown())).at(
                self.object.text,
                span.start..span.start + 1,
                "the object begins here",
            )
        })
    }
}

/// An object's members in their order, keys that repeat included.
struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

fn syntax(text: &Arc<SourceText>, name: &str, error: &serde_json::Error) -> Problem {
    let whole = text.text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if whole.is_empty() {
        return Problem::new(format!("{name} `{}` is empty", text.name));
    }
    if whole.starts_with('<') {
        let start = text.text.len() - whole.len();
        let line = start + whole.find('\n').unwrap_or(whole.len());
        return Problem::new(format!("{name} `{}` is not JSON but looks like HTML", text.name)).at(
            text,
            start..line,
            "expected `{`",
        );
    }
    // serde_json counts lines and bytes from 1, and the column is that of the byte it did not like.
    let line = text.line(error.line());
    let at = (line.start + error.column().saturating_sub(1)).min(line.end);
    if error.is_eof() {
        let end = text.text.trim_end().len();
        return Problem::new(format!("{name} `{}` ends early", text.name)).at(
            text,
            character(&text.text, end.saturating_sub(1)),
            "the end of what was read: there must be more",
        );
    }
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or_default().to_owned();
    Problem::new(format!("{name} `{}` is not JSON", text.name)).at(text, character(&text.text, at), said)
}

/// The bytes of the character that a byte is of; none at the text's end.
fn character(text: &str, at: usize) -> Range<usize> {
    let start = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let length = text[start..].chars().next().map_or(0, char::len_utf8);
    start..start + length
}
