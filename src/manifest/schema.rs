// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The grammar as JSON Schema, for editors.
//!
//! With the schema in a file, a manifest names it on its first line, and editors that use Taplo
//! (Even Better TOML among them) complete keys, show their docs and underline what is wrong:
//!
//! ```toml
//! #:schema ./lustre-dist.schema.json
//! schema = 1
//! ```
//!
//! It is written in draft 2020-12, and says nothing that draft 7, which Taplo reads, would
//! understand otherwise. What it admits is a little more than what [`read`](super::read) does:
//! it knows nothing of references between tables, or of what a version means.

use serde_json::{Map, Value, json};

use super::grammar::{Field, Kind, MANIFEST, Rule, Table, Text};

/// The JSON Schema of a manifest.
#[must_use]
pub fn json_schema() -> Value {
    let mut schema = table(&MANIFEST);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("lustre-dist manifest");
    schema
}

fn table(table: &Table) -> Value {
    let properties: Map<String, Value> =
        table.fields.iter().map(|property| (property.key.to_owned(), field(property))).collect();
    let required: Vec<&str> =
        table.fields.iter().filter(|field| field.required).map(|field| field.key).collect();
    let mut schema = json!({
        "type": "object",
        "description": table.doc,
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    let rules: Vec<Value> = table.rules.iter().map(rule).collect();
    if !rules.is_empty() {
        schema["allOf"] = json!(rules);
    }
    schema
}

fn field(field: &Field) -> Value {
    let mut schema = match field.kind {
        Kind::Text(kind) => text(kind),
        Kind::List(kind) => list(kind),
        Kind::Integer { least, most: u32::MAX } => json!({ "type": "integer", "minimum": least }),
        Kind::Integer { least, most } => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Table(inner) => table(inner),
        Kind::Named(inner) => names(&table(inner)),
        Kind::NamedLists(kind, _) => names(&list(kind)),
        Kind::Tables(inner) => array(&table(inner)),
        Kind::TablesOrText(inner, key) => {
            let short = inner.field(key).map_or(json!({ "type": "string" }), self::field);
            array(&json!({ "anyOf": [table(inner), short] }))
        }
    };
    schema["description"] = json!(field.doc);
    if let Some(example) = example(field) {
        schema["examples"] = json!([example]);
    }
    schema
}

/// The value of a field's example; headers have none.
fn example(field: &Field) -> Option<Value> {
    let mut line: Map<String, Value> = toml::from_str(field.example).ok()?;
    line.remove(field.key).filter(|_| !field.is_headed())
}

fn text(text: &Text) -> Value {
    if text.words.is_empty() {
        json!({ "type": "string", "minLength": 1, "pattern": text.pattern })
    } else {
        json!({ "type": "string", "enum": text.words })
    }
}

fn list(kind: &Text) -> Value {
    let mut list = array(&text(kind));
    list["uniqueItems"] = json!(true);
    list
}

fn array(items: &Value) -> Value {
    json!({ "type": "array", "minItems": 1, "items": items })
}

fn names(values: &Value) -> Value {
    json!({
        "type": "object",
        "minProperties": 1,
        "propertyNames": { "pattern": super::grammar::NAME.pattern },
        "additionalProperties": values,
    })
}

fn rule(rule: &Rule) -> Value {
    let one = |key: &&str| json!({ "required": [key] });
    match *rule {
        Rule::OneOf(keys) => json!({ "oneOf": keys.iter().map(one).collect::<Vec<_>>() }),
        Rule::Needs(key, needs) => json!({ "if": { "required": [key] }, "then": { "required": [needs] } }),
        Rule::When { key, is, needs } => json!({
            "if": { "required": [key], "properties": { key: { "enum": is } } },
            "then": { "required": [needs] },
        }),
    }
}
