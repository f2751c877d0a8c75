// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The grammar of a manifest as data: every table, its keys, what each may hold. The table of
//! kernel series, which people edit beside their manifests, has its grammar here too.
//!
//! `walk` holds a file against it, and `schema` writes it down as JSON Schema; a key that one of
//! them knows is therefore known to the other. What a value means beyond its shape is `read`'s.

mod inputs;
mod kernels;
mod tables;
mod texts;

pub(super) use kernels::KERNELS;
pub(super) use tables::MANIFEST;
pub(super) use texts::NAME;

/// One table of a manifest.
pub(super) struct Table {
    /// As it is written in a manifest: `[[layer]]`.
    pub header: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// The keys that it may hold.
    pub fields: &'static [Field],
    /// What its keys ask of each other.
    pub rules: &'static [Rule],
}

/// One key of a table.
pub(super) struct Field {
    pub key: &'static str,
    pub kind: Kind,
    pub required: bool,
    /// The key with a value, or the header of a table, as it is written in a manifest.
    pub example: &'static str,
    /// What it is for.
    pub doc: &'static str,
}

/// What a key may hold.
pub(super) enum Kind {
    /// A string.
    Text(&'static Text),
    /// An array of strings: not empty, none twice.
    List(&'static Text),
    /// An integer between two bounds.
    Integer {
        least: u32,
        most: u32,
    },
    Boolean,
    /// A table.
    Table(&'static Table),
    /// A table for each name: `[source.NAME]`.
    Named(&'static Table),
    /// An array of strings, as in [`Kind::List`], for each name; and one of them as an example.
    NamedLists(&'static Text, &'static str),
    /// An array of tables, not empty: `[[layer]]`.
    Tables(&'static Table),
    /// An array, not empty, of tables and of strings; a string stands for a table that has that
    /// one key alone.
    TablesOrText(&'static Table, &'static str),
}

/// What a string holds.
pub(super) struct Text {
    /// Completes "is not": `a name`.
    pub what: &'static str,
    /// A regular expression, in the part of the language that every dialect shares, that admits
    /// every right value; editors check no more than that.
    pub pattern: &'static str,
    /// The only words that are right, where there are such.
    pub words: &'static [&'static str],
}

/// What a table's keys ask of each other.
pub(super) enum Rule {
    /// Exactly one of these.
    OneOf(&'static [&'static str]),
    /// The first only beside the second.
    Needs(&'static str, &'static str),
    /// Where `key` has one of these values, `needs` must be there.
    When { key: &'static str, is: &'static [&'static str], needs: &'static str },
}

impl Table {
    /// The field of that key.
    pub fn field(&self, key: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// This table and every table inside it.
    pub fn each(&'static self) -> Vec<&'static Self> {
        let inner = self.fields.iter().filter_map(Field::table).flat_map(Self::each);
        std::iter::once(self).chain(inner).collect()
    }
}

impl Field {
    const fn required(key: &'static str, kind: Kind, example: &'static str, doc: &'static str) -> Self {
        Self { key, kind, required: true, example, doc }
    }

    const fn optional(key: &'static str, kind: Kind, example: &'static str, doc: &'static str) -> Self {
        Self { key, kind, required: false, example, doc }
    }

    /// Whether the key is written as a table's header.
    pub fn is_headed(&self) -> bool {
        self.example.starts_with('[')
    }

    /// The table that the key holds, if it holds any.
    pub fn table(&self) -> Option<&'static Table> {
        match self.kind {
            Kind::Table(table) | Kind::Named(table) | Kind::Tables(table) | Kind::TablesOrText(table, _) => {
                Some(table)
            }
            Kind::Text(_) | Kind::List(_) | Kind::NamedLists(..) | Kind::Integer { .. } | Kind::Boolean => {
                None
            }
        }
    }

    /// What the key holds, in words.
    pub fn expected(&self) -> String {
        match self.kind {
            Kind::Text(text) if text.words.is_empty() => format!("a string, {}", text.what),
            Kind::Text(text) => format!("one of {}", backticked(text.words)),
            Kind::List(_) => "an array of strings".to_owned(),
            Kind::Integer { least, most: u32::MAX } => format!("an integer, {least} or more"),
            Kind::Integer { least, most } if least == most => format!("the integer {least}"),
            Kind::Integer { least, most } => format!("an integer from {least} to {most}"),
            Kind::Boolean => "`true` or `false`".to_owned(),
            Kind::Table(_) | Kind::Named(_) | Kind::NamedLists(..) => format!("a table, `{}`", self.example),
            Kind::Tables(_) if self.is_headed() => format!("an array of tables, `{}`", self.example),
            Kind::Tables(_) => "an array of tables".to_owned(),
            Kind::TablesOrText(..) => "an array of tables or strings".to_owned(),
        }
    }
}

/// `` `a`, `b` and `c` ``; of very many words the first alone.
pub(super) fn backticked(words: &[&str]) -> String {
    const MOST: usize = 20;
    let mut quoted: Vec<String> = words.iter().take(MOST).map(|word| format!("`{word}`")).collect();
    if words.len() > MOST {
        quoted.push(format!("{} more", words.len() - MOST));
    }
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
