// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The grammar, the reader and the schema know the same keys.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::super::grammar::{Field, Kind, MANIFEST, Rule, Table};
use super::super::read::manifest;
use super::super::syntax::Torn;
use super::super::walk::{Node, Walk};
use super::super::{Format, json_schema};
use super::{SAMPLE, read_text, report};
use crate::model::SourceText;

/// Manifests made of the grammar's examples; together they have every key.
fn examples() -> Vec<String> {
    let example = |variant| {
        let mut text = String::new();
        write(&MANIFEST, variant, &mut text);
        text
    };
    (0..4).map(example).collect()
}

fn write(table: &Table, variant: usize, text: &mut String) {
    let (headed, plain): (Vec<&Field>, Vec<_>) = table.fields.iter().partition(|field| field.is_headed());
    for field in plain {
        if belongs(table, field.key, variant) {
            *text += &format!("{}\n", field.example);
        }
    }
    for field in headed {
        *text += &format!("{}\n", field.example);
        match (&field.kind, field.table()) {
            (Kind::NamedLists(_, example), _) => *text += &format!("{example}\n"),
            (_, Some(inner)) => write(inner, variant, text),
            (_, None) => unreachable!("a header without a table"),
        }
    }
}

/// Of keys that exclude each other each variant has another one, with what goes beside it.
fn belongs(table: &Table, key: &str, variant: usize) -> bool {
    table.rules.iter().all(|rule| match *rule {
        Rule::OneOf(keys) => !keys.contains(&key) || keys[variant % keys.len()] == key,
        Rule::Needs(one, needs) => one != key || belongs(table, needs, variant),
        Rule::When { .. } => true,
    })
}

#[test]
fn every_example_is_right() {
    for text in examples() {
        assert_eq!(report(&text), "ok", "{text}");
    }
}

#[test]
fn the_reader_asks_for_every_key() {
    let known: BTreeSet<_> = MANIFEST
        .each()
        .into_iter()
        .flat_map(|table| table.fields.iter().map(|field| (table.header, field.key.to_owned())))
        .collect();
    let mut asked = BTreeSet::new();
    for text in examples() {
        let text = Arc::new(SourceText { name: String::new(), text });
        let document = toml::de::DeTable::parse(&text.text).unwrap();
        let walk = Walk::new(Arc::clone(&text), Torn::default());
        manifest(&Node::root(&walk, &MANIFEST, document.get_ref()), &text, "".into()).unwrap();
        asked.extend(walk.asked());
    }
    assert_eq!(asked, known);
}

#[test]
fn the_schema_has_every_key_and_no_other() {
    fn compare(schema: &Value, table: &Table) {
        let in_schema: BTreeSet<&str> =
            schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let in_grammar: BTreeSet<&str> = table.fields.iter().map(|field| field.key).collect();
        assert_eq!(in_schema, in_grammar, "{}", table.header);
        assert_eq!(schema["additionalProperties"], false, "{}", table.header);
        for field in table.fields {
            let value = &schema["properties"][field.key];
            assert_eq!(value["description"], field.doc, "{}", field.key);
            match field.kind {
                Kind::Table(inner) => compare(value, inner),
                Kind::Named(inner) => compare(&value["additionalProperties"], inner),
                Kind::Tables(inner) => compare(&value["items"], inner),
                Kind::TablesOrText(inner, _) => compare(&value["items"]["anyOf"][0], inner),
                _ => {}
            }
        }
    }
    let schema = json_schema();
    compare(&schema, &MANIFEST);
    assert_eq!(schema["required"], serde_json::json!(["schema", "release", "source", "layer"]));
    let source = &schema["properties"]["source"]["additionalProperties"];
    insta::assert_snapshot!(format!("{:#}", source["allOf"]), @r#"
    [
      {
        "oneOf": [
          {
            "required": [
              "git"
            ]
          },
          {
            "required": [
              "bundle"
            ]
          }
        ]
      },
      {
        "oneOf": [
          {
            "required": [
              "tag"
            ]
          },
          {
            "required": [
              "commit"
            ]
          },
          {
            "required": [
              "branch"
            ]
          },
          {
            "required": [
              "ref"
            ]
          }
        ]
      },
      {
        "if": {
          "required": [
            "mirrors"
          ]
        },
        "then": {
          "required": [
            "git"
          ]
        }
      },
      {
        "if": {
          "required": [
            "tag-object-name"
          ]
        },
        "then": {
          "required": [
            "tag"
          ]
        }
      },
      {
        "if": {
          "required": [
            "tag-object"
          ]
        },
        "then": {
          "required": [
            "tag"
          ]
        }
      },
      {
        "if": {
          "required": [
            "tags"
          ]
        },
        "then": {
          "required": [
            "tag"
          ]
        }
      },
      {
        "if": {
          "required": [
            "on-branch"
          ]
        },
        "then": {
          "required": [
            "tag"
          ]
        }
      },
      {
        "if": {
          "properties": {
            "signature": {
              "enum": [
                "required",
                "warn"
              ]
            }
          },
          "required": [
            "signature"
          ]
        },
        "then": {
          "required": [
            "keys"
          ]
        }
      }
    ]
    "#);
    insta::assert_snapshot!(format!("{:#}", source["properties"]["tag"]), @r#"
    {
      "description": "A tag, or a pattern such as `v6.12.*` for the newest release that it matches.",
      "examples": [
        "v2_17_57"
      ],
      "minLength": 1,
      "pattern": "^[^ -][^ ]*$",
      "type": "string"
    }
    "#);
}

#[test]
fn the_words_for_formats_are_the_formats() {
    for format in Format::ALL {
        let text =
            SAMPLE.replace(r#"["tar.gz", "tar.zst", "tar.xz"]"#, &format!("[\"{}\"]", format.extension()));
        assert_eq!(read_text(&text).unwrap().release.formats, [format]);
    }
}
