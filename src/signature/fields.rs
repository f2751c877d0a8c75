// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Fields of OpenPGP packets, as we have them.

use pgp::types::Timestamp;

use crate::model::SourceDate;

/// Upper-case hexadecimal digits, as fingerprints are written.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// A date, which OpenPGP has in seconds since 1970 too.
pub(super) fn date(at: Timestamp) -> SourceDate {
    SourceDate(u64::from(at.as_secs()))
}
