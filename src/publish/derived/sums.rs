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
use crate::store::{Stamp, Store};

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

/// The signatures that stand beside the checksums of a line.
pub(super) struct Standing(Vec<Beside>);

/// A signature of one kind, where there is one.
struct Beside {
    kind: Kind,
    path: String,
    there: Option<(Vec<u8>, Stamp)>,
}

impl Standing {
    pub fn read(store: &Store, path: &str) -> Result<Self, Failure> {
        let names = [(Kind::Openpgp, format!("{path}.asc")), (Kind::Ssh, format!("{path}.sig"))];
        let read = names.into_iter().map(|(kind, path)| {
            let there = store.read(&path, LARGEST_SIGNATURE)?;
            Ok(Beside { kind, path, there })
        });
        read.collect::<Result<_, _>>().map(Self)
    }
}

/// What is done with the signatures of one file.
#[derive(Default)]
pub(super) struct Signing {
    /// The signatures that go before the checksums change, and whether each stays away.
    stale: Vec<(String, bool)>,
    /// The one that is made, where it goes, and what it replaces there.
    pub made: Option<(String, Vec<u8>, Option<Stamp>)>,
}

impl Signing {
    /// `is_new` says that the checksums are other ones than those that the signatures are beside.
    pub fn plan(
        key: Option<&SumsKey>,
        there: &Standing,
        bytes: &[u8],
        is_new: bool,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let now = SourceDate(u64::try_from(now.as_second()).unwrap_or_default());
        let mut signing = Self::default();
        for Beside { kind, path, there } in &there.0 {
            let key = key.filter(|key| key.kind == *kind);
            if is_new && there.is_some() {
                signing.stale.push((path.clone(), key.is_none()));
            }
            let Some(SumsKey { kind, holder }) = key else { continue };
            // One that is there may be over earlier checksums: its run was killed, or was slower than another.
            let is_good = match there {
                Some((signature, _)) if !is_new => sign::is_over(*kind, holder, bytes, signature, now)?,
                _ => false,
            };
            if !is_good {
                let was = there.as_ref().filter(|_| !is_new).map(|(_, stamp)| stamp.clone());
                signing.made = Some((path.clone(), sign::detached(*kind, holder, bytes, now)?, was));
            }
        }
        Ok(signing)
    }

    /// Takes away what is not over the checksums that come; tells of those that nothing is put in place of.
    pub fn take_away(&self, store: &Store) -> Result<Vec<String>, Failure> {
        let mut away = Vec::new();
        for (path, stays_away) in &self.stale {
            if store.remove(path)? && *stays_away {
                away.push(path.clone());
            }
        }
        Ok(away)
    }
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

/// The lines of a release that stand in the file already, if they are what its own checksums say. Anybody who
/// can write to the store wrote them there, and they may be signed here: the digest of the release's checksums,
/// which the metadata has, proves them without a look at that file.
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
    let mut files: BTreeMap<_, _> = there
        .0
        .range(format!("{title}.")..)
        .take_while(|(name, _)| begins(name, title))
        .filter(|(name, _)| !longer.iter().any(|other| begins(name, other)))
        .map(|(name, sha256)| (name.clone(), *sha256))
        .collect();
    let pinned = listed.entry.sums?;
    let own = files.remove(&names.sums())?;
    let listing = Sums(files);
    let is_proven = own == pinned
        && Sha256::of(listing.to_text().as_bytes()) == pinned
        && listing.0.get(&names.description()) == Some(&listed.sha256);
    let mut files = listing.0;
    files.insert(names.sums(), own);
    is_proven.then_some(files)
}

/// Signatures vouch for themselves, and come later.
fn is_signature(title: &str, name: &str) -> bool {
    name == Names::new(title).envelope() || [".asc", ".sig", ".sign"].iter().any(|end| name.ends_with(end))
}
