// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Names, licences, object ids and git's names for things.

use super::super::walk::Fault;
use crate::model::name::NAME_RULE;
use crate::model::{LayerName, NotHex, ReleaseName, SourceName};

impl From<NotHex> for Fault {
    fn from(fault: NotHex) -> Self {
        format!("expected {} lower-case hexadecimal digits", fault.digits).into()
    }
}

pub(super) fn release_name(text: &str) -> Result<ReleaseName, Fault> {
    ReleaseName::new(text).ok_or_else(|| NAME_RULE.into())
}

pub(super) fn source_name(text: &str) -> Result<SourceName, Fault> {
    SourceName::new(text).ok_or_else(|| NAME_RULE.into())
}

pub(super) fn layer_name(text: &str) -> Result<LayerName, Fault> {
    LayerName::new(text).ok_or_else(|| NAME_RULE.into())
}

/// A licence expression by its looks: the licence list is not ours to keep, but a typing error
/// that every SBOM reader would refuse is caught here.
pub(super) fn license(text: &str) -> Result<String, Fault> {
    let odd = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | ':' | '(' | ')' | ' '));
    if let Some(at) = text.find(odd) {
        return Err(Fault { label: "this cannot be in an SPDX expression".to_owned(), at: Some(at) });
    }
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let mut depth = 0_usize;
    let mut wants_operand = true;
    for word in spaced.split_whitespace() {
        let fits = match word {
            "AND" | "OR" | "WITH" => !std::mem::replace(&mut wants_operand, true),
            "(" => {
                depth += 1;
                wants_operand
            }
            ")" if depth > 0 => {
                depth -= 1;
                !wants_operand
            }
            ")" => false,
            _ => std::mem::replace(&mut wants_operand, false),
        };
        if !fits {
            return Err(
                format!("`{word}` is out of place; licences are joined by `AND`, `OR` and `WITH`").into()
            );
        }
    }
    match (wants_operand, depth) {
        (true, _) => Err("a licence is missing at the end".into()),
        (false, 1..) => Err("a `)` is missing".into()),
        (false, 0) => Ok(text.to_owned()),
    }
}

/// A full object id.
pub(super) fn object_id(text: &str) -> Result<String, Fault> {
    text.parse::<crate::model::CommitId>()?;
    Ok(text.to_owned())
}

/// A commit id of 7 to 40 digits.
pub(super) fn abbreviated(text: &str) -> Result<String, Fault> {
    let hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if hex && (7..=40).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err("expected 7 to 40 lower-case hexadecimal digits".into())
    }
}

/// A ref below `refs/heads/` or `refs/tags/`, as git itself would accept it.
pub(super) fn ref_name(text: &str) -> Result<String, Fault> {
    if text.starts_with("refs/") {
        return Err("expected the short name, without `refs/heads/` or `refs/tags/`".into());
    }
    if text.starts_with('-') {
        return Err("git takes names that start with `-` for options".into());
    }
    well_formed(&format!("refs/heads/{text}"))?;
    Ok(text.to_owned())
}

/// A ref by its full name.
pub(super) fn full_ref(text: &str) -> Result<String, Fault> {
    if !text.starts_with("refs/") {
        return Err("a full name starts with `refs/`".into());
    }
    well_formed(text)?;
    Ok(text.to_owned())
}

fn well_formed(name: &str) -> Result<(), Fault> {
    match gix::validate::reference::name(name.into()) {
        Ok(_) => Ok(()),
        Err(error) => {
            Err(format!("git does not allow that name: {}", error.to_string().trim_end_matches('.')).into())
        }
    }
}

/// A repository's URL or path, or a bundle's path.
pub(super) fn repository(text: &str) -> Result<String, Fault> {
    if text.starts_with('-') {
        return Err("git takes a repository that starts with `-` for an option".into());
    }
    if text.trim() != text {
        return Err("blanks around it would be a part of it".into());
    }
    if let Some(at) = text.find(char::is_control) {
        return Err(Fault { label: "a control character".to_owned(), at: Some(at) });
    }
    Ok(text.to_owned())
}
