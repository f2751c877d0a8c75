// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The headers of one member judged together: its pax header, if it has one, and its ustar header.

use super::canonical::{self, BLOCK, Block, Field, NAME, Node, SIZE, Said};
use super::found::{Found, checksum, field, tell, zeros};
use super::header::{Header, Overrides, Verdict};
use super::pax::{self, Record};
use super::shown;

/// A pax header that waits for the ustar header of its member.
#[derive(Debug)]
pub(super) struct Extended {
    /// Where it starts in the tar.
    pub(super) offset: u64,
    /// The bytes of its records; unknown where its own header is damaged, until they tell.
    pub(super) size: Option<usize>,
    /// The records, with the padding behind them.
    pub(super) records: Vec<u8>,
    /// What is wrong with its own header.
    pub(super) found: Vec<Found>,
}

/// What the headers of a member come to.
#[derive(Debug)]
pub(super) struct Judged {
    /// What they say; `None` where they cannot be believed, or say what the dialect has no word for.
    pub(super) said: Option<Said>,
    /// The path, for people, believed or not.
    pub(super) path: Vec<u8>,
    /// How much content follows, as far as anything tells.
    pub(super) size: Option<u64>,
    /// The mtime, where it can be believed.
    pub(super) date: Option<u64>,
    /// Whether the checksum is wrong and nothing tells why, so that the next header may not stand where
    /// this one says.
    pub(super) lost: bool,
    /// The type flag of a sound header that the dialect does not have.
    pub(super) foreign: Option<u8>,
    /// Everything that is wrong.
    pub(super) found: Vec<Found>,
}

/// Judges a ustar header at `offset` with the pax header before it.
pub(super) fn judge(extended: Option<Extended>, block: &Block, offset: u64, date: Option<u64>) -> Judged {
    let header = Header::new(block);
    let mut found = Vec::new();
    let (pax, records) = match extended.map(|extended| overrides(extended, &mut found)) {
        Some((pax, records)) => (pax, Some(records)),
        None => (Overrides::default(), None),
    };
    let path = pax.path.clone().unwrap_or_else(|| header.path());
    let size = pax.size.or_else(|| header.size());
    let mut judged = Judged { said: None, path, size, date: None, lost: false, foreign: None, found };
    let date = date.or_else(|| header.date());
    let Some((fields, said)) = explain(&header, &pax, date.unwrap_or_default()) else {
        if !header.is_sound() {
            judged.lost = true;
            judged.found.push(checksum(&header, block, offset));
        } else if matches!(header.flag(), b'0' | 0 | b'7') {
            let wrong = field(&header, &canonical::global(0), &SIZE, offset);
            judged.found.push(wrong.with_expected("an octal number"));
            judged.size = None;
        } else {
            judged.foreign = Some(header.flag());
        }
        return judged;
    };
    let canonical = said.block(date.unwrap_or_default());
    tell(&mut judged.found, &header, &canonical, &fields, &pax, offset);
    if !header.is_sound() && pax.path.is_none() {
        judged.path.clone_from(&said.path);
    }
    judged.size = match said.node {
        Node::File { size, .. } => Some(size),
        Node::Directory | Node::Link { .. } => Some(0),
    };
    judged.date = date;
    match records {
        // What malformed records say is not known, and so neither is whose header this is.
        Some(Err(Unreadable)) => {}
        Some(Ok(records)) => {
            needed(&records, &said, &mut judged.found);
            judged.said = Some(said);
        }
        None => judged.said = Some(said),
    }
    judged
}

/// What a header says, and the fields in which it is not the one spelling of that. A sound header is
/// taken at its word; one whose checksum is wrong, for what explains the damage with the fewest fields.
fn explain(header: &Header<'_>, pax: &Overrides, date: u64) -> Option<(Vec<&'static Field>, Said)> {
    let readings =
        if header.is_sound() { header.said(pax).into_iter().collect() } else { header.may_have_said(pax) };
    readings
        .into_iter()
        .filter_map(|said| match header.against(&said.block(date)) {
            Verdict::Canonical => Some((Vec::new(), said)),
            Verdict::Differs(fields) => Some((fields, said)),
            Verdict::Lost => None,
        })
        .min_by_key(|(fields, _)| fields.len())
}

