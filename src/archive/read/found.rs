// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is found in headers and padding, in words.

use super::canonical::{self, Block, Field, MODE, NAME, PREFIX, SIZE, TARGET, TYPE};
use super::header::{Header, Overrides};
use super::shown;

/// Something found that is not as it should be, before it is known which member it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) offset: u64,
    pub(super) what: String,
    pub(super) expected: String,
}

impl Found {
    pub(super) fn new(offset: u64, what: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { offset, what: what.into(), expected: expected.into() }
    }
    pub(super) fn with_expected(mut self, expected: &str) -> Self {
        expected.clone_into(&mut self.expected);
        self
    }
}

/// Tells the first byte of padding that is not zero.
pub(super) fn zeros(padding: &[u8], offset: u64, whose: &str, found: &mut Vec<Found>) {
    if let Some(at) = padding.iter().position(|&byte| byte != 0) {
        found.push(Found::new(
            offset + at as u64,
            format!("{whose} holds {}", shown::byte(padding[at])),
            "zeros up to the end of the block",
        ));
    }
}

/// Tells the fields that differ.
pub(super) fn tell(
    found: &mut Vec<Found>,
    header: &Header<'_>,
    canonical: &Block,
    fields: &[&'static Field],
    pax: &Overrides,
    offset: u64,
) {
    for &each in fields {
        let told = field(header, canonical, each, offset);
        let from_pax = match each.name {
            name if name == NAME.name || name == PREFIX.name => pax.path.is_some(),
            name if name == TARGET.name => pax.target.is_some(),
            name if name == SIZE.name => pax.size.is_some(),
            _ => false,
        };
        found.push(if from_pax {
            let expected = format!("{}, in agreement with its pax header", told.expected);
            told.with_expected(&expected)
        } else {
            told
        });
    }
}

/// Tells one field that differs.
pub(super) fn field(header: &Header<'_>, canonical: &Block, field: &'static Field, offset: u64) -> Found {
    let (there, wanted) = (header.bytes(field), &canonical[field.at.clone()]);
    let first = there.iter().zip(wanted).position(|(there, wanted)| there != wanted).unwrap_or_default();
    let (what, expected) = match field.name {
        name if name == TYPE.name => (format!("it is {}", shown::kind(there[0])), shown::kind(wanted[0])),
        name if name == MODE.name && canonical[TYPE.at.start] == b'0' => {
            let expected =
                if header.is_sound() { "0644 or 0755".to_owned() } else { shown::field(field, wanted) };
            (format!("its mode is {}", shown::field(field, there)), expected)
        }
        name => (format!("its {name} is {}", shown::field(field, there)), shown::field(field, wanted)),
    };
    Found::new(offset + (field.at.start + first) as u64, what, expected)
}

/// Tells a checksum that is not that of the header, where nothing tells which byte is wrong.
pub(super) fn checksum(header: &Header<'_>, block: &Block, offset: u64) -> Found {
    let stated = shown::field(&canonical::CHECKSUM, header.bytes(&canonical::CHECKSUM));
    Found::new(
        offset,
        format!(
            "its header is damaged: the checksum is {stated}, and that of its bytes `{:06o}`",
            canonical::sum(block)
        ),
        "a header with the checksum of its bytes",
    )
}
