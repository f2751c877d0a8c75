// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! One table of the file, and the accessors that readers use.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::{Fault, Walk, shown};
use crate::manifest::At;
use crate::manifest::grammar::{Field, Kind, Table};

/// A name as it stands before `=` or in a header.
pub(super) type Name<'a> = Spanned<Cow<'a, str>>;

/// One element of an array.
pub(in crate::manifest) enum Element<'a> {
    Table(Node<'a>),
    /// A string in place of a table that has this key alone.
    Text(&'static Field, At<&'a str>),
}

/// One table of the file, and the grammar's word on it.
pub(in crate::manifest) struct Node<'a> {
    pub walk: &'a Walk,
    /// The grammar of the whole file.
    pub(super) root: &'static Table,
    pub(super) grammar: &'static Table,
    pub(super) table: &'a DeTable<'a>,
    /// Its name under a table of names.
    pub name: Option<&'a Name<'a>>,
    /// Where it begins: what a missing key is missing from.
    pub header: Range<usize>,
}

impl<'a> Node<'a> {
    pub fn root(walk: &'a Walk, grammar: &'static Table, table: &'a DeTable<'a>) -> Self {
        Self { walk, root: grammar, grammar, table, name: None, header: 0..0 }
    }

    fn child(&self, grammar: &'static Table, table: &'a DeTable<'a>, header: Range<usize>) -> Self {
        Self { walk: self.walk, root: self.root, grammar, table, name: None, header }
    }

    /// Reports everything in and below this table that is not as the grammar has it.
    pub fn check(&self) {
        self.check_keys();
        self.check_values();
    }

    /// The table as messages call it.
    pub fn shown(&self) -> String {
        match self.name {
            Some(name) => shown(&self.grammar.header.replace("NAME", name.get_ref())),
            None if self.grammar.header.contains(' ') => self.grammar.header.to_owned(),
            None => format!("`{}`", self.grammar.header),
        }
    }

    /// Where the key itself is written, if it is.
    pub fn key(&self, key: &str) -> Option<Range<usize>> {
        self.table.get_key_value(key).map(|(key, _)| key.span())
    }