/// Judges the block of a pax header. `None` when it is none.
pub(super) fn extended(block: &Block, offset: u64, date: Option<u64>) -> Option<Extended> {
    let header = Header::new(block);
    let flagged = header.flag() == b'x';
    if header.is_sound() && !flagged {
        return None;
    }
    let date = date.or_else(|| header.date()).unwrap_or_default();
    let size = header.size();
    let mut found = Vec::new();
    let extended = |size: Option<u64>, found| {
        let size = size.and_then(|size| usize::try_from(size).ok());
        Some(Extended { offset, size, records: Vec::new(), found })
    };
    // Damage in an ordinary header must not make a pax header of it: the name has to be there too.
    let canonical = canonical::extended(size.unwrap_or_default(), date);
    let named = header.bytes(&NAME) == &canonical[NAME.at.clone()];
    if size.is_none() && (flagged || named) {
        found.push(field(&header, &canonical, &SIZE, offset).with_expected("an octal number"));
        return extended(None, found);
    }
    match header.against(&canonical) {
        Verdict::Canonical => extended(size, found),
        Verdict::Differs(fields) if flagged || named => {
            tell(&mut found, &header, &canonical, &fields, &Overrides::default(), offset);
            extended(size, found)
        }
        _ if flagged || named => {
            found.push(checksum(&header, block, offset));
            extended(None, found)
        }
        _ => None,
    }
}

/// What the records of a pax header say in the place of the header's fields, and the records
/// themselves.
fn overrides(extended: Extended, found: &mut Vec<Found>) -> (Overrides, Result<Records, Unreadable>) {
    let Extended { offset, size, records, found: own } = extended;
    found.extend(own);
    let size = size.unwrap_or_default();
    let base = offset + BLOCK as u64;
    let (records, padding) = records.split_at(size.min(records.len()));
    zeros(padding, base + size as u64, "the padding of its pax header", found);
    let mut pax = Overrides::default();
    let parsed = match pax::parse(records) {
        Ok(parsed) => parsed,
        Err(malformed) => {
            found.push(Found::new(
                base + malformed.at as u64,
                format!("a record of its pax header {}", malformed.why),
                "records of the form `LENGTH KEY=VALUE` and a newline",
            ));
            return (pax, Err(Unreadable));
        }
    };
    for Record { at, key, value } in parsed {
        match key {
            b"path" => pax.path = Some(value.to_vec()),
            b"linkpath" => pax.target = Some(value.to_vec()),
            b"size" => match decimal(value) {
                Some(size) => pax.size = Some(size),
                None => found.push(Found::new(
                    base + at as u64,
                    format!("its pax record `size` is `{}`", shown::text(value)),
                    "a decimal number",
                )),
            },
            _ => {}
        }
    }
    (pax, Ok(Records { offset: base, bytes: records.to_vec() }))
}

/// The records are malformed, which is told.
struct Unreadable;

/// Records and where they start in the tar.
struct Records {
    offset: u64,
    bytes: Vec<u8>,
}

/// Holds the records against those that the member needs, and tells the difference.
fn needed(records: &Records, said: &Said, found: &mut Vec<Found>) {
    if records.bytes.is_empty() {
        let expected = "a pax header only where a value does not fit the ustar header";
        found.push(Found::new(records.offset, "its pax header is empty", expected));
        return;
    }
    let expected = said.records();
    if records.bytes == expected {
        return;
    }
    let before = found.len();
    let parsed = pax::parse(&records.bytes).unwrap_or_default();
    for (nth, record) in parsed.iter().enumerate() {
        let key = shown::text(record.key);
        let mut tell = |what: String, expected: &str| {
            found.push(Found::new(records.offset + record.at as u64, what, expected));
        };
        if parsed[..nth].iter().any(|earlier| earlier.key == record.key) {
            tell(format!("its pax record `{key}` is there twice"), "each record once");
            continue;
        }
        let fits = match record.key {
            b"path" => canonical::fits_name(&said.path),
            b"linkpath" => match &said.node {
                Node::Link { target } => canonical::fits_target(target),
                _ => true,
            },
            b"size" => match said.node {
                Node::File { size, .. } => canonical::fits_size(size),
                _ => true,
            },
            _ => {
                tell(format!("it has a pax record `{key}`"), "`path`, `linkpath` or `size` alone");
                continue;
            }
        };
        if fits {
            tell(
                format!("its pax record `{key}` is not needed"),
                "pax records only where a value does not fit the ustar header",
            );
        }
    }
    if found.len() == before {
        let differing = records.bytes.iter().zip(&expected).position(|(there, wanted)| there != wanted);
        let at = differing.unwrap_or(records.bytes.len().min(expected.len()));
        found.push(Found::new(
            records.offset + at as u64,
            format!("its pax records are `{}`", shown::text(&records.bytes)),
            format!("`{}`", shown::text(&expected)),
        ));
    }
}

/// A decimal number as the dialect spells it.
fn decimal(value: &[u8]) -> Option<u64> {
    let number: u64 = std::str::from_utf8(value).ok()?.parse().ok()?;
    (number.to_string().as_bytes() == value).then_some(number)
}
