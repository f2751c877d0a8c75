// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The catalog as the `targets` role of The Update Framework.
//!
//! A release is the target `NAME-VERSION.release.json` with an [`Entry`] as its `custom` object. The
//! lines stand beside the targets as `lines`, and where readers find it all as `public_url`; the specification
//! lets a role have such fields, and every client keeps them.

use std::collections::HashMap;
use std::num::NonZeroU64;

use jiff::Timestamp;
use serde_json::Value;
use tough::schema::{Hashes, Target, Targets};

use super::catalog::{Catalog, Listed};
use super::{Entry, layout};
use crate::model::{Class, Failure, Problem, Sha256};
use crate::record::Names;

/// The version of the specification that our metadata follows.
pub const SPEC_VERSION: &str = "1.0.31";

const LINES: &str = "lines";
const PUBLIC_URL: &str = "public_url";

/// The role that says what is in a catalog.
///
/// # Errors
/// A release has a title that is no target's name; no checked release has.
pub fn to_targets(catalog: &Catalog, version: NonZeroU64, expires: Timestamp) -> Result<Targets, Failure> {
    let mut targets = Targets::new(SPEC_VERSION.to_owned(), version, expires);
    // An empty `delegations` object would be one that clients have to walk.
    targets.delegations = None;
    for (title, listed) in &catalog.releases {
        let Ok(Value::Object(custom)) = serde_json::to_value(&listed.entry) else {
            unreachable!("an entry is an object");
        };
        let custom = custom.into_iter().collect();
        add(&mut targets, &Names::new(title).description(), listed.length, listed.sha256, custom)?;
    }
    if let Some((length, sha256)) = catalog.kernels {
        add(&mut targets, layout::KERNELS, length, sha256, HashMap::new())?;
    }
    if !catalog.lines.is_empty() {
        let lines = serde_json::to_value(&catalog.lines).expect("lines are plain data");
        targets._extra.insert(LINES.to_owned(), lines);
    }
    if let Some(url) = &catalog.public_url {
        targets._extra.insert(PUBLIC_URL.to_owned(), url.clone().into());
    }
    Ok(targets)
}

fn add(
    targets: &mut Targets,
    name: &str,
    length: u64,
    sha256: Sha256,
    custom: HashMap<String, Value>,
) -> Result<(), Failure> {
    let name = name.parse().map_err(|error| wrong(&format!("`{name}` cannot be a target: {error}")))?;
    let hashes = Hashes { sha256: sha256.0.to_vec().into(), _extra: HashMap::new() };
    targets.add_target(name, Target { length, hashes, custom, _extra: HashMap::new() });
    Ok(())
}

/// The catalog that a verified role holds.
///
/// # Errors
/// A target is not a release as this tool publishes them.
pub fn from_targets(targets: &Targets) -> Result<Catalog, Failure> {
    let mut catalog = Catalog::default();
    for (name, target) in &targets.targets {
        let name = name.raw();
        let digest = <[u8; 32]>::try_from(target.hashes.sha256.as_ref());
        let sha256 = Sha256(digest.map_err(|_| wrong(&format!("the digest of `{name}` is no SHA-256")))?);
        if name == layout::KERNELS {
            catalog.kernels = Some((target.length, sha256));
            continue;
        }
        let custom = Value::Object(target.custom.clone().into_iter().collect());
        let entry: Entry = serde_json::from_value(custom)
            .map_err(|error| wrong(&format!("`custom` of `{name}` cannot be read: {error}")))?;
        let title = entry.title();
        if Names::new(&title).description() != name || !Names::is_title(&title) {
            return Err(wrong(&format!("the target `{name}` says that it is {title}")));
        }
        catalog.releases.insert(title, Listed { entry, length: target.length, sha256 });
    }
    if let Some(lines) = targets._extra.get(LINES) {
        catalog.lines = serde_json::from_value(lines.clone())
            .map_err(|error| wrong(&format!("`{LINES}` cannot be read: {error}")))?;
    }
    if let Some(url) = targets._extra.get(PUBLIC_URL) {
        let url = url.as_str().ok_or_else(|| wrong(&format!("`{PUBLIC_URL}` is no text")))?;
        catalog.public_url = Some(url.to_owned());
    }
    Ok(catalog)
}

fn wrong(why: &str) -> Failure {
    Failure::new(
        Class::Verification,
        Problem::new("the repository's `targets` role is not one of this tool")
            .note(why)
            .help("a newer `lustre-dist` may have written it: update yours"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceDate;
    use crate::repository::LineEntry;

    #[test]
    fn a_catalog_comes_back_and_an_entry_is_small() {
        let entry = Entry {
            name: "lustre".into(),
            version: "2.18.0+k6.12.58".parse().unwrap(),
            line: Some("lts-6.12".into()),
            date: SourceDate(1_785_662_047),
            identity: Sha256::of(b"tar"),
            supports: Some(">=4.18, <7.1".parse().unwrap()),
            kernels: Some(super::super::KernelsKey("0123456789abcdef".into())),
            sums: Some(Sha256::of(b"sums")),
            retracted: None,
        };
        let mut catalog = Catalog::default();
        let listed = Listed { entry, length: 4711, sha256: Sha256::of(b"description") };
        catalog.releases.insert(listed.entry.title(), listed);
        let line = LineEntry {
            kernel: Some("6.12".parse().unwrap()),
            moniker: Some(crate::model::Moniker::Longterm),
            eol: Some(jiff::civil::date(2028, 12, 31)),
        };
        catalog.lines.insert("lts-6.12".into(), line);
        catalog.kernels = Some((12, Sha256::of(b"kernels")));
        catalog.public_url = Some("https://releases.example.org".into());
        let expires = "2026-12-01T00:00:00Z".parse().unwrap();
        let targets = to_targets(&catalog, NonZeroU64::MIN, expires).unwrap();
        assert_eq!(from_targets(&targets).unwrap(), catalog);
        // 2,000 releases are to be read in less than 1 MB.
        let bytes = serde_json::to_vec(&targets.targets).unwrap().len();
        assert!(bytes < 480 + 100, "{bytes} bytes");
    }
}
