// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `LINE/SHA256SUMS`: the checksums of all files of a line's releases, for `sha256sum --check`.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::facts::Facts;
use crate::model::{Failure, Sha256, SourceDate};
use crate::record::{Names, Sums};
use crate::repository::{Catalog, Listed};
use crate::sign::{self, Holder};
use crate::signature::Kind;
use crate::store::{Replaced, Store};

/// The name in the folder of a line.
pub(super) const NAME: &str = "/SHA256SUMS";

/// A signature has some hundred bytes.
const LARGEST_SIGNATURE: u64 = 1 << 16;

/// What signs the checksums of a line.
#[derive(Debug, Clone)]
pub struct SumsKey {
    /// OpenPGP or SSH.
    pub kind: Kind,
    /// Whose key.
    pub holder: Holder,
}

/// What became of the signatures of one file.
#[derive(Debug, Default)]
pub(super) struct Signed {
    pub written: Vec<String>,
    pub removed: Vec<String>,
}

/// The checksums of a line as the metadata has it now. Releases that the file there has already are
/// taken over from it.
pub(super) fn of_line(
    catalog: &Catalog,
    line: Option<&str>,
    there: Option<&[u8]>,
    facts: &mut Facts<'_>,
) -> Result<Sums, Failure> {
    let there =
        there.and_then(|bytes| Sums::parse(std::str::from_utf8(bytes).ok()?).ok()).unwrap_or_default();
    let mut sums = Sums::default();
    for (title, listed) in &catalog.releases {
        if listed.entry.line.as_deref() != line {
            continue;
        }
        let kept = if facts.knows(title) { None } else { taken_over(&there, title, listed, catalog) };
        let files = match kept {
            Some(files) => files,
            None => facts.of(title, listed)?.files.clone(),
        };
        sums.0.extend(files.into_iter().filter(|(name, _)| !is_signature(title, name)));
    }
    Ok(sums)
}

/// The lines of a release that stand in the file already, whole and of the same release.
fn taken_over(
    there: &Sums,
    title: &str,
    listed: &Listed,
    catalog: &Catalog,
) -> Option<BTreeMap<String, Sha256>> {
    let names = Names::new(title);
    let begins = |name: &str, with: &str| name.strip_prefix(with).is_some_and(|rest| rest.starts_with('.'));
    // A title can begin another's: that of a vendor's overlay.
    let longer = catalog.releases.range(format!("{title}.")..).map(|(other, _)| other.as_str());
    let longer: Vec<&str> = longer.take_while(|other| begins(other, title)).collect();
    let files: BTreeMap<_, _> = there
        .0
        .range(format!("{title}.")..)
        .take_while(|(name, _)| begins(name, title))
        .filter(|(name, _)| !longer.iter().any(|other| begins(name, other)))
        .map(|(name, sha256)| (name.clone(), *sha256))
        .collect();
    let is_whole =
        files.get(&names.description()) == Some(&listed.sha256) && files.contains_key(&names.sums());
    is_whole.then_some(files)
}

/// Signatures vouch for themselves, and come later.
fn is_signature(title: &str, name: &str) -> bool {
    name == Names::new(title).envelope() || [".asc", ".sig", ".sign"].iter().any(|end| name.ends_with(end))
}

/// Signs the checksums, or takes signatures away that are no longer over them.
pub(super) fn sign(
    store: &Store,
    key: Option<&SumsKey>,
    path: &str,
    bytes: &[u8],
    is_new: bool,
    now: Timestamp,
) -> Result<Signed, Failure> {
    let mut signed = Signed::default();
    let names = [(Kind::Openpgp, format!("{path}.asc")), (Kind::Ssh, format!("{path}.sig"))];
    for (kind, file) in names {
        match key.filter(|key| key.kind == kind) {
            Some(key) => {
                let there = store.read(&file, LARGEST_SIGNATURE)?;
                if there.is_some() && !is_new {
                    continue;
                }
                let now = SourceDate(u64::try_from(now.as_second()).unwrap_or_default());
                let signature = sign::detached(kind, &key.holder, bytes, now)?;
                // Whoever was faster signed newer checksums.
                if store.replace(&file, &signature, there.map(|(_, stamp)| stamp).as_ref())? == Replaced::Done
                {
                    signed.written.push(file);
                }
            }
            None if is_new && store.remove(&file)? => signed.removed.push(file),
            None => {}
        }
    }
    Ok(signed)
}