    pub(super) fn field(&self, key: &str) -> &'static Field {
        #[cfg(test)]
        self.walk.asked.borrow_mut().insert((self.grammar.header, key.to_owned()));
        self.grammar.field(key).expect("the reader asks for keys of the grammar alone")
    }

    fn value(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.field(key);
        self.table.get(key)
    }

    /// A string that is not blank.
    pub fn text(&self, key: &str) -> Option<At<&'a str>> {
        text(self.value(key)?)
    }

    /// A string that is for people alone.
    pub fn prose(&self, key: &str) -> Option<At<String>> {
        self.text(key).map(|text| At { value: text.value.to_owned(), span: text.span })
    }

    /// A string as what it means; `parse` says why it means nothing.
    pub fn parsed<T, F: Into<Fault>>(
        &self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, F>,
    ) -> Option<At<T>> {
        self.walk.meaning(self.field(key), self.text(key)?, &parse)
    }

    /// One of the grammar's words as what it means.
    pub fn word<T>(&self, key: &str, meaning: impl Fn(&str) -> Option<T>) -> Option<At<T>> {
        let text = self.text(key)?;
        Some(At { value: meaning(text.value)?, span: text.span })
    }

    /// An array of the grammar's words as what they mean.
    pub fn words<T>(&self, key: &str, meaning: impl Fn(&str) -> Option<T>) -> Vec<T> {
        let Some(value) = self.value(key) else { return Vec::new() };
        texts(value).filter_map(|text| meaning(text.value)).collect()
    }

    /// An array of strings as what they mean.
    pub fn list<T, F: Into<Fault>>(&self, key: &str, parse: impl Fn(&str) -> Result<T, F>) -> Vec<At<T>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        texts(value).filter_map(|text| self.walk.meaning(self.field(key), text, &parse)).collect()
    }

    /// An integer within the grammar's bounds.
    pub fn integer<T: TryFrom<u32>>(&self, key: &str) -> Option<At<T>> {
        let value = self.value(key)?;
        let integer = number(value.get_ref().as_integer()?)?;
        Some(At { value: T::try_from(u32::try_from(integer).ok()?).ok()?, span: value.span() })
    }

    pub fn boolean(&self, key: &str) -> Option<bool> {
        self.value(key)?.get_ref().as_bool()
    }

    /// The table under that key.
    pub fn table(&self, key: &str) -> Option<Self> {
        let value = self.value(key)?;
        Some(self.child(self.field(key).table()?, value.get_ref().as_table()?, value.span()))
    }

    /// The tables of an array.
    pub fn tables(&self, key: &str) -> Vec<Self> {
        let table = |element| match element {
            Element::Table(table) => Some(table),
            Element::Text(..) => None,
        };
        self.elements(key).into_iter().filter_map(table).collect()
    }

    /// An array of tables, and of strings that stand for tables.
    pub fn elements(&self, key: &str) -> Vec<Element<'a>> {
        let field = self.field(key);
        let (Some(grammar), Some(value)) = (field.table(), self.value(key)) else { return Vec::new() };
        let element = |value: &'a Spanned<DeValue<'a>>| match (value.get_ref(), &field.kind) {
            (DeValue::Table(table), _) => Some(Element::Table(self.child(grammar, table, value.span()))),
            (DeValue::String(_), Kind::TablesOrText(_, key)) => {
                Some(Element::Text(grammar.field(key)?, text(value)?))
            }
            _ => None,
        };
        array(value).filter_map(element).collect()
    }

    /// The tables under the names of a table.
    pub fn named(&self, key: &str) -> Vec<Self> {
        let field = self.field(key);
        let (Some(grammar), Some(value)) = (field.table(), self.value(key)) else { return Vec::new() };
        let table = |(name, value): (&'a Name<'a>, &'a Spanned<DeValue<'a>>)| {
            let table = self.child(grammar, value.get_ref().as_table()?, value.span());
            Some(Self { name: Some(name), ..table })
        };
        value.get_ref().as_table().into_iter().flatten().filter_map(table).collect()
    }

    /// The names of a table, whatever stands under them.
    pub fn names(&self, key: &str) -> Vec<At<&'a str>> {
        let name = |name: &'a Name<'a>| At { value: &**name.get_ref(), span: name.span() };
        let table = self.value(key).and_then(|value| value.get_ref().as_table());
        table.map_or_else(Vec::new, |table| table.keys().map(name).collect())
    }

    /// The arrays of strings under the names of a table.
    pub fn named_lists<T, F: Into<Fault>>(
        &self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, F>,
    ) -> Vec<(At<&'a str>, Vec<At<T>>)> {
        let field = self.field(key);
        let Some(table) = self.value(key).and_then(|value| value.get_ref().as_table()) else {
            return Vec::new();
        };
        let list = |(name, value): (&'a Name<'a>, &'a Spanned<DeValue<'a>>)| {
            let texts = texts(value).filter_map(|text| self.walk.meaning(field, text, &parse)).collect();
            (At { value: &**name.get_ref(), span: name.span() }, texts)
        };
        table.iter().map(list).collect()
    }
}

pub(super) fn text<'a>(value: &'a Spanned<DeValue<'a>>) -> Option<At<&'a str>> {
    let text = value.get_ref().as_str().filter(|text| !text.trim().is_empty())?;
    Some(At { value: text, span: value.span() })
}

pub(super) fn array<'a>(value: &'a Spanned<DeValue<'a>>) -> impl Iterator<Item = &'a Spanned<DeValue<'a>>> {
    value.get_ref().as_array().into_iter().flatten()
}

fn texts<'a>(value: &'a Spanned<DeValue<'a>>) -> impl Iterator<Item = At<&'a str>> {
    array(value).filter_map(text)
}

pub(super) fn number(integer: &DeInteger<'_>) -> Option<i128> {
    i128::from_str_radix(integer.as_str(), integer.radix()).ok()
}
