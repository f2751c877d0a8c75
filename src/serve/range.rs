// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which part of a file is asked for (RFC 9110, 14.1 and 14.2).

use std::ops::Range;

/// What a `Range` header comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Everything. So is what cannot be read, and several parts at once: a server may ignore a `Range`.
    Whole,
    /// These bytes; at least one.
    Bytes(Range<u64>),
    /// None of the file.
    OutOfReach,
}

/// Reads a `Range` header for a file of `size` bytes.
pub(super) fn part(header: &str, size: u64) -> Part {
    let Some((unit, range)) = header.split_once('=') else { return Part::Whole };
    let Some((first, last)) = range.trim().split_once('-') else { return Part::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Part::Whole;
    }
    match (number(first.trim_end()), number(last.trim_start())) {
        (Ok(Some(first)), Ok(last)) if last.is_none_or(|last| first <= last) => {
            let end = last.map_or(size, |last| last.saturating_add(1).min(size));
            if first < end { Part::Bytes(first..end) } else { Part::OutOfReach }
        }
        (Ok(None), Ok(Some(0))) => Part::OutOfReach,
        (Ok(None), Ok(Some(_))) if size == 0 => Part::OutOfReach,
        (Ok(None), Ok(Some(count))) => Part::Bytes(size.saturating_sub(count)..size),
        _ => Part::Whole,
    }
}

/// Decimal digits, or nothing. A number that no file has is the largest one.
fn number(text: &str) -> Result<Option<u64>, ()> {
    if text.is_empty() {
        return Ok(None);
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(());
    }
    Ok(Some(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        for (header, expected) in [
            ("bytes=0-9", Part::Bytes(0..10)),
            ("bytes=0-0", Part::Bytes(0..1)),
            ("bytes=90-", Part::Bytes(90..100)),
            ("bytes=90-1000", Part::Bytes(90..100)),
            ("bytes=99-99999999999999999999999", Part::Bytes(99..100)),
            ("bytes=-10", Part::Bytes(90..100)),
            ("bytes=-1000", Part::Bytes(0..100)),
            ("Bytes = 5 - 6", Part::Bytes(5..7)),
            ("bytes=100-", Part::OutOfReach),
            ("bytes=100-200", Part::OutOfReach),
            ("bytes=99999999999999999999999-", Part::OutOfReach),
            ("bytes=-0", Part::OutOfReach),
            ("bytes=9-5", Part::Whole),
            ("bytes=0-1,5-6", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=", Part::Whole),
            ("bytes=+1-2", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("lines=0-9", Part::Whole),
            ("0-9", Part::Whole),
        ] {
            assert_eq!(part(header, 100), expected, "{header}");
        }
        for header in ["bytes=0-", "bytes=-5", "bytes=0-0"] {
            assert_eq!(part(header, 0), Part::OutOfReach, "{header}");
        }
    }
}
