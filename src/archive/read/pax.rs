// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The records of pax headers (POSIX.1-2017 `pax`, "pax Extended Header"): `LENGTH KEY=VALUE\n`.

/// One record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record<'b> {
    /// Where it starts among the records.
    pub(super) at: usize,
    pub(super) key: &'b [u8],
    pub(super) value: &'b [u8],
}

/// Why records cannot be taken apart, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) at: usize,
    pub(super) why: &'static str,
}

/// Takes records apart.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Record<'_>>, Malformed> {
    let mut records = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let malformed = |why| Malformed { at, why };
        let (digits, length) = length(&bytes[at..]).ok_or(malformed("has no length"))?;
        if digits > 1 && bytes[at] == b'0' {
            return Err(malformed("has a length with a leading zero"));
        }
        let record = bytes.get(at..).and_then(|rest| rest.get(..length));
        let Some((b'\n', record)) = record.and_then(<[u8]>::split_last) else {
            return Err(malformed("does not end where its length says"));
        };
        let Some(record) = record.get(digits + 1..) else {
            return Err(malformed("is shorter than its own length"));
        };
        let Some(equals) = record.iter().position(|&byte| byte == b'=') else {
            return Err(malformed("has no `=`"));
        };
        records.push(Record { at, key: &record[..equals], value: &record[equals + 1..] });
        at += length;
    }
    Ok(records)
}

/// The digits that a record starts with and what they say, when a space follows.
fn length(bytes: &[u8]) -> Option<(usize, usize)> {
    let digits = bytes.iter().take(8).position(|byte| !byte.is_ascii_digit())?;
    let text = std::str::from_utf8(&bytes[..digits]).ok()?;
    (bytes[digits] == b' ').then_some((digits, text.parse().ok()?))
}

/// How long records are, told by themselves, for a header whose size is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// That many bytes.
    Known(usize),
    /// The next block must be seen first.
    More,
    /// They do not tell.
    Unknown,
}

/// See [`Extent`]. `bytes` are whole blocks.
pub(super) fn extent(bytes: &[u8]) -> Extent {
    let mut at = 0;
    loop {
        match bytes.get(at) {
            None if at == bytes.len() && at > 0 => return Extent::Known(at),
            None => return Extent::More,
            Some(0) if at > 0 => return Extent::Known(at),
            Some(_) => {}
        }
        match length(&bytes[at..]) {
            Some((_, length)) if length > 0 => at += length,
            _ => return Extent::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_taken_apart() {
        assert_eq!(
            parse(b"9 path=a\n12 size=123\n").unwrap(),
            [Record { at: 0, key: b"path", value: b"a" }, Record { at: 9, key: b"size", value: b"123" }]
        );
        assert_eq!(parse(b""), Ok(Vec::new()));
        // A value may hold anything, a newline and `=` too.
        assert_eq!(parse(b"11 path=a=\n\n").unwrap_or_default(), []);
        assert_eq!(parse(b"12 path=a=\n\n").unwrap()[0].value, b"a=\n");
    }

    #[test]
    fn malformed_records_say_why() {
        for (bytes, at, why) in [
            (&b"path=a\n"[..], 0, "has no length"),
            (b"09 path=a\n", 0, "has a length with a leading zero"),
            (b"9 path=a\n99 path=b\n", 9, "does not end where its length says"),
            (b"9 path=ab", 0, "does not end where its length says"),
            (b"8 path a\n", 0, "does not end where its length says"),
            (b"9 path a\n", 0, "has no `=`"),
            (b"99999999999999999999 path=a\n", 0, "has no length"),
            (b"0 path=a\n", 0, "does not end where its length says"),
            (b"2 \n", 0, "does not end where its length says"),
            (b"9\tpath=a\n", 0, "has no length"),
        ] {
            assert_eq!(parse(bytes), Err(Malformed { at, why }), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn records_tell_how_long_they_are() {
        let mut block = b"9 path=a\n12 size=123\n".to_vec();
        block.resize(512, 0);
        assert_eq!(extent(&block), Extent::Known(21));
        block[9] = b'x';
        assert_eq!(extent(&block), Extent::Unknown);
        let mut long = b"600 path=".to_vec();
        long.resize(512, b'x');
        assert_eq!(extent(&long), Extent::More);
    }
}
